/* Where judging and workflow meet: reactions to what is found, stages, and the end of a contract. */
#include "tests/unit/support_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char yaml[] = "contract: test\nversion: 1\nsummary: For tests.\n"
                           "roles:\n  shipper: packs the goods\n  clinic: receives them\n"
                           "parties:\n  sender: shipper\n  receiver: clinic\n"
                           "maximum gap: 30 min\n"
                           "lateness: 24 h\n"
                           "watch:\n"
                           "  too warm:\n"
                           "    when: temperature > 8 °C\n"
                           "    for: 10 min\n"
                           "    stage: [travelling, quarantined]\n"
                           "    severity: high\n"
                           "  silence:\n"
                           "    no reading for: 60 min\n"
                           "    severity: low\n"
                           "states:\n"
                           "  packing: { progress: 0 }\n"
                           "  travelling: { progress: 10 }\n"
                           "  quarantined: { progress: 20 }\n"
                           "  cooled: { progress: 30 }\n"
                           "  hot: { progress: 40 }\n"
                           "  released: { progress: 100, ends: success }\n"
                           "actions:\n"
                           "  leave: { by: sender, in: packing, to: travelling }\n"
                           "  release: { by: receiver, to: released }\n"
                           "reactions:\n"
                           "  quarantine:\n"
                           "    on: { broken: too warm }\n"
                           "    in: travelling\n"
                           "    when: excursions = 1\n"
                           "    to: quarantined\n"
                           "  cool:\n"
                           "    on: { ended: too warm }\n"
                           "    in: quarantined\n"
                           "    to: cooled\n"
                           "  burn:\n"
                           "    on: { reading: temperature }\n"
                           "    in: [travelling, quarantined]\n"
                           "    when: reading > 20 °C\n"
                           "    to: hot\n";

static int setup(void **state)
{
    *state = judging_world();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void call(struct world *w, enum world_key who, const struct hash *opening,
                 const char *action, uint64_t time_ms)
{
    world_block(w, time_ms);
    judging_say(w, who, kit_call(opening, action, NULL, 0, NULL), time_ms);
}

/* The guard asks the book, which must know of the excursion by then. */
static void a_contract_reacts_to_what_is_found(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, yaml, MINUTES(10));
    call(w, FARM, &opening, "leave", MINUTES(20));
    world_block(w, MINUTES(60));
    judging_report_flat(w, LOGGER, 30, 20, 900);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +30m # logger at +40m"));
    assert_true(world_has(w, "state " UNIT " # 1 2 quarantine at +40m"));
    assert_int_equal(world_count(w, "state " UNIT " # 2"), 0);
    world_block(w, MINUTES(61));
    judging_report_flat(w, LOGGER, 50, 1, 450);
    assert_true(world_has(w, "state " UNIT " # 2 3 cool at +50m"));
}

/* In one statement that breaks the rule and keeps it again, both reactions run, in that order. */
static void reactions_run_in_the_order_of_what_was_found(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, yaml, MINUTES(10));
    int centi[30];
    call(w, FARM, &opening, "leave", MINUTES(20));
    world_block(w, MINUTES(60));
    for (int i = 0; i < 30; i++)
        centi[i] = i < 15 ? 900 : 450;
    judging_say(w, LOGGER, judging_minutes(centi, 30), MINUTES(59));
    assert_true(world_has(w, "state " UNIT " # 1 2 quarantine"));
    assert_true(world_has(w, "state " UNIT " # 2 3 cool"));
}

static void a_contract_reacts_to_a_single_sample(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, yaml, MINUTES(10));
    call(w, FARM, &opening, "leave", MINUTES(20));
    world_block(w, MINUTES(60));
    judging_report_flat(w, LOGGER, 30, 2, 2000);
    assert_int_equal(world_count(w, "state " UNIT " # 1 4"), 0);
    judging_report_flat(w, LOGGER, 33, 3, 2001);
    assert_true(world_has(w, "state " UNIT " # 1 4 burn at +33m"));
}

/* A rule of a stage looks only at samples of that stage: by the time they were measured. */
static void a_stage_has_its_own_samples(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, yaml, MINUTES(10));
    call(w, FARM, &opening, "leave", MINUTES(40));
    world_block(w, MINUTES(70));
    judging_report_flat(w, LOGGER, 20, 40, 900);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +40m # logger at +50m"));
}

/* After success nothing new is judged, nobody is missed, and what is late is judged still. */
static void success_ends_judging(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, yaml, MINUTES(10));
    call(w, FARM, &opening, "leave", MINUTES(20));
    world_block(w, MINUTES(40));
    judging_report_flat(w, LOGGER, 30, 5, 450);
    int hot[15];
    for (int i = 0; i < 15; i++)
        hot[i] = 900;
    struct judging_letter late = judging_sign(w, LOGGER, judging_minutes(hot, 15), MINUTES(54));
    call(w, CLINIC, &opening, "release", MINUTES(60));
    assert_true(world_has(w, "finished"));
    world_block(w, MINUTES(300));
    assert_int_equal(world_count(w, "excursion"), 0);
    judging_report_flat(w, LOGGER, 100, 60, 900);
    assert_int_equal(world_count(w, "excursion"), 0);
    assert_int_equal(judging_post(w, &late), ACCEPTED);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +40m # logger at +50m"));
    world_block(w, MINUTES(500));
    assert_int_equal(world_count(w, "excursion_opened " UNIT " 1"), 0); /* nor is anyone missed */
    assert_int_equal(world_count(w, "revision"), 0);
}

static void nobody_is_missed_after_success(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, yaml, MINUTES(10));
    call(w, FARM, &opening, "leave", MINUTES(20));
    call(w, CLINIC, &opening, "release", MINUTES(60));
    world_block(w, MINUTES(300));
    assert_int_equal(world_count(w, "excursion"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_contract_reacts_to_what_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(reactions_run_in_the_order_of_what_was_found, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_contract_reacts_to_a_single_sample, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stage_has_its_own_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(success_ends_judging, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_is_missed_after_success, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
