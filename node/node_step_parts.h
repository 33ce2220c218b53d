/* Inside the machine (node_step*.c): what its files share. Nothing else includes this. */
#ifndef NODE_NODE_STEP_PARTS_H
#define NODE_NODE_STEP_PARTS_H

#include "node/node_step.h"

#define BODIES_MAX        16  /* proposed blocks held in memory, unless more are needed */
#define HINTS_MAX         4   /* lists of a block's statements that peers told */
#define FETCH_PATIENCE_MS 30  /* statements on their way are waited for before a body is fetched */
#define FETCH_AGAIN_MS    500 /* and it is asked for again */

struct body {
    struct hash block;
    struct header header;
    struct buf bytes;
    bool stored; /* in the database, or about to be */
};

/* What a PROPOSE or DECIDED says is in a block. */
struct hint {
    bool there;
    struct hash block;
    struct header header;
    size_t count;
    struct hash *hashes;
};

/* A block that consensus wants judged or applied. */
struct question {
    bool there;
    struct hash block;
    uint64_t sources[AUTHORITY_MAX / 64];
    uint64_t fetch_ms; /* steady: when its body is asked for (again) */
};

/* The one block whose execution is at hand; the chain's trees were tried with it. */
struct executed {
    bool there;
    bool own; /* built here: what was refused with it is known, too */
    struct hash block;
    struct header header;
    struct execute_result result;
    size_t count;
};

/* What the runner is to do, in order. */
struct queued {
    enum node_action_kind kind;
    struct buf message, other; /* PERSIST: message is the vote */
    bool has_kid, has_block;
    struct kid kid;
    struct hash block;
    uint64_t sources[AUTHORITY_MAX / 64];
    uint64_t height;
    enum node_alarm alarm;
};

/* A message of the height after this one. */
struct later {
    struct kid from;
    enum message_type type;
    struct buf bytes;
};

struct peer_height {
    struct kid kid;
    uint64_t height;
};

struct node_core {
    struct node_core_options options;
    struct chain *chain; /* borrowed */
    struct pool *pool;
    struct execution *execution;
    struct consensus *consensus;
    struct node_time now;
    bool begun;   /* consensus was told of its first height */
    bool storing; /* NODE_STORE is out: nothing goes on until it is done */
    bool failed;
    struct buf first_vote;

    bool effects;           /* what members voted for waits for this height */
    uint64_t last_block_ms; /* steady */
    uint64_t held_until_ms; /* steady: when a held statement is let go; 0 = none is held */
    bool pending;           /* statements that may enter the next block */
    bool tried;             /* and at least one does, as far as is known */

    struct body *bodies; /* oldest first */
    size_t body_count, body_cap;
    struct hash needed_block; /* of the newest own COMMIT: its body stays */
    struct hint hints[HINTS_MAX];
    size_t next_hint;
    struct question judge, decide;
    bool build; /* consensus wants a block for … */
    uint64_t build_round;

    struct executed executed;
    struct slice *statements; /* of the executed block, within its body */
    struct hash *hashes;
    struct hash last_block; /* the head's */
    struct hash *last_hashes;
    size_t last_count;
    struct node_refused *refused;
    size_t statement_count, refused_count;
    struct buf spent; /* body of the newest block: whoever stored it may still look */
    bool *gone;
    size_t offered;
    struct buf seals, scratch;

    struct queued *queue;
    size_t queue_first, queue_count, queue_cap;
    struct queued current; /* the one that node_core_next() gave last */

    struct later *later;
    size_t later_count, later_cap, later_bytes;

    struct peer_height peers[AUTHORITY_MAX];
    size_t peer_count;
    bool behind;
    struct kid asked; /* for blocks */
    bool progress;
    uint64_t ask_ms;

    uint64_t relay_since_ms; /* steady: the second in which … */
    size_t relayed;          /* … so many bytes were relayed again */
};

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
/* Hashes of a block's statements for a message about it: false when its body is not here. */
bool node_core_hashes_of(struct node_core *core, const struct hash *block,
                         const struct hash **ret_hashes, size_t *ret_count);
void node_core_hashes_done(struct node_core *core, const struct hash *hashes);

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
