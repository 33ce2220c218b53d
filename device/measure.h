/*
 * Measured values as sensors and files write them, into integers at the exponent a reading uses: decimal
 * arithmetic in 128 bits, half to even, no floating point.
 */
#ifndef DEVICE_MEASURE_H
#define DEVICE_MEASURE_H

#include "common/err.h"

#include <stdint.h>

#define MEASURE_MAX_DIGITS   18
#define MEASURE_MAX_EXPONENT 18 /* of a parsed number, both ways */

struct measure_number {
    int64_t mantissa;
    int exponent;
};

/* A whole text such as "-4.25", "4,25" (mark ','), "+1e-3": no spaces, no thousands separators. */
bool measure_parse(const char *text, char mark, struct measure_number *ret_number);

enum measure_kind {
    MEASURE_SCALED,
    MEASURE_FAHRENHEIT,
    MEASURE_KELVIN,
};

/* How a source's unit becomes a property's: value * factor * 10^exponent, or one of the temperatures. */
struct measure {
    enum measure_kind kind;
    int64_t factor;
    int exponent;
};

/*
 * unit: "°F", "hPa", …; "" or NULL: the property's own. property_unit is that of contracts/property.h,
 * NULL for a property that is not in the table (then only "" fits).
 */
bool measure_find(const char *unit, const char *property_unit, struct measure *ret_measure,
                  struct err *err);

/* False when the result is beyond what a reading may hold. In: to_exponent -9…9. */
bool measure_convert(const struct measure *m, struct measure_number n, int to_exponent,
                     int64_t *ret_value);

#endif
