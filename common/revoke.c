#include "common/revoke.h"

#include "common/cose.h"

void revoke_take(struct fields *f, struct revoke *ret_revoke)
{
    struct revoke v = { .reason = REVOKE_UNSPECIFIED };
    fields_need(f, 5);
    v.key = kid_take(f->r);
    fields_need(f, 6);
    v.from_ms = cbor_take_uint_max(f->r, TIME_MAX_MS);
    fields_need(f, 7);
    v.last_good_seq = cbor_take_uint_max(f->r, INT64_MAX);
    if (fields_has(f, 8))
        v.reason = (enum revoke_reason)cbor_take_uint_max(f->r, REVOKE_RETIRED);
    *ret_revoke = v;
}

size_t revoke_pairs(const struct revoke *v)
{
    return 3 + (size_t)(v->reason != REVOKE_UNSPECIFIED);
}

void revoke_put(struct buf *out, const struct revoke *v)
{
    cbor_put_int(out, 5);
    kid_put(out, &v->key);
    cbor_put_int(out, 6);
    cbor_put_uint(out, v->from_ms);
    cbor_put_int(out, 7);
    cbor_put_uint(out, v->last_good_seq);
    if (v->reason != REVOKE_UNSPECIFIED) {
        cbor_put_int(out, 8);
        cbor_put_uint(out, v->reason);
    }
}
