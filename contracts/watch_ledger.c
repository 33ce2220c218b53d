/* From runs to the book: what the edges of pieces say, what the book was told of them, and what is new. */
#include "contracts/watch_parts.h"

#include <assert.h>
#include <string.h>

static bool is_total(const struct watch *w, size_t track)
{
    return w->definition->rules[w->state->plan.tracks[track].rule].lasting == CONTRACT_TOTAL;
}

/* ------------------------------------------------------------------ what the edges say */

struct watch_edge *watch_ledger_last_edge(const struct watch *w, size_t stream)
{
    struct watch_state *s = w->state;
    for (size_t i = s->piece_count; i > 0; i--)
        if (watch_piece_at(s, i - 1)->edges[stream].known)
            return &watch_piece_at(s, i - 1)->edges[stream];
    return NULL;
}

/* Silence between pieces, and after the last sample. */
static void list_silence(const struct watch *w, size_t track, struct watch_list *ret)
{
    struct watch_state *s = w->state;
    const struct watch_track *t = &s->plan.tracks[track];
    uint64_t longest = w->terms->limits[t->rule].duration_ms;
    const struct watch_edge *last = NULL;
    watch_list_clear(ret);
    for (size_t i = 0; i < s->piece_count; i++) {
        const struct watch_edge *edge = &watch_piece_at(s, i)->edges[t->stream];
        if (!edge->known)
            continue;
        if (last != NULL && edge->first.time_ms - last->last.time_ms > longest)
            ret->items[ret->count++] =
                (struct watch_stretch){ .from_ms = last->last.time_ms,
                                        .to_ms = edge->first.time_ms,
                                        .broken_ms = last->last.time_ms + longest };
        last = edge;
    }
    if (last != NULL && s->silent_ms[track] == last->last.time_ms + 1)
        ret->items[ret->count++] = (struct watch_stretch){
            .from_ms = last->last.time_ms, .broken_ms = last->last.time_ms + longest, .open = true
        };
}

void watch_ledger_list(const struct watch *w, size_t track, struct watch_list *ret)
{
    switch (w->state->plan.tracks[track].watch) {
    case CONTRACT_BOUND:
    case CONTRACT_FAULT:
    case CONTRACT_STUCK: watch_runs_list(w, track, ret); break;
    case CONTRACT_SILENCE: list_silence(w, track, ret); break;
    case CONTRACT_KINETIC: watch_kinetic_list(w, track, ret); break;
    }
    assert(ret->count <= WATCH_MAX_STRETCHES);
}

static void take_list(struct watch *w, size_t track)
{
    struct watch_list *list = &w->state->told[track];
    watch_ledger_list(w, track, list);
    w->state->due_ms[track] = list->due_ms;
}

void watch_ledger_begin(struct watch *w)
{
    w->state->touched = w->state->changed = 0;
    w->state->has_old = false;
    for (size_t i = 0; i < w->state->plan.track_count; i++) {
        if (w->state->plan.tracks[i].watch == CONTRACT_KINETIC)
            watch_kinetic_check(w, i);
        take_list(w, i);
    }
}

static bool same_value(struct watch_value a, struct watch_value b)
{
    return a.mantissa == b.mantissa && a.exponent == b.exponent;
}

static bool same_stretch(const struct watch_stretch *a, const struct watch_stretch *b)
{
    return a->from_ms == b->from_ms && a->to_ms == b->to_ms && a->broken_ms == b->broken_ms &&
           a->open == b->open && a->hold_ms == b->hold_ms && same_value(a->peak, b->peak) &&
           same_value(a->mean, b->mean);
}

static bool same_list(const struct watch_list *a, const struct watch_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!same_stretch(&a->items[i], &b->items[i]))
            return false;
    return true;
}

/* An open stretch of a total is not put from a list: the total decides. */
static bool is_put(const struct watch *w, size_t track, const struct watch_stretch *s)
{
    return !s->open || !is_total(w, track);
}

static bool list_has(const struct watch *w, size_t track, const struct watch_list *list,
                     uint64_t from_ms)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].from_ms == from_ms)
            return is_put(w, track, &list->items[i]);
    return false;
}

/* ------------------------------------------------------------------ telling the book */

void watch_ledger_keep(struct watch *w, size_t track, const struct watch_stretch *s)
{
    struct watch_list *told = &w->state->told[track];
    uint32_t bit = UINT32_C(1) << w->state->plan.tracks[track].rule;
    watch_judge_open(w);
    for (size_t i = 0; i < told->count; i++)
        if (told->items[i].from_ms == s->from_ms) {
            told->items[i] = told->items[--told->count]; /* the order is not compared any more */
            break;
        }
    w->state->changed |= bit;
    watch_judge_put(w, track, s);
    if (w->state->appends)
        w->state->touched |= bit;
}

/* Brings the book to what the edges say now. */
static void apply(struct watch *w, size_t track, const struct watch_list *now)
{
    const struct watch_list *told = &w->state->told[track];
    for (size_t i = 0; i < told->count; i++)
        if (!list_has(w, track, now, told->items[i].from_ms))
            watch_judge_remove(w, track, &told->items[i]);
    for (size_t i = 0; i < now->count; i++)
        if (is_put(w, track, &now->items[i]))
            watch_judge_put(w, track, &now->items[i]);
}

static void refresh(struct watch *w, size_t rule)
{
    struct watch_state *s = w->state;
    for (size_t i = s->plan.first_track[rule]; i < s->plan.first_track[rule + 1]; i++) {
        watch_ledger_list(w, i, &s->now);
        s->due_ms[i] = s->now.due_ms;
        if (same_list(&s->told[i], &s->now))
            continue;
        watch_judge_open(w);
        s->changed |= UINT32_C(1) << rule;
        apply(w, i, &s->now);
    }
}

static void settle_rule(struct watch *w, size_t rule)
{
    const struct watch_plan *plan = &w->state->plan;
    watch_judge_rule(w, rule);
    for (size_t i = plan->first_track[rule]; i < plan->first_track[rule + 1]; i++)
        take_list(w, i);
}

void watch_ledger_tell(struct watch *w, bool all)
{
    struct watch_state *s = w->state;
    uint32_t touched = all ? UINT32_MAX : s->touched;
    for (size_t i = 0; i < w->definition->rule_count; i++)
        if ((touched >> i & 1) != 0)
            refresh(w, i);
    for (size_t i = 0; i < w->definition->rule_count; i++)
        if ((s->changed >> i & 1) != 0) {
            settle_rule(w, i);
            s->changed &= ~(UINT32_C(1) << i);
        }
    s->touched = s->changed = 0;
    s->has_old = false;
}

void watch_ledger_recount(struct watch *w, size_t rule)
{
    watch_judge_open(w);
    w->state->changed |= UINT32_C(1) << rule;
}
