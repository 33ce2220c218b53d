/* Dispute (kind 23): a signed objection that stands beside an earlier statement. */
#ifndef COMMON_DISPUTE_H
#define COMMON_DISPUTE_H

#include "common/asset_set.h"
#include "common/crypto.h"
#include "common/fields.h"

struct dispute {
    struct hash statement; /* the one objected to */
    struct asset_set assets;
    struct slice reason;
};

void dispute_take(struct fields *f, struct dispute *ret_dispute);
size_t dispute_pairs(const struct dispute *d);
void dispute_put(struct buf *out, const struct dispute *d);

#endif
