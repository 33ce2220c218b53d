/* How ballots are counted: by the rules when one is cast, and by whoever shows how a vote stands. */
#ifndef NODE_RULES_TALLY_H
#define NODE_RULES_TALLY_H

#include "common/authority_set.h"
#include "common/proposal.h"
#include "common/state_govern.h"

/* The authority set in force, and the next block's. */
struct govern_sets {
    struct authority_set now, next;
};
/* The place of the member's authority, or -1. */
int govern_place_of(const struct authority_set *set, const struct kid *member);
/* Whether the authority set would be another with the next block. */
bool govern_touches_set(const struct govern_sets *sets, enum govern_action action,
                        const struct proposal_body *body);

/* Who may vote. */
struct rules_voters {
    const struct constitution *constitution;
    const struct govern_sets *sets;
    struct hash set;              /* of those in force */
    struct state_members members; /* that are active */
    uint64_t roles[STATE_MEMBERS_MAX];
};

struct rules_tally {
    size_t voters;
    size_t yes, no; /* that count */
    size_t needed;  /* yes, to pass */
};

bool rules_tally_may_vote(const struct rules_voters *v, enum govern_action action, size_t member);
/* Ballots under the set in force, of members that may still vote, count. */
bool rules_tally_counts(const struct rules_voters *v, enum govern_action action,
                        const struct state_ballot *ballot);
struct rules_tally rules_tally(const struct rules_voters *v, const struct state_proposal *p);

#endif
