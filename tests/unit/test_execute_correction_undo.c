/* What a correction takes back of each kind of statement: that, and no more. */
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Everything about an asset but what its history is. */
static struct state_asset without_history(struct world *w, const char *name)
{
    struct state_asset a;
    assert_true(world_asset(w, name, &a));
    a.events = 0;
    memset(&a.chain, 0, sizeof a.chain);
    return a;
}

static bool is_same(const struct state_asset *a, const struct state_asset *b)
{
    uint8_t memory[2][2048];
    struct buf x = buf_fixed(memory[0], sizeof memory[0]), y = buf_fixed(memory[1], 2048);
    state_asset_put(&x, a);
    state_asset_put(&y, b);
    return slice_equal(buf_slice(&x), buf_slice(&y));
}

/* ------------------------------------------------------------------ dispositions */

static void an_end_is_undone(void **state)
{
    static const enum disposition_action ends[] = { DISPOSITION_DISPENSE, DISPOSITION_DECOMMISSION,
                                                    DISPOSITION_DESTROY };
    for (size_t i = 0; i < 3; i++) {
        struct world *w = fate_world();
        struct state_asset before = without_history(w, FATE_FIRST);
        struct fate_said said = fate_judge(w, FARM, FATE_FIRST, ends[i]);
        (void)fate_take_back(w, FARM, &said);
        fate_told_correction(w, 2, FATE_FIRST, KIND_DISPOSITION);
        struct state_asset after = without_history(w, FATE_FIRST);
        assert_true(is_same(&before, &after));
        world_free(w);
    }
    (void)state;
}

static void only_what_this_very_statement_did_is_undone(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    struct state_asset a;
    struct fate_said first = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RELEASE);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RECALL);
    (void)fate_take_back(w, FARM, &first);
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && hold.quarantined && hold.recalled);
    struct fate_said dispensed = fate_judge(w, FARM, FATE_OTHER, DISPOSITION_DISPENSE);
    (void)fate_judge(w, FARM, FATE_OTHER, DISPOSITION_RETURN);
    (void)fate_judge(w, FARM, FATE_OTHER, DISPOSITION_RELEASE);
    (void)fate_judge(w, FARM, FATE_OTHER, DISPOSITION_DESTROY);
    (void)fate_take_back(w, FARM, &dispensed);
    assert_true(world_asset(w, FATE_OTHER, &a) && a.goods.end == GOODS_DESTROYED);
}

static void a_quarantine_is_undone_and_a_recall_stays(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    struct fate_said quarantine = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    struct fate_said recall = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RECALL);
    (void)fate_take_back(w, FARM, &quarantine);
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && !hold.quarantined && hold.recalled);
    (void)fate_take_back(w, FARM, &recall);
    assert_false(fate_is_held(w, FATE_FIRST, &hold));
}

/* What was rejected does not come free by a second thought about the quarantine before. */
static void a_rejection_outlives_its_quarantine(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    struct fate_said quarantine = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_REJECT);
    (void)fate_take_back(w, FARM, &quarantine);
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && hold.quarantined && hold.rejected);
}

static void a_recall_of_a_lot_is_undone(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    struct fate_said recall = fate_judge(w, FARM, FATE_LOT, DISPOSITION_RECALL);
    struct asset_set set = custody_one(FATE_FIRST);
    fate_refused(w, FARM, custody_offer(w, &set, CLINIC, ROLE_CUSTODIAN), w->context.time_ms,
                 REFUSED_RECALLED);
    (void)fate_take_back(w, FARM, &recall);
    assert_false(fate_is_held(w, FATE_LOT, &hold));
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_CUSTODIAN);
}

/* What was released or rejected stays so, and what came back from dispensing is only not held any more. */
static void other_dispositions(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    struct state_asset a;
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    struct fate_said released = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RELEASE);
    (void)fate_take_back(w, FARM, &released);
    assert_false(fate_is_held(w, FATE_FIRST, &hold));
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DISPENSE);
    struct fate_said returned = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RETURN);
    (void)fate_take_back(w, FARM, &returned);
    assert_false(fate_is_held(w, FATE_FIRST, &hold));
    assert_true(world_asset(w, FATE_FIRST, &a) && a.goods.end == GOODS_ACTIVE);
}

static void a_set_is_undone_name_by_name(void **state)
{
    static const char *const names[] = { FATE_FIRST, FATE_OTHER };
    struct world *w = *state;
    struct state_hold hold;
    struct asset_set set = custody_list(2, names);
    struct fate_said said =
        fate_do(w, FARM, fate_dispose_set(&set, DISPOSITION_QUARANTINE), MINUTES(2));
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RELEASE);
    struct fate_said again = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_take_back(w, FARM, &said);
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && hash_equal(&hold.quarantine, &again.hash));
    assert_false(fate_is_held(w, FATE_OTHER, &hold));
}

/* ------------------------------------------------------------------ certificates, scans */

static void a_corrected_certificate_never_held(void **state)
{
    for (size_t revoked = 0; revoked < 2; revoked++) {
        struct world *w = fate_world();
        struct state_certificate v = { .revoked = false };
        struct fate_said said = fate_do(
            w, CLINIC, fate_certificate(FATE_FIRST, FATE_ROME, NULL, MINUTES(5), MINUTES(90)),
            MINUTES(2));
        if (revoked == 1) /* from later on: the correction reaches further back */
            (void)fate_do(w, CLINIC, fate_revoke(&said.hash, MINUTES(50)), MINUTES(3));
        struct fate_said correction = fate_take_back(w, CLINIC, &said);
        fate_told_correction(w, 2, FATE_FIRST, KIND_CERTIFICATE);
        struct state_key key = state_key_hash(TABLE_CERTIFICATE, &said.hash);
        struct slice value;
        assert_true(memory_state_get(w->state, state_key_slice(&key), &value) &&
                    state_certificate_take(value, &v));
        assert_true(v.revoked && v.revoked_from_ms == MINUTES(5));
        assert_true(hash_equal(&v.revoked_by, &correction.hash));
        assert_false(state_certificate_holds(&v, MINUTES(5)));
        world_free(w);
    }
    (void)state;
}

static void a_certificate_of_a_company_has_one_history(void **state)
{
    struct world *w = *state;
    struct fate_said said = fate_do(
        w, CLINIC, fate_certificate(NULL, NULL, world_kid(w, FARM), MINUTES(5), MINUTES(90)),
        MINUTES(2));
    (void)fate_take_back(w, CLINIC, &said);
    assert_int_equal(w->caused, 1);
    assert_true(world_has(w, "corrected # # 24 #"));
}

static void a_sighting_is_cleared_by_the_scan_that_made_it(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    fate_places(w);
    struct fate_said rome =
        fate_do(w, CLINIC, fate_scan(FATE_FIRST, FATE_ROME, false), MINUTES(10));
    struct fate_said lyon =
        fate_do(w, CLINIC, fate_scan(FATE_FIRST, FATE_LYON, false), MINUTES(300));
    (void)fate_take_back(w, CLINIC, &rome); /* which is not the one that is kept */
    assert_true(world_asset(w, FATE_FIRST, &a) && a.goods.has_sighting);
    (void)fate_take_back(w, CLINIC, &lyon);
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_false(a.goods.has_sighting);
    (void)fate_do(w, CLINIC, fate_scan(FATE_FIRST, FATE_ROME, false), MINUTES(301));
    assert_int_equal(world_count(w, "finding "), 0);
}

/* ------------------------------------------------------------------ the event only */

static void custody_does_not_move_back(void **state)
{
    struct world *w = *state;
    struct asset_set set = custody_one(FATE_FIRST);
    struct fate_said offer =
        fate_do(w, FARM, custody_offer(w, &set, CARRIER, ROLE_CUSTODIAN), MINUTES(2));
    struct fate_said accept = fate_do(
        w, CARRIER, custody_answer(CUSTODY_ACCEPT, &set, &offer.hash, ROLE_CUSTODIAN), MINUTES(3));
    struct state_asset before = without_history(w, FATE_FIRST);
    (void)fate_take_back(w, CARRIER, &accept);
    fate_told_correction(w, 2, FATE_FIRST, KIND_CUSTODY);
    struct state_asset after = without_history(w, FATE_FIRST);
    assert_true(is_same(&before, &after));
    assert_true(kid_equal(&after.custodian, world_kid(w, CARRIER)));
}

static void nothing_is_unmade(void **state)
{
    struct world *w = *state;
    struct fate_said said =
        fate_do(w, FARM, fate_commission(FATE_GTIN "/21/C", NULL, 0), MINUTES(2));
    struct state_asset before = without_history(w, FATE_GTIN "/21/C");
    (void)fate_take_back(w, FARM, &said);
    fate_told_correction(w, 2, FATE_GTIN "/21/C", KIND_COMMISSION);
    struct state_asset after = without_history(w, FATE_GTIN "/21/C");
    assert_true(is_same(&before, &after) && state_asset_is_made(&after));
}

static void a_making_is_told_of_what_went_in_and_came_out(void **state)
{
    struct world *w = *state;
    struct fate_said said =
        fate_do(w, FARM, fate_transform(FATE_FIRST, FATE_BOTTLE, "B"), MINUTES(2));
    (void)fate_take_back(w, FARM, &said);
    fate_told_correction(w, 3, FATE_FIRST, KIND_MAKE);
    assert_int_equal(world_count(w, "corrected " FATE_BOTTLE " # 21 #"), 1);
    struct state_asset a = without_history(w, FATE_FIRST);
    assert_int_equal(a.goods.end, GOODS_USED_UP);
}

static void packing_is_told_of_goods_and_box(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(FATE_PALLET, NULL, 0), MINUTES(2));
    struct fate_said said = fate_do(w, FARM, fate_pack(FATE_PALLET, FATE_FIRST, false), MINUTES(3));
    (void)fate_take_back(w, FARM, &said);
    fate_told_correction(w, 3, FATE_FIRST, KIND_PACK);
    assert_int_equal(world_count(w, "corrected " FATE_PALLET " # 20 #"), 1);
    struct state_asset a = without_history(w, FATE_FIRST);
    assert_true(a.goods.container.len > 0);
}

static void attachments_and_seals_stay(void **state)
{
    struct world *w = *state;
    struct fate_said attached =
        fate_do(w, FARM, kit_attach(world_kid(w, LOGGER), FATE_FIRST, false), MINUTES(2));
    (void)fate_take_back(w, FARM, &attached);
    fate_told_correction(w, 2, FATE_FIRST, KIND_ATTACH);
    struct fate_said sealed = fate_do(w, FARM, fate_seal(FATE_OTHER, "0123456789"), MINUTES(3));
    (void)fate_take_back(w, FARM, &sealed);
    assert_int_equal(world_count(w, "corrected " FATE_OTHER " # 27 #"), 1);
    struct state_asset a = without_history(w, FATE_OTHER);
    assert_true(a.goods.has_label);
}

/* A refused statement is on the ledger too, and may have named what nobody has. */
static void what_was_refused_may_be_corrected(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    struct fate_said said;
    struct statement s = fate_dispose(FATE_NONE, DISPOSITION_DESTROY);
    world_block(w, MINUTES(5));
    assert_int_equal(world_say(w, FARM, s, MINUTES(5)), REFUSED_UNKNOWN_ASSET);
    said.len = w->statements[0].bytes.len;
    memcpy(said.bytes, w->statements[0].bytes.data, said.len);
    (void)fate_take_back(w, FARM, &said);
    fate_told_correction(w, 2, FATE_NONE, KIND_DISPOSITION);
    assert_false(world_asset(w, FATE_NONE, &a));
}

/* ------------------------------------------------------------------ readings */

static void a_reading_is_told_of_what_its_device_was_on(void **state)
{
    static const int warm[] = { 1200, 1210, 1220 };
    struct world *w = *state;
    (void)fate_do(w, FARM, kit_attach(world_kid(w, LOGGER), FATE_FIRST, false), MINUTES(10));
    (void)fate_do(w, FARM, kit_attach(world_kid(w, LOGGER), FATE_FIRST, true), MINUTES(20));
    (void)fate_do(w, FARM, kit_attach(world_kid(w, LOGGER), FATE_OTHER, false), MINUTES(20));
    struct fate_said said =
        fate_do(w, LOGGER, kit_temperatures(warm, 3, 600000), MINUTES(30)); /* 10, 20, 30 */
    (void)fate_take_back(w, LOGGER, &said);
    fate_told_correction(w, 3, FATE_FIRST, KIND_READING);
    assert_int_equal(world_count(w, "corrected " FATE_OTHER " # 1 #"), 1);
    struct fate_said alone = fate_do(w, TRACKER, kit_temperatures(warm, 3, 600000), MINUTES(40));
    (void)fate_take_back(w, CARRIER, &alone);
    assert_int_equal(w->caused, 1); /* it was on nothing */
}

static void what_a_contract_found_in_it_is_taken_back(void **state)
{
    static const int warm[] = { 1200, 1210, 1220, 1230 };
    struct world *w = *state;
    (void)fate_do(w, FARM, kit_attach(world_kid(w, LOGGER), FATE_FIRST, false), MINUTES(2));
    struct fate_said opening = fate_do(w, FARM,
                                       kit_open(world_contract(), FATE_FIRST, world_kid(w, FARM),
                                                world_kid(w, CLINIC), MINUTES(60)),
                                       MINUTES(3));
    (void)fate_do(w, CLINIC, kit_agree(&opening.hash, false), MINUTES(4));
    struct fate_said said = fate_do(w, LOGGER, kit_temperatures(warm, 4, 600000), MINUTES(40));
    assert_int_equal(world_count(w, "excursion_opened"), 1);
    assert_int_equal(world_count(w, "revision"), 0);
    (void)fate_take_back(w, FARM, &said);
    assert_int_equal(world_count(w, "corrected " FATE_FIRST " # 1 #"), 1);
    assert_int_equal(world_count(w, "revision"), 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fate_set_up, fate_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(an_end_is_undone),
        CASE(only_what_this_very_statement_did_is_undone),
        CASE(a_quarantine_is_undone_and_a_recall_stays),
        CASE(a_rejection_outlives_its_quarantine),
        CASE(a_recall_of_a_lot_is_undone),
        CASE(other_dispositions),
        CASE(a_set_is_undone_name_by_name),
        CASE(a_corrected_certificate_never_held),
        CASE(a_certificate_of_a_company_has_one_history),
        CASE(a_sighting_is_cleared_by_the_scan_that_made_it),
        CASE(custody_does_not_move_back),
        CASE(nothing_is_unmade),
        CASE(a_making_is_told_of_what_went_in_and_came_out),
        CASE(packing_is_told_of_goods_and_box),
        CASE(attachments_and_seals_stay),
        CASE(what_was_refused_may_be_corrected),
        CASE(a_reading_is_told_of_what_its_device_was_on),
        CASE(what_a_contract_found_in_it_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
