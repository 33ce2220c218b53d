/* What stands in the way of an offer and of what is answered to it, code by code, for holders and for owners. */
#include "node/execution.h"
#include "tests/unit/support_custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define UNIT   KIT_UNIT
#define PALLET CUSTODY_PALLET

static const enum custody_role roles[] = { ROLE_CUSTODIAN, ROLE_OWNER };
#define ROLES 2

static struct statement offer_of(const struct world *w, const char *asset, enum world_key to,
                                 enum custody_role role)
{
    struct asset_set set = custody_one(asset);
    return custody_offer(w, &set, to, role);
}

static struct statement answer_to(enum custody_action action, const char *asset,
                                  const struct hash *offer, enum custody_role role)
{
    struct asset_set set = custody_one(asset);
    return custody_answer(action, &set, offer, role);
}

/* ------------------------------------------------------------------ offers */

static void only_companies_and_their_operators_offer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        custody_refused(w, LOGGER, offer_of(w, UNIT, CLINIC, roles[i]), REFUSED_NOT_ALLOWED);
        custody_refused(w, AUDITOR, offer_of(w, UNIT, FARM, roles[i]), REFUSED_NOT_ALLOWED);
        world_free(w);
    }
}

static void an_offer_is_to_another_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        custody_refused(w, FARM, offer_of(w, UNIT, STRANGER, roles[i]), REFUSED_UNKNOWN_MEMBER);
        custody_refused(w, FARM, offer_of(w, UNIT, FARM, roles[i]), REFUSED_BAD_REQUEST);
        /* whom it is to is looked at before what it is of */
        custody_refused(w, CLINIC, offer_of(w, "nothing", STRANGER, roles[i]),
                        REFUSED_UNKNOWN_MEMBER);
        world_free(w);
    }
}

static void an_offer_is_of_goods_that_are_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        custody_refused(w, FARM, offer_of(w, "nothing", CLINIC, roles[i]), REFUSED_UNKNOWN_ASSET);
        assert_string_equal(w->detail, "nothing");
        custody_ghost(w, "seen");
        custody_refused(w, FARM, offer_of(w, "seen", CLINIC, roles[i]), REFUSED_UNKNOWN_ASSET);
        for (unsigned end = GOODS_DISPENSED; end <= GOODS_USED_UP; end++) {
            custody_end(w, UNIT, (enum goods_end)end);
            custody_refused(w, FARM, offer_of(w, UNIT, CLINIC, roles[i]), REFUSED_ENDED);
            custody_refused(w, CARRIER, offer_of(w, UNIT, CLINIC, roles[i]), REFUSED_ENDED);
        }
        world_free(w);
    }
}

/* A custodian cannot sell, an owner cannot hand over. */
static void each_role_is_its_holders_to_pass_on(void **state)
{
    struct world *w = custody_world();
    struct statement draft = offer_of(w, UNIT, CARRIER, ROLE_CUSTODIAN);
    struct hash o = custody_do(w, FARM, draft, MINUTES(2));
    (void)state;
    (void)custody_do(w, CARRIER, answer_to(CUSTODY_ACCEPT, UNIT, &o, ROLE_CUSTODIAN), MINUTES(3));
    custody_refused(w, CARRIER, offer_of(w, UNIT, CLINIC, ROLE_OWNER), REFUSED_NOT_HOLDER);
    assert_string_equal(w->detail, UNIT);
    custody_refused(w, FARM, offer_of(w, UNIT, CLINIC, ROLE_CUSTODIAN), REFUSED_NOT_HOLDER);
    (void)custody_do(w, OPERATOR, offer_of(w, UNIT, CLINIC, ROLE_CUSTODIAN), MINUTES(4));
    (void)custody_do(w, FARM, offer_of(w, UNIT, CLINIC, ROLE_OWNER), MINUTES(4));
    world_free(w);
}

static void one_offer_is_open_for_each_role(void **state)
{
    struct world *w = custody_world();
    struct hash o[ROLES];
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        o[i] = custody_do(w, FARM, offer_of(w, UNIT, CLINIC, roles[i]), MINUTES(2));
        custody_refused(w, FARM, offer_of(w, UNIT, CARRIER, roles[i]), REFUSED_OFFER_OPEN);
    }
    assert_true(custody_on_offer(w, UNIT, ROLE_CUSTODIAN) && custody_on_offer(w, UNIT, ROLE_OWNER));
    custody_refused(w, CLINIC, answer_to(CUSTODY_ACCEPT, UNIT, &o[0], ROLE_OWNER),
                    REFUSED_OFFER_DIFFERS);
    (void)custody_do(w, CLINIC, answer_to(CUSTODY_ACCEPT, UNIT, &o[1], ROLE_OWNER), MINUTES(3));
    assert_true(custody_is_holder(w, UNIT, ROLE_OWNER, CLINIC));
    assert_true(custody_is_holder(w, UNIT, ROLE_CUSTODIAN, FARM));
    assert_true(custody_on_offer(w, UNIT, ROLE_CUSTODIAN));
    assert_false(custody_on_offer(w, UNIT, ROLE_OWNER));
    (void)custody_do(w, FARM, answer_to(CUSTODY_CANCEL, UNIT, &o[0], ROLE_CUSTODIAN), MINUTES(4));
    assert_false(custody_on_offer(w, UNIT, ROLE_CUSTODIAN));
    assert_true(custody_is_holder(w, UNIT, ROLE_CUSTODIAN, FARM));
    world_free(w);
}

static void goods_in_a_container_go_with_it_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        (void)custody_do(w, FARM, kit_commission(PALLET "1"), MINUTES(1));
        custody_stow_one(w, PALLET "1", UNIT);
        custody_refused(w, FARM, offer_of(w, UNIT, CLINIC, roles[i]), REFUSED_PACKED);
        assert_string_equal(w->detail, UNIT);
        (void)custody_do(w, FARM, offer_of(w, PALLET "1", CLINIC, roles[i]), MINUTES(2));
        world_free(w);
    }
}

static void held_goods_are_not_offered(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        custody_quarantine(w, UNIT, FARM);
        custody_refused(w, FARM, offer_of(w, UNIT, CLINIC, roles[i]), REFUSED_QUARANTINED);
        custody_recall(w, UNIT, CARRIER);
        custody_refused(w, FARM, offer_of(w, UNIT, CLINIC, roles[i]), REFUSED_RECALLED);
        /* back to who recalled it: that is what a recall is for */
        (void)custody_do(w, FARM, offer_of(w, UNIT, CARRIER, roles[i]), MINUTES(2));
        world_free(w);
    }
}

/* What is inside a container is asked the same, one after the other. */
static void what_is_inside_may_stand_in_the_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        struct state_asset a;
        (void)custody_do(w, FARM, kit_commission(PALLET "1"), MINUTES(1));
        custody_stow_one(w, PALLET "1", UNIT);
        custody_quarantine(w, UNIT, FARM);
        custody_refused(w, FARM, offer_of(w, PALLET "1", CLINIC, roles[i]), REFUSED_QUARANTINED);
        assert_true(world_asset(w, UNIT, &a));
        a.has_offer = a.goods.has_sale = true;
        custody_store(w, UNIT, &a);
        custody_refused(w, FARM, offer_of(w, PALLET "1", CLINIC, roles[i]), REFUSED_OFFER_OPEN);
        assert_string_equal(w->detail, UNIT);
        assert_true(world_asset(w, UNIT, &a));
        a.owner = a.custodian = *world_kid(w, CARRIER);
        custody_store(w, UNIT, &a);
        custody_refused(w, FARM, offer_of(w, PALLET "1", CLINIC, roles[i]), REFUSED_NOT_HOLDER);
        assert_string_equal(w->detail, UNIT);
        assert_int_equal(world_count(w, "finding"), 0);
        custody_quarantine(w, PALLET "1", FARM); /* the container itself comes first */
        custody_refused(w, FARM, offer_of(w, PALLET "1", CLINIC, roles[i]), REFUSED_QUARANTINED);
        world_free(w);
    }
}

/* The pallet's goods are another's: they are its holder's to carry, and not to sell. */
static void goods_of_two_owners_are_not_sold_as_one(void **state)
{
    struct world *w = custody_world();
    struct state_asset a;
    (void)state;
    (void)custody_do(w, FARM, kit_commission(PALLET "1"), MINUTES(1));
    custody_stow_one(w, PALLET "1", UNIT);
    assert_true(world_asset(w, UNIT, &a));
    a.owner = *world_kid(w, CARRIER);
    custody_store(w, UNIT, &a);
    custody_refused(w, FARM, offer_of(w, PALLET "1", CLINIC, ROLE_OWNER), REFUSED_NOT_HOLDER);
    (void)custody_do(w, FARM, offer_of(w, PALLET "1", CLINIC, ROLE_CUSTODIAN), MINUTES(2));
    world_free(w);
}

static void a_refused_offer_names_the_first_that_fails(void **state)
{
    static const char *const names[] = { "a", "b", "c" };
    struct world *w = custody_world();
    struct asset_set set = custody_list(3, names);
    (void)state;
    (void)custody_do(w, FARM, kit_commission("a"), MINUTES(1));
    (void)custody_do(w, FARM, kit_commission("b"), MINUTES(1));
    custody_end(w, "b", GOODS_DESTROYED);
    custody_refused(w, FARM, custody_offer(w, &set, CLINIC, ROLE_CUSTODIAN), REFUSED_ENDED);
    assert_string_equal(w->detail, "b");
    assert_false(custody_on_offer(w, "a", ROLE_CUSTODIAN));
    world_free(w);
}

/* ------------------------------------------------------------------ answers */

static void an_answer_is_to_an_open_offer_for_the_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        struct hash nothing = { { 0 } };
        static const char *const both[] = { UNIT, "other" };
        struct hash o = custody_do(w, FARM, offer_of(w, UNIT, CLINIC, roles[i]), MINUTES(2));
        for (unsigned action = CUSTODY_ACCEPT; action <= CUSTODY_CANCEL; action++) {
            enum custody_action a = (enum custody_action)action;
            enum world_key right = a == CUSTODY_CANCEL ? FARM : CLINIC;
            enum world_key wrong = a == CUSTODY_CANCEL ? CLINIC : FARM;
            custody_refused(w, AUDITOR, answer_to(a, UNIT, &o, roles[i]), REFUSED_NOT_ALLOWED);
            custody_refused(w, right, answer_to(a, UNIT, &nothing, roles[i]),
                            REFUSED_NO_SUCH_OFFER);
            custody_refused(w, wrong, answer_to(a, UNIT, &o, roles[i]), REFUSED_NOT_FOR_YOU);
            custody_refused(w, CARRIER, answer_to(a, UNIT, &o, roles[i]), REFUSED_NOT_FOR_YOU);
            struct asset_set more = custody_list(2, both);
            custody_refused(w, right, custody_answer(a, &more, &o, roles[i]),
                            REFUSED_OFFER_DIFFERS);
            custody_refused(w, right, answer_to(a, UNIT, &o, roles[1 - i]), REFUSED_OFFER_DIFFERS);
        }
        assert_true(custody_on_offer(w, UNIT, roles[i]));
        world_free(w);
    }
}

static void a_rejection_says_what_it_means_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        struct hash o = custody_do(w, FARM, offer_of(w, UNIT, CLINIC, roles[i]), MINUTES(2));
        struct statement s = answer_to(CUSTODY_REJECT, UNIT, &o, roles[i]);
        s.as.custody.reason = (struct slice){ NULL, 0 };
        custody_refused(w, CLINIC, s, REFUSED_NO_REASON);
        s = answer_to(CUSTODY_REJECT, UNIT, &o, roles[i]);
        s.as.custody.meaning = (struct slice){ NULL, 0 };
        custody_refused(w, CLINIC, s, REFUSED_NO_REASON);
        custody_refused(w, FARM, s, REFUSED_NOT_FOR_YOU); /* whose offer it is comes before */
        (void)custody_do(w, CLINIC, answer_to(CUSTODY_REJECT, UNIT, &o, roles[i]), MINUTES(4));
        assert_int_equal(world_count(w, "rejected " UNIT " # farm clinic"), 1);
        assert_true(custody_is_holder(w, UNIT, roles[i], FARM));
        assert_false(custody_on_offer(w, UNIT, roles[i]));
        world_free(w);
    }
}

/* Between the offer and its acceptance the goods were put in quarantine: they stay; they may be sent back. */
static void goods_held_since_the_offer_are_not_taken_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        (void)custody_do(w, FARM, kit_commission(PALLET "1"), MINUTES(1));
        custody_stow_one(w, PALLET "1", UNIT);
        struct hash o = custody_do(w, FARM, offer_of(w, PALLET "1", CLINIC, roles[i]), MINUTES(2));
        custody_quarantine(w, PALLET "1", FARM);
        custody_refused(w, CLINIC, answer_to(CUSTODY_ACCEPT, PALLET "1", &o, roles[i]),
                        REFUSED_QUARANTINED);
        custody_release(w, PALLET "1");
        custody_recall(w, UNIT, FARM);
        custody_refused(w, CLINIC, answer_to(CUSTODY_ACCEPT, PALLET "1", &o, roles[i]),
                        REFUSED_RECALLED);
        (void)custody_do(w, CLINIC, answer_to(CUSTODY_REJECT, PALLET "1", &o, roles[i]),
                         MINUTES(3));
        assert_true(custody_is_holder(w, UNIT, roles[i], FARM));
        world_free(w);
    }
}

/* ------------------------------------------------------------------ offers that expire */

static struct statement expiring(const struct world *w, enum custody_role role, uint64_t expiry_ms)
{
    struct statement s = offer_of(w, UNIT, CLINIC, role);
    s.as.custody.has_expiry = true;
    s.as.custody.expiry_ms = expiry_ms;
    return s;
}

static void an_offer_ends_by_itself(void **state)
{
    static const char *const told[] = { "offer_expired " UNIT " # farm clinic 0 at +60m",
                                        "offer_expired " UNIT " # farm clinic 1 at +60m" };
    (void)state;
    for (size_t i = 0; i < ROLES; i++) {
        struct world *w = custody_world();
        struct hash o = custody_do(w, FARM, expiring(w, roles[i], MINUTES(60)), MINUTES(2));
        world_block(w, MINUTES(60) - 1);
        assert_int_equal(world_count(w, "offer_expired"), 0);
        assert_true(custody_on_offer(w, UNIT, roles[i]));
        world_block(w, MINUTES(60));
        assert_true(world_has(w, told[i]));
        assert_true(w->events[w->event_count - 1].of_timer);
        assert_false(custody_on_offer(w, UNIT, roles[i]));
        assert_true(custody_is_holder(w, UNIT, roles[i], FARM));
        custody_refused(w, CLINIC, answer_to(CUSTODY_ACCEPT, UNIT, &o, roles[i]),
                        REFUSED_NO_SUCH_OFFER);
        (void)custody_do(w, FARM, offer_of(w, UNIT, CARRIER, roles[i]), MINUTES(61));
        world_block(w, MINUTES(1000));
        assert_int_equal(world_count(w, "offer_expired"), 1);
        world_free(w);
    }
}

static void the_expiry_comes_before_an_acceptance_of_its_block(void **state)
{
    struct world *w = custody_world();
    struct hash o = custody_do(w, FARM, expiring(w, ROLE_CUSTODIAN, MINUTES(60)), MINUTES(2));
    (void)state;
    world_block(w, MINUTES(60));
    assert_int_equal(
        world_say(w, CLINIC, answer_to(CUSTODY_ACCEPT, UNIT, &o, ROLE_CUSTODIAN), MINUTES(59)),
        REFUSED_NO_SUCH_OFFER);
    assert_true(world_has(w, "offer_expired " UNIT));
    assert_true(custody_is_holder(w, UNIT, ROLE_CUSTODIAN, FARM));
    world_free(w);
}

/* What was answered in time does not expire; nor does it take the next offer with it. */
static void an_answered_offer_does_not_expire(void **state)
{
    (void)state;
    for (unsigned action = CUSTODY_ACCEPT; action <= CUSTODY_CANCEL; action++) {
        struct world *w = custody_world();
        struct hash o = custody_do(w, FARM, expiring(w, ROLE_CUSTODIAN, MINUTES(60)), MINUTES(2));
        struct state_key timer = state_key_timer(MINUTES(60), TIMER_OFFER_EXPIRES, hash_slice(&o));
        struct slice value;
        assert_true(memory_state_get(w->state, state_key_slice(&timer), &value));
        enum world_key who = action == CUSTODY_CANCEL ? FARM : CLINIC;
        world_block(w, MINUTES(60) - 1);
        (void)custody_do(w, who, answer_to((enum custody_action)action, UNIT, &o, ROLE_CUSTODIAN),
                         MINUTES(59));
        assert_false(memory_state_get(w->state, state_key_slice(&timer), &value));
        enum world_key holder = action == CUSTODY_ACCEPT ? CLINIC : FARM;
        (void)custody_do(w, holder, offer_of(w, UNIT, CARRIER, ROLE_CUSTODIAN), MINUTES(60));
        world_block(w, MINUTES(61));
        assert_int_equal(world_count(w, "offer_expired"), 0);
        assert_true(custody_on_offer(w, UNIT, ROLE_CUSTODIAN));
        world_free(w);
    }
}

static void an_offer_that_is_over_is_not_made(void **state)
{
    struct world *w = custody_world();
    (void)state;
    world_block(w, MINUTES(30));
    assert_int_equal(world_say(w, FARM, expiring(w, ROLE_CUSTODIAN, MINUTES(30)), MINUTES(2)),
                     REFUSED_EXPIRED);
    assert_int_equal(world_say(w, FARM, expiring(w, ROLE_CUSTODIAN, MINUTES(30) + 1), MINUTES(2)),
                     ACCEPTED);
    world_free(w);
}

/* The ledger must know by itself what an offer was of that it ends: what takes more room is for ever. */
static void an_offer_that_expires_is_of_not_too_many_names(void **state)
{
    static char names[2000][32];
    const char *list[2000];
    struct world *w = custody_world();
    (void)state;
    (void)custody_do(w, FARM, kit_commission_range(CUSTODY_PREFIX, "00000", 2000), MINUTES(1));
    for (unsigned i = 0; i < 2000; i++) {
        (void)snprintf(names[i], sizeof names[i], "%s", custody_unit(i));
        list[i] = names[i];
    }
    struct asset_set set = custody_list(2000, list);
    struct statement s = custody_offer(w, &set, CLINIC, ROLE_CUSTODIAN);
    s.as.custody.has_expiry = true;
    s.as.custody.expiry_ms = MINUTES(60);
    custody_refused(w, FARM, s, REFUSED_FULL);
    s.as.custody.assets = custody_range(2000);
    (void)custody_do(w, FARM, s, MINUTES(3));
    world_block(w, MINUTES(60));
    world_end(w);
    assert_int_equal(world_count(w, "offer_expired"), 1);
    assert_false(custody_on_offer(w, CUSTODY_PREFIX "01999", ROLE_CUSTODIAN));
    s.as.custody.assets = set;
    s.as.custody.has_expiry = false;
    (void)custody_do(w, FARM, s, MINUTES(61));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_companies_and_their_operators_offer),
        cmocka_unit_test(an_offer_is_to_another_member),
        cmocka_unit_test(an_offer_is_of_goods_that_are_there),
        cmocka_unit_test(each_role_is_its_holders_to_pass_on),
        cmocka_unit_test(one_offer_is_open_for_each_role),
        cmocka_unit_test(goods_in_a_container_go_with_it_only),
        cmocka_unit_test(held_goods_are_not_offered),
        cmocka_unit_test(what_is_inside_may_stand_in_the_way),
        cmocka_unit_test(goods_of_two_owners_are_not_sold_as_one),
        cmocka_unit_test(a_refused_offer_names_the_first_that_fails),
        cmocka_unit_test(an_answer_is_to_an_open_offer_for_the_member),
        cmocka_unit_test(a_rejection_says_what_it_means_and_why),
        cmocka_unit_test(goods_held_since_the_offer_are_not_taken_over),
        cmocka_unit_test(an_offer_ends_by_itself),
        cmocka_unit_test(the_expiry_comes_before_an_acceptance_of_its_block),
        cmocka_unit_test(an_answered_offer_does_not_expire),
        cmocka_unit_test(an_offer_that_is_over_is_not_made),
        cmocka_unit_test(an_offer_that_expires_is_of_not_too_many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
