/* What store*.c and read_model*.c share: the open database and its prepared statements. */
#ifndef NODE_STORE_PARTS_H
#define NODE_STORE_PARTS_H

#include "common/genesis.h"
#include "node/store.h"
#include "node/store_schema.h"
#include "node/tree_edge.h"

#define STORE_DB_NAME   "ledger.db"
#define STORE_LOCK_NAME "lock"
#define STORE_PACK_SIZE 16384 /* a row of statements or outcomes is closed when it reaches this */

/* The tiles, of which only those at the right edge ever change. */
bool store_tree_load(struct store *s, uint64_t size, struct tree_edge *ret_edge, struct err *err);
/* Appends a leaf and writes the tiles it completes. */
bool store_tree_add(struct store *s, struct tree_edge *edge, const struct hash *leaf_hash,
                    struct err *err);
/* Writes the tiles still open. In: before: the size at the last flush. */
bool store_tree_flush(struct store *s, const struct tree_edge *edge, uint64_t before,
                      struct err *err);

struct read_model;

/* A block's row. */
struct store_block_row {
    struct header header;
    uint64_t first_leaf, statements;
    uint64_t first_outcome, outcomes;
};

/* Of a ledger that was joined at a snapshot, until all its history is here: store_base.c. */
struct store_base {
    bool there;
    uint64_t height, leaves;                            /* of the snapshot's block */
    uint64_t history, history_leaves, history_outcomes; /* blocks 1..history are here */
    uint64_t model;                                     /* the read models follow to this block */
    struct tree_edge edge;                              /* of the tree at history; writers only */
};

struct store {
    struct db *db;
    struct db_stmt *sql[STORE_SQL_COUNT];
    struct read_model *model;
    enum store_mode mode;
    int lock_fd; /* -1: none */
    bool broken; /* a commit's end is unknown: only opening again can tell */
    struct store_base base;
    uint64_t outcomes; /* of all blocks; the next one's number. Writers only, as is edge */
    struct tree_edge edge;
};

/* The row of a block: ERR_NOT_FOUND when it is not there. seals may be NULL. */
bool store_row(struct store *s, uint64_t height, struct store_block_row *ret_row, struct buf *seals,
               struct err *err);
bool store_put_block(struct store *s, const struct commit *c, uint64_t first_leaf, struct err *err);
bool store_put_state(struct store *s, struct slice key, struct slice value, struct err *err);

/* The genesis as a file and as block 0; its state is for the caller. */
bool store_put_genesis(struct store *s, struct slice bytes, const struct genesis *g,
                       struct err *err);
bool store_prepare(struct store *s, struct err *err);
bool store_sync_folder(const char *dir, struct err *err);
/* Opens or makes a file beside where the ledger's will be; refuses a folder that has one. */
bool store_open_unfinished(const char *dir, const char *name, struct store **ret_store,
                           struct err *err);
/* It is the ledger's from now on. In: it was closed. */
bool store_rename_finished(const char *dir, const char *name, struct err *err);

/* What is known of the base; of a writer at its start, of a reader again and again. */
bool store_base_load(struct store *s, struct err *err);
/* Is this block's body (not only its header) here? ERR_NOT_FOUND, saying since when blocks are. */
bool store_base_has(struct store *s, uint64_t height, struct err *err);
bool store_base_has_leaf(struct store *s, uint64_t leaf, struct err *err);
/* The read models take a block that is being committed, if they are that far. */
bool store_base_apply(struct store *s, const struct commit *c, uint64_t first_leaf,
                      struct err *err);
/* Parts of a commit that is made from stored history. */
bool store_put_indexes(struct store *s, const struct commit *c, uint64_t first_leaf,
                       struct err *err);

/* What a block means to vote, proposed blocks and changes of the set, in its transaction. */
bool store_vote_commit(struct store *s, const struct commit *c, struct err *err);

/* ------------------------------------------------------------------ the statement index */

struct store_index_entry {
    uint64_t key; /* the first 8 bytes of the statement's hash; others may share them */
    uint64_t leaf;
};

uint64_t store_index_key(const struct hash *statement);
/* Adds a block's entries, in the caller's transaction; sorts them. */
bool store_index_add(struct store *s, struct store_index_entry *entries, size_t count,
                     struct err *err);
/* Leaves that may be the statement's, at most max. */
bool store_index_find(struct store *s, uint64_t key, uint64_t *ret_leaves, size_t max,
                      size_t *ret_count, struct err *err);

#endif
