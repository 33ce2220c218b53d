/* Two signed messages of one authority that contradict each other. Who takes it out is for members to vote. */
#include "node/rules_govern.h"

enum refusal rules_evidence(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}
