#include "common/broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[40];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/waybill-broker-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = { "mosquitto.conf", "mosquitto.log", "mosquitto.db" };
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(dir);
}

static bool accepts(uint16_t port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool yes = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    (void)close(fd);
    return yes;
}

static void test_starts_and_stops(void **state)
{
    (void)state;
    struct broker b = { 0 };
    struct err err = { 0 };
    struct broker_options o = { .dir = dir };
    if (!broker_start(&o, &b, &err))
        fail_msg("%s", err.msg);
    assert_true(b.port > 0);
    assert_true(accepts(b.port));
    assert_true(broker_is_running(&b));
    uint16_t port = b.port;

    struct broker second = { 0 };
    o.port = port;
    assert_false(broker_start(&o, &second, &err));
    assert_int_equal(err.code, ERR_BUSY);
    assert_int_equal(second.pid, 0);

    broker_stop(&b);
    assert_int_equal(b.pid, 0);
    assert_false(accepts(port));
    broker_stop(&b);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_says_what_is_missing(void **state)
{
    (void)state;
    struct broker b = { 0 };
    struct err err = { 0 };
    struct broker_options o = { .dir = dir, .program = "/nowhere/mosquitto" };
    assert_false(broker_start(&o, &b, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    o = (struct broker_options){ .dir = "/nowhere" };
    assert_false(broker_start(&o, &b, &err));
    assert_int_equal(err.code, ERR_IO);
    o = (struct broker_options){ .dir = dir, .program = "/bin/false" };
    assert_false(broker_start(&o, &b, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.msg, "ended at once"));
}

/* A parent killed with -9 leaves no broker behind. */
static void test_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    struct broker b = { 0 };
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* orphans become ours to wait for */
    pid_t parent = fork();
    if (parent == 0) {
        struct broker_options o = { .dir = dir };
        if (broker_start(&o, &b, NULL) && write(ends[1], &b, sizeof b) == sizeof b)
            for (;;)
                (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ends[0], &b, sizeof b), sizeof b);
    assert_true(accepts(b.port));
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_int_equal(waitpid(b.pid, NULL, 0), b.pid); /* hangs, if the broker lives on */
    assert_false(accepts(b.port));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_starts_and_stops, setup, teardown),
        cmocka_unit_test_setup_teardown(test_says_what_is_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dies_with_its_parent, setup, teardown),
    };
    return cmocka_run_group_tests_name("broker", tests, NULL, NULL);
}
