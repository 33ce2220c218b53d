/* What outlives a crash, what is said again, who is answered, and how one who forgot comes back. */
#include "tests/unit/support_votes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BIT(i) (1U << (i))

/* ------------------------------------------------------------------ durability */

static void after_a_crash_the_same_is_said_again(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1), other = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    assert_true(votes_propose(1, 0, &other, 0, NULL));
    vote_net_run(&net, 10);
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 2);
    assert_true(votes_said(MESSAGE_PREPARE, 0, &h));
    assert_true(votes_prepare(1, 0, &h)); /* my own counts still */
    assert_true(votes_prepare(2, 0, &h));
    assert_true(votes_said(MESSAGE_COMMIT, 0, &h));
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    assert_true(votes_commit(1, 0, &h));
    assert_true(votes_commit(2, 0, &h));
    assert_int_equal(votes_height(), 1);
}

static void what_was_prepared_is_claimed_after_a_crash(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_prepare(1, 0, &h));
    assert_true(votes_prepare(2, 0, &h));
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    vote_net_run(&net, 1100); /* round 0's timer runs again */
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 1, &h));
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 1, &h));
    assert_int_equal(votes_round(), 1);
}

static void a_proposal_survives_with_its_reasons(void **state)
{
    struct message before, after;
    (void)state;
    votes_alone(4, 0);
    assert_true(votes_roundchange(1, 3, NULL));
    assert_true(votes_roundchange(2, 3, NULL)); /* round 3 is mine */
    assert_int_equal(net.nodes[ME].built_count, 1);
    struct buf kept = buf_heap(1 << 16);
    buf_add_slice(&kept, buf_slice(&net.nodes[ME].said[MESSAGE_PROPOSE]));
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    buf_clear(&net.nodes[ME].said[MESSAGE_PROPOSE]);
    vote_net_run(&net, 10);
    assert_int_equal(net.nodes[ME].built_count, 1); /* not another */
    assert_true(message_decode(buf_slice(&kept), &before, NULL));
    assert_true(vote_net_said(&net, ME, MESSAGE_PROPOSE, &after));
    assert_true(slice_equal(before.bytes, after.bytes));
    buf_free(&kept);
}

/* A restart alone starts no timer above 0: only the certificate does. */
static void a_restart_in_a_later_round_waits_for_the_certificate(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    vote_net_run(&net, 1010);
    assert_int_equal(votes_round(), 1);
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    vote_net_run(&net, 60000);
    assert_int_equal(votes_round(), 1);
    assert_true(votes_roundchange(1, 1, NULL)); /* my own is counted after the restart, too */
    assert_true(votes_roundchange(2, 1, NULL));
    vote_net_run(&net, 2010);
    assert_int_equal(votes_round(), 2);
}

static void a_damaged_vote_is_a_lost_one(void **state)
{
    struct consensus_view v;
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    vote_net_crash(&net, ME);
    net.nodes[ME].vote.len--;
    vote_net_restart(&net, ME, false);
    vote_net_look(&net, ME, &v);
    assert_true(v.abstains);
    assert_false(v.votes);
}

static void a_vote_of_an_older_height_is_over(void **state)
{
    struct consensus_view v;
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    for (size_t i = 1; i < 4; i++)
        assert_true(votes_commit(i, 0, &h));
    assert_int_equal(votes_height(), 1);
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    vote_net_look(&net, ME, &v);
    assert_true(v.votes);
    assert_int_equal(v.round, 0);
    assert_int_equal(v.height, 2);
}

/* ------------------------------------------------------------------ said again, answered */

static void everything_is_said_again(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_prepare(1, 0, &h));
    assert_true(votes_prepare(2, 0, &h));
    assert_true(votes_rccert(1, 1, BIT(1) | BIT(2) | BIT(3)));
    vote_net_run(&net, 10);
    size_t before[MESSAGE_STATUS + 1];
    memcpy(before, net.sent, sizeof before);
    vote_net_run(&net, 1500);
    static const enum message_type again[] = { MESSAGE_PREPARE, MESSAGE_COMMIT, MESSAGE_ROUNDCHANGE,
                                               MESSAGE_RCCERT, MESSAGE_STATUS };
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++)
        assert_in_range(net.sent[again[i]] - before[again[i]], 2, 3);
}

static void one_who_is_behind_is_told_what_was_decided(void **state)
{
    struct message m;
    (void)state;
    vote_net_begin(&net, 4, 0);
    assert_true(vote_net_reach(&net, 3, 2000));
    for (size_t i = 0; i < 4; i++) {
        net.nodes[i].work = false;
        if (i != ME)
            vote_net_crash(&net, i);
    }
    vote_net_run(&net, 500);
    size_t decided = votes_sent(MESSAGE_DECIDED), status = votes_sent(MESSAGE_STATUS);
    assert_true(votes_status(1, 3, 0, NULL, NULL)); /* it works at 3, I at 4 */
    assert_true(votes_status(1, 3, 0, NULL, NULL)); /* not for each of its messages */
    assert_int_equal(votes_sent(MESSAGE_DECIDED), decided + 1);
    assert_true(vote_net_said(&net, ME, MESSAGE_DECIDED, &m));
    assert_int_equal(m.height, 3);
    assert_true(message_verify(&m, &net.genesis.ledger, &net.set, NULL, NULL));
    assert_true(votes_status(2, 1, 0, NULL, NULL)); /* it must fetch */
    assert_int_equal(votes_sent(MESSAGE_DECIDED), decided + 1);
    assert_int_equal(votes_sent(MESSAGE_STATUS), status + 1);
    net.now_ms += 400;
    struct buf out = buf_heap(4096);
    vote_net_prepare(&net, 1, 0, &net.nodes[ME].chain[3], &out);
    assert_true(vote_net_give(&net, ME, buf_slice(&out))); /* any old message asks */
    buf_free(&out);
    assert_int_equal(votes_sent(MESSAGE_DECIDED), decided + 2);
}

static void two_heights_above_are_fetched_and_one_after_a_while(void **state)
{
    (void)state;
    votes_alone(4, 0);
    assert_true(votes_status(1, 2, 0, NULL, NULL));
    assert_int_equal(net.nodes[ME].behind_count, 0);
    assert_true(votes_status(1, 3, 0, NULL, NULL));
    assert_int_equal(net.nodes[ME].behind_count, 1);
    net.now_ms += 1600;
    assert_true(votes_status(1, 2, 0, NULL, NULL));
    assert_int_equal(net.nodes[ME].behind_count, 2);
}

/* ------------------------------------------------------------------ lost votes */

static const uint8_t *nonce(void)
{
    static struct message m;
    assert_true(vote_net_said(&net, ME, MESSAGE_STATUS, &m));
    return m.as.status.question;
}

/* Among `members`, just restarted, its votes gone; it has asked its question. */
static void forgotten(size_t members)
{
    votes_alone(members, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, true);
    memset(net.sent, 0, sizeof net.sent);
    vote_net_run(&net, 10);
    assert_non_null(nonce());
}

static bool votes(void)
{
    struct consensus_view v;
    vote_net_look(&net, ME, &v);
    return v.votes;
}

/* The next block of my chain, sealed by the others. */
static void decide_one(void)
{
    size_t by = (size_t)(votes_height() + 1) % net.members;
    by = by == ME ? 1 : by;
    struct header h = votes_block(by);
    uint64_t round = (by + net.members * 8 - (votes_height() + 1)) % net.members;
    uint64_t height = votes_height();
    unsigned who = (BIT(net.members) - 1) & ~BIT(ME);
    assert_true(votes_propose(by, round, &h, round > 0 ? who : 0, NULL));
    for (size_t i = 1; i < net.members; i++)
        if (votes_height() == height)
            assert_true(votes_commit(i, round, &h));
    assert_int_equal(votes_height(), height + 1);
    net.now_ms += 5;
}

static void who_forgot_says_nothing_and_vouches_for_nobody(void **state)
{
    uint8_t question[HALF_SIZE] = { 9 };
    (void)state;
    forgotten(4);
    struct header h = votes_block(1);
    net.nodes[ME].work = true;
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_rccert(1, 3, BIT(1) | BIT(2) | BIT(3))); /* round 3 would be my turn */
    size_t status = votes_sent(MESSAGE_STATUS);
    assert_true(votes_status(1, 1, 0, question, NULL));
    assert_int_equal(votes_sent(MESSAGE_STATUS), status);
    vote_net_run(&net, 5000);
    for (int t = MESSAGE_PROPOSE; t <= MESSAGE_ROUNDCHANGE; t++)
        assert_int_equal(votes_sent((enum message_type)t), 0);
}

static void the_sound_vouch_with_their_answer(void **state)
{
    struct message m;
    uint8_t question[HALF_SIZE] = { 9 };
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_prepare(1, 0, &h)); /* node 1 spoke */
    net.now_ms += 250;
    assert_true(votes_status(1, 1, 0, question, NULL));
    assert_true(vote_net_said(&net, ME, MESSAGE_STATUS, &m));
    assert_memory_equal(m.as.status.answer, question, HALF_SIZE);
    assert_null(m.as.status.question);
    assert_true(m.as.status.has_heard);
    assert_int_equal(m.as.status.heard_ms, 250);
    net.now_ms += 5000;
    assert_true(votes_status(1, 1, 0, question, NULL)); /* the same question, the same answer */
    assert_true(vote_net_said(&net, ME, MESSAGE_STATUS, &m));
    assert_int_equal(m.as.status.heard_ms, 250);
    question[0]++;
    assert_true(votes_status(2, 1, 0, question, NULL)); /* node 2 never spoke */
    assert_true(vote_net_said(&net, ME, MESSAGE_STATUS, &m));
    assert_false(m.as.status.has_heard);
}

static void two_heights_above_what_two_others_answered(void **state)
{
    (void)state;
    forgotten(4);
    assert_true(votes_status(1, 2, 0, NULL, nonce())); /* its tip is 1: not mine yet */
    assert_true(votes_status(2, 1, 0, NULL, nonce()));
    decide_one(); /* tip 1: both answers are reached, so 1 + 2 it is */
    decide_one();
    assert_false(votes());
    decide_one();
    assert_true(votes());
}

static void the_first_answer_of_each_is_taken(void **state)
{
    (void)state;
    forgotten(4);
    assert_true(votes_status(1, 1, 0, NULL, nonce()));
    assert_true(votes_status(1, 1000, 0, NULL, nonce())); /* it may not move the target */
    decide_one();
    assert_false(votes());
    decide_one();
    decide_one();
    assert_false(votes()); /* one answer is not q - 1 */
    assert_true(votes_status(2, 4, 0, NULL, nonce()));
    decide_one();
    assert_false(votes()); /* its tip was 3 */
    decide_one();
    assert_true(votes());
}

static void a_lie_about_heights_is_waited_for_in_vain(void **state)
{
    (void)state;
    forgotten(4);
    assert_true(votes_status(1, 1000000, 0, NULL, nonce()));
    assert_true(votes_status(2, 1, 0, NULL, nonce()));
    assert_true(votes_status(3, 1, 0, NULL, nonce()));
    decide_one();
    assert_false(votes());
    decide_one();
    assert_true(votes());
}

static void only_answers_to_this_question_count(void **state)
{
    uint8_t other[HALF_SIZE] = { 0 };
    (void)state;
    forgotten(4);
    for (size_t i = 1; i < 4; i++) {
        assert_true(votes_status(i, 1, 0, NULL, NULL));
        assert_true(votes_status(i, 1, 0, NULL, other));
    }
    for (int i = 0; i < 5; i++)
        decide_one();
    assert_false(votes());
}

static void abstaining_outlives_a_crash(void **state)
{
    (void)state;
    forgotten(4);
    assert_true(votes_status(1, 1, 0, NULL, nonce()));
    assert_true(votes_status(2, 1, 0, NULL, nonce()));
    assert_true(net.nodes[ME].vote.len > 0);
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    assert_false(votes());
    decide_one();
    assert_false(votes());
    vote_net_crash(&net, ME);
    vote_net_restart(&net, ME, false);
    assert_false(votes());
    decide_one();
    assert_true(votes());
}

static void where_all_are_needed_it_joins_two_rounds_above(void **state)
{
    (void)state;
    forgotten(3);
    assert_true(votes_status(1, 1, 4, NULL, nonce()));
    assert_true(votes_status(2, 2, 7, NULL, nonce())); /* of another height: not yet */
    assert_false(votes());
    assert_true(votes_status(2, 1, 6, NULL, nonce()));
    assert_true(votes());
    assert_int_equal(votes_round(), 8);
    assert_true(votes_said(MESSAGE_ROUNDCHANGE, 8, NULL));
}

static void alone_it_never_comes_back_by_itself(void **state)
{
    (void)state;
    vote_net_begin(&net, 1, 0);
    net.nodes[0].has_voted = true;
    vote_net_crash(&net, 0);
    vote_net_restart(&net, 0, true);
    vote_net_run(&net, 60000);
    assert_int_equal(net.nodes[0].height, 0);
    assert_false(votes());
}

/* Removed meanwhile: it has no vote to withhold. Simulated seed 119508 waited for it. */
static void one_that_left_does_not_abstain(void **state)
{
    struct consensus_view v;
    (void)state;
    forgotten(4);
    vote_net_look(&net, ME, &v);
    assert_true(v.abstains);
    vote_net_crash(&net, ME);
    net.set.count--;
    memmove(&net.set.at[ME], &net.set.at[ME + 1], (net.set.count - ME) * sizeof net.set.at[0]);
    vote_net_restart(&net, ME, true);
    vote_net_look(&net, ME, &v);
    assert_false(v.votes);
    assert_false(v.abstains);
}

static void among_others_it_comes_back_and_signs_nothing_twice(void **state)
{
    (void)state;
    for (size_t n = 2; n <= 5; n++) {
        vote_net_begin(&net, n, 0);
        assert_true(vote_net_reach(&net, 3, 2000));
        vote_net_crash(&net, 1);
        vote_net_run(&net, 100);
        vote_net_restart(&net, 1, true);
        vote_net_run(&net, 5000);
        struct consensus_view v;
        vote_net_look(&net, 1, &v);
        assert_true(v.votes);
        assert_true(net.nodes[1].height > 10);
        if (n < 5)
            vote_net_end(&net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(after_a_crash_the_same_is_said_again, votes_teardown),
        cmocka_unit_test_teardown(what_was_prepared_is_claimed_after_a_crash, votes_teardown),
        cmocka_unit_test_teardown(a_proposal_survives_with_its_reasons, votes_teardown),
        cmocka_unit_test_teardown(a_restart_in_a_later_round_waits_for_the_certificate,
                                  votes_teardown),
        cmocka_unit_test_teardown(a_damaged_vote_is_a_lost_one, votes_teardown),
        cmocka_unit_test_teardown(a_vote_of_an_older_height_is_over, votes_teardown),
        cmocka_unit_test_teardown(everything_is_said_again, votes_teardown),
        cmocka_unit_test_teardown(one_who_is_behind_is_told_what_was_decided, votes_teardown),
        cmocka_unit_test_teardown(two_heights_above_are_fetched_and_one_after_a_while,
                                  votes_teardown),
        cmocka_unit_test_teardown(who_forgot_says_nothing_and_vouches_for_nobody, votes_teardown),
        cmocka_unit_test_teardown(the_sound_vouch_with_their_answer, votes_teardown),
        cmocka_unit_test_teardown(two_heights_above_what_two_others_answered, votes_teardown),
        cmocka_unit_test_teardown(the_first_answer_of_each_is_taken, votes_teardown),
        cmocka_unit_test_teardown(a_lie_about_heights_is_waited_for_in_vain, votes_teardown),
        cmocka_unit_test_teardown(only_answers_to_this_question_count, votes_teardown),
        cmocka_unit_test_teardown(abstaining_outlives_a_crash, votes_teardown),
        cmocka_unit_test_teardown(where_all_are_needed_it_joins_two_rounds_above, votes_teardown),
        cmocka_unit_test_teardown(alone_it_never_comes_back_by_itself, votes_teardown),
        cmocka_unit_test_teardown(one_that_left_does_not_abstain, votes_teardown),
        cmocka_unit_test_teardown(among_others_it_comes_back_and_signs_nothing_twice,
                                  votes_teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
