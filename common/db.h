/*
 * The ledger's and the agents' databases: SQLite in WAL mode, every commit fsynced, every page with a
 * checksum that names a wrong byte's place. db.c and db_vfs.c are the only files that include sqlite3.
 * A struct db belongs to one thread; several connections to one file are several readers and one writer.
 */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include "common/bytes.h"
#include "common/err.h"

#define DB_APPLICATION_ID 0x57624c31 /* "WbL1" at byte 68 of the file */

enum db_flags {
    DB_CREATE = 1,   /* make the file when it is missing */
    DB_READONLY = 2, /* not with DB_CREATE */
};

struct db_options {
    unsigned flags;
    unsigned cache_kib; /* page cache; 0: 16 MiB */
    unsigned busy_ms;   /* how long to wait for another connection's lock; 0: 5 s */
    const char
        *base_vfs; /* the SQLite VFS under the checksums, NULL: the system's. For fault tests */
};

struct db;
struct db_stmt;

/*
 * Errors: ERR_NOT_FOUND (no such file), ERR_INPUT (not a Waybill database), ERR_PROOF (damaged: the
 * message names page and byte), ERR_BUSY (locked), ERR_IO. So for every function below.
 */
bool db_open(const char *path, const struct db_options *options, struct db **ret_db,
             struct err *err);
/* Moves the WAL into the file and removes it, if this is the last connection. NULL is legal. */
void db_close(struct db *db);

/* Any number of statements without parameters; rows are dropped. */
bool db_exec(struct db *db, const char *sql, struct err *err);

bool db_begin(struct db *db, struct err *err);      /* takes the write lock at once */
bool db_begin_read(struct db *db, struct err *err); /* the view of now, until db_rollback() */
/* Durable when it returns true; on failure nothing of the transaction is, unless ERR_IO came of the
 * very last sync: then the next db_open() decides. The transaction is over either way. */
bool db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db); /* legal without a transaction */

/* sql is one statement with ?1, ?2 …. Release with db_stmt_free() before db_close(). */
bool db_prepare(struct db *db, const char *sql, struct db_stmt **ret_stmt, struct err *err);
void db_stmt_free(struct db_stmt *stmt);

/* Parameters count from 1. Errors latch and come out of the next step. Bytes and text are borrowed until
 * db_reset() or db_run(), which also unbind them. */
void db_bind_int(struct db_stmt *stmt, int index, int64_t value);
void db_bind_blob(struct db_stmt *stmt, int index, struct slice value);
void db_bind_text(struct db_stmt *stmt, int index, struct slice value);
void db_bind_null(struct db_stmt *stmt, int index);

enum db_row {
    DB_ROW,   /* the columns can be read */
    DB_END,   /* no further row */
    DB_ERROR, /* err is filled */
};

enum db_row db_step(struct db_stmt *stmt, struct err *err);
void db_reset(struct db_stmt *stmt);
/* Steps to the end and resets: for statements that give no rows. */
bool db_run(struct db_stmt *stmt, struct err *err);

/* Columns count from 0. Slices are borrowed until the next step or reset; NULL reads as 0 or empty. */
int64_t db_column_int(struct db_stmt *stmt, int column);
struct slice db_column_blob(struct db_stmt *stmt, int column);
struct slice db_column_text(struct db_stmt *stmt, int column);
bool db_column_is_null(struct db_stmt *stmt, int column);

int64_t db_changes(const struct db *db);    /* rows touched by the last statement */
int64_t db_last_rowid(const struct db *db); /* of the last INSERT */

/* The schema's version, 0 in a new database. */
bool db_get_version(struct db *db, int64_t *ret_version, struct err *err);
bool db_set_version(struct db *db, int64_t version, struct err *err);

/* Moves the whole WAL into the file and starts it over without shortening it: appending to a file costs
 * a sync far more than overwriting it. ERR_BUSY while a reader holds it. */
bool db_checkpoint(struct db *db, struct err *err);
typedef void (*db_progress)(void *ctx, uint64_t done, uint64_t pages);
/*
 * Copies the database as it is at one moment into a new file at path, while others go on writing to it: whole
 * and synced when it returns true. False: the file may be there in part, and is the caller's to remove.
 * progress: told now and then, or NULL.
 */
bool db_backup(struct db *db, const char *path, db_progress progress, void *ctx, struct err *err);
/* SQLite's own check of its trees and indexes; reads every page in use, so its checksum too. */
bool db_check_integrity(struct db *db, struct err *err);

struct db_damage {
    uint64_t page;   /* from 1 */
    uint64_t offset; /* of the wrong byte in the file; of the page's start when !exact */
    bool exact;
};

/*
 * Reads a closed database byte for byte, free pages and unused space too.
 * Returns: true when every page is whole. Otherwise ERR_PROOF with the first wrong byte's place in err
 * and up to max places in ret_damage, *ret_count of them; or another code when the file cannot be read.
 */
bool db_check_file(const char *path, struct db_damage *ret_damage, size_t max, size_t *ret_count,
                   struct err *err);

#endif
