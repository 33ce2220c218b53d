/* What becomes of goods in the tests of a contract, and what scans far apart find. */
#include "tests/unit/support_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char contract[] =
    "contract: bars\n"
    "roles: { maker: makes, shop: sells }\n"
    "parties: { producer: maker, seller: shop }\n"
    "fastest travel: 100 km/h\n"
    "states:\n"
    "  made: { progress: 0 }\n"
    "  odd: { progress: 50 }\n"
    "  eaten: { progress: 100, ends: success }\n"
    "reactions:\n"
    "  sold: { on: { disposition: dispensed }, in: made, to: eaten }\n"
    "  lost: { on: { disposition: destroyed }, in: made, to: odd }\n"
    "  too far: { on: { finding: impossible travel }, in: made, to: odd }\n"
    "  back: { on: { disposition: recall ended }, in: odd, to: made }\n"
    "  doubtful: { on: { finding: two custodians }, in: made, to: odd }\n";

#define PEOPLE           \
    "contract: c.yaml\n" \
    "people:\n"          \
    "  Maker B: maker\n" \
    "  Shop D: shop\n"

#define ONE_UNIT    PEOPLE "tests:\n  it:\n"
#define THREE_UNITS PEOPLE "goods: { units: 3, lot: L7 }\ntests:\n  it:\n"

static void fails(const char *steps, const char *part)
{
    support_trial_fails(ONE_UNIT, steps, part);
}

static void test_goods_are_disposed_of(void **state)
{
    (void)state;
    support_trial_passes(ONE_UNIT, "    - open:\n"
                                   "    - disposition: { by: Maker B, what: dispense }\n"
                                   "    - expect: { state: eaten, ended: success }\n"
                                   "    - disposition: { by: Maker B, what: return }\n"
                                   "    - disposition: { by: Maker B, what: dispense }\n"
                                   "      refused: QUARANTINED\n");
    support_trial_passes(ONE_UNIT, "    - open:\n"
                                   "    - disposition: { by: Shop D, what: dispense }\n"
                                   "      refused: NOT_HOLDER\n"
                                   "    - expect: { state: made }\n"
                                   "    - disposition: { by: Maker B, what: destroy }\n"
                                   "    - expect: { state: odd }\n");
}

/* They say why, in whose name: the ledger asks for it, and the test may see that. */
static void test_reasons_are_the_tests_to_give(void **state)
{
    (void)state;
    support_trial_passes(
        ONE_UNIT,
        "    - open:\n"
        "    - scan: { by: Shop D, in custody: yes }\n"
        "    - expect: { state: odd }\n"
        "    - disposition: { by: Maker B, what: recall, meaning: recall }\n"
        "      refused: NO_REASON\n"
        "    - disposition: { by: Maker B, what: recall, meaning: recall, reason: odd }\n"
        "    - disposition: { by: Maker B, what: end recall, meaning: recall, reason: x }\n"
        "    - expect: { state: made }\n");
}

static void test_units_and_their_lot_are_named(void **state)
{
    (void)state;
    support_trial_passes(
        THREE_UNITS, "    - open:\n"
                     "    - disposition: { by: Maker B, what: dispense, units: [1, 2] }\n"
                     "    - disposition: { by: Maker B, what: dispense, units: 2 }\n"
                     "      refused: ENDED\n"
                     "    - disposition: { by: Maker B, what: recall, of: lot, meaning: recall, "
                     "reason: odd }\n"
                     "    - disposition: { by: Maker B, what: dispense, units: 3 }\n"
                     "      refused: RECALLED\n");
}

/* Rome to Lyon, 749 km: seven hours and a half at 100 km/h. */
#define PLACES                                                                        \
    "    - open:\n"                                                                   \
    "    - place: { by: Shop D, number: \"9506000134352\", name: Rome, lat: "         \
    "41.9027835, lon: 12.4963655 }\n"                                                 \
    "    - place: { by: Shop D, number: \"9506000134369\", lat: 45.764, lon: 4.8 }\n" \
    "    - at: 08:00\n"                                                               \
    "    - scan: { by: Shop D, place: \"9506000134352\" }\n"

static void test_scans_far_apart_are_found(void **state)
{
    (void)state;
    support_trial_passes(ONE_UNIT, PLACES "    - at: 15:00\n"
                                          "    - scan: { by: Shop D, place: \"9506000134369\" }\n"
                                          "    - expect: { state: odd }\n");
    support_trial_passes(ONE_UNIT, PLACES "    - at: 16:00\n"
                                          "    - scan: { by: Shop D, place: \"9506000134369\" }\n"
                                          "    - expect: { state: made }\n");
    support_trial_passes(ONE_UNIT, PLACES "    - scan: { by: Shop D, place: \"9506000134376\" }\n"
                                          "    - scan: { by: Shop D, in custody: no }\n"
                                          "    - expect: { state: made }\n");
}

static void test_what_can_not_be_said_is_explained(void **state)
{
    (void)state;
    fails("    - disposition: { by: Maker B }\n", "what: expected quarantine, release");
    fails("    - disposition: { by: Maker B, what: eat }\n", "what: expected quarantine, release");
    fails("    - disposition: { what: dispense }\n", "by: expected someone");
    fails("    - disposition: { by: Maker B, what: recall, of: lot }\n", "the goods have no lot");
    fails("    - disposition: { by: Maker B, what: recall, of: all }\n",
          "of: expected goods or lot");
    fails("    - disposition: { by: Maker B, what: recall, units: 2 }\n",
          "expected the number of a unit");
    fails("    - scan: { by: Shop D, in custody: maybe }\n", "in custody: expected yes or no");
    fails("    - place: { by: Shop D, lat: 1, lon: 1 }\n", "number: expected a GLN");
    fails("    - place: { by: Shop D, number: \"12\", lat: 1, lon: 1 }\n",
          "number: expected a GLN");
}

static void test_degrees_are_within_the_globe(void **state)
{
    (void)state;
    static const char *const bad[] = { "lat: 90.1, lon: 0",
                                       "lat: -91, lon: 0",
                                       "lat: 1, lon: 180.0000001",
                                       "lat: 1, lon: -181",
                                       "lat: 1.12345678, lon: 1",
                                       "lat: 1 km, lon: 1",
                                       "lat: north, lon: 1",
                                       "lat: 99999999999999, lon: 1",
                                       "lat: 1" };
    char step[200];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(step, sizeof step,
                       "    - place: { by: Shop D, number: \"9506000134352\", %s }\n", bad[i]);
        fails(step, "expected degrees such as 45.764");
    }
    support_trial_passes(
        ONE_UNIT, "    - place: { by: Shop D, number: \"9506000134352\", lat: -90, lon: 180 }\n"
                  "    - place: { by: Shop D, number: \"9506000134352\", lat: 0.0000001, lon: "
                  "-0.5 }\n");
}

static int begin(void **state)
{
    (void)state;
    return support_trial_begin(contract);
}

static int end(void **state)
{
    (void)state;
    return support_trial_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goods_are_disposed_of),
        cmocka_unit_test(test_reasons_are_the_tests_to_give),
        cmocka_unit_test(test_units_and_their_lot_are_named),
        cmocka_unit_test(test_scans_far_apart_are_found),
        cmocka_unit_test(test_what_can_not_be_said_is_explained),
        cmocka_unit_test(test_degrees_are_within_the_globe),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
