/* Government: proposals and ballots. */
#include "node/execution.h"

enum refusal rules_propose(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}

enum refusal rules_ballot(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}

enum refusal rules_withdraw_proposal(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}

enum refusal rules_node(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}

enum refusal rules_evidence(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}
