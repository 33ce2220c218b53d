/* A stability budget that follows the goods from one shipment's contract to the next one's. */
#include "tests/unit/support_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BUDGET "room temperature"

static const char yaml[] = "contract: test\nversion: 1\nsummary: For tests.\n"
                           "roles:\n  shipper: packs the goods\n  clinic: receives them\n"
                           "parties:\n  sender: shipper\n  receiver: clinic\n"
                           "maximum gap: 30 min\n"
                           "lateness: 24 h\n"
                           "watch:\n"
                           "  warm in all:\n"
                           "    when: temperature > 8 °C\n"
                           "    total: 60 min\n"
                           "    budget: room temperature\n"
                           "    severity: critical\n"
                           "quality: [clinic]\n";

static int setup(void **state)
{
    *state = judging_world();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

/* Warm for `count` minutes from minute `first`, cold around. */
static void warm(struct world *w, enum world_key device, unsigned first, unsigned count)
{
    world_block(w, MINUTES(first + count + 1));
    int centi[200];
    for (unsigned i = 0; i <= count + 1; i++)
        centi[i] = i == 0 || i == count + 1 ? 450 : 900;
    judging_say(w, device, judging_minutes(centi, count + 2), MINUTES(first + count));
}

static struct hash add_back(struct world *w, const struct hash *opening, int minutes,
                            enum refusal expected)
{
    struct kit_argument a[] = { kit_text("budget", BUDGET),
                                kit_quantity("time", minutes * 60, 0, "s"),
                                kit_text("meaning", "released by stability data"),
                                kit_text("reason", "study 17 covers it") };
    enum refusal code =
        world_say(w, CLINIC, kit_call(opening, "add back", a, 4, NULL), w->context.time_ms);
    struct hash call = w->last;
    world_end(w);
    if (code != expected)
        fail_msg("%s: %s", refusal_name(code), w->detail);
    return call;
}

static enum refusal undo(struct world *w, const struct hash *opening, const struct hash *call)
{
    struct kit_argument a[] = { kit_bytes("call", hash_slice(call)),
                                kit_text("meaning", "withdrawn"),
                                kit_text("reason", "wrong study") };
    enum refusal code =
        world_say(w, CLINIC, kit_call(opening, "undo add back", a, 3, NULL), w->context.time_ms);
    world_end(w);
    return code;
}

/* 40 minutes of the 60 are used before the second shipment begins: its 30 are too many. */
static void a_budget_follows_the_goods(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, yaml, MINUTES(1));
    warm(w, LOGGER, 100, 40);
    assert_int_equal(world_count(w, "excursion"), 0);
    (void)judging_open_at(w, yaml, MINUTES(300));
    warm(w, LOGGER, 400, 30);
    /* the first contract goes on judging, for it has no end: both see the whole of it */
    assert_int_equal(world_count(w, "excursion_opened " UNIT " 0 +400m # logger at +420m"), 2);
    assert_int_equal(world_count(w, "revision"), 0);
}

/* Two devices see the same minutes: they are used once. */
static void the_largest_of_the_devices_counts(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, yaml, MINUTES(1));
    warm(w, LOGGER, 100, 40);
    warm(w, TRACKER, 100, 35);
    (void)judging_open_at(w, yaml, MINUTES(300));
    warm(w, TRACKER, 400, 30);
    /* the second contract carries 40; the first one counts the tracker's own 35 */
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +400m # tracker at +420m"));
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +400m # tracker at +425m"));
}

/* 55 of the 60 minutes stand for the second contract; the first one, which is still open, is not excused. */
static void time_is_added_back_and_that_is_undone(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, yaml, MINUTES(1));
    warm(w, LOGGER, 100, 40);
    struct hash second = judging_open_at(w, yaml, MINUTES(300));
    warm(w, LOGGER, 400, 30);
    assert_int_equal(world_count(w, "excursion_opened"), 2);
    struct hash call = add_back(w, &second, 15, ACCEPTED);
    assert_true(world_has(w, "added_back " UNIT " # " BUDGET " 900000 #"));
    assert_int_equal(world_count(w, "revision " UNIT " 0 +400m # logger yes"), 1);
    assert_int_equal(world_count(w, "excursion_opened"), 2);
    assert_int_equal(undo(w, &second, &call), ACCEPTED);
    assert_true(world_has(w, "add_back_undone " UNIT " # " BUDGET " 900000 #"));
    assert_int_equal(world_count(w, "excursion_opened " UNIT " 0 +400m # logger at +420m"), 3);
    assert_int_not_equal(undo(w, &second, &call), ACCEPTED); /* undone already */
    assert_int_equal(world_count(w, "add_back_undone"), 1);
}

/* What the first shipment used is given back under its own contract, and the second one carries less. */
static void what_is_given_back_is_not_carried(void **state)
{
    struct world *w = *state;
    struct hash first = judging_open_at(w, yaml, MINUTES(1));
    warm(w, LOGGER, 100, 40);
    (void)judging_open_at(w, yaml, MINUTES(300));
    warm(w, LOGGER, 400, 30);
    assert_int_equal(world_count(w, "excursion_opened"), 2);
    (void)add_back(w, &first, 15, ACCEPTED);
    assert_int_equal(world_count(w, "revision " UNIT " 0 +400m # logger yes"), 2);
}

/* Whoever is charged opens a contract of their own with a budget of this name: it excuses nothing. */
static void another_contract_excuses_nothing(void **state)
{
    struct world *w = *state;
    struct hash own = judging_open_at(w, yaml, MINUTES(1));
    struct hash agreed = judging_open_at(w, yaml, MINUTES(50));
    warm(w, LOGGER, 100, 70);
    assert_int_equal(world_count(w, "excursion_opened"), 2);
    struct hash call =
        add_back(w, &own, 60, ACCEPTED); /* all but ten minutes of what it found itself */
    assert_int_equal(world_count(w, "revision " UNIT " 0 +100m # logger yes"), 1);
    struct hash late = judging_open_at(w, yaml, MINUTES(300));
    (void)add_back(w, &late, 10, REFUSED_BAD_ARGUMENT);      /* under it nothing was used */
    assert_int_not_equal(undo(w, &agreed, &call), ACCEPTED); /* not its own to undo */
    assert_int_equal(undo(w, &own, &call), ACCEPTED);
}

static void no_more_is_added_back_than_was_used(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, yaml, MINUTES(1));
    warm(w, LOGGER, 100, 40);
    (void)add_back(w, &opening, 41, REFUSED_BAD_ARGUMENT);
    (void)add_back(w, &opening, 30, ACCEPTED);
    (void)add_back(w, &opening, 11, REFUSED_BAD_ARGUMENT);
    (void)add_back(w, &opening, 10, ACCEPTED);
    assert_int_equal(world_count(w, "added_back"), 2);
}

/* News from the first shipment that came late breaks the second one's total. */
static void late_news_of_an_earlier_shipment_counts(void **state)
{
    struct world *w = *state;
    int hot[42];
    (void)judging_open_at(w, yaml, MINUTES(1));
    for (int i = 0; i < 42; i++)
        hot[i] = i == 0 || i == 41 ? 450 : 900;
    struct judging_letter late = judging_sign(w, LOGGER, judging_minutes(hot, 42), MINUTES(141));
    (void)judging_open_at(w, yaml, MINUTES(300));
    warm(w, LOGGER, 400, 30);
    assert_int_equal(world_count(w, "excursion"), 0);
    assert_int_equal(judging_post(w, &late), ACCEPTED);
    assert_int_equal(world_count(w, "excursion_opened " UNIT " 0 +400m # logger at +420m"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_budget_follows_the_goods, setup, teardown),
        cmocka_unit_test_setup_teardown(the_largest_of_the_devices_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(time_is_added_back_and_that_is_undone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_given_back_is_not_carried, setup, teardown),
        cmocka_unit_test_setup_teardown(another_contract_excuses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_is_added_back_than_was_used, setup, teardown),
        cmocka_unit_test_setup_teardown(late_news_of_an_earlier_shipment_counts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
