/*
 * What programs ask of a node over HTTP: goods, offers, and what becomes of a statement. Everything a node
 * answers is its claim; texts are for people to read, after text is made safe for a terminal by the caller.
 * Nothing is signed here but by node_client_send(), with a signer the caller opened.
 */
#ifndef COMMON_NODE_CLIENT_H
#define COMMON_NODE_CLIENT_H

#include "common/json.h"
#include "common/signer.h"

#define NODE_CLIENT_URL      "http://127.0.0.1:8600" /* where a node is when nobody says otherwise */
#define NODE_CLIENT_WAIT_MS  30000                   /* for a decision, in real time */
#define NODE_CLIENT_PATH_MAX 512

struct node_client;

/* ca_file: certificates to trust instead of the system's, or NULL. Asks nothing yet. */
bool node_client_open(const char *url, const char *ca_file, struct node_client **ret_client,
                      struct err *err);
void node_client_close(struct node_client *c); /* NULL is legal */
/* Of the next exchanges, as http_client_limit(). */
void node_client_limit(struct node_client *c, unsigned timeout_ms, size_t reply_max);

/* ERR_NOT_FOUND, ERR_BUSY or ERR_INPUT with the node's own words when it answers with a problem. */
bool node_client_get_json(struct node_client *c, const char *path, struct json_doc **ret_doc,
                          struct err *err);
/* As CBOR, appended to out. */
bool node_client_get_bytes(struct node_client *c, const char *path, struct buf *out,
                           struct err *err);

/* Posts a body; what is answered is appended to out. As node_client_get_bytes(), and 422 is ERR_PROOF. */
bool node_client_post(struct node_client *c, const char *path, const char *type, struct slice body,
                      struct buf *out, struct err *err);

/* "/v1/assets/", the asset's name with the slashes of its serial escaped, and rest. */
bool node_client_asset_path(const char *asset, const char *rest, char path[NODE_CLIENT_PATH_MAX],
                            struct err *err);

/* ERR_PROOF when the node keeps another ledger than the one the caller trusts. */
bool node_client_check_ledger(struct node_client *c, const struct hash *ledger, struct err *err);

/* An open offer of an asset. */
struct node_offer {
    bool open; /* false: there is none, and the rest is unset */
    struct kid from;
    uint64_t height, leaf;
    struct statement statement; /* borrows from the buf it was read into */
};

/*
 * Looks for the open offer of an asset and fetches it, because an answer repeats its set of goods byte for
 * byte. With both roles on offer, that of custody. ERR_PROOF when the statement shown is no offer of this
 * asset.
 */
bool node_client_find_offer(struct node_client *c, const char *asset, struct buf *bytes,
                            struct node_offer *ret_offer, struct err *err);
/* The same of one role. */
bool node_client_find_offer_of(struct node_client *c, const char *asset, enum custody_role role,
                               struct buf *bytes, struct node_offer *ret_offer, struct err *err);

/* The last reading of an asset. */
struct node_reading {
    bool found;
    struct kid device;
    struct hash statement;
};

/* In: device: of this one only; NULL: of any. */
bool node_client_find_reading(struct node_client *c, const char *asset, const struct kid *device,
                              struct node_reading *ret_reading, struct err *err);

enum node_fate {
    NODE_FATE_UNKNOWN,
    NODE_FATE_QUEUED,
    NODE_FATE_FINAL,
    NODE_FATE_REFUSED,
};

/* What the node says of a statement. */
struct node_status {
    enum node_fate fate;
    bool on_ledger; /* leaf and height are known */
    uint64_t leaf, height;
    uint64_t code; /* when refused */
    bool retry;    /* refused for now: the same bytes may be sent again */
    char detail[201];
};

const char *node_client_fate_name(enum node_fate fate);
bool node_client_status(struct node_client *c, const struct hash *statement,
                        struct node_status *ret_status, struct err *err);

struct node_sent {
    struct hash hash;
    struct kid signer;
    uint64_t seq;
    struct node_status status;
};

/*
 * Hands signed bytes in and, when wait, waits until the ledger has decided.
 * Returns: false with ERR_REFUSED and the rule's sentence when it was refused, ERR_BUSY when it is not
 * decided in NODE_CLIENT_WAIT_MS. ret_sent is filled as far as is known after either.
 */
bool node_client_submit(struct node_client *c, struct slice statement, bool wait,
                        struct node_sent *ret_sent, struct err *err);

/*
 * Signs draft as the signer's next statement and submits it; what an earlier program signed and never saw
 * decided goes first. Bytes are durable before they are sent, and settled once decided.
 */
bool node_client_send(struct node_client *c, struct signer *signer, const struct statement *draft,
                      bool wait, struct node_sent *ret_sent, struct err *err);
/* Only what was signed earlier; that the ledger refuses it is an answer too. */
bool node_client_send_pending(struct node_client *c, struct signer *signer, struct err *err);

/* Opens a signer, waiting some seconds while another program signs with the same key. */
bool node_client_open_signer(const char *key_path, const struct hash *ledger,
                             struct signer **ret_signer, struct err *err);

#endif
