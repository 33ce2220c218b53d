#include "node/timers.h"

#include <stdlib.h>
#include <string.h>

struct timer {
    uint64_t time_ms, what;
    size_t id_at, id_len; /* within the key */
    struct state_key key;
};

struct timers {
    struct timer *at; /* sorted */
    size_t count, cap;
};

struct timers *timers_new(void)
{
    return calloc(1, sizeof(struct timers));
}

void timers_free(struct timers *t)
{
    if (t == NULL)
        return;
    free(t->at);
    free(t);
}

static bool parse(struct slice key, struct timer *ret_timer)
{
    struct slice id;
    if (key.len > STATE_KEY_MAX ||
        !state_key_take_timer(key, &ret_timer->time_ms, &ret_timer->what, &id))
        return false;
    memcpy(ret_timer->key.bytes, key.data, key.len);
    ret_timer->key.len = key.len;
    ret_timer->id_at = (size_t)(id.data - key.data);
    ret_timer->id_len = id.len;
    return true;
}

static struct slice timer_id(const struct timer *t)
{
    return slice_of(t->key.bytes + t->id_at, t->id_len);
}

static int compare(const struct timer *a, const struct timer *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    if (a->what != b->what)
        return a->what < b->what ? -1 : 1;
    return slice_compare(timer_id(a), timer_id(b));
}

/* Place of the first timer that is not before `timer`. */
static size_t lower_bound(const struct timers *t, const struct timer *timer)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (compare(&t->at[mid], timer) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool insert(struct timers *t, size_t place, const struct timer *timer)
{
    if (t->count == t->cap) {
        size_t cap = t->cap == 0 ? 64 : t->cap * 2;
        struct timer *bigger = realloc(t->at, cap * sizeof bigger[0]);
        if (bigger == NULL)
            return false;
        t->at = bigger;
        t->cap = cap;
    }
    memmove(&t->at[place + 1], &t->at[place], (t->count - place) * sizeof t->at[0]);
    t->at[place] = *timer;
    t->count++;
    return true;
}

bool timers_apply(struct timers *t, struct slice key, bool present)
{
    struct timer timer;
    if (state_key_table(key) != TABLE_TIMER || !parse(key, &timer))
        return true;
    size_t place = lower_bound(t, &timer);
    bool there = place < t->count && compare(&t->at[place], &timer) == 0;
    if (present && !there)
        return insert(t, place, &timer);
    if (!present && there) {
        memmove(&t->at[place], &t->at[place + 1], (t->count - place - 1) * sizeof t->at[0]);
        t->count--;
    }
    return true;
}

size_t timers_due(const struct timers *t, uint64_t time_ms, struct state_key *ret_keys, size_t max)
{
    size_t n = 0;
    while (n < t->count && n < max && t->at[n].time_ms <= time_ms) {
        ret_keys[n] = t->at[n].key;
        n++;
    }
    return n;
}
