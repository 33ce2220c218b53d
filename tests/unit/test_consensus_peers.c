/* What others say of themselves: how high the ledger is, who is answered, and how often. */
#include "tests/unit/support_votes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAR (UINT64_C(1) << 62)

static uint64_t reached(void)
{
    struct consensus_view v;
    vote_net_look(&net, ME, &v);
    return v.reached;
}

/* ------------------------------------------------------------------ how high the ledger is */

static void one_liar_says_how_high_it_is_in_vain(void **state)
{
    (void)state;
    votes_alone(4, 0);
    assert_int_equal(reached(), 0);
    assert_true(votes_status(1, FAR, 0, NULL, NULL));
    assert_int_equal(reached(), 0); /* one is no two */
    assert_true(votes_status(2, 8, 0, NULL, NULL));
    assert_int_equal(reached(), 7); /* who is at height 8 has 7 blocks */
    assert_true(votes_status(3, 6, 0, NULL, NULL));
    assert_int_equal(reached(), 7);
    assert_true(votes_status(3, 9, 0, NULL, NULL));
    assert_int_equal(reached(), 8);
    assert_true(votes_status(3, 2, 0, NULL, NULL)); /* an old one, that came late */
    assert_int_equal(reached(), 8);
}

static void the_larger_the_set_the_more_must_say_so(void **state)
{
    (void)state;
    votes_alone(7, 0); /* f = 2 */
    assert_true(votes_status(1, FAR, 0, NULL, NULL));
    assert_true(votes_status(2, FAR, 0, NULL, NULL));
    assert_true(votes_status(3, 5, 0, NULL, NULL));
    assert_true(votes_status(4, 4, 0, NULL, NULL));
    assert_int_equal(reached(), 4);
}

static void strangers_are_not_asked(void **state)
{
    (void)state;
    votes_alone(4, 2);
    assert_true(votes_status(4, FAR, 0, NULL, NULL));
    assert_true(votes_status(5, FAR, 0, NULL, NULL));
    assert_true(votes_status(1, 3, 0, NULL, NULL));
    assert_int_equal(reached(), 0);
}

/* ------------------------------------------------------------------ answers */

/* Each is a signature. */
static void questions_are_answered_one_a_while(void **state)
{
    uint8_t question[HALF_SIZE] = { 7 };
    (void)state;
    votes_alone(4, 0);
    vote_net_run(&net, 10); /* my own STATUS is due again in 700 ms */
    size_t before = votes_sent(MESSAGE_STATUS);
    for (int i = 0; i < 1000; i++) {
        question[1] = (uint8_t)i;
        assert_true(votes_status(1, 1, 0, question, NULL));
    }
    assert_int_equal(votes_sent(MESSAGE_STATUS), before + 1);
    assert_true(votes_status(2, 1, 0, question, NULL)); /* another is not kept waiting by it */
    assert_int_equal(votes_sent(MESSAGE_STATUS), before + 2);
    vote_net_run(&net, 299);
    assert_true(votes_status(1, 1, 0, question, NULL));
    assert_int_equal(votes_sent(MESSAGE_STATUS), before + 2);
    vote_net_run(&net, 1);
    assert_true(votes_status(1, 1, 0, question, NULL));
    assert_int_equal(votes_sent(MESSAGE_STATUS), before + 3);
}

static void a_set_of_one_speaks_while_somebody_listens(void **state)
{
    struct message m;
    (void)state;
    votes_alone(1, 1);
    vote_net_run(&net, 60000);
    assert_int_equal(votes_sent(MESSAGE_STATUS), 0);
    assert_true(votes_status(1, 1, 0, NULL, NULL));
    vote_net_run(&net, 2 * CONSENSUS_RESEND_MS);
    assert_true(votes_sent(MESSAGE_STATUS) >= 2);
    assert_true(vote_net_said(&net, ME, MESSAGE_STATUS, &m));
    assert_int_equal(m.height, 1);
    vote_net_run(&net, 10000);
    size_t before = votes_sent(MESSAGE_STATUS);
    vote_net_run(&net, 60000);
    assert_int_equal(votes_sent(MESSAGE_STATUS), before);
    for (int type = MESSAGE_STATEMENTS; type < MESSAGE_STATUS; type++)
        assert_int_equal(votes_sent((enum message_type)type), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_liar_says_how_high_it_is_in_vain, votes_teardown),
        cmocka_unit_test_teardown(the_larger_the_set_the_more_must_say_so, votes_teardown),
        cmocka_unit_test_teardown(strangers_are_not_asked, votes_teardown),
        cmocka_unit_test_teardown(questions_are_answered_one_a_while, votes_teardown),
        cmocka_unit_test_teardown(a_set_of_one_speaks_while_somebody_listens, votes_teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
