/* Master data of a place (kind 8), by its GLN. */
#ifndef COMMON_PLACE_H
#define COMMON_PLACE_H

#include "common/fields.h"
#include "common/key.h"

struct place {
    struct slice gln;
    struct slice name;
    bool has_position;
    int64_t lat, lon;  /* 10^-7 degrees, WGS 84 */
    struct slice zone; /* IANA time zone; empty = absent */
    bool has_member;
    struct kid member; /* whose place it is */
};

void place_take(struct fields *f, struct place *ret_place);
size_t place_pairs(const struct place *p);
void place_put(struct buf *out, const struct place *p);

#endif
