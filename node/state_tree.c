#include "node/state_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_SIZE (2 * HASH_SIZE)

struct bucket {
    uint8_t (*entries)[ENTRY_SIZE]; /* sorted by key hash */
    uint32_t count;
    uint32_t cap;
    bool dirty;
};

struct state_tree {
    struct bucket buckets[STATE_BUCKETS];
    struct hash nodes[2 * STATE_BUCKETS]; /* heap order: 1 is the root, leaves from STATE_BUCKETS */
    uint32_t dirty[STATE_BUCKETS];        /* buckets whose root is out of date */
    size_t dirty_count;
    uint64_t count;
};

static size_t bucket_of(const struct hash *key_hash)
{
    return (size_t)key_hash->bytes[0] << 8 | key_hash->bytes[1];
}

static void fill_empty(struct state_tree *t)
{
    struct hash empty = merkle_empty();
    struct hash node = merkle_leaf(hash_slice(&empty));
    for (size_t first = STATE_BUCKETS; first > 0; first /= 2) {
        for (size_t i = first; i < 2 * first; i++)
            t->nodes[i] = node;
        node = merkle_node(&node, &node);
    }
}

struct state_tree *state_tree_new(void)
{
    struct state_tree *t = calloc(1, sizeof *t);
    if (t != NULL)
        fill_empty(t);
    return t;
}

void state_tree_free(struct state_tree *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < STATE_BUCKETS; i++)
        free(t->buckets[i].entries);
    free(t);
}

/* Place of key_hash in the bucket, or where it would be. */
static size_t bucket_search(const struct bucket *b, const struct hash *key_hash, bool *ret_found)
{
    size_t low = 0, high = b->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = memcmp(b->entries[mid], key_hash->bytes, HASH_SIZE);
        if (order == 0) {
            *ret_found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *ret_found = false;
    return low;
}

static bool bucket_insert(struct bucket *b, size_t place, const struct hash *key_hash)
{
    if (b->count == b->cap) {
        uint32_t cap = b->cap == 0 ? 2 : b->cap * 2;
        void *bigger = realloc(b->entries, (size_t)cap * ENTRY_SIZE);
        if (bigger == NULL)
            return false;
        b->entries = bigger;
        b->cap = cap;
    }
    memmove(b->entries + place + 1, b->entries + place, (b->count - place) * (size_t)ENTRY_SIZE);
    memcpy(b->entries[place], key_hash->bytes, HASH_SIZE);
    b->count++;
    return true;
}

bool state_tree_set(struct state_tree *t, const struct hash *key_hash,
                    const struct hash *value_hash)
{
    size_t n = bucket_of(key_hash);
    struct bucket *b = &t->buckets[n];
    bool found;
    size_t place = bucket_search(b, key_hash, &found);
    if (value_hash == NULL && !found)
        return true;
    if (value_hash == NULL) {
        memmove(b->entries + place, b->entries + place + 1,
                (b->count - place - 1) * (size_t)ENTRY_SIZE);
        b->count--;
        t->count--;
    } else {
        if (!found && !bucket_insert(b, place, key_hash))
            return false;
        t->count += found ? 0 : 1;
        memcpy(b->entries[place] + HASH_SIZE, value_hash->bytes, HASH_SIZE);
    }
    if (!b->dirty) {
        b->dirty = true;
        t->dirty[t->dirty_count++] = (uint32_t)n;
    }
    return true;
}

static struct hash bucket_root(const struct bucket *b)
{
    struct merkle_frontier f;
    merkle_frontier_begin(&f);
    for (size_t i = 0; i < b->count; i++) {
        struct hash leaf = merkle_leaf(slice_of(b->entries[i], ENTRY_SIZE));
        merkle_frontier_add(&f, &leaf);
    }
    return merkle_frontier_root(&f);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Turns the sorted list of changed nodes into that of their parents, each recomputed once. */
static size_t climb(struct state_tree *t, uint32_t *list, size_t n)
{
    size_t parents = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t parent = list[i] / 2;
        if (parents > 0 && list[parents - 1] == parent)
            continue;
        t->nodes[parent] = merkle_node(&t->nodes[2 * parent], &t->nodes[2 * parent + 1]);
        list[parents++] = parent;
    }
    return parents;
}

struct hash state_tree_root(struct state_tree *t)
{
    qsort(t->dirty, t->dirty_count, sizeof t->dirty[0], compare_u32);
    for (size_t i = 0; i < t->dirty_count; i++) {
        struct bucket *b = &t->buckets[t->dirty[i]];
        struct hash root = bucket_root(b);
        b->dirty = false;
        t->dirty[i] += STATE_BUCKETS;
        t->nodes[t->dirty[i]] = merkle_leaf(hash_slice(&root));
    }
    size_t n = t->dirty_count;
    for (unsigned level = 0; level < STATE_BUCKET_LEVELS && n > 0; level++)
        n = climb(t, t->dirty, n);
    t->dirty_count = 0;
    return t->nodes[1];
}

bool state_tree_find(const struct state_tree *t, const struct hash *key_hash,
                     struct hash *ret_value)
{
    const struct bucket *b = &t->buckets[bucket_of(key_hash)];
    bool found;
    size_t place = bucket_search(b, key_hash, &found);
    if (found)
        memcpy(ret_value->bytes, b->entries[place] + HASH_SIZE, HASH_SIZE);
    return found;
}

uint64_t state_tree_count(const struct state_tree *t)
{
    return t->count;
}

/* ------------------------------------------------------------------ proofs */

static void put_entry(struct buf *out, const struct bucket *b, const struct hash *leaves, size_t i)
{
    struct merkle_path path = merkle_path_of(leaves, b->count, i);
    cbor_put_array(out, 3);
    cbor_put_uint(out, i);
    cbor_put_bytes(out, slice_of(b->entries[i], ENTRY_SIZE));
    merkle_put_path(out, &path);
}

/* Which entries show it: the key's own, or those on either side of where it would be. */
static void put_entries(struct buf *out, const struct bucket *b, size_t place, bool found)
{
    struct hash *leaves = calloc(b->count + 1, sizeof *leaves);
    if (leaves == NULL) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < b->count; i++)
        leaves[i] = merkle_leaf(slice_of(b->entries[i], ENTRY_SIZE));
    bool before = !found && place > 0;
    bool at = found || place < b->count;
    cbor_put_array(out, (size_t)before + (size_t)at);
    if (before)
        put_entry(out, b, leaves, place - 1);
    if (at)
        put_entry(out, b, leaves, place);
    free(leaves);
}

void state_tree_prove(struct state_tree *t, struct slice key, struct slice value, struct buf *out)
{
    struct hash key_hash = crypto_sha256(key);
    size_t n = bucket_of(&key_hash);
    const struct bucket *b = &t->buckets[n];
    bool found;
    size_t place = bucket_search(b, &key_hash, &found);
    assert(t->dirty_count == 0);
    cbor_put_array(out, 5);
    cbor_put_bytes(out, key);
    if (value.len > 0)
        cbor_put_bytes(out, value);
    else
        cbor_put_null(out);
    cbor_put_uint(out, b->count);
    put_entries(out, b, place, found);
    cbor_put_array(out, STATE_BUCKET_LEVELS);
    for (size_t i = n + STATE_BUCKETS; i > 1; i /= 2)
        cbor_put_bytes(out, hash_slice(&t->nodes[i ^ 1]));
}
