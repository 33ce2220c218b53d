/*
 * How an asset stands by the ledger's state, where its events alone don't tell: which offers are open, how much
 * of it is left, and what its maker gave out as its lot and expiry.
 */
#ifndef NODE_ASSET_STAND_H
#define NODE_ASSET_STAND_H

#include "common/amount.h"
#include "common/asset_set.h"
#include "node/store.h"

#define ASSET_STAND_OFFERS 2 /* by enum custody_role */

struct asset_offer {
    bool open;
    struct hash statement;
    struct kid to;
    uint64_t since_ms;
    bool expires;
    uint64_t expires_ms;
};

struct asset_stand {
    struct asset_offer offer[ASSET_STAND_OFFERS];
    bool has_amount;
    struct amount
        amount; /* left; its unit is borrowed from the next, so a stand is not to be copied */
    char unit[AMOUNT_UNIT_MAX + 1];
    char lot[ASSET_NAME_MAX + 1];
    bool has_expiry;
    uint64_t expiry_ms;
};

/* Of a name the ledger does not know, or that was only ever scanned: nothing. */
void asset_stand_read(struct store *s, struct slice name, struct asset_stand *ret_stand);

#endif
