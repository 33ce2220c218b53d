/*
 * What comes back to an agent: acks, heads and authority sets, each a proof that is checked against the
 * pinned identity before anything follows from it. Deletes nothing itself; pure.
 */
#ifndef DEVICE_AGENT_ACK_H
#define DEVICE_AGENT_ACK_H

#include "common/ack.h"
#include "device/agent.h"

#define AGENT_GAP_GRACE_MS 2000 /* what was just sent may look like a gap for a moment */

struct agent_ack {
    struct summary summary; /* borrowed from the ack's bytes */
    uint64_t height;
    bool news;               /* of a later block than any before: its refusals are worth saying */
    bool stranger;           /* the ledger's newest statement of this key is not this agent's */
    size_t freed;            /* statements that may be deleted now: */
    uint64_t freed_from, to; /* those of this agent from … to; nothing else */
    size_t again;            /* statements in gaps, to be sent again */
};

/* False: not a proof, for whatever reason; nothing is freed. */
bool agent_ack_take(struct agent *a, struct slice bytes, uint64_t steady_ms,
                    struct agent_ack *ret_ack, struct err *err);

/* The first statement that is stuck (the ledger closed its gap as lost); false: none. */
bool agent_ack_next_stuck(const struct agent *a, uint64_t *ret_seq);
/* It has been put where it does not have to be deleted. */
void agent_ack_set_aside(struct agent *a, uint64_t seq);

/* A finality proof: the newest is the anchor of statements to come. */
bool agent_ack_take_head(struct agent *a, struct slice bytes, struct err *err);
/* A chain of authority sets; only one that goes further than the one known changes anything. */
bool agent_ack_take_set(struct agent *a, struct slice bytes, bool *ret_changed, struct err *err);

#endif
