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
#include "node/alarms.h"
#include "node/blocks_range.h"
#include "node/disk.h"
#include "node/fetch.h"
#include "node/ingest.h"
#include "node/loop_guard.h"
#include "node/loop_mute.h"
#include "node/node_step.h"
#include "node/peer_api.h"
#include "node/peer_book.h"
#include "node/peers.h"
#include "node/settings.h"
#include "node/snapshot_shelf.h"
#include "node/store.h"
#include "node/tracker.h"
#include "node/voted.h"

#include <pthread.h>

#define OUTCOMES_BYTES_MAX (256u * 1024 * 1024)
#define LOOP_PARKED_MAX    1024
#define LOOP_PEERS_POLL    (PEERS_POLL_COUNT + 1)

/* The node's eye on itself (loop_watch.c). */
struct loop_watch {
    struct alarms alarms;
    struct disk disk;
    uint64_t look_ms, lone_since_ms, evidence_ms; /* steady */
    struct kid evidence_of;
    bool full; /* new statements are refused; any thread, atomic */
};

struct node_metrics {
    uint64_t rounds;           /* that were begun above round 0 */
    uint64_t sent, sent_bytes; /* envelopes for peers */
    uint64_t blocks, statements, turned_away, waiting, started_ms;
    uint64_t height,
        highest; /* the own head's, and the highest of which peers say for sure that it is */
    struct hash tip;
    size_t peers, peers_heard;
    struct consensus_view view;
};

/* This node among others (loop_peers.c). All NULL where `peers:` is not configured. */
struct loop_meeting {
    struct peers *peers;
    struct fetch *fetch;
    struct peer_api *api;
    struct peer_book *book; /* always there */
    bool changed;           /* the book: peers and fetch are to be told */
    bool of_set;            /* the own key, when they were told last */
    bool outside; /* nothing that is brought here would reach the ledger; any thread, … */
    uint64_t outside_since; /* … atomic, both; 0: since before this process began */
    bool ranging;           /* one that came is being taken: */
    struct buf range_bytes;
    struct blocks_range range;
    struct kid range_from;
    struct loop_mute mute;    /* whose statements did not hold */
    struct loop_guard *guard; /* NULL once it is known that nobody else uses the key */
};

/* Statements that this node itself makes (loop_own.c). */
struct loop_own {
    bool waiting;      /* some are signed and not yet on the ledger */
    uint64_t look_ms;  /* steady: when to look after them again */
    uint64_t enter_ms; /* steady: not before then it asks to enter the set */
    unsigned unplaced; /* how often it knew no addresses to enter with */
};

/* Of a ledger that was joined at a snapshot (loop_history.c). */
#define LOOP_TAG_HISTORY 1 /* of what is fetched */
struct loop_history {
    uint64_t next_ms; /* steady: when there is something to do */
    uint64_t thousands;
    bool told;
};

/* For who was removed while it was away (loop_farewell.c). */
struct loop_farewell {
    bool said;        /* the peers' API was told who left … */
    struct hash set;  /* … by this set */
    uint64_t next_ms; /* steady: not before then it asks whether it was removed itself, … */
    uint64_t above;   /* … unless it has come above this height since it asked */
};

struct node {
    const struct settings *settings;
    const struct clock *clock;
    struct store *store;
    struct store *reader; /* of HTTP's proofs; used under trees */
    struct identity identity;
    struct buf recovery_bytes;
    struct recovery recovery; /* that the configuration pins; borrows from the bytes */
    struct chain chain;
    struct node_core *core;
    struct kid kid; /* of the authority's key */
    struct voted voted;
    struct loop_meeting meet;
    struct loop_own own;
    struct loop_history history;
    struct loop_farewell farewell;
    struct loop_watch watch;
    struct loop_watch shown_watch; /* a copy, under trees */
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
    uint64_t repeats_since_ms;    /* steady: the second in which … */
    unsigned repeats;             /* … so many repeats were answered */
    struct node_metrics metrics;  /* the loop's own */
    struct node_metrics shown;    /* a copy, under trees */
    uint64_t busy;                /* statements that found the queue full; any thread, atomic */
    struct snapshot_shelf *shelf; /* NULL: no HTTP to hand snapshots out */
    struct api *api;
    bool load_ok;
};

/* loop_recovery.c: before the machine starts, after the chain is loaded. */
bool loop_load_recovery(struct node *n, struct err *err);

/* Any thread: hands bytes to the door. */
bool node_submit(struct node *n, struct slice bytes, struct err *err);

/* loop_door.c: what the bus brings; what has been verified; those that wait for a key, tried again. */
void loop_on_message(void *user, const struct bus_message *message);
void loop_door(struct node *n, uint64_t steady_ms);
void loop_retry_parked(struct node *n);
/* Who the authorities are may be another now, from the block at this height on; 0: at the start. */
void loop_door_look(struct node *n, uint64_t height);

/* loop_core.c: lets the machine act, and does what it asks for. False: the process must end. */
bool loop_core(struct node *n, uint64_t steady_ms, struct err *err);
/* After each event; trees is held. */
bool loop_core_perform(struct node *n, struct node_time now, struct err *err);

/* loop_peers.c */
bool loop_peers_open(struct node *n, struct err *err);
void loop_peers_close(struct node *n);
/* The first LOOP_PEERS_POLL of fds; returns milliseconds, or -1. */
int loop_peers_poll(const struct node *n, struct pollfd *fds, uint64_t steady_ms);
bool loop_peers_service(struct node *n, const struct pollfd *fds, uint64_t steady_ms,
                        struct err *err);
/* Gives the machine what peers said and what was fetched; trees is held. */
bool loop_peers_events(struct node *n, struct node_time now, struct err *err);
void loop_peers_send(struct node *n, const struct node_action *a);
void loop_peers_fetch(struct node *n, const struct node_action *a);
void loop_peers_catch_up(struct node *n, const struct node_action *a);

/* loop_own.c */
void loop_own_evidence(struct node *n, const struct node_action *a);
void loop_own_tick(struct node *n, uint64_t steady_ms);

/* loop_history.c */
void loop_history_tick(struct node *n, uint64_t steady_ms);
void loop_history_take(struct node *n, const struct fetch_result *r, uint64_t steady_ms);

/* loop_farewell.c: the peers' API learns who left the set; this node asks whether it was removed itself. */
void loop_farewell_say(struct node *n);
void loop_farewell_tick(struct node *n, uint64_t steady_ms);

/* loop_watch.c */
void loop_watch_open(struct node *n, uint64_t steady_ms);
void loop_watch(struct node *n, uint64_t steady_ms);
void loop_watch_evidence(struct node *n, const struct kid *kid, uint64_t steady_ms);

/* Opens and closes the HTTP side (loop_api.c). */
bool loop_api_open(struct node *n, struct err *err);
void loop_api_close(struct node *n);

/* Tells those who repeat a statement its ack again, within bounds (loop_repeats.c). */
void loop_answer_repeats(struct node *n, const struct node_action *refused, uint64_t steady_ms);

/* JSON events of a block, on wb/1/events/<event> (loop_events.c). */
void loop_publish_events(struct bus *bus, const struct commit *c);

#endif
