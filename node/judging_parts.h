/*
 * Inside judging: one contract's watch over one asset, taken from the ledger's state and put back. Only
 * judging*.c, budget.c and rules_reading.c include this.
 */
#ifndef NODE_JUDGING_PARTS_H
#define NODE_JUDGING_PARTS_H

#include "node/instance.h"
#include "node/judging.h"

/* More than one statement's events can tell of (EXECUTE_ITEMS_STATEMENT), and the findings of one call. */
#define JUDGING_FOUND_MAX 8192

/* Something that contracts react to. */
struct judging_found {
    enum contract_trigger trigger;
    unsigned rule;
    uint64_t time_ms;
};

/* Memory that judging works in, one for an execution. */
struct judging_room {
    struct watch_state *state;
    struct buf bytes; /* of the state */
    struct watch_findings findings;
    struct book book, other_book;
    struct flow_state flow;
    size_t found_count;
    struct judging_found found[JUDGING_FOUND_MAX];
    unsigned depth; /* of reactions that were caused by reactions */
};

/* Lies on the caller's stack; the room is its own until judging_keep() or judging_close(). */
struct judging {
    struct execution *x;
    struct judging_room *room;
    const struct contract_bound *contract;
    struct hash opening;
    struct slice asset;
    uint64_t stops_ms; /* what is measured from then on is not judged */
    size_t first_found;
    bool has_book, has_flow, damaged, book_changed;
    struct watch watch;

    /* with a device (judging_load): */
    struct state_key key;  /* of its watch's state */
    uint64_t armed_ms;     /* its timer stands at this time; 0 = none does */
    uint64_t newest_ms;    /* of the samples judged since judging_load() */
    uint32_t used_changed; /* bit i: more or less was used of rule i's budget */
    bool heard_changed;
    uint64_t first_ms[DEFINITION_MAX_RULES]; /* of SILENCE rules: its earliest sample; 0 = none */
};

/* False: no such contract was ever in force, or the state is damaged: nothing is to be judged. */
bool judging_open(struct judging *j, struct execution *x, struct slice asset,
                  const struct hash *opening);
bool judging_load(struct judging *j, const struct kid *device);
/* Events of j->room->findings; call it after each call of the watch. */
void judging_report(struct judging *j);
/* Puts back the book, the device's state and what it used of budgets, and moves its timer when it must. */
void judging_keep(struct judging *j);
/* Puts the book back, lets the contract react to what was found, and lets others see what is left of budgets. */
void judging_close(struct judging *j);

/* The book, loaded when first asked for. */
struct book *judging_book(void *ctx);

/* A sample was taken note of: the time before the first one of any device may be shorter now. */
void judging_heard(struct judging *j, uint16_t property, uint64_t time_ms);
void judging_heard_settle(struct judging *j);

#endif
