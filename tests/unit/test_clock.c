#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct clock parse(const char *spec)
{
    struct clock c = { 0 };
    struct err err = { 0 };
    if (!clock_parse(spec, &c, &err))
        fail_msg("%s", err.msg);
    return c;
}

static void test_real(void **state)
{
    (void)state;
    struct clock c = parse("REAL");
    char spec[CLOCK_SPEC_SIZE];
    clock_format_spec(&c, spec);
    assert_string_equal(spec, "REAL");
    assert_int_equal(clock_at_ms(&c, 12345), 12345);
    assert_int_equal(clock_real_wait_ms(&c, 500), 500);
    uint64_t before = clock_real_ms();
    uint64_t now = clock_now_ms(&c);
    assert_true(before <= now && now <= clock_real_ms());
    assert_true(now > 1700000000000U);
}

static void test_scaled(void **state)
{
    (void)state;
    struct clock c = parse("2026-06-01T06:00:00Z@1440@1000000");
    assert_int_equal(clock_at_ms(&c, 1000000), 1780293600000);
    assert_int_equal(clock_at_ms(&c, 1060000), 1780293600000 + 86400000);
    assert_int_equal(clock_at_ms(&c, 999), 1780293600000);
    assert_int_equal(clock_real_wait_ms(&c, 86400000), 60000);
    assert_int_equal(clock_real_wait_ms(&c, 1), 1);
    assert_int_equal(clock_real_wait_ms(&c, 1441), 2);
    char spec[CLOCK_SPEC_SIZE];
    clock_format_spec(&c, spec);
    assert_string_equal(spec, "2026-06-01T06:00:00Z@1440@1000000");
    c = parse("60000@3/2@0");
    assert_int_equal(clock_at_ms(&c, 1000), 61500);
    assert_int_equal(clock_real_wait_ms(&c, 1500), 1000);
    clock_format_spec(&c, spec);
    assert_string_equal(spec, "1970-01-01T00:01:00Z@3/2@0");
    c = parse("0@1000000@0");
    assert_int_equal(clock_at_ms(&c, UINT64_MAX), 253402300799999);
    assert_int_equal(clock_real_wait_ms(&c, UINT64_MAX), 4398047);
}

static void test_without_origin_it_starts_now(void **state)
{
    (void)state;
    uint64_t before = clock_real_ms();
    struct clock c = parse("1000@1");
    assert_true(c.origin_ms >= before && c.origin_ms <= clock_real_ms());
    char spec[CLOCK_SPEC_SIZE];
    clock_format_spec(&c, spec);
    struct clock shared = parse(spec);
    assert_memory_equal(&shared, &c, sizeof c);
}

static void test_refuses(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",        "real",      "1000",     "1000@",  "@1",
                                         "x@1",     "1000@0",    "1000@1/0", "1000@x", "1@1@x",
                                         "1@1@1@1", "1@1000001", "1@-1",     "1@1.5" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct clock c;
        struct err err = { 0 };
        if (clock_parse(wrong[i], &c, &err))
            fail_msg("accepted %s", wrong[i]);
        assert_int_equal(err.code, ERR_INPUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_scaled),
        cmocka_unit_test(test_without_origin_it_starts_now),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
