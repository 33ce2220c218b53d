/* Timers come due in order of time, what and id, and follow the state's writes. */
#include "common/rand.h"
#include "node/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct timers *timers;

static int setup(void **state)
{
    (void)state;
    timers = timers_new();
    return timers == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    timers_free(timers);
    return 0;
}

static struct state_key key(uint64_t time_ms, uint64_t what, const char *id)
{
    return state_key_timer(time_ms, what, slice_text(id));
}

static void set(struct state_key k, bool present)
{
    assert_true(timers_apply(timers, state_key_slice(&k), present));
}

static void in_order(void **state)
{
    struct state_key due[8];
    (void)state;
    set(key(300, 1, "a"), true);
    set(key(100, 2, "b"), true);
    set(key(100, 1, "z"), true);
    set(key(100, 1, "aa"), true);
    set(key(70000, 1, "a"),
        true); /* a longer number: bytewise order of keys is not order of time */
    assert_int_equal(timers_due(timers, 99, due, 8), 0);
    assert_int_equal(timers_due(timers, 300, due, 8), 4);
    const struct state_key want[] = { key(100, 1, "aa"), key(100, 1, "z"), key(100, 2, "b"),
                                      key(300, 1, "a") };
    for (size_t i = 0; i < 4; i++)
        assert_true(slice_equal(state_key_slice(&due[i]), state_key_slice(&want[i])));
    assert_int_equal(timers_due(timers, 300, due, 2), 2);
    assert_true(slice_equal(state_key_slice(&due[1]), state_key_slice(&want[1])));
}

static void writes_are_followed(void **state)
{
    struct state_key due[8];
    struct kid kid = { { 1 } };
    (void)state;
    set(key(5, 1, "a"), true);
    set(key(5, 1, "a"), true); /* written again */
    assert_int_equal(timers_due(timers, 5, due, 8), 1);
    set(key(6, 1, "a"), false); /* was not there */
    assert_int_equal(timers_due(timers, 9, due, 8), 1);
    set(key(5, 1, "a"), false);
    assert_int_equal(timers_due(timers, 9, due, 8), 0);
    set(state_key_kid(TABLE_KEY, &kid), true); /* of another table */
    assert_int_equal(timers_due(timers, UINT64_MAX, due, 8), 0);
}

static void thousands(void **state)
{
    static bool there[3000];
    static struct state_key due[3000];
    struct rand_seq rand = rand_seeded(2);
    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t t = rand_below(&rand, 3000);
        there[t] = rand_below(&rand, 2) == 0;
        set(key(t, 1, "x"), there[t]);
    }
    size_t n = timers_due(timers, 2999, due, 3000), at = 0;
    for (uint64_t t = 0; t < 3000; t++) {
        struct state_key want = key(t, 1, "x");
        if (there[t])
            assert_true(at < n && slice_equal(state_key_slice(&due[at++]), state_key_slice(&want)));
    }
    assert_int_equal(at, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_are_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(thousands, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
