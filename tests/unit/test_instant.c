#include "common/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void is(const char *text, uint64_t expected_ms)
{
    uint64_t ms = 1;
    if (!instant_parse(text, &ms))
        fail_msg("refused %s", text);
    assert_int_equal(ms, expected_ms);
}

static void test_parses(void **state)
{
    (void)state;
    is("1970-01-01T00:00:00Z", 0);
    is("2026-06-01T10:00:00Z", 1780308000000);
    is("2026-06-01t10:00:00z", 1780308000000);
    is("2026-06-01 12:00:00+02:00", 1780308000000);
    is("2026-06-01T04:30:00.000-05:30", 1780308000000);
    is("2026-06-01T10:00Z", 1780308000000);
    is("2026-06-01T12:00:00+0200", 1780308000000);
    is("2026-06-01T10:00:00.5Z", 1780308000500);
    is("2026-06-01T10:00:00,123456Z", 1780308000123);
    is("2000-02-29T23:59:59.999Z", 951868799999);
    is("9999-12-31T23:59:59.999Z", 253402300799999);
    is("1970-01-01T00:00:00-01:00", 3600000);
}

static void test_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026-06-01",
        "2026-06-01T10:00:00",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-06-01T24:00:00Z",
        "2026-06-01T10:60:00Z",
        "2026-06-01T10:00:60Z",
        "2026-06-01T10:00:00.Z",
        "2026-06-01T10:00:00Zx",
        "2026-06-01T10:00:00+2:00",
        "2026-06-01T10:00:00+24:00",
        "26-06-01T10:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        " 2026-06-01T10:00:00Z",
        "2026-06-01T10",
        "2026-6-1T10:00:00Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint64_t ms = 7;
        if (instant_parse(wrong[i], &ms))
            fail_msg("accepted %s", wrong[i]);
        assert_int_equal(ms, 7);
    }
}

static void test_local_parts(void **state)
{
    (void)state;
    struct instant_parts p;
    assert_true(instant_parse_local("2026-06-01T10:20:30.25", &p));
    assert_false(p.zoned);
    assert_int_equal(p.year, 2026);
    assert_int_equal(p.month, 6);
    assert_int_equal(p.day, 1);
    assert_int_equal(p.hour, 10);
    assert_int_equal(p.minute, 20);
    assert_int_equal(p.second, 30);
    assert_int_equal(p.ms, 250);
    assert_true(instant_parse_local("2026-06-01T10:20:30-05:30", &p));
    assert_true(p.zoned);
    assert_int_equal(p.offset_min, -330);
    assert_true(instant_parse_local("1969-12-31 23:59:59", &p));
    assert_int_equal(instant_from_parts(&p), -1000);
}

static void test_formats(void **state)
{
    (void)state;
    char text[INSTANT_TEXT_SIZE];
    instant_format(1780308000000, text);
    assert_string_equal(text, "2026-06-01T10:00:00Z");
    instant_format(1780308000007, text);
    assert_string_equal(text, "2026-06-01T10:00:00.007Z");
    instant_format(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
}

/* Another implementation agrees on every day up to 2400. */
static void test_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (time_t day = 0; day < 157054; day++) {
        time_t t = day * 86400 + day % 86400;
        struct tm tm;
        char expected[32];
        char text[INSTANT_TEXT_SIZE];
        uint64_t back = 0;
        assert_non_null(gmtime_r(&t, &tm));
        assert_int_not_equal(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
        instant_format((uint64_t)t * 1000, text);
        assert_string_equal(text, expected);
        assert_true(instant_parse(text, &back));
        assert_int_equal(back, (uint64_t)t * 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_local_parts),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_agrees_with_the_c_library),
    };
    return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
