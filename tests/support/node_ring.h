/*
 * Several machines of one ledger in this process: virtual time, every message by its bytes, memory in place
 * of disks. Nothing is lost unless a test says so. A disk (state, blocks, vote, bodies) outlives its machine.
 */
#ifndef TESTS_SUPPORT_NODE_RING_H
#define TESTS_SUPPORT_NODE_RING_H

#include "common/message.h"
#include "node/node_step.h"
#include "tests/support/ledger_kit.h"
#include "tests/support/memory_state.h"

#define RING_NODES   8
#define RING_HEIGHTS 512
#define RING_BODIES  32
#define RING_DELAY   2 /* ms a message travels */
#define RING_START   1000000
#define RING_PERIOD  100
#define RING_EMPTY   60000

struct ring_node {
    struct key_pair key;
    bool up;
    struct chain chain;
    struct node_core *core;

    /* its disk */
    struct memory_state *state;
    uint64_t height;
    struct ring_block {
        struct hash hash;
        size_t statements;
        struct buf block, seals;
    } blocks[RING_HEIGHTS];
    struct hash *leaves;
    size_t leaf_count, leaf_cap;
    struct buf vote;
    struct buf bodies[RING_BODIES];
    size_t body_count;

    bool garbage; /* gives another body than is asked for */

    /* what it asked its runner for */
    size_t persists, fetches, catch_ups, relays, refused, stored;
    size_t alarms[ALARM_BAD_BLOCK + 1];
    enum refusal last_refused;
};

struct node_ring;
/* True: it is lost. from and to are places. */
typedef bool ring_filter(struct node_ring *r, size_t from, size_t to, const struct message *m);

struct node_ring {
    struct kit kit;
    size_t count, members; /* nodes; the first `members` are of the set, in order of kid */
    struct ring_node nodes[RING_NODES];
    struct kit_signer device; /* of the first member */
    struct kit_signer owner;  /* the first member itself */
    uint64_t now_ms;
    ring_filter *filter;
    bool no_fetch; /* bodies are asked for in vain */
    struct ring_parcel *first, *last;
};

/* A ledger of so many authorities, and followers beside them. Fails the program when it can't. */
struct node_ring *node_ring_new(size_t members, size_t followers);
void node_ring_free(struct node_ring *r);

void node_ring_stop(struct node_ring *r, size_t place);  /* as by a power cut */
void node_ring_start(struct node_ring *r, size_t place); /* with what its disk has */

/* A client hands a statement to one node. It must decode; its signature is not looked at. */
enum pool_answer node_ring_give(struct node_ring *r, size_t place, struct slice statement);
/* A reading, or the commissioning of one unit, given to one node. Returns its hash. */
struct hash node_ring_read(struct node_ring *r, size_t place);
/* Bytes to one node as from the wire. */
void node_ring_send(struct node_ring *r, size_t from, size_t to, struct slice message);

/* Lets ms pass: messages arrive, machines tick when they ask for it. */
void node_ring_run(struct node_ring *r, uint64_t ms);
/* Runs until every node that is up has the block of this height; false when that takes longer than ms. */
bool node_ring_reach(struct node_ring *r, uint64_t height, uint64_t ms);
/* Do all that are up have the same blocks, as far as they have them? */
bool node_ring_agrees(const struct node_ring *r);
/* Is the statement in a block of this node? */
bool node_ring_holds(const struct node_ring *r, size_t place, const struct hash *statement);

#endif
