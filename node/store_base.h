/*
 * A ledger that was joined at a snapshot of block h: state and tree are whole from the first moment, blocks
 * 1..h are not there and come later, from the first on, each checked by whoever brings it in. Until then the
 * read models rest, for they number what happened from its beginning; they follow in order, and when they
 * have reached the head the ledger is like any other.
 */
#ifndef NODE_STORE_BASE_H
#define NODE_STORE_BASE_H

#include "node/snapshot.h"
#include "node/store.h"

/* ------------------------------------------------------------------ making one */

struct store_join;

/*
 * Opens what an earlier try left in dir, or begins. Takes the folder's lock. ERR_INPUT: there is a ledger.
 * Pieces of the snapshot become durable one by one.
 */
bool store_join_open(const char *dir, struct store_join **ret_join, struct err *err);
void store_join_close(struct store_join *j); /* NULL is legal; what was put stays */
/* All is here, and an earlier try ended just before it was done: store_join_finish() does that. */
bool store_join_is_whole(const struct store_join *j);
/* The genesis and manifest it was begun with: ERR_NOT_FOUND in a new one. A whole one has no manifest any more. */
bool store_join_manifest(struct store_join *j, struct buf *genesis, struct buf *manifest,
                         struct err *err);
/* Forgets everything and begins with these, which the caller has verified. */
bool store_join_begin(struct store_join *j, struct slice genesis, struct slice manifest,
                      struct err *err);
/* Is the chunk whose first bucket this is here? */
bool store_join_has(struct store_join *j, uint32_t first, bool *ret_has, struct err *err);
/* A chunk that was checked. */
bool store_join_put(struct store_join *j, uint32_t first, struct slice chunk, struct err *err);
/* All chunks are here: makes the ledger's file of it and closes j, whatever comes out. In: s: NULL for a whole one. */
bool store_join_finish(struct store_join *j, const struct snapshot *s, struct header *ret_header,
                       struct err *err);

/* Has joining begun in dir, and not come to its end? */
bool store_join_begun(const char *dir);
/* There is a ledger: what was begun beside it is removed. */
bool store_join_forget(const char *dir, struct err *err);

/* ------------------------------------------------------------------ living with one */

struct store_history {
    bool complete;    /* all there is: the rest is zero */
    uint64_t base;    /* the snapshot's block */
    uint64_t history; /* blocks 1..history are here, and those after base */
    uint64_t model;   /* the read models hold what happened up to this block */
};
bool store_history(struct store *s, struct store_history *ret_history, struct err *err);

struct store_filled {
    struct slice block, seals;
    struct slice outcomes; /* raw CBOR array of byte strings */
};
/*
 * The next blocks of the history, in one transaction. Checks links, tree and outcomes against the headers,
 * and the last header against the snapshot's; that the seals are final is for the caller.
 */
bool store_fill(struct store *s, const struct store_filled *blocks, size_t count, struct err *err);
/* The read models follow up to `blocks` more, in one transaction. Whether they are done: store_history(). */
bool store_follow(struct store *s, uint64_t blocks, struct err *err);

#endif
