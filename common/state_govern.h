/*
 * What the ledger's state knows of its government: proposals and their ballots, candidates, roles,
 * evidence. Each put appends canonical CBOR, each take decodes a whole value; bodies are borrowed from it.
 */
#ifndef COMMON_STATE_GOVERN_H
#define COMMON_STATE_GOVERN_H

#include "common/constitution.h"

#define STATE_MEMBERS_MAX 256 /* active at one time */
#define STATE_HASHES_MAX  64  /* open proposals; effects at one height */

#define ROLE_BIT_OPERATOR 1u /* of the consortium */
#define ROLE_BIT_SPONSOR  2u /* of devices */

enum proposal_status {
    PROPOSAL_OPEN = 0,
    PROPOSAL_PASSED = 1, /* waits for its height */
    PROPOSAL_REJECTED = 2,
    PROPOSAL_WITHDRAWN = 3,
    PROPOSAL_EXPIRED = 4,
    PROPOSAL_APPLIED = 5,
    PROPOSAL_NOT_APPLIED = 6, /* it passed, and no longer fitted */
};
const char *proposal_status_name(enum proposal_status status);

struct state_ballot {
    struct kid member;
    bool yes;
    struct hash set; /* it was cast under */
};

/* [34, proposal] */
struct state_proposal {
    struct kid proposer; /* member */
    enum govern_action action;
    struct slice body;
    uint64_t expires_ms;
    uint64_t height; /* of its effect; while open the one it named, 0 = none */
    enum proposal_status status;
    size_t ballot_count;
    struct state_ballot ballots[STATE_MEMBERS_MAX]; /* in order of member */
};
void state_proposal_put(struct buf *out, const struct state_proposal *v);
bool state_proposal_take(struct slice value, struct state_proposal *ret_v);

/* [35] open proposals, in order of proposing; [36, height] to take effect, in order of passing */
struct state_hashes {
    size_t count;
    struct hash at[STATE_HASHES_MAX];
};
void state_hashes_put(struct buf *out, const struct state_hashes *v);
bool state_hashes_take(struct slice value, struct state_hashes *ret_v);
void state_hashes_remove(struct state_hashes *v, const struct hash *hash);

/* [41] active members, rising */
struct state_members {
    size_t count;
    struct kid at[STATE_MEMBERS_MAX];
};
void state_members_put(struct buf *out, const struct state_members *v);
bool state_members_take(struct slice value, struct state_members *ret_v);
bool state_members_has(const struct state_members *v, const struct kid *member);
/* Keeps the order; the caller has made sure of room and that it is new. */
void state_members_add(struct state_members *v, const struct kid *member);
void state_members_remove(struct state_members *v, const struct kid *member);

/* [37, kid]: an authority key that a vote allowed to enter */
struct state_candidate {
    uint8_t pub[PUB_SIZE];
    struct kid member;
    uint64_t from_height;
    uint64_t until_ms;
    struct hash proposal;
};
void state_candidate_put(struct buf *out, const struct state_candidate *v);
bool state_candidate_take(struct slice value, struct state_candidate *ret_v);

/* [38, kid]: evidence against an authority */
struct state_evidence {
    uint64_t count;
    struct hash newest; /* statement */
};
void state_evidence_put(struct buf *out, const struct state_evidence *v);
bool state_evidence_take(struct slice value, struct state_evidence *ret_v);

/* [39, member] */
bool state_roles_take(struct slice value, uint64_t *ret_roles);
/* [38, kid, type, height, round] the statement; [40, definition] the proposal that approved it */
bool state_hash_take(struct slice value, struct hash *ret_hash);

#endif
