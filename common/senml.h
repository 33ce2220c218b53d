/*
 * SenML CBOR (RFC 8428) read as a reading. Floats become decimal integers by one rule: half 1, single 4,
 * double 9 decimals, half to even, trailing zeros cut, |v| < 2^31, in exact integer arithmetic.
 *
 * Base names, times, units and values are resolved as they are met (RFC 8428 section 4.6); sums, strings,
 * booleans and data are passed over. The pack must have passed cbor_scan_bounds(). Nothing allocates.
 */
#ifndef COMMON_SENML_H
#define COMMON_SENML_H

#include "common/reading.h"

#define SENML_RECORDS_MAX 4096

/*
 * The decimal value of an IEEE 754 number given as its bits; size 2, 4 or 8 bytes. The exponent is
 * -9..0.
 * Returns: false for NaN, infinities and |v| >= 2^31.
 */
bool senml_float(uint64_t bits, size_t size, int64_t *ret_mantissa, int *ret_exponent);

struct senml_number {
    int64_t mantissa;
    int exponent; /* -9..0 */
};

/* One resolved record. Its name is base_name followed by name; the slices are borrowed from the pack. */
struct senml_record {
    struct slice base_name;
    struct slice name;
    struct slice unit; /* its own, else the base unit; empty = none */
    uint64_t time_ms;  /* since 1970, rounded half to even */
    bool has_value;    /* a number; false for strings, booleans, data, sums and base-only records */
    struct senml_number value; /* |mantissa| < 2^53 */
};

struct senml_reader {
    struct cbor_reader in;
    uint64_t now_ms;
    size_t left;     /* records, when the pack says how many */
    bool open;       /* indefinite length */
    size_t records;  /* taken so far */
    const char *why; /* what is wrong; NULL while all is well */
    struct slice base_name, base_unit;
    struct senml_number base_time, base_value;
};

/* Times below 2^28 s count from time_ms (RFC 8428 section 4.5.3). */
struct senml_reader senml_begin(struct slice pack, uint64_t time_ms);
/* False at the end and at the first fault, which senml_done() tells apart. */
bool senml_next(struct senml_reader *s, struct senml_record *ret_record);
bool senml_done(const struct senml_reader *s, struct err *err);

/* Property of a unit (Cel, %RH, Pa, lx, m/s2, %EL, V, lat, lon, m, m/s, kg, dBm); 0 for any other. */
uint16_t senml_property(struct slice unit);

/*
 * Spreads a pack out. Records of other units are passed over; one column has the exponent of its finest
 * value. ret_samples is not whole when false is returned.
 * Errors: a pack that is malformed or holds no usable record; two values for one property and time; a
 * record later than time_ms; a sample of 2^53 or more at its column's exponent.
 */
bool senml_expand(struct slice pack, uint64_t time_ms, struct samples *ret_samples,
                  struct err *err);

#endif
