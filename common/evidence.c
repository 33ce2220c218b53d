#include "common/evidence.h"

void evidence_take(struct fields *f, struct evidence *ret_evidence)
{
    struct evidence e;
    fields_need(f, 5);
    e.a = cbor_take_bytes(f->r, 1, EVIDENCE_ENVELOPE_MAX);
    fields_need(f, 6);
    e.b = cbor_take_bytes(f->r, 1, EVIDENCE_ENVELOPE_MAX);
    if (!f->r->failed && slice_compare(e.a, e.b) >= 0)
        cbor_fail(f->r); /* one form, and never the same twice */
    *ret_evidence = e;
}

size_t evidence_pairs(const struct evidence *e)
{
    (void)e;
    return 2;
}

void evidence_put(struct buf *out, const struct evidence *e)
{
    bool in_order = slice_compare(e->a, e->b) < 0;
    cbor_put_int(out, 5);
    cbor_put_bytes(out, in_order ? e->a : e->b);
    cbor_put_int(out, 6);
    cbor_put_bytes(out, in_order ? e->b : e->a);
}
