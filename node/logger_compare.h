/*
 * Two loggers on one asset, compared over the time both reported of a property. Pure, integers only. Samples are
 * put into steps of time as they come, so that memory is bounded whatever the journey: a step is a minute or,
 * when the journey is longer than LOGGER_STEPS of them or the slower logger reports less often, as many whole
 * minutes as it takes. What is compared is each logger's mean of a step, in 0.001 of the property's unit.
 */
#ifndef NODE_LOGGER_COMPARE_H
#define NODE_LOGGER_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGGER_STEPS       4096
#define LOGGER_STEP_MS     60000
#define LOGGER_WINDOWS_MAX 64
#define LOGGER_OFFSET_MS   1800000                     /* clocks are compared up to 30 min apart */
#define LOGGER_VALUE_MAX   (INT64_C(100000000) * 1000) /* what is farther out counts as that */
#define LOGGER_SAMPLES_MAX 1000000                     /* of one step; more are passed over */

/* What one logger said of a property: 48 kB. */
struct logger_series {
    uint64_t from_ms, step_ms;
    size_t steps;
    int64_t sum[LOGGER_STEPS]; /* of the step's samples, in 0.001 */
    uint32_t count[LOGGER_STEPS];
};

/* In: from_ms <= to_ms, both inclusive: the same for both loggers. */
void logger_begin(struct logger_series *s, uint64_t from_ms, uint64_t to_ms);
/* In any order; samples outside the time are passed over. */
void logger_add(struct logger_series *s, uint64_t time_ms, int64_t mantissa, int exponent);

/* How far the two may be apart before they disagree. */
struct logger_limit {
    uint16_t property;
    bool has_accuracy;  /* of both sensors */
    int64_t accuracy_a; /* in 0.001 of the unit */
    int64_t accuracy_b;
};

/* Steps in a row in which they disagreed; one without data from both does not end it. */
struct logger_window {
    uint64_t from_ms, to_ms; /* from <= t < to */
    int64_t worst;           /* a - b where that was farthest, 0.001 */
};

struct logger_comparison {
    uint64_t from_ms, to_ms; /* both reported: from <= t < to */
    uint64_t step_ms;
    size_t compared; /* steps with data of both */
    int64_t bias;    /* mean of a - b, half to even, 0.001 */
    int64_t limit;   /* beyond it they disagree, 0.001; 0: it goes with the value, by 2 % */
    /* Told only when both vary by more than the limit and a shift was tried. */
    bool has_offset;
    int64_t offset_ms;   /* b's clock is ahead of a's by this; whole steps */
    size_t window_total; /* more than are kept, if there are too many */
    size_t window_count; /* in order of time */
    struct logger_window windows[LOGGER_WINDOWS_MAX];
};

/*
 * The limit is the sum of both accuracies or, when they are not known, 1.0 degrees Celsius, 5 %RH, else 2 % of the
 * larger of the two values but at least half the usual last digit. The offset is the shift of b that makes
 * the variance of the differences smallest; of equal ones the smallest shift, then b ahead.
 * False: they have no step in common, or were not begun with the same time.
 */
bool logger_compare(const struct logger_series *a, const struct logger_series *b,
                    const struct logger_limit *limit, struct logger_comparison *ret);

#endif
