/* What store*.c and read_model*.c share: the open database and its prepared statements. */
#ifndef NODE_STORE_PARTS_H
#define NODE_STORE_PARTS_H

#include "common/db.h"
#include "node/store.h"

#define STORE_DB_NAME   "ledger.db"
#define STORE_LOCK_NAME "lock"
#define STORE_PACK_SIZE 16384 /* a row of statements or outcomes is closed when it reaches this */

enum store_sql {
    SQL_HEAD,
    SQL_BLOCK,
    SQL_BLOCK_INSERT,
    SQL_GENESIS,
    SQL_PACK_OF_LEAF,
    SQL_PACKS_OF_RANGE,
    SQL_PACK_INSERT,
    SQL_OUTCOME_PACK,
    SQL_OUTCOME_PACKS_OF_RANGE,
    SQL_OUTCOME_PACK_INSERT,
    SQL_INDEX_RUNS,
    SQL_INDEX_RUNS_OF_LEVEL,
    SQL_INDEX_RUN_INSERT,
    SQL_INDEX_RUN_DELETE,
    SQL_INDEX_CHUNK_INSERT,
    SQL_INDEX_CHUNK_FIRST,
    SQL_INDEX_CHUNK_AFTER,
    SQL_INDEX_CHUNK_FIND,
    SQL_INDEX_CHUNK_DELETE,
    SQL_STATE_GET,
    SQL_STATE_AFTER,
    SQL_STATE_PUT,
    SQL_STATE_DELETE,
    SQL_TILE_GET,
    SQL_TILE_PUT,
    STORE_SQL_COUNT,
};

/* The text of a statement. */
const char *store_schema_sql(enum store_sql which);
/* Makes the tables of a new ledger, in the caller's transaction. */
bool store_schema_create(struct db *db, struct err *err);

/* One step from a schema to the next; run inside a transaction. */
struct store_migration {
    int64_t from; /* leads to from + 1 */
    bool (*run)(struct db *db, struct err *err);
};
/*
 * Brings the file to `target`, each step in a transaction of its own with the version it reaches.
 * Returns: false, naming the versions, when no way leads from the file's version to target.
 */
bool store_schema_migrate(struct db *db, const struct store_migration *steps, size_t count,
                          int64_t target, struct err *err);
/* The product's own steps, to STORE_SCHEMA_VERSION; a reader may not take any. */
bool store_schema_check(struct db *db, bool writer, struct err *err);

/* A tile is 64 hashes of one level 6 * group: two fill a page, and only the last of a group changes. */
#define TILE_LEVELS 6
#define TILE_WIDTH  64
#define TILE_GROUPS 11 /* 66 levels: more than any tree has */

/* The tiles at the right edge, each holding what is complete and has no whole tile yet. */
struct store_edge {
    uint64_t size; /* leaves */
    struct hash hashes[TILE_GROUPS][TILE_WIDTH];
};
bool store_tree_load(struct store *s, uint64_t size, struct store_edge *ret_edge, struct err *err);
/* Appends a leaf and writes the tiles it completes. */
bool store_tree_add(struct store *s, struct store_edge *edge, const struct hash *leaf_hash,
                    struct err *err);
/* Writes the tiles still open. In: before: the size at the last flush. */
bool store_tree_flush(struct store *s, const struct store_edge *edge, uint64_t before,
                      struct err *err);
struct hash store_tree_root(const struct store_edge *edge);

struct read_model;

/* A block's row. */
struct store_block_row {
    struct header header;
    uint64_t first_leaf, statements;
    uint64_t first_outcome, outcomes;
};

struct store {
    struct db *db;
    struct db_stmt *sql[STORE_SQL_COUNT];
    struct read_model *model;
    enum store_mode mode;
    int lock_fd;       /* -1: none */
    bool broken;       /* a commit's end is unknown: only opening again can tell */
    uint64_t outcomes; /* of all blocks; the next one's number. Writers only, as is edge */
    struct store_edge edge;
};

/* The row of a block: ERR_NOT_FOUND when it is not there. seals may be NULL. */
bool store_row(struct store *s, uint64_t height, struct store_block_row *ret_row, struct buf *seals,
               struct err *err);
bool store_put_block(struct store *s, const struct commit *c, uint64_t first_leaf, struct err *err);
bool store_put_state(struct store *s, struct slice key, struct slice value, struct err *err);

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
