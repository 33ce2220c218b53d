#include "contracts/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_flow.h"

static const struct slice choices[] = { { (const uint8_t *)"red", 3 },
                                        { (const uint8_t *)"green", 5 } };

static struct value_kind kind(enum contract_type type, const char *unit)
{
    struct value_kind k = VALUE_KIND_NONE;
    k.type = type;
    k.unit = slice_text(unit);
    k.count = type == CONTRACT_CHOICE ? 2 : 0;
    return k;
}

static struct value_kind ranged(enum contract_type type, const char *unit, int64_t min, int64_t max)
{
    struct value_kind k = kind(type, unit);
    k.ranged = true;
    k.min = min;
    k.max = max;
    return k;
}

static struct value_kind list_of(enum contract_type scalar, const char *unit)
{
    struct value_kind k = kind(CONTRACT_LIST, unit);
    k.scalar = scalar;
    return k;
}

/* ------------------------------------------------------------------ bytes */

static bool take(struct slice bytes, struct value_kind k, struct contract_value *ret,
                 struct err *err)
{
    assert_true(cbor_scan(bytes, err));
    struct cbor_reader r = cbor_reader(bytes);
    bool taken = value_take(&r, &k, choices, ret, err);
    assert_int_equal(taken, cbor_done(&r));
    return taken;
}

static void round_trips(struct contract_value v, struct value_kind k)
{
    uint8_t memory[8192], again[8192];
    struct buf out = buf_fixed(memory, sizeof memory), second = buf_fixed(again, sizeof again);
    struct contract_value read = { 0 };
    struct err err;
    value_put(&out, &v);
    if (!take(buf_slice(&out), k, &read, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(read.type, v.type);
    assert_int_equal(read.number, v.number);
    assert_int_equal(read.exponent, v.exponent);
    assert_true(slice_equal(read.text, v.text));
    value_put(&second, &read);
    assert_true(slice_equal(buf_slice(&out), buf_slice(&second)));
}

static void test_round_trips(void **state)
{
    (void)state;
    static const char hash[] = "0123456789abcdef0123456789abcdef";
    round_trips(flow_kit_bool(true), kind(CONTRACT_BOOL, ""));
    round_trips(flow_kit_int(INT64_MIN), kind(CONTRACT_INT, ""));
    round_trips(flow_kit_int(INT64_MAX), kind(CONTRACT_INT, ""));
    round_trips(flow_kit_text("straße"), kind(CONTRACT_TEXT, ""));
    round_trips(flow_kit_quantity(91, -1, "Cel"), kind(CONTRACT_QUANTITY, "Cel"));
    round_trips(flow_kit_quantity(9100, -3, "Cel"),
                kind(CONTRACT_QUANTITY, "Cel")); /* as written */
    round_trips(flow_kit_time(VALUE_TIME_MAX), kind(CONTRACT_TIME, ""));
    round_trips(flow_kit_of(CONTRACT_CHOICE, "green"), kind(CONTRACT_CHOICE, ""));
    round_trips(flow_kit_of(CONTRACT_PARTY, "8 bytes."), kind(CONTRACT_PARTY, ""));
    round_trips(flow_kit_of(CONTRACT_ASSET, "01/09506000134352/21/A"), kind(CONTRACT_ASSET, ""));
    round_trips(flow_kit_of(CONTRACT_INSTANCE, hash), kind(CONTRACT_INSTANCE, ""));
    round_trips(flow_kit_of(CONTRACT_HASH, hash), kind(CONTRACT_HASH, ""));
    round_trips(flow_kit_of(CONTRACT_LIST, "\x82\x61x\x61y"), list_of(CONTRACT_TEXT, ""));
    round_trips(flow_kit_of(CONTRACT_LIST, "\x81\x83\x05\x20\x63"
                                           "Cel"),
                list_of(CONTRACT_QUANTITY, "Cel"));
    for (int type = 0; type < CONTRACT_NOTHING; type++)
        round_trips(flow_kit_nothing(), kind((enum contract_type)type, ""));
}

static void refused(struct contract_value v, struct value_kind k, const char *message)
{
    uint8_t memory[8192];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct contract_value read = { .number = 7 };
    struct err err = { .msg = "" };
    value_put(&out, &v);
    assert_false(take(buf_slice(&out), k, &read, &err));
    assert_string_equal(err.msg, message);
    assert_int_equal(read.number, 7);
}

static void test_what_does_not_fit_is_refused_in_words(void **state)
{
    (void)state;
    refused(flow_kit_text("8"), kind(CONTRACT_QUANTITY, "Cel"),
            "expected a quantity in \"Cel\", found a text");
    refused(flow_kit_quantity(8, 0, "%RH"), kind(CONTRACT_QUANTITY, "Cel"),
            "expected a quantity in \"Cel\", found 8 %RH");
    refused(flow_kit_int(1), kind(CONTRACT_BOOL, ""), "expected yes or no, found a whole number");
    refused(flow_kit_int(-1), kind(CONTRACT_TIME, ""),
            "expected a time between 1970 and the year 9999");
    refused(flow_kit_int(VALUE_TIME_MAX + 1), kind(CONTRACT_TIME, ""),
            "expected a time between 1970 and the year 9999");
    refused(flow_kit_text("blue"), kind(CONTRACT_CHOICE, ""),
            "expected one of red, green, found \"blue\"");
    refused(flow_kit_of(CONTRACT_PARTY, "7 bytes"), kind(CONTRACT_PARTY, ""),
            "expected a party of 8 bytes, found 7");
    refused(flow_kit_of(CONTRACT_PARTY, "8 bytes."), kind(CONTRACT_HASH, ""),
            "expected a hash of 32 bytes, found 8");
    refused(flow_kit_text(""), kind(CONTRACT_ASSET, ""),
            "expected an asset of at most 64 bytes, found 0");
    refused(flow_kit_of(CONTRACT_LIST, "\x82\x61x\x01"), list_of(CONTRACT_TEXT, ""),
            "value 2 of the list is not a text");
    refused(flow_kit_of(CONTRACT_LIST, "\x81\x83\x0a\x20\x63"
                                       "Cel"),
            list_of(CONTRACT_QUANTITY, "Cel"), "value 1 of the list has zeros to cut");
    refused(flow_kit_of(CONTRACT_LIST, "\x81\x81\x01"), list_of(CONTRACT_LIST, ""),
            "value 1 of the list is not a list");
    refused(flow_kit_int(1), kind(CONTRACT_NOTHING, ""), "expected nothing, found a whole number");
}

static void test_ranges_are_inclusive(void **state)
{
    (void)state;
    struct value_kind k = ranged(CONTRACT_QUANTITY, "Cel", -400, 850);
    k.exponent = -1;
    round_trips(flow_kit_quantity(85, 0, "Cel"), k);
    round_trips(flow_kit_quantity(-40000, -3, "Cel"), k);
    refused(flow_kit_quantity(85001, -3, "Cel"), k, "expected -40 °C to 85 °C, found 85.001 °C");
    refused(flow_kit_quantity(-401, -1, "Cel"), k, "expected -40 °C to 85 °C, found -40.1 °C");
    round_trips(flow_kit_int(0), ranged(CONTRACT_INT, "", 0, 10));
    round_trips(flow_kit_int(10), ranged(CONTRACT_INT, "", 0, 10));
    refused(flow_kit_int(11), ranged(CONTRACT_INT, "", 0, 10), "expected 0 to 10, found 11");
    refused(flow_kit_int(-1), ranged(CONTRACT_INT, "", 0, 10), "expected 0 to 10, found -1");
    round_trips(flow_kit_text("straße"), ranged(CONTRACT_TEXT, "", 0, 7));
    refused(flow_kit_text("straße!"), ranged(CONTRACT_TEXT, "", 0, 7),
            "expected a text of at most 7 bytes, found 8");
    struct value_kind list = ranged(CONTRACT_LIST, "", 0, 10);
    list.scalar = CONTRACT_INT;
    round_trips(flow_kit_of(CONTRACT_LIST, "\x81\x0a"), list);
    refused(flow_kit_of(CONTRACT_LIST, "\x82\x0a\x0b"), list,
            "value 2 of the list: expected 0 to 10, found 11");
}

static void test_lists_have_at_most_64_values(void **state)
{
    (void)state;
    char items[2 + VALUE_LIST_MAX + 2] = "\x98\x40";
    memset(items + 2, 1, VALUE_LIST_MAX + 1);
    struct contract_value v = { .type = CONTRACT_LIST };
    v.text = slice_of(items, 2 + VALUE_LIST_MAX);
    round_trips(v, list_of(CONTRACT_INT, ""));
    items[1] = 0x41;
    v.text = slice_of(items, 2 + VALUE_LIST_MAX + 1);
    refused(v, list_of(CONTRACT_INT, ""), "expected a list of at most 64 values");
}

/* ------------------------------------------------------------------ one form for each amount */

static void settles(int64_t mantissa, int exponent, int64_t to, int to_exponent)
{
    struct contract_value v = flow_kit_quantity(mantissa, exponent, "kg");
    value_settle(&v);
    assert_int_equal(v.number, to);
    assert_int_equal(v.exponent, to_exponent);
}

static void test_settling(void **state)
{
    (void)state;
    settles(1250, -2, 125, -1);
    settles(100, -2, 1, 0);
    settles(100, 0, 100, 0);
    settles(5, 3, 5000, 0);
    settles(0, -7, 0, 0);
    settles(0, 9, 0, 0);
    settles(-10, -1, -1, 0);
    settles(INT64_MAX, 9, INT64_MAX, 9);
    settles(922337203685477580, 9, 9223372036854775800, 8); /* ten times it just fits */
    settles(922337203685477581, 9, 922337203685477581, 9);
    settles(INT64_MIN, -9, INT64_MIN, -9);
    struct contract_value v = flow_kit_int(1000);
    value_settle(&v);
    assert_int_equal(v.number, 1000);
}

static void test_comparing(void **state)
{
    (void)state;
    struct contract_value a = flow_kit_quantity(90, -1, "Cel"), b = flow_kit_quantity(9, 0, "Cel");
    assert_int_equal(value_compare(&a, &b), 0);
    b = flow_kit_quantity(901, -2, "Cel");
    assert_true(value_compare(&a, &b) < 0 && value_compare(&b, &a) > 0);
    b = flow_kit_quantity(9, 0, "K");
    assert_int_not_equal(value_compare(&a, &b), 0);
    a = flow_kit_quantity(INT64_MAX, 9, "Cel");
    b = flow_kit_quantity(INT64_MIN, 9, "Cel");
    assert_true(value_compare(&a, &b) > 0);
    a = flow_kit_text("A");
    b = flow_kit_of(CONTRACT_CHOICE, "A");
    assert_int_equal(value_compare(&a, &b), 0);
    assert_int_equal(value_compare(&b, &a), 0);
    b = flow_kit_of(CONTRACT_HASH, "A");
    assert_int_not_equal(value_compare(&a, &b), 0);
    a = flow_kit_int(1);
    b = flow_kit_time(1);
    assert_int_not_equal(value_compare(&a, &b), 0);
    b = flow_kit_bool(true);
    assert_int_not_equal(value_compare(&a, &b), 0);
}

static void test_kinds_suit(void **state)
{
    (void)state;
    struct value_kind text = kind(CONTRACT_TEXT, ""), choice = kind(CONTRACT_CHOICE, "");
    struct value_kind asset = kind(CONTRACT_ASSET, ""), nothing = kind(CONTRACT_NOTHING, "");
    struct value_kind cel = kind(CONTRACT_QUANTITY, "Cel"), rh = kind(CONTRACT_QUANTITY, "%RH");
    struct value_kind texts = list_of(CONTRACT_TEXT, ""), ints = list_of(CONTRACT_INT, "");
    struct value_kind cels = list_of(CONTRACT_QUANTITY, "Cel"),
                      empty = list_of(CONTRACT_NOTHING, "");
    assert_true(value_kind_suits(&text, &choice) && value_kind_suits(&choice, &text));
    assert_true(value_kind_suits(&text, &asset) && !value_kind_suits(&choice, &asset));
    assert_true(value_kind_suits(&nothing, &cel) && !value_kind_suits(&cel, &nothing));
    assert_true(value_kind_suits(&cel, &cel) && !value_kind_suits(&cel, &rh));
    assert_true(value_kind_suits(&texts, &texts) && !value_kind_suits(&texts, &ints));
    assert_true(value_kind_suits(&empty, &ints) && value_kind_suits(&empty, &cels));
    rh = list_of(CONTRACT_QUANTITY, "%RH");
    assert_false(value_kind_suits(&cels, &rh));
}

/* ------------------------------------------------------------------ for people */

static void shows(struct contract_value v, const char *expected)
{
    char text[100];
    value_show(&v, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_showing(void **state)
{
    (void)state;
    shows(flow_kit_bool(true), "yes");
    shows(flow_kit_bool(false), "no");
    shows(flow_kit_int(-12), "-12");
    shows(flow_kit_int(INT64_MIN), "-9223372036854775808");
    shows(flow_kit_quantity(91, -1, "Cel"), "9.1 °C");
    shows(flow_kit_quantity(65, 0, "%RH"), "65 %RH");
    shows(flow_kit_quantity(15, -1, ""), "1.5");
    shows(flow_kit_quantity(25, 0, "m/s2"), "25 m/s²");
    shows(flow_kit_quantity(125, -1, "EUR"), "EUR 12.50");
    shows(flow_kit_quantity(12, 0, "EUR"), "EUR 12.00");
    shows(flow_kit_quantity(-12345, -3, "EUR"), "EUR -12.345");
    shows(flow_kit_quantity(1200, 0, "s"), "20 min");
    shows(flow_kit_quantity(7200, 0, "s"), "2 h");
    shows(flow_kit_quantity(61, 0, "s"), "61 s");
    shows(flow_kit_quantity(15, -1, "s"), "1.5 s");
    shows(flow_kit_quantity(0, 0, "s"), "0 s");
    shows(flow_kit_time(1780293600000), "2026-06-01T06:00:00Z");
    shows(flow_kit_of(CONTRACT_PARTY, "AAAAAAAA"), "4141414141414141");
    shows(flow_kit_text("straße"), "straße");
    shows(flow_kit_nothing(), "nothing");
    shows(flow_kit_of(CONTRACT_LIST, "\x82\x61x\x61y"), "[x, y]");
    shows(flow_kit_of(CONTRACT_LIST, "\x89\x01\x02\x03\x04\x05\x06\x07\x08\x09"),
          "[1, 2, 3, 4, 5, 6, 7, 8, …]");
}

static void test_a_cut_keeps_characters_whole(void **state)
{
    (void)state;
    char text[6];
    struct contract_value v = flow_kit_text("aaaaß");
    value_show(&v, text, sizeof text);
    assert_string_equal(text, "aaaa");
    char one[1] = "x";
    value_show(&v, one, sizeof one);
    assert_string_equal(one, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_what_does_not_fit_is_refused_in_words),
        cmocka_unit_test(test_ranges_are_inclusive),
        cmocka_unit_test(test_lists_have_at_most_64_values),
        cmocka_unit_test(test_settling),
        cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_kinds_suit),
        cmocka_unit_test(test_showing),
        cmocka_unit_test(test_a_cut_keeps_characters_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
