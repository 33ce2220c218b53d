/* The marker of a key's votes: remembered by ledger, locked, whole after a cut write. */
#include "node/voted.h"

#include "common/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[40], key[64], file[64];
static const struct hash one = { { 1 } }, two = { { 2 } };
static struct err err;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/waybill-voted-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(key, sizeof key, "%s/node.key", dir);
    (void)snprintf(file, sizeof file, "%s/node.key.voted", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(file) == 0 ? rmdir(dir) : -1;
}

static struct voted open_marker(const struct hash *ledger)
{
    struct voted v = { .fd = -1 };
    if (!voted_open(key, ledger, &v, &err))
        fail_msg("%s", err.msg);
    return v;
}

static bool has(const struct hash *ledger)
{
    struct voted v = open_marker(ledger);
    voted_close(&v);
    return v.there;
}

static void it_remembers_by_ledger(void **state)
{
    (void)state;
    struct stat st;
    assert_false(has(&one));
    struct voted v = open_marker(&one);
    assert_true(voted_mark(&v, &one, &err));
    assert_true(v.there);
    assert_true(voted_mark(&v, &one, &err)); /* once is enough */
    voted_close(&v);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    off_t size = st.st_size;
    assert_true(has(&one));
    assert_false(has(&two));
    v = open_marker(&two);
    assert_true(voted_mark(&v, &two, &err));
    voted_close(&v);
    assert_true(has(&one) && has(&two));
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_size, size + 72);
}

static void one_process_a_key(void **state)
{
    (void)state;
    struct voted v = open_marker(&one), second;
    assert_false(voted_open(key, &one, &second, &err));
    assert_int_equal(err.code, ERR_BUSY);
    pid_t pid = fork();
    if (pid == 0)
        _exit(voted_open(key, &one, &second, NULL) ? 1 : 0);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    voted_close(&v);
    assert_false(has(&one)); /* the lock went with it */
}

static void put(const char *text)
{
    assert_true(file_replace(file, slice_text(text), 0600, &err));
}

static void a_cut_write_is_no_vote(void **state)
{
    (void)state;
    struct voted v = open_marker(&one);
    assert_true(voted_mark(&v, &one, &err));
    voted_close(&v);
    assert_int_equal(truncate(file, 16 + 71), 0);
    assert_false(has(&one));
    v = open_marker(&two);
    assert_true(voted_mark(&v, &two, &err));
    voted_close(&v);
    assert_true(has(&two));
    assert_false(has(&one));
}

static void a_cut_beginning_is_made_whole(void **state)
{
    (void)state;
    put("wayb");
    assert_false(has(&one));
    struct voted v = open_marker(&one);
    assert_true(voted_mark(&v, &one, &err));
    voted_close(&v);
    assert_true(has(&one));
}

static void what_is_strange_is_refused(void **state)
{
    (void)state;
    struct voted v = { .fd = -7 };
    put("waybill-voted 2\n");
    assert_false(voted_open(key, &one, &v, &err));
    assert_int_equal(err.code, ERR_INPUT);
    put("wayx");
    assert_false(voted_open(key, &one, &v, &err));
    assert_int_equal(v.fd, -7);
    assert_false(voted_open("/tmp/no/such/folder/key", &one, &v, &err));
}

/* ------------------------------------------------------------------ what is known at the start */

static const struct kid mine = { { 1 } }, other = { { 2 } };
static const struct authority_set both = { 2, { { .kid = { { 1 } } }, { .kid = { { 2 } } } } };
static const struct authority_set alone = { 1, { { .kid = { { 1 } } } } };
static const struct authority_set others = { 2, { { .kid = { { 2 } } }, { .kid = { { 3 } } } } };

static enum voted_known judge(bool marked, struct slice row, uint64_t height,
                              const struct authority_set *sealers)
{
    struct voted v = { .fd = -1, .there = marked };
    return voted_judge(&v, row, &mine, height, sealers);
}

static void what_the_row_says_is_known(void **state)
{
    uint8_t row[KID_SIZE + 1] = { 0 };
    struct slice whole = slice_of(row, sizeof row), kid_alone = slice_of(row, KID_SIZE);
    (void)state;
    memcpy(row, mine.bytes, KID_SIZE);
    assert_int_equal(judge(true, whole, 9, &both), VOTED_KNOWN);
    assert_int_equal(judge(false, whole, 9, &both), VOTED_KNOWN);
    assert_int_equal(judge(false, kid_alone, 9, &both),
                     VOTED_NEVER);                                  /* came before it could vote */
    assert_int_equal(judge(true, kid_alone, 9, &both), VOTED_LOST); /* and did so since */
    memcpy(row, other.bytes, KID_SIZE);
    assert_int_equal(judge(false, whole, 9, &both), VOTED_LOST);
    assert_int_equal(judge(false, kid_alone, 9, &both), VOTED_LOST);
    assert_int_equal(judge(false, whole, 0, &both), VOTED_NEVER);
}

/* The key was copied, or its ledger made again, without what it voted. */
static void a_key_of_the_set_without_a_row_has_lost_it(void **state)
{
    struct slice none = { NULL, 0 };
    (void)state;
    assert_int_equal(judge(false, none, 1, &both), VOTED_LOST);
    assert_int_equal(judge(true, none, 0, &both), VOTED_LOST);
}

/* Both of a set of two that began, or grew out of one, must not wait for each other. */
static void where_nothing_could_be_voted_nothing_is_lost(void **state)
{
    struct slice none = { NULL, 0 };
    (void)state;
    assert_int_equal(judge(false, none, 0, &both), VOTED_NEVER);
    assert_int_equal(judge(false, none, 7, &alone), VOTED_NEVER);
    assert_int_equal(judge(false, none, 7, &others), VOTED_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_remembers_by_ledger, setup, teardown),
        cmocka_unit_test_setup_teardown(one_process_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_write_is_no_vote, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_beginning_is_made_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_strange_is_refused, setup, teardown),
        cmocka_unit_test(what_the_row_says_is_known),
        cmocka_unit_test(a_key_of_the_set_without_a_row_has_lost_it),
        cmocka_unit_test(where_nothing_could_be_voted_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
