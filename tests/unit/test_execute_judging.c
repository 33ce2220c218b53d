/* What the ledger makes of silence, late readings and dead sensors. */
#include "tests/unit/support_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                        \
    "contract: test\nversion: 1\nsummary: For tests.\n"             \
    "roles:\n  shipper: packs the goods\n  clinic: receives them\n" \
    "parties:\n  sender: shipper\n  receiver: clinic\n"

/* Gap 30 min, lateness 24 h: nothing is too late here. */
static const char warm_yaml[] = HEAD "maximum gap: 30 min\nlateness: 24 h\nwatch:\n"
                                     "  too warm:\n    when: temperature > 8 °C\n    for: 10 min\n"
                                     "    severity: high\n";

static const char silent_yaml[] = HEAD "maximum gap: 30 min\nlateness: 24 h\nwatch:\n"
                                       "  silence:\n    no reading for: 60 min\n"
                                       "    severity: medium\n";

static const char named_yaml[] =
    "contract: test\nversion: 1\nsummary: For tests.\n"
    "roles:\n  shipper: packs the goods\n  clinic: receives them\n"
    "  logger: { is: device, does: reports temperature }\n"
    "parties:\n  sender: shipper\n  receiver: clinic\n  sensor: logger\n"
    "maximum gap: 30 min\nlateness: 24 h\nwatch:\n"
    "  too warm:\n    when: temperature > 8 °C\n    for: 10 min\n    severity: high\n"
    "  silence:\n    no reading for: 60 min\n    severity: low\n";

static const char both_yaml[] = HEAD "maximum gap: 30 min\nlateness: 24 h\nwatch:\n"
                                     "  too warm:\n    when: temperature > 8 °C\n    for: 10 min\n"
                                     "    severity: high\n"
                                     "  silence:\n    no reading for: 30 h\n    severity: low\n";

/* Above 8 °C in minutes [240, 300). */
static int centi_at(unsigned minute)
{
    return minute >= 240 && minute < 300 ? 900 : 450;
}

static struct statement pack(unsigned first, unsigned count)
{
    int centi[600];
    for (unsigned i = 0; i < count; i++)
        centi[i] = centi_at(first + i);
    return judging_minutes(centi, count);
}

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

/* ------------------------------------------------------------------ silence */

/* No statement at all arrives: block time alone raises it, and a reading ends it. */
static void silence_is_raised_by_block_time(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, silent_yaml, MINUTES(10));
    world_block(w, MINUTES(30));
    judging_report_flat(w, LOGGER, 11, 20, 450); /* the last at 30 */
    world_block(w, MINUTES(90) - 1);
    assert_int_equal(world_count(w, "excursion"), 0);
    world_block(w, MINUTES(90));
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +30m # logger at +90m"));
    assert_true(w->events[w->event_count - 1].of_timer);
    world_block(w, MINUTES(500));
    assert_int_equal(world_count(w, "excursion"), 1);
    judging_report_flat(w, LOGGER, 495, 1, 450);
    assert_true(
        world_has(w, "excursion_closed " UNIT " 0 +30m +495m 0 0 # logger 0 0 yes at +495m"));
    assert_true(world_has(w, "charged " UNIT " 0 farm 27900 +30m # logger at +495m"));
}

/* A device that goes on reporting moves nothing, and its timer finds nothing when it comes early. */
static void a_reporting_device_is_not_silent(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, silent_yaml, MINUTES(10));
    for (unsigned m = 20; m < 400; m += 50) {
        world_block(w, MINUTES(m + 1));
        judging_report_flat(w, LOGGER, m, 1, 450);
    }
    world_block(w, MINUTES(370 + 60) - 1);
    assert_int_equal(world_count(w, "excursion"), 0);
    world_block(w, MINUTES(370 + 60));
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +370m # logger at +430m"));
}

/* The news of a sample was a minute late: silence was raised already, and is taken back. */
static void silence_that_was_none_is_taken_back(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, silent_yaml, MINUTES(10));
    world_block(w, MINUTES(20));
    judging_report_flat(w, LOGGER, 20, 1, 450);
    world_block(w, MINUTES(81));
    judging_report_flat(w, LOGGER, 80, 1, 450); /* 60 min after one is not more than 60 */
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +20m # logger at +80m"));
    assert_true(world_has(w, "revision " UNIT " 0 +20m # logger yes"));
    assert_int_equal(judging_book_bytes(w, &opening).len, 0);
}

static void never_heard_is_silence(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, silent_yaml, MINUTES(10));
    world_block(w, MINUTES(70) - 1);
    assert_int_equal(world_count(w, "excursion"), 0);
    world_block(w, MINUTES(70));
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +10m # # at +70m"));
    assert_true(w->events[w->event_count - 1].of_timer);
    world_block(w, MINUTES(120));
    judging_report_flat(w, LOGGER, 100, 10, 450);
    assert_true(world_has(w, "excursion_closed " UNIT " 0 +10m +100m 0 0 # # 0 0 yes at +100m"));
    assert_true(world_has(w, "charged " UNIT " 0 farm 5400 +10m # # at +100m"));
    /* another device had been there before: what was said is taken back, and said anew */
    judging_report_flat(w, TRACKER, 90, 1, 450);
    assert_true(world_has(w, "revision " UNIT " 0 +10m # # yes"));
    assert_true(world_has(w, "excursion_closed " UNIT " 0 +10m +90m 0 0 # # 0 0 yes at +90m"));
    assert_true(world_has(w, "charged " UNIT " 0 farm 4800 +10m # # at +90m"));
    assert_true(judging_book_bytes(w, &opening).len > 0);
}

/* It was heard in time, and only the news of it was late. */
static void news_that_was_late_takes_silence_back(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, silent_yaml, MINUTES(10));
    world_block(w, MINUTES(80));
    judging_report_flat(w, LOGGER, 50, 1, 450);
    assert_true(world_has(w, "revision " UNIT " 0 +10m # # yes"));
    assert_int_equal(world_count(w, "excursion_closed"), 0);
    assert_int_equal(judging_book_bytes(w, &opening).len, 0);
    assert_int_equal(world_count(w, "charged"), 0);
}

static void someone_was_heard_in_time(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, silent_yaml, MINUTES(10));
    world_block(w, MINUTES(60));
    judging_report_flat(w, TRACKER, 40, 20, 450);
    world_block(w, MINUTES(70));
    assert_int_equal(world_count(w, "excursion"), 0);
}

/* ------------------------------------------------------------------ what is late */

/* A hole of ten minutes in the heat is filled in later: one excursion, where two were found. */
static void a_late_statement_revises(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(1));
    struct judging_letter first = judging_sign(w, LOGGER, pack(200, 55), MINUTES(254));
    struct judging_letter hole = judging_sign(w, LOGGER, pack(255, 10), MINUTES(264));
    struct judging_letter last = judging_sign(w, LOGGER, pack(265, 60), MINUTES(324));
    world_block(w, MINUTES(330));
    assert_int_equal(judging_post(w, &first), ACCEPTED);
    assert_int_equal(judging_post(w, &last), ACCEPTED);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +240m # logger at +250m"));
    assert_true(
        world_has(w, "excursion_closed " UNIT " 0 +240m +300m 900 -2 # logger 9000 -3 yes"));
    assert_int_equal(judging_post(w, &hole), ACCEPTED); /* as hot as around it: nothing changes */
    world_end(w);
    assert_int_equal(w->flags & FLAG_FILLS, FLAG_FILLS);
    assert_int_equal(world_count(w, "revision"), 0);
    assert_true(judging_book_bytes(w, &opening).len > 0);
}

/* What is missing was cold: the excursion that was told had been two short ones. */
static void a_late_cold_statement_takes_an_excursion_back(void **state)
{
    static const int cold[] = { 450, 450, 450, 450, 450 };
    struct world *w = *state;
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(1));
    int hot[8] = { 900, 900, 900, 900, 900, 900, 900, 900 }, end[2] = { 900, 450 };
    struct judging_letter a = judging_sign(w, LOGGER, judging_minutes(hot, 8), MINUTES(107));
    struct judging_letter b = judging_sign(w, LOGGER, judging_minutes(cold, 5), MINUTES(112));
    struct judging_letter c = judging_sign(w, LOGGER, judging_minutes(end, 2), MINUTES(114));
    world_block(w, MINUTES(120));
    assert_int_equal(judging_post(w, &a), ACCEPTED);
    assert_int_equal(judging_post(w, &c), ACCEPTED);
    assert_true(
        world_has(w, "excursion_closed " UNIT " 0 +100m +114m 900 -2 # logger 9000 -3 yes"));
    assert_true(world_has(w, "charged " UNIT " 0 farm 840 +100m # logger at +114m"));
    assert_int_equal(judging_post(w, &b), ACCEPTED);
    assert_true(world_has(w, "revision " UNIT " 0 +100m # logger yes"));
    assert_int_equal(world_count(w, "charged"), 1);
    char *charges = judging_final_charges(w);
    assert_string_equal(charges, "");
    free(charges);
    assert_int_equal(judging_book_bytes(w, &opening).len, 0);
}

/* A statement that steps back in time, or comes when all around it is settled, is kept and says so. */
static void what_is_not_judged_is_told(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, warm_yaml, MINUTES(1));
    world_block(w, MINUTES(200));
    judging_report_flat(w, LOGGER, 180, 10, 450);
    judging_report_flat(w, LOGGER, 150, 10, 900);
    world_end(w);
    assert_int_equal(w->flags, FLAG_ROLLBACK);
    assert_true(world_has(w, "not_judged " UNIT " logger +150m +159m # at +159m"));
    assert_int_equal(world_count(w, "recorded " UNIT), 2);
    assert_int_equal(world_count(w, "excursion"), 0);
}

/* ------------------------------------------------------------------ who and when */

/* Samples from before the contract is in force are not its business. */
static void what_was_before_the_start_is_not_judged(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, warm_yaml, MINUTES(280));
    world_block(w, MINUTES(340));
    judging_say(w, LOGGER, pack(200, 140), MINUTES(339));
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +280m"));
    assert_int_equal(world_count(w, "not_judged"), 0);
}

/* Each device is judged by itself, and both are told apart. */
static void two_devices_have_two_excursions(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, warm_yaml, MINUTES(1));
    world_block(w, MINUTES(340));
    judging_say(w, LOGGER, pack(200, 140), MINUTES(339));
    judging_say(w, TRACKER, pack(250, 90), MINUTES(339));
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +240m # logger at +250m"));
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +250m # tracker at +260m"));
    assert_true(world_has(w, "charged " UNIT " 0 farm 3600 +240m # logger at +300m"));
    assert_true(world_has(w, "charged " UNIT " 0 farm 3000 +250m # tracker at +300m"));
}

/* A contract that names its sensor listens to no other, and waits for no other. */
static void a_named_sensor_is_the_only_one(void **state)
{
    struct world *w = *state;
    const struct kit_party parties[] = { { "sender", *world_kid(w, FARM) },
                                         { "receiver", *world_kid(w, CLINIC) },
                                         { "sensor", *world_kid(w, LOGGER) } };
    const struct kit_opening o = { .definition = judging_compile(named_yaml),
                                   .asset = UNIT,
                                   .parties = parties,
                                   .party_count = 3,
                                   .expires_ms = MINUTES(60) };
    world_block(w, MINUTES(1));
    judging_say(w, FARM, kit_open_with(&o), MINUTES(1));
    struct hash opening = w->last;
    judging_say(w, CLINIC, kit_agree(&opening, false), MINUTES(1));
    world_block(w, MINUTES(59));
    judging_report_flat(w, TRACKER, 20, 30, 900);
    assert_int_equal(world_count(w, "excursion"), 0);
    world_block(w, MINUTES(61));
    assert_true(world_has(w, "excursion_opened " UNIT " 1 +1m # # at +61m"));
    judging_report_flat(w, LOGGER, 20, 30, 900);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +20m # logger at +30m"));
    assert_true(world_has(w, "revision " UNIT " 1 +1m # # yes"));
}

/* The timer that stands is early; it is armed again and closes the excursion when it is time. */
static void a_dead_sensor_ends_its_run(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, warm_yaml, MINUTES(1));
    for (unsigned m = 240; m < 290; m += 10) {
        world_block(w, MINUTES(m + 10));
        judging_say(w, LOGGER, pack(m, 10), MINUTES(m + 9));
    }
    world_block(w, MINUTES(289 + 30 + 1440) - 1);
    assert_int_equal(world_count(w, "excursion_closed"), 0);
    world_block(w, MINUTES(289 + 30 + 1440));
    assert_true(
        world_has(w, "excursion_closed " UNIT " 0 +240m +319m 900 -2 # logger 9000 -3 yes"));
    assert_true(w->events[w->event_count - 1].of_timer);
    /* what it says of that time afterwards is kept, not judged */
    judging_say(w, LOGGER, pack(295, 3), MINUTES(297));
    assert_true(world_has(w, "not_judged " UNIT " logger +295m +297m"));
}

/* The timer stood for silence in 30 h; a run that begins has an earlier end to wait for. */
static void an_earlier_deadline_moves_the_timer(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, both_yaml, MINUTES(1));
    world_block(w, MINUTES(239));
    judging_say(w, LOGGER, pack(230, 9), MINUTES(238));
    world_block(w, MINUTES(260));
    judging_say(w, LOGGER, pack(239, 20), MINUTES(258));
    world_block(w, MINUTES(258 + 30 + 1440) - 1);
    assert_int_equal(world_count(w, "excursion_closed"), 0);
    world_block(w, MINUTES(258 + 30 + 1440));
    assert_int_equal(world_count(w, "excursion_closed " UNIT " 0 +240m +288m"), 1);
    assert_int_equal(world_count(w, "excursion_opened " UNIT " 1"), 0);
    world_block(w, MINUTES(258 + 1800));
    assert_int_equal(world_count(w, "excursion_opened " UNIT " 1 +258m"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(silence_is_raised_by_block_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reporting_device_is_not_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_that_was_none_is_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(never_heard_is_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(news_that_was_late_takes_silence_back, setup, teardown),
        cmocka_unit_test_setup_teardown(someone_was_heard_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_late_statement_revises, setup, teardown),
        cmocka_unit_test_setup_teardown(a_late_cold_statement_takes_an_excursion_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_not_judged_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_before_the_start_is_not_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(two_devices_have_two_excursions, setup, teardown),
        cmocka_unit_test_setup_teardown(a_named_sensor_is_the_only_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dead_sensor_ends_its_run, setup, teardown),
        cmocka_unit_test_setup_teardown(an_earlier_deadline_moves_the_timer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
