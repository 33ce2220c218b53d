/*
 * The statements the ledger has not acknowledged: for each its hash and when to send it again. Their seqs
 * are in a row that ends with the newest signed one; what is freed but has something kept below it stays
 * as a hash, because an ack may end in it. Pure; the bytes are the outbox's.
 */
#ifndef DEVICE_AGENT_PENDING_H
#define DEVICE_AGENT_PENDING_H

#include "common/crypto.h"

#define AGENT_PENDING_MAX 65536

struct agent_pending {
    struct hash hash;
    uint64_t sent_ms; /* steady; the last time */
    uint64_t due_ms;  /* steady; when to send it again */
    uint8_t tries;    /* 0: never sent by this process */
    bool freed;       /* proven: its bytes may go, its hash is still needed */
    bool settled;     /* recorded outside the run, or lost: sending it again is of no use */
    bool stuck;       /* settled, and no open gap above it: it will never be freed */
};

struct agent_table {
    struct agent_pending *ring; /* AGENT_PENDING_MAX of them; owned */
    size_t start, count;
    size_t unsent;     /* from this place on none was sent by this process */
    uint64_t last_seq; /* of the newest signed statement */
};

/* False when there is no memory. */
bool agent_pending_begin(struct agent_table *t);
void agent_pending_end(struct agent_table *t);

uint64_t agent_pending_first(const struct agent_table *t); /* its seq; last_seq + 1 when empty */
struct agent_pending *agent_pending_at(const struct agent_table *t, size_t i);
/* NULL when seq is not in the row. */
struct agent_pending *agent_pending_find(const struct agent_table *t, uint64_t seq);

/* The statement after last_seq. In: count < AGENT_PENDING_MAX. */
void agent_pending_add(struct agent_table *t, const struct hash *hash);
/* One of seq … last_seq at the start; the first call says how long the row is. */
void agent_pending_restore(struct agent_table *t, uint64_t seq, const struct hash *hash,
                           bool freed);
/* Forgets what is freed and has nothing kept below it. */
void agent_pending_drop_freed(struct agent_table *t);
/* How many are not freed. */
size_t agent_pending_unacked(const struct agent_table *t);

#endif
