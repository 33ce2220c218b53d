/*
 * SenML CBOR (RFC 8428) read as a reading. Floats become decimal integers by one rule: half 1, single 4,
 * double 9 decimals, half to even, trailing zeros cut, |v| < 2^31, in exact integer arithmetic.
 */
#ifndef COMMON_SENML_H
#define COMMON_SENML_H

#include "common/reading.h"

#define SENML_RECORDS_MAX 4096

/*
 * The decimal value of an IEEE 754 number given as its bits; size 2, 4 or 8 bytes.
 * Returns: false for NaN, infinities and |v| >= 2^31.
 */
bool senml_float(uint64_t bits, size_t size, int64_t *ret_mantissa, int *ret_exponent);

/*
 * Spreads a pack (already through cbor_scan_bounds) out. A record's property follows from its unit
 * (Cel, %RH, Pa, lx, m/s2, %EL, V, lat, lon, m, m/s, kg, dBm); others are passed over. Times below
 * 2^28 s count from time_ms.
 */
bool senml_expand(struct slice pack, uint64_t time_ms, struct samples *ret_samples,
                  struct err *err);

#endif
