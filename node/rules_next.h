/* What waits for the next block without a statement: effects of votes. */
#ifndef NODE_RULES_NEXT_H
#define NODE_RULES_NEXT_H

#include "node/overlay.h"

/*
 * Whether something that members voted for waits for the block of this height: then the block is due, as by
 * a timer. In: the state after the newest block.
 */
bool rules_next_has_effects(const struct state_view *view, uint64_t height);

#endif
