/* A chain that is loaded from disk is checked: state, tree and authority set are the head's, or it is refused. */
#include "common/genesis.h"
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
    assert_true(chain_apply(&f->chain, &context, &block, &none, &made));
    assert_int_equal(made.height, 1);
    assert_int_equal(made.time_ms, h.time_ms + 77);
    assert_true(hash_equal(&made.state, &h.state)); /* nothing was written */
    assert_true(hash_equal(&made.tree, &h.tree));
    assert_true(kid_equal(&made.proposer, &block.proposer));
    struct hash before = header_hash(&h);
    assert_true(hash_equal(&made.prev, &before));
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
