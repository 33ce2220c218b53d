/*
 * Authority sets over three changes (tests/vectors/make_sets.py): both forms of the proof are written byte for byte
 * as an independent implementation does, and say which set is in force where; whatever does not follow is refused.
 */
#include "common/set_chain.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define CHANGES 3

static const uint64_t change_height[CHANGES] = { 7, 12, 20 };

static struct identity identity;

static int setup(void **state)
{
    (void)state;
    vectors_from("tests/vectors/sets.json");
    return identity_decode(vectors_bytes("identity"), &identity, NULL) ? 0 : -1;
}

static struct hash set_hash(size_t i)
{
    return crypto_sha256(vectors_item("sets", i));
}

static void put(struct buf *out, enum set_chain_form form, size_t changes)
{
    struct set_chain_maker m;
    buf_clear(out);
    set_chain_make(&m, form, &identity, changes, out);
    for (size_t i = 0; i < changes; i++) {
        struct header h;
        assert_true(header_decode(vectors_item("headers", i), &h, NULL));
        assert_true(
            set_chain_add(&m, &h, vectors_item("seals", i), vectors_item("sets", i + 1), NULL));
    }
}

static void assert_same(const struct buf *have, const char *name)
{
    struct slice want = vectors_bytes(name);
    assert_int_equal(have->len, want.len);
    assert_memory_equal(have->data, want.data, want.len);
}

static void written_as_another_hand_writes_them(void **state)
{
    struct buf out = buf_heap(1 << 16);
    (void)state;
    put(&out, SET_CHAIN_PROOF, CHANGES);
    assert_same(&out, "set proof");
    put(&out, SET_CHAIN_COMPACT, CHANGES);
    assert_same(&out, "set chain");
    assert_true(out.len <= 4096); /* a phone's camera takes it in a few codes */
    put(&out, SET_CHAIN_PROOF, 0);
    struct buf none = buf_heap(1 << 12);
    identity_put_set_proof(&none, &identity);
    assert_true(slice_equal(buf_slice(&out), buf_slice(&none)));
    buf_free(&none);
    buf_free(&out);
}

static void seals_that_are_no_quorum_make_no_proof(void **state)
{
    struct header h, other;
    struct set_chain_maker m;
    struct buf out = buf_heap(1 << 16);
    (void)state;
    assert_true(header_decode(vectors_item("headers", 0), &h, NULL));
    assert_true(header_decode(vectors_item("headers", 1), &other, NULL));
    set_chain_make(&m, SET_CHAIN_COMPACT, &identity, 1, &out);
    struct final f;
    assert_true(final_decode(vectors_bytes("final 8"), &f, NULL));
    m.set.count = 3;
    assert_false(set_chain_add(&m, &h, f.seals, vectors_item("sets", 1), NULL)); /* a stranger's */
    static const uint8_t none[] = { 0x80 };
    assert_false(set_chain_add(&m, &h, slice_of(none, sizeof none), vectors_item("sets", 1), NULL));
    assert_false(set_chain_add(&m, &h, vectors_item("seals", 0), slice_text("no set"), NULL));
    buf_free(&out);
}

/* ------------------------------------------------------------------ the set of a height */

static void assert_set_at(struct slice proof, uint64_t height, size_t want)
{
    struct authority_set set;
    struct err err = { .msg = "" };
    if (!set_chain_at(proof, &identity, height, &set, &err))
        fail_msg("height %llu: %s", (unsigned long long)height, err.msg);
    struct hash have = authority_set_hash(&set), wanted = set_hash(want);
    assert_true(hash_equal(&have, &wanted));
}

static void assert_heights(struct slice proof)
{
    assert_set_at(proof, 0, 0);
    assert_set_at(proof, 7, 0); /* the block that changes it is the old one's */
    assert_set_at(proof, 8, 1);
    assert_set_at(proof, 12, 1);
    assert_set_at(proof, 13, 2);
    assert_set_at(proof, 20, 2);
    assert_set_at(proof, 21, 3);
    assert_set_at(proof, 10025, 3);
    assert_set_at(proof, UINT64_MAX, 3);
}

static void the_set_in_force_at_a_height(void **state)
{
    struct authority_set newest;
    (void)state;
    assert_heights(vectors_bytes("set proof"));
    assert_heights(vectors_bytes("set proof of few seals"));
    assert_heights(vectors_bytes("set chain"));
    assert_set_at(vectors_bytes("identity"), 0, 0);
    assert_set_at(vectors_bytes("identity"), 10025, 0);
    assert_true(identity_follow(vectors_bytes("set proof"), &identity, &newest, NULL));
    assert_true(identity_follow(vectors_bytes("set chain"), &identity, &newest, NULL));
    assert_int_equal(set_chain_count(vectors_bytes("set chain")), CHANGES);
    assert_int_equal(set_chain_count(vectors_bytes("set proof")), CHANGES);
    assert_int_equal(set_chain_count(vectors_bytes("identity")), 0);
}

static void it_goes_forward_only(void **state)
{
    struct set_chain c;
    (void)state;
    assert_true(set_chain_begin(&c, vectors_bytes("set chain"), NULL, NULL));
    assert_true(hash_equal(&c.ledger, &identity.genesis.ledger));
    for (size_t i = 0; i < CHANGES; i++) {
        assert_int_equal(c.to, change_height[i]);
        assert_true(set_chain_to(&c, c.to, NULL));
        assert_int_equal(c.changes, i);
        assert_true(set_chain_to(&c, c.to + 1, NULL));
        assert_int_equal(c.from, change_height[i] + 1);
    }
    assert_true(c.to == UINT64_MAX);
    assert_false(set_chain_to(&c, 20, NULL));
}

/* ------------------------------------------------------------------ what is sealed under them */

static bool is_final(const char *sets, const char *name)
{
    struct set_chain c;
    struct final f;
    assert_true(set_chain_begin(&c, vectors_bytes(sets), &identity, NULL));
    assert_true(final_decode(vectors_bytes(name), &f, NULL));
    return set_chain_final(&c, &f, NULL);
}

static void blocks_are_final_under_the_set_of_their_height(void **state)
{
    static const char *const good[] = { "final 3", "final 7", "final 8", "final 25",
                                        "final 10025" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(is_final("set chain", good[i]) && is_final("set proof", good[i]));
    assert_false(is_final("set chain", "final 26, by the set before"));
    assert_false(is_final("set proof", "final 26, by the set before"));
    assert_true(is_final("identity", "final 7"));
    assert_false(is_final("identity", "final 8"));
}

static void a_receipt_from_three_changes_ago(void **state)
{
    struct receipt_claim claim;
    struct authority_set old, newest;
    struct hash statement = crypto_sha256(vectors_bytes("statement"));
    const struct hash *ledger = &identity.genesis.ledger;
    struct slice receipts = vectors_bytes("receipts"), chain = vectors_bytes("set chain");
    (void)state;
    clock_t start = clock();
    assert_true(set_chain_at(chain, &identity, UINT64_MAX, &newest, NULL)); /* all of it holds */
    assert_true(seal_receipts_height(receipts, &claim.height));
    assert_int_equal(claim.height, 3);
    assert_true(set_chain_at(chain, &identity, claim.height, &old, NULL));
    assert_true(seal_verify_receipts(receipts, &statement, ledger, &old, &claim, NULL));
    double ms = (double)(clock() - start) * 1000 / CLOCKS_PER_SEC;
    assert_true(ms < 50);
    assert_int_equal(claim.index, 2);
    assert_int_equal(claim.round, 1);
    assert_false(seal_verify_receipts(receipts, &statement, ledger, &newest, &claim, NULL));
    statement.bytes[0] ^= 1;
    assert_false(seal_verify_receipts(receipts, &statement, ledger, &old, &claim, NULL));
    static const uint8_t none[] = { 0x80 };
    assert_false(seal_receipts_height(slice_of(none, sizeof none), &claim.height));
    assert_false(seal_receipts_height(slice_text("none"), &claim.height));
}

/* ------------------------------------------------------------------ what does not follow */

static bool is_believed(struct slice proof)
{
    struct authority_set set;
    return set_chain_at(proof, &identity, UINT64_MAX, &set, NULL);
}

static void what_does_not_follow(void **state)
{
    (void)state;
    for (size_t i = 0; i < vectors_count("bad proofs"); i++)
        if (is_believed(vectors_item("bad proofs", i)))
            fail_msg("bad proof %zu is believed", i);
    for (size_t i = 0; i < vectors_count("bad chains"); i++)
        if (is_believed(vectors_item("bad chains", i)))
            fail_msg("bad chain %zu is believed", i);
    struct identity other = identity;
    other.genesis.ledger.bytes[0] ^= 1;
    struct set_chain c;
    assert_false(set_chain_begin(&c, vectors_bytes("set chain"), &other, NULL));
}

static void every_byte_counts(const char *name, size_t step)
{
    struct slice good = vectors_bytes(name);
    uint8_t *bytes = malloc(good.len + 1);
    assert_non_null(bytes);
    memcpy(bytes, good.data, good.len);
    assert_true(is_believed(slice_of(bytes, good.len)));
    for (size_t i = 0; i < good.len; i += step) {
        bytes[i] ^= 0x10;
        if (is_believed(slice_of(bytes, good.len)))
            fail_msg("%s: byte %zu may be changed", name, i);
        bytes[i] ^= 0x10;
    }
    bytes[good.len] = 0;
    assert_false(is_believed(slice_of(bytes, good.len + 1)));
    for (size_t i = 0; i < good.len; i += 97)
        assert_false(is_believed(slice_of(bytes, i)));
    free(bytes);
}

static void every_byte(void **state)
{
    (void)state;
    every_byte_counts("set chain", 1);
    every_byte_counts("set proof of few seals", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_as_another_hand_writes_them),
        cmocka_unit_test(seals_that_are_no_quorum_make_no_proof),
        cmocka_unit_test(the_set_in_force_at_a_height),
        cmocka_unit_test(it_goes_forward_only),
        cmocka_unit_test(blocks_are_final_under_the_set_of_their_height),
        cmocka_unit_test(a_receipt_from_three_changes_ago),
        cmocka_unit_test(what_does_not_follow),
        cmocka_unit_test(every_byte),
    };
    if (!crypto_init())
        return 1;
    return cmocka_run_group_tests(tests, setup, NULL);
}
