/* Master data of a party (kind 9): a member's name, contact and GLN. */
#ifndef COMMON_PARTY_H
#define COMMON_PARTY_H

#include "common/fields.h"
#include "common/key.h"

struct party {
    struct kid member;
    struct slice name;
    struct slice contact; /* empty = absent */
    struct slice gln;     /* empty = absent */
};

void party_take(struct fields *f, struct party *ret_party);
size_t party_pairs(const struct party *p);
void party_put(struct buf *out, const struct party *p);

#endif
