#include "node/read_model.h"
#include "node/store_parts.h"

#include <assert.h>

/*
 * Everything grows at its end: blocks by height, statements and outcomes in packs by their running number,
 * tiles with the lowest level last. What is scattered by nature (state, the statement index) is kept as
 * small as it can be.
 */
static const char schema[] =
    "CREATE TABLE genesis (id INTEGER PRIMARY KEY CHECK (id = 0), bytes BLOB NOT NULL);"
    "CREATE TABLE block (height INTEGER PRIMARY KEY, header BLOB NOT NULL, seals BLOB NOT NULL,"
    " first_leaf INTEGER NOT NULL, statements INTEGER NOT NULL,"
    " first_outcome INTEGER NOT NULL, outcomes INTEGER NOT NULL);"
    /* bytes: one CBOR byte string after the other, none split */
    "CREATE TABLE pack (first_leaf INTEGER PRIMARY KEY, height INTEGER NOT NULL,"
    " first_index INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE outcome_pack (first INTEGER PRIMARY KEY, height INTEGER NOT NULL,"
    " first_index INTEGER NOT NULL, bytes BLOB NOT NULL);"
    /* sorted runs of (8 bytes of hash, leaf): store_index.c */
    "CREATE TABLE index_run (run INTEGER PRIMARY KEY AUTOINCREMENT, level INTEGER NOT NULL);"
    "CREATE TABLE index_chunk (run INTEGER NOT NULL, first INTEGER NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (run, first)) WITHOUT ROWID;"
    "CREATE TABLE tile (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL);"
    "CREATE TABLE state (key_hash BLOB PRIMARY KEY, key BLOB NOT NULL, value BLOB NOT NULL)"
    " WITHOUT ROWID;";

static const char *const sql[STORE_SQL_COUNT] = {
    [SQL_HEAD] = "SELECT max(height) FROM block",
    [SQL_BLOCK] = "SELECT header, seals, first_leaf, statements, first_outcome, outcomes"
                  " FROM block WHERE height = ?1",
    [SQL_BLOCK_INSERT] = "INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SQL_GENESIS] = "SELECT bytes FROM genesis WHERE id = 0",
    [SQL_PACK_OF_LEAF] = "SELECT first_leaf, height, first_index, bytes FROM pack"
                         " WHERE first_leaf <= ?1 ORDER BY first_leaf DESC LIMIT 1",
    [SQL_PACKS_OF_RANGE] = "SELECT bytes FROM pack WHERE first_leaf >= ?1 AND first_leaf < ?2"
                           " ORDER BY first_leaf",
    [SQL_PACK_INSERT] = "INSERT INTO pack VALUES (?1, ?2, ?3, ?4)",
    [SQL_OUTCOME_PACK] = "SELECT first, bytes FROM outcome_pack"
                         " WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
    [SQL_OUTCOME_PACKS_OF_RANGE] =
        "SELECT bytes FROM outcome_pack WHERE first >= ?1 AND first < ?2 ORDER BY first",
    [SQL_OUTCOME_PACK_INSERT] = "INSERT INTO outcome_pack VALUES (?1, ?2, ?3, ?4)",
    [SQL_INDEX_RUNS] = "SELECT run FROM index_run ORDER BY run DESC",
    [SQL_INDEX_RUNS_OF_LEVEL] = "SELECT run FROM index_run WHERE level = ?1 ORDER BY run",
    [SQL_INDEX_RUN_INSERT] = "INSERT INTO index_run (level) VALUES (?1)",
    [SQL_INDEX_RUN_DELETE] = "DELETE FROM index_run WHERE run = ?1",
    [SQL_INDEX_CHUNK_INSERT] = "INSERT INTO index_chunk VALUES (?1, ?2, ?3)",
    [SQL_INDEX_CHUNK_FIRST] = "SELECT first, bytes FROM index_chunk WHERE run = ?1"
                              " ORDER BY first LIMIT 1",
    [SQL_INDEX_CHUNK_AFTER] = "SELECT first, bytes FROM index_chunk WHERE run = ?1 AND first > ?2"
                              " ORDER BY first LIMIT 1",
    [SQL_INDEX_CHUNK_FIND] = "SELECT bytes FROM index_chunk WHERE run = ?1 AND first <= ?2"
                             " ORDER BY first DESC LIMIT 1",
    [SQL_INDEX_CHUNK_DELETE] = "DELETE FROM index_chunk WHERE run = ?1",
    [SQL_STATE_GET] = "SELECT value FROM state WHERE key_hash = ?1",
    [SQL_STATE_AFTER] = "SELECT key_hash, key, value FROM state WHERE key_hash > ?1"
                        " ORDER BY key_hash LIMIT 256",
    [SQL_STATE_PUT] = "INSERT INTO state VALUES (?1, ?2, ?3)"
                      " ON CONFLICT (key_hash) DO UPDATE SET value = excluded.value",
    [SQL_STATE_DELETE] = "DELETE FROM state WHERE key_hash = ?1",
    [SQL_TILE_GET] = "SELECT hashes FROM tile WHERE id = ?1",
    [SQL_TILE_PUT] = "INSERT INTO tile VALUES (?1, ?2)"
                     " ON CONFLICT (id) DO UPDATE SET hashes = excluded.hashes",
    [SQL_VOTE_GET] = "SELECT bytes FROM vote WHERE id = 0",
    [SQL_VOTE_PUT] = "INSERT INTO vote VALUES (0, ?1)"
                     " ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes",
    [SQL_CANDIDATE_GET] = "SELECT bytes FROM candidate WHERE hash = ?1",
    [SQL_CANDIDATE_INSERT] = "INSERT OR IGNORE INTO candidate (hash, bytes) VALUES (?1, ?2)",
    [SQL_CANDIDATE_CLEAR] = "DELETE FROM candidate",
    [SQL_CANDIDATES] = "SELECT bytes FROM candidate ORDER BY number DESC",
    [SQL_SET_CHANGE_INSERT] = "INSERT INTO set_change VALUES (?1, ?2)",
    [SQL_SET_CHANGES] = "SELECT height, bytes FROM set_change ORDER BY height",
};

const char *store_schema_sql(enum store_sql which)
{
    assert((size_t)which < STORE_SQL_COUNT && sql[which] != NULL);
    return sql[which];
}

bool store_schema_create(struct db *db, struct err *err)
{
    return db_exec(db, schema, err) && store_vote_create(db, err) &&
           db_set_version(db, STORE_SCHEMA_VERSION, err);
}

/* ------------------------------------------------------------------ versions */

static const struct store_migration *find_step(const struct store_migration *steps, size_t count,
                                               int64_t from)
{
    for (size_t i = 0; i < count; i++)
        if (steps[i].from == from)
            return &steps[i];
    return NULL;
}

static bool take_step(struct db *db, const struct store_migration *step, struct err *err)
{
    if (!db_begin(db, err))
        return false;
    if (step->run(db, err) && db_set_version(db, step->from + 1, err))
        return db_commit(db, err);
    db_rollback(db);
    return err_wrap(err, "migrating from schema version %lld", (long long)step->from);
}

bool store_schema_migrate(struct db *db, const struct store_migration *steps, size_t count,
                          int64_t target, struct err *err)
{
    int64_t version = 0;
    if (!db_get_version(db, &version, err))
        return false;
    while (version != target) {
        const struct store_migration *step = find_step(steps, count, version);
        if (step == NULL || version > target)
            return err_set(err, ERR_INPUT,
                           "the ledger on disk has schema version %lld, this program knows %lld",
                           (long long)version, (long long)target);
        if (!take_step(db, step, err))
            return false;
        version++;
    }
    return true;
}

static bool add_government(struct db *db, struct err *err)
{
    return store_vote_create(db, err) && read_model_migrate(db, err);
}

bool store_schema_check(struct db *db, bool writer, struct err *err)
{
    static const struct store_migration steps[] = {
        { 1, read_model_migrate }, /* excursions by device, contracts' workflow */
        { 2,
          read_model_migrate }, /* where goods come from, what they are in, what became of them */
        { 3, add_government },  /* votes, proposed blocks, changes of the set; proposals, ballots */
    };
    int64_t version = 0;
    if (!db_get_version(db, &version, err))
        return false;
    if (!writer && version > 0 && version < STORE_SCHEMA_VERSION)
        return err_set(err, ERR_INPUT,
                       "the ledger on disk has schema version %lld, this program reads %d:"
                       " start the node once to migrate it",
                       (long long)version, STORE_SCHEMA_VERSION);
    return store_schema_migrate(db, steps, sizeof steps / sizeof steps[0], STORE_SCHEMA_VERSION,
                                err);
}
