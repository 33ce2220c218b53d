/*
 * Quantities as people write them ("8 °C", "65 %RH", "30 min", "-0.5 °C") and as the ledger counts them:
 * an integer mantissa, a power of ten and a unit. No floating point anywhere.
 */
#ifndef COMMON_QUANTITY_H
#define COMMON_QUANTITY_H

#include "common/err.h"
#include <stdint.h>

#define QUANTITY_MAX_EXPONENT 9
#define QUANTITY_TEXT_SIZE    40 /* room for any quantity_format() */

struct quantity {
    int64_t mantissa;
    int exponent; /* -9..9, value = mantissa * 10^exponent; trailing zeros are cut, never above 0 */
    char unit[16]; /* UCUM as SenML has it: "Cel", "%RH", "s", "Pa", "lx", "m/s2", "" … */
};

/*
 * "<number> <unit>", the space optional; a bare number has the unit "". min, h and d become s, hPa and
 * kPa Pa, and so on. °F becomes Cel, and is refused when that has no exact decimal (46 °F is 7.777… °C):
 * a bound must be what was written. For measured °F use quantity_fahrenheit().
 */
bool quantity_parse(const char *text, struct quantity *ret_quantity, struct err *err);
/* A duration such as "5 min", "1 h", "500 ms", not negative, in whole ms; a bare number is refused. */
bool quantity_parse_duration_ms(const char *text, uint64_t *ret_ms, struct err *err);
/* mantissa * 10^(exponent - to_exponent); false when it is not whole or leaves int64. */
bool quantity_rescale(int64_t mantissa, int exponent, int to_exponent, int64_t *ret_mantissa);
/* A measured °F value as °C * 10^-to_exponent, rounded half to even; false when it leaves int64. */
bool quantity_fahrenheit(int64_t mantissa, int exponent, int to_exponent, int64_t *ret_mantissa);
/* Compares two values of one unit exactly, whatever their exponents (-9..9): negative, 0, positive. */
int quantity_compare(int64_t a, int a_exponent, int64_t b, int b_exponent);
/* Writes "9.1" for (91, -1) and "8" for (8, 0); text holds at least QUANTITY_TEXT_SIZE chars. */
void quantity_format(int64_t mantissa, int exponent, char *text, unsigned size);

#endif
