#include "common/label_code.h"

#include "common/commission.h"

#include <assert.h>

struct hash label_commitment(struct slice asset, struct slice code)
{
    static const char purpose[] = "waybill/1/label"; /* with its zero */
    uint8_t memory[sizeof purpose + ASSET_NAME_MAX + 1 + LABEL_CODE_MAX];
    struct buf all = buf_fixed(memory, sizeof memory);
    buf_add(&all, purpose, sizeof purpose);
    buf_add_slice(&all, asset);
    buf_add_byte(&all, 0);
    buf_add_slice(&all, code);
    assert(!all.failed);
    return crypto_sha256(buf_slice(&all));
}

static struct slice take_commitments(struct cbor_reader *r, size_t count)
{
    size_t start = r->pos;
    cbor_take_array_of(r, count);
    for (size_t i = 0; i < count && !r->failed; i++)
        (void)cbor_take_bytes(r, HASH_SIZE, HASH_SIZE);
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

void label_seal_take(struct fields *f, struct label_seal *ret_seal)
{
    struct label_seal s = { .commitments = { NULL, 0 } };
    fields_need(f, 5);
    s.assets = asset_set_take(f->r);
    if (s.assets.count > LABEL_SEALS_MAX)
        cbor_fail(f->r);
    fields_need(f, 6);
    s.commitments = take_commitments(f->r, s.assets.count);
    *ret_seal = s;
}

size_t label_seal_pairs(const struct label_seal *s)
{
    (void)s;
    return 2;
}

void label_seal_put(struct buf *out, const struct label_seal *s)
{
    cbor_put_int(out, 5);
    asset_set_put(out, &s->assets);
    cbor_put_int(out, 6);
    buf_add_slice(out, s->commitments);
}

void label_reveal_take(struct fields *f, struct label_reveal *ret_reveal)
{
    struct label_reveal v = { .place = { NULL, 0 } };
    fields_need(f, 5);
    v.asset = cbor_take_text(f->r, 1, ASSET_NAME_MAX);
    fields_need(f, 6);
    v.code = cbor_take_bytes(f->r, LABEL_CODE_MIN, LABEL_CODE_MAX);
    if (fields_has(f, 7))
        v.place = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    *ret_reveal = v;
}

size_t label_reveal_pairs(const struct label_reveal *r)
{
    return 2 + (size_t)(r->place.len > 0);
}

void label_reveal_put(struct buf *out, const struct label_reveal *r)
{
    cbor_put_int(out, 5);
    cbor_put_text(out, r->asset);
    cbor_put_int(out, 6);
    cbor_put_bytes(out, r->code);
    if (r->place.len > 0) {
        cbor_put_int(out, 7);
        cbor_put_text(out, r->place);
    }
}
