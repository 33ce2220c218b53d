/* Statements of kind "scan". */
#include "node/execution.h"

enum refusal rules_scan(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}
