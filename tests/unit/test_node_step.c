/* The node as a machine: when a block is due, what goes into it, what waits, and what is turned away. */
#include "common/block.h"
#include "common/genesis.h"
#include "common/outcome.h"
#include "tests/support/memory_state.h"
#include "tests/support/node_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PERIOD 500
#define EMPTY  60000

struct fixture {
    struct memory_state *state;
    struct chain chain;
    struct node_core *core;
    struct kit_signer device, member;
    uint64_t steady_ms;
    struct done {
        bool stored; /* a block */
        struct commit commit;
        size_t refused_count;
        struct node_refused refused[8]; /* the first of them */
    } actions;
};
static struct fixture fx;

static bool get(void *ctx, struct slice key, struct buf *value)
{
    struct slice found;
    if (!memory_state_get(ctx, key, &found))
        return false;
    buf_add_slice(value, found);
    return true;
}

static bool no_fetch(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    (void)source;
    (void)level;
    (void)index;
    (void)ret_hash;
    return false; /* the tree is empty: nothing to ask for */
}

static void load_chain(struct slice genesis)
{
    struct genesis g;
    struct err err = { .msg = "" };
    assert_true(genesis_decode(genesis, &g, NULL));
    fx.state = memory_state_new();
    memory_state_load(fx.state, genesis);
    assert_true(chain_init(&fx.chain, get, fx.state));
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        struct hash key_hash = crypto_sha256(key);
        assert_true(chain_load_entry(&fx.chain, &key_hash, key, value));
    }
    if (!chain_load_head(&fx.chain, &g.header, no_fetch, NULL, &err))
        fail_msg("%s", err.msg);
}

static int setup(void **state)
{
    struct kit kit;
    struct buf genesis = buf_heap(1 << 16);
    struct key_pair farm = kit_pair("farm"), node = kit_pair("node"), device = kit_pair("device");
    struct node_core_options options = { .authority = node,
                                         .period_ms = PERIOD,
                                         .empty_ms = EMPTY };
    (void)state;
    kit_begin(&kit, KIT_T0, false);
    kit_add_member(&kit, &farm, "Farm A");
    kit_add_key(&kit, &node, &farm.kid, CLASS_AUTHORITY);
    kit_add_key(&kit, &device, &farm.kid, CLASS_DEVICE);
    kit_genesis(&kit, &genesis);
    load_chain(buf_slice(&genesis));
    kit_signer_begin(&fx.device, &device, &kit.identity.genesis.ledger);
    kit_signer_begin(&fx.member, &farm, &kit.identity.genesis.ledger);
    fx.core = node_core_new(&options, &fx.chain, NULL);
    assert_non_null(fx.core);
    fx.steady_ms = 1000000;
    buf_free(&genesis);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    node_core_free(fx.core);
    chain_free(&fx.chain);
    memory_state_free(fx.state);
    return 0;
}

/* ------------------------------------------------------------------ */

static void take_block(const struct commit *c, struct node_time now)
{
    fx.actions.stored = true;
    fx.actions.commit = *c;
    for (size_t i = 0; i < c->write_count; i++)
        memory_state_set(fx.state, c->writes[i].key, c->writes[i].value);
    node_core_stored(fx.core, now);
}

/* One authority has nobody to talk to, and its block is all that is to be durable. */
static void perform(const struct node_action *a, struct node_time now)
{
    if (a->kind == NODE_STORE) {
        take_block(&a->commit, now);
        return;
    }
    assert_int_equal(a->kind, NODE_REFUSED);
    for (size_t i = 0; i < a->refused_count; i++)
        if (fx.actions.refused_count < 8)
            fx.actions.refused[fx.actions.refused_count++] = a->refused[i];
}

/* Steps at now + ms; a block is taken as stored. Returns its number of statements, -1 when none was made. */
static int step_at(uint64_t ms, uint64_t clock_ms)
{
    struct node_action action;
    fx.steady_ms += ms;
    struct node_time now = { clock_ms, fx.steady_ms };
    fx.actions = (struct done){ .stored = false };
    node_core_tick(fx.core, now);
    while (node_core_next(fx.core, &action))
        perform(&action, now);
    assert_false(node_core_failed(fx.core));
    return fx.actions.stored ? (int)fx.actions.commit.statement_count : -1;
}

static int step(uint64_t ms)
{
    return step_at(ms, KIT_T0 + fx.steady_ms + ms);
}

static enum pool_answer add(struct slice bytes)
{
    struct parcel *p = malloc(sizeof *p + bytes.len);
    assert_non_null(p);
    p->len = bytes.len;
    p->from_peer = false;
    p->arrived_ms = fx.steady_ms;
    memcpy(p->bytes, bytes.data, bytes.len);
    assert_true(statement_decode(slice_of(p->bytes, p->len), &p->st, NULL));
    enum pool_answer answer = node_core_add(fx.core, p);
    if (answer != POOL_TAKEN)
        free(p);
    return answer;
}

static struct buf reading(void)
{
    static const int centi[] = { 450 };
    struct buf out = buf_heap(STATEMENT_MAX);
    (void)kit_sign(&fx.device, kit_temperatures(centi, 1, 0), KIT_T0 + fx.steady_ms, &out);
    return out;
}

static void add_reading(void)
{
    struct buf st = reading();
    assert_int_equal(add(buf_slice(&st)), POOL_TAKEN);
    buf_free(&st);
}

static void a_block_is_due_when_there_is_work_and_the_period_over(void **state)
{
    (void)state;
    assert_int_equal(step(0), -1);
    assert_int_equal(step(PERIOD), -1); /* no work */
    add_reading();
    assert_int_equal(node_core_waiting(fx.core), 1);
    assert_int_equal(step(1), 1);
    assert_int_equal(node_core_waiting(fx.core), 0);
    add_reading();
    assert_int_equal(node_core_wait_ms(fx.core, fx.steady_ms), PERIOD);
    assert_int_equal(step(PERIOD - 1), -1);
    assert_int_equal(step(1), 1);
    assert_int_equal(fx.chain.head.height, 2);
    assert_int_equal(fx.chain.head.size, 2);
}

static void an_empty_block_comes_by_and_by(void **state)
{
    (void)state;
    assert_int_equal(step(0), -1);
    assert_int_equal(node_core_wait_ms(fx.core, fx.steady_ms), EMPTY);
    assert_int_equal(step(EMPTY - 1), -1);
    assert_int_equal(step(1), 0);
    assert_int_equal(fx.chain.head.height, 1);
    assert_int_equal(step(EMPTY - 1), -1);
}

static void what_is_out_of_order_waits_for_what_is_before(void **state)
{
    (void)state;
    (void)step(0);
    struct buf first = reading(), second = reading();
    assert_int_equal(add(buf_slice(&second)), POOL_TAKEN);
    assert_int_equal(step(PERIOD), -1);
    assert_int_equal(node_core_wait_ms(fx.core, fx.steady_ms), POOL_HOLD_MS - PERIOD);
    assert_int_equal(add(buf_slice(&first)), POOL_TAKEN);
    assert_int_equal(step(1), 2); /* both, in order: no gap was ever recorded */
    struct summary sum;
    assert_true(summary_decode(fx.actions.commit.outcomes[0], &sum, NULL));
    assert_int_equal(sum.last, 2);
    assert_int_equal(sum.gap_count, 0);
    buf_free(&first);
    buf_free(&second);
}

static void but_not_for_ever(void **state)
{
    (void)state;
    (void)step(0);
    struct buf first = reading(), second = reading();
    assert_int_equal(add(buf_slice(&second)), POOL_TAKEN);
    assert_int_equal(step(POOL_HOLD_MS - 1), -1);
    assert_int_equal(step(1), 1);
    assert_int_equal(add(buf_slice(&first)), POOL_TAKEN);
    assert_int_equal(step(PERIOD), 1);
    buf_free(&first);
    buf_free(&second);
}

/* A revoked key fills its gap from above, one a block: those below wait and are not lost. */
static void a_revoked_keys_gap_fills_block_by_block(void **state)
{
    struct buf st[5];
    (void)state;
    (void)step(0);
    for (size_t i = 0; i < 5; i++)
        st[i] = reading();
    assert_int_equal(add(buf_slice(&st[0])), POOL_TAKEN);
    assert_int_equal(add(buf_slice(&st[4])), POOL_TAKEN);
    assert_int_equal(step(PERIOD), 1);       /* the fifth waits for those before it … */
    assert_int_equal(step(POOL_HOLD_MS), 1); /* … but not for ever: a gap 2-4 */
    struct buf revoke = buf_heap(STATEMENT_MAX);
    (void)kit_sign(&fx.member, kit_revoke(&fx.device.key.kid, KIT_T0 + fx.steady_ms, 5),
                   KIT_T0 + fx.steady_ms, &revoke);
    assert_int_equal(add(buf_slice(&revoke)), POOL_TAKEN);
    assert_int_equal(step(PERIOD), 1);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(add(buf_slice(&st[i])), POOL_TAKEN);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(step(PERIOD), 1);
        assert_int_equal(fx.actions.refused_count, 0);
    }
    struct summary sum;
    assert_true(summary_decode(fx.actions.commit.outcomes[0], &sum, NULL));
    assert_int_equal(sum.gap_count, 0);
    for (size_t i = 0; i < 5; i++)
        buf_free(&st[i]);
    buf_free(&revoke);
}

static void a_repeat_makes_no_block(void **state)
{
    (void)state;
    (void)step(0);
    (void)step(PERIOD);
    struct buf st = reading();
    assert_int_equal(add(buf_slice(&st)), POOL_TAKEN);
    assert_int_equal(add(buf_slice(&st)), POOL_KNOWN);
    assert_int_equal(step(1), 1);
    assert_int_equal(add(buf_slice(&st)), POOL_TAKEN);
    assert_int_equal(step(PERIOD), -1);
    assert_int_equal(fx.actions.refused_count, 1);
    assert_int_equal(fx.actions.refused[0].code, REFUSED_REPEAT);
    assert_true(kid_equal(&fx.actions.refused[0].kid, &fx.device.key.kid));
    assert_int_equal(node_core_waiting(fx.core), 0);
    assert_int_equal(step(PERIOD), -1);
    assert_int_equal(fx.actions.refused_count, 0);
    buf_free(&st);
}

/* Two statements with one seq that arrive together: the second is recorded as a clone's, a block later. */
static void a_clone_is_seen_however_fast_it_comes(void **state)
{
    (void)state;
    (void)step(0);
    (void)step(PERIOD);
    struct kit_signer twin = fx.device;
    struct buf mine = reading(), other = buf_heap(STATEMENT_MAX);
    int centi[] = { 700 };
    (void)kit_sign(&twin, kit_temperatures(centi, 1, 0), KIT_T0 + fx.steady_ms, &other);
    assert_int_equal(add(buf_slice(&mine)), POOL_TAKEN);
    assert_int_equal(add(buf_slice(&other)), POOL_TAKEN);
    assert_int_equal(step(1), 1);
    assert_int_equal(fx.actions.refused_count, 0);
    assert_int_equal(step(PERIOD), 1);
    struct outcome o;
    assert_true(outcome_decode(fx.actions.commit.outcomes[1], &o, NULL));
    assert_int_equal(o.verdict.code, REFUSED_CLONE);
    assert_int_equal(node_core_waiting(fx.core), 0);
    buf_free(&mine);
    buf_free(&other);
}

/* 200 kB each: twenty go into a block of 4 MiB, the others into the next, at once. */
static void a_full_block_leaves_the_rest_for_the_next(void **state)
{
    static uint8_t raw[STATEMENT_MAX];
    (void)state;
    (void)step(0);
    (void)step(PERIOD);
    for (unsigned k = 0; k < 30; k++) {
        struct buf set = buf_fixed(raw, sizeof raw), out = buf_heap(STATEMENT_MAX);
        struct statement st = { .kind = KIND_COMMISSION };
        char name[64];
        cbor_put_array(&set, 2);
        cbor_put_text(
            &set, slice_text("01/09506000134352/21/")); /* all but the first are refused: EXISTS */
        cbor_put_array(&set, 4000);
        for (unsigned i = 0; i < 4000; i++) {
            (void)snprintf(name, sizeof name, "%08u-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", i);
            cbor_put_text(&set, slice_text(name));
        }
        st.as.commission.assets = (struct asset_set){ buf_slice(&set), 4000 };
        (void)kit_sign(&fx.member, st, KIT_T0 + fx.steady_ms, &out);
        assert_int_equal(add(buf_slice(&out)), POOL_TAKEN);
        buf_free(&out);
    }
    int first = step(1);
    assert_in_range(first, 15, 25);
    assert_true(fx.actions.commit.block.len <= BLOCK_SIZE_MAX);
    assert_int_equal(node_core_wait_ms(fx.core, fx.steady_ms), PERIOD);
    assert_int_equal(step(PERIOD), 30 - first);
}

/* Everything a block says of itself holds. */
static void a_block_proves_itself(void **state)
{
    struct block b;
    struct hash leaves[64];
    (void)state;
    (void)step(0);
    (void)step(PERIOD);
    struct header before = fx.chain.head;
    for (int i = 0; i < 5; i++)
        add_reading();
    assert_int_equal(step(1), 5);
    const struct commit *c = &fx.actions.commit;
    assert_true(block_decode(c->block, &b, NULL));
    struct hash prev = header_hash(&before);
    assert_true(hash_equal(&b.header.prev, &prev));
    for (size_t i = 0; i < b.count; i++) {
        struct hash hash = crypto_sha256(block_next(&b));
        leaves[i] = merkle_leaf(hash_slice(&hash));
    }
    struct hash tree = merkle_root(leaves, b.count);
    assert_true(hash_equal(&tree, &b.header.tree));
    for (size_t i = 0; i < c->outcome_count; i++)
        leaves[i] = merkle_leaf(c->outcomes[i]);
    struct hash outcomes = merkle_root(leaves, c->outcome_count),
                root = memory_state_root(fx.state);
    assert_true(hash_equal(&outcomes, &b.header.outcomes));
    assert_true(hash_equal(&root, &b.header.state));
    struct final f = { .header = b.header, .seals = c->seals };
    assert_true(final_verify(&f, &fx.chain.set, NULL));
}

/* The ledger's clock may stand or step back: blocks' times rise all the same. */
static void block_times_rise(void **state)
{
    (void)state;
    (void)step(0);
    (void)step(PERIOD);
    add_reading();
    assert_int_equal(step_at(1, KIT_T0 + 5000), 1);
    assert_int_equal(fx.chain.head.time_ms, KIT_T0 + 5000);
    struct execute_context next = chain_next(&fx.chain, KIT_T0);
    assert_int_equal(next.time_ms, KIT_T0 + 5001);
    next = chain_next(&fx.chain, KIT_T0 + 9000);
    assert_int_equal(next.time_ms, KIT_T0 + 9000);
}

/* What members voted for comes into effect at its height, though nothing waits. */
static void an_effect_of_a_vote_is_work(void **state)
{
    struct state_key key = state_key_effects(1);
    (void)state;
    memory_state_set(fx.state, state_key_slice(&key), slice_of("\x80", 1));
    assert_int_equal(step(0), -1);
    assert_int_equal(step(PERIOD), 0);
    assert_int_equal(step(PERIOD), -1); /* it was for that height */
}

/* A key that is not of the set follows: it makes no block, whatever waits. */
static void a_strangers_key_makes_no_block(void **state)
{
    struct node_core_options options = { .authority = kit_pair("stranger") };
    struct consensus_view view;
    (void)state;
    node_core_free(fx.core);
    fx.core = node_core_new(&options, &fx.chain, NULL);
    assert_non_null(fx.core);
    add_reading();
    fx.steady_ms += EMPTY;
    struct node_action action;
    struct node_time now = { KIT_T0 + fx.steady_ms, fx.steady_ms };
    node_core_tick(fx.core, now);
    while (node_core_next(fx.core, &action))
        assert_true(action.kind == NODE_SEND || action.kind == NODE_RELAY);
    node_core_look(fx.core, fx.steady_ms, &view);
    assert_false(view.votes);
    assert_int_equal(view.height, 1);
}

/* How many times the machine relays statements when it is looked at so much later. */
static size_t relays_after(uint64_t ms)
{
    struct node_action action;
    size_t count = 0;
    fx.steady_ms += ms;
    struct node_time now = { KIT_T0 + fx.steady_ms, fx.steady_ms };
    node_core_tick(fx.core, now);
    while (node_core_next(fx.core, &action)) {
        struct message m;
        if (action.kind != NODE_RELAY)
            continue;
        assert_true(message_decode(action.message, &m, NULL));
        assert_int_equal(m.as.statements.count, 1);
        count++;
    }
    return count;
}

/* Any authority may be the next to propose: each gets what one was given, and again while it waits. */
static void what_one_is_given_all_get(void **state)
{
    struct node_core_options options = { .authority = kit_pair("stranger") };
    (void)state;
    node_core_free(fx.core);
    fx.core = node_core_new(&options, &fx.chain, NULL);
    assert_non_null(fx.core);
    assert_int_equal(relays_after(0), 0);
    add_reading();
    assert_int_equal(relays_after(POOL_RELAY_MS), 1);
    assert_int_equal(relays_after(1), 0);
    assert_int_equal(relays_after(POOL_RELAY_MS), 1);
}

/* All that the disk kept of a height is there again: the vote may be about the oldest as well as the newest. */
static void bodies_of_many_rounds_outlive_a_restart(void **state)
{
    enum { COUNT = 40 };
    struct buf memory[COUNT];
    struct hash hashes[COUNT];
    struct slice bodies[COUNT];
    struct node_core_options options = { .authority = kit_pair("node"), .bodies = bodies };
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct header h = fx.chain.head;
        h.height++;
        h.prev = fx.chain.head_hash;
        h.time_ms += 1 + i;
        memory[i] = buf_heap(4096);
        block_put_head(&memory[i], &h, 0);
        hashes[i] = header_hash(&h);
        bodies[i] = buf_slice(&memory[i]);
    }
    options.body_count = COUNT;
    node_core_free(fx.core);
    fx.core = node_core_new(&options, &fx.chain, NULL);
    assert_non_null(fx.core);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(slice_equal(node_core_find_body(fx.core, &hashes[i]), bodies[i]));
        buf_free(&memory[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_block_is_due_when_there_is_work_and_the_period_over,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_block_comes_by_and_by, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_out_of_order_waits_for_what_is_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(but_not_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(a_revoked_keys_gap_fills_block_by_block, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clone_is_seen_however_fast_it_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeat_makes_no_block, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_block_leaves_the_rest_for_the_next, setup, teardown),
        cmocka_unit_test_setup_teardown(a_block_proves_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(block_times_rise, setup, teardown),
        cmocka_unit_test_setup_teardown(an_effect_of_a_vote_is_work, setup, teardown),
        cmocka_unit_test_setup_teardown(a_strangers_key_makes_no_block, setup, teardown),
        cmocka_unit_test_setup_teardown(what_one_is_given_all_get, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies_of_many_rounds_outlive_a_restart, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
