/*
 * All sensors of an agent as one row of samples: those of one moment are one sample, times rise. A CSV row
 * waits until the clock has reached it and until it is taken; a chip is read when its interval is over.
 */
#ifndef DEVICE_FEED_H
#define DEVICE_FEED_H

#include "device/setup.h"

struct feed;

enum feed_result {
    FEED_SAMPLE, /* one is there; the same again until feed_take() */
    FEED_WAIT,   /* none before ret_wait_ms of the samples' clock have passed */
    FEED_END,    /* every file is read */
    FEED_STOP,   /* a row that the configuration does not want passed over; it is logged */
};

struct feed_counts {
    uint64_t rows, bad, before; /* before: not later than what was signed already */
    uint64_t last_ms;           /* time of the newest sample given */
    bool replay;
};

/* signed_ms: samples up to here are signed already, 0: none. setup must outlive the feed. */
bool feed_open(const struct setup *setup, uint64_t signed_ms, struct feed **ret_feed,
               struct err *err);
void feed_close(struct feed *f);

/* In: ret_sample has room for the agent's columns. Bad rows and failing chips are logged here. */
enum feed_result feed_peek(struct feed *f, uint64_t now_ms, struct agent_sample *ret_sample,
                           uint64_t *ret_wait_ms);
void feed_take(struct feed *f);

struct feed_counts feed_counts(const struct feed *f);

#endif
