/* What becomes of goods: held back, released, rejected, returned, recalled, ended. */
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void refused(struct world *w, enum world_key who, const char *name,
                    enum disposition_action action, enum refusal expected)
{
    fate_refused(w, who, fate_dispose(name, action), w->context.time_ms + 1000, expected);
    if (expected != REFUSED_NO_REASON && expected != REFUSED_NOT_ALLOWED)
        assert_string_equal(w->detail, name);
}

static struct statement offer(const struct world *w, const char *name, enum world_key to,
                              enum custody_role role)
{
    struct asset_set set = custody_one(name);
    return custody_offer(w, &set, to, role);
}

static void cannot_be_offered(struct world *w, enum world_key who, const char *name,
                              enum world_key to, enum refusal expected)
{
    fate_refused(w, who, offer(w, name, to, ROLE_CUSTODIAN), w->context.time_ms + 1000, expected);
}

static void can_be_offered(struct world *w, enum world_key who, const char *name, enum world_key to)
{
    struct asset_set set = custody_one(name);
    struct fate_said said =
        fate_do(w, who, offer(w, name, to, ROLE_CUSTODIAN), w->context.time_ms + 1000);
    (void)fate_do(w, who, custody_answer(CUSTODY_CANCEL, &set, &said.hash, ROLE_CUSTODIAN),
                  w->context.time_ms + 1000);
}

/* ------------------------------------------------------------------ who, and why */

static void only_companies_and_their_operators_dispose(void **state)
{
    struct world *w = *state;
    for (unsigned i = DISPOSITION_QUARANTINE; i <= DISPOSITION_DESTROY; i++) {
        refused(w, LOGGER, FATE_FIRST, (enum disposition_action)i, REFUSED_NOT_ALLOWED);
        refused(w, AUDITOR, FATE_FIRST, (enum disposition_action)i, REFUSED_NOT_ALLOWED);
    }
}

static void whoever_releases_rejects_or_recalls_says_why(void **state)
{
    static const enum disposition_action with_reason[] = { DISPOSITION_RELEASE, DISPOSITION_REJECT,
                                                           DISPOSITION_RECALL,
                                                           DISPOSITION_END_RECALL };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof with_reason / sizeof with_reason[0]; i++) {
        struct statement no_meaning = fate_dispose(FATE_NONE, with_reason[i]);
        struct statement no_reason = no_meaning, neither = no_meaning;
        no_meaning.as.disposition.meaning.len = 0;
        no_reason.as.disposition.reason.len = 0;
        neither.as.disposition.meaning.len = neither.as.disposition.reason.len = 0;
        fate_refused(w, FARM, no_meaning, MINUTES(2), REFUSED_NO_REASON);
        fate_refused(w, FARM, no_reason, MINUTES(2), REFUSED_NO_REASON);
        fate_refused(w, FARM, neither, MINUTES(2), REFUSED_NO_REASON);
        fate_refused(w, LOGGER, neither, MINUTES(2), REFUSED_NOT_ALLOWED);
    }
    struct statement s = fate_dispose(FATE_FIRST, DISPOSITION_RECALL);
    (void)fate_do(w, FARM, s, MINUTES(3));
    assert_true(world_has(w, "disposition " FATE_FIRST " 4 # farm quality tested at +3m"));
    s = fate_dispose(FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_do(w, FARM, s, MINUTES(4));
    assert_true(world_has(w, "disposition " FATE_FIRST " 0 # farm - - at +4m"));
}

/* ------------------------------------------------------------------ quarantine */

static void who_has_or_made_goods_holds_them_back(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    refused(w, FARM, FATE_NONE, DISPOSITION_QUARANTINE, REFUSED_UNKNOWN_ASSET);
    refused(w, CARRIER, FATE_FIRST, DISPOSITION_QUARANTINE, REFUSED_NOT_HOLDER);
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_OWNER);
    static const enum world_key all[] = { FARM, CARRIER, OPERATOR, CLINIC };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct fate_said said = fate_judge(w, all[i], FATE_FIRST, DISPOSITION_QUARANTINE);
        assert_true(fate_is_held(w, FATE_FIRST, &hold) && hold.quarantined && !hold.rejected);
        assert_true(hash_equal(&hold.quarantine, &said.hash));
        cannot_be_offered(w, CARRIER, FATE_FIRST, CLINIC, REFUSED_QUARANTINED);
        refused(w, CARRIER, FATE_FIRST, DISPOSITION_QUARANTINE, REFUSED_EXISTS);
        (void)fate_judge(w, all[i], FATE_FIRST, DISPOSITION_RELEASE);
        assert_false(fate_is_held(w, FATE_FIRST, &hold));
        can_be_offered(w, CARRIER, FATE_FIRST, CLINIC);
    }
}

static void a_lot_is_held_back_by_reference(void **state)
{
    struct world *w = *state;
    struct state_asset before, after;
    struct state_hold hold;
    assert_true(world_asset(w, FATE_FIRST, &before));
    refused(w, CARRIER, FATE_LOT, DISPOSITION_QUARANTINE, REFUSED_NOT_MAKER);
    (void)fate_judge(w, FARM, FATE_LOT, DISPOSITION_QUARANTINE);
    refused(w, FARM, FATE_LOT, DISPOSITION_QUARANTINE, REFUSED_EXISTS);
    cannot_be_offered(w, FARM, FATE_FIRST, CLINIC, REFUSED_QUARANTINED);
    cannot_be_offered(w, FARM, FATE_OTHER, CLINIC, REFUSED_QUARANTINED);
    refused(w, FARM, FATE_FIRST, DISPOSITION_DISPENSE, REFUSED_QUARANTINED);
    assert_false(fate_is_held(w, FATE_FIRST, &hold));
    assert_true(world_asset(w, FATE_FIRST, &after));
    assert_int_equal(before.events, after.events); /* nothing was said of the unit */
    (void)fate_judge(w, FARM, FATE_LOT, DISPOSITION_RELEASE);
    can_be_offered(w, FARM, FATE_FIRST, CLINIC);
}

static void held_back_goods_may_have_an_end_but_are_not_dispensed(void **state)
{
    struct world *w = *state;
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    refused(w, FARM, FATE_FIRST, DISPOSITION_DISPENSE, REFUSED_QUARANTINED);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DESTROY);
    refused(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE, REFUSED_ENDED);
}

/* ------------------------------------------------------------------ release, reject */

static void who_held_goods_back_or_owns_them_releases(void **state)
{
    static const enum disposition_action both[] = { DISPOSITION_RELEASE, DISPOSITION_REJECT };
    struct world *w = *state;
    struct state_hold hold;
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    for (size_t i = 0; i < 2; i++) {
        refused(w, FARM, FATE_FIRST, both[i], REFUSED_NOT_HELD);
        refused(w, FARM, FATE_NONE, both[i], REFUSED_NOT_HELD);
    }
    (void)fate_judge(w, CARRIER, FATE_FIRST, DISPOSITION_QUARANTINE);
    for (size_t i = 0; i < 2; i++)
        refused(w, CLINIC, FATE_FIRST, both[i], REFUSED_NOT_ALLOWED);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RELEASE); /* the owner */
    (void)fate_judge(w, CARRIER, FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_judge(w, OPERATOR, FATE_FIRST, DISPOSITION_REJECT); /* of who placed it */
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && hold.quarantined && hold.rejected);
    for (size_t i = 0; i < 2; i++)
        refused(w, CARRIER, FATE_FIRST, both[i], REFUSED_NOT_HELD);
    refused(w, CARRIER, FATE_FIRST, DISPOSITION_QUARANTINE, REFUSED_EXISTS);
}

static void rejected_goods_go_back_to_their_maker_only(void **state)
{
    struct world *w = *state;
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    (void)fate_judge(w, CARRIER, FATE_FIRST, DISPOSITION_QUARANTINE);
    cannot_be_offered(w, CARRIER, FATE_FIRST, FARM, REFUSED_QUARANTINED);
    (void)fate_judge(w, CARRIER, FATE_FIRST, DISPOSITION_REJECT);
    cannot_be_offered(w, CARRIER, FATE_FIRST, CLINIC, REFUSED_QUARANTINED);
    fate_hand_over(w, FATE_FIRST, CARRIER, FARM, ROLE_CUSTODIAN);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DESTROY);
}

/* ------------------------------------------------------------------ ends */

static void check_end(struct world *w, const char *name, enum goods_end end,
                      const struct fate_said *by, enum world_key member)
{
    struct state_asset a;
    assert_true(world_asset(w, name, &a));
    assert_int_equal(a.goods.end, end);
    assert_true(hash_equal(&a.goods.end_by, &by->hash));
    assert_true(kid_equal(&a.goods.end_member, world_kid(w, member)));
}

static void goods_end_once_and_for_good(void **state)
{
    static const struct {
        enum disposition_action action;
        enum goods_end end;
    } ends[] = { { DISPOSITION_DECOMMISSION, GOODS_DECOMMISSIONED },
                 { DISPOSITION_DISPENSE, GOODS_DISPENSED },
                 { DISPOSITION_DESTROY, GOODS_DESTROYED } };
    struct world *w = *state;
    for (size_t i = 0; i < 3; i++) {
        char name[ASSET_NAME_MAX];
        (void)snprintf(name, sizeof name, FATE_GTIN "/21/END%zu", i);
        refused(w, FARM, FATE_NONE, ends[i].action, REFUSED_UNKNOWN_ASSET);
        refused(w, FARM, FATE_LOT, ends[i].action, REFUSED_UNKNOWN_ASSET);
        (void)fate_do(w, FARM, fate_commission(name, NULL, 0), MINUTES(2));
        refused(w, CARRIER, name, ends[i].action, REFUSED_NOT_HOLDER);
        struct fate_said said = fate_judge(w, FARM, name, ends[i].action);
        check_end(w, name, ends[i].end, &said, FARM);
        for (size_t k = 0; k < 3; k++) {
            refused(w, FARM, name, ends[k].action, REFUSED_ENDED);
            refused(w, CARRIER, name, ends[k].action, REFUSED_ENDED);
        }
        cannot_be_offered(w, FARM, name, CLINIC, REFUSED_ENDED);
    }
}

/* An owner who does not hold the goods cannot end them either. */
static void only_the_custodian_ends_goods(void **state)
{
    struct world *w = *state;
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    refused(w, FARM, FATE_FIRST, DISPOSITION_DESTROY, REFUSED_NOT_HOLDER);
    (void)fate_judge(w, OPERATOR, FATE_FIRST, DISPOSITION_DESTROY);
}

static void goods_on_offer_do_not_end(void **state)
{
    static const enum custody_role roles[] = { ROLE_CUSTODIAN, ROLE_OWNER };
    struct world *w = *state;
    for (size_t i = 0; i < 2; i++) {
        struct asset_set set = custody_one(FATE_FIRST);
        struct fate_said said =
            fate_do(w, FARM, offer(w, FATE_FIRST, CLINIC, roles[i]), w->context.time_ms + 1000);
        refused(w, FARM, FATE_FIRST, DISPOSITION_DISPENSE, REFUSED_OFFER_OPEN);
        refused(w, FARM, FATE_FIRST, DISPOSITION_DECOMMISSION, REFUSED_OFFER_OPEN);
        (void)fate_do(w, FARM, custody_answer(CUSTODY_CANCEL, &set, &said.hash, roles[i]),
                      w->context.time_ms + 1000);
    }
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DISPENSE);
}

static void neither_a_box_nor_what_is_in_it_ends(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(FATE_PALLET, NULL, 0), MINUTES(2));
    (void)fate_do(w, FARM, fate_pack(FATE_PALLET, FATE_FIRST, false), MINUTES(3));
    refused(w, FARM, FATE_FIRST, DISPOSITION_DESTROY, REFUSED_PACKED);
    refused(w, FARM, FATE_PALLET, DISPOSITION_DESTROY, REFUSED_NOT_EMPTY);
    (void)fate_do(w, FARM, fate_pack(FATE_PALLET, FATE_FIRST, true), MINUTES(4));
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DESTROY);
    (void)fate_judge(w, FARM, FATE_PALLET, DISPOSITION_DECOMMISSION);
}

/* By block time, to the millisecond; other ends are not kept from what is past its date. */
static void what_is_past_its_date_is_not_dispensed(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(FATE_GTIN "/21/D1", NULL, MINUTES(60)), MINUTES(2));
    (void)fate_do(w, FARM, fate_commission(FATE_GTIN "/21/D2", NULL, MINUTES(60)), MINUTES(2));
    (void)fate_do(w, FARM, fate_dispose(FATE_GTIN "/21/D1", DISPOSITION_DISPENSE), MINUTES(60) - 1);
    fate_refused(w, FARM, fate_dispose(FATE_GTIN "/21/D2", DISPOSITION_DISPENSE), MINUTES(60),
                 REFUSED_EXPIRED);
    assert_string_equal(w->detail, FATE_GTIN "/21/D2");
    (void)fate_judge(w, FARM, FATE_GTIN "/21/D2", DISPOSITION_QUARANTINE);
    refused(w, FARM, FATE_GTIN "/21/D2", DISPOSITION_DISPENSE, REFUSED_EXPIRED);
    (void)fate_judge(w, FARM, FATE_GTIN "/21/D2", DISPOSITION_DESTROY);
}

static void one_that_cannot_keeps_all_from_it(void **state)
{
    static const char *const names[] = { FATE_FIRST, FATE_OTHER };
    struct world *w = *state;
    struct state_asset a;
    (void)fate_judge(w, FARM, FATE_OTHER, DISPOSITION_DESTROY);
    struct asset_set set = custody_list(2, names);
    fate_refused(w, FARM, fate_dispose_set(&set, DISPOSITION_DISPENSE), MINUTES(9), REFUSED_ENDED);
    assert_string_equal(w->detail, FATE_OTHER);
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_int_equal(a.goods.end, GOODS_ACTIVE);
}

/* ------------------------------------------------------------------ return */

static void dispensed_goods_come_back_into_quarantine(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    struct state_hold hold;
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_CUSTODIAN);
    refused(w, CLINIC, FATE_FIRST, DISPOSITION_RETURN, REFUSED_WRONG_STATE);
    refused(w, CLINIC, FATE_NONE, DISPOSITION_RETURN, REFUSED_UNKNOWN_ASSET);
    (void)fate_judge(w, CLINIC, FATE_FIRST, DISPOSITION_DISPENSE);
    refused(w, FARM, FATE_FIRST, DISPOSITION_RETURN, REFUSED_NOT_ALLOWED);
    struct fate_said said = fate_judge(w, CLINIC, FATE_FIRST, DISPOSITION_RETURN);
    assert_true(world_asset(w, FATE_FIRST, &a) && a.goods.end == GOODS_ACTIVE);
    assert_true(kid_equal(&a.custodian, world_kid(w, CLINIC)));
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && hash_equal(&hold.quarantine, &said.hash));
    cannot_be_offered(w, CLINIC, FATE_FIRST, FARM, REFUSED_QUARANTINED);
    refused(w, CLINIC, FATE_FIRST, DISPOSITION_DISPENSE, REFUSED_QUARANTINED);
    (void)fate_judge(w, CLINIC, FATE_FIRST, DISPOSITION_RELEASE);
    (void)fate_judge(w, CLINIC, FATE_FIRST, DISPOSITION_DISPENSE);
    assert_int_equal(world_count(w, "disposition " FATE_FIRST " 3"), 1);
    (void)fate_judge(w, FARM, FATE_OTHER, DISPOSITION_DESTROY);
    refused(w, FARM, FATE_OTHER, DISPOSITION_RETURN, REFUSED_WRONG_STATE);
}

/* ------------------------------------------------------------------ recall */

static void makers_recall_and_nobody_else(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_OWNER);
    refused(w, CARRIER, FATE_FIRST, DISPOSITION_RECALL, REFUSED_NOT_MAKER);
    refused(w, CARRIER, FATE_LOT, DISPOSITION_RECALL, REFUSED_NOT_MAKER);
    refused(w, FARM, FATE_NONE, DISPOSITION_RECALL, REFUSED_UNKNOWN_ASSET);
    struct fate_said said = fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RECALL);
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && hold.recalled && !hold.quarantined);
    assert_true(hash_equal(&hold.recall, &said.hash));
    refused(w, FARM, FATE_FIRST, DISPOSITION_RECALL, REFUSED_EXISTS);
    cannot_be_offered(w, CARRIER, FATE_FIRST, CLINIC, REFUSED_RECALLED);
    refused(w, CARRIER, FATE_FIRST, DISPOSITION_DISPENSE, REFUSED_RECALLED);
    can_be_offered(w, CARRIER, FATE_FIRST, FARM); /* that is what it is for */
    refused(w, CARRIER, FATE_FIRST, DISPOSITION_END_RECALL, REFUSED_NOT_HELD);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_END_RECALL);
    refused(w, FARM, FATE_FIRST, DISPOSITION_END_RECALL, REFUSED_NOT_HELD);
    assert_false(fate_is_held(w, FATE_FIRST, &hold));
    can_be_offered(w, CARRIER, FATE_FIRST, CLINIC);
}

/* It reaches what was made of the lot's units, in others' hands, without a word about them. */
static void a_recalled_lot_reaches_what_was_made_of_it(void **state)
{
    struct world *w = *state;
    struct state_asset before, after;
    fate_hand_over(w, FATE_FIRST, FARM, CARRIER, ROLE_CUSTODIAN);
    (void)fate_do(w, CARRIER, fate_transform(FATE_FIRST, FATE_BOTTLE, "B"), MINUTES(10));
    assert_true(world_asset(w, FATE_BOTTLE, &before));
    (void)fate_judge(w, FARM, FATE_LOT, DISPOSITION_RECALL);
    assert_true(world_asset(w, FATE_BOTTLE, &after));
    assert_int_equal(before.events, after.events);
    cannot_be_offered(w, CARRIER, FATE_BOTTLE, CLINIC, REFUSED_RECALLED);
    cannot_be_offered(w, FARM, FATE_OTHER, CLINIC, REFUSED_RECALLED);
    refused(w, CARRIER, FATE_BOTTLE, DISPOSITION_DISPENSE, REFUSED_RECALLED);
    can_be_offered(w, CARRIER, FATE_BOTTLE, FARM);
    (void)fate_judge(w, FARM, FATE_LOT, DISPOSITION_END_RECALL);
    can_be_offered(w, CARRIER, FATE_BOTTLE, CLINIC);
}

static void what_has_ended_can_be_recalled(void **state)
{
    struct world *w = *state;
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_DISPENSE);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RECALL);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RETURN);
    cannot_be_offered(w, FARM, FATE_FIRST, CLINIC, REFUSED_QUARANTINED);
}

/* A recall and a quarantine of one name stand beside each other. */
static void each_hold_is_lifted_by_itself(void **state)
{
    struct world *w = *state;
    struct state_hold hold;
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RECALL);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_RELEASE);
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && hold.recalled && !hold.quarantined);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_QUARANTINE);
    (void)fate_judge(w, FARM, FATE_FIRST, DISPOSITION_END_RECALL);
    assert_true(fate_is_held(w, FATE_FIRST, &hold) && !hold.recalled && hold.quarantined);
}

/* A name that was only ever seen is nobody's to dispose of. */
static void ghosts_have_no_fate(void **state)
{
    static const enum refusal expected[] = {
        [DISPOSITION_QUARANTINE] = REFUSED_UNKNOWN_ASSET,
        [DISPOSITION_RELEASE] = REFUSED_NOT_HELD,
        [DISPOSITION_REJECT] = REFUSED_NOT_HELD,
        [DISPOSITION_RETURN] = REFUSED_UNKNOWN_ASSET,
        [DISPOSITION_RECALL] = REFUSED_UNKNOWN_ASSET,
        [DISPOSITION_END_RECALL] = REFUSED_NOT_HELD,
        [DISPOSITION_DECOMMISSION] = REFUSED_UNKNOWN_ASSET,
        [DISPOSITION_DISPENSE] = REFUSED_UNKNOWN_ASSET,
        [DISPOSITION_DESTROY] = REFUSED_UNKNOWN_ASSET,
    };
    struct world *w = *state;
    (void)fate_do(w, CLINIC, fate_scan(FATE_GHOST, NULL, false), MINUTES(2));
    for (unsigned i = DISPOSITION_QUARANTINE; i <= DISPOSITION_DESTROY; i++)
        refused(w, FARM, FATE_GHOST, (enum disposition_action)i, expected[i]);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fate_set_up, fate_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(only_companies_and_their_operators_dispose),
        CASE(whoever_releases_rejects_or_recalls_says_why),
        CASE(who_has_or_made_goods_holds_them_back),
        CASE(a_lot_is_held_back_by_reference),
        CASE(held_back_goods_may_have_an_end_but_are_not_dispensed),
        CASE(who_held_goods_back_or_owns_them_releases),
        CASE(rejected_goods_go_back_to_their_maker_only),
        CASE(goods_end_once_and_for_good),
        CASE(only_the_custodian_ends_goods),
        CASE(goods_on_offer_do_not_end),
        CASE(neither_a_box_nor_what_is_in_it_ends),
        CASE(what_is_past_its_date_is_not_dispensed),
        CASE(one_that_cannot_keeps_all_from_it),
        CASE(dispensed_goods_come_back_into_quarantine),
        CASE(makers_recall_and_nobody_else),
        CASE(a_recalled_lot_reaches_what_was_made_of_it),
        CASE(what_has_ended_can_be_recalled),
        CASE(each_hold_is_lifted_by_itself),
        CASE(ghosts_have_no_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
