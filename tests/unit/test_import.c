/* Importing workbench configurations: what becomes what, what an overlay may say, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/file.h"
#include "contracts/compile.h"
#include "contracts/definition.h"
#include "tools/import.h"

#define FOLDER "tests/import/"

static struct buf config, yaml;
static struct err err;

static int begin(void **state)
{
    (void)state;
    config = buf_heap(IMPORT_MAX_BYTES + 16);
    yaml = buf_heap(IMPORT_MAX_YAML_BYTES);
    err = (struct err){ 0 };
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_free(&config);
    buf_free(&yaml);
    return 0;
}

/* ------------------------------------------------------------------ helpers */

static void load(const char *name)
{
    char path[100];
    (void)snprintf(path, sizeof path, FOLDER "%s", name);
    buf_clear(&config);
    if (!file_read(path, IMPORT_MAX_BYTES, &config, &err))
        fail_msg("%s", err.msg);
}

/* Replaces the first `old` of the configuration, which must be there. */
static void change(const char *old, const char *new)
{
    struct buf copy = buf_heap(IMPORT_MAX_BYTES);
    buf_add_byte(&config, 0);
    char *at = strstr((char *)config.data, old);
    if (at == NULL)
        fail_msg("no %s", old);
    size_t before = (size_t)((uint8_t *)at - config.data);
    buf_add(&copy, config.data, before);
    buf_add_slice(&copy, slice_text(new));
    buf_add(&copy, at + strlen(old), config.len - 1 - before - strlen(old));
    buf_clear(&config);
    buf_add_slice(&config, buf_slice(&copy));
    buf_free(&copy);
}

static bool convert(size_t workflow, const char *currency, const char *overlay)
{
    struct import_application *a;
    struct yaml_tree tree = { .root = NULL };
    struct import_options options = { .currency = currency };
    buf_clear(&yaml);
    if (!import_read(buf_slice(&config), &a, &err))
        return false;
    if (overlay != NULL) {
        assert_true(yaml_parse("overlay.yaml", slice_text(overlay), &tree, &err));
        options.overlay = &tree;
    }
    bool good = import_write(a, workflow, &options, &yaml, &err);
    yaml_free(&tree);
    import_free(a);
    if (good)
        buf_add_byte(&yaml, 0);
    else
        assert_int_equal(yaml.len, 0);
    return good;
}

static void imports(size_t workflow, const char *currency, const char *overlay)
{
    if (!convert(workflow, currency, overlay))
        fail_msg("%s", err.msg);
}

static void has(const char *text)
{
    if (strstr((const char *)yaml.data, text) == NULL)
        fail_msg("expected\n%s\nin\n%s", text, (const char *)yaml.data);
}

static void has_not(const char *text)
{
    if (strstr((const char *)yaml.data, text) != NULL)
        fail_msg("not expected\n%s\nin\n%s", text, (const char *)yaml.data);
}

static void refused(const char *overlay, const char *message)
{
    if (convert(0, NULL, overlay))
        fail_msg("imported, expected \"%s\"", message);
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.msg, message);
}

/* ------------------------------------------------------------------ what becomes what */

static void test_people_become_roles_parties_and_openers(void **state)
{
    (void)state;
    load("choir-vote.json");
    imports(0, NULL, NULL);
    has("\nopened by: Initiator\n");
    has("  Soprano: \"sings high\"\n");
    has("  Initiator: may open it, as Soprano or Bass\n");
    has("parties:\n  initiator: Participant\n  guest: Participant\n  page_turner: Bass\n");
    has("  Proposer: party\n  Guest:\n    is: party\n    starts: guest\n");
    load("tidal-gate.json");
    imports(0, NULL, NULL);
    has("\nopened by: Warden\n");
    has("  Keeper: party of Warden\n  Meter:\n    is: party of Gauge\n    starts: meter\n");
}

static void test_every_type_has_a_kind(void **state)
{
    (void)state;
    load("every-type.json");
    imports(0, NULL, NULL);
    has("  AnAddress: party\n  ABool: yes or no\n  AContract: contract\n  AnInt: int\n"
        "  SomeMoney: int\n  AString: text\n  ATime: time\n  AUser: party\n"
        "  AKeeper: party of Keeper\n  AnEnum: { one of: [Red, Green, yes, 1] }\n"
        "  Manyint: list of int\n  Manybool: list of yes or no\n  Manymoney: list of int\n"
        "  Manytime: list of time\nstates:\n");
    has("  ofAState:\n    one of: [Kept]\n");
    has("  ofAUser: Participant\n  ofAKeeper: Keeper\nterms:\n  ofAnAddress:\n    is: party\n");
    has_not("\n  AState:");
    imports(0, "EUR", NULL);
    has("  SomeMoney: money EUR\n");
    has("  Manymoney: list of money EUR\n");
}

static void test_states_end_where_nothing_leads_on(void **state)
{
    (void)state;
    load("tidal-gate.json");
    imports(0, NULL, NULL);
    has("states:\n  Shut: { progress: 20 }\n  Open: { progress: 60 }\n"
        "  Flooded: { progress: 100, ends: failure }\n");
    load("choir-vote.json"); /* a failure that one may come back from does not end */
    imports(0, NULL, NULL);
    has("  Sung: { progress: 100, ends: success }\n  Dropped: { progress: 90 }\n");
    load("bare.json"); /* nor does the first state */
    imports(0, NULL, NULL);
    has("states:\n  Only: { progress: 0 }\n");
}

static void test_functions_become_actions(void **state)
{
    (void)state;
    load("kiln-loan.json");
    imports(0, NULL, NULL);
    has("  Borrow:\n    by: [any Borrower]\n    in: [Offered]\n    when: guard Borrow\n"
        "    to: Lent\n");
    has("  Return:\n    by: [any Inspector, property Holder]\n    in: [Lent]\n    takes:\n"
        "      damage: text\n    when: guard Return\n    cases:\n"
        "      - when: guard Return to Sound\n        to: Sound\n"
        "      - when: guard Return to Broken\n        to: Broken\n"
        "      - when: guard Return to a next state\n");
    has("guards:\n  Borrow: open\n  Fire: open\n  Return: open\n  Return to Sound: open\n");
    load("choir-vote.json");
    imports(0, NULL, NULL);
    has("  Settle (Rehearsing):\n    by: [any Conductor]\n");
    has("  Settle (Chosen):\n    by: [any Conductor]\n    in: [Chosen]\n    when: guard Settle\n"
        "    to: Sung\n");
    has("  Settle (Chosen)_2:\n    by: [property Proposer]\n");
    has("  Again:\n    by: [any Conductor, property Proposer, property Guest]\n"
        "    in: [Chosen, Dropped]\n");
}

static void test_what_no_one_may_call_waits_for_the_overlay(void **state)
{
    (void)state;
    load("hub-and-spoke.json");
    imports(0, NULL, NULL);
    has("  VanIsBack:\n    by: nobody");
    imports(0, NULL, "actions: { VanIsBack: { by: any Driver } }");
    has("  VanIsBack:\n    by: any Driver\n");
    imports(1, NULL, NULL);
    has("# No transition names the function Repaint");
    has("  Initiator: may open it, in place of the contract that did\n");
}

static void test_names_are_made_legal(void **state)
{
    (void)state;
    load("odd-names.json");
    imports(0, NULL, NULL);
    has("contract: x2nd_try___odd_\n");
    has("summary: \"2nd try: \\\"odd\\\"\"\n");
    has("  Gr__e_Amt: \"an office with an ö\"\n  Gr__e_Amt_2: \"and another\"\n");
    has("opened by: Initiator_2\n");
    has("  now_:\n    is: time\n    starts: now_\n");
    has("  temperature:\n    is: int\n    starts: temperature_\n");
    has("  no_body: party\n  no_body_2: party\n  no_body_3: party of owner\n");
    has("  acknowledge_ (to):\n");
}

static void test_all_of_ours_import(void **state)
{
    static const char *const names[] = { "bare.json",          "choir-vote.json", "every-type.json",
                                         "hub-and-spoke.json", "kiln-loan.json",  "odd-names.json",
                                         "tidal-gate.json" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct yaml_tree tree;
        struct buf compiled = buf_heap(DEFINITION_MAX_BYTES);
        load(names[i]);
        imports(0, i % 2 == 0 ? "USD" : NULL, NULL);
        yaml.len--;
        assert_true(yaml_parse(names[i], buf_slice(&yaml), &tree, &err));
        assert_true(compile_contract(&tree, &compiled, &err));
        yaml_free(&tree);
        buf_free(&compiled);
    }
}

/* ------------------------------------------------------------------ overlays */

static void test_an_overlay_fills_what_was_code(void **state)
{
    (void)state;
    load("kiln-loan.json");
    imports(
        0, "EUR",
        "guards: { Borrow: yes, Fire: degrees < 1300, Withdraw: open }\n"
        "properties: { Lender: opener, Damage: \"none yet\" }\n"
        "terms: { deposit: EUR 50 }\n"
        "roles: { Inspector: operator }\n"
        "actions:\n"
        "  Fire:\n    sets:\n      Firings: min(Firings + 1, 9)\n"
        "  Return: { sets: { Damage: damage }, to: { Broken: { sets: { Deposit: EUR 0 } } } }\n");
    has("  Borrow: yes\n");
    has("  Withdraw: open\n");
    has("    starts: opener\n");
    has("    usual: EUR 50\n");
    has("  Inspector:\n    is: operator\n");
    has("    sets:\n      \"Firings\": min(Firings + 1, 9)\n");
    has("        sets:\n          \"Deposit\": EUR 0\n        to: Broken\n");
    has("    is: text\n    starts: \"none yet\"\n");
}

static void test_an_overlays_slips_are_named_by_line(void **state)
{
    (void)state;
    load("kiln-loan.json");
    refused("guards:\n  Borow: yes\n",
            "overlay.yaml:2: expected the name of a guard of this contract, found \"Borow\" (did "
            "you mean \"Borrow\"?)");
    refused("gards: {}\n", "overlay.yaml:1: expected guards, properties, terms, roles or actions, "
                           "found \"gards\" (did you mean \"guards\"?)");
    refused("actions:\n  Fyre: {}\n", "overlay.yaml:2: expected the name of an action or of its "
                                      "function, found \"Fyre\" (did you mean \"Fire\"?)");
    refused("actions:\n  Fire:\n    by: Borrower\n",
            "overlay.yaml:3: the configuration says who may call Fire; an overlay says it only "
            "where nobody may");
    refused("actions:\n  Return:\n    to:\n      Brokn: {}\n",
            "overlay.yaml:4: expected the name of a state, found \"Brokn\" (did you mean "
            "\"Broken\"?)");
    refused("terms: { depsit: 1 }\n", "overlay.yaml:1: expected the name of a constructor's "
                                      "parameter, found \"depsit\" (did you mean \"deposit\"?)");
    refused("properties:\n  State: 1\n", "overlay.yaml:2: the ledger itself keeps the state: no "
                                         "property \"State\" is imported");
    refused("guards:\n  Return to a next state: yes\n",
            "overlay.yaml:2: this guard refuses a call that leads to none of its next states; it "
            "cannot be filled");
    refused("\n\nguards:\n  Fire: degres < 1300\n",
            "overlay.yaml:4: actions.Fire.when: expected a value or a name that is declared, found "
            "\"degres\"; did you mean \"degrees\"?");
    refused("actions:\n  Fire:\n    sets:\n      Firing: 1\n",
            "overlay.yaml:4: actions.Fire.sets: expected one of the properties declared under "
            "\"properties\", found \"Firing\"; did you mean \"Firings\"?");
}

/* ------------------------------------------------------------------ what is refused */

static void test_a_defect_is_named_by_its_path(void **state)
{
    static const struct {
        const char *old, *new, *message;
    } cases[] = {
        { "\"Sound\",\n", "\"Sond\",\n",
          "Workflows[0].States[1].Transitions[1].NextStates[0]: expected one of the workflow's "
          "states, found \"Sond\" (did you mean \"Sound\"?)" },
        { "\"Function\": \"Withdraw\"", "\"Function\": \"Wihdraw\"",
          "Workflows[0].States[0].Transitions[1].Function: expected one of the workflow's "
          "functions, found \"Wihdraw\" (did you mean \"Withdraw\"?)" },
        { "\"StartState\": \"Offered\"", "\"StartState\": 1",
          "Workflows[0].StartState: expected one of the workflow's states, found a number" },
        { "\"Name\": \"string\"", "\"Name\": \"sting\"",
          "Workflows[0].Properties[5].Type.Name: expected a type or one of ApplicationRoles, "
          "found \"sting\" (did you mean \"string\"?)" },
        { "[\n                \"Lender\"\n", "[\n                \"Deposit\"\n",
          "Workflows[0].States[0].Transitions[1].AllowedInstanceRoles[0]: expected one of the "
          "workflow's properties that is a user, an address or of a role, found \"Deposit\"" },
        { "[\n                \"Borrower\"\n", "[\n                \"borower\"\n",
          "Workflows[0].States[0].Transitions[0].AllowedRoles[0]: expected one of "
          "ApplicationRoles, found \"borower\" (did you mean \"Borrower\"?)" },
        { "\"PercentComplete\": 40", "\"PercentComplete\": 140",
          "Workflows[0].States[1].PercentComplete: expected a whole number from 0 to 100, found "
          "140" },
        { "\"Name\": \"Lent\"", "\"Name\": \"Offered\"",
          "Workflows[0].States[1].Name: expected a name that no state before it has, found "
          "\"Offered\"" },
        { "\"Name\": \"Borrower\"", "\"Name\": \"Potter\"",
          "ApplicationRoles[1].Name: expected a name of its own, found \"Potter\" a second time" },
        { "\"Initiators\"", "\"Initiator\"",
          "Workflows[0]: expected a key of the configuration's format, found \"Initiator\" (did "
          "you mean \"Initiators\"?)" },
        { "\"ApplicationName\": \"KilnLoan\",", "",
          "ApplicationName: expected a text, found nothing" },
        { "\"Style\": \"Failure\"", "\"Style\": \"failure\"",
          "Workflows[0].States[3].Style: expected Success or Failure, found \"failure\"" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        load("kiln-loan.json");
        change(cases[i].old, cases[i].new);
        refused(NULL, cases[i].message);
    }
}

static void test_what_is_no_configuration(void **state)
{
    (void)state;
    buf_add_slice(&config, slice_text("{ \"a\": "));
    assert_false(convert(0, NULL, NULL));
    assert_memory_equal(err.msg, "JSON: line 1", 12);
    buf_clear(&config);
    for (int i = 0; i < 40; i++)
        buf_add_byte(&config, '[');
    refused(NULL, "JSON: more than 32 levels");
    buf_clear(&config);
    buf_add_slice(&config, slice_text("[]"));
    refused(NULL, "configuration: expected an object, found a list");
    buf_clear(&config);
    while (config.len <= IMPORT_MAX_BYTES)
        buf_add_byte(&config, ' ');
    refused(NULL, "JSON: larger than 1048576 bytes");
    load("bare.json");
    change("\"ApplicationRoles\": []", "\"ApplicationRoles\": [], \"ApplicationRoles\": []");
    assert_false(convert(0, NULL, NULL));
    assert_non_null(strstr(err.msg, "duplicate"));
}

static void test_what_is_too_much_for_a_contract(void **state)
{
    struct buf states = buf_heap(100000);
    char one[200];
    (void)state;
    buf_add_slice(&states, slice_text("\"States\": ["));
    for (int i = 0; i < 64; i++) {
        (void)snprintf(one, sizeof one,
                       "{\"Name\":\"S%d\",\"DisplayName\":\"\",\"PercentComplete\":0,"
                       "\"Style\":\"Success\"},",
                       i);
        buf_add_slice(&states, slice_text(one));
    }
    buf_add_byte(&states, 0);
    load("bare.json");
    change("\"States\": [", (const char *)states.data);
    refused(NULL, "Workflows[0].States: expected at most 63, found 65");
    buf_free(&states);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_people_become_roles_parties_and_openers, begin, end),
        cmocka_unit_test_setup_teardown(test_every_type_has_a_kind, begin, end),
        cmocka_unit_test_setup_teardown(test_states_end_where_nothing_leads_on, begin, end),
        cmocka_unit_test_setup_teardown(test_functions_become_actions, begin, end),
        cmocka_unit_test_setup_teardown(test_what_no_one_may_call_waits_for_the_overlay, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_names_are_made_legal, begin, end),
        cmocka_unit_test_setup_teardown(test_all_of_ours_import, begin, end),
        cmocka_unit_test_setup_teardown(test_an_overlay_fills_what_was_code, begin, end),
        cmocka_unit_test_setup_teardown(test_an_overlays_slips_are_named_by_line, begin, end),
        cmocka_unit_test_setup_teardown(test_a_defect_is_named_by_its_path, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_no_configuration, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_too_much_for_a_contract, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
