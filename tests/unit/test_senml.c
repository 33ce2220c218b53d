/* SenML packs as readings (common/senml): floats to decimals, base fields, units, times. */
#include "common/senml.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOON_S  "1a69565ec0" /* 1767268032 */
#define NOON_MS UINT64_C(1767268032000)

static struct samples samples;

/* ------------------------------------------------------------------ floats */

static void assert_float(uint64_t bits, size_t size, int64_t mantissa, int exponent)
{
    int64_t m = 99;
    int e = 99;
    if (!senml_float(bits, size, &m, &e))
        fail_msg("%llx is refused", (unsigned long long)bits);
    if (m != mantissa || e != exponent)
        fail_msg("%llx gave %lld * 10^%d, expected %lld * 10^%d", (unsigned long long)bits,
                 (long long)m, e, (long long)mantissa, exponent);
}

static void the_vectors_floats_become_their_decimals(void **state)
{
    (void)state;
    size_t n = vectors_count("SenML floats");
    assert_true(n >= 9);
    for (size_t i = 0; i < n; i++) {
        size_t size = 0;
        struct slice bytes = vectors_unhex(vectors_item_text("SenML floats", i, 0));
        struct cbor_reader r = cbor_reader(bytes);
        assert_true(cbor_scan_bounds(bytes, NULL));
        uint64_t bits = cbor_take_float_bits(&r, &size);
        assert_true(cbor_done(&r));
        assert_float(bits, size, vectors_item_int("SenML floats", i, 1),
                     (int)vectors_item_int("SenML floats", i, 2));
    }
}

static void one_value_is_one_decimal_in_every_size(void **state)
{
    (void)state;
    assert_float(0x480d, 2, 81, -1);
    assert_float(0x4101999a, 4, 81, -1);
    assert_float(UINT64_C(0x4020333333333333), 8, 81, -1);
    assert_float(0x5640, 2, 100, 0); /* no positive exponents */
    assert_float(0x42c80000, 4, 100, 0);
    assert_float(UINT64_C(0x4059000000000000), 8, 100, 0);
    assert_float(0x8000, 2, 0, 0); /* minus zero */
    assert_float(0x80000000, 4, 0, 0);
    assert_float(UINT64_C(0x8000000000000000), 8, 0, 0);
}

static void ties_go_to_the_even_digit(void **state)
{
    (void)state;
    assert_float(0x2a00, 2, 0, 0);  /* 0.046875 */
    assert_float(0x3400, 2, 2, -1); /* 0.25: between 0.2 and 0.3 */
    assert_float(0x3a00, 2, 8, -1); /* 0.75: between 0.7 and 0.8 */
    assert_float(0xb400, 2, -2, -1);
    assert_float(0x3d000000, 4, 312, -4);                       /* 0.03125 */
    assert_float(0x3dc00000, 4, 938, -4);                       /* 0.09375 */
    assert_float(UINT64_C(0x3f50000000000000), 8, 976562, -9);  /* 2^-10 = 0.0009765625 */
    assert_float(UINT64_C(0x3f68000000000000), 8, 2929688, -9); /* 3 * 2^-10 */
    assert_float(UINT64_C(0x3f50000000000001), 8, 976563, -9);  /* a hair above the tie */
    assert_float(UINT64_C(0x3f4fffffffffffff), 8, 976562, -9);
    assert_float(UINT64_C(0x3e112e0be826d695), 8, 1, -9); /* 1e-9 */
    assert_float(1, 8, 0, 0);                             /* the smallest subnormal */
    assert_float(UINT64_C(0x000fffffffffffff), 8, 0, 0);
}

static void numbers_of_2_to_the_31_and_more_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint64_t bits;
        size_t size;
    } bad[] = {
        { 0x7c00, 2 },
        { 0xfc00, 2 },
        { 0x7e00, 2 },
        { 0x7c01, 2 },
        { 0x7f800000, 4 },
        { 0xff800000, 4 },
        { 0x7fc00000, 4 },
        { 0x7f7fffff, 4 },
        { 0x4f000000, 4 },
        { 0xcf000000, 4 },
        { UINT64_C(0x41e0000000000000), 8 },
        { UINT64_C(0xc1e0000000000000), 8 },
        { UINT64_C(0x7fefffffffffffff), 8 },
        { UINT64_C(0x7ff0000000000000), 8 },
        { UINT64_C(0xfff8000000000000), 8 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t m = 7;
        int e = 7;
        assert_false(senml_float(bad[i].bits, bad[i].size, &m, &e));
        assert_true(m == 7 && e == 7);
    }
    assert_float(0x7bff, 2, 65504, 0);
    assert_float(0x4effffff, 4, 2147483520, 0);
    assert_float(UINT64_C(0x41dfffffffc00000), 8, 2147483647, 0);
    assert_float(UINT64_C(0xc1dfffffffc00000), 8, -2147483647, 0);
    assert_float(UINT64_C(0x41dfffffffffffff), 8, INT64_C(2147483647999999762), -9);
}

/* Halves times 10 and singles times 10^4 are exact in a double, so rint() is a second opinion. */
static void assert_as_the_machine(uint32_t bits, size_t size, double value)
{
    int64_t m;
    int e;
    int decimals = size == 2 ? 1 : 4;
    bool accepted = senml_float(bits, size, &m, &e);
    assert_int_equal(accepted, isfinite(value) && fabs(value) < 2147483648.0);
    if (!accepted)
        return;
    for (int zeros = e + decimals; zeros > 0; zeros--)
        m *= 10;
    assert_true((double)m == rint(value * (size == 2 ? 10.0 : 10000.0)));
}

static void all_halves_agree_with_the_machine(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        double fraction = (double)(bits & 1023);
        int exponent = (int)(bits >> 10 & 31);
        double value = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
        if (exponent == 31)
            value = (double)INFINITY;
        assert_as_the_machine(bits, 2, bits >> 15 != 0 ? -value : value);
    }
}

static void many_singles_agree_with_the_machine(void **state)
{
    (void)state;
    uint32_t random = 8428;
    for (uint32_t i = 0; i < 200000; i++) {
        float single;
        random = random * 1664525 + 1013904223;
        uint32_t bits = random ^ i;
        memcpy(&single, &bits, sizeof single);
        assert_as_the_machine(bits, 4, (double)single);
    }
}

/* ------------------------------------------------------------------ packs */

static bool expands(const char *hex, struct err *err)
{
    struct slice pack = vectors_unhex(hex);
    if (!cbor_scan_bounds(pack, err))
        fail_msg("%s: the test's own bytes: %s", hex, err->msg);
    return senml_expand(pack, NOON_MS, &samples, err);
}

static void good(const char *hex)
{
    struct err err = { 0 };
    if (!expands(hex, &err))
        fail_msg("%s: %s", hex, err.msg);
}

static void refused(const char *hex, const char *why)
{
    struct err err = { 0 };
    if (expands(hex, &err))
        fail_msg("%s is accepted", hex);
    assert_int_equal(err.code, ERR_INPUT);
    if (strstr(err.msg, why) == NULL)
        fail_msg("refused with \"%s\", expected \"%s\"", err.msg, why);
}

#define CEL "016343656c"
#define RH  "0163255248"
#define V81 "02f9480d" /* 8.1 */

static void a_pack_becomes_columns_of_samples(void **state)
{
    (void)state;
    /* bn "d", bt noon, bu Cel: 8.1; 60 s before it 7 Cel and 55.25 %RH. */
    good("83a5"
         "216164"
         "22" NOON_S "236343656c" V81 "0600"
         "a2"
         "0207"
         "06383b"
         "a3" RH "02fa425d0000"
         "06383b");
    assert_int_equal(samples.rows, 2);
    assert_int_equal(samples.columns, 2);
    assert_true(samples.time_ms[0] == NOON_MS - 60000);
    assert_true(samples.time_ms[1] == NOON_MS);
    assert_int_equal(samples.column[0].property, PROPERTY_TEMPERATURE);
    assert_int_equal(samples.column[0].exponent, -1);
    assert_int_equal(samples.column[0].value[0], 70);
    assert_int_equal(samples.column[0].value[1], 81);
    assert_int_equal(samples.column[1].property, PROPERTY_HUMIDITY);
    assert_int_equal(samples.column[1].exponent, -2);
    assert_true(samples.column[1].present[0]);
    assert_false(samples.column[1].present[1]);
    assert_int_equal(samples.column[1].value[0], 5525);
}

static void base_values_add_exactly(void **state)
{
    (void)state;
    /* bv 0.1 as double plus 0.2 as double is 0.3, not 0.30000000000000004 */
    good("81a3"
         "24fb3fb999999999999a" CEL "02fb3fc999999999999a");
    assert_int_equal(samples.column[0].value[0], 3);
    assert_int_equal(samples.column[0].exponent, -1);
    /* it lasts until it is given again: 20 + 1, 20 + 2, -5 + 2 */
    good("83a4"
         "2414" CEL "0201"
         "0622"
         "a3" CEL "0202"
         "0621"
         "a4"
         "2424" CEL "0202"
         "0620");
    assert_int_equal(samples.column[0].value[0], 21);
    assert_int_equal(samples.column[0].value[1], 22);
    assert_int_equal(samples.column[0].value[2], -3);
}

static void times_are_absolute_or_count_from_the_statement(void **state)
{
    (void)state;
    good("81a2" CEL V81); /* no time at all: now */
    assert_true(samples.time_ms[0] == NOON_MS);
    good("81a3" CEL V81 "06390257"); /* -600 s */
    assert_true(samples.time_ms[0] == NOON_MS - 600000);
    good("81a3" CEL V81 "06fbbfe0000000000000"); /* -0.5 s */
    assert_true(samples.time_ms[0] == NOON_MS - 500);
    good("81a3" CEL V81 "061a10000000"); /* 2^28: absolute, in 1978 */
    assert_true(samples.time_ms[0] == UINT64_C(268435456000));
    refused("81a3" CEL V81 "061a0fffffff", "later than the statement"); /* 2^28 - 1: from now */
    refused("81a3" CEL V81 "0601", "later than the statement");
    refused("81a3" CEL V81 "063a7fffffff", "a time before 1970");
    refused("81a3" CEL V81 "061b7fffffffffffffff", "a time before 1970 or after 9999");
    refused("81a3" CEL V81 "063b7fffffffffffffff", "a time before 1970");
    refused("81a4"
            "221b7fffffffffffffff" CEL V81 "061b7fffffffffffffff",
            "a time before 1970");
}

static void fractions_of_a_millisecond_round_half_to_even(void **state)
{
    (void)state;
    static const struct {
        const char *time; /* seconds before now, as double */
        int64_t ms;
    } rows[] = {
        { "fbbf40624dd2f1a9fc", -0 }, /* -0.0005: tie with 0 */
        { "fbbf589374bc6a7efa", -2 }, /* -0.0015: tie of 1 and 2 before an even time */
        { "fbbf43a92a30553261", -1 }, /* -0.0006 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hex[128];
        (void)snprintf(hex, sizeof hex, "81a3" CEL V81 "06%s", rows[i].time);
        good(hex);
        assert_true((int64_t)samples.time_ms[0] == (int64_t)NOON_MS + rows[i].ms);
    }
}

static void records_in_any_order_give_rising_times(void **state)
{
    (void)state;
    good("84a3" CEL "0203"
         "0620"
         "a3" CEL "0201"
         "0622"
         "a3" CEL "0204"
         "0600"
         "a3" CEL "0202"
         "0621");
    assert_int_equal(samples.rows, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(samples.time_ms[i] == NOON_MS - 3000 + 1000 * i);
        assert_int_equal(samples.column[0].value[i], (int)i + 1);
    }
}

static void units_tell_the_property(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        uint16_t property;
    } rows[] = {
        { "Cel", PROPERTY_TEMPERATURE },
        { "%RH", PROPERTY_HUMIDITY },
        { "Pa", PROPERTY_PRESSURE },
        { "lx", PROPERTY_ILLUMINANCE },
        { "m/s2", PROPERTY_SHOCK },
        { "%EL", PROPERTY_BATTERY },
        { "V", PROPERTY_BATTERY_V },
        { "lat", PROPERTY_LATITUDE },
        { "lon", PROPERTY_LONGITUDE },
        { "m", PROPERTY_ALTITUDE },
        { "m/s", PROPERTY_SPEED },
        { "kg", PROPERTY_MASS },
        { "dBm", PROPERTY_SIGNAL },
        { "K", 0 },
        { "cel", 0 },
        { "", 0 },
        { "A", 0 },
        { "m/s2 ", 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(senml_property(slice_text(rows[i].unit)), rows[i].property);
}

static void other_records_are_passed_over(void **state)
{
    (void)state;
    /* amperes, a string, a boolean, data, a sum, a record of base fields alone */
    good("87"
         "a20161410201"
         "a2" CEL "036161"
         "a2" CEL "04f5"
         "a2" CEL "084101"
         "a2" CEL "0501"
         "a1236343656c"
         "a1" V81);
    assert_int_equal(samples.rows, 1);
    assert_int_equal(samples.columns, 1);
    refused("81a20161410201", "without a number in a unit");
    refused("80", "without a number in a unit");
    refused("81a10201", "without a number in a unit");
}

static void unknown_fields_are_passed_over_unless_they_must_be_understood(void **state)
{
    (void)state;
    good("81a4" CEL V81 "617882a1616101f6"
         "1863f5");
    good("81bf" CEL V81 "6178bf61619f01ffff"
         "ff"); /* indefinite, inside too */
    good("9fa2" CEL V81 "ff");
}

static void malformed_packs_are_refused(void **state)
{
    (void)state;
    refused("81a3" CEL V81 "62785f01", "must be understood");
    refused("a0", "not a map of SenML fields");
    refused("01", "not a map of SenML fields");
    refused("8101", "not a map of SenML fields");
    refused("81a2" CEL "026161", "not a map"); /* a text for a value */
    refused("81a2"
            "0101" V81,
            "not a map");                          /* a number for a unit */
    refused("81a3" CEL V81 "4101f5", "not a map"); /* a byte string for a label */
    refused("81a3" CEL V81 "02f9480d", "given twice");
    refused("81a2" CEL "02f97e00", "not finite");            /* NaN */
    refused("81a2" CEL "021b8000000000000000", "not a map"); /* beyond int64 */
    refused("81a3"
            "200b" CEL V81,
            "a version of SenML above 10");
    good("81a3"
         "200a" CEL V81);
    good("81a3"
         "2005" CEL V81);
}

static void values_stay_below_2_to_the_53(void **state)
{
    (void)state;
    good("81a2" CEL "021b001fffffffffffff");
    refused("81a2" CEL "021b0020000000000000", "a value of 2^53");
    refused("81a2" CEL "02fb41dfffffffffffff", "a value of 2^53"); /* 2147483647.999999762 */
    refused("81a3"
            "241b7fffffffffffffff" CEL "021b7fffffffffffffff",
            "a value of 2^53");
    good("81a3"
         "243b7fffffffffffffff" CEL "021b7fffffffffffffff");
    assert_int_equal(samples.column[0].value[0], -1);
    /* 10^12 alone fits; beside a value of nine decimals it does not. */
    good("81a3" CEL "021b000000e8d4a51000"
         "0620");
    refused("82a3" CEL "021b000000e8d4a51000"
            "0620"
            "a2" CEL "02fb3e112e0be826d695",
            "2^53 or more at 10^-9");
}

static void two_values_for_one_time_are_refused(void **state)
{
    (void)state;
    refused("82a2" CEL V81 "a2" CEL V81, "two values of property 1");
    good("82a2" CEL V81 "a2" RH V81);
}

static void records_are_counted_to_4096(void **state)
{
    (void)state;
    static uint8_t bytes[READING_SIZE_MAX];
    for (size_t n = SENML_RECORDS_MAX; n <= SENML_RECORDS_MAX + 1; n++) {
        struct err err = { 0 };
        struct buf out = buf_fixed(bytes, sizeof bytes);
        cbor_put_array(&out, n);
        for (size_t i = 0; i < n; i++) { /* from the last to the first: the slowest order */
            cbor_put_map(&out, i == 0 ? 3 : 2);
            if (i == 0)
                buf_add_slice(&out, vectors_unhex("236343656c"));
            cbor_put_int(&out, 2);
            cbor_put_int(&out, 7);
            cbor_put_int(&out, 6);
            cbor_put_int(&out, -(int64_t)i);
        }
        assert_false(out.failed);
        bool fits = senml_expand(buf_slice(&out), NOON_MS, &samples, &err);
        assert_int_equal(fits, n == SENML_RECORDS_MAX);
        assert_true(fits || strstr(err.msg, "more than 4096") != NULL);
    }
}

static void records_are_resolved_one_by_one(void **state)
{
    (void)state;
    struct senml_record record;
    struct slice pack = vectors_unhex("82a4"
                                      "21626469"
                                      "0061"
                                      "61"
                                      "236343656c"
                                      "0207"
                                      "a1"
                                      "0062"
                                      "6262");
    struct senml_reader r = senml_begin(pack, NOON_MS);
    assert_true(senml_next(&r, &record));
    assert_true(slice_equal(record.base_name, slice_text("di")));
    assert_true(slice_equal(record.name, slice_text("a")));
    assert_true(slice_equal(record.unit, slice_text("Cel")));
    assert_true(record.has_value);
    assert_true(senml_next(&r, &record));
    assert_true(slice_equal(record.base_name, slice_text("di")));
    assert_true(slice_equal(record.name, slice_text("bb")));
    assert_false(record.has_value);
    assert_false(senml_next(&r, &record));
    assert_true(senml_done(&r, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_floats_become_their_decimals),
        cmocka_unit_test(one_value_is_one_decimal_in_every_size),
        cmocka_unit_test(ties_go_to_the_even_digit),
        cmocka_unit_test(numbers_of_2_to_the_31_and_more_are_refused),
        cmocka_unit_test(all_halves_agree_with_the_machine),
        cmocka_unit_test(many_singles_agree_with_the_machine),
        cmocka_unit_test(a_pack_becomes_columns_of_samples),
        cmocka_unit_test(base_values_add_exactly),
        cmocka_unit_test(times_are_absolute_or_count_from_the_statement),
        cmocka_unit_test(fractions_of_a_millisecond_round_half_to_even),
        cmocka_unit_test(records_in_any_order_give_rising_times),
        cmocka_unit_test(units_tell_the_property),
        cmocka_unit_test(other_records_are_passed_over),
        cmocka_unit_test(unknown_fields_are_passed_over_unless_they_must_be_understood),
        cmocka_unit_test(malformed_packs_are_refused),
        cmocka_unit_test(values_stay_below_2_to_the_53),
        cmocka_unit_test(two_values_for_one_time_are_refused),
        cmocka_unit_test(records_are_counted_to_4096),
        cmocka_unit_test(records_are_resolved_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
