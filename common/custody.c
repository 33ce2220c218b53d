#include "common/custody.h"

void custody_take(struct fields *f, struct custody *ret_custody)
{
    struct custody c = { .role = ROLE_CUSTODIAN };
    fields_need(f, 5);
    c.assets = asset_set_take(f->r);
    fields_need(f, 6);
    c.action = (enum custody_action)cbor_take_uint_max(f->r, CUSTODY_CANCEL);
    bool has_to = fields_has(f, 7);
    if (has_to)
        c.to = kid_take(f->r);
    bool has_offer = fields_has(f, 8);
    if (has_offer)
        cbor_take_fixed(f->r, c.offer.bytes, HASH_SIZE);
    if (fields_has(f, 9))
        c.condition = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 10))
        c.role = (enum custody_role)cbor_take_uint_max(f->r, ROLE_OWNER);
    bool offer = c.action == CUSTODY_OFFER;
    if (has_to != offer || has_offer == offer)
        cbor_fail(f->r);
    *ret_custody = c;
}

static bool role_written(const struct custody *c)
{
    return c->role != ROLE_CUSTODIAN;
}

size_t custody_pairs(const struct custody *c)
{
    return 3 + (size_t)(c->condition.len > 0) + (size_t)role_written(c);
}

void custody_put(struct buf *out, const struct custody *c)
{
    cbor_put_int(out, 5);
    asset_set_put(out, &c->assets);
    cbor_put_int(out, 6);
    cbor_put_uint(out, c->action);
    if (c->action == CUSTODY_OFFER) {
        cbor_put_int(out, 7);
        kid_put(out, &c->to);
    } else {
        cbor_put_int(out, 8);
        cbor_put_bytes(out, hash_slice(&c->offer));
    }
    if (c->condition.len > 0) {
        cbor_put_int(out, 9);
        cbor_put_text(out, c->condition);
    }
    if (role_written(c)) {
        cbor_put_int(out, 10);
        cbor_put_uint(out, c->role);
    }
}
