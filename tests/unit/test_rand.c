#include "common/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What other implementations of the same formulas give. */
static void test_follows_the_published_formula(void **state)
{
    (void)state;
    struct rand_seq r = { { 1, 2, 3, 4 } };
    assert_true(rand_next(&r) == 11520);
    assert_true(rand_next(&r) == 0);
    assert_true(rand_next(&r) == 1509978240);
    assert_true(rand_next(&r) == 1215971899390074240);
    r = rand_seeded(0);
    assert_true(r.s[0] == 0xe220a8397b1dcdafU); /* SplitMix64's first output from 0 */
}

static void test_repeats_from_its_seed(void **state)
{
    (void)state;
    struct rand_seq a = rand_seeded(42);
    struct rand_seq b = rand_seeded(42);
    struct rand_seq c = rand_seeded(43);
    uint8_t x[13];
    uint8_t y[13];
    uint8_t z[13];
    rand_fill(&a, x, sizeof x);
    rand_fill(&b, y, sizeof y);
    rand_fill(&c, z, sizeof z);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_not_equal(x, z, sizeof x);
}

static void test_bounds_hold_and_are_reached(void **state)
{
    (void)state;
    struct rand_seq r = rand_seeded(1);
    unsigned seen[6] = { 0 };
    for (int i = 0; i < 6000; i++) {
        seen[rand_below(&r, 6)]++;
        int64_t n = rand_between(&r, -3, 3);
        assert_true(n >= -3 && n <= 3);
    }
    for (size_t i = 0; i < 6; i++)
        assert_in_range(seen[i], 850, 1150);
    assert_int_equal(rand_below(&r, 1), 0);
    assert_int_equal(rand_between(&r, INT64_MIN, INT64_MIN), INT64_MIN);
    (void)rand_between(&r, INT64_MIN, INT64_MAX);
}

static void test_system_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[32] = { 0 };
    uint8_t b[32] = { 0 };
    rand_system(a, sizeof a);
    rand_system(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows_the_published_formula),
        cmocka_unit_test(test_repeats_from_its_seed),
        cmocka_unit_test(test_bounds_hold_and_are_reached),
        cmocka_unit_test(test_system_bytes_differ),
    };
    return cmocka_run_group_tests_name("rand", tests, NULL, NULL);
}
