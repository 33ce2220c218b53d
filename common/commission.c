#include "common/commission.h"

#include "common/cose.h"
#include "common/custody.h"

void commission_take(struct fields *f, struct commission *ret_commission)
{
    struct commission c = { .has_expiry = false };
    fields_need(f, 5);
    c.assets = asset_set_take(f->r);
    if (fields_has(f, 6))
        c.place = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    if (fields_has(f, 7))
        c.lot = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    c.has_expiry = fields_has(f, 8);
    if (c.has_expiry)
        c.expiry_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    c.has_amount = fields_has(f, 9);
    if (c.has_amount)
        c.amount = amount_take(f->r, 1);
    *ret_commission = c;
}

size_t commission_pairs(const struct commission *c)
{
    return 1 + (size_t)(c->place.len > 0) + (size_t)(c->lot.len > 0) + (size_t)c->has_expiry +
           (size_t)c->has_amount;
}

void commission_put(struct buf *out, const struct commission *c)
{
    cbor_put_int(out, 5);
    asset_set_put(out, &c->assets);
    if (c->place.len > 0) {
        cbor_put_int(out, 6);
        cbor_put_text(out, c->place);
    }
    if (c->lot.len > 0) {
        cbor_put_int(out, 7);
        cbor_put_text(out, c->lot);
    }
    if (c->has_expiry) {
        cbor_put_int(out, 8);
        cbor_put_uint(out, c->expiry_ms);
    }
    if (c->has_amount) {
        cbor_put_int(out, 9);
        amount_put(out, &c->amount);
    }
}
