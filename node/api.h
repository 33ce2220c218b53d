/*
 * The node's HTTP side: what the ledger holds as JSON, CBOR and pages, and POST /entries for signed
 * statements. One thread with a reading store of its own; it changes nothing, and reaches the node only
 * through the functions it is given. Described by node/web/openapi.json.
 */
#ifndef NODE_API_H
#define NODE_API_H

#include "common/refusal.h"
#include "node/alarms.h"
#include "node/proof.h"

#define API_PATH_MAX 2048

/* What /metrics shows of the node. */
struct api_metrics {
    uint64_t blocks, statements, turned_away, busy; /* since the start */
    uint64_t waiting;                               /* statements in the pool */
    uint64_t uptime_s;
    uint64_t rounds;               /* above round 0 that were begun */
    uint64_t sent, sent_bytes;     /* envelopes for peers */
    uint64_t disk_free, disk_days; /* bytes; days until statements are refused, or UINT64_MAX */
    struct alarms alarms;
};

/* What /v1/consensus shows: where this node stands among the authorities. */
struct api_consensus {
    struct kid kid; /* of this node's key */
    struct hash tip;
    uint64_t height; /* being agreed on: one above the newest block's */
    uint64_t round;
    size_t quorum, members;
    bool votes, abstains; /* abstains: it lost what it voted, and waits until it may vote again */
    size_t peers;         /* other authorities heard of within five seconds */
    uint64_t heard[AUTHORITY_MAX / 64]; /* their places in the set */
    bool offset_known;
    int64_t offset_ms; /* own clock less the median of the peers' */
    uint64_t waiting;  /* statements in the pool */
    uint64_t lag;      /* blocks behind the highest that a peer spoke of */
};

/* The node, as the API's thread may call it at any time. */
struct api_node {
    void *ctx;
    /* Hands a statement in: ERR_BUSY to try again later. In: at most STATEMENT_MAX bytes. */
    bool (*submit)(void *ctx, struct slice statement, struct hash *ret_hash, struct err *err);
    /* Of a statement that is not on the ledger: ACCEPTED when it waits, a code when it was turned away. */
    bool (*fate)(void *ctx, const struct hash *statement, enum refusal *ret_code);
    /* As struct proof_state. */
    bool (*prove)(void *ctx, const struct slice *keys, size_t count, struct buf *outs,
                  uint64_t *ret_height, struct err *err);
    void (*metrics)(void *ctx, struct api_metrics *ret_metrics);
    /* NULL: there is no node that could say. */
    void (*consensus)(void *ctx, struct api_consensus *ret_consensus);
    void (*want_snapshot)(void *ctx); /* NULL: none are made */
    /* Appends the line of a signed note, by the node's own key. NULL: it has none. */
    bool (*sign_note)(void *ctx, struct slice text, struct buf *out, struct err *err);
};

struct api_options {
    const char *data_dir; /* the ledger's */
    const char *web_dir;  /* of the pages' files, read once; node/web when built in place */
    const char *host;     /* an IPv4 or IPv6 address; NULL: 127.0.0.1 */
    uint16_t port;        /* 0: any free one */
    unsigned per_address; /* connections of one address, 0: as http.h says */
    struct api_node node;
    const char *const *witnesses; /* their keys, as note_key_parse() reads them */
    size_t witness_count;
};

struct api;

/* Serves from the moment it returns true. */
bool api_open(const struct api_options *options, struct api **ret_api, struct err *err);
uint16_t api_port(const struct api *a);
void api_close(struct api *a); /* NULL is legal */

#endif
