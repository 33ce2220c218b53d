/* What handovers leave behind as evidence: readings and seals bound in, claims to others' goods, disputes. */
#include "tests/unit/support_custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define UNIT KIT_UNIT

static struct statement offer_of(const struct world *w, const char *asset, enum world_key to)
{
    struct asset_set set = custody_one(asset);
    return custody_offer(w, &set, to, ROLE_CUSTODIAN);
}

static struct statement accept_of(const char *asset, const struct hash *offer)
{
    struct asset_set set = custody_one(asset);
    return custody_answer(CUSTODY_ACCEPT, &set, offer, ROLE_CUSTODIAN);
}

static struct hash hand_over(struct world *w, const char *asset, enum world_key from,
                             enum world_key to, uint64_t minute)
{
    struct hash o = custody_do(w, from, offer_of(w, asset, to), MINUTES(minute));
    return custody_do(w, to, accept_of(asset, &o), MINUTES(minute));
}

/* ------------------------------------------------------------------ the last reading */

static struct hash read_once(struct world *w, enum world_key device, uint64_t minute)
{
    static const int centi[] = { 450, 460 };
    return custody_do(w, device, kit_temperatures(centi, 2, 60000), MINUTES(minute));
}

static struct statement bind_in(struct statement s, const struct world *w, enum world_key device,
                                const struct hash *reading)
{
    s.as.custody.has_reading = true;
    s.as.custody.device = *world_kid(w, device);
    s.as.custody.reading = *reading;
    return s;
}

static struct world *world_with_logger(void)
{
    struct world *w = custody_world();
    (void)custody_do(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, false), MINUTES(2));
    return w;
}

static void the_last_reading_is_bound_in_on_both_sides(void **state)
{
    struct world *w = world_with_logger();
    (void)state;
    struct hash first = read_once(w, LOGGER, 5);
    struct hash o =
        custody_do(w, FARM, bind_in(offer_of(w, UNIT, CLINIC), w, LOGGER, &first), MINUTES(6));
    assert_true(world_has(w, "bound " UNIT " # logger # - - at +6m"));
    assert_int_equal(w->caused, 2);
    struct hash second = read_once(w, LOGGER, 8);
    (void)custody_do(w, CLINIC, bind_in(accept_of(UNIT, &o), w, LOGGER, &second), MINUTES(9));
    assert_true(world_has(w, "bound " UNIT " # logger # - - at +9m"));
    assert_int_equal(w->caused, 2);
    world_free(w);
}

/* The signer had not seen the newest yet: any of the device's last ones will do. */
static void a_reading_shortly_before_the_last_will_do(void **state)
{
    struct world *w = world_with_logger();
    (void)state;
    struct hash first = read_once(w, LOGGER, 5);
    for (uint64_t i = 0; i < 15; i++)
        (void)read_once(w, LOGGER, 10 + 5 * i);
    (void)custody_do(w, FARM, bind_in(offer_of(w, UNIT, CLINIC), w, LOGGER, &first), MINUTES(90));
    world_free(w);
    w = world_with_logger();
    first = read_once(w, LOGGER, 5);
    for (uint64_t i = 0; i < 16; i++)
        (void)read_once(w, LOGGER, 10 + 5 * i);
    custody_refused(w, FARM, bind_in(offer_of(w, UNIT, CLINIC), w, LOGGER, &first),
                    REFUSED_NO_SUCH_READING);
    world_free(w);
}

static void what_the_device_never_said_is_not_bound_in(void **state)
{
    struct world *w = world_with_logger();
    struct hash mine, fresh;
    (void)state;
    /* a key that has said nothing is linked to the ledger itself */
    fresh = w->id;
    custody_refused(w, FARM, bind_in(offer_of(w, UNIT, CLINIC), w, LOGGER, &fresh),
                    REFUSED_NO_SUCH_READING);
    mine = read_once(w, LOGGER, 5);
    mine.bytes[0] ^= 1;
    custody_refused(w, FARM, bind_in(offer_of(w, UNIT, CLINIC), w, LOGGER, &mine),
                    REFUSED_NO_SUCH_READING);
    mine.bytes[0] ^= 1;
    struct hash o = custody_do(w, FARM, offer_of(w, UNIT, CLINIC), MINUTES(6));
    custody_refused(w, CLINIC, bind_in(accept_of(UNIT, &o), w, LOGGER, &o),
                    REFUSED_NO_SUCH_READING);
    (void)custody_do(w, CLINIC, bind_in(accept_of(UNIT, &o), w, LOGGER, &mine), MINUTES(7));
    world_free(w);
}

/* A reading of a device that is on other goods, or on none, says nothing of these. */
static void a_reading_of_another_goods_device_is_not_bound_in(void **state)
{
    struct world *w = world_with_logger();
    (void)state;
    (void)custody_do(w, FARM, kit_commission("other"), MINUTES(3));
    struct hash loose = read_once(w, TRACKER, 5), theirs = read_once(w, LOGGER, 5);
    custody_refused(w, FARM, bind_in(offer_of(w, UNIT, CLINIC), w, TRACKER, &loose),
                    REFUSED_NO_SUCH_READING);
    custody_refused(w, FARM, bind_in(offer_of(w, UNIT, CLINIC), w, TRACKER, &theirs),
                    REFUSED_NO_SUCH_READING);
    custody_refused(w, FARM, bind_in(offer_of(w, "other", CLINIC), w, LOGGER, &theirs),
                    REFUSED_NO_SUCH_READING);
    static const char *const names[] = { UNIT, "other" };
    struct asset_set both = custody_list(2, names); /* it is on one of them */
    struct hash o = custody_do(
        w, FARM, bind_in(custody_offer(w, &both, CLINIC, ROLE_CUSTODIAN), w, LOGGER, &theirs),
        MINUTES(6));
    (void)custody_do(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, true), MINUTES(7));
    both = custody_list(2, names);
    struct statement s = custody_answer(CUSTODY_ACCEPT, &both, &o, ROLE_CUSTODIAN);
    custody_refused(w, CLINIC, bind_in(s, w, LOGGER, &theirs), REFUSED_NO_SUCH_READING);
    (void)custody_do(w, CLINIC, s, MINUTES(8));
    world_free(w);
}

/* ------------------------------------------------------------------ the seal */

static struct statement seal_in(struct statement s, enum custody_seal seal, const char *number)
{
    s.as.custody.has_seal = true;
    s.as.custody.seal = seal;
    s.as.custody.seal_number = slice_text(number);
    return s;
}

static void the_seal_is_told_by_both_sides(void **state)
{
    struct world *w = custody_world();
    (void)state;
    struct hash o =
        custody_do(w, FARM, seal_in(offer_of(w, UNIT, CLINIC), SEAL_INTACT, "AB-4711"), MINUTES(6));
    assert_true(world_has(w, "bound " UNIT " # - - 0 AB-4711 at +6m"));
    (void)custody_do(w, CLINIC, seal_in(accept_of(UNIT, &o), SEAL_BROKEN, ""), MINUTES(7));
    assert_true(world_has(w, "bound " UNIT " # - - 1  at +7m"));
    assert_true(custody_is_holder(w, UNIT, ROLE_CUSTODIAN, CLINIC));
    world_free(w);
}

static void what_binds_nothing_in_tells_of_nothing(void **state)
{
    struct world *w = custody_world();
    (void)state;
    (void)hand_over(w, UNIT, FARM, CLINIC, 5);
    assert_int_equal(world_count(w, "bound"), 0);
    assert_int_equal(world_count(w, "received"), 0);
    world_free(w);
}

/* A receipt in full: passed, then not received, then received, then what was bound in. */
static void a_receipt_is_told_in_its_order(void **state)
{
    static const char *const names[] = { "a", "b" };
    struct world *w = custody_world();
    (void)state;
    (void)custody_do(w, FARM, kit_commission("a"), MINUTES(1));
    (void)custody_do(w, FARM, kit_commission("b"), MINUTES(1));
    struct asset_set both = custody_list(2, names);
    struct hash o =
        custody_do(w, FARM, custody_offer(w, &both, CLINIC, ROLE_CUSTODIAN), MINUTES(2));
    struct statement s = custody_answer(CUSTODY_ACCEPT, &both, &o, ROLE_CUSTODIAN);
    s = seal_in(s, SEAL_NONE, "");
    s.as.custody.has_counts = s.as.custody.has_missing = true;
    s.as.custody.missing_count = 1;
    s.as.custody.missing = custody_one("a");
    (void)custody_do(w, CLINIC, s, MINUTES(3));
    assert_int_equal(w->caused, 4);
    size_t at = w->event_count - 4;
    assert_string_equal(w->events[at].text, "passed b # farm clinic 0 at +3m");
    assert_string_equal(w->events[at + 1].text, "not_received a # at +3m");
    assert_string_equal(w->events[at + 2].text, "received a b # 1 0 0 at +3m");
    assert_string_equal(w->events[at + 3].text, "bound a b # - - 2  at +3m");
    world_free(w);
}

/* ------------------------------------------------------------------ claims */

/* Somebody offers what another holds: refused, and in three histories for good. */
static void a_claim_to_anothers_goods_is_a_finding(void **state)
{
    struct world *w = custody_world();
    struct state_asset before, after;
    (void)state;
    assert_true(world_asset(w, UNIT, &before));
    struct hash chain = before.chain;
    uint64_t events = before.events;
    custody_refused(w, OPERATOR, offer_of(w, UNIT, CLINIC), REFUSED_NOT_HOLDER);
    assert_int_equal(w->caused, 3);
    assert_int_equal(w->event_count, 1 + 3);
    assert_int_equal(world_count(w, "finding " UNIT " 5 # - operator at"), 1);
    assert_int_equal(world_count(w, "finding operator 5 # - operator at"), 1);
    assert_int_equal(world_count(w, "finding farm 5 # - operator at"), 1);
    assert_true(world_asset(w, UNIT, &after));
    assert_int_equal(after.events, events + 1);
    assert_memory_not_equal(after.chain.bytes, chain.bytes, HASH_SIZE);
    assert_false(after.has_offer);
    assert_true(custody_is_holder(w, UNIT, ROLE_CUSTODIAN, FARM));
    world_free(w);
}

/* Of a set that fails in the middle nothing is left but the finding on the one that is another's. */
static void a_refused_offer_leaves_exactly_the_finding(void **state)
{
    static const char *const names[] = { "a", "b", "c" };
    struct world *w = custody_world();
    struct state_asset a;
    (void)state;
    (void)custody_do(w, CARRIER, kit_commission("a"), MINUTES(1));
    (void)custody_do(w, FARM, kit_commission("b"), MINUTES(1));
    (void)custody_do(w, FARM, kit_commission("c"), MINUTES(1));
    struct asset_set set = custody_list(3, names);
    struct statement s = custody_offer(w, &set, CLINIC, ROLE_CUSTODIAN);
    s.as.custody.has_expiry = true;
    s.as.custody.expiry_ms = MINUTES(60);
    custody_refused(w, CARRIER, s, REFUSED_NOT_HOLDER);
    assert_string_equal(w->detail, "b");
    assert_int_equal(w->caused, 3);
    assert_int_equal(world_count(w, "finding b 5 # - carrier at"), 1);
    assert_int_equal(world_count(w, "finding"), 3);
    assert_int_equal(world_count(w, "offered"), 0);
    assert_true(world_asset(w, "a", &a));
    assert_int_equal(a.events, 1);
    assert_false(a.has_offer);
    world_block(w, MINUTES(100));
    assert_int_equal(world_count(w, "offer_expired"), 0);
    world_free(w);
}

/* What is no claim to hold anything leaves nothing. */
static void other_refusals_leave_no_finding(void **state)
{
    struct world *w = custody_world();
    (void)state;
    struct asset_set unit = custody_one(UNIT);
    custody_refused(w, CARRIER, custody_offer(w, &unit, CLINIC, ROLE_OWNER), REFUSED_NOT_HOLDER);
    custody_refused(w, CARRIER, offer_of(w, "nothing", CLINIC), REFUSED_UNKNOWN_ASSET);
    custody_refused(w, LOGGER, offer_of(w, UNIT, CLINIC), REFUSED_NOT_ALLOWED);
    struct hash o = custody_do(w, FARM, offer_of(w, UNIT, CLINIC), MINUTES(5));
    custody_refused(w, CARRIER, accept_of(UNIT, &o), REFUSED_NOT_FOR_YOU);
    assert_int_equal(world_count(w, "finding"), 0);
    world_free(w);
}

/* The claim of one statement is not told of the next. */
static void a_claim_is_told_once(void **state)
{
    struct world *w = custody_world();
    (void)state;
    world_block(w, MINUTES(5));
    assert_int_equal(world_say(w, CARRIER, offer_of(w, UNIT, CLINIC), MINUTES(5)),
                     REFUSED_NOT_HOLDER);
    assert_int_equal(world_say(w, CARRIER, offer_of(w, "nothing", CLINIC), MINUTES(5)),
                     REFUSED_UNKNOWN_ASSET);
    assert_int_equal(world_count(w, "finding " UNIT), 1);
    assert_int_equal(world_count(w, "finding"), 3);
    world_free(w);
}

/* ------------------------------------------------------------------ disputes */

static struct statement dispute_of(const struct hash *statement, const struct asset_set *assets)
{
    struct statement s = { .kind = KIND_DISPUTE };
    s.as.dispute = (struct dispute){ .statement = *statement,
                                     .assets = *assets,
                                     .reason = slice_text("it was never here") };
    return s;
}

static void a_dispute_stands_beside_what_it_objects_to(void **state)
{
    struct world *w = custody_world();
    (void)state;
    struct hash taken = hand_over(w, UNIT, FARM, CARRIER, 5);
    struct asset_set unit = custody_one(UNIT);
    (void)custody_do(w, CLINIC, dispute_of(&taken, &unit), MINUTES(9));
    assert_int_equal(w->caused, 1);
    assert_true(world_has(w, "disputed " UNIT " # clinic at +9m"));
    assert_true(custody_is_holder(w, UNIT, ROLE_CUSTODIAN, CARRIER));
    unit = custody_one(UNIT); /* as often as one likes, and by operators for their company */
    (void)custody_do(w, OPERATOR, dispute_of(&taken, &unit), MINUTES(10));
    assert_true(world_has(w, "disputed " UNIT " # carrier at +10m"));
    world_free(w);
}

static void a_dispute_is_a_members_and_about_goods(void **state)
{
    static const char *const names[] = { UNIT, "nothing" };
    struct world *w = custody_world();
    struct hash any = w->id;
    (void)state;
    struct asset_set unit = custody_one(UNIT), both = custody_list(2, names);
    custody_refused(w, LOGGER, dispute_of(&any, &unit), REFUSED_NOT_ALLOWED);
    custody_refused(w, AUDITOR, dispute_of(&any, &unit), REFUSED_NOT_ALLOWED);
    custody_refused(w, FARM, dispute_of(&any, &both), REFUSED_UNKNOWN_ASSET);
    assert_string_equal(w->detail, "nothing");
    custody_ghost(w, "nothing");
    custody_refused(w, FARM, dispute_of(&any, &both), REFUSED_UNKNOWN_ASSET);
    assert_int_equal(world_count(w, "disputed"), 0);
    custody_end(w, UNIT, GOODS_DESTROYED); /* that may be just what is disputed */
    (void)custody_do(w, FARM, dispute_of(&any, &unit), MINUTES(10));
    world_free(w);
}

/* ------------------------------------------------------------------ blocks of before */

/* What was on the ledger before goods had rules comes to the same today. */
static void blocks_under_older_rules_stay_as_they_were(void **state)
{
    struct world *w = custody_world();
    struct state_asset a;
    (void)state;
    world_block(w, MINUTES(5));
    w->context.rules = EXECUTE_RULES_GOODS - 1;
    execute_begin(w->execution, &w->view, &w->context);
    assert_int_equal(world_say(w, CARRIER, offer_of(w, UNIT, CLINIC), MINUTES(5)),
                     REFUSED_NOT_HOLDER);
    struct asset_set unit = custody_one(UNIT);
    struct statement s = custody_offer(w, &unit, CLINIC, ROLE_OWNER);
    assert_int_equal(world_say(w, FARM, s, MINUTES(5)), ACCEPTED);
    struct hash o = w->last;
    assert_int_equal(world_say(w, FARM, offer_of(w, UNIT, CARRIER), MINUTES(5)),
                     REFUSED_OFFER_OPEN);
    s = custody_answer(CUSTODY_REJECT, &unit, &o, ROLE_OWNER);
    s.as.custody.meaning = s.as.custody.reason = (struct slice){ NULL, 0 };
    assert_int_equal(world_say(w, CLINIC, s, MINUTES(6)), ACCEPTED);
    assert_int_equal(world_count(w, "finding"), 0);
    assert_true(world_asset(w, UNIT, &a));
    assert_false(a.has_offer || a.goods.has_sale);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_reading_is_bound_in_on_both_sides),
        cmocka_unit_test(a_reading_shortly_before_the_last_will_do),
        cmocka_unit_test(what_the_device_never_said_is_not_bound_in),
        cmocka_unit_test(a_reading_of_another_goods_device_is_not_bound_in),
        cmocka_unit_test(the_seal_is_told_by_both_sides),
        cmocka_unit_test(what_binds_nothing_in_tells_of_nothing),
        cmocka_unit_test(a_receipt_is_told_in_its_order),
        cmocka_unit_test(a_claim_to_anothers_goods_is_a_finding),
        cmocka_unit_test(a_refused_offer_leaves_exactly_the_finding),
        cmocka_unit_test(other_refusals_leave_no_finding),
        cmocka_unit_test(a_claim_is_told_once),
        cmocka_unit_test(a_dispute_stands_beside_what_it_objects_to),
        cmocka_unit_test(a_dispute_is_a_members_and_about_goods),
        cmocka_unit_test(blocks_under_older_rules_stay_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
