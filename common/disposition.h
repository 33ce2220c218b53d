/* Disposition (kind 22): what becomes of goods. Release, rejection and recall say why, by whom it counts (21 CFR 11.50). */
#ifndef COMMON_DISPOSITION_H
#define COMMON_DISPOSITION_H

#include "common/asset_set.h"
#include "common/fields.h"

enum disposition_action {
    DISPOSITION_QUARANTINE = 0, /* no handover until released */
    DISPOSITION_RELEASE = 1,
    DISPOSITION_REJECT = 2, /* of quarantined goods, for good: back to the maker or destroyed */
    DISPOSITION_RETURN = 3, /* dispensed goods come back, into quarantine */
    DISPOSITION_RECALL = 4, /* they and all that was made of them go back to who recalls */
    DISPOSITION_END_RECALL = 5,
    DISPOSITION_DECOMMISSION = 6, /* the name ends, not the goods */
    DISPOSITION_DISPENSE = 7,     /* to a patient, a consumer */
    DISPOSITION_DESTROY = 8,
};

struct disposition {
    struct asset_set
        assets; /* names of goods, or of lots whether or not they are goods themselves */
    enum disposition_action action;
    struct slice meaning; /* of the signature: "quality release"; empty = absent */
    struct slice reason;  /* empty = absent */
    struct slice place;   /* GLN; empty = absent */
};

void disposition_take(struct fields *f, struct disposition *ret_disposition);
size_t disposition_pairs(const struct disposition *d);
void disposition_put(struct buf *out, const struct disposition *d);
const char *disposition_action_name(
    enum disposition_action action); /* "quarantine", "end recall" … */

#endif
