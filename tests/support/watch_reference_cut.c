#include "tests/support/watch_reference_parts.h"

#include <assert.h>

#define FOREVER UINT64_MAX

/* The spans, joined as long as two can be: those that touch first, then those with next to nothing between. */
struct spans {
    size_t count;
    struct watch_span items[REFERENCE_MAX_POINTS];
};

static bool touch(const struct watch_span *a, const struct watch_span *b)
{
    return a->from_ms <= b->to_ms && b->from_ms <= a->to_ms;
}

/* b comes after a, sooner than half a step later than it was expected. */
static bool follow(const struct watch_span *a, const struct watch_span *b)
{
    return b->from_ms > a->to_ms && 2 * (b->from_ms - a->to_ms) < a->to_ms - a->last_ms;
}

static struct watch_span both(const struct watch_span *a, const struct watch_span *b)
{
    struct watch_span s = *a;
    s.from_ms = b->from_ms < s.from_ms ? b->from_ms : s.from_ms;
    s.last_ms = b->last_ms > s.last_ms ? b->last_ms : s.last_ms;
    s.to_ms = b->to_ms > s.to_ms ? b->to_ms : s.to_ms;
    return s;
}

typedef bool (*joins)(const struct watch_span *a, const struct watch_span *b);

static bool join_one(struct spans *spans, joins may)
{
    for (size_t i = 0; i < spans->count; i++)
        for (size_t k = 0; k < spans->count; k++) {
            if (i == k || !may(&spans->items[i], &spans->items[k]))
                continue;
            spans->items[i] = both(&spans->items[i], &spans->items[k]);
            spans->items[k] = spans->items[--spans->count];
            return true;
        }
    return false;
}

/* The piece of [at, …) up to the next span; false when nothing is left. Moves *at behind that span. */
static bool next_piece(const struct spans *spans, const struct reference_run *run, uint64_t end,
                       uint64_t *at, uint64_t *ret_from, uint64_t *ret_to)
{
    const struct watch_span *next = NULL;
    *ret_from = *at;
    if (*at >= end)
        return false;
    for (size_t i = 0; i < spans->count; i++) {
        const struct watch_span *s = &spans->items[i];
        if (s->to_ms > *at && s->from_ms < end && (next == NULL || s->from_ms < next->from_ms))
            next = s;
    }
    *ret_to = next == NULL ? end : next->from_ms;
    *at = next == NULL ? end : next->to_ms;
    bool held =
        next != NULL && !run->open && run->sample >= next->from_ms && run->sample <= next->last_ms;
    if (held)
        *at = end;
    return true;
}

void reference_cut(const struct reference_device *d, struct reference_runs *runs)
{
    static struct reference_runs whole;
    static struct spans spans;
    spans.count = d->span_count;
    assert(d->span_count < REFERENCE_MAX_POINTS);
    for (size_t i = 0; i < d->span_count; i++)
        spans.items[i] = d->spans[i];
    while (join_one(&spans, touch))
        ;
    while (join_one(&spans, follow))
        ;
    whole = *runs;
    runs->count = 0;
    for (size_t i = 0; i < whole.count; i++) {
        const struct reference_run *run = &whole.items[i];
        uint64_t at = run->from, from, to, end = run->open ? FOREVER : run->to;
        while (next_piece(&spans, run, end, &at, &from, &to)) {
            struct reference_run left = *run;
            left.from = from;
            left.to = run->open ? 0 : to;
            left.seen = to < run->seen ? to : run->seen;
            if (from < to && (!run->open || from <= run->seen))
                runs->items[runs->count++] = left;
            assert(runs->count < REFERENCE_MAX_POINTS);
        }
    }
}
