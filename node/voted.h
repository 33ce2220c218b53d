/*
 * KEY.voted, beside an authority's key: on which ledgers the key has voted. It outlives the ledger's folder,
 * so that a node whose vote state is gone knows that it had one. And it is locked while the process runs:
 * one process a key.
 *
 *   waybill-voted 1
 *   ledger <64 hex digits>
 */
#ifndef NODE_VOTED_H
#define NODE_VOTED_H

#include "common/authority_set.h"
#include "common/err.h"

#define VOTED_SUFFIX     ".voted"
#define VOTED_LEDGER_MAX 1000

struct voted {
    int fd;     /* holds the lock; -1: not open */
    bool there; /* the key has voted on this ledger */
};

/*
 * Takes the lock; makes the file when there is none.
 * Returns: false with ERR_BUSY when another process has it, ERR_INPUT when the file is not as written.
 */
bool voted_open(const char *key_path, const struct hash *ledger, struct voted *ret_voted,
                struct err *err);
/* Before the first vote on the ledger leaves the process: durable when it returns true. */
bool voted_mark(struct voted *v, const struct hash *ledger, struct err *err);
void voted_close(struct voted *v);

/* What a node that starts knows of what its key has voted on the ledger. */
enum voted_known {
    VOTED_KNOWN, /* it stands in the store's row */
    VOTED_NEVER,
    VOTED_LOST, /* it has, or may have: the node abstains */
};
/*
 * In: row: of the store, the kid of the key that voted, then the vote; the kid alone says that the key came here before
 * it could vote. sealers: the set that sealed block `height`, the newest here.
 */
enum voted_known voted_judge(const struct voted *v, struct slice row, const struct kid *kid,
                             uint64_t height, const struct authority_set *sealers);

#endif
