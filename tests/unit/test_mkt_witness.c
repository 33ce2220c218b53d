/*
 * The integer mean kinetic temperature against two that share nothing with it but the formula: vectors that
 * tests/support/mkt_witness.py made with 40 decimal digits, and the floating point of the reference. Within
 * 0.01 degrees of the true value, whatever the spacing and the order.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "contracts/mkt.h"
#include "tests/support/watch_reference.h"
#include "tests/support/watch_world.h"

#define VECTORS "tests/vectors/mkt.txt"
#define SAMPLES 64

struct sample {
    uint64_t ms;
    int64_t centi;
};

static int64_t mean_of(const struct sample *s, size_t count)
{
    struct mkt_sum sum = { 0 };
    int64_t centi = INT64_MIN;
    for (size_t i = 1; i < count; i++)
        mkt_add(&sum, mkt_heat(s[i - 1].centi), mkt_heat(s[i].centi), s[i].ms);
    assert_true(mkt_mean(&sum, &centi));
    return centi;
}

static void assert_near(const char *name, double expected, int64_t centi)
{
    if (fabs(expected - (double)centi / 100) > 0.01)
        fail_msg("%s: %.4f expected, %.2f found", name, expected, (double)centi / 100);
}

static void agrees_with_forty_decimal_digits(void **state)
{
    (void)state;
    FILE *f = fopen(VECTORS, "r");
    assert_non_null(f);
    static char line[4096];
    size_t cases = 0;
    double worst = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        struct sample s[SAMPLES];
        size_t count = 0;
        char *rest = line, *name = strsep(&rest, " ");
        double expected = (double)strtoll(strsep(&rest, " "), NULL, 10) / 10000;
        for (char *word; (word = strsep(&rest, " ")) != NULL; count++) {
            assert_true(count < SAMPLES);
            s[count].ms = strtoull(word, &word, 10);
            s[count].centi = strtoll(word + 1, NULL, 10);
        }
        int64_t centi = mean_of(s, count);
        assert_near(name, expected, centi);
        worst = fmax(worst, fabs(expected - (double)centi / 100));
        cases++;
    }
    fclose(f);
    assert_true(cases >= 100);
    print_message("%zu vectors, at most %.5f degrees off\n", cases, worst);
}

static void agrees_with_floating_point_for_any_spacing(void **state)
{
    (void)state;
    struct watch_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->seed = 79;
    for (int round = 0; round < 3000; round++) {
        struct sample s[SAMPLES];
        struct reference_mean m = { 0 };
        size_t count = (size_t)watch_world_pick(w, 2, SAMPLES);
        int64_t middle = watch_world_pick(w, -9000, 14000), wide = watch_world_pick(w, 0, 1500);
        for (size_t i = 0; i < count; i++) {
            s[i].ms = (uint64_t)watch_world_pick(w, 1, watch_world_chance(w, 3) ? 10 : 7200000);
            s[i].centi = watch_world_pick(w, middle - wide, middle + wide);
            if (i > 0)
                watch_reference_heat(&m, (double)s[i - 1].centi / 100, (double)s[i].centi / 100,
                                     (double)s[i].ms);
        }
        assert_near("a random walk", watch_reference_mean(&m), mean_of(s, count));
    }
    free(w);
}

static void order_and_taking_away_leave_no_trace(void **state)
{
    (void)state;
    struct watch_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->seed = 80;
    for (int round = 0; round < 2000; round++) {
        struct mkt_sum ahead = { 0 }, back = { 0 }, half = { 0 };
        uint64_t a[SAMPLES], b[SAMPLES], ms[SAMPLES];
        for (size_t i = 0; i < SAMPLES; i++) {
            a[i] = mkt_heat(watch_world_pick(w, -12000, 17000));
            b[i] = mkt_heat(watch_world_pick(w, -12000, 17000));
            ms[i] = (uint64_t)watch_world_pick(w, 1, 7200000);
            mkt_add(&ahead, a[i], b[i], ms[i]);
        }
        for (size_t i = SAMPLES; i-- > 0;)
            mkt_add(i % 2 == 0 ? &half : &back, a[i], b[i], ms[i]);
        mkt_join(&back, &half);
        assert_true(ahead.heat == back.heat && ahead.weight_ms == back.weight_ms);
        for (size_t i = 0; i < SAMPLES; i++)
            mkt_remove(&back, a[i], b[i], ms[i]);
        assert_true(back.heat == 0 && back.weight_ms == 0);
    }
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_forty_decimal_digits),
        cmocka_unit_test(agrees_with_floating_point_for_any_spacing),
        cmocka_unit_test(order_and_taking_away_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
