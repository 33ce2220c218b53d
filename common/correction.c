#include "common/correction.h"

#include "common/custody.h"

void correction_take(struct fields *f, struct correction *ret_correction)
{
    struct correction c = { .meaning = { NULL, 0 } };
    fields_need(f, 5);
    c.original = cbor_take_bytes(f->r, 1, CORRECTION_ORIGINAL_MAX);
    if (fields_has(f, 6))
        c.meaning = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 7))
        c.reason = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    *ret_correction = c;
}

size_t correction_pairs(const struct correction *c)
{
    return 1 + (size_t)(c->meaning.len > 0) + (size_t)(c->reason.len > 0);
}

void correction_put(struct buf *out, const struct correction *c)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, c->original);
    if (c->meaning.len > 0) {
        cbor_put_int(out, 6);
        cbor_put_text(out, c->meaning);
    }
    if (c->reason.len > 0) {
        cbor_put_int(out, 7);
        cbor_put_text(out, c->reason);
    }
}
