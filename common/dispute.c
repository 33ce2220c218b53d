#include "common/dispute.h"

#include "common/custody.h"

void dispute_take(struct fields *f, struct dispute *ret_dispute)
{
    struct dispute d = { .reason = { NULL, 0 } };
    fields_need(f, 5);
    cbor_take_fixed(f->r, d.statement.bytes, HASH_SIZE);
    fields_need(f, 6);
    d.assets = asset_set_take(f->r);
    fields_need(f, 7);
    d.reason = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    *ret_dispute = d;
}

size_t dispute_pairs(const struct dispute *d)
{
    (void)d;
    return 3;
}

void dispute_put(struct buf *out, const struct dispute *d)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&d->statement));
    cbor_put_int(out, 6);
    asset_set_put(out, &d->assets);
    cbor_put_int(out, 7);
    cbor_put_text(out, d->reason);
}
