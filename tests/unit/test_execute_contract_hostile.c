/* Contracts made to harm: what they cost others is bounded, and every node sees the same. */
#include "node/execution.h"
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct world *w = world_new();
    *state = w;
    assert_int_equal(world_say(w, FARM, kit_commission(KIT_UNIT), MINUTES(1)), ACCEPTED);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

/* Opened by one company for itself alone: in force at once. */
static struct kit_opening draft_alone(struct world *w, enum world_key who, struct slice definition)
{
    static struct kit_party party;
    party = (struct kit_party){ "keeper", *world_kid(w, who) };
    return (struct kit_opening){ .definition = definition,
                                 .asset = KIT_UNIT,
                                 .parties = &party,
                                 .party_count = 1,
                                 .expires_ms = MINUTES(100000) };
}

/* ------------------------------------------------------------------ blocks that come to nothing */

static const char plain_yaml[] = "contract: plain\n"
                                 "states:\n"
                                 "  open: { progress: 0 }\n";

/* The open block was proposed and never decided: another of the same height takes its place. */
static void throw_block_away(struct world *w)
{
    uint64_t time_ms = w->context.time_ms;
    for (size_t i = 0; i < w->count; i++)
        buf_free(&w->bytes[i]);
    w->count = 0;
    w->open = false;
    w->height--;
    w->context.time_ms = time_ms - 60000;
    world_block(w, time_ms);
}

/* A node that executed the proposal remembers the contract; one that did not must come to the same. */
static void what_a_lost_proposal_defined_is_not_known(void **state)
{
    struct world *w = *state;
    struct slice definition = deal_compile(plain_yaml);
    struct buf letter = buf_heap(STATEMENT_MAX);
    struct kit_opening mine = draft_alone(w, FARM, definition);
    mine.known = true;
    (void)kit_sign(&w->by[FARM], kit_open_with(&mine), MINUTES(60), &letter);
    world_block(w, MINUTES(60));
    struct kit_opening other = draft_alone(w, CARRIER, definition);
    other.asset = "01/09506000134352/21/CARRIERS";
    assert_int_equal(world_say(w, CARRIER, kit_commission(other.asset), MINUTES(60)), ACCEPTED);
    assert_int_equal(world_say(w, CARRIER, kit_open_with(&other), MINUTES(60)), ACCEPTED);
    assert_int_equal(world_say_bytes(w, buf_slice(&letter)), ACCEPTED);
    throw_block_away(w);
    assert_int_equal(world_say_bytes(w, buf_slice(&letter)), REFUSED_UNKNOWN_CONTRACT);
    buf_free(&letter);
    deal_said(w, "the ledger has no such contract");
}

static uint64_t steps_of_scan(struct world *w)
{
    assert_int_equal(world_say(w, OPERATOR, kit_scan(KIT_UNIT, NULL, NULL), w->context.time_ms),
                     ACCEPTED);
    return w->execution->statement_steps;
}

/* A block pays for reading a contract once, whether the node remembers it from an earlier block or not. */
static void steps_do_not_know_what_is_remembered(void **state)
{
    struct world *w = *state;
    struct kit_opening o = draft_alone(w, FARM, deal_compile(plain_yaml));
    struct deal d;
    assert_int_equal(deal_try(w, &o, &d), ACCEPTED);
    world_block(w, w->context.time_ms + 1000);
    uint64_t remembered = steps_of_scan(w), again = steps_of_scan(w);
    assert_true(again + 200 <= remembered);
    world_end(w);
    execution_free(w->execution);
    w->execution = execution_new();
    assert_non_null(w->execution);
    world_block(w, w->context.time_ms + 1000);
    assert_int_equal(steps_of_scan(w), remembered);
}

/* ------------------------------------------------------------------ many goods */

#define PREFIX "01/09521234543213/21/P"
#define FIRST  PREFIX "00000"
#define MANY   10000

/* "yes = yes" many times: some hundred steps. */
#define TEN(s)         s s s s s s s s s s
#define GUARD          TEN("yes = yes and ") TEN("yes = yes and ") "yes = yes"
#define LIMIT          (EXECUTE_STEPS_STATEMENT + EXECUTE_STEPS_STATEMENT / 100)
#define MINUTES_OF_DAY 1440

static struct deal open_many(struct world *w, enum world_key who, const char *yaml,
                             const struct kit_argument *terms, size_t term_count)
{
    static uint8_t bytes[64];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct deal d = { .definition = deal_compile(yaml) };
    struct kit_opening o = draft_alone(w, who, d.definition);
    o.asset = NULL;
    o.assets = asset_set_range(PREFIX, "00000", MANY, &memory);
    o.terms = terms;
    o.term_count = term_count;
    world_block(w, w->context.time_ms + 60000);
    assert_int_equal(world_say(w, who, kit_open_with(&o), w->context.time_ms), ACCEPTED);
    d.opening = w->last;
    world_end(w);
    return d;
}

static int setup_many(void **state)
{
    struct world *w = world_new();
    *state = w;
    assert_int_equal(world_say(w, FARM, kit_commission_range(PREFIX, "00000", MANY), MINUTES(1)),
                     ACCEPTED);
    assert_int_equal(world_say(w, FARM, kit_attach(world_kid(w, LOGGER), FIRST, false), MINUTES(1)),
                     ACCEPTED);
    return 0;
}

/* A day of samples, one a minute, up to now. */
static enum refusal report_a_day(struct world *w)
{
    static int centi[MINUTES_OF_DAY];
    uint64_t time_ms = w->context.time_ms + UINT64_C(60000) * (MINUTES_OF_DAY + 1);
    world_block(w, time_ms);
    return world_say(w, LOGGER, kit_temperatures(centi, MINUTES_OF_DAY, 60000), time_ms);
}

static const char restless_yaml[] =
    "contract: restless\n"
    "states:\n"
    "  one: { progress: 0 }\n"
    "  other: { progress: 50 }\n"
    "reactions:\n"
    "  there: { on: { reading: temperature }, in: one, to: other }\n"
    "  back: { on: { reading: temperature }, in: other, to: one }\n";

/* An event about a range is said in a few bytes and lengthens the chain of each asset in it. */
static void reactions_lengthen_few_chains(void **state)
{
    struct world *w = *state;
    (void)open_many(w, FARM, restless_yaml, NULL, 0);
    assert_int_equal(report_a_day(w), ACCEPTED);
    assert_true(w->execution->links <= EXECUTE_LINKS_STATEMENT);
    assert_int_equal(world_count(w, "recorded " FIRST), 1);
}

static const char wordy_yaml[] =
    "contract: wordy\n"
    "each unit: yes\n"
    "states:\n"
    "  open: { progress: 0 }\n"
    "roles:\n"
    "  reader: reads\n"
    "terms:\n"
    "  teller: { is: contract }\n"
    "actions:\n"
    "  listen: { by: [reader, teller], when: [" GUARD ", " GUARD ", " GUARD "] }\n";

/* Each unit's work is a little: all of it is far too much, and is not done before that is noticed. */
static void a_call_of_many_units_stops_in_time(void **state)
{
    struct world *w = *state;
    struct kit_opening o = draft_alone(w, FARM, deal_compile(plain_yaml));
    struct deal plain;
    o.asset = FIRST;
    assert_int_equal(deal_try(w, &o, &plain), ACCEPTED);
    struct kit_argument teller = kit_bytes("teller", hash_slice(&plain.opening));
    static struct kit_party reader;
    reader = (struct kit_party){ "reader", *world_kid(w, FARM) };
    static uint8_t bytes[64];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    o = draft_alone(w, FARM, deal_compile(wordy_yaml));
    o.asset = NULL;
    o.assets = asset_set_range(PREFIX, "00000", MANY, &memory);
    o.terms = &teller;
    o.term_count = 1;
    o.holders = &reader;
    o.holder_count = 1;
    struct deal wordy;
    assert_int_equal(deal_try(w, &o, &wordy), ACCEPTED);
    assert_int_equal(deal_call(w, FARM, &wordy, "listen"), REFUSED_STEPS);
    assert_true(w->execution->statement_steps < LIMIT);
}

/* "teller" tells "wordy" whenever goods are scanned: the one names the other by an upgrade of the first. */
static const char teller_yaml[] = "contract: teller\n"
                                  "version: 2\n"
                                  "terms:\n"
                                  "  listener: { is: contract }\n"
                                  "states:\n"
                                  "  open: { progress: 0 }\n"
                                  "reactions:\n"
                                  "  tell:\n"
                                  "    on: { scan: any }\n"
                                  "    calls: { listener: { action: listen } }\n";
static const char first_teller_yaml[] = "contract: teller\n"
                                        "states:\n"
                                        "  open: { progress: 0 }\n";

static void what_a_reaction_sets_off_refuses_nobody(void **state)
{
    struct world *w = *state;
    struct deal wordy, teller, first;
    struct kit_opening o = draft_alone(w, FARM, deal_compile(first_teller_yaml));
    o.asset = FIRST;
    assert_int_equal(deal_try(w, &o, &first), ACCEPTED);
    struct kit_argument term = kit_bytes("teller", hash_slice(&first.opening));
    wordy = open_many(w, FARM, wordy_yaml, &term, 1);
    term = kit_bytes("listener", hash_slice(&wordy.opening));
    o = draft_alone(w, FARM, deal_compile(teller_yaml));
    o.asset = FIRST;
    o.terms = &term;
    o.term_count = 1;
    o.replaces = &first.opening;
    assert_int_equal(deal_try(w, &o, &teller), ACCEPTED);
    world_block(w, w->context.time_ms + 60000);
    assert_int_equal(world_say(w, OPERATOR, kit_scan(FIRST, NULL, NULL), w->context.time_ms),
                     ACCEPTED);
    assert_true(w->execution->statement_steps < LIMIT / 2);
    assert_int_equal(world_count(w, "called"), 0); /* it was too much: taken back */
}

static const char copying_yaml[] = "contract: copying\n"
                                   "states:\n"
                                   "  open: { progress: 0 }\n"
                                   "roles:\n"
                                   "  shipper: packs\n"
                                   "parties:\n"
                                   "  keeper: shipper\n"
                                   "actions:\n"
                                   "  say:\n"
                                   "    by: keeper\n"
                                   "    takes: { said: text }\n"
                                   "    when: " TEN("said = said and ") "yes\n";

/* A step is not a comparison of any length. */
static void long_texts_cost_more_steps(void **state)
{
    struct world *w = *state;
    struct kit_opening o = draft_alone(w, FARM, deal_compile(copying_yaml));
    struct deal d;
    char text[1001];
    uint64_t steps[2];
    assert_int_equal(deal_try(w, &o, &d), ACCEPTED);
    memset(text, 'x', 1000);
    for (int i = 0; i < 2; i++) {
        text[i == 0 ? 10 : 1000] = '\0';
        struct kit_argument said = kit_text("said", text);
        assert_int_equal(deal_call_with(w, FARM, &d, "say", &said, 1), ACCEPTED);
        steps[i] = w->execution->statement_steps;
        text[10] = 'x';
    }
    assert_true(steps[1] >= steps[0] + 10 * 2 * (1000 / 256));
}

/* ------------------------------------------------------------------ each unit's own quality officer */

static const char officers_yaml[] = "contract: officers\n"
                                    "each unit: yes\n"
                                    "roles: { shipper: packs }\n"
                                    "parties: { keeper: shipper }\n"
                                    "properties: { officer: { is: party, starts: opener } }\n"
                                    "quality: officer\n"
                                    "states: { open: { progress: 0 } }\n"
                                    "actions:\n"
                                    "  name:\n"
                                    "    by: keeper\n"
                                    "    takes: { whom: party }\n"
                                    "    sets: { officer: whom }\n";

/* Who it was at the start has no say any more, and the new one has it for that unit alone. */
static void quality_is_asked_for_by_unit(void **state)
{
    struct world *w = *state;
    struct deal d = open_many(w, FARM, officers_yaml, NULL, 0);
    struct kit_argument whom = kit_bytes("whom", kid_slice(world_kid(w, CARRIER)));
    uint64_t now = w->context.time_ms + 60000;
    assert_int_equal(world_say(w, FARM, kit_call(&d.opening, "name", &whom, 1, FIRST), now),
                     ACCEPTED);
    struct statement add = kit_call(&d.opening, "add back", NULL, 0, FIRST);
    assert_int_equal(world_say(w, FARM, add, now), REFUSED_NOT_ALLOWED);
    assert_int_equal(world_say(w, CARRIER, add, now), REFUSED_BAD_ARGUMENT); /* it may */
    add = kit_call(&d.opening, "add back", NULL, 0, PREFIX "00001");
    assert_int_equal(world_say(w, FARM, add, now), REFUSED_BAD_ARGUMENT);
    assert_int_equal(world_say(w, CARRIER, add, now), REFUSED_NOT_ALLOWED);
}

/* ------------------------------------------------------------------ large definitions */

/* Some 30 kB that say little, with one reaction to a reading and none to a scan. */
static const char *voluble_yaml(void)
{
    static char yaml[65536];
    static const char words[] = TEN("many words ") TEN("many words ") TEN("many words ") "end";
    size_t len = 0;
    len += (size_t)snprintf(yaml, sizeof yaml, "contract: voluble\nterms:\n");
    for (int i = 0; i < 60; i++)
        len += (size_t)snprintf(yaml + len, sizeof yaml - len, "  t%02d: \"%s\"\n", i, words);
    len += (size_t)snprintf(yaml + len, sizeof yaml - len, "roles:\n");
    for (int i = 0; i < 30; i++)
        len += (size_t)snprintf(yaml + len, sizeof yaml - len, "  r%02d: \"%s\"\n", i, words);
    (void)snprintf(yaml + len, sizeof yaml - len,
                   "states:\n  open: { progress: 0 }\n"
                   "reactions:\n  seen: { on: { reading: temperature }, when: reading > 90 °C }\n");
    return yaml;
}

static void large_definitions_refuse_no_reading(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < STATE_CONTRACTS_MAX; i++)
        (void)open_many(w, FARM, voluble_yaml(), NULL, 0);
    assert_int_equal(report_a_day(w), ACCEPTED);
}

static void large_definitions_refuse_no_scan(void **state)
{
    struct world *w = *state;
    uint8_t bytes[64];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    for (int i = 0; i < STATE_CONTRACTS_MAX; i++)
        (void)open_many(w, FARM, voluble_yaml(), NULL, 0);
    struct statement scan = kit_scan(FIRST, NULL, NULL);
    scan.as.scan.assets = asset_set_range(PREFIX, "00000", MANY, &memory);
    world_block(w, w->context.time_ms + 60000);
    assert_int_equal(world_say(w, OPERATOR, scan, w->context.time_ms), ACCEPTED);
}

/* ------------------------------------------------------------------ timers */

static const char impatient_yaml[] = "contract: impatient\n"
                                     "maximum gap: 30 min\n"
                                     "watch:\n"
                                     "  silence: { no reading for: 30 min, severity: low }\n"
                                     "states:\n"
                                     "  one: { progress: 0 }\n"
                                     "  other: { progress: 50 }\n"
                                     "reactions:\n"
                                     "  there: { on: { broken: silence }, in: one, to: other }\n"
                                     "  back: { on: { broken: silence }, in: other, to: one }\n";

/* Ten thousand timers are due at once, and each of them lengthens the chains of ten thousand units. */
static void timers_leave_room_in_a_block(void **state)
{
    struct world *w = *state;
    (void)open_many(w, FARM, impatient_yaml, NULL, 0);
    world_block(w, w->context.time_ms + 31 * 60000);
    assert_true(w->execution->links < EXECUTE_LINKS_BLOCK / 2 + EXECUTE_LINKS_STATEMENT);
    assert_int_equal(world_say(w, OPERATOR, kit_scan(FIRST, NULL, NULL), w->context.time_ms),
                     ACCEPTED);
    size_t first = world_count(w, "excursion_opened");
    world_block(w, w->context.time_ms + 1000);
    assert_true(first > 0);
    assert_int_equal(world_count(w, "excursion_opened"), 2 * first); /* the next ones in the next */
}

/* ------------------------------------------------------------------ an answer that comes at once */

#define SIDES              \
    "roles:\n"             \
    "  shipper: packs\n"   \
    "  clinic: receives\n" \
    "parties:\n"           \
    "  sender: shipper\n"  \
    "  receiver: clinic\n"

static const char before_asker_yaml[] = "contract: asker\n" SIDES "states:\n"
                                        "  open: { progress: 0 }\n";
static const char answerer_yaml[] = "contract: answerer\n" SIDES "terms:\n"
                                    "  asker: { is: contract }\n"
                                    "states:\n"
                                    "  open: { progress: 0 }\n"
                                    "  done: { progress: 100, ends: success }\n"
                                    "actions:\n"
                                    "  finish: { by: asker, in: open, to: done }\n";
static const char asker_yaml[] =
    "contract: asker\n"
    "version: 2\n" SIDES "terms:\n"
    "  answerer: { is: contract }\n"
    "states:\n"
    "  open: { progress: 0 }\n"
    "  asked: { progress: 50 }\n"
    "  happy: { progress: 100, ends: success }\n"
    "actions:\n"
    "  ask: { by: sender, in: open, to: asked, calls: { answerer: { action: finish } } }\n"
    "reactions:\n"
    "  answered: { on: { success: answerer }, in: asked, to: happy }\n";

static struct deal open_naming(struct world *w, const char *yaml, const char *term,
                               const struct deal *named, const struct deal *replaces)
{
    struct kit_opening o = deal_draft(w, deal_compile(yaml));
    struct kit_argument terms = kit_bytes(term, hash_slice(&named->opening));
    o.terms = &terms;
    o.term_count = 1;
    o.replaces = replaces != NULL ? &replaces->opening : NULL;
    return deal_open(w, &o);
}

static size_t event_place(const struct world *w, const char *text)
{
    size_t i = 0;
    while (i < w->event_count && strncmp(w->events[i].text, text, strlen(text)) != 0)
        i++;
    return i;
}

/* What it called ends, and tells it so, while its own call still runs: the last word is the last. */
static void an_answer_within_the_call_stands(void **state)
{
    struct world *w = *state;
    struct deal before = deal_open_yaml(w, before_asker_yaml);
    struct deal answerer = open_naming(w, answerer_yaml, "asker", &before, NULL);
    struct deal asker = open_naming(w, asker_yaml, "answerer", &answerer, &before);
    assert_int_equal(deal_call(w, FARM, &asker, "ask"), ACCEPTED);
    assert_string_equal(deal_state(w, &asker, NULL), "happy");
    assert_int_equal(deal_status(w, &asker), INSTANCE_FINISHED);
    assert_true(event_place(w, "state " KIT_UNIT " # 0 1 ask") <
                event_place(w, "state " KIT_UNIT " # 1 2 answered"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reactions_lengthen_few_chains, setup_many, teardown),
        cmocka_unit_test_setup_teardown(a_call_of_many_units_stops_in_time, setup_many, teardown),
        cmocka_unit_test_setup_teardown(what_a_reaction_sets_off_refuses_nobody, setup_many,
                                        teardown),
        cmocka_unit_test_setup_teardown(quality_is_asked_for_by_unit, setup_many, teardown),
        cmocka_unit_test_setup_teardown(steps_do_not_know_what_is_remembered, setup, teardown),
        cmocka_unit_test_setup_teardown(long_texts_cost_more_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(large_definitions_refuse_no_reading, setup_many, teardown),
        cmocka_unit_test_setup_teardown(large_definitions_refuse_no_scan, setup_many, teardown),
        cmocka_unit_test_setup_teardown(timers_leave_room_in_a_block, setup_many, teardown),
        cmocka_unit_test_setup_teardown(an_answer_within_the_call_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_lost_proposal_defined_is_not_known, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
