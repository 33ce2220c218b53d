/* May a node speak with its key? Asked of peers whose answers are the test's. */
#include "node/loop_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct authority_set set;

static void make_set(size_t count)
{
    set.count = count;
    for (size_t i = 0; i < count; i++)
        set.at[i].kid = (struct kid){ { (uint8_t)(i + 1) } };
}

static struct loop_guard *begin(size_t count)
{
    make_set(count);
    struct loop_guard *g = loop_guard_new(&set, &set.at[0].kid, 1000);
    assert_non_null(g);
    assert_int_equal(loop_guard_tick(g, 1000), GUARD_ASK);
    assert_int_equal(loop_guard_turn(g), 1);
    assert_int_equal(loop_guard_tick(g, 1000), GUARD_WAIT);
    return g;
}

static void all_say(struct loop_guard *g, bool heard, uint64_t ago_ms)
{
    for (size_t i = 1; i < set.count; i++)
        loop_guard_hear(g, &set.at[i].kid, heard, ago_ms);
}

static void nobody_hears_it(void **state)
{
    (void)state;
    struct loop_guard *g = begin(4);
    loop_guard_hear(g, &set.at[1].kid, false, 0);
    loop_guard_hear(g, &set.at[2].kid, true, LOOP_GUARD_OLD_MS);
    assert_int_equal(loop_guard_tick(g, 1010), GUARD_WAIT);
    loop_guard_hear(g, &set.at[3].kid, false, 0);
    assert_int_equal(loop_guard_tick(g, 1010), GUARD_CLEAR);
    loop_guard_free(g);
}

static void nobody_answers(void **state)
{
    (void)state;
    struct loop_guard *g = begin(4);
    assert_int_equal(loop_guard_wait_ms(g, 1000), LOOP_GUARD_PATIENCE_MS);
    assert_int_equal(loop_guard_tick(g, 1000 + LOOP_GUARD_PATIENCE_MS - 1), GUARD_WAIT);
    assert_int_equal(loop_guard_tick(g, 1000 + LOOP_GUARD_PATIENCE_MS), GUARD_CLEAR);
    loop_guard_free(g);
}

/* Killed and started again at once: what was heard was this node itself. */
static void it_was_restarted(void **state)
{
    (void)state;
    struct loop_guard *g = begin(4);
    all_say(g, true, 100);
    assert_int_equal(loop_guard_tick(g, 1010), GUARD_WAIT);
    assert_int_equal(loop_guard_wait_ms(g, 1010), LOOP_GUARD_SILENT_MS);
    all_say(g, true, 100); /* late answers to the first question */
    assert_int_equal(loop_guard_tick(g, 1010 + LOOP_GUARD_SILENT_MS - 1), GUARD_WAIT);
    assert_int_equal(loop_guard_tick(g, 1010 + LOOP_GUARD_SILENT_MS), GUARD_ASK);
    all_say(g, true, 100 + LOOP_GUARD_SILENT_MS);
    assert_int_equal(loop_guard_tick(g, 1010 + LOOP_GUARD_SILENT_MS), GUARD_CLEAR);
    loop_guard_free(g);
}

static void another_process_has_it(void **state)
{
    (void)state;
    struct loop_guard *g = begin(4);
    uint64_t now = 1010;
    for (unsigned turn = 1; turn <= 3; turn++) {
        assert_int_equal(loop_guard_turn(g), turn);
        loop_guard_hear(g, &set.at[1].kid, true, 300);
        loop_guard_hear(g, &set.at[2].kid, true, 700);
        assert_int_equal(loop_guard_tick(g, now), GUARD_WAIT);
        loop_guard_hear(g, &set.at[3].kid, false, 0);
        assert_int_equal(loop_guard_tick(g, now), turn == 3 ? GUARD_TAKEN : GUARD_WAIT);
        now += LOOP_GUARD_SILENT_MS;
        if (turn < 3)
            assert_int_equal(loop_guard_tick(g, now), GUARD_ASK);
    }
    loop_guard_free(g);
}

/* One liar of four keeps nobody from starting; of two, where none may fail, each is believed. */
static void liars(void **state)
{
    (void)state;
    struct loop_guard *g = begin(4);
    all_say(g, false, 0);
    loop_guard_hear(g, &set.at[2].kid, true, 0);
    loop_guard_hear(g, &set.at[0].kid, true, 0); /* in the node's own name */
    struct kid stranger = { { 99 } };
    loop_guard_hear(g, &stranger, true, 0);
    assert_int_equal(loop_guard_tick(g, 1010), GUARD_CLEAR);
    loop_guard_free(g);
    g = begin(2);
    all_say(g, true, 0);
    assert_int_equal(loop_guard_tick(g, 1010), GUARD_WAIT);
    assert_int_equal(loop_guard_wait_ms(g, 1010), LOOP_GUARD_SILENT_MS);
    loop_guard_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_hears_it),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(it_was_restarted),
        cmocka_unit_test(another_process_has_it),
        cmocka_unit_test(liars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
