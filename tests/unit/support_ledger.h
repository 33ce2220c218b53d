/*
 * A small ledger for tests of what stores, reads and shows one: real signatures, trees, roots and seals,
 * while the events are the test's to choose. Nothing here judges anything. Failures end the test.
 */
#ifndef TESTS_UNIT_SUPPORT_LEDGER_H
#define TESTS_UNIT_SUPPORT_LEDGER_H

#include "common/final.h"
#include "common/outcome.h"
#include "common/statement.h"
#include "node/state_tree.h"
#include "node/store.h"

#define LEDGER_T0    UINT64_C(1780293600000) /* 2026-06-01T06:00:00Z, the genesis block's time */
#define LEDGER_UNIT  "01/09506000134352/21/DEMO1"
#define LEDGER_ITEMS 2048 /* statements and outcomes in one block */

struct ledger {
    char dir[64];
    struct key_pair node, farm, carrier, clinic, device;
    struct identity identity;
    struct hash id;
    struct header head;
    struct merkle_frontier tree;
    struct state_tree *state;
    struct store *store; /* the writer; NULL while closed */
    uint64_t seq;
    struct buf samples;

    /* the block that is being made */
    size_t statements, outcomes, writes;
    uint64_t event_count; /* of the open verdict */
    struct buf events;
    struct verdict verdict;
    struct slice statement[LEDGER_ITEMS];
    struct hash hash[LEDGER_ITEMS];
    struct slice outcome[LEDGER_ITEMS];
    struct state_write write[LEDGER_ITEMS];
    struct hash last;             /* of the last statement */
    void *kept[8 * LEDGER_ITEMS]; /* what the block's slices point to */
    size_t kept_count;
};

/* A ledger in a new folder under /tmp, its store open for writing. */
struct ledger *ledger_new(bool demo);
void ledger_free(struct ledger *l); /* and its folder */
void ledger_reopen(struct ledger *l);

/* The reading, custody … `s` by key, link filled in; accepted unless ledger_refuse() follows. */
struct hash ledger_add(struct ledger *l, const struct key_pair *key, uint64_t time_ms,
                       struct statement s);
/* A pack of temperatures, 10^-2 degrees, one a minute, the last at time_ms. */
struct hash ledger_add_readings(struct ledger *l, uint64_t time_ms, const int *centi, size_t count);
void ledger_refuse(struct ledger *l, enum refusal code, const char *detail);
/*
 * An event of the last statement. data: a letter each, k kid *, h hash *, u uint64_t, i int64_t,
 * t const char *, b int (a bool), n null. The subject of the second and third forms is a byte string or any item.
 */
void ledger_event(struct ledger *l, enum event_what what, const char *asset, uint64_t time_ms,
                  const char *data, ...);
void ledger_event_bytes(struct ledger *l, enum event_what what, struct slice id, uint64_t time_ms,
                        const char *data, ...);
void ledger_event_raw(struct ledger *l, enum event_what what, struct slice subject,
                      uint64_t time_ms, const char *data, ...);
void ledger_put_state(struct ledger *l, struct slice key, struct slice value);
/* Roots, header, seal: the block is made durable. */
void ledger_seal(struct ledger *l, uint64_t time_ms);
/* The same, but the store is asked for its opinion and may refuse. */
bool ledger_try_seal(struct ledger *l, uint64_t time_ms, struct err *err);

/* As struct proof_state of node/proof.h has it; ctx is a ledger. */
bool ledger_prove(void *ctx, const struct slice *keys, size_t count, struct buf *outs,
                  uint64_t *ret_height, struct err *err);

/* What ledger_seal() is made of. */
struct slice ledger_keep(struct ledger *l, struct slice s);
void ledger_end_verdict(struct ledger *l);
void ledger_forget_block(struct ledger *l);

/* 24 h of a vaccine from a farm by a carrier to a clinic, too warm from 10:00 to 11:00 with a handover
 * at 10:20. Times count from LEDGER_T0. Returns the opening's hash. */
struct hash ledger_journey(struct ledger *l);

#endif
