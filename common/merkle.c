#include "common/merkle.h"

#include <assert.h>
#include <string.h>

struct hash merkle_empty(void)
{
    return crypto_sha256((struct slice){ NULL, 0 });
}

struct hash merkle_leaf(struct slice data)
{
    static const uint8_t prefix = 0;
    struct sha256 h;
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, slice_of(&prefix, 1));
    crypto_sha256_add(&h, data);
    return crypto_sha256_end(&h);
}

struct hash merkle_node(const struct hash *left, const struct hash *right)
{
    uint8_t block[1 + 2 * HASH_SIZE] = { 1 };
    memcpy(block + 1, left->bytes, HASH_SIZE);
    memcpy(block + 1 + HASH_SIZE, right->bytes, HASH_SIZE);
    return crypto_sha256(slice_of(block, sizeof block));
}

/* ------------------------------------------------------------------ growing */

void merkle_frontier_begin(struct merkle_frontier *f)
{
    f->size = 0;
}

static size_t peak_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

void merkle_frontier_add(struct merkle_frontier *f, const struct hash *leaf_hash)
{
    size_t n = peak_count(f->size);
    struct hash top = *leaf_hash;
    for (uint64_t bits = f->size; bits & 1; bits >>= 1)
        top = merkle_node(&f->peaks[--n], &top);
    f->peaks[n] = top;
    f->size++;
}

struct hash merkle_frontier_root(const struct merkle_frontier *f)
{
    size_t n = peak_count(f->size);
    if (n == 0)
        return merkle_empty();
    struct hash root = f->peaks[--n];
    while (n > 0)
        root = merkle_node(&f->peaks[--n], &root);
    return root;
}

struct hash merkle_root(const struct hash *leaves, size_t n)
{
    struct merkle_frontier f;
    merkle_frontier_begin(&f);
    for (size_t i = 0; i < n; i++)
        merkle_frontier_add(&f, &leaves[i]);
    return merkle_frontier_root(&f);
}

/* ------------------------------------------------------------------ paths */

/* Root of leaves [start, start + count): complete subtrees, folded from the right. */
static bool range_root(uint64_t start, uint64_t count, merkle_fetch fetch, void *source,
                       struct hash *ret_root)
{
    struct hash peaks[MERKLE_LEVELS];
    size_t n = 0;
    while (count > 0) {
        unsigned level = 63u - (unsigned)__builtin_clzll(count);
        assert(start % (UINT64_C(1) << level) == 0);
        if (!fetch(source, level, start >> level, &peaks[n++]))
            return false;
        start += UINT64_C(1) << level;
        count -= UINT64_C(1) << level;
    }
    *ret_root = peaks[--n];
    while (n > 0)
        *ret_root = merkle_node(&peaks[--n], ret_root);
    return true;
}

bool merkle_root_fetch(uint64_t size, merkle_fetch fetch, void *source, struct hash *ret_root)
{
    if (size > 0)
        return range_root(0, size, fetch, source, ret_root);
    *ret_root = merkle_empty();
    return true;
}

bool merkle_path_fetch(uint64_t size, uint64_t index, merkle_fetch fetch, void *source,
                       struct merkle_path *ret_path)
{
    struct hash down[MERKLE_LEVELS]; /* root to leaf */
    size_t n = 0;
    uint64_t start = 0;
    assert(index < size);
    while (size > 1) {
        uint64_t left = UINT64_C(1) << (63u - (unsigned)__builtin_clzll(size - 1));
        bool go_left = index - start < left;
        uint64_t other = go_left ? start + left : start;
        if (!range_root(other, go_left ? size - left : left, fetch, source, &down[n++]))
            return false;
        start = go_left ? start : start + left;
        size = go_left ? left : size - left;
    }
    ret_path->len = n;
    for (size_t i = 0; i < n; i++)
        ret_path->step[i] = down[n - 1 - i];
    return true;
}

struct leaf_array {
    const struct hash *leaves;
    size_t n;
};

static bool fetch_from_array(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    const struct leaf_array *a = source;
    size_t start = (size_t)(index << level);
    assert(start + ((size_t)1 << level) <= a->n);
    *ret_hash = merkle_root(a->leaves + start, (size_t)1 << level);
    return true;
}

struct merkle_path merkle_path_of(const struct hash *leaves, size_t n, size_t index)
{
    struct leaf_array a = { leaves, n };
    struct merkle_path path;
    bool ok = merkle_path_fetch(n, index, fetch_from_array, &a, &path);
    assert(ok);
    return path;
}

bool merkle_climb(const struct hash *leaf_hash, uint64_t index, uint64_t size,
                  const struct merkle_path *path, struct hash *ret_root)
{
    if (index >= size || path->len > MERKLE_LEVELS)
        return false;
    uint64_t fn = index, sn = size - 1;
    struct hash r = *leaf_hash;
    for (size_t i = 0; i < path->len; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            r = merkle_node(&path->step[i], &r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = merkle_node(&r, &path->step[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    *ret_root = r;
    return sn == 0;
}

bool merkle_verify(const struct hash *leaf_hash, uint64_t index, uint64_t size,
                   const struct merkle_path *path, const struct hash *root)
{
    struct hash reached;
    return merkle_climb(leaf_hash, index, size, path, &reached) && hash_equal(&reached, root);
}

/* ------------------------------------------------------------------ consistency */

bool merkle_consistency_fetch(uint64_t old, uint64_t size, merkle_fetch fetch, void *source,
                              struct merkle_path *ret_path)
{
    struct hash down[MERKLE_LEVELS + 1]; /* root to leaf */
    size_t n = 0;
    uint64_t start = 0;
    bool whole = true; /* the verifier has the root of what is left: it is the old tree itself */
    assert(old <= size);
    ret_path->len = 0;
    if (old == 0)
        return true;
    while (old < size && n < MERKLE_LEVELS) {
        uint64_t left = UINT64_C(1) << (63u - (unsigned)__builtin_clzll(size - 1));
        bool go_left = old <= left;
        uint64_t other = go_left ? start + left : start;
        if (!range_root(other, go_left ? size - left : left, fetch, source, &down[n++]))
            return false;
        whole = whole && go_left;
        start = go_left ? start : start + left;
        old = go_left ? old : old - left;
        size = go_left ? left : size - left;
    }
    if (!whole && !range_root(start, size, fetch, source, &down[n++]))
        return false;
    if (n > MERKLE_LEVELS)
        return false;
    ret_path->len = n;
    for (size_t i = 0; i < n; i++)
        ret_path->step[i] = down[n - 1 - i];
    return true;
}

struct merkle_path merkle_consistency_of(const struct hash *leaves, size_t n, size_t old)
{
    struct leaf_array a = { leaves, n };
    struct merkle_path path;
    bool ok = merkle_consistency_fetch(old, n, fetch_from_array, &a, &path);
    assert(ok);
    return path;
}

/* Both roots that the path leads to, from the root of the largest complete tree that both have in common. */
static bool climb_both(uint64_t fn, uint64_t sn, struct hash first, const struct hash *step,
                       size_t steps, struct hash ret_roots[2])
{
    struct hash fr = first, sr = first;
    for (size_t i = 0; i < steps; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) != 0 || fn == sn) {
            fr = merkle_node(&step[i], &fr);
            sr = merkle_node(&step[i], &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = merkle_node(&sr, &step[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    ret_roots[0] = fr;
    ret_roots[1] = sr;
    return sn == 0;
}

bool merkle_verify_consistency(uint64_t old, const struct hash *old_root, uint64_t size,
                               const struct hash *root, const struct merkle_path *path)
{
    struct hash nothing = merkle_empty(), roots[2];
    if (old > size || path->len > MERKLE_LEVELS)
        return false;
    if (old == size)
        return path->len == 0 && hash_equal(old_root, root);
    if (old == 0)
        return path->len == 0 && hash_equal(old_root, &nothing);
    if (path->len == 0)
        return false;
    bool complete = (old & (old - 1)) == 0; /* the old tree is that common tree itself */
    size_t used = complete ? 0 : 1;
    uint64_t fn = old - 1, sn = size - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    return climb_both(fn, sn, complete ? *old_root : path->step[0], path->step + used,
                      path->len - used, roots) &&
           hash_equal(&roots[0], old_root) && hash_equal(&roots[1], root);
}

void merkle_put_path(struct buf *out, const struct merkle_path *path)
{
    cbor_put_array(out, path->len);
    for (size_t i = 0; i < path->len; i++)
        cbor_put_bytes(out, hash_slice(&path->step[i]));
}

void merkle_take_path(struct cbor_reader *r, struct merkle_path *ret_path)
{
    size_t n = cbor_take_array(r);
    if (n > MERKLE_LEVELS) {
        cbor_fail(r);
        n = 0;
    }
    ret_path->len = n;
    for (size_t i = 0; i < n; i++)
        cbor_take_fixed(r, ret_path->step[i].bytes, HASH_SIZE);
}
