/*
 * Load on a swarm of several nodes and what must hold after it: devices say new things as old ones are acked, and
 * send what is not acked again, each time at another node. Failures end the test.
 */
#ifndef TESTS_SUPPORT_SWARM_LOAD_H
#define TESTS_SUPPORT_SWARM_LOAD_H

#include "tests/support/swarm.h"

#define SWARM_LOAD_WINDOW 16 /* statements of a device on their way */

struct swarm_load {
    struct swarm *swarm;
    uint64_t resend_at_ms;
    size_t turn; /* of resending: each time at the next node */
};

void swarm_load_for(struct swarm_load *l, uint64_t ms);
/* Talks until so many more are acked. Returns: how long it took, in ms. */
uint64_t swarm_load_until_acked(struct swarm_load *l, size_t more, uint64_t limit_ms,
                                const char *when);
/* Says nothing new until all is acked and all heads agree. */
void swarm_load_settle(struct swarm *s, uint64_t limit_ms);
/*
 * Of nodes that have ended: every statement that was ever acked is in each ledger, nothing is there twice, each chain
 * checks as a whole, and all have one state root. Returns: the number of statements.
 */
uint64_t swarm_load_check(const struct swarm *s);

#endif
