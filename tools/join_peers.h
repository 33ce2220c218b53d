/* The nodes that `waybill join` asks: each with its own patience, and what each of them gave is told. */
#ifndef TOOLS_JOIN_PEERS_H
#define TOOLS_JOIN_PEERS_H

#include "common/bytes.h"
#include "node/asked.h"
#include "tools/cmd_home.h"

struct join_peers {
    struct asked asked;
    bool terminal; /* a line of progress is to be wiped before others */
    const char *url[ASKED_MAX];
    struct node_client *client[ASKED_MAX];
    struct err told[ASKED_MAX]; /* the last complaint, which is not repeated */
};

/* Opens one for each --from. ERR_INPUT: there is none, too many, or one is no address. */
bool join_peers_open(struct join_peers *p, const struct cmd_home *home, const struct cmd_args *args,
                     struct err *err);
void join_peers_close(struct join_peers *p);
/* Asks all of them at once, some seconds at most, which ledger they keep: so that who is silent is known and asked last. */
void join_peers_meet(struct join_peers *p, const struct hash *ledger);
/* A GET, at most max bytes, appended. Who has failed before gets more time, two minutes at most. */
bool join_peers_get(struct join_peers *p, size_t peer, const char *path, size_t max,
                    struct buf *out, struct err *err);
/* Not of one that is alone: the end of it tells that. */
void join_peers_complain(struct join_peers *p, size_t peer, const struct err *err);
/* What came from whom: to standard error, or into doc. */
void join_peers_tell(const struct join_peers *p);
void join_peers_put(const struct join_peers *p, struct json_doc *doc);

#endif
