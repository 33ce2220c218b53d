/*
 * execute(view, block) -> writes, outcomes, events: the ledger's rules as a pure function. Integers only,
 * ordered iteration, no clock but the block's, steps counted. The proposer, every validator, the auditor
 * and the simulator run these same objects.
 *
 *     execute_begin(x, view, context)
 *     execute_statement(x, st)      for each, in the block's order
 *     execute_end(x, &result)
 */
#ifndef NODE_EXECUTE_H
#define NODE_EXECUTE_H

#include "common/block.h"
#include "common/outcome.h"
#include "common/statement.h"
#include "node/overlay.h"

#define EXECUTE_STEPS_STATEMENT 1000000  /* one statement that needs more is refused: STEPS */
#define EXECUTE_STEPS_BLOCK     20000000 /* a block stops taking statements here */
/* An outcome must stay readable to all: its events have fewer items than a scan allows. */
#define EXECUTE_ITEMS_STATEMENT (CBOR_MAX_ITEMS - 64)
/* An event is one link in the chain of each asset that it speaks of: of a range it is said in few bytes. */
#define EXECUTE_LINKS_STATEMENT 100000
#define EXECUTE_LINKS_BLOCK     250000 /* a block stops taking statements here */
/* Each link hashes the whole event, names and all: a range costs little, a long list of names its square. */
#define EXECUTE_HASHED_STATEMENT (256u * 1024 * 1024) /* bytes */
#define EXECUTE_HASHED_BLOCK     (512u * 1024 * 1024) /* a block stops taking statements here */
#define EXECUTE_EVENTS_BLOCK     (32u * 1024 * 1024)  /* bytes after which a block takes no more */
#define EXECUTE_MEMORY_BLOCK     (96u * 1024 * 1024)  /* and of state that it touched */
#define EXECUTE_RULES_GOODS      3      /* from this version on it is kept where goods come from */
#define EXECUTE_RULES_GOVERN     4      /* and members govern the ledger by vote */
#define FUTURE_ALLOWED_MS        120000 /* device time beyond block time: flagged FUTURE */

struct execution;

struct execute_context {
    struct hash ledger;
    uint64_t height;
    uint64_t time_ms;        /* the block's */
    uint64_t rules;          /* version its header names */
    struct hash parent_hash; /* of block height - 1 */
    struct slice recovery;   /* that this block begins with, checked by the chain; empty: none */
};

struct execute_result {
    size_t outcome_count;
    const struct slice *outcomes;
    struct hash outcomes_root;
    size_t write_count;
    const struct state_write *writes;
    const struct hash *write_key_hashes;
};

struct execution *execution_new(void); /* NULL when memory is short */
void execution_free(struct execution *x);

/* view is borrowed until execute_end(). Runs due timers. */
void execute_begin(struct execution *x, const struct state_view *view,
                   const struct execute_context *context);

/*
 * Runs one statement, which must outlive execute_end(); its signature must have been verified against the
 * key execute_key() gives.
 * Returns: ACCEPTED or a recorded refusal: it is in the block. A code that keeps it off the ledger: it has
 * left no trace. REFUSED_BUSY: the block's step budget is used up.
 */
enum refusal execute_statement(struct execution *x, const struct statement *st);

/* The public key to verify kid's statements with, as of now within the block; false when unknown. */
bool execute_key(struct execution *x, const struct kid *kid, uint8_t ret_pub[PUB_SIZE]);

/* The key's last seq as of now within the block; 0 when it has said nothing. */
uint64_t execute_last_seq(struct execution *x, const struct kid *kid);

/* True when this block has a statement of kid's with seq or a later one: another must wait for the next. */
bool execute_has_heard(struct execution *x, const struct kid *kid, uint64_t seq);

/* False when memory ran short. The result lives until the next execute_begin(). */
bool execute_end(struct execution *x, struct execute_result *ret_result);

#endif
