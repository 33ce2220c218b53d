#include "node/state_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_SIZE STATE_ENTRY_SIZE

/*
 * The 65,536 buckets hang in a tree of four levels, sixteen ways each. A group that nobody ever wrote to is
 * not there, so a tree costs what is in it.
 */
#define WAYS   16
#define DEPTH  4
#define BRANCH 4 /* levels of the binary tree within a group */

struct bucket {
    uint8_t (*entries)[ENTRY_SIZE]; /* sorted by key hash */
    uint32_t count;
    uint32_t cap;
};

struct group {
    struct hash nodes[2 * WAYS]; /* heap order: 1 is the group's root, its children from WAYS */
    union {
        struct group *group[WAYS];  /* NULL: nothing below */
        struct bucket bucket[WAYS]; /* at the lowest level */
    } below;
    uint32_t dirty; /* children whose node is out of date, a bit each */
};

struct state_tree {
    struct group *top;
    struct hash empty[STATE_BUCKET_LEVELS + 1]; /* root of an empty subtree, by its height */
    uint64_t count;
};

static size_t bucket_of(const struct hash *key_hash)
{
    return (size_t)key_hash->bytes[0] << 8 | key_hash->bytes[1];
}

/* Which child of the group at `depth` (0: the top) leads to the bucket. */
static size_t way(size_t bucket, unsigned depth)
{
    return bucket >> (BRANCH * (DEPTH - 1 - depth)) & (WAYS - 1);
}

static struct group *group_new(const struct state_tree *t, unsigned depth)
{
    struct group *g = calloc(1, sizeof *g);
    unsigned height = STATE_BUCKET_LEVELS - BRANCH * depth; /* of the group's root */
    if (g == NULL)
        return NULL;
    for (size_t first = 1; first <= WAYS; first *= 2, height--)
        for (size_t i = first; i < 2 * first; i++)
            g->nodes[i] = t->empty[height];
    return g;
}

struct state_tree *state_tree_new(void)
{
    struct state_tree *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    struct hash nothing = merkle_empty();
    t->empty[0] = merkle_leaf(hash_slice(&nothing));
    for (size_t i = 0; i < STATE_BUCKET_LEVELS; i++)
        t->empty[i + 1] = merkle_node(&t->empty[i], &t->empty[i]);
    t->top = group_new(t, 0);
    if (t->top == NULL) {
        free(t);
        return NULL;
    }
    return t;
}

static void group_free(struct group *g, unsigned depth)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < WAYS; i++) {
        if (depth == DEPTH - 1)
            free(g->below.bucket[i].entries);
        else
            group_free(g->below.group[i], depth + 1);
    }
    free(g);
}

void state_tree_free(struct state_tree *t)
{
    if (t == NULL)
        return;
    group_free(t->top, 0);
    free(t);
}

/* The bucket: NULL when nothing was ever near it. */
static const struct bucket *find_bucket(const struct state_tree *t, size_t n)
{
    const struct group *g = t->top;
    for (unsigned depth = 0; depth < DEPTH - 1 && g != NULL; depth++)
        g = g->below.group[way(n, depth)];
    return g == NULL ? NULL : &g->below.bucket[way(n, DEPTH - 1)];
}

/* The same to be written to: made if need be, and its way from the top marked. NULL: no memory. */
static struct bucket *reach_bucket(struct state_tree *t, size_t n)
{
    struct group *g = t->top;
    for (unsigned depth = 0; depth < DEPTH - 1; depth++) {
        struct group **next = &g->below.group[way(n, depth)];
        if (*next == NULL)
            *next = group_new(t, depth + 1);
        if (*next == NULL)
            return NULL;
        g->dirty |= UINT32_C(1) << way(n, depth);
        g = *next;
    }
    g->dirty |= UINT32_C(1) << way(n, DEPTH - 1);
    return &g->below.bucket[way(n, DEPTH - 1)];
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
    bool found;
    struct bucket *b = reach_bucket(t, bucket_of(key_hash));
    if (b == NULL)
        return false;
    size_t place = bucket_search(b, key_hash, &found);
    if (value_hash == NULL && !found)
        return true;
    if (value_hash == NULL) {
        memmove(b->entries + place, b->entries + place + 1,
                (b->count - place - 1) * (size_t)ENTRY_SIZE);
        b->count--;
        t->count--;
        return true;
    }
    if (!found && !bucket_insert(b, place, key_hash))
        return false;
    t->count += found ? 0 : 1;
    memcpy(b->entries[place] + HASH_SIZE, value_hash->bytes, HASH_SIZE);
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

/* Each node above a changed child once. */
static void climb(struct group *g)
{
    uint32_t changed = g->dirty << WAYS; /* a bit each node */
    for (size_t i = WAYS - 1; i > 0; i--) {
        if ((changed >> (2 * i) & 3) == 0)
            continue;
        g->nodes[i] = merkle_node(&g->nodes[2 * i], &g->nodes[2 * i + 1]);
        changed |= UINT32_C(1) << i;
    }
    g->dirty = 0;
}

static void refresh(struct group *g, unsigned depth)
{
    for (size_t i = 0; i < WAYS; i++) {
        if ((g->dirty >> i & 1) == 0)
            continue;
        if (depth == DEPTH - 1) {
            struct hash root = bucket_root(&g->below.bucket[i]);
            g->nodes[WAYS + i] = merkle_leaf(hash_slice(&root));
        } else {
            refresh(g->below.group[i], depth + 1);
            g->nodes[WAYS + i] = g->below.group[i]->nodes[1];
        }
    }
    climb(g);
}

struct hash state_tree_root(struct state_tree *t)
{
    if (t->top->dirty != 0)
        refresh(t->top, 0);
    return t->top->nodes[1];
}

bool state_tree_find(const struct state_tree *t, const struct hash *key_hash,
                     struct hash *ret_value)
{
    const struct bucket *b = find_bucket(t, bucket_of(key_hash));
    bool found = false;
    size_t place = b == NULL ? 0 : bucket_search(b, key_hash, &found);
    if (found)
        memcpy(ret_value->bytes, b->entries[place] + HASH_SIZE, HASH_SIZE);
    return found;
}

uint64_t state_tree_count(const struct state_tree *t)
{
    return t->count;
}

struct hash state_tree_node(const struct state_tree *t, unsigned height, size_t index)
{
    const struct group *g = t->top;
    unsigned levels = STATE_BUCKET_LEVELS - height; /* from the root down to the node */
    for (; levels > BRANCH && g != NULL; levels -= BRANCH)
        g = g->below.group[index >> (levels - BRANCH) & (WAYS - 1)];
    if (g == NULL)
        return t->empty[height];
    return g->nodes[(size_t)1 << levels | (index & (((size_t)1 << levels) - 1))];
}

const uint8_t (*state_tree_bucket(const struct state_tree *t, size_t bucket,
                                  size_t *ret_count))[STATE_ENTRY_SIZE]
{
    const struct bucket *b = find_bucket(t, bucket);
    *ret_count = b == NULL ? 0 : b->count;
    return b == NULL ? NULL : (const uint8_t(*)[STATE_ENTRY_SIZE])b->entries;
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
    static const struct bucket none;
    struct hash key_hash = crypto_sha256(key);
    size_t n = bucket_of(&key_hash);
    const struct bucket *b = find_bucket(t, n);
    bool found;
    assert(t->top->dirty == 0);
    if (b == NULL)
        b = &none;
    size_t place = bucket_search(b, &key_hash, &found);
    cbor_put_array(out, 5);
    cbor_put_bytes(out, key);
    if (value.len > 0)
        cbor_put_bytes(out, value);
    else
        cbor_put_null(out);
    cbor_put_uint(out, b->count);
    put_entries(out, b, place, found);
    cbor_put_array(out, STATE_BUCKET_LEVELS);
    for (unsigned height = 0; height < STATE_BUCKET_LEVELS; height++) {
        struct hash node = state_tree_node(t, height, n >> height ^ 1);
        cbor_put_bytes(out, hash_slice(&node));
    }
}
