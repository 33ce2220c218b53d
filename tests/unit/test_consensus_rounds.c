/* Rounds: when they end, what a proposal above 0 needs, and what of it is claimed and believed. */
#include "tests/unit/support_votes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BIT(i) (1U << (i))

/* Round 0 of height 1 is node 1's turn, round 1 node 2's, round 2 node 3's, round 3 mine. */

/* ------------------------------------------------------------------ timers */

static void nothing_is_late_while_nothing_waits(void **state)
{
    (void)state;
    votes_alone(4, 0);
    vote_net_run(&net, 60000);
    assert_int_equal(votes_round(), 0);
    assert_int_equal(votes_sent(MESSAGE_ROUNDCHANGE), 0);
    assert_true(votes_sent(MESSAGE_STATUS) > 60);
}

static void what_waits_starts_the_timer_of_round_0(void **state)
{
    (void)state;
    votes_alone(4, 0);
    net.nodes[ME].work = true;
    vote_net_step(&net, ME, (struct consensus_event){ .kind = CONSENSUS_TICK });
    vote_net_run(&net, NET_PERIOD + 990);
    assert_int_equal(votes_round(), 0);
    vote_net_run(&net, 100);
    assert_int_equal(votes_round(), 1);
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 1, NULL));
}

static void so_does_a_proposal(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    vote_net_run(&net, 1010);
    assert_int_equal(votes_round(), 1);
}

static void what_turned_out_not_to_wait_stops_it(void **state)
{
    (void)state;
    votes_alone(4, 0);
    net.nodes[ME].work = true;
    vote_net_run(&net, NET_PERIOD + 1);
    net.nodes[ME].work = false;
    vote_net_run(&net, 5000);
    assert_int_equal(votes_round(), 0);
}

/* Alone in round 1 nobody's timer runs on: only q ROUNDCHANGEs for exactly that round start it. */
static void a_timer_above_0_needs_a_certificate(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    vote_net_run(&net, 30000);
    assert_int_equal(votes_round(), 1);
    assert_int_equal(votes_sent(MESSAGE_RCCERT), 0);
    assert_true(votes_roundchange(1, 1, NULL));
    vote_net_run(&net, 30000);
    assert_int_equal(votes_round(), 1);
    assert_true(votes_roundchange(2, 1, NULL));
    assert_int_equal(votes_sent(MESSAGE_RCCERT), 1);
    vote_net_run(&net, 1990);
    assert_int_equal(votes_round(), 1);
    vote_net_run(&net, 20);
    assert_int_equal(votes_round(), 2);
}

static void roundchanges_of_different_rounds_make_none(void **state)
{
    (void)state;
    votes_alone(7, 0); /* f = 2 */
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    vote_net_run(&net, 1010);
    for (size_t i = 1; i <= 3; i++)
        assert_true(votes_roundchange(i, 1, NULL));
    assert_true(votes_roundchange(4, 2, NULL));
    assert_true(votes_roundchange(5, 2, NULL));
    assert_int_equal(votes_round(), 1);
    assert_int_equal(votes_sent(MESSAGE_RCCERT), 0);
}

static void timers_grow_to_four_times(void **state)
{
    static const uint64_t want[] = { 0, 2000, 4000, 4000, 4000, 4000 };
    (void)state;
    votes_alone(4, 0);
    for (uint64_t r = 1; r <= 5; r++) {
        assert_true(votes_rccert(1, r, BIT(1) | BIT(2) | BIT(3)));
        assert_int_equal(votes_round(), r);
        vote_net_run(&net, want[r] - 10);
        assert_int_equal(votes_round(), r);
        vote_net_run(&net, 20);
        assert_int_equal(votes_round(), r + 1);
    }
}

/* ------------------------------------------------------------------ certificates, jumps */

static void a_certificate_is_taken_as_one_and_passed_on(void **state)
{
    struct message m;
    (void)state;
    votes_alone(4, 0);
    assert_true(votes_rccert(1, 6, BIT(1) | BIT(2)));
    assert_int_equal(votes_round(), 0);
    assert_true(votes_rccert(1, 6, BIT(1) | BIT(2) | BIT(3)));
    assert_int_equal(votes_round(), 6);
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 6, NULL));
    assert_int_equal(votes_sent(MESSAGE_RCCERT), 1);
    assert_true(vote_net_said(&net, ME, MESSAGE_RCCERT, &m));
    assert_int_equal(m.round, 6);
    assert_int_equal(m.as.rccert.count, 3);
}

static void it_goes_on_being_sent_when_its_round_is_over(void **state)
{
    struct message m;
    (void)state;
    votes_alone(4, 0);
    assert_true(votes_rccert(1, 1, BIT(1) | BIT(2) | BIT(3)));
    vote_net_run(&net, 2100);
    assert_int_equal(votes_round(), 2);
    size_t before = votes_sent(MESSAGE_RCCERT);
    vote_net_run(&net, 2000);
    assert_true(votes_sent(MESSAGE_RCCERT) > before);
    assert_true(vote_net_said(&net, ME, MESSAGE_RCCERT, &m));
    assert_int_equal(m.round, 1);
}

static void f_and_one_pull_me_along(void **state)
{
    (void)state;
    votes_alone(7, 0); /* f = 2 */
    assert_true(votes_roundchange(1, 900, NULL));
    assert_true(votes_roundchange(2, 5, NULL));
    assert_int_equal(votes_round(), 0);
    assert_true(votes_roundchange(3, 4, NULL));
    assert_int_equal(votes_round(), 4); /* the third highest */
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 4, NULL));
    assert_true(votes_roundchange(3, 3, NULL)); /* older: no more */
    assert_true(votes_roundchange(4, 6, NULL));
    assert_int_equal(votes_round(), 5);
}

/* ------------------------------------------------------------------ claims */

static void prepare_all(const struct header *h, uint64_t round)
{
    for (size_t i = 1; i < net.members; i++)
        assert_true(votes_prepare(i, round, h));
}

static void what_was_prepared_is_claimed_with_its_certificate(void **state)
{
    struct message m;
    struct prepared p;
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    prepare_all(&h, 0);
    vote_net_run(&net, 1100);
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 1, &h));
    assert_true(vote_net_said(&net, ME, MESSAGE_ROUNDCHANGE, &m));
    assert_true(message_verify(&m, &net.genesis.ledger, &net.set, NULL, NULL));
    assert_true(prepared_take(m.as.roundchange, &p, NULL));
    assert_int_equal(p.count, 3);
    assert_int_equal(p.round, 0);
}

static void a_claim_without_certificate_is_dropped(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    struct prepared two = vote_net_prepared(&net, BIT(1) | BIT(2), 0, &h);
    struct prepared three = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 0, &h);
    struct prepared forged = three;
    forged.by[1].sig[0] ^= 1;
    assert_true(votes_roundchange(1, 1, &two));
    assert_false(votes_roundchange(3, 1, &forged));
    assert_true(votes_roundchange(2, 1, NULL));
    assert_int_equal(votes_round(), 0); /* of one only: f + 1 would pull me along */
    assert_true(votes_roundchange(1, 1, &three));
    assert_int_equal(votes_round(), 1);
}

static void a_claim_of_a_later_round_is_no_claim(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    struct prepared same = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 1, &h);
    assert_false(votes_roundchange(1, 1, &same)); /* not of its form */
}

static void two_claims_of_one_round_are_evidence(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1), other = votes_block(1);
    struct prepared a = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 0, &h);
    struct prepared b = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 0, &other);
    assert_true(votes_roundchange(1, 2, &a));
    assert_true(votes_roundchange(1, 2, &a));
    assert_int_equal(net.nodes[ME].evidence_count, 0);
    assert_true(votes_roundchange(1, 2, &b));
    assert_int_equal(net.nodes[ME].evidence_count, 1);
}

/* ------------------------------------------------------------------ justification */

static void a_proposal_above_0_needs_a_quorum_of_reasons(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(2);
    assert_true(votes_propose(2, 1, &h, BIT(1) | BIT(2), NULL));
    assert_int_equal(votes_round(), 0);
    assert_int_equal(net.nodes[ME].judged_count, 0);
    assert_true(votes_propose(2, 1, &h, BIT(1) | BIT(2) | BIT(3), NULL));
    assert_true(votes_said(MESSAGE_PREPARE, 1, &h));
    assert_int_equal(votes_round(), 1);
    assert_int_equal(votes_sent(MESSAGE_RCCERT), 1); /* its reasons are passed on */
}

static void with_a_claim_only_the_block_that_was_prepared(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header old = votes_block(1), fresh = votes_block(2);
    struct prepared p = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 0, &old);
    const struct prepared *claims[] = { NULL, NULL, &p, NULL };
    unsigned three = BIT(1) | BIT(2) | BIT(3);
    assert_true(votes_propose(2, 1, &fresh, three, claims));
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
    assert_true(votes_propose(2, 1, &old, three, claims)); /* built by another: as it should be */
    assert_true(votes_said(MESSAGE_PREPARE, 1, &old));
}

static void of_two_claims_the_one_of_the_higher_round(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header low = votes_block(1), high = votes_block(2);
    unsigned three = BIT(1) | BIT(2) | BIT(3);
    struct prepared a = vote_net_prepared(&net, three, 0, &low);
    struct prepared b = vote_net_prepared(&net, three, 1, &high);
    const struct prepared *claims[] = { NULL, &a, &b, NULL };
    assert_true(votes_propose(3, 2, &low, three, claims));
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
    assert_true(votes_propose(3, 2, &high, three, claims));
    assert_true(votes_said(MESSAGE_PREPARE, 2, &high));
}

static void a_reason_without_its_certificate_justifies_nothing(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    struct prepared two = vote_net_prepared(&net, BIT(1) | BIT(2), 0, &h);
    const struct prepared *claims[] = { NULL, NULL, &two, NULL };
    assert_true(votes_propose(2, 1, &h, BIT(1) | BIT(2) | BIT(3), claims));
    assert_int_equal(net.nodes[ME].judged_count, 0);
}

static void a_fresh_block_is_its_proposer_s_own(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(3);
    assert_true(votes_propose(2, 1, &h, BIT(1) | BIT(2) | BIT(3), NULL));
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
}

static void a_proposal_of_a_round_that_is_over_is_too_late(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_rccert(1, 1, BIT(1) | BIT(2) | BIT(3)));
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
}

/* ------------------------------------------------------------------ my own turn: round 3 */

static void all_unprepared_i_make_a_fresh_block(void **state)
{
    struct message m;
    (void)state;
    votes_alone(4, 0);
    for (size_t i = 1; i <= 2; i++)
        assert_true(votes_roundchange(i, 3, NULL));
    assert_int_equal(net.nodes[ME].built_count, 1);
    assert_true(vote_net_said(&net, ME, MESSAGE_PROPOSE, &m));
    assert_int_equal(m.round, 3);
    assert_int_equal(m.as.propose.roundchange_count, 3);
    assert_true(message_verify(&m, &net.genesis.ledger, &net.set, NULL, NULL));
    assert_true(votes_said(MESSAGE_PREPARE, 3, &net.blocks[0]));
}

static void else_i_propose_the_block_of_the_highest_claim(void **state)
{
    struct message m;
    struct prepared shown;
    (void)state;
    votes_alone(4, 0);
    struct header low = votes_block(1), high = votes_block(2);
    struct prepared a = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 0, &low);
    struct prepared b = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 2, &high);
    assert_true(votes_roundchange(1, 3, &b));
    assert_true(votes_roundchange(2, 3, &a));
    assert_int_equal(net.nodes[ME].built_count, 0);
    assert_true(votes_said(MESSAGE_PROPOSE, 3, &high));
    assert_true(votes_said(MESSAGE_PREPARE, 3, &high));
    assert_true(vote_net_said(&net, ME, MESSAGE_PROPOSE, &m));
    assert_true(prepared_take(m.as.propose.prepared, &shown, NULL));
    assert_int_equal(shown.round, 2);
}

static void but_not_before_i_have_it(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    struct prepared p = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 0, &h);
    net.withhold[ME] = true;
    assert_true(votes_roundchange(1, 3, &p));
    assert_true(votes_roundchange(2, 3, NULL));
    assert_int_equal(votes_sent(MESSAGE_PROPOSE), 0);
    assert_true(net.nodes[ME].judged_count > 0);
    vote_net_step(&net, ME, (struct consensus_event){ .kind = CONSENSUS_VALID, .header = &h });
    assert_true(votes_said(MESSAGE_PROPOSE, 3, &h));
}

/* ------------------------------------------------------------------ time */

static bool prepares_at(int64_t off_ms)
{
    votes_alone(4, 0);
    uint64_t now = net.genesis.time_ms + net.now_ms;
    struct header h = vote_net_block(&net, ME, 1, (uint64_t)((int64_t)now + off_ms));
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    return votes_sent(MESSAGE_PREPARE) == 1;
}

static void a_fresh_block_is_of_now(void **state)
{
    static const struct {
        int64_t off_ms;
        bool prepared;
    } cases[] = { { -15000, true }, { -15001, false }, { 2000, true }, { 2001, false } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(prepares_at(cases[i].off_ms), cases[i].prepared);
        vote_net_end(&net);
    }
    assert_false(prepares_at(2500));
    vote_net_run(&net, 490);
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
    vote_net_run(&net, 20); /* its time came */
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 1);
}

static void a_prepared_block_may_be_of_any_time(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        votes_alone(4, 0);
        uint64_t now = net.genesis.time_ms + net.now_ms;
        struct header h = vote_net_block(&net, ME, 1, k == 0 ? now - 60000 : now + 3600000);
        struct prepared p = vote_net_prepared(&net, BIT(1) | BIT(2) | BIT(3), 0, &h);
        const struct prepared *claims[] = { NULL, NULL, &p, NULL };
        assert_true(votes_propose(2, 1, &h, BIT(1) | BIT(2) | BIT(3), claims));
        assert_true(votes_said(MESSAGE_PREPARE, 1, &h));
        if (k == 0)
            vote_net_end(&net);
    }
}

/* All follow a parent that is an hour ahead: time creeps, the ledger goes on, and an alarm says so. */
static void after_a_parent_from_the_future_time_creeps(void **state)
{
    (void)state;
    vote_net_begin(&net, 4, 0);
    for (size_t i = 0; i < 4; i++)
        net.nodes[i].clock_off_ms = 3600000;
    assert_true(vote_net_reach(&net, 2, 5000));
    for (size_t i = 0; i < 4; i++)
        net.nodes[i].clock_off_ms = 0;
    size_t alarms = net.nodes[0].clock_count;
    uint64_t from = net.nodes[0].height;
    assert_true(vote_net_reach(&net, from + 4, 5000));
    assert_true(net.nodes[0].clock_count > alarms);
    assert_int_equal(net.nodes[0].chain[from + 3].time_ms,
                     net.nodes[0].chain[from + 2].time_ms + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_is_late_while_nothing_waits, votes_teardown),
        cmocka_unit_test_teardown(what_waits_starts_the_timer_of_round_0, votes_teardown),
        cmocka_unit_test_teardown(so_does_a_proposal, votes_teardown),
        cmocka_unit_test_teardown(what_turned_out_not_to_wait_stops_it, votes_teardown),
        cmocka_unit_test_teardown(a_timer_above_0_needs_a_certificate, votes_teardown),
        cmocka_unit_test_teardown(roundchanges_of_different_rounds_make_none, votes_teardown),
        cmocka_unit_test_teardown(timers_grow_to_four_times, votes_teardown),
        cmocka_unit_test_teardown(a_certificate_is_taken_as_one_and_passed_on, votes_teardown),
        cmocka_unit_test_teardown(it_goes_on_being_sent_when_its_round_is_over, votes_teardown),
        cmocka_unit_test_teardown(f_and_one_pull_me_along, votes_teardown),
        cmocka_unit_test_teardown(what_was_prepared_is_claimed_with_its_certificate,
                                  votes_teardown),
        cmocka_unit_test_teardown(a_claim_without_certificate_is_dropped, votes_teardown),
        cmocka_unit_test_teardown(a_claim_of_a_later_round_is_no_claim, votes_teardown),
        cmocka_unit_test_teardown(two_claims_of_one_round_are_evidence, votes_teardown),
        cmocka_unit_test_teardown(a_proposal_above_0_needs_a_quorum_of_reasons, votes_teardown),
        cmocka_unit_test_teardown(with_a_claim_only_the_block_that_was_prepared, votes_teardown),
        cmocka_unit_test_teardown(of_two_claims_the_one_of_the_higher_round, votes_teardown),
        cmocka_unit_test_teardown(a_reason_without_its_certificate_justifies_nothing,
                                  votes_teardown),
        cmocka_unit_test_teardown(a_fresh_block_is_its_proposer_s_own, votes_teardown),
        cmocka_unit_test_teardown(a_proposal_of_a_round_that_is_over_is_too_late, votes_teardown),
        cmocka_unit_test_teardown(all_unprepared_i_make_a_fresh_block, votes_teardown),
        cmocka_unit_test_teardown(else_i_propose_the_block_of_the_highest_claim, votes_teardown),
        cmocka_unit_test_teardown(but_not_before_i_have_it, votes_teardown),
        cmocka_unit_test_teardown(a_fresh_block_is_of_now, votes_teardown),
        cmocka_unit_test_teardown(a_prepared_block_may_be_of_any_time, votes_teardown),
        cmocka_unit_test_teardown(after_a_parent_from_the_future_time_creeps, votes_teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
