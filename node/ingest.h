/*
 * The door: a bounded queue in front of worker threads that decode and verify, each statement by itself,
 * on every core. Whoever brings a statement gets an answer at once when the queue is full; the node's loop
 * takes results one by one. Statements of one key may come out of order: the pool mends that.
 */
#ifndef NODE_INGEST_H
#define NODE_INGEST_H

#include "common/refusal.h"
#include "node/parcel.h"

#define INGEST_QUEUE_MAX   32768
#define INGEST_QUEUE_BYTES (48u * 1024 * 1024)
#define INGEST_WORKERS_MAX 64

struct ingest;

struct ingest_result {
    struct parcel *parcel; /* the taker's to free() */
    enum refusal code;     /* ACCEPTED: authentic; MALFORMED, BAD_SIGNATURE, UNKNOWN_KEY */
};

/* workers 0: one a core. */
struct ingest *ingest_new(unsigned workers, const struct hash *ledger, struct err *err);
void ingest_free(struct ingest *in);

/* A key the ledger knows: a kid's key never changes. Any thread. */
bool ingest_add_key(struct ingest *in, const struct kid *kid, const uint8_t pub[PUB_SIZE]);

/* Copies the bytes into the queue. Any thread. ERR_BUSY: full; ERR_INPUT: larger than a statement may be. */
bool ingest_submit(struct ingest *in, struct slice bytes, struct err *err);
/*
 * The same for a statement that another authority relays: a quarter of the room, by count and by bytes, is
 * the clients', and what came here within the last seconds is not looked at again.
 */
void ingest_submit_relayed(struct ingest *in, const struct kid *by, struct slice bytes);
/* Puts a parcel back to be verified again (its key was unknown). False: full, it stays the caller's. */
bool ingest_retry(struct ingest *in, struct parcel *p);

/* Readable while results wait. */
int ingest_fd(const struct ingest *in);
/* False: none now. One thread only. */
bool ingest_take(struct ingest *in, struct ingest_result *ret_result);
/* How many wait in front of the workers. */
size_t ingest_depth(struct ingest *in);

#endif
