/*
 * Founds a ledger: members with their founding keys, authorities, parameters, all signed by the founders.
 * Pure: the keys and the time come in, the genesis file comes out.
 */
#ifndef NODE_FOUNDING_H
#define NODE_FOUNDING_H

#include "common/final.h"
#include "common/genesis.h"

#define FOUNDING_MEMBERS_MAX 64

struct founding_member {
    const char *name;
    const struct key_pair *key;       /* its founding key: names the member for ever */
    const struct key_pair *authority; /* its node's key; NULL: it runs no node */
};

struct founding {
    uint64_t time_ms;
    bool demo;                /* says so on every page and trace */
    uint64_t opening_wait_ms; /* parameter 2 */
    size_t member_count;
    struct founding_member members[FOUNDING_MEMBERS_MAX];
};

/*
 * Appends the genesis file to out and fills the public identity.
 * Returns: false when no member has an authority, two share a key, or memory is short.
 */
bool founding_make(const struct founding *f, struct buf *out, struct identity *ret_identity,
                   struct err *err);

#endif
