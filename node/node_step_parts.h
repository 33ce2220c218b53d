/* Inside the machine (node_step*.c): what its files share. Nothing else includes this. */
#ifndef NODE_NODE_STEP_PARTS_H
#define NODE_NODE_STEP_PARTS_H

#include "node/node_step_state.h"

/* ------------------------------------------------------------------ node_step.c */

bool node_core_work(const struct node_core *core);
/* A timer of the ledger, or what members voted for. */
bool node_core_timer_due(const struct node_core *core);
bool node_core_empty_due(const struct node_core *core);
/* The set in force at the height that is being decided. */
static inline const struct authority_set *node_core_set(const struct node_core *core)
{
    return &core->chain->next;
}
/* Nobody else is to be told or asked. */
bool node_core_alone(const struct node_core *core);

/* ------------------------------------------------------------------ node_step_ask.c */

/* Tells consensus, does what can be done at once and queues the rest. */
void node_core_step(struct node_core *core, struct consensus_event event);
/* Goes on with what consensus asked for, as far as bodies and pool allow. */
void node_core_settle(struct node_core *core);
/* A sealed block is to be stored; one that this node can't follow ends it. Seals are in core->seals. */
bool node_core_apply(struct node_core *core, const struct body *body);
void node_core_fail(struct node_core *core, enum node_alarm alarm);

/* ------------------------------------------------------------------ node_step_queue.c */

/* A new action at the end; lives until the next one is queued. NULL: no memory, the core has failed. */
struct queued *node_core_queue(struct node_core *core, enum node_action_kind kind);
void node_core_queue_free(struct node_core *core);
void node_core_alarm(struct node_core *core, enum node_alarm alarm, const struct kid *kid);

/* ------------------------------------------------------------------ node_step_build.c */

/* False: there is nothing to make a block of. */
bool node_core_build(struct node_core *core, uint64_t round, struct header *ret_header);
/* Executes what waits to see whether anything may enter; what may not is turned away. */
void node_core_try_pool(struct node_core *core);
/* What was turned away leaves the pool, and is told. */
void node_core_turn_away(struct node_core *core);
/* The head has changed: statements of its block leave the pool. */
void node_core_drop_sealed(struct node_core *core, const struct hash *hashes, size_t count);

/* ------------------------------------------------------------------ node_step_execute.c */

/* The trees are the head's, and nothing is executed; then a new execution begins. */
bool node_core_begin_execution(struct node_core *core, uint64_t time_ms);
/* Ends it: statements and hashes are the block's. False: memory ran short, the core has failed. */
bool node_core_end_execution(struct node_core *core, uint64_t time_ms, const struct kid *proposer,
                             size_t count);
/*
 * Executes a block on the head: true when all it says holds. In: sealed: a quorum vouches for its
 * statements' signatures.
 */
bool node_core_execute(struct node_core *core, const struct body *body, bool sealed);

/* ------------------------------------------------------------------ node_step_body.c */

struct body *node_core_body_of(struct node_core *core, const struct hash *block);
/* Takes the bytes over. NULL: no memory. */
struct body *node_core_keep_body(struct node_core *core, struct buf *bytes, const struct header *h);
/* Copies a body when it follows the head and holds what its header says. NULL: it does not. */
struct body *node_core_take_body(struct node_core *core, struct slice bytes, struct err *err);
void node_core_forget_bodies(struct node_core *core);
void node_core_note_hint(struct node_core *core, const struct message *m);
/* The body, from where it is: kept, or made of the pool; else asked for. NULL: not here yet. */
struct body *node_core_get_body(struct node_core *core, struct question *q);
/*
 * Hashes of a block's statements for a message about it, until the next call: false when its body is not
 * here.
 */
bool node_core_hashes_of(struct node_core *core, const struct hash *block,
                         const struct hash **ret_hashes, size_t *ret_count);

/* ------------------------------------------------------------------ node_step_peers.c */

void node_core_keep_later(struct node_core *core, const struct message *m);
void node_core_feed_later(struct node_core *core);
void node_core_later_free(struct node_core *core);
void node_core_behind(struct node_core *core, const struct kid *kid, uint64_t height);
/* A block came in, whichever way. */
void node_core_caught_up(struct node_core *core);
void node_core_ask_again(struct node_core *core);
void node_core_relay(struct node_core *core);
uint64_t node_core_peers_wait(const struct node_core *core);

#endif
