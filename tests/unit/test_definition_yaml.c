/* The contract language: what is understood, and the sentence an author gets when something is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_contract.h"

#define HEAD "contract: t\nterms:\n  warmest: 8 °C\n  gates: 1\n  pause: 10 min\n"
#define RULE HEAD "maximum gap: 30 min\nwatch:\n  r:\n"

static struct support_contract c;

static void test_rules(void **state)
{
    (void)state;
    support_contract_make(RULE
                          "    when: temperature > warmest\n    for: pause\n    severity: high\n"
                          "  open:\n    when: door > 0\n    severity: low\n"
                          "  gate:\n    when: door >= gates\n    severity: low\n"
                          "  cold:\n    when: temperature ≤ −0.5 °C\n    severity: critical\n"
                          "  damp:\n    when: relative humidity≥75 %RH\n    total: 1.5 h\n"
                          "    severity: medium\n"
                          "lateness: 0 s\n",
                          &c);
    assert_int_equal(c.def.rule_count, 5);
    assert_int_equal(c.def.property_count, 3);
    const struct contract_rule *r = c.def.rules;
    assert_int_equal(r[0].lasting, CONTRACT_UNBROKEN);
    assert_int_equal(c.terms.limits[0].duration_ms, 600000);
    assert_int_equal(r[1].property, 9);
    assert_int_equal(c.terms.limits[2].bound, 1);
    assert_int_equal(r[3].op, CONTRACT_AT_MOST);
    assert_int_equal(c.terms.limits[3].bound, -5);
    assert_int_equal(c.terms.limits[3].exponent, -1);
    assert_int_equal(r[3].severity, VERDICT_CRITICAL);
    assert_int_equal(r[4].op, CONTRACT_AT_LEAST);
    assert_int_equal(r[4].lasting, CONTRACT_TOTAL);
    assert_int_equal(c.terms.limits[4].duration_ms, 5400000);
    assert_int_equal(r[0].slot, 0);
    assert_int_equal(r[1].slot, 2);
    assert_int_equal(r[4].slot, 1);
    assert_int_equal(c.terms.maximum_gap_ms, 1800000);
    assert_int_equal(c.terms.lateness_ms, 0);
}

static void test_terms_know_their_types(void **state)
{
    (void)state;
    support_contract_make("contract: t\nterms:\n  a: 46.4 °F\n  b: 12\n  c: 0.5\n  d: no\n"
                          "  e: \"8 °C\"\n  set-point 2: -18 °C\n  Übung: 2 h\n",
                          &c);
    static const enum contract_type types[] = { CONTRACT_QUANTITY, CONTRACT_INT, CONTRACT_QUANTITY,
                                                CONTRACT_BOOL, CONTRACT_TEXT };
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(c.def.terms[i].usual.type, types[i]);
    assert_int_equal(c.def.terms[0].usual.number, 8);
    assert_true(slice_equal(c.def.terms[4].usual.text, slice_text("8 °C")));
    assert_int_equal(c.def.term_count, 7);
}

static void test_headings_are_refused_by_line(void **state)
{
    (void)state;
    support_contract_refused("", "c.yaml:1: contract: expected a contract, found none");
    support_contract_refused("- a\n", "c.yaml:1: contract: expected a contract, found none");
    support_contract_refused("version: 1\n",
                             "c.yaml:1: contract: missing; a contract has a name, such as "
                             "\"contract: vaccine-2-8\"");
    support_contract_refused("contract: t\nversion: 0\n",
                             "c.yaml:2: version: expected a whole number from 1, found \"0\"");
    support_contract_refused("contract: t\nversion: 1.5\n",
                             "c.yaml:2: version: expected a whole number from 1, found \"1.5\"");
    support_contract_refused("contract: t\n\ncolour: red\n",
                             "c.yaml:3: colour: the contract language has no such key");
    support_contract_refused("contract: t\nstates:\n  packed: { progress: 0 }\n",
                             "c.yaml:2: states: not in the contract language yet; "
                             "docs/contracts.md says what is");
    support_contract_refused("contract: t\nmaximum gap: 5 min\n",
                             "c.yaml:2: maximum gap: has no meaning without rules under \"watch\"");
}

static void test_people_are_refused_by_line(void **state)
{
    (void)state;
    support_contract_refused("contract: t\nroles: [a]\n",
                             "c.yaml:2: roles: expected names, each with its value, on lines of "
                             "their own");
    support_contract_refused("contract: t\nroles:\n  a: [b]\n",
                             "c.yaml:3: roles.a: expected a text, found a list or a map");
    support_contract_refused("contract: t\nroles:\n  a: b\nparties:\n  p: c\n",
                             "c.yaml:5: parties.p: expected one of the roles declared under "
                             "\"roles\", found \"c\"");
    support_contract_refused(
        "contract: t\nroles:\n  \" a\": b\n",
        "c.yaml:3: roles: a name cannot begin or end with a space, found \" a\"");
    char yaml[2000] = "contract: t\nroles:\n";
    for (int i = 0; i < 17; i++)
        (void)snprintf(yaml + strlen(yaml), 20, "  r%d: x\n", i);
    support_contract_refused(yaml, "c.yaml:3: roles: at most 16, found 17");
}

static void test_terms_are_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *term, *message;
    } cases[] = {
        { "a: 8K", "terms.a: unknown unit in \"8K\"" },
        { "a: GDP", "terms.a: expected a quantity such as \"8 °C\", a whole number, yes, no, or a "
                    "text in quotes, found \"GDP\"" },
        { "a: 46 °F", "terms.a: \"46 °F\" has no exact value in °C; write it in °C" },
        { "a: [1]", "terms.a: lists and maps are not in the contract language yet" },
        { "a: \"\"", "terms.a: expected one line of plain text, not empty and not too long, found "
                     "\"\"" },
        { "humidity: 1", "terms.humidity: a term's name has letters, digits and spaces, begins "
                         "with a letter, and is not a property's" },
        { "2nd: 1", "terms.2nd: a term's name has letters, digits and spaces, begins with a "
                    "letter, and is not a property's" },
        { "a - b: 1", "terms.a - b: a term's name has letters, digits and spaces, begins with a "
                      "letter, and is not a property's" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char yaml[300];
        char message[300];
        (void)snprintf(yaml, sizeof yaml, "contract: t\nterms:\n  %s\n", cases[i].term);
        (void)snprintf(message, sizeof message, "c.yaml:3: %s", cases[i].message);
        support_contract_refused(yaml, message);
    }
}

static void test_rules_are_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *message;
    } cases[] = {
        { "    severity: low\n",
          "9: watch.r.when: missing; say what is out of bounds, such as \"temperature > 8 °C\"" },
        { "    when: temperature > warmest\n",
          "9: watch.r.severity: expected low, medium, high or critical" },
        { "    when: temperature > warmest\n    severity: none\n",
          "10: watch.r.severity: expected low, medium, high or critical, found \"none\"" },
        { "    when: too hot\n", "9: watch.r.when: expected a comparison such as \"temperature > 8 "
                                 "°C\", found \"too hot\"" },
        { "    when: temp > 8 °C\n", "9: watch.r.when: expected a property such as temperature or "
                                     "humidity before the sign, found \"temp > 8 °C\"" },
        { "    when: temperature > 8\n", "9: watch.r.when: expected a value such as \"8 °C\" or a "
                                         "term of that kind, found \"8\"" },
        { "    when: temperature > 75 %RH\n",
          "9: watch.r.when: expected a value such as \"8 °C\" or "
          "a term of that kind, found \"75 %RH\"" },
        { "    when: humidity > warmest\n",
          "9: watch.r.when: expected a value such as \"75 %RH\" or "
          "a term of that kind, found \"warmest\"" },
        { "    when: temperature > hottest\n",
          "9: watch.r.when: expected a term declared under \"terms\", found \"hottest\"" },
        { "    when: temperature > warmest - 0.5 °C\n",
          "9: watch.r.when: expected a value such as \"8 °C\" or a term of that kind, found "
          "\"warmest - 0.5 °C\"" },
        { "    when: temperature > warmest\n    for: 10\n",
          "10: watch.r.for: expected a duration such as \"10 min\" or a term of that kind, found "
          "\"10\"" },
        { "    when: temperature > warmest\n    for: 0 min\n",
          "10: watch.r.for: expected a duration of at least 1 ms and at most ten years, found "
          "\"0 min\"" },
        { "    when: temperature > warmest\n    for: 3651 d\n",
          "10: watch.r.for: expected a duration of at least 1 ms and at most ten years, found "
          "\"3651 d\"" },
        { "    when: temperature > warmest\n    for: pause\n    total: pause\n",
          "11: watch.r.for: a rule has \"for\" (unbroken) or \"total\", not both: write two "
          "rules" },
        { "    when: temperature > warmest\n    until: temperature < 7 °C\n",
          "10: watch.r.until: not in the contract language yet; docs/contracts.md says what is" },
        { "    when: temperature > warmest\n    sevrity: low\n",
          "10: watch.r.sevrity: the contract language has no such key" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char yaml[400];
        char message[300];
        (void)snprintf(yaml, sizeof yaml, RULE "%s", cases[i].rule);
        (void)snprintf(message, sizeof message, "c.yaml:%s", cases[i].message);
        support_contract_refused(yaml, message);
    }
    support_contract_refused(HEAD "watch:\n  r:\n    when: door > 0\n    severity: low\n",
                             "c.yaml:7: maximum gap: missing; say how long a reading counts when "
                             "none follows, such as \"maximum gap: 30 min\"");
}

static void test_the_largest_contract_fits(void **state)
{
    (void)state;
    static char yaml[65536];
    size_t n = 0;
    char text[DEFINITION_MAX_TEXT + 1];
    char name[DEFINITION_MAX_NAME - 1]; /* two digits make it the longest */
    memset(text, 't', sizeof text - 1);
    memset(name, 'n', sizeof name - 1);
    text[sizeof text - 1] = name[sizeof name - 1] = '\0';
    n += (size_t)snprintf(yaml, sizeof yaml,
                          "contract: %s\nsummary: %s\nmaximum gap: 3650 d\nroles:\n", name, text);
    for (int i = 10; i < 10 + DEFINITION_MAX_ROLES; i++)
        n += (size_t)snprintf(yaml + n, sizeof yaml - n, "  %s%d: %.300s\n", name, i, text);
    n += (size_t)snprintf(yaml + n, sizeof yaml - n, "terms:\n");
    for (int i = 10; i < 10 + DEFINITION_MAX_TERMS; i++)
        n += (size_t)snprintf(yaml + n, sizeof yaml - n, "  %s%d: 123456789.123456789 m/s²\n", name,
                              i);
    n += (size_t)snprintf(yaml + n, sizeof yaml - n, "watch:\n");
    for (int i = 10; i < 10 + DEFINITION_MAX_RULES; i++)
        n += (size_t)snprintf(yaml + n, sizeof yaml - n,
                              "  %s%d:\n    when: shock > 123456789.123456789 m/s²\n"
                              "    total: 1234567.891 s\n    severity: low\n",
                              name, i);
    assert_true(n < sizeof yaml);
    support_contract_make(yaml, &c);
    assert_true(c.len <= DEFINITION_MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_terms_know_their_types),
        cmocka_unit_test(test_headings_are_refused_by_line),
        cmocka_unit_test(test_people_are_refused_by_line),
        cmocka_unit_test(test_terms_are_refused_by_line),
        cmocka_unit_test(test_rules_are_refused_by_line),
        cmocka_unit_test(test_the_largest_contract_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
