/*
 * A node over a disk that fails at every call there is, one life after the other: what store_commit() and
 * store_put_vote() confirmed is there afterwards, the chain checks, and nothing is torn or twice.
 */
#include "common/rand.h"
#include "tests/fault/fault_vfs.h"
#include "tests/support/node_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICES 3
#define EACH    8 /* statements of a device in one life */
#define ALL     (DEVICES * EACH)
#define FAULTS  40 /* places tried of each kind; every one there is when WAYBILL_LONG is set */

static char folder[40];
static uint8_t *ledger_file; /* as it was made */
static size_t ledger_size;
static struct key_pair authority;
static struct buf statements[ALL];           /* in the order they are sent */
static uint8_t votes_confirmed, votes_tried; /* numbers: each block has its own vote before it */

/* ------------------------------------------------------------------ a ledger to begin each life with */

static void path_of(char out[64], const char *name)
{
    (void)snprintf(out, 64, "%s/%s", folder, name);
}

static void remove_files(void)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm",
                                         "ledger.db-journal", "lock" };
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(path, names[i]);
        (void)unlink(path);
    }
}

static void begin_life(void)
{
    char path[64];
    votes_confirmed = votes_tried = 0;
    fault_vfs_reset();
    remove_files();
    path_of(path, "ledger.db");
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(ledger_file, 1, ledger_size, f), ledger_size);
    assert_int_equal(fclose(f), 0);
}

static void keep_file(void)
{
    char path[64];
    path_of(path, "ledger.db");
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    ledger_size = (size_t)ftell(f);
    ledger_file = malloc(ledger_size);
    assert_non_null(ledger_file);
    rewind(f);
    assert_int_equal(fread(ledger_file, 1, ledger_size, f), ledger_size);
    assert_int_equal(fclose(f), 0);
}

static int group_setup(void **state)
{
    static const int centi[] = { 450, 460, 470 };
    struct kit kit;
    struct kit_signer devices[DEVICES];
    struct err err = { .msg = "" };
    struct buf genesis = buf_heap(1 << 20);
    (void)state;
    fault_vfs_register();
    kit_begin(&kit, KIT_T0, false);
    struct key_pair farm = kit_pair("farm");
    authority = kit_pair("node");
    kit_add_member(&kit, &farm, "Farm A");
    kit_add_key(&kit, &authority, &farm.kid, CLASS_AUTHORITY);
    struct key_pair pairs[DEVICES];
    for (size_t i = 0; i < DEVICES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "device %zu", i);
        pairs[i] = kit_pair(name);
        kit_add_key(&kit, &pairs[i], &farm.kid, CLASS_DEVICE);
    }
    kit_genesis(&kit, &genesis);
    for (size_t i = 0; i < DEVICES; i++)
        kit_signer_begin(&devices[i], &pairs[i], &kit.identity.genesis.ledger);
    for (size_t i = 0; i < ALL; i++) {
        statements[i] = buf_heap(STATEMENT_MAX);
        (void)kit_sign(&devices[i % DEVICES], kit_temperatures(centi, 3, 60000),
                       KIT_T0 + (i + 1) * 60000, &statements[i]);
    }
    (void)snprintf(folder, sizeof folder, "/tmp/waybill-fault-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    bool made = store_create(folder, buf_slice(&genesis), &err);
    if (!made)
        fail_msg("%s", err.msg);
    keep_file();
    buf_free(&genesis);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    fault_vfs_reset();
    remove_files();
    free(ledger_file);
    for (size_t i = 0; i < ALL; i++)
        buf_free(&statements[i]);
    return rmdir(folder);
}

/* ------------------------------------------------------------------ one life */

/* A vote for the block after so many, with its body, as where several authorities agree on it. */
static bool vote(struct store *s, size_t blocks, struct err *err)
{
    uint8_t number = (uint8_t)(blocks + 1);
    struct slice body = slice_of(&number, 1);
    struct hash hash = crypto_sha256(body);
    votes_tried = number > votes_tried ? number : votes_tried;
    if (!store_put_vote(s, body, &hash, body, err))
        return false;
    votes_confirmed = number > votes_confirmed ? number : votes_confirmed;
    return true;
}

/* Sends from statement `from` on, two a block. Returns: how many were confirmed before the store failed. */
static size_t live(size_t from)
{
    struct node_kit k;
    struct err err = { .msg = "" };
    size_t confirmed = from;
    bool good = node_kit_open(&k, folder, FAULT_VFS_NAME, &authority, &err);
    while (good && confirmed < ALL) {
        size_t n = ALL - confirmed < 2 ? ALL - confirmed : 2;
        for (size_t i = 0; i < n; i++)
            assert_int_equal(node_kit_add(&k, buf_slice(&statements[confirmed + i])), POOL_TAKEN);
        good = vote(k.store, confirmed / 2, &err) && node_kit_step(&k, &err);
        confirmed += good ? n : 0;
    }
    node_kit_close(&k);
    return confirmed;
}

/* The newest vote, and its body unless its block came after it. */
static void check_vote(struct store *s, uint64_t blocks, const char *what, uint64_t call)
{
    struct err err = { .msg = "" };
    struct buf bytes = buf_heap(16), body = buf_heap(16);
    assert_true(store_vote(s, &bytes, &err));
    uint8_t number = bytes.len == 0 ? 0 : bytes.data[0];
    if (number < votes_confirmed || number > votes_tried)
        fail_msg("%s at call %llu: vote %d confirmed, %d there", what, (unsigned long long)call,
                 votes_confirmed, number);
    struct hash hash = crypto_sha256(slice_of(&number, 1));
    bool there = store_candidate(s, &hash, &body, &err);
    if (number > 0 && there != (blocks < number))
        fail_msg("%s at call %llu: after %llu blocks the body of vote %d is %s", what,
                 (unsigned long long)call, (unsigned long long)blocks, number,
                 there ? "still there" : "gone");
    buf_free(&bytes);
    buf_free(&body);
}

/* After the fault: everything confirmed is there, and at most the block whose end was not told. */
static void check_kept(size_t confirmed, const char *what, uint64_t call)
{
    struct err err = { .msg = "" };
    struct store *s = NULL;
    uint64_t leaves = 0;
    if (!node_kit_audit(folder, FAULT_VFS_NAME, &leaves, &err))
        fail_msg("%s at call %llu: %s", what, (unsigned long long)call, err.msg);
    if (leaves < confirmed || leaves > confirmed + 2)
        fail_msg("%s at call %llu: %zu confirmed, %llu there", what, (unsigned long long)call,
                 confirmed, (unsigned long long)leaves);
    assert_true(store_open_over(folder, STORE_READ, FAULT_VFS_NAME, &s, &err));
    for (size_t i = 0; i < confirmed; i++)
        if (!node_kit_holds(s, buf_slice(&statements[i])))
            fail_msg("%s at call %llu: statement %zu was confirmed and is gone", what,
                     (unsigned long long)call, i);
    check_vote(s, leaves / 2, what, call);
    store_close(s);
}

/* The node starts again, is sent everything once more, and ends with each statement once. */
static void check_goes_on(const char *what, uint64_t call)
{
    struct node_kit k;
    struct err err = { .msg = "" };
    uint64_t leaves = 0;
    if (!node_kit_open(&k, folder, FAULT_VFS_NAME, &authority, &err))
        fail_msg("%s at call %llu: %s", what, (unsigned long long)call, err.msg);
    for (size_t i = 0; i < ALL; i++)
        assert_int_equal(node_kit_add(&k, buf_slice(&statements[i])), POOL_TAKEN);
    for (int i = 0; i < 4; i++)
        assert_true(node_kit_step(&k, &err));
    node_kit_close(&k);
    assert_true(node_kit_audit(folder, FAULT_VFS_NAME, &leaves, &err));
    assert_int_equal(leaves, ALL);
}

static uint64_t calls_of_one_life(enum fault_kind kind)
{
    begin_life();
    fault_vfs_arm(kind, UINT64_MAX, 0);
    assert_int_equal(live(0), ALL);
    uint64_t calls = fault_vfs_calls();
    assert_in_range(calls, 8, 100000);
    check_kept(ALL, "no fault", 0);
    return calls;
}

static uint64_t stride_of(uint64_t calls)
{
    const char *is_long = getenv("WAYBILL_LONG");
    if (is_long != NULL && strcmp(is_long, "1") == 0)
        return 1;
    return calls / FAULTS + 1;
}

static void fail_at_calls(enum fault_kind kind, const char *what)
{
    uint64_t calls = calls_of_one_life(kind), stride = stride_of(calls);
    size_t struck = 0;
    for (uint64_t call = 1; call <= calls; call += stride) {
        begin_life();
        fault_vfs_arm(kind, call, 0);
        size_t confirmed = live(0);
        struck += confirmed < ALL ? 1 : 0;
        fault_vfs_arm(FAULT_NONE, 0, 0);
        check_kept(confirmed, what, call);
        check_goes_on(what, call);
    }
    assert_true(struck > 0);
}

static void io_errors(void **state)
{
    (void)state;
    fail_at_calls(FAULT_EIO, "EIO");
}

static void a_full_disk(void **state)
{
    (void)state;
    fail_at_calls(FAULT_FULL, "ENOSPC");
}

static void short_writes(void **state)
{
    (void)state;
    fail_at_calls(FAULT_SHORT_WRITE, "a short write");
}

static void failed_syncs(void **state)
{
    (void)state;
    fail_at_calls(FAULT_SYNC, "a failed sync");
}

static void failed_reads(void **state)
{
    (void)state;
    fail_at_calls(FAULT_READ, "a failed read");
}

/* ------------------------------------------------------------------ power cuts */

/* keep: how much of what was never synced reaches the disk all the same, in percent. */
static void cut_at_calls(unsigned keep)
{
    uint64_t calls = calls_of_one_life(FAULT_POWER_CUT), stride = stride_of(calls);
    for (uint64_t call = 1; call <= calls; call += stride) {
        begin_life();
        fault_vfs_arm(FAULT_POWER_CUT, call, 0);
        size_t confirmed = live(0);
        assert_true(fault_vfs_power_is_off());
        fault_vfs_power_on(call, keep);
        check_kept(confirmed, "a power cut", call);
        check_goes_on("a power cut", call);
    }
}

static void power_cuts_lose_all_unsynced(void **state)
{
    (void)state;
    cut_at_calls(0);
}

static void power_cuts_lose_some(void **state)
{
    (void)state;
    cut_at_calls(50);
}

static void power_cuts_lose_nothing(void **state)
{
    (void)state;
    cut_at_calls(100);
}

/* Every n-th call fails, life after life, until the node has got all of it through. */
static void an_unreliable_disk(void **state)
{
    static const enum fault_kind kinds[] = { FAULT_EIO, FAULT_FULL, FAULT_SHORT_WRITE, FAULT_SYNC,
                                             FAULT_POWER_CUT };
    struct rand_seq rand = rand_seeded(7);
    (void)state;
    begin_life();
    size_t confirmed = 0;
    unsigned lives = 0;
    for (; confirmed < ALL && lives < 200; lives++) {
        enum fault_kind kind = kinds[rand_below(&rand, sizeof kinds / sizeof kinds[0])];
        fault_vfs_arm(kind, 3 + rand_below(&rand, 20), 5);
        size_t now = live(confirmed);
        if (fault_vfs_power_is_off())
            fault_vfs_power_on(lives, 30);
        fault_vfs_arm(FAULT_NONE, 0, 0);
        check_kept(now, "an unreliable disk", lives);
        confirmed = now;
    }
    assert_int_equal(confirmed, ALL);
    assert_true(lives > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(io_errors),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(short_writes),
        cmocka_unit_test(failed_syncs),
        cmocka_unit_test(failed_reads),
        cmocka_unit_test(power_cuts_lose_all_unsynced),
        cmocka_unit_test(power_cuts_lose_some),
        cmocka_unit_test(power_cuts_lose_nothing),
        cmocka_unit_test(an_unreliable_disk),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
