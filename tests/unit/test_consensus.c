/* Blocks are agreed on: by one, by four, with one silent, late or lying, and across changes of the set. */
#include "tests/support/vote_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct vote_net net;

static int teardown(void **state)
{
    (void)state;
    vote_net_end(&net);
    return 0;
}

static void one_authority_decides_by_itself(void **state)
{
    (void)state;
    vote_net_begin(&net, 1, 0);
    assert_true(vote_net_reach(&net, 10, 10 * NET_PERIOD));
    for (size_t i = 0; i <= MESSAGE_STATUS; i++)
        assert_int_equal(net.sent[i], 0);       /* nobody is there to hear it */
    assert_int_equal(net.nodes[0].vote.len, 0); /* nor does it need an fsync of its own */
}

static void all_sizes_decide_without_a_round_change(void **state)
{
    (void)state;
    for (size_t n = 2; n <= NET_NODES; n++) {
        vote_net_begin(&net, n, 0);
        assert_true(vote_net_reach(&net, 20, 20 * 50));
        for (uint64_t h = 1; h <= 20; h++)
            assert_int_equal(net.nodes[0].decided_round[h], 0);
        assert_int_equal(net.sent[MESSAGE_ROUNDCHANGE], 0);
        if (n < NET_NODES)
            vote_net_end(&net);
    }
}

static void the_proposer_is_the_next_in_order_of_kid(void **state)
{
    (void)state;
    vote_net_begin(&net, 4, 0);
    assert_true(vote_net_reach(&net, 8, 1000));
    for (uint64_t h = 1; h <= 8; h++)
        assert_true(kid_equal(&net.nodes[0].chain[h].proposer, &net.keys[h % 4].kid));
}

static void with_one_dead_blocks_go_on(void **state)
{
    (void)state;
    vote_net_begin(&net, 4, 0);
    vote_net_crash(&net, 2);
    assert_true(vote_net_reach(&net, 6, 6000));
    assert_int_equal(net.nodes[0].decided_round[1], 0);
    assert_int_equal(net.nodes[0].decided_round[2], 1); /* its turn was missed */
}

static void with_one_of_three_dead_nothing_goes_on_until_it_is_back(void **state)
{
    (void)state;
    vote_net_begin(&net, 3, 0);
    vote_net_crash(&net, 2);
    vote_net_run(&net, 20000);
    assert_int_equal(net.nodes[0].height, 0);
    vote_net_restart(&net, 2, false);
    assert_true(vote_net_reach(&net, 2, 3000));
}

static void a_follower_keeps_up_and_is_silent(void **state)
{
    struct message m;
    (void)state;
    vote_net_begin(&net, 4, 1);
    assert_true(vote_net_reach(&net, 10, 2000));
    for (int t = MESSAGE_STATEMENTS; t < MESSAGE_DECIDED; t++)
        assert_false(vote_net_said(&net, 4, (enum message_type)t, &m));
    assert_true(vote_net_said(&net, 4, MESSAGE_STATUS, &m));
}

static bool first_of_each_is_lost(struct vote_net *n, size_t from, size_t to,
                                  const struct message *m)
{
    static uint64_t seen[NET_NODES][NET_NODES][MESSAGE_STATUS + 1];
    (void)n;
    return m->type != MESSAGE_STATUS && seen[from][to][m->type]++ % 2 == 0;
}

static void what_is_lost_is_said_again(void **state)
{
    (void)state;
    vote_net_begin(&net, 4, 0);
    net.filter = first_of_each_is_lost;
    assert_true(vote_net_reach(&net, 6, 30000));
}

static bool decided_is_lost(struct vote_net *n, size_t from, size_t to, const struct message *m)
{
    (void)n, (void)from;
    return to == 3 && (m->type == MESSAGE_COMMIT || m->type == MESSAGE_DECIDED);
}

static void without_any_decided_it_is_fetched(void **state)
{
    (void)state;
    vote_net_begin(&net, 4, 0);
    net.filter = decided_is_lost;
    assert_true(vote_net_reach(&net, 2, 6000));
    assert_true(net.nodes[3].behind_count > 0);
}

/* Nobody hears COMMITs, so all have the block prepared; it must come again in the rounds that follow. */
static bool commits_are_lost(struct vote_net *n, size_t from, size_t to, const struct message *m)
{
    (void)from, (void)to;
    return m->type == MESSAGE_COMMIT && n->now_ms < NET_START + 2500;
}

static void a_prepared_block_is_decided_in_a_later_round(void **state)
{
    (void)state;
    vote_net_begin(&net, 4, 0);
    net.filter = commits_are_lost;
    assert_true(vote_net_reach(&net, 1, 10000));
    assert_true(net.nodes[0].decided_round[1] > 0);
    assert_true(kid_equal(&net.nodes[0].chain[1].proposer, &net.keys[1].kid)); /* still round 0's */
}

static void the_view_says_how_things_are(void **state)
{
    struct consensus_view v;
    (void)state;
    vote_net_begin(&net, 4, 0);
    net.nodes[0].clock_off_ms = 40;
    net.nodes[2].clock_off_ms = 30;
    vote_net_crash(&net, 3);
    assert_true(vote_net_reach(&net, 4, 9000));
    vote_net_look(&net, 0, &v);
    assert_int_equal(v.members, 4);
    assert_int_equal(v.quorum, 3);
    assert_true(v.votes && !v.abstains);
    assert_int_equal(v.heard[0], 6); /* 1 and 2 */
    assert_true(v.offset_known);
    assert_in_range(v.offset_ms, 40, 60); /* and the way takes a little */
    assert_int_equal(v.height, net.nodes[0].height + 1);
}

/* ------------------------------------------------------------------ sets that change */

static void start_under(size_t node, const struct authority_set *set)
{
    vote_net_step(
        &net, node,
        (struct consensus_event){ .kind = CONSENSUS_START,
                                  .set = set,
                                  .parent = &net.nodes[node].chain[net.nodes[node].height] });
}

static void votes_count_under_the_set_of_the_height(void **state)
{
    struct consensus_view v;
    (void)state;
    vote_net_begin(&net, 4, 0);
    assert_true(vote_net_reach(&net, 3, 1000));
    struct authority_set three = net.set;
    three.count = 3;
    start_under(0, &three);
    vote_net_look(&net, 0, &v);
    assert_int_equal(v.quorum, 3);
    assert_int_equal(v.members, 3);
    assert_true(v.votes);
    struct authority_set others = { 3, { net.set.at[1], net.set.at[2], net.set.at[3] } };
    start_under(0, &others);
    vote_net_look(&net, 0, &v);
    assert_false(v.votes);
    assert_int_equal(v.heard[0], 3); /* whom it heard are the same, at other places */
    struct authority_set one = { 1, { net.set.at[0] } };
    net.nodes[0].work = false;
    start_under(0, &one);
    vote_net_look(&net, 0, &v);
    assert_int_equal(v.quorum, 1);
    assert_int_equal(consensus_wake_ms(net.nodes[0].core),
                     UINT64_MAX); /* nobody to tell anything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_authority_decides_by_itself, teardown),
        cmocka_unit_test_teardown(all_sizes_decide_without_a_round_change, teardown),
        cmocka_unit_test_teardown(the_proposer_is_the_next_in_order_of_kid, teardown),
        cmocka_unit_test_teardown(with_one_dead_blocks_go_on, teardown),
        cmocka_unit_test_teardown(with_one_of_three_dead_nothing_goes_on_until_it_is_back,
                                  teardown),
        cmocka_unit_test_teardown(a_follower_keeps_up_and_is_silent, teardown),
        cmocka_unit_test_teardown(what_is_lost_is_said_again, teardown),
        cmocka_unit_test_teardown(without_any_decided_it_is_fetched, teardown),
        cmocka_unit_test_teardown(a_prepared_block_is_decided_in_a_later_round, teardown),
        cmocka_unit_test_teardown(the_view_says_how_things_are, teardown),
        cmocka_unit_test_teardown(votes_count_under_the_set_of_the_height, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
