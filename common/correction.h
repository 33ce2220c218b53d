/*
 * Correction (kind 26): an earlier statement of the same key, or of one of the same member, was wrong. It
 * stays on the ledger; what followed from it is revised. The original travels inside, so that whoever
 * reads the correction can check whose it was.
 */
#ifndef COMMON_CORRECTION_H
#define COMMON_CORRECTION_H

#include "common/fields.h"

#define CORRECTION_ORIGINAL_MAX (64 * 1024)

struct correction {
    struct slice original; /* the statement's bytes */
    struct slice meaning;  /* of the signature; empty = absent */
    struct slice reason;   /* empty = absent */
};

void correction_take(struct fields *f, struct correction *ret_correction);
size_t correction_pairs(const struct correction *c);
void correction_put(struct buf *out, const struct correction *c);

#endif
