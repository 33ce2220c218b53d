#include "tests/sim/sim_cover.h"

#include <stdio.h>

static const char *const names[BRANCHES] = {
    [BRANCH_DECIDED_IN_0] = "decided in round 0",
    [BRANCH_DECIDED_IN_1] = "decided in round 1",
    [BRANCH_DECIDED_ABOVE_1] = "decided in a round above 1",
    [BRANCH_ROUND_EXPIRED] = "round + 1 after its time",
    [BRANCH_ROUND_JUMPED] = "jumped over rounds",
    [BRANCH_CHANGE_BARE] = "ROUNDCHANGE with nothing prepared",
    [BRANCH_CHANGE_CLAIMS] = "ROUNDCHANGE with a certificate",
    [BRANCH_CERT_RELAYED] = "RCCERT relayed",
    [BRANCH_PROPOSED_FRESH_ABOVE_0] = "fresh block proposed above round 0",
    [BRANCH_PROPOSED_AGAIN] = "prepared block proposed again",
    [BRANCH_BODY_FETCHED] = "body fetched",
    [BRANCH_BODY_AFTER_SEALS] = "DECIDED before its body was here",
    [BRANCH_DECIDED_ANSWERED] = "DECIDED told to one who is behind",
    [BRANCH_CAUGHT_UP] = "caught up by blocks",
    [BRANCH_CATCH_UP_REFUSED] = "block that does not follow refused",
    [BRANCH_RELAYED] = "statements relayed",
    [BRANCH_EVIDENCE_PROPOSE] = "evidence of two PROPOSEs",
    [BRANCH_EVIDENCE_PREPARE] = "evidence of two PREPAREs",
    [BRANCH_EVIDENCE_COMMIT] = "evidence of two COMMITs",
    [BRANCH_BAD_BLOCK] = "proposal did not hold",
    [BRANCH_CLOCK_ALARM] = "parent ahead of the clock",
    [BRANCH_DIED_BEFORE_PERSIST] = "died before persisting",
    [BRANCH_DIED_BEFORE_SEND] = "died before sending",
    [BRANCH_DIED_BEFORE_STORE] = "died before storing a block",
    [BRANCH_RESTARTED_IDLE] = "restarted without a vote",
    [BRANCH_RESTARTED_PREPARED] = "restarted after PREPARE",
    [BRANCH_RESTARTED_SEALED] = "restarted after COMMIT",
    [BRANCH_RESTARTED_ABOVE_0] = "restarted above round 0",
    [BRANCH_ABSTAINED] = "abstained, its vote being lost",
    [BRANCH_REJOINED] = "voted again two heights later",
    [BRANCH_REJOINED_ALL] = "voted again where q = n",
    [BRANCH_ONE_ALONE] = "one authority decided alone",
    [BRANCH_SET_GREW] = "an authority entered the set",
    [BRANCH_SET_SHRANK] = "an authority left the set",
    [BRANCH_NO_QUORUM] = "no part had a quorum",
};

/* What takes a flood, a monster of a contract, years of goods or a bus is reached by tests of its own. */
static const struct {
    enum refusal code;
    const char *where;
} elsewhere[] = {
    { REFUSED_BUSY, "test_execute_rules, test_goods_enemy" },
    { REFUSED_NOT_AUTHORITY, "set-changes.test.sh" },
    { REFUSED_STEPS, "test_execute_contract_hostile" },
    { REFUSED_DEPTH, "test_execute_contract_calls" },
    { REFUSED_FULL, "test_goods_reference" },
    { REFUSED_NO_SUCH_READING, "test_goods_reference" },
    { REFUSED_GENEALOGY, "test_goods_reference" },
};

static const char *reached_elsewhere(enum refusal code)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        if (elsewhere[i].code == code)
            return elsewhere[i].where;
    return NULL;
}

void sim_cover_add(struct sim_cover *to, const struct sim_cover *from)
{
    for (size_t i = 0; i < BRANCHES; i++)
        to->branches[i] += from->branches[i];
    for (size_t i = 0; i < SIM_CODES_MAX; i++)
        to->codes[i] += from->codes[i];
    to->blocks += from->blocks;
    to->statements += from->statements;
    to->compared += from->compared;
    to->packets += from->packets;
    to->events += from->events;
    to->replays += from->replays;
}

unsigned sim_cover_print(const struct sim_cover *c)
{
    unsigned missing = 0;
    size_t count;
    const struct refusal_entry *all = refusal_all(&count);
    for (size_t i = 0; i < BRANCHES; i++) {
        (void)printf("  branch %-38s %12llu%s\n", names[i], (unsigned long long)c->branches[i],
                     c->branches[i] == 0 ? "  NOT REACHED" : "");
        missing += c->branches[i] == 0;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t n = c->codes[all[i].code % SIM_CODES_MAX];
        const char *where = reached_elsewhere(all[i].code);
        if (n == 0 && where != NULL) {
            (void)printf("  code   %-38s             not drawn here: %s\n", all[i].name, where);
            continue;
        }
        (void)printf("  code   %-38s %12llu%s\n", all[i].name, (unsigned long long)n,
                     n == 0 ? "  NOT REACHED" : "");
        missing += n == 0;
    }
    return missing;
}
