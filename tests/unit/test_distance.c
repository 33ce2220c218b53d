/*
 * Distances over the ground against a witness with 40 digits (tests/vectors/make_distance.py), and what holds of
 * all distances. Runs from the top of the source tree.
 */
#include "contracts/distance.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CASES_LEAST  800
#define WITHIN_MM    502 /* half a metre of rounding, and 2 mm */
#define QUARTER_TURN INT64_C(900000000)
#define HALF_TURN    INT64_C(1800000000)

static int64_t off_by(const struct distance_point *a, const struct distance_point *b,
                      uint64_t millimetres)
{
    int64_t off = (int64_t)(distance_metres(a, b) * 1000) - (int64_t)millimetres;
    return off < 0 ? -off : off;
}

/* The numbers of a line: false when it has others than so many. */
static bool take_numbers(char *line, int64_t *ret_numbers, size_t count)
{
    char *at = line, *end;
    for (size_t i = 0; i < count; i++, at = end) {
        ret_numbers[i] = strtoll(at, &end, 10);
        if (end == at)
            return false;
    }
    return *at == '\n';
}

static void distances_are_those_of_the_witness(void **state)
{
    char line[128];
    int64_t v[5] = { 0 };
    size_t n = 0;
    (void)state;
    FILE *f = fopen("tests/vectors/distance.txt", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        n++;
        assert_true(take_numbers(line, v, 5));
        struct distance_point a = { v[0], v[1] }, b = { v[2], v[3] };
        uint64_t millimetres = (uint64_t)v[4];
        if (off_by(&a, &b, millimetres) > WITHIN_MM || off_by(&b, &a, millimetres) > WITHIN_MM)
            fail_msg("line %zu: %" PRIu64 " m, expected %" PRIu64 " mm", n, distance_metres(&a, &b),
                     millimetres);
    }
    (void)fclose(f);
    assert_true(n >= CASES_LEAST);
}

static void a_distance_has_no_direction(void **state)
{
    static const struct distance_point places[] = {
        { 419027835, 124963655 },
        { 457640430, 48356590 },
        { 0, 0 },
        { QUARTER_TURN, HALF_TURN },
        { -QUARTER_TURN, 1 },
        { 0, -HALF_TURN },
        { -413000000, 1748000000 },
        { 1, -1 },
        { 899999999, -1799999999 },
        { -337000000, -1513000000 },
    };
    size_t n = sizeof places / sizeof places[0];
    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(distance_metres(&places[i], &places[i]), 0);
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(distance_metres(&places[i], &places[k]),
                             distance_metres(&places[k], &places[i]));
            assert_true(distance_metres(&places[i], &places[k]) <= 20015115);
        }
    }
}

/* What no place may have is nothing to fall over. */
static void what_is_no_place_counts_as_the_nearest(void **state)
{
    struct distance_point north = { QUARTER_TURN, 0 }, beyond = { INT64_MAX, INT64_MIN };
    struct distance_point south = { INT64_MIN, INT64_MAX }, line = { 0, HALF_TURN };
    struct distance_point over = { 0, INT64_MAX };
    (void)state;
    assert_int_equal(distance_metres(&north, &beyond), 0);
    assert_int_equal(distance_metres(&beyond, &south), 20015114);
    assert_int_equal(distance_metres(&line, &over), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_witness),
        cmocka_unit_test(a_distance_has_no_direction),
        cmocka_unit_test(what_is_no_place_counts_as_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
