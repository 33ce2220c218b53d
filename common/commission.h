/* Commissioning (kind 3): assets come into being on the ledger, held and owned by the signer's member. */
#ifndef COMMON_COMMISSION_H
#define COMMON_COMMISSION_H

#include "common/amount.h"
#include "common/asset_set.h"
#include "common/fields.h"

#define GLN_SIZE 13

struct commission {
    struct asset_set assets;
    struct slice place; /* GLN of where; empty = absent */
    struct slice lot;   /* empty = absent */
    bool has_expiry;
    uint64_t expiry_ms;
    bool has_amount;
    struct amount amount; /* of each; a lot's amount in pieces is how many units it may have */
};

void commission_take(struct fields *f, struct commission *ret_commission);
size_t commission_pairs(const struct commission *c);
void commission_put(struct buf *out, const struct commission *c);

#endif
