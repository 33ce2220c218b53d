#include "tests/support/memory_state.h"

#include "common/genesis.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct slice key, value;
};

struct memory_state {
    struct entry *entries;
    size_t count, cap;
    uint32_t *slots; /* entry number + 1, by key; 0 = free. Twice as many as cap */
    struct state_tree *tree;
};

static struct slice duplicate(struct slice s)
{
    uint8_t *copy = malloc(s.len + 1);
    assert(copy != NULL);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    return slice_of(copy, s.len);
}

static void release(struct slice s)
{
    free((void *)(uintptr_t)s.data);
}

struct memory_state *memory_state_new(void)
{
    struct memory_state *m = calloc(1, sizeof *m);
    assert(m != NULL);
    m->tree = state_tree_new();
    assert(m->tree != NULL);
    return m;
}

void memory_state_free(struct memory_state *m)
{
    for (size_t i = 0; i < m->count; i++) {
        release(m->entries[i].key);
        release(m->entries[i].value);
    }
    free(m->entries);
    free(m->slots);
    state_tree_free(m->tree);
    free(m);
}

/* The slot of key: its entry's, or the free one it would take. */
static uint32_t *find_slot(const struct memory_state *m, struct slice key)
{
    uint32_t sum = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < key.len; i++)
        sum = (sum ^ key.data[i]) * 16777619u;
    size_t at = sum % (2 * m->cap);
    while (m->slots[at] != 0 && !slice_equal(m->entries[m->slots[at] - 1].key, key))
        at = (at + 1) % (2 * m->cap);
    return &m->slots[at];
}

static struct entry *find(const struct memory_state *m, struct slice key)
{
    uint32_t number = m->count == 0 ? 0 : *find_slot(m, key);
    return number == 0 ? NULL : &m->entries[number - 1];
}

static void index_all(struct memory_state *m)
{
    memset(m->slots, 0, 2 * m->cap * sizeof m->slots[0]);
    for (size_t i = 0; i < m->count; i++)
        *find_slot(m, m->entries[i].key) = (uint32_t)(i + 1);
}

static void make_room(struct memory_state *m)
{
    if (m->count < m->cap) {
        assert(m->entries != NULL && m->slots != NULL);
        return;
    }
    m->cap = m->cap == 0 ? 64 : 2 * m->cap;
    m->entries = realloc(m->entries, m->cap * sizeof m->entries[0]);
    m->slots = realloc(m->slots, 2 * m->cap * sizeof m->slots[0]);
    assert(m->entries != NULL && m->slots != NULL);
    index_all(m);
}

void memory_state_set(struct memory_state *m, struct slice key, struct slice value)
{
    struct hash key_hash = crypto_sha256(key), value_hash = crypto_sha256(value);
    struct entry *e = find(m, key);
    assert(state_tree_set(m->tree, &key_hash, value.len > 0 ? &value_hash : NULL));
    if (e != NULL) {
        release(e->value);
        if (value.len > 0) {
            e->value = duplicate(value);
            return;
        }
        release(e->key);
        *e = m->entries[--m->count];
        index_all(m);
        return;
    }
    if (value.len == 0)
        return;
    make_room(m);
    m->entries[m->count++] = (struct entry){ duplicate(key), duplicate(value) };
    *find_slot(m, key) = (uint32_t)m->count;
}

void memory_state_load(struct memory_state *m, struct slice genesis_file)
{
    struct genesis g;
    bool ok = genesis_decode(genesis_file, &g, NULL);
    assert(ok);
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        memory_state_set(m, key, value);
    }
}

void memory_state_apply(struct memory_state *m, const struct execute_result *result)
{
    for (size_t i = 0; i < result->write_count; i++)
        memory_state_set(m, result->writes[i].key, result->writes[i].value);
}

struct hash memory_state_root(struct memory_state *m)
{
    return state_tree_root(m->tree);
}

bool memory_state_get(struct memory_state *m, struct slice key, struct slice *ret_value)
{
    const struct entry *e = find(m, key);
    if (e != NULL)
        *ret_value = e->value;
    return e != NULL;
}

bool memory_state_each(const struct memory_state *m,
                       bool (*visit)(void *ctx, struct slice key, struct slice value), void *ctx)
{
    for (size_t i = 0; i < m->count; i++)
        if (!visit(ctx, m->entries[i].key, m->entries[i].value))
            return false;
    return true;
}

static bool view_get(void *ctx, struct slice key, struct buf *value)
{
    struct slice found;
    if (!memory_state_get(ctx, key, &found))
        return false;
    buf_add_slice(value, found);
    return true;
}

struct timer {
    uint64_t time_ms, what;
    struct slice id, key;
};

static int compare_timers(const void *a, const void *b)
{
    const struct timer *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    if (x->what != y->what)
        return x->what < y->what ? -1 : 1;
    return slice_compare(x->id, y->id);
}

static size_t view_due(void *ctx, uint64_t time_ms, struct state_key *ret_keys, size_t max)
{
    struct memory_state *m = ctx;
    struct timer *due = calloc(m->count + 1, sizeof *due);
    size_t n = 0;
    assert(due != NULL);
    for (size_t i = 0; i < m->count; i++) {
        struct timer t = { .key = m->entries[i].key };
        if (state_key_table(t.key) == TABLE_TIMER &&
            state_key_take_timer(t.key, &t.time_ms, &t.what, &t.id) && t.time_ms <= time_ms)
            due[n++] = t;
    }
    qsort(due, n, sizeof due[0], compare_timers);
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i++) {
        memcpy(ret_keys[i].bytes, due[i].key.data, due[i].key.len);
        ret_keys[i].len = due[i].key.len;
    }
    free(due);
    return n;
}

struct state_view memory_state_view(struct memory_state *m)
{
    return (struct state_view){ .ctx = m, .get = view_get, .due = view_due };
}

struct state_tree *memory_state_tree(struct memory_state *m)
{
    return m->tree;
}
