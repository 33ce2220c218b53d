/*
 * What the rules tell of a block: something happened to goods, a key, a contract. Each asset counts and
 * chains its own. What the items of their data are, event_data.h takes apart.
 */
#ifndef COMMON_EVENT_H
#define COMMON_EVENT_H

#include "common/asset_set.h"

#define EVENT_DATA_MAX 12 /* items */

/* What is wrong with goods, or with what somebody says of them: EVENT_FINDING. */
enum event_finding {
    FINDING_NEVER_COMMISSIONED = 1, /* seen, but nobody on this ledger ever made it */
    FINDING_AFTER_END = 2, /* seen after it was dispensed, destroyed, decommissioned, used up */
    FINDING_MORE_THAN_MADE = 3,    /* a unit beyond the number its lot was declared to have */
    FINDING_IMPOSSIBLE_TRAVEL = 4, /* two scans too far apart for the time between them */
    FINDING_TWO_CUSTODIANS = 5,    /* somebody else says that it has it, or made it */
};
#define FINDING_LAST FINDING_TWO_CUSTODIANS

/* What became of a covered code: EVENT_REVEALED. */
enum event_reveal {
    REVEAL_AUTHENTIC_OPENED = 0, /* the first time, after delivery */
    REVEAL_ALREADY_OPENED = 1,
    REVEAL_TAMPER = 2,   /* the first time, and still on its way */
    REVEAL_MISMATCH = 3, /* not the code of these goods */
};

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
    EVENT_ENROLLED = 9,          /* [class, ? member], of the key */
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
    EVENT_RECEIVED = 36,        /* [offer, missing, surplus, damaged] */
    EVENT_NOT_RECEIVED = 37,    /* [offer], of the goods that stay where they were */
    EVENT_BOUND = 38,           /* [statement, device/null, reading/null, seal/null, number/null] */
    EVENT_PACKED = 39,          /* [container] */
    EVENT_UNPACKED = 40,        /* [container] */
    EVENT_LOADED = 41,          /* [added, now inside], of the container */
    EVENT_UNLOADED = 42,        /* [taken out, now inside], of the container */
    EVENT_MADE = 43,            /* [action, making, place of the output in it] */
    EVENT_USED = 44,        /* [action, making, mantissa/null, exponent/null, unit/null] of each */
    EVENT_DISPOSITION = 45, /* [action, statement, member, meaning/null, reason/null] */
    EVENT_DISPUTED = 46,    /* [statement, member] */
    EVENT_CERTIFIED = 47,   /* [certificate, name, issuer, from, until] */
    EVENT_CERTIFICATE_REVOKED = 48, /* [certificate, name, issuer, from] */
    EVENT_CORRECTED = 49,           /* [original, kind of it, correction] */
    EVENT_FINDING = 50,             /* [finding, statement, other statement/null, kid] */
    EVENT_LABEL_SEALED = 51,        /* [] */
    EVENT_REVEALED = 52,            /* [result, statement] */
    EVENT_PROPOSED = 53,            /* [action, member], of the proposal, as all to 60 */
    EVENT_BALLOT = 54,              /* [member, yes] */
    EVENT_PROPOSAL_PASSED = 55,     /* [height of its effect] */
    EVENT_PROPOSAL_REJECTED = 56,   /* [] */
    EVENT_PROPOSAL_WITHDRAWN = 57,  /* [] */
    EVENT_PROPOSAL_EXPIRED = 58,    /* [] */
    EVENT_APPLIED = 59,             /* [action] */
    EVENT_NOT_APPLIED = 60,         /* [code] */
    EVENT_MEMBER_ADDED = 61,        /* [name], of the member */
    EVENT_MEMBER_REMOVED = 62,      /* [], of the member */
    EVENT_SET_CHANGED = 63,         /* [kid in/null, kid out/null, next set], of either kid */
    EVENT_EVIDENCE = 64,            /* [message type, height, round], of the authority */
    EVENT_NODE = 65,                /* [broker, url], of the authority */
    EVENT_BALLOT_RESCINDED = 66,    /* [member], of the proposal */
    EVENT_AUTHORISED = 67,          /* [member, from height, until], of the candidate */
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
