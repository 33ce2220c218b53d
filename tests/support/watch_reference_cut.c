#include "tests/support/watch_reference_parts.h"

#include <assert.h>

#define FOREVER UINT64_MAX

/* The spans, joined as long as two can be: those that touch first, then those with next to nothing between. */
struct taken {
    struct watch_span span;
    uint64_t twice_reach; /* twice the end, half a step later than the next sample was expected */
};

struct spans {
    size_t count;
    struct taken items[REFERENCE_MAX_POINTS];
};

static bool touch(const struct taken *a, const struct taken *b)
{
    return a->span.from_ms <= b->span.to_ms && b->span.from_ms <= a->span.to_ms;
}

/* b comes after a, before the time to which a leaves nothing. */
static bool follow(const struct taken *a, const struct taken *b)
{
    return b->span.from_ms > a->span.to_ms && 2 * b->span.from_ms < a->twice_reach;
}

static struct taken both(const struct taken *a, const struct taken *b)
{
    struct taken s = *a;
    if (b->span.from_ms < s.span.from_ms)
        s.span.from_ms = b->span.from_ms;
    if (b->span.last_ms > s.span.last_ms)
        s.span.last_ms = b->span.last_ms;
    if (b->span.to_ms > s.span.to_ms)
        s.span.to_ms = b->span.to_ms;
    if (b->twice_reach > s.twice_reach)
        s.twice_reach = b->twice_reach;
    return s;
}

typedef bool (*joins)(const struct taken *a, const struct taken *b);

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
        const struct watch_span *s = &spans->items[i].span;
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
    spans.count = 0;
    assert(d->span_count < REFERENCE_MAX_POINTS);
    for (size_t i = 0; i < d->span_count; i++)
        if (d->spans[i].last_ms >= d->start_ms)
            spans.items[spans.count++] =
                (struct taken){ d->spans[i], 3 * d->spans[i].to_ms - d->spans[i].last_ms };
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
