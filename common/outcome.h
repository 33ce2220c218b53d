/*
 * What the rules made of a block: one summary a signer, then due timers, then a verdict a statement. Their
 * bytes are the leaves under the header's outcomes root, so each can be proven.
 */
#ifndef COMMON_OUTCOME_H
#define COMMON_OUTCOME_H

#include "common/asset_set.h"
#include "common/key.h"
#include "common/refusal.h"

#define OUTCOME_DETAIL_MAX 200
#define SUMMARY_GAPS_MAX   16
#define EVENT_DATA_MAX     12

enum outcome_type {
    OUTCOME_SUMMARY = 0,
    OUTCOME_TIMER = 1,
    OUTCOME_VERDICT = 2,
};

/* WIRE "Flags" of a verdict. */
enum verdict_flag {
    FLAG_FILLS = 1,
    FLAG_GAP = 2,
    FLAG_FORK = 4,
    FLAG_CLONE = 8,
    FLAG_UNCHECKED = 16,
    FLAG_FUTURE = 32,
    FLAG_ROLLBACK = 64,
    FLAG_LATE = 128,
    FLAG_SUSPECT = 256,
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

/* A signer's standing after the block: what an ack proves to it. */
struct summary {
    struct kid kid;
    uint64_t last;
    struct hash hash; /* of the statement at last */
    uint64_t run;     /* run…last is recorded and hash-chained to last */
    size_t gap_count;
    uint64_t gap_from[SUMMARY_GAPS_MAX];
    uint64_t gap_to[SUMMARY_GAPS_MAX];
    struct slice refusals; /* raw [* [seq, code]] */
};

void summary_put(struct buf *out, const struct summary *s);
bool summary_decode(struct slice bytes, struct summary *ret_summary, struct err *err);

struct verdict {
    struct hash statement;
    enum refusal code;
    struct slice detail; /* text, may be empty */
    uint64_t flags;
    size_t event_count;
    struct slice events; /* the events' bytes, one after the other */
};

void verdict_put(struct buf *out, const struct verdict *v);

struct timer_outcome {
    uint64_t time_ms;
    uint64_t what;
    struct slice subject; /* raw */
    size_t event_count;
    struct slice events;
};

void timer_outcome_put(struct buf *out, const struct timer_outcome *t);

/* Any outcome's parts: events are those of a timer or a verdict (a summary has none). */
struct outcome {
    enum outcome_type type;
    struct verdict verdict;
    struct summary summary;
    struct timer_outcome timer;
};
bool outcome_decode(struct slice bytes, struct outcome *ret_outcome, struct err *err);

#endif
