#include "common/recovery_rivals.h"

#include <string.h>

static bool signed_by(const struct recovery *r, const struct kid *kid, const uint8_t pub[PUB_SIZE])
{
    struct authority_set one = { .count = 1 };
    struct recovery alone = *r;
    size_t count = 0;
    one.at[0].kid = *kid;
    memcpy(one.at[0].pub, pub, PUB_SIZE);
    for (size_t i = 0; i < r->signature_count; i++) {
        struct cbor_reader at = alone.signatures;
        cbor_take_array_of(&at, 2);
        struct kid by = kid_take(&at);
        (void)cbor_take_bytes(&at, SIG_SIZE, SIG_SIZE);
        alone.signature_count = 1;
        if (!at.failed && kid_equal(&by, kid))
            return recovery_count(&alone, &one, &count, NULL);
        alone.signatures = at;
    }
    return false;
}

static void find_both(const struct recovery *a, const struct recovery *b, recovery_pub_of *pub_of,
                      void *ctx, struct recovery_rivals *v)
{
    struct cbor_reader s = a->signatures;
    for (size_t i = 0; i < a->signature_count && v->count < AUTHORITY_MAX; i++) {
        uint8_t pub[PUB_SIZE];
        cbor_take_array_of(&s, 2);
        struct kid kid = kid_take(&s);
        (void)cbor_take_bytes(&s, SIG_SIZE, SIG_SIZE);
        bool twice = false; /* a list that names one signer again counts him once */
        for (size_t k = 0; k < v->count; k++)
            twice = twice || kid_equal(&v->both[k], &kid);
        if (!twice && pub_of(ctx, &kid, pub) && signed_by(a, &kid, pub) && signed_by(b, &kid, pub))
            v->both[v->count++] = kid;
    }
}

struct recovery_rivals recovery_rivals(const struct recovery *a, const struct recovery *b,
                                       recovery_pub_of *pub_of, void *ctx)
{
    struct recovery_rivals v = { .relation = RIVALS_UNRELATED };
    if (hash_equal(&a->hash, &b->hash)) {
        v.relation = RIVALS_SAME;
    } else if (!hash_equal(&a->ledger, &b->ledger)) {
        v.relation = RIVALS_UNRELATED;
    } else if (slice_equal(a->body, b->body)) {
        v.relation = RIVALS_SEALED_TWICE;
    } else {
        find_both(a, b, pub_of, ctx, &v);
        if (v.count > 0)
            v.relation = RIVALS_EVIDENCE;
        else if (a->height == b->height)
            v.relation = RIVALS_OF_ONE_TIP;
    }
    return v;
}

bool recovery_rivals_exclude(const struct recovery_rivals *v)
{
    return v->relation != RIVALS_SAME && v->relation != RIVALS_UNRELATED;
}

void recovery_evidence_put(struct buf *out, const struct recovery *a, const struct recovery *b)
{
    bool in_order = memcmp(a->hash.bytes, b->hash.bytes, HASH_SIZE) < 0;
    cbor_put_array(out, 3);
    cbor_put_uint(out, 1);
    cbor_put_bytes(out, in_order ? a->bytes : b->bytes);
    cbor_put_bytes(out, in_order ? b->bytes : a->bytes);
}

bool recovery_evidence_decode(struct slice bytes, struct recovery *ret_a, struct recovery *ret_b,
                              struct err *err)
{
    if (!cbor_scan(bytes, err))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 3);
    (void)cbor_take_int_in(&r, 1, 1);
    struct slice a = cbor_take_bytes(&r, 1, RECOVERY_SIZE_MAX);
    struct slice b = cbor_take_bytes(&r, 1, RECOVERY_SIZE_MAX);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "expected two recoveries in one file");
    if (!recovery_decode(a, ret_a, err) || !recovery_decode(b, ret_b, err))
        return false;
    return memcmp(ret_a->hash.bytes, ret_b->hash.bytes, HASH_SIZE) < 0 ||
           err_set(err, ERR_INPUT, "expected two recoveries in order of their hashes");
}
