/* What the runs so far came by: branches of the protocol that can be seen from outside, and refusal codes. */
#ifndef TESTS_SIM_SIM_COVER_H
#define TESTS_SIM_SIM_COVER_H

#include "common/refusal.h"

#define SIM_CODES_MAX 256

enum sim_branch {
    BRANCH_DECIDED_IN_0,
    BRANCH_DECIDED_IN_1,
    BRANCH_DECIDED_ABOVE_1,
    BRANCH_ROUND_EXPIRED,
    BRANCH_ROUND_JUMPED,
    BRANCH_CHANGE_BARE,
    BRANCH_CHANGE_CLAIMS,
    BRANCH_CERT_RELAYED,
    BRANCH_PROPOSED_FRESH_ABOVE_0,
    BRANCH_PROPOSED_AGAIN,
    BRANCH_BODY_FETCHED,
    BRANCH_BODY_AFTER_SEALS,
    BRANCH_DECIDED_ANSWERED,
    BRANCH_CAUGHT_UP,
    BRANCH_CATCH_UP_REFUSED,
    BRANCH_RELAYED,
    BRANCH_EVIDENCE_PROPOSE,
    BRANCH_EVIDENCE_PREPARE,
    BRANCH_EVIDENCE_COMMIT,
    BRANCH_BAD_BLOCK,
    BRANCH_CLOCK_ALARM,
    BRANCH_DIED_BEFORE_PERSIST,
    BRANCH_DIED_BEFORE_SEND,
    BRANCH_DIED_BEFORE_STORE,
    BRANCH_RESTARTED_IDLE,
    BRANCH_RESTARTED_PREPARED,
    BRANCH_RESTARTED_SEALED,
    BRANCH_RESTARTED_ABOVE_0,
    BRANCH_ABSTAINED,
    BRANCH_REJOINED,
    BRANCH_REJOINED_ALL,
    BRANCH_ONE_ALONE,
    BRANCH_NO_QUORUM,
    BRANCH_SET_GREW,
    BRANCH_SET_SHRANK,
    BRANCHES,
};

struct sim_cover {
    uint64_t branches[BRANCHES];
    uint64_t codes[SIM_CODES_MAX]; /* in verdicts and at the door */
    uint64_t blocks, statements, compared, packets, events, replays;
};

void sim_cover_add(struct sim_cover *to, const struct sim_cover *from);
/* Prints both lists. Returns how many of them were never reached. */
unsigned sim_cover_print(const struct sim_cover *c);

#endif
