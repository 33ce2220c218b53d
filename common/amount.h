/*
 * How much of a thing there is: an exact decimal in a unit of mass, of volume, or of pieces. Amounts of one
 * dimension can be added and compared whatever their units; nothing is ever rounded. Pure.
 */
#ifndef COMMON_AMOUNT_H
#define COMMON_AMOUNT_H

#include "common/cbor.h"

#define AMOUNT_UNIT_MAX     8  /* bytes of the longest unit */
#define AMOUNT_EXPONENT_MAX 9  /* -9..9 */
#define AMOUNT_TEXT_SIZE    48 /* room for amount_format() */

enum amount_dimension {
    AMOUNT_MASS,   /* mg g kg t */
    AMOUNT_VOLUME, /* mL L m3 */
    AMOUNT_COUNT,  /* each */
};

struct amount {
    int64_t mantissa; /* above 0; in state also 0: all of it is used up */
    int exponent;     /* value = mantissa * 10^exponent */
    struct slice unit;
};

__extension__ typedef __int128 amount_wide;

/* A sum of amounts of one dimension, in its smallest unit * 10^-9: mg, mL or pieces. */
struct amount_sum {
    enum amount_dimension dimension;
    amount_wide value;
};

/* [mantissa, exponent, unit]; a mantissa below min (0 or 1) or above 2^53, or an unknown unit fails the reader. */
struct amount amount_take(struct cbor_reader *r, int64_t min);
void amount_put(struct buf *out, const struct amount *a);
/* False when the text is no unit. */
bool amount_find_unit(struct slice unit, enum amount_dimension *ret_dimension);
enum amount_dimension amount_dimension_of(const struct amount *a);
/* sum += amount * times. False, sum untouched: another dimension, or beyond 2^120. */
bool amount_add(struct amount_sum *sum, const struct amount *a, uint64_t times);
/* What is left of a when b is taken: false when b is more, of another dimension, or it has no short form. */
bool amount_subtract(const struct amount *a, const struct amount *b, struct amount *ret_left);
/* Negative, 0, positive; of one dimension only. */
int amount_compare(const struct amount *a, const struct amount *b);
/* "25 t", "0.1 kg", "48 each". text holds AMOUNT_TEXT_SIZE bytes. */
void amount_format(const struct amount *a, char *text);

#endif
