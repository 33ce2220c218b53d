/* Three blocks of the wire's vectors, executed: every outcome, root and proof as another program made them. */
#include "common/ack.h"
#include "common/hex.h"
#include "common/state_proof.h"
#include "tests/support/vector_chain.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    *state = vector_chain_new();
    return 0;
}

static int teardown(void **state)
{
    vector_chain_free(*state);
    return 0;
}

static void assert_hash(const struct hash *a, const struct hash *b)
{
    assert_memory_equal(a->bytes, b->bytes, HASH_SIZE);
}

static void genesis_state_root(void **state)
{
    struct vector_chain *w = *state;
    struct hash root = memory_state_root(w->state), want = vectors_hash("state root of genesis");
    assert_hash(&root, &want);
}

static void blocks_give_the_headers_roots(void **state)
{
    vector_chain_run(*state, 3);
}

static void outcomes_are_byte_equal(void **state)
{
    struct vector_chain *w = *state;
    vector_chain_run(w, 3);
    assert_true(slice_equal(w->outcomes[2], vectors_bytes("outcome late")));
    assert_true(slice_equal(w->outcomes[4], vectors_bytes("outcome accept")));
}

static void ack_is_byte_equal(void **state)
{
    struct vector_chain *w = *state;
    struct buf out = buf_heap(ACK_SIZE_MAX);
    struct ack given;
    vector_chain_run(w, 3);
    assert_true(ack_decode(vectors_bytes("ack"), &given, NULL));
    struct merkle_path path = merkle_path_of(w->outcome_leaves, w->outcome_count, 0);
    ack_put(&out, &w->parent, given.final.seals,
            &(struct ack_place){ w->outcomes[0], w->outcome_count, 0, &path });
    assert_true(slice_equal(buf_slice(&out), vectors_bytes("ack")));
    buf_free(&out);
}

static void state_proofs(void **state)
{
    struct vector_chain *w = *state;
    struct buf out = buf_heap(8192);
    struct state_proof proof;
    struct slice value;
    vector_chain_run(w, 3);
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
