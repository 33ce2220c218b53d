/* Rounds that some have left: what was proposed in them is said again; what is too old in one is not waited for. */
#include "tests/unit/support_votes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BIT(i) (1U << (i))

/* Round 0 of height 1 is node 1's turn, round 1 node 2's, round 2 node 3's, round 3 mine. */

/* Simulator seed 12737: I went on to round 4 alone, and the others wait in 3 for what I proposed. */
static void alone_in_a_later_round_i_repeat_what_i_proposed(void **state)
{
    struct message m;
    (void)state;
    votes_alone(4, 0);
    assert_true(votes_roundchange(1, 3, NULL));
    assert_true(votes_roundchange(2, 3, NULL));
    vote_net_run(&net, 4010);
    assert_int_equal(votes_round(), 4);
    size_t before = votes_sent(MESSAGE_PROPOSE);
    vote_net_run(&net, 2 * CONSENSUS_RESEND_MS);
    assert_int_equal(votes_sent(MESSAGE_PROPOSE), before + 2);
    assert_true(vote_net_said(&net, ME, MESSAGE_PROPOSE, &m));
    assert_int_equal(m.round, 3);
    assert_int_equal(m.as.propose.roundchange_count, 3);
    assert_true(message_verify(&m, &net.genesis.ledger, &net.set, NULL, NULL));
    vote_net_crash(&net, ME); /* with its reasons it outlives a crash */
    vote_net_restart(&net, ME, false);
    before = votes_sent(MESSAGE_PROPOSE);
    vote_net_run(&net, 10);
    assert_int_equal(votes_sent(MESSAGE_PROPOSE), before + 1);
    assert_true(votes_roundchange(1, 4, NULL)); /* round 3 is over for all */
    assert_true(votes_roundchange(2, 4, NULL));
    before = votes_sent(MESSAGE_PROPOSE);
    vote_net_run(&net, 2 * CONSENSUS_RESEND_MS);
    assert_int_equal(votes_sent(MESSAGE_PROPOSE), before);
}

static void so_do_i_from_round_0(void **state)
{
    struct message m;
    (void)state;
    vote_net_begin(&net, 4, 0);
    for (size_t i = 0; i < 4; i++)
        if (i != 1)
            vote_net_crash(&net, i);
    vote_net_run(&net, 3000);
    struct consensus_view v;
    vote_net_look(&net, 1, &v);
    assert_int_equal(v.round, 1);
    size_t before = net.sent[MESSAGE_PROPOSE];
    vote_net_run(&net, 2 * CONSENSUS_RESEND_MS);
    assert_int_equal(net.sent[MESSAGE_PROPOSE], before + 2);
    assert_true(vote_net_said(&net, 1, MESSAGE_PROPOSE, &m));
    assert_int_equal(m.round, 0);
    for (size_t i = 0; i < 4; i++)
        if (i != 1)
            vote_net_restart(&net, i, false);
    assert_true(vote_net_reach(&net, 1, 900)); /* less than a round's time */
    assert_int_equal(net.nodes[0].decided_round[1], 0);
}

/* Simulator seed 900294: proposed before an outage, found too old after it. */
static void what_is_too_late_lets_me_ask_for_the_next_round(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header old = vote_net_block(&net, ME, 1, net.genesis.time_ms + net.now_ms - 15001);
    assert_true(votes_propose(1, 0, &old, 0, NULL));
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
    assert_int_equal(votes_round(), 1);
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 1, NULL));
    assert_true(votes_propose(1, 0, &old, 0, NULL)); /* once: that round is over */
    assert_int_equal(votes_round(), 1);
    assert_int_equal(votes_sent(MESSAGE_ROUNDCHANGE), 1);
}

/* However often it is said, and by whomever: one step, for the one who proposes in a round. */
static void nobody_else_can_make_me_run_through_rounds(void **state)
{
    (void)state;
    votes_alone(4, 0);
    uint64_t now = net.genesis.time_ms + net.now_ms;
    struct header old = vote_net_block(&net, ME, 1, now - 60000);
    struct header ahead = vote_net_block(&net, ME, 1, now + 3600000);
    struct header two = vote_net_block(&net, ME, 2, now - 60000);
    struct header fresh = votes_block(1);
    assert_true(votes_propose(3, 0, &old, 0, NULL));               /* not its turn */
    assert_true(votes_propose(2, 1, &two, BIT(1) | BIT(2), NULL)); /* not justified */
    assert_int_equal(votes_round(), 0);
    assert_true(votes_propose(1, 0, &fresh, 0, NULL));
    assert_true(votes_propose(1, 0, &old, 0, NULL)); /* I have PREPAREd in it */
    assert_int_equal(votes_round(), 0);
    vote_net_end(&net);
    votes_alone(4, 0);
    assert_true(votes_propose(1, 0, &ahead, 0, NULL)); /* waited for as long as a round lasts */
    assert_true(votes_propose(1, 0, &old, 0, NULL));
    assert_int_equal(votes_round(), 0);
}

static void who_waits_for_a_body_until_it_is_too_late_asks_too(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    net.withhold[ME] = true;
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    net.nodes[ME].clock_off_ms = 20000;
    vote_net_step(&net, ME, (struct consensus_event){ .kind = CONSENSUS_VALID, .header = &h });
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
    assert_int_equal(votes_round(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(alone_in_a_later_round_i_repeat_what_i_proposed, votes_teardown),
        cmocka_unit_test_teardown(so_do_i_from_round_0, votes_teardown),
        cmocka_unit_test_teardown(what_is_too_late_lets_me_ask_for_the_next_round, votes_teardown),
        cmocka_unit_test_teardown(nobody_else_can_make_me_run_through_rounds, votes_teardown),
        cmocka_unit_test_teardown(who_waits_for_a_body_until_it_is_too_late_asks_too,
                                  votes_teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
