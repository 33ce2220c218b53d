/* What became of statements that are not on the ledger, as long as there is room to know it. */
#include "node/tracker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct tracker *tracker;

static int setup(void **state)
{
    (void)state;
    tracker = tracker_new();
    return tracker == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    tracker_free(tracker);
    return 0;
}

static struct hash name(uint64_t i)
{
    return crypto_sha256(slice_of(&i, sizeof i));
}

static void the_newest_note_counts(void **state)
{
    enum refusal code;
    struct hash a = name(1), b = name(2);
    (void)state;
    assert_false(tracker_find(tracker, &a, &code));
    tracker_note(tracker, &a, ACCEPTED);
    tracker_note(tracker, &b, REFUSED_UNKNOWN_KEY);
    assert_true(tracker_find(tracker, &a, &code));
    assert_int_equal(code, ACCEPTED);
    tracker_note(tracker, &a, REFUSED_REVOKED);
    assert_true(tracker_find(tracker, &a, &code));
    assert_int_equal(code, REFUSED_REVOKED);
    tracker_forget(tracker, &a);
    assert_false(tracker_find(tracker, &a, &code));
    assert_true(tracker_find(tracker, &b, &code));
    tracker_forget(tracker, &a);
}

/* Three times as many as there is room for: the newest are known, the oldest forgotten. */
static void the_oldest_make_room(void **state)
{
    enum refusal code;
    size_t old = 0, recent = 0;
    (void)state;
    for (uint64_t i = 0; i < 3 * TRACKER_MAX; i++) {
        struct hash h = name(i);
        tracker_note(tracker, &h, REFUSED_OUTSIDE);
    }
    for (uint64_t i = 0; i < 3 * TRACKER_MAX; i++) {
        struct hash h = name(i);
        bool found = tracker_find(tracker, &h, &code);
        old += found && i < TRACKER_MAX ? 1 : 0;
        recent += found && i >= 3 * TRACKER_MAX - TRACKER_MAX / 4 ? 1 : 0;
    }
    assert_true(old < TRACKER_MAX / 100);
    assert_true(recent > TRACKER_MAX / 4 - TRACKER_MAX / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_note_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(the_oldest_make_room, setup, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
