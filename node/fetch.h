/*
 * Asks other authorities' nodes over HTTPS: bodies of blocks, runs of blocks, pieces of snapshots. Threads of
 * its own, a bounded queue, one peer after the other until one has it; answers wait until the node's loop
 * takes them. What a peer answers is a claim: whoever takes it verifies it.
 */
#ifndef NODE_FETCH_H
#define NODE_FETCH_H

#include "common/bytes.h"
#include "common/err.h"
#include "node/peer.h"

#define FETCH_QUEUE_MAX  64
#define FETCH_PATH_SIZE  256
#define FETCH_WORKERS    3    /* one of them kept for what is urgent */
#define FETCH_URGENT_MS  2000 /* of one peer, for what a round waits for */
#define FETCH_PATIENT_MS 15000

struct fetch;

struct fetch_options {
    const char *certificate_file, *key_file; /* PEM: what this node shows */
};

struct fetch_job {
    uint64_t tag;               /* the asker's own */
    char path[FETCH_PATH_SIZE]; /* "/v1/peer/…" */
    size_t reply_max;
    bool urgent;
    size_t kid_count; /* who may have it, in the order in which they are asked; 0: anybody */
    struct kid kids[AUTHORITY_MAX];
};

struct fetch_result {
    uint64_t tag;
    bool found;      /* status 200 */
    struct kid from; /* who answered, when found */
    struct buf body; /* the taker's to buf_free() */
    struct err why;  /* of the last one asked, when not found */
};

bool fetch_open(const struct fetch_options *options, struct fetch **ret_fetch, struct err *err);
/* Waits for the exchange under way, at most its time limit. NULL is legal. */
void fetch_close(struct fetch *f);

/* Where peers are reached from now on. */
void fetch_set(struct fetch *f, const struct peer *list, size_t count);

/* ERR_BUSY: the queue is full. A job with the tag of one that waits or runs is taken for the same: true. */
bool fetch_ask(struct fetch *f, const struct fetch_job *job, struct err *err);

/* Readable while results wait. */
int fetch_fd(const struct fetch *f);
bool fetch_take(struct fetch *f, struct fetch_result *ret_result);

#endif
