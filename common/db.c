#include "common/db.h"

#include "common/db_vfs.h"
#include "common/page_sum.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_CACHE_KIB 16384
#define DEFAULT_BUSY_MS   5000
#define SQL_SIZE          160
#define BACKUP_PAGES      4096 /* between two words on how far it is */

struct db {
    sqlite3 *handle;
    char *path;
};

struct db_stmt {
    sqlite3_stmt *handle;
    struct db *db;
    int bind_rc; /* the first bind that failed since the last reset */
};

/* ------------------------------------------------------------------ errors */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum err_code code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_BUSY;
    case SQLITE_NOTADB: return ERR_INPUT;
    case SQLITE_CORRUPT: return ERR_PROOF;
    default: return ERR_IO;
    }
}

/* Hands out, once, what the checksums found. */
static bool take_damage(const struct db *db, struct err *err)
{
    struct err *damage = NULL;
    int rc = sqlite3_file_control(db->handle, "main", DB_VFS_GET_DAMAGE, &damage);
    if (rc != SQLITE_OK || damage->code == ERR_NONE)
        return false;
    (void)err_set(err, damage->code, "%s", damage->msg);
    damage->code = ERR_NONE;
    return true;
}

/* What the checksums found, or what SQLite says. */
static bool db_fail(const struct db *db, int rc, struct err *err)
{
    int kind = rc & 0xff; /* SQLite does not always hand the checksum's own code up */
    if ((kind == SQLITE_IOERR || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB) &&
        take_damage(db, err))
        return false;
    int system = sqlite3_system_errno(db->handle);
    if (rc == SQLITE_CANTOPEN && system == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "%s: no such database", db->path);
    bool io = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN;
    return err_set(err, code_of(rc), "%s: %s%s%s", file_name(db->path), sqlite3_errmsg(db->handle),
                   io && system != 0 ? ": " : "", io && system != 0 ? strerror(system) : "");
}

/* ------------------------------------------------------------------ opening */

bool db_exec(struct db *db, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || db_fail(db, rc, err);
}

static bool query_int(struct db *db, const char *sql, int64_t *ret, struct err *err)
{
    struct db_stmt *stmt = NULL;
    if (!db_prepare(db, sql, &stmt, err))
        return false;
    enum db_row row = db_step(stmt, err);
    if (row == DB_ROW)
        *ret = db_column_int(stmt, 0);
    else if (row == DB_END)
        (void)err_set(err, ERR_IO, "%s: no answer to %s", file_name(db->path), sql);
    db_stmt_free(stmt);
    return row == DB_ROW;
}

/* A new file is ours; another must say it is. */
static bool check_identity(struct db *db, bool readonly, struct err *err)
{
    int64_t id = 0;
    int64_t tables = 0;
    if (!query_int(db, "PRAGMA application_id", &id, err))
        return false;
    if (id == DB_APPLICATION_ID)
        return true;
    if (!query_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return false;
    if (id != 0 || tables != 0 || readonly)
        return err_set(err, ERR_INPUT, "%s: not a Waybill database", file_name(db->path));
    char sql[SQL_SIZE];
    (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d", DB_APPLICATION_ID);
    return db_exec(db, sql, err);
}

static bool set_up(struct db *db, const struct db_options *o, struct err *err)
{
    bool readonly = (o->flags & DB_READONLY) != 0;
    char sql[SQL_SIZE];
    int reserve = PAGE_SUM_SIZE;
    (void)sqlite3_extended_result_codes(db->handle, 1);
    (void)sqlite3_busy_timeout(db->handle, o->busy_ms > 0 ? (int)o->busy_ms : DEFAULT_BUSY_MS);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)snprintf(sql, sizeof sql,
                   "PRAGMA page_size = %d; PRAGMA mmap_size = 0; PRAGMA cache_size = -%u;"
                   "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY",
                   PAGE_BYTES, o->cache_kib > 0 ? o->cache_kib : DEFAULT_CACHE_KIB);
    if (!readonly) /* before the first page exists */
        (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
    if (!db_exec(db, sql, err))
        return false;
    if (!readonly && !db_exec(db, "PRAGMA journal_mode = WAL", err))
        return false;
    return db_exec(db, "PRAGMA synchronous = FULL", err) && check_identity(db, readonly, err);
}

bool db_open(const char *path, const struct db_options *options, struct db **ret_db,
             struct err *err)
{
    bool create = (options->flags & DB_CREATE) != 0;
    bool readonly = (options->flags & DB_READONLY) != 0;
    assert(!create || !readonly);
    const char *vfs = db_vfs_over(options->base_vfs);
    if (vfs == NULL) {
        (void)err_set(err, ERR_INPUT, "no file system layer \"%s\"",
                      options->base_vfs != NULL ? options->base_vfs : "");
        return false;
    }
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL || (db->path = strdup(path)) == NULL) {
        free(db);
        (void)err_set(err, ERR_IO, "%s: out of memory", path);
        return false;
    }
    int flags = readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    flags |= (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc = sqlite3_open_v2(path, &db->handle, flags, vfs);
    bool good = db->handle == NULL ? err_set(err, ERR_IO, "%s: out of memory", path)
                : rc != SQLITE_OK  ? db_fail(db, rc, err)
                                   : set_up(db, options, err);
    if (!good) {
        db_close(db);
        return false;
    }
    *ret_db = db;
    return true;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    db_rollback(db);
    int rc = sqlite3_close(db->handle);
    assert(rc == SQLITE_OK); /* otherwise a statement was not freed */
    (void)rc;
    free(db->path);
    free(db);
}

/* ------------------------------------------------------------------ transactions */

bool db_begin(struct db *db, struct err *err)
{
    return db_exec(db, "BEGIN IMMEDIATE", err);
}

bool db_begin_read(struct db *db, struct err *err)
{
    /* BEGIN alone does not look at the file yet: the first read chooses what is seen. */
    if (db_exec(db, "BEGIN DEFERRED; SELECT 1 FROM sqlite_schema LIMIT 1", err))
        return true;
    db_rollback(db);
    return false;
}

bool db_commit(struct db *db, struct err *err)
{
    if (db_exec(db, "COMMIT", err))
        return true;
    db_rollback(db);
    return false;
}

void db_rollback(struct db *db)
{
    if (db->handle != NULL && sqlite3_get_autocommit(db->handle) == 0)
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* ------------------------------------------------------------------ a copy */

/* Within a transaction of the source: what others commit meanwhile neither shows nor starts it over. */
static bool copy_pages(struct db *from, struct db *to, db_progress progress, void *ctx,
                       struct err *err)
{
    int rc = SQLITE_OK;
    sqlite3_backup *b = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (b == NULL)
        return db_fail(to, sqlite3_errcode(to->handle), err);
    while (rc == SQLITE_OK) {
        rc = sqlite3_backup_step(b, BACKUP_PAGES);
        if (progress != NULL)
            progress(ctx, (uint64_t)(sqlite3_backup_pagecount(b) - sqlite3_backup_remaining(b)),
                     (uint64_t)sqlite3_backup_pagecount(b));
    }
    int end = sqlite3_backup_finish(b);
    bool good = rc == SQLITE_DONE && end == SQLITE_OK;
    return good || db_fail(end == SQLITE_OK ? from : to, end == SQLITE_OK ? rc : end, err);
}

bool db_backup(struct db *db, const char *path, db_progress progress, void *ctx, struct err *err)
{
    struct db *to = NULL;
    struct db_options options = { .flags = DB_CREATE };
    int64_t tables = 0;
    if (access(path, F_OK) == 0)
        return err_set(err, ERR_INPUT, "%s: is there already", path);
    bool good = db_open(path, &options, &to, err) && db_begin_read(db, err) &&
                query_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err) &&
                copy_pages(db, to, progress, ctx, err);
    db_rollback(db);
    good = good && db_checkpoint(to, err);
    db_close(to);
    return good;
}

/* ------------------------------------------------------------------ statements */

bool db_prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt, struct err *err)
{
    struct db_stmt *stmt = calloc(1, sizeof *stmt);
    if (stmt == NULL) {
        (void)err_set(err, ERR_IO, "%s: out of memory", file_name(db->path));
        return false;
    }
    stmt->db = db;
    int rc =
        sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
    if (rc != SQLITE_OK) {
        free(stmt);
        (void)db_fail(db, rc, err);
        return false;
    }
    assert(stmt->handle != NULL); /* empty SQL */
    *ret_stmt = stmt;
    return true;
}

void db_stmt_free(struct db_stmt *stmt)
{
    if (stmt == NULL)
        return;
    (void)sqlite3_finalize(stmt->handle);
    free(stmt);
}

static void latch_bind(struct db_stmt *stmt, int rc)
{
    if (stmt->bind_rc == SQLITE_OK)
        stmt->bind_rc = rc;
}

void db_bind_int(struct db_stmt *stmt, int index, int64_t value)
{
    latch_bind(stmt, sqlite3_bind_int64(stmt->handle, index, value));
}

void db_bind_blob(struct db_stmt *stmt, int index, struct slice value)
{
    /* a NULL pointer would bind NULL, not the empty blob */
    const void *data = value.len > 0 ? (const void *)value.data : "";
    latch_bind(stmt, sqlite3_bind_blob64(stmt->handle, index, data, value.len, SQLITE_STATIC));
}

void db_bind_text(struct db_stmt *stmt, int index, struct slice value)
{
    const char *text = value.len > 0 ? (const char *)value.data : "";
    latch_bind(stmt, sqlite3_bind_text64(stmt->handle, index, text, value.len, SQLITE_STATIC,
                                         SQLITE_UTF8));
}

void db_bind_null(struct db_stmt *stmt, int index)
{
    latch_bind(stmt, sqlite3_bind_null(stmt->handle, index));
}

enum db_row db_step(struct db_stmt *stmt, struct err *err)
{
    if (stmt->bind_rc != SQLITE_OK) {
        (void)err_set(err, ERR_INPUT, "%s: a parameter does not fit: %s", file_name(stmt->db->path),
                      sqlite3_errstr(stmt->bind_rc));
        return DB_ERROR;
    }
    int rc = sqlite3_step(stmt->handle);
    if (rc == SQLITE_ROW)
        return DB_ROW;
    if (rc == SQLITE_DONE)
        return DB_END;
    (void)db_fail(stmt->db, rc, err);
    return DB_ERROR;
}

void db_reset(struct db_stmt *stmt)
{
    (void)sqlite3_reset(stmt->handle);
    (void)sqlite3_clear_bindings(stmt->handle);
    stmt->bind_rc = SQLITE_OK;
}

bool db_run(struct db_stmt *stmt, struct err *err)
{
    enum db_row row = db_step(stmt, err);
    while (row == DB_ROW)
        row = db_step(stmt, err);
    db_reset(stmt);
    return row == DB_END;
}

int64_t db_column_int(struct db_stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->handle, column);
}

struct slice db_column_blob(struct db_stmt *stmt, int column)
{
    const void *data = sqlite3_column_blob(stmt->handle, column);
    return slice_of(data, (size_t)sqlite3_column_bytes(stmt->handle, column));
}

struct slice db_column_text(struct db_stmt *stmt, int column)
{
    const void *text = sqlite3_column_text(stmt->handle, column);
    return slice_of(text, (size_t)sqlite3_column_bytes(stmt->handle, column));
}

bool db_column_is_null(struct db_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t db_last_rowid(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

/* ------------------------------------------------------------------ upkeep */

bool db_get_version(struct db *db, int64_t *ret_version, struct err *err)
{
    return query_int(db, "PRAGMA user_version", ret_version, err);
}

bool db_set_version(struct db *db, int64_t version, struct err *err)
{
    char sql[SQL_SIZE];
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %" PRId64, version);
    return db_exec(db, sql, err);
}

bool db_checkpoint(struct db *db, struct err *err)
{
    int rc = sqlite3_wal_checkpoint_v2(db->handle, "main", SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    return rc == SQLITE_OK || db_fail(db, rc, err);
}

bool db_check_integrity(struct db *db, struct err *err)
{
    struct db_stmt *stmt = NULL;
    if (!db_prepare(db, "PRAGMA integrity_check(1)", &stmt, err))
        return false;
    enum db_row row = db_step(stmt, err);
    bool good = row == DB_ROW && slice_equal(db_column_text(stmt, 0), slice_text("ok"));
    if (row == DB_ROW && !good && !take_damage(db, err)) {
        struct slice why = db_column_text(stmt, 0);
        (void)err_set(err, ERR_PROOF, "%s: %.*s", file_name(db->path), (int)why.len,
                      why.len > 0 ? (const char *)why.data : "");
    }
    db_stmt_free(stmt);
    return good;
}

/* ------------------------------------------------------------------ closed files */

/* Short only at the file's end. */
static ssize_t read_page_at(int fd, uint8_t *page)
{
    size_t len = 0;
    while (len < PAGE_BYTES) {
        ssize_t n = read(fd, page + len, PAGE_BYTES - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

struct file_check {
    const char *path;
    struct db_damage *damage;
    size_t max;
    size_t count;
    struct err *err;
};

static void note_damage(struct file_check *c, uint64_t number, const uint8_t *page)
{
    size_t offset = 0;
    enum page_sum_verdict verdict = page_sum_check(page, &offset);
    if (verdict == PAGE_SUM_GOOD)
        return;
    if (c->count == 0)
        db_vfs_describe(c->path, number, page, c->err);
    if (c->count < c->max)
        c->damage[c->count] = (struct db_damage){
            .page = number,
            .offset = (number - 1) * PAGE_BYTES + offset,
            .exact = verdict == PAGE_SUM_ONE_BYTE,
        };
    c->count++;
}

static bool check_pages(struct file_check *c, int fd)
{
    uint8_t page[PAGE_BYTES];
    uint64_t pages_said = 0; /* bytes 28-31 of the header: the file's size in pages */
    for (uint64_t number = 1;; number++) {
        ssize_t n = read_page_at(fd, page);
        if (n < 0)
            return err_set(c->err, ERR_IO, "%s: %s", c->path, strerror(errno));
        if (n == 0 && number > 1 && (number > pages_said || c->count > 0))
            return c->count == 0;
        if (n < PAGE_BYTES)
            return err_set(c->err, ERR_PROOF, "%s: the file ends inside page %" PRIu64,
                           file_name(c->path), number);
        if (number == 1)
            pages_said = (uint64_t)page[28] << 24 | (uint64_t)page[29] << 16 |
                         (uint64_t)page[30] << 8 | page[31];
        note_damage(c, number, page);
    }
}

/* Bytes of a WAL that is waiting to be moved into the file, which is then not the whole database. */
static bool has_wal(const char *path)
{
    struct stat st;
    char *wal = NULL;
    if (asprintf(&wal, "%s-wal", path) < 0)
        return false;
    bool waiting = stat(wal, &st) == 0 && st.st_size > 0;
    free(wal);
    return waiting;
}

bool db_check_file(const char *path, struct db_damage *ret_damage, size_t max, size_t *ret_count,
                   struct err *err)
{
    struct file_check c = { .path = path, .damage = ret_damage, .max = max, .err = err };
    *ret_count = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                       strerror(errno));
    bool good = has_wal(path) ? err_set(err, ERR_BUSY, "%s: not closed: its -wal file is not empty",
                                        file_name(path))
                              : check_pages(&c, fd);
    (void)close(fd);
    *ret_count = c.count < max ? c.count : max;
    return good;
}
