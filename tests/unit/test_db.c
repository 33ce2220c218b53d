#include "common/db.h"

#include "common/page_sum.h"
#include "common/rand.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FLIPS 600

static char folder[] = "/tmp/waybill-db-XXXXXX";
static char path[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/waybill-db-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/ledger.db", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char name[96];
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    return rmdir(folder);
}

static void good(bool result, const struct err *err)
{
    if (!result)
        fail_msg("%s", err->msg);
}

static struct db *open_db(unsigned flags)
{
    struct db *db = NULL;
    struct err err = { 0 };
    struct db_options options = { .flags = flags, .busy_ms = 50 };
    good(db_open(path, &options, &db, &err), &err);
    return db;
}

static void run(struct db *db, const char *sql)
{
    struct err err = { 0 };
    good(db_exec(db, sql, &err), &err);
}

static int64_t ask(struct db *db, const char *sql)
{
    struct db_stmt *stmt = NULL;
    struct err err = { 0 };
    good(db_prepare(db, sql, &stmt, &err), &err);
    good(db_step(stmt, &err) == DB_ROW, &err);
    int64_t answer = db_column_int(stmt, 0);
    db_stmt_free(stmt);
    return answer;
}

/* Tables, an index, long values on overflow pages, freed pages and never used ones. */
static void fill(void)
{
    struct db *db = open_db(DB_CREATE);
    struct db_stmt *stmt = NULL;
    struct err err = { 0 };
    struct rand_seq r = rand_seeded(1);
    static uint8_t bytes[20000];
    rand_fill(&r, bytes, sizeof bytes);
    run(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB); CREATE INDEX i ON t (v)");
    good(db_begin(db, &err), &err);
    good(db_prepare(db, "INSERT INTO t (v) VALUES (?1)", &stmt, &err), &err);
    for (int i = 0; i < 60; i++) {
        size_t at = rand_below(&r, 8000);
        db_bind_blob(stmt, 1, slice_of(bytes + at, rand_below(&r, 12000)));
        good(db_run(stmt, &err), &err);
    }
    good(db_commit(db, &err), &err);
    db_stmt_free(stmt);
    run(db, "DELETE FROM t WHERE id % 3 = 0");
    good(db_check_integrity(db, &err), &err);
    db_close(db);
}

static void test_values_come_back(void **state)
{
    (void)state;
    struct db *db = open_db(DB_CREATE);
    struct err err = { 0 };
    struct db_stmt *stmt = NULL;
    run(db, "CREATE TABLE t (a INTEGER, b BLOB, c TEXT, d BLOB)");
    good(db_prepare(db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4)", &stmt, &err), &err);
    db_bind_int(stmt, 1, INT64_MIN);
    db_bind_blob(stmt, 2, slice_of("a\0b", 3));
    db_bind_text(stmt, 3, slice_text("8 °C"));
    db_bind_blob(stmt, 4, slice_of(NULL, 0));
    good(db_run(stmt, &err), &err);
    assert_int_equal(db_changes(db), 1);
    assert_int_equal(db_last_rowid(db), 1);
    db_bind_int(stmt, 5, 1);
    assert_false(db_run(stmt, &err));
    assert_int_equal(err.code, ERR_INPUT);
    good(db_run(stmt, &err), &err); /* the latch is gone, and so are the old values */
    db_stmt_free(stmt);
    good(db_prepare(db, "SELECT * FROM t ORDER BY rowid", &stmt, &err), &err);
    assert_int_equal(db_step(stmt, &err), DB_ROW);
    assert_true(db_column_int(stmt, 0) == INT64_MIN);
    assert_true(slice_equal(db_column_blob(stmt, 1), slice_of("a\0b", 3)));
    assert_true(slice_equal(db_column_text(stmt, 2), slice_text("8 °C")));
    assert_false(db_column_is_null(stmt, 3));
    assert_int_equal(db_column_blob(stmt, 3).len, 0);
    assert_int_equal(db_step(stmt, &err), DB_ROW);
    assert_true(db_column_is_null(stmt, 0));
    assert_int_equal(db_step(stmt, &err), DB_END);
    db_stmt_free(stmt);
    assert_false(db_exec(db, "SELECT missing", &err));
    assert_string_equal(err.msg, "ledger.db: no such column: missing");
    db_close(db);
    db_close(NULL);
}

static void test_settings(void **state)
{
    (void)state;
    struct db *db = open_db(DB_CREATE);
    struct err err = { 0 };
    int64_t version = -1;
    assert_int_equal(ask(db, "PRAGMA synchronous"), 2);
    assert_int_equal(ask(db, "PRAGMA page_size"), PAGE_BYTES);
    assert_int_equal(ask(db, "PRAGMA mmap_size"), 0);
    assert_int_equal(ask(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_int_equal(ask(db, "PRAGMA application_id"), DB_APPLICATION_ID);
    good(db_get_version(db, &version, &err), &err);
    assert_int_equal(version, 0);
    good(db_set_version(db, 7, &err), &err);
    db_close(db);
    db = open_db(DB_READONLY);
    good(db_get_version(db, &version, &err), &err);
    assert_int_equal(version, 7);
    assert_false(db_set_version(db, 8, &err));
    db_close(db);
}

static void test_transactions(void **state)
{
    (void)state;
    struct db *db = open_db(DB_CREATE);
    struct db *reader = open_db(DB_READONLY);
    struct err err = { 0 };
    run(db, "CREATE TABLE t (a)");
    good(db_begin(db, &err), &err);
    run(db, "INSERT INTO t VALUES (1)");
    db_rollback(db);
    db_rollback(db);
    assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
    good(db_begin_read(reader, &err), &err); /* pins what is there, before anything is read */
    good(db_begin(db, &err), &err);
    run(db, "INSERT INTO t VALUES (1)");
    good(db_commit(db, &err), &err);
    assert_int_equal(ask(reader, "SELECT count(*) FROM t"), 0);
    assert_false(db_checkpoint(db, &err));
    assert_int_equal(err.code, ERR_BUSY);
    db_rollback(reader);
    assert_int_equal(ask(reader, "SELECT count(*) FROM t"), 1);
    good(db_checkpoint(db, &err), &err);
    struct db *second = open_db(0);
    good(db_begin(db, &err), &err);
    assert_false(db_begin(second, &err));
    assert_int_equal(err.code, ERR_BUSY);
    db_close(second);
    db_close(reader);
    db_close(db);
}

static off_t wal_size(void)
{
    char name[96];
    struct stat st;
    (void)snprintf(name, sizeof name, "%s-wal", path);
    return stat(name, &st) == 0 ? st.st_size : -1;
}

static void test_checkpoint_keeps_the_wal_grown(void **state)
{
    (void)state;
    struct db *db = open_db(DB_CREATE);
    struct err err = { 0 };
    run(db, "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(200000))");
    off_t grown = wal_size();
    assert_true(grown > 200000);
    good(db_checkpoint(db, &err), &err);
    assert_int_equal(wal_size(), grown);
    run(db, "INSERT INTO t VALUES (1)");
    assert_int_equal(wal_size(), grown);
    db_close(db);
    assert_int_equal(wal_size(), -1);
}

static void test_files_that_are_not_ours(void **state)
{
    (void)state;
    struct db *db = NULL;
    struct err err = { 0 };
    struct db_options options = { 0 };
    assert_false(db_open(path, &options, &db, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 9000; i++)
        assert_true(fputc("text "[i % 5], f) != EOF);
    assert_int_equal(fclose(f), 0);
    assert_false(db_open(path, &options, &db, &err));
    assert_string_equal(err.msg, "ledger.db: not a Waybill database");
    assert_int_equal(err.code, ERR_INPUT);
    options.base_vfs = "nowhere";
    assert_false(db_open(path, &options, &db, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void test_the_sqlite_program_reads_it(void **state)
{
    (void)state;
    fill();
    char command[160];
    char answer[64] = "";
    (void)snprintf(command, sizeof command,
                   "sqlite3 -readonly %s 'PRAGMA integrity_check; SELECT count(*) FROM t'", path);
    FILE *p = popen(command, "re"); /* NOLINT(cert-env33-c) the test's own words only */
    assert_non_null(p);
    size_t n = fread(answer, 1, sizeof answer - 1, p);
    answer[n] = '\0';
    assert_int_equal(pclose(p), 0);
    assert_string_equal(answer, "ok\n40\n");
}

/* Changes one byte and tells what it was. */
static uint8_t flip(off_t at, uint8_t change)
{
    uint8_t byte = 0;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= change;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
    return byte ^ change;
}

static off_t file_size(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static void check_located(off_t at)
{
    struct db_damage damage[4];
    struct err err = { 0 };
    size_t count = 0;
    char expected[128];
    (void)snprintf(expected, sizeof expected, "ledger.db: page %lld: byte offset %lld differs",
                   (long long)at / PAGE_BYTES + 1, (long long)at);
    assert_false(db_check_file(path, damage, 4, &count, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_string_equal(err.msg, expected);
    assert_int_equal(count, 1);
    assert_true(damage[0].exact);
    assert_int_equal(damage[0].offset, at);
    assert_int_equal(damage[0].page, at / PAGE_BYTES + 1);
}

static void test_every_flipped_byte_is_located(void **state)
{
    (void)state;
    struct err err = { 0 };
    size_t count = 0;
    fill();
    assert_true(db_check_file(path, NULL, 0, &count, &err));
    struct rand_seq r = rand_seeded(2);
    uint64_t size = (uint64_t)file_size();
    assert_true(size > 409600);
    for (uint64_t i = 0; i < FLIPS; i++) {
        /* every byte of the header, then anywhere */
        off_t at = (off_t)(i < 100 ? i : rand_below(&r, size));
        uint8_t change = (uint8_t)(1 + rand_below(&r, 255));
        (void)flip(at, change);
        check_located(at);
        (void)flip(at, change);
    }
    assert_true(db_check_file(path, NULL, 0, &count, &err));
}

/* Opening and reading everything never succeeds over a wrong byte, wherever it is in a page in use. */
static void test_reading_a_wrong_byte_fails(void **state)
{
    (void)state;
    fill();
    struct db *whole_db = open_db(0);
    run(whole_db, "VACUUM");
    assert_int_equal(ask(whole_db, "PRAGMA freelist_count"), 0);
    db_close(whole_db);
    struct rand_seq r = rand_seeded(3);
    uint64_t size = (uint64_t)file_size();
    for (uint64_t i = 0; i < 200; i++) {
        off_t at = (off_t)(i < 100 ? i : rand_below(&r, size));
        uint8_t change = (uint8_t)(1 + rand_below(&r, 255));
        struct db_options options = { .flags = DB_READONLY };
        struct db *db = NULL;
        struct err err = { 0 };
        char expected[96];
        (void)flip(at, change);
        bool whole = db_open(path, &options, &db, &err) && db_check_integrity(db, &err);
        (void)snprintf(expected, sizeof expected, "byte offset %lld differs", (long long)at);
        assert_false(whole);
        if (err.code != ERR_PROOF || strstr(err.msg, expected) == NULL)
            fail_msg("byte %lld: %s", (long long)at, err.msg);
        db_close(db);
        (void)flip(at, change);
    }
}

static void test_truncated_and_unclosed_files(void **state)
{
    (void)state;
    struct err err = { 0 };
    size_t count = 0;
    fill();
    off_t size = file_size();
    struct db *db = open_db(0);
    run(db, "INSERT INTO t (v) VALUES (1)");
    assert_false(db_check_file(path, NULL, 0, &count, &err));
    assert_string_equal(err.msg, "ledger.db: not closed: its -wal file is not empty");
    db_close(db);
    assert_int_equal(truncate(path, size - PAGE_BYTES), 0);
    assert_false(db_check_file(path, NULL, 0, &count, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_int_equal(truncate(path, size - PAGE_BYTES - 1), 0);
    assert_false(db_check_file(path, NULL, 0, &count, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_int_equal(truncate(path, 0), 0);
    assert_false(db_check_file(path, NULL, 0, &count, &err));
    assert_string_equal(err.msg, "ledger.db: the file ends inside page 1");
}

/* ------------------------------------------------------------------ a copy */

struct writing {
    struct db *writer;
    unsigned told;
    uint64_t pages;
};

/* Another connection commits while the copy is being made. */
static void write_meanwhile(void *ctx, uint64_t done, uint64_t pages)
{
    struct writing *w = ctx;
    assert_true(done <= pages);
    w->pages = pages;
    if (w->told++ == 0)
        run(w->writer, "INSERT INTO t(b) SELECT randomblob(3000) FROM t LIMIT 500");
}

static int64_t rows_of(const char *file)
{
    struct db *db = NULL;
    struct db_stmt *stmt = NULL;
    struct err err = { 0 };
    struct db_options options = { .flags = DB_READONLY };
    good(db_open(file, &options, &db, &err), &err);
    good(db_check_integrity(db, &err), &err);
    good(db_prepare(db, "SELECT count(*) FROM t", &stmt, &err), &err);
    assert_int_equal(db_step(stmt, &err), DB_ROW);
    int64_t rows = db_column_int(stmt, 0);
    db_stmt_free(stmt);
    db_close(db);
    return rows;
}

static void test_a_copy_is_of_one_moment(void **state)
{
    (void)state;
    char copy[96];
    struct err err = { 0 };
    struct db_damage damage;
    size_t count = 0;
    struct db *db = open_db(DB_CREATE);
    run(db,
        "CREATE TABLE t(b BLOB); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 6000) INSERT INTO t SELECT randomblob(3000) FROM n");
    struct db *reader = open_db(DB_READONLY);
    struct writing w = { .writer = db };
    (void)snprintf(copy, sizeof copy, "%s/copy.db", folder);
    good(db_backup(reader, copy, write_meanwhile, &w, &err), &err);
    assert_true(w.told > 1 && w.pages > 4096);
    good(db_check_file(copy, &damage, 1, &count, &err), &err);
    assert_int_equal(rows_of(copy), 6000); /* not the 500 that came while it was made */
    assert_int_equal(rows_of(path), 6500);
    assert_false(db_backup(reader, copy, NULL, NULL, &err)); /* never over a file */
    assert_int_equal(err.code, ERR_INPUT);
    db_close(reader);
    db_close(db);
    static const char *const ends[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(copy, sizeof copy, "%s/copy.db%s", folder, ends[i]);
        (void)unlink(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transactions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_checkpoint_keeps_the_wal_grown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_not_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_sqlite_program_reads_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_flipped_byte_is_located, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reading_a_wrong_byte_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_copy_is_of_one_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated_and_unclosed_files, setup, teardown),
    };
    return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
