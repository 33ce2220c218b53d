/* How bad a finding is, and the words for it. The numbers are on the ledger and never change. */
#ifndef CONTRACTS_VERDICT_H
#define CONTRACTS_VERDICT_H

#include "common/bytes.h"

enum verdict_severity {
    VERDICT_NONE = 0, /* nothing found: no rule may claim it */
    VERDICT_LOW = 1,
    VERDICT_MEDIUM = 2,
    VERDICT_HIGH = 3,
    VERDICT_CRITICAL = 4,
};

/* "none", "low", "medium", "high", "critical". */
const char *verdict_severity_name(enum verdict_severity severity);
/* False, output untouched, when the word is none of the five. */
bool verdict_severity_parse(struct slice word, enum verdict_severity *ret_severity);

#endif
