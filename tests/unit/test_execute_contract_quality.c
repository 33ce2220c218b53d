/* What quality does: acknowledges excursions, gives time back to a budget; and what contracts know of it. */
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                          \
    "roles:\n"                        \
    "  shipper: packs\n"              \
    "  clinic: receives\n"            \
    "  officer: looks\n"              \
    "parties:\n"                      \
    "  sender: shipper\n"             \
    "  receiver: clinic\n"            \
    "maximum gap: 30 min\n"           \
    "lateness: 1 h\n"                 \
    "watch:\n"                        \
    "  too warm:\n"                   \
    "    when: temperature > 8 °C\n" \
    "    for: 10 min\n"               \
    "    severity: high\n"            \
    "  warm in all:\n"                \
    "    when: temperature > 8 °C\n" \
    "    total: 1 h\n"                \
    "    budget: room temperature\n"  \
    "    severity: critical\n"

static const char flow_yaml[] =
    "contract: watched\n" HEAD "properties:\n"
    "  worst time: quantity of s\n"
    "  worst peak: °C\n"
    "  farms: quantity of s\n"
    "states:\n"
    "  open: { progress: 0 }\n"
    "  suspended: { progress: 0 }\n"
    "  fine: { progress: 100, ends: success }\n"
    "reactions:\n"
    "  suspends: { on: { broken: too warm }, in: open, to: suspended }\n"
    "actions:\n"
    "  accept:\n"
    "    by: receiver\n"
    "    when: unacknowledged excursions = 0\n"
    "    sets:\n"
    "      worst time: time of too warm\n"
    "      worst peak: peak of too warm\n"
    "      farms: time charged to sender for too warm\n"
    "    to: fine\n"
    "  insist: { by: receiver, when: worst severity < high, to: fine }\n";

static const char quality_yaml[] = "contract: quality\n" HEAD "quality: officer\n";

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

/* 9 °C from minute 120 to 150, a reading a minute from 100 to 179. */
static void warm_up(struct world *w)
{
    int centi[80];
    for (int i = 0; i < 80; i++)
        centi[i] = i >= 20 && i < 50 ? 900 : 450;
    world_block(w, MINUTES(60));
    assert_int_equal(
        world_say(w, FARM, kit_attach(world_kid(w, LOGGER), KIT_UNIT, false), MINUTES(60)),
        ACCEPTED);
    world_block(w, MINUTES(180));
    assert_int_equal(world_say(w, LOGGER, kit_temperatures(centi, 80, 60000), MINUTES(179)),
                     ACCEPTED);
    assert_true(world_count(w, "excursion_opened " KIT_UNIT " 0 +120m") > 0);
}

struct words {
    const char *rule, *meaning, *comment;
    uint64_t from_ms;
    enum world_key device;
};

static enum refusal acknowledge(struct world *w, enum world_key who, const struct deal *d,
                                struct words said)
{
    struct kit_argument arguments[] = {
        kit_text("rule", said.rule),
        kit_int("from", (int64_t)said.from_ms),
        kit_bytes("device", kid_slice(world_kid(w, said.device))),
        kit_text("meaning", said.meaning),
        kit_text("comment", said.comment),
    };
    return deal_call_with(w, who, d, "acknowledge", arguments, 5);
}

static const struct words fine = { "too warm", "reviewed", "door was open", MINUTES(120), LOGGER };

/* ------------------------------------------------------------------ acknowledgement */

static void an_excursion_is_acknowledged(void **state)
{
    struct world *w = *state;
    struct deal d = deal_open_yaml(w, flow_yaml);
    warm_up(w);
    assert_string_equal(deal_state(w, &d, NULL), "suspended");
    assert_int_equal(deal_call(w, CLINIC, &d, "accept"), REFUSED_GUARD);
    deal_said(w, "accept: \"unacknowledged excursions = 0\" does not hold: unacknowledged "
                 "excursions is 1");
    assert_int_equal(acknowledge(w, CLINIC, &d, fine), ACCEPTED);
    assert_int_equal(world_count(w, "acknowledged " KIT_UNIT " 0 +120m # logger"), 1);
    assert_int_equal(acknowledge(w, FARM, &d, fine), ACCEPTED); /* the newest stands */
    assert_int_equal(deal_call(w, CLINIC, &d, "insist"), REFUSED_GUARD);
    deal_said(w, "insist: \"worst severity < high\" does not hold: worst severity is high");
    assert_int_equal(deal_call(w, CLINIC, &d, "accept"), ACCEPTED);
    assert_string_equal(deal_property(w, &d, "worst time"), "30 min");
    assert_string_equal(deal_property(w, &d, "worst peak"), "9 °C");
    assert_string_equal(deal_property(w, &d, "farms"), "30 min");
    /* and after the end too */
    assert_int_equal(acknowledge(w, CLINIC, &d, fine), ACCEPTED);
}

static void what_is_no_acknowledgement(void **state)
{
    struct world *w = *state;
    struct deal d = deal_open_yaml(w, flow_yaml);
    struct words said = fine;
    warm_up(w);
    said.meaning = " ";
    assert_int_equal(acknowledge(w, CLINIC, &d, said), REFUSED_BAD_ARGUMENT);
    deal_said(w, "meaning: expected a text that says something");
    said = fine;
    said.comment = "";
    assert_int_equal(acknowledge(w, CLINIC, &d, said), REFUSED_BAD_ARGUMENT);
    said = fine;
    said.rule = "too cold";
    assert_int_equal(acknowledge(w, CLINIC, &d, said), REFUSED_BAD_ARGUMENT);
    deal_said(w, "the contract has no rule \"too cold\"");
    said = fine;
    said.from_ms++;
    assert_int_equal(acknowledge(w, CLINIC, &d, said), REFUSED_BAD_ARGUMENT);
    deal_said(w, "there is no such excursion of \"too warm\"");
    said = fine;
    said.device = TRACKER;
    assert_int_equal(acknowledge(w, CLINIC, &d, said), REFUSED_BAD_ARGUMENT);
    assert_int_equal(acknowledge(w, CARRIER, &d, fine), REFUSED_NOT_A_PARTY);
    assert_int_equal(acknowledge(w, LOGGER, &d, fine), REFUSED_NOT_A_PARTY);
    assert_int_equal(world_count(w, "acknowledged"), 0);
}

/* ------------------------------------------------------------------ budgets */

static struct deal open_quality(struct world *w)
{
    struct kit_opening o = deal_draft(w, deal_compile(quality_yaml));
    struct kit_party holder = { "officer", *world_kid(w, CARRIER) };
    o.holders = &holder;
    o.holder_count = 1;
    return deal_open(w, &o);
}

static enum refusal add_back(struct world *w, enum world_key who, const struct deal *d,
                             const char *budget, int minutes, const char *reason)
{
    struct kit_argument arguments[] = {
        kit_text("budget", budget),
        kit_quantity("time", minutes * 60, 0, "s"),
        kit_text("meaning", "approved"),
        kit_text("reason", reason),
    };
    return deal_call_with(w, who, d, "add back", arguments, 4);
}

static enum refusal undo(struct world *w, enum world_key who, const struct deal *d,
                         const struct hash *call)
{
    struct kit_argument arguments[] = {
        kit_bytes("call", hash_slice(call)),
        kit_text("meaning", "withdrawn"),
        kit_text("reason", "a mistake"),
    };
    return deal_call_with(w, who, d, "undo add back", arguments, 3);
}

static void only_named_quality_gives_time_back(void **state)
{
    struct world *w = *state;
    struct deal d = open_quality(w), nobody = deal_open_yaml(w, flow_yaml);
    warm_up(w);
    assert_int_equal(add_back(w, CLINIC, &d, "room temperature", 10, "stable"),
                     REFUSED_NOT_ALLOWED);
    assert_int_equal(add_back(w, CLINIC, &nobody, "room temperature", 10, "stable"),
                     REFUSED_NOT_ALLOWED);
    deal_said(w, "the contract names nobody for quality");
    assert_int_equal(add_back(w, CARRIER, &d, "room temperature", 10, ""), REFUSED_BAD_ARGUMENT);
    deal_said(w, "reason: expected a text that says something");
    assert_int_equal(add_back(w, CARRIER, &d, "cellar", 10, "stable"), REFUSED_BAD_ARGUMENT);
    deal_said(w, "the contract has no budget \"cellar\"");
    assert_int_equal(add_back(w, CARRIER, &d, "room temperature", 10, "stable"), ACCEPTED);
    assert_int_equal(world_count(w, "added_back " KIT_UNIT " # room temperature"), 1);
}

static void time_given_back_is_taken_back_once(void **state)
{
    struct world *w = *state;
    struct deal d = open_quality(w);
    warm_up(w);
    assert_int_equal(add_back(w, OPERATOR, &d, "room temperature", 10, "stable"), ACCEPTED);
    struct hash call = w->last;
    assert_int_equal(undo(w, CLINIC, &d, &call), REFUSED_NOT_ALLOWED);
    assert_int_equal(undo(w, CARRIER, &d, &d.opening), REFUSED_BAD_ARGUMENT);
    assert_int_equal(undo(w, CARRIER, &d, &call), ACCEPTED);
    assert_int_equal(world_count(w, "add_back_undone " KIT_UNIT " # room temperature"), 1);
    assert_int_equal(undo(w, CARRIER, &d, &call), REFUSED_BAD_ARGUMENT);
}

/* ------------------------------------------------------------------ many goods, one state */

#define COUNT  10000
#define PREFIX "01/09506000134352/21/U"

/* What is asked of ten thousand books is counted, and ends. */
static void facts_about_many_goods_end(void **state)
{
    struct world *w = *state;
    uint8_t bytes[64];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    assert_int_equal(world_say(w, FARM, kit_commission_range(PREFIX, "00000", COUNT), MINUTES(2)),
                     ACCEPTED);
    struct kit_opening o = deal_draft(w, deal_compile(flow_yaml));
    o.asset = NULL;
    o.assets = asset_set_range(PREFIX, "00000", COUNT, &memory);
    struct deal d = deal_open(w, &o);
    world_end(w);
    assert_int_equal(deal_call(w, CLINIC, &d, "insist"), ACCEPTED);
    assert_string_equal(deal_state(w, &d, NULL), "fine");
}

/* Reactions that ask ten thousand books each run out of steps, and the reading does not. */
static void reactions_leave_room_for_what_set_them_off(void **state)
{
    static const char counting_yaml[] = "contract: counting\n" HEAD "properties:\n"
                                        "  seen: { is: int, starts: 0 }\n"
                                        "states: { open: { progress: 0 } }\n"
                                        "reactions:\n"
                                        "  sees:\n"
                                        "    on: { reading: temperature }\n"
                                        "    when: worst severity < high\n"
                                        "    sets: { seen: seen + 1 }\n";
    struct world *w = *state;
    uint8_t bytes[64];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    int centi[200];
    for (int i = 0; i < 200; i++)
        centi[i] = 450;
    assert_int_equal(world_say(w, FARM, kit_commission_range(PREFIX, "00000", COUNT), MINUTES(2)),
                     ACCEPTED);
    struct kit_opening o = deal_draft(w, deal_compile(counting_yaml));
    o.asset = NULL;
    o.assets = asset_set_range(PREFIX, "00000", COUNT, &memory);
    struct deal d = deal_open(w, &o);
    struct statement attach = kit_attach(world_kid(w, LOGGER), PREFIX "00007", false);
    assert_int_equal(world_say(w, FARM, attach, MINUTES(4)), ACCEPTED);
    world_block(w, MINUTES(400));
    assert_int_equal(world_say(w, LOGGER, kit_temperatures(centi, 200, 60000), MINUTES(399)),
                     ACCEPTED);
    long seen = strtol(deal_property(w, &d, "seen"), NULL, 10);
    assert_true(seen > 10 && seen < 100);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_excursion_is_acknowledged),       CASE(what_is_no_acknowledgement),
        CASE(only_named_quality_gives_time_back), CASE(time_given_back_is_taken_back_once),
        CASE(facts_about_many_goods_end),         CASE(reactions_leave_room_for_what_set_them_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
