/* RFC 9162's tree, its paths and its consistency against their own recursive definitions, at every size up to 130. */
#include "common/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SIZES 130

static struct hash leaves[SIZES];

/* Section 2.1.1, word for word: k is the largest power of two smaller than n. */
static struct hash defined(const struct hash *at, size_t n)
{
    if (n == 0)
        return crypto_sha256((struct slice){ NULL, 0 });
    if (n == 1)
        return at[0];
    size_t k = 1;
    while (2 * k < n)
        k *= 2;
    struct hash left = defined(at, k), right = defined(at + k, n - k);
    uint8_t bytes[1 + 2 * HASH_SIZE] = { 1 };
    memcpy(bytes + 1, left.bytes, HASH_SIZE);
    memcpy(bytes + 1 + HASH_SIZE, right.bytes, HASH_SIZE);
    return crypto_sha256(slice_of(bytes, sizeof bytes));
}

static int group_setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        uint8_t data = (uint8_t)i;
        leaves[i] = merkle_leaf(slice_of(&data, 1));
    }
    return crypto_init() ? 0 : -1;
}

static void roots(void **state)
{
    struct merkle_frontier f;
    (void)state;
    merkle_frontier_begin(&f);
    for (size_t n = 0; n <= SIZES; n++) {
        struct hash want = defined(leaves, n), root = merkle_root(leaves, n);
        struct hash grown = merkle_frontier_root(&f);
        assert_true(hash_equal(&want, &root));
        assert_true(hash_equal(&want, &grown));
        assert_int_equal(f.size, n);
        if (n < SIZES)
            merkle_frontier_add(&f, &leaves[n]);
    }
}

/* Complete subtrees, computed anew each time. */
static bool fetch(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    size_t width = (size_t)1 << level;
    assert_true((index + 1) * width <= *(size_t *)source);
    *ret_hash = defined(leaves + index * width, width);
    return true;
}

static bool fetch_nothing(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    (void)source;
    (void)level;
    (void)index;
    (void)ret_hash;
    return false;
}

static void paths(void **state)
{
    (void)state;
    for (size_t n = 1; n <= SIZES; n++) {
        struct hash root = defined(leaves, n), same;
        assert_true(merkle_root_fetch(n, fetch, &n, &same) && hash_equal(&root, &same));
        for (size_t i = 0; i < n; i++) {
            struct merkle_path path = merkle_path_of(leaves, n, i), fetched;
            assert_true(merkle_verify(&leaves[i], i, n, &path, &root));
            assert_true(merkle_path_fetch(n, i, fetch, &n, &fetched));
            assert_int_equal(fetched.len, path.len);
            assert_memory_equal(fetched.step, path.step, path.len * sizeof path.step[0]);
            if (n > 1)
                assert_false(merkle_path_fetch(n, i, fetch_nothing, NULL, &fetched));
        }
    }
}

static void wrong_paths(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 40; n++) {
        struct hash root = defined(leaves, n);
        for (size_t i = 0; i < n; i++) {
            struct merkle_path path = merkle_path_of(leaves, n, i);
            assert_false(merkle_verify(&leaves[n], i, n, &path, &root));
            for (size_t k = 0; k < n; k++)
                assert_int_equal(merkle_verify(&leaves[i], k, n, &path, &root), k == i);
            assert_false(merkle_verify(&leaves[i], n, n, &path, &root));
            assert_false(merkle_verify(&leaves[i], i, 0, &path, &root));
            assert_false(merkle_verify(&leaves[i], i + ((uint64_t)1 << 40), n, &path, &root));
            for (size_t k = 0; k < path.len; k++) {
                path.step[k].bytes[k] ^= 1;
                assert_false(merkle_verify(&leaves[i], i, n, &path, &root));
                path.step[k].bytes[k] ^= 1;
            }
            path.step[path.len++] = root;
            assert_false(merkle_verify(&leaves[i], i, n, &path, &root));
            if (path.len > 1) {
                path.len -= 2;
                assert_false(merkle_verify(&leaves[i], i, n, &path, &root));
            }
        }
    }
}

/* ------------------------------------------------------------------ consistency */

/* Section 2.1.4.1, word for word: SUBPROOF(m, D_n, b), appended leaf to root. */
static void subproof(size_t m, const struct hash *at, size_t n, bool b, struct merkle_path *ret)
{
    size_t k = 1;
    if (m == n) {
        if (!b)
            ret->step[ret->len++] = defined(at, n);
        return;
    }
    while (2 * k < n)
        k *= 2;
    if (m <= k) {
        subproof(m, at, k, b, ret);
        ret->step[ret->len++] = defined(at + k, n - k);
    } else {
        subproof(m - k, at + k, n - k, false, ret);
        ret->step[ret->len++] = defined(at, k);
    }
}

static void consistency(void **state)
{
    (void)state;
    for (size_t n = 1; n <= SIZES; n++) {
        struct hash root = defined(leaves, n);
        for (size_t m = 1; m <= n; m++) {
            struct merkle_path want = { .len = 0 }, path = merkle_consistency_of(leaves, n, m);
            struct hash old = defined(leaves, m);
            subproof(m, leaves, n, true, &want);
            assert_int_equal(path.len, want.len);
            assert_memory_equal(path.step, want.step, path.len * sizeof path.step[0]);
            assert_true(merkle_verify_consistency(m, &old, n, &root, &path));
            if (m < n)
                assert_false(merkle_consistency_fetch(m, n, fetch_nothing, NULL, &path));
        }
    }
}

/* The tree of seven in RFC 9162's own example, section 2.1.5. */
static void the_example_of_seven(void **state)
{
    (void)state;
    struct merkle_path three = merkle_consistency_of(leaves, 7, 3),
                       four = merkle_consistency_of(leaves, 7, 4),
                       six = merkle_consistency_of(leaves, 7, 6);
    struct hash g = merkle_node(&leaves[0], &leaves[1]), i = merkle_node(&leaves[4], &leaves[5]);
    struct hash h = merkle_node(&leaves[2], &leaves[3]), k = merkle_node(&g, &h);
    struct hash l = merkle_node(&i, &leaves[6]);
    assert_int_equal(three.len, 4);
    assert_true(hash_equal(&three.step[0], &leaves[2]) && hash_equal(&three.step[1], &leaves[3]));
    assert_true(hash_equal(&three.step[2], &g) && hash_equal(&three.step[3], &l));
    assert_int_equal(four.len, 1);
    assert_true(hash_equal(&four.step[0], &l));
    assert_int_equal(six.len, 3);
    assert_true(hash_equal(&six.step[0], &i) && hash_equal(&six.step[1], &leaves[6]));
    assert_true(hash_equal(&six.step[2], &k));
}

static void nothing_and_oneself(void **state)
{
    struct hash nothing = merkle_empty(), root = defined(leaves, 9);
    struct merkle_path none = merkle_consistency_of(leaves, 9, 0);
    (void)state;
    assert_int_equal(none.len, 0);
    assert_true(merkle_verify_consistency(0, &nothing, 9, &root, &none));
    assert_true(merkle_verify_consistency(0, &nothing, 0, &nothing, &none));
    assert_false(merkle_verify_consistency(0, &root, 9, &root, &none));
    assert_false(merkle_verify_consistency(0, &root, 0, &nothing, &none));
    assert_true(merkle_verify_consistency(9, &root, 9, &root, &none));
    assert_false(merkle_verify_consistency(9, &leaves[0], 9, &root, &none));
    assert_false(merkle_verify_consistency(10, &root, 9, &root, &none));
    assert_false(merkle_verify_consistency(8, &root, 9, &root, &none));
    none.step[none.len++] = root;
    assert_false(merkle_verify_consistency(9, &root, 9, &root, &none));
    assert_false(merkle_verify_consistency(0, &nothing, 9, &root, &none));
}

static void inconsistent(void **state)
{
    (void)state;
    for (size_t n = 2; n <= 40; n++) {
        struct hash root = defined(leaves, n);
        for (size_t m = 1; m < n; m++) {
            struct merkle_path path = merkle_consistency_of(leaves, n, m);
            struct hash old = defined(leaves, m), other = defined(leaves + 1, m);
            assert_false(merkle_verify_consistency(m, &other, n, &root, &path));
            assert_false(merkle_verify_consistency(m, &old, n, &old, &path));
            for (size_t k = 0; k < n; k++)
                if (k != m)
                    assert_false(merkle_verify_consistency(k, &old, n, &root, &path));
            assert_false(merkle_verify_consistency(m, &old, n + ((uint64_t)1 << 40), &root, &path));
            for (size_t k = 0; k < path.len; k++) {
                path.step[k].bytes[k] ^= 1;
                assert_false(merkle_verify_consistency(m, &old, n, &root, &path));
                path.step[k].bytes[k] ^= 1;
            }
            path.step[path.len++] = root;
            assert_false(merkle_verify_consistency(m, &old, n, &root, &path));
            path.len -= 2;
            assert_false(merkle_verify_consistency(m, &old, n, &root, &path));
        }
    }
}

/* A node is no leaf: the two are hashed apart. */
static void a_node_is_no_leaf(void **state)
{
    uint8_t both[2 * HASH_SIZE];
    (void)state;
    memcpy(both, leaves[0].bytes, HASH_SIZE);
    memcpy(both + HASH_SIZE, leaves[1].bytes, HASH_SIZE);
    struct hash node = merkle_node(&leaves[0], &leaves[1]),
                leaf = merkle_leaf(slice_of(both, sizeof both));
    assert_false(hash_equal(&node, &leaf));
}

static void paths_travel(void **state)
{
    uint8_t memory[MERKLE_LEVELS * 34 + 8];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct merkle_path path = merkle_path_of(leaves, 100, 77), back;
    (void)state;
    merkle_put_path(&out, &path);
    struct cbor_reader r = cbor_reader(buf_slice(&out));
    merkle_take_path(&r, &back);
    assert_true(cbor_done(&r));
    assert_int_equal(back.len, path.len);
    assert_memory_equal(back.step, path.step, path.len * sizeof path.step[0]);
    buf_clear(&out);
    cbor_put_array(&out, MERKLE_LEVELS + 1);
    for (size_t i = 0; i <= MERKLE_LEVELS; i++)
        buf_add(&out, "\x40", 1);
    r = cbor_reader(buf_slice(&out));
    merkle_take_path(&r, &back);
    assert_false(cbor_done(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots),
        cmocka_unit_test(paths),
        cmocka_unit_test(wrong_paths),
        cmocka_unit_test(a_node_is_no_leaf),
        cmocka_unit_test(paths_travel),
        cmocka_unit_test(consistency),
        cmocka_unit_test(the_example_of_seven),
        cmocka_unit_test(nothing_and_oneself),
        cmocka_unit_test(inconsistent),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
