/* Votes: who counts, for what, in which round; and what is said only once. */
#include "tests/unit/support_votes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Round 0 of height 1 is node 1's turn, round 1 node 2's, and so on. */

static void three_of_four_prepares_make_a_commit(void **state)
{
    (void)state;
    votes_alone(4, 1);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_said(MESSAGE_PREPARE, 0, &h));
    assert_true(votes_prepare(1, 0, &h));
    assert_true(votes_prepare(1, 0, &h));  /* once more is no second */
    assert_false(votes_prepare(4, 0, &h)); /* a follower's does not count */
    assert_int_equal(votes_sent(MESSAGE_COMMIT), 0);
    assert_true(votes_prepare(3, 0, &h));
    assert_true(votes_said(MESSAGE_COMMIT, 0, &h));
}

static void all_of_three_are_needed(void **state)
{
    (void)state;
    votes_alone(3, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_prepare(1, 0, &h));
    assert_int_equal(votes_sent(MESSAGE_COMMIT), 0);
    assert_true(votes_commit(1, 0, &h));
    assert_true(votes_prepare(2, 0, &h));
    assert_int_equal(votes_sent(MESSAGE_COMMIT), 1);
    assert_int_equal(votes_height(), 0);
    assert_true(votes_commit(2, 0, &h));
    assert_int_equal(votes_height(), 1);
}

static void five_of_six_and_five_of_seven(void **state)
{
    (void)state;
    for (size_t n = 6; n <= 7; n++) {
        votes_alone(n, 0);
        struct header h = votes_block(1);
        assert_true(votes_propose(1, 0, &h, 0, NULL));
        for (size_t i = 1; i <= 4; i++) {
            assert_int_equal(votes_sent(MESSAGE_COMMIT), 0);
            assert_true(votes_prepare(i, 0, &h));
        }
        assert_int_equal(votes_sent(MESSAGE_COMMIT), 1);
        if (n == 6)
            vote_net_end(&net);
    }
}

static void prepares_before_the_proposal_are_kept(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_prepare(2, 0, &h));
    assert_true(votes_prepare(3, 0, &h));
    assert_int_equal(votes_sent(MESSAGE_COMMIT), 0);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_int_equal(votes_sent(MESSAGE_COMMIT), 1);
}

static void seals_of_one_round_decide(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_commit(1, 0, &h));
    assert_true(votes_commit(2, 0, &h));
    assert_int_equal(votes_height(), 0);
    assert_true(votes_commit(2, 0, &h));
    assert_int_equal(votes_height(), 0);
    assert_true(votes_commit(3, 0, &h));
    assert_int_equal(votes_height(), 1);
}

static void seals_of_mixed_rounds_do_not_decide(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_commit(1, 0, &h));
    assert_true(votes_commit(2, 1, &h));
    assert_true(votes_commit(3, 2, &h));
    assert_int_equal(votes_height(), 0);
    assert_true(votes_commit(1, 2, &h));
    assert_int_equal(votes_height(), 0);
    assert_true(
        votes_commit(2, 2, &h)); /* rounds that others have left still count, each for itself */
    assert_int_equal(votes_height(), 1);
    assert_int_equal(net.nodes[ME].decided_round[1], 2);
}

static void seals_before_the_header_is_known_count_later(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    for (size_t i = 1; i <= 3; i++)
        assert_true(votes_commit(i, 0, &h));
    assert_int_equal(votes_height(), 0);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_int_equal(votes_height(), 1);
}

/* The block's hash, but another time, size or tree: no proof of this header. */
static void seals_with_false_claims_do_not_count(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    uint8_t memory[3][SEAL_SIZE_MAX];
    for (size_t i = 1; i <= 2; i++)
        assert_true(votes_commit(i, 0, &h));
    struct buf protected = buf_fixed(memory[0], SEAL_SIZE_MAX);
    struct buf scratch = buf_fixed(memory[1], SEAL_SIZE_MAX),
               seal = buf_fixed(memory[2], SEAL_SIZE_MAX);
    struct seal_claims claims = { h.ledger, h.time_ms / 1000 + 1, h.height, 0,
                                  h.size,   header_hash(&h) };
    cose_put_seal_claims(&protected, &net.keys[3].kid, &claims);
    cose_sign(buf_slice(&protected), (struct slice){ NULL, 0 }, hash_slice(&h.tree), &net.keys[3],
              &scratch, &seal);
    struct buf out = buf_heap(4096);
    struct message_draft d = { MESSAGE_COMMIT, h.height, 0, buf_slice(&seal) };
    vote_net_sign(&net, 3, &d, &out);
    assert_true(vote_net_give(&net, ME, buf_slice(&out)));
    buf_free(&out);
    assert_int_equal(votes_height(), 0);
}

static void a_stranger_s_votes_do_not_count(void **state)
{
    (void)state;
    votes_alone(4, 1);
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_commit(1, 0, &h));
    assert_true(votes_commit(2, 0, &h));
    assert_false(votes_commit(4, 0, &h));
    assert_int_equal(votes_height(), 0);
    /* Nor when whoever verifies let them through. */
    struct message m;
    struct buf out = buf_heap(4096);
    vote_net_commit(&net, 4, 0, &h, &out);
    assert_true(message_decode(buf_slice(&out), &m, NULL));
    vote_net_step(&net, ME, (struct consensus_event){ .kind = CONSENSUS_MESSAGE, .message = &m });
    assert_int_equal(votes_height(), 0);
    buf_free(&out);
}

static void prepare_is_said_once_a_round(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1), other = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_true(votes_propose(1, 0, &other, 0, NULL));
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 1);
    assert_true(votes_said(MESSAGE_PREPARE, 0, &h));
    assert_int_equal(net.nodes[ME].evidence_count, 1);
    assert_true(votes_propose(1, 0, &other, 0, NULL));
    assert_int_equal(net.nodes[ME].evidence_count, 1); /* told once */
}

static void who_is_not_the_proposer_proposes_in_vain(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(2);
    assert_true(votes_propose(2, 0, &h, 0, NULL));
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
}

static void an_invalid_block_is_not_prepared(void **state)
{
    (void)state;
    votes_alone(4, 0);
    net.refuse = true;
    struct header h = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    net.refuse = false;
    struct header second = votes_block(1);
    assert_true(votes_propose(1, 0, &second, 0, NULL));
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_int_equal(net.nodes[ME].judged_count, 1);
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
}

static void a_block_of_another_tip_set_or_height_is_not_looked_at(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    h.prev.bytes[0] ^= 1;
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    h = votes_block(1);
    h.set.bytes[0] ^= 1;
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    h = votes_block(1);
    h.ledger.bytes[0] ^= 1;
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    h = votes_block(1);
    h.time_ms = net.genesis.time_ms;
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_int_equal(net.nodes[ME].judged_count, 0);
}

static void without_its_body_nothing_is_said_until_it_comes(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    net.withhold[ME] = true;
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_int_equal(net.nodes[ME].judged_count, 1);
    vote_net_run(&net, CONSENSUS_RESEND_MS + 1);
    assert_in_range(net.nodes[ME].judged_count, 2, 3); /* asked again */
    assert_int_equal(votes_sent(MESSAGE_PREPARE), 0);
    vote_net_step(&net, ME, (struct consensus_event){ .kind = CONSENSUS_VALID, .header = &h });
    assert_true(votes_said(MESSAGE_PREPARE, 0, &h));
}

static void two_votes_of_one_are_evidence(void **state)
{
    struct message a, b;
    (void)state;
    for (int seals = 0; seals < 2; seals++) {
        votes_alone(4, 0);
        struct header h = votes_block(1), other = votes_block(1);
        bool (*vote)(size_t, uint64_t, const struct header *) =
            seals ? votes_commit : votes_prepare;
        assert_true(vote(2, 5, &h));
        assert_true(vote(2, 6, &other)); /* another round: as it should be */
        assert_true(vote(2, 5, &h));
        assert_int_equal(net.nodes[ME].evidence_count, 0);
        assert_true(vote(2, 5, &other));
        assert_int_equal(net.nodes[ME].evidence_count, 1);
        assert_true(message_decode(buf_slice(&net.nodes[ME].evidence[0]), &a, NULL));
        assert_true(message_decode(buf_slice(&net.nodes[ME].evidence[1]), &b, NULL));
        assert_true(message_verify(&a, &net.genesis.ledger, &net.set, NULL, NULL));
        assert_true(message_verify(&b, &net.genesis.ledger, &net.set, NULL, NULL));
        assert_int_equal(a.type, seals ? MESSAGE_COMMIT : MESSAGE_PREPARE);
        assert_true(kid_equal(&a.from, &b.from) && a.round == b.round && a.height == b.height);
        assert_false(slice_equal(a.body, b.body));
        if (!seals)
            vote_net_end(&net);
    }
}

static void a_second_seal_that_comes_late_is_evidence_too(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1), other = votes_block(1);
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    for (size_t i = 1; i < 4; i++)
        assert_true(votes_commit(i, 0, &h));
    assert_int_equal(votes_height(), 1);
    assert_true(votes_commit(2, 0, &h));
    assert_true(votes_commit(2, 1, &other)); /* of another round */
    assert_int_equal(net.nodes[ME].evidence_count, 0);
    assert_true(votes_commit(2, 0, &other));
    assert_int_equal(net.nodes[ME].evidence_count, 1);
}

/* A thousand rounds ahead is nonsense; and a liar's many rounds push out only its own votes. */
static void absurd_rounds_are_not_kept(void **state)
{
    (void)state;
    votes_alone(4, 0);
    struct header h = votes_block(1);
    for (size_t i = 1; i < 4; i++) {
        assert_true(votes_commit(i, CONSENSUS_ROUNDS_AHEAD + 1, &h));
        assert_true(votes_roundchange(i, CONSENSUS_ROUNDS_AHEAD + 1, NULL));
    }
    for (uint64_t r = 0; r < 50; r++)
        assert_true(votes_commit(3, r, &h));
    assert_true(votes_propose(1, 0, &h, 0, NULL));
    assert_int_equal(votes_round(), 0);
    assert_int_equal(votes_height(), 0);
    assert_true(votes_commit(1, 0, &h));
    assert_true(votes_commit(2, 0, &h));
    assert_true(votes_prepare(1, 0, &h));
    assert_true(votes_prepare(2, 0, &h)); /* and my own COMMIT is the third */
    assert_int_equal(votes_height(), 1);
}

/* DECIDED of round 2 by a follower: seals of `who`, the first of them twice, and in round 1 if odd. */
static void give_decided(const struct header *h, unsigned who, bool odd)
{
    struct buf body = buf_heap(1 << 16), out = buf_heap(1 << 16);
    uint8_t memory[HEADER_SIZE_MAX], seal_memory[SEAL_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    size_t first = (size_t)__builtin_ctz(who);
    header_put(&header, h);
    cbor_put_array(&body, 3);
    cbor_put_bytes(&body, buf_slice(&header));
    cbor_put_array(&body, 0);
    cbor_put_array(&body, (size_t)__builtin_popcount(who) + 1);
    for (size_t i = 0; i <= 4; i++) {
        size_t by = i == 4 ? first : i;
        if ((who >> by & 1) == 0)
            continue;
        struct buf seal = buf_fixed(seal_memory, sizeof seal_memory);
        seal_sign(h, odd && by == first ? 1 : 2, &net.keys[by], &seal);
        cbor_put_bytes(&body, buf_slice(&seal));
    }
    struct message_draft d = { MESSAGE_DECIDED, 1, 2, buf_slice(&body) };
    vote_net_sign(&net, 4, &d, &out);
    assert_true(vote_net_give(&net, ME, buf_slice(&out)));
    buf_free(&out);
    buf_free(&body);
}

static void decided_is_believed_by_its_seals(void **state)
{
    (void)state;
    votes_alone(4, 1);
    struct header h = votes_block(1);
    for (unsigned who = 1; who < 15; who++)
        for (int odd = 0; odd < 2; odd++)
            if (__builtin_popcount(who) < 3 + odd)
                give_decided(&h, who, odd == 1);
    assert_int_equal(votes_height(), 0);
    give_decided(&h, 15, true); /* three of round 2, and one of round 1 that does not count */
    assert_int_equal(votes_height(), 1);
    assert_int_equal(net.nodes[ME].decided_round[1], 2);
}

/* Each costs a signature's verifying: one that lies must not be able to ask for dozens at once. */
static void far_more_seals_than_authorities_are_not_looked_at(void **state)
{
    (void)state;
    votes_alone(4, 1);
    struct header h = votes_block(1);
    uint8_t memory[HEADER_SIZE_MAX], seal_memory[SEAL_SIZE_MAX];
    for (size_t seals = 8; seals <= 9; seals++) {
        struct buf body = buf_heap(1 << 16), out = buf_heap(1 << 16);
        struct buf header = buf_fixed(memory, sizeof memory);
        header_put(&header, &h);
        cbor_put_array(&body, 3);
        cbor_put_bytes(&body, buf_slice(&header));
        cbor_put_array(&body, 0);
        cbor_put_array(&body, seals);
        for (size_t i = 0; i < seals; i++) {
            struct buf seal = buf_fixed(seal_memory, sizeof seal_memory);
            seal_sign(&h, i, &net.keys[0], &seal);
            cbor_put_bytes(&body, buf_slice(&seal));
        }
        struct message_draft d = { MESSAGE_DECIDED, 1, 2, buf_slice(&body) };
        vote_net_sign(&net, 0, &d, &out);
        assert_int_equal(vote_net_give(&net, ME, buf_slice(&out)), seals == 8);
        buf_free(&out);
        buf_free(&body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(three_of_four_prepares_make_a_commit, votes_teardown),
        cmocka_unit_test_teardown(all_of_three_are_needed, votes_teardown),
        cmocka_unit_test_teardown(five_of_six_and_five_of_seven, votes_teardown),
        cmocka_unit_test_teardown(prepares_before_the_proposal_are_kept, votes_teardown),
        cmocka_unit_test_teardown(seals_of_one_round_decide, votes_teardown),
        cmocka_unit_test_teardown(seals_of_mixed_rounds_do_not_decide, votes_teardown),
        cmocka_unit_test_teardown(seals_before_the_header_is_known_count_later, votes_teardown),
        cmocka_unit_test_teardown(seals_with_false_claims_do_not_count, votes_teardown),
        cmocka_unit_test_teardown(a_stranger_s_votes_do_not_count, votes_teardown),
        cmocka_unit_test_teardown(prepare_is_said_once_a_round, votes_teardown),
        cmocka_unit_test_teardown(who_is_not_the_proposer_proposes_in_vain, votes_teardown),
        cmocka_unit_test_teardown(an_invalid_block_is_not_prepared, votes_teardown),
        cmocka_unit_test_teardown(a_block_of_another_tip_set_or_height_is_not_looked_at,
                                  votes_teardown),
        cmocka_unit_test_teardown(without_its_body_nothing_is_said_until_it_comes, votes_teardown),
        cmocka_unit_test_teardown(two_votes_of_one_are_evidence, votes_teardown),
        cmocka_unit_test_teardown(a_second_seal_that_comes_late_is_evidence_too, votes_teardown),
        cmocka_unit_test_teardown(absurd_rounds_are_not_kept, votes_teardown),
        cmocka_unit_test_teardown(decided_is_believed_by_its_seals, votes_teardown),
        cmocka_unit_test_teardown(far_more_seals_than_authorities_are_not_looked_at,
                                  votes_teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
