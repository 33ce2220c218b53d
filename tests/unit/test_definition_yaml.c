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
    support_contract_refused("contract: t\nversoin: 2\n",
                             "c.yaml:2: versoin: the contract language has no such key, found "
                             "\"versoin\"; did you mean \"version\"?");
    support_contract_refused("contract: t\nactions:\n  a: { by: b }\n",
                             "c.yaml:3: actions: has no meaning without \"states\"");
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
    for (int i = 0; i < 33; i++)
        (void)snprintf(yaml + strlen(yaml), 20, "  r%d: x\n", i);
    support_contract_refused(yaml, "c.yaml:3: roles: at most 32, found 33");
    support_contract_refused("contract: t\nroles:\n  carrier: x\nparties:\n  p: carier\n",
                             "c.yaml:5: parties.p: expected one of the roles declared under "
                             "\"roles\", found \"carier\"; did you mean \"carrier\"?");
    support_contract_refused("contract: t\nroles:\n  a: { is: robot }\n",
                             "c.yaml:3: roles.a.is: expected member, device, operator or oracle, "
                             "found \"robot\"");
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
        { "a: [1]", "terms.a: expected one value; a term that is a list says \"is: list of …\" "
                    "and \"usual: […]\"" },
        { "a: { is: colour }",
          "terms.a.is: expected a kind: yes or no, int, text, a unit such as °C, money EUR, "
          "duration, time, party, asset, one of […], contract, hash or list of …, found "
          "\"colour\"" },
        { "a: { is: int 5..1 }",
          "terms.a.is: expected a range such as \"int 0..5\", found \"int 5..1\"" },
        { "a: { is: int 0..5, usual: 6 }", "terms.a.usual: expected 0 to 5, found 6" },
        { "a: { one of: [A, B], usual: C }", "terms.a.usual: expected one of A, B, found \"C\"" },
        { "a: { is: contract, usual: x }", "terms.a.usual: expected a contract, found \"x\"" },
        { "a: EUR twelve",
          "terms.a: expected a quantity such as \"8 °C\", a whole number, yes, no, "
          "or a text in quotes, found \"EUR twelve\"" },
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

static const struct {
    const char *rule, *message;
} wrong_rules[] = {
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
    { "    when: temperature > 75 %RH\n", "9: watch.r.when: expected a value such as \"8 °C\" or "
                                          "a term of that kind, found \"75 %RH\"" },
    { "    when: humidity > warmest\n", "9: watch.r.when: expected a value such as \"75 %RH\" or "
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
    { "    when: temperature > warmest\n    until: temperature > 7 °C\n",
      "10: watch.r.until: expected the opposite sign to \"when\": an excursion ends on the way "
      "back, found \"temperature > 7 °C\"" },
    { "    when: temperature > warmest\n    until: humidity < 7 %RH\n",
      "10: watch.r.until: expected the same property as in \"when\", found \"humidity < 7 "
      "%RH\"" },
    { "    when: temperature > warmest\n    sevrity: low\n",
      "10: watch.r.sevrity: the contract language has no such key, found \"sevrity\"; did you "
      "mean \"severity\"?" },
    { "    when: temperature > warmst\n",
      "9: watch.r.when: expected a term declared under \"terms\", found \"warmst\"; did you "
      "mean \"warmest\"?" },
    { "    when: temperature > warmest\n    then: quarantine\n",
      "10: watch.r.then: what follows is a reaction of its own: \"on: { broken: … }\" under "
      "\"reactions\"" },
    { "    when: temperature > warmest\n    no reading for: 5 min\n",
      "9: watch.r: a rule watches one thing: a bound, silence, a sensor or a mean" },
    { "    mean kinetic temperature: 1 s\n    above: warmest\n",
      "9: watch.r.mean kinetic temperature: expected a multiple of 24 ms, found \"1 s\"" },
    { "    when: temperature > warmest\n    for: pause\n    budget: cool\n",
      "11: watch.r.budget: only a \"total\" follows the goods as a budget" },
    { "    no reading for: 5 min\n    of: humdity\n",
      "10: watch.r.of: expected a property such as temperature or humidity, found \"humdity\"; "
      "did you mean \"humidity\"?" },
    { "    when: temperature > warmest\n    stage: gone\n",
      "10: watch.r.stage: expected one of the states declared under \"states\", found "
      "\"gone\"" },
};

static void test_rules_are_refused_by_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong_rules / sizeof wrong_rules[0]; i++) {
        char yaml[400];
        char message[300];
        (void)snprintf(yaml, sizeof yaml, RULE "%s", wrong_rules[i].rule);
        (void)snprintf(message, sizeof message, "c.yaml:%s", wrong_rules[i].message);
        support_contract_refused(yaml, message);
    }
    support_contract_refused(HEAD "watch:\n  r:\n    when: door > 0\n    severity: low\n",
                             "c.yaml:7: maximum gap: missing; say how long a reading counts when "
                             "none follows, such as \"maximum gap: 30 min\"");
}

/* Every construct once. */
static const char whole[] =
    "contract: t\neach unit: yes\nopened by: shipper\n"
    "roles:\n  shipper: packs\n  logger: { is: device, does: measures }\n"
    "parties: { sender: shipper, sensor: logger }\n"
    "terms:\n  warmest: 8 °C\n  price: EUR 12.50\n  fee: 3 EUR\n"
    "  grade: { one of: [A, B], usual: A }\n"
    "  calibrated: { is: time, usual: 2027-01-01T00:00:00Z }\n"
    "  steps: { is: list of int 0..9, usual: [1, 2] }\n"
    "sensors:\n  humidity: { range: 0 %RH .. 100 %RH }\n"
    "  temperature: { accuracy: 0.5 °C, range: -40 °C .. 85 °C }\n"
    "calibrated until: calibrated\nmaximum gap: 30 min\n"
    "watch:\n  warm:\n    when: temperature > warmest\n    total: 1 h\n"
    "    until: temperature < warmest - 0.5 °C\n    ignore: 30 min\n    stage: [open, b]\n"
    "    budget: room\n    severity: high\n"
    "  mean: { mean kinetic temperature: whole journey, above: warmest, severity: low }\n"
    "  quiet: { no reading for: 30 min, severity: medium }\n"
    "  broken: { sensor fault: temperature, severity: low }\n"
    "  stuck: { unchanged for: 6 h, of: humidity, severity: low }\n"
    "properties:\n  who: { is: party of shipper, starts: opener }\n  last: time\n"
    "  paid:\n    is: money EUR\n    starts: min(price, fee)\n  list: { is: list of party, "
    "starts: "
    "[] "
    "}\n"
    "states:\n  open: { progress: 0 }\n  b:\n  done: { progress: 100, ends: success }\n"
    "quality: any shipper\ndocuments:\n  bill: sender\n"
    "guards: { extra: open, warm enough: peak of warm > 9 °C }\n"
    "actions:\n  go:\n    by: [sender, who]\n    in: open\n"
    "    takes: { why: text 20, amount: EUR 0..100 }\n"
    "    when:\n      - not (caller in list) and worst severity < critical\n"
    "      - guard warm enough or guard extra\n"
    "    sets:\n      paid: prorate(amount, time charged to sender for warm, 1 h)\n"
    "      who: nobody\n      list: added(list, caller)\n"
    "    cases: [{ when: document bill, to: done }, { to: b }]\n"
    "reactions:\n  hot: { on: { broken: warm }, to: b }\n"
    "  seen: { on: { reading: temperature }, when: reading > warmest, sets: { last: reading "
    "time } }\n";

static void check_what_is_watched(const struct contract_definition *d,
                                  const struct contract_terms *terms)
{
    assert_int_equal(d->rule_count, 5);
    assert_int_equal(d->property_count, 2);
    assert_int_equal(d->rules[0].stages, 3);
    assert_int_equal(d->rules[2].property, 0);
    assert_true(d->rules[1].whole_journey);
    const struct contract_limit *warm = &terms->limits[0];
    assert_int_equal(warm->bound, 75);
    assert_int_equal(warm->exponent, -1);
    assert_true(warm->has_sure);
    assert_int_equal(warm->sure, 85);
    assert_int_equal(warm->until, 75);
    assert_int_equal(warm->ignore_ms, 1800000);
    assert_int_equal(terms->ranges[0].low, -40);
    assert_int_equal(terms->calibrated_until_ms, 1798761600000);
}

static void check_the_workflow(const struct contract_definition *d)
{
    assert_int_equal(d->states[2].ending, CONTRACT_SUCCESS);
    assert_int_equal(d->actions[0].states, 1);
    assert_int_equal(d->actions[0].callers.parties, 1);
    assert_int_equal(d->actions[0].callers.fields, 1);
    assert_int_equal(d->actions[0].case_count, 2);
    assert_int_equal(d->reactions[0].states, 3);
    assert_int_equal(d->guard_name_count, 1);
    assert_true(slice_equal(d->guards[1].words, slice_text("guard warm enough or guard extra")));
    assert_int_equal(d->quality.roles, 1);
}

/* What the bytes make of it. */
static void test_a_whole_contract(void **state)
{
    (void)state;
    support_contract_make(whole, &c);
    const struct contract_definition *d = &c.def;
    assert_true(d->each_unit && d->has_opener && d->has_calibration);
    assert_int_equal(d->roles[1].rank, CONTRACT_DEVICE);
    assert_int_equal(d->terms[1].usual.number, 125);
    assert_true(slice_equal(d->terms[2].kind.unit, slice_text("EUR")));
    assert_int_equal(d->terms[5].kind.type, CONTRACT_LIST);
    assert_int_equal(d->sensors[0].property, 1);
    check_what_is_watched(d, &c.terms);
    check_the_workflow(d);
    static uint8_t again[DEFINITION_MAX_BYTES];
    struct buf out = buf_fixed(again, sizeof again);
    definition_encode(d, &out);
    assert_true(slice_equal(buf_slice(&out), slice_of(c.bytes, c.len)));
}

#define FLOW                                                                                  \
    "contract: t\nroles: { clinic: x }\nparties: { receiver: clinic }\n"                      \
    "terms: { warmest: 8 °C, damp: 5 °, other: { is: contract } }\n"                        \
    "properties: { count: int, mark: text }\nstates: { open: {}, shut: { ends: failure } }\n" \
    "actions:\n  go:\n    by: receiver\n"

static void test_the_workflow_is_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *message;
    } cases[] = {
        { "    to: opened\n", "10: actions.go.to: expected one of the states declared under "
                              "\"states\", found \"opened\"; did you mean \"open\"?" },
        { "    when: custodain = receiver\n",
          "10: actions.go.when: expected a value or a name that is declared, found \"custodain\"; "
          "did you mean \"custodian\"?" },
        { "    when: count\n",
          "10: actions.go.when: expected a condition, not a whole number, found "
          "\"count\"" },
        { "    when: (count = 1\n",
          "10: actions.go.when: unfinished: between { and } a comma ends a "
          "value, so write this on a line of its own" },
        { "    when: count = 1 count = 2\n",
          "10: actions.go.when: expected a sign or a word such as "
          "\"and\", found \"count = 2\"" },
        { "    when: 1 < count < 3\n",
          "10: actions.go.when: two comparisons in a row: join them with \"and\", found \" 3\"" },
        { "    when: count -1 = 2\n", "10: actions.go.when: a minus between two values has spaces "
                                      "round it, found \"1 = 2\"" },
        { "    when: count = 5 parsec\n", "10: actions.go.when: expected a sign or a word such as "
                                          "\"and\", found \"parsec\"" },
        { "    sets: { count: mark }\n",
          "10: actions.go.sets: expected a whole number, not a text, found \"mark\"" },
        { "    sets: { cuont: 1 }\n", "10: actions.go.sets: expected one of the properties "
                                      "declared under \"properties\", found "
                                      "\"cuont\"; did you mean \"count\"?" },
        { "    calls: { warmest: { action: a } }\n",
          "10: actions.go.calls: expected a term of kind contract, found \"warmest\"" },
        { "    in: opn\n",
          "10: actions.go.in: expected one of the states declared under \"states\", "
          "found \"opn\"; did you mean \"open\"?" },
        { "  add back: { by: receiver }\n",
          "10: actions.add back: every contract has an action of this name already" },
        { "  b: { by: reciever }\n",
          "10: actions.b.by: expected a party, a role, a property of kind party or contract, or a "
          "term of kind contract, found \"reciever\"; did you mean \"receiver\"?" },
        { "reactions: { r: { on: { broken: x } } }\n",
          "10: reactions.r.on: expected one of the rules under \"watch\", found \"x\"" },
        { "    when: guard x\n",
          "10: actions.go.when: expected a guard declared under \"guards\", found \"x\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char yaml[600];
        char message[300];
        (void)snprintf(yaml, sizeof yaml, FLOW "%s", cases[i].lines);
        (void)snprintf(message, sizeof message, "c.yaml:%s", cases[i].message);
        support_contract_refused(yaml, message);
    }
}

static void test_type_errors_name_both_types(void **state)
{
    (void)state;
    struct err err = { 0 };
    support_contract_error(FLOW "    when: warmest > damp\n", &err);
    if (strstr(err.msg, "\"Cel\"") == NULL || strstr(err.msg, "\"deg\"") == NULL ||
        strncmp(err.msg, "c.yaml:10: actions.go.when: ", 28) != 0)
        fail_msg("%s", err.msg);
}

static void test_constants_are_pooled(void **state)
{
    (void)state;
    support_contract_make("contract: t\nroles: { a: x }\nstates: { s: {} }\n"
                          "properties: { n: int, t: text }\nactions:\n  go:\n    by: a\n"
                          "    when: n = 5 or n = 5 or t = \"x\" or t = \"x\" or n + 5 = 6\n",
                          &c);
    assert_int_equal(c.def.constant_count, 3);
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
        cmocka_unit_test(test_a_whole_contract),
        cmocka_unit_test(test_the_workflow_is_refused_by_line),
        cmocka_unit_test(test_type_errors_name_both_types),
        cmocka_unit_test(test_constants_are_pooled),
        cmocka_unit_test(test_the_largest_contract_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
