/*
 * One fixed journey through the ledger's rules: an opening and its agreements, packs of readings in and out of
 * order, handovers, calls, timers; then goods that are packed, made, recalled and seen, by chance. Prints what each
 * statement came to, the state root after every block, the bytes of the verdict, and what became of the goods. tests/e2e/compilers.test.sh builds it with several compilers: all must print the
 * same.
 */
#include "common/hex.h"
#include "contracts/compile.h"
#include "contracts/definition.h"
#include "tests/support/goods_play.h"
#include "tests/support/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PACKS 24   /* of readings, a pack an hour and a half */
#define ROWS  18   /* of a pack, five minutes apart */
#define GOODS 3000 /* operations on goods */

static const char contract[] = "contract: everything\n"
                               "version: 1\n"
                               "summary: A rule of every kind, and a way through three states.\n"
                               "roles:\n"
                               "  shipper: packs the goods\n"
                               "  clinic: receives them\n"
                               "parties:\n"
                               "  sender: shipper\n"
                               "  receiver: clinic\n"
                               "terms:\n"
                               "  warmest: 8 °C\n"
                               "  budget: 2 h\n"
                               "sensors:\n"
                               "  temperature: { accuracy: 0.5 °C, range: -40 °C .. 85 °C }\n"
                               "maximum gap: 30 min\n"
                               "lateness: 48 h\n"
                               "watch:\n"
                               "  freezing: { when: temperature <= -0.5 °C, severity: critical }\n"
                               "  too warm:\n"
                               "    when: temperature > warmest\n"
                               "    for: 10 min\n"
                               "    until: temperature < warmest - 0.5 °C\n"
                               "    severity: high\n"
                               "  warm in all:\n"
                               "    when: temperature > warmest\n"
                               "    total: budget\n"
                               "    severity: critical\n"
                               "  kinetic mean:\n"
                               "    mean kinetic temperature: 24 h\n"
                               "    above: 6.5 °C\n"
                               "    severity: high\n"
                               "  mean in all:\n"
                               "    mean kinetic temperature: whole journey\n"
                               "    above: 7 °C\n"
                               "    severity: high\n"
                               "  silence: { no reading for: 30 min, severity: medium }\n"
                               "  broken: { sensor fault: temperature, severity: low }\n"
                               "  stuck: { unchanged for: 1 h, of: temperature, severity: low }\n"
                               "properties:\n"
                               "  last update: time\n"
                               "  count: { is: int 0..1000, starts: 0 }\n"
                               "states:\n"
                               "  packed: { progress: 0 }\n"
                               "  travelling: { progress: 50 }\n"
                               "  released: { progress: 100, ends: success }\n"
                               "actions:\n"
                               "  depart:\n"
                               "    by: sender\n"
                               "    in: packed\n"
                               "    sets: { last update: now, count: count + 1 }\n"
                               "    to: travelling\n"
                               "  release:\n"
                               "    by: receiver\n"
                               "    in: travelling\n"
                               "    when: worst severity < critical\n"
                               "    sets: { last update: now }\n"
                               "    to: released\n";

static void need(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "compilers: %s\n", what);
    exit(1);
}

static struct slice compiled(void)
{
    static uint8_t memory[DEFINITION_MAX_BYTES];
    struct yaml_tree tree = { 0 };
    struct err err = { .msg = "" };
    struct buf out = buf_fixed(memory, sizeof memory);
    need(yaml_parse("everything.yaml", slice_text(contract), &tree, &err), err.msg);
    need(compile_contract(&tree, &out, &err), err.msg);
    yaml_tree_free(&tree);
    return slice_of(memory, out.len);
}

static void say(struct world *w, enum world_key who, struct statement draft, uint64_t time_ms,
                const char *what)
{
    enum refusal code = world_say(w, who, draft, time_ms);
    printf("%s: %s\n", what, refusal_name(code));
}

static void end_block(struct world *w)
{
    char text[2 * HASH_SIZE + 1];
    world_end(w);
    struct hash root = memory_state_root(w->state);
    hex_encode(hash_slice(&root), text);
    printf("block %" PRIu64 " root %s\n", w->height, text);
}

static void print_value(struct world *w, const char *name, const struct state_key *key)
{
    struct slice value;
    static char text[2 * 65536 + 1];
    if (!memory_state_get(w->state, state_key_slice(key), &value) || value.len > 65536) {
        printf("%s: none\n", name);
        return;
    }
    hex_encode(value, text);
    printf("%s: %s\n", name, text);
}

/* A pack that ends at `end_ms`, wandering about the bound, with a probe that fails and one that sticks. */
static struct statement pack(uint32_t *seed, int *centi)
{
    static int values[ROWS];
    bool stuck = *seed % 7 == 0;
    for (int i = 0; i < ROWS; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        if (!stuck)
            *centi += (int)(*seed >> 16) % 121 - 60 + (780 - *centi) / 16;
        values[i] = (*seed >> 8) % 40 == 0 ? -12700 : *centi;
    }
    return kit_temperatures(values, ROWS, 300000);
}

static struct statement call(const struct hash *opening, const char *action)
{
    struct statement s = { .kind = KIND_CALL };
    s.as.call = (struct call){ .opening = *opening,
                               .action = slice_text(action),
                               .arguments = slice_of("\xa0", 1) };
    return s;
}

static struct hash opened(struct world *w, struct slice definition)
{
    say(w, FARM, kit_commission(KIT_UNIT), MINUTES(1), "commission");
    say(w, FARM, kit_attach(world_kid(w, LOGGER), KIT_UNIT, false), MINUTES(2), "attach");
    say(w, FARM,
        kit_open(definition, KIT_UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(600)),
        MINUTES(3), "open");
    struct hash opening = w->last;
    end_block(w);
    say(w, CLINIC, kit_agree(&opening, false), MINUTES(5), "agree");
    end_block(w);
    return opening;
}

static void hand_over(struct world *w, enum world_key from, enum world_key to, uint64_t time_ms)
{
    say(w, from, kit_offer(KIT_UNIT, world_kid(w, to), ROLE_CUSTODIAN), time_ms, "offer");
    struct hash offer = w->last;
    say(w, to, kit_answer(CUSTODY_ACCEPT, KIT_UNIT, &offer, ROLE_CUSTODIAN), time_ms + 1000,
        "accept");
}

/* Signed in order, heard in another: of each four packs the second comes last. */
static void travel(struct world *w, const struct hash *opening)
{
    static struct buf packs[PACKS];
    static const int order[4] = { 0, 2, 3, 1 };
    uint32_t seed = 2026;
    int centi = 700;
    for (int i = 0; i < PACKS; i++) {
        packs[i] = buf_heap(STATEMENT_MAX);
        (void)kit_sign(&w->by[LOGGER], pack(&seed, &centi), MINUTES(10 + 90 * (i + 1)), &packs[i]);
    }
    for (int i = 0; i < PACKS; i++) {
        world_block(w, MINUTES(20 + 90 * (i / 4 * 4 + 4) + i % 4));
        enum refusal code = world_say_bytes(w, buf_slice(&packs[i / 4 * 4 + order[i % 4]]));
        printf("pack: %s\n", refusal_name(code));
        if (i == 2)
            say(w, FARM, call(opening, "depart"), w->context.time_ms, "depart");
        if (i == 5)
            hand_over(w, FARM, CARRIER, w->context.time_ms);
        if (i == 15)
            hand_over(w, CARRIER, CLINIC, w->context.time_ms);
        end_block(w);
    }
    for (int i = 0; i < PACKS; i++)
        buf_free(&packs[i]);
}

/* All the kinds of statements about goods, accepted and refused, as a seed draws them. */
static void play_goods(void)
{
    const struct goods_world_size size = {
        .names = 500, .operations = GOODS, .block = 20, .alive = 60, .bulk = 30
    };
    char text[2 * HASH_SIZE + 1];
    struct goods_play *p = goods_play_new(2026, &size);
    for (size_t n = 100; n <= GOODS; n += 100) {
        need(goods_play_run(p, n, SIZE_MAX), p->why);
        hex_encode(hash_slice(&p->digest), text);
        printf("goods %zu: %s\n", n, text);
    }
    for (size_t kind = 1; kind < sizeof p->kinds / sizeof p->kinds[0]; kind++)
        if (p->kinds[kind][0] + p->kinds[kind][1] > 0)
            printf("goods: %s: %" PRIu64 " accepted, %" PRIu64 " refused\n",
                   statement_kind_name((enum statement_kind)kind), p->kinds[kind][1],
                   p->kinds[kind][0]);
    goods_play_free(p);
}

int main(void)
{
    struct world *w = world_new();
    struct slice definition = compiled();
    struct hash opening = opened(w, definition);
    travel(w, &opening);
    say(w, CLINIC, call(&opening, "release"), w->context.time_ms, "release");
    printf("%s\n", w->detail);
    end_block(w);
    for (int days = 2; days < 8; days += 2) {
        world_block(w, MINUTES(days * 1440)); /* timers: silence, and a sensor taken for dead */
        end_block(w);
    }
    struct state_key book = state_key_book(slice_text(KIT_UNIT), &opening);
    struct state_key rule = state_key_rule(slice_text(KIT_UNIT), &opening, world_kid(w, LOGGER));
    struct state_key flow = state_key_flow(&opening, slice_of(NULL, 0));
    print_value(w, "book", &book);
    print_value(w, "rules", &rule);
    print_value(w, "flow", &flow);
    printf("events %zu\n", w->event_count);
    for (size_t i = 0; i < w->event_count; i++)
        printf("  %s\n", w->events[i].text);
    world_free(w);
    play_goods();
    return 0;
}
