/*
 * Readings (kind 1): many samples of up to 16 properties under one signature, delta-coded. A struct
 * reading is the checked wire form; struct samples is the same spread out, one row a point in time.
 */
#ifndef COMMON_READING_H
#define COMMON_READING_H

#include "common/fields.h"

#define READING_COLUMNS_MAX 16
#define READING_SAMPLES_MAX 4096
#define READING_VALUE_MAX   ((INT64_C(1) << 53) - 1)
#define READING_SIZE_MAX    65536 /* 64 KiB, the whole statement */

/* Properties of WIRE.md's table; from 32,768 they are a contract's own. */
enum reading_property {
    PROPERTY_TEMPERATURE = 1, /* degrees Celsius */
    PROPERTY_HUMIDITY = 2,    /* % relative */
    PROPERTY_PRESSURE = 3,    /* Pa */
    PROPERTY_ILLUMINANCE = 4, /* lx */
    PROPERTY_SHOCK = 5,       /* m/s2, peak */
    PROPERTY_TILT = 6,        /* degrees */
    PROPERTY_BATTERY = 7,     /* % */
    PROPERTY_BATTERY_V = 8,   /* V */
    PROPERTY_DOOR = 9,        /* 0 closed, 1 open */
    PROPERTY_LATITUDE = 10,   /* degrees */
    PROPERTY_LONGITUDE = 11,  /* degrees */
    PROPERTY_ALTITUDE = 12,   /* m */
    PROPERTY_SPEED = 13,      /* m/s */
    PROPERTY_CO2 = 14,        /* ppm */
    PROPERTY_O2 = 15,         /* % */
    PROPERTY_ETHYLENE = 16,   /* ppm */
    PROPERTY_MASS = 17,       /* kg */
    PROPERTY_SIGNAL = 18,     /* dBm */
};

struct reading_column {
    uint16_t property;
    int8_t exponent;     /* values are mantissa * 10^exponent */
    struct slice first;  /* raw: int or null */
    struct slice deltas; /* raw: the array */
};

struct reading {
    size_t samples; /* rows, 1..READING_SAMPLES_MAX */
    size_t columns;
    struct reading_column column[READING_COLUMNS_MAX];
    struct slice interval; /* raw; empty when there is one sample */
};

struct sample_column {
    uint16_t property;
    int8_t exponent;
    int64_t value[READING_SAMPLES_MAX];
    bool present[READING_SAMPLES_MAX];
};

/* About 620 kB: make one and keep it. */
struct samples {
    size_t rows;
    size_t columns;
    uint64_t time_ms[READING_SAMPLES_MAX]; /* rising */
    struct sample_column column[READING_COLUMNS_MAX];
};

/* time_ms is the statement's, the last sample's. */
void reading_take(struct fields *f, uint64_t time_ms, struct reading *ret_reading);
size_t reading_pairs(const struct reading *g);
void reading_put(struct buf *out, const struct reading *g);

/* Spreads a checked reading out. */
void reading_expand(const struct reading *g, uint64_t time_ms, struct samples *ret_samples);

/*
 * The wire form of samples; its slices point into memory, which is cleared first.
 * Returns: false when the samples break a limit of the wire (rows, columns, order, |value|).
 */
bool reading_make(const struct samples *s, struct buf *memory, struct reading *ret_reading,
                  struct err *err);

#endif
