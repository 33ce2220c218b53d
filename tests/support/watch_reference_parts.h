/* What the two files of the reference share. */
#ifndef TESTS_SUPPORT_WATCH_REFERENCE_PARTS_H
#define TESTS_SUPPORT_WATCH_REFERENCE_PARTS_H

#include "tests/support/watch_reference.h"

#define REFERENCE_MAX_POINTS 4096

enum reference_class {
    REFERENCE_IN,
    REFERENCE_BAND,
    REFERENCE_OUT,
};

struct reference_point {
    uint64_t at;
    int64_t mantissa;
    int exponent;
    bool fault;
    enum reference_class class;
};

struct reference_points {
    size_t count;
    struct reference_point items[REFERENCE_MAX_POINTS];
};

struct reference_run {
    uint64_t from, to; /* to is 0 while open */
    uint64_t seen;     /* it is known to have lasted until here */
    uint64_t sample;   /* its last one's time */
    bool open;
    int64_t peak, mean;
    int peak_exponent, mean_exponent;
};

struct reference_runs {
    size_t count;
    struct reference_run items[REFERENCE_MAX_POINTS];
};

void reference_points(const struct reference_device *d, uint16_t property, bool faults_too,
                      struct reference_points *ret);
void reference_runs(const struct reference_device *d, unsigned rule, bool sure,
                    struct reference_runs *ret);
/* Leaves of each run what was not taken back, as runs of their own. */
void reference_cut(const struct reference_device *d, struct reference_runs *runs);
void reference_kinetic(const struct reference_device *d, unsigned rule,
                       struct reference_book *book);

#endif
