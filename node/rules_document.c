/* Statements of kind "document". */
#include "node/execution.h"

enum refusal rules_document(struct execution *x, const struct speaker *by)
{
    (void)x;
    (void)by;
    return REFUSED_NOT_ALLOWED;
}
