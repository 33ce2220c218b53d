/*
 * A decided block with everything that follows from it: what the store makes durable in one transaction.
 * All slices are borrowed from whoever made the commit and live until it has been stored.
 */
#ifndef NODE_COMMIT_H
#define NODE_COMMIT_H

#include "common/header.h"

/* value.len == 0 removes the key. */
struct state_write {
    struct slice key;
    struct slice value;
};

struct commit {
    struct header header;
    struct slice seals; /* raw CBOR array of byte strings: q seals of one round */
    struct slice block; /* [bstr header, [* bstr statement]] */
    size_t statement_count;
    const struct slice *statements;      /* each within block */
    const struct hash *statement_hashes; /* one each */
    size_t outcome_count;
    const struct slice *outcomes; /* summaries, timers, then one verdict a statement, in order */
    size_t write_count;
    const struct state_write *writes; /* no key twice */
};

#endif
