/*
 * What the rules tell of a block: something happened to goods, a key, a contract. Each asset counts and
 * chains its own. What the items of their data are, event_data.h takes apart.
 */
#ifndef COMMON_EVENT_H
#define COMMON_EVENT_H

#include "common/asset_set.h"

#define EVENT_DATA_MAX 12 /* items */

/* WIRE "Events". */
enum event_what {
    EVENT_RECORDED = 1,          /* [kid, first time, last time] */
    EVENT_COMMISSIONED = 2,      /* [member] */
    EVENT_OFFERED = 3,           /* [from, to, role] */
    EVENT_PASSED = 4,            /* [offer, from, to, role] */
    EVENT_REJECTED = 5,          /* as PASSED */
    EVENT_CANCELLED = 6,         /* as PASSED */
    EVENT_ATTACHED = 7,          /* [kid] */
    EVENT_DETACHED = 8,          /* [kid] */
    EVENT_ENROLLED = 9,          /* [class], of the key */
    EVENT_REVOKED = 10,          /* [time, seq], of the key */
    EVENT_CLONE = 11,            /* [seq], of the key */
    EVENT_GAP = 12,              /* [first, last] */
    EVENT_LATE = 13,             /* [seq] */
    EVENT_LOST = 14,             /* [first, last], of the key */
    EVENT_MASTER_DATA = 15,      /* [id], of the statement */
    EVENT_OPENED = 16,           /* [opening], of the assets */
    EVENT_AGREED = 17,           /* [member], of the opening */
    EVENT_IN_FORCE = 18,         /* [opening], of the assets */
    EVENT_LAPSED = 19,           /* [], of the opening */
    EVENT_EXCURSION_OPENED = 20, /* [rule, from, opening, device]; time: broken at */
    EVENT_EXCURSION_CLOSED = 21, /* [rule, from, to, peak, exponent, opening, device, mean, mean
                                    exponent, certain] */
    EVENT_CHARGED = 22,          /* [rule, member/null, seconds, from, opening, device] */
    EVENT_REVISION = 23,         /* [rule, from, opening, device, void] */
    EVENT_OFFER_EXPIRED = 24,
    EVENT_SUSPECT = 25,         /* [kid] */
    EVENT_NOT_JUDGED = 26,      /* [kid, first, last, opening] */
    EVENT_CALLED = 27,          /* [opening, action, caller kid/null] */
    EVENT_STATE = 28,           /* [opening, from state, to state, by] */
    EVENT_SCANNED = 29,         /* [kid, place/null] */
    EVENT_DOCUMENT = 30,        /* [opening, name, hash] */
    EVENT_ACKNOWLEDGED = 31,    /* [rule, from, opening, device] */
    EVENT_ADDED_BACK = 32,      /* [opening, budget, ms, call hash] */
    EVENT_ADD_BACK_UNDONE = 33, /* as ADDED_BACK */
    EVENT_FINISHED = 34,        /* [opening, ending] */
    EVENT_REPLACED = 35,        /* [old opening, new opening] */
};

struct event {
    enum event_what what;
    struct slice subject; /* raw: text, asset-set or byte string */
    uint64_t time_ms;
    struct slice data; /* raw array */
};

void event_put(struct buf *out, const struct event *e);
struct event event_take(struct cbor_reader *r);
const char *event_name(enum event_what what);

#endif
