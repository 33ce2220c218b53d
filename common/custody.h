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

#define CUSTODY_SEAL_MAX 64

enum custody_seal {
    SEAL_INTACT = 0,
    SEAL_BROKEN = 1,
    SEAL_NONE = 2,
};

struct custody {
    struct asset_set assets;
    enum custody_action action;
    struct kid to;          /* offers: the member it is made to */
    struct hash offer;      /* all but offers: the offer's statement hash */
    struct slice condition; /* remark on the goods' state; empty = absent */
    enum custody_role role;
    bool has_expiry; /* offers: nobody can accept from then on */
    uint64_t expiry_ms;
    bool has_counts; /* acceptances: how many are not there, too many, damaged */
    uint64_t missing_count, surplus_count, damaged_count;
    bool has_missing; /* acceptances: these were not there; they stay with who offered them */
    struct asset_set missing; /* of the offer's set */
    bool has_reading;         /* offers and acceptances: the last reading the signer saw */
    struct kid device;
    struct hash reading; /* statement hash */
    bool has_seal;       /* offers and acceptances: how the seal was found */
    enum custody_seal seal;
    struct slice seal_number;     /* at most CUSTODY_SEAL_MAX bytes; may be empty */
    struct slice meaning, reason; /* rejections, which are refused without them; empty = absent */
};

/* The fields from key 5 on; a misfit fails the reader. time_ms: the statement's, before any expiry. */
void custody_take(struct fields *f, uint64_t time_ms, struct custody *ret_custody);
size_t custody_pairs(const struct custody *c);
void custody_put(struct buf *out, const struct custody *c);

#endif
