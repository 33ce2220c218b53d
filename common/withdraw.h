/* Withdrawal (kind 19): the member that made a proposal takes it back while it is open. */
#ifndef COMMON_WITHDRAW_H
#define COMMON_WITHDRAW_H

#include "common/fields.h"
#include "common/key.h"

struct withdraw {
    struct hash proposal;
};

void withdraw_take(struct fields *f, struct withdraw *ret_withdraw);
size_t withdraw_pairs(const struct withdraw *w);
void withdraw_put(struct buf *out, const struct withdraw *w);

#endif
