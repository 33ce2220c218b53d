/*
 * Recalls and quarantines reach goods by reference: what a bundle proves of them, on a ledger by the real rules,
 * and what a node that would rather not tell may try.
 */
#include "common/bundle.h"
#include "common/state_key.h"
#include "common/state_proof.h"
#include "node/proof.h"
#include "tests/unit/support_goods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define BEANS_LOT "01/09506000134352/10/BEANS"
#define OTHER_LOT "01/09506000134352/10/OTHER"
#define BARS_LOT  "01/09506000134369/10/BAR1"
#define RECALLED  GOODS_BEANS "1" /* of BEANS_LOT, which is recalled */
#define CLEAN     GOODS_BEANS "3"
#define PARTS_MAX 64

struct world {
    struct support_goods *g;
    struct identity identity;
    struct buf bundle;
    struct bundle_claim claim;
};

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

static bool prove(void *ctx, const struct slice *keys, size_t count, struct buf *outs,
                  uint64_t *ret_height, struct err *err)
{
    struct node_kit *n = ctx;
    struct buf value = buf_heap(1 << 18);
    (void)err;
    for (size_t i = 0; i < count; i++) {
        buf_clear(&value);
        (void)store_state_get(n->store, keys[i], &value, NULL);
        state_tree_prove(n->chain.state, keys[i], buf_slice(&value), &outs[i]);
    }
    *ret_height = n->chain.head.height;
    buf_free(&value);
    return true;
}

/* A proof of [26, name], as things stand now. */
static void prove_hold(struct world *w, const char *name, struct buf *out)
{
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(name));
    struct slice slice = state_key_slice(&key);
    uint64_t height;
    buf_clear(out);
    assert_true(prove(&w->g->node, &slice, 1, out, &height, NULL));
}

static void fetch(struct world *w, const char *asset)
{
    struct err err = { .msg = "" };
    struct proof_state state = { &w->g->node, prove };
    buf_clear(&w->bundle);
    expect(proof_bundle(w->g->node.store, &state, slice_text(asset), &w->bundle, &err), &err);
}

static bool check(struct world *w, struct slice bytes, struct err *err)
{
    w->claim = (struct bundle_claim){ .known = false };
    return bundle_verify(bytes, &w->identity, NULL, NULL, &w->claim, err);
}

static void load(struct world *w, const char *asset)
{
    struct err err = { .msg = "" };
    fetch(w, asset);
    expect(check(w, buf_slice(&w->bundle), &err), &err);
    assert_string_equal(w->claim.asset, asset);
    assert_true(w->claim.holds.proven);
    assert_false(bundle_hides_holds(&w->claim));
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err err = { .msg = "" };
    assert_non_null(w);
    w->g = support_goods_new();
    w->bundle = buf_heap(BUNDLE_SIZE_MAX);
    expect(proof_identity(w->g->node.store, &w->identity, &err), &err);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    support_goods_free(w->g);
    buf_free(&w->bundle);
    free(w);
    return 0;
}

/* ------------------------------------------------------------------ what is proven */

static void a_recall_of_its_lot(void **state)
{
    struct world *w = *state;
    const char *name = NULL;
    load(w, RECALLED);
    const struct bundle_holds *h = &w->claim.holds;
    assert_true(h->has_lot);
    assert_string_equal(h->lot_name, BEANS_LOT);
    assert_true(h->lot.recalled);
    assert_false(h->own.recalled);
    assert_true(kid_equal(&h->lot.recall_member, &w->g->farm.key.kid));
    assert_true(hash_equal(&h->lot.recall, &w->g->recall));
    assert_ptr_equal(bundle_recalled(&w->claim, &name), &h->lot);
    assert_string_equal(name, BEANS_LOT);
    assert_null(bundle_quarantined(&w->claim, NULL));
}

static void nothing_is_proven_as_well(void **state)
{
    struct world *w = *state;
    load(w, CLEAN);
    assert_string_equal(w->claim.holds.lot_name, OTHER_LOT);
    assert_null(bundle_recalled(&w->claim, NULL));
    assert_null(bundle_quarantined(&w->claim, NULL));
    load(w, GOODS_BARS "0007"); /* made of recalled beans: that is for the beans' proofs to say */
    assert_string_equal(w->claim.holds.lot_name, BARS_LOT);
    assert_null(bundle_recalled(&w->claim, NULL));
    load(w, GOODS_PALLET);
    assert_false(w->claim.holds.has_lot);
    assert_null(bundle_recalled(&w->claim, NULL));
}

static void a_lot_that_is_no_asset(void **state)
{
    struct world *w = *state;
    const char *name = NULL;
    struct err err = { .msg = "" };
    struct proof_state prover = { &w->g->node, prove };
    load(w, BEANS_LOT);
    assert_false(w->claim.known);
    assert_int_equal(w->claim.events, 0);
    assert_false(w->claim.holds.has_lot);
    assert_non_null(bundle_recalled(&w->claim, &name));
    assert_string_equal(name, BEANS_LOT);
    assert_false(
        proof_bundle(w->g->node.store, &prover, slice_text(BARS_LOT "X"), &w->bundle, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void its_own_before_its_lots(void **state)
{
    struct world *w = *state;
    const char *name = NULL;
    (void)support_goods_dispose(w->g, &w->g->farm, RECALLED, DISPOSITION_RECALL);
    (void)support_goods_dispose(w->g, &w->g->maker, CLEAN, DISPOSITION_QUARANTINE);
    (void)support_goods_dispose(w->g, &w->g->farm, OTHER_LOT, DISPOSITION_QUARANTINE);
    load(w, RECALLED);
    assert_ptr_equal(bundle_recalled(&w->claim, &name), &w->claim.holds.own);
    assert_string_equal(name, RECALLED);
    load(w, CLEAN);
    assert_ptr_equal(bundle_quarantined(&w->claim, &name), &w->claim.holds.own);
    assert_string_equal(name, CLEAN);
    assert_true(w->claim.holds.lot.quarantined);
    (void)support_goods_dispose(w->g, &w->g->farm, OTHER_LOT, DISPOSITION_REJECT);
    load(w, CLEAN); /* what is rejected weighs more */
    assert_ptr_equal(bundle_quarantined(&w->claim, &name), &w->claim.holds.lot);
    assert_string_equal(name, OTHER_LOT);
    (void)support_goods_dispose(w->g, &w->g->farm, BEANS_LOT, DISPOSITION_END_RECALL);
    load(w, GOODS_BEANS "2"); /* and what ended is gone */
    assert_true(w->claim.holds.has_lot);
    assert_null(bundle_recalled(&w->claim, NULL));
}

static void put_output(struct buf *out, struct buf *memory, const char *name, const char *lot)
{
    struct make_output output = { .assets = asset_set_one(name, memory), .lot = slice_text(lot) };
    output.has_amount = true;
    output.amount = (struct amount){ 1, 0, slice_text("kg") };
    make_put_output(out, &output);
}

/* One making, two outputs, each of a lot of its own; and a number that is no lot's. */
static void the_lot_of_its_own_output(void **state)
{
    struct world *w = *state;
    struct buf memory = buf_heap(512), inputs = buf_heap(256), outputs = buf_heap(512);
    struct make_input input = { .assets = asset_set_one(CLEAN, &memory) };
    struct statement s = { .kind = KIND_MAKE };
    cbor_put_array(&inputs, 1);
    make_put_input(&inputs, &input);
    cbor_put_array(&outputs, 3);
    put_output(&outputs, &memory, GOODS_BARS "X1", "ONE");
    put_output(&outputs, &memory, GOODS_BARS "X2", "TWO");
    put_output(&outputs, &memory, GOODS_BARS "X3", "no lot number");
    s.as.make = (struct make){ .action = MAKE_TRANSFORM,
                               .input_count = 1,
                               .output_count = 3,
                               .inputs = buf_slice(&inputs),
                               .outputs = buf_slice(&outputs) };
    (void)support_goods_say(w->g, &w->g->maker, s);
    (void)support_goods_dispose(w->g, &w->g->maker, "01/09506000134369/10/TWO", DISPOSITION_RECALL);
    load(w, GOODS_BARS "X1");
    assert_string_equal(w->claim.holds.lot_name, "01/09506000134369/10/ONE");
    assert_null(bundle_recalled(&w->claim, NULL));
    load(w, GOODS_BARS "X2");
    assert_string_equal(w->claim.holds.lot_name, "01/09506000134369/10/TWO");
    assert_non_null(bundle_recalled(&w->claim, NULL));
    load(w, GOODS_BARS "X3");
    assert_false(w->claim.holds.has_lot);
    buf_free(&memory);
    buf_free(&inputs);
    buf_free(&outputs);
}

/* ------------------------------------------------------------------ forgeries */

/* A bundle taken apart; everything borrowed. */
struct taken {
    struct slice sets, final, proof, own, lot;
    size_t part_count;
    struct slice part[PARTS_MAX];
};

static struct taken take_apart(struct slice bytes)
{
    struct taken t = { .part_count = 0 };
    struct cbor_reader r = cbor_reader(bytes);
    assert_int_equal(cbor_take_array(&r), 6);
    assert_int_equal(cbor_take_uint(&r), 1);
    t.sets = cbor_take_bytes(&r, 1, SIZE_MAX);
    t.final = cbor_take_bytes(&r, 1, SIZE_MAX);
    t.proof = cbor_take_bytes(&r, 1, SIZE_MAX);
    t.part_count = cbor_take_array(&r);
    assert_in_range(t.part_count, 0, PARTS_MAX);
    for (size_t i = 0; i < t.part_count; i++)
        t.part[i] = cbor_take_bytes(&r, 1, SIZE_MAX);
    size_t holds = cbor_take_array(&r);
    t.own = cbor_take_bytes(&r, 1, SIZE_MAX);
    if (holds == 2)
        t.lot = cbor_take_bytes(&r, 1, SIZE_MAX);
    assert_true(cbor_done(&r));
    return t;
}

static void put_together(const struct taken *t, bool holds, struct buf *out)
{
    buf_clear(out);
    bundle_put_head(out, t->sets, t->final, t->proof, t->part_count, holds);
    for (size_t i = 0; i < t->part_count; i++)
        bundle_put_part(out, t->part[i]);
    if (holds)
        bundle_put_holds(out, t->own, t->lot);
}

static void refuse(struct world *w, const struct taken *t, const char *why)
{
    struct buf out = buf_heap(BUNDLE_SIZE_MAX);
    struct err err = { .msg = "" };
    put_together(t, true, &out);
    assert_false(check(w, buf_slice(&out), &err));
    if (strstr(err.msg, why) == NULL)
        fail_msg("expected \"%s\", found \"%s\"", why, err.msg);
    buf_free(&out);
}

static void what_is_left_out_is_missed(void **state)
{
    struct world *w = *state;
    struct buf out = buf_heap(BUNDLE_SIZE_MAX);
    struct err err = { .msg = "" };
    load(w, RECALLED);
    struct taken t = take_apart(buf_slice(&w->bundle));
    put_together(&t, true, &out);
    assert_true(slice_equal(buf_slice(&out), buf_slice(&w->bundle)));
    put_together(&t, false, &out); /* as bundles were before there were holds */
    expect(check(w, buf_slice(&out), &err), &err);
    assert_false(w->claim.holds.proven);
    assert_null(bundle_recalled(&w->claim, NULL));
    assert_true(bundle_hides_holds(&w->claim));
    w->claim.head.rules = BUNDLE_RULES_HOLDS - 1;
    assert_false(bundle_hides_holds(&w->claim));
    t.lot = (struct slice){ NULL, 0 };
    refuse(w, &t, "is of a lot and needs two");
    buf_free(&out);
}

static void proofs_of_other_names(void **state)
{
    struct world *w = *state;
    struct buf other = buf_heap(1 << 16);
    load(w, RECALLED);
    const struct taken whole = take_apart(buf_slice(&w->bundle));
    struct taken t = whole;
    prove_hold(w, OTHER_LOT, &other);
    t.lot = buf_slice(&other);
    refuse(w, &t, "something else than the hold of " BEANS_LOT);
    t = whole;
    t.lot = whole.own;
    refuse(w, &t, "something else than the hold of " BEANS_LOT);
    t = whole;
    prove_hold(w, CLEAN, &other);
    t.own = buf_slice(&other);
    refuse(w, &t, "something else than the hold of " RECALLED);
    t = whole;
    t.lot = t.proof; /* a proof that holds, of [6, asset] */
    refuse(w, &t, "something else than the hold");
    buf_free(&other);
    load(w, GOODS_PALLET);
    t = take_apart(buf_slice(&w->bundle));
    t.lot = t.own;
    refuse(w, &t, "is of no lot and needs one");
}

/* Before the recall, all was well with the lot; and after it, what was proven before is not so any more. */
static void proofs_of_another_state(void **state)
{
    struct world *w = *state;
    struct buf before = buf_heap(1 << 16), own = buf_heap(1 << 16);
    prove_hold(w, OTHER_LOT, &before);
    prove_hold(w, CLEAN, &own);
    (void)support_goods_dispose(w->g, &w->g->farm, OTHER_LOT, DISPOSITION_RECALL);
    load(w, CLEAN);
    assert_non_null(bundle_recalled(&w->claim, NULL));
    const struct taken whole = take_apart(buf_slice(&w->bundle));
    struct taken t = whole;
    t.lot = buf_slice(&before);
    refuse(w, &t, "hold of " OTHER_LOT);
    t = whole;
    t.own = buf_slice(&own);
    refuse(w, &t, "hold of " CLEAN);
    buf_free(&before);
    buf_free(&own);
}

/* The proof of what is there, told as if it were not; and with another value. */
static void absent_for_present(void **state)
{
    struct world *w = *state;
    struct buf forged = buf_heap(1 << 16), value = buf_heap(1 << 10);
    struct state_hold hold = { .quarantined = true };
    load(w, RECALLED);
    struct taken t = take_apart(buf_slice(&w->bundle));
    struct cbor_reader r = cbor_reader(t.lot);
    cbor_take_array_of(&r, 5);
    struct slice key = cbor_take_bytes(&r, 1, SIZE_MAX);
    (void)cbor_take_bytes(&r, 1, SIZE_MAX);
    struct slice rest = slice_from(t.lot, r.pos, t.lot.len - r.pos);
    cbor_put_array(&forged, 5);
    cbor_put_bytes(&forged, key);
    cbor_put_null(&forged);
    buf_add_slice(&forged, rest);
    t.lot = buf_slice(&forged);
    refuse(w, &t, "do not show the claim");
    buf_clear(&forged);
    state_hold_put(&value, &hold);
    cbor_put_array(&forged, 5);
    cbor_put_bytes(&forged, key);
    cbor_put_bytes(&forged, buf_slice(&value));
    buf_add_slice(&forged, rest);
    t.lot = buf_slice(&forged);
    refuse(w, &t, "do not show the claim");
    buf_free(&forged);
    buf_free(&value);
}

/* The part without its statements: verdicts and events are proven without them, the lot is not. */
static void strip(struct slice part, struct buf *out)
{
    struct cbor_reader r = cbor_reader(part);
    cbor_take_array_of(&r, 3);
    struct slice final = cbor_take_bytes(&r, 1, SIZE_MAX);
    uint64_t size = cbor_take_uint(&r);
    size_t count = cbor_take_array(&r);
    buf_clear(out);
    bundle_part_put_head(out, final, size, count);
    for (size_t i = 0; i < count; i++) {
        struct merkle_path path;
        cbor_take_array_of(&r, 4);
        uint64_t index = cbor_take_uint(&r);
        struct slice outcome = cbor_take_bytes(&r, 1, SIZE_MAX);
        merkle_take_path(&r, &path);
        (void)cbor_take_item(&r);
        bundle_part_put_outcome(out, index, outcome, &path, (struct slice){ NULL, 0 });
    }
    assert_true(cbor_done(&r));
}

static void without_what_made_it(void **state)
{
    struct world *w = *state;
    struct buf part = buf_heap(1 << 20), out = buf_heap(BUNDLE_SIZE_MAX);
    struct err err = { .msg = "" };
    load(w, RECALLED);
    struct taken t = take_apart(buf_slice(&w->bundle));
    strip(t.part[0], &part);
    t.part[0] = buf_slice(&part);
    refuse(w, &t, "the statement that made " RECALLED);
    t.lot = (struct slice){ NULL, 0 }; /* as if it were of none */
    refuse(w, &t, "the statement that made " RECALLED);
    put_together(&t, false, &out);
    expect(check(w, buf_slice(&out), &err), &err);
    assert_false(w->claim.holds.proven);
    buf_free(&part);
    buf_free(&out);
}

static void no_bit_of_them_can_be_flipped(void **state)
{
    struct world *w = *state;
    fetch(w, BEANS_LOT); /* of no part, so that it is checked quickly */
    uint8_t *bytes = w->bundle.data;
    for (size_t i = 0; i < w->bundle.len; i++) {
        bytes[i] ^= (uint8_t)(1u << (i % 8));
        if (check(w, buf_slice(&w->bundle), NULL))
            fail_msg("bit %zu of byte %zu may be flipped", i % 8, i);
        bytes[i] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t len = 0; len < w->bundle.len; len++)
        assert_false(check(w, slice_of(bytes, len), NULL));
    assert_true(check(w, buf_slice(&w->bundle), NULL));
    buf_add_byte(&w->bundle, 0xf6);
    assert_false(check(w, buf_slice(&w->bundle), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_recall_of_its_lot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_proven_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lot_that_is_no_asset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(its_own_before_its_lots, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_lot_of_its_own_output, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_out_is_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proofs_of_other_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(proofs_of_another_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absent_for_present, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_what_made_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_bit_of_them_can_be_flipped, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("bundle_holds", tests, NULL, NULL);
}
