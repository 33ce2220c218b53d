/* What happens to whom: everything that is drawn before a run, and what is drawn as it goes. */
#include "tests/sim/sim.h"

#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_liar.h"
#include "tests/sim/sim_truth.h"
#include "tests/sim/sim_work.h"
#include "tests/support/fake_crypto.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR_MS      INT64_C(3600000)

static unsigned one_of(struct sim *s, const unsigned *choices, size_t count)
{
    return choices[sim_pick(s, (unsigned)count)];
}

/* ------------------------------------------------------------------ network */

static void draw_network(struct sim *s)
{
    static const unsigned losses[] = { 0, 0, 5, 20, 50 };
    static const unsigned special[] = { 0, 30, 70, 95 };
    static const unsigned delays[] = { 20, 50, 300, 2000, 4000 };
    unsigned common = one_of(s, losses, COUNT(losses));
    for (unsigned i = 0; i < SIM_WHATS; i++)
        s->loss[i] = common;
    if (sim_chance(s, 40)) {
        for (unsigned i = MESSAGE_STATEMENTS; i <= MESSAGE_DECIDED; i++)
            s->loss[i] = one_of(s, special, COUNT(special));
        s->loss[SIM_BODY] = one_of(s, special, COUNT(special));
    }
    if (sim_chance(s, 20)) { /* who decides is hardly heard of it */
        for (unsigned i = 0; i < SIM_WHATS; i++)
            s->loss[i] = 5;
        s->loss[MESSAGE_COMMIT] = 75;
        s->loss[MESSAGE_DECIDED] = s->loss[SIM_BLOCKS] = 98;
    }
    s->max_delay_ms = one_of(s, delays, COUNT(delays));
    s->chatty = sim_chance(s, 50) ? 50 : 100;
}

/* Does any part of the network have a quorum of those who are up? */
static bool some_part_goes_on(const struct sim *s)
{
    unsigned up[SIM_NODES_MAX] = { 0 };
    for (unsigned i = 0; i < s->node_count; i++)
        if (s->nodes[i].up && ++up[s->part[i] % SIM_NODES_MAX] >= 2 * s->n / 3 + 1)
            return true;
    return false;
}

void sim_script_split(struct sim *s)
{
    unsigned parts = 1 + sim_pick(s, 3), lone = sim_pick(s, s->node_count);
    bool isolate = sim_chance(s, 25); /* just one, from everybody */
    for (unsigned i = 0; i < s->node_count; i++)
        s->part[i] = isolate ? i == lone : sim_pick(s, parts);
    s->cover->branches[BRANCH_NO_QUORUM] += !some_part_goes_on(s);
    sim_say(s, "the network falls into %s",
            isolate      ? "one and the others"
            : parts == 1 ? "one part"
                         : "parts");
}

/* All is well again; only liars keep talking to whom they like. */
void sim_script_heal(struct sim *s)
{
    sim_say(s, "healed");
    s->healed = true;
    for (unsigned i = 0; i < s->node_count; i++) {
        struct sim_node *node = &s->nodes[i];
        s->part[i] = sim_pick(s, 3);
        node->dies_in = 0;
        if (!node->up && node->kind != SIM_DEAD && s->fault == NULL)
            (void)sim_node_start(s, node);
    }
    for (unsigned i = 0; i < s->node_count; i++)
        if (sim_is_good(&s->nodes[i]) && sim_node_height(&s->nodes[i]) > s->base)
            s->base = sim_node_height(&s->nodes[i]);
    for (unsigned i = 0; i < s->node_count; i++)
        if (sim_is_good(&s->nodes[i]) && sim_is_member(s, &s->nodes[i]) &&
            s->base - sim_node_height(&s->nodes[i]) > s->lag)
            s->lag = s->base - sim_node_height(&s->nodes[i]);
    for (unsigned i = 0; i < s->node_count; i++)
        s->stale =
            s->stale || (s->mended && sim_is_good(&s->nodes[i]) && s->nodes[i].seen.round > 1);
    sim_say(s, "the most advanced is at height %llu", (unsigned long long)s->base);
    sim_work_wake(s);
}

/* ------------------------------------------------------------------ who is who */

static unsigned faults_of(unsigned n)
{
    return (n - 1) / 3;
}

static struct sim_node *add_node(struct sim *s, unsigned key, enum sim_kind kind)
{
    struct sim_node *node = &s->nodes[s->node_count];
    *node = (struct sim_node){ .number = s->node_count, .key = key, .kind = kind };
    node->byzantine = kind != SIM_HONEST;
    node->wake_at = UINT64_MAX;
    node->offset_ms = (int64_t)sim_pick(s, 1600) - 800;
    s->node_count++;
    return node;
}

static void give_disk(struct sim *s, struct sim_node *node)
{
    char dir[400];
    (void)snprintf(dir, sizeof dir, "%s/node%u", s->options.scratch, node->number);
    if (node->kind == SIM_COSIGNER)
        node->liar = sim_liar_new();
    else if (node->kind != SIM_DEAD)
        node->disk =
            sim_disk_new(buf_slice(&s->genesis), s->options.store == SIM_SQLITE ? dir : NULL);
}

/* The first s->liars keys of a drawn order lie; of the others, some have bad clocks or disks. */
static void draw_people(struct sim *s, unsigned order[])
{
    static const enum sim_kind kinds[] = { SIM_TWIN, SIM_LIAR, SIM_COSIGNER, SIM_COSIGNER,
                                           SIM_DEAD };
    static const int64_t offsets[] = { -HOUR_MS, -60000, 3000, 20000, HOUR_MS };
    unsigned room = faults_of(s->n) > s->liars ? faults_of(s->n) - s->liars : 0;
    s->weak = s->wide ? 1 + sim_pick(s, s->n - s->liars) : sim_pick(s, room + 1);
    if (!s->wide && s->liars == 0 && (s->n == 2 || s->n == 3) && sim_chance(s, 15))
        s->weak = 1; /* where q = n one disk may forget */
    for (unsigned i = 0; i < s->n; i++) {
        enum sim_kind kind = i < s->liars ? kinds[sim_pick(s, COUNT(kinds))] : SIM_HONEST;
        struct sim_node *node = add_node(s, order[i], kind);
        if (i >= s->liars && i < s->liars + s->weak) {
            node->ill = true;
            if ((sim_chance(s, 50) && s->n > 3) || s->n == 1)
                node->offset_ms = offsets[sim_pick(s, COUNT(offsets))];
            else
                node->forgets = true;
        }
        if (kind == SIM_TWIN)
            (void)add_node(s, order[i], SIM_TWIN);
    }
    for (unsigned i = 0; i < SIM_CANDIDATES; i++)
        if (s->governed)
            (void)add_node(s, s->n + i, SIM_HONEST);
}

static void draw_size(struct sim *s)
{
    static const unsigned sizes[] = { 1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 7, 7, 10 };
    unsigned order[SIM_KEYS_MAX] = { 0 };
    s->n = s->options.authorities > 0 ? s->options.authorities : one_of(s, sizes, COUNT(sizes));
    s->liars =
        s->options.liars >= 0 ? (unsigned)s->options.liars : sim_pick(s, faults_of(s->n) + 1);
    s->wide = sim_chance(s, 15);
    s->governed = !s->wide && sim_chance(s, 30);
    for (unsigned i = 0; i < s->n; i++)
        order[i] = i;
    for (unsigned i = s->n - 1; i > 0; i--) {
        unsigned k = sim_pick(s, i + 1), kept = order[i];
        order[i] = order[k];
        order[k] = kept;
    }
    draw_people(s, order);
}

/* ------------------------------------------------------------------ what befalls them */

static void plan_crash(struct sim *s, struct sim_node *node, uint64_t at, uint64_t down_ms)
{
    sim_at(s, at, (struct sim_event){ .kind = SIM_DOOM, .node = node->number, .arg = down_ms });
}

static void plan_outage(struct sim *s)
{
    for (unsigned i = 0; i < s->node_count; i++)
        if (sim_is_good(&s->nodes[i]) && sim_chance(s, 60)) {
            uint64_t at = 300 + sim_pick(s, (unsigned)s->heal_ms / 3);
            plan_crash(s, &s->nodes[i], at, s->heal_ms - at - sim_pick(s, 1000));
        }
}

static void plan_crashes(struct sim *s)
{
    static const unsigned counts[] = { 0, 1, 2, 6, 12 };
    unsigned span = (unsigned)s->heal_ms - 500;
    if (sim_chance(s, 25)) {
        plan_outage(s);
    } else {
        for (unsigned n = one_of(s, counts, COUNT(counts)); n > 0; n--)
            plan_crash(s, &s->nodes[sim_pick(s, s->node_count)], sim_pick(s, span),
                       10 + sim_pick(s, 3000));
    }
    if (sim_chance(s, 15)) { /* all at once */
        uint64_t at = 500 + sim_pick(s, span - 500);
        for (unsigned i = 0; i < s->node_count; i++)
            plan_crash(s, &s->nodes[i], at, 10 + sim_pick(s, 2000));
    }
    for (unsigned i = 0; i < s->node_count; i++)
        if (s->nodes[i].forgets)
            plan_crash(s, &s->nodes[i], 500 + sim_pick(s, span - 500), 10 + sim_pick(s, 2000));
}

static void plan_clocks(struct sim *s)
{
    if (s->wide || !sim_chance(s, 5))
        return;
    /* a common time source is an hour ahead, and mended later */
    for (unsigned i = 0; i < s->node_count; i++)
        s->nodes[i].offset_ms += HOUR_MS;
    sim_at(s, s->heal_ms / 2, (struct sim_event){ .kind = SIM_CLOCKS, .arg = (uint64_t)HOUR_MS });
}

static void introduce(const struct sim *s)
{
    static const char *const kinds[] = { "honest", "twin", "liar", "cosigner", "dead" };
    sim_say(s, "seed %llu: n = %u, %u lie, %u are ill%s, %s; heals at %llu ms",
            (unsigned long long)s->options.seed, s->n, s->liars, s->weak,
            s->wide ? " (more than f may be: safety alone is checked)" : "",
            s->options.store == SIM_SQLITE ? "SQLite" : "memory", (unsigned long long)s->heal_ms);
    for (unsigned i = 0; i < s->node_count; i++)
        sim_say(s, "node %u: authority %u, %s, clock %+lld ms%s", i, s->nodes[i].key,
                kinds[s->nodes[i].kind], (long long)s->nodes[i].offset_ms,
                s->nodes[i].forgets ? ", its disk will forget" : "");
}

void sim_script(struct sim *s)
{
    static const unsigned heals[] = { 3000, 5000, 5000, 8000, 12000, 20000 };
    fake_crypto_seed(s->options.seed);
    draw_size(s);
    draw_network(s);
    s->heal_ms = one_of(s, heals, COUNT(heals));
    s->work = sim_work_new(s);
    s->truth = sim_truth_new(s);
    s->govern = sim_govern_new(s);
    s->mischief = sim_mischief_new(s);
    s->deal = sim_deal_new(s);
    for (unsigned i = 0; i < s->node_count; i++)
        give_disk(s, &s->nodes[i]);
    introduce(s);
    for (uint64_t at = sim_pick(s, 2000); at < s->heal_ms; at += 500 + sim_pick(s, 3500))
        sim_at(s, at, (struct sim_event){ .kind = SIM_SPLIT });
    plan_crashes(s);
    plan_clocks(s);
    sim_at(s, s->heal_ms, (struct sim_event){ .kind = SIM_HEAL });
    for (unsigned i = 0; i < s->node_count; i++)
        sim_at(s, sim_pick(s, 300), (struct sim_event){ .kind = SIM_RESTART, .node = i });
}
