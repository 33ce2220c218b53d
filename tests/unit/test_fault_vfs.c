/* What the database keeps when its files fail: the wrapper's own promise, tried at every call. */
#include "common/db.h"
#include "common/rand.h"
#include "tests/fault/fault_vfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS 12 /* transactions of one life */

static char folder[32];
static char path[64];

static void remove_files(void)
{
    char name[96];
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static int setup(void **state)
{
    (void)state;
    fault_vfs_register();
    fault_vfs_reset();
    (void)snprintf(folder, sizeof folder, "/tmp/waybill-fault-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/ledger.db", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fault_vfs_reset();
    remove_files();
    return rmdir(folder);
}

static struct db *open_db(struct err *err)
{
    struct db *db = NULL;
    struct db_options options = { .flags = DB_CREATE, .base_vfs = FAULT_VFS_NAME, .busy_ms = 1 };
    return db_open(path, &options, &db, err) ? db : NULL;
}

/* One transaction of several rows, all carrying its number. */
static bool add_round(struct db *db, int64_t round, struct err *err)
{
    static const char sql[] = "INSERT INTO t (round, v) VALUES (?1, zeroblob(?2))";
    struct db_stmt *stmt = NULL;
    if (!db_begin(db, err))
        return false;
    bool good = db_prepare(db, sql, &stmt, err);
    for (int64_t i = 0; good && i < 4; i++) {
        db_bind_int(stmt, 1, round);
        db_bind_int(stmt, 2, 500 * i * (round % 5));
        good = db_run(stmt, err);
    }
    db_stmt_free(stmt);
    if (!good) {
        db_rollback(db);
        return false;
    }
    return db_commit(db, err) && (round % 3 != 0 || db_checkpoint(db, err));
}

/* Returns: how many transactions were confirmed before the first failure. */
static int64_t live(void)
{
    struct err err = { 0 };
    int64_t confirmed = 0;
    struct db *db = open_db(&err);
    if (db != NULL &&
        db_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, round INTEGER, v BLOB)", &err)) {
        while (confirmed < ROUNDS && add_round(db, confirmed + 1, &err))
            confirmed++;
        /* a failed checkpoint follows a commit that did succeed; it only counts the less */
    }
    db_close(db);
    return confirmed;
}

static int64_t ask(struct db *db, const char *sql)
{
    struct db_stmt *stmt = NULL;
    struct err err = { 0 };
    if (!db_prepare(db, sql, &stmt, &err))
        return -1;
    int64_t answer = db_step(stmt, &err) == DB_ROW ? db_column_int(stmt, 0) : -1;
    db_stmt_free(stmt);
    return answer;
}

/* Every confirmed round is there, whole, in order, and at most one more, whole as well. */
static void check_kept(int64_t confirmed, uint64_t when)
{
    struct err err = { 0 };
    size_t count = 0;
    struct db *db = open_db(&err);
    if (db == NULL)
        fail_msg("call %llu: %s", (unsigned long long)when, err.msg);
    if (!db_check_integrity(db, &err))
        fail_msg("call %llu: %s", (unsigned long long)when, err.msg);
    int64_t rounds = ask(db, "SELECT coalesce(max(round), 0) FROM t");
    if (rounds < confirmed || rounds > confirmed + 1)
        if (confirmed > 0 || rounds > 1)
            fail_msg("call %llu: %lld confirmed, %lld there", (unsigned long long)when,
                     (long long)confirmed, (long long)rounds);
    if (rounds > 0)
        assert_int_equal(ask(db, "SELECT count(*) FROM t"), 4 * rounds);
    db_close(db);
    if (!db_check_file(path, NULL, 0, &count, &err))
        fail_msg("call %llu: %s", (unsigned long long)when, err.msg);
}

static uint64_t calls_of_one_life(void)
{
    fault_vfs_arm(FAULT_NONE, 0, 0);
    assert_int_equal(live(), ROUNDS);
    uint64_t calls = fault_vfs_calls();
    assert_in_range(calls, 50, 100000);
    fault_vfs_reset();
    remove_files();
    return calls;
}

/* keep: how much of the unsynced writes reaches the disk, in percent. */
static void cut_at_every_call(unsigned keep)
{
    uint64_t calls = calls_of_one_life();
    for (uint64_t when = 1; when <= calls; when++) {
        fault_vfs_arm(FAULT_POWER_CUT, when, 0);
        int64_t confirmed = live();
        assert_true(fault_vfs_power_is_off());
        fault_vfs_power_on(when, keep);
        check_kept(confirmed, when);
        fault_vfs_reset();
        remove_files();
    }
}

static void test_power_cut_losing_all_unsynced(void **state)
{
    (void)state;
    cut_at_every_call(0);
}

static void test_power_cut_losing_some_unsynced(void **state)
{
    (void)state;
    cut_at_every_call(50);
}

static void fail_at_every_call(enum fault_kind kind, uint64_t every)
{
    for (uint64_t when = 1;; when++) {
        fault_vfs_arm(kind, when, every);
        int64_t confirmed = live();
        bool beyond = fault_vfs_calls() < when;
        fault_vfs_arm(FAULT_NONE, 0, 0);
        check_kept(confirmed, when);
        fault_vfs_reset();
        remove_files();
        if (beyond)
            break;
        assert_true(when < 100000);
    }
}

static void test_write_errors(void **state)
{
    (void)state;
    fail_at_every_call(FAULT_EIO, 0);
    fail_at_every_call(FAULT_EIO, 1);
}

static void test_full_disk(void **state)
{
    (void)state;
    fail_at_every_call(FAULT_FULL, 1);
}

static void test_short_writes(void **state)
{
    (void)state;
    fail_at_every_call(FAULT_SHORT_WRITE, 0);
    fail_at_every_call(FAULT_SHORT_WRITE, 1);
}

static void test_read_errors(void **state)
{
    (void)state;
    fail_at_every_call(FAULT_READ, 0);
}

/* A sync that fails, then the power cut that shows what it should have saved. */
static void test_failed_sync_then_power_cut(void **state)
{
    (void)state;
    for (uint64_t when = 1;; when++) {
        fault_vfs_arm(FAULT_SYNC, when, 1);
        int64_t confirmed = live();
        bool beyond = fault_vfs_calls() < when;
        fault_vfs_power_cut();
        fault_vfs_power_on(when, 30);
        check_kept(confirmed, when);
        fault_vfs_reset();
        remove_files();
        if (beyond)
            break;
    }
}

/* The instrument itself: with syncs that lie, a power cut does lose what was confirmed. */
static void test_unsynced_writes_are_really_lost(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct db *db = open_db(&err);
    assert_non_null(db);
    assert_true(db_exec(db, "PRAGMA synchronous = OFF; CREATE TABLE t (a)", &err));
    fault_vfs_power_cut();
    assert_false(db_exec(db, "INSERT INTO t VALUES (1)", &err));
    assert_int_equal(err.code, ERR_IO);
    db_close(db);
    fault_vfs_power_on(1, 0);
    db = open_db(&err);
    assert_non_null(db);
    assert_int_equal(ask(db, "SELECT count(*) FROM sqlite_schema"), 0);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unsynced_writes_are_really_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_power_cut_losing_all_unsynced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_power_cut_losing_some_unsynced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_sync_then_power_cut, setup, teardown),
    };
    return cmocka_run_group_tests_name("fault_vfs", tests, NULL, NULL);
}
