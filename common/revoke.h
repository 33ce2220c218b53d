/* Revocation (kind 6): names a key, the time from which it is not trusted, and its last good seq. */
#ifndef COMMON_REVOKE_H
#define COMMON_REVOKE_H

#include "common/fields.h"
#include "common/key.h"

enum revoke_reason {
    REVOKE_UNSPECIFIED = 0,
    REVOKE_LOST = 1,
    REVOKE_STOLEN = 2,
    REVOKE_RETIRED = 3,
};

struct revoke {
    struct kid key;
    uint64_t from_ms;
    uint64_t last_good_seq;
    enum revoke_reason reason;
};

void revoke_take(struct fields *f, struct revoke *ret_revoke);
size_t revoke_pairs(const struct revoke *v);
void revoke_put(struct buf *out, const struct revoke *v);

#endif
