/* Virtual time: a heap of events, and one after the other. */
#include "tests/sim/sim.h"

#include "common/state_value.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_liar.h"
#include "tests/sim/sim_truth.h"
#include "tests/sim/sim_work.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ chance and words */

unsigned sim_pick(struct sim *s, unsigned n)
{
    return n == 0 ? 0 : (unsigned)(rand_next(&s->rnd) % n);
}

bool sim_chance(struct sim *s, unsigned percent)
{
    return sim_pick(s, 100) < percent;
}

void sim_say(const struct sim *s, const char *fmt, ...)
{
    va_list ap;
    if (!s->options.verbose)
        return;
    (void)printf("%7llu.%03llu ", (unsigned long long)(s->now_ms / 1000),
                 (unsigned long long)(s->now_ms % 1000));
    va_start(ap, fmt);
    (void)vprintf(fmt, ap);
    va_end(ap);
    (void)putchar('\n');
}

bool sim_fail(struct sim *s, const char *fault, const char *fmt, ...)
{
    va_list ap;
    if (s->fault != NULL)
        return false;
    s->fault = fault;
    va_start(ap, fmt);
    (void)vsnprintf(s->why, sizeof s->why, fmt, ap);
    va_end(ap);
    sim_say(s, "*** %s: %s", fault, s->why);
    return false;
}

bool sim_is_good(const struct sim_node *node)
{
    return node->kind != SIM_DEAD && !node->byzantine;
}

bool sim_is_member(const struct sim *s, const struct sim_node *node)
{
    return authority_set_find(sim_truth_set(s->truth, UINT64_MAX), &s->keys[node->key].kid) >= 0;
}

struct sim_node *sim_any_good(struct sim *s)
{
    struct sim_node *found = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < s->node_count; i++)
        if (sim_is_good(&s->nodes[i]) && s->nodes[i].up && sim_pick(s, ++n) == 0)
            found = &s->nodes[i];
    return found;
}

/* ------------------------------------------------------------------ the heap */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_at(struct sim *s, uint64_t delay_ms, struct sim_event event)
{
    if (s->event_count == s->event_cap) {
        s->event_cap = s->event_cap == 0 ? 1024 : 2 * s->event_cap;
        s->events = realloc(s->events, s->event_cap * sizeof s->events[0]);
        if (s->events == NULL)
            abort();
    }
    event.at = s->now_ms + delay_ms;
    event.order = s->serial++;
    size_t i = s->event_count++;
    for (; i > 0 && before(&event, &s->events[(i - 1) / 2]); i = (i - 1) / 2)
        s->events[i] = s->events[(i - 1) / 2];
    s->events[i] = event;
}

static struct sim_event next_event(struct sim *s)
{
    struct sim_event first = s->events[0], last = s->events[--s->event_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= s->event_count)
            break;
        if (child + 1 < s->event_count && before(&s->events[child + 1], &s->events[child]))
            child++;
        if (!before(&s->events[child], &last))
            break;
        s->events[i] = s->events[child];
        i = child;
    }
    s->events[i] = last;
    return first;
}

/* ------------------------------------------------------------------ running */

static void restart(struct sim *s, struct sim_node *node)
{
    if (node->up || node->kind == SIM_DEAD)
        return;
    (void)sim_node_start(s, node);
}

static void happen(struct sim *s, const struct sim_event *e)
{
    struct sim_node *node = &s->nodes[e->node % SIM_NODES_MAX];
    switch (e->kind) {
    case SIM_DELIVER:
        s->cover->packets++;
        if (node->up)
            sim_node_deliver(s, node, e->packet);
        sim_net_release(e->packet);
        break;
    case SIM_WAKE:
        if (node->up && node->wake_at == e->at)
            sim_node_wake(s, node);
        break;
    case SIM_DOOM:
        if (node->up && s->now_ms < s->heal_ms) {
            node->dies_in = 1 + sim_pick(s, 12);
            node->down_ms = e->arg;
        }
        break;
    case SIM_RESTART: restart(s, node); break;
    case SIM_SPLIT: sim_script_split(s); break;
    case SIM_HEAL: sim_script_heal(s); break;
    case SIM_WORK: sim_work_say(s, e->node); break;
    case SIM_REPEAT: sim_work_repeat(s, e->node, e->arg); break;
    case SIM_GOVERN: sim_govern_step(s); break;
    case SIM_MISCHIEF: sim_mischief_step(s); break;
    case SIM_DEAL: sim_deal_step(s); break;
    case SIM_CLOCKS:
        s->mended = true;
        for (unsigned i = 0; i < s->node_count; i++)
            s->nodes[i].offset_ms -= (int64_t)e->arg;
        break;
    }
}

/* A set of one tells how far it is only while it hears a follower, and believes those alone whom its ledger knows. */
static bool is_told(struct sim *s, const struct sim_node *follower)
{
    const struct kid *kid = &s->keys[follower->key].kid;
    struct state_key key = state_key_kid(TABLE_KEY, kid);
    struct state_key_record record;
    if (sim_truth_set(s->truth, UINT64_MAX)->count > 1 || sim_is_member(s, follower))
        return true;
    struct buf value = buf_heap(STATE_VALUE_MAX);
    bool known = false;
    for (unsigned i = 0; i < s->node_count && !known; i++) {
        const struct chain *c = &s->nodes[i].chain;
        buf_clear(&value);
        known = s->nodes[i].up && sim_is_member(s, &s->nodes[i]) &&
                c->get(c->get_ctx, state_key_slice(&key), &value) &&
                state_key_record_take(buf_slice(&value), &record) && !record.revoked;
    }
    buf_free(&value);
    return known;
}

/* Everybody has gone on, and nothing that was said before the healing is still waited for. */
static bool is_done(struct sim *s)
{
    if (s->now_ms <= s->heal_ms || !sim_work_is_settled(s) ||
        (!sim_govern_is_over(s) && s->now_ms < s->heal_ms + 12000))
        return false;
    for (unsigned i = 0; i < s->node_count; i++) {
        const struct sim_node *node = &s->nodes[i];
        if (sim_is_good(node) && is_told(s, node) &&
            (!node->up || sim_node_height(node) <= s->base + 2 ||
             sim_node_height(node) < sim_work_height(s) || (node->seen.abstains && !s->wide)))
            return false;
    }
    return true;
}

static void note_first_block(struct sim *s)
{
    if (s->took || !s->healed)
        return;
    for (unsigned i = 0; i < s->node_count; i++)
        if (sim_is_good(&s->nodes[i]) && sim_is_member(s, &s->nodes[i]) &&
            sim_node_height(&s->nodes[i]) <= s->base)
            return;
    s->took = true;
    s->took_ms = s->now_ms - s->heal_ms;
    sim_say(s, "all have a block %llu ms after the healing", (unsigned long long)s->took_ms);
}

/*
 * CONSENSUS "How it is checked": 3 s when all are well, else (f + 1) T(cap) + 3 s. A member that must fetch blocks
 * first may have just asked one that did not hear: it asks the next after 2 s. And a
 * proposal made while all clocks were an hour ahead waits for that hour: its round lasts its time, four seconds from
 * round 2 on.
 */
static uint64_t bound_ms(const struct sim *s)
{
    uint64_t f = (s->n - 1) / 3;
    bool well = s->liars == 0 && s->weak == 0;
    return 3000 + (s->lag > 1 ? UINT64_C(2500) : 0) + (s->stale && well ? UINT64_C(2000) : 0) +
           (well ? 0 : (f + 1) * (SIM_T0_MS << CONSENSUS_T_CAP));
}

static void judge_liveness(struct sim *s)
{
    if (s->wide || s->fault != NULL)
        return;
    if (!s->finished)
        (void)sim_fail(s, "STALL", "not done %llu s after the healing (first block everywhere: %s)",
                       (unsigned long long)(s->now_ms - s->heal_ms) / 1000, s->took ? "yes" : "no");
    else if (s->took_ms > bound_ms(s))
        (void)sim_fail(s, "SLOW", "first block everywhere %llu ms after the healing, at most %llu",
                       (unsigned long long)s->took_ms, (unsigned long long)bound_ms(s));
}

bool sim_run(struct sim *s)
{
    uint64_t end = s->heal_ms + (s->wide ? 6000 : 60000);
    uint64_t look = 0;
    while (s->event_count > 0 && s->fault == NULL && s->now_ms < end && !s->finished) {
        struct sim_event e = next_event(s);
        s->now_ms = e.at;
        s->cover->events++;
        happen(s, &e);
        note_first_block(s);
        if (s->now_ms > look + 100) {
            look = s->now_ms;
            s->finished = is_done(s);
        }
    }
    if (s->fault == NULL)
        sim_truth_finish(s);
    judge_liveness(s);
    return s->fault == NULL;
}

/* ------------------------------------------------------------------ life */

struct sim *sim_new(const struct sim_options *options, struct sim_cover *cover)
{
    struct sim *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    s->options = *options;
    s->cover = cover;
    s->rnd = rand_seeded(options->seed);
    s->genesis = buf_heap(1 << 20);
    sim_script(s);
    return s;
}

void sim_free(struct sim *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < s->node_count; i++)
        sim_node_free(&s->nodes[i]);
    while (s->event_count > 0)
        sim_net_release(s->events[--s->event_count].packet);
    free(s->events);
    sim_govern_free(s->govern);
    sim_mischief_free(s->mischief);
    sim_deal_free(s->deal);
    sim_work_free(s->work);
    sim_truth_free(s->truth);
    buf_free(&s->genesis);
    free(s);
}
