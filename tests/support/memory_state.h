/* A ledger's state in memory for tests: a sorted array of keys and values, and the tree over it. */
#ifndef TESTS_SUPPORT_MEMORY_STATE_H
#define TESTS_SUPPORT_MEMORY_STATE_H

#include "node/execute.h"
#include "node/state_tree.h"

struct memory_state;

struct memory_state *memory_state_new(void);
void memory_state_free(struct memory_state *m);
/* Loads a genesis file's entries. */
void memory_state_load(struct memory_state *m, struct slice genesis_file);
void memory_state_set(struct memory_state *m, struct slice key, struct slice value);
void memory_state_apply(struct memory_state *m, const struct execute_result *result);
struct hash memory_state_root(struct memory_state *m);
bool memory_state_get(struct memory_state *m, struct slice key, struct slice *ret_value);
/* Every entry, in no order; the visitor returns false to stop. Returns false when it did. */
bool memory_state_each(const struct memory_state *m,
                       bool (*visit)(void *ctx, struct slice key, struct slice value), void *ctx);
struct state_view memory_state_view(struct memory_state *m);
struct state_tree *memory_state_tree(struct memory_state *m);

#endif
