/*
 * The tip of the chain: head, statement tree, state tree and timers, kept in step with what is stored.
 * Builds the next block and checks others' the same way: execute, then compare roots. A block that is
 * executed is tried on the trees, which gives its header, and is taken back or kept. Pure; the state's
 * values are read through a function of the caller's.
 */
#ifndef NODE_CHAIN_H
#define NODE_CHAIN_H

#include "common/authority_set.h"
#include "common/recovery.h"
#include "node/execute.h"
#include "node/state_tree.h"
#include "node/timers.h"

#define CHAIN_RULES_OLDEST 3 /* rules from here to RULES_VERSION are known to this program */

struct chain_trial; /* what a tried block changes */

struct chain {
    struct header head;
    struct hash head_hash;
    struct authority_set set;        /* that sealed the head */
    struct authority_set next;       /* in force at the next block */
    uint64_t rules;                  /* of the next block, by the constitution; 0: it has none */
    const struct recovery *recovery; /* that a person pinned; NULL: none, or it does not fit */
    bool recovers;                   /* the next block is the first one after its tip */
    struct merkle_frontier tree;
    struct state_tree *state;
    struct timers *timers;
    struct chain_trial *trial;
    struct state_view view; /* borrows from this very struct: don't copy a chain */
    bool (*get)(void *ctx, struct slice key, struct buf *value);
    void *get_ctx;
};

/* get reads the state as it is stored. False when memory is short. */
bool chain_init(struct chain *c, bool (*get)(void *ctx, struct slice key, struct buf *value),
                void *ctx);
void chain_free(struct chain *c);

/* Loading: every entry of the stored state, then the head with the tree's complete subtrees. */
bool chain_load_entry(struct chain *c, const struct hash *key_hash, struct slice key,
                      struct slice value);
/*
 * Sets the tip and checks that state root and tree root are the head's.
 * In: fetch gives complete subtrees of the statement tree, as for merkle_path_fetch().
 */
bool chain_load_head(struct chain *c, const struct header *head, merkle_fetch fetch, void *source,
                     struct err *err);

/*
 * Follows a recovery from the tip that it names on, now or when the head gets there; it is borrowed. After
 * chain_load_head(). False: it does not hold, or the chain has gone on without it.
 */
bool chain_recover(struct chain *c, const struct recovery *recovery, struct err *err);

/* Rules that this program can execute. */
bool chain_knows_rules(uint64_t rules);
/* Those of the next block, known or not. */
uint64_t chain_next_rules(const struct chain *c);
/* What execute_begin() needs for the next block at time_ms (raised above the parent's). */
struct execute_context chain_next(const struct chain *c, uint64_t time_ms);

/* The head's statements, whatever is being tried. */
const struct merkle_frontier *chain_head_tree(const struct chain *c);

/* Who built a block, and what is in it. */
struct chain_block {
    struct kid proposer;
    const struct hash *statement_hashes;
    size_t statement_count;
};

/*
 * Takes an executed block into the trees: gives its header, unsealed. What was tried before is forgotten.
 * False: memory ran short; the trees are then of no more use.
 */
bool chain_try(struct chain *c, const struct execute_context *context,
               const struct chain_block *block, const struct execute_result *result,
               struct header *ret_header);
/* The trees are those of the head again; the tried block can still be kept. Else nothing happens. */
bool chain_undo(struct chain *c);
/* The tried block is durable: it becomes the head. False: memory ran short. */
bool chain_keep(struct chain *c);

#endif
