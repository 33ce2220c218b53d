#include "common/custody.h"

#include "common/cose.h"

#define COUNT_MAX 1000000000u

/* ------------------------------------------------------------------ reading */

static void take_counts(struct fields *f, struct custody *c)
{
    c->has_counts = fields_has(f, 12);
    if (c->has_counts) {
        cbor_take_array_of(f->r, 3);
        c->missing_count = cbor_take_uint_max(f->r, COUNT_MAX);
        c->surplus_count = cbor_take_uint_max(f->r, COUNT_MAX);
        c->damaged_count = cbor_take_uint_max(f->r, COUNT_MAX);
    }
    c->has_missing = fields_has(f, 13);
    if (c->has_missing)
        c->missing = asset_set_take(f->r);
}

static void take_bound(struct fields *f, struct custody *c)
{
    c->has_reading = fields_has(f, 14);
    if (c->has_reading) {
        cbor_take_array_of(f->r, 2);
        c->device = kid_take(f->r);
        cbor_take_fixed(f->r, c->reading.bytes, HASH_SIZE);
    }
    c->has_seal = fields_has(f, 15);
    if (c->has_seal) {
        cbor_take_array_of(f->r, 2);
        c->seal = (enum custody_seal)cbor_take_uint_max(f->r, SEAL_NONE);
        c->seal_number = cbor_take_text(f->r, 0, CUSTODY_SEAL_MAX);
    }
}

/* The fields of one action only are not fields of another: only those that may be there are looked for. */
static void take_extras(struct fields *f, uint64_t time_ms, struct custody *c)
{
    if (c->action == CUSTODY_OFFER) {
        c->has_expiry = fields_has(f, 11);
        if (c->has_expiry)
            c->expiry_ms = (uint64_t)cbor_take_int_in(f->r, (int64_t)time_ms + 1, TIME_MAX_MS);
    }
    if (c->action == CUSTODY_ACCEPT)
        take_counts(f, c);
    if (c->action == CUSTODY_OFFER || c->action == CUSTODY_ACCEPT)
        take_bound(f, c);
    if (c->action != CUSTODY_REJECT)
        return;
    if (fields_has(f, 16))
        c->meaning = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 17))
        c->reason = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
}

void custody_take(struct fields *f, uint64_t time_ms, struct custody *ret_custody)
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
    take_extras(f, time_ms, &c);
    *ret_custody = c;
}

/* ------------------------------------------------------------------ writing */

static bool role_written(const struct custody *c)
{
    return c->role != ROLE_CUSTODIAN;
}

size_t custody_pairs(const struct custody *c)
{
    return 3 + (size_t)(c->condition.len > 0) + (size_t)role_written(c) + (size_t)c->has_expiry +
           (size_t)c->has_counts + (size_t)c->has_missing + (size_t)c->has_reading +
           (size_t)c->has_seal + (size_t)(c->meaning.len > 0) + (size_t)(c->reason.len > 0);
}

static void put_text(struct buf *out, int key, struct slice text)
{
    if (text.len == 0)
        return;
    cbor_put_int(out, key);
    cbor_put_text(out, text);
}

static void put_counts(struct buf *out, const struct custody *c)
{
    if (c->has_counts) {
        cbor_put_int(out, 12);
        cbor_put_array(out, 3);
        cbor_put_uint(out, c->missing_count);
        cbor_put_uint(out, c->surplus_count);
        cbor_put_uint(out, c->damaged_count);
    }
    if (c->has_missing) {
        cbor_put_int(out, 13);
        asset_set_put(out, &c->missing);
    }
}

static void put_bound(struct buf *out, const struct custody *c)
{
    if (c->has_reading) {
        cbor_put_int(out, 14);
        cbor_put_array(out, 2);
        kid_put(out, &c->device);
        cbor_put_bytes(out, hash_slice(&c->reading));
    }
    if (c->has_seal) {
        cbor_put_int(out, 15);
        cbor_put_array(out, 2);
        cbor_put_uint(out, c->seal);
        cbor_put_text(out, c->seal_number);
    }
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
    put_text(out, 9, c->condition);
    if (role_written(c)) {
        cbor_put_int(out, 10);
        cbor_put_uint(out, c->role);
    }
    if (c->has_expiry) {
        cbor_put_int(out, 11);
        cbor_put_uint(out, c->expiry_ms);
    }
    put_counts(out, c);
    put_bound(out, c);
    put_text(out, 16, c->meaning);
    put_text(out, 17, c->reason);
}
