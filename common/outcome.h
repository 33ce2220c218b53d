/*
 * What the rules made of a block: one summary a signer, then due timers, then a verdict a statement. Their
 * bytes are the leaves under the header's outcomes root, so each can be proven.
 */
#ifndef COMMON_OUTCOME_H
#define COMMON_OUTCOME_H

#include "common/asset_set.h"
#include "common/event.h"
#include "common/key.h"
#include "common/refusal.h"

#define OUTCOME_DETAIL_MAX 200
#define SUMMARY_GAPS_MAX   16

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
