#include "common/withdraw.h"

void withdraw_take(struct fields *f, struct withdraw *ret_withdraw)
{
    fields_need(f, 5);
    cbor_take_fixed(f->r, ret_withdraw->proposal.bytes, HASH_SIZE);
}

size_t withdraw_pairs(const struct withdraw *w)
{
    (void)w;
    return 1;
}

void withdraw_put(struct buf *out, const struct withdraw *w)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&w->proposal));
}
