/*
 * Statements about goods, as somebody else's encoder wrote them (tests/vectors/make_goods.py): understood, encoded
 * again to the same bytes, and refused once a bit of them is another.
 */
#include "tests/support/statements.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TIME_MS 1767268800000u
#define GLN     "9506000134352"
#define UNIT    "01/09506000134352/21/A1"

static const char *const names[] = {
    "commission with an amount",
    "offer",
    "offer with everything",
    "acceptance with everything",
    "rejection",
    "scan in custody",
    "pack",
    "unpack",
    "split",
    "merge",
    "transform",
    "transform with everything",
    "quarantine",
    "recall with everything",
    "destroy",
    "dispute",
    "certificate of a company",
    "certificate with everything",
    "certificate revocation",
    "correction",
    "correction with everything",
    "label seal",
    "label reveal",
    "label reveal with a place",
};
#define NAMES (sizeof names / sizeof names[0])

static uint8_t scratch_memory[STATEMENT_MAX + COSE_SIG_ROOM];
static uint8_t signed_memory[STATEMENT_MAX];

static struct statement decoded(const char *name)
{
    struct statement s;
    struct err err = { 0 };
    if (!statement_decode(vectors_bytes(name), &s, &err))
        fail_msg("%s: %s", name, err.msg);
    return s;
}

static void is_text(struct slice got, const char *want)
{
    assert_true(slice_equal(got, slice_text(want)));
}

static void is_hash(const struct hash *h)
{
    for (size_t i = 0; i < HASH_SIZE; i++)
        assert_int_equal(h->bytes[i], i);
}

static void is_member(const struct kid *kid)
{
    for (size_t i = 0; i < KID_SIZE; i++)
        assert_int_equal(kid->bytes[i], i);
}

static void is_amount(const struct amount *a, int64_t mantissa, int exponent, const char *unit)
{
    assert_int_equal(a->mantissa, mantissa);
    assert_int_equal(a->exponent, exponent);
    is_text(a->unit, unit);
}

/* ------------------------------------------------------------------ what they say */

static void each_is_encoded_to_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        struct statement s = decoded(names[i]);
        struct buf out = buf_fixed(scratch_memory, sizeof scratch_memory);
        statement_put_payload(&out, &s);
        if (!slice_equal(buf_slice(&out), s.cose.payload))
            fail_msg("%s: encoded differently", names[i]);
        assert_int_equal(s.link.seq, 7);
        assert_int_equal(s.link.time_ms, TIME_MS);
    }
    assert_null(vectors_unasked());
}

static void handovers(void **state)
{
    (void)state;
    struct statement s = decoded("offer");
    assert_false(s.as.custody.has_expiry || s.as.custody.has_counts || s.as.custody.has_missing ||
                 s.as.custody.has_reading || s.as.custody.has_seal);
    assert_int_equal(
        s.as.custody.meaning.len + s.as.custody.reason.len + s.as.custody.condition.len, 0);
    s = decoded("offer with everything");
    assert_int_equal(s.as.custody.action, CUSTODY_OFFER);
    assert_int_equal(s.as.custody.role, ROLE_OWNER);
    assert_int_equal(s.as.custody.assets.count, 250);
    assert_true(s.as.custody.has_expiry && s.as.custody.has_reading && s.as.custody.has_seal);
    assert_false(s.as.custody.has_counts || s.as.custody.has_missing);
    assert_int_equal(s.as.custody.expiry_ms, TIME_MS + 1);
    is_member(&s.as.custody.to);
    is_member(&s.as.custody.device);
    is_hash(&s.as.custody.reading);
    assert_int_equal(s.as.custody.seal, SEAL_INTACT);
    is_text(s.as.custody.seal_number, "S-1");
    s = decoded("acceptance with everything");
    assert_true(s.as.custody.has_counts && s.as.custody.has_missing && s.as.custody.has_reading &&
                s.as.custody.has_seal);
    assert_false(s.as.custody.has_expiry);
    assert_int_equal(s.as.custody.missing_count, 2);
    assert_int_equal(s.as.custody.surplus_count, 0);
    assert_int_equal(s.as.custody.damaged_count, 1000000000);
    assert_int_equal(s.as.custody.missing.count, 1);
    assert_int_equal(s.as.custody.seal, SEAL_NONE);
    assert_int_equal(s.as.custody.seal_number.len, 0);
    is_hash(&s.as.custody.offer);
    s = decoded("rejection");
    is_text(s.as.custody.meaning, "refused at the dock");
    assert_int_equal(s.as.custody.reason.len, 200);
    s = decoded("scan in custody");
    assert_true(s.as.scan.in_custody);
}

static void packing_and_making(void **state)
{
    (void)state;
    struct statement s = decoded("pack");
    assert_false(s.as.pack.unpack);
    is_text(s.as.pack.container, "00/195060001343520011");
    is_text(s.as.pack.place, GLN);
    assert_int_equal(s.as.pack.assets.count, 250);
    s = decoded("unpack");
    assert_true(s.as.pack.unpack);
    assert_int_equal(s.as.pack.place.len, 0);
    s = decoded("commission with an amount");
    assert_true(s.as.commission.has_amount);
    is_amount(&s.as.commission.amount, 48, 0, "each");
    s = decoded("transform with everything");
    assert_int_equal(s.as.make.action, MAKE_TRANSFORM);
    assert_int_equal(s.as.make.input_count, 2);
    assert_int_equal(s.as.make.output_count, 2);
    is_text(s.as.make.place, GLN);
    struct cbor_reader r = make_inputs(&s.as.make);
    struct make_input in = make_next_input(&r);
    assert_true(in.has_amount);
    is_amount(&in.amount, 25, 0, "t");
    in = make_next_input(&r);
    assert_false(in.has_amount);
    assert_int_equal(in.assets.count, 3);
    assert_true(cbor_done(&r));
    r = make_outputs(&s.as.make);
    struct make_output out = make_next_output(&r);
    is_amount(&out.amount, 1, -1, "kg");
    is_text(out.lot, "L7");
    assert_true(out.has_amount && out.has_expiry);
    assert_int_equal(out.expiry_ms, TIME_MS + 1);
    out = make_next_output(&r);
    is_amount(&out.amount, INT64_C(1) << 53, 9, "t");
    assert_true(cbor_done(&r));
    s = decoded("split");
    r = make_outputs(&s.as.make);
    out = make_next_output(&r);
    assert_false(out.has_amount || out.has_expiry);
    assert_int_equal(out.lot.len, 0);
}

/* Written entry by entry, as tools do. */
static void entries_are_put_as_they_were_taken(void **state)
{
    (void)state;
    static const char *const makings[] = { "split", "merge", "transform with everything" };
    for (size_t i = 0; i < 3; i++) {
        struct statement s = decoded(makings[i]);
        struct buf out = buf_fixed(scratch_memory, sizeof scratch_memory);
        struct cbor_reader r = make_inputs(&s.as.make);
        cbor_put_array(&out, s.as.make.input_count);
        for (size_t n = s.as.make.input_count; n > 0; n--) {
            struct make_input in = make_next_input(&r);
            make_put_input(&out, &in);
        }
        assert_true(slice_equal(buf_slice(&out), s.as.make.inputs));
        buf_clear(&out);
        r = make_outputs(&s.as.make);
        cbor_put_array(&out, s.as.make.output_count);
        for (size_t n = s.as.make.output_count; n > 0; n--) {
            struct make_output o = make_next_output(&r);
            make_put_output(&out, &o);
        }
        assert_true(slice_equal(buf_slice(&out), s.as.make.outputs));
    }
}

static void what_is_said_of_goods(void **state)
{
    (void)state;
    struct statement s = decoded("recall with everything");
    assert_int_equal(s.as.disposition.action, DISPOSITION_RECALL);
    is_text(s.as.disposition.meaning, "recall");
    assert_int_equal(s.as.disposition.reason.len, 200);
    is_text(s.as.disposition.place, GLN);
    s = decoded("destroy");
    assert_int_equal(s.as.disposition.action, DISPOSITION_DESTROY);
    s = decoded("dispute");
    is_hash(&s.as.dispute.statement);
    is_text(s.as.dispute.reason, "the seal was whole");
    assert_int_equal(s.as.dispute.assets.count, 3);
    s = decoded("certificate of a company");
    assert_true(s.as.certificate.has_member);
    assert_false(s.as.certificate.has_assets || s.as.certificate.has_document);
    s = decoded("certificate with everything");
    assert_true(s.as.certificate.has_member && s.as.certificate.has_assets);
    assert_true(s.as.certificate.has_document);
    is_text(s.as.certificate.name, "organic");
    is_text(s.as.certificate.number, "DE-ÖKO-006");
    is_text(s.as.certificate.place, GLN);
    is_member(&s.as.certificate.member);
    assert_int_equal(s.as.certificate.from_ms, TIME_MS);
    assert_int_equal(s.as.certificate.until_ms, TIME_MAX_MS);
    is_hash(&s.as.certificate.document);
    s = decoded("certificate revocation");
    is_hash(&s.as.certificate_revoke.certificate);
    assert_int_equal(s.as.certificate_revoke.from_ms, 0);
    is_text(s.as.certificate_revoke.reason, "residues");
    s = decoded("correction with everything");
    assert_int_equal(s.as.correction.original.len, 768);
    is_text(s.as.correction.meaning, "correction");
    is_text(s.as.correction.reason, "wrong logger");
    s = decoded("label reveal with a place");
    is_text(s.as.label_reveal.asset, UNIT);
    assert_int_equal(s.as.label_reveal.code.len, 64);
    is_text(s.as.label_reveal.place, GLN);
}

/* printf 'waybill/1/label\0ASSET\0CODE' | sha256sum */
static void a_commitment_is_a_hash_of_asset_and_code(void **state)
{
    (void)state;
    struct hash h = label_commitment(slice_text(UNIT), slice_text("0123456789"));
    struct slice want =
        vectors_unhex("07c09ff441b1b76b28b6d6332c06a66b07481f1c2ae4e476bd0f32edb90b2903");
    assert_memory_equal(h.bytes, want.data, HASH_SIZE);
    h = label_commitment(slice_text(UNIT "0"), slice_text("123456789"));
    assert_memory_not_equal(h.bytes, want.data, HASH_SIZE);
}

static void kinds_and_dispositions_have_names(void **state)
{
    (void)state;
    static const char *const kinds[] = { "pack",       "make",        "disposition",
                                         "dispute",    "certificate", "certificate-revoke",
                                         "correction", "label-seal",  "label-reveal" };
    for (int kind = KIND_PACK; kind <= KIND_LABEL_REVEAL; kind++)
        assert_string_equal(statement_kind_name((enum statement_kind)kind),
                            kinds[kind - KIND_PACK]);
    static const char *const actions[] = { "quarantine",   "release",  "reject",
                                           "return",       "recall",   "end recall",
                                           "decommission", "dispense", "destroy" };
    for (int action = 0; action <= DISPOSITION_DESTROY; action++)
        assert_string_equal(disposition_action_name((enum disposition_action)action),
                            actions[action]);
}

/* Of several sets, of a single asset and of none there is no "the" set. */
static void the_goods_of_a_statement_are_found(void **state)
{
    (void)state;
    struct statement s = { .kind = KIND_CUSTODY };
    assert_ptr_equal(statement_assets(&s), &s.as.custody.assets);
    s.kind = KIND_PACK;
    assert_ptr_equal(statement_assets(&s), &s.as.pack.assets);
    s.kind = KIND_LABEL_SEAL;
    assert_ptr_equal(statement_assets(&s), &s.as.label_seal.assets);
    s = (struct statement){ .kind = KIND_CERTIFICATE };
    assert_null(statement_assets(&s));
    s.as.certificate.has_assets = true;
    assert_ptr_equal(statement_assets(&s), &s.as.certificate.assets);
    s = (struct statement){ .kind = KIND_CALL };
    assert_null(statement_assets(&s));
    static const enum statement_kind none[] = { KIND_READING, KIND_ATTACH, KIND_MAKE,
                                                KIND_CORRECTION, KIND_LABEL_REVEAL };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        s.kind = none[i];
        assert_null(statement_assets(&s));
    }
}

/* ------------------------------------------------------------------ hostile */

static bool accepts(struct slice bytes, const struct key_pair *key, const struct hash *ledger)
{
    struct statement s;
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    return statement_decode(bytes, &s, NULL) && kid_equal(&s.kid, &key->kid) &&
           statement_verify(&s, key->pub, ledger, &scratch);
}

static void no_flipped_bit_and_no_cut_is_accepted(void **state)
{
    (void)state;
    static const uint8_t seed[SEED_SIZE] = { 1 };
    struct key_pair key = key_from_seed(seed);
    const struct hash ledger = { { 9 } };
    unsigned flips = 0, read = 0;
    for (size_t i = 0; i < NAMES; i++) {
        struct statement s = decoded(names[i]), other;
        struct buf out = buf_fixed(signed_memory, sizeof signed_memory);
        struct hash hash;
        struct err err = { 0 };
        if (!statement_sign(&s, &key, &ledger, &out, &hash, &err))
            fail_msg("%s: %s", names[i], err.msg);
        assert_true(accepts(buf_slice(&out), &key, &ledger));
        for (size_t bit = 0; bit < 8 * out.len; bit++, flips++) {
            signed_memory[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (accepts(buf_slice(&out), &key, &ledger))
                fail_msg("%s: bit %zu flipped and accepted", names[i], bit);
            read += statement_decode(buf_slice(&out), &other, NULL);
            signed_memory[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t len = 0; len < out.len; len++)
            assert_false(statement_decode(slice_of(signed_memory, len), &other, NULL));
        signed_memory[out.len] = 0;
        assert_false(statement_decode(slice_of(signed_memory, out.len + 1), &other, NULL));
    }
    assert_true(read > flips / 4); /* the signature did its part, not only the form */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_encoded_to_the_same_bytes),
        cmocka_unit_test(handovers),
        cmocka_unit_test(packing_and_making),
        cmocka_unit_test(entries_are_put_as_they_were_taken),
        cmocka_unit_test(what_is_said_of_goods),
        cmocka_unit_test(a_commitment_is_a_hash_of_asset_and_code),
        cmocka_unit_test(kinds_and_dispositions_have_names),
        cmocka_unit_test(the_goods_of_a_statement_are_found),
        cmocka_unit_test(no_flipped_bit_and_no_cut_is_accepted),
    };
    if (!crypto_init())
        return 1;
    vectors_from("tests/vectors/goods.json");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
