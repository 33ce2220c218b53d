#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/bundle.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/proof.h"
#include "node/provenance.h"
#include "tests/unit/support_ledger.h"

#include <stdlib.h>
#include <string.h>

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

static bool prove_key(struct ledger *l, const struct state_key *key, struct buf *out)
{
    uint64_t height;
    struct slice slice = state_key_slice(key);
    return ledger_prove(l, &slice, 1, out, &height, NULL);
}

static void make(struct ledger *l, const char *asset, struct buf *out)
{
    struct err err = { 0 };
    struct proof_state state = { l, ledger_prove };
    buf_clear(out);
    expect(proof_bundle(l->store, &state, slice_text(asset), out, &err), &err);
}

static bool follow(void *ctx, const struct bundle_event *e)
{
    provenance_add(ctx, e->event.what, e->event.time_ms, e->event.data);
    return true;
}

static void test_a_journey_is_proven_whole(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(true);
    struct buf bytes = buf_heap(BUNDLE_SIZE_MAX);
    struct provenance *p = calloc(1, sizeof *p);
    struct bundle_claim claim;
    enum provenance_reason reason;
    (void)ledger_journey(l);
    make(l, LEDGER_UNIT, &bytes);
    provenance_begin(p);
    expect(bundle_verify(buf_slice(&bytes), &l->identity, follow, p, &claim, &err), &err);
    assert_true(claim.known);
    assert_string_equal(claim.asset, LEDGER_UNIT);
    assert_int_equal(claim.head.height, 25);
    assert_int_equal(claim.seals, 1);
    assert_int_equal(claim.blocks, 25);
    assert_int_equal(claim.events, 4 + 24 + 4 + 4);
    assert_int_equal(claim.statements, 3 + 24 + 4);
    assert_true(kid_equal(&claim.custodian, &l->clinic.kid));
    assert_true(kid_equal(&claim.owner, &l->farm.kid));
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_BREACH);
    assert_int_equal(p->excursion[0].share[1].seconds, 2400);
    assert_false(proof_bundle(l->store, &(struct proof_state){ l, ledger_prove },
                              slice_text("01/09506000134352/21/NO"), &bytes, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    free(p);
    buf_free(&bytes);
    ledger_free(l);
}

/* The bundle of a verifier's nightmares: parts or outcomes left out, doubled, or out of order. */
static bool rearranged(struct slice whole, const size_t *order, size_t count,
                       const struct ledger *l, struct err *err)
{
    struct bundle_claim claim;
    struct buf out = buf_heap(BUNDLE_SIZE_MAX);
    struct slice parts[64];
    struct cbor_reader r = cbor_reader(whole);
    (void)cbor_take_array(&r);
    (void)cbor_take_uint(&r);
    struct slice sets = cbor_take_bytes(&r, 1, SIZE_MAX);
    struct slice final = cbor_take_bytes(&r, 1, SIZE_MAX);
    struct slice proof = cbor_take_bytes(&r, 1, SIZE_MAX);
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n; i++)
        parts[i] = cbor_take_bytes(&r, 1, SIZE_MAX);
    bundle_put_head(&out, sets, final, proof, count, false);
    for (size_t i = 0; i < count; i++)
        bundle_put_part(&out, parts[order[i]]);
    bool good = bundle_verify(buf_slice(&out), &l->identity, NULL, NULL, &claim, err);
    buf_free(&out);
    return good;
}

static void test_nothing_can_be_left_out(void **state)
{
    (void)state;
    struct ledger *l = ledger_new(false);
    struct buf bytes = buf_heap(BUNDLE_SIZE_MAX);
    struct err err = { 0 };
    size_t order[64];
    (void)ledger_journey(l);
    make(l, LEDGER_UNIT, &bytes);
    for (size_t i = 0; i < 25; i++)
        order[i] = i;
    assert_true(rearranged(buf_slice(&bytes), order, 25, l, &err));
    assert_false(rearranged(buf_slice(&bytes), order, 24, l, &err)); /* the end */
    assert_false(rearranged(buf_slice(&bytes), order + 1, 24, l, &err));
    for (size_t left_out = 0; left_out < 25; left_out++) {
        size_t n = 0;
        for (size_t i = 0; i < 25; i++)
            if (i != left_out)
                order[n++] = i;
        assert_false(rearranged(buf_slice(&bytes), order, n, l, &err));
    }
    for (size_t i = 0; i < 25; i++)
        order[i] = i == 3 ? 4 : i == 4 ? 3 : i;
    assert_false(rearranged(buf_slice(&bytes), order, 25, l, &err));
    assert_non_null(strstr(err.msg, "out of order"));
    order[3] = order[4] = 3;
    assert_false(rearranged(buf_slice(&bytes), order, 25, l, &err));
    assert_non_null(strstr(err.msg, "out of order"));
    buf_free(&bytes);
    ledger_free(l);
}

static void test_no_bit_can_be_flipped(void **state)
{
    (void)state;
    struct ledger *l = ledger_new(false);
    struct buf bytes = buf_heap(BUNDLE_SIZE_MAX);
    struct statement s = { .kind = KIND_COMMISSION };
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    struct bundle_claim claim;
    s.as.commission.assets = asset_set_range("01/09506000134352/21/R", "0001", 50, &set);
    (void)ledger_add(l, &l->farm, LEDGER_T0, s);
    ledger_event_raw(l, EVENT_COMMISSIONED, s.as.commission.assets.raw, LEDGER_T0, "k",
                     &l->farm.kid);
    (void)ledger_add(l, &l->farm, LEDGER_T0 + 1, s);
    ledger_refuse(l, REFUSED_EXISTS, "again");
    ledger_seal(l, LEDGER_T0 + 1000);
    make(l, "01/09506000134352/21/R0007", &bytes);
    assert_true(bundle_verify(buf_slice(&bytes), &l->identity, NULL, NULL, &claim, NULL));
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (bundle_verify(buf_slice(&bytes), &l->identity, NULL, NULL, &claim, NULL))
            fail_msg("bit %zu of byte %zu may be flipped", bit % 8, bit / 8);
        bytes.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t len = 0; len < bytes.len; len++)
        assert_false(
            bundle_verify(slice_of(bytes.data, len), &l->identity, NULL, NULL, &claim, NULL));
    buf_free(&bytes);
    ledger_free(l);
}

/* The state proof alone shows that the ledger knows no such asset; with it, no event may come. */
static void test_absence_is_proven(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct buf out = buf_heap(1 << 20), sets = buf_heap(1 << 12), final = buf_heap(1 << 12);
    struct buf proof = buf_heap(1 << 16);
    struct bundle_claim claim;
    (void)ledger_journey(l);
    struct state_key key = state_key_text(TABLE_ASSET, slice_text("01/09506000134352/21/NO"));
    identity_put_set_proof(&sets, &l->identity);
    expect(proof_final(l->store, l->head.height, &final, &err), &err);
    expect(prove_key(l, &key, &proof), &err);
    bundle_put_head(&out, buf_slice(&sets), buf_slice(&final), buf_slice(&proof), 0, false);
    expect(bundle_verify(buf_slice(&out), &l->identity, NULL, NULL, &claim, &err), &err);
    assert_false(claim.known);
    assert_string_equal(claim.asset, "01/09506000134352/21/NO");
    /* the asset that is there cannot be shown without its events */
    buf_clear(&out);
    buf_clear(&proof);
    key = state_key_text(TABLE_ASSET, slice_text(LEDGER_UNIT));
    expect(prove_key(l, &key, &proof), &err);
    bundle_put_head(&out, buf_slice(&sets), buf_slice(&final), buf_slice(&proof), 0, false);
    assert_false(bundle_verify(buf_slice(&out), &l->identity, NULL, NULL, &claim, &err));
    assert_non_null(strstr(err.msg, "0 events, but the ledger counts 36"));
    buf_free(&out);
    buf_free(&sets);
    buf_free(&final);
    buf_free(&proof);
    ledger_free(l);
}

/* As if the authorities had sealed a state that does not follow from the events. */
static void test_another_chain_is_refused(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct buf bytes = buf_heap(BUNDLE_SIZE_MAX), value = buf_heap(1 << 10);
    struct buf changed = buf_heap(1 << 10);
    struct state_key key = state_key_text(TABLE_ASSET, slice_text(LEDGER_UNIT));
    struct state_asset entry;
    struct bundle_claim claim;
    (void)ledger_journey(l);
    expect(store_state_get(l->store, state_key_slice(&key), &value, &err), &err);
    assert_true(state_asset_take(buf_slice(&value), &entry));
    entry.chain.bytes[0] ^= 1;
    state_asset_put(&changed, &entry);
    ledger_put_state(l, state_key_slice(&key), buf_slice(&changed));
    ledger_seal(l, LEDGER_T0 + 90000000);
    make(l, LEDGER_UNIT, &bytes);
    assert_false(bundle_verify(buf_slice(&bytes), &l->identity, NULL, NULL, &claim, &err));
    assert_non_null(strstr(err.msg, "hash chain"));
    buf_free(&bytes);
    buf_free(&value);
    buf_free(&changed);
    ledger_free(l);
}

static void test_another_ledgers_bundle_is_refused(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false), *twin = ledger_new(true);
    struct buf bytes = buf_heap(BUNDLE_SIZE_MAX);
    struct bundle_claim claim;
    (void)ledger_journey(l);
    make(l, LEDGER_UNIT, &bytes);
    assert_false(bundle_verify(buf_slice(&bytes), &twin->identity, NULL, NULL, &claim, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_non_null(strstr(err.msg, "another ledger"));
    buf_free(&bytes);
    ledger_free(l);
    ledger_free(twin);
}

static void test_receipts_verify_for_every_leaf(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct ledger *l = ledger_new(false);
    struct buf bytes = buf_heap(1 << 16), statement = buf_heap(1 << 18), final = buf_heap(1 << 16);
    struct identity identity;
    struct receipt_claim claim;
    struct final f;
    (void)ledger_journey(l);
    expect(proof_identity(l->store, &identity, &err), &err);
    assert_true(hash_equal(&identity.genesis.ledger, &l->id));
    for (uint64_t leaf = 0; leaf < l->head.size; leaf++) {
        buf_clear(&bytes);
        buf_clear(&statement);
        expect(proof_receipts(l->store, leaf, &bytes, &err), &err);
        expect(store_statement(l->store, leaf, &statement, &err), &err);
        struct hash hash = crypto_sha256(buf_slice(&statement));
        expect(seal_verify_receipts(buf_slice(&bytes), &hash, &l->id, &identity.set, &claim, &err),
               &err);
        assert_int_equal(claim.index, leaf);
    }
    assert_false(proof_receipts(l->store, l->head.size, &bytes, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    expect(proof_final(l->store, 7, &final, &err), &err);
    expect(final_decode(buf_slice(&final), &f, &err), &err);
    expect(final_verify(&f, &identity.set, &err), &err);
    assert_false(proof_final(l->store, 0, &final, &err));
    buf_free(&bytes);
    buf_free(&statement);
    buf_free(&final);
    ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_journey_is_proven_whole),
        cmocka_unit_test(test_nothing_can_be_left_out),
        cmocka_unit_test(test_no_bit_can_be_flipped),
        cmocka_unit_test(test_absence_is_proven),
        cmocka_unit_test(test_another_chain_is_refused),
        cmocka_unit_test(test_another_ledgers_bundle_is_refused),
        cmocka_unit_test(test_receipts_verify_for_every_leaf),
    };
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
