/*
 * Who answers for which seconds of an excursion: stretches of time charged to the custodian of each
 * second, kept so that a handover that becomes known later can charge them anew. Pure.
 */
#ifndef NODE_CHARGES_H
#define NODE_CHARGES_H

#include "contracts/charge.h"
#include "node/execution.h"

struct charge_stretch {
    uint64_t rule, from_ms, to_ms;
};

/* The charged stretches of one asset under one contract; the newest STATE_EXCURSIONS_MAX are kept. */
struct charge_book {
    struct state_key key;
    struct slice asset;
    struct hash opening;
    bool changed;
    size_t count;
    struct charge_stretch at[STATE_EXCURSIONS_MAX];
};

void charges_open(struct charge_book *b, struct execution *x, struct slice asset,
                  const struct hash *opening);
/* Emits CHARGED events for [from_ms, to_ms) and notes the stretch. */
void charges_add(struct charge_book *b, struct execution *x, uint64_t rule, uint64_t from_ms,
                 uint64_t to_ms);
/* Stores what charges_add() changed. */
void charges_close(struct charge_book *b, struct execution *x);

#endif
