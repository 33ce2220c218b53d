/* What expr_check() refuses, and that whatever it takes runs: 100,000 pieces of code drawn by seed. */
#include "contracts/expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_flow.h"

static struct flow_kit kit;

static int begin(void **state)
{
    (void)state;
    flow_kit_begin(&kit);
    return 0;
}

static int end(void **state)
{
    (void)state;
    flow_kit_end(&kit);
    return 0;
}

#define CODE(...) KIT_CODE(&kit, __VA_ARGS__)
#define F(index)  EXPR_FIELD, (index)
#define FACT(f)   EXPR_FACT, (f)
#define K(v)      EXPR_CONSTANT, flow_kit_constant(&kit, (v))

static void refused(struct contract_code code, const char *message)
{
    struct value_kind kind;
    struct err err = { .msg = "" };
    assert_false(expr_check(kit.def, code, kit.def->params, 16, -1, 0, &kind, &err));
    assert_string_equal(err.msg, message);
}

static struct value_kind taken(struct contract_code code)
{
    struct value_kind kind = VALUE_KIND_NONE;
    struct err err = { .msg = "" };
    if (!expr_check(kit.def, code, kit.def->params, 16, -1, 0, &kind, &err))
        fail_msg("%s", err.msg);
    return kind;
}

static void test_types_and_units(void **state)
{
    (void)state;
    int32_t warm = FLOW_KIT_TEMP, damp = FLOW_KIT_HUMID, count = FLOW_KIT_INT;
    refused(CODE(F(warm), F(damp), EXPR_ADD),
            "word 4: \"+\" does not go with a quantity in \"Cel\" and a quantity in \"%RH\"");
    refused(CODE(F(warm), F(damp), EXPR_LESS),
            "word 4: \"<\" does not go with a quantity in \"Cel\" and a quantity in \"%RH\"");
    refused(CODE(F(warm), F(warm), EXPR_MULTIPLY),
            "word 4: \"*\" does not go with a quantity in \"Cel\" and a quantity in \"Cel\"");
    refused(CODE(F(warm), F(count), EXPR_ADD),
            "word 4: \"+\" does not go with a quantity in \"Cel\" and a whole number");
    refused(CODE(F(count), F(warm), EXPR_DIVIDE),
            "word 4: \"/\" does not go with a whole number and a quantity in \"Cel\"");
    refused(CODE(F(count), EXPR_NOT), "word 2: \"not\" does not go with a whole number");
    refused(CODE(F(FLOW_KIT_BOOL), F(count), EXPR_AND),
            "word 4: \"and\" does not go with yes or no and a whole number");
    refused(CODE(F(FLOW_KIT_TEXT), F(FLOW_KIT_TEXT), EXPR_LESS),
            "word 4: \"<\" does not go with a text and a text");
    refused(CODE(F(FLOW_KIT_PARTY), F(FLOW_KIT_HASH), EXPR_EQUAL),
            "word 4: \"=\" does not go with a party and a hash");
    refused(CODE(F(FLOW_KIT_BOOL), F(warm), F(damp), EXPR_IF),
            "word 6: \"if\" does not go with yes or no and a quantity in \"Cel\" and a quantity in "
            "\"%RH\"");
    refused(CODE(F(count), F(warm), F(warm), EXPR_IF),
            "word 6: \"if\" does not go with a whole number and a quantity in \"Cel\" and a "
            "quantity in \"Cel\"");
    refused(CODE(F(count), F(FLOW_KIT_LIST), EXPR_IN),
            "word 4: \"in\" does not go with a whole number and a list, each a text");
    refused(CODE(F(FLOW_KIT_LIMITS), F(damp), EXPR_ADDED),
            "word 4: \"added\" does not go with a list, each a quantity in \"Cel\" and a quantity "
            "in \"%RH\"");
    refused(CODE(F(FLOW_KIT_TIME), F(FLOW_KIT_TIME), EXPR_ADD),
            "word 4: \"+\" does not go with a time and a time");
    refused(CODE(F(FLOW_KIT_SECONDS), F(FLOW_KIT_TIME), EXPR_SUBTRACT),
            "word 4: \"-\" does not go with a quantity in \"s\" and a time");
    refused(CODE(F(FLOW_KIT_MONEY), F(warm), F(damp), EXPR_PRORATE),
            "word 6: \"prorate\" does not go with a quantity in \"EUR\" and a quantity in \"Cel\" "
            "and a quantity in \"%RH\"");
    refused(CODE(F(count), EXPR_HOLDS, 0), "word 2: \"holds\" does not go with a whole number");
    refused(CODE(K(flow_kit_nothing()), K(flow_kit_int(1)), EXPR_ADD),
            "word 4: \"+\" does not go with nothing and a whole number");
}

static void test_shape(void **state)
{
    (void)state;
    int32_t one = flow_kit_constant(&kit, flow_kit_int(1));
    refused((struct contract_code){ 0, 0 }, "an expression of 1 to 256 words was expected");
    refused((struct contract_code){ 0, 257 }, "an expression of 1 to 256 words was expected");
    refused((struct contract_code){ 8191, 2 }, "an expression of 1 to 256 words was expected");
    refused(CODE(15), "word 0: there is no such operation");
    refused(CODE(-1), "word 0: there is no such operation");
    refused(CODE(52), "word 0: there is no such operation");
    refused(CODE(INT32_MAX), "word 0: there is no such operation");
    refused(CODE(EXPR_NOT), "word 0: not: something is missing before it");
    refused(CODE(EXPR_CONSTANT), "word 0: a constant: an argument is missing");
    refused(CODE(EXPR_CONSTANT, -1), "word 0: a constant: an argument is missing");
    refused(CODE(EXPR_CONSTANT, one, EXPR_CONSTANT, one),
            "an expression of 2 values instead of one");
    int32_t words[2 * (EXPR_MAX_STACK + 1)];
    for (size_t i = 0; i <= EXPR_MAX_STACK; i++) {
        words[2 * i] = EXPR_CONSTANT;
        words[2 * i + 1] = one;
    }
    refused(flow_kit_code(&kit, words, 2 * (EXPR_MAX_STACK + 1)),
            "word 64: a constant: the expression is too deep");
}

static void test_indices(void **state)
{
    (void)state;
    refused(CODE(EXPR_CONSTANT, 200), "word 0: a constant: there is no such constant");
    refused(CODE(EXPR_TERM, 16), "word 0: a term: there is no such thing here");
    refused(CODE(F(16)), "word 0: a property: there is no such thing here");
    refused(CODE(EXPR_PARAM, 16), "word 0: a parameter: there is no such thing here");
    refused(CODE(EXPR_PARTY, 2), "word 0: a party: there is no such party");
    refused(CODE(FACT(16)), "word 0: a fact: there is no such fact");
    refused(CODE(EXPR_RULE_FACT, 2), "word 0: a fact of a rule: there is no such rule");
    refused(CODE(EXPR_RULE_FACT, 192), "word 0: a fact of a rule: there is no such fact of a rule");
    refused(CODE(EXPR_RULE_FACT, 129), "word 0: a fact of a rule: silence has no peak");
    refused(CODE(EXPR_DOCUMENT, 2), "word 0: document: there is no such thing here");
    refused(CODE(EXPR_OPEN_GUARD, 1), "word 0: guard: there is no such thing here");
    refused(CODE(EXPR_PARTY, 0, EXPR_HOLDS, 2), "word 2: holds: there is no such thing here");
    refused(CODE(EXPR_PARTY, 0, EXPR_CHARGED, 2),
            "word 2: time charged to: there is no such thing here");
    (void)taken(CODE(EXPR_PARTY, 0, EXPR_CHARGED, 63));
    int32_t name = flow_kit_constant(&kit, flow_kit_text("organic"));
    int32_t number = flow_kit_constant(&kit, flow_kit_int(1));
    assert_int_equal(taken(CODE(EXPR_PARTY, 0, EXPR_CERTIFIED, name)).type, CONTRACT_BOOL);
    assert_int_equal(taken(CODE(EXPR_GOODS_CERTIFIED, name)).type, CONTRACT_BOOL);
    refused(CODE(EXPR_PARTY, 0, EXPR_CERTIFIED, number),
            "word 2: certificate: there is no such thing here");
    int32_t degrees = flow_kit_constant(&kit, flow_kit_quantity(1, 0, "Cel"));
    refused(CODE(EXPR_GOODS_CERTIFIED, degrees),
            "word 0: certificate of goods: there is no such thing here");
    refused(CODE(EXPR_PARTY, 0, EXPR_CERTIFIED, 250),
            "word 2: certificate: there is no such thing here");
    refused(CODE(EXPR_GOODS_CERTIFIED, number),
            "word 0: certificate of goods: there is no such thing here");
    refused(CODE(EXPR_GOODS_CERTIFIED, 250),
            "word 0: certificate of goods: there is no such thing here");
    refused(CODE(F(FLOW_KIT_TEXT), EXPR_CERTIFIED, name),
            "word 2: \"certificate\" does not go with a text");
    refused(CODE(EXPR_CERTIFIED, name), "word 0: certificate: something is missing before it");
    (void)taken(CODE(EXPR_PARTY, 0, EXPR_PARTY, 1, EXPR_CERTIFIED_BY, name));
    (void)taken(CODE(EXPR_PARTY, 0, EXPR_GOODS_CERTIFIED_BY, name));
    refused(CODE(EXPR_PARTY, 0, F(FLOW_KIT_INT), EXPR_CERTIFIED_BY, name),
            "word 4: \"certificate\" does not go with a party and a whole number");
    refused(CODE(F(FLOW_KIT_INT), EXPR_PARTY, 0, EXPR_CERTIFIED_BY, name),
            "word 4: \"certificate\" does not go with a whole number and a party");
    refused(CODE(F(FLOW_KIT_INT), EXPR_GOODS_CERTIFIED_BY, name),
            "word 2: \"certificate of goods\" does not go with a whole number");
    refused(CODE(EXPR_PARTY, 0, EXPR_PARTY, 1, EXPR_CERTIFIED_BY, number),
            "word 4: certificate: there is no such thing here");
    refused(CODE(EXPR_PARTY, 0, EXPR_GOODS_CERTIFIED_BY, number),
            "word 2: certificate of goods: there is no such thing here");
    refused(CODE(EXPR_PARTY, 0, EXPR_CERTIFIED_BY, name),
            "word 2: certificate: something is missing before it");
}

static void test_kinds_that_are_made(void **state)
{
    (void)state;
    assert_int_equal(taken(CODE(F(FLOW_KIT_TIME), F(FLOW_KIT_TIME), EXPR_SUBTRACT)).type,
                     CONTRACT_QUANTITY);
    assert_int_equal(taken(CODE(F(FLOW_KIT_TEMP), F(FLOW_KIT_TEMP), EXPR_DIVIDE)).type,
                     CONTRACT_INT);
    struct value_kind k = taken(CODE(EXPR_RULE_FACT, 128));
    assert_true(k.type == CONTRACT_QUANTITY && slice_equal(k.unit, slice_text("Cel")));
    k = taken(CODE(F(FLOW_KIT_INT), F(FLOW_KIT_PLAIN), EXPR_MULTIPLY));
    assert_true(k.type == CONTRACT_QUANTITY && k.unit.len == 0);
    k = taken(CODE(EXPR_PARTY, 1));
    assert_true(k.type == CONTRACT_PARTY && k.role == 1);
    k = taken(CODE(F(FLOW_KIT_INT)));
    assert_true(k.ranged && k.max == 1000);
    k = taken(CODE(F(FLOW_KIT_INT), F(FLOW_KIT_INT), EXPR_ADD));
    assert_false(k.ranged);
    k = taken(CODE(F(FLOW_KIT_BOOL), F(FLOW_KIT_CHOICE), K(flow_kit_text("A")), EXPR_IF));
    assert_int_equal(k.type, CONTRACT_TEXT);
    k = taken(CODE(F(FLOW_KIT_BOOL), K(flow_kit_nothing()), F(FLOW_KIT_TEMP), EXPR_IF));
    assert_int_equal(k.type, CONTRACT_QUANTITY);
    k = taken(CODE(K(flow_kit_of(CONTRACT_LIST, "\x80")), F(FLOW_KIT_TEMP), EXPR_ADDED));
    assert_true(k.type == CONTRACT_LIST && k.scalar == CONTRACT_QUANTITY && k.unit.len == 3);
    refused(CODE(K(flow_kit_of(CONTRACT_LIST, "\x82\x01\x61x")), EXPR_COUNT),
            "word 0: a constant: a list of unlike values");
}

/* ------------------------------------------------------------------ what is known where */

enum place { AT_START, IN_ACTION, IN_READING, IN_HANDOVER, IN_SCAN, IN_BROKEN, PLACES };

static bool allowed(struct contract_code code, enum place place)
{
    static const int triggers[PLACES] = {
        -1, -1, CONTRACT_ON_READING, CONTRACT_ON_HANDOVER, CONTRACT_ON_SCAN, CONTRACT_ON_BROKEN
    };
    const struct contract_param *params = place == IN_ACTION ? kit.def->params : NULL;
    size_t count = place == IN_ACTION ? FLOW_KIT_FIELDS : 0;
    unsigned detail = place == IN_READING ? 2 : 0;
    struct value_kind kind;
    return expr_check(kit.def, code, params, count, triggers[place], detail, &kind, NULL);
}

static void known(struct contract_code code, const char *expected)
{
    char found[PLACES + 1] = "";
    for (int i = 0; i < PLACES; i++)
        found[i] = allowed(code, (enum place)i) ? "SARHCB"[i] : '-';
    assert_string_equal(found, expected);
}

static void test_what_is_known_where(void **state)
{
    (void)state;
    known(CODE(K(flow_kit_int(1))), "SARHCB");
    known(CODE(EXPR_TERM, 0), "SARHCB");
    known(CODE(EXPR_PARTY, 0), "SARHCB");
    known(CODE(FACT(EXPR_NOW)), "SARHCB");
    known(CODE(FACT(EXPR_OPENER)), "SARHCB");
    known(CODE(FACT(EXPR_STARTED)), "SARHCB");
    known(CODE(F(0)), "-ARHCB");
    known(CODE(EXPR_DOCUMENT, 0), "-ARHCB");
    known(CODE(EXPR_OPEN_GUARD, 0), "-ARHCB");
    known(CODE(EXPR_PARTY, 0, EXPR_HOLDS, 0), "-ARHCB");
    known(CODE(EXPR_PARTY, 0, EXPR_CHARGED, 0), "-ARHCB");
    int32_t name = flow_kit_constant(&kit, flow_kit_text("organic"));
    known(CODE(EXPR_PARTY, 0, EXPR_CERTIFIED, name), "-ARHCB");
    known(CODE(EXPR_GOODS_CERTIFIED, name), "-ARHCB");
    known(CODE(EXPR_RULE_FACT, 0), "-ARHCB");
    known(CODE(FACT(EXPR_CUSTODIAN)), "-ARHCB");
    known(CODE(FACT(EXPR_WORST)), "-ARHCB");
    known(CODE(EXPR_PARAM, 0), "-A----");
    known(CODE(FACT(EXPR_CALLER)), "-A----");
    known(CODE(FACT(EXPR_CALL_TIME)), "-A----");
    known(CODE(FACT(EXPR_READING)), "--R---");
    known(CODE(FACT(EXPR_READING_TIME)), "--R---");
    known(CODE(FACT(EXPR_FROM)), "---H--");
    known(CODE(FACT(EXPR_TO)), "---H--");
    known(CODE(FACT(EXPR_PLACE)), "----C-");
    struct value_kind kind;
    struct contract_code reading = CODE(FACT(EXPR_READING));
    assert_true(expr_check(kit.def, reading, NULL, 0, CONTRACT_ON_READING, 2, &kind, NULL));
    assert_true(slice_equal(kind.unit, slice_text("%RH")));
    assert_false(expr_check(kit.def, reading, NULL, 0, CONTRACT_ON_READING, 99, &kind, NULL));
}

/* ------------------------------------------------------------------ whatever is taken runs */

#define DRAWS 100000

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

#define POOL 400 /* expressions that larger ones are made of */

struct drawn {
    int32_t words[64];
    size_t count;
};
static struct drawn pool[POOL];
static size_t pooled, leaf_count;

static bool is_taken(const struct drawn *d, struct value_kind *ret_kind)
{
    kit.def->code_count = 0;
    struct contract_code code = flow_kit_code(&kit, d->words, d->count);
    return expr_check(kit.def, code, kit.def->params, FLOW_KIT_FIELDS, -1, 0, ret_kind, NULL);
}

/* Every leaf that there is. */
static void begin_pool(void)
{
    static const int32_t leaves[] = { EXPR_CONSTANT,       EXPR_FIELD,      EXPR_TERM,
                                      EXPR_PARAM,          EXPR_PARTY,      EXPR_FACT,
                                      EXPR_DOCUMENT,       EXPR_OPEN_GUARD, EXPR_RULE_FACT,
                                      EXPR_GOODS_CERTIFIED };
    pooled = 0;
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++)
        for (int32_t argument = 0; argument < 200; argument++) {
            struct drawn d = { .words = { leaves[i], argument }, .count = 2 };
            struct value_kind kind;
            if (pooled < POOL && is_taken(&d, &kind))
                pool[pooled++] = d;
        }
    leaf_count = pooled;
}

static void append(struct drawn *d, const struct drawn *part)
{
    if (d->count + part->count + 2 > sizeof d->words / sizeof d->words[0])
        return;
    memcpy(d->words + d->count, part->words, part->count * sizeof d->words[0]);
    d->count += part->count;
}

/* An operation over one to three expressions of the pool; tried a few times until it makes sense. */
static struct drawn draw_code(void)
{
    struct drawn d;
    struct value_kind kind;
    for (unsigned tries = 0; tries < 8; tries++) {
        uint32_t how = draw(24), operands = 1 + draw(3);
        d.count = 0;
        for (uint32_t k = 0; k < operands; k++)
            append(&d, &pool[draw((uint32_t)pooled)]);
        d.words[d.count++] = how == 0   ? EXPR_HOLDS
                             : how == 1 ? EXPR_CHARGED
                             : how == 2 ? EXPR_CERTIFIED
                             : how == 3 ? EXPR_CERTIFIED_BY
                             : how == 4 ? EXPR_GOODS_CERTIFIED_BY
                                        : 16 + (int32_t)draw(36);
        if (how <= 4)
            d.words[d.count++] = (int32_t)draw(how >= 2 ? 12 : 3);
        if (is_taken(&d, &kind))
            break;
    }
    if (is_taken(&d, &kind) && d.count < 40)
        pool[pooled < POOL ? pooled++ : leaf_count + draw((uint32_t)(POOL - leaf_count))] = d;
    if (draw(4) == 0)
        d.words[draw((uint32_t)d.count)] = (int32_t)draw(60);
    return d;
}

static struct contract_value draw_value(const struct value_kind *kind)
{
    static const char bytes[] = "0123456789abcdef0123456789abcdef";
    static const int64_t numbers[] = { 0, 1, -1, 3, 1000, INT64_MAX, INT64_MIN };
    struct contract_value v = { .type = kind->type };
    v.number = numbers[draw(7)];
    switch (draw(5) == 0 ? CONTRACT_NOTHING : kind->type) {
    case CONTRACT_BOOL: v.number = draw(2); break;
    case CONTRACT_INT: break;
    case CONTRACT_QUANTITY:
        v.exponent = (int)draw(19) - 9;
        v.text = kind->unit;
        break;
    case CONTRACT_TIME: v.number = draw(2) == 0 ? 0 : VALUE_TIME_MAX; break;
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET: v.text = slice_of("AB", 1 + draw(2)); break;
    case CONTRACT_PARTY: v.text = slice_of(bytes + draw(2), 8); break;
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH: v.text = slice_of(bytes, 32); break;
    case CONTRACT_LIST:
        v.text = slice_text(kind->scalar == CONTRACT_TEXT ? "\x82\x61x\x61y" : "\x80");
        break;
    case CONTRACT_NOTHING: v = flow_kit_nothing(); break;
    }
    if (v.type != CONTRACT_BOOL && v.type != CONTRACT_INT && v.type != CONTRACT_TIME &&
        v.type != CONTRACT_QUANTITY)
        v.number = 0;
    return v;
}

static void draw_values(void)
{
    for (size_t i = 0; i < FLOW_KIT_FIELDS; i++) {
        const struct value_kind *kind = &kit.def->fields[i].kind;
        kit.fields[i] = draw_value(kind);
        kit.terms->values[i] = draw_value(kind);
        kit.params[i] = draw_value(kind);
    }
    struct value_kind number = { .type = CONTRACT_INT }, time = { .type = CONTRACT_TIME };
    struct value_kind party = { .type = CONTRACT_PARTY };
    struct value_kind seconds = kit.def->fields[FLOW_KIT_SECONDS].kind;
    for (size_t i = 0; i <= EXPR_UNCERTAIN; i++)
        kit.facts[i] = draw_value(&number);
    kit.facts[EXPR_NOW] = draw_value(&time);
    kit.facts[EXPR_STARTED] = draw_value(&time);
    kit.facts[EXPR_CALL_TIME] = draw_value(&time);
    kit.facts[EXPR_CALLER] = draw_value(&party);
    kit.facts[EXPR_OPENER] = draw_value(&party);
    kit.facts[EXPR_CUSTODIAN] = draw_value(&party);
    kit.facts[EXPR_OWNER] = draw_value(&party);
    kit.rule_facts[EXPR_COUNT_OF] = draw_value(&number);
    kit.rule_facts[EXPR_TIME_OF] = draw_value(&seconds);
    kit.rule_facts[EXPR_PEAK_OF] = draw_value(&kit.def->fields[FLOW_KIT_TEMP].kind);
    kit.charged_known = draw(2) == 0;
    kit.held = draw(4);
    kit.certificate_known = draw(2) == 0;
    kit.certificate.standing = (enum expr_standing)draw(EXPR_STANDS_REVOKED + 1);
}

static bool is_of_kind(const struct contract_value *v, const struct value_kind *kind)
{
    struct value_kind found = { .type = v->type, .unit = v->text, .scalar = kind->scalar };
    if (v->type != CONTRACT_QUANTITY)
        found.unit = kind->unit;
    return value_kind_suits(&found, kind);
}

static void test_whatever_is_taken_runs(void **state)
{
    (void)state;
    struct contract_value constants[] = { flow_kit_bool(true),
                                          flow_kit_int(0),
                                          flow_kit_int(7),
                                          flow_kit_nothing(),
                                          flow_kit_quantity(5, -1, "Cel"),
                                          flow_kit_quantity(3, 9, "s"),
                                          flow_kit_text("A"),
                                          flow_kit_of(CONTRACT_LIST, "\x80"),
                                          flow_kit_of(CONTRACT_LIST, "\x82\x01\x02"),
                                          flow_kit_quantity(INT64_MAX, -9, "") };
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++)
        (void)flow_kit_constant(&kit, constants[i]);
    seed = 42;
    begin_pool();
    size_t ran = 0, had_value = 0, long_ones = 0;
    for (size_t i = 0; i < DRAWS; i++) {
        struct drawn d = draw_code();
        struct value_kind kind;
        if (!is_taken(&d, &kind))
            continue;
        struct contract_code code = { .at = 0, .len = (uint16_t)d.count };
        draw_values();
        kit.scope.memory_used = 0;
        kit.scope.steps = 0;
        struct contract_value v;
        char text[200];
        ran++;
        long_ones += d.count > 8;
        if (expr_value(&kit.scope, code, &v, NULL)) {
            had_value++;
            assert_true(is_of_kind(&v, &kind));
        }
        assert_true(kit.scope.steps > 0 && kit.scope.steps <= 2 * d.count);
        expr_explain(&kit.scope, code, text, sizeof text);
    }
    assert_true(ran > DRAWS / 10 && had_value > ran / 10 && long_ones > DRAWS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types_and_units, begin, end),
        cmocka_unit_test_setup_teardown(test_shape, begin, end),
        cmocka_unit_test_setup_teardown(test_indices, begin, end),
        cmocka_unit_test_setup_teardown(test_kinds_that_are_made, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_known_where, begin, end),
        cmocka_unit_test_setup_teardown(test_whatever_is_taken_runs, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
