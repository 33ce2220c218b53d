/* Statements of kind "call". */
#include "node/execution.h"

enum refusal rules_call(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}
