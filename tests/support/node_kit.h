/*
 * A node without its edges, for tests: store, chain and machine in this process, fed by hand and stepped at
 * chosen times. And an auditor of what any node left on disk.
 */
#ifndef TESTS_SUPPORT_NODE_KIT_H
#define TESTS_SUPPORT_NODE_KIT_H

#include "node/node_step.h"
#include "node/store.h"
#include "tests/support/ledger_kit.h"

struct node_kit {
    struct store *store;
    struct chain chain;
    bool chain_there;
    struct node_core *core;
    uint64_t clock_ms, steady_ms;
};

/*
 * Opens the ledger in dir and checks it as a node does at its start. base_vfs: NULL for the system's.
 * k lies where it will stay: the chain borrows from it.
 */
bool node_kit_open(struct node_kit *k, const char *dir, const char *base_vfs,
                   const struct key_pair *authority, struct err *err);
void node_kit_close(struct node_kit *k); /* after a failed open, too */

/* Copies a statement into the pool; it must decode, its signature is not looked at. */
enum pool_answer node_kit_add(struct node_kit *k, struct slice statement);
/*
 * One step, a second later by the ledger's clock and by ours, and its block made durable.
 * Returns: false when the store refused: the node is done for.
 */
bool node_kit_step(struct node_kit *k, struct err *err);

/* Is this statement on the ledger, with these very bytes? */
bool node_kit_holds(struct store *s, struct slice statement);
/*
 * Reads every block from the genesis on: links, seals, tree and outcomes roots, no statement twice; then
 * loads the state and compares its root with the head's. Returns: the number of leaves in ret_leaves.
 */
bool node_kit_audit(const char *dir, const char *base_vfs, uint64_t *ret_leaves, struct err *err);

#endif
