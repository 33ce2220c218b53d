#include "contracts/mkt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MINUTE_MS 60000

/* e^x for -60 <= x <= 0, without the table: a power series of a small part, squared. */
static long double exponential(long double x)
{
    long double part = x / 1024;
    long double sum = 1;
    long double term = 1;
    for (int i = 1; i < 20; i++) {
        term *= part / (long double)i;
        sum += term;
    }
    for (int i = 0; i < 10; i++)
        sum *= sum;
    return sum;
}

static long double heat_at(long double celsius)
{
    return exponential(-10000 / (celsius + 273.15L));
}

static void every_entry_is_the_formula_s(void **state)
{
    (void)state;
    const size_t last = MKT_TABLE_SIZE - 1;
    long double scale = (long double)mkt_table[last] / heat_at(150);
    assert_int_equal(mkt_table[last], UINT64_C(1) << 58);
    for (int i = 0; i < MKT_TABLE_SIZE; i++) {
        long double expected = heat_at(((long double)i - 1000.0L) / 10.0L) * scale;
        long double off = expected - (long double)mkt_table[i];
        long double allowed = 0.51L + expected * 1e-14L;
        assert_true(off < allowed && off > -allowed);
        assert_true(i == 0 || mkt_table[i] > mkt_table[i - 1]);
    }
}

static void heat_rises_between_entries_and_stops_at_the_ends(void **state)
{
    (void)state;
    for (int64_t t = MKT_MIN_CENTI_C; t < MKT_MAX_CENTI_C; t++)
        assert_true(mkt_heat(t) < mkt_heat(t + 1));
    assert_int_equal(mkt_heat(MKT_MIN_CENTI_C), mkt_heat(INT64_MIN));
    assert_int_equal(mkt_heat(MKT_MAX_CENTI_C), mkt_heat(INT64_MAX));
    assert_true(mkt_heat(MKT_MAX_CENTI_C) < UINT64_C(1) << 62);
}

/* So many one-minute samples at one temperature, each holding a minute. */
static void add_hours(struct mkt_sum *sum, int64_t centi_c, int hours)
{
    for (int i = 0; i < hours * 60; i++)
        mkt_add(sum, mkt_heat(centi_c), mkt_heat(centi_c), MINUTE_MS);
}

static int64_t mean_of(const struct mkt_sum *sum)
{
    int64_t mean = INT64_MIN;
    assert_true(mkt_mean(sum, &mean));
    return mean;
}

static void textbook_values_come_out_to_a_hundredth(void **state)
{
    (void)state;
    struct mkt_sum year = { 0 };
    add_hours(&year, 2500, 52 * 7 * 24);
    assert_int_equal(mean_of(&year), 2500);

    struct mkt_sum store = { 0 };
    add_hours(&store, 2300, 200);
    add_hours(&store, 2800, 20);
    add_hours(&store, 3000, 8);
    add_hours(&store, 2100, 300);
    assert_int_equal(mean_of(&store), 2236);

    struct mkt_sum day = { 0 };
    add_hours(&day, 500, 20);
    add_hours(&day, 1400, 4);
    assert_int_equal(mean_of(&day), 733);

    struct mkt_sum other = { 0 };
    add_hours(&other, 500, 18);
    add_hours(&other, 1400, 6);
    assert_int_equal(mean_of(&other), 829);
}

static void one_temperature_is_its_own_mean(void **state)
{
    (void)state;
    for (int64_t t = MKT_MIN_CENTI_C; t <= MKT_MAX_CENTI_C; t++) {
        struct mkt_sum sum = { 0 };
        mkt_add(&sum, mkt_heat(t), mkt_heat(t), 977);
        assert_int_equal(mean_of(&sum), t);
    }
}

static void a_half_goes_to_the_even_hundredth(void **state)
{
    (void)state;
    struct mkt_sum up = { 0 };
    mkt_add(&up, mkt_heat(501), mkt_heat(502), 10); /* 5.015: the line is straight there */
    assert_int_equal(mean_of(&up), 502);
    struct mkt_sum down = { 0 };
    mkt_add(&down, mkt_heat(502), mkt_heat(503), 10);
    assert_int_equal(mean_of(&down), 502);
}

static void parts_add_up_in_any_order_and_come_off_again(void **state)
{
    (void)state;
    struct mkt_sum a = { 0 };
    struct mkt_sum b = { 0 };
    struct mkt_sum all = { 0 };
    int64_t mean;
    mkt_add(&a, mkt_heat(500), mkt_heat(900), 1000);
    mkt_add(&b, mkt_heat(-2000), mkt_heat(4000), 7);
    mkt_add(&all, mkt_heat(-2000), mkt_heat(4000), 7);
    mkt_add(&all, mkt_heat(500), mkt_heat(900), 1000);
    mkt_join(&a, &b);
    assert_true(a.heat == all.heat && a.weight_ms == all.weight_ms);
    mkt_remove(&a, mkt_heat(-2000), mkt_heat(4000), 7);
    mkt_remove(&a, mkt_heat(500), mkt_heat(900), 1000);
    assert_true(a.heat == 0 && a.weight_ms == 0);
    assert_false(mkt_mean(&a, &mean));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_the_formula_s),
        cmocka_unit_test(heat_rises_between_entries_and_stops_at_the_ends),
        cmocka_unit_test(textbook_values_come_out_to_a_hundredth),
        cmocka_unit_test(one_temperature_is_its_own_mean),
        cmocka_unit_test(a_half_goes_to_the_even_hundredth),
        cmocka_unit_test(parts_add_up_in_any_order_and_come_off_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
