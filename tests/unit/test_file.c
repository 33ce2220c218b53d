/* Whole files: what is replaced, and what is left alone. */
#include "common/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH_ROOM 128

struct folder {
    char path[64];
    char at[PATH_ROOM];
};

static int set_up(void **state)
{
    static struct folder f;
    (void)snprintf(f.path, sizeof f.path, "/tmp/test_file.XXXXXX");
    *state = &f;
    return mkdtemp(f.path) == NULL;
}

static int tear_down(void **state)
{
    struct folder *f = *state;
    (void)unlink(f->at);
    (void)rmdir(f->at);
    return rmdir(f->path);
}

static const char *name(struct folder *f, const char *text)
{
    (void)snprintf(f->at, sizeof f->at, "%s/%s", f->path, text);
    return f->at;
}

static void a_plain_file_is_replaced(void **state)
{
    struct err err;
    struct stat st;
    const char *path = name(*state, "plain");
    assert_true(file_replace(path, slice_text("one"), 0600, &err));
    assert_true(file_replace(path, slice_text("three"), 0644, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(st.st_mode & 0777, 0644);
}

/* A node that systemd runs as a user of its own reads what root's commands wrote in its folder. */
static void a_file_is_its_folders(void **state)
{
    struct folder *f = *state;
    struct err err;
    struct stat st;
    bool root = geteuid() == 0;
    uid_t owner = root ? 65534 : geteuid(); /* nobody else can give a folder away */
    const char *path = name(f, "theirs");
    if (root)
        assert_int_equal(chown(f->path, owner, owner), 0);
    assert_true(file_create(path, slice_text("one"), 0600, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_uid, owner);
    assert_true(file_replace(path, slice_text("two"), 0600, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_uid, owner);
}

/* root may write -o /dev/null: the device must not become a file. */
static void what_is_no_plain_file_is_left_alone(void **state)
{
    struct err err;
    struct stat st;
    const char *path = name(*state, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(file_replace(path, slice_text("one"), 0600, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "is no plain file"));
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(file_replace(path, slice_text("one"), 0600, &err));
}

static void who_can_get_at_it(void **state)
{
    struct folder *f = *state;
    static const unsigned open_modes[] = { 0640, 0604, 0660, 0610 };
    const char *path = name(f, "key");
    assert_true(file_is_private(path)); /* there is none */
    assert_true(file_replace(path, slice_text("x"), 0600, NULL));
    assert_true(file_is_private(path));
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_false(file_is_private(path));
    }
}

/* In a child, for the test's own are needed: 0 when all is as it should be, else which of them is not. */
static int hold_without(int first, int last)
{
    for (int fd = first; fd <= last; fd++)
        (void)close(fd);
    if (!file_hold_standard())
        return 10;
    int next = open("/dev/null", O_RDONLY);
    if (next <= STDERR_FILENO)
        return 11;
    for (int fd = first; fd <= last; fd++) {
        char byte = 0;
        if (fd == STDIN_FILENO ? read(fd, &byte, 1) >= 0 : write(fd, &byte, 1) >= 0)
            return fd + 1;
    }
    return 0;
}

static void closed_standard_descriptors_are_held(void **state)
{
    (void)state;
    for (int first = STDIN_FILENO; first <= STDERR_FILENO; first++)
        for (int last = first - 1; last <= STDERR_FILENO; last++) {
            int status = -1;
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0)
                _exit(hold_without(first, last));
            assert_int_equal(waitpid(pid, &status, 0), pid);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), 0);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plain_file_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_its_folders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_plain_file_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_can_get_at_it, set_up, tear_down),
        cmocka_unit_test(closed_standard_descriptors_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
