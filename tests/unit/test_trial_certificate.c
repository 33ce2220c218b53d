/* Certificates in the tests of a contract: of companies, goods and lots; from when, until when, revoked. */
#include "tests/unit/support_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char contract[] =
    "contract: chocolate\n"
    "roles: { farm: grows, maker: makes, office: certifies }\n"
    "parties: { farmer: farm, buyer: maker, certifier: office }\n"
    "states:\n"
    "  offered: { progress: 0 }\n"
    "  bought: { progress: 50 }\n"
    "  sold: { progress: 100, ends: success }\n"
    "reactions:\n"
    "  taken:\n"
    "    on: { handover: custody }\n"
    "    in: offered\n"
    "    when: certificate \"organic\" of from and certificate \"organic\" of to\n"
    "    to: bought\n"
    "actions:\n"
    "  buy:\n"
    "    by: buyer\n"
    "    in: offered\n"
    "    when: certificate \"organic\" of farmer by certifier\n"
    "    to: bought\n"
    "  sell:\n"
    "    by: buyer\n"
    "    in: bought\n"
    "    when: certificate \"organic\" of goods by certifier and certificate \"GMP\" of caller\n"
    "    to: sold\n";

#define PEOPLE             \
    "contract: c.yaml\n"   \
    "people:\n"            \
    "  Farm A: farm\n"     \
    "  Maker B: maker\n"   \
    "  Office C: office\n" \
    "  Clerk: operator of Maker B\n"

#define ONE_UNIT    PEOPLE "tests:\n  it:\n"
#define THREE_UNITS PEOPLE "goods: { units: 3, lot: L7 }\ntests:\n  it:\n"

static void fails(const char *steps, const char *part)
{
    support_trial_fails(ONE_UNIT, steps, part);
}

#define BOUGHT                                                         \
    "    - certificate: { by: Office C, name: organic, of: Farm A }\n" \
    "    - open:\n"                                                    \
    "    - call: { by: Maker B, action: buy }\n"

static void test_a_company_is_certified(void **state)
{
    (void)state;
    support_trial_passes(
        ONE_UNIT,
        "    - open:\n"
        "    - call: { by: Maker B, action: buy }\n"
        "      refused: GUARD \"certificate \"organic\" of farmer by certifier is missing\"\n");
    support_trial_passes(ONE_UNIT, BOUGHT "    - expect: { state: bought }\n");
    support_trial_passes(ONE_UNIT,
                         "    - open:\n"
                         "    - certificate: { by: Office C, name: fair trade, of: Farm A }\n"
                         "    - certificate: { by: Office C, name: organic, of: Maker B }\n"
                         "    - call: { by: Maker B, action: buy }\n"
                         "      refused: GUARD \"is missing\"\n");
}

static void test_whoever_certifies_itself_is_not_believed(void **state)
{
    (void)state;
    support_trial_passes(ONE_UNIT,
                         "    - certificate: { by: Farm A, name: organic, of: Farm A }\n"
                         "    - open:\n"
                         "    - call: { by: Maker B, action: buy }\n"
                         "      refused: GUARD \"by certifier is missing\"\n"
                         "    - certificate: { by: Office C, name: organic, of: Farm A }\n"
                         "    - call: { by: Maker B, action: buy }\n"
                         "    - certificate: { by: Office C, name: GMP, of: Maker B }\n"
                         "    - certificate: { by: Maker B, name: organic, of: goods }\n"
                         "    - call: { by: Maker B, action: sell }\n"
                         "      refused: GUARD \"by certifier is missing\"\n");
}

static void test_it_holds_from_and_until(void **state)
{
    (void)state;
    support_trial_passes(
        ONE_UNIT, "    - open:\n"
                  "    - certificate: { by: Office C, name: organic, of: Farm A, from: 10:00, "
                  "until: 12:00, number: \"DE-ÖKO-006\" }\n"
                  "    - at: 09:59:59\n"
                  "    - call: { by: Maker B, action: buy }\n"
                  "      refused: GUARD \"begins later\"\n"
                  "    - at: 12:00:01\n"
                  "    - call: { by: Maker B, action: buy }\n"
                  "      refused: GUARD \"has expired\"\n"
                  "    - certificate: { by: Office C, name: organic, of: Farm A, from: 10:00, "
                  "until: day 2 10:00 }\n"
                  "    - call: { by: Maker B, action: buy }\n");
}

static void test_it_is_revoked_from_a_time(void **state)
{
    (void)state;
    support_trial_passes(ONE_UNIT,
                         "    - certificate: { by: Office C, name: organic, of: Farm A }\n"
                         "      as: the first\n"
                         "    - open:\n"
                         "    - revoke: { by: Office C, from: 10:00, reason: residues }\n"
                         "    - wait: 1 h\n"
                         "    - call: { by: Maker B, action: buy }\n"
                         "    - expect: { state: bought }\n"
                         "    - revoke: { by: Office C, certificate: the first }\n"
                         "      refused: EXISTS\n");
    support_trial_passes(ONE_UNIT,
                         "    - certificate: { by: Office C, name: organic, of: Farm A }\n"
                         "    - open:\n"
                         "    - revoke: { by: Maker B }\n"
                         "      refused: NOT_ALLOWED\n"
                         "    - revoke: { by: Office C }\n"
                         "    - wait: 1 s\n"
                         "    - call: { by: Maker B, action: buy }\n"
                         "      refused: GUARD \"was revoked\"\n");
}

static void test_goods_and_their_lot_are_certified(void **state)
{
    (void)state;
    const char *gmp = BOUGHT "    - certificate: { by: Office C, name: GMP, of: Maker B }\n";
    char steps[1024];
    (void)snprintf(steps, sizeof steps, "%s%s", gmp,
                   "    - call: { by: Maker B, action: sell }\n"
                   "      refused: GUARD \"organic\" of goods by certifier is missing for "
                   "01/09506000134352/21/T00001\"\n"
                   "    - certificate: { by: Office C, name: organic, of: goods, units: [1, 3] }\n"
                   "    - call: { by: Maker B, action: sell }\n"
                   "      refused: GUARD \"21/T00002\"\n"
                   "    - certificate: { by: Office C, name: organic, of: lot }\n"
                   "    - call: { by: Clerk, action: sell }\n"
                   "    - expect: { state: sold }\n");
    support_trial_passes(THREE_UNITS, steps);
    (void)snprintf(steps, sizeof steps, "%s%s", gmp,
                   "    - certificate: { by: Office C, name: organic, of: goods }\n"
                   "    - call: { by: Maker B, action: sell }\n");
    support_trial_passes(ONE_UNIT, steps);
    support_trial_passes(THREE_UNITS, BOUGHT
                         "    - certificate: { by: Office C, name: organic, of: lot }\n"
                         "    - call: { by: Maker B, action: sell }\n"
                         "      refused: GUARD \"certificate \"GMP\" of caller is missing\"\n");
}

/* 10,000 goods of a lot with many certificates: what is asked has its price, and an end. */
static void test_what_costs_too_much_is_refused(void **state)
{
    (void)state;
    static const char *const issuers[] = { "Office C", "Farm A", "Maker B" };
    static char steps[16384];
    size_t len = 0;
    for (unsigned others = 9; others <= 45; others += 36) {
        len = (size_t)snprintf(steps, sizeof steps, "%s",
                               BOUGHT
                               "    - certificate: { by: Office C, name: GMP, of: Maker B }\n");
        for (unsigned i = 0; i < others; i++)
            len += (size_t)snprintf(
                steps + len, sizeof steps - len,
                "    - certificate: { by: %s, of: lot, name: another standard of whose name "
                "there is so much that it takes its time }\n",
                issuers[i % 3]);
        (void)snprintf(steps + len, sizeof steps - len,
                       "    - certificate: { by: Office C, name: organic, of: lot }\n"
                       "    - call: { by: Maker B, action: sell }\n%s",
                       others > 9 ? "      refused: GUARD \"of goods is not known\"\n" : "");
        support_trial_passes(PEOPLE "goods: { units: 10000, lot: L7 }\ntests:\n  it:\n", steps);
    }
}

static void test_reactions_ask_of_both_sides(void **state)
{
    (void)state;
    support_trial_passes(ONE_UNIT,
                         "    - certificate: { by: Office C, name: organic, of: Farm A }\n"
                         "    - open:\n"
                         "    - handover: { from: Farm A, to: Maker B }\n"
                         "    - expect: { state: offered }\n"
                         "    - certificate: { by: Office C, name: organic, of: Maker B }\n"
                         "    - handover: { from: Maker B, to: Farm A }\n"
                         "    - expect: { state: bought }\n");
}

static void test_what_cannot_be_certified_is_said(void **state)
{
    (void)state;
    fails("    - certificate: { by: Office C, of: Farm A }\n", "name: expected a standard");
    fails("    - certificate: { by: Nobody, name: x, of: Farm A }\n", "by: expected someone");
    fails("    - certificate: { by: Office C, name: x }\n", "of: expected someone");
    fails("    - certificate: { by: Office C, name: x, of: lot }\n", "of: the goods have no lot");
    fails("    - certificate: { by: Office C, name: x, of: Farm A, from: soon }\n", "t.yaml:9: ");
    fails("    - certificate: { by: Office C, name: x, of: Farm A, till: 10:00 }\n",
          "unknown key \"till\"");
    fails("    - revoke: { by: Office C }\n", "nothing was certified yet");
    fails("    - revoke: { by: Office C, certificate: that }\n",
          "certificate: nothing was named \"that\"");
    struct err err = { 0 };
    support_trial_refused(PEOPLE "goods: { lot: \"a b\" }\n", "tests:\n  it:\n    - wait: 1 s\n",
                          &err);
    assert_non_null(strstr(err.msg, "lot: expected a lot number of 1 to 20 characters"));
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
        cmocka_unit_test(test_a_company_is_certified),
        cmocka_unit_test(test_whoever_certifies_itself_is_not_believed),
        cmocka_unit_test(test_it_holds_from_and_until),
        cmocka_unit_test(test_it_is_revoked_from_a_time),
        cmocka_unit_test(test_goods_and_their_lot_are_certified),
        cmocka_unit_test(test_what_costs_too_much_is_refused),
        cmocka_unit_test(test_reactions_ask_of_both_sides),
        cmocka_unit_test(test_what_cannot_be_certified_is_said),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
