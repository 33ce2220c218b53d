/*
 * A ledger on disk that follows others' blocks, executed by the very machine that a node runs when it
 * catches up: nothing is believed but what seals and rules make of it. It has nobody to talk to.
 */
#ifndef TOOLS_FOLLOWER_H
#define TOOLS_FOLLOWER_H

#include "common/block.h"
#include "common/recovery.h"
#include "node/store.h"

struct follower;

/* In: s: the writer of the ledger, borrowed for the follower's life. Loads the state. */
bool follower_open(struct store *s, struct follower **ret_follower, struct err *err);
void follower_close(struct follower *f); /* NULL is legal */
uint64_t follower_height(const struct follower *f);
/*
 * Takes the next block; those it has are compared with its newest, or passed over.
 * Returns: false with ERR_PROOF when it does not hold, ERR_INPUT when this program lacks its rules.
 */
bool follower_take(struct follower *f, struct slice block, struct slice seals, struct err *err);

/* The next block begins with this recovery: chain_recover(). Has it been told of one for the next block? */
bool follower_recover(struct follower *f, const struct recovery *r, struct err *err);
bool follower_recovers(const struct follower *f);

#endif
