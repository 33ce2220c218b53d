/*
 * A property over time, thinned for a graph: the span is divided into equal buckets that keep their
 * smallest and largest value. Nothing is averaged, so no peak can disappear. Pure, integers only.
 */
#ifndef NODE_SERIES_H
#define NODE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_POINTS_MAX 2000

struct series_value {
    int64_t mantissa;
    int exponent;
};

struct series_bucket {
    uint64_t count; /* 0: no sample fell in here */
    uint64_t first_ms, last_ms;
    struct series_value min, max;
};

struct series {
    uint64_t from_ms, to_ms; /* both inclusive */
    size_t points;           /* 1..SERIES_POINTS_MAX */
    uint64_t samples;
    struct series_bucket at[SERIES_POINTS_MAX];
};

/* In: from_ms <= to_ms; points is held within its bounds. */
void series_begin(struct series *s, uint64_t from_ms, uint64_t to_ms, size_t points);
/* Samples outside the span are passed over. Any order. */
void series_add(struct series *s, uint64_t time_ms, int64_t mantissa, int exponent);
/* Bounds of everything; false when there is no sample. */
bool series_range(const struct series *s, struct series_value *ret_min,
                  struct series_value *ret_max);

#endif
