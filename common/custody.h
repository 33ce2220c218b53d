/* Custody (kind 2): goods change hands by an offer and its acceptance, each signed by its own side. */
#ifndef COMMON_CUSTODY_H
#define COMMON_CUSTODY_H

#include "common/asset_set.h"
#include "common/fields.h"
#include "common/key.h"

#define NAME_MAX_BYTES 200 /* CDDL `name`: 1..200 bytes of UTF-8 */

enum custody_action {
    CUSTODY_OFFER = 0,
    CUSTODY_ACCEPT = 1,
    CUSTODY_REJECT = 2,
    CUSTODY_CANCEL = 3,
};

enum custody_role {
    ROLE_CUSTODIAN = 0, /* who holds the goods */
    ROLE_OWNER = 1,     /* whose they are */
};

struct custody {
    struct asset_set assets;
    enum custody_action action;
    struct kid to;          /* offers: the member it is made to */
    struct hash offer;      /* all but offers: the offer's statement hash */
    struct slice condition; /* remark on the goods' state; empty = absent */
    enum custody_role role;
};

/* The fields from key 5 on; a misfit fails the reader. */
void custody_take(struct fields *f, struct custody *ret_custody);
size_t custody_pairs(const struct custody *c);
void custody_put(struct buf *out, const struct custody *c);

#endif
