/*
 * Agreement on one block after the other (CONSENSUS.md), as a pure function of state and event: no I/O, no
 * callback, no clock, no allocation. What is to be done comes back as actions, in order; dying between any
 * two of them is safe. The caller (node_step.c) knows statements, execution and the pool; consensus knows
 * votes. They meet in three questions: BUILD a block, JUDGE a block, DECIDE for a block.
 */
#ifndef NODE_CONSENSUS_H
#define NODE_CONSENSUS_H

#include "common/message_verify.h"

#define CONSENSUS_ACTIONS_MAX  16
#define CONSENSUS_ROUNDS_AHEAD 1000         /* messages of rounds further ahead are not kept */
#define CONSENSUS_VOTE_MAX     (512 * 1024) /* of what consensus_put_vote() writes */
#define CONSENSUS_BEHIND_MS    15000 /* a fresh block's time may be so far behind the own clock */
#define CONSENSUS_AHEAD_MS     2000  /* and so far ahead of it */
#define CONSENSUS_RESEND_MS    700
#define CONSENSUS_T_CAP        2 /* T(r) = T0 * 2^min(r, cap) */

struct consensus_options {
    struct key_pair key;
    struct hash ledger;
    uint64_t t0_ms;           /* of round 0's timer: 1,000 on a LAN, 2,000 on a WAN */
    uint8_t nonce[HALF_SIZE]; /* fresh random bytes at each start of the process */
    bool vote_lost;           /* this key has voted on this ledger, and its vote state is gone */
};

enum consensus_event_kind {
    CONSENSUS_START, /* of a height: at the process's start, and after each block that was applied */
    CONSENSUS_MESSAGE, /* from a peer; message_verify() was asked */
    CONSENSUS_TICK,    /* time passed, work came, or a body came that may let a DECIDE go on */
    CONSENSUS_BUILT,   /* answer to BUILD: header is of the block made, durable body at hand */
    CONSENSUS_NOTHING, /* answer to BUILD: there is nothing to make a block of, after all */
    CONSENSUS_VALID,   /* answer to JUDGE: executed, and the roots are the header's */
    CONSENSUS_INVALID, /* answer to JUDGE */
};

struct consensus_event {
    enum consensus_event_kind kind;
    uint64_t steady_ms; /* for timers */
    uint64_t clock_ms;  /* the ledger's time, for block times */
    bool work; /* a statement waits or an empty block is due, and the block period is over */
    /* START */
    const struct authority_set *set; /* in force at this height; copied */
    const struct header *parent;
    struct slice vote; /* as consensus_put_vote() left it, at the process's start; empty: none */
    /* MESSAGE */
    const struct message *message;
    /* BUILT, VALID, INVALID */
    const struct header *header;
    uint64_t round; /* BUILT, NOTHING: of the BUILD */
};

enum consensus_action_kind {
    CONSENSUS_PERSIST, /* make consensus_put_vote() and the body of `block` (if has_block) durable */
    CONSENSUS_SEND,    /* consensus_put_message() to all others; the own vote is counted already */
    CONSENSUS_SEND_TO, /* the same to `to` alone */
    CONSENSUS_BUILD,   /* make a fresh block for `round`, answer at once with BUILT or NOTHING */
    CONSENSUS_JUDGE, /* when body and tip allow, answer VALID or INVALID; `sources` may have the body */
    CONSENSUS_DECIDE, /* apply consensus_decided() once its body is here; asked again until START */
    CONSENSUS_EVIDENCE, /* consensus_put_evidence(): two signatures of `to` */
    CONSENSUS_BEHIND,   /* `to` is at height `round`, more than one above: fetch what is missing */
    CONSENSUS_CLOCK, /* alarm: the parent's time is ahead of the own clock by more than allowed */
};

struct consensus_action {
    enum consensus_action_kind kind;
    enum message_type message; /* SEND, SEND_TO */
    uint64_t round;
    bool has_block;
    struct hash block; /* BUILD: none. SEND of PROPOSE and DECIDED: whose hashes are wanted */
    struct kid to;
    uint64_t sources[AUTHORITY_MAX / 64]; /* JUDGE, DECIDE: places in the set */
};

struct consensus_actions {
    size_t count;
    struct consensus_action at[CONSENSUS_ACTIONS_MAX];
};

enum consensus_phase {
    PHASE_IDLE,    /* waits for a proposal, or for others' ROUNDCHANGEs */
    PHASE_PREPARE, /* PREPARE sent, counting */
    PHASE_COMMIT,  /* sealed, counting seals */
    PHASE_DECIDED, /* waits for the block to be applied */
};

struct consensus; /* large: malloc consensus_size() bytes */
size_t consensus_size(void);
void consensus_begin(struct consensus *c, const struct consensus_options *options);
void consensus_step(struct consensus *c, const struct consensus_event *event,
                    struct consensus_actions *ret_actions);
/* message_verify_cached() by the set in force; also false when nothing can come of the message. */
bool consensus_verify(struct consensus *c, const struct message *m, const uint8_t *known_pub,
                      struct err *err);

/* Of the action just returned, before the next step. hashes: of the statements of action->block. */
void consensus_put_message(const struct consensus *c, const struct consensus_action *action,
                           const struct hash *hashes, size_t hash_count, struct buf *out);
void consensus_put_vote(const struct consensus *c, struct buf *out);
/* The same of one who has said nothing since the block of this height: for who knows that this is so. */
void consensus_put_no_vote(uint64_t height, struct buf *out);
/* The CBOR array of the seals that prove the decision, in order of kid. */
void consensus_put_seals(const struct consensus *c, struct buf *out);
const struct header *consensus_decided(const struct consensus *c);
void consensus_put_evidence(const struct consensus *c, struct buf *ret_a, struct buf *ret_b);
/* When TICK is due at the latest: UINT64_MAX, not before an event. */
uint64_t consensus_wake_ms(const struct consensus *c);

/* For metrics and alarms. */
struct consensus_view {
    uint64_t height, round;
    uint64_t
        reached; /* the highest block that, f + 1 others say, is there: one of them is honest */
    enum consensus_phase phase;
    bool votes;    /* of the set, and not abstaining */
    bool abstains; /* of the set, but its vote state was lost: it may not vote yet */
    size_t quorum, members;
    uint64_t heard[AUTHORITY_MAX / 64]; /* places heard of within the last five seconds */
    int64_t offset_ms;                  /* own clock less the median of the peers' */
    bool offset_known;
};
void consensus_look(const struct consensus *c, uint64_t steady_ms, struct consensus_view *ret_view);
#endif
