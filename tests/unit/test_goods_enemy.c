/* Members that mean ill: what they could try on others, or on the ledger itself, with goods. */
#include "tests/unit/support_fate.h"
#include "tests/unit/support_making.h"

#include "node/execution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define PREFIX CUSTODY_PREFIX

static int setup(void **state)
{
    *state = fate_world();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

/* ------------------------------------------------------------------ too much at once */

#define PALLETS 4
#define UNITS   10000 /* on each */

/* Of the pallets, so many from the first on; in memory that the next call overwrites. */
static struct asset_set pallets(unsigned count)
{
    static const char *const names[PALLETS] = { CUSTODY_PALLET "1", CUSTODY_PALLET "2",
                                                CUSTODY_PALLET "3", CUSTODY_PALLET "4" };
    return custody_list(count, names);
}

static void load_pallets(struct world *w)
{
    for (unsigned i = 1; i <= PALLETS; i++) {
        char pallet[ASSET_NAME_MAX], units[ASSET_NAME_MAX];
        (void)snprintf(pallet, sizeof pallet, CUSTODY_PALLET "%u", i);
        (void)snprintf(units, sizeof units, PREFIX "%u-|00000|%u", i, UNITS);
        (void)custody_do(w, FARM, making_commission(units, NULL, NULL), MINUTES(3));
        (void)custody_do(w, FARM, making_commission(pallet, NULL, NULL), MINUTES(3));
        (void)custody_do(w, FARM, making_pack(pallet, units), MINUTES(3));
        world_end(w);
    }
}

/* Steps that run out while what is inside is listed: the acceptance is refused, and no node falls over it. */
static void more_than_can_be_accepted_is_refused(void **state)
{
    struct world *w = *state;
    load_pallets(w);
    struct asset_set set = pallets(PALLETS);
    struct hash o = custody_do(w, FARM, custody_offer(w, &set, CARRIER, ROLE_OWNER), MINUTES(4));
    custody_refused(w, CARRIER, custody_answer(CUSTODY_ACCEPT, &set, &o, ROLE_OWNER),
                    REFUSED_STEPS);
    assert_true(custody_is_holder(w, PREFIX "4-09999", ROLE_OWNER, FARM));
    (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &set, &o, ROLE_OWNER), MINUTES(5));
    set = pallets(PALLETS - 1);
    o = custody_do(w, FARM, custody_offer(w, &set, CARRIER, ROLE_OWNER), MINUTES(6));
    (void)custody_do(w, CARRIER, custody_answer(CUSTODY_ACCEPT, &set, &o, ROLE_OWNER), MINUTES(6));
    assert_true(custody_is_holder(w, PREFIX "3-09999", ROLE_OWNER, CARRIER));
    assert_true(custody_is_holder(w, PREFIX "4-00000", ROLE_OWNER, FARM));
}

static double milliseconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Whoever is refused at the last of ten thousand names, over and over: it takes less than a block may. */
static void refusals_at_the_last_name_fill_a_block_in_time(void **state)
{
    struct world *w = *state;
    struct statement s = { .kind = KIND_DISPUTE };
    s.as.dispute.reason = slice_text("none");
    s.as.dispute.assets = making_set(PREFIX "D|00001|10000"); /* one more than there are */
    (void)custody_do(w, FARM, making_commission(PREFIX "D|00000|10000", NULL, NULL), MINUTES(3));
    world_end(w);
    world_block(w, MINUTES(4));
    double before = milliseconds();
    enum refusal code = REFUSED_UNKNOWN_ASSET;
    size_t count = 0;
    for (; code == REFUSED_UNKNOWN_ASSET && count < WORLD_STATEMENTS_MAX; count++)
        code = world_say(w, FARM, s, MINUTES(4));
    print_message("%zu statements in %.0f ms\n", count, milliseconds() - before);
    assert_int_equal(code, REFUSED_BUSY);
    assert_true(count < 400);
}

/* ------------------------------------------------------------------ holds */

static void say(struct world *w, enum world_key who, const char *name,
                enum disposition_action action)
{
    (void)fate_do(w, who, fate_dispose(name, action), w->context.time_ms + 1000);
}

static void refuse(struct world *w, enum world_key who, const char *name,
                   enum disposition_action action, enum refusal expected)
{
    fate_refused(w, who, fate_dispose(name, action), w->context.time_ms + 1000, expected);
}

static void check_held(struct world *w, enum world_key who, const char *name, enum refusal expected)
{
    struct asset_set set = custody_one(name);
    enum world_key to = who == FARM ? CARRIER : FARM;
    struct statement offer = custody_offer(w, &set, to, ROLE_CUSTODIAN);
    uint64_t time_ms = w->context.time_ms + 1000;
    if (expected != ACCEPTED) {
        fate_refused(w, who, offer, time_ms, expected);
        return;
    }
    struct fate_said said = fate_do(w, who, offer, time_ms);
    (void)fate_do(w, who, custody_answer(CUSTODY_CANCEL, &set, &said.hash, ROLE_CUSTODIAN),
                  time_ms + 1000);
}

/* Who took the quarantine back would have rejected goods go anywhere, without a release. */
static void rejected_goods_stay_so_when_the_quarantine_is_corrected(void **state)
{
    struct world *w = *state;
    struct state_hold h;
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_CUSTODIAN);
    struct fate_said said = fate_do(w, CLINIC, fate_dispose(FATE_FIRST, DISPOSITION_QUARANTINE),
                                    w->context.time_ms + 1000);
    say(w, FARM, FATE_FIRST, DISPOSITION_REJECT); /* it owns them */
    (void)fate_take_back(w, CLINIC, &said);
    assert_true(fate_is_held(w, FATE_FIRST, &h) && h.quarantined && h.rejected);
    struct asset_set set = custody_one(FATE_FIRST);
    fate_refused(w, CLINIC, custody_offer(w, &set, CARRIER, ROLE_CUSTODIAN),
                 w->context.time_ms + 1000, REFUSED_QUARANTINED);
}

/* The bulk of a lot was sold to the carrier: who has it is not to say anything of the clinic's units. */
static void sell_bulk(struct world *w)
{
    (void)fate_do(w, FARM, fate_commission(FATE_LOT, NULL, 0), w->context.time_ms + 1000);
    fate_hand_over(w, FATE_LOT, FARM, CARRIER, ROLE_CUSTODIAN);
    fate_hand_over(w, FATE_LOT, FARM, CARRIER, ROLE_OWNER);
    fate_hand_over(w, FATE_FIRST, FARM, CLINIC, ROLE_CUSTODIAN);
}

static void the_holder_of_a_lots_bulk_does_not_hold_its_units(void **state)
{
    struct world *w = *state;
    sell_bulk(w);
    refuse(w, CLINIC, FATE_LOT, DISPOSITION_QUARANTINE, REFUSED_NOT_HOLDER);
    refuse(w, CARRIER, FATE_LOT, DISPOSITION_QUARANTINE, REFUSED_NOT_MAKER);
    check_held(w, CLINIC, FATE_FIRST, ACCEPTED);
    say(w, FARM, FATE_LOT, DISPOSITION_QUARANTINE);
    check_held(w, CLINIC, FATE_FIRST, REFUSED_QUARANTINED);
    refuse(w, CARRIER, FATE_LOT, DISPOSITION_RELEASE, REFUSED_NOT_ALLOWED);
    refuse(w, CARRIER, FATE_LOT, DISPOSITION_REJECT, REFUSED_NOT_ALLOWED);
    check_held(w, CLINIC, FATE_FIRST, REFUSED_QUARANTINED);
    say(w, FARM, FATE_LOT, DISPOSITION_RELEASE);
    say(w, CARRIER, FATE_LOT, DISPOSITION_DISPENSE);
    refuse(w, CARRIER, FATE_LOT, DISPOSITION_RETURN, REFUSED_NOT_MAKER);
    check_held(w, CLINIC, FATE_FIRST, ACCEPTED);
}

/* A lot that has no units is what its name says, and whoever has it may hold it. */
static void a_lot_without_units_is_its_holders(void **state)
{
    static const char *const bulk = FATE_GTIN "/10/BULK";
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(bulk, NULL, 0), w->context.time_ms + 1000);
    fate_hand_over(w, bulk, FARM, CARRIER, ROLE_CUSTODIAN);
    say(w, CARRIER, bulk, DISPOSITION_QUARANTINE);
    say(w, FARM, bulk, DISPOSITION_RELEASE);
    say(w, CARRIER, bulk, DISPOSITION_DISPENSE);
    say(w, CARRIER, bulk, DISPOSITION_RETURN);
    check_held(w, CARRIER, bulk, REFUSED_QUARANTINED);
}

/* Goods that were dispensed at a time to come would be seen again unnoticed. */
static void an_end_in_the_future_hides_no_scan(void **state)
{
    struct world *w = *state;
    uint64_t now_ms = w->context.time_ms + 1000;
    world_end(w);
    world_block(w, now_ms);
    assert_int_equal(world_say(w, FARM, fate_dispose(FATE_FIRST, DISPOSITION_DISPENSE),
                               now_ms + UINT64_C(100000000)),
                     ACCEPTED);
    struct hash end = w->last;
    world_end(w);
    struct state_asset a = making_asset(w, FATE_FIRST);
    assert_true(hash_equal(&a.goods.end_by, &end) && a.goods.end_ms == now_ms);
    (void)fate_do(w, CLINIC, fate_scan(FATE_FIRST, NULL, false), now_ms + 60000);
    assert_int_equal(world_count(w, "finding " FATE_FIRST), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_than_can_be_accepted_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(rejected_goods_stay_so_when_the_quarantine_is_corrected,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_holder_of_a_lots_bulk_does_not_hold_its_units, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_lot_without_units_is_its_holders, setup, teardown),
        cmocka_unit_test_setup_teardown(an_end_in_the_future_hides_no_scan, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_at_the_last_name_fill_a_block_in_time, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
