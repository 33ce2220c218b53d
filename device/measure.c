#include "device/measure.h"

#include "common/quantity.h"
#include "common/reading.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 wide;

#define FREEZING_F  32
#define ZERO_C_IN_K 27315 /* hundredths */

/* A digit more than this many places and the 128 bits could overflow. */
static const wide wide_limit = (wide)1000000000000000000 * 1000000000000000000; /* 10^36 */

/* ------------------------------------------------------------------ numbers as text */

static const char *take_digits(const char *at, struct measure_number *n, int *digits)
{
    for (; *at >= '0' && *at <= '9'; at++) {
        if (n->mantissa == 0 && *at == '0') { /* leading zeros count for nothing */
            *digits += *digits == 0;
            continue;
        }
        if (++*digits > MEASURE_MAX_DIGITS + 1 || n->mantissa > (INT64_MAX - (*at - '0')) / 10)
            return NULL;
        n->mantissa = n->mantissa * 10 + (*at - '0');
    }
    return at;
}

static const char *take_power(const char *at, int *exponent)
{
    bool negative = *at == '-';
    int value = 0;
    if (*at == '-' || *at == '+')
        at++;
    const char *start = at;
    for (; *at >= '0' && *at <= '9' && at - start < 3; at++)
        value = value * 10 + (*at - '0');
    *exponent += negative ? -value : value;
    return at == start ? NULL : at;
}

bool measure_parse(const char *text, char mark, struct measure_number *ret_number)
{
    struct measure_number n = { 0 };
    int digits = 0;
    bool negative = *text == '-';
    const char *at = take_digits(*text == '-' || *text == '+' ? text + 1 : text, &n, &digits);
    if (at == NULL || (digits == 0 && *at != mark))
        return false;
    if (*at == mark) {
        const char *fraction = ++at;
        at = take_digits(at, &n, &digits);
        if (at == NULL || at == fraction)
            return false;
        n.exponent = (int)(fraction - at);
    }
    if (*at == 'e' || *at == 'E')
        at = take_power(at + 1, &n.exponent);
    if (at == NULL || *at != '\0')
        return false;
    while (n.mantissa != 0 && n.mantissa % 10 == 0 && n.exponent < 0) {
        n.mantissa /= 10;
        n.exponent++;
    }
    if (n.mantissa == 0)
        n.exponent = 0;
    if (n.exponent < -MEASURE_MAX_EXPONENT || n.exponent > MEASURE_MAX_EXPONENT)
        return false;
    if (negative)
        n.mantissa = -n.mantissa;
    *ret_number = n;
    return true;
}

/* ------------------------------------------------------------------ units */

static bool is_one_of(const char *text, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(text, names[i]) == 0)
            return true;
    return false;
}

static bool find_temperature(const char *unit, struct measure *ret)
{
    static const char *const celsius[] = { "°C", "℃", "Cel", "C", "degC", NULL };
    static const char *const fahrenheit[] = { "°F", "℉", "F", "degF", NULL };
    static const char *const kelvin[] = { "K", "kelvin", NULL };
    *ret = (struct measure){ .kind = MEASURE_SCALED, .factor = 1 };
    if (is_one_of(unit, celsius))
        return true;
    ret->kind = is_one_of(unit, fahrenheit) ? MEASURE_FAHRENHEIT : MEASURE_KELVIN;
    return ret->kind == MEASURE_FAHRENHEIT || is_one_of(unit, kelvin);
}

bool measure_find(const char *unit, const char *property_unit, struct measure *ret_measure,
                  struct err *err)
{
    struct measure m = { .kind = MEASURE_SCALED, .factor = 1 };
    const char *own = property_unit == NULL ? "" : property_unit;
    if (unit != NULL && unit[0] != '\0' && strcmp(unit, own) != 0) {
        char text[64];
        struct quantity q;
        (void)snprintf(text, sizeof text, "1 %s", unit);
        if (strcmp(own, "Cel") == 0) {
            if (!find_temperature(unit, &m))
                return err_set(err, ERR_INPUT, "expected °C, °F or K, found \"%.20s\"", unit);
        } else if (strcmp(own, "%RH") == 0 && strcmp(unit, "%") == 0) {
            m.factor = 1;
        } else if (quantity_parse(text, &q, NULL) && strcmp(q.unit, own) == 0) {
            m.factor = q.mantissa;
            m.exponent = q.exponent;
        } else {
            return err_set(err, ERR_INPUT, "expected %s or a multiple of it, found \"%.20s\"",
                           own[0] == '\0' ? "no unit" : own, unit);
        }
    }
    *ret_measure = m;
    return true;
}

/* ------------------------------------------------------------------ arithmetic */

static wide absolute(wide value)
{
    return value < 0 ? -value : value;
}

/* value * 10^power; false when it would leave wide_limit. */
static bool raise_power(wide *value, int power)
{
    for (; power > 0 && *value != 0; power--) {
        if (absolute(*value) > wide_limit / 10)
            return false;
        *value *= 10;
    }
    return true;
}

/* numerator / divisor * 10^shift, half to even. */
static bool divide(wide numerator, wide divisor, int shift, int64_t *ret)
{
    if (shift > 0 && !raise_power(&numerator, shift))
        return false;
    if (shift < 0 && !raise_power(&divisor, -shift)) {
        *ret = 0; /* a numerator below 10^22 over more than 10^35 */
        return absolute(numerator) < wide_limit / 1000000;
    }
    wide quotient = numerator / divisor;
    wide twice = 2 * absolute(numerator % divisor);
    if (twice > divisor || (twice == divisor && quotient % 2 != 0))
        quotient += numerator < 0 ? -1 : 1;
    if (absolute(quotient) > READING_VALUE_MAX)
        return false;
    *ret = (int64_t)quotient;
    return true;
}

/* (n - offset * 10^offset_exponent) * times / by, where offset is a constant of a temperature scale. */
static bool convert_from(struct measure_number n, struct measure_number offset, int to_exponent,
                         bool ninths, int64_t *ret)
{
    int common = n.exponent < offset.exponent ? n.exponent : offset.exponent;
    wide value = n.mantissa;
    wide zero = offset.mantissa;
    if (!raise_power(&value, n.exponent - common) ||
        !raise_power(&zero, offset.exponent - common) || absolute(value) > wide_limit / 10)
        return false;
    wide numerator = (value - zero) * (ninths ? 5 : 1);
    return divide(numerator, ninths ? 9 : 1, common - to_exponent, ret);
}

bool measure_convert(const struct measure *m, struct measure_number n, int to_exponent,
                     int64_t *ret_value)
{
    assert(to_exponent >= -QUANTITY_MAX_EXPONENT && to_exponent <= QUANTITY_MAX_EXPONENT);
    switch (m->kind) {
    case MEASURE_FAHRENHEIT:
        return convert_from(n, (struct measure_number){ FREEZING_F, 0 }, to_exponent, true,
                            ret_value);
    case MEASURE_KELVIN:
        return convert_from(n, (struct measure_number){ ZERO_C_IN_K, -2 }, to_exponent, false,
                            ret_value);
    case MEASURE_SCALED: break;
    }
    wide value = (wide)n.mantissa * m->factor;
    return divide(value, 1, n.exponent + m->exponent - to_exponent, ret_value);
}
