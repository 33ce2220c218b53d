/*
 * The rules of one contract over one asset as one device reports it: an integer state machine. In order, a
 * sample costs O(rules); one that comes late is judged from summaries of what lies around it, never by
 * reading history again, and what was found before is revised: any order of arrival ends in the same book.
 * Pure: never asks for the time, allocates nothing. docs/contracts.md "What exactly is counted" is its
 * specification.
 *
 * A device's statements are numbered. What lies between two open gaps of the numbering is a *piece*; a late
 * statement fills a gap, so it falls between pieces, never into one. State keeps for each piece and rule
 * the edges alone (how it begins, how it ends); what lies inside is settled and is in the book.
 */
#ifndef CONTRACTS_WATCH_H
#define CONTRACTS_WATCH_H

#include "contracts/book.h"
#include "contracts/terms.h"

#define WATCH_MAX_PIECES      17 /* around 16 gaps; a contract of many rules has fewer */
#define WATCH_MAX_GAPS        16
#define WATCH_MAX_SPANS       8 /* of time taken back, those that touch are one */
#define WATCH_MAX_STATE_BYTES 49472
#define WATCH_MAX_FINDINGS    512 /* of one sample, one end of a statement, one expiry */

struct watch_state;                        /* about a megabyte: make one and keep it */
struct watch_state *watch_state_new(void); /* NULL when memory is short */
void watch_state_free(struct watch_state *s);
/* An empty slice decodes as fresh. Equal states have equal bytes; foreign ones are checked. */
void watch_state_encode(const struct contract_definition *definition, const struct watch_state *s,
                        struct buf *out);
bool watch_state_decode(const struct contract_definition *definition, struct slice bytes,
                        struct watch_state *s, struct err *err);

enum watch_finding_kind {
    WATCH_OPENED, /* an excursion: from, broken at */
    WATCH_CLOSED, /* it ended: from, to, peak, mean, certain */
    WATCH_CHARGE, /* [from, to) goes to its custodians (charge.h) under this rule */
    WATCH_REVISED, /* what was said of the stretch from `from` no longer holds: its opening, closing and
                      charges are void. What holds instead follows */
};

struct watch_finding {
    enum watch_finding_kind kind;
    struct book_stretch stretch; /* first tracks only */
};

struct watch_findings {
    size_t count;
    struct watch_finding items[WATCH_MAX_FINDINGS];
};

/* What one call works on; the caller fills it and keeps it alive. */
struct watch {
    const struct contract_definition *definition;
    const struct contract_terms *terms;
    struct watch_state *state;
    uint8_t device[BOOK_DEVICE_SIZE];
    bool keeps_holds;  /* rules from 3 on: it is kept how long a run's last sample held */
    uint64_t start_ms; /* the contract is in force from here: samples before it are not judged */
    /* State in force at a time, for rules with stages; NULL when the contract has none. */
    unsigned (*state_at)(void *ctx, uint64_t time_ms);
    /* The book, loaded when first asked for; changes to it are the caller's to store. */
    struct book *(*book)(void *ctx);
    void *ctx;
    /* For each rule with a budget: used by other contracts of the asset, less what was added back. Whoever
     * changes it calls watch_recount(). */
    int64_t carried_ms[DEFINITION_MAX_RULES];
    struct watch_findings *findings; /* each call empties it first */
};

struct watch_gap {
    uint64_t first, last; /* seqs nobody has seen yet */
};

struct watch_reading {
    uint16_t property;
    bool present; /* false: the sensor reported nothing at this time */
    int exponent; /* -9..9 */
    uint64_t time_ms;
    int64_t mantissa;
};

enum watch_result {
    WATCH_JUDGED,
    WATCH_NOT_WATCHED, /* no rule looks at this property, or the contract was not in force */
    WATCH_NOT_DATA,    /* absent, or a value no working sensor reports: at most a fault */
    WATCH_NOT_JUDGED, /* it steps back in time, or is late beyond what state can tell: kept in history */
};

/*
 * A statement begins: gaps are the device's open ones by seq, after it was recorded. Then its samples, row by
 * row: times never fall from one call to the next; then its end, where what is late is judged.
 */
void watch_begin(struct watch *w, uint64_t seq, const struct watch_gap *gaps, size_t gap_count);
enum watch_result watch_sample(struct watch *w, const struct watch_reading *reading);
void watch_end(struct watch *w);

/*
 * A device's samples from from_ms to last_ms were taken back; the next one was to be expected at to_ms. Runs stay
 * what all samples make of them, this time is cut out of them: what is left on either side is a run of its own,
 * with the peak and mean of the whole. It counts for what is judged already and for what is late. SILENCE and
 * KINETIC findings stay. Samples from before start_ms take nothing back. False: some of it was let go, or there are too many spans: that stays as it is.
 */
struct watch_span {
    uint64_t from_ms, last_ms, to_ms;
};
bool watch_withdraw(struct watch *w, const struct watch_span *span);

/* Budgets carried from elsewhere have changed: judges totals anew. */
void watch_recount(struct watch *w);
/* Milliseconds of this device's own that count towards each rule's budget, the open run's up to its last sample. */
void watch_used(const struct watch *w, uint64_t ret_used_ms[DEFINITION_MAX_RULES]);

/*
 * Block time has reached now_ms: silence is raised; runs of sensors silent past maximum gap + lateness end.
 * watch_deadline(): when that next has something to do; 0 = never.
 */
void watch_expire(struct watch *w, uint64_t now_ms);
uint64_t watch_deadline(const struct watch *w);

#endif
