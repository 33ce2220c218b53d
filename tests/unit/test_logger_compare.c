/*
 * Two loggers compared, against vectors that tests/vectors/make_loggers.py made with fractions and Python's own
 * statistics.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/reading.h"
#include "node/logger_compare.h"

#define VECTORS "tests/vectors/loggers.txt"
#define LINE    65536
#define MINUTE  UINT64_C(60000)

static struct logger_series a, b;
static struct logger_comparison found;

static int64_t next_number(char **rest)
{
    char *word = strsep(rest, " \n");
    assert_non_null(word);
    return strtoll(word, NULL, 10);
}

/* "-" is none. */
static bool next_maybe(char **rest, int64_t *ret)
{
    char *word = strsep(rest, " \n");
    assert_non_null(word);
    *ret = strtoll(word, NULL, 10);
    return strcmp(word, "-") != 0;
}

static void take_samples(char *line, struct logger_series *s)
{
    char *rest = line;
    (void)strsep(&rest, " ");
    for (char *word; (word = strsep(&rest, " \n")) != NULL && *word != '\0';) {
        char *end;
        uint64_t ms = strtoull(word, &end, 10);
        int64_t mantissa = strtoll(end + 1, NULL, 10);
        logger_add(s, ms, mantissa, -2);
    }
}

static void expect(const char *name, char *rest)
{
    int64_t offset;
    (void)strsep(&rest, " ");
    bool good = (int64_t)found.compared == next_number(&rest);
    good = (int64_t)found.step_ms == next_number(&rest) && good;
    good = (int64_t)found.from_ms == next_number(&rest) && good;
    good = (int64_t)found.to_ms == next_number(&rest) && good;
    good = found.bias == next_number(&rest) && good;
    good = next_maybe(&rest, &offset) == found.has_offset && good;
    good = (!found.has_offset || found.offset_ms == offset) && good;
    good = (int64_t)found.window_total == next_number(&rest) && good;
    for (size_t i = 0; i < found.window_count && good; i++) {
        good = (int64_t)found.windows[i].from_ms == next_number(&rest) && good;
        good = (int64_t)found.windows[i].to_ms == next_number(&rest) && good;
        good = found.windows[i].worst == next_number(&rest) && good;
    }
    if (!good || (rest != NULL && *rest != '\0'))
        fail_msg("%s: compared %zu step %" PRIu64 " from %" PRIu64 " to %" PRIu64 " bias %" PRId64
                 " offset %d %" PRId64 " windows %zu",
                 name, found.compared, found.step_ms, found.from_ms, found.to_ms, found.bias,
                 (int)found.has_offset, found.offset_ms, found.window_total);
}

static void agrees_with_fractions(void **state)
{
    (void)state;
    static char line[4][LINE];
    FILE *f = fopen(VECTORS, "r");
    assert_non_null(f);
    size_t cases = 0, offsets = 0, windows = 0;
    for (; fgets(line[0], LINE, f) != NULL; cases++) {
        for (int i = 1; i < 4; i++)
            assert_non_null(fgets(line[i], LINE, f));
        char *rest = line[0];
        (void)strsep(&rest, " ");
        const char *name = strsep(&rest, " ");
        struct logger_limit limit = { .property = (uint16_t)next_number(&rest) };
        uint64_t from = (uint64_t)next_number(&rest), to = (uint64_t)next_number(&rest);
        limit.has_accuracy = next_maybe(&rest, &limit.accuracy_a);
        (void)next_maybe(&rest, &limit.accuracy_b);
        logger_begin(&a, from, to);
        logger_begin(&b, from, to);
        take_samples(line[1], &a);
        take_samples(line[2], &b);
        assert_true(logger_compare(&a, &b, &limit, &found));
        expect(name, line[3]);
        offsets += found.has_offset && found.offset_ms != 0 ? 1 : 0;
        windows += found.window_total;
    }
    (void)fclose(f);
    assert_true(cases >= 30 && offsets >= 5 && windows > 100);
}

/* ------------------------------------------------------------------ bounds */

static void nothing_in_common_is_not_compared(void **state)
{
    (void)state;
    const struct logger_limit limit = { .property = PROPERTY_TEMPERATURE };
    logger_begin(&a, 0, 100 * MINUTE);
    logger_begin(&b, 0, 100 * MINUTE);
    assert_false(logger_compare(&a, &b, &limit, &found));
    logger_add(&a, 0, 4, 0);
    assert_false(logger_compare(&a, &b, &limit, &found));
    logger_add(&b, 50 * MINUTE, 4, 0);
    assert_false(logger_compare(&a, &b, &limit, &found));
    logger_begin(&b, MINUTE, 100 * MINUTE);
    logger_add(&b, MINUTE, 4, 0);
    logger_add(&a, MINUTE, 4, 0);
    assert_false(logger_compare(&a, &b, &limit, &found));
}

static void what_is_outside_the_time_is_passed_over(void **state)
{
    (void)state;
    const struct logger_limit limit = { .property = PROPERTY_TEMPERATURE };
    logger_begin(&a, 10 * MINUTE, 20 * MINUTE);
    logger_begin(&b, 10 * MINUTE, 20 * MINUTE);
    logger_add(&a, 10 * MINUTE - 1, 90, 0);
    logger_add(&a, 21 * MINUTE, 90, 0);
    logger_add(&a, UINT64_MAX, 90, 0);
    logger_add(&a, 15 * MINUTE, 4, 0);
    logger_add(&b, 15 * MINUTE, 4, 0);
    assert_true(logger_compare(&a, &b, &limit, &found));
    assert_int_equal(found.compared, 1);
    assert_int_equal(found.bias, 0);
    assert_false(found.has_offset);
}

/* The largest values that the wire has, in every step of the longest time. */
static void the_largest_values_do_not_overflow(void **state)
{
    (void)state;
    const struct logger_limit limit = { .property = PROPERTY_MASS };
    logger_begin(&a, 0, UINT64_C(253402300799999));
    logger_begin(&b, 0, UINT64_C(253402300799999));
    assert_true(a.steps <= LOGGER_STEPS);
    for (size_t i = 0; i < a.steps; i++) {
        logger_add(&a, i * a.step_ms, READING_VALUE_MAX, i % 2 == 0 ? 9 : -9);
        logger_add(&b, i * b.step_ms, -READING_VALUE_MAX, i % 2 == 0 ? 9 : -9);
    }
    assert_true(logger_compare(&a, &b, &limit, &found));
    assert_int_equal(found.compared, a.steps);
    assert_int_equal(found.windows[0].worst, 2 * LOGGER_VALUE_MAX);
    assert_true(found.bias > 0 && found.bias <= 2 * LOGGER_VALUE_MAX);
}

static void only_so_many_windows_are_kept(void **state)
{
    (void)state;
    const struct logger_limit limit = { .property = PROPERTY_TEMPERATURE };
    logger_begin(&a, 0, 200 * MINUTE);
    logger_begin(&b, 0, 200 * MINUTE);
    for (uint64_t i = 0; i < 200; i++) {
        logger_add(&a, i * MINUTE, 4, 0);
        logger_add(&b, i * MINUTE, i % 2 == 0 ? 4 : 9, 0);
    }
    assert_true(logger_compare(&a, &b, &limit, &found));
    assert_int_equal(found.window_total, 100);
    assert_int_equal(found.window_count, LOGGER_WINDOWS_MAX);
    assert_int_equal(found.windows[LOGGER_WINDOWS_MAX - 1].from_ms, 127 * MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_fractions),
        cmocka_unit_test(nothing_in_common_is_not_compared),
        cmocka_unit_test(what_is_outside_the_time_is_passed_over),
        cmocka_unit_test(the_largest_values_do_not_overflow),
        cmocka_unit_test(only_so_many_windows_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
