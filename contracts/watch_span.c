/* Time whose samples were taken back, and what it leaves of runs. */
#include "contracts/watch_parts.h"

#include <string.h>

#define SPAN_FIELDS 4

/* ------------------------------------------------------------------ spans of the state */

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void extend(struct watch_taken *span, const struct watch_taken *next)
{
    span->last_ms = later(span->last_ms, next->last_ms);
    span->to_ms = later(span->to_ms, next->to_ms);
    span->reach_ms = later(span->reach_ms, next->reach_ms);
}

/* Joins what touches; they rise by from_ms. */
static size_t join_touching(struct watch_taken *spans, size_t count)
{
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        struct watch_taken *last = &spans[kept];
        if (spans[i].from_ms > last->to_ms) {
            spans[++kept] = spans[i];
            continue;
        }
        extend(last, &spans[i]);
    }
    return count == 0 ? 0 : kept + 1;
}

/* False when there are too many; then none is added. */
static bool add_span(struct watch_state *s, const struct watch_taken *span)
{
    struct watch_taken all[WATCH_MAX_SPANS + 1];
    size_t at = 0;
    while (at < s->span_count && s->spans[at].from_ms < span->from_ms)
        at++;
    memcpy(all, s->spans, at * sizeof all[0]);
    all[at] = *span;
    memcpy(&all[at + 1], &s->spans[at], (s->span_count - at) * sizeof all[0]);
    size_t count = join_touching(all, s->span_count + 1);
    if (count > WATCH_MAX_SPANS)
        return false;
    memcpy(s->spans, all, count * sizeof all[0]);
    s->span_count = count;
    return true;
}

/* ------------------------------------------------------------------ bytes: [+ [from, last, to, reach]] */

void watch_span_put(struct buf *out, const struct watch_state *s)
{
    if (s->span_count == 0)
        return;
    cbor_put_array(out, s->span_count);
    for (size_t i = 0; i < s->span_count; i++) {
        cbor_put_array(out, SPAN_FIELDS);
        cbor_put_uint(out, s->spans[i].from_ms);
        cbor_put_uint(out, s->spans[i].last_ms);
        cbor_put_uint(out, s->spans[i].to_ms);
        cbor_put_uint(out, s->spans[i].reach_ms);
    }
}

void watch_span_take(struct cbor_reader *r, struct watch_state *s)
{
    size_t count = cbor_take_array(r);
    if (count == 0 || count > WATCH_MAX_SPANS)
        cbor_fail(r);
    for (; s->span_count < count && !r->failed; s->span_count++) {
        struct watch_taken *span = &s->spans[s->span_count];
        cbor_take_array_of(r, SPAN_FIELDS);
        span->from_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS);
        span->last_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS);
        span->to_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS);
        span->reach_ms = cbor_take_uint_max(r, 2 * WATCH_MAX_TIME_MS);
        if (span->last_ms < span->from_ms || span->to_ms <= span->last_ms ||
            span->reach_ms <= span->to_ms || (s->span_count > 0 && span->from_ms <= span[-1].to_ms))
            cbor_fail(r);
    }
}

/* ------------------------------------------------------------------ runs */

/* What is cut out: spans with next to nothing between them are one. */
static size_t list_cuts(const struct watch_state *s, struct watch_taken ret[WATCH_MAX_SPANS])
{
    size_t count = 0;
    for (size_t i = 0; i < s->span_count; i++)
        if (count > 0 && s->spans[i].from_ms < ret[count - 1].reach_ms)
            extend(&ret[count - 1], &s->spans[i]);
        else
            ret[count++] = s->spans[i];
    return count;
}

/* Where a run ends that only a sample which was taken back still holds. */
static uint64_t end_of(const struct watch_stretch *run, const struct watch_taken *cuts,
                       size_t count)
{
    uint64_t sample_ms = run->to_ms - run->hold_ms; /* its last one's time, if that is known */
    for (size_t i = 0; i < count && run->hold_ms > 0; i++)
        if (cuts[i].from_ms <= sample_ms && sample_ms <= cuts[i].last_ms)
            return cuts[i].from_ms < run->to_ms ? cuts[i].from_ms : run->to_ms;
    return run->to_ms;
}

/* The part of a run; it tells of the run's last sample, too, unless that is later. */
static struct watch_stretch part_of(const struct watch_stretch *run, uint64_t from_ms,
                                    uint64_t to_ms)
{
    struct watch_stretch part = *run;
    uint64_t sample_ms = run->to_ms - run->hold_ms;
    part.from_ms = from_ms;
    part.to_ms = to_ms;
    part.hold_ms = run->hold_ms > 0 && sample_ms < to_ms ? to_ms - sample_ms : 0;
    return part;
}

size_t watch_span_cut(const struct watch *w, const struct watch_stretch *run,
                      struct watch_stretch ret[WATCH_MAX_PARTS])
{
    struct watch_taken cuts[WATCH_MAX_SPANS];
    size_t cut_count = list_cuts(w->state, cuts);
    uint64_t end_ms = end_of(run, cuts, cut_count);
    uint64_t at_ms = run->from_ms;
    size_t count = 0;
    for (size_t i = 0; i < cut_count && at_ms < end_ms; i++) {
        if (cuts[i].to_ms <= at_ms || cuts[i].from_ms >= end_ms)
            continue;
        if (cuts[i].from_ms > at_ms)
            ret[count++] = part_of(run, at_ms, cuts[i].from_ms);
        at_ms = cuts[i].to_ms;
    }
    if (at_ms < end_ms)
        ret[count++] = part_of(run, at_ms, end_ms);
    return count;
}

size_t watch_span_parts(const struct watch *w, size_t track, const struct watch_stretch *run,
                        struct watch_stretch ret[WATCH_MAX_PARTS])
{
    uint8_t rule = w->state->plan.tracks[track].rule;
    bool total = w->definition->rules[rule].lasting == CONTRACT_TOTAL;
    uint64_t needed = total ? 0 : w->terms->limits[rule].duration_ms;
    size_t all = watch_span_cut(w, run, ret);
    size_t count = 0;
    for (size_t i = 0; i < all; i++) {
        if (ret[i].to_ms - ret[i].from_ms < needed)
            continue;
        ret[count] = ret[i];
        ret[count].broken_ms = ret[i].from_ms + needed;
        count++;
    }
    return count;
}

/* ------------------------------------------------------------------ taking back */

static bool is_settled(struct watch *w, const struct watch_taken *span)
{
    for (size_t i = 0; i < w->state->plan.stream_count; i++)
        if (watch_judge_settled_ms(w, i) > span->from_ms)
            return true;
    return false;
}

bool watch_withdraw(struct watch *w, const struct watch_span *span)
{
    struct watch_state *s = w->state;
    struct watch_taken within = { .from_ms = span->from_ms,
                                  .last_ms = span->last_ms,
                                  .to_ms = span->to_ms };
    w->findings->count = 0;
    watch_plan_ready(w);
    if (within.last_ms < w->start_ms)
        return true; /* none of them was judged */
    if (within.to_ms > WATCH_MAX_TIME_MS)
        within.to_ms = WATCH_MAX_TIME_MS;
    if (within.last_ms < within.from_ms || within.last_ms >= within.to_ms)
        return false;
    within.reach_ms = within.to_ms + (within.to_ms - within.last_ms + 1) / 2;
    watch_ledger_begin(w);
    if (!add_span(s, &within))
        return false;
    s->appends = false;
    s->withdraws = true;
    watch_judge_cut(w);
    watch_ledger_tell(w, true);
    s->withdraws = false;
    return !is_settled(w, &within);
}
