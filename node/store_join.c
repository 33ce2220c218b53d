/* A ledger in the making: ledger.db under another name, until all of a snapshot is in it. */
#include "node/store_base.h"

#include "common/genesis.h"
#include "common/set_chain.h"
#include "node/read_model.h"
#include "node/store_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED_NAME "ledger.db.joining"
/* Outcomes of the blocks after the snapshot are numbered from here: history has all numbers below. */
#define BASE_OUTCOMES (UINT64_C(1) << 48)

struct store_join {
    struct store *s;
    char *dir;
    bool whole; /* an earlier try ended before its last renaming */
};

static const char joining_tables[] =
    "CREATE TABLE joining (id INTEGER PRIMARY KEY CHECK (id = 0), genesis BLOB NOT NULL,"
    " manifest BLOB NOT NULL);"
    "CREATE TABLE joined (first INTEGER PRIMARY KEY);"
    "CREATE TABLE base (id INTEGER PRIMARY KEY CHECK (id = 0), height INTEGER NOT NULL,"
    " leaves INTEGER NOT NULL, history INTEGER NOT NULL, history_leaves INTEGER NOT NULL,"
    " history_outcomes INTEGER NOT NULL, model INTEGER NOT NULL, edge BLOB NOT NULL);";

static bool make_tables(struct store *s, struct err *err)
{
    if (!db_begin(s->db, err))
        return false;
    if (store_schema_create(s->db, err) && read_model_create(s->db, err) &&
        db_exec(s->db, joining_tables, err))
        return db_commit(s->db, err);
    db_rollback(s->db);
    return false;
}

/* A file of another schema version is of an older program's try. */
static bool begin_or_resume(struct store *s, struct err *err)
{
    int64_t version = 0;
    if (!db_get_version(s->db, &version, err))
        return false;
    if (version != 0 && version != STORE_SCHEMA_VERSION)
        return err_set(err, ERR_INPUT,
                       UNFINISHED_NAME " is of another version of this program: remove it");
    return (version != 0 || make_tables(s, err)) && store_prepare(s, err);
}

/* The last transaction drops what only joining needs. */
static bool look_whole(struct store_join *j, struct err *err)
{
    struct db_stmt *find = NULL;
    if (!db_prepare(j->s->db, "SELECT 1 FROM sqlite_master WHERE name = 'joining'", &find, err))
        return false;
    enum db_row row = db_step(find, err);
    j->whole = row == DB_END;
    db_stmt_free(find);
    return row != DB_ERROR;
}

bool store_join_open(const char *dir, struct store_join **ret_join, struct err *err)
{
    struct store_join *j = calloc(1, sizeof *j);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        free(j);
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    }
    if (j == NULL || (j->dir = strdup(dir)) == NULL) {
        free(j);
        return err_set(err, ERR_IO, "out of memory");
    }
    if (!store_open_unfinished(dir, UNFINISHED_NAME, &j->s, err) || !begin_or_resume(j->s, err) ||
        !look_whole(j, err)) {
        store_join_close(j);
        return false;
    }
    *ret_join = j;
    return true;
}

void store_join_close(struct store_join *j)
{
    if (j == NULL)
        return;
    store_close(j->s);
    free(j->dir);
    free(j);
}

bool store_join_is_whole(const struct store_join *j)
{
    return j->whole;
}

bool store_join_manifest(struct store_join *j, struct buf *genesis, struct buf *manifest,
                         struct err *err)
{
    struct db_stmt *get = NULL;
    if (j->whole)
        return store_genesis(j->s, genesis, err);
    if (!db_prepare(j->s->db, "SELECT genesis, manifest FROM joining", &get, err))
        return false;
    enum db_row row = db_step(get, err);
    if (row == DB_ROW) {
        buf_add_slice(genesis, db_column_blob(get, 0));
        buf_add_slice(manifest, db_column_blob(get, 1));
    } else if (row == DB_END) {
        (void)err_set(err, ERR_NOT_FOUND, "nothing was joined here yet");
    }
    db_stmt_free(get);
    return row == DB_ROW;
}

/* Runs fill between the beginning and the end of a transaction. */
static bool end(struct store *s, bool good, struct err *err)
{
    if (good)
        return db_commit(s->db, err);
    db_rollback(s->db);
    return false;
}

bool store_join_begin(struct store_join *j, struct slice genesis, struct slice manifest,
                      struct err *err)
{
    struct db *db = j->s->db;
    struct db_stmt *put = NULL;
    if (!db_prepare(db, "INSERT INTO joining VALUES (0, ?1, ?2)", &put, err))
        return false;
    bool good = db_begin(db, err);
    if (good) {
        db_bind_blob(put, 1, genesis);
        db_bind_blob(put, 2, manifest);
        good = db_exec(db, "DELETE FROM joining; DELETE FROM joined; DELETE FROM state", err) &&
               db_run(put, err);
        good = end(j->s, good, err);
    }
    db_stmt_free(put);
    return good;
}

/* ------------------------------------------------------------------ chunks */

bool store_join_has(struct store_join *j, uint32_t first, bool *ret_has, struct err *err)
{
    struct db_stmt *find = NULL;
    if (!db_prepare(j->s->db, "SELECT 1 FROM joined WHERE first = ?1", &find, err))
        return false;
    db_bind_int(find, 1, first);
    enum db_row row = db_step(find, err);
    *ret_has = row == DB_ROW;
    db_stmt_free(find);
    return row != DB_ERROR;
}

struct putting {
    struct db_stmt *put;
    struct err *err;
};

static bool put_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct putting *p = ctx;
    db_bind_blob(p->put, 1, hash_slice(key_hash));
    db_bind_blob(p->put, 2, key);
    db_bind_blob(p->put, 3, value);
    return db_run(p->put, p->err);
}

static bool mark(struct store *s, uint32_t first, struct err *err)
{
    struct db_stmt *put = NULL;
    if (!db_prepare(s->db, "INSERT INTO joined VALUES (?1)", &put, err))
        return false;
    db_bind_int(put, 1, first);
    bool good = db_run(put, err);
    db_stmt_free(put);
    return good;
}

bool store_join_put(struct store_join *j, uint32_t first, struct slice chunk, struct err *err)
{
    struct putting p = { j->s->sql[SQL_STATE_PUT], err };
    if (!db_begin(j->s->db, err))
        return false;
    bool good = snapshot_each(chunk, put_entry, &p) && mark(j->s, first, err);
    return end(j->s, good, err);
}

/* ------------------------------------------------------------------ the end */

static bool put_genesis(struct store *s, struct slice bytes, struct err *err)
{
    struct genesis g;
    return genesis_decode(bytes, &g, err) && store_put_genesis(s, bytes, &g, err);
}

static bool put_header(struct store *s, const struct header *h, struct slice seals, struct err *err)
{
    struct commit c = { .header = *h, .seals = seals };
    s->outcomes = BASE_OUTCOMES;
    return store_put_block(s, &c, h->size, err);
}

/* The headers of blocks that changed the authority set prove the sets to others. */
static bool put_set_changes(struct store *s, const struct snapshot *snap, struct err *err)
{
    struct db_stmt *insert = s->sql[SQL_SET_CHANGE_INSERT];
    struct cbor_reader r = cbor_reader(snap->sets);
    struct final f;
    cbor_take_array_of(&r, 2);
    (void)cbor_take_item(&r);
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n; i++) {
        struct cbor_reader ahead = r;
        if (cbor_take_array(&ahead) == 1) { /* a recovery: it comes with the state */
            (void)cbor_take_item(&r);
            continue;
        }
        cbor_take_array_of(&r, 3);
        final_take(&r, &f);
        struct slice next = cbor_take_bytes(&r, 1, AUTHORITY_SET_SIZE_MAX + 16);
        if (r.failed)
            return err_set(err, ERR_INPUT, "the chain of authority sets is not in its long form");
        db_bind_int(insert, 1, (int64_t)f.header.height);
        db_bind_blob(insert, 2, next);
        if (!db_run(insert, err) ||
            (f.header.height != snap->header.height && !put_header(s, &f.header, f.seals, err)))
            return false;
    }
    return true;
}

static bool put_base(struct store *s, const struct snapshot *snap, struct err *err)
{
    struct db_stmt *put = NULL;
    uint8_t memory[64];
    struct buf edge = buf_fixed(memory, sizeof memory);
    struct tree_edge empty = { .size = 0 };
    if (!db_prepare(s->db, "INSERT INTO base VALUES (0, ?1, ?2, 0, 0, 0, 0, ?3)", &put, err))
        return false;
    tree_edge_put(&edge, &empty);
    db_bind_int(put, 1, (int64_t)snap->header.height);
    db_bind_int(put, 2, (int64_t)snap->header.size);
    db_bind_blob(put, 3, buf_slice(&edge));
    bool good = db_run(put, err);
    db_stmt_free(put);
    return good;
}

static bool put_all(struct store *s, const struct snapshot *snap, struct slice genesis,
                    struct err *err)
{
    return put_genesis(s, genesis, err) && put_set_changes(s, snap, err) &&
           put_header(s, &snap->header, snap->seals, err) &&
           store_tree_flush(s, &snap->edge, 0, err) && put_base(s, snap, err) &&
           db_exec(s->db, "DROP TABLE joining; DROP TABLE joined", err);
}

static bool finish(struct store_join *j, const struct snapshot *s, struct err *err)
{
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX), manifest = buf_heap(SNAPSHOT_MANIFEST_MAX);
    bool good = store_join_manifest(j, &genesis, &manifest, err);
    for (size_t i = 0; i < s->chunk_count && good; i++) {
        bool has = false;
        good = store_join_has(j, s->first[i], &has, err) &&
               (has || err_set(err, ERR_INPUT, "buckets from %u are missing", s->first[i]));
    }
    good = good && db_begin(j->s->db, err) &&
           end(j->s, put_all(j->s, s, buf_slice(&genesis), err), err);
    buf_free(&genesis);
    buf_free(&manifest);
    return good;
}

/* Closing moves the log into the file, so that one file is all there is to rename. */
bool store_join_finish(struct store_join *j, const struct snapshot *s, struct header *ret_header,
                       struct err *err)
{
    bool good = (j->whole || finish(j, s, err)) && store_head(j->s, ret_header, NULL, err);
    store_close(j->s);
    j->s = NULL;
    good = good && store_rename_finished(j->dir, UNFINISHED_NAME, err);
    store_join_close(j);
    return good;
}

/* ------------------------------------------------------------------ what was begun */

static bool name_file(const char *dir, const char *suffix, char path[PATH_MAX], struct err *err)
{
    return snprintf(path, PATH_MAX, "%s/" UNFINISHED_NAME "%s", dir, suffix) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", dir);
}

bool store_join_begun(const char *dir)
{
    char path[PATH_MAX];
    struct stat st;
    return name_file(dir, "", path, NULL) && stat(path, &st) == 0;
}

bool store_join_forget(const char *dir, struct err *err)
{
    static const char *const suffixes[] = { "-wal", "-shm", "" };
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (!name_file(dir, suffixes[i], path, err) || (unlink(path) != 0 && errno != ENOENT))
            return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return true;
}
