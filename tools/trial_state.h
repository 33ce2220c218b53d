/*
 * The state of a ledger that lives in memory alone: a map sorted by key, from which the rules read and into
 * which a block's writes go. Keeps no tree, so it has no root: nobody is to be convinced by it.
 */
#ifndef TOOLS_TRIAL_STATE_H
#define TOOLS_TRIAL_STATE_H

#include "node/execute.h"

struct trial_state;

struct trial_state *trial_state_new(void); /* NULL when memory is short */
void trial_state_free(struct trial_state *s);

/* An empty value removes. Copies both. False when memory is short. */
bool trial_state_set(struct trial_state *s, struct slice key, struct slice value);
bool trial_state_apply(struct trial_state *s, const struct execute_result *result);
/* Borrowed until the next change. */
bool trial_state_get(const struct trial_state *s, const struct state_key *key,
                     struct slice *ret_value);
/* For execute_begin(); reads s as it then is. */
struct state_view trial_state_view(struct trial_state *s);
/* Time of the earliest timer that stands; false when none does. */
bool trial_state_next_timer(const struct trial_state *s, uint64_t *ret_time_ms);

#endif
