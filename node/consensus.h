/*
 * Agreement on one block: PREPAREs and seals of distinct authorities are counted by bitmap against
 * q = floor(2n/3) + 1, in one round. A pure function of (state, event): no I/O, no clock, no allocation.
 *
 * One authority is a quorum of one and walks the same steps. Rounds above 0 (round changes, justified
 * re-proposals) are not here yet: a ledger of several authorities is refused at start.
 */
#ifndef NODE_CONSENSUS_H
#define NODE_CONSENSUS_H

#include "common/seal.h"

#define CONSENSUS_ACTIONS_MAX 4

enum consensus_event_kind {
    CONSENSUS_PROPOSAL, /* a block of height, valid on this node's tip and durable here */
    CONSENSUS_PREPARE,  /* an authority is ready to seal it; its signature was checked */
    CONSENSUS_SEAL,     /* an authority's COMMIT: a seal */
};

struct consensus_event {
    enum consensus_event_kind kind;
    struct header header; /* PROPOSAL */
    struct kid authority; /* PREPARE */
    struct hash block;    /* PREPARE */
    struct slice seal;    /* SEAL */
};

enum consensus_action_kind {
    CONSENSUS_SEND_PREPARE, /* to all, oneself included */
    CONSENSUS_SEND_SEAL,    /* to all, oneself included: consensus_own_seal() */
    CONSENSUS_DECIDED,      /* make durable and apply: consensus_seals() prove it */
};

struct consensus_actions {
    size_t count;
    enum consensus_action_kind at[CONSENSUS_ACTIONS_MAX];
};

enum consensus_phase {
    PHASE_IDLE,    /* waits for a proposal */
    PHASE_PREPARE, /* PREPARE sent, counting */
    PHASE_COMMIT,  /* sealed, counting seals */
    PHASE_DECIDED,
};

struct consensus {
    struct authority_set set;
    struct key_pair key;
    enum consensus_phase phase;
    struct header header;
    struct hash block;
    uint64_t prepared[AUTHORITY_MAX / 64];
    struct seal_count seals;
    uint8_t own_seal[SEAL_SIZE_MAX];
    size_t own_seal_len;
    size_t kept_count;
    uint8_t kept[AUTHORITY_MAX][SEAL_SIZE_MAX]; /* the seals counted, in order of arrival */
    size_t kept_len[AUTHORITY_MAX];
    struct kid kept_by[AUTHORITY_MAX];
};

/* key: this node's authority. False when it is not one of set. */
bool consensus_begin(struct consensus *c, const struct authority_set *set,
                     const struct key_pair *key);
void consensus_step(struct consensus *c, const struct consensus_event *event,
                    struct consensus_actions *ret_actions);
struct slice consensus_own_seal(const struct consensus *c);
/* Appends the CBOR array of the seals that prove the decision, in order of kid. */
void consensus_put_seals(const struct consensus *c, struct buf *out);

#endif
