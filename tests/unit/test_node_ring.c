/* Machines of one ledger with each other: the same blocks for all, whoever was given what, was off or lies. */
#include "common/block.h"
#include "common/state_proof.h"
#include "tests/support/node_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOUR  4
#define QUICK 500  /* ms: without a round that fails */
#define SLOW  8000 /* with some */

static struct node_ring *ring;

static int setup(void **state)
{
    (void)state;
    ring = node_ring_new(FOUR, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    node_ring_free(ring);
    return 0;
}

/* Who proposes first at the height after the heads. */
static size_t proposer(uint64_t round)
{
    return (size_t)((ring->nodes[0].height + 1 + round) % ring->members);
}

static void check_all_hold(const struct hash *statement)
{
    assert_true(node_ring_agrees(ring));
    for (size_t i = 0; i < ring->count; i++)
        assert_true(!ring->nodes[i].up || node_ring_holds(ring, i, statement));
}

/* ------------------------------------------------------------------ all is well */

static void what_one_is_given_all_commit(void **state)
{
    (void)state;
    for (uint64_t h = 1; h <= 12; h++) {
        struct hash statement = node_ring_read(ring, (size_t)h % FOUR);
        assert_true(node_ring_reach(ring, h, QUICK));
        check_all_hold(&statement);
    }
    for (size_t i = 0; i < FOUR; i++) {
        assert_int_equal(node_core_waiting(ring->nodes[i].core), 0);
        assert_true(ring->nodes[i].persists > 0);
        assert_int_equal(ring->nodes[i].fetches, 0); /* what is in a block was relayed */
        assert_int_equal(ring->nodes[i].alarms[ALARM_BAD_BLOCK], 0);
    }
}

/* What comes while a block is agreed on enters the next, without anybody saying it again. */
static void what_comes_late_is_in_the_next_block(void **state)
{
    (void)state;
    (void)node_ring_read(ring, 0);
    node_ring_run(ring, 2 * RING_DELAY); /* it is proposed */
    struct hash late = node_ring_read(ring, 2);
    assert_int_equal(ring->nodes[2].height, 0);
    assert_true(node_ring_reach(ring, 2, QUICK));
    check_all_hold(&late);
}

static void an_empty_block_comes_by_and_by(void **state)
{
    (void)state;
    node_ring_run(ring, RING_EMPTY - 2 * RING_PERIOD);
    assert_int_equal(ring->nodes[0].height, 0);
    assert_true(node_ring_reach(ring, 1, QUICK));
    assert_true(node_ring_agrees(ring));
    assert_int_equal(ring->nodes[2].blocks[1].statements, 0);
}

static void one_authority_makes_nothing_durable_but_blocks(void **state)
{
    (void)state;
    node_ring_free(ring);
    ring = node_ring_new(1, 0);
    struct hash statement = node_ring_read(ring, 0);
    assert_true(node_ring_reach(ring, 1, 1));
    check_all_hold(&statement);
    assert_int_equal(ring->nodes[0].persists, 0);
    assert_int_equal(ring->nodes[0].relays, 0);
}

/* A sealed statement that comes again makes no block, wherever it is given, and its sender is told. */
static void a_repeat_is_turned_away_by_all(void **state)
{
    static const int centi[] = { 450 };
    struct buf st = buf_heap(STATEMENT_MAX);
    (void)state;
    (void)kit_sign(&ring->device, kit_temperatures(centi, 1, 0), KIT_T0, &st);
    assert_int_equal(node_ring_give(ring, 0, buf_slice(&st)), POOL_TAKEN);
    assert_true(node_ring_reach(ring, 1, QUICK));
    for (size_t i = 0; i < FOUR; i++)
        assert_int_equal(node_ring_give(ring, i, buf_slice(&st)), POOL_TAKEN);
    node_ring_run(ring, 3000);
    for (size_t i = 0; i < FOUR; i++) {
        struct consensus_view view;
        assert_true(ring->nodes[i].refused > 0);
        assert_int_equal(ring->nodes[i].last_refused, REFUSED_REPEAT);
        assert_int_equal(node_core_waiting(ring->nodes[i].core), 0);
        assert_int_equal(ring->nodes[i].height, 1);
        node_core_look(ring->nodes[i].core, ring->now_ms, &view);
        assert_int_equal(view.round, 0);
    }
    buf_free(&st);
}

/* ------------------------------------------------------------------ followers, and those who were off */

static void a_key_that_is_not_of_the_set_follows(void **state)
{
    (void)state;
    node_ring_free(ring);
    ring = node_ring_new(FOUR, 1);
    for (uint64_t h = 1; h <= 5; h++) {
        struct hash statement = node_ring_read(ring, 1);
        assert_true(node_ring_reach(ring, h, SLOW));
        check_all_hold(&statement);
    }
    assert_int_equal(ring->nodes[FOUR].persists, 0);
}

/* What a client gave a follower goes to the authorities. */
static void a_follower_relays(void **state)
{
    (void)state;
    node_ring_free(ring);
    ring = node_ring_new(FOUR, 1);
    struct hash statement = node_ring_read(ring, FOUR);
    assert_true(node_ring_reach(ring, 1, SLOW));
    check_all_hold(&statement);
}

static void one_that_was_off_catches_up(void **state)
{
    (void)state;
    struct hash statement = { 0 };
    node_ring_stop(ring, 3);
    for (uint64_t h = 1; h <= 30; h++) {
        statement = node_ring_read(ring, 0);
        assert_true(node_ring_reach(ring, h, SLOW));
    }
    node_ring_start(ring, 3);
    assert_true(node_ring_reach(ring, 30, 3000));
    check_all_hold(&statement);
    assert_true(ring->nodes[3].catch_ups > 1);
    node_ring_stop(ring, 0); /* and now it is needed */
    statement = node_ring_read(ring, 3);
    assert_true(node_ring_reach(ring, 31, SLOW));
    check_all_hold(&statement);
}

static void a_sealed_block_that_does_not_follow_is_refused(void **state)
{
    (void)state;
    struct err err;
    struct node_time now;
    node_ring_stop(ring, 3);
    for (uint64_t h = 1; h <= 2; h++) {
        (void)node_ring_read(ring, 0);
        assert_true(node_ring_reach(ring, h, SLOW));
    }
    ring->filter = NULL;
    node_ring_start(ring, 3);
    now = (struct node_time){ KIT_T0 + ring->now_ms, ring->now_ms };
    struct node_core *core = ring->nodes[3].core;
    const struct ring_block *one = &ring->nodes[0].blocks[1], *two = &ring->nodes[0].blocks[2];
    assert_false(
        node_core_catch_up(core, buf_slice(&two->block), buf_slice(&two->seals), now, &err));
    assert_false(
        node_core_catch_up(core, buf_slice(&one->block), buf_slice(&two->seals), now, &err));
    struct buf spoiled = buf_heap(BLOCK_SIZE_MAX);
    buf_add_slice(&spoiled, buf_slice(&one->block));
    spoiled.data[spoiled.len - 1] ^= 1; /* its statement is another then */
    assert_false(node_core_catch_up(core, buf_slice(&spoiled), buf_slice(&one->seals), now, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_false(node_core_failed(core));
    buf_free(&spoiled);
    assert_true(node_ring_reach(ring, 2, SLOW));
}

/* ------------------------------------------------------------------ bodies */

static bool no_statements_to_3(struct node_ring *r, size_t from, size_t to, const struct message *m)
{
    (void)r;
    (void)from;
    return m->type == MESSAGE_STATEMENTS && to == 3;
}

static void a_body_that_is_not_in_the_pool_is_fetched(void **state)
{
    (void)state;
    ring->filter = no_statements_to_3;
    for (uint64_t h = 1; h <= 4; h++) {
        struct hash statement = node_ring_read(ring, 0);
        assert_true(node_ring_reach(ring, h, SLOW));
        check_all_hold(&statement);
    }
    assert_true(ring->nodes[3].fetches >= 3);
    assert_int_equal(ring->nodes[1].fetches, 0);
}

static bool nothing_that_helps_3(struct node_ring *r, size_t from, size_t to,
                                 const struct message *m)
{
    return no_statements_to_3(r, from, to, m) || (m->type == MESSAGE_STATUS && to == 3);
}

/* The liar has proposed it and has the lowest kid: the honest ones that sealed it are asked as well. */
static void one_that_gives_garbage_for_bodies_hinders_nobody(void **state)
{
    (void)state;
    for (uint64_t h = 1; h <= 3; h++) {
        (void)node_ring_read(ring, 0);
        assert_true(node_ring_reach(ring, h, SLOW));
    }
    ring->filter = nothing_that_helps_3;
    ring->nodes[0].garbage = true;
    (void)node_ring_read(ring, 0);
    assert_true(node_ring_reach(ring, 4, SLOW));
}

/* A body may be anything: only what gives the header's own tree is taken for it. */
static void another_body_is_not_taken(void **state)
{
    (void)state;
    ring->filter = no_statements_to_3;
    ring->no_fetch = true;
    (void)node_ring_read(ring, 0);
    node_ring_run(ring, 200);
    assert_int_equal(ring->nodes[0].height, 1);
    assert_int_equal(ring->nodes[3].height, 0);
    struct node_core *core = ring->nodes[3].core;
    struct node_time now = { KIT_T0 + ring->now_ms, ring->now_ms };
    const struct ring_block *b = &ring->nodes[0].blocks[1];
    struct buf spoiled = buf_heap(BLOCK_SIZE_MAX);
    buf_add_slice(&spoiled, buf_slice(&b->block));
    spoiled.data[spoiled.len - 1] ^= 1;
    node_core_body(core, buf_slice(&spoiled), now);
    assert_int_equal(node_core_find_body(core, &b->hash).len, 0);
    node_core_body(core, slice_text("\x80"), now);
    node_core_body(core, buf_slice(&b->block), now);
    node_ring_run(ring, 10);
    assert_int_equal(ring->nodes[3].height, 1);
    buf_free(&spoiled);
}

/* ------------------------------------------------------------------ proposals */

/* A PROPOSE of round 0 by the one whose turn it is, for an empty block that says `state` of itself. */
static void propose_falsely(size_t from, const struct hash *state_root)
{
    struct ring_node *n = &ring->nodes[from];
    struct header h = n->chain.head;
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf raw = buf_fixed(memory, sizeof memory), body = buf_heap(4096), out = buf_heap(8192);
    h.rules = RULES_VERSION;
    h.height++;
    h.prev = n->chain.head_hash;
    h.time_ms = KIT_T0 + ring->now_ms;
    h.proposer = n->key.kid;
    h.outcomes = merkle_empty();
    h.state = *state_root;
    header_put(&raw, &h);
    cbor_put_array(&body, 4);
    cbor_put_bytes(&body, buf_slice(&raw));
    cbor_put_array(&body, 0);
    cbor_put_array(&body, 0);
    cbor_put_null(&body);
    struct message_draft draft = { MESSAGE_PROPOSE, h.height, 0, buf_slice(&body) };
    message_sign(&draft, &n->key, &h.ledger, &out);
    for (size_t i = 0; i < ring->count; i++)
        if (i != from)
            node_ring_send(ring, from, i, buf_slice(&out));
    buf_free(&body);
    buf_free(&out);
}

static size_t liar;

static bool only_the_lie(struct node_ring *r, size_t from, size_t to, const struct message *m)
{
    (void)to;
    return from == liar && m->type == MESSAGE_PROPOSE && m->round == 0 &&
           !hash_equal(&m->as.propose.header.state, &r->nodes[0].chain.head_hash);
}

/* Its statements would be others: nobody PREPAREs it, and the next one's turn comes. */
static void a_proposal_that_does_not_hold_is_refused(void **state)
{
    (void)state;
    liar = proposer(0);
    struct hash wrong = ring->nodes[0].chain.head_hash;
    ring->filter = only_the_lie;
    struct hash statement = node_ring_read(ring, (liar + 1) % FOUR);
    propose_falsely(liar, &wrong);
    assert_true(node_ring_reach(ring, 1, SLOW));
    check_all_hold(&statement);
    for (size_t i = 0; i < FOUR; i++)
        if (i != liar)
            assert_int_equal(ring->nodes[i].alarms[ALARM_BAD_BLOCK], 1);
    assert_true(ring->now_ms > RING_START + 1000); /* a round was lost */
}

static bool what_the_liar_relays(struct node_ring *r, size_t from, size_t to,
                                 const struct message *m)
{
    (void)r;
    (void)to;
    return from == liar && m->type == MESSAGE_STATEMENTS;
}

/* A statement whose signature does not hold, in a block whose roots do: it is fetched, and found out. */
static void a_block_with_a_forged_statement_is_refused(void **state)
{
    struct buf st = buf_heap(STATEMENT_MAX);
    (void)state;
    liar = proposer(0);
    ring->filter = what_the_liar_relays;
    (void)kit_sign(&ring->owner, kit_commission(KIT_UNIT), KIT_T0 + ring->now_ms, &st);
    st.data[st.len - 1] ^= 1;
    assert_int_equal(node_ring_give(ring, liar, buf_slice(&st)), POOL_TAKEN);
    struct hash forged = crypto_sha256(buf_slice(&st));
    struct hash honest = node_ring_read(ring, (liar + 1) % FOUR);
    assert_true(node_ring_reach(ring, 1, SLOW));
    check_all_hold(&honest);
    for (size_t i = 0; i < FOUR; i++) {
        assert_false(node_ring_holds(ring, i, &forged));
        if (i != liar)
            assert_int_equal(ring->nodes[i].alarms[ALARM_BAD_BLOCK], 1);
    }
    buf_free(&st);
}

static size_t favoured;

/* What the proposer of round 0 says is heard by one alone. */
static bool round_0_to_one(struct node_ring *r, size_t from, size_t to, const struct message *m)
{
    (void)r;
    return from == liar && to != favoured && m->round == 0 && m->height == 1 &&
           m->type != MESSAGE_STATUS && m->type != MESSAGE_STATEMENTS;
}

/* One executed another block for this height than the one that is decided. */
static void a_tried_block_gives_way_to_the_decided_one(void **state)
{
    (void)state;
    liar = proposer(0);
    favoured = (liar + 2) % FOUR;
    ring->filter = round_0_to_one;
    struct hash statement = node_ring_read(ring, liar);
    node_ring_run(ring, 50);
    struct consensus_view view;
    node_core_look(ring->nodes[favoured].core, ring->now_ms, &view);
    assert_int_equal(view.phase, PHASE_PREPARE); /* it has tried it */
    assert_true(node_ring_reach(ring, 1, SLOW));
    check_all_hold(&statement);
    assert_true(kid_equal(&ring->nodes[0].chain.head.proposer, &ring->nodes[proposer(0)].key.kid));
    for (uint64_t h = 2; h <= 4; h++) {
        statement = node_ring_read(ring, favoured);
        assert_true(node_ring_reach(ring, h, SLOW));
        check_all_hold(&statement);
    }
}

static bool no_commits(struct node_ring *r, size_t from, size_t to, const struct message *m)
{
    (void)r;
    (void)from;
    (void)to;
    return m->type == MESSAGE_COMMIT || m->type == MESSAGE_DECIDED;
}

/* While a block is tried, who asks is shown the head's state; the block is kept all the same. */
static void proofs_are_of_the_head_while_a_block_is_tried(void **state)
{
    (void)state;
    struct chain *c = &ring->nodes[1].chain;
    ring->filter = no_commits;
    (void)node_ring_read(ring, 0);
    node_ring_run(ring, 100);
    assert_int_equal(ring->nodes[1].height, 0);
    struct hash tried = state_tree_root(c->state);
    assert_false(hash_equal(&tried, &c->head.state));
    assert_true(chain_undo(c));
    struct state_key key = state_key_plain(TABLE_PARAMS);
    struct slice value;
    struct state_proof proof;
    struct buf out = buf_heap(1 << 16);
    assert_true(memory_state_get(ring->nodes[1].state, state_key_slice(&key), &value));
    state_tree_prove(c->state, state_key_slice(&key), value, &out);
    assert_true(state_proof_verify(buf_slice(&out), &c->head.state, &proof, NULL));
    ring->filter = NULL;
    assert_true(node_ring_reach(ring, 1, SLOW));
    struct hash kept = state_tree_root(c->state);
    assert_true(hash_equal(&tried, &c->head.state));
    assert_true(hash_equal(&kept, &c->head.state));
    assert_true(node_ring_agrees(ring));
    buf_free(&out);
}

/* ------------------------------------------------------------------ power cuts */

/* All have sealed, none has heard a seal; then the power goes for all. */
static void what_was_sealed_before_a_power_cut_is_decided_after_it(void **state)
{
    (void)state;
    ring->filter = no_commits;
    struct hash statement = node_ring_read(ring, 0);
    node_ring_run(ring, 100);
    struct consensus_view view;
    node_core_look(ring->nodes[2].core, ring->now_ms, &view);
    assert_int_equal(view.phase, PHASE_COMMIT);
    for (size_t i = 0; i < FOUR; i++)
        node_ring_stop(ring, i);
    ring->filter = NULL;
    ring->now_ms += 5000;
    for (size_t i = 0; i < FOUR; i++)
        node_ring_start(ring, i);
    assert_true(node_ring_reach(ring, 1, SLOW));
    check_all_hold(&statement); /* though no pool has it any more */
    assert_int_equal(ring->nodes[0].blocks[1].statements, 1);
}

static void one_after_the_other_is_switched_off_and_on(void **state)
{
    (void)state;
    struct hash statement = { 0 };
    for (uint64_t h = 1; h <= 12; h++) {
        size_t place = (size_t)h % FOUR;
        node_ring_stop(ring, place);
        statement = node_ring_read(ring, (place + 1) % FOUR);
        node_ring_run(ring, 20 * h);
        node_ring_start(ring, place);
        assert_true(node_ring_reach(ring, h, SLOW));
        check_all_hold(&statement);
    }
}

/* Those of the next height that came early are not lost. */
static bool slow_to_2(struct node_ring *r, size_t from, size_t to, const struct message *m)
{
    (void)r;
    (void)from;
    return to == 2 && m->height == 1 && m->type != MESSAGE_STATEMENTS;
}

static void one_that_misses_a_height_comes_after(void **state)
{
    (void)state;
    ring->filter = slow_to_2;
    for (uint64_t h = 1; h <= 3; h++) {
        (void)node_ring_read(ring, 0);
        node_ring_run(ring, h == 1 ? 400 : 1200); /* the second is its turn */
    }
    assert_int_equal(ring->nodes[0].height, 3);
    assert_true(node_ring_reach(ring, 3, SLOW));
    assert_true(node_ring_agrees(ring));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_one_is_given_all_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_late_is_in_the_next_block, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_block_comes_by_and_by, setup, teardown),
        cmocka_unit_test_setup_teardown(one_authority_makes_nothing_durable_but_blocks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_repeat_is_turned_away_by_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_is_not_of_the_set_follows, setup, teardown),
        cmocka_unit_test_setup_teardown(a_follower_relays, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_was_off_catches_up, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sealed_block_that_does_not_follow_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_body_that_is_not_in_the_pool_is_fetched, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_gives_garbage_for_bodies_hinders_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_body_is_not_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proposal_that_does_not_hold_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_block_with_a_forged_statement_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_tried_block_gives_way_to_the_decided_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(proofs_are_of_the_head_while_a_block_is_tried, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_sealed_before_a_power_cut_is_decided_after_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(one_after_the_other_is_switched_off_and_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_misses_a_height_comes_after, setup, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
