#include "common/quantity.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define MAX_DIGITS     18 /* in one number: always inside int64 */
#define MS_PER_SECOND  (-3)
#define QUOTED_MAX     "60" /* bytes of the reader's own text repeated in a message */
#define FREEZING_F     32
#define MAX_DIFFERENCE (2 * QUANTITY_MAX_EXPONENT)

__extension__ typedef __int128 wide; /* int64 * 10^18 fits */

struct unit {
    const char *written;
    const char *unit;
    int32_t factor;
    int exponent; /* 1 written = factor * 10^exponent unit */
};

static const char fahrenheit[] = "°F"; /* the one unit here that is not a plain multiple */

static const struct unit units[] = {
    { "", "", 1, 0 },         { "°C", "Cel", 1, 0 },    { "Cel", "Cel", 1, 0 },
    { "℃", "Cel", 1, 0 },     { "%RH", "%RH", 1, 0 },   { "% RH", "%RH", 1, 0 },
    { "%", "%", 1, 0 },       { "ms", "s", 1, -3 },     { "s", "s", 1, 0 },
    { "min", "s", 60, 0 },    { "h", "s", 3600, 0 },    { "d", "s", 86400, 0 },
    { "Pa", "Pa", 1, 0 },     { "hPa", "Pa", 1, 2 },    { "kPa", "Pa", 1, 3 },
    { "mbar", "Pa", 1, 2 },   { "bar", "Pa", 1, 5 },    { "lx", "lx", 1, 0 },
    { "klx", "lx", 1, 3 },    { "m/s²", "m/s2", 1, 0 }, { "m/s2", "m/s2", 1, 0 },
    { "°", "deg", 1, 0 },     { "deg", "deg", 1, 0 },   { "V", "V", 1, 0 },
    { "mV", "V", 1, -3 },     { "mm", "m", 1, -3 },     { "cm", "m", 1, -2 },
    { "m", "m", 1, 0 },       { "km", "m", 1, 3 },      { "m/s", "m/s", 1, 0 },
    { "km/h", "km/h", 1, 0 }, { "ppm", "ppm", 1, 0 },   { "g", "kg", 1, -3 },
    { "kg", "kg", 1, 0 },     { "dBm", "dBm", 1, 0 },
};

static wide power_of_ten(int exponent)
{
    assert(exponent >= 0 && exponent <= MAX_DIFFERENCE);
    wide power = 1;
    for (int i = 0; i < exponent; i++)
        power *= 10;
    return power;
}

static bool fits(wide value)
{
    return value >= INT64_MIN && value <= INT64_MAX;
}

/* ------------------------------------------------------------------ reading what people write */

static const char *skip_if(const char *at, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(at, prefix, len) == 0 ? at + len : at;
}

/* A plain, a no-break or a narrow no-break space: what word processors put before a unit. */
static const char *skip_spaces(const char *at)
{
    const char *before;
    do {
        before = at;
        at = skip_if(skip_if(skip_if(at, " "), "\u00a0"), "\u202f");
    } while (at != before);
    return at;
}

struct number {
    int64_t mantissa;
    int decimals;
    int digits;
};

static const char *take_digits(const char *at, struct number *n)
{
    for (; *at >= '0' && *at <= '9'; at++) {
        if (n->digits < MAX_DIGITS)
            n->mantissa = n->mantissa * 10 + (*at - '0');
        n->digits++;
    }
    return at;
}

/* Sign, digits, and a point with digits. Returns what follows, NULL when it is no number. */
static const char *take_number(const char *at, struct number *ret)
{
    *ret = (struct number){ 0 };
    const char *unsigned_part = skip_if(skip_if(at, "-"), "\u2212");
    bool negative = unsigned_part != at;
    if (!negative)
        unsigned_part = skip_if(at, "+");
    const char *end = take_digits(unsigned_part, ret);
    if (end == unsigned_part)
        return NULL;
    if (*end == '.') {
        int before = ret->digits;
        end = take_digits(end + 1, ret);
        ret->decimals = ret->digits - before;
        if (ret->decimals == 0)
            return NULL;
    }
    if (negative)
        ret->mantissa = -ret->mantissa;
    return ret->digits <= MAX_DIGITS ? end : NULL;
}

/* The same value with an exponent of at most 0 and no zeros to cut. */
static bool settle(wide mantissa, int exponent, struct quantity *ret)
{
    for (; exponent > 0 && fits(mantissa); exponent--)
        mantissa *= 10;
    for (; exponent < 0 && mantissa % 10 == 0; exponent++)
        mantissa /= 10;
    if (!fits(mantissa) || exponent < -QUANTITY_MAX_EXPONENT)
        return false;
    ret->mantissa = (int64_t)mantissa;
    ret->exponent = exponent;
    return true;
}

static bool set_unit(const char *unit, struct quantity *ret)
{
    size_t len = strlen(unit);
    assert(len < sizeof ret->unit);
    memset(ret->unit, 0, sizeof ret->unit);
    memcpy(ret->unit, unit, len);
    return true;
}

/* (F - 32) * 5 / 9 has an exact decimal only where 9 divides the numerator. */
static bool from_fahrenheit(const char *text, const struct number *n, struct quantity *ret,
                            struct err *err)
{
    wide numerator = (n->mantissa - FREEZING_F * power_of_ten(n->decimals)) * 5;
    if (numerator % 9 != 0)
        return err_set(err, ERR_INPUT,
                       "\"%." QUOTED_MAX "s\" has no exact value in °C; write it in °C", text);
    if (!settle(numerator / 9, -n->decimals, ret))
        return err_set(err, ERR_INPUT, "\"%." QUOTED_MAX "s\" is too large or too fine", text);
    return set_unit("Cel", ret);
}

bool quantity_parse(const char *text, struct quantity *ret_quantity, struct err *err)
{
    struct number n;
    const char *rest = take_number(skip_spaces(text), &n);
    if (rest == NULL)
        return err_set(
            err, ERR_INPUT,
            "expected a number with a unit such as \"8 °C\", found \"%." QUOTED_MAX "s\"", text);
    rest = skip_spaces(rest);
    struct quantity q = { 0 };
    if (strcmp(rest, fahrenheit) == 0) {
        if (!from_fahrenheit(text, &n, &q, err))
            return false;
        *ret_quantity = q;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const struct unit *u = &units[i];
        if (strcmp(rest, u->written) != 0)
            continue;
        if (!settle((wide)n.mantissa * u->factor, u->exponent - n.decimals, &q))
            return err_set(err, ERR_INPUT, "\"%." QUOTED_MAX "s\" is too large or too fine", text);
        (void)set_unit(u->unit, &q);
        *ret_quantity = q;
        return true;
    }
    return err_set(err, ERR_INPUT, "unknown unit in \"%." QUOTED_MAX "s\"", text);
}

bool quantity_parse_duration_ms(const char *text, uint64_t *ret_ms, struct err *err)
{
    struct quantity q = { 0 };
    if (!quantity_parse(text, &q, NULL) || strcmp(q.unit, "s") != 0)
        return err_set(err, ERR_INPUT,
                       "expected a duration such as \"5 min\", found \"%." QUOTED_MAX "s\"", text);
    int64_t ms;
    if (!quantity_rescale(q.mantissa, q.exponent, MS_PER_SECOND, &ms) || ms < 0)
        return err_set(err, ERR_INPUT,
                       "expected a duration in whole milliseconds, found \"%." QUOTED_MAX "s\"",
                       text);
    *ret_ms = (uint64_t)ms;
    return true;
}

/* ------------------------------------------------------------------ counting */

bool quantity_rescale(int64_t mantissa, int exponent, int to_exponent, int64_t *ret_mantissa)
{
    int shift = exponent - to_exponent;
    if (mantissa == 0)
        shift = 0;
    if (shift < -MAX_DIFFERENCE || shift > MAX_DIFFERENCE)
        return false;
    wide scaled = mantissa;
    if (shift >= 0)
        scaled *= power_of_ten(shift);
    else if (scaled % power_of_ten(-shift) == 0)
        scaled /= power_of_ten(-shift);
    else
        return false;
    if (!fits(scaled))
        return false;
    *ret_mantissa = (int64_t)scaled;
    return true;
}

static wide divide_half_even(wide numerator, wide divisor)
{
    wide quotient = numerator / divisor;
    wide rest = numerator % divisor;
    wide twice = 2 * (rest < 0 ? -rest : rest);
    bool away = twice > divisor || (twice == divisor && quotient % 2 != 0);
    if (!away)
        return quotient;
    return numerator < 0 ? quotient - 1 : quotient + 1;
}

bool quantity_fahrenheit(int64_t mantissa, int exponent, int to_exponent, int64_t *ret_mantissa)
{
    assert(exponent >= -QUANTITY_MAX_EXPONENT && exponent <= QUANTITY_MAX_EXPONENT);
    assert(to_exponent >= -QUANTITY_MAX_EXPONENT && to_exponent <= QUANTITY_MAX_EXPONENT);
    int down = exponent < 0 ? exponent : 0;
    wide value = mantissa * power_of_ten(exponent - down) - FREEZING_F * power_of_ten(-down);
    wide numerator = value * 5; /* of ninths of 10^down: below 5 * 10^28 */
    int shift = down - to_exponent;
    wide result = shift >= 0 ? divide_half_even(numerator * power_of_ten(shift), 9)
                             : divide_half_even(numerator, 9 * power_of_ten(-shift));
    if (!fits(result))
        return false;
    *ret_mantissa = (int64_t)result;
    return true;
}

int quantity_compare(int64_t a, int a_exponent, int64_t b, int b_exponent)
{
    assert(a_exponent >= -QUANTITY_MAX_EXPONENT && a_exponent <= QUANTITY_MAX_EXPONENT);
    assert(b_exponent >= -QUANTITY_MAX_EXPONENT && b_exponent <= QUANTITY_MAX_EXPONENT);
    int lower = a_exponent < b_exponent ? a_exponent : b_exponent;
    wide wide_a = a * power_of_ten(a_exponent - lower);
    wide wide_b = b * power_of_ten(b_exponent - lower);
    return (wide_a > wide_b) - (wide_a < wide_b);
}

/* ------------------------------------------------------------------ writing */

void quantity_format(int64_t mantissa, int exponent, char *text, unsigned size)
{
    assert(exponent >= -QUANTITY_MAX_EXPONENT && exponent <= QUANTITY_MAX_EXPONENT);
    assert(size >= QUANTITY_TEXT_SIZE);
    uint64_t left = mantissa < 0 ? 0 - (uint64_t)mantissa : (uint64_t)mantissa;
    char backwards[QUANTITY_TEXT_SIZE];
    size_t n = 0;
    for (int place = mantissa == 0 ? 0 : exponent; left > 0 || place <= 0; place++) {
        if (place == 0 && n > 0)
            backwards[n++] = '.';
        char digit = (char)('0' + left % 10);
        left /= 10;
        if (place >= 0 || n > 0 || digit != '0')
            backwards[n++] = digit;
    }
    size_t at = 0;
    if (mantissa < 0)
        text[at++] = '-';
    while (n > 0)
        text[at++] = backwards[--n];
    for (int i = 0; i < exponent && mantissa != 0; i++)
        text[at++] = '0';
    text[at] = 0;
}
