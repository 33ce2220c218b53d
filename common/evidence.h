/*
 * Evidence (kind 13): two envelopes by one authority, for one height and round, that contradict each
 * other. What they are worth is judged by the rules; here they are bytes.
 */
#ifndef COMMON_EVIDENCE_H
#define COMMON_EVIDENCE_H

#include "common/fields.h"

#define EVIDENCE_ENVELOPE_MAX 65536

struct evidence {
    struct slice a, b; /* whole envelopes, the one that is less bytewise first */
};

void evidence_take(struct fields *f, struct evidence *ret_evidence);
size_t evidence_pairs(const struct evidence *e);
void evidence_put(struct buf *out, const struct evidence *e);

#endif
