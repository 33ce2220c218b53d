#include "common/certificate.h"

#include "common/commission.h"
#include "common/cose.h"
#include "common/custody.h"

void certificate_take(struct fields *f, struct certificate *ret_certificate)
{
    struct certificate c = { .has_assets = false };
    fields_need(f, 5);
    c.name = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    c.has_assets = fields_has(f, 6);
    if (c.has_assets)
        c.assets = asset_set_take(f->r);
    if (fields_has(f, 7))
        c.place = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    c.has_member = fields_has(f, 8);
    if (c.has_member)
        c.member = kid_take(f->r);
    fields_need(f, 9);
    c.from_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    fields_need(f, 10);
    c.until_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    c.has_document = fields_has(f, 11);
    if (c.has_document)
        cbor_take_fixed(f->r, c.document.bytes, HASH_SIZE);
    if (fields_has(f, 12))
        c.number = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    bool of_nothing = !c.has_assets && c.place.len == 0 && !c.has_member;
    if (of_nothing || c.assets.count > CERTIFICATE_ASSETS_MAX || c.from_ms >= c.until_ms)
        cbor_fail(f->r);
    *ret_certificate = c;
}

size_t certificate_pairs(const struct certificate *c)
{
    return 3 + (size_t)c->has_assets + (size_t)(c->place.len > 0) + (size_t)c->has_member +
           (size_t)c->has_document + (size_t)(c->number.len > 0);
}

void certificate_put(struct buf *out, const struct certificate *c)
{
    cbor_put_int(out, 5);
    cbor_put_text(out, c->name);
    if (c->has_assets) {
        cbor_put_int(out, 6);
        asset_set_put(out, &c->assets);
    }
    if (c->place.len > 0) {
        cbor_put_int(out, 7);
        cbor_put_text(out, c->place);
    }
    if (c->has_member) {
        cbor_put_int(out, 8);
        kid_put(out, &c->member);
    }
    cbor_put_int(out, 9);
    cbor_put_uint(out, c->from_ms);
    cbor_put_int(out, 10);
    cbor_put_uint(out, c->until_ms);
    if (c->has_document) {
        cbor_put_int(out, 11);
        cbor_put_bytes(out, hash_slice(&c->document));
    }
    if (c->number.len > 0) {
        cbor_put_int(out, 12);
        cbor_put_text(out, c->number);
    }
}

void certificate_revoke_take(struct fields *f, struct certificate_revoke *ret_revoke)
{
    struct certificate_revoke v = { .from_ms = 0 };
    fields_need(f, 5);
    cbor_take_fixed(f->r, v.certificate.bytes, HASH_SIZE);
    fields_need(f, 6);
    v.from_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    fields_need(f, 7);
    v.reason = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    *ret_revoke = v;
}

size_t certificate_revoke_pairs(const struct certificate_revoke *r)
{
    (void)r;
    return 3;
}

void certificate_revoke_put(struct buf *out, const struct certificate_revoke *r)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&r->certificate));
    cbor_put_int(out, 6);
    cbor_put_uint(out, r->from_ms);
    cbor_put_int(out, 7);
    cbor_put_text(out, r->reason);
}
