/*
 * Before a node speaks with its key it asks the others whether they hear that key already: two processes
 * with one key would contradict each other, which looks like treason. It asks, keeps silent, and asks again:
 * a peer that heard the key in between hears somebody else. Pure: the loop asks, over HTTPS, for that does
 * not depend on whose broker the peers listen to.
 */
#ifndef NODE_LOOP_GUARD_H
#define NODE_LOOP_GUARD_H

#include "common/authority_set.h"

#define LOOP_GUARD_OLD_MS      5000 /* a key last heard so long ago is not in use */
#define LOOP_GUARD_SILENT_MS   1500 /* silence between two questions; a node speaks every 700 ms */
#define LOOP_GUARD_FRESH_MS    1100 /* heard so shortly before a later question: not this process */
#define LOOP_GUARD_PATIENCE_MS 3000 /* for answers; who does not answer has heard nothing */

struct loop_guard;

enum loop_guard_answer {
    GUARD_WAIT,  /* see loop_guard_wait_ms() */
    GUARD_ASK,   /* ask each of the others now */
    GUARD_CLEAR, /* nobody else uses the key */
    GUARD_TAKEN, /* more than f of the others hear it from elsewhere */
};

/* In: set: in force, own among it. NULL: out of memory. */
struct loop_guard *loop_guard_new(const struct authority_set *set, const struct kid *own,
                                  uint64_t steady_ms);
void loop_guard_free(struct loop_guard *g); /* NULL is legal */

enum loop_guard_answer loop_guard_tick(struct loop_guard *g, uint64_t steady_ms);
/*
 * What one of the others says to the newest question.
 * In: heard: it has heard the key at all, ago_ms before it answered; false also when it can't be asked.
 */
void loop_guard_hear(struct loop_guard *g, const struct kid *peer, bool heard, uint64_t ago_ms);
uint64_t loop_guard_wait_ms(const struct loop_guard *g, uint64_t steady_ms);
/* Of the newest question, from 1: an answer to an older one is none to it. */
unsigned loop_guard_turn(const struct loop_guard *g);

#endif
