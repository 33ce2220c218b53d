/*
 * The arithmetic of expressions against ten thousand results that exact fractions gave
 * (tests/vectors/make_arithmetic.py), and at its edges. Runs from the top of the source tree.
 */
#include "contracts/expr.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_flow.h"

#define CASES 10000
#define KINDS 9 /* of cases, in turn */

/* Two or three operands are the first constants; none: no value. */
static bool calculate(struct flow_kit *kit, int32_t op, const struct contract_value *operands,
                      size_t count, struct contract_value *ret)
{
    int32_t words[8];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        kit->def->constants[i] = operands[i];
        words[n++] = EXPR_CONSTANT;
        words[n++] = (int32_t)i;
    }
    kit->def->constant_count = count;
    words[n++] = op;
    kit->def->code_count = 0;
    struct contract_code code = flow_kit_code(kit, words, n);
    struct value_kind kind;
    struct err err;
    if (!expr_check(kit->def, code, NULL, 0, -1, 0, &kind, &err))
        fail_msg("operation %d: %s", op, err.msg);
    if (!expr_value(&kit->scope, code, ret, NULL))
        return false;
    assert_int_equal(ret->type, kind.type);
    return true;
}

/* ------------------------------------------------------------------ the vectors */

static uint64_t draw_state;

static uint64_t draw(void)
{
    draw_state += 0x9e3779b97f4a7c15u;
    uint64_t z = draw_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int64_t draw_mantissa(void)
{
    uint64_t how = draw() % 6, raw = draw();
    if (how == 0)
        return (int64_t)(raw % 21) - 10;
    if (how == 1)
        return (int64_t)(raw % 2000001) - 1000000;
    if (how == 2)
        return (int64_t)raw;
    if (how == 3)
        return INT64_MAX - (int64_t)(raw % 5);
    if (how == 4)
        return INT64_MIN + (int64_t)(raw % 5);
    int64_t power = 1;
    for (uint64_t i = raw / 19 % 18; i > 0; i--)
        power *= 10;
    return ((int64_t)(raw % 19) - 9) * power;
}

static int draw_exponent(void)
{
    if (draw() % 2 == 0)
        return -(int)(draw() % 4);
    return (int)(draw() % 19) - 9;
}

static struct contract_value amount(int64_t mantissa, int exponent, const char *unit)
{
    return flow_kit_quantity(mantissa, exponent, unit);
}

static bool run_case(struct flow_kit *kit, size_t i, struct contract_value *ret)
{
    int64_t m[3];
    int e[3];
    for (size_t k = 0; k < 3; k++)
        m[k] = draw_mantissa();
    for (size_t k = 0; k < 3; k++)
        e[k] = draw_exponent();
    struct contract_value x = amount(m[0], e[0], "kg"), y = amount(m[1], e[1], "kg");
    struct contract_value plain = amount(m[1], e[1], ""), n = flow_kit_int(m[0]),
                          d = flow_kit_int(m[1]);
    struct contract_value by[3] = { x, amount(m[1], e[1], "s"), amount(m[2], e[2], "s") };
    struct contract_value of_n[3] = { n, by[1], by[2] };
    switch (i % KINDS) {
    case 0: return calculate(kit, EXPR_ADD, (struct contract_value[]){ x, y }, 2, ret);
    case 1: return calculate(kit, EXPR_SUBTRACT, (struct contract_value[]){ x, y }, 2, ret);
    case 2: return calculate(kit, EXPR_MULTIPLY, (struct contract_value[]){ x, plain }, 2, ret);
    case 3: return calculate(kit, EXPR_DIVIDE, (struct contract_value[]){ x, plain }, 2, ret);
    case 4: return calculate(kit, EXPR_DIVIDE, (struct contract_value[]){ x, y }, 2, ret);
    case 5: return calculate(kit, EXPR_PRORATE, by, 3, ret);
    case 6: return calculate(kit, EXPR_PRORATE, of_n, 3, ret);
    case 7: return calculate(kit, EXPR_MULTIPLY, (struct contract_value[]){ n, d }, 2, ret);
    default: return calculate(kit, EXPR_DIVIDE, (struct contract_value[]){ n, d }, 2, ret);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    struct flow_kit kit;
    flow_kit_begin(&kit);
    FILE *f = fopen("tests/vectors/arithmetic.txt", "r");
    assert_non_null(f);
    draw_state = 20260601;
    char line[64], found[64];
    for (size_t i = 0; i < CASES; i++) {
        struct contract_value v;
        assert_non_null(fgets(line, sizeof line, f));
        line[strcspn(line, "\n")] = 0;
        if (!run_case(&kit, i, &v))
            (void)snprintf(found, sizeof found, "-");
        else if (v.type == CONTRACT_QUANTITY)
            (void)snprintf(found, sizeof found, "%" PRId64 " %d", v.number, v.exponent);
        else
            (void)snprintf(found, sizeof found, "%" PRId64, v.number);
        if (strcmp(line, found) != 0)
            fail_msg("line %zu, case %zu: expected %s, found %s", i + 1, i % KINDS, line, found);
    }
    assert_null(fgets(line, sizeof line, f));
    (void)fclose(f);
    flow_kit_end(&kit);
}

/* ------------------------------------------------------------------ edges, by hand */

static void comes_to(struct flow_kit *kit, int32_t op, struct contract_value a,
                     struct contract_value b, struct contract_value expected)
{
    struct contract_value v = flow_kit_nothing();
    bool has = calculate(kit, op, (struct contract_value[]){ a, b }, 2, &v);
    assert_int_equal(has, expected.type != CONTRACT_NOTHING);
    if (!has)
        return;
    assert_int_equal(v.type, expected.type);
    assert_int_equal(v.number, expected.number);
    assert_int_equal(v.exponent, expected.exponent);
    assert_true(slice_equal(v.text, expected.text));
}

static void test_whole_numbers_at_the_limits(void **state)
{
    (void)state;
    struct flow_kit k;
    flow_kit_begin(&k);
    struct contract_value none = flow_kit_nothing(), max = flow_kit_int(INT64_MAX),
                          min = flow_kit_int(INT64_MIN);
    comes_to(&k, EXPR_ADD, max, flow_kit_int(0), max);
    comes_to(&k, EXPR_ADD, max, flow_kit_int(1), none);
    comes_to(&k, EXPR_SUBTRACT, min, flow_kit_int(1), none);
    comes_to(&k, EXPR_SUBTRACT, min, flow_kit_int(-1), flow_kit_int(INT64_MIN + 1));
    comes_to(&k, EXPR_SUBTRACT, flow_kit_int(0), min, none);
    comes_to(&k, EXPR_MULTIPLY, min, flow_kit_int(-1), none);
    comes_to(&k, EXPR_MULTIPLY, min, flow_kit_int(1), min);
    comes_to(&k, EXPR_DIVIDE, min, flow_kit_int(-1), none);
    comes_to(&k, EXPR_DIVIDE, flow_kit_int(1), flow_kit_int(0), none);
    comes_to(&k, EXPR_MINIMUM, min, max, min);
    comes_to(&k, EXPR_MAXIMUM, min, max, max);
    flow_kit_end(&k);
}

static void test_rounding_is_half_to_even(void **state)
{
    (void)state;
    struct flow_kit k;
    flow_kit_begin(&k);
    static const struct {
        int64_t dividend, divisor, quotient;
    } whole[] = { { 1, 2, 0 },   { 3, 2, 2 },   { 5, 2, 2 },   { 7, 2, 4 }, { -1, 2, 0 },
                  { -3, 2, -2 }, { -5, 2, -2 }, { 5, -2, -2 }, { 2, 3, 1 }, { 1, 3, 0 } };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        comes_to(&k, EXPR_DIVIDE, flow_kit_int(whole[i].dividend), flow_kit_int(whole[i].divisor),
                 flow_kit_int(whole[i].quotient));
    /* A quantity keeps two decimals, or its own when it has more. */
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(100, 0, "EUR"), flow_kit_int(3),
             flow_kit_quantity(3333, -2, "EUR"));
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(1, -2, "EUR"), flow_kit_int(2),
             flow_kit_quantity(0, 0, "EUR"));
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(3, -2, "EUR"), flow_kit_int(2),
             flow_kit_quantity(2, -2, "EUR"));
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(1, -4, "kg"), flow_kit_int(3),
             flow_kit_quantity(0, 0, "kg"));
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(2, -4, "kg"), flow_kit_int(3),
             flow_kit_quantity(1, -4, "kg"));
    comes_to(&k, EXPR_DIVIDE, flow_kit_int(5), flow_kit_quantity(25, -1, ""), flow_kit_int(2));
    /* By its own unit: towards minus infinity. */
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(7, 0, "s"), flow_kit_quantity(2, 0, "s"),
             flow_kit_int(3));
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(-7, 0, "s"), flow_kit_quantity(2, 0, "s"),
             flow_kit_int(-4));
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(8, 0, "s"), flow_kit_quantity(-2, 0, "s"),
             flow_kit_int(-4));
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(1, 0, "s"), flow_kit_quantity(0, 0, "s"),
             flow_kit_nothing());
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(INT64_MAX, 9, "s"), flow_kit_quantity(1, -9, "s"),
             flow_kit_nothing());
    flow_kit_end(&k);
}

static void test_a_value_does_not_depend_on_how_it_is_written(void **state)
{
    (void)state;
    struct flow_kit k;
    flow_kit_begin(&k);
    struct contract_value third = flow_kit_quantity(167, -2, "Cel");
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(5, 0, "Cel"), flow_kit_int(3), third);
    comes_to(&k, EXPR_DIVIDE, flow_kit_quantity(5000000, -6, "Cel"), flow_kit_int(3), third);
    comes_to(&k, EXPR_ADD, flow_kit_quantity(50, -1, "Cel"), flow_kit_quantity(30, -1, "Cel"),
             flow_kit_quantity(8, 0, "Cel"));
    flow_kit_end(&k);
}

static void test_times(void **state)
{
    (void)state;
    struct flow_kit k;
    flow_kit_begin(&k);
    struct contract_value none = flow_kit_nothing(), t = flow_kit_time(10000);
    comes_to(&k, EXPR_ADD, t, flow_kit_quantity(25, -1, "s"), flow_kit_time(12500));
    comes_to(&k, EXPR_ADD, flow_kit_quantity(25, -1, "s"), t, flow_kit_time(12500));
    comes_to(&k, EXPR_SUBTRACT, t, flow_kit_quantity(10, 0, "s"), flow_kit_time(0));
    comes_to(&k, EXPR_SUBTRACT, t, flow_kit_quantity(10001, -3, "s"), none);
    comes_to(&k, EXPR_ADD, t, flow_kit_quantity(1, -4, "s"), none);
    comes_to(&k, EXPR_ADD, t, flow_kit_quantity(INT64_MAX, 9, "s"), none);
    comes_to(&k, EXPR_ADD, flow_kit_time(VALUE_TIME_MAX), flow_kit_quantity(1, -3, "s"), none);
    comes_to(&k, EXPR_SUBTRACT, t, flow_kit_time(12500), flow_kit_quantity(-25, -1, "s"));
    comes_to(&k, EXPR_MAXIMUM, t, flow_kit_time(12500), flow_kit_time(12500));
    flow_kit_end(&k);
}

static void test_units_of_products(void **state)
{
    (void)state;
    struct flow_kit k;
    flow_kit_begin(&k);
    comes_to(&k, EXPR_MULTIPLY, flow_kit_quantity(25, -1, "kg"), flow_kit_int(4),
             flow_kit_quantity(10, 0, "kg"));
    comes_to(&k, EXPR_MULTIPLY, flow_kit_int(4), flow_kit_quantity(25, -1, "kg"),
             flow_kit_quantity(10, 0, "kg"));
    comes_to(&k, EXPR_MULTIPLY, flow_kit_quantity(2, 0, ""), flow_kit_quantity(25, -1, "kg"),
             flow_kit_quantity(5, 0, "kg"));
    comes_to(&k, EXPR_MULTIPLY, flow_kit_int(3), flow_kit_quantity(15, -1, ""),
             flow_kit_quantity(45, -1, ""));
    comes_to(&k, EXPR_MULTIPLY, flow_kit_quantity(1, -9, "kg"), flow_kit_quantity(1, -1, ""),
             flow_kit_nothing());
    comes_to(&k, EXPR_MULTIPLY, flow_kit_quantity(10, -9, "kg"), flow_kit_quantity(1, -1, ""),
             flow_kit_quantity(1, -9, "kg"));
    flow_kit_end(&k);
}

static void test_negating(void **state)
{
    (void)state;
    struct flow_kit k;
    flow_kit_begin(&k);
    struct contract_value v, min = flow_kit_int(INT64_MIN), warm = flow_kit_quantity(81, -1, "Cel");
    assert_false(calculate(&k, EXPR_NEGATE, &min, 1, &v));
    assert_true(calculate(&k, EXPR_NEGATE, &warm, 1, &v));
    assert_int_equal(v.number, -81);
    flow_kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_whole_numbers_at_the_limits),
        cmocka_unit_test(test_rounding_is_half_to_even),
        cmocka_unit_test(test_a_value_does_not_depend_on_how_it_is_written),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_units_of_products),
        cmocka_unit_test(test_negating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
