/*
 * Proof files across three changes of the authority set, as an independent implementation makes them
 * (tests/vectors/make_sets.py): written byte for byte alike, believed, and refused once they are tampered with.
 */
#include "common/head_proof.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct identity identity;

static int setup(void **state)
{
    (void)state;
    vectors_from("tests/vectors/sets.json");
    return identity_decode(vectors_bytes("identity"), &identity, NULL) ? 0 : -1;
}

static bool holds(struct slice bytes, struct err *err)
{
    struct head_proof_heads heads;
    struct head_proof_entry entry;
    struct head_proof_voucher voucher;
    switch (head_proof_kind(bytes)) {
    case HEAD_PROOF_NONE: return err_set(err, ERR_INPUT, "none of the kinds");
    case HEAD_PROOF_CONSISTENCY: return head_proof_check_consistency(bytes, &identity, &heads, err);
    case HEAD_PROOF_STATE: return head_proof_check_state(bytes, &identity, &entry, err);
    case HEAD_PROOF_VOUCHER: return head_proof_check_voucher(bytes, &identity, &voucher, err);
    }
    return false;
}

static void assert_same(const struct buf *have, const char *name)
{
    struct slice want = vectors_bytes(name);
    assert_int_equal(have->len, want.len);
    assert_memory_equal(have->data, want.data, want.len);
}

/* ------------------------------------------------------------------ consistency */

static void one_head_after_another(void **state)
{
    struct head_proof_heads heads;
    struct err err = { .msg = "" };
    (void)state;
    if (!head_proof_check_consistency(vectors_bytes("consistency"), &identity, &heads, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(heads.older.height, 8);
    assert_int_equal(heads.newer.height, 10025);
    assert_int_equal(heads.newer.size, 9);
    assert_int_equal(heads.by.changes, 3);
    assert_int_equal(heads.by.authorities, 4);
    assert_int_equal(heads.by.seals, 3);
    struct slice same = vectors_bytes("consistency of one head");
    assert_true(head_proof_check_consistency(same, &identity, &heads, NULL));
    assert_int_equal(heads.by.quorum, 4);
    for (size_t i = 0; i < vectors_count("bad consistency"); i++)
        if (head_proof_check_consistency(vectors_item("bad consistency", i), &identity, &heads,
                                         &err))
            fail_msg("bad consistency %zu is believed", i);
    assert_false(
        head_proof_check_consistency(vectors_item("bad consistency", 0), &identity, &heads, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_non_null(strstr(err.msg, "forked"));
}

static void written_as_another_hand_writes_them(void **state)
{
    struct cbor_reader r = cbor_reader(vectors_bytes("consistency"));
    struct buf out = buf_heap(1 << 20);
    struct merkle_path path;
    (void)state;
    cbor_take_array_of(&r, 5);
    (void)cbor_take_uint(&r);
    struct slice sets = cbor_take_bytes(&r, 0, SIZE_MAX);
    struct slice older = cbor_take_bytes(&r, 0, SIZE_MAX);
    struct slice newer = cbor_take_bytes(&r, 0, SIZE_MAX);
    merkle_take_path(&r, &path);
    assert_true(cbor_done(&r));
    head_proof_put_consistency(&out, sets, older, newer, &path);
    assert_same(&out, "consistency");
    r = cbor_reader(vectors_bytes("state-claim alone"));
    cbor_take_array_of(&r, 4);
    (void)cbor_take_uint(&r);
    (void)cbor_take_bytes(&r, 0, SIZE_MAX);
    (void)cbor_take_bytes(&r, 0, SIZE_MAX);
    buf_clear(&out);
    head_proof_put_state(&out, sets, newer, cbor_take_bytes(&r, 0, SIZE_MAX));
    assert_same(&out, "state-claim alone");
    buf_clear(&out);
    head_proof_put_voucher(&out, sets, vectors_bytes("receipts"), vectors_bytes("statement"));
    assert_same(&out, "voucher");
    buf_free(&out);
}

/* ------------------------------------------------------------------ state */

static void entries_of_the_state(void **state)
{
    struct head_proof_entry e;
    static const uint8_t alone[] = { 0x82, 0, 1 };
    (void)state;
    assert_true(head_proof_check_state(vectors_bytes("state-claim alone"), &identity, &e, NULL));
    assert_true(slice_equal(e.entry.key, slice_of(alone, sizeof alone)));
    assert_true(e.entry.present && slice_equal(e.entry.value, slice_text("alone")));
    assert_int_equal(e.head.height, 10025);
    assert_int_equal(e.by.changes, 3);
    assert_true(head_proof_check_state(vectors_bytes("state-claim first"), &identity, &e, NULL));
    assert_true(e.entry.present);
    assert_true(head_proof_check_state(vectors_bytes("state-claim nowhere"), &identity, &e, NULL));
    assert_false(e.entry.present);
    for (size_t i = 0; i < vectors_count("state-claims, absent"); i++) {
        assert_true(
            head_proof_check_state(vectors_item("state-claims, absent", i), &identity, &e, NULL));
        assert_false(e.entry.present);
    }
    assert_false(head_proof_check_state(vectors_bytes("state-claim under another root"), &identity,
                                        &e, NULL));
}

/* ------------------------------------------------------------------ vouchers */

static void a_voucher_from_three_changes_ago(void **state)
{
    struct head_proof_voucher v, again;
    struct hash hash = crypto_sha256(vectors_bytes("statement"));
    struct err err = { .msg = "" };
    (void)state;
    if (!head_proof_check_voucher(vectors_bytes("voucher"), &identity, &v, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(v.claim.height, 3);
    assert_int_equal(v.by.changes, 0);
    assert_int_equal(v.by.seals, 3);
    assert_true(hash_equal(&v.hash, &hash));
    assert_true(slice_equal(v.statement, vectors_bytes("statement")));
    struct slice receipts = vectors_bytes("receipts");
    assert_true(head_proof_check_receipts(receipts, &hash, vectors_bytes("set proof"), &identity,
                                          &again, NULL));
    assert_true(head_proof_check_receipts(receipts, &hash, vectors_bytes("identity"), &identity,
                                          &again, NULL));
    hash.bytes[0] ^= 1;
    assert_false(head_proof_check_receipts(receipts, &hash, vectors_bytes("set proof"), &identity,
                                           &again, NULL));
    assert_true(head_proof_check_voucher(vectors_bytes("voucher of the newest set"), &identity,
                                         &again, NULL));
    assert_int_equal(again.by.changes, 3);
    struct identity other = identity;
    other.genesis.ledger.bytes[0] ^= 1;
    assert_false(head_proof_check_voucher(vectors_bytes("voucher"), &other, &v, NULL));
}

/* ------------------------------------------------------------------ whatever is changed */

/* Changes behind the block that a proof is about are not looked at: they prove nothing for it. */
static void every_byte_from(const char *name, size_t from, size_t step)
{
    struct slice good = vectors_bytes(name);
    uint8_t *bytes = malloc(good.len + 1);
    assert_non_null(bytes);
    memcpy(bytes, good.data, good.len);
    assert_true(holds(slice_of(bytes, good.len), NULL));
    for (size_t i = from; i < good.len; i += step) {
        bytes[i] ^= 0x10;
        if (holds(slice_of(bytes, good.len), NULL))
            fail_msg("%s: byte %zu may be changed", name, i);
        bytes[i] ^= 0x10;
    }
    bytes[good.len] = 0;
    assert_false(holds(slice_of(bytes, good.len + 1), NULL));
    for (size_t i = 0; i < good.len; i += 101)
        assert_false(holds(slice_of(bytes, i), NULL));
    free(bytes);
}

static void every_byte(void **state)
{
    (void)state;
    every_byte_from("consistency", 0, 1);
    every_byte_from("state-claim first", 0, 1);
    every_byte_from("state-claim nowhere", 0, 1);
    every_byte_from("voucher", 2800, 1); /* behind the sets */
}

static void what_is_none(void **state)
{
    static const uint8_t none[] = { 0x84, 6, 0x40, 0x40, 0x40 }, empty[] = { 0x80 };
    (void)state;
    assert_int_equal(head_proof_kind(slice_of(none, sizeof none)), HEAD_PROOF_NONE);
    assert_int_equal(head_proof_kind(slice_of(empty, sizeof empty)), HEAD_PROOF_NONE);
    assert_int_equal(head_proof_kind(slice_text("")), HEAD_PROOF_NONE);
    assert_int_equal(head_proof_kind(vectors_bytes("identity")), HEAD_PROOF_NONE);
    assert_int_equal(head_proof_kind(vectors_bytes("set chain")), HEAD_PROOF_NONE);
    assert_int_equal(head_proof_kind(vectors_bytes("voucher")), HEAD_PROOF_VOUCHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_head_after_another),
        cmocka_unit_test(written_as_another_hand_writes_them),
        cmocka_unit_test(entries_of_the_state),
        cmocka_unit_test(a_voucher_from_three_changes_ago),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(what_is_none),
    };
    if (!crypto_init())
        return 1;
    return cmocka_run_group_tests(tests, setup, NULL);
}
