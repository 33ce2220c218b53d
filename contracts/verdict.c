#include "contracts/verdict.h"

#include <assert.h>

static const char *const names[] = { "none", "low", "medium", "high", "critical" };

const char *verdict_severity_name(enum verdict_severity severity)
{
    assert((size_t)severity < sizeof names / sizeof names[0]);
    return names[severity];
}

bool verdict_severity_parse(struct slice word, enum verdict_severity *ret_severity)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!slice_equal(word, slice_text(names[i])))
            continue;
        *ret_severity = (enum verdict_severity)i;
        return true;
    }
    return false;
}
