/* The timers of the state (table 14) in order of time, what and id: which are due by when. Pure. */
#ifndef NODE_TIMERS_H
#define NODE_TIMERS_H

#include "common/state_key.h"

struct timers;

struct timers *timers_new(void);
void timers_free(struct timers *t);
/* Notes a write to the state; keys of other tables are passed over. False when memory is short. */
bool timers_apply(struct timers *t, struct slice key, bool present);
/* Keys of the timers due at time_ms or before, at most max. Returns how many. */
size_t timers_due(const struct timers *t, uint64_t time_ms, struct state_key *ret_keys, size_t max);

#endif
