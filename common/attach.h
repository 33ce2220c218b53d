/* Attachment (kind 4): from here on a device's readings are readings of this asset, or no longer. */
#ifndef COMMON_ATTACH_H
#define COMMON_ATTACH_H

#include "common/fields.h"
#include "common/key.h"

struct attach {
    struct kid device;
    struct slice asset;
    bool detach;
};

void attach_take(struct fields *f, struct attach *ret_attach);
size_t attach_pairs(const struct attach *a);
void attach_put(struct buf *out, const struct attach *a);

#endif
