#include "common/amount.h"

#include "common/quantity.h"

#include <assert.h>
#include <string.h>

#define MANTISSA_MAX ((int64_t)1 << 53)
#define SUM_MAX      ((amount_wide)1 << 120)

/* Each unit as a power of ten of the smallest one of its dimension. */
static const struct unit {
    const char *name;
    enum amount_dimension dimension;
    int power;
} units[] = {
    { "mg", AMOUNT_MASS, 0 },   { "g", AMOUNT_MASS, 3 },     { "kg", AMOUNT_MASS, 6 },
    { "t", AMOUNT_MASS, 9 },    { "mL", AMOUNT_VOLUME, 0 },  { "L", AMOUNT_VOLUME, 3 },
    { "m3", AMOUNT_VOLUME, 6 }, { "each", AMOUNT_COUNT, 0 },
};

static const struct unit *find_unit(struct slice name)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (slice_equal(name, slice_text(units[i].name)))
            return &units[i];
    return NULL;
}

static const struct unit *unit_of(const struct amount *a)
{
    const struct unit *unit = find_unit(a->unit);
    assert(unit != NULL);
    return unit;
}

bool amount_find_unit(struct slice unit, enum amount_dimension *ret_dimension)
{
    const struct unit *found = find_unit(unit);
    if (found == NULL)
        return false;
    *ret_dimension = found->dimension;
    return true;
}

enum amount_dimension amount_dimension_of(const struct amount *a)
{
    return unit_of(a)->dimension;
}

struct amount amount_take(struct cbor_reader *r, int64_t min)
{
    struct amount a;
    cbor_take_array_of(r, 3);
    a.mantissa = cbor_take_int_in(r, min, MANTISSA_MAX);
    a.exponent = (int)cbor_take_int_in(r, -AMOUNT_EXPONENT_MAX, AMOUNT_EXPONENT_MAX);
    a.unit = cbor_take_text(r, 1, AMOUNT_UNIT_MAX);
    if (find_unit(a.unit) == NULL)
        cbor_fail(r);
    return a;
}

void amount_put(struct buf *out, const struct amount *a)
{
    cbor_put_array(out, 3);
    cbor_put_int(out, a->mantissa);
    cbor_put_int(out, a->exponent);
    cbor_put_text(out, a->unit);
}

bool amount_add(struct amount_sum *sum, const struct amount *a, uint64_t times)
{
    const struct unit *unit = unit_of(a);
    if (unit->dimension != sum->dimension)
        return false;
    amount_wide value = a->mantissa;
    for (int i = a->exponent + AMOUNT_EXPONENT_MAX + unit->power; i > 0 && value <= SUM_MAX; i--)
        value *= 10;
    if (value > SUM_MAX || (value > 0 && (amount_wide)times > SUM_MAX / value))
        return false;
    value *= (amount_wide)times;
    if (value > SUM_MAX - sum->value)
        return false;
    sum->value += value;
    return true;
}

/* A number times 10^power of the dimension's smallest unit, without trailing zeros. */
struct scaled {
    int64_t digits;
    int power;
};

static struct scaled scaled_of(const struct amount *a)
{
    struct scaled s = { a->mantissa, a->exponent + unit_of(a)->power };
    while (s.digits != 0 && s.digits % 10 == 0) {
        s.digits /= 10;
        s.power++;
    }
    return s;
}

/* Writes it with a smaller power; false when it is more than max then. */
static bool scaled_lower(struct scaled *s, int power, int64_t max)
{
    for (; s->power > power && s->digits <= max; s->power--)
        s->digits *= 10;
    return s->digits <= max;
}

/* In that unit, its exponent as close to the wanted one as the digits allow. */
static bool scaled_write(struct scaled s, const struct amount *like, struct amount *ret)
{
    struct amount a = *like;
    a.mantissa = s.digits;
    a.exponent = s.power - unit_of(like)->power;
    while (a.mantissa % 10 == 0 && (a.exponent < like->exponent || a.mantissa > MANTISSA_MAX)) {
        a.mantissa /= 10;
        a.exponent++;
    }
    while (a.exponent > like->exponent && a.mantissa <= MANTISSA_MAX / 10) {
        a.mantissa *= 10;
        a.exponent--;
    }
    if (a.mantissa > MANTISSA_MAX || a.exponent < -AMOUNT_EXPONENT_MAX ||
        a.exponent > AMOUNT_EXPONENT_MAX)
        return false;
    *ret = a;
    return true;
}

bool amount_subtract(const struct amount *a, const struct amount *b, struct amount *ret_left)
{
    if (unit_of(a)->dimension != unit_of(b)->dimension)
        return false;
    struct scaled left = scaled_of(a), taken = scaled_of(b);
    if (taken.digits == 0) {
        *ret_left = *a;
        return true;
    }
    /* Neither ends in a zero, so what is left of more than this has too many digits. */
    int power = left.power < taken.power ? left.power : taken.power;
    if (!scaled_lower(&left, power, 2 * MANTISSA_MAX) ||
        !scaled_lower(&taken, power, 2 * MANTISSA_MAX) || taken.digits > left.digits)
        return false;
    left.digits -= taken.digits;
    if (left.digits == 0) {
        *ret_left = *a;
        ret_left->mantissa = 0;
        return true;
    }
    return scaled_write(left, a, ret_left) || scaled_write(left, b, ret_left);
}

int amount_compare(const struct amount *a, const struct amount *b)
{
    struct scaled x = scaled_of(a), y = scaled_of(b);
    if (x.digits == 0 || y.digits == 0)
        return (x.digits > 0) - (y.digits > 0);
    if (!scaled_lower(&x, y.power, MANTISSA_MAX))
        return 1;
    if (!scaled_lower(&y, x.power, MANTISSA_MAX))
        return -1;
    return (x.digits > y.digits) - (x.digits < y.digits);
}

void amount_format(const struct amount *a, char *text)
{
    quantity_format(a->mantissa, a->exponent, text, QUANTITY_TEXT_SIZE);
    size_t len = strlen(text);
    text[len++] = ' ';
    memcpy(text + len, a->unit.data, a->unit.len);
    text[len + a->unit.len] = '\0';
}
