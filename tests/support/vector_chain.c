#include "tests/support/vector_chain.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct vector_chain *vector_chain_new(void)
{
    struct vector_chain *c = calloc(1, sizeof *c);
    assert_non_null(c);
    assert_true(crypto_init());
    c->state = memory_state_new();
    c->execution = execution_new();
    merkle_frontier_begin(&c->tree);
    memory_state_load(c->state, vectors_bytes("genesis file"));
    assert_true(header_decode(vectors_bytes("genesis header"), &c->parent, NULL));
    return c;
}

void vector_chain_free(struct vector_chain *c)
{
    memory_state_free(c->state);
    execution_free(c->execution);
    free(c);
}

static void assert_hash(const struct hash *a, const struct hash *b)
{
    assert_memory_equal(a->bytes, b->bytes, HASH_SIZE);
}

static void execute_one(struct vector_chain *c, size_t i, struct slice bytes)
{
    uint8_t pub[PUB_SIZE];
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    struct statement *st = &c->statements[i];
    assert_true(statement_decode(bytes, st, NULL));
    assert_true(execute_key(c->execution, &st->kid, pub));
    assert_true(statement_verify(st, pub, &c->parent.ledger, &scratch));
    assert_int_equal(execute_statement(c->execution, st), ACCEPTED);
    struct hash leaf = merkle_leaf(hash_slice(&st->hash));
    c->leaves[c->tree.size] = leaf;
    merkle_frontier_add(&c->tree, &leaf);
    buf_free(&scratch);
}

/* Executes statements as the block whose header is given, and holds every root against it. */
static void run_block(struct vector_chain *c, const char *header_name, const struct slice *bytes,
                      size_t n)
{
    struct header h;
    struct execute_result result;
    struct state_view view = memory_state_view(c->state);
    assert_true(header_decode(vectors_bytes(header_name), &h, NULL));
    struct execute_context context = {
        .ledger = h.ledger, .rules = h.rules, .height = h.height, .time_ms = h.time_ms
    };
    context.parent_hash = header_hash(&c->parent);
    assert_hash(&context.parent_hash, &h.prev);
    execute_begin(c->execution, &view, &context);
    for (size_t i = 0; i < n; i++)
        execute_one(c, i, bytes[i]);
    assert_true(execute_end(c->execution, &result));
    c->outcome_count = result.outcome_count;
    for (size_t i = 0; i < result.outcome_count; i++) {
        c->outcomes[i] = result.outcomes[i];
        c->outcome_leaves[i] = merkle_leaf(result.outcomes[i]);
    }
    assert_hash(&result.outcomes_root, &h.outcomes);
    memory_state_apply(c->state, &result);
    struct hash state = memory_state_root(c->state), tree = merkle_frontier_root(&c->tree);
    assert_hash(&state, &h.state);
    assert_hash(&tree, &h.tree);
    assert_int_equal(c->tree.size, h.size);
    c->parent = h;
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

void vector_chain_run(struct vector_chain *c, unsigned height)
{
    struct slice block[VECTOR_BLOCK_MAX];
    size_t n = load_block1(block);
    assert_int_equal(n, 8);
    run_block(c, "header 1", block, n);
    if (height == 1)
        return;
    block[0] = vectors_bytes("reading 12 samples T+H anchor");
    block[1] = vectors_bytes("reading 1 sample T");
    block[2] = vectors_bytes("reading irregular with nulls");
    block[3] = vectors_bytes("custody offer");
    run_block(c, "header 2", block, 4);
    if (height == 2)
        return;
    block[0] = vectors_bytes("reading 12 samples T+H no anchor");
    block[1] = vectors_bytes("reading 60 samples T+H");
    block[2] = vectors_bytes("custody accept");
    run_block(c, "header 3", block, 3);
}
