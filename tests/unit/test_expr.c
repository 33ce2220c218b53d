#include "contracts/expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_flow.h"

enum { YES, NO, NONE }; /* constants every test below begins with; NONE: the constant nothing */

static int begin(void **state)
{
    struct flow_kit *kit = malloc(sizeof *kit);
    assert_non_null(kit);
    flow_kit_begin(kit);
    assert_int_equal(flow_kit_constant(kit, flow_kit_bool(true)), YES);
    assert_int_equal(flow_kit_constant(kit, flow_kit_bool(false)), NO);
    assert_int_equal(flow_kit_constant(kit, flow_kit_nothing()), NONE);
    *state = kit;
    return 0;
}

static int end(void **state)
{
    flow_kit_end(*state);
    free(*state);
    return 0;
}

/* As part of an action. */
static bool check(struct flow_kit *kit, struct contract_code code, struct value_kind *ret,
                  struct err *err)
{
    return expr_check(kit->def, code, kit->def->params, kit->def->param_count, -1, 0, ret, err);
}

static struct contract_value value(struct flow_kit *kit, struct contract_code code)
{
    struct contract_value v = flow_kit_nothing();
    struct value_kind kind;
    struct err err;
    if (!check(kit, code, &kind, &err) || !expr_value(&kit->scope, code, &v, &err))
        fail_msg("%s", err.msg);
    if (v.type != CONTRACT_NOTHING)
        assert_int_equal(v.type, kind.type);
    return v;
}

static void is_bool(struct flow_kit *kit, struct contract_code code, bool expected)
{
    struct contract_value v = value(kit, code);
    assert_int_equal(v.type, CONTRACT_BOOL);
    assert_int_equal(v.number, expected);
}

static void has_none(struct flow_kit *kit, struct contract_code code, const char *why)
{
    struct contract_value v = { .number = 77 };
    struct value_kind kind;
    struct err err;
    if (!check(kit, code, &kind, &err))
        fail_msg("%s", err.msg);
    assert_false(expr_value(&kit->scope, code, &v, &err));
    assert_string_equal(err.msg, why);
    assert_int_equal(v.number, 77);
}

static void explains(struct flow_kit *kit, struct contract_code code, const char *expected)
{
    char text[200];
    uint64_t steps = kit->scope.steps;
    expr_explain(&kit->scope, code, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(kit->scope.steps, steps);
}

#define CODE(...) KIT_CODE(kit, __VA_ARGS__)
#define C(index)  EXPR_CONSTANT, (index)
#define F(index)  EXPR_FIELD, (index)
#define FACT(f)   EXPR_FACT, (f)
#define K(v)      EXPR_CONSTANT, flow_kit_constant(kit, (v))

/* ------------------------------------------------------------------ logic of three values */

/* FLOW_KIT_BOOL is not set: it stands for "no value". */
static void test_and_or_not_with_no_value(void **state)
{
    struct flow_kit *kit = *state;
    static const char unset[] = "on is not set";
    is_bool(kit, CODE(C(YES), C(YES), EXPR_AND), true);
    is_bool(kit, CODE(C(YES), C(NO), EXPR_AND), false);
    is_bool(kit, CODE(C(NO), C(NO), EXPR_AND), false);
    is_bool(kit, CODE(C(NO), F(FLOW_KIT_BOOL), EXPR_AND), false);
    is_bool(kit, CODE(F(FLOW_KIT_BOOL), C(NO), EXPR_AND), false);
    has_none(kit, CODE(C(YES), F(FLOW_KIT_BOOL), EXPR_AND), unset);
    has_none(kit, CODE(F(FLOW_KIT_BOOL), C(YES), EXPR_AND), unset);
    has_none(kit, CODE(F(FLOW_KIT_BOOL), F(FLOW_KIT_BOOL), EXPR_AND), unset);
    is_bool(kit, CODE(C(NO), C(NO), EXPR_OR), false);
    is_bool(kit, CODE(C(NO), C(YES), EXPR_OR), true);
    is_bool(kit, CODE(C(YES), F(FLOW_KIT_BOOL), EXPR_OR), true);
    is_bool(kit, CODE(F(FLOW_KIT_BOOL), C(YES), EXPR_OR), true);
    has_none(kit, CODE(C(NO), F(FLOW_KIT_BOOL), EXPR_OR), unset);
    has_none(kit, CODE(F(FLOW_KIT_BOOL), C(NO), EXPR_OR), unset);
    is_bool(kit, CODE(C(YES), EXPR_NOT), false);
    is_bool(kit, CODE(C(NO), EXPR_NOT), true);
    has_none(kit, CODE(F(FLOW_KIT_BOOL), EXPR_NOT), unset);
    has_none(kit, CODE(C(NONE), C(NONE), EXPR_EQUAL, EXPR_OPEN_GUARD, 0, EXPR_AND),
             "guard \"check the seal\" is not filled in");
}

static void test_if_asks_only_the_chosen_side(void **state)
{
    struct flow_kit *kit = *state;
    int32_t one = flow_kit_constant(kit, flow_kit_int(1)),
            nought = flow_kit_constant(kit, flow_kit_int(0));
    struct contract_code good = CODE(C(YES), C(one), C(one), C(nought), EXPR_DIVIDE, EXPR_IF);
    assert_int_equal(value(kit, good).number, 1);
    has_none(kit, CODE(C(NO), C(one), C(one), C(nought), EXPR_DIVIDE, EXPR_IF),
             "a division by nought");
    has_none(kit, CODE(F(FLOW_KIT_BOOL), C(one), C(one), EXPR_IF), "on is not set");
    assert_int_equal(value(kit, CODE(C(NO), C(one), C(NONE), EXPR_IF)).type, CONTRACT_NOTHING);
}

static void test_nothing_compares_with_nothing_alone(void **state)
{
    struct flow_kit *kit = *state;
    int32_t warm = flow_kit_constant(kit, flow_kit_quantity(8, 0, "Cel"));
    is_bool(kit, CODE(F(FLOW_KIT_TEMP), C(NONE), EXPR_EQUAL), true);
    is_bool(kit, CODE(C(NONE), F(FLOW_KIT_TEMP), EXPR_DIFFERENT), false);
    has_none(kit, CODE(F(FLOW_KIT_TEMP), C(warm), EXPR_EQUAL), "warm is not set");
    has_none(kit, CODE(F(FLOW_KIT_TEMP), F(FLOW_KIT_TEMP), EXPR_EQUAL), "warm is not set");
    has_none(kit, CODE(F(FLOW_KIT_TEMP), C(warm), EXPR_LESS), "warm is not set");
    has_none(kit, CODE(F(FLOW_KIT_TEMP), EXPR_NEGATE, C(NONE), EXPR_EQUAL), "warm is not set");
    has_none(kit, CODE(F(FLOW_KIT_TEMP)), "warm is not set");
    kit->fields[FLOW_KIT_TEMP] = flow_kit_quantity(80, -1, "Cel");
    is_bool(kit, CODE(F(FLOW_KIT_TEMP), C(NONE), EXPR_EQUAL), false);
    is_bool(kit, CODE(F(FLOW_KIT_TEMP), C(warm), EXPR_EQUAL), true);
    assert_int_equal(value(kit, CODE(C(NONE))).type, CONTRACT_NOTHING);
    is_bool(kit, CODE(FACT(EXPR_CUSTODIAN), C(NONE), EXPR_EQUAL), true);
}

/* ------------------------------------------------------------------ comparing */

static void test_comparisons(void **state)
{
    struct flow_kit *kit = *state;
    static const struct {
        int32_t op;
        bool less, same, more;
    } ops[] = {
        { EXPR_EQUAL, false, true, false },   { EXPR_DIFFERENT, true, false, true },
        { EXPR_LESS, true, false, false },    { EXPR_AT_MOST, true, true, false },
        { EXPR_GREATER, false, false, true }, { EXPR_AT_LEAST, false, true, true },
    };
    struct contract_value pairs[][3] = {
        /* b, less than it, and equal to it written otherwise */
        { flow_kit_int(5), flow_kit_int(-5), flow_kit_int(5) },
        { flow_kit_quantity(81, -1, "Cel"), flow_kit_quantity(8, 0, "Cel"),
          flow_kit_quantity(810, -2, "Cel") },
        { flow_kit_time(1000), flow_kit_time(999), flow_kit_time(1000) }
    };
    for (size_t p = 0; p < sizeof pairs / sizeof pairs[0]; p++)
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
            is_bool(kit, CODE(K(pairs[p][1]), K(pairs[p][0]), ops[i].op), ops[i].less);
            is_bool(kit, CODE(K(pairs[p][2]), K(pairs[p][0]), ops[i].op), ops[i].same);
            is_bool(kit, CODE(K(pairs[p][0]), K(pairs[p][1]), ops[i].op), ops[i].more);
        }
    kit->fields[FLOW_KIT_CHOICE] = flow_kit_of(CONTRACT_CHOICE, "A");
    is_bool(kit, CODE(F(FLOW_KIT_CHOICE), K(flow_kit_text("A")), EXPR_EQUAL), true);
    is_bool(kit, CODE(K(flow_kit_text("B")), F(FLOW_KIT_CHOICE), EXPR_EQUAL), false);
    is_bool(kit, CODE(EXPR_PARTY, 0, EXPR_PARTY, 0, EXPR_EQUAL), true);
}

/* ------------------------------------------------------------------ where values come from */

static void test_leaves(void **state)
{
    struct flow_kit *kit = *state;
    kit->terms->values[FLOW_KIT_MONEY] = flow_kit_quantity(125, -1, "EUR");
    kit->params[FLOW_KIT_INT] = flow_kit_int(7);
    kit->facts[EXPR_NOW] = flow_kit_time(99);
    kit->rule_facts[EXPR_COUNT_OF] = flow_kit_int(3);
    kit->rule_facts[EXPR_PEAK_OF] = flow_kit_quantity(99, -1, "Cel");
    kit->scope.documents = 2;
    assert_int_equal(value(kit, CODE(EXPR_TERM, FLOW_KIT_MONEY)).number, 125);
    assert_int_equal(value(kit, CODE(EXPR_PARAM, FLOW_KIT_INT)).number, 7);
    assert_int_equal(value(kit, CODE(FACT(EXPR_NOW))).number, 99);
    assert_int_equal(value(kit, CODE(EXPR_RULE_FACT, 64 * EXPR_COUNT_OF)).number, 3);
    assert_int_equal(value(kit, CODE(EXPR_RULE_FACT, 64 * EXPR_PEAK_OF)).number, 99);
    assert_memory_equal(value(kit, CODE(EXPR_PARTY, 0)).text.data, "sender__", 8);
    is_bool(kit, CODE(EXPR_DOCUMENT, 0), false);
    is_bool(kit, CODE(EXPR_DOCUMENT, 1), true);
    has_none(kit, CODE(EXPR_PARTY, 1), "receiver is not set");
    has_none(kit, CODE(EXPR_TERM, FLOW_KIT_TEMP), "warm is not set");
    has_none(kit, CODE(EXPR_PARAM, FLOW_KIT_TEXT), "note is not set");
    has_none(kit, CODE(FACT(EXPR_CUSTODIAN)), "custodian is not known");
    has_none(kit, CODE(EXPR_RULE_FACT, 64 * EXPR_TIME_OF), "time of too warm is not known");
    has_none(kit, CODE(EXPR_OPEN_GUARD, 0), "guard \"check the seal\" is not filled in");
    kit->scope.ledger = NULL;
    has_none(kit, CODE(FACT(EXPR_NOW)), "now is not known");
    has_none(kit, CODE(EXPR_PARTY, 0, EXPR_HOLDS, 0), "a holder of shipper is not known");
}

static void test_questions_about_a_party(void **state)
{
    struct flow_kit *kit = *state;
    kit->held = 2;
    is_bool(kit, CODE(EXPR_PARTY, 0, EXPR_HOLDS, 1), true);
    is_bool(kit, CODE(EXPR_PARTY, 0, EXPR_HOLDS, 0), false);
    has_none(kit, CODE(EXPR_PARTY, 1, EXPR_HOLDS, 0), "receiver is not set");
    has_none(kit, CODE(EXPR_PARTY, 0, EXPR_CHARGED, 63), "time charged is not known");
    kit->charged_known = true;
    kit->charged_s = 1200;
    struct contract_value v = value(kit, CODE(EXPR_PARTY, 0, EXPR_CHARGED, 0));
    assert_true(v.type == CONTRACT_QUANTITY && v.number == 1200 && v.exponent == 0);
    kit->charged_s = UINT64_MAX;
    has_none(kit, CODE(EXPR_PARTY, 0, EXPR_CHARGED, 0),
             "the result of \"time charged for too warm\" is too large or too fine");
}

static void test_certificates(void **state)
{
    struct flow_kit *kit = *state;
    int32_t name = flow_kit_constant(kit, flow_kit_text("organic"));
    struct contract_code of_party = CODE(EXPR_PARTY, 0, EXPR_CERTIFIED, name);
    struct contract_code of_goods = CODE(EXPR_GOODS_CERTIFIED, name);
    has_none(kit, of_party, "certificate \"organic\" is not known");
    has_none(kit, of_goods, "certificate \"organic\" of goods is not known");
    kit->certificate_known = true;
    for (int i = EXPR_STANDS_HOLDS; i <= EXPR_STANDS_REVOKED; i++) {
        kit->certificate.standing = (enum expr_standing)i;
        is_bool(kit, of_party, i == EXPR_STANDS_HOLDS);
        assert_true(slice_equal(kit->asked.party, slice_text("sender__")));
        is_bool(kit, of_goods, i == EXPR_STANDS_HOLDS);
        assert_int_equal(kit->asked.party.len, 0);
        assert_true(slice_equal(kit->asked.name, slice_text("organic")));
    }
    has_none(kit, CODE(EXPR_PARTY, 1, EXPR_CERTIFIED, name), "receiver is not set");
    kit->certificate.standing = EXPR_STANDS_HOLDS;
    kit->parties[1] = slice_text("receiver");
    is_bool(kit, CODE(EXPR_PARTY, 0, EXPR_PARTY, 1, EXPR_CERTIFIED_BY, name), true);
    assert_true(slice_equal(kit->asked.party, slice_text("sender__")));
    assert_true(slice_equal(kit->asked.issuer, slice_text("receiver")));
    is_bool(kit, CODE(EXPR_PARTY, 1, EXPR_GOODS_CERTIFIED_BY, name), true);
    assert_int_equal(kit->asked.party.len, 0);
    assert_true(slice_equal(kit->asked.issuer, slice_text("receiver")));
    is_bool(kit, of_party, true);
    assert_int_equal(kit->asked.issuer.len, 0);
    kit->parties[1] = slice_text("");
    has_none(kit, CODE(EXPR_PARTY, 0, EXPR_PARTY, 1, EXPR_CERTIFIED_BY, name),
             "receiver is not set");
    has_none(kit, CODE(EXPR_PARTY, 1, EXPR_GOODS_CERTIFIED_BY, name), "receiver is not set");
    kit->scope.steps = 0;
    (void)value(kit, of_party);
    assert_int_equal(kit->scope.steps, 3); /* two operations, a question */
    (void)value(kit, of_goods);
    assert_int_equal(kit->scope.steps, 5);
    kit->scope.ledger = NULL;
    has_none(kit, of_goods, "certificate \"organic\" of goods is not known");
}

static void test_why_a_certificate_does_not_do(void **state)
{
    struct flow_kit *kit = *state;
    int32_t name = flow_kit_constant(kit, flow_kit_text("organic"));
    struct contract_code of_party = CODE(EXPR_PARTY, 0, EXPR_CERTIFIED, name);
    struct contract_code of_goods = CODE(EXPR_GOODS_CERTIFIED, name);
    kit->parties[0] = slice_text("AAAAAAAA");
    explains(kit, of_goods, "certificate \"organic\" of goods is not known");
    kit->certificate_known = true;
    kit->certificate.standing = EXPR_STANDS_NONE;
    explains(kit, of_party, "certificate \"organic\" of sender is missing");
    explains(kit, CODE(EXPR_PARTY, 1, EXPR_CERTIFIED, name),
             "certificate \"organic\" of receiver is not known");
    memset(kit->certificate.statement.bytes, 0xab, HASH_SIZE);
    kit->certificate.standing = EXPR_STANDS_EXPIRED;
    kit->certificate.asset = slice_text("01/09506000134352/21/7");
    explains(kit, of_goods,
             "certificate \"organic\" of goods has expired (abababab) for 01/09506000134352/21/7");
    kit->certificate.asset.len = 0;
    kit->certificate.standing = EXPR_STANDS_REVOKED;
    explains(kit, CODE(EXPR_GOODS_CERTIFIED, name, EXPR_PARTY, 0, EXPR_CERTIFIED, name, EXPR_OR),
             "certificate \"organic\" of goods was revoked (abababab), certificate \"organic\" of "
             "sender was revoked (abababab)");
    kit->certificate.standing = EXPR_STANDS_NOT_YET;
    explains(kit, of_goods, "certificate \"organic\" of goods begins later (abababab)");
    kit->parties[1] = slice_text("BBBBBBBB");
    explains(kit, CODE(EXPR_PARTY, 1, EXPR_GOODS_CERTIFIED_BY, name),
             "certificate \"organic\" of goods by receiver begins "
             "later (abababab)");
    kit->certificate.standing = EXPR_STANDS_NONE;
    explains(kit, CODE(EXPR_PARTY, 0, EXPR_PARTY, 1, EXPR_CERTIFIED_BY, name),
             "certificate \"organic\" of "
             "sender by receiver is missing");
    kit->fields[FLOW_KIT_PARTY] = flow_kit_of(CONTRACT_PARTY, "CCCCCCCC");
    explains(kit, CODE(F(FLOW_KIT_BOOL), F(FLOW_KIT_PARTY), EXPR_CERTIFIED, name, EXPR_EQUAL),
             "on is not set, certificate \"organic\" of holder is missing, the right side is no");
    kit->certificate.standing = EXPR_STANDS_HOLDS;
    explains(kit, CODE(EXPR_GOODS_CERTIFIED, name, EXPR_NOT),
             "certificate \"organic\" of goods holds (abababab)");
}

static void test_steps_are_operations_and_questions(void **state)
{
    struct flow_kit *kit = *state;
    kit->facts[EXPR_NOW] = flow_kit_time(99);
    kit->scope.steps = 10;
    (void)value(kit, CODE(FACT(EXPR_NOW), FACT(EXPR_NOW), EXPR_EQUAL)); /* 3 and 2 */
    assert_int_equal(kit->scope.steps, 15);
    has_none(kit, CODE(EXPR_PARTY, 1, EXPR_HOLDS, 0), "receiver is not set");
    assert_int_equal(kit->scope.steps, 18);
}

/* ------------------------------------------------------------------ lists */

static void test_lists(void **state)
{
    struct flow_kit *kit = *state;
    kit->fields[FLOW_KIT_LIST] = flow_kit_of(CONTRACT_LIST, "\x82\x61x\x61y");
    int32_t x = flow_kit_constant(kit, flow_kit_text("x")),
            z = flow_kit_constant(kit, flow_kit_text("zz"));
    assert_int_equal(value(kit, CODE(F(FLOW_KIT_LIST), EXPR_COUNT)).number, 2);
    is_bool(kit, CODE(C(x), F(FLOW_KIT_LIST), EXPR_IN), true);
    is_bool(kit, CODE(C(z), F(FLOW_KIT_LIST), EXPR_IN), false);
    struct contract_value v = value(kit, CODE(F(FLOW_KIT_LIST), C(x), EXPR_ADDED));
    assert_int_equal(v.text.len, 5);
    assert_int_equal(kit->scope.memory_used, 0);
    v = value(kit, CODE(F(FLOW_KIT_LIST), C(z), EXPR_ADDED));
    assert_true(slice_equal(v.text, slice_text("\x83\x61x\x61y\x62zz")));
    assert_int_equal(kit->scope.memory_used, 8);
    v = value(kit, CODE(F(FLOW_KIT_LIST), C(z), EXPR_ADDED, K(flow_kit_text("w")), EXPR_ADDED));
    assert_true(slice_equal(v.text, slice_text("\x84\x61x\x61y\x62zz\x61w")));
    /* Quantities are added in their one form. */
    kit->fields[FLOW_KIT_LIMITS] = flow_kit_of(CONTRACT_LIST, "\x80");
    v = value(kit, CODE(F(FLOW_KIT_LIMITS), K(flow_kit_quantity(500, -2, "Cel")), EXPR_ADDED,
                        K(flow_kit_quantity(5, 0, "Cel")), EXPR_ADDED));
    assert_true(slice_equal(v.text, slice_of("\x81\x83\x05\x00\x63"
                                             "Cel",
                                             8)));
}

static void test_lists_have_an_end(void **state)
{
    struct flow_kit *kit = *state;
    char full[2 + 2 * VALUE_LIST_MAX] = "\x98\x40";
    for (size_t i = 0; i < VALUE_LIST_MAX; i++) {
        full[2 + 2 * i] = 0x61;
        full[3 + 2 * i] = (char)(0x20 + i);
    }
    kit->fields[FLOW_KIT_LIST] =
        (struct contract_value){ .type = CONTRACT_LIST, .text = slice_of(full, sizeof full) };
    has_none(kit, CODE(F(FLOW_KIT_LIST), K(flow_kit_text("new")), EXPR_ADDED), "the list is full");
    kit->fields[FLOW_KIT_LIST] = flow_kit_of(CONTRACT_LIST, "\x81\x61x");
    kit->scope.memory_used = EXPR_MEMORY - 6;
    has_none(kit, CODE(F(FLOW_KIT_LIST), K(flow_kit_text("new")), EXPR_ADDED), "the list is full");
    kit->scope.memory_used = EXPR_MEMORY - 7;
    (void)value(kit, CODE(F(FLOW_KIT_LIST), K(flow_kit_text("new")), EXPR_ADDED));
    assert_int_equal(kit->scope.memory_used, EXPR_MEMORY);
    kit->scope.memory = NULL;
    has_none(kit, CODE(F(FLOW_KIT_LIST), K(flow_kit_text("new")), EXPR_ADDED), "the list is full");
}

/* ------------------------------------------------------------------ words */

static void test_explanations(void **state)
{
    struct flow_kit *kit = *state;
    kit->facts[EXPR_WORST] = flow_kit_int(4);
    kit->fields[FLOW_KIT_TEMP] = flow_kit_quantity(91, -1, "Cel");
    kit->terms->values[FLOW_KIT_TEMP] = flow_kit_quantity(8, 0, "Cel");
    kit->fields[FLOW_KIT_PARTY] = flow_kit_of(CONTRACT_PARTY, "AAAAAAAA");
    explains(kit, CODE(FACT(EXPR_WORST), K(flow_kit_int(4)), EXPR_LESS),
             "worst severity is critical");
    explains(kit, CODE(F(FLOW_KIT_TEMP), EXPR_TERM, FLOW_KIT_TEMP, EXPR_AT_MOST),
             "warm is 9.1 °C, warm is 8 °C");
    explains(kit,
             CODE(C(YES), F(FLOW_KIT_TEMP), K(flow_kit_quantity(9, 0, "Cel")), EXPR_LESS, EXPR_AND),
             "warm is 9.1 °C");
    explains(kit,
             CODE(F(FLOW_KIT_TEMP), K(flow_kit_quantity(1, 0, "Cel")), EXPR_ADD,
                  K(flow_kit_quantity(9, 0, "Cel")), EXPR_LESS),
             "warm is 9.1 °C, the left side is 10.1 °C");
    explains(kit, CODE(EXPR_DOCUMENT, 0), "document bill is not attached");
    explains(kit, CODE(F(FLOW_KIT_PARTY), EXPR_HOLDS, 1), "holder is 4141414141414141");
    explains(kit, CODE(F(FLOW_KIT_BOOL), F(FLOW_KIT_HUMID), C(NONE), EXPR_EQUAL, EXPR_AND),
             "on is not set");
    char text[10];
    expr_explain(&kit->scope, CODE(FACT(EXPR_WORST), K(flow_kit_int(4)), EXPR_LESS), text,
                 sizeof text);
    assert_string_equal(text, "worst sev");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_and_or_not_with_no_value, begin, end),
        cmocka_unit_test_setup_teardown(test_if_asks_only_the_chosen_side, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_compares_with_nothing_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_comparisons, begin, end),
        cmocka_unit_test_setup_teardown(test_leaves, begin, end),
        cmocka_unit_test_setup_teardown(test_questions_about_a_party, begin, end),
        cmocka_unit_test_setup_teardown(test_steps_are_operations_and_questions, begin, end),
        cmocka_unit_test_setup_teardown(test_certificates, begin, end),
        cmocka_unit_test_setup_teardown(test_why_a_certificate_does_not_do, begin, end),
        cmocka_unit_test_setup_teardown(test_lists, begin, end),
        cmocka_unit_test_setup_teardown(test_lists_have_an_end, begin, end),
        cmocka_unit_test_setup_teardown(test_explanations, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
