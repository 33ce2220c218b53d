/* The book's side: putting stretches in, totals, certainty, and telling what has changed. */
#include "contracts/watch_parts.h"

#include <string.h>

/* Room in the findings that the stretches still in the book may need. */
#define RESERVED_FINDINGS (4 * BOOK_MAX_STRETCHES)

static struct book *book_of(const struct watch *w)
{
    return w->book(w->ctx);
}

static const struct contract_rule *rule_of(const struct watch *w, size_t track)
{
    return &w->definition->rules[w->state->plan.tracks[track].rule];
}

static bool is_total(const struct watch *w, size_t track)
{
    return rule_of(w, track)->lasting == CONTRACT_TOTAL;
}

static struct book_stretch key_of(const struct watch *w, size_t track)
{
    const struct watch_track *t = &w->state->plan.tracks[track];
    struct book_stretch key = { .rule = t->rule, .sure = t->sure };
    memcpy(key.device, w->device, BOOK_DEVICE_SIZE);
    return key;
}

/* ------------------------------------------------------------------ findings */

static void report(struct watch *w, enum watch_finding_kind kind, const struct book_stretch *s)
{
    struct watch_findings *f = w->findings;
    if (f->count < WATCH_MAX_FINDINGS)
        f->items[f->count++] = (struct watch_finding){ kind, *s };
}

static void report_new(struct watch *w, const struct book_stretch *s)
{
    bool total = w->definition->rules[s->rule].lasting == CONTRACT_TOTAL;
    if (s->excursion)
        report(w, WATCH_OPENED, s);
    if (s->open)
        return;
    if (s->excursion)
        report(w, WATCH_CLOSED, s);
    if (s->excursion || total)
        report(w, WATCH_CHARGE, s);
}

static bool is_same(const struct book_stretch *a, const struct book_stretch *b)
{
    return a->open == b->open && a->to_ms == b->to_ms && a->excursion == b->excursion &&
           a->broken_ms == b->broken_ms && a->certain == b->certain && a->peak == b->peak &&
           a->peak_exponent == b->peak_exponent && a->mean == b->mean &&
           a->mean_exponent == b->mean_exponent;
}

/* The same stretch of a first track, before and now. */
static void report_change(struct watch *w, const struct book_stretch *old, struct book_stretch *now)
{
    bool same = is_same(old, now);
    bool goes_on = old->open && now->excursion && old->broken_ms == now->broken_ms;
    if (same || goes_on || (w->state->withdraws && now->excursion)) {
        now->acknowledged = old->acknowledged;
        now->acknowledgement = old->acknowledgement;
    }
    if (same || (goes_on && now->open))
        return;
    if (goes_on) {
        report(w, WATCH_CLOSED, now);
        report(w, WATCH_CHARGE, now);
        return;
    }
    report(w, WATCH_REVISED, old);
    report_new(w, now);
}

/* ------------------------------------------------------------------ totals */

static int64_t carried_ms(const struct watch *w, size_t track)
{
    return rule_of(w, track)->budget.len == 0 ? 0
                                              : w->carried_ms[w->state->plan.tracks[track].rule];
}

/* Finished runs, in the order of time. Returns their sum. */
static uint64_t judge_finished(struct watch *w, size_t track)
{
    struct book *b = book_of(w);
    const struct book_stretch key = key_of(w, track);
    const struct book_settled *line = book_find_settled(b, &key);
    int64_t needed = (int64_t)w->terms->limits[key.rule].duration_ms;
    uint64_t own = line != NULL ? line->total_ms : 0;
    int64_t carried = carried_ms(w, track);
    for (size_t i = 0; i < b->count; i++) {
        struct book_stretch *s = &b->stretches[i];
        if (s->open || book_compare_keys(s, &key) != 0)
            continue;
        int64_t missing = needed - carried - (int64_t)own;
        uint64_t broken_ms = s->from_ms + (uint64_t)(missing > 0 ? missing : 0);
        s->excursion = broken_ms <= s->to_ms;
        s->broken_ms = s->excursion ? broken_ms : 0;
        own += s->to_ms - s->from_ms;
    }
    return own;
}

/* ------------------------------------------------------------------ certainty */

static bool overlap(const struct book_stretch *a, const struct book_stretch *b)
{
    return (b->open || a->from_ms < b->to_ms) && (a->open || b->from_ms < a->to_ms);
}

static const struct book_stretch *find_old(const struct watch *w, const struct book_stretch *s)
{
    const struct book *old = &w->state->old;
    for (size_t i = 0; i < old->count; i++)
        if (book_compare_keys(&old->stretches[i], s) == 0 &&
            old->stretches[i].from_ms == s->from_ms)
            return &old->stretches[i];
    return NULL;
}

static bool is_certain(struct watch *w, const struct book_stretch *s, size_t sure_track)
{
    struct book *b = book_of(w);
    const struct book_stretch key = key_of(w, sure_track);
    for (size_t i = 0; i < b->count; i++)
        if (book_compare_keys(&b->stretches[i], &key) == 0 && b->stretches[i].excursion &&
            overlap(s, &b->stretches[i]))
            return true;
    /* What made it certain may have been let go since. */
    const struct book_settled *line = book_find_settled(b, &key);
    const struct book_stretch *old = find_old(w, s);
    return line != NULL && line->until_ms > s->from_ms &&
           (s->certain || (old != NULL && old->certain));
}

static void judge_certainty(struct watch *w, size_t rule)
{
    struct book *b = book_of(w);
    const struct watch_plan *plan = &w->state->plan;
    size_t first = plan->first_track[rule];
    bool has_sure = plan->first_track[rule + 1] - first == 2;
    for (size_t i = 0; i < b->count; i++) {
        struct book_stretch *s = &b->stretches[i];
        if (s->rule == rule && memcmp(s->device, w->device, BOOK_DEVICE_SIZE) == 0)
            s->certain = s->excursion && (s->sure || !has_sure || is_certain(w, s, first + 1));
    }
}

/* ------------------------------------------------------------------ stretches in and out */

void watch_judge_open(struct watch *w)
{
    if (w->state->has_old)
        return;
    w->state->old = *book_of(w);
    w->state->has_old = true;
}

/* What a full book lets go was judged before, else it would be settled as something it is not. */
static void judge_changed(struct watch *w)
{
    const struct watch_plan *plan = &w->state->plan;
    for (size_t i = 0; i < plan->track_count; i++) {
        uint8_t rule = plan->tracks[i].rule;
        bool last = i + 1 == plan->first_track[rule + 1];
        if ((w->state->changed >> rule & 1) == 0)
            continue;
        if (is_total(w, i))
            (void)judge_finished(w, i);
        if (last)
            judge_certainty(w, rule);
    }
}

/* A full book lets one go; it is told of, if it never was, as long as there is room for what stays. */
static void make_room(struct watch *w, struct book *b)
{
    struct book_stretch let_go;
    if (b->count < BOOK_MAX_STRETCHES)
        return;
    judge_changed(w);
    if (!book_settle(b, &let_go))
        return;
    bool told = (w->state->changed >> let_go.rule & 1) == 0;
    if (let_go.sure || told || w->findings->count + RESERVED_FINDINGS >= WATCH_MAX_FINDINGS)
        return;
    const struct book_stretch *old = find_old(w, &let_go);
    if (old == NULL)
        report_new(w, &let_go);
    else
        report_change(w, old, &let_go);
}

/* What was let go is not touched again: false when all of it was. */
static bool clip(struct book *b, struct book_stretch *s)
{
    const struct book_settled *line = book_find_settled(b, s);
    if (line == NULL || s->from_ms >= line->until_ms)
        return true;
    if (!s->open && s->to_ms <= line->until_ms)
        return false;
    s->from_ms = line->until_ms;
    if (s->excursion && s->broken_ms < s->from_ms)
        s->broken_ms = s->from_ms;
    return true;
}

static bool is_in(const struct book *b, const struct book_stretch *s)
{
    for (size_t i = 0; i < b->count; i++)
        if (book_compare_keys(&b->stretches[i], s) == 0 && b->stretches[i].from_ms == s->from_ms)
            return true;
    return false;
}

void watch_judge_put(struct watch *w, size_t track, const struct watch_stretch *s)
{
    struct book *b = book_of(w);
    struct book_stretch stretch = key_of(w, track);
    bool total = is_total(w, track);
    stretch.from_ms = s->from_ms;
    stretch.open = s->open;
    stretch.to_ms = s->open ? 0 : s->to_ms;
    stretch.hold_ms = s->open ? 0 : s->hold_ms;
    stretch.excursion = !total || s->open;
    stretch.broken_ms = stretch.excursion ? s->broken_ms : 0;
    stretch.peak = s->peak.mantissa;
    stretch.peak_exponent = s->peak.exponent;
    stretch.mean = s->mean.mantissa;
    stretch.mean_exponent = s->mean.exponent;
    if (!clip(b, &stretch))
        return;
    if (!is_in(b, &stretch))
        make_room(w, b);
    (void)book_put(b, &stretch);
}

void watch_judge_remove(struct watch *w, size_t track, const struct watch_stretch *s)
{
    struct book_stretch key = key_of(w, track);
    key.from_ms = s->from_ms;
    key.to_ms = s->to_ms;
    key.open = s->open;
    if (clip(book_of(w), &key))
        (void)book_remove(book_of(w), &key);
}

/* ------------------------------------------------------------------ spans */

/* The track of this device's runs that a finished stretch is of; false: of none. */
static bool find_run_track(const struct watch *w, const struct book_stretch *s, size_t *ret_track)
{
    const struct watch_plan *plan = &w->state->plan;
    size_t track = plan->first_track[s->rule] + (s->sure ? 1u : 0u);
    *ret_track = track;
    if (s->open || memcmp(s->device, w->device, BOOK_DEVICE_SIZE) != 0 ||
        track >= plan->first_track[s->rule + 1])
        return false;
    return watch_has_runs(plan->tracks[track].watch);
}

/* What is left of it; false when that is all of it. */
static bool cut(const struct watch *w, size_t track, const struct book_stretch *s,
                struct watch_stretch ret[WATCH_MAX_PARTS], size_t *ret_count)
{
    const struct watch_stretch whole = { .from_ms = s->from_ms,
                                         .to_ms = s->to_ms,
                                         .hold_ms = s->hold_ms,
                                         .peak = { s->peak, s->peak_exponent },
                                         .mean = { s->mean, s->mean_exponent } };
    *ret_count = watch_span_parts(w, track, &whole, ret);
    return *ret_count != 1 || ret[0].from_ms != s->from_ms || ret[0].to_ms != s->to_ms;
}

void watch_judge_cut(struct watch *w)
{
    struct watch_stretch parts[WATCH_MAX_PARTS];
    size_t track, count;
    watch_judge_open(w);
    const struct book *old = &w->state->old;
    for (size_t i = 0; i < old->count; i++) {
        const struct book_stretch *s = &old->stretches[i];
        if (!find_run_track(w, s, &track) || !cut(w, track, s, parts, &count))
            continue;
        (void)book_remove(book_of(w), s);
        w->state->changed |= UINT32_C(1) << s->rule;
    }
    for (size_t i = 0; i < old->count; i++) { /* once all are out, so that none is let go uncut */
        const struct book_stretch *s = &old->stretches[i];
        if (!find_run_track(w, s, &track) || !cut(w, track, s, parts, &count))
            continue;
        for (size_t k = 0; k < count; k++)
            watch_judge_put(w, track, &parts[k]);
    }
}

/* ------------------------------------------------------------------ a whole rule */

static bool is_among(const struct watch_stretch *list, size_t count, uint64_t from_ms)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].from_ms == from_ms)
            return true;
    return false;
}

/* The open stretches of a total's run that goes on: its parts from where the total is spent. */
static void judge_running(struct watch *w, size_t track, int64_t spent)
{
    struct book *b = book_of(w);
    const struct book_stretch key = key_of(w, track);
    const struct watch_list *list = &w->state->now;
    struct watch_stretch broken[WATCH_MAX_PARTS];
    size_t count = 0;
    for (size_t i = 0; i < list->part_count; i++) {
        struct watch_stretch s = list->parts[i];
        int64_t needed = (int64_t)w->terms->limits[key.rule].duration_ms - spent;
        s.broken_ms = s.from_ms + (uint64_t)(needed > 0 ? needed : 0);
        spent += (int64_t)(s.to_ms - s.from_ms);
        if (s.broken_ms <= s.to_ms)
            broken[count++] = s;
    }
    for (size_t i = b->count; i > 0; i--) {
        const struct book_stretch at = b->stretches[i - 1];
        if (at.open && book_compare_keys(&at, &key) == 0 && !is_among(broken, count, at.from_ms))
            (void)book_remove(b, &at);
    }
    for (size_t i = 0; i < count; i++)
        watch_judge_put(w, track, &broken[i]);
}

static void judge_total(struct watch *w, size_t track)
{
    uint64_t own = judge_finished(w, track);
    w->state->total_ms[track] = own;
    watch_ledger_list(w, track, &w->state->now);
    judge_running(w, track, carried_ms(w, track) + (int64_t)own);
}

static void report_gone(struct watch *w, const struct book_stretch *old)
{
    struct book_stretch key = *old;
    if (clip(book_of(w), &key)) /* else it was let go, not taken back */
        report(w, WATCH_REVISED, old);
}

static void report_rule(struct watch *w, size_t rule)
{
    struct book *b = book_of(w);
    const struct book *old = &w->state->old;
    const struct book_stretch key = key_of(w, w->state->plan.first_track[rule]);
    size_t i = 0;
    size_t j = 0;
    for (;;) {
        while (i < old->count && book_compare_keys(&old->stretches[i], &key) != 0)
            i++;
        while (j < b->count && book_compare_keys(&b->stretches[j], &key) != 0)
            j++;
        const struct book_stretch *a = i < old->count ? &old->stretches[i] : NULL;
        struct book_stretch *c = j < b->count ? &b->stretches[j] : NULL;
        if (a == NULL && c == NULL)
            return;
        if (c == NULL || (a != NULL && a->from_ms < c->from_ms)) {
            report_gone(w, a);
            i++;
        } else if (a == NULL || c->from_ms < a->from_ms) {
            report_new(w, c);
            j++;
        } else {
            report_change(w, a, c);
            i++;
            j++;
        }
    }
}

void watch_judge_rule(struct watch *w, size_t rule)
{
    const struct watch_plan *plan = &w->state->plan;
    for (size_t i = plan->first_track[rule]; i < plan->first_track[rule + 1]; i++)
        if (is_total(w, i))
            judge_total(w, i);
    judge_certainty(w, rule);
    report_rule(w, rule);
}

uint64_t watch_judge_settled_ms(struct watch *w, size_t stream)
{
    uint64_t until_ms = 0;
    for (size_t i = 0; i < w->state->plan.track_count; i++) {
        if (w->state->plan.tracks[i].stream != stream)
            continue;
        const struct book_stretch key = key_of(w, i);
        const struct book_settled *line = book_find_settled(book_of(w), &key);
        if (line != NULL && line->until_ms > until_ms)
            until_ms = line->until_ms;
    }
    return until_ms;
}
