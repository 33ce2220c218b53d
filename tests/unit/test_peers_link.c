/* What the log is told of a peer, by a clock of this test. */
#include "node/peers_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START 1000

static void one_never_heard_is_told_of_once(void **state)
{
    (void)state;
    struct peers_told t = { .since_ms = START };
    assert_int_equal(peers_link_word(&t, false, START), PEERS_WORD_NONE);
    assert_int_equal(peers_link_word(&t, false, START + PEERS_NEVER_MS - 1), PEERS_WORD_NONE);
    assert_int_equal(peers_link_word(&t, false, START + PEERS_NEVER_MS), PEERS_WORD_NEVER);
    for (uint64_t i = 1; i < 100; i++)
        assert_int_equal(peers_link_word(&t, false, START + i * PEERS_NEVER_MS), PEERS_WORD_NONE);
    assert_int_equal(peers_link_word(&t, true, START + 100ull * PEERS_NEVER_MS), PEERS_WORD_HEARD);
    assert_int_equal(peers_link_word(&t, true, START + 200ull * PEERS_NEVER_MS), PEERS_WORD_NONE);
}

static void one_that_was_heard_is_told_of_at_each_change(void **state)
{
    (void)state;
    struct peers_told t = { .since_ms = START };
    assert_int_equal(peers_link_word(&t, true, START + 1), PEERS_WORD_HEARD);
    assert_int_equal(peers_link_word(&t, true, START + 2), PEERS_WORD_NONE);
    assert_int_equal(peers_link_word(&t, false, START + 3), PEERS_WORD_LOST);
    assert_int_equal(peers_link_word(&t, false, START + 4 + PEERS_NEVER_MS), PEERS_WORD_NONE);
    assert_int_equal(peers_link_word(&t, true, START + 5 + PEERS_NEVER_MS), PEERS_WORD_HEARD);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_never_heard_is_told_of_once),
        cmocka_unit_test(one_that_was_heard_is_told_of_at_each_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
