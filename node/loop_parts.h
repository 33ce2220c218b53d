/* Inside the node's loop (loop*.c): what its files share. Nothing else includes this. */
#ifndef NODE_LOOP_PARTS_H
#define NODE_LOOP_PARTS_H

#include "common/block.h"
#include "common/broker.h"
#include "common/bus.h"
#include "common/clock.h"
#include "common/final.h"
#include "common/genesis.h"
#include "common/state_value.h"
#include "node/ingest.h"
#include "node/node_step.h"
#include "node/settings.h"
#include "node/store.h"
#include "node/tracker.h"

#include <pthread.h>

#define OUTCOMES_BYTES_MAX (256u * 1024 * 1024)

struct node_metrics {
    uint64_t blocks, statements, turned_away, waiting, started_ms;
};

struct node {
    const struct settings *settings;
    const struct clock *clock;
    struct store *store;
    struct store *reader; /* of HTTP's proofs; used under trees */
    struct identity identity;
    struct chain chain;
    struct node_core *core;
    struct ingest *ingest;
    struct tracker *tracker;
    struct broker broker;
    bool broker_started;
    struct bus *bus;
    bool greeted;    /* connected, and head and set were said */
    bool complained; /* that the broker can't be reached */
    struct parcel **parked;
    size_t parked_count, parked_bytes;
    pthread_rwlock_t trees; /* chain's trees and the store's head agree while it is held */
    uint64_t clock_told_ms; /* steady: not before then is it said again that the clock is wrong */
    uint64_t repeats_since_ms;   /* steady: the second in which … */
    unsigned repeats;            /* … so many repeats were answered */
    struct node_metrics metrics; /* the loop's own */
    struct node_metrics shown;   /* a copy, under trees */
    uint64_t busy;               /* statements that found the queue full; any thread, atomic */
    struct api *api;
    bool load_ok;
};

/* Any thread: hands bytes to the door. */
bool node_submit(struct node *n, struct slice bytes, struct err *err);

/* Opens and closes the HTTP side (loop_api.c). */
bool loop_api_open(struct node *n, struct err *err);
void loop_api_close(struct node *n);

/* Tells those who repeat a statement its ack again, within bounds (loop_repeats.c). */
void loop_answer_repeats(struct node *n, const struct node_action *refused, uint64_t steady_ms);

/* JSON events of a block, on wb/1/events/<event> (loop_events.c). */
void loop_publish_events(struct bus *bus, const struct commit *c);

#endif
