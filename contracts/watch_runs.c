/* Runs: what a piece's samples make of one track, and what the pieces make together. */
#include "contracts/watch_parts.h"

#include <assert.h>

#include "common/quantity.h"

enum class {
    IN,
    BAND, /* begins nothing, ends nothing */
    OUT,
};

static const struct contract_rule *rule_of(const struct watch *w, size_t track)
{
    return &w->definition->rules[w->state->plan.tracks[track].rule];
}

static const struct contract_limit *limit_of(const struct watch *w, size_t track)
{
    return &w->terms->limits[w->state->plan.tracks[track].rule];
}

static bool is_stuck(const struct watch *w, size_t track)
{
    return w->state->plan.tracks[track].watch == CONTRACT_STUCK;
}

/* ------------------------------------------------------------------ one sample */

/* BOUND tracks: is it looked at all? */
static bool is_watched(const struct watch *w, size_t track, uint64_t time_ms)
{
    const struct contract_rule *rule = rule_of(w, track);
    if (rule->has_ignore && time_ms < w->start_ms + limit_of(w, track)->ignore_ms)
        return false;
    if (w->state->plan.tracks[track].sure && time_ms > w->terms->calibrated_until_ms)
        return false;
    return !rule->has_stages || w->state_at == NULL ||
           (rule->stages >> w->state_at(w->ctx, time_ms) & 1) != 0;
}

static enum class class_of(const struct watch *w, size_t track, const struct watch_point *p,
                           bool fault) {
    const struct watch_track *t = &w->state->plan.tracks[track];
    const struct contract_rule *rule = rule_of(w, track);
    const struct contract_limit *limit = limit_of(w, track);
    if (t->watch == CONTRACT_FAULT) return fault ? OUT : IN;
    if (t->watch == CONTRACT_STUCK) return OUT;
    if (!is_watched(w, track, p->time_ms)) return IN;
    if (watch_value_holds(rule->op, p->value, t->sure ? limit->sure : limit->bound,
                          t->sure ? limit->sure_exponent : limit->exponent)) return OUT;
    bool in = !rule->has_until ||
              watch_value_holds(rule->until_op, p->value, limit->until, limit->until_exponent);
    return in ? IN : BAND;
}

static bool same_value(struct watch_value a, struct watch_value b)
{
    return quantity_compare(a.mantissa, a.exponent, b.mantissa, b.exponent) == 0;
}

/* Whether a lies farther out than b. */
static bool is_farther(const struct watch *w, size_t track, struct watch_value a,
                       struct watch_value b)
{
    int order = a.exponent == b.exponent
                    ? (a.mantissa > b.mantissa) - (a.mantissa < b.mantissa)
                    : quantity_compare(a.mantissa, a.exponent, b.mantissa, b.exponent);
    enum contract_operator op = rule_of(w, track)->op;
    return op == CONTRACT_ABOVE || op == CONTRACT_AT_LEAST ? order > 0 : order < 0;
}

static void take_out(const struct watch *w, size_t track, struct watch_run *run,
                     const struct watch_point *p)
{
    if (!run->out) {
        run->out = true;
        run->from_ms = p->time_ms;
        run->peak = p->value;
    } else if (!is_stuck(w, track) && is_farther(w, track, p->value, run->peak)) {
        run->peak = p->value;
    }
}

static void add_hold(struct watch_run *run, int64_t scaled, uint64_t ms)
{
    watch_wide part = (watch_wide)scaled * (watch_wide)ms;
    if (run->out)
        run->sum += part;
    else
        run->lead += part;
}

bool watch_runs_touch(const struct watch *w, const struct watch_edge *a, uint64_t time_ms)
{
    return !a->dead && time_ms - a->last.time_ms <= w->terms->maximum_gap_ms;
}

static uint64_t hold_end(const struct watch *w, const struct watch_edge *a, uint64_t next_ms)
{
    return watch_runs_touch(w, a, next_ms) ? next_ms : a->last.time_ms + w->terms->maximum_gap_ms;
}

/* ------------------------------------------------------------------ stretches */

static void fill_values(const struct watch *w, size_t track, const struct watch_run *run,
                        struct watch_stretch *s)
{
    const struct watch_track *t = &w->state->plan.tracks[track];
    s->peak = run->peak;
    if (s->open)
        return;
    if (t->watch == CONTRACT_STUCK) {
        s->mean = run->peak;
        return;
    }
    s->mean.mantissa = watch_value_mean(run->sum, s->to_ms - s->from_ms);
    s->mean.exponent = w->state->plan.streams[t->stream].mean_exponent;
}

/* What the rule still needs of a run for it to be an excursion; of a TOTAL's, by what was spent so far. */
static uint64_t needed_ms(const struct watch *w, size_t track)
{
    const struct contract_rule *rule = rule_of(w, track);
    uint64_t needed = limit_of(w, track)->duration_ms;
    if (rule->lasting != CONTRACT_TOTAL)
        return needed;
    int64_t spent = (int64_t)w->state->total_ms[track];
    if (rule->budget.len > 0)
        spent += w->carried_ms[w->state->plan.tracks[track].rule];
    return spent >= (int64_t)needed ? 0 : (uint64_t)((int64_t)needed - spent);
}

static bool is_total(const struct watch *w, size_t track)
{
    return rule_of(w, track)->lasting == CONTRACT_TOTAL;
}

/* Where a run ended, and how long its last sample held until then. */
struct end {
    uint64_t to_ms, hold_ms;
};

static struct end end_at(const struct watch *w, uint64_t to_ms, const struct watch_edge *last)
{
    uint64_t hold_ms = to_ms - last->last.time_ms;
    return (struct end){ to_ms, w->keeps_holds && hold_ms <= BOOK_MAX_HOLD_MS ? hold_ms : 0 };
}

/* What is left of a finished run, as far as anybody needs to know of it; returns the number of parts. */
static size_t finished(const struct watch *w, size_t track, const struct watch_run *run,
                       struct end end, struct watch_stretch ret[WATCH_MAX_PARTS])
{
    assert(end.to_ms > run->from_ms);
    uint64_t needed = is_total(w, track) ? 0 : limit_of(w, track)->duration_ms;
    if (!run->out || end.to_ms - run->from_ms < needed)
        return 0;
    struct watch_stretch whole = { .from_ms = run->from_ms,
                                   .to_ms = end.to_ms,
                                   .hold_ms = end.hold_ms };
    fill_values(w, track, run, &whole);
    return watch_span_parts(w, track, &whole, ret);
}

/* The run of this piece ended. */
static void end_run(struct watch *w, size_t track, struct end end)
{
    struct watch_state *s = w->state;
    struct watch_runs *runs = &watch_piece_at(s, s->at)->runs[track];
    struct watch_run run = runs->tail;
    struct watch_stretch parts[WATCH_MAX_PARTS];
    runs->tail = (struct watch_run){ 0 };
    s->due_ms[track] = WATCH_NEVER;
    if (!runs->head_ended) {
        runs->head_ended = true;
        runs->head = run;
        runs->head_to_ms = end.to_ms;
        runs->head_hold_ms = end.hold_ms;
        if (s->appends)
            s->touched |= UINT32_C(1) << s->plan.tracks[track].rule;
        return;
    }
    size_t count = run.out ? finished(w, track, &run, end, parts) : 0;
    for (size_t i = 0; i < count; i++)
        watch_ledger_keep(w, track, &parts[i]);
}

static void begin_run(struct watch *w, size_t track, const struct watch_point *p, enum class class)
{
    struct watch_state *s = w->state;
    struct watch_runs *runs = &watch_piece_at(s, s->at)->runs[track];
    runs->tail = (struct watch_run){ .any = true };
    if (class != OUT)
        return;
    take_out(w, track, &runs->tail, p);
    uint64_t needed = needed_ms(w, track);
    s->due_ms[track] = needed > WATCH_MAX_TIME_MS ? WATCH_NEVER : p->time_ms + needed;
}

static void first_sample(struct watch *w, size_t track, const struct watch_point *p,
                         enum class class)
{
    struct watch_runs *runs = &watch_piece_at(w->state, w->state->at)->runs[track];
    *runs = (struct watch_runs){ 0 };
    if (class == IN) {
        runs->head_ended = true;
        runs->head_to_ms = p->time_ms;
    } else {
        begin_run(w, track, p, class);
    }
}

void watch_runs_sample(struct watch *w, size_t track, const struct watch_point *p, bool fault)
{
    struct watch_state *s = w->state;
    struct watch_piece *piece = watch_piece_at(s, s->at);
    const struct watch_edge *edge = &piece->edges[s->plan.tracks[track].stream];
    struct watch_run *run = &piece->runs[track].tail;
    enum class class = class_of(w, track, p, fault);
    if (!edge->known) {
        first_sample(w, track, p, class);
    } else {
        uint64_t end_ms = hold_end(w, edge, p->time_ms);
        bool goes_on = class != IN && watch_runs_touch(w, edge, p->time_ms);
        if (is_stuck(w, track) && !same_value(edge->last.value, p->value))
            goes_on = false;
        if (run->any) {
            add_hold(run, edge->scaled, end_ms - edge->last.time_ms);
            if (!goes_on)
                end_run(w, track, end_at(w, end_ms, edge));
        }
        if (!run->any && class == OUT)
            begin_run(w, track, p, class);
        else if (class == OUT)
            take_out(w, track, run, p);
    }
    if (s->appends && run->any && p->time_ms >= s->due_ms[track]) {
        s->due_ms[track] = WATCH_NEVER;
        s->touched |= UINT32_C(1) << s->plan.tracks[track].rule;
    }
}

/* ------------------------------------------------------------------ pieces */

/* The run a piece begins with, which may be the one that goes on. */
static const struct watch_run *head_of(const struct watch_runs *runs)
{
    return runs->head_ended ? &runs->head : &runs->tail;
}

/* Whether a run that goes on at the end of a goes on in b. */
static bool goes_into(const struct watch *w, size_t track, const struct watch_edge *a,
                      const struct watch_piece *b)
{
    const struct watch_edge *edge = &b->edges[w->state->plan.tracks[track].stream];
    if (!head_of(&b->runs[track])->any || !watch_runs_touch(w, a, edge->first.time_ms))
        return false;
    return !is_stuck(w, track) || same_value(a->last.value, edge->first.value);
}

/* What comes after is added to a run; its first sample touches the run's last. */
static void add_run(const struct watch *w, size_t track, struct watch_run *run,
                    const struct watch_run *next)
{
    if (!run->out) { /* of samples that are neither in nor out so far */
        watch_wide lead = run->lead + next->lead;
        *run = *next;
        run->lead = lead;
        return;
    }
    run->sum += next->lead + next->sum;
    if (next->out && !is_stuck(w, track) && is_farther(w, track, next->peak, run->peak))
        run->peak = next->peak;
}

/* A run that begins with a piece and does not follow one: only what is out makes it. */
static struct watch_run alone(const struct watch_run *run)
{
    struct watch_run result = *run;
    result.lead = 0;
    return run->out ? result : (struct watch_run){ 0 };
}

void watch_runs_join(const struct watch *w, size_t track, struct watch_piece *a,
                     const struct watch_piece *b)
{
    size_t stream = w->state->plan.tracks[track].stream;
    const struct watch_edge *edge = &a->edges[stream];
    struct watch_runs *left = &a->runs[track];
    const struct watch_runs *right = &b->runs[track];
    if (!edge->known || !b->edges[stream].known) {
        if (b->edges[stream].known)
            *left = *right;
        return;
    }
    struct end end = end_at(w, hold_end(w, edge, b->edges[stream].first.time_ms), edge);
    struct watch_run run = left->tail;
    bool goes_on = run.any && goes_into(w, track, edge, b);
    if (run.any)
        add_hold(&run, edge->scaled, end.to_ms - edge->last.time_ms);
    if (goes_on) {
        add_run(w, track, &run, head_of(right));
        end = (struct end){ right->head_to_ms, right->head_hold_ms };
    }
    bool ended = !goes_on || right->head_ended;
    if (run.any && ended && !left->head_ended) {
        left->head_ended = true;
        left->head = run;
        left->head_to_ms = end.to_ms;
        left->head_hold_ms = end.hold_ms;
    }
    if (right->head_ended)
        left->tail = right->tail;
    else
        left->tail = goes_on ? run : alone(&right->tail);
}

/* ------------------------------------------------------------------ all pieces */

struct fold {
    const struct watch *w;
    size_t track;
    struct watch_list *list;
    struct watch_run run; /* that goes on */
};

static void put_finished(struct fold *f, const struct watch_run *run, struct end end)
{
    struct watch_stretch parts[WATCH_MAX_PARTS];
    size_t count = run->out ? finished(f->w, f->track, run, end, parts) : 0;
    assert(f->list->count + count < WATCH_MAX_STRETCHES);
    for (size_t i = 0; i < count; i++)
        f->list->items[f->list->count++] = parts[i];
}

static void fold_piece(struct fold *f, const struct watch_edge *before,
                       const struct watch_piece *piece)
{
    size_t stream = f->w->state->plan.tracks[f->track].stream;
    const struct watch_runs *runs = &piece->runs[f->track];
    struct watch_run head = *head_of(runs);
    if (f->run.any) {
        uint64_t end_ms = hold_end(f->w, before, piece->edges[stream].first.time_ms);
        add_hold(&f->run, before->scaled, end_ms - before->last.time_ms);
        if (goes_into(f->w, f->track, before, piece)) {
            add_run(f->w, f->track, &f->run, &head);
            head = f->run;
        } else {
            put_finished(f, &f->run, end_at(f->w, end_ms, before));
            head = alone(&head);
        }
    } else {
        head = alone(&head);
    }
    f->run = head;
    if (!runs->head_ended)
        return;
    if (head.out)
        put_finished(f, &head, (struct end){ runs->head_to_ms, runs->head_hold_ms });
    f->run = runs->tail;
}

/* One that goes on, or that will be once the run has gone on for so long. */
static void put_part(struct watch_list *list, const struct watch_stretch *part, uint64_t seen_ms,
                     uint64_t needed)
{
    uint64_t broken_ms = needed > WATCH_MAX_TIME_MS ? WATCH_NEVER : part->from_ms + needed;
    if (broken_ms > seen_ms && broken_ms <= part->to_ms && broken_ms < list->due_ms)
        list->due_ms = broken_ms;
    if (part->from_ms > seen_ms)
        return;
    struct watch_stretch s = *part;
    s.to_ms = part->to_ms < seen_ms ? part->to_ms : seen_ms;
    s.broken_ms = broken_ms;
    list->parts[list->part_count++] = s;
    if (broken_ms > s.to_ms)
        return;
    s.to_ms = 0;
    list->items[list->count++] = s;
}

/* All parts of a run that goes on are open until it has ended: only then are their peak and mean known. */
static void put_running(struct fold *f, const struct watch_edge *last)
{
    struct watch_list *list = f->list;
    struct watch_stretch parts[WATCH_MAX_PARTS];
    struct watch_stretch whole = { .from_ms = f->run.from_ms, .to_ms = WATCH_NEVER, .open = true };
    uint64_t needed = needed_ms(f->w, f->track);
    fill_values(f->w, f->track, &f->run, &whole);
    size_t count = watch_span_cut(f->w, &whole, parts);
    list->running = true;
    assert(list->count + count <= WATCH_MAX_STRETCHES);
    for (size_t i = 0; i < count; i++) {
        uint64_t ms = parts[i].to_ms - parts[i].from_ms;
        put_part(list, &parts[i], last->last.time_ms, needed);
        if (is_total(f->w, f->track))
            needed = needed > ms ? needed - ms : 0;
    }
}

void watch_runs_list(const struct watch *w, size_t track, struct watch_list *ret)
{
    struct watch_state *s = w->state;
    size_t stream = s->plan.tracks[track].stream;
    struct fold f = { .w = w, .track = track, .list = ret };
    const struct watch_edge *last = NULL;
    watch_list_clear(ret);
    for (size_t i = 0; i < s->piece_count; i++) {
        const struct watch_piece *piece = watch_piece_at(s, i);
        if (!piece->edges[stream].known)
            continue;
        fold_piece(&f, last, piece);
        last = &piece->edges[stream];
    }
    if (last == NULL || !f.run.out)
        return;
    if (last->dead) {
        add_hold(&f.run, last->scaled, w->terms->maximum_gap_ms);
        put_finished(&f, &f.run, end_at(w, last->last.time_ms + w->terms->maximum_gap_ms, last));
    } else {
        put_running(&f, last);
    }
}
