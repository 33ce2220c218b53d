/*
 * A small world for tests of the rules: three companies, their devices, one ledger in memory. Statements
 * are said by name and executed at once; what the rules made of them is kept as text, so that a test reads
 * like the journey it tests. Failures end the test.
 *
 * A text of an event: "<event> <subject> <data…> at <time>", with companies and devices by name, hashes as
 * "#", times as minutes since KIT_T0 ("+240m", seconds as "+240m30s"), nothing as "-", a
 * bool as "yes" or "no", a list of more than 12 as its first one "and" how many more.
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include "common/state_value.h"
#include "node/execute.h"
#include "tests/support/ledger_kit.h"
#include "tests/support/memory_state.h"

#define WORLD_EVENTS_MAX     4096
#define WORLD_STATEMENTS_MAX 2048 /* of one block */
#define WORLD_TEXT           200
#define MINUTES(n)           (KIT_T0 + (uint64_t)(n)*60000)

enum world_key {
    FARM,
    CARRIER,
    CLINIC,
    NODE,     /* the authority, of the farm */
    OPERATOR, /* of the carrier */
    AUDITOR,  /* of the clinic */
    LOGGER,   /* a device of the farm */
    TRACKER,  /* a device of the carrier */
    STRANGER, /* not on the ledger */
    WORLD_KEYS,
};

struct world_event {
    uint64_t height;
    bool of_timer;
    char text[WORLD_TEXT];
};

struct world {
    struct kit kit;
    struct hash id;
    struct kit_signer by[WORLD_KEYS];
    struct memory_state *state;
    struct state_view view;
    struct execution *execution;
    struct execute_context context; /* of the open block, or the last one */
    struct hash head;               /* stands for the last block's hash */
    uint64_t height;
    bool open;
    size_t count; /* statements of the open block */
    struct statement *statements;
    struct buf bytes[WORLD_STATEMENTS_MAX];

    /* of the last statement */
    struct hash last;
    uint64_t flags; /* after world_end(), as are these */
    size_t caused;  /* events */
    char detail[OUTCOME_DETAIL_MAX + 1];

    size_t summary_count; /* of the last block */
    struct summary summaries[WORLD_KEYS];
    /* NULL, or asked for: called with each event of a block that ends. */
    void (*listener)(void *ctx, const struct event *e);
    void *listener_ctx;
    size_t event_count; /* of all blocks so far */
    struct world_event *events;
};

struct world *world_new(void);
void world_free(struct world *w);

/* The block that the next statement opens, and its time. Ends the one before. */
void world_block(struct world *w, uint64_t time_ms);
/* Ends the open block, as far as there is one; a block with no statement still runs its timers. */
void world_end(struct world *w);
/* Signs, decodes, verifies and executes. What stays off the ledger does not move the signer on. */
enum refusal world_say(struct world *w, enum world_key who, struct statement draft,
                       uint64_t time_ms);
/* Executes bytes that were signed before. */
enum refusal world_say_bytes(struct world *w, struct slice bytes);
const struct kid *world_kid(const struct world *w, enum world_key who);

/* Events that begin with this text; world_has() expects exactly one. Both end the open block. */
size_t world_count(struct world *w, const char *text);
bool world_has(struct world *w, const char *text);
/* All events on stderr. */
void world_print(const struct world *w);
/* The summary of who in the last block; NULL when it did not sign. */
const struct summary *world_summary(const struct world *w, enum world_key who);
bool world_asset(struct world *w, const char *name, struct state_asset *ret_asset);

/* The contract most tests are about: too warm above 8 °C for 10 min, gap 30 min, lateness 1 h. */
struct slice world_contract(void);

#endif
