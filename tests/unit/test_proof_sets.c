/*
 * What is proven on a ledger of 20,000 keys whose authorities change: a receipt of before three changes, one of its
 * sealers since removed, holds offline in less than 50 ms by a proof of the sets of at most 4 KiB; and 10,000 blocks
 * later it still does. --keys COUNT and --blocks COUNT for other sizes.
 */
#include "common/bundle.h"
#include "common/head_proof.h"
#include "common/state_key.h"
#include "node/proof.h"
#include "node/state_tree.h"
#include "tests/support/measure.h"
#include "tests/support/sealed_ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHAIN_MAX 4096
#define MS_MAX    50

static size_t keys = 20000, blocks = 10000;
static struct sealed_ledger *l;
static struct buf receipts, chain, voucher, old_final;
static struct hash statement;
static uint64_t statement_leaf;

static void fetch(struct buf *out, bool (*make)(struct buf *out, struct err *err))
{
    struct err err = { .msg = "" };
    buf_clear(out);
    if (!make(out, &err))
        fail_msg("%s", err.msg);
    assert_false(out->failed);
}

static bool make_chain(struct buf *out, struct err *err)
{
    return proof_sets(l->store, &l->identity, SET_CHAIN_COMPACT, out, err);
}

static bool make_receipts(struct buf *out, struct err *err)
{
    return proof_receipts(l->store, statement_leaf, out, err);
}

static bool make_voucher(struct buf *out, struct err *err)
{
    return proof_voucher(l->store, &l->identity, statement_leaf, out, err);
}

static bool make_final(struct buf *out, struct err *err)
{
    return proof_final(l->store, l->chain.head.height, out, err);
}

static int setup(void **state)
{
    (void)state;
    receipts = buf_heap(1 << 20);
    chain = buf_heap(SET_CHAIN_SIZE_MAX);
    voucher = buf_heap(HEAD_PROOF_SIZE_MAX);
    old_final = buf_heap(FINAL_SIZE_MAX);
    l = sealed_new(4);
    sealed_enrol(l, keys);
    sealed_say(l, &l->member[1], kit_commission(KIT_UNIT));
    statement = l->last;
    sealed_block(l, 2);
    statement_leaf = l->chain.head.size - 1;
    fetch(&receipts, make_receipts);
    fetch(&old_final, make_final);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sealed_free(l);
    buf_free(&receipts);
    buf_free(&chain);
    buf_free(&voucher);
    buf_free(&old_final);
    return 0;
}

/* ------------------------------------------------------------------ */

static double verify(struct slice sets, size_t want_changes)
{
    struct head_proof_voucher v = { .by = { .changes = 99 } };
    struct authority_set newest;
    struct err err = { .msg = "" };
    double start = measure_now();
    bool good =
        set_chain_at(sets, &l->identity, UINT64_MAX, &newest, &err) &&
        head_proof_check_receipts(buf_slice(&receipts), &statement, sets, &l->identity, &v, &err);
    double ms = (measure_now() - start) * 1000;
    if (!good)
        fail_msg("%s", err.msg);
    assert_int_equal(v.by.changes, 0);
    assert_int_equal(v.claim.round, 2);
    assert_int_equal(set_chain_count(sets), want_changes);
    return ms;
}

static void before_any_change(void **state)
{
    (void)state;
    fetch(&chain, make_chain);
    (void)verify(buf_slice(&chain), 0);
}

static void three_changes_later(void **state)
{
    struct err err = { .msg = "" };
    struct kid sealer = l->chain.next.at[0].kid; /* of the statement's block, as put_seals() goes */
    size_t gone = 0;
    (void)state;
    while (!kid_equal(&l->node[gone].key.kid, &sealer))
        gone++;
    sealed_rotate(l, (gone + 1) % 4);
    sealed_remove(l, gone);
    sealed_rotate(l, (gone + 2) % 4);
    assert_true(authority_set_find(&l->chain.next, &sealer) < 0);
    fetch(&chain, make_chain);
    double ms = verify(buf_slice(&chain), 3);
    (void)printf("set chain of three changes: %zu bytes; verified in %.2f ms\n", chain.len, ms);
    assert_true(chain.len <= CHAIN_MAX);
    assert_true(ms < MS_MAX);
    struct buf full = buf_heap(SET_CHAIN_SIZE_MAX);
    assert_true(proof_sets(l->store, &l->identity, SET_CHAIN_PROOF, &full, &err));
    (void)verify(buf_slice(&full), 3);
    buf_free(&full);
    struct buf again = buf_heap(1 << 20); /* the node still makes the very same receipts */
    fetch(&again, make_receipts);
    assert_true(slice_equal(buf_slice(&again), buf_slice(&receipts)));
    buf_free(&again);
}

/* By the set of now nobody would believe it. */
static void not_by_the_set_of_now(void **state)
{
    struct receipt_claim claim;
    (void)state;
    assert_false(seal_verify_receipts(buf_slice(&receipts), &statement, &l->identity.genesis.ledger,
                                      &l->chain.next, &claim, NULL));
}

static void the_sets_of_heights(void **state)
{
    struct authority_set set;
    size_t changes;
    struct err err;
    (void)state;
    assert_true(proof_set_at(l->store, &l->identity, 1, &set, &changes, &err));
    assert_int_equal(changes, 0);
    assert_int_equal(set.count, 4);
    assert_true(proof_set_at(l->store, &l->identity, UINT64_MAX, &set, &changes, &err));
    assert_int_equal(changes, 3);
    assert_int_equal(set.count, 3);
    struct hash have = authority_set_hash(&set), want = authority_set_hash(&l->chain.next);
    assert_true(hash_equal(&have, &want));
    for (uint64_t h = 1; h <= l->chain.head.height; h++) { /* as every header says */
        struct header header;
        assert_true(store_header(l->store, h, &header, NULL, &err));
        assert_true(proof_set_at(l->store, &l->identity, h, &set, NULL, &err));
        have = authority_set_hash(&set);
        assert_true(hash_equal(&have, &header.set));
    }
}

/* The state of a member that never was: absent, under a head that the newest set sealed. */
static bool prove_absent(void *ctx, const struct slice *key, size_t count, struct buf *outs,
                         uint64_t *ret_height, struct err *err)
{
    (void)ctx;
    (void)count;
    (void)err;
    state_tree_prove(l->chain.state, key[0], (struct slice){ NULL, 0 }, outs);
    *ret_height = l->chain.head.height;
    return true;
}

static void entries_of_the_state(void **state)
{
    const struct proof_state proof = { NULL, prove_absent };
    struct state_key key = state_key_text(TABLE_ASSET, slice_text("01/09506000134352/21/NONE"));
    struct head_proof_entry e;
    struct err err = { .msg = "" };
    struct buf out = buf_heap(HEAD_PROOF_SIZE_MAX);
    (void)state;
    sealed_block(l, 0); /* the first that the newest set seals */
    assert_true(proof_entry(l->store, &l->identity, &proof, state_key_slice(&key), &out, &err));
    if (!head_proof_check_state(buf_slice(&out), &l->identity, &e, &err))
        fail_msg("%s", err.msg);
    assert_false(e.entry.present);
    assert_int_equal(e.by.changes, 3);
    assert_int_equal(e.by.authorities, 3);
    buf_free(&out);
}

/* A bundle's parts are sealed by the sets of their heights, its head by the newest. */
static bool prove_asset(void *ctx, const struct slice *key, size_t count, struct buf *outs,
                        uint64_t *ret_height, struct err *err)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++) {
        struct buf value = buf_heap(1 << 20);
        (void)store_state_get(l->store, key[i], &value, err);
        state_tree_prove(l->chain.state, key[i], buf_slice(&value), &outs[i]);
        buf_free(&value);
    }
    *ret_height = l->chain.head.height;
    return true;
}

static bool visit(void *ctx, const struct bundle_event *e)
{
    size_t *seen = ctx;
    (*seen)++;
    return e != NULL;
}

static void an_assets_journey(void **state)
{
    const struct proof_state proof = { NULL, prove_asset };
    struct bundle_claim claim = { .blocks = 0 };
    struct err err = { .msg = "" };
    size_t seen = 0;
    struct buf out = buf_heap(BUNDLE_SIZE_MAX);
    (void)state;
    sealed_say(l, &l->member[1], kit_offer(KIT_UNIT, &l->member[2].key.kid, ROLE_CUSTODIAN));
    sealed_block(l, 1);
    if (!proof_bundle(l->store, &proof, slice_text(KIT_UNIT), &out, &err) ||
        !bundle_verify(buf_slice(&out), &l->identity, visit, &seen, &claim, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(seen, 2);
    assert_int_equal(claim.blocks, 2);
    assert_int_equal(claim.set_changes, 3);
    assert_int_equal(claim.authorities, 3);
    buf_free(&out);
}

static void ten_thousand_blocks_later(void **state)
{
    struct head_proof_voucher v;
    struct head_proof_heads heads = { .by = { .changes = 99 } };
    struct final f = { .header = { .height = 0 } };
    struct err err = { .msg = "" };
    (void)state;
    sealed_blocks(l, blocks);
    fetch(&chain, make_chain);
    double ms = verify(buf_slice(&chain), 3);
    assert_true(ms < MS_MAX && chain.len <= CHAIN_MAX);
    fetch(&voucher, make_voucher);
    assert_true(head_proof_check_voucher(buf_slice(&voucher), &l->identity, &v, &err));
    assert_int_equal(v.claim.index, statement_leaf);
    struct buf proof = buf_heap(HEAD_PROOF_SIZE_MAX);
    assert_true(final_decode(buf_slice(&old_final), &f, NULL));
    assert_true(proof_consistency(l->store, &l->identity, f.header.height, l->chain.head.height,
                                  &proof, &err));
    if (!head_proof_check_consistency(buf_slice(&proof), &l->identity, &heads, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(heads.by.changes, 3);
    assert_true(heads.newer.height >= heads.older.height + blocks);
    buf_free(&proof);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_any_change),         cmocka_unit_test(three_changes_later),
        cmocka_unit_test(not_by_the_set_of_now),     cmocka_unit_test(the_sets_of_heights),
        cmocka_unit_test(entries_of_the_state),      cmocka_unit_test(an_assets_journey),
        cmocka_unit_test(ten_thousand_blocks_later),
    };
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--keys") == 0)
            keys = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--blocks") == 0)
            blocks = strtoul(argv[i + 1], NULL, 10);
    }
    if (!crypto_init())
        return 1;
    return cmocka_run_group_tests(tests, setup, teardown);
}
