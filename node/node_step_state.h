/* Inside the machine (node_step*.c): what it is made of. Only node_step_parts.h includes this. */
#ifndef NODE_NODE_STEP_STATE_H
#define NODE_NODE_STEP_STATE_H

#include "node/node_step.h"

#define HINTS_MAX 4 /* lists of a block's statements that peers told */

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
    struct body *bodies;    /* oldest first */
    size_t body_count, body_cap;
    struct hash needed_block; /* of the newest own COMMIT: its body stays */
    struct hint hints[HINTS_MAX];
    size_t next_hint;
    struct question judge, decide;
    size_t fetch_turn; /* who is asked for a body first */
    bool build;        /* consensus wants a block for … */
    uint64_t build_round;
    struct executed executed;
    struct slice *statements; /* of the executed block, within its body */
    struct hash *hashes;
    struct hash last_block; /* the head's */
    struct hash *last_hashes;
    size_t last_count;
    struct hash *other_hashes; /* of whichever block a message is about */
    struct node_refused *refused;
    size_t statement_count, refused_count;
    struct buf spent; /* body of the newest block: whoever stored it may still look */
    bool *gone;
    struct buf seals, scratch;
    struct queued *queue;
    size_t queue_first, queue_count, queue_cap;
    struct queued current; /* the one that node_core_next() gave last */
    struct later *later;
    size_t later_count, later_cap;

    struct peer_height peers[AUTHORITY_MAX];
    size_t peer_count;
    bool behind;
    struct kid asked; /* for blocks */
    bool progress;
    uint64_t ask_ms, fetched_ms; /* steady: fetched_ms: when a block came; 0: none did */

    uint64_t relay_since_ms; /* steady: the second in which … */
    size_t relayed;          /* … so many bytes were relayed again */
};

#endif
