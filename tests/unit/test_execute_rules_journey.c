/* Goods on their way: custody, contracts, and who answers for which seconds of an excursion. */
#include "common/rand.h"
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define UNIT KIT_UNIT

static int setup(void **state)
{
    struct world *w = world_new();
    *state = w;
    assert_int_equal(world_say(w, FARM, kit_commission(UNIT), MINUTES(1)), ACCEPTED);
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void say(struct world *w, enum world_key who, struct statement draft, uint64_t time_ms)
{
    enum refusal code = world_say(w, who, draft, time_ms);
    if (code != ACCEPTED)
        fail_msg("%s", refusal_name(code));
}

static struct hash offer(struct world *w, enum world_key from, enum world_key to, uint64_t time_ms)
{
    say(w, from, kit_offer(UNIT, world_kid(w, to), ROLE_CUSTODIAN), time_ms);
    return w->last;
}

static void answer(struct world *w, enum world_key who, enum custody_action action,
                   const struct hash *offer, uint64_t time_ms)
{
    say(w, who, kit_answer(action, UNIT, offer, ROLE_CUSTODIAN), time_ms);
}

static void check_holders(struct world *w, enum world_key custodian, enum world_key owner,
                          bool offered)
{
    struct state_asset a;
    assert_true(world_asset(w, UNIT, &a));
    assert_true(a.has_custodian && a.has_owner);
    assert_true(kid_equal(&a.custodian, world_kid(w, custodian)));
    assert_true(kid_equal(&a.owner, world_kid(w, owner)));
    assert_int_equal(a.has_offer, offered);
}

/* ------------------------------------------------------------------ custody */

static void an_offer_moves_nothing(void **state)
{
    struct world *w = *state;
    (void)offer(w, FARM, CARRIER, MINUTES(2));
    check_holders(w, FARM, FARM, true);
    assert_true(world_has(w, "offered " UNIT " farm carrier 0 at +2m"));
}

static void acceptance_moves_custody_not_ownership(void **state)
{
    struct world *w = *state;
    struct hash o = offer(w, FARM, CARRIER, MINUTES(2));
    world_block(w, MINUTES(10));
    answer(w, CARRIER, CUSTODY_ACCEPT, &o, MINUTES(3));
    check_holders(w, CARRIER, FARM, false);
    assert_true(world_has(w, "passed " UNIT " # farm carrier 0 at +3m"));
}

static void ownership_passes_by_its_own_offer(void **state)
{
    struct world *w = *state;
    say(w, FARM, kit_offer(UNIT, world_kid(w, CLINIC), ROLE_OWNER), MINUTES(2));
    struct hash o = w->last;
    say(w, CLINIC, kit_answer(CUSTODY_ACCEPT, UNIT, &o, ROLE_OWNER), MINUTES(2));
    check_holders(w, FARM, CLINIC, false);
    assert_int_equal(
        world_say(w, FARM, kit_offer(UNIT, world_kid(w, CARRIER), ROLE_OWNER), MINUTES(3)),
        REFUSED_NOT_HOLDER);
}

static void rejection_and_cancellation_leave_the_holder(void **state)
{
    struct world *w = *state;
    struct hash o = offer(w, FARM, CARRIER, MINUTES(2));
    answer(w, CARRIER, CUSTODY_REJECT, &o, MINUTES(3));
    check_holders(w, FARM, FARM, false);
    o = offer(w, FARM, CARRIER, MINUTES(4));
    answer(w, FARM, CUSTODY_CANCEL, &o, MINUTES(5));
    check_holders(w, FARM, FARM, false);
    assert_int_equal(world_count(w, "rejected " UNIT " # farm carrier 0"), 1);
    assert_int_equal(world_count(w, "cancelled " UNIT " # farm carrier 0"), 1);
    assert_int_equal(
        world_say(w, CARRIER, kit_answer(CUSTODY_ACCEPT, UNIT, &o, ROLE_CUSTODIAN), MINUTES(6)),
        REFUSED_NO_SUCH_OFFER);
}

/* An operator acts for the company it belongs to. */
static void an_operator_acts_for_its_company(void **state)
{
    struct world *w = *state;
    struct hash o = offer(w, FARM, CARRIER, MINUTES(2));
    answer(w, OPERATOR, CUSTODY_ACCEPT, &o, MINUTES(3));
    check_holders(w, CARRIER, FARM, false);
    o = offer(w, OPERATOR, CLINIC, MINUTES(4));
    answer(w, CLINIC, CUSTODY_ACCEPT, &o, MINUTES(5));
    check_holders(w, CLINIC, FARM, false);
}

/* WIRE: an acceptance counts at its time rounded down to a second, held within [offer, block]. */
static void acceptance_time_is_held(void **state)
{
    static const struct {
        uint64_t said_ms, block_ms;
        const char *event;
    } cases[] = {
        { MINUTES(5) + 999, MINUTES(9), "passed " UNIT " # farm carrier 0 at +5m" },
        { MINUTES(1), MINUTES(9), "passed " UNIT " # farm carrier 0 at +2m" },
        { MINUTES(500), MINUTES(9), "passed " UNIT " # farm carrier 0 at +9m" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        void *mine;
        (void)setup(&mine);
        struct world *w = mine;
        struct hash o = offer(w, FARM, CARRIER, MINUTES(2));
        world_block(w, cases[i].block_ms);
        answer(w, CARRIER, CUSTODY_ACCEPT, &o, cases[i].said_ms);
        assert_true(world_has(w, cases[i].event));
        world_free(w);
    }
}

/* ------------------------------------------------------------------ contracts */

static struct hash open_contract(struct world *w)
{
    say(w, FARM,
        kit_open(world_contract(), UNIT, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60)),
        MINUTES(2));
    return w->last;
}

static void a_contract_waits_for_all(void **state)
{
    struct world *w = *state;
    struct hash opening = open_contract(w);
    assert_int_equal(world_count(w, "in_force"), 0);
    assert_true(world_has(w, "opened " UNIT " # at +2m"));
    say(w, CLINIC, kit_agree(&opening, false), MINUTES(4));
    assert_true(world_has(w, "agreed # clinic at +4m"));
    assert_true(world_has(w, "in_force " UNIT " # at +4m"));
    assert_int_equal(world_say(w, CLINIC, kit_agree(&opening, false), MINUTES(5)),
                     REFUSED_AGREED_ALREADY);
    world_block(w, MINUTES(120));
    assert_int_equal(world_count(w, "lapsed"), 0); /* its timer went with the agreement */
}

static void a_declined_contract_is_over(void **state)
{
    struct world *w = *state;
    struct hash opening = open_contract(w);
    say(w, CLINIC, kit_agree(&opening, true), MINUTES(4));
    assert_true(world_has(w, "lapsed # at +4m"));
    assert_int_equal(world_say(w, CLINIC, kit_agree(&opening, false), MINUTES(5)), REFUSED_EXPIRED);
    world_block(w, MINUTES(120));
    assert_int_equal(world_count(w, "lapsed"), 1);
    assert_int_equal(world_count(w, "in_force"), 0);
}

static void an_opening_lapses_by_block_time(void **state)
{
    struct world *w = *state;
    struct hash opening = open_contract(w);
    world_block(w, MINUTES(60) - 1);
    assert_int_equal(world_count(w, "lapsed"), 0);
    world_block(w, MINUTES(60));
    assert_true(world_has(w, "lapsed # at +60m"));
    assert_true(w->events[w->event_count - 1].of_timer);
    assert_int_equal(world_say(w, CLINIC, kit_agree(&opening, false), MINUTES(5)), REFUSED_EXPIRED);
}

/* ------------------------------------------------------------------ an excursion */

/* A contract in force and the logger attached; T0 is 06:00, so 10:00 is minute 240. */
static void set_out(struct world *w)
{
    struct hash opening = open_contract(w);
    say(w, CLINIC, kit_agree(&opening, false), MINUTES(3));
    say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, false), MINUTES(4));
}

/* A pack of one-minute samples, `count` of them, the first at minute `first`: 9.0 °C in [240, 300). */
static void report_minutes(struct world *w, unsigned first, unsigned count)
{
    int centi[240];
    for (unsigned i = 0; i < count; i++)
        centi[i] = first + i >= 240 && first + i < 300 ? 900 : 450;
    say(w, LOGGER, kit_temperatures(centi, count, 60000), MINUTES(first + count - 1));
}

static void hand_over(struct world *w, uint64_t minute)
{
    struct hash o = offer(w, FARM, CARRIER, MINUTES(minute) - 60000);
    answer(w, CARRIER, CUSTODY_ACCEPT, &o, MINUTES(minute));
}

static void each_second_is_charged_to_its_custodian(void **state)
{
    struct world *w = *state;
    set_out(w);
    world_block(w, MINUTES(240));
    report_minutes(w, 180, 60);
    world_block(w, MINUTES(261));
    hand_over(w, 260);
    world_block(w, MINUTES(300));
    report_minutes(w, 240, 60);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +240m # logger at +250m"));
    assert_int_equal(world_count(w, "charged"), 0);
    world_block(w, MINUTES(360));
    report_minutes(w, 300, 60);
    assert_true(world_has(w, "excursion_closed " UNIT
                             " 0 +240m +300m 900 -2 # logger 9000 -3 yes at +300m"));
    assert_true(world_has(w, "charged " UNIT " 0 farm 1200 +240m # logger at +300m"));
    assert_true(world_has(w, "charged " UNIT " 0 carrier 2400 +240m # logger at +300m"));
    assert_int_equal(world_count(w, "charged"), 2);
    assert_int_equal(world_count(w, "revision"), 0);
}

/* The acceptance was signed at 10:20 and reached the ledger after the excursion was charged to the farm. */
static void a_late_acceptance_charges_anew(void **state)
{
    struct world *w = *state;
    set_out(w);
    world_block(w, MINUTES(259));
    struct hash o = offer(w, FARM, CARRIER, MINUTES(259));
    world_block(w, MINUTES(360));
    report_minutes(w, 180, 180);
    assert_true(world_has(w, "charged " UNIT " 0 farm 3600 +240m # logger at +300m"));
    size_t before = w->event_count;
    world_block(w, MINUTES(400));
    answer(w, CARRIER, CUSTODY_ACCEPT, &o, MINUTES(260));
    world_end(w);
    assert_int_equal(w->event_count, before + 4);
    assert_string_equal(w->events[before].text, "passed " UNIT " # farm carrier 0 at +260m");
    assert_string_equal(w->events[before + 1].text,
                        "revision " UNIT " 0 +240m # logger no at +260m");
    assert_string_equal(w->events[before + 2].text,
                        "charged " UNIT " 0 farm 1200 +240m # logger at +300m");
    assert_string_equal(w->events[before + 3].text,
                        "charged " UNIT " 0 carrier 2400 +240m # logger at +300m");
}

/* What a device saw before it was attached is not the goods' history, and nobody is charged for it. */
static void samples_from_before_the_attachment_do_not_count(void **state)
{
    struct world *w = *state;
    struct hash opening = open_contract(w);
    say(w, CLINIC, kit_agree(&opening, false), MINUTES(3));
    world_block(w, MINUTES(400));
    say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, false), MINUTES(295));
    report_minutes(w, 200, 80); /* all of it before: the device's own history */
    report_minutes(w, 280, 80); /* 9.0 °C in [295, 300) is all that counts: too short to matter */
    world_end(w);
    assert_int_equal(world_count(w, "recorded " UNIT), 1);
    assert_int_equal(world_count(w, "recorded"), 2);
    assert_int_equal(world_count(w, "excursion_opened"), 0);
}

/* An acceptance after the excursion's end concerns none of its seconds. */
static void a_handover_after_the_end_revises_nothing(void **state)
{
    struct world *w = *state;
    set_out(w);
    world_block(w, MINUTES(360));
    report_minutes(w, 180, 180);
    world_block(w, MINUTES(400));
    hand_over(w, 300);
    assert_int_equal(world_count(w, "revision"), 0);
    assert_int_equal(world_count(w, "charged"), 1);
}

/* The sensor falls silent in the heat: the excursion ends where its last sample stops counting. */
static void a_dead_sensor_closes_the_excursion(void **state)
{
    struct world *w = *state;
    set_out(w);
    world_block(w, MINUTES(261));
    hand_over(w, 260);
    world_block(w, MINUTES(271));
    report_minutes(w, 180, 91); /* the last one at 270; gap 30 min, lateness 1 h: due at 360 */
    assert_int_equal(world_count(w, "excursion_opened"), 1);
    world_block(w, MINUTES(360) - 1);
    assert_int_equal(world_count(w, "excursion_closed"), 0);
    world_block(w, MINUTES(360));
    assert_true(world_has(w, "excursion_closed " UNIT
                             " 0 +240m +300m 900 -2 # logger 9000 -3 yes at +300m"));
    assert_true(w->events[w->event_count - 1].of_timer);
    assert_true(world_has(w, "charged " UNIT " 0 farm 1200 +240m # logger at +300m"));
    assert_true(world_has(w, "charged " UNIT " 0 carrier 2400 +240m # logger at +300m"));
    world_block(w, MINUTES(1000));
    assert_int_equal(world_count(w, "excursion_closed"), 1);
}

/* A sensor that goes on reporting moves its own timer: nothing is closed behind its back. */
static void a_living_sensor_is_left_alone(void **state)
{
    struct world *w = *state;
    set_out(w);
    for (unsigned m = 240; m < 300; m += 10) {
        world_block(w, MINUTES(m + 10));
        report_minutes(w, m, 10);
    }
    world_block(w, MINUTES(388)); /* 299 + 30 + 60 = 389 */
    assert_int_equal(world_count(w, "excursion_closed"), 0);
    world_block(w, MINUTES(389));
    assert_true(world_has(w, "excursion_closed " UNIT
                             " 0 +240m +329m 900 -2 # logger 9000 -3 yes at +329m"));
}

/*
 * Alternating hot and cold, each excursion costs three events under each contract: more than one outcome
 * may hold. The statement is on the ledger and refused, and what it had begun to judge is taken back.
 */
static void an_outcome_stays_readable(void **state)
{
    enum { COUNT = 4096, APART = 15 };
    static int centi[COUNT];
    struct world *w = *state;
    set_out(w);
    struct hash second = open_contract(w);
    say(w, CLINIC, kit_agree(&second, false), MINUTES(3));
    for (int i = 0; i < COUNT; i++)
        centi[i] = i % 2 == 0 ? 450 : 900;
    world_block(w, MINUTES(COUNT * APART));
    struct statement all = kit_temperatures(centi, COUNT, APART * 60000);
    assert_int_equal(world_say(w, LOGGER, all, MINUTES((COUNT - 1) * APART)), REFUSED_STEPS);
    world_end(w);
    assert_int_equal(w->caused, 0);
    assert_int_equal(w->flags & FLAG_LATE, 0);
    assert_int_equal(world_count(w, "excursion"), 0);
    world_block(w, MINUTES(COUNT * APART));
    say(w, LOGGER, kit_temperatures(centi, 4, APART * 60000), MINUTES(4 * APART));
    assert_true(world_has(w, "recorded " UNIT));
    assert_int_equal(world_count(w, "excursion_opened"), 2); /* as if nothing had been before */
}

static void recording_goes_on_after_a_breach(void **state)
{
    struct world *w = *state;
    set_out(w);
    world_block(w, MINUTES(360));
    report_minutes(w, 180, 180);
    hand_over(w, 350);
    world_block(w, MINUTES(420));
    report_minutes(w, 360, 60);
    check_holders(w, CARRIER, FARM, false);
    assert_int_equal(world_count(w, "recorded " UNIT), 2);
}

static void a_device_of_its_own_is_no_asset(void **state)
{
    struct world *w = *state;
    set_out(w);
    int hot[] = { 2000 };
    say(w, TRACKER, kit_temperatures(hot, 1, 0), MINUTES(5));
    assert_true(world_has(w, "recorded tracker tracker +5m +5m at +5m"));
    say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, true), MINUTES(6));
    say(w, LOGGER, kit_temperatures(hot, 1, 0), MINUTES(7));
    assert_true(world_has(w, "recorded logger logger +7m +7m at +7m"));
    assert_int_equal(world_count(w, "excursion"), 0);
}

static void times_are_flagged(void **state)
{
    struct world *w = *state;
    int cold[] = { 450 };
    set_out(w);
    world_block(w, MINUTES(100));
    say(w, LOGGER, kit_temperatures(cold, 1, 0), MINUTES(102) + 1);
    world_end(w);
    assert_int_equal(w->flags, FLAG_FUTURE);
    world_block(w, MINUTES(103));
    say(w, LOGGER, kit_temperatures(cold, 1, 0), MINUTES(60));
    world_end(w);
    assert_int_equal(w->flags, FLAG_ROLLBACK); /* before the one that counted at minute 100 */
    world_block(w, MINUTES(300));
    say(w, LOGGER, kit_temperatures(cold, 1, 0), MINUTES(240) - 1);
    world_end(w);
    assert_int_equal(w->flags, FLAG_LATE);
}

/* ------------------------------------------------------------------ order */

/* The last charge of each custodian, in minutes of the excursion. */
static void final_charges(struct world *w, char ret[2][WORLD_TEXT])
{
    static const char *const who[] = { "charged " UNIT " 0 farm", "charged " UNIT " 0 carrier" };
    world_end(w);
    for (size_t k = 0; k < 2; k++) {
        ret[k][0] = '\0';
        for (size_t i = 0; i < w->event_count; i++)
            if (strncmp(w->events[i].text, who[k], strlen(who[k])) == 0)
                memcpy(ret[k], w->events[i].text, WORLD_TEXT);
    }
}

/* Whatever is first on the ledger, the packs or the handover: the same seconds for the same companies. */
static void order_of_arrival_does_not_change_the_charges(void **state)
{
    (void)state;
    for (unsigned when = 0; when < 4; when++) {
        void *mine;
        char charges[2][WORLD_TEXT];
        (void)setup(&mine);
        struct world *w = mine;
        set_out(w);
        world_block(w, MINUTES(259));
        struct hash o = offer(w, FARM, CARRIER, MINUTES(259));
        world_block(w, MINUTES(420));
        for (unsigned pack = 0; pack < 4; pack++) {
            if (pack == when)
                answer(w, CARRIER, CUSTODY_ACCEPT, &o, MINUTES(260));
            if (pack < 3)
                report_minutes(w, 180 + 60 * pack, 60);
        }
        final_charges(w, charges);
        assert_string_equal(charges[0], "charged " UNIT " 0 farm 1200 +240m # logger at +300m");
        assert_string_equal(charges[1], "charged " UNIT " 0 carrier 2400 +240m # logger at +300m");
        world_free(w);
    }
}

/* How statements are cut into packs and blocks leaves no mark on what is found. */
static void packs_and_blocks_do_not_change_the_verdict(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        void *mine;
        struct rand_seq rand = rand_seeded(seed);
        (void)setup(&mine);
        struct world *w = mine;
        set_out(w);
        world_block(w, MINUTES(199));
        struct hash o = offer(w, FARM, CARRIER, MINUTES(199));
        world_block(w, MINUTES(261));
        answer(w, CARRIER, CUSTODY_ACCEPT, &o, MINUTES(260));
        for (unsigned at = 200; at < 340;) {
            unsigned n = 1 + (unsigned)rand_below(&rand, 30);
            n = n > 340 - at ? 340 - at : n;
            if (w->context.time_ms < MINUTES(at + n))
                world_block(w, MINUTES(at + n + rand_below(&rand, 10)));
            report_minutes(w, at, n);
            at += n;
        }
        assert_true(world_has(w, "excursion_opened " UNIT " 0 +240m # logger at +250m"));
        assert_true(world_has(w, "excursion_closed " UNIT
                                 " 0 +240m +300m 900 -2 # logger 9000 -3 yes at +300m"));
        assert_true(world_has(w, "charged " UNIT " 0 farm 1200 +240m # logger at +300m"));
        assert_true(world_has(w, "charged " UNIT " 0 carrier 2400 +240m # logger at +300m"));
        assert_int_equal(world_count(w, "charged"), 2);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_offer_moves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(acceptance_moves_custody_not_ownership, setup, teardown),
        cmocka_unit_test_setup_teardown(ownership_passes_by_its_own_offer, setup, teardown),
        cmocka_unit_test_setup_teardown(rejection_and_cancellation_leave_the_holder, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_operator_acts_for_its_company, setup, teardown),
        cmocka_unit_test(acceptance_time_is_held),
        cmocka_unit_test_setup_teardown(a_contract_waits_for_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_declined_contract_is_over, setup, teardown),
        cmocka_unit_test_setup_teardown(an_opening_lapses_by_block_time, setup, teardown),
        cmocka_unit_test_setup_teardown(each_second_is_charged_to_its_custodian, setup, teardown),
        cmocka_unit_test_setup_teardown(a_late_acceptance_charges_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(samples_from_before_the_attachment_do_not_count, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_handover_after_the_end_revises_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dead_sensor_closes_the_excursion, setup, teardown),
        cmocka_unit_test_setup_teardown(a_living_sensor_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(an_outcome_stays_readable, setup, teardown),
        cmocka_unit_test_setup_teardown(recording_goes_on_after_a_breach, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_of_its_own_is_no_asset, setup, teardown),
        cmocka_unit_test_setup_teardown(times_are_flagged, setup, teardown),
        cmocka_unit_test(order_of_arrival_does_not_change_the_charges),
        cmocka_unit_test(packs_and_blocks_do_not_change_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
