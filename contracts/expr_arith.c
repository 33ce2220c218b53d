/* Exact decimal arithmetic: 128 bits between, int64 at the end, rounded half to even and once. */
#include "contracts/expr_parts.h"

#include <assert.h>

#include "common/quantity.h"

__extension__ typedef __int128 wide;

#define MAX_SHIFT        36 /* 10^36 fits, and so does what is multiplied by it below */
#define MS_EXPONENT      (-3)
#define DECIMALS         (-2) /* at least so many of a rounded quantity */
#define LARGEST_EXPONENT QUANTITY_MAX_EXPONENT

static wide power_of_ten(int exponent)
{
    assert(exponent >= 0 && exponent <= MAX_SHIFT);
    wide power = 1;
    for (int i = 0; i < exponent; i++)
        power *= 10;
    return power;
}

static bool fits(wide number)
{
    return number >= INT64_MIN && number <= INT64_MAX;
}

/* Cuts zeros until the amount has a form; none: too large or too fine. */
static enum expr_lack settle(wide number, int exponent, struct slice unit,
                             struct contract_value *ret)
{
    while (number != 0 && number % 10 == 0 &&
           (exponent < 0 || (!fits(number) && exponent < LARGEST_EXPONENT))) {
        number /= 10;
        exponent++;
    }
    if (number == 0)
        exponent = 0;
    for (; exponent > LARGEST_EXPONENT && fits(number) && fits(number * 10); exponent--)
        number *= 10;
    if (!fits(number) || exponent < -LARGEST_EXPONENT || exponent > LARGEST_EXPONENT)
        return EXPR_TOO_LARGE;
    *ret = (struct contract_value){
        .type = CONTRACT_QUANTITY, .number = (int64_t)number, .exponent = exponent, .text = unit
    };
    value_settle(ret);
    return EXPR_HAS_VALUE;
}

static enum expr_lack whole_number(wide number, enum contract_type type, struct contract_value *ret)
{
    bool time = type == CONTRACT_TIME;
    if (!fits(number) || (time && (number < 0 || number > VALUE_TIME_MAX)))
        return EXPR_TOO_LARGE;
    *ret = (struct contract_value){ .type = type, .number = (int64_t)number };
    return EXPR_HAS_VALUE;
}

struct contract_value expr_arith_seconds(int64_t number, int exponent)
{
    static const struct slice seconds = { (const uint8_t *)"s", 1 };
    struct contract_value v = {
        .type = CONTRACT_QUANTITY, .number = number, .exponent = exponent, .text = seconds
    };
    value_settle(&v);
    return v;
}

/* ------------------------------------------------------------------ sums and products */

enum expr_lack expr_arith_negate(const struct contract_value *a, struct contract_value *ret)
{
    if (a->type == CONTRACT_QUANTITY)
        return settle(-(wide)a->number, a->exponent, a->text, ret);
    return whole_number(-(wide)a->number, CONTRACT_INT, ret);
}

static enum expr_lack move_time(const struct contract_value *time,
                                const struct contract_value *seconds, bool back,
                                struct contract_value *ret)
{
    int64_t ms;
    if (!quantity_rescale(seconds->number, seconds->exponent, MS_EXPONENT, &ms))
        return seconds->exponent < MS_EXPONENT ? EXPR_NOT_MS : EXPR_TOO_LARGE;
    wide moved = back ? (wide)time->number - ms : (wide)time->number + ms;
    return whole_number(moved, CONTRACT_TIME, ret);
}

enum expr_lack expr_arith_add(const struct contract_value *a, const struct contract_value *b,
                              bool subtract, struct contract_value *ret)
{
    if (a->type == CONTRACT_TIME && b->type == CONTRACT_TIME) {
        wide ms = (wide)a->number - b->number;
        assert(subtract);
        *ret = expr_arith_seconds((int64_t)ms, MS_EXPONENT); /* times are within 1970..9999 */
        return EXPR_HAS_VALUE;
    }
    if (a->type == CONTRACT_TIME)
        return move_time(a, b, subtract, ret);
    if (b->type == CONTRACT_TIME)
        return move_time(b, a, false, ret);
    int lower = a->exponent < b->exponent ? a->exponent : b->exponent;
    wide left = a->number * power_of_ten(a->exponent - lower);
    wide right = b->number * power_of_ten(b->exponent - lower);
    wide sum = subtract ? left - right : left + right;
    if (a->type == CONTRACT_QUANTITY)
        return settle(sum, lower, a->text, ret);
    return whole_number(sum, CONTRACT_INT, ret);
}

enum expr_lack expr_arith_multiply(const struct contract_value *a, const struct contract_value *b,
                                   struct contract_value *ret)
{
    wide product = (wide)a->number * b->number;
    if (a->type == CONTRACT_INT && b->type == CONTRACT_INT)
        return whole_number(product, CONTRACT_INT, ret);
    bool left_has_unit = a->type == CONTRACT_QUANTITY && a->text.len > 0;
    struct slice unit = left_has_unit || b->type != CONTRACT_QUANTITY ? a->text : b->text;
    return settle(product, a->exponent + b->exponent, unit, ret);
}

/* ------------------------------------------------------------------ quotients */

/*
 * a * 10^shift / b, half to even, digit by digit where the product would not fit. In: b above 0 and below
 * 10^19, |a| below 10^38, shift -18..29. False when the result is beyond every value: above 10^37.
 */
static bool divide(wide a, int shift, wide b, wide *ret_quotient)
{
    static const wide beyond = (wide)1000000000000000000 * 1000000000000000000 * 10;
    if (shift < 0)
        b *= power_of_ten(-shift);
    bool negative = a < 0;
    wide rest = negative ? -a : a;
    wide quotient = rest / b;
    rest %= b;
    for (; shift > 0; shift--) {
        if (quotient > beyond)
            return false;
        quotient = quotient * 10 + rest * 10 / b;
        rest = rest * 10 % b;
    }
    if (2 * rest > b || (2 * rest == b && quotient % 2 != 0))
        quotient++;
    *ret_quotient = negative ? -quotient : quotient;
    return true;
}

struct ratio {
    int64_t part, whole;
    int exponent; /* of part / whole */
};

/* Rounded at the amount's own decimals, a quantity at two or more. */
static enum expr_lack share(const struct contract_value *amount, const struct ratio *by,
                            struct contract_value *ret)
{
    struct contract_value settled = *amount;
    value_settle(&settled);
    wide numerator = (wide)settled.number * by->part;
    int exponent = settled.exponent + by->exponent;
    wide divisor = by->whole;
    if (divisor == 0)
        return EXPR_BY_NOUGHT;
    if (divisor < 0) {
        numerator = -numerator;
        divisor = -divisor;
    }
    bool quantity = amount->type == CONTRACT_QUANTITY;
    int at = !quantity ? 0 : settled.exponent < DECIMALS ? settled.exponent : DECIMALS;
    wide quotient;
    if (!divide(numerator, exponent - at, divisor, &quotient))
        return EXPR_TOO_LARGE;
    if (quantity)
        return settle(quotient, at, amount->text, ret);
    return whole_number(quotient, CONTRACT_INT, ret);
}

static enum expr_lack divide_by_own_unit(const struct contract_value *a,
                                         const struct contract_value *b, struct contract_value *ret)
{
    int lower = a->exponent < b->exponent ? a->exponent : b->exponent;
    wide dividend = a->number * power_of_ten(a->exponent - lower);
    wide divisor = b->number * power_of_ten(b->exponent - lower);
    if (divisor == 0)
        return EXPR_BY_NOUGHT;
    wide quotient = dividend / divisor;
    if (dividend % divisor != 0 && (dividend < 0) != (divisor < 0))
        quotient--;
    return whole_number(quotient, CONTRACT_INT, ret);
}

enum expr_lack expr_arith_divide(const struct contract_value *a, const struct contract_value *b,
                                 struct contract_value *ret)
{
    if (b->type == CONTRACT_QUANTITY && b->text.len > 0)
        return divide_by_own_unit(a, b, ret);
    struct ratio by = { .part = 1, .whole = b->number, .exponent = -b->exponent };
    return share(a, &by, ret);
}

enum expr_lack expr_arith_prorate(const struct contract_value *amount,
                                  const struct contract_value *part,
                                  const struct contract_value *whole, struct contract_value *ret)
{
    struct ratio by = { .part = part->number,
                        .whole = whole->number,
                        .exponent = part->exponent - whole->exponent };
    return share(amount, &by, ret);
}
