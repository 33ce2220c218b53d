/*
 * The air inside a refrigerated van over a journey, second by second: a compressor that cycles, doors that
 * open, a sensor's noise, and at most one excursion of known bounds. Pure, integers only: the same plan
 * gives the same samples on every machine.
 */
#ifndef FIRMWARE_SIM_CLIMATE_H
#define FIRMWARE_SIM_CLIMATE_H

#include "common/rand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIMATE_DOORS_MAX 64
#define CLIMATE_CALM_CENTI \
    760 /* without an excursion no sample is warmer than this, or than the bound */

struct climate_plan {
    uint64_t seed;
    uint64_t start_ms;
    uint64_t hours;       /* 1..8784 */
    uint64_t interval_ms; /* between samples; whole seconds */
    /* Every sample in [from, to) is above the bound, one of them is the peak, and no other sample is. */
    bool excursion;
    uint64_t from_ms, to_ms;
    int64_t bound_centi_c, peak_centi_c;
};

struct climate_sample {
    uint64_t time_ms;
    int64_t temp_centi_c;
    int64_t humidity_deci; /* tenths of % relative humidity */
};

struct climate {
    struct climate_plan plan;
    struct rand_seq rand;
    uint64_t now_s; /* of the model, from the start */
    int64_t temp_micro_c;
    int64_t humidity_milli;
    bool cooling;
    size_t door_count;
    uint64_t door_from_s[CLIMATE_DOORS_MAX], door_to_s[CLIMATE_DOORS_MAX];
    uint64_t next_sample;
};

/* In: a plan whose excursion, if any, lies within the journey, its peak above its bound. */
void climate_begin(struct climate *c, const struct climate_plan *plan);
/* The next sample; false at the journey's end. */
bool climate_next(struct climate *c, struct climate_sample *ret_sample);

#endif
