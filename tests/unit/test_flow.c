#include "contracts/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_flow.h"

#define SENDER   "sender__"
#define RECEIVER "receiver"
#define OPENING  "0123456789abcdef0123456789abcdef"

static struct flow_kit kit;
static struct flow_state flow;
static struct flow_calls calls;
static struct err why;

#define CODE(...) KIT_CODE(&kit, __VA_ARGS__)
#define F(index)  EXPR_FIELD, (index)
#define K(v)      EXPR_CONSTANT, flow_kit_constant(&kit, (v))

static const struct flow_caller receiver = { { (const uint8_t *)RECEIVER, 8 },
                                             { (const uint8_t *)RECEIVER, 8 },
                                             { NULL, 0 } };
static const struct flow_caller stranger = { { (const uint8_t *)"stranger", 8 },
                                             { (const uint8_t *)"stranger", 8 },
                                             { NULL, 0 } };

/* ------------------------------------------------------------------ contracts by hand */

static void guard(struct contract_step *step, const char *words, struct contract_code code)
{
    flow_kit_guard(&kit, step, words, code);
}

static void set(struct contract_step *step, unsigned field, struct contract_code code)
{
    flow_kit_effect(
        &kit, step,
        (struct contract_effect){ .what = CONTRACT_SET, .target = field, .code = code });
}

static struct contract_action *action(const char *name)
{
    struct contract_action *a = &kit.def->actions[kit.def->action_count++];
    *a = (struct contract_action){ .name = slice_text(name), .states = 1, .step = { .next = -1 } };
    a->callers.parties = 2; /* receiver */
    return a;
}

static struct contract_reaction *reaction(const char *name, enum contract_trigger trigger,
                                          unsigned detail)
{
    struct contract_reaction *r = &kit.def->reactions[kit.def->reaction_count++];
    *r = (struct contract_reaction){
        .name = slice_text(name), .trigger = trigger, .detail = detail, .states = 1
    };
    r->step.next = -1;
    return r;
}

static int begin(void **state)
{
    (void)state;
    flow_kit_begin(&kit);
    kit.parties[1] = slice_text(RECEIVER);
    kit.facts[EXPR_WORST] = flow_kit_int(2);
    assert_int_equal(flow_start(&kit.scope, 1000, &flow, &why), FLOW_DONE);
    memset(&why, 0, sizeof why);
    kit.scope.params = kit.params;
    return 0;
}

static int end(void **state)
{
    (void)state;
    flow_kit_end(&kit);
    return 0;
}

static enum flow_result call(unsigned index, const struct flow_caller *by)
{
    struct flow_state before = flow;
    enum flow_result result = flow_call(&kit.scope, index, by, 2000, &flow, &calls, &why);
    if (result != FLOW_DONE) {
        assert_memory_equal(&before, &flow, sizeof flow);
        assert_int_equal(calls.count, 0);
        assert_true(strlen(why.msg) > 0 && strlen(why.msg) < 192);
    }
    assert_ptr_equal(kit.scope.fields, flow.fields);
    return result;
}

static void refused(enum flow_result expected, const char *message)
{
    assert_int_equal(call(0, &receiver), expected);
    assert_string_equal(why.msg, message);
}

/* ------------------------------------------------------------------ actions */

static void test_an_action_does_what_it_says(void **state)
{
    (void)state;
    struct contract_action *a = action("release");
    set(&a->step, FLOW_KIT_INT, CODE(K(flow_kit_int(5))));
    set(&a->step, FLOW_KIT_INT,
        CODE(F(FLOW_KIT_INT), K(flow_kit_int(1)), EXPR_ADD)); /* sees the first */
    set(&a->step, FLOW_KIT_CHOICE, CODE(K(flow_kit_text("B"))));
    set(&a->step, FLOW_KIT_TEMP, CODE(K(flow_kit_quantity(500, -2, "Cel"))));
    a->step.next = 1;
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    assert_int_equal(flow.fields[FLOW_KIT_INT].number, 6);
    assert_int_equal(flow.fields[FLOW_KIT_CHOICE].type, CONTRACT_CHOICE);
    assert_int_equal(flow.fields[FLOW_KIT_TEMP].number, 5); /* in its one form */
    assert_int_equal(flow.state, 1);
    assert_int_equal(flow.change_count, 2);
    assert_int_equal(flow.changes[1].time_ms, 2000);
    refused(FLOW_WRONG_STATE, "release: not in the state released, only in packed");
    a->states = 3;
    assert_int_equal(call(0, &receiver), FLOW_DONE); /* listed, though the state ends */
    assert_int_equal(flow.change_count, 2);          /* it stays where it is */
}

static void test_who_may_call(void **state)
{
    (void)state;
    struct contract_action *a = action("release");
    assert_int_equal(call(0, &stranger), FLOW_NOT_ALLOWED);
    assert_string_equal(why.msg, "release: only for receiver");
    assert_int_equal(call(1, &receiver), FLOW_UNKNOWN);
    /* A key speaks for its member where the ledger says that it holds the party's role. */
    struct flow_caller operator= receiver;
    operator.kid = slice_text("operator");
    assert_int_equal(call(0, &operator), FLOW_NOT_ALLOWED);
    kit.held = 2;
    assert_int_equal(call(0, &operator), FLOW_DONE);
    a->callers = (struct contract_callers){ .roles = 1 };
    assert_int_equal(call(0, &receiver), FLOW_NOT_ALLOWED);
    assert_string_equal(why.msg, "release: only for shipper");
    kit.held = 1;
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    a->callers = (struct contract_callers){ .fields = (uint64_t)1 << FLOW_KIT_PARTY };
    assert_int_equal(call(0, &receiver), FLOW_NOT_ALLOWED);
    assert_string_equal(why.msg, "release: only for holder");
    flow.fields[FLOW_KIT_PARTY] = flow_kit_of(CONTRACT_PARTY, RECEIVER);
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    a->callers = (struct contract_callers){ .parties = 0 };
    assert_int_equal(call(0, &receiver), FLOW_NOT_ALLOWED);
    assert_string_equal(why.msg, "release: only for nobody");
}

static void test_a_contract_calls_in_its_own_right_only(void **state)
{
    (void)state;
    struct contract_action *a = action("hold");
    struct flow_caller contract = receiver;
    contract.instance = slice_text(OPENING);
    assert_int_equal(call(0, &contract), FLOW_NOT_ALLOWED);
    a->callers.instance_terms = (uint64_t)1 << FLOW_KIT_INSTANCE;
    assert_int_equal(call(0, &contract), FLOW_NOT_ALLOWED);
    kit.terms->values[FLOW_KIT_INSTANCE] = flow_kit_of(CONTRACT_INSTANCE, OPENING);
    assert_int_equal(call(0, &contract), FLOW_DONE);
}

static void test_guards_say_what_they_found(void **state)
{
    (void)state;
    struct contract_action *a = action("release");
    guard(&a->step, "worst severity < critical",
          CODE(EXPR_FACT, EXPR_WORST, K(flow_kit_int(4)), EXPR_LESS));
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    kit.facts[EXPR_WORST] = flow_kit_int(4);
    refused(FLOW_GUARD,
            "release: \"worst severity < critical\" does not hold: worst severity is critical");
    kit.facts[EXPR_WORST] = flow_kit_nothing();
    refused(FLOW_GUARD,
            "release: \"worst severity < critical\" does not hold: worst severity is not known");
    kit.facts[EXPR_WORST] = flow_kit_int(0);
    guard(&a->step, "guard check the seal", CODE(EXPR_OPEN_GUARD, 0));
    refused(FLOW_GUARD, "release: guard \"check the seal\" is not filled in");
}

static void test_reasons_are_cut_to_what_a_verdict_holds(void **state)
{
    (void)state;
    static char name[65], words[401], text[401];
    memset(name, 'n', 64);
    memset(words, 'w', 400);
    memset(text, 't', 400);
    struct contract_action *a = action(name);
    kit.terms->values[FLOW_KIT_TEXT] = flow_kit_text(text);
    guard(&a->step, words, CODE(EXPR_TERM, FLOW_KIT_TEXT, K(flow_kit_text("x")), EXPR_EQUAL));
    assert_int_equal(call(0, &receiver), FLOW_GUARD);
    assert_non_null(strstr(why.msg, "w…\" does not hold: note is ttt"));
}

static void test_an_effect_that_cannot_be_undoes_all(void **state)
{
    (void)state;
    struct contract_action *a = action("count");
    set(&a->step, FLOW_KIT_BOOL, CODE(K(flow_kit_bool(true))));
    set(&a->step, FLOW_KIT_INT, CODE(EXPR_PARAM, FLOW_KIT_INT));
    a->step.next = 1;
    refused(FLOW_GUARD, "count: count: count is not set");
    kit.params[FLOW_KIT_INT] = flow_kit_int(1001);
    refused(FLOW_GUARD, "count: count: expected 0 to 1000, found 1001");
    kit.params[FLOW_KIT_INT] = flow_kit_int(1000);
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    a->states = 3;
    kit.def->effects[1].code = CODE(K(flow_kit_int(1)), K(flow_kit_int(0)), EXPR_DIVIDE);
    refused(FLOW_GUARD, "count: count: a division by nought");
    kit.def->effects[1] =
        (struct contract_effect){ .target = FLOW_KIT_CHOICE, .code = CODE(K(flow_kit_text("C"))) };
    refused(FLOW_GUARD, "count: grade: expected one of A, B, found \"C\"");
    kit.def->effects[1].target = FLOW_KIT_PARTY;
    kit.def->effects[1].code = CODE(EXPR_PARTY, 0);
    refused(FLOW_GUARD, "count: holder: 73656e6465725f5f does not hold the role \"carrier\"");
    kit.held = 2;
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    kit.def->effects[1].code = CODE(K(flow_kit_nothing()));
    assert_int_equal(call(0, &receiver), FLOW_DONE); /* nobody, and said so */
    assert_int_equal(flow.fields[FLOW_KIT_PARTY].type, CONTRACT_NOTHING);
}

static void test_the_first_case_that_holds_applies(void **state)
{
    (void)state;
    struct contract_action *a = action("measure");
    set(&a->step, FLOW_KIT_INT, CODE(EXPR_PARAM, FLOW_KIT_INT));
    a->case_count = 2;
    kit.def->case_count = 2;
    struct contract_step *first = &kit.def->cases[0].step, *second = &kit.def->cases[1].step;
    guard(first, "count > 10", CODE(F(FLOW_KIT_INT), K(flow_kit_int(10)), EXPR_GREATER));
    set(first, FLOW_KIT_TEXT, CODE(K(flow_kit_text("many"))));
    first->next = 1;
    guard(second, "count > 5", CODE(F(FLOW_KIT_INT), K(flow_kit_int(5)), EXPR_GREATER));
    set(second, FLOW_KIT_TEXT, CODE(K(flow_kit_text("some"))));
    second->next = -1;
    kit.params[FLOW_KIT_INT] = flow_kit_int(3);
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    assert_int_equal(flow.fields[FLOW_KIT_TEXT].type, CONTRACT_NOTHING);
    kit.params[FLOW_KIT_INT] = flow_kit_int(7);
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    assert_true(slice_equal(flow.fields[FLOW_KIT_TEXT].text, slice_text("some")));
    assert_int_equal(flow.state, 0);
    kit.params[FLOW_KIT_INT] = flow_kit_int(11);
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    assert_true(slice_equal(flow.fields[FLOW_KIT_TEXT].text, slice_text("many")));
    assert_int_equal(flow.state, 1);
    /* A case that cannot be judged refuses the call: it might be the breach. */
    a->states = 3;
    kit.def->guards[0].code = CODE(EXPR_OPEN_GUARD, 0);
    refused(FLOW_GUARD, "measure: guard \"check the seal\" is not filled in");
}

static void test_steps_are_bounded(void **state)
{
    (void)state;
    struct contract_action *a = action("toil");
    int32_t words[EXPR_MAX_CODE];
    size_t n = 0;
    for (words[n++] = EXPR_CONSTANT, words[n++] = flow_kit_constant(&kit, flow_kit_bool(true));
         n < 256;)
        words[n++] = EXPR_NOT;
    struct contract_code code = flow_kit_code(&kit, words, n); /* 255 operations */
    for (unsigned i = 0; i < 16; i++)
        guard(&a->step, "toil", code);
    assert_int_equal(call(0, &receiver), FLOW_DONE); /* 4080 */
    for (unsigned i = 0; i < 5; i++)
        set(&a->step, FLOW_KIT_INT, CODE(K(flow_kit_int(1)), K(flow_kit_int(1)), EXPR_ADD));
    assert_int_equal(call(0, &receiver), FLOW_DONE); /* 4095 */
    set(&a->step, FLOW_KIT_INT, CODE(K(flow_kit_int(1)), K(flow_kit_int(1)), EXPR_ADD));
    refused(FLOW_STEPS, "toil: takes more than 4096 steps");
}

static void test_a_state_has_a_largest_size(void **state)
{
    (void)state;
    static char big[4001];
    memset(big, 'x', 4000);
    struct contract_action *a = action("write");
    kit.def->fields[FLOW_KIT_TEXT].kind.ranged = false;
    for (unsigned i = 0; i < 5; i++) {
        kit.def->fields[FLOW_KIT_FIELDS + i] = kit.def->fields[FLOW_KIT_TEXT];
        flow.fields[FLOW_KIT_FIELDS + i] = flow_kit_nothing();
        set(&a->step, FLOW_KIT_FIELDS + i, CODE(K(flow_kit_text(big))));
    }
    kit.def->field_count += 5;
    refused(FLOW_GUARD, "write: properties: grow beyond what a contract may keep");
    a->step.effect_count = 3;
    assert_int_equal(call(0, &receiver), FLOW_DONE);
}

static void test_history_keeps_the_first_and_the_newest(void **state)
{
    (void)state;
    struct contract_action *go = action("go"), *back = action("back");
    go->step.next = 1;
    back->step.next = 0;
    back->states = 2;
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(flow_call(&kit.scope, i % 2, &receiver, 2000 + i, &flow, &calls, &why),
                         FLOW_DONE);
    assert_int_equal(flow.change_count, FLOW_MAX_HISTORY);
    assert_int_equal(flow.changes[0].time_ms, 1000);
    assert_int_equal(flow.changes[1].time_ms, 2005);
    assert_int_equal(flow.changes[15].time_ms, 2019);
    assert_int_equal(flow_state_at(&flow, 0), 0);
    assert_int_equal(flow_state_at(&flow, 2018), 1);
    assert_int_equal(flow_state_at(&flow, 2019), 0);
    assert_int_equal(flow_state_at(&flow, UINT64_MAX), 0);
}

/* ------------------------------------------------------------------ calls and arguments */

static void test_calls_to_other_contracts(void **state)
{
    (void)state;
    struct contract_action *a = action("stop");
    struct contract_effect to = { .what = CONTRACT_CALL,
                                  .target = FLOW_KIT_INSTANCE,
                                  .action = slice_text("hold") };
    struct contract_effect pass = { .what = CONTRACT_PASS, .action = slice_text("reason") };
    pass.code = CODE(K(flow_kit_text("warm")));
    flow_kit_effect(&kit, &a->step, to);
    flow_kit_effect(&kit, &a->step, pass);
    pass.action = slice_text("at");
    pass.code = CODE(K(flow_kit_quantity(90, -1, "Cel")));
    flow_kit_effect(&kit, &a->step, pass);
    refused(FLOW_GUARD, "stop: delivery: no contract is named");
    kit.terms->values[FLOW_KIT_INSTANCE] = flow_kit_of(CONTRACT_INSTANCE, OPENING);
    assert_int_equal(call(0, &receiver), FLOW_DONE);
    assert_int_equal(calls.count, 1);
    assert_true(slice_equal(calls.items[0].instance, slice_text(OPENING)));
    assert_int_equal(calls.items[0].argument_count, 2);
    uint8_t memory[64];
    struct buf out = buf_fixed(memory, sizeof memory);
    flow_put_arguments(&calls.items[0], &out);
    assert_true(slice_equal(buf_slice(&out), slice_of("\xa2\x62"
                                                      "at\x83\x09\x00\x63"
                                                      "Cel\x66reason\x64warm",
                                                      23)));
    for (unsigned i = 0; i < 4; i++)
        flow_kit_effect(&kit, &a->step, to);
    refused(FLOW_GUARD, "stop: hold: one call too many to other contracts");
}

static void takes(const char *map, size_t len, const char *message)
{
    struct contract_value values[FLOW_MAX_ARGUMENTS];
    bool fine = flow_arguments(kit.def, &kit.def->actions[0], slice_of(map, len), values, &why);
    assert_string_equal(fine ? "" : why.msg, message);
    if (fine)
        assert_int_equal(values[0].number, 7);
}

static void test_arguments(void **state)
{
    (void)state;
    struct contract_action *a = action("tell");
    a->param = FLOW_KIT_INT; /* count, note */
    a->param_count = 2;
    static const char good[] = "\xa2\x64note\x62hi\x65"
                               "count\x07";
    takes(good, 16, "");
    takes("\xa2\x64note\xf6\x65"
          "count\x07",
          14, "");
    takes("\xa1\x64note\x62hi", 9, "tell: the argument \"count\" is missing");
    takes("", 0, "tell: the argument \"count\" is missing");
    takes("\xa1\x65"
          "count\x64"
          "many",
          12, "tell: count: expected a whole number, found a text");
    takes("\xa1\x65"
          "count\x19\x03\xe9",
          10, "tell: count: expected 0 to 1000, found 1001");
    takes("\xa1\x64size\x01", 7, "tell: there is no argument \"size\"");
    takes("\x80", 1, "tell: arguments are a map by name");
    takes("\xa1\x01\x01", 3, "tell: an argument without a usable name");
    a->param = FLOW_KIT_PARTY;
    a->param_count = 1;
    kit.params[0] = flow_kit_of(CONTRACT_PARTY, RECEIVER);
    refused(FLOW_BAD_ARGUMENT, "tell: holder: 7265636569766572 does not hold the role \"carrier\"");
    kit.held = 2;
    assert_int_equal(call(0, &receiver), FLOW_DONE);
}

static void test_probing_passes_over_what_is_not_known(void **state)
{
    (void)state;
    struct contract_action *a = action("release");
    guard(&a->step, "count > 1", CODE(EXPR_PARAM, FLOW_KIT_INT, K(flow_kit_int(1)), EXPR_GREATER));
    struct flow_state before = flow;
    set(&a->step, FLOW_KIT_BOOL, CODE(K(flow_kit_bool(true))));
    assert_int_equal(flow_probe(&kit.scope, 0, &receiver, &flow, &why), FLOW_DONE);
    assert_int_equal(flow_probe(&kit.scope, 0, &stranger, &flow, &why), FLOW_NOT_ALLOWED);
    guard(&a->step, "worst severity = none",
          CODE(EXPR_FACT, EXPR_WORST, K(flow_kit_int(0)), EXPR_EQUAL));
    assert_int_equal(flow_probe(&kit.scope, 0, &receiver, &flow, &why), FLOW_GUARD);
    assert_string_equal(
        why.msg, "release: \"worst severity = none\" does not hold: worst severity is medium");
    assert_memory_equal(&before, &flow, sizeof flow);
    assert_ptr_equal(kit.scope.params, kit.params);
}

/* ------------------------------------------------------------------ reactions, documents, the start */

static void test_reactions_run_one_by_one(void **state)
{
    (void)state;
    (void)reaction("elsewhere", CONTRACT_ON_BROKEN, 1);
    struct contract_reaction *r = reaction("unknown", CONTRACT_ON_BROKEN, 0);
    guard(&r->step, "on", CODE(F(FLOW_KIT_BOOL))); /* without a value it does not hold */
    r = reaction("first", CONTRACT_ON_BROKEN, 0);
    set(&r->step, FLOW_KIT_INT, CODE(K(flow_kit_int(1))));
    r = reaction("fails", CONTRACT_ON_BROKEN, 0);
    set(&r->step, FLOW_KIT_INT, CODE(K(flow_kit_int(-1))));
    r = reaction("second", CONTRACT_ON_BROKEN, 0);
    set(&r->step, FLOW_KIT_TEXT, CODE(K(flow_kit_text("warm"))));
    r->step.next = 1;
    (void)reaction("not any more", CONTRACT_ON_BROKEN, 0);
    unsigned i = 0;
    assert_int_equal(flow_react(&kit.scope, CONTRACT_ON_BROKEN, 0, 3000, &flow, &i, &calls, &why),
                     FLOW_DONE);
    assert_int_equal(i++, 2);
    assert_int_equal(flow.fields[FLOW_KIT_INT].number, 1);
    assert_int_equal(flow_react(&kit.scope, CONTRACT_ON_BROKEN, 0, 3000, &flow, &i, &calls, &why),
                     FLOW_GUARD);
    assert_string_equal(why.msg, "fails: count: expected 0 to 1000, found -1");
    assert_int_equal(i++, 3);
    assert_int_equal(flow.fields[FLOW_KIT_INT].number, 1);
    assert_int_equal(flow_react(&kit.scope, CONTRACT_ON_BROKEN, 0, 3000, &flow, &i, &calls, &why),
                     FLOW_DONE);
    assert_int_equal(i++, 4);
    assert_int_equal(flow.state, 1);
    assert_int_equal(flow_react(&kit.scope, CONTRACT_ON_BROKEN, 0, 3000, &flow, &i, &calls, &why),
                     FLOW_UNKNOWN);
}

static void test_documents(void **state)
{
    (void)state;
    struct hash hash = { { 7 } };
    kit.def->documents[1].callers.parties = 2;
    assert_int_equal(flow_attach(&kit.scope, 2, &receiver, &hash, &flow, &why), FLOW_UNKNOWN);
    assert_int_equal(flow_attach(&kit.scope, 0, &receiver, &hash, &flow, &why), FLOW_NOT_ALLOWED);
    assert_string_equal(why.msg, "bill: only for nobody");
    assert_int_equal(flow_attach(&kit.scope, 1, &receiver, &hash, &flow, &why), FLOW_DONE);
    assert_int_equal(flow.documents, 2);
    assert_true(hash_equal(&flow.document_hashes[1], &hash));
}

static void test_the_start(void **state)
{
    (void)state;
    kit.facts[EXPR_OPENER] = flow_kit_of(CONTRACT_PARTY, SENDER);
    kit.def->fields[FLOW_KIT_PARTY].start = CODE(EXPR_FACT, EXPR_OPENER);
    kit.def->fields[FLOW_KIT_INT].start = CODE(EXPR_TERM, FLOW_KIT_INT);
    assert_int_equal(flow_start(&kit.scope, 5, &flow, &why), FLOW_GUARD);
    assert_string_equal(why.msg, "opening: count: count is not set");
    kit.terms->values[FLOW_KIT_INT] = flow_kit_int(9);
    assert_int_equal(flow_start(&kit.scope, 5, &flow, &why), FLOW_GUARD);
    assert_string_equal(why.msg,
                        "opening: holder: 73656e6465725f5f does not hold the role \"carrier\"");
    kit.held = 2;
    assert_int_equal(flow_start(&kit.scope, 5, &flow, &why), FLOW_DONE);
    assert_int_equal(flow.fields[FLOW_KIT_INT].number, 9);
    assert_int_equal(flow.fields[FLOW_KIT_TEXT].type, CONTRACT_NOTHING);
    assert_true(slice_equal(flow.fields[FLOW_KIT_LIST].text, slice_of("\x80", 1)));
    assert_int_equal(flow.changes[0].time_ms, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_action_does_what_it_says, begin, end),
        cmocka_unit_test_setup_teardown(test_who_may_call, begin, end),
        cmocka_unit_test_setup_teardown(test_a_contract_calls_in_its_own_right_only, begin, end),
        cmocka_unit_test_setup_teardown(test_guards_say_what_they_found, begin, end),
        cmocka_unit_test_setup_teardown(test_reasons_are_cut_to_what_a_verdict_holds, begin, end),
        cmocka_unit_test_setup_teardown(test_an_effect_that_cannot_be_undoes_all, begin, end),
        cmocka_unit_test_setup_teardown(test_the_first_case_that_holds_applies, begin, end),
        cmocka_unit_test_setup_teardown(test_steps_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(test_a_state_has_a_largest_size, begin, end),
        cmocka_unit_test_setup_teardown(test_history_keeps_the_first_and_the_newest, begin, end),
        cmocka_unit_test_setup_teardown(test_calls_to_other_contracts, begin, end),
        cmocka_unit_test_setup_teardown(test_arguments, begin, end),
        cmocka_unit_test_setup_teardown(test_probing_passes_over_what_is_not_known, begin, end),
        cmocka_unit_test_setup_teardown(test_reactions_run_one_by_one, begin, end),
        cmocka_unit_test_setup_teardown(test_documents, begin, end),
        cmocka_unit_test_setup_teardown(test_the_start, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
