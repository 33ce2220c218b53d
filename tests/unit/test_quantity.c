#include "common/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void reads(const char *text, int64_t mantissa, int exponent, const char *unit)
{
    struct quantity q = { 0 };
    struct err err = { 0 };
    if (!quantity_parse(text, &q, &err))
        fail_msg("%s: %s", text, err.msg);
    assert_int_equal(q.mantissa, mantissa);
    assert_int_equal(q.exponent, exponent);
    assert_string_equal(q.unit, unit);
}

static void refused(const char *text, const char *message)
{
    struct quantity q = { .mantissa = 7 };
    struct err err = { 0 };
    assert_false(quantity_parse(text, &q, &err));
    assert_string_equal(err.msg, message);
    assert_int_equal(q.mantissa, 7);
}

static void test_what_people_write(void **state)
{
    (void)state;
    reads("8 °C", 8, 0, "Cel");
    reads("8°C", 8, 0, "Cel");
    reads("  8.0 °C", 8, 0, "Cel");
    reads("-0.5 °C", -5, -1, "Cel");
    reads("\u22120.5\u00a0°C", -5, -1, "Cel"); /* a typographer's minus and a no-break space */
    reads("+2 Cel", 2, 0, "Cel");
    reads("65 %RH", 65, 0, "%RH");
    reads("30 min", 1800, 0, "s");
    reads("2 h", 7200, 0, "s");
    reads("1.5 h", 5400, 0, "s");
    reads("0.5 min", 30, 0, "s");
    reads("1 d", 86400, 0, "s");
    reads("500 ms", 5, -1, "s");
    reads("1013.25 hPa", 101325, 0, "Pa");
    reads("25 m/s²", 25, 0, "m/s2");
    reads("250 g", 25, -2, "kg");
    reads("4.05", 405, -2, "");
    reads("0", 0, 0, "");
    reads("-0.000", 0, 0, "");
    reads("999999999999999999", 999999999999999999, 0, "");
    reads("0.000000001", 1, -9, "");
}

static void test_fahrenheit_is_exact_or_refused(void **state)
{
    (void)state;
    reads("32 °F", 0, 0, "Cel");
    reads("212 °F", 100, 0, "Cel");
    reads("46.4 °F", 8, 0, "Cel");
    reads("35.6 °F", 2, 0, "Cel");
    reads("-40 °F", -40, 0, "Cel");
    refused("46 °F", "\"46 °F\" has no exact value in °C; write it in °C");
}

static void test_measured_fahrenheit_is_rounded_half_to_even(void **state)
{
    (void)state;
    static const struct {
        int64_t f;
        int exponent, to;
        int64_t c;
    } cases[] = {
        { 46, 0, -2, 778 }, { 464, -1, -2, 800 }, { 320, -1, -2, 0 }, { -40, 0, -2, -4000 },
        { 31, 0, -2, -56 }, { 329, -1, 0, 0 },    { 347, -1, 0, 2 },  { 365, -1, 0, 2 },
        { 311, -1, 0, 0 },  { 293, -1, 0, -2 },   { 5, 1, 0, 10 },    { 98600, -3, -3, 37000 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t c = 0;
        assert_true(quantity_fahrenheit(cases[i].f, cases[i].exponent, cases[i].to, &c));
        assert_int_equal(c, cases[i].c);
    }
    int64_t untouched = 7;
    assert_false(quantity_fahrenheit(INT64_MAX, 9, -9, &untouched));
    assert_int_equal(untouched, 7);
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    refused("", "expected a number with a unit such as \"8 °C\", found \"\"");
    refused("cold", "expected a number with a unit such as \"8 °C\", found \"cold\"");
    refused(".5 °C", "expected a number with a unit such as \"8 °C\", found \".5 °C\"");
    refused("5. °C", "expected a number with a unit such as \"8 °C\", found \"5. °C\"");
    refused("--5 °C", "expected a number with a unit such as \"8 °C\", found \"--5 °C\"");
    refused("8,5 °C", "unknown unit in \"8,5 °C\"");
    refused("8K", "unknown unit in \"8K\"");
    refused("1e3 Pa", "unknown unit in \"1e3 Pa\"");
    refused("8 °C warm", "unknown unit in \"8 °C warm\"");
    refused("1000000000000000000",
            "expected a number with a unit such as \"8 °C\", found \"1000000000000000000\"");
    refused("0.0000000001", "\"0.0000000001\" is too large or too fine");
    refused("999999999999999999 d", "\"999999999999999999 d\" is too large or too fine");
    refused("999999999999999999 bar", "\"999999999999999999 bar\" is too large or too fine");
    refused("0.0000001 g", "\"0.0000001 g\" is too large or too fine");
}

static void test_durations(void **state)
{
    (void)state;
    uint64_t ms = 0;
    struct err err = { 0 };
    assert_true(quantity_parse_duration_ms("5 min", &ms, NULL) && ms == 300000);
    assert_true(quantity_parse_duration_ms("500 ms", &ms, NULL) && ms == 500);
    assert_true(quantity_parse_duration_ms("0.25s", &ms, NULL) && ms == 250);
    assert_true(quantity_parse_duration_ms("0 s", &ms, NULL) && ms == 0);
    assert_true(quantity_parse_duration_ms("9 d", &ms, NULL) && ms == 777600000);
    assert_false(quantity_parse_duration_ms("5", &ms, &err));
    assert_string_equal(err.msg, "expected a duration such as \"5 min\", found \"5\"");
    assert_false(quantity_parse_duration_ms("8 °C", &ms, NULL));
    assert_false(quantity_parse_duration_ms("-5 min", &ms, &err));
    assert_string_equal(err.msg, "expected a duration in whole milliseconds, found \"-5 min\"");
    assert_false(quantity_parse_duration_ms("0.1 ms", &ms, NULL));
    assert_int_equal(ms, 777600000);
}

static void test_rescale_is_whole_or_nothing(void **state)
{
    (void)state;
    int64_t m = 7;
    assert_true(quantity_rescale(81, -1, -2, &m) && m == 810);
    assert_true(quantity_rescale(-8100, -3, -1, &m) && m == -81);
    assert_true(quantity_rescale(0, 1000, -1000, &m) && m == 0);
    assert_true(quantity_rescale(9, 9, -9, &m) && m == INT64_C(9000000000000000000));
    m = 7;
    assert_false(quantity_rescale(10, 9, -9, &m));
    assert_false(quantity_rescale(-10, 9, -9, &m));
    assert_false(quantity_rescale(85, -2, -1, &m));
    assert_false(quantity_rescale(1, 20, 0, &m));
    assert_false(quantity_rescale(1, -20, 0, &m));
    assert_true(quantity_rescale(INT64_MIN, 3, 3, &m) && m == INT64_MIN);
}

static void test_compare_is_exact_across_exponents(void **state)
{
    (void)state;
    assert_int_equal(quantity_compare(8, 0, 800, -2), 0);
    assert_true(quantity_compare(801, -2, 8, 0) > 0);
    assert_true(quantity_compare(799, -2, 8, 0) < 0);
    assert_true(quantity_compare(-127, 0, -12700, -2) == 0);
    assert_true(quantity_compare(INT64_MAX, 9, INT64_MIN, 9) > 0);
    assert_true(quantity_compare(INT64_MAX, 9, INT64_MAX, -9) > 0);
    assert_true(quantity_compare(INT64_MIN, 9, INT64_MIN, -9) < 0);
    assert_true(quantity_compare(1, 9, INT64_C(1000000000000000001), -9) < 0);
    assert_true(quantity_compare(1, 9, INT64_C(1000000000000000000), -9) == 0);
}

static void writes(int64_t mantissa, int exponent, const char *expected)
{
    char text[QUANTITY_TEXT_SIZE];
    memset(text, 'x', sizeof text);
    quantity_format(mantissa, exponent, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_format(void **state)
{
    (void)state;
    writes(91, -1, "9.1");
    writes(8, 0, "8");
    writes(-5, -1, "-0.5");
    writes(800, -2, "8");
    writes(810, -2, "8.1");
    writes(805, -2, "8.05");
    writes(5, -9, "0.000000005");
    writes(5, 2, "500");
    writes(0, 0, "0");
    writes(0, 9, "0");
    writes(0, -9, "0");
    writes(INT64_MIN, 9, "-9223372036854775808000000000");
    writes(INT64_MIN, -9, "-9223372036.854775808");
    writes(INT64_MAX, 0, "9223372036854775807");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_people_write),
        cmocka_unit_test(test_fahrenheit_is_exact_or_refused),
        cmocka_unit_test(test_measured_fahrenheit_is_rounded_half_to_even),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_rescale_is_whole_or_nothing),
        cmocka_unit_test(test_compare_is_exact_across_exponents),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
