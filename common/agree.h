/* Agreement (kind 11) of one party to an opening; false declines it. */
#ifndef COMMON_AGREE_H
#define COMMON_AGREE_H

#include "common/crypto.h"
#include "common/fields.h"

struct agree {
    struct hash opening; /* statement hash */
    bool declines;
};

void agree_take(struct fields *f, struct agree *ret_agree);
size_t agree_pairs(const struct agree *a);
void agree_put(struct buf *out, const struct agree *a);

#endif
