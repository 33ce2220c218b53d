/* Findings: what is wrong with goods, or with what somebody says of them, told in the histories of both. Pure. */
#ifndef NODE_FINDING_H
#define NODE_FINDING_H

#include "node/execution.h"

/* The other side of a finding, when a statement that is on the ledger contradicts the one at hand. */
struct finding_other {
    bool there;
    struct hash statement;
    struct kid
        kid; /* whose history shows it too: who signed that, or the member that holds the goods */
};

/*
 * Emits EVENT_FINDING about an asset, and the same to the signer's key and to the other side's. In: asset: it
 * has an entry in the state.
 */
void finding_tell(struct execution *x, const struct speaker *by, enum event_finding finding,
                  struct slice asset, const struct finding_other *other);

/* Notes that the statement, which will be refused, claims goods that are another's. */
void finding_claim(struct execution *x, enum event_finding finding, struct slice asset);
/* Tells what was noted, once the refused statement's own traces are gone. */
void finding_tell_claim(struct execution *x, const struct speaker *by);

#endif
