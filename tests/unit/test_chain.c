/* A chain that is loaded from disk is checked: state, tree and authority set are the head's, or it is refused. */
#include "common/genesis.h"
#include "common/state_value.h"
#include "node/chain.h"
#include "tests/support/node_kit.h"
#include "tests/support/vector_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct vector_chain *vectors;
    struct chain chain;
};

static bool get(void *ctx, struct slice key, struct buf *value)
{
    struct slice found;
    if (!memory_state_get(ctx, key, &found))
        return false;
    buf_add_slice(value, found);
    return true;
}

/* Complete subtrees of the vectors' statement tree. */
static bool fetch(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    const struct vector_chain *c = source;
    *ret_hash = merkle_root(c->leaves + (index << level), (size_t)1 << level);
    return true;
}

static bool load_entry(struct chain *c, struct slice key, struct slice value)
{
    struct hash key_hash = crypto_sha256(key);
    return chain_load_entry(c, &key_hash, key, value);
}

/* The genesis' state as the vectors give it; `spoil` changes one value. */
static void load_genesis(struct fixture *f, bool spoil)
{
    struct genesis g;
    assert_true(genesis_decode(vectors_bytes("genesis file"), &g, NULL));
    assert_true(chain_init(&f->chain, get, f->vectors->state));
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        if (spoil && i == 1)
            value = slice_from(value, 0, value.len - 1);
        assert_true(load_entry(&f->chain, key, value));
    }
}

static int setup(void **state)
{
    static struct fixture f;
    f.vectors = vector_chain_new();
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    chain_free(&f->chain);
    vector_chain_free(f->vectors);
    return 0;
}

static void genesis_loads(void **state)
{
    struct fixture *f = *state;
    struct header h;
    load_genesis(f, false);
    assert_true(header_decode(vectors_bytes("genesis header"), &h, NULL));
    assert_true(chain_load_head(&f->chain, &h, fetch, f->vectors, NULL));
    struct hash hash = header_hash(&h);
    assert_true(hash_equal(&f->chain.head_hash, &hash));
    assert_int_equal(f->chain.set.count, 1);
    struct execute_context next = chain_next(&f->chain, 0);
    assert_int_equal(next.height, 1);
    assert_int_equal(next.time_ms, h.time_ms + 1);
    assert_true(hash_equal(&next.parent_hash, &hash));
}

static void another_state_is_refused(void **state)
{
    struct fixture *f = *state;
    struct header h;
    struct err err = { .msg = "" };
    load_genesis(f, true);
    assert_true(header_decode(vectors_bytes("genesis header"), &h, NULL));
    assert_false(chain_load_head(&f->chain, &h, fetch, f->vectors, &err));
    assert_int_equal(err.code, ERR_PROOF);
}

static void other_rules_are_refused(void **state)
{
    struct fixture *f = *state;
    struct header h;
    struct err err = { .msg = "" };
    vector_chain_run(f->vectors, 1);
    load_genesis(f, false);
    assert_true(header_decode(vectors_bytes("header 1"), &h, NULL));
    assert_int_not_equal(h.rules, RULES_VERSION);
    assert_false(chain_load_head(&f->chain, &h, fetch, f->vectors, &err));
    assert_non_null(strstr(err.msg, "rules"));
}

static void another_tree_is_refused(void **state)
{
    struct fixture *f = *state;
    struct header h;
    struct err err = { .msg = "" };
    vector_chain_run(f->vectors, 1);
    load_genesis(f, false);
    assert_true(header_decode(vectors_bytes("header 1"), &h, NULL));
    h.rules = RULES_VERSION; /* the vector's was made under the first */
    f->vectors->leaves[3].bytes[0] ^= 1;
    assert_false(chain_load_head(&f->chain, &h, fetch, f->vectors, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_non_null(strstr(err.msg, "tree"));
}

static void another_set_is_refused(void **state)
{
    struct fixture *f = *state;
    struct header h;
    struct err err = { .msg = "" };
    load_genesis(f, false);
    assert_true(header_decode(vectors_bytes("genesis header"), &h, NULL));
    h.set.bytes[0] ^= 1;
    assert_false(chain_load_head(&f->chain, &h, fetch, f->vectors, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_non_null(strstr(err.msg, "authority set"));
}

/* An executed block, taken into the chain's own trees, gives the vectors' header. */
static void an_executed_block_gives_its_header(void **state)
{
    struct fixture *f = *state;
    struct header h, made;
    struct execute_result none = { .outcome_count = 0, .outcomes_root = merkle_empty() };
    load_genesis(f, false);
    assert_true(header_decode(vectors_bytes("genesis header"), &h, NULL));
    assert_true(chain_load_head(&f->chain, &h, fetch, f->vectors, NULL));
    struct execute_context context = chain_next(&f->chain, h.time_ms + 77);
    struct chain_block block = { .proposer = vectors_key("node 1").kid };
    assert_true(chain_try(&f->chain, &context, &block, &none, &made));
    assert_int_equal(made.height, 1);
    assert_int_equal(made.time_ms, h.time_ms + 77);
    assert_true(hash_equal(&made.state, &h.state)); /* nothing was written */
    assert_true(hash_equal(&made.tree, &h.tree));
    assert_true(kid_equal(&made.proposer, &block.proposer));
    struct hash before = header_hash(&h);
    assert_true(hash_equal(&made.prev, &before));
    assert_true(chain_keep(&f->chain));
    assert_int_equal(f->chain.head.height, 1);
}

/* ------------------------------------------------------------------ trying */

struct writes {
    size_t count;
    struct state_write at[8];
    struct hash key_hashes[8];
};

static void add_write(struct writes *w, struct slice key, struct slice value)
{
    w->at[w->count] = (struct state_write){ key, value };
    w->key_hashes[w->count++] = crypto_sha256(key);
}

static bool try_writes(struct chain *c, const struct writes *w, const struct hash *leaf,
                       struct header *ret_header)
{
    struct execute_result result = { .outcomes_root = merkle_empty(),
                                     .write_count = w->count,
                                     .writes = w->at,
                                     .write_key_hashes = w->key_hashes };
    struct execute_context context = chain_next(c, 0);
    struct chain_block block = { vectors_key("node 1").kid, leaf, leaf == NULL ? 0 : 1 };
    return chain_try(c, &context, &block, &result, ret_header);
}

static void check_trees(struct chain *c, const struct header *h, size_t timers)
{
    struct state_key due[4];
    struct hash state = state_tree_root(c->state), tree = merkle_frontier_root(&c->tree);
    assert_true(hash_equal(&state, &h->state));
    assert_true(hash_equal(&tree, &h->tree));
    assert_int_equal(c->tree.size, h->size);
    assert_int_equal(timers_due(c->timers, UINT64_MAX, due, 4), timers);
}

static void load_all(struct fixture *f)
{
    struct header h;
    load_genesis(f, false);
    assert_true(header_decode(vectors_bytes("genesis header"), &h, NULL));
    assert_true(chain_load_head(&f->chain, &h, fetch, f->vectors, NULL));
}

/* Of two blocks tried for one height one is kept; until then the head's trees can be had at any time. */
static void a_tried_block_is_taken_back_or_kept(void **state)
{
    struct fixture *f = *state;
    struct chain *c = &f->chain;
    struct state_key timer = state_key_timer(5, 1, slice_text("id")),
                     params = state_key_plain(TABLE_PARAMS), other = state_key_block(7);
    struct hash leaf = crypto_sha256(slice_text("a statement"));
    struct writes one = { 0 }, two = { 0 };
    struct header a, b, before;
    load_all(f);
    before = c->head;
    add_write(&one, state_key_slice(&timer), slice_text("x"));
    add_write(&one, state_key_slice(&params), slice_text("changed"));
    add_write(&two, state_key_slice(&params), slice_of(NULL, 0));
    add_write(&two, state_key_slice(&other), slice_text("new"));
    assert_false(chain_keep(c)); /* nothing was tried */
    assert_true(try_writes(c, &one, &leaf, &a));
    check_trees(c, &a, 1);
    assert_int_equal(c->head.height, 0);
    assert_true(chain_undo(c));
    assert_true(chain_undo(c));
    check_trees(c, &before, 0);
    assert_true(try_writes(c, &two, NULL, &b));
    check_trees(c, &b, 0);
    assert_false(hash_equal(&a.state, &b.state));
    struct header again;
    assert_true(try_writes(c, &one, &leaf, &again)); /* the other one is taken back by itself */
    assert_true(hash_equal(&a.state, &again.state));
    check_trees(c, &again, 1);
    assert_true(chain_undo(c));
    assert_true(chain_keep(c)); /* it is done again */
    check_trees(c, &again, 1);
    struct hash hash = header_hash(&again);
    assert_true(hash_equal(&c->head_hash, &hash));
    assert_false(chain_keep(c));
    assert_true(chain_undo(c));
    check_trees(c, &again, 1);
}

/* [5] and [32] say what is in force from the next height on. */
static void sets_and_rules_change_with_the_block(void **state)
{
    struct fixture *f = *state;
    struct chain *c = &f->chain;
    struct writes w = { 0 };
    struct header h, after;
    struct authority_set next = { .count = 1 };
    uint8_t set_bytes[256], next_bytes[256], value_bytes[512];
    struct buf set = buf_fixed(set_bytes, sizeof set_bytes),
               raw_next = buf_fixed(next_bytes, sizeof next_bytes),
               value = buf_fixed(value_bytes, sizeof value_bytes);
    struct state_key sets = state_key_plain(TABLE_SETS);
    struct key_pair newcomer = kit_pair("a newcomer");
    load_all(f);
    next.at[0] = (struct authority){ .kid = newcomer.kid, .member = c->set.at[0].member };
    memcpy(next.at[0].pub, newcomer.pub, PUB_SIZE);
    authority_set_put(&set, &c->set);
    authority_set_put(&raw_next, &next);
    state_sets_put(&value, buf_slice(&set), buf_slice(&raw_next));
    add_write(&w, state_key_slice(&sets), buf_slice(&value));
    add_write(&w, slice_of("\x81\x18\x20", 3), slice_of("\xa2\x01\x09\x02\x00", 5));
    assert_int_equal(chain_next_rules(c), RULES_VERSION);
    assert_true(try_writes(c, &w, NULL, &h));
    struct hash now_hash = authority_set_hash(&c->set), next_hash = authority_set_hash(&next);
    assert_true(hash_equal(&h.set, &now_hash));
    assert_true(hash_equal(&h.next, &next_hash));
    assert_int_equal(h.rules, RULES_VERSION);
    assert_true(chain_undo(c));
    assert_int_equal(chain_next_rules(c), RULES_VERSION);
    assert_true(chain_keep(c));
    assert_int_equal(chain_next_rules(c), 9);
    assert_false(chain_knows_rules(9));
    assert_true(authority_set_find(&c->next, &newcomer.kid) == 0);
    assert_true(authority_set_find(&c->set, &newcomer.kid) < 0);
    w.count = 0;
    assert_true(try_writes(c, &w, NULL, &after));
    assert_true(chain_keep(c));
    assert_true(hash_equal(&after.set, &next_hash));
    assert_true(hash_equal(&after.next, &next_hash));
    assert_true(authority_set_find(&c->set, &newcomer.kid) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(genesis_loads, setup, teardown),
        cmocka_unit_test_setup_teardown(another_state_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(other_rules_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_tree_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_set_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_executed_block_gives_its_header, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tried_block_is_taken_back_or_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(sets_and_rules_change_with_the_block, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
