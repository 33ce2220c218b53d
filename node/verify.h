/*
 * Whether a product is what its label says, as far as the ledger knows: one result for the person who asks, the
 * first of these that holds. Pure: it asks a state, and is told the goods' own events, for findings are kept
 * nowhere else.
 */
#ifndef NODE_VERIFY_H
#define NODE_VERIFY_H

#include "common/event.h"
#include "common/state_value.h"
#include "node/overlay.h"

/* In the order in which they are looked for. */
enum verify_result {
    VERIFY_VERIFIED = 0,
    VERIFY_NEVER_COMMISSIONED = 1,
    VERIFY_COMMISSION_WITHDRAWN = 2,
    VERIFY_LOT_DIFFERS = 3,
    VERIFY_EXPIRY_DIFFERS = 4,
    VERIFY_RECALLED = 5,
    VERIFY_REJECTED = 6,
    VERIFY_QUARANTINED = 7,
    VERIFY_DISPENSED = 8,
    VERIFY_DESTROYED = 9,
    VERIFY_DECOMMISSIONED = 10,
    VERIFY_USED_UP = 11,
    VERIFY_EXPIRED = 12,
    VERIFY_MORE_THAN_MADE = 13,
    VERIFY_IMPOSSIBLE_TRAVEL = 14,
    VERIFY_TWO_CUSTODIANS = 15,
};
#define VERIFY_LAST VERIFY_TWO_CUSTODIANS

/* What is on the label. */
struct verify_label {
    struct slice gtin;   /* 14 digits */
    struct slice serial; /* 1..20 characters */
    struct slice lot;    /* empty: not asked */
    bool has_expiry;
    uint64_t expiry_ms; /* any time of that day */
};

struct verify_answer {
    enum verify_result result;
    char asset[ASSET_NAME_MAX + 1];
    bool lot_compared, expiry_compared; /* asked, and the maker had said it */
    bool has_cause;
    struct hash cause; /* the statement that the result rests on */
    bool has_name;
    char name[ASSET_NAME_MAX +
              1]; /* RECALLED and held: by which name, when another than the asset */
};

/* The first finding of each kind that stands: neither of the two statements that make it was corrected. */
struct verify_findings {
    const struct state_view *view;
    bool stands[FINDING_LAST + 1];
    struct hash statement[FINDING_LAST + 1];
};
void verify_findings_begin(struct verify_findings *f, const struct state_view *view);
/* Each event of the asset, oldest first; others than findings are passed over. */
void verify_findings_event(struct verify_findings *f, const struct event *event);

/* "01/GTIN/21/SERIAL": false with the reason when gtin or serial are none. */
bool verify_asset_name(const struct verify_label *label, char ret_name[ASSET_NAME_MAX + 1],
                       struct err *err);
/*
 * In: findings: NULL when the asset has no events. time_ms: now.
 * Returns: false with ERR_INPUT when the label can't be one, ERR_BUSY when memory is short or the goods descend
 *     from more than can be followed.
 */
bool verify_product(const struct state_view *view, const struct verify_label *label,
                    const struct verify_findings *findings, uint64_t time_ms,
                    struct verify_answer *ret_answer, struct err *err);

const char *verify_result_name(enum verify_result result);     /* "NEVER_COMMISSIONED" */
const char *verify_result_sentence(enum verify_result result); /* for the person who asked */

#endif
