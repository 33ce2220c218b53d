#include "tools/trial_state.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    uint8_t *memory; /* of both: the key, then the value */
    struct slice key, value;
};

struct trial_state {
    struct entry *entries; /* by key */
    size_t count, cap;
};

struct trial_state *trial_state_new(void)
{
    return calloc(1, sizeof(struct trial_state));
}

static void release(struct entry *e)
{
    free(e->memory);
}

void trial_state_free(struct trial_state *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        release(&s->entries[i]);
    free(s->entries);
    free(s);
}

/* Place of the first entry whose key is not below this one. */
static size_t place_of(const struct trial_state *s, struct slice key)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(s->entries[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct trial_state *s, size_t i, struct slice key)
{
    return i < s->count && slice_equal(s->entries[i].key, key);
}

static bool make_entry(struct slice key, struct slice value, struct entry *ret_entry)
{
    uint8_t *memory = malloc(key.len + value.len);
    if (memory == NULL)
        return false;
    memcpy(memory, key.data, key.len);
    memcpy(memory + key.len, value.data, value.len);
    *ret_entry =
        (struct entry){ memory, slice_of(memory, key.len), slice_of(memory + key.len, value.len) };
    return true;
}

static bool make_room(struct trial_state *s, size_t at)
{
    if (s->count == s->cap) {
        size_t cap = s->cap == 0 ? 64 : 2 * s->cap;
        struct entry *entries = realloc(s->entries, cap * sizeof *entries);
        if (entries == NULL)
            return false;
        s->entries = entries;
        s->cap = cap;
    }
    memmove(&s->entries[at + 1], &s->entries[at], (s->count - at) * sizeof s->entries[0]);
    s->count++;
    return true;
}

bool trial_state_set(struct trial_state *s, struct slice key, struct slice value)
{
    size_t at = place_of(s, key);
    bool there = is_at(s, at, key);
    struct entry made;
    if (value.len == 0) {
        if (!there)
            return true;
        release(&s->entries[at]);
        s->count--;
        memmove(&s->entries[at], &s->entries[at + 1], (s->count - at) * sizeof s->entries[0]);
        return true;
    }
    if (!make_entry(key, value, &made))
        return false;
    if (there)
        release(&s->entries[at]);
    else if (!make_room(s, at)) {
        release(&made);
        return false;
    }
    s->entries[at] = made;
    return true;
}

bool trial_state_apply(struct trial_state *s, const struct execute_result *result)
{
    for (size_t i = 0; i < result->write_count; i++)
        if (!trial_state_set(s, result->writes[i].key, result->writes[i].value))
            return false;
    return true;
}

bool trial_state_get(const struct trial_state *s, const struct state_key *key,
                     struct slice *ret_value)
{
    size_t at = place_of(s, state_key_slice(key));
    if (!is_at(s, at, state_key_slice(key)))
        return false;
    *ret_value = s->entries[at].value;
    return true;
}

/* ------------------------------------------------------------------ as the rules see it */

static bool view_get(void *ctx, struct slice key, struct buf *value)
{
    const struct trial_state *s = ctx;
    size_t at = place_of(s, key);
    if (!is_at(s, at, key))
        return false;
    buf_add_slice(value, s->entries[at].value);
    return true;
}

struct timer {
    uint64_t time_ms, what;
    struct slice id, key;
};

/* Canonical integers sort as numbers do, so timers lie together and by time. */
static size_t first_timer(const struct trial_state *s)
{
    struct state_key least = state_key_timer(0, 0, slice_of("", 0));
    return place_of(s, state_key_slice(&least));
}

static bool timer_at(const struct trial_state *s, size_t i, struct timer *ret_timer)
{
    if (i >= s->count || state_key_table(s->entries[i].key) != TABLE_TIMER)
        return false;
    ret_timer->key = s->entries[i].key;
    return state_key_take_timer(ret_timer->key, &ret_timer->time_ms, &ret_timer->what,
                                &ret_timer->id);
}

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
    const struct trial_state *s = ctx;
    size_t first = first_timer(s), n = 0;
    struct timer t;
    while (timer_at(s, first + n, &t) && t.time_ms <= time_ms)
        n++;
    struct timer *due = n == 0 ? NULL : calloc(n, sizeof *due);
    if (due == NULL)
        return 0;
    for (size_t i = 0; i < n; i++)
        (void)timer_at(s, first + i, &due[i]);
    qsort(due, n, sizeof due[0], compare_timers);
    n = n < max ? n : max;
    for (size_t i = 0; i < n; i++) {
        memcpy(ret_keys[i].bytes, due[i].key.data, due[i].key.len);
        ret_keys[i].len = due[i].key.len;
    }
    free(due);
    return n;
}

struct state_view trial_state_view(struct trial_state *s)
{
    return (struct state_view){ .ctx = s, .get = view_get, .due = view_due };
}

bool trial_state_next_timer(const struct trial_state *s, uint64_t *ret_time_ms)
{
    struct timer t;
    if (!timer_at(s, first_timer(s), &t))
        return false;
    *ret_time_ms = t.time_ms;
    return true;
}
