/* The state root against its definition, and proofs of what is there and of what is not. */
#include "common/rand.h"
#include "common/state_proof.h"
#include "node/state_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRIES 400

struct model {
    size_t count;
    struct hash key[ENTRIES], value[ENTRIES];
};

/* ------------------------------------------------------------------ the definition */

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, 2 * HASH_SIZE);
}

static struct hash bucket_root(const struct model *m, size_t bucket)
{
    static uint8_t entries[ENTRIES][2 * HASH_SIZE];
    static struct hash hashes[ENTRIES];
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (((size_t)m->key[i].bytes[0] << 8 | m->key[i].bytes[1]) != bucket)
            continue;
        memcpy(entries[n], m->key[i].bytes, HASH_SIZE);
        memcpy(entries[n++] + HASH_SIZE, m->value[i].bytes, HASH_SIZE);
    }
    qsort(entries, n, sizeof entries[0], by_key);
    for (size_t i = 0; i < n; i++)
        hashes[i] = merkle_leaf(slice_of(entries[i], sizeof entries[i]));
    return merkle_root(hashes, n);
}

/* Only buckets below 8 are ever used here: the others' leaf is that of the empty root. */
static struct hash defined(const struct model *m)
{
    struct hash *leaves = calloc(STATE_BUCKETS, sizeof *leaves);
    struct hash empty = merkle_empty();
    assert_non_null(leaves);
    for (size_t b = 0; b < STATE_BUCKETS; b++) {
        struct hash root = b < 8 ? bucket_root(m, b) : empty;
        leaves[b] = merkle_leaf(hash_slice(&root));
    }
    struct hash root = merkle_root(leaves, STATE_BUCKETS);
    free(leaves);
    return root;
}

static void check_root(struct state_tree *t, const struct model *m)
{
    struct hash root = state_tree_root(t), want = defined(m);
    assert_true(hash_equal(&root, &want));
    assert_int_equal(state_tree_count(t), m->count);
}

static void random_changes_give_the_defined_root(void **state)
{
    static struct model m;
    struct rand_seq rand = rand_seeded(11);
    struct state_tree *t = state_tree_new();
    (void)state;
    check_root(t, &m);
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 60; i++) {
            size_t at = m.count == 0 ? 0 : (size_t)rand_below(&rand, m.count);
            uint64_t what = rand_below(&rand, 4);
            if (what == 0 && m.count > 0) { /* remove */
                assert_true(state_tree_set(t, &m.key[at], NULL));
                m.key[at] = m.key[--m.count];
                m.value[at] = m.value[m.count];
            } else if (what == 1 && m.count > 0) { /* change */
                rand_fill(&rand, m.value[at].bytes, HASH_SIZE);
                assert_true(state_tree_set(t, &m.key[at], &m.value[at]));
            } else if (m.count < ENTRIES) { /* add */
                rand_fill(&rand, m.key[m.count].bytes, HASH_SIZE);
                rand_fill(&rand, m.value[m.count].bytes, HASH_SIZE);
                m.key[m.count].bytes[0] = 0;
                m.key[m.count].bytes[1] &= 7;
                assert_true(state_tree_set(t, &m.key[m.count], &m.value[m.count]));
                m.count++;
            }
        }
        check_root(t, &m);
    }
    while (m.count > 0)
        assert_true(state_tree_set(t, &m.key[--m.count], NULL));
    check_root(t, &m);
    state_tree_free(t);
}

/* ------------------------------------------------------------------ proofs */

static struct slice name_of(unsigned i)
{
    static uint8_t bytes[8];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    cbor_put_array(&out, 2);
    cbor_put_uint(&out, 6);
    cbor_put_uint(&out, i);
    return buf_slice(&out);
}

/* Subtrees of every height, down to the buckets' entries. */
static void subtrees_hash_to_the_root(void **state)
{
    struct state_tree *t = state_tree_new();
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        struct hash key = crypto_sha256(name_of(i)), value = crypto_sha256(slice_text("value"));
        assert_true(state_tree_set(t, &key, &value));
    }
    struct hash root = state_tree_root(t), top = state_tree_node(t, STATE_BUCKET_LEVELS, 0);
    assert_true(hash_equal(&top, &root));
    for (unsigned height = 1; height <= STATE_BUCKET_LEVELS; height++)
        for (size_t i = 0; i < (size_t)STATE_BUCKETS >> height; i++) {
            struct hash node = state_tree_node(t, height, i);
            struct hash left = state_tree_node(t, height - 1, 2 * i);
            struct hash right = state_tree_node(t, height - 1, 2 * i + 1);
            struct hash both = merkle_node(&left, &right);
            assert_true(hash_equal(&node, &both));
        }
    size_t entries = 0;
    for (size_t b = 0; b < STATE_BUCKETS; b++) {
        size_t n;
        const uint8_t(*at)[STATE_ENTRY_SIZE] = state_tree_bucket(t, b, &n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal((size_t)at[i][0] << 8 | at[i][1], b);
        entries += n;
    }
    assert_int_equal(entries, 500);
    state_tree_free(t);
}

/* 70,000 keys put more than one into many a bucket. */
static struct state_tree *filled(unsigned count)
{
    struct state_tree *t = state_tree_new();
    for (unsigned i = 0; i < count; i++) {
        struct hash key = crypto_sha256(name_of(i)), value = crypto_sha256(slice_text("value"));
        assert_true(state_tree_set(t, &key, &value));
    }
    return t;
}

static void proofs_of_presence_and_absence(void **state)
{
    struct state_tree *t = filled(70000);
    struct hash root = state_tree_root(t), other = merkle_empty();
    struct buf out = buf_heap(1 << 16);
    struct state_proof proof;
    (void)state;
    for (unsigned i = 69900; i < 70200; i++) {
        bool present = i < 70000;
        struct slice value = present ? slice_text("value") : (struct slice){ NULL, 0 };
        buf_clear(&out);
        state_tree_prove(t, name_of(i), value, &out);
        assert_true(state_proof_verify(buf_slice(&out), &root, &proof, NULL));
        assert_int_equal(proof.present, present);
        assert_true(slice_equal(proof.key, name_of(i)));
        assert_false(state_proof_verify(buf_slice(&out), &other, &proof, NULL));
    }
    buf_free(&out);
    state_tree_free(t);
}

/* A proof that is changed anywhere proves nothing else about its key. */
static void a_changed_proof_is_none(void **state)
{
    struct state_tree *t = filled(70000);
    struct hash root = state_tree_root(t);
    struct buf out = buf_heap(1 << 16);
    (void)state;
    for (unsigned i = 69998; i < 70003; i++) {
        bool present = i < 70000;
        struct slice value = present ? slice_text("value") : (struct slice){ NULL, 0 };
        buf_clear(&out);
        state_tree_prove(t, name_of(i), value, &out);
        for (size_t k = 0; k < out.len; k++) {
            struct state_proof proof;
            out.data[k] ^= 1;
            bool holds = state_proof_verify(buf_slice(&out), &root, &proof, NULL);
            if (holds && slice_equal(proof.key, name_of(i))) {
                assert_int_equal(proof.present, present);
                assert_true(!present || slice_equal(proof.value, value));
            }
            out.data[k] ^= 1;
        }
    }
    buf_free(&out);
    state_tree_free(t);
}

/* The proof of one key's presence can't be turned into another's absence. */
static void absence_is_not_claimed_of_what_is_there(void **state)
{
    struct state_tree *t = filled(70000);
    struct hash root = state_tree_root(t);
    struct buf out = buf_heap(1 << 16);
    struct state_proof proof;
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        buf_clear(&out);
        state_tree_prove(t, name_of(i), (struct slice){ NULL, 0 }, &out);
        if (state_proof_verify(buf_slice(&out), &root, &proof, NULL))
            assert_true(proof.present);
    }
    buf_free(&out);
    state_tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_give_the_defined_root),
        cmocka_unit_test(subtrees_hash_to_the_root),
        cmocka_unit_test(proofs_of_presence_and_absence),
        cmocka_unit_test(a_changed_proof_is_none),
        cmocka_unit_test(absence_is_not_claimed_of_what_is_there),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
