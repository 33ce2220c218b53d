/*
 * The clock a program lives by: the real one, or a virtual one that starts at a chosen instant and runs
 * faster or slower. Processes given the same specification with its origin agree to the millisecond.
 * Pure code never sees a clock: it is given times.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "common/err.h"

#include <stdint.h>

#define CLOCK_SPEC_SIZE 96
#define CLOCK_MAX_RATE  1000000 /* both parts of the ratio */

struct clock {
    bool real;
    uint64_t start_ms;  /* virtual ms since 1970 … */
    uint64_t origin_ms; /* … at this real one; before it the clock stands at start_ms */
    uint64_t rate_num;  /* virtual milliseconds … */
    uint64_t rate_den;  /* … in so many real ones */
};

/*
 * "REAL" or "START@RATE" or "START@RATE@ORIGIN". START: an RFC 3339 instant or ms since 1970; RATE:
 * virtual seconds in a real second, "1440" or "3/2"; ORIGIN: real ms since 1970 at which the virtual
 * clock stood at START, now when left out.
 */
bool clock_parse(const char *spec, struct clock *ret_clock, struct err *err);
/* Writes the specification, with its origin, for other processes to share this clock. */
void clock_format_spec(const struct clock *c, char text[CLOCK_SPEC_SIZE]);

/* Milliseconds since 1970 on this clock. */
uint64_t clock_now_ms(const struct clock *c);
/* The same at a given real instant: pure. */
uint64_t clock_at_ms(const struct clock *c, uint64_t real_ms);
/* How many real milliseconds a span on this clock takes, rounded up. */
uint64_t clock_real_wait_ms(const struct clock *c, uint64_t virtual_ms);

/* Real milliseconds since 1970. */
uint64_t clock_real_ms(void);
/* Milliseconds from an arbitrary start that never go back: for timeouts. */
uint64_t clock_steady_ms(void);

#endif
