/*
 * What is wrong with this node just now, for the people who run it: each alarm is on or off, since when,
 * and with what words. It is told when it changes, in the log, on the bus, in /healthz and in /metrics.
 */
#ifndef NODE_ALARMS_H
#define NODE_ALARMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALARMS_TEXT_SIZE 160

enum alarm {
    ALARMS_OWN_CLOCK,  /* this clock is not where the others' are */
    ALARMS_LONE,       /* too few others are heard of to decide anything */
    ALARMS_ABSTAINING, /* it lost what it voted, and waits until it may vote again */
    ALARMS_BEHIND,     /* others are blocks further */
    ALARMS_DISK_LOW,   /* full within a week, as it grows now, or nearly so */
    ALARMS_DISK_FULL,  /* new statements are refused */
    ALARMS_EVIDENCE,   /* an authority signed two things where it may sign one */
    ALARMS_UNHEARD,    /* the own broker for peers does not run */
    ALARMS_NO_MARGIN,  /* so few authorities that none may fail */
    ALARMS_COUNT,
};

struct alarms {
    struct alarms_one {
        bool on;
        uint64_t since_ms; /* the ledger's time */
        char text[ALARMS_TEXT_SIZE];
    } at[ALARMS_COUNT];
};

/* Returns: true when the alarm went on or off by this. Words may change while it is on. */
__attribute__((format(printf, 5, 6))) bool alarms_set(struct alarms *a, enum alarm which, bool on,
                                                      uint64_t now_ms, const char *fmt, ...);
/* "own_clock" */
const char *alarms_name(enum alarm which);
/* How many are on that call for somebody: all but NO_MARGIN, which is how the ledger was made. */
size_t alarms_urgent(const struct alarms *a);

#endif
