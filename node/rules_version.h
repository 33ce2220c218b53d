/* By which version of the rules the next block is made: the ledger's own decision, not the program's. */
#ifndef NODE_RULES_VERSION_H
#define NODE_RULES_VERSION_H

#include "node/overlay.h"

/*
 * In: the state after the newest block. Returns: what the constitution says; RULES_VERSION where there is
 * none; 0 when it can't be read. A node that knows only other versions must not make or judge a block.
 */
uint64_t rules_next_version(const struct state_view *view);

#endif
