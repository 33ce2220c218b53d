#include "common/open.h"

#include "common/cose.h"
#include "common/custody.h"

static struct slice take_parties(struct cbor_reader *r)
{
    size_t start = r->pos;
    size_t n = cbor_take_map(r);
    if (n == 0 || n > OPEN_PARTIES_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        (void)cbor_take_text(r, 1, NAME_MAX_BYTES);
        (void)kid_take(r);
    }
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

/* [mantissa, exponent, unit], [* int] or [* text]. */
static void take_term_array(struct cbor_reader *r)
{
    struct cbor_reader ahead = *r;
    size_t n = cbor_take_array(r);
    bool texts = cbor_peek(r) == CBOR_TEXT;
    if (n == 3 && !texts) {
        (void)cbor_take_array(&ahead);
        (void)cbor_take_int(&ahead);
        (void)cbor_take_int_in(&ahead, -9, 9);
        (void)cbor_take_text(&ahead, 0, OPEN_TEXT_MAX);
        if (!ahead.failed) {
            *r = ahead;
            return;
        }
    }
    for (size_t i = 0; i < n && !r->failed; i++) {
        if (texts)
            (void)cbor_take_text(r, 0, OPEN_TEXT_MAX);
        else
            (void)cbor_take_int(r);
    }
}

/* A key or a member, another opening, or the hash of something. */
static void take_term_bytes(struct cbor_reader *r)
{
    size_t len = cbor_take_bytes(r, KID_SIZE, HASH_SIZE).len;
    if (len != KID_SIZE && len != HASH_SIZE)
        cbor_fail(r);
}

void open_take_term(struct cbor_reader *r)
{
    enum cbor_kind kind = cbor_peek(r);
    if (kind == CBOR_BOOL)
        (void)cbor_take_bool(r);
    else if (kind == CBOR_TEXT)
        (void)cbor_take_text(r, 0, OPEN_TEXT_MAX);
    else if (kind == CBOR_BYTES)
        take_term_bytes(r);
    else if (kind == CBOR_ARRAY)
        take_term_array(r);
    else
        (void)cbor_take_int(r);
}

static struct slice take_terms(struct cbor_reader *r)
{
    size_t start = r->pos;
    size_t n = cbor_take_map(r);
    if (n > OPEN_TERMS_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        (void)cbor_take_text(r, 1, NAME_MAX_BYTES);
        open_take_term(r);
    }
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

static void take_role_holders(struct cbor_reader *r)
{
    struct kid last = { .bytes = { 0 } };
    size_t n = cbor_take_array(r);
    if (n == 0 || n > OPEN_HOLDER_KIDS)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        struct kid kid = kid_take(r);
        if (i > 0 && slice_compare(kid_slice(&last), kid_slice(&kid)) >= 0)
            cbor_fail(r);
        last = kid;
    }
}

static struct slice take_holders(struct cbor_reader *r)
{
    size_t start = r->pos;
    size_t n = cbor_take_map(r);
    if (n == 0 || n > OPEN_HOLDERS_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        (void)cbor_take_text(r, 1, NAME_MAX_BYTES);
        take_role_holders(r);
    }
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

void open_take(struct fields *f, struct open *ret_open)
{
    struct open o = { .compiled = { NULL, 0 } };
    fields_need(f, 5);
    cbor_take_fixed(f->r, o.definition.bytes, HASH_SIZE);
    fields_need(f, 6);
    o.parties = take_parties(f->r);
    fields_need(f, 7);
    o.terms = take_terms(f->r);
    fields_need(f, 8);
    o.assets = asset_set_take(f->r);
    fields_need(f, 9);
    o.expires_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    if (fields_has(f, 10))
        o.compiled = cbor_take_bytes(f->r, 1, OPEN_DEFINITION_MAX);
    o.has_replaces = fields_has(f, 11);
    if (o.has_replaces)
        cbor_take_fixed(f->r, o.replaces.bytes, HASH_SIZE);
    if (fields_has(f, 12))
        o.holders = take_holders(f->r);
    *ret_open = o;
}

size_t open_pairs(const struct open *o)
{
    return 5 + (size_t)(o->compiled.len > 0) + (size_t)o->has_replaces +
           (size_t)(o->holders.len > 0);
}

void open_put(struct buf *out, const struct open *o)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&o->definition));
    cbor_put_int(out, 6);
    buf_add_slice(out, o->parties);
    cbor_put_int(out, 7);
    buf_add_slice(out, o->terms);
    cbor_put_int(out, 8);
    asset_set_put(out, &o->assets);
    cbor_put_int(out, 9);
    cbor_put_uint(out, o->expires_ms);
    if (o->compiled.len > 0) {
        cbor_put_int(out, 10);
        cbor_put_bytes(out, o->compiled);
    }
    if (o->has_replaces) {
        cbor_put_int(out, 11);
        cbor_put_bytes(out, hash_slice(&o->replaces));
    }
    if (o->holders.len > 0) {
        cbor_put_int(out, 12);
        buf_add_slice(out, o->holders);
    }
}

size_t open_parties(const struct open *o, struct kid ret_kids[OPEN_PARTIES_MAX])
{
    struct cbor_reader r = cbor_reader(o->parties);
    size_t n = cbor_take_map(&r);
    for (size_t i = 0; i < n; i++) {
        (void)cbor_take_text(&r, 1, NAME_MAX_BYTES);
        ret_kids[i] = kid_take(&r);
    }
    return n;
}
