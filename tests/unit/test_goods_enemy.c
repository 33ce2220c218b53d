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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(more_than_can_be_accepted_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_at_the_last_name_fill_a_block_in_time, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
