/*
 * The node as a pure machine: pool, execution, chain and consensus put together. Events go in with their
 * time; what is to be done comes out of node_core_next(), one by one and in order. Whoever runs it (the
 * loop, the simulator, a test) does them and knows nothing of rules or votes.
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
    uint64_t period_ms;         /* least real time between blocks; 0: as soon as there is work */
    uint64_t empty_ms;          /* a block without statements after so much real time; 0: never */
    uint64_t t0_ms;             /* CONSENSUS "T0"; 0: 1,000 */
    struct slice vote;          /* what NODE_PERSIST stored last; empty: nothing */
    const struct slice *bodies; /* and the bodies it stored since the newest block, newest first */
    size_t body_count;
    bool vote_lost;           /* the key has voted on this ledger, and what it voted is not known */
    uint8_t nonce[HALF_SIZE]; /* fresh random bytes */
};

/* chain: loaded, borrowed for the core's life. A key that is not in the set follows and does not vote. */
struct node_core *node_core_new(const struct node_core_options *options, struct chain *chain,
                                struct err *err);
void node_core_free(struct node_core *core);

/* ------------------------------------------------------------------ events */

struct node_time {
    uint64_t clock_ms;  /* the ledger's time */
    uint64_t steady_ms; /* real time for periods and timers, rising */
};

/* A verified statement: the parcel is the core's when POOL_TAKEN comes back. */
enum pool_answer node_core_add(struct node_core *core, struct parcel *parcel);
/* A peer's envelope, nothing of it checked yet. STATEMENTS are for the door (ingest). */
void node_core_receive(struct node_core *core, struct slice message, struct node_time now);
/* A body that NODE_FETCH asked for: [bstr header, [* bstr statement]], nothing of it checked yet. */
void node_core_body(struct node_core *core, struct slice block, struct node_time now);
/* A decided block from a peer, with its seals: catching up. False: it does not follow, or does not hold. */
bool node_core_catch_up(struct node_core *core, struct slice block, struct slice seals,
                        struct node_time now, struct err *err);
/* Time passes: at the latest after node_core_wait_ms(), and after statements were added. */
void node_core_tick(struct node_core *core, struct node_time now);

/* ------------------------------------------------------------------ actions */

enum node_alarm {
    ALARM_CLOCK = 1,    /* the newest block's time is ahead of this clock */
    ALARM_DIVERGED = 2, /* a decided block has other roots here: the process must end */
    ALARM_RULES = 3, /* the next block is of rules that this program does not know: it must end */
    ALARM_BAD_BLOCK = 4, /* a proposal did not hold: `kid` made it */
};

struct node_refused {
    struct hash statement;
    struct kid kid;
    enum refusal code;
};

enum node_action_kind {
    NODE_PERSIST, /* make vote (and body, unless empty, by block hash) durable, or end the process */
    NODE_SEND,    /* message to all peers, or to `kid` when has_kid */
    NODE_RELAY, /* statement bytes that peers may lack: `message` is a STATEMENTS envelope to all */
    NODE_FETCH, /* the body of `block` from any of `kids` */
    NODE_CATCH_UP, /* blocks from `height` on, from `kid` */
    NODE_STORE,    /* make `commit` durable, then call node_core_stored(); or end the process */
    NODE_REFUSED,  /* turned away: tell their senders */
    NODE_EVIDENCE, /* message and other: two signatures of `kid`; wants an evidence statement */
    NODE_ALARM,
};

struct node_action {
    enum node_action_kind kind;
    struct slice message, other;
    struct slice vote, body;
    struct hash block;
    bool has_kid;
    struct kid kid;
    size_t kid_count;
    struct kid kids[AUTHORITY_MAX];
    uint64_t height;
    struct commit commit;
    size_t refused_count;
    const struct node_refused *refused;
    enum node_alarm alarm;
};

/* The next thing to do; it lives until the next call. False: nothing is left to do. */
bool node_core_next(struct node_core *core, struct node_action *ret_action);
/* The commit of the NODE_STORE just taken is durable. */
void node_core_stored(struct node_core *core, struct node_time now);
/* Memory ran short or an alarm says so: the process must end. */
bool node_core_failed(const struct node_core *core);

/* ------------------------------------------------------------------ questions */

bool node_core_has(const struct node_core *core, const struct hash *statement);
size_t node_core_waiting(const struct node_core *core);
/* Real milliseconds until node_core_tick() may have something to do; UINT64_MAX: not before an event. */
uint64_t node_core_wait_ms(const struct node_core *core, uint64_t steady_ms);
void node_core_look(const struct node_core *core, uint64_t steady_ms,
                    struct consensus_view *ret_view);
/* Has it followed what f + 1 authorities say there is, without blocks to fetch for some seconds? */
bool node_core_is_level(const struct node_core *core, uint64_t steady_ms);
/* The body of a block that is proposed or prepared and not yet decided; empty: not here. */
struct slice node_core_find_body(const struct node_core *core, const struct hash *block);

#endif
