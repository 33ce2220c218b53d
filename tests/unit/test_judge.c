/* What a rule finds, sample by sample: the cases people argue about. */
#include "contracts/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_contract.h"

#define SECOND 1000u
#define MINUTE (60u * SECOND)
#define HOUR   (60u * MINUTE)
#define NINE   UINT64_C(1767258000000) /* 2026-01-01 09:00 UTC */
#define TEN    (NINE + HOUR)

static struct support_contract c;
static struct judge_state s;
static struct judge_findings found;

static void begin(const char *rules)
{
    char yaml[2000];
    int len = snprintf(yaml, sizeof yaml,
                       "contract: t\nterms:\n  warmest: 8 °C\nmaximum gap: 30 min\n"
                       "lateness: 5 min\nwatch:\n%s",
                       rules);
    assert_true(len > 0 && (size_t)len < sizeof yaml);
    support_contract_make(yaml, &c);
    memset(&s, 0, sizeof s);
    memset(&found, 0, sizeof found);
}

/* Tenths of a degree. The state goes through its bytes each time, as it does between blocks. */
static enum judge_result warmth(uint64_t time_ms, int64_t deci)
{
    uint8_t bytes[JUDGE_MAX_STATE_BYTES];
    struct buf b = buf_fixed(bytes, sizeof bytes);
    struct err err = { 0 };
    judge_state_encode(&c.def, &s, &b);
    assert_false(b.failed);
    if (!judge_state_decode(&c.def, buf_slice(&b), &s, &err))
        fail_msg("%s", err.msg);
    struct judge_reading r = {
        .property = 1, .present = true, .exponent = -1, .time_ms = time_ms, .mantissa = deci
    };
    return judge_sample(&c.def, &c.terms, &s, &r, &found);
}

static void nothing(void)
{
    assert_int_equal(found.count, 0);
}

static void finds(size_t i, enum judge_finding_kind kind, uint64_t from_ms, uint64_t to_ms)
{
    assert_true(i < found.count);
    assert_int_equal(found.items[i].kind, kind);
    assert_int_equal(found.items[i].from_ms, from_ms);
    assert_int_equal(found.items[i].to_ms, to_ms);
}

static void peaks(size_t i, int64_t peak)
{
    assert_int_equal(found.items[i].peak, peak);
    assert_int_equal(found.items[i].peak_exponent, -1);
}

static void test_bounds_are_inclusive(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    severity: high\n");
    assert_int_equal(warmth(TEN, 80), JUDGE_DONE);
    nothing();
    struct judge_reading same = { 1, true, -3, TEN + 1, 8000 };
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &same, &found), JUDGE_DONE);
    nothing();
    same.time_ms++;
    same.mantissa++;
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &same, &found), JUDGE_DONE);
    assert_int_equal(found.count, 1);
}

static void test_each_comparison(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        int out_at[3]; /* at 7.9, 8.0 and 8.1 °C */
    } cases[] = {
        { ">", { 0, 0, 1 } }, { ">=", { 0, 1, 1 } }, { "<", { 1, 0, 0 } }, { "<=", { 1, 1, 0 } }
    };
    for (size_t i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++) {
            char rule[100];
            (void)snprintf(rule, sizeof rule,
                           "  r:\n    when: temperature %s 8 °C\n    severity: low\n",
                           cases[i].when);
            begin(rule);
            (void)warmth(TEN, 79 + k);
            assert_int_equal(found.count, cases[i].out_at[k]);
        }
}

static void test_instant_opens_and_closes_at_sample_times(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    severity: high\n");
    (void)warmth(TEN, 81);
    assert_int_equal(found.count, 1);
    finds(0, JUDGE_OPENED, TEN, TEN);
    (void)warmth(TEN + MINUTE, 91);
    nothing();
    (void)warmth(TEN + 2 * MINUTE, 85);
    nothing();
    (void)warmth(TEN + 3 * MINUTE, 80);
    assert_int_equal(found.count, 2);
    finds(0, JUDGE_CLOSED, TEN, TEN + 3 * MINUTE);
    peaks(0, 91);
    finds(1, JUDGE_CHARGE, TEN, TEN + 3 * MINUTE);
}

static void test_unbroken_is_silent_at_9_59_and_raised_at_10_00(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    for: 10 min\n    severity: high\n");
    for (uint64_t t = 0; t < 600; t++) {
        (void)warmth(TEN + t * SECOND, 81);
        nothing();
    }
    struct judge_state before = s;
    (void)warmth(TEN + 599 * SECOND + 999, 80); /* 9 min 59.999 s: ends without a word */
    nothing();
    (void)warmth(TEN + 600 * SECOND, 81);
    nothing();
    s = before;
    (void)warmth(TEN + 600 * SECOND, 81);
    assert_int_equal(found.count, 1);
    finds(0, JUDGE_OPENED, TEN, TEN + 10 * MINUTE);
}

static void test_unbroken_of_exactly_its_duration_opens_and_closes(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    for: 10 min\n    severity: high\n");
    (void)warmth(TEN, 81);
    (void)warmth(TEN + 10 * MINUTE, 80);
    assert_int_equal(found.count, 3);
    finds(0, JUDGE_OPENED, TEN, TEN + 10 * MINUTE);
    finds(1, JUDGE_CLOSED, TEN, TEN + 10 * MINUTE);
    finds(2, JUDGE_CHARGE, TEN, TEN + 10 * MINUTE);
}

static void test_dips_end_an_unbroken_run(void **state)
{
    (void)state;
    begin("  hot:\n    when: temperature >= 45 °C\n    for: 1 h\n    severity: high\n");
    uint64_t t = NINE;
    for (int i = 0; i < 20; i++) { /* 59 minutes hot, one minute not */
        for (int m = 0; m < 59; m++, t += MINUTE) {
            (void)warmth(t, 460);
            nothing();
        }
        (void)warmth(t, 449);
        nothing();
        t += MINUTE;
    }
}

static void test_who_type_1_alarm_at_ten_started_at_nine(void **state)
{
    (void)state;
    begin("  hot:\n    when: temperature >= 45 °C\n    for: 1 h\n    severity: critical\n"
          "  warm:\n    when: temperature >= 30 °C\n    total: 10 h\n    severity: critical\n"
          "  freezing:\n    when: temperature <= -0.5 °C\n    for: 1 h\n    severity: critical\n");
    for (uint64_t m = 0; m < 60; m++) {
        (void)warmth(NINE + m * MINUTE, 450);
        nothing();
    }
    (void)warmth(TEN, 450);
    assert_int_equal(found.count, 1);
    finds(0, JUDGE_OPENED, NINE, TEN);
    assert_int_equal(found.items[0].rule, 0);
    (void)warmth(TEN + MINUTE, -5);
    for (uint64_t m = 2; m < 61; m++) {
        (void)warmth(TEN + m * MINUTE, -5);
        nothing();
    }
    (void)warmth(TEN + 61 * MINUTE, -5);
    assert_int_equal(found.count, 1);
    finds(0, JUDGE_OPENED, TEN + MINUTE, TEN + 61 * MINUTE);
    assert_int_equal(found.items[0].rule, 2);
}

static void test_who_type_2_totals_add_up_over_days(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature >= 30 °C\n    total: 10 h\n    severity: high\n"
          "  mild:\n    when: temperature >= 10 °C\n    total: 20 h\n    severity: high\n");
    uint64_t warm_opened = 0;
    uint64_t mild_opened = 0;
    for (uint64_t m = 0; m < 10 * 24 * 60; m++) { /* each day 1.5 h at 31 and 3 h at 12 */
        uint64_t of_day = m % (24 * 60);
        (void)warmth(NINE + m * MINUTE, of_day < 90 ? 310 : of_day < 270 ? 120 : 50);
        for (size_t i = 0; i < found.count; i++) {
            if (found.items[i].kind != JUDGE_OPENED)
                continue;
            uint64_t *opened = found.items[i].rule == 0 ? &warm_opened : &mild_opened;
            if (*opened == 0)
                *opened = found.items[i].to_ms;
        }
    }
    /* 10 h of 1.5 h a day end 1 h into the 7th day; 20 h of 4.5 h a day 2 h into the 5th. */
    assert_int_equal(warm_opened, NINE + (6 * 24 + 1) * (uint64_t)HOUR);
    assert_int_equal(mild_opened, NINE + (4 * 24 + 2) * (uint64_t)HOUR);
}

static void test_total_charges_every_run_and_opens_in_the_one_that_reaches_it(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    total: 30 min\n    severity: high\n");
    (void)warmth(TEN, 81);
    (void)warmth(TEN + 20 * MINUTE, 80);
    assert_int_equal(found.count, 1);
    finds(0, JUDGE_CHARGE, TEN, TEN + 20 * MINUTE);
    (void)warmth(TEN + 40 * MINUTE, 95);
    nothing();
    (void)warmth(TEN + 55 * MINUTE, 90);
    assert_int_equal(found.count, 1);
    finds(0, JUDGE_OPENED, TEN + 40 * MINUTE, TEN + 50 * MINUTE);
    (void)warmth(TEN + 60 * MINUTE, 80);
    assert_int_equal(found.count, 2);
    finds(0, JUDGE_CLOSED, TEN + 40 * MINUTE, TEN + 60 * MINUTE);
    peaks(0, 95);
    finds(1, JUDGE_CHARGE, TEN + 40 * MINUTE, TEN + 60 * MINUTE);
    (void)warmth(TEN + 61 * MINUTE, 81); /* the budget is gone: the next run is out at once */
    assert_int_equal(found.count, 1);
    finds(0, JUDGE_OPENED, TEN + 61 * MINUTE, TEN + 61 * MINUTE);
}

static void test_a_gap_ends_the_run_and_a_new_one_starts_after_it(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    severity: high\n");
    (void)warmth(TEN, 81);
    (void)warmth(TEN + 30 * MINUTE, 82); /* exactly the maximum gap: still one run */
    nothing();
    (void)warmth(TEN + 30 * MINUTE + 30 * MINUTE + 1, 83);
    assert_int_equal(found.count, 3);
    finds(0, JUDGE_CLOSED, TEN, TEN + 60 * MINUTE);
    peaks(0, 82);
    finds(1, JUDGE_CHARGE, TEN, TEN + 60 * MINUTE);
    finds(2, JUDGE_OPENED, TEN + 60 * MINUTE + 1, TEN + 60 * MINUTE + 1);
}

static void test_the_gap_itself_can_break_an_unbroken_rule(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    for: 10 min\n    severity: high\n");
    (void)warmth(TEN, 81);
    (void)warmth(TEN + 2 * HOUR, 50);
    assert_int_equal(found.count, 3);
    finds(0, JUDGE_OPENED, TEN, TEN + 10 * MINUTE);
    finds(1, JUDGE_CLOSED, TEN, TEN + 30 * MINUTE);
}

static void test_a_dead_sensor_does_not_keep_an_excursion_open(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    severity: high\n");
    assert_int_equal(judge_deadline(&c.def, &c.terms, &s), 0);
    (void)warmth(NINE, 50);
    assert_int_equal(judge_deadline(&c.def, &c.terms, &s), 0);
    (void)warmth(TEN, 81);
    uint64_t due = TEN + 35 * MINUTE;
    assert_int_equal(judge_deadline(&c.def, &c.terms, &s), due);
    judge_expire(&c.def, &c.terms, &s, due - 1, &found);
    nothing();
    judge_expire(&c.def, &c.terms, &s, due, &found);
    assert_int_equal(found.count, 2);
    finds(0, JUDGE_CLOSED, TEN, TEN + 30 * MINUTE);
    peaks(0, 81);
    assert_int_equal(judge_deadline(&c.def, &c.terms, &s), 0);
    judge_expire(&c.def, &c.terms, &s, due + HOUR, &found);
    nothing();
    /* What was closed is not judged again; what comes after is a run of its own. */
    struct judge_state closed = s;
    assert_int_equal(warmth(TEN + 30 * MINUTE - 1, 99), JUDGE_NOT_JUDGED);
    nothing();
    assert_memory_equal(&closed, &s, sizeof s);
    assert_int_equal(warmth(TEN + 30 * MINUTE, 81), JUDGE_DONE);
    finds(0, JUDGE_OPENED, TEN + 30 * MINUTE, TEN + 30 * MINUTE);
}

static void test_late_samples_change_nothing(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    severity: high\n");
    (void)warmth(TEN, 81);
    struct judge_state before = s;
    assert_int_equal(warmth(TEN, 50), JUDGE_NOT_JUDGED);
    assert_int_equal(warmth(TEN - 1, 50), JUDGE_NOT_JUDGED);
    assert_int_equal(warmth(0, 200), JUDGE_NOT_JUDGED);
    nothing();
    assert_memory_equal(&before, &s, sizeof s);
}

static void test_faults_and_missing_values_are_not_data(void **state)
{
    (void)state;
    begin("  cold:\n    when: temperature < 2 °C\n    severity: high\n"
          "  dry:\n    when: humidity < 0 %RH\n    severity: low\n");
    struct judge_state before = s;
    assert_int_equal(warmth(TEN, -1270), JUDGE_NOT_DATA);
    struct judge_reading r = { 1, true, 0, TEN, -127 };
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &r, &found), JUDGE_NOT_DATA);
    r = (struct judge_reading){ 1, false, 0, TEN, 0 };
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &r, &found), JUDGE_NOT_DATA);
    assert_memory_equal(&before, &s, sizeof s);
    assert_int_equal(warmth(TEN, -1269), JUDGE_DONE);
    assert_int_equal(found.count, 1);
    r = (struct judge_reading){ 2, true, 0, TEN, -127 }; /* a fault only as a temperature */
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &r, &found), JUDGE_DONE);
    assert_int_equal(found.count, 1);
}

static void test_properties_do_not_disturb_each_other(void **state)
{
    (void)state;
    begin("  damp:\n    when: humidity > 75 %RH\n    severity: low\n"
          "  warm:\n    when: temperature > warmest\n    severity: high\n");
    (void)warmth(TEN, 81);
    assert_int_equal(found.items[0].rule, 1);
    struct judge_reading damp = { 2, true, 0, NINE, 80 }; /* its own, earlier clock */
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &damp, &found), JUDGE_DONE);
    finds(0, JUDGE_OPENED, NINE, NINE);
    assert_int_equal(found.items[0].rule, 0);
    struct judge_reading other = { 3, true, 0, TEN, 0 };
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &other, &found), JUDGE_NOT_WATCHED);
    assert_int_equal(judge_deadline(&c.def, &c.terms, &s), NINE + 35 * MINUTE);
    judge_expire(&c.def, &c.terms, &s, TEN, &found);
    assert_int_equal(found.count, 2);
    finds(0, JUDGE_CLOSED, NINE, NINE + 30 * MINUTE);
    assert_int_equal(judge_deadline(&c.def, &c.terms, &s), TEN + 35 * MINUTE);
}

static void test_the_peak_is_the_farthest_below_for_cold(void **state)
{
    (void)state;
    begin("  cold:\n    when: temperature < 2 °C\n    severity: high\n");
    (void)warmth(TEN, 10);
    (void)warmth(TEN + MINUTE, -30);
    (void)warmth(TEN + 2 * MINUTE, -20);
    (void)warmth(TEN + 3 * MINUTE, 20);
    peaks(0, -30);
}

static void test_extreme_numbers_are_compared_exactly(void **state)
{
    (void)state;
    begin("  warm:\n    when: temperature > warmest\n    severity: high\n");
    struct judge_reading r = { 1, true, 9, TEN, INT64_MAX };
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &r, &found), JUDGE_DONE);
    assert_int_equal(found.count, 1);
    r = (struct judge_reading){ 1, true, -9, TEN + 1, INT64_MIN };
    assert_int_equal(judge_sample(&c.def, &c.terms, &s, &r, &found), JUDGE_DONE);
    assert_int_equal(found.items[0].kind, JUDGE_CLOSED);
    assert_int_equal(found.items[0].peak, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_are_inclusive),
        cmocka_unit_test(test_each_comparison),
        cmocka_unit_test(test_instant_opens_and_closes_at_sample_times),
        cmocka_unit_test(test_unbroken_is_silent_at_9_59_and_raised_at_10_00),
        cmocka_unit_test(test_unbroken_of_exactly_its_duration_opens_and_closes),
        cmocka_unit_test(test_dips_end_an_unbroken_run),
        cmocka_unit_test(test_who_type_1_alarm_at_ten_started_at_nine),
        cmocka_unit_test(test_who_type_2_totals_add_up_over_days),
        cmocka_unit_test(test_total_charges_every_run_and_opens_in_the_one_that_reaches_it),
        cmocka_unit_test(test_a_gap_ends_the_run_and_a_new_one_starts_after_it),
        cmocka_unit_test(test_the_gap_itself_can_break_an_unbroken_rule),
        cmocka_unit_test(test_a_dead_sensor_does_not_keep_an_excursion_open),
        cmocka_unit_test(test_late_samples_change_nothing),
        cmocka_unit_test(test_faults_and_missing_values_are_not_data),
        cmocka_unit_test(test_properties_do_not_disturb_each_other),
        cmocka_unit_test(test_the_peak_is_the_farthest_below_for_cold),
        cmocka_unit_test(test_extreme_numbers_are_compared_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
