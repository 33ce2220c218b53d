/* Packing (kind 20): goods go into a container or come out of it. While inside they go where it goes. */
#ifndef COMMON_PACK_H
#define COMMON_PACK_H

#include "common/asset_set.h"
#include "common/fields.h"

struct pack {
    struct slice container; /* an asset: a pallet, a box */
    struct asset_set assets;
    bool unpack;
    struct slice place; /* GLN of where; empty = absent */
};

void pack_take(struct fields *f, struct pack *ret_pack);
size_t pack_pairs(const struct pack *p);
void pack_put(struct buf *out, const struct pack *p);

#endif
