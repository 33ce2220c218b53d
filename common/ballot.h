/* Ballot (kind 18): a member's word on a proposal. It lapses when the authority set changes. */
#ifndef COMMON_BALLOT_H
#define COMMON_BALLOT_H

#include "common/fields.h"
#include "common/key.h"

struct ballot {
    struct hash proposal;
    bool yes;
    struct hash set; /* the authority set in force where it is cast */
};

void ballot_take(struct fields *f, struct ballot *ret_ballot);
size_t ballot_pairs(const struct ballot *b);
void ballot_put(struct buf *out, const struct ballot *b);

#endif
