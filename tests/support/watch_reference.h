/*
 * The rules of a contract over one device's samples, judged the slow and obvious way: it keeps every sample,
 * and works out the whole book from all of them each time it is asked. Written from the words of
 * docs/contracts.md alone, it shares no code with contracts/watch*.c and must never learn from it.
 */
#ifndef TESTS_SUPPORT_WATCH_REFERENCE_H
#define TESTS_SUPPORT_WATCH_REFERENCE_H

#include "contracts/watch.h"

#define REFERENCE_MAX_STRETCHES 4096

/* What is known of one device. */
struct reference_device {
    const struct contract_definition *definition;
    const struct contract_terms *terms;
    uint8_t id[BOOK_DEVICE_SIZE];
    uint64_t start_ms;
    uint64_t now_ms; /* the latest block time at which timers ran; 0: they never did */
    unsigned (*state_at)(void *ctx, uint64_t time_ms);
    void *ctx;
    const int64_t *carried_ms; /* for each rule */
    size_t reading_count;
    const struct watch_reading *readings; /* in the device's numbering */
    size_t span_count;
    const struct watch_span *spans; /* samples that were taken back, in any order */
};

struct reference_book {
    size_t count; /* by rule, sure, device, from */
    struct book_stretch stretches[REFERENCE_MAX_STRETCHES];
    /* A kinetic mean so near its bound that the last digit of e^x decides: this rule is not compared. */
    bool doubtful[DEFINITION_MAX_RULES];
};

/* Adds what this device's samples make of the rules. An empty book is all zero. */
void watch_reference_add(const struct reference_device *d, struct reference_book *book);
/* Milliseconds that count towards each rule's budget. */
void watch_reference_used(const struct reference_device *d,
                          uint64_t ret_used_ms[DEFINITION_MAX_RULES]);
/* Whether the engine's book says the same; `why` gets the first difference in words. */
bool watch_reference_equal(const struct contract_definition *definition,
                           const struct reference_book *reference, const struct book *book,
                           char *why, size_t size);
/* One stretch in words. */
void watch_reference_show(const struct book_stretch *s, char *text, size_t size);

/* Mean kinetic temperature of trapezoids, in degrees, by the formula as it is printed. */
struct reference_mean {
    long double heat, weight;
};
void watch_reference_heat(struct reference_mean *m, double celsius_a, double celsius_b, double ms);
double watch_reference_mean(const struct reference_mean *m);

#endif
