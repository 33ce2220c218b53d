/*
 * Plays a random world to the compliance engine as a node would: statements in some order of arrival, each
 * with the gaps the ledger knows of, timers when they are due, state and book through their bytes now and
 * then. Whatever the engine finds is told on to a second set of books, as a reader of events would keep it.
 */
#ifndef TESTS_SUPPORT_WATCH_PLAY_H
#define TESTS_SUPPORT_WATCH_PLAY_H

#include "tests/support/watch_reference.h"
#include "tests/support/watch_world.h"

#define WATCH_PLAY_TOLD 4096
#define WATCH_PLAY_WHY  600

enum watch_play_order {
    WATCH_PLAY_IN_ORDER,
    WATCH_PLAY_REVERSED,
    WATCH_PLAY_SWAPPED, /* neighbours change places, as on a real network */
    WATCH_PLAY_SHUFFLED,
    WATCH_PLAY_ORDERS,
};

/* What events have said of one stretch. */
struct watch_told {
    bool opened, closed, charged;
    struct book_stretch stretch;
};

/* Large: make one and keep it. */
struct watch_play {
    struct watch_world *world;
    struct watch watches[WATCH_WORLD_DEVICES];
    struct watch_state *spare;
    struct watch_findings findings;
    struct book book;
    bool delivered[WATCH_WORLD_DEVICES][WATCH_WORLD_STATEMENTS];
    bool withdrawn[WATCH_WORLD_DEVICES][WATCH_WORLD_STATEMENTS];
    bool was_late; /* something came after what follows it */
    uint64_t now_ms;
    size_t told_count;
    struct watch_told told[WATCH_PLAY_TOLD];
    size_t revised_count; /* of the call that is being told */
    struct watch_told revised[WATCH_PLAY_TOLD];
    struct watch_reading readings[WATCH_WORLD_READINGS];
    struct watch_span spans[WATCH_WORLD_STATEMENTS];
    struct reference_book reference;
    size_t not_judged;
    bool allow_not_judged;
    bool
        steady_budgets; /* set by the caller: what other contracts use of a budget does not change */
    bool failed;
    char why[WATCH_PLAY_WHY]; /* the first thing that was wrong */
};

struct watch_play *watch_play_new(void);
void watch_play_free(struct watch_play *p);

/* All of it: false with p->why. After `final_ms` (block time) the book is p->book. */
bool watch_play_run(struct watch_play *p, struct watch_world *world, enum watch_play_order order,
                    uint64_t final_ms);
/* Its pieces, for tests of one matter. */
void watch_play_begin(struct watch_play *p, struct watch_world *world);
void watch_play_deliver(struct watch_play *p, size_t device, size_t statement);
void watch_play_withdraw(struct watch_play *p, size_t device, size_t statement);
void watch_play_time(struct watch_play *p, uint64_t now_ms);
/* The book, what events told and what counts towards budgets, all against the reference. */
void watch_play_check(struct watch_play *p);

#endif
