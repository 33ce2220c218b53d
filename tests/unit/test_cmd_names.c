/* Names, spans and amounts as people type them. */
#include "tools/cmd_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UNIT "01/09506000134352/21/"

/* ------------------------------------------------------------------ amounts */

static void check_amount(const char *text, int64_t mantissa, int exponent, const char *unit)
{
    struct amount a = { .mantissa = -1 };
    struct err err = { .code = ERR_NONE };
    if (!cmd_names_amount(text, &a, &err))
        fail_msg("%s: %s", text, err.msg);
    assert_int_equal(a.mantissa, mantissa);
    assert_int_equal(a.exponent, exponent);
    assert_true(slice_equal(a.unit, slice_text(unit)));
}

static void amounts_as_typed(void **state)
{
    (void)state;
    check_amount("25t", 25, 0, "t");
    check_amount("25 t", 25, 0, "t");
    check_amount("0.1kg", 1, -1, "kg");
    check_amount("0.100 kg", 1, -1, "kg");
    check_amount("1.50L", 15, -1, "L");
    check_amount("48 each", 48, 0, "each");
    check_amount("100 mg", 100, 0, "mg");
    check_amount("3.000000001m3", 3000000001, -9, "m3");
    check_amount("9007199254740992 g", INT64_C(9007199254740992), 0, "g");
}

static void amounts_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "",
        "t",
        "25",
        "25 lb",
        "-1 kg",
        "0 kg",
        "0.0kg",
        "1,5 kg",
        ".5 kg",
        "5. kg",
        "1.2.3 kg",
        "1e3 kg",
        "25 T",
        "25 t ",
        "+3 kg",
        "0x5 kg",
        "1 kg of tea",
        "1.0000000001 kg",
        "9007199254740993 g",
        "99999999999999999999999 g",
    };
    struct amount a = { .mantissa = 7 };
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (struct err){ .code = ERR_NONE };
        if (cmd_names_amount(wrong[i], &a, &err))
            fail_msg("\"%s\" was taken for an amount", wrong[i]);
        assert_int_equal(err.code, ERR_INPUT);
    }
    assert_int_equal(a.mantissa, 7);
}

/* ------------------------------------------------------------------ spans */

static struct asset_set span_of(const char *text, struct buf *memory)
{
    struct asset_set set;
    struct err err = { .code = ERR_NONE };
    if (!cmd_names_span(text, memory, &set, &err))
        fail_msg("%s: %s", text, err.msg);
    return set;
}

static void a_span_of_units(void **state)
{
    struct buf memory = buf_heap(CMD_ASSETS_MAX);
    struct asset_set set = span_of(UNIT "BAR0098..0101", &memory);
    static const char *const names[] = { UNIT "BAR0098", UNIT "BAR0099", UNIT "BAR0100",
                                         UNIT "BAR0101" };
    struct asset_iter it = asset_set_begin(&set);
    (void)state;
    assert_int_equal(set.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(asset_set_next(&it));
        assert_string_equal(it.name, names[i]);
    }
    assert_false(asset_set_next(&it));
    buf_free(&memory);
}

static void one_name_is_a_span(void **state)
{
    static const char *const whole[] = {
        UNIT "BAR1", UNIT "A..B", /* dots are characters of serials */
        UNIT "A1..B2",            /* no number behind them */
        UNIT "..5",               /* none before */
    };
    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        struct buf memory = buf_heap(CMD_ASSETS_MAX);
        struct asset_set set = span_of(whole[i], &memory);
        struct asset_iter it = asset_set_begin(&set);
        assert_int_equal(set.count, 1);
        assert_true(asset_set_next(&it));
        assert_string_equal(it.name, whole[i]);
        buf_free(&memory);
    }
}

static void spans_that_are_none(void **state)
{
    static const char *const wrong[] = {
        UNIT "BAR01..1",      /* other width */
        UNIT "BAR5..5",       /* one only */
        UNIT "BAR9..3",       /* falling */
        UNIT "B00001..10001", /* more than a statement holds */
        UNIT "BAR0000000000001..0000000000002x",
        "01/09506000134353/21/A1..2", /* check digit */
        "BAR1..9",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct buf memory = buf_heap(CMD_ASSETS_MAX);
        struct asset_set set;
        struct err err = { .code = ERR_NONE };
        if (cmd_names_span(wrong[i], &memory, &set, &err))
            fail_msg("\"%s\" was taken for a span", wrong[i]);
        assert_int_equal(err.code, ERR_INPUT);
        buf_free(&memory);
    }
}

static void ten_thousand_fit(void **state)
{
    struct buf memory = buf_heap(CMD_ASSETS_MAX);
    struct asset_set set = span_of(UNIT "B00001..10000", &memory);
    (void)state;
    assert_int_equal(set.count, 10000);
    assert_true(set.raw.len < 64); /* as a range: that is what it is for */
    buf_free(&memory);
}

/* ------------------------------------------------------------------ places */

static void places(void **state)
{
    struct cmd_args args = { .command = "test", .option_count = 1 };
    struct slice gln;
    struct err err = { .code = ERR_NONE };
    (void)state;
    args.option[0] = (struct cmd_option){ "place", "414/9506000134376" };
    assert_true(cmd_names_place(&args, "place", &gln, &err));
    assert_true(slice_equal(gln, slice_text("9506000134376")));
    args.option[0].value = "9506000134376";
    assert_true(cmd_names_place(&args, "place", &gln, &err));
    assert_true(slice_equal(gln, slice_text("9506000134376")));
    args.option[0].value = "9506000134377";
    assert_false(cmd_names_place(&args, "place", &gln, &err));
    assert_true(cmd_names_place(&args, "other", &gln, &err));
    assert_int_equal(gln.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_as_typed),
        cmocka_unit_test(amounts_that_are_none),
        cmocka_unit_test(a_span_of_units),
        cmocka_unit_test(one_name_is_a_span),
        cmocka_unit_test(spans_that_are_none),
        cmocka_unit_test(ten_thousand_fit),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
