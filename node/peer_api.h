/*
 * What this node gives its peers, over HTTPS and to those alone whom the ledger names:
 *   /v1/peer/candidate/HASH   a block by its hash: one that is proposed, or one of the newest
 *   /v1/peer/blocks?from=H    decided blocks from a height on, with their seals (blocks_range.h)
 *   /v1/peer/history?from=H   the same with outcomes, for one who joined at a snapshot
 *   /v1/peer/heard            how many milliseconds ago the asker's own key was heard here, or null
 * Who has left the authority set is given the blocks up to the one that removed it, and nothing else.
 * One thread, with a reading store of its own.
 */
#ifndef NODE_PEER_API_H
#define NODE_PEER_API_H

#include "common/crypto.h"
#include "node/peer_book.h"
#include "node/peers.h"

#define PEER_API_PATH "/v1/peer/"

struct peer_api_options {
    const char *data_dir; /* the ledger's */
    const char *host;
    uint16_t port; /* 0: any free one */
    const char *certificate_file, *key_file;
    struct peers *peers; /* knows who is allowed */
};

struct peer_api;

bool peer_api_open(const struct peer_api_options *options, struct peer_api **ret_api,
                   struct err *err);
/* Who has left. Any thread. In: count: at most PEER_BOOK_MAX. */
struct peer_api_left {
    struct hash fingerprint; /* of its certificate */
    uint64_t to;             /* the block that removed it */
};
void peer_api_set_left(struct peer_api *a, const struct peer_api_left *list, size_t count);
uint16_t peer_api_port(const struct peer_api *a);
void peer_api_close(struct peer_api *a); /* NULL is legal */

#endif
