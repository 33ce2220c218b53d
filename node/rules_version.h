/* What the next block is bound by: the rules' version, and effects of votes. The ledger decides, not the program. */
#ifndef NODE_RULES_VERSION_H
#define NODE_RULES_VERSION_H

#include "node/overlay.h"

/*
 * In: the state after the newest block. Returns: what the constitution says; RULES_VERSION where there is
 * none; 0 when it can't be read. A node that knows only other versions must not make or judge a block.
 */
uint64_t rules_next_version(const struct state_view *view);

/* Whether something that members voted for waits for the block of this height: then it is due, as a timer is. */
bool rules_next_has_effects(const struct state_view *view, uint64_t height);

#endif
