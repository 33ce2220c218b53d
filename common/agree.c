#include "common/agree.h"

void agree_take(struct fields *f, struct agree *ret_agree)
{
    struct agree a = { .declines = false };
    fields_need(f, 5);
    cbor_take_fixed(f->r, a.opening.bytes, HASH_SIZE);
    if (fields_has(f, 6))
        a.declines = !cbor_take_bool(f->r);
    *ret_agree = a;
}

size_t agree_pairs(const struct agree *a)
{
    return a->declines ? 2 : 1;
}

void agree_put(struct buf *out, const struct agree *a)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&a->opening));
    if (a->declines) {
        cbor_put_int(out, 6);
        cbor_put_bool(out, false);
    }
}
