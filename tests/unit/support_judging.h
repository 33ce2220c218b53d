/*
 * Goods watched by contracts of a test's own, in a small world (tests/support/world.h): contracts from YAML,
 * packs of readings that may be signed in one order and said in another, books as bytes.
 */
#ifndef TESTS_UNIT_SUPPORT_JUDGING_H
#define TESTS_UNIT_SUPPORT_JUDGING_H

#include "tests/support/contract_kit.h"
#include "tests/support/world.h"

#define UNIT KIT_UNIT

/* A world with the unit commissioned by the farm, and both devices attached to it, at minute 1. */
struct world *judging_world(void);
/* Accepted or the test ends. */
void judging_say(struct world *w, enum world_key who, struct statement draft, uint64_t time_ms);
/* The compiled form; lives until the test program ends. */
struct slice judging_compile(const char *yaml);
/* Opened by the farm, agreed to by the clinic in a block at time_ms: in force from then on. */
struct hash judging_open_at(struct world *w, const char *yaml, uint64_t time_ms);
/* Temperatures of one a minute, the first at minute `first`. */
struct statement judging_minutes(const int *centi, size_t count);
/* A pack of `count` minutes, all `centi`, said by a device, the first at minute `first`. */
void judging_report_flat(struct world *w, enum world_key device, unsigned first, unsigned count,
                         int centi);

/* A statement signed now and said later. */
struct judging_letter {
    struct buf bytes;
};
struct judging_letter judging_sign(struct world *w, enum world_key who, struct statement draft,
                                   uint64_t time_ms);
/* Says it in a block of its own, 1 s after the last; frees it. */
enum refusal judging_post(struct world *w, struct judging_letter *letter);

/* A correction of a statement, whose bytes it borrows. */
struct statement judging_correct(struct slice original);

/* The book's bytes, empty when there is none. */
struct slice judging_book_bytes(struct world *w, const struct hash *opening);
/* What is charged in the end: sorted lines of the CHARGED events that no REVISION took back. Caller frees. */
char *judging_final_charges(struct world *w);

#endif
