#include "tests/support/watch_play.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct watch_play *watch_play_new(void)
{
    struct watch_play *p = calloc(1, sizeof *p);
    assert(p != NULL);
    for (size_t i = 0; i < WATCH_WORLD_DEVICES; i++)
        p->watches[i].state = watch_state_new();
    p->spare = watch_state_new();
    assert(p->spare != NULL);
    return p;
}

void watch_play_free(struct watch_play *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < WATCH_WORLD_DEVICES; i++)
        watch_state_free(p->watches[i].state);
    watch_state_free(p->spare);
    free(p);
}

__attribute__((format(printf, 2, 3))) static void fail(struct watch_play *p, const char *fmt, ...)
{
    if (p->failed)
        return;
    p->failed = true;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->why, sizeof p->why, fmt, ap);
    va_end(ap);
}

static struct book *book_of(void *ctx)
{
    return &((struct watch_play *)ctx)->book;
}

static unsigned state_at(void *ctx, uint64_t time_ms)
{
    return watch_world_state_at(((struct watch_play *)ctx)->world, time_ms);
}

void watch_play_begin(struct watch_play *p, struct watch_world *world)
{
    p->world = world;
    memset(&p->book, 0, sizeof p->book);
    memset(p->delivered, 0, sizeof p->delivered);
    memset(p->withdrawn, 0, sizeof p->withdrawn);
    p->was_late = p->failed = false;
    p->allow_not_judged = world->steps_back;
    p->now_ms = 0;
    p->told_count = p->not_judged = 0;
    for (size_t i = 0; i < world->device_count; i++) {
        struct watch *w = &p->watches[i];
        struct err err;
        *w = (struct watch){ .definition = &world->definition,
                             .terms = &world->terms,
                             .state = w->state,
                             .keeps_holds = true,
                             .start_ms = world->start_ms,
                             .state_at = state_at,
                             .book = book_of,
                             .ctx = p,
                             .findings = &p->findings };
        memcpy(w->device, world->devices[i].id, sizeof w->device);
        memcpy(w->carried_ms, world->carried_ms, sizeof w->carried_ms);
        if (!watch_state_decode(&world->definition, slice_of(NULL, 0), w->state, &err))
            fail(p, "an empty state does not decode: %s", err.msg);
    }
}

/* ------------------------------------------------------------------ what events tell */

static struct watch_told *told_of(struct watch_play *p, const struct book_stretch *s)
{
    for (size_t i = 0; i < p->told_count; i++) {
        const struct book_stretch *t = &p->told[i].stretch;
        if (t->rule == s->rule && t->from_ms == s->from_ms &&
            memcmp(t->device, s->device, sizeof s->device) == 0)
            return &p->told[i];
    }
    return NULL;
}

static void fail_finding(struct watch_play *p, const char *what, const struct book_stretch *s)
{
    char text[300];
    watch_reference_show(s, text, sizeof text);
    fail(p, "%s: %s", what, text);
}

static void tell(struct watch_play *p, const struct watch_finding *f)
{
    const struct book_stretch *s = &f->stretch;
    struct watch_told *t = told_of(p, s);
    if (s->sure)
        fail_finding(p, "a finding of the second track", s);
    if (t == NULL && f->kind != WATCH_REVISED && f->kind != WATCH_CLOSED) {
        assert(p->told_count < WATCH_PLAY_TOLD);
        t = &p->told[p->told_count++];
        *t = (struct watch_told){ .stretch = *s };
    }
    if (t == NULL) {
        fail_finding(p, f->kind == WATCH_REVISED ? "revised, never told" : "closed, never opened",
                     s);
        return;
    }
    switch (f->kind) {
    case WATCH_OPENED:
        if (t->opened || t->charged)
            fail_finding(p, "opened twice or after its charge", s);
        t->opened = true;
        t->stretch = *s;
        return;
    case WATCH_CLOSED:
        if (!t->opened || t->closed || t->stretch.broken_ms != s->broken_ms)
            fail_finding(p, "closed twice, not opened, or broken at another time", s);
        t->closed = true;
        t->stretch = *s;
        return;
    case WATCH_CHARGE:
        if (t->charged || (t->closed && t->stretch.to_ms != s->to_ms))
            fail_finding(p, "charged twice or for another time", s);
        t->charged = true;
        t->stretch.to_ms = s->to_ms;
        return;
    case WATCH_REVISED: *t = p->told[--p->told_count]; return;
    }
}

static bool said_the_same(const struct watch_told *a, const struct watch_told *b)
{
    const struct book_stretch *s = &a->stretch, *t = &b->stretch;
    return a->opened == b->opened && a->closed == b->closed && a->charged == b->charged &&
           s->broken_ms == t->broken_ms && s->to_ms == t->to_ms &&
           (!a->closed || (s->peak == t->peak && s->peak_exponent == t->peak_exponent &&
                           s->mean == t->mean && s->certain == t->certain));
}

/* What one call found. Nothing is withdrawn only to be said again. */
static void tell_all(struct watch_play *p)
{
    p->revised_count = 0;
    for (size_t i = 0; i < p->findings.count; i++)
        tell(p, &p->findings.items[i]);
    for (size_t i = 0; i < p->revised_count; i++) {
        const struct watch_told *t = told_of(p, &p->revised[i].stretch);
        if (t != NULL && said_the_same(t, &p->revised[i]))
            fail_finding(p, "revised, and nothing changed", &t->stretch);
    }
    p->findings.count = 0;
}

static bool told_right(const struct watch_told *t, const struct book_stretch *s)
{
    const struct book_stretch *u = &t->stretch;
    if (t->opened != s->excursion || t->closed != (s->excursion && !s->open) ||
        t->charged == s->open)
        return false;
    if (t->opened && u->broken_ms != s->broken_ms)
        return false;
    if (t->charged && u->to_ms != s->to_ms)
        return false;
    return !t->closed ||
           (u->peak == s->peak && u->peak_exponent == s->peak_exponent && u->mean == s->mean &&
            u->mean_exponent == s->mean_exponent && u->certain == s->certain);
}

static void check_told(struct watch_play *p)
{
    size_t matched = 0;
    for (size_t i = 0; i < p->book.count; i++) {
        const struct book_stretch *s = &p->book.stretches[i];
        if (s->sure)
            continue;
        const struct watch_told *t = told_of(p, s);
        if (t == NULL || !told_right(t, s))
            fail_finding(p, t == NULL ? "in the book, not told" : "told otherwise than in the book",
                         s);
        matched++;
    }
    if (matched != p->told_count)
        fail(p, "%zu stretches told, %zu in the book", p->told_count, matched);
}

/* ------------------------------------------------------------------ statements and time */

static size_t list_gaps(const struct watch_play *p, size_t device, struct watch_gap *gaps)
{
    const struct watch_world_device *d = &p->world->devices[device];
    struct watch_gap all[WATCH_WORLD_STATEMENTS + 1];
    size_t count = 0, end = d->statement_count;
    while (end > 0 && !p->delivered[device][end - 1])
        end--;
    if (d->gap_before)
        all[count++] = (struct watch_gap){ 1, d->first_seq - 1 };
    for (size_t i = 0; i < end; i++) {
        uint64_t seq = d->first_seq + i;
        if (p->delivered[device][i])
            continue;
        if (count > 0 && all[count - 1].last == seq - 1)
            all[count - 1].last = seq;
        else
            all[count++] = (struct watch_gap){ seq, seq };
    }
    size_t skip = count > WATCH_MAX_GAPS ? count - WATCH_MAX_GAPS : 0; /* the oldest are lost */
    memcpy(gaps, all + skip, (count - skip) * sizeof *gaps);
    return count - skip;
}

static void say_sample(struct watch_play *p, struct watch *w, const struct watch_reading *r)
{
    enum watch_result result = watch_sample(w, r);
    if (result == WATCH_NOT_JUDGED)
        p->not_judged++;
    /* What a full book has let go cannot be judged again: one of the bounds. */
    if (result == WATCH_NOT_JUDGED && !p->allow_not_judged && p->book.settled_count == 0)
        fail(p, "property %u at %" PRIu64 " was not judged", (unsigned)r->property, r->time_ms);
    if (r->present && r->time_ms >= w->start_ms && result == WATCH_NOT_WATCHED) {
        for (size_t i = 0; i < w->definition->rule_count; i++)
            if (w->definition->rules[i].property == r->property)
                fail(p, "property %u at %" PRIu64 " was not watched", (unsigned)r->property,
                     r->time_ms);
    }
    tell_all(p);
}

void watch_play_deliver(struct watch_play *p, size_t device, size_t statement)
{
    const struct watch_world_device *d = &p->world->devices[device];
    const struct watch_world_statement *s = &d->statements[statement];
    struct watch *w = &p->watches[device];
    struct watch_gap gaps[WATCH_MAX_GAPS];
    p->delivered[device][statement] = true;
    for (size_t i = statement + 1; i < d->statement_count; i++)
        p->was_late = p->was_late || p->delivered[device][i];
    if (s->other)
        return;
    size_t count = list_gaps(p, device, gaps);
    p->findings.count = 0;
    watch_begin(w, s->seq, gaps, count);
    tell_all(p);
    for (size_t i = 0; i < s->count; i++)
        say_sample(p, w, &d->readings[s->first + i]);
    watch_end(w);
    tell_all(p);
}

void watch_play_withdraw(struct watch_play *p, size_t device, size_t statement)
{
    const struct watch_world_device *d = &p->world->devices[device];
    struct watch_span span;
    if (!watch_world_span(p->world, d, &d->statements[statement], &span))
        return;
    p->withdrawn[device][statement] = true;
    p->findings.count = 0;
    if (!watch_withdraw(&p->watches[device], &span) && p->book.settled_count == 0)
        fail(p, "statement %zu was not taken back", statement);
    tell_all(p);
}

void watch_play_time(struct watch_play *p, uint64_t now_ms)
{
    p->now_ms = now_ms > p->now_ms ? now_ms : p->now_ms;
    for (size_t i = 0; i < p->world->device_count; i++) {
        struct watch *w = &p->watches[i];
        uint64_t deadline = watch_deadline(w);
        bool due = deadline != 0 && deadline <= p->now_ms;
        if (!due && !watch_world_chance(p->world, 4))
            continue;
        p->findings.count = 0;
        watch_expire(w, p->now_ms);
        if (!due && p->findings.count != 0)
            fail(p, "found something at %" PRIu64 ", before the deadline %" PRIu64, p->now_ms,
                 deadline);
        tell_all(p);
        deadline = watch_deadline(w);
        if (deadline != 0 && deadline <= p->now_ms)
            fail(p, "the deadline %" PRIu64 " is not after %" PRIu64, deadline, p->now_ms);
    }
}

/* ------------------------------------------------------------------ checks */

static void check_state_bytes(struct watch_play *p, size_t device)
{
    static uint8_t memory[2][WATCH_MAX_STATE_BYTES];
    struct watch *w = &p->watches[device];
    struct buf first = buf_fixed(memory[0], sizeof memory[0]);
    struct buf second = buf_fixed(memory[1], sizeof memory[1]);
    struct err err = { 0 };
    watch_state_encode(w->definition, w->state, &first);
    if (!watch_state_decode(w->definition, buf_slice(&first), p->spare, &err)) {
        fail(p, "its own state does not decode: %s", err.msg);
        return;
    }
    watch_state_encode(w->definition, p->spare, &second);
    if (first.failed || !slice_equal(buf_slice(&first), buf_slice(&second)))
        fail(p, "the state's bytes change when they are read and written");
    struct watch_state *old = w->state;
    w->state = p->spare;
    p->spare = old;
}

static void check_book_bytes(struct watch_play *p)
{
    static uint8_t memory[2][BOOK_MAX_BYTES];
    struct buf first = buf_fixed(memory[0], sizeof memory[0]);
    struct buf second = buf_fixed(memory[1], sizeof memory[1]);
    struct err err = { 0 };
    book_encode(&p->book, &first);
    struct slice bytes = buf_slice(&first);
    memset(&p->book, 0x5a, sizeof p->book);
    if (first.failed || !book_decode(&p->world->definition, bytes, &p->book, &err)) {
        fail(p, "its own book does not decode: %s", err.msg);
        memset(&p->book, 0, sizeof p->book);
        return;
    }
    book_encode(&p->book, &second);
    if (!slice_equal(bytes, buf_slice(&second)))
        fail(p, "the book's bytes change when they are read and written");
}

static void refer(struct watch_play *p, size_t device, struct reference_device *ret)
{
    struct watch_world *w = p->world;
    const struct watch_world_device *d = &w->devices[device];
    size_t count = 0;
    size_t spans = 0;
    for (size_t i = 0; i < d->statement_count; i++) {
        const struct watch_world_statement *s = &d->statements[i];
        if (p->withdrawn[device][i] && watch_world_span(w, d, s, &p->spans[spans]))
            spans++;
        if (!p->delivered[device][i])
            continue;
        memcpy(&p->readings[count], &d->readings[s->first], s->count * sizeof p->readings[0]);
        count += s->count;
    }
    *ret = (struct reference_device){ .definition = &w->definition,
                                      .terms = &w->terms,
                                      .start_ms = w->start_ms,
                                      .now_ms = p->now_ms,
                                      .state_at = watch_world_state_at,
                                      .ctx = w,
                                      .carried_ms = p->watches[device].carried_ms,
                                      .reading_count = count,
                                      .readings = p->readings,
                                      .span_count = spans,
                                      .spans = p->spans };
    memcpy(ret->id, d->id, sizeof ret->id);
}

static void check_used(struct watch_play *p, const struct reference_device *d, size_t device)
{
    if (p->was_late && p->book.settled_count > 0)
        return; /* something late may not have counted any more */
    uint64_t expected[DEFINITION_MAX_RULES], found[DEFINITION_MAX_RULES] = { 0 };
    watch_reference_used(d, expected);
    watch_used(&p->watches[device], found);
    for (size_t i = 0; i < d->definition->rule_count; i++)
        if (d->definition->rules[i].budget.len > 0 && expected[i] != found[i])
            fail(p, "rule %zu used %" PRIu64 " ms, the reference says %" PRIu64, i, found[i],
                 expected[i]);
}

void watch_play_check(struct watch_play *p)
{
    watch_play_time(p, p->now_ms); /* what a late one made due */
    p->reference.count = 0;
    memset(p->reference.doubtful, 0, sizeof p->reference.doubtful);
    for (size_t i = 0; i < p->world->device_count; i++) {
        struct reference_device d;
        refer(p, i, &d);
        watch_reference_add(&d, &p->reference);
        check_used(p, &d, i);
    }
    char why[400];
    if (p->book.settled_count == 0) {
        if (!watch_reference_equal(&p->world->definition, &p->reference, &p->book, why, sizeof why))
            fail(p, "%s", why);
        check_told(p);
    }
}

/* ------------------------------------------------------------------ a whole world */

struct arrival {
    size_t device, statement;
    bool correction; /* of the statement */
};

#define MAX_ARRIVALS (2 * WATCH_WORLD_DEVICES * WATCH_WORLD_STATEMENTS)

static size_t make_order(struct watch_world *w, enum watch_play_order order, struct arrival *list)
{
    size_t count = 0;
    for (size_t s = 0; s < WATCH_WORLD_STATEMENTS; s++)
        for (size_t d = 0; d < w->device_count; d++) {
            if (s >= w->devices[d].statement_count)
                continue;
            if (!w->devices[d].statements[s].lost)
                list[count++] = (struct arrival){ d, s, false };
            if (w->devices[d].statements[s].withdrawn)
                list[count++] = (struct arrival){ d, s, true };
        }
    for (size_t i = 0; i < count; i++) {
        size_t j = i;
        if (order == WATCH_PLAY_REVERSED)
            j = i < count / 2 ? count - 1 - i : i;
        else if (order == WATCH_PLAY_SHUFFLED)
            j = (size_t)watch_world_pick(w, (int64_t)i, (int64_t)count - 1);
        else if (order == WATCH_PLAY_SWAPPED && watch_world_chance(w, 4))
            j = (size_t)watch_world_pick(w, (int64_t)i,
                                         (int64_t)(i + 4 < count ? i + 4 : count - 1));
        struct arrival a = list[i];
        list[i] = list[j];
        list[j] = a;
    }
    return count;
}

static void recount(struct watch_play *p, bool final)
{
    for (size_t i = 0; i < p->world->device_count; i++) {
        struct watch *w = &p->watches[i];
        for (size_t r = 0; r < p->world->definition.rule_count; r++)
            if (p->world->definition.rules[r].budget.len > 0)
                w->carried_ms[r] =
                    final ? p->world->carried_ms[r]
                          : watch_world_pick(p->world, -3, 8) * (int64_t)p->world->step_ms;
        p->findings.count = 0;
        watch_recount(w);
        tell_all(p);
    }
}

bool watch_play_run(struct watch_play *p, struct watch_world *world, enum watch_play_order order,
                    uint64_t final_ms)
{
    struct arrival list[MAX_ARRIVALS];
    watch_play_begin(p, world);
    size_t count = make_order(world, order, list);
    bool recounts = watch_world_chance(world, 4) && !p->steady_budgets;
    for (size_t i = 0; i < count && !p->failed; i++) {
        const struct watch_world_device *d = &world->devices[list[i].device];
        uint64_t sent = d->statements[list[i].statement].last_ms;
        if (watch_world_chance(world, 2))
            watch_play_time(p, sent);
        if (recounts && watch_world_chance(world, 4))
            recount(p, false);
        if (list[i].correction)
            watch_play_withdraw(p, list[i].device, list[i].statement);
        else
            watch_play_deliver(p, list[i].device, list[i].statement);
        if (watch_world_chance(world, 4))
            check_state_bytes(p, list[i].device);
        if (watch_world_chance(world, 6))
            check_book_bytes(p);
        if (watch_world_chance(world, 6))
            watch_play_check(p);
    }
    if (recounts)
        recount(p, true);
    watch_play_time(p, final_ms);
    watch_play_check(p);
    return !p->failed;
}
