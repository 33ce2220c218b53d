#include "contracts/watch_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct watch_state *watch_state_new(void)
{
    return calloc(1, sizeof(struct watch_state));
}

void watch_state_free(struct watch_state *s)
{
    free(s);
}

/* ------------------------------------------------------------------ pieces */

static bool is_gap_between(const struct watch_state *s, uint64_t last_seq, uint64_t first_seq)
{
    for (size_t i = 0; i < s->gap_count; i++)
        if (s->gaps[i].last > last_seq && s->gaps[i].first < first_seq)
            return true;
    return false;
}

static uint8_t free_slot(const struct watch_state *s)
{
    bool used[WATCH_PIECE_ROOM] = { false };
    for (size_t i = 0; i < s->piece_count; i++)
        used[s->order[i]] = true;
    uint8_t slot = 0;
    while (used[slot])
        slot++;
    assert(slot < WATCH_PIECE_ROOM);
    return slot;
}

static void insert_piece(struct watch_state *s, size_t at, uint64_t seq)
{
    uint8_t slot = free_slot(s);
    memmove(&s->order[at + 1], &s->order[at], s->piece_count - at);
    s->order[at] = slot;
    s->piece_count++;
    struct watch_piece *piece = &s->pieces[slot];
    piece->first_seq = piece->last_seq = seq;
    for (size_t i = 0; i < s->plan.stream_count; i++)
        piece->edges[i] = (struct watch_edge){ 0 };
}

static void remove_piece(struct watch_state *s, size_t at)
{
    s->piece_count--;
    memmove(&s->order[at], &s->order[at + 1], s->piece_count - at);
}

static bool is_empty(const struct watch_state *s, const struct watch_piece *piece)
{
    for (size_t i = 0; i < s->plan.stream_count; i++)
        if (piece->edges[i].known)
            return false;
    return true;
}

/* The piece and the one after it become one. */
static void join_pieces(struct watch *w, size_t at)
{
    struct watch_state *s = w->state;
    struct watch_piece *a = watch_piece_at(s, at);
    const struct watch_piece *b = watch_piece_at(s, at + 1);
    for (size_t i = 0; i < s->plan.track_count; i++)
        watch_runs_join(w, i, a, b);
    for (size_t i = 0; i < s->plan.stream_count; i++) {
        struct watch_edge *edge = &a->edges[i];
        struct watch_edge joined = b->edges[i];
        if (!joined.known)
            continue;
        if (edge->known)
            joined.first = edge->first;
        *edge = joined;
    }
    a->last_seq = b->last_seq;
    remove_piece(s, at + 1);
}

static void tidy_pieces(struct watch *w)
{
    struct watch_state *s = w->state;
    size_t bytes;
    size_t limit = watch_plan_pieces(w->definition, &s->plan, &bytes);
    for (size_t i = s->piece_count; i > 0; i--)
        if (is_empty(s, watch_piece_at(s, i - 1)))
            remove_piece(s, i - 1);
    for (size_t i = 1; i < s->piece_count;)
        if (is_gap_between(s, watch_piece_at(s, i - 1)->last_seq, watch_piece_at(s, i)->first_seq))
            i++;
        else
            join_pieces(w, i - 1);
    while (s->piece_count > limit)
        join_pieces(w, 0);
}

/* ------------------------------------------------------------------ a statement */

/* False when the seq has no place. */
static bool find_place(struct watch_state *s, uint64_t seq, bool *ret_extends)
{
    size_t at = 0;
    while (at < s->piece_count && watch_piece_at(s, at)->first_seq <= seq)
        at++;
    *ret_extends = false;
    s->at = at;
    if (at == 0)
        return true;
    const struct watch_piece *before = watch_piece_at(s, at - 1);
    if (before->last_seq >= seq)
        return false;
    *ret_extends = at == s->piece_count && !is_gap_between(s, before->last_seq, seq);
    if (*ret_extends)
        s->at--;
    return true;
}

void watch_begin(struct watch *w, uint64_t seq, const struct watch_gap *gaps, size_t gap_count)
{
    struct watch_state *s = w->state;
    bool extends;
    w->findings->count = 0;
    watch_plan_ready(w);
    assert(gap_count <= WATCH_MAX_GAPS);
    s->gap_count = gap_count;
    if (gap_count > 0)
        memcpy(s->gaps, gaps, gap_count * sizeof gaps[0]);
    s->refused = !find_place(s, seq, &extends);
    if (s->refused)
        return;
    watch_ledger_begin(w);
    if (!extends)
        insert_piece(s, s->at, seq);
    else
        watch_piece_at(s, s->at)->last_seq = seq;
    s->appends = s->at + 1 == s->piece_count;
    for (size_t i = 0; i < s->plan.stream_count; i++)
        s->settled_ms[i] = s->appends ? 0 : watch_judge_settled_ms(w, i);
}

/* ------------------------------------------------------------------ a sample */

/* The stream's samples nearest to the ones of this piece, or in it; NULL when there are none. */
static struct watch_edge *edge_before(struct watch_state *s, size_t stream)
{
    for (size_t i = s->at + 1; i > 0; i--)
        if (watch_piece_at(s, i - 1)->edges[stream].known)
            return &watch_piece_at(s, i - 1)->edges[stream];
    return NULL;
}

static struct watch_edge *edge_after(struct watch_state *s, size_t stream)
{
    for (size_t i = s->at + 1; i < s->piece_count; i++)
        if (watch_piece_at(s, i)->edges[stream].known)
            return &watch_piece_at(s, i)->edges[stream];
    return NULL;
}

static bool is_in_order(const struct watch *w, size_t stream, uint64_t time_ms)
{
    struct watch_state *s = w->state;
    const struct watch_edge *before = edge_before(s, stream);
    const struct watch_edge *after = edge_after(s, stream);
    if (before != NULL && time_ms <= before->last.time_ms)
        return false;
    if (before != NULL && before->dead && time_ms < before->last.time_ms + w->terms->maximum_gap_ms)
        return false;
    if (after != NULL && time_ms >= after->first.time_ms)
        return false;
    return time_ms >= s->settled_ms[stream];
}

static void silence_sample(struct watch *w, size_t track, const struct watch_edge *edge,
                           uint64_t time_ms)
{
    uint64_t longest = w->terms->limits[w->state->plan.tracks[track].rule].duration_ms;
    uint64_t last_ms = edge->last.time_ms;
    if (!edge->known || time_ms - last_ms <= longest)
        return;
    const struct watch_stretch s = { .from_ms = last_ms,
                                     .to_ms = time_ms,
                                     .broken_ms = last_ms + longest };
    watch_ledger_keep(w, track, &s);
}

static void kinetic_sample(struct watch *w, size_t track, const struct watch_point *p)
{
    struct watch_state *s = w->state;
    size_t stream = s->plan.tracks[track].stream;
    const struct watch_edge *before = edge_before(s, stream);
    const struct watch_edge *after = edge_after(s, stream);
    bool first = !watch_piece_at(s, s->at)->edges[stream].known;
    if (first && before != NULL && after != NULL)
        watch_kinetic_pair(w, track, &before->last, &after->first, -1);
    watch_kinetic_reach(w, track, p->time_ms);
    if (before != NULL)
        watch_kinetic_pair(w, track, &before->last, p, 1);
}

static bool take_sample(struct watch *w, size_t stream, const struct watch_point *p, bool fault)
{
    struct watch_state *s = w->state;
    struct watch_edge *edge = &watch_piece_at(s, s->at)->edges[stream];
    if (!is_in_order(w, stream, p->time_ms))
        return false;
    for (size_t i = 0; i < s->plan.track_count; i++) {
        if (s->plan.tracks[i].stream != stream)
            continue;
        switch (s->plan.tracks[i].watch) {
        case CONTRACT_BOUND:
        case CONTRACT_FAULT:
        case CONTRACT_STUCK: watch_runs_sample(w, i, p, fault); break;
        case CONTRACT_SILENCE: silence_sample(w, i, edge, p->time_ms); break;
        case CONTRACT_KINETIC: kinetic_sample(w, i, p); break;
        }
    }
    if (!edge->known)
        edge->first = *p;
    edge->known = true;
    edge->dead = false;
    edge->last = *p;
    edge->scaled = watch_value_scale(p->value, s->plan.streams[stream].mean_exponent);
    return true;
}

static bool is_watched(const struct contract_definition *def, uint16_t property)
{
    for (size_t i = 0; i < def->rule_count; i++)
        if (def->rules[i].property == property)
            return true;
    return false;
}

static bool concerns(const struct watch_stream *stream, uint16_t property, bool fault)
{
    switch (stream->kind) {
    case WATCH_DATA: return stream->property == property && !fault;
    case WATCH_PRESENT: return stream->property == property;
    case WATCH_ANY: return true;
    }
    return false;
}

enum watch_result watch_sample(struct watch *w, const struct watch_reading *reading)
{
    struct watch_state *s = w->state;
    w->findings->count = 0;
    bool watched = is_watched(w->definition, reading->property);
    if (reading->time_ms < w->start_ms)
        return WATCH_NOT_WATCHED;
    if (!reading->present)
        return watched ? WATCH_NOT_DATA : WATCH_NOT_WATCHED;
    if (s->refused || reading->time_ms > WATCH_MAX_TIME_MS)
        return watched ? WATCH_NOT_JUDGED : WATCH_NOT_WATCHED;
    const struct watch_point p = { reading->time_ms, { reading->mantissa, reading->exponent } };
    bool fault = watch_value_is_fault(w, reading);
    bool judged = true;
    for (size_t i = 0; i < s->plan.stream_count; i++) {
        const struct watch_stream *stream = &s->plan.streams[i];
        if (!concerns(stream, reading->property, fault))
            continue;
        bool taken = take_sample(w, i, &p, fault);
        if (stream->kind != WATCH_ANY)
            judged = judged && taken;
    }
    if (s->touched != 0)
        watch_ledger_tell(w, false);
    if (!watched)
        return WATCH_NOT_WATCHED;
    if (!judged)
        return WATCH_NOT_JUDGED;
    return fault ? WATCH_NOT_DATA : WATCH_JUDGED;
}

/* What lies after the piece has a new neighbour. */
static void end_kinetic(struct watch *w)
{
    struct watch_state *s = w->state;
    for (size_t i = 0; i < s->plan.track_count; i++) {
        size_t stream = s->plan.tracks[i].stream;
        const struct watch_edge *edge = &watch_piece_at(s, s->at)->edges[stream];
        const struct watch_edge *after = edge_after(s, stream);
        if (s->plan.tracks[i].watch == CONTRACT_KINETIC && edge->known && after != NULL)
            watch_kinetic_pair(w, i, &edge->last, &after->first, 1);
    }
}

void watch_end(struct watch *w)
{
    w->findings->count = 0;
    if (w->state->refused)
        return;
    end_kinetic(w);
    watch_ledger_tell(w, true);
    tidy_pieces(w);
}

/* ------------------------------------------------------------------ between statements */

void watch_recount(struct watch *w)
{
    w->findings->count = 0;
    watch_plan_ready(w);
    watch_ledger_begin(w);
    for (size_t i = 0; i < w->definition->rule_count; i++)
        if (w->definition->rules[i].lasting == CONTRACT_TOTAL &&
            w->definition->rules[i].budget.len > 0)
            watch_ledger_recount(w, i);
    watch_ledger_tell(w, false);
}

void watch_used(const struct watch *w, uint64_t ret_used_ms[DEFINITION_MAX_RULES])
{
    struct watch_state *s = w->state;
    watch_plan_ready(w);
    for (size_t i = 0; i < w->definition->rule_count; i++) {
        const struct contract_rule *rule = &w->definition->rules[i];
        size_t track = s->plan.first_track[i];
        ret_used_ms[i] = 0;
        if (rule->lasting != CONTRACT_TOTAL || rule->budget.len == 0)
            continue;
        watch_ledger_list(w, track, &s->now);
        ret_used_ms[i] = s->total_ms[track];
        for (size_t p = 0; p < s->now.part_count; p++)
            ret_used_ms[i] += s->now.parts[p].to_ms - s->now.parts[p].from_ms;
    }
}

/* ------------------------------------------------------------------ block time */

/* When the run that goes on, if one does, is taken for ended; 0 = none does. */
static uint64_t death_of(const struct watch *w, size_t track)
{
    struct watch_state *s = w->state;
    const struct watch_edge *last = watch_ledger_last_edge(w, s->plan.tracks[track].stream);
    if (last == NULL || last->dead)
        return 0;
    watch_ledger_list(w, track, &s->now);
    return s->now.running ? last->last.time_ms + w->terms->maximum_gap_ms + w->terms->lateness_ms
                          : 0;
}

static uint64_t silence_of(const struct watch *w, size_t track)
{
    struct watch_state *s = w->state;
    const struct watch_track *t = &s->plan.tracks[track];
    const struct watch_edge *last = watch_ledger_last_edge(w, t->stream);
    if (last == NULL || s->silent_ms[track] == last->last.time_ms + 1)
        return 0;
    return last->last.time_ms + w->terms->limits[t->rule].duration_ms;
}

/* When a track next has something to do; 0 = never. */
static uint64_t deadline_of(const struct watch *w, size_t track)
{
    uint64_t death_ms;
    uint64_t step_ms;
    switch (w->state->plan.tracks[track].watch) {
    case CONTRACT_BOUND:
    case CONTRACT_FAULT:
    case CONTRACT_STUCK: return death_of(w, track);
    case CONTRACT_SILENCE: return silence_of(w, track);
    case CONTRACT_KINETIC:
        death_ms = death_of(w, track);
        step_ms = watch_kinetic_deadline(w, track);
        return death_ms != 0 ? death_ms : step_ms;
    }
    return 0;
}

uint64_t watch_deadline(const struct watch *w)
{
    uint64_t earliest = 0;
    watch_plan_ready(w);
    for (size_t i = 0; i < w->state->plan.track_count; i++) {
        uint64_t due_ms = deadline_of(w, i);
        if (due_ms != 0 && (earliest == 0 || due_ms < earliest))
            earliest = due_ms;
    }
    return earliest;
}

static void expire_track(struct watch *w, size_t track, uint64_t now_ms)
{
    struct watch_state *s = w->state;
    const struct watch_track *t = &s->plan.tracks[track];
    struct watch_edge *last = watch_ledger_last_edge(w, t->stream);
    if (t->watch == CONTRACT_KINETIC)
        watch_kinetic_expire(w, track, now_ms);
    if (t->watch == CONTRACT_SILENCE) {
        uint64_t silent_ms = silence_of(w, track);
        if (silent_ms != 0 && now_ms >= silent_ms)
            s->silent_ms[track] = last->last.time_ms + 1;
        return;
    }
    uint64_t death_ms = death_of(w, track);
    if (death_ms != 0 && now_ms >= death_ms)
        last->dead = true;
}

void watch_expire(struct watch *w, uint64_t now_ms)
{
    w->findings->count = 0;
    watch_plan_ready(w);
    watch_ledger_begin(w);
    for (size_t i = 0; i < w->state->plan.track_count; i++)
        expire_track(w, i, now_ms);
    watch_ledger_tell(w, true);
}
