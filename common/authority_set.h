/* The authorities whose seals count, in order of kid; two thirds of them and one make a quorum. */
#ifndef COMMON_AUTHORITY_SET_H
#define COMMON_AUTHORITY_SET_H

#include "common/key.h"

#define AUTHORITY_MAX          64
#define AUTHORITY_SET_SIZE_MAX (AUTHORITY_MAX * 64)

struct authority {
    struct kid kid;
    uint8_t pub[PUB_SIZE];
    struct kid member;
};

struct authority_set {
    size_t count; /* 1..AUTHORITY_MAX */
    struct authority at[AUTHORITY_MAX];
};

void authority_set_put(struct buf *out, const struct authority_set *set);
/* Scans and decodes; kids must rise, each the thumbprint of its key, no two of one member. */
bool authority_set_decode(struct slice bytes, struct authority_set *ret_set, struct err *err);
struct hash authority_set_hash(const struct authority_set *set);
/* Index of kid, or -1. */
int authority_set_find(const struct authority_set *set, const struct kid *kid);
/* q = floor(2n/3) + 1, CONSENSUS "Quorum". */
size_t authority_set_quorum(const struct authority_set *set);

#endif
