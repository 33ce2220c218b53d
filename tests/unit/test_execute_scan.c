/* Scans, and what they show to be wrong: in the histories of the goods, of who scanned and of the other side. */
#include "tests/unit/support_deal.h"
#include "tests/unit/support_fate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GHOST FATE_GHOST
/* Rome to Lyon: 749,077 m. */
#define ROME_LYON_MS     UINT64_C(2247231) /* at 1,200 km/h */
#define DAY_MS           UINT64_C(86400000)
#define GHOSTS           1000
#define FINDINGS_TOLD    1000
#define EVENTS_A_FINDING 2 /* the goods', the signer's: there is no other side to a ghost */

static int setup(void **state)
{
    *state = fate_world();
    fate_places(*state);
    return 0;
}

static struct fate_said scan(struct world *w, enum world_key who, const char *name,
                             const char *place, uint64_t time_ms)
{
    return fate_do(w, who, fate_scan(name, place, false), time_ms);
}

/* Says a finding in the history of the goods, of who signed, and of the other side. */
static void found(struct world *w, const char *subject, enum event_finding finding,
                  const char *rest)
{
    char text[2 * WORLD_TEXT];
    (void)snprintf(text, sizeof text, "finding %s %d %s", subject, finding, rest);
    assert_true(world_has(w, text));
}

static size_t findings(struct world *w)
{
    return world_count(w, "finding ");
}

/* ------------------------------------------------------------------ ghosts */

static void what_nobody_made_is_seen_and_said(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    (void)scan(w, CLINIC, GHOST, NULL, MINUTES(2));
    assert_true(world_has(w, "scanned " GHOST " clinic - at +2m"));
    found(w, GHOST, FINDING_NEVER_COMMISSIONED, "# - clinic at +2m");
    found(w, "clinic", FINDING_NEVER_COMMISSIONED, "# - clinic at +2m");
    assert_int_equal(findings(w), 2);
    assert_true(world_asset(w, GHOST, &a));
    assert_false(state_asset_is_made(&a));
    assert_int_equal(a.events, 2);                  /* the scan and the finding */
    (void)scan(w, LOGGER, GHOST, NULL, MINUTES(3)); /* and every time again */
    found(w, GHOST, FINDING_NEVER_COMMISSIONED, "# - logger at +3m");
    assert_int_equal(findings(w), 4);
}

/* To every other rule it is not there. */
static void a_ghost_is_nothing_to_hand_over(void **state)
{
    struct world *w = *state;
    struct asset_set set = custody_one(GHOST);
    (void)scan(w, CLINIC, GHOST, NULL, MINUTES(2));
    fate_refused(w, CLINIC, custody_offer(w, &set, FARM, ROLE_CUSTODIAN), MINUTES(3),
                 REFUSED_UNKNOWN_ASSET);
    fate_refused(w, CLINIC, kit_attach(world_kid(w, LOGGER), GHOST, false), MINUTES(3),
                 REFUSED_NOT_YOUR_KEY);
    fate_refused(w, FARM, kit_attach(world_kid(w, LOGGER), GHOST, false), MINUTES(3),
                 REFUSED_UNKNOWN_ASSET);
    fate_refused(
        w, FARM,
        kit_open(world_contract(), GHOST, world_kid(w, FARM), world_kid(w, CLINIC), MINUTES(60)),
        MINUTES(3), REFUSED_UNKNOWN_ASSET);
    fate_refused(w, CLINIC, fate_seal(GHOST, "0123456789"), MINUTES(3), REFUSED_UNKNOWN_ASSET);
    fate_refused(w, CLINIC, fate_reveal(GHOST, "0123456789"), MINUTES(3), REFUSED_UNKNOWN_ASSET);
}

/* Its history stays, what was seen of it counts on. */
static void a_ghost_may_be_commissioned(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    (void)scan(w, CLINIC, GHOST, FATE_ROME, MINUTES(2));
    assert_true(world_asset(w, GHOST, &a) && a.goods.has_sighting);
    uint64_t events = a.events;
    struct hash chain = a.chain;
    (void)fate_do(w, FARM, fate_commission(GHOST, NULL, 0), MINUTES(3));
    assert_true(world_asset(w, GHOST, &a) && state_asset_is_made(&a) && a.goods.has_sighting);
    assert_int_equal(a.events, events + 1);
    assert_false(hash_equal(&a.chain, &chain));
    (void)scan(w, FARM, GHOST, FATE_ROME, MINUTES(4));
    assert_int_equal(findings(w), 2); /* those of the first scan */
    (void)scan(w, FARM, GHOST, FATE_LYON, MINUTES(5));
    found(w, GHOST, FINDING_IMPOSSIBLE_TRAVEL, "# # farm at +5m");
}

static struct statement scan_range(size_t count, struct buf *memory)
{
    struct statement s = fate_scan(FATE_FIRST, NULL, false);
    s.as.scan.assets = asset_set_range(FATE_GTIN "/21/G", "00000", count, memory);
    return s;
}

static void a_scan_brings_up_a_thousand_ghosts_at_most(void **state)
{
    uint8_t bytes[128];
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct world *w = *state;
    struct state_asset a;
    fate_refused(w, CLINIC, scan_range(GHOSTS + 1, &memory), MINUTES(2), REFUSED_UNKNOWN_ASSET);
    assert_string_equal(w->detail, FATE_GTIN "/21/G01000");
    assert_false(world_asset(w, FATE_GTIN "/21/G00000", &a));
    buf_clear(&memory);
    (void)fate_do(w, CLINIC, scan_range(GHOSTS, &memory), MINUTES(3));
    assert_true(world_asset(w, FATE_GTIN "/21/G00999", &a));
    assert_int_equal(findings(w), EVENTS_A_FINDING * GHOSTS);
    buf_clear(&memory); /* they are known now: one more is new */
    w->event_count = 0;
    (void)fate_do(w, CLINIC, scan_range(GHOSTS + 1, &memory), MINUTES(4));
    assert_true(world_asset(w, FATE_GTIN "/21/G01000", &a));
    assert_int_equal(findings(w), EVENTS_A_FINDING * FINDINGS_TOLD);
}

/* A block from before ghosts is replayed as it was. */
static void older_rules_know_no_ghosts(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    world_block(w, MINUTES(2));
    w->context.rules = EXECUTE_RULES_GOODS - 1;
    execute_begin(w->execution, &w->view, &w->context);
    assert_int_equal(world_say(w, CLINIC, fate_scan(GHOST, NULL, false), MINUTES(2)),
                     REFUSED_UNKNOWN_ASSET);
    assert_int_equal(world_say(w, CLINIC, fate_scan(FATE_FIRST, FATE_ROME, true), MINUTES(2)),
                     ACCEPTED);
    assert_int_equal(findings(w), 0);
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_false(a.goods.has_sighting);
}

/* ------------------------------------------------------------------ after the end */

static void what_has_ended_is_not_to_be_seen_again(void **state)
{
    static const enum disposition_action ends[] = { DISPOSITION_DISPENSE, DISPOSITION_DECOMMISSION,
                                                    DISPOSITION_DESTROY };
    struct world *w = *state;
    for (size_t i = 0; i < 3; i++) {
        char name[ASSET_NAME_MAX], subject[64];
        (void)snprintf(name, sizeof name, FATE_GTIN "/21/E%zu", i);
        (void)fate_do(w, FARM, fate_commission(name, NULL, 0), MINUTES(10 + 20 * i));
        (void)fate_do(w, FARM, fate_dispose(name, ends[i]), MINUTES(20 + 20 * i));
        (void)scan(w, CLINIC, name, NULL,
                   MINUTES(20 + 20 * i)); /* in that very moment: not after */
        (void)scan(w, CLINIC, name, NULL, MINUTES(19 + 20 * i)); /* late */
        assert_int_equal(findings(w), 3 * i);
        (void)scan(w, CLINIC, name, NULL, MINUTES(20 + 20 * i) + 1000);
        (void)snprintf(subject, sizeof subject, "# # clinic at +%zum1s", 20 + 20 * i);
        found(w, name, FINDING_AFTER_END, subject);
        found(w, "clinic", FINDING_AFTER_END, subject);
        found(w, "farm", FINDING_AFTER_END, subject); /* who ended it is the other side */
    }
    assert_int_equal(findings(w), 9);
}

static void what_was_used_up_is_not_to_be_seen_again(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_transform(FATE_FIRST, FATE_GTIN "/21/NEW", "L9"), MINUTES(2));
    (void)scan(w, CLINIC, FATE_FIRST, NULL, MINUTES(3));
    found(w, FATE_FIRST, FINDING_AFTER_END, "# # clinic at +3m");
}

static void what_came_back_may_be_seen(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_dispose(FATE_FIRST, DISPOSITION_DISPENSE), MINUTES(2));
    (void)fate_do(w, FARM, fate_dispose(FATE_FIRST, DISPOSITION_RETURN), MINUTES(3));
    (void)scan(w, FARM, FATE_FIRST, NULL, MINUTES(4));
    assert_int_equal(findings(w), 0);
}

/* ------------------------------------------------------------------ impossible travel */

static void rome_and_twenty_minutes_later_lyon(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    struct fate_said rome = scan(w, CLINIC, FATE_FIRST, FATE_ROME, MINUTES(10));
    assert_int_equal(findings(w), 0);
    struct fate_said lyon = scan(w, TRACKER, FATE_FIRST, FATE_LYON, MINUTES(30));
    found(w, FATE_FIRST, FINDING_IMPOSSIBLE_TRAVEL, "# # tracker at +30m");
    found(w, "tracker", FINDING_IMPOSSIBLE_TRAVEL, "# # tracker at +30m");
    found(w, "clinic", FINDING_IMPOSSIBLE_TRAVEL, "# # tracker at +30m");
    assert_int_equal(findings(w), 3);
    assert_true(world_asset(w, FATE_FIRST, &a) && a.goods.has_sighting);
    assert_true(hash_equal(&a.goods.sighting.statement, &lyon.hash));
    assert_false(hash_equal(&a.goods.sighting.statement, &rome.hash));
    assert_int_equal(a.goods.sighting.time_ms, MINUTES(30));
}

static void one_scanner_has_one_history(void **state)
{
    struct world *w = *state;
    (void)scan(w, CLINIC, FATE_FIRST, FATE_ROME, MINUTES(10));
    (void)scan(w, CLINIC, FATE_FIRST, FATE_LYON, MINUTES(30));
    found(w, FATE_FIRST, FINDING_IMPOSSIBLE_TRAVEL, "# # clinic at +30m");
    found(w, "clinic", FINDING_IMPOSSIBLE_TRAVEL, "# # clinic at +30m");
    assert_int_equal(findings(w), 2);
}

static void as_fast_as_may_be_is_not_too_fast(void **state)
{
    struct world *w = *state;
    (void)scan(w, CLINIC, FATE_FIRST, FATE_ROME, MINUTES(10));
    (void)scan(w, CLINIC, FATE_FIRST, FATE_LYON, MINUTES(10) + ROME_LYON_MS);
    assert_int_equal(findings(w), 0);
    (void)scan(w, CLINIC, FATE_OTHER, FATE_ROME, MINUTES(60));
    (void)scan(w, CLINIC, FATE_OTHER, FATE_LYON, MINUTES(60) + ROME_LYON_MS - 1);
    assert_int_equal(findings(w), 2);
}

/* Gates of one yard may have positions some way apart, and scanners that are a second apart. */
static void near_places_are_one(void **state)
{
    struct world *w = *state;
    struct statement gate = { .kind = KIND_PLACE };
    gate.as.place = (struct place){ .gln = slice_text("9506000134383"),
                                    .name = slice_text("Gate"),
                                    .has_position = true,
                                    .lat = 419027835 + 890000, /* 9.9 km */
                                    .lon = 124963655 };
    (void)fate_do(w, FARM, gate, MINUTES(2));
    (void)scan(w, CLINIC, FATE_FIRST, FATE_ROME, MINUTES(10));
    (void)scan(w, CLINIC, FATE_FIRST, "9506000134383", MINUTES(10));
    assert_int_equal(findings(w), 0);
    gate.as.place.lat += 20000; /* 10.1 km */
    (void)fate_do(w, FARM, gate, MINUTES(11));
    (void)scan(w, CLINIC, FATE_OTHER, FATE_ROME, MINUTES(20));
    (void)scan(w, CLINIC, FATE_OTHER, "9506000134383", MINUTES(20));
    assert_int_equal(findings(w), 2);
}

static void a_place_without_a_position_says_nothing(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    struct statement nowhere = { .kind = KIND_PLACE };
    nowhere.as.place =
        (struct place){ .gln = slice_text("9506000134383"), .name = slice_text("Somewhere") };
    (void)fate_do(w, FARM, nowhere, MINUTES(2));
    (void)scan(w, CLINIC, FATE_FIRST, FATE_ROME, MINUTES(10));
    (void)scan(w, CLINIC, FATE_FIRST, "9506000134383", MINUTES(11)); /* no position */
    (void)scan(w, CLINIC, FATE_FIRST, "9506000134390", MINUTES(12)); /* no master data */
    (void)scan(w, CLINIC, FATE_FIRST, NULL, MINUTES(13));
    assert_int_equal(findings(w), 0);
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_int_equal(a.goods.sighting.time_ms, MINUTES(10));
}

/* A scan that comes late is compared all the same; the newest sighting stays. */
static void late_scans_are_evidence_too(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    (void)scan(w, CLINIC, FATE_FIRST, FATE_ROME, MINUTES(60));
    (void)scan(w, CARRIER, FATE_FIRST, FATE_LYON, MINUTES(40));
    found(w, FATE_FIRST, FINDING_IMPOSSIBLE_TRAVEL, "# # carrier at +40m");
    found(w, "clinic", FINDING_IMPOSSIBLE_TRAVEL, "# # carrier at +40m");
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_int_equal(a.goods.sighting.time_ms, MINUTES(60));
    (void)scan(w, CARRIER, FATE_FIRST, FATE_LYON, MINUTES(5)); /* long enough before */
    assert_int_equal(findings(w), 3);
    (void)scan(w, CARRIER, FATE_FIRST, FATE_ROME,
               MINUTES(60)); /* at the same time: the later word */
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_true(kid_equal(&a.goods.sighting.kid, world_kid(w, CARRIER)));
}

/* It counts at block time: a scanner with a wrong clock hides nothing that comes after it. */
static void a_scan_from_the_future_counts_now(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    world_block(w, MINUTES(30));
    assert_int_equal(world_say(w, CLINIC, fate_scan(FATE_FIRST, FATE_ROME, false), MINUTES(1000)),
                     ACCEPTED);
    assert_true(world_asset(w, FATE_FIRST, &a));
    assert_int_equal(a.goods.sighting.time_ms, MINUTES(30));
    assert_true((w->flags & FLAG_FUTURE) != 0);
    (void)scan(w, CLINIC, FATE_FIRST, FATE_LYON, MINUTES(40));
    assert_int_equal(findings(w), 2);
}

/* ------------------------------------------------------------------ how fast is too fast */

static const char slow_yaml[] = "contract: slow\n"
                                "roles:\n"
                                "  shipper: packs\n"
                                "  clinic: uses\n"
                                "parties:\n"
                                "  sender: shipper\n"
                                "  receiver: clinic\n"
                                "terms:\n"
                                "  top speed: 100 km/h\n"
                                "fastest travel: top speed\n"
                                "states:\n"
                                "  on the way: { progress: 0 }\n"
                                "  there: { progress: 100, ends: success }\n"
                                "actions:\n"
                                "  finish: { by: receiver, in: on the way, to: there }\n";

static const char faster_yaml[] = "contract: faster\n"
                                  "roles:\n"
                                  "  shipper: packs\n"
                                  "  clinic: uses\n"
                                  "parties:\n"
                                  "  sender: shipper\n"
                                  "  receiver: clinic\n"
                                  "fastest travel: 3000 km/h\n"
                                  "states:\n"
                                  "  on the way: { progress: 0 }\n"
                                  "  there: { progress: 100, ends: success }\n"
                                  "actions:\n"
                                  "  finish: { by: receiver, in: on the way, to: there }\n";

/* Some 25 km in ten minutes. */
static void to_ostia_in_ten_minutes(struct world *w, const char *name)
{
    uint64_t now = w->context.time_ms + DAY_MS;
    (void)scan(w, CLINIC, name, FATE_ROME, now);
    (void)scan(w, CLINIC, name, FATE_OSTIA, now + UINT64_C(600000));
}

static void a_contract_says_how_fast_goods_travel(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(KIT_UNIT, NULL, 0), MINUTES(2));
    to_ostia_in_ten_minutes(w, KIT_UNIT);
    assert_int_equal(findings(w), 0); /* 150 km/h */
    struct deal d = deal_open_yaml(w, slow_yaml);
    to_ostia_in_ten_minutes(w, KIT_UNIT);
    assert_int_equal(findings(w), 2);
    to_ostia_in_ten_minutes(w, FATE_FIRST); /* which is under no contract */
    assert_int_equal(findings(w), 2);
    assert_int_equal(deal_call(w, CLINIC, &d, "finish"), ACCEPTED);
    to_ostia_in_ten_minutes(w, KIT_UNIT); /* and it is over */
    assert_int_equal(findings(w), 2);
}

static void the_slowest_of_its_contracts_counts(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, FARM, fate_commission(KIT_UNIT, NULL, 0), MINUTES(2));
    (void)deal_open_yaml(w, faster_yaml);
    uint64_t now = w->context.time_ms;
    (void)scan(w, CLINIC, KIT_UNIT, FATE_ROME, now + 1000);
    (void)scan(w, CLINIC, KIT_UNIT, FATE_LYON, now + 1000 + 20 * 60000);
    assert_int_equal(findings(w), 0); /* 2,247 km/h, which this contract allows */
    (void)deal_open_yaml(w, slow_yaml);
    to_ostia_in_ten_minutes(w, KIT_UNIT);
    assert_int_equal(findings(w), 2);
}

/* ------------------------------------------------------------------ two custodians */

static void two_who_say_that_they_have_it(void **state)
{
    struct world *w = *state;
    (void)fate_do(w, CARRIER, fate_scan(FATE_FIRST, NULL, true), MINUTES(2));
    found(w, FATE_FIRST, FINDING_TWO_CUSTODIANS, "# - carrier at +2m");
    found(w, "carrier", FINDING_TWO_CUSTODIANS, "# - carrier at +2m");
    found(w, "farm", FINDING_TWO_CUSTODIANS, "# - carrier at +2m");
    assert_int_equal(findings(w), 3);
    (void)fate_do(w, FARM, fate_scan(FATE_FIRST, NULL, true), MINUTES(3)); /* it does */
    (void)fate_do(w, LOGGER, fate_scan(FATE_FIRST, NULL, true),
                  MINUTES(3)); /* so says its device */
    (void)fate_do(w, CARRIER, fate_scan(FATE_FIRST, NULL, false), MINUTES(3)); /* claims nothing */
    (void)fate_do(w, FARM, fate_scan(GHOST, NULL, false), MINUTES(3));
    assert_int_equal(findings(w), 5);                                    /* the ghost's two */
    (void)fate_do(w, CARRIER, fate_scan(GHOST, NULL, true), MINUTES(4)); /* nobody's */
    assert_int_equal(world_count(w, "finding " GHOST " 5"), 0);
}

/* Several things wrong with one unit are told one after the other, unit by unit. */
static void all_that_is_wrong_is_said_in_order(void **state)
{
    static const char *const names[] = { FATE_FIRST, FATE_OTHER };
    static const char *const expected[] = { "finding " FATE_FIRST " 2 # # carrier at +20m",
                                            "finding " FATE_FIRST " 4 # # carrier at +20m",
                                            "finding " FATE_FIRST " 5 # - carrier at +20m",
                                            "finding " FATE_OTHER " 5 # - carrier at +20m" };
    struct world *w = *state;
    struct statement s = fate_scan(FATE_FIRST, FATE_LYON, true);
    (void)scan(w, CLINIC, FATE_FIRST, FATE_ROME, MINUTES(10));
    (void)fate_do(w, FARM, fate_dispose(FATE_FIRST, DISPOSITION_DISPENSE), MINUTES(12));
    s.as.scan.assets = custody_list(2, names);
    size_t before = w->event_count, at = 0;
    (void)fate_do(w, CARRIER, s, MINUTES(20));
    assert_int_equal(strncmp(w->events[before].text, "scanned ", 8), 0);
    for (size_t i = before; i < w->event_count && at < 4; i++)
        at += strcmp(w->events[i].text, expected[at]) == 0 ? 1 : 0;
    assert_int_equal(at, 4);
    assert_int_equal(w->event_count - before, 1 + 4 * 3);
}

static void only_companies_their_operators_and_devices_scan(void **state)
{
    struct world *w = *state;
    fate_refused(w, AUDITOR, fate_scan(FATE_FIRST, NULL, false), MINUTES(2), REFUSED_NOT_ALLOWED);
    fate_refused(w, AUDITOR, fate_scan(GHOST, NULL, false), MINUTES(2), REFUSED_NOT_ALLOWED);
    (void)scan(w, OPERATOR, FATE_FIRST, NULL, MINUTES(2));
    (void)scan(w, TRACKER, FATE_FIRST, NULL, MINUTES(2));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, fate_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_nobody_made_is_seen_and_said),
        CASE(a_ghost_is_nothing_to_hand_over),
        CASE(a_ghost_may_be_commissioned),
        CASE(a_scan_brings_up_a_thousand_ghosts_at_most),
        CASE(older_rules_know_no_ghosts),
        CASE(what_has_ended_is_not_to_be_seen_again),
        CASE(what_was_used_up_is_not_to_be_seen_again),
        CASE(what_came_back_may_be_seen),
        CASE(rome_and_twenty_minutes_later_lyon),
        CASE(one_scanner_has_one_history),
        CASE(as_fast_as_may_be_is_not_too_fast),
        CASE(near_places_are_one),
        CASE(a_place_without_a_position_says_nothing),
        CASE(late_scans_are_evidence_too),
        CASE(a_scan_from_the_future_counts_now),
        CASE(a_contract_says_how_fast_goods_travel),
        CASE(the_slowest_of_its_contracts_counts),
        CASE(two_who_say_that_they_have_it),
        CASE(all_that_is_wrong_is_said_in_order),
        CASE(only_companies_their_operators_and_devices_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
