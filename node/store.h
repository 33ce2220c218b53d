/*
 * The node's memory: one SQLite file in a data folder. Blocks are the truth; state is derived from them
 * and proven by each header's state root; read models are built from events in the same transaction, may
 * be dropped and come back byte-equal, and decide nothing.
 *
 * One writer (the node's loop) and any number of readers, each with a store of its own.
 */
#ifndef NODE_STORE_H
#define NODE_STORE_H

#include "common/err.h"
#include "common/merkle.h"
#include "node/commit.h"

#define STORE_SCHEMA_VERSION 4

struct store;

enum store_mode {
    STORE_WRITE, /* takes the folder's lock: one process */
    STORE_READ,  /* sees committed blocks, while a writer runs or not */
};

/* Makes dir (0700) and a ledger that begins with this genesis file; refuses one that is there. */
bool store_create(const char *dir, struct slice genesis, struct err *err);
/* The same; a ledger that is there already, whichever, stays as it is. */
bool store_create_or_keep(const char *dir, struct slice genesis, struct err *err);
bool store_open(const char *dir, enum store_mode mode, struct store **ret_store, struct err *err);
/* The same over another SQLite VFS, for fault tests. NULL: the system's. */
bool store_open_over(const char *dir, enum store_mode mode, const char *base_vfs,
                     struct store **ret_store, struct err *err);
void store_close(struct store *s); /* NULL is legal */

/* Between these a reader sees one moment of the ledger. Short: a reader holds the log back. */
bool store_begin_read(struct store *s, struct err *err);
void store_end_read(struct store *s);

/* One transaction, durable when it returns true. False: nothing of it is there. */
bool store_commit(struct store *s, const struct commit *c, struct err *err);

/*
 * An authority's vote and, unless block is NULL, the body that it is for: one transaction, durable when it
 * returns true. Bodies are there until the next block is committed.
 */
bool store_put_vote(struct store *s, struct slice vote, const struct hash *block, struct slice body,
                    struct err *err);
/* The newest vote, appended; nothing when there is none. */
bool store_vote(struct store *s, struct buf *vote, struct err *err);
/* After what was in this folder was brought back from elsewhere: no vote is known any more. */
bool store_forget_vote(struct store *s, struct err *err);
/* A body, appended: ERR_NOT_FOUND when it is not there. */
bool store_candidate(struct store *s, const struct hash *block, struct buf *body, struct err *err);
typedef bool (*store_candidate_visitor)(void *ctx, struct slice body); /* false: stop */
/* The newest first. */
bool store_candidates(struct store *s, store_candidate_visitor visit, void *ctx, struct err *err);
/* Each block that changed the authority set, and the set in force from the height after it. */
typedef bool (*store_set_visitor)(void *ctx, uint64_t height, struct slice next); /* false: stop */
bool store_set_changes(struct store *s, store_set_visitor visit, void *ctx, struct err *err);

bool store_height(struct store *s, uint64_t *ret_height, struct err *err);
/* The newest block's header and seals (genesis: no seals). seals is appended to the buf, unless NULL. */
bool store_head(struct store *s, struct header *ret_header, struct buf *seals, struct err *err);

/* Those of any block. seals may be NULL. */
bool store_header(struct store *s, uint64_t height, struct header *ret_header, struct buf *seals,
                  struct err *err);

/* Value of a state key, appended to value: false when the state does not hold it, or on an I/O error. */
bool store_state_get(struct store *s, struct slice key, struct buf *value, struct err *err);
/* Every entry in order of SHA-256(key); the visitor returns false to stop. */
typedef bool (*store_state_visitor)(void *ctx, const struct hash *key_hash, struct slice key,
                                    struct slice value);
bool store_state_each(struct store *s, store_state_visitor visit, void *ctx, struct err *err);

/* A stored block: any of the bufs may be NULL. outcomes = raw CBOR array of byte strings. */
bool store_block(struct store *s, uint64_t height, struct buf *block, struct buf *seals,
                 struct buf *outcomes, struct err *err);
bool store_genesis(struct store *s, struct buf *genesis, struct err *err);

/* Where a leaf (statement number from 0) lies. */
struct store_place {
    uint64_t height;
    uint64_t index;      /* of the statement within its block */
    uint64_t first_leaf; /* of the block */
};
bool store_leaf_place(struct store *s, uint64_t leaf, struct store_place *ret_place,
                      struct err *err);
bool store_statement(struct store *s, uint64_t leaf, struct buf *statement, struct err *err);
/* The verdict of the statement at leaf, as encoded. */
bool store_verdict(struct store *s, uint64_t leaf, struct buf *verdict, struct err *err);
/* One outcome of a block, by its place among all of them. */
bool store_outcome(struct store *s, uint64_t height, uint64_t index, struct buf *outcome,
                   struct err *err);
/* Leaf of the statement with this hash: false with ERR_NOT_FOUND when the ledger has none. */
bool store_find_statement(struct store *s, const struct hash *statement, uint64_t *ret_leaf,
                          struct err *err);

/* Complete subtrees of the statement tree, from stored tiles; fits merkle_path_fetch(). */
bool store_tree_fetch(void *store, unsigned level, uint64_t index, struct hash *ret_hash);

#endif
