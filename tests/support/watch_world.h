/*
 * Random contracts and random journeys for the compliance engine, from a seed: spacing around the maximum gap
 * to the millisecond, values around every bound to the last unit, whatever a device can report and a network
 * can lose, delay and mix up. The same seed makes the same world on any machine.
 */
#ifndef TESTS_SUPPORT_WATCH_WORLD_H
#define TESTS_SUPPORT_WATCH_WORLD_H

#include "contracts/watch.h"

#define WATCH_WORLD_DEVICES    2
#define WATCH_WORLD_STATEMENTS 32 /* 16 gaps at most, whatever their order */
#define WATCH_WORLD_ROWS       96
#define WATCH_WORLD_COLUMNS    4
#define WATCH_WORLD_READINGS   (WATCH_WORLD_ROWS * WATCH_WORLD_COLUMNS)
#define WATCH_WORLD_STAGES     4

struct watch_world_statement {
    uint64_t seq;
    bool lost;           /* never arrives */
    bool withdrawn;      /* taken back by a correction, which arrives whenever it does */
    bool other;          /* of another kind: recorded, of no interest to the rules */
    size_t first, count; /* its readings */
    uint64_t last_ms;
};

struct watch_world_device {
    uint8_t id[BOOK_DEVICE_SIZE];
    uint64_t first_seq; /* heard of by this contract; what is before it is known or lost */
    bool gap_before;    /* seqs below first_seq that nobody will ever see */
    size_t statement_count;
    struct watch_world_statement statements[WATCH_WORLD_STATEMENTS];
    size_t reading_count;
    struct watch_reading readings[WATCH_WORLD_READINGS]; /* in the device's numbering */
};

/* Over 100 kB: make one and keep it. */
struct watch_world {
    uint64_t seed; /* of the generator, moved on */
    struct contract_definition definition;
    struct contract_terms terms;
    uint64_t start_ms;
    uint64_t end_ms; /* the latest sample of all */
    unsigned state_count;
    uint64_t state_from[WATCH_WORLD_STAGES];
    unsigned states[WATCH_WORLD_STAGES];
    int64_t carried_ms[DEFINITION_MAX_RULES]; /* in the end */
    size_t device_count;
    struct watch_world_device devices[WATCH_WORLD_DEVICES];

    bool steps_back;     /* some statements' clocks do; what arrives first then counts */
    bool in_order_only;  /* that, or a window's steps are more than state can tell of late ones */
    size_t column_count; /* properties the devices report, one of them perhaps watched by nobody */
    uint16_t columns[WATCH_WORLD_COLUMNS];
    uint64_t step_ms; /* usual spacing */
    bool withdraws;   /* some readings are taken back */
};

struct watch_world_size {
    unsigned rules, statements, rows, devices; /* at most; rows of one statement */
};

/* A contract and all that happens; size's statements * rows must not exceed WATCH_WORLD_ROWS. */
void watch_world_make(struct watch_world *w, uint64_t seed, const struct watch_world_size *size);
unsigned watch_world_state_at(void *world, uint64_t time_ms);

/* The time that a correction of the statement takes back; false when it has no readings. */
bool watch_world_span(const struct watch_world *w, const struct watch_world_device *d,
                      const struct watch_world_statement *s, struct watch_span *ret_span);

/* The generator, for whoever plays the world. */
uint64_t watch_world_random(struct watch_world *w);
/* from <= answer <= to. */
int64_t watch_world_pick(struct watch_world *w, int64_t from, int64_t to);
bool watch_world_chance(struct watch_world *w, unsigned one_in);

#endif
