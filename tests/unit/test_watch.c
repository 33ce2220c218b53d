/* Rules judged in order: each construct with its worked example. */
#include "contracts/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/reading.h"
#include "tests/unit/support_watch.h"

#define SAY(s, seq, ...)                                                        \
    do {                                                                        \
        const int64_t samples[][2] = { __VA_ARGS__ };                           \
        support_watch_say(s, seq, samples, sizeof samples / sizeof samples[0]); \
    } while (0)
#define AT(minute, ms) \
    (SUPPORT_WATCH_START + (uint64_t)(minute)*SUPPORT_WATCH_MINUTE + (uint64_t)(ms))

static struct support_watch w;

static int set_up(void **state)
{
    (void)state;
    support_watch_begin(&w);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_watch_end(&w);
    return 0;
}

static void an_instant_rule_breaks_at_the_first_reading_out(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 80 }, { 10, 81 });
    support_watch_expect(&w, "opened 0 10 at 10; ");
    SAY(&w, 2, { 15, 95 }, { 20, 80 });
    support_watch_expect(&w, "closed 0 10-20; charge 0 10-20; ");
    assert_int_equal(w.book.stretches[0].peak, 95);
    assert_int_equal(w.book.stretches[0].mean, 8800); /* 8.1 and 9.5 for five minutes each */
    assert_int_equal(w.book.stretches[0].mean_exponent, -3);
    assert_true(w.book.stretches[0].certain);
}

static void nine_minutes_59_are_silent_and_ten_begin_ten_minutes_ago(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    watch_begin(&w.watch, 1, NULL, 0);
    for (int i = 0; i < 10; i++)
        (void)support_watch_sample(&w, AT(i, 0), 81);
    (void)support_watch_sample(&w, AT(9, 59000), 81);
    support_watch_expect(&w, "");
    (void)support_watch_sample(&w, AT(10, 0), 81);
    support_watch_expect(&w, "opened 0 0 at 10; ");
    watch_end(&w.watch);
    SAY(&w, 2, { 11, 80 }, { 20, 81 }, { 29, 80 });
    support_watch_expect(&w, "closed 0 0-11; charge 0 0-11; ");
}

static void dips_under_an_hour_never_make_an_unbroken_hour(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 450, 60);
    w.definition.rules[0].op = CONTRACT_AT_LEAST;
    watch_begin(&w.watch, 1, NULL, 0);
    for (int i = 0; i < 600; i++)
        (void)support_watch_sample(&w, AT(i, 0), i % 60 == 59 ? 449 : 450);
    watch_end(&w.watch);
    support_watch_take(&w);
    support_watch_expect(&w, "");
}

/* The shipping indicators of the WHO: type I 45 for 1 h, 30 for 10 h in all; type II 10 for 20 h in all. */
static void shipping_indicators_turn_when_they_should(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 450, 60);
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 300, 600);
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, -5, 60);
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 100, 1200);
    for (size_t i = 0; i < 4; i++)
        w.definition.rules[i].op = i == 2 ? CONTRACT_AT_MOST : CONTRACT_AT_LEAST;
    watch_begin(&w.watch, 1, NULL, 0);
    int64_t minute = 0;
    for (; minute < 540; minute++) /* nine hours at 45 */
        (void)support_watch_sample(&w, AT(minute, 0), 450);
    support_watch_expect(&w, "opened 0 0 at 60; ");
    for (; minute < 660; minute++) /* two at 10 */
        (void)support_watch_sample(&w, AT(minute, 0), 100);
    support_watch_expect(&w, "closed 0 0-540; charge 0 0-540; charge 1 0-540; ");
    for (; minute <= 720; minute++) /* the tenth hour of 30 */
        (void)support_watch_sample(&w, AT(minute, 0), 300);
    support_watch_expect(&w, "opened 1 660 at 720; ");
    for (; minute < 1200; minute++)
        (void)support_watch_sample(&w, AT(minute, 0), -5);
    support_watch_expect(&w, "closed 1 660-721; charge 1 660-721; charge 3 0-721; "
                             "opened 2 721 at 781; ");
    watch_end(&w.watch);
}

static void a_hold_ends_a_millisecond_after_the_maximum_gap(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 50);
    SAY(&w, 1, { 0, 90 }, { 30, 90 }, { 60, 90 }); /* exactly the gap: goes on */
    support_watch_expect(&w, "opened 0 0 at 50; ");
    watch_begin(&w.watch, 2, NULL, 0);
    (void)support_watch_sample(&w, AT(90, 1), 90);
    support_watch_expect(&w, "closed 0 0-90; charge 0 0-90; ");
    watch_end(&w.watch);
}

static void a_band_keeps_a_run_going_but_begins_none(void **state)
{
    (void)state;
    struct contract_rule *rule = support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    rule->has_until = true;
    rule->until_op = CONTRACT_BELOW;
    w.terms.limits[0].until = 75;
    w.terms.limits[0].until_exponent = -1;
    SAY(&w, 1, { 0, 78 }, { 10, 81 }, { 20, 76 }, { 30, 75 });
    support_watch_expect(&w, "opened 0 10 at 10; ");
    SAY(&w, 2, { 40, 74 }, { 50, 79 });
    support_watch_expect(&w, "closed 0 10-40; charge 0 10-40; ");
}

static unsigned stage_at(void *ctx, uint64_t time_ms)
{
    (void)ctx;
    return time_ms < AT(20, 0) ? 0 : 1;
}

static void what_is_ignored_or_of_another_stage_is_in(void **state)
{
    (void)state;
    struct contract_rule *early = support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    struct contract_rule *staged = support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    early->has_ignore = true;
    w.terms.limits[0].ignore_ms = 10 * SUPPORT_WATCH_MINUTE;
    staged->has_stages = true;
    staged->stages = 1;
    w.watch.state_at = stage_at;
    SAY(&w, 1, { 0, 90 }, { 9, 90 }, { 10, 90 });
    support_watch_expect(&w, "opened 1 0 at 0; opened 0 10 at 10; ");
    SAY(&w, 2, { 20, 90 });
    support_watch_expect(&w, "closed 1 0-20; charge 1 0-20; ");
}

static void a_total_is_charged_before_it_is_spent_and_breaks_when_it_is(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 80, 40);
    SAY(&w, 1, { 0, 90 }, { 25, 80 }, { 30, 90 }, { 44, 90 });
    support_watch_expect(&w, "charge 0 0-25; ");
    SAY(&w, 2, { 45, 90 }, { 50, 80 }, { 60, 81 }, { 61, 80 });
    support_watch_expect(&w, "opened 0 30 at 45; closed 0 30-50; charge 0 30-50; "
                             "opened 0 60 at 60; closed 0 60-61; charge 0 60-61; ");
    assert_false(w.book.stretches[0].excursion);
    assert_int_equal(w.book.count, 3);
}

static void a_budget_given_back_takes_an_excursion_back(void **state)
{
    (void)state;
    uint64_t used[DEFINITION_MAX_RULES];
    support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 80, 40)->budget = slice_text("room");
    w.watch.carried_ms[0] = 30 * 60000;
    SAY(&w, 1, { 0, 90 }, { 12, 90 });
    support_watch_expect(&w, "opened 0 0 at 10; ");
    watch_used(&w.watch, used);
    assert_int_equal(used[0], 12 * SUPPORT_WATCH_MINUTE);
    w.watch.carried_ms[0] = 20 * 60000;
    watch_recount(&w.watch);
    support_watch_take(&w);
    support_watch_expect(&w, "revised 0 0 at 10; ");
    assert_int_equal(w.book.count, 0);
    SAY(&w, 2, { 25, 80 });
    support_watch_expect(&w, "opened 0 0 at 20; closed 0 0-25; charge 0 0-25; ");
    w.watch.carried_ms[0] = -60000;
    watch_recount(&w.watch);
    support_watch_take(&w);
    support_watch_expect(&w, "revised 0 0-25; charge 0 0-25; ");
}

static void the_sensors_accuracy_makes_out_in_and_uncertain(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 75, 0);
    w.terms.limits[0].has_sure = true; /* 8 with an accuracy of 0.5 */
    w.terms.limits[0].sure = 85;
    w.terms.limits[0].sure_exponent = -1;
    w.terms.calibrated_until_ms = AT(100, 0);
    SAY(&w, 1, { 0, 75 }, { 10, 80 }, { 20, 70 }, { 30, 80 }, { 40, 86 }, { 50, 70 });
    support_watch_expect(&w, "opened 0 10 at 10; closed 0 10-20; charge 0 10-20; "
                             "opened 0 30 at 30; closed 0 30-50; charge 0 30-50; ");
    const uint8_t device[BOOK_DEVICE_SIZE] = { 1 };
    assert_false(book_find(&w.book, 0, device, AT(10, 0))->certain);
    assert_true(book_find(&w.book, 0, device, AT(30, 0))->certain);
    SAY(&w, 2, { 100, 90 }, { 101, 70 }, { 110, 90 }, { 120, 70 });
    assert_true(book_find(&w.book, 0, device, AT(100, 0))->certain);
    assert_false(book_find(&w.book, 0, device, AT(110, 0))->certain); /* after its calibration */
}

static void a_dead_sensor_ends_its_run_and_what_lies_before_is_not_judged(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 90 });
    support_watch_expect(&w, "opened 0 0 at 0; ");
    assert_int_equal(watch_deadline(&w.watch), AT(90, 0));
    support_watch_expire(&w, 89);
    support_watch_expect(&w, "");
    support_watch_expire(&w, 90);
    support_watch_expect(&w, "closed 0 0-30; charge 0 0-30; ");
    assert_int_equal(watch_deadline(&w.watch), 0);
    watch_begin(&w.watch, 2, NULL, 0);
    assert_int_equal(support_watch_sample(&w, AT(29, 59999), 90), WATCH_NOT_JUDGED);
    assert_int_equal(support_watch_sample(&w, AT(30, 0), 90), WATCH_JUDGED);
    support_watch_expect(&w, "opened 0 30 at 30; "); /* afresh, not going on */
    watch_end(&w.watch);
}

static void silence_is_found_by_time_and_by_the_next_reading(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_SILENCE, CONTRACT_UNBROKEN, 0, 20);
    w.definition.rules[0].property = 0;
    SAY(&w, 1, { 0, 50 }, { 20, 50 }, { 41, -1270 });
    support_watch_expect(&w, "opened 0 20 at 40; closed 0 20-41; charge 0 20-41; ");
    assert_int_equal(watch_deadline(&w.watch), AT(61, 0));
    support_watch_expire(&w, 61);
    support_watch_expect(&w, "opened 0 41 at 61; ");
    SAY(&w, 2, { 61, 50 }); /* it had come in time, and was only late in travelling */
    support_watch_expect(&w, "revised 0 41 at 61; ");
    support_watch_expire(&w, 90);
    SAY(&w, 3, { 95, 50 });
    support_watch_expect(&w, "opened 0 61 at 81; closed 0 61-95; charge 0 61-95; ");
}

static void a_fault_is_no_excursion_of_the_goods(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    (void)support_watch_rule(&w, CONTRACT_FAULT, CONTRACT_INSTANT, 0, 0);
    w.definition.sensor_count = 1;
    w.definition.sensors[0] =
        (struct contract_sensor){ .property = PROPERTY_TEMPERATURE, .has_range = true };
    w.terms.ranges[0] = (struct contract_range){ -40, 85, 0, 0 };
    watch_begin(&w.watch, 1, NULL, 0);
    assert_int_equal(support_watch_sample(&w, AT(0, 0), 50), WATCH_JUDGED);
    assert_int_equal(support_watch_sample(&w, AT(1, 0), -1270), WATCH_NOT_DATA);
    assert_int_equal(support_watch_sample(&w, AT(2, 0), 851), WATCH_NOT_DATA);
    assert_int_equal(support_watch_sample(&w, AT(3, 0), SUPPORT_WATCH_ABSENT), WATCH_NOT_DATA);
    assert_int_equal(support_watch_sample(&w, AT(4, 0), 850), WATCH_JUDGED);
    assert_int_equal(support_watch_sample(&w, SUPPORT_WATCH_START - 1, 90), WATCH_NOT_WATCHED);
    watch_end(&w.watch);
    support_watch_expect(&w, "opened 1 1 at 1; opened 0 4 at 4; closed 1 1-4; charge 1 1-4; ");
}

static void equal_values_for_long_are_a_stuck_sensor(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_STUCK, CONTRACT_UNBROKEN, 0, 40);
    SAY(&w, 1, { 0, 50 }, { 20, 51 }, { 40, 51 });
    support_watch_expect(&w, "");
    SAY(&w, 2, { 60, 51 }, { 70, 52 });
    support_watch_expect(&w, "opened 0 20 at 60; closed 0 20-70; charge 0 20-70; ");
    assert_int_equal(w.book.stretches[0].peak, 51);
    assert_int_equal(w.book.stretches[0].mean, 51);
}

/* Half-hour steps: a window of twelve hours. */
static void a_kinetic_mean_breaks_at_the_end_of_a_step(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_KINETIC, CONTRACT_UNBROKEN, 250, 720);
    watch_begin(&w.watch, 1, NULL, 0);
    int64_t minute = 0;
    for (; minute < 720; minute += 10)
        (void)support_watch_sample(&w, AT(minute, 0), 200);
    support_watch_expect(&w, "");
    for (; minute < 1080; minute += 10)
        (void)support_watch_sample(&w, AT(minute, 0), 300);
    (void)support_watch_sample(&w, AT(minute, 0), 200);
    assert_true(w.book.count == 1 && w.book.stretches[0].open);
    assert_in_range(w.book.stretches[0].peak, 2590, 2700); /* the step just over counts */
    minute += 10;
    for (; minute <= 2160; minute += 10)
        (void)support_watch_sample(&w, AT(minute, 0), 200);
    watch_end(&w.watch);
    support_watch_take(&w);
    const struct book_stretch *s = &w.book.stretches[0];
    assert_int_equal(w.book.count, 1);
    assert_true(s->excursion && !s->open);
    assert_int_equal(s->from_ms, SUPPORT_WATCH_START + (s->broken_ms - AT(720, 0)));
    assert_true(s->peak >= 2600 && s->peak < 2700); /* six hours of 20 and of 30 */
    assert_int_equal(s->peak_exponent, -2);
}

static void a_whole_journeys_mean_comes_and_goes(void **state)
{
    (void)state;
    support_watch_rule(&w, CONTRACT_KINETIC, CONTRACT_INSTANT, 80, 0)->whole_journey = true;
    SAY(&w, 1, { 0, 50 }, { 10, 140 }, { 20, 140 });
    support_watch_expect(&w, "opened 0 0 at 0; ");
    SAY(&w, 2, { 30, 20 }, { 60, 20 }, { 90, 20 }, { 120, 20 }, { 150, 20 }, { 180, 20 });
    support_watch_expect(&w, "revised 0 0 at 0; ");
    assert_int_equal(w.book.count, 0);
}

static void findings_follow_the_rules_not_the_device_count(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 90 }, { 1, 80 });
    support_watch_expect(&w, "opened 0 0 at 0; closed 0 0-1; charge 0 0-1; ");
    (void)watch_state_decode(&w.definition, slice_of(NULL, 0), w.watch.state, NULL);
    w.watch.device[0] = 2; /* another logger in the same box */
    SAY(&w, 1, { 0, 90 }, { 1, 80 });
    support_watch_expect(&w, "opened 0 0 at 0; closed 0 0-1; charge 0 0-1; ");
    assert_int_equal(w.book.count, 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(an_instant_rule_breaks_at_the_first_reading_out),
        CASE(nine_minutes_59_are_silent_and_ten_begin_ten_minutes_ago),
        CASE(dips_under_an_hour_never_make_an_unbroken_hour),
        CASE(shipping_indicators_turn_when_they_should),
        CASE(a_hold_ends_a_millisecond_after_the_maximum_gap),
        CASE(a_band_keeps_a_run_going_but_begins_none),
        CASE(what_is_ignored_or_of_another_stage_is_in),
        CASE(a_total_is_charged_before_it_is_spent_and_breaks_when_it_is),
        CASE(a_budget_given_back_takes_an_excursion_back),
        CASE(the_sensors_accuracy_makes_out_in_and_uncertain),
        CASE(a_dead_sensor_ends_its_run_and_what_lies_before_is_not_judged),
        CASE(silence_is_found_by_time_and_by_the_next_reading),
        CASE(a_fault_is_no_excursion_of_the_goods),
        CASE(equal_values_for_long_are_a_stuck_sensor),
        CASE(a_kinetic_mean_breaks_at_the_end_of_a_step),
        CASE(a_whole_journeys_mean_comes_and_goes),
        CASE(findings_follow_the_rules_not_the_device_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
