/*
 * The node as a pure machine: pool, execution, chain and consensus put together. Events carry the time;
 * what is to be done comes back as actions, in order. The loop does them and knows nothing of rules.
 */
#ifndef NODE_NODE_STEP_H
#define NODE_NODE_STEP_H

#include "node/chain.h"
#include "node/commit.h"
#include "node/consensus.h"
#include "node/pool.h"

struct node_core;

struct node_core_options {
    struct key_pair authority;
    uint64_t
        period_ms;     /* at least so long between blocks, real time; 0: as soon as there is work */
    uint64_t empty_ms; /* a block without statements after so long, real time; 0: never */
};

/* chain: loaded, borrowed for the core's life. */
struct node_core *node_core_new(const struct node_core_options *options, struct chain *chain,
                                struct err *err);
void node_core_free(struct node_core *core);

/* A verified statement: the parcel is the core's when POOL_TAKEN comes back. */
enum pool_answer node_core_add(struct node_core *core, struct parcel *parcel);
bool node_core_has(const struct node_core *core, const struct hash *statement);
size_t node_core_waiting(const struct node_core *core);

struct node_refused {
    struct hash statement;
    struct kid kid;
    enum refusal code;
};

struct node_actions {
    bool store; /* make `commit` durable, then call node_core_stored(); or end the process */
    struct commit commit;
    size_t refused_count; /* turned away: tell their senders */
    const struct node_refused *refused;
};

/*
 * Looks whether a block is due and, if so, makes and seals it.
 * In: clock_ms = the ledger's time, steady_ms = real time for periods. Actions live until the next call.
 * Returns: false when memory ran short: the process must end.
 */
bool node_step(struct node_core *core, uint64_t clock_ms, uint64_t steady_ms,
               struct node_actions *ret_actions);
/* The commit is durable: its statements leave the pool. */
void node_core_stored(struct node_core *core);
/* Real milliseconds until node_step() may have something to do; UINT64_MAX: not before an event. */
uint64_t node_core_wait_ms(const struct node_core *core, uint64_t steady_ms);

#endif
