/* Amounts: units, sums, what is left, order; against whole numbers worked out by hand and by a plain reckoning. */
#include "common/amount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct amount amount(int64_t mantissa, int exponent, const char *unit)
{
    return (struct amount){ mantissa, exponent, slice_text(unit) };
}

static bool is(const struct amount *a, int64_t mantissa, int exponent, const char *unit)
{
    return a->mantissa == mantissa && a->exponent == exponent &&
           slice_equal(a->unit, slice_text(unit));
}

static const char *const units[] = { "mg", "g", "kg", "t", "mL", "L", "m3", "each" };
static const enum amount_dimension dimensions[] = { AMOUNT_MASS,   AMOUNT_MASS,   AMOUNT_MASS,
                                                    AMOUNT_MASS,   AMOUNT_VOLUME, AMOUNT_VOLUME,
                                                    AMOUNT_VOLUME, AMOUNT_COUNT };
#define UNITS (sizeof units / sizeof units[0])

static void units_and_dimensions(void **state)
{
    (void)state;
    enum amount_dimension d;
    for (size_t i = 0; i < UNITS; i++) {
        struct amount a = amount(1, 0, units[i]);
        assert_true(amount_find_unit(slice_text(units[i]), &d));
        assert_int_equal(d, dimensions[i]);
        assert_int_equal(amount_dimension_of(&a), dimensions[i]);
    }
    static const char *const none[] = { "", "Kg", "kgs", "ml", "l", "m", "m³", "piece", "lb" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(amount_find_unit(slice_text(none[i]), &d));
}

static void taken_as_they_were_put(void **state)
{
    (void)state;
    static const int64_t mantissas[] = { 0, 1, 250, INT64_C(1) << 53, (INT64_C(1) << 53) + 1, -1 };
    for (size_t m = 0; m < 6; m++)
        for (int e = -10; e <= 10; e++) {
            uint8_t memory[40];
            struct buf out = buf_fixed(memory, sizeof memory);
            struct amount a = amount(mantissas[m], e, "kg");
            amount_put(&out, &a);
            bool fits = m <= 3 && e >= -9 && e <= 9;
            struct cbor_reader r = cbor_reader(buf_slice(&out));
            struct amount b = amount_take(&r, 0);
            assert_int_equal(cbor_done(&r), fits);
            if (fits)
                assert_true(is(&b, mantissas[m], e, "kg"));
            r = cbor_reader(buf_slice(&out));
            (void)amount_take(&r, 1);
            assert_int_equal(cbor_done(&r), fits && m > 0);
        }
}

static bool adds(struct amount_sum *sum, int64_t mantissa, int exponent, const char *unit,
                 uint64_t times)
{
    struct amount a = amount(mantissa, exponent, unit);
    return amount_add(sum, &a, times);
}

/* In 10^-9 of the smallest unit. */
static void sums_are_exact(void **state)
{
    (void)state;
    struct amount_sum sum = { .dimension = AMOUNT_MASS };
    assert_true(adds(&sum, 1, -9, "mg", 1));
    assert_true(sum.value == 1);
    assert_true(adds(&sum, 1, 0, "mg", 1) && adds(&sum, 2, 0, "g", 1));
    assert_true(sum.value == (amount_wide)2001 * 1000000000 + 1);
    sum.value = 0;
    assert_true(adds(&sum, 25, 0, "t", 1));
    struct amount_sum other = { .dimension = AMOUNT_MASS };
    assert_true(adds(&other, 1, -1, "kg", 250000));
    assert_true(sum.value == other.value);
    other = (struct amount_sum){ .dimension = AMOUNT_VOLUME };
    sum = other;
    assert_true(adds(&sum, 3, 0, "m3", 1) && adds(&other, 3, 3, "L", 1));
    assert_true(sum.value == other.value && sum.value == (amount_wide)3000000 * 1000000000);
    assert_true(adds(&sum, 5, 0, "mL", 0));
    assert_true(sum.value == other.value);
}

static void sums_of_other_dimensions_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < UNITS; i++)
        for (int d = AMOUNT_MASS; d <= AMOUNT_COUNT; d++) {
            struct amount_sum sum = { .dimension = (enum amount_dimension)d, .value = 7 };
            assert_int_equal(adds(&sum, 1, 0, units[i], 1), (int)dimensions[i] == d);
            assert_int_equal(sum.value == 7, (int)dimensions[i] != d);
        }
}

static void sums_end_at_2_to_the_120(void **state)
{
    (void)state;
    const amount_wide most = (amount_wide)1 << 120;
    struct amount_sum sum = { .dimension = AMOUNT_MASS, .value = most - 1 };
    assert_true(adds(&sum, 1, -9, "mg", 1));
    assert_false(adds(&sum, 1, -9, "mg", 1));
    assert_true(sum.value == most);
    sum.value = 0;
    assert_false(adds(&sum, INT64_C(1) << 53, 9, "t", 1));
    assert_false(adds(&sum, 1, 9, "t", UINT64_MAX));
    assert_false(adds(&sum, INT64_C(1) << 53, 0, "t", UINT64_MAX));
    assert_true(sum.value == 0);
    assert_true(adds(&sum, 1, 9, "t", 1));
    assert_true(adds(&sum, 1, -9, "mg", UINT64_MAX));
}

static void check_left(const struct amount *a, const struct amount *b, int64_t mantissa,
                       int exponent, const char *unit)
{
    struct amount left;
    assert_true(amount_subtract(a, b, &left));
    if (!is(&left, mantissa, exponent, unit))
        fail_msg("%lld e%d %.*s", (long long)left.mantissa, left.exponent, (int)left.unit.len,
                 (const char *)left.unit.data);
}

static void what_is_left(void **state)
{
    (void)state;
    struct amount t25 = amount(25, 0, "t"), kg20 = amount(20, 0, "kg"), g1 = amount(1, 0, "g");
    struct amount mg = amount(1, -9, "mg"), all = amount(25000, 0, "kg"),
                  e10 = amount(10, 0, "each");
    struct amount three = amount(3, 0, "each"), k48 = amount(5, 3, "kg"), e9 = amount(1, 9, "t");
    struct amount left = amount(1, 1, "x");
    check_left(&t25, &t25, 0, 0, "t");
    check_left(&t25, &all, 0, 0, "t");
    check_left(&t25, &kg20, 2498, -2, "t");
    check_left(&kg20, &g1, 19999, -3, "kg");
    check_left(&e10, &three, 7, 0, "each");
    check_left(&k48, &kg20, 498, 1, "kg");
    struct amount kg1000 = amount(1000, 0, "kg");
    check_left(&k48, &kg1000, 4, 3, "kg");
    check_left(&g1, &mg, 999999999999, -9, "mg"); /* not in grams any more */
    assert_false(amount_subtract(&kg20, &t25, &left));
    assert_false(amount_subtract(&e10, &kg20, &left));
    assert_false(amount_subtract(&e9, &mg, &left)); /* more digits than there are */
    assert_false(amount_subtract(&three, &e10, &left));
    struct amount none = amount(0, -3, "t");
    assert_false(amount_subtract(&none, &g1, &left));
    check_left(&g1, &none, 1, 0, "g");
    assert_true(is(&left, 1, 1, "x")); /* untouched */
}

/* Amounts that stay within 2^63 of the smallest part, reckoned plainly. */
static void subtraction_and_order_agree_with_a_plain_reckoning(void **state)
{
    (void)state;
    uint64_t seed = 7;
    size_t less = 0, equal = 0;
    static const int powers[] = { 0, 3, 6, 9 };
    for (int i = 0; i < 200000; i++) {
        int64_t parts[2], mantissa[2];
        struct amount a[2], left;
        for (int k = 0; k < 2; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            unsigned unit = (unsigned)(seed >> 60) % 4;
            int exponent = (int)(seed >> 40) % 7 - powers[unit] / 2;
            mantissa[k] = 1 + (int64_t)(seed >> 33) % (i % 2 == 0 ? 20 : 2000);
            exponent = exponent > 9 ? 9 : exponent < -9 ? -9 : exponent;
            a[k] = amount(mantissa[k], exponent, units[unit]);
            parts[k] = mantissa[k];
            int power = exponent + powers[unit] + 3; /* in thousandths of a milligram */
            if (power < 0) {
                a[k] = amount(mantissa[k], -3, "mg");
                power = 0;
            }
            for (; power > 0; power--)
                parts[k] *= 10;
        }
        int order = (parts[0] > parts[1]) - (parts[0] < parts[1]);
        int found = amount_compare(&a[0], &a[1]);
        assert_int_equal((found > 0) - (found < 0), order);
        less += order < 0;
        equal += order == 0;
        bool can = amount_subtract(&a[0], &a[1], &left);
        assert_int_equal(can, order >= 0);
        if (!can)
            continue;
        struct amount_sum sum = { .dimension = AMOUNT_MASS }, whole = sum;
        assert_true(amount_add(&whole, &a[0], 1) && amount_add(&sum, &a[1], 1));
        assert_true(left.mantissa == 0 || amount_add(&sum, &left, 1));
        assert_true(sum.value == whole.value);
        assert_true(left.exponent >= -9 && left.exponent <= 9 && left.mantissa <= INT64_C(1) << 53);
        /* as close to what it was written with as can be */
        assert_true(left.mantissa == 0 || left.exponent == a[0].exponent ||
                    left.mantissa % 10 != 0 || left.exponent > a[0].exponent);
    }
    assert_true(less > 50000 && equal > 100);
}

static void order_of_the_largest(void **state)
{
    (void)state;
    struct amount most = amount(INT64_C(1) << 53, 9, "t"), least = amount(1, -9, "mg");
    struct amount same = amount((INT64_C(1) << 53) - 1, 9, "t"), none = amount(0, 9, "t");
    assert_true(amount_compare(&most, &least) > 0);
    assert_true(amount_compare(&least, &most) < 0);
    assert_true(amount_compare(&same, &most) < 0);
    assert_true(amount_compare(&none, &least) < 0);
    assert_true(amount_compare(&least, &none) > 0);
    assert_int_equal(amount_compare(&none, &none), 0);
    assert_int_equal(amount_compare(&most, &most), 0);
}

static void in_words(void **state)
{
    (void)state;
    static const struct {
        int64_t mantissa;
        int exponent;
        const char *unit, *words;
    } all[] = {
        { 25, 0, "t", "25 t" },
        { 1, -1, "kg", "0.1 kg" },
        { 48, 0, "each", "48 each" },
        { 5, 3, "kg", "5000 kg" },
        { 0, 9, "m3", "0 m3" },
        { INT64_C(1) << 53, 9, "each", "9007199254740992000000000 each" },
        { INT64_C(1) << 53, -9, "each", "9007199.254740992 each" },
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char text[AMOUNT_TEXT_SIZE];
        struct amount a = amount(all[i].mantissa, all[i].exponent, all[i].unit);
        amount_format(&a, text);
        assert_string_equal(text, all[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_and_dimensions),
        cmocka_unit_test(taken_as_they_were_put),
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(sums_of_other_dimensions_are_refused),
        cmocka_unit_test(sums_end_at_2_to_the_120),
        cmocka_unit_test(what_is_left),
        cmocka_unit_test(subtraction_and_order_agree_with_a_plain_reckoning),
        cmocka_unit_test(order_of_the_largest),
        cmocka_unit_test(in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
