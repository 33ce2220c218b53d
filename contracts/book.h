/*
 * The book of one asset under one contract: the stretches its rules found, of all its devices, each an
 * excursion or time that counts towards a total. It is the verdict: canonical CBOR, the same whatever the
 * order in which the readings arrived. Pure.
 */
#ifndef CONTRACTS_BOOK_H
#define CONTRACTS_BOOK_H

#include "contracts/definition.h"

#define BOOK_DEVICE_SIZE   8
#define BOOK_MAX_STRETCHES 64 /* then the oldest closed one is settled: summed up and let go */
#define BOOK_MAX_SETTLED   64
#define BOOK_MAX_BYTES     16384
#define BOOK_MAX_HOLD_MS   UINT32_MAX /* some seven weeks; a longer one is not kept */

struct book_stretch {
    uint8_t rule;
    bool sure; /* the rule's second track: beyond the bound by more than the sensor's accuracy */
    uint8_t device[BOOK_DEVICE_SIZE];
    uint64_t from_ms;
    bool open; /* still going on; to_ms is 0 */
    uint64_t to_ms;
    uint64_t hold_ms;   /* from a run's last sample to to_ms; 0: not kept, or it is later */
    bool excursion;     /* else only time towards a total */
    uint64_t broken_ms; /* of an excursion: the moment that broke the rule; else 0 */
    bool certain;       /* of an excursion: no sensor error within the accuracy could undo it */
    int64_t peak, mean; /* farthest value; time-weighted mean of a closed one, half to even */
    int peak_exponent, mean_exponent;
    bool acknowledged;
    struct hash acknowledgement; /* the call that did; the comment is in it */
};

/* What was let go, a line for each rule, track and device. */
struct book_settled {
    uint8_t rule;
    bool sure;
    uint8_t device[BOOK_DEVICE_SIZE];
    uint64_t until_ms; /* late readings before this are not judged any more */
    uint64_t excursions, unacknowledged, uncertain;
    uint64_t excursion_ms, total_ms;
    int64_t highest, lowest; /* peaks of the excursions, once there are any */
    int highest_exponent, lowest_exponent;
};

struct book {
    size_t count; /* by rule, sure, device, from */
    struct book_stretch stretches[BOOK_MAX_STRETCHES];
    size_t settled_count; /* by rule, sure, device */
    struct book_settled settled[BOOK_MAX_SETTLED];
};

/*
 * Puts a stretch in its place, or replaces the one of the same rule, track, device and start. A full book
 * settles its oldest closed stretch first. False, book untouched: full, and none can be settled.
 */
bool book_put(struct book *b, const struct book_stretch *s);
/* Settles the closed stretch that ended first, of those that have a line or can get one; false: none. */
bool book_settle(struct book *b, struct book_stretch *ret_settled);
/* Takes out the stretch of the same rule, track, device and start; false when there is none. */
bool book_remove(struct book *b, const struct book_stretch *s);
/* The stretch of this rule (its first track), device and start; NULL when there is none. */
struct book_stretch *book_find(struct book *b, unsigned rule,
                               const uint8_t device[BOOK_DEVICE_SIZE], uint64_t from_ms);
/* Order of rule, track and device. */
int book_compare_keys(const struct book_stretch *a, const struct book_stretch *b);
/* The settled line of s's rule, track and device; NULL when nothing of them was let go. */
struct book_settled *book_find_settled(struct book *b, const struct book_stretch *s);

/* What expressions ask: over all devices, first tracks only, settled ones included. */
struct book_summary {
    uint64_t excursions, unacknowledged, uncertain;
    enum verdict_severity worst; /* of certain and uncertain ones */
    uint64_t rule_excursions[DEFINITION_MAX_RULES];
    uint64_t rule_ms[DEFINITION_MAX_RULES]; /* of closed excursions, open ones up to now_ms */
    bool has_peak[DEFINITION_MAX_RULES];
    int64_t peak[DEFINITION_MAX_RULES];
    int peak_exponent[DEFINITION_MAX_RULES];
};
void book_sum(const struct book *b, const struct contract_definition *definition, uint64_t now_ms,
              struct book_summary *ret_summary);

/* At most BOOK_MAX_BYTES. An empty slice decodes as an empty book. Decoding checks everything. */
void book_encode(const struct book *b, struct buf *out);
bool book_decode(const struct contract_definition *definition, struct slice bytes,
                 struct book *ret_book, struct err *err);

#endif
