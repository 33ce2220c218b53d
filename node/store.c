#include "node/store_parts.h"

#include "common/genesis.h"
#include "node/read_model.h"
#include "node/store_base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_KIB_WRITE 65536
#define CACHE_KIB_READ  16384

static char *join(const char *dir, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* ------------------------------------------------------------------ the folder's lock */

static bool lock_folder(const char *dir, int *ret_fd, struct err *err)
{
    char *path = join(dir, STORE_LOCK_NAME);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(path);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", dir,
                       strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool held = errno == EWOULDBLOCK;
        (void)err_set(err, held ? ERR_BUSY : ERR_IO, "%s: %s", dir,
                      held ? "another process writes to this ledger" : strerror(errno));
        (void)close(fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

/* ------------------------------------------------------------------ opening and closing */

bool store_prepare(struct store *s, struct err *err)
{
    for (int i = 0; i < STORE_SQL_COUNT; i++)
        if (!db_prepare(s->db, store_schema_sql((enum store_sql)i), &s->sql[i], err))
            return false;
    return read_model_open(s->db, &s->model, err);
}

static bool open_file(struct store *s, const char *path, unsigned flags, const char *base_vfs,
                      struct err *err)
{
    struct db_options options = {
        .flags = flags,
        .cache_kib = s->mode == STORE_WRITE ? CACHE_KIB_WRITE : CACHE_KIB_READ,
        .base_vfs = base_vfs,
    };
    return db_open(path, &options, &s->db, err);
}

static bool open_db(struct store *s, const char *dir, unsigned flags, const char *base_vfs,
                    struct err *err)
{
    char *path = join(dir, STORE_DB_NAME);
    if (path == NULL)
        return err_set(err, ERR_IO, "%s: out of memory", dir);
    bool good = open_file(s, path, flags, base_vfs, err);
    free(path);
    return good;
}

static struct store *store_new(enum store_mode mode)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->mode = mode;
    s->lock_fd = -1;
    return s;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    read_model_close(s->model);
    for (int i = 0; i < STORE_SQL_COUNT; i++)
        db_stmt_free(s->sql[i]);
    db_close(s->db);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    free(s);
}

static bool load_edge(struct store *s, struct err *err)
{
    struct store_block_row row;
    uint64_t height = 0;
    if (!store_height(s, &height, err) || !store_row(s, height, &row, NULL, err) ||
        !store_tree_load(s, row.header.size, &s->edge, err))
        return false;
    s->outcomes = row.first_outcome + row.outcomes;
    struct hash root = tree_edge_root(&s->edge);
    return hash_equal(&root, &row.header.tree) ||
           err_set(err, ERR_PROOF, "tree: the stored tiles do not give block %llu's root",
                   (unsigned long long)height);
}

/* After a migration the read model is empty: what it should hold follows from the blocks. */
static bool rebuild_if_due(struct store *s, struct err *err)
{
    bool due = false;
    return read_model_is_due(s->db, &due, err) && (!due || read_model_rebuild(s, err));
}

static bool open_all(struct store *s, const char *dir, const char *base_vfs, struct err *err)
{
    bool writer = s->mode == STORE_WRITE;
    if (writer && !lock_folder(dir, &s->lock_fd, err))
        return false;
    return open_db(s, dir, writer ? 0 : DB_READONLY, base_vfs, err) &&
           store_schema_check(s->db, writer, err) && store_prepare(s, err) &&
           store_base_load(s, err) && (!writer || (load_edge(s, err) && rebuild_if_due(s, err)));
}

bool store_open_over(const char *dir, enum store_mode mode, const char *base_vfs,
                     struct store **ret_store, struct err *err)
{
    struct store *s = store_new(mode);
    if (s == NULL)
        return err_set(err, ERR_IO, "%s: out of memory", dir);
    if (!open_all(s, dir, base_vfs, err)) {
        store_close(s);
        if (err != NULL && err->code == ERR_NOT_FOUND && store_join_begun(dir))
            (void)err_set(err, ERR_NOT_FOUND,
                          "%s: its ledger is still being joined: the same `waybill join` again "
                          "goes on",
                          dir);
        return false;
    }
    *ret_store = s;
    return true;
}

bool store_open(const char *dir, enum store_mode mode, struct store **ret_store, struct err *err)
{
    return store_open_over(dir, mode, NULL, ret_store, err);
}

/* ------------------------------------------------------------------ a new ledger */

bool store_put_genesis(struct store *s, struct slice bytes, const struct genesis *g,
                       struct err *err)
{
    static const uint8_t no_seals = 0x80;
    struct commit c = { .header = g->header, .seals = slice_of(&no_seals, 1) };
    struct db_stmt *insert = NULL;
    if (!db_prepare(s->db, "INSERT INTO genesis VALUES (0, ?1)", &insert, err))
        return false;
    db_bind_blob(insert, 1, bytes);
    bool good = db_run(insert, err) && read_model_begin(s->model, *g, err);
    db_stmt_free(insert);
    return good && store_put_block(s, &c, 0, err);
}

static bool put_first_state(struct store *s, struct genesis *g, struct err *err)
{
    bool good = true;
    for (size_t i = 0; i < g->entry_count && good; i++) {
        struct slice key, value;
        genesis_next_entry(g, &key, &value);
        good = store_put_state(s, key, value, err);
    }
    return good;
}

/* The folder's own entry, and the new files' in it, must survive a power cut too. */
bool store_sync_folder(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good)
        (void)err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return good;
}

/*
 * Where there is no ledger, the log of one that was removed would be played into the next of that name.
 * In: under the folder's lock.
 */
static bool drop_old_logs(const char *dir, struct err *err)
{
    static const char *const names[] = { STORE_DB_NAME "-wal", STORE_DB_NAME "-shm",
                                         STORE_DB_NAME "-journal" };
    bool dropped = false;
    char *done = join(dir, STORE_DB_NAME);
    bool there = done == NULL || access(done, F_OK) == 0;
    free(done);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !there; i++) {
        char *path = join(dir, names[i]);
        bool gone = path != NULL && unlink(path) == 0;
        dropped = dropped || gone;
        free(path);
        if (!gone && errno != ENOENT)
            return err_set(err, ERR_IO, "%s/%s: %s", dir, names[i], strerror(errno));
    }
    return !dropped || store_sync_folder(dir, err);
}

/* A file without a version is what a crash left of an earlier try. */
static bool fill_new(struct store *s, const char *dir, struct slice bytes, struct genesis *g,
                     bool keep, struct err *err)
{
    int64_t version = 0;
    if (!lock_folder(dir, &s->lock_fd, err) || !drop_old_logs(dir, err) ||
        !open_db(s, dir, DB_CREATE, NULL, err) || !db_get_version(s->db, &version, err))
        return false;
    if (version != 0)
        return keep || err_set(err, ERR_INPUT, "%s: holds a ledger already", dir);
    if (!db_begin(s->db, err))
        return false;
    if (store_schema_create(s->db, err) && read_model_create(s->db, err) && store_prepare(s, err) &&
        store_put_genesis(s, bytes, g, err) && put_first_state(s, g, err))
        return db_commit(s->db, err);
    db_rollback(s->db);
    return false;
}

static bool create(const char *dir, struct slice genesis, bool keep, struct err *err)
{
    struct genesis g;
    if (!genesis_decode(genesis, &g, err))
        return false;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    struct store *s = store_new(STORE_WRITE);
    if (s == NULL)
        return err_set(err, ERR_IO, "%s: out of memory", dir);
    bool good = fill_new(s, dir, genesis, &g, keep, err);
    store_close(s);
    return good && store_sync_folder(dir, err);
}

bool store_create(const char *dir, struct slice genesis, struct err *err)
{
    return create(dir, genesis, false, err);
}

bool store_create_or_keep(const char *dir, struct slice genesis, struct err *err)
{
    return create(dir, genesis, true, err);
}

/* ------------------------------------------------------------------ a ledger that is being joined */

bool store_open_unfinished(const char *dir, const char *name, struct store **ret_store,
                           struct err *err)
{
    struct store *s = store_new(STORE_WRITE);
    char *path = join(dir, name), *done = join(dir, STORE_DB_NAME);
    bool good = false;
    if (s == NULL || path == NULL || done == NULL)
        (void)err_set(err, ERR_IO, "%s: out of memory", dir);
    else if (lock_folder(dir, &s->lock_fd, err))
        good = access(done, F_OK) == 0
                   ? err_set(err, ERR_INPUT, "%s: holds a ledger already", dir)
                   : drop_old_logs(dir, err) && open_file(s, path, DB_CREATE, NULL, err);
    free(path);
    free(done);
    if (!good) {
        store_close(s);
        return false;
    }
    *ret_store = s;
    return true;
}

/* Closing has moved the log into the file: where that failed, the file is not all there is. */
static bool has_log(const char *path)
{
    char *log = NULL;
    if (asprintf(&log, "%s-wal", path) < 0 || log == NULL)
        return true;
    bool there = access(log, F_OK) == 0;
    free(log);
    return there;
}

bool store_rename_finished(const char *dir, const char *name, struct err *err)
{
    char *path = join(dir, name), *done = join(dir, STORE_DB_NAME);
    bool good = path != NULL && done != NULL;
    if (!good)
        (void)err_set(err, ERR_IO, "%s: out of memory", dir);
    else if (has_log(path))
        good = err_set(err, ERR_IO, "%s: its log could not be moved into it", path);
    else if (rename(path, done) != 0)
        good = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    free(path);
    free(done);
    return good && store_sync_folder(dir, err);
}
