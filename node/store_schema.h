/* The ledger file's tables and statements, and the way from an older file to this one. */
#ifndef NODE_STORE_SCHEMA_H
#define NODE_STORE_SCHEMA_H

#include "common/db.h"

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
    SQL_VOTE_GET,
    SQL_VOTE_PUT,
    SQL_CANDIDATE_GET,
    SQL_CANDIDATE_INSERT,
    SQL_CANDIDATE_CLEAR,
    SQL_CANDIDATES,
    SQL_SET_CHANGE_INSERT,
    SQL_SET_CHANGES,
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
/* Makes the tables of store_vote.c, in the caller's transaction; migrates from schema 3, too. */
bool store_vote_create(struct db *db, struct err *err);

#endif
