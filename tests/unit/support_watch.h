/* A contract of a few rules and one device, to judge by hand: times in minutes after the start, tenths of a degree. */
#ifndef TESTS_UNIT_SUPPORT_WATCH_H
#define TESTS_UNIT_SUPPORT_WATCH_H

#include "contracts/watch.h"

#define SUPPORT_WATCH_START  UINT64_C(1780272000000) /* a midnight */
#define SUPPORT_WATCH_MINUTE UINT64_C(60000)
#define SUPPORT_WATCH_ABSENT INT64_MIN

/* Large: make it static. */
struct support_watch {
    struct contract_definition definition;
    struct contract_terms terms;
    struct watch watch;
    struct watch_findings findings;
    struct book book;
    size_t gap_count;
    struct watch_gap gaps[WATCH_MAX_GAPS];
    char told[4096]; /* findings since it was last read, as "opened 0 10 20; charge 0 10-40; " */
};

/* No rules; gap 30 min, lateness 60 min, all zero besides. The state is fresh. */
void support_watch_begin(struct support_watch *s);
void support_watch_end(struct support_watch *s);
/* Bound in tenths, duration in minutes. Returns the rule, to be changed at will before the first sample. */
struct contract_rule *support_watch_rule(struct support_watch *s, enum contract_watch watch,
                                         enum contract_lasting lasting, int64_t bound,
                                         uint64_t minutes);
/* One statement of temperatures: minutes and tenths, in pairs, so many. */
void support_watch_say(struct support_watch *s, uint64_t seq, const int64_t (*samples)[2],
                       size_t count);
enum watch_result support_watch_sample(struct support_watch *s, uint64_t time_ms, int64_t tenths);
/* Takes samples back, in minutes: the first, the last and the next expected. */
bool support_watch_withdraw(struct support_watch *s, uint64_t from, uint64_t last, uint64_t to);
void support_watch_expire(struct support_watch *s, uint64_t minute);
/* Compares what was told since the last time. */
void support_watch_expect(struct support_watch *s, const char *told);
void support_watch_take(struct support_watch *s);

#endif
