/* Three blocks of the wire's vectors, executed: every outcome, root and proof as another program made them. */
#include "common/ack.h"
#include "common/hex.h"
#include "common/state_proof.h"
#include "tests/support/memory_state.h"
#include "tests/support/vectors.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK_MAX 16

struct world {
    struct memory_state *state;
    struct execution *execution;
    struct merkle_frontier tree;
    struct header parent;
    struct hash outcome_leaves[64];
    struct slice outcomes[64];
    size_t outcome_count;
    struct statement statements[BLOCK_MAX];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_true(crypto_init());
    w->state = memory_state_new();
    w->execution = execution_new();
    merkle_frontier_begin(&w->tree);
    memory_state_load(w->state, vectors_bytes("genesis file"));
    assert_true(header_decode(vectors_bytes("genesis header"), &w->parent, NULL));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    memory_state_free(w->state);
    execution_free(w->execution);
    free(w);
    return 0;
}

static void assert_hash(const struct hash *a, const struct hash *b)
{
    assert_memory_equal(a->bytes, b->bytes, HASH_SIZE);
}

/* Executes statements as the block whose header is given, and holds every root against it. */
static void run_block(struct world *w, const char *header_name, const struct slice *bytes, size_t n)
{
    struct header h;
    struct execute_result result;
    uint8_t memory[4096];
    struct buf scratch = buf_fixed(memory, sizeof memory);
    struct state_view view = memory_state_view(w->state);
    assert_true(header_decode(vectors_bytes(header_name), &h, NULL));
    struct execute_context context = { .ledger = h.ledger,
                                       .height = h.height,
                                       .time_ms = h.time_ms };
    context.parent_hash = header_hash(&w->parent);
    assert_hash(&context.parent_hash, &h.prev);
    execute_begin(w->execution, &view, &context);
    for (size_t i = 0; i < n; i++) {
        uint8_t pub[PUB_SIZE];
        assert_true(statement_decode(bytes[i], &w->statements[i], NULL));
        assert_true(execute_key(w->execution, &w->statements[i].kid, pub));
        assert_true(statement_verify(&w->statements[i], pub, &h.ledger, &scratch));
        assert_int_equal(execute_statement(w->execution, &w->statements[i]), ACCEPTED);
        struct hash leaf = merkle_leaf(hash_slice(&w->statements[i].hash));
        merkle_frontier_add(&w->tree, &leaf);
    }
    assert_true(execute_end(w->execution, &result));
    w->outcome_count = result.outcome_count;
    for (size_t i = 0; i < result.outcome_count; i++) {
        w->outcomes[i] = result.outcomes[i];
        w->outcome_leaves[i] = merkle_leaf(result.outcomes[i]);
    }
    assert_hash(&result.outcomes_root, &h.outcomes);
    memory_state_apply(w->state, &result);
    struct hash state = memory_state_root(w->state), tree = merkle_frontier_root(&w->tree);
    assert_hash(&state, &h.state);
    assert_hash(&tree, &h.tree);
    assert_int_equal(w->tree.size, h.size);
    w->parent = h;
}

static size_t load_block1(struct slice *ret)
{
    json_t *root = json_load_file("tests/vectors/block1.json", 0, NULL);
    json_t *list = json_object_get(root, "statements");
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++)
        ret[i] = vectors_unhex(json_string_value(json_array_get(list, i)));
    json_decref(root);
    return n;
}

static void run_all(struct world *w)
{
    struct slice block[BLOCK_MAX];
    size_t n = load_block1(block);
    assert_int_equal(n, 8);
    run_block(w, "header 1", block, n);
    block[0] = vectors_bytes("reading 12 samples T+H anchor");
    block[1] = vectors_bytes("reading 1 sample T");
    block[2] = vectors_bytes("reading irregular with nulls");
    block[3] = vectors_bytes("custody offer");
    run_block(w, "header 2", block, 4);
    block[0] = vectors_bytes("reading 12 samples T+H no anchor");
    block[1] = vectors_bytes("reading 60 samples T+H");
    block[2] = vectors_bytes("custody accept");
    run_block(w, "header 3", block, 3);
}

static void genesis_state_root(void **state)
{
    struct world *w = *state;
    struct hash root = memory_state_root(w->state), want = vectors_hash("state root of genesis");
    assert_hash(&root, &want);
}

static void blocks_give_the_headers_roots(void **state)
{
    run_all(*state);
}

static void outcomes_are_byte_equal(void **state)
{
    struct world *w = *state;
    run_all(w);
    assert_true(slice_equal(w->outcomes[2], vectors_bytes("outcome late")));
    assert_true(slice_equal(w->outcomes[4], vectors_bytes("outcome accept")));
}

static void ack_is_byte_equal(void **state)
{
    struct world *w = *state;
    struct buf out = buf_heap(ACK_SIZE_MAX);
    struct ack given;
    run_all(w);
    assert_true(ack_decode(vectors_bytes("ack"), &given, NULL));
    struct merkle_path path = merkle_path_of(w->outcome_leaves, w->outcome_count, 0);
    ack_put(&out, &w->parent, given.final.seals,
            &(struct ack_place){ w->outcomes[0], w->outcome_count, 0, &path });
    assert_true(slice_equal(buf_slice(&out), vectors_bytes("ack")));
    buf_free(&out);
}

static void state_proofs(void **state)
{
    struct world *w = *state;
    struct buf out = buf_heap(8192);
    struct state_proof proof;
    struct slice value;
    run_all(w);
    struct state_key key = state_key_text(TABLE_ASSET, slice_text("01/04012345678901/21/000001"));
    assert_true(memory_state_get(w->state, state_key_slice(&key), &value));
    assert_true(slice_equal(value, vectors_bytes("state proof asset entry value")));
    state_tree_prove(memory_state_tree(w->state), state_key_slice(&key), value, &out);
    assert_true(slice_equal(buf_slice(&out), vectors_bytes("state proof present")));
    assert_true(state_proof_verify(buf_slice(&out), &w->parent.state, &proof, NULL));
    assert_true(proof.present);

    buf_clear(&out);
    key = state_key_text(TABLE_ASSET, slice_text("01/04012345678901/21/999999"));
    state_tree_prove(memory_state_tree(w->state), state_key_slice(&key), (struct slice){ NULL, 0 },
                     &out);
    assert_true(slice_equal(buf_slice(&out), vectors_bytes("state proof absent")));
    assert_true(state_proof_verify(buf_slice(&out), &w->parent.state, &proof, NULL));
    assert_false(proof.present);
    for (size_t i = 0; i < out.len; i++) {
        out.data[i] ^= 1;
        /* key, size and index are hints or names: any other byte breaks the proof */
        bool holds = state_proof_verify(buf_slice(&out), &w->parent.state, &proof, NULL);
        assert_true(!holds || !slice_equal(proof.key, state_key_slice(&key)) || !proof.present);
        out.data[i] ^= 1;
    }
    buf_free(&out);
}

static void absence_between_neighbours(void **state)
{
    (void)state;
    struct state_proof proof;
    struct slice bytes = vectors_bytes("state proof absent with neighbours");
    struct slice root_bytes = vectors_member("state proof absent with neighbours", "root");
    struct hash root;
    memcpy(root.bytes, root_bytes.data, HASH_SIZE);
    assert_true(state_proof_verify(bytes, &root, &proof, NULL));
    assert_false(proof.present);
    root.bytes[0] ^= 1;
    assert_false(state_proof_verify(bytes, &root, &proof, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(genesis_state_root, setup, teardown),
        cmocka_unit_test_setup_teardown(blocks_give_the_headers_roots, setup, teardown),
        cmocka_unit_test_setup_teardown(outcomes_are_byte_equal, setup, teardown),
        cmocka_unit_test_setup_teardown(ack_is_byte_equal, setup, teardown),
        cmocka_unit_test_setup_teardown(state_proofs, setup, teardown),
        cmocka_unit_test(absence_between_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
