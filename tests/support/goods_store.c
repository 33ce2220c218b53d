#include "tests/support/goods_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TABLES 64

/* A key whose value is gone keeps its place. */
struct entry {
    struct slice key, value;
    size_t value_cap;
};

struct goods_store {
    struct entry *entries; /* open addressing; no key: free */
    size_t cap, used;
    struct state_key *timers;
    size_t timer_count, timer_cap;
    size_t counts[TABLES];
};

static void *room(void *old, size_t count, size_t size)
{
    void *memory = realloc(old, count * size);
    if (memory == NULL)
        abort();
    return memory;
}

struct goods_store *goods_store_new(void)
{
    struct goods_store *s = calloc(1, sizeof *s);
    assert(s != NULL);
    s->cap = 1 << 12;
    s->entries = calloc(s->cap, sizeof s->entries[0]);
    assert(s->entries != NULL);
    return s;
}

static void release(struct slice s)
{
    free((void *)(uintptr_t)s.data);
}

void goods_store_free(struct goods_store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->cap; i++) {
        release(s->entries[i].key);
        release(s->entries[i].value);
    }
    free(s->entries);
    free(s->timers);
    free(s);
}

static struct entry *find(const struct goods_store *s, struct slice key)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < key.len; i++)
        sum = (sum ^ key.data[i]) * UINT64_C(1099511628211);
    size_t at = (size_t)(sum >> 20) % s->cap;
    while (s->entries[at].key.len > 0 && !slice_equal(s->entries[at].key, key))
        at = (at + 1) % s->cap;
    return &s->entries[at];
}

static void grow(struct goods_store *s)
{
    struct entry *old = s->entries;
    size_t cap = s->cap;
    s->cap *= 2;
    s->entries = calloc(s->cap, sizeof s->entries[0]);
    assert(s->entries != NULL);
    for (size_t i = 0; i < cap; i++)
        if (old[i].key.len > 0)
            *find(s, old[i].key) = old[i];
    free(old);
}

static void note_timer(struct goods_store *s, struct slice key, bool there)
{
    if (there) {
        if (s->timer_count == s->timer_cap) {
            s->timer_cap = s->timer_cap == 0 ? 64 : 2 * s->timer_cap;
            s->timers = room(s->timers, s->timer_cap, sizeof s->timers[0]);
        }
        struct state_key *t = &s->timers[s->timer_count++];
        memcpy(t->bytes, key.data, key.len);
        t->len = key.len;
        return;
    }
    for (size_t i = 0; i < s->timer_count; i++) {
        if (slice_equal(state_key_slice(&s->timers[i]), key)) {
            s->timers[i] = s->timers[--s->timer_count];
            return;
        }
    }
}

void goods_store_set(struct goods_store *s, struct slice key, struct slice value)
{
    if (2 * s->used > s->cap)
        grow(s);
    struct entry *e = find(s, key);
    if (e->key.len == 0) {
        uint8_t *copy = room(NULL, key.len, 1);
        memcpy(copy, key.data, key.len);
        e->key = slice_of(copy, key.len);
        s->used++;
    }
    bool was = e->value.len > 0, is = value.len > 0;
    enum state_table table = state_key_table(key);
    assert((size_t)table < TABLES);
    if (was != is) {
        s->counts[table] = is ? s->counts[table] + 1 : s->counts[table] - 1;
        if (table == TABLE_TIMER)
            note_timer(s, key, is);
    }
    if (value.len > e->value_cap) {
        release(e->value);
        e->value.data = room(NULL, value.len, 1);
        e->value_cap = value.len;
    }
    if (is)
        memcpy((void *)(uintptr_t)e->value.data, value.data, value.len);
    e->value.len = value.len;
}

bool goods_store_get(const struct goods_store *s, const struct state_key *key,
                     struct slice *ret_value)
{
    *ret_value = find(s, state_key_slice(key))->value;
    return ret_value->len > 0;
}

size_t goods_store_count(const struct goods_store *s, enum state_table table)
{
    return s->counts[table];
}

static bool view_get(void *ctx, struct slice key, struct buf *value)
{
    const struct entry *e = find(ctx, key);
    if (e->value.len == 0)
        return false;
    buf_add_slice(value, e->value);
    return true;
}

struct due {
    uint64_t time_ms, what;
    struct slice id;
    const struct state_key *key;
};

static int by_time(const void *a, const void *b)
{
    const struct due *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    if (x->what != y->what)
        return x->what < y->what ? -1 : 1;
    return slice_compare(x->id, y->id);
}

static size_t view_due(void *ctx, uint64_t time_ms, struct state_key *ret_keys, size_t max)
{
    const struct goods_store *s = ctx;
    struct due *due = calloc(s->timer_count + 1, sizeof *due);
    size_t n = 0;
    assert(due != NULL);
    for (size_t i = 0; i < s->timer_count; i++) {
        struct due *d = &due[n];
        d->key = &s->timers[i];
        if (state_key_take_timer(state_key_slice(d->key), &d->time_ms, &d->what, &d->id) &&
            d->time_ms <= time_ms)
            n++;
    }
    qsort(due, n, sizeof due[0], by_time);
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i++)
        ret_keys[i] = *due[i].key;
    free(due);
    return n;
}

struct state_view goods_store_view(struct goods_store *s)
{
    return (struct state_view){ .ctx = s, .get = view_get, .due = view_due };
}
