/* Mean kinetic temperature over a window that steps along, or over the whole journey. */
#include "contracts/watch_parts.h"

#include <assert.h>
#include <string.h>

#define CENTI (-2) /* means are in hundredths of a degree */

static const struct contract_rule *rule_of(const struct watch *w, size_t track)
{
    return &w->definition->rules[w->state->plan.tracks[track].rule];
}

static struct watch_kinetic *kinetic_of(const struct watch *w, size_t track)
{
    return &w->state->kinetic[w->state->plan.tracks[track].rule];
}

static int64_t step_ms(const struct watch *w, size_t track)
{
    uint8_t rule = w->state->plan.tracks[track].rule;
    return (int64_t)(w->terms->limits[rule].duration_ms / WATCH_WINDOW);
}

static struct mkt_sum *slot_of(struct watch_kinetic *k, int64_t step)
{
    int64_t slot = step % WATCH_STEPS;
    return &k->steps[slot < 0 ? slot + WATCH_STEPS : slot];
}

static int64_t over_step(const struct watch_kinetic *k)
{
    return k->newest - 1 + (int64_t)k->over;
}

static bool is_out(const struct watch *w, size_t track, int64_t mean)
{
    const struct contract_limit *limit = &w->terms->limits[w->state->plan.tracks[track].rule];
    return watch_value_holds(rule_of(w, track)->op, (struct watch_value){ mean, CENTI },
                             limit->bound, limit->exponent);
}

/* ------------------------------------------------------------------ steps */

/* Whether the window that ends with the step is out; false too when the step has no data. */
static bool window_is_out(const struct watch *w, size_t track, int64_t step, int64_t *ret_mean)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    struct mkt_sum sum = { 0 };
    if (step > k->newest || slot_of(k, step)->weight_ms == 0)
        return false;
    for (int64_t i = step - WATCH_WINDOW + 1; i <= step; i++)
        mkt_join(&sum, slot_of(k, i));
    return mkt_mean(&sum, ret_mean) && is_out(w, track, *ret_mean);
}

static bool is_farther(const struct watch *w, size_t track, int64_t a, int64_t b)
{
    enum contract_operator op = rule_of(w, track)->op;
    return op == CONTRACT_ABOVE || op == CONTRACT_AT_LEAST ? a > b : a < b;
}

/* A run and where the one before it ended. */
struct chain {
    struct watch_kinetic_run run;
    uint64_t cut_ms;
};

static struct watch_stretch stretch_of(const struct watch *w, size_t track,
                                       const struct chain *chain)
{
    int64_t ms = step_ms(w, track);
    int64_t first = chain->run.first - WATCH_WINDOW + 1;
    struct watch_stretch s = { .from_ms = first > 0 ? (uint64_t)(first * ms) : 0,
                               .to_ms = (uint64_t)((chain->run.last + 1) * ms),
                               .broken_ms = (uint64_t)((chain->run.first + 1) * ms),
                               .peak = { chain->run.peak, CENTI },
                               .mean = { chain->run.mean, CENTI } };
    s.from_ms = s.from_ms > w->start_ms ? s.from_ms : w->start_ms;
    s.from_ms = s.from_ms > chain->cut_ms ? s.from_ms : chain->cut_ms;
    return s;
}

/* The step is over. Returns true, and the run that ended, when one did. */
static bool take_step(const struct watch *w, size_t track, int64_t step, struct chain *chain,
                      struct watch_stretch *ret_ended)
{
    int64_t mean = 0;
    struct watch_kinetic_run *run = &chain->run;
    if (!window_is_out(w, track, step, &mean)) {
        if (!run->running)
            return false;
        *ret_ended = stretch_of(w, track, chain);
        chain->cut_ms = ret_ended->to_ms;
        *run = (struct watch_kinetic_run){ 0 };
        return true;
    }
    if (!run->running)
        *run = (struct watch_kinetic_run){ .running = true, .first = step, .peak = mean };
    if (is_farther(w, track, mean, run->peak))
        run->peak = mean;
    run->mean = mean;
    run->last = step;
    return false;
}

/* The newest step is now this one: what falls out of reach is for good. */
static void slide(struct watch *w, size_t track, int64_t newest)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    int64_t over = over_step(k);
    struct chain chain = { k->before, k->cut_ms };
    struct watch_stretch ended; /* its place in the book is for good */
    for (int64_t i = k->newest - WATCH_WINDOW; i < newest - WATCH_WINDOW && i <= k->newest + 1; i++)
        if (take_step(w, track, i, &chain, &ended))
            watch_ledger_keep(w, track, &ended);
    k->before = chain.run;
    k->cut_ms = chain.cut_ms;
    if (newest - k->newest >= WATCH_STEPS)
        memset(k->steps, 0, sizeof k->steps);
    for (int64_t i = k->newest + 1; i <= newest && i <= k->newest + WATCH_STEPS; i++)
        *slot_of(k, i) = (struct mkt_sum){ 0 };
    k->newest = newest;
    k->over = over >= newest ? (unsigned)(over - newest + 1) : 0;
    if (w->state->appends)
        w->state->touched |= UINT32_C(1) << w->state->plan.tracks[track].rule;
}

/* Whether the steps can be of a contract that began when this one did, and of runs that end as they can. */
static bool is_possible(const struct watch *w, size_t track)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    int64_t ms = step_ms(w, track), first = (int64_t)w->start_ms / ms;
    if (k->newest > (int64_t)WATCH_MAX_TIME_MS / ms ||
        (k->before.running && k->before.last < first))
        return false;
    for (int64_t i = k->newest - WATCH_STEPS + 1; i < first && i <= k->newest; i++)
        if (slot_of(k, i)->weight_ms > 0)
            return false;
    int64_t last_cut = (k->newest - WATCH_WINDOW - 1) * ms;
    return k->cut_ms == 0 || (last_cut > 0 && k->cut_ms <= (uint64_t)last_cut);
}

/* A state from elsewhere may speak of steps that no time has with these terms. */
void watch_kinetic_check(struct watch *w, size_t track)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    if (k->known && !rule_of(w, track)->whole_journey && !is_possible(w, track))
        k->known = false;
}

void watch_kinetic_reach(struct watch *w, size_t track, uint64_t time_ms)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    int64_t step = rule_of(w, track)->whole_journey ? 0 : (int64_t)time_ms / step_ms(w, track);
    if (!k->known)
        *k = (struct watch_kinetic){ .known = true, .newest = step };
    else if (step > k->newest)
        slide(w, track, step);
}

/* ------------------------------------------------------------------ samples */

static void change(struct mkt_sum *sum, uint64_t heat_a, uint64_t heat_b, uint64_t ms, int sign)
{
    if (sign > 0)
        mkt_add(sum, heat_a, heat_b, ms);
    else if (sum->weight_ms >= ms && sum->heat >= ((mkt_wide)heat_a + heat_b) * ms)
        mkt_remove(sum, heat_a, heat_b, ms);
}

void watch_kinetic_pair(struct watch *w, size_t track, const struct watch_point *a,
                        const struct watch_point *b, int sign)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    uint64_t ms = b->time_ms - a->time_ms;
    if (ms > w->terms->maximum_gap_ms)
        return;
    watch_kinetic_reach(w, track, b->time_ms);
    uint64_t heat_a = mkt_heat(watch_value_scale(a->value, CENTI));
    uint64_t heat_b = mkt_heat(watch_value_scale(b->value, CENTI));
    if (rule_of(w, track)->whole_journey) {
        change(&k->all, heat_a, heat_b, ms, sign);
        return;
    }
    int64_t step = (int64_t)b->time_ms / step_ms(w, track);
    if (step >= k->newest - WATCH_WINDOW)
        change(slot_of(k, step), heat_a, heat_b, ms, sign);
}

/* ------------------------------------------------------------------ findings */

static const struct watch_edge *first_edge(const struct watch *w, size_t stream)
{
    struct watch_state *s = w->state;
    for (size_t i = 0; i < s->piece_count; i++)
        if (watch_piece_at(s, i)->edges[stream].known)
            return &watch_piece_at(s, i)->edges[stream];
    return NULL;
}

static void list_journey(const struct watch *w, size_t track, struct watch_list *ret)
{
    size_t stream = w->state->plan.tracks[track].stream;
    const struct watch_edge *first = first_edge(w, stream);
    const struct watch_edge *last = watch_ledger_last_edge(w, stream);
    int64_t mean;
    if (first == NULL || !mkt_mean(&kinetic_of(w, track)->all, &mean) || !is_out(w, track, mean))
        return;
    struct watch_stretch *s = &ret->items[ret->count++];
    *s = (struct watch_stretch){ .from_ms = first->first.time_ms,
                                 .broken_ms = first->first.time_ms,
                                 .open = !last->dead,
                                 .peak = { mean, CENTI } };
    if (last->dead) {
        s->to_ms = last->last.time_ms + w->terms->maximum_gap_ms;
        s->mean = s->peak;
    }
    ret->running = !last->dead;
}

void watch_kinetic_list(const struct watch *w, size_t track, struct watch_list *ret)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    watch_list_clear(ret);
    if (!k->known)
        return;
    if (rule_of(w, track)->whole_journey) {
        list_journey(w, track, ret);
        return;
    }
    struct chain chain = { k->before, k->cut_ms };
    for (int64_t i = k->newest - WATCH_WINDOW; i <= over_step(k); i++)
        if (take_step(w, track, i, &chain, &ret->items[ret->count]))
            ret->count++;
    if (!chain.run.running)
        return;
    struct watch_stretch *s = &ret->items[ret->count++];
    *s = stretch_of(w, track, &chain);
    s->open = true;
    s->to_ms = 0;
    s->mean = (struct watch_value){ 0, 0 };
}

/* ------------------------------------------------------------------ block time */

static uint64_t over_at(const struct watch *w, size_t track, int64_t step)
{
    return (uint64_t)((step + 1) * step_ms(w, track)) + w->terms->maximum_gap_ms +
           w->terms->lateness_ms;
}

void watch_kinetic_expire(struct watch *w, size_t track, uint64_t now_ms)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    if (!k->known || rule_of(w, track)->whole_journey)
        return;
    while (k->over < 2 && now_ms >= over_at(w, track, over_step(k) + 1))
        k->over++;
}

uint64_t watch_kinetic_deadline(const struct watch *w, size_t track)
{
    struct watch_kinetic *k = kinetic_of(w, track);
    if (!k->known || rule_of(w, track)->whole_journey || k->over == 2)
        return 0;
    int64_t next = over_step(k) + 1;
    struct watch_list *list = &w->state->now;
    watch_kinetic_list(w, track, list);
    bool open = list->count > 0 && list->items[list->count - 1].open;
    bool data = next == k->newest && slot_of(k, next)->weight_ms > 0;
    return open || data ? over_at(w, track, next) : 0;
}
