/* Scan (kind 12): someone had these goods before them, perhaps at a place known by name. */
#ifndef COMMON_SCAN_H
#define COMMON_SCAN_H

#include "common/asset_set.h"
#include "common/fields.h"

struct scan {
    struct asset_set assets;
    struct slice place; /* GLN; empty = absent */
    struct slice note;  /* empty = absent */
    bool in_custody;    /* the signer's member says that it holds them */
};

void scan_take(struct fields *f, struct scan *ret_scan);
size_t scan_pairs(const struct scan *s);
void scan_put(struct buf *out, const struct scan *s);

#endif
