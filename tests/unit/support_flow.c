#include "tests/unit/support_flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct contract_value flow_kit_int(int64_t number)
{
    return (struct contract_value){ .type = CONTRACT_INT, .number = number };
}

struct contract_value flow_kit_bool(bool value)
{
    return (struct contract_value){ .type = CONTRACT_BOOL, .number = value ? 1 : 0 };
}

struct contract_value flow_kit_text(const char *text)
{
    return (struct contract_value){ .type = CONTRACT_TEXT, .text = slice_text(text) };
}

struct contract_value flow_kit_of(enum contract_type type, const char *bytes)
{
    return (struct contract_value){ .type = type, .text = slice_text(bytes) };
}

struct contract_value flow_kit_time(int64_t ms)
{
    return (struct contract_value){ .type = CONTRACT_TIME, .number = ms };
}

struct contract_value flow_kit_quantity(int64_t mantissa, int exponent, const char *unit)
{
    return (struct contract_value){ .type = CONTRACT_QUANTITY,
                                    .number = mantissa,
                                    .exponent = exponent,
                                    .text = slice_text(unit) };
}

struct contract_value flow_kit_nothing(void)
{
    return (struct contract_value){ .type = CONTRACT_NOTHING };
}

int32_t flow_kit_constant(struct flow_kit *kit, struct contract_value value)
{
    struct contract_definition *def = kit->def;
    for (size_t i = 0; i < def->constant_count; i++) {
        const struct contract_value *c = &def->constants[i];
        if (c->type == value.type && c->number == value.number && c->exponent == value.exponent &&
            slice_equal(c->text, value.text))
            return (int32_t)i;
    }
    assert(def->constant_count < DEFINITION_MAX_CONSTANTS);
    def->constants[def->constant_count] = value;
    return (int32_t)def->constant_count++;
}

struct contract_code flow_kit_code(struct flow_kit *kit, const int32_t *words, size_t count)
{
    struct contract_definition *def = kit->def;
    assert(def->code_count + count <= DEFINITION_MAX_CODE);
    struct contract_code code = { .at = (uint16_t)def->code_count, .len = (uint16_t)count };
    memcpy(def->code + def->code_count, words, count * sizeof words[0]);
    def->code_count += count;
    return code;
}

/* ------------------------------------------------------------------ the ledger */

static bool answer_fact(void *ctx, enum expr_fact fact, struct contract_value *ret_value)
{
    const struct flow_kit *kit = ctx;
    *ret_value = kit->facts[fact];
    return ret_value->type != CONTRACT_NOTHING;
}

static bool answer_rule_fact(void *ctx, enum expr_rule_fact fact, unsigned rule,
                             struct contract_value *ret_value)
{
    const struct flow_kit *kit = ctx;
    assert(rule < kit->def->rule_count);
    *ret_value = kit->rule_facts[fact];
    return ret_value->type != CONTRACT_NOTHING;
}

static bool answer_charged(void *ctx, int rule, struct slice party, uint64_t *ret_seconds)
{
    const struct flow_kit *kit = ctx;
    assert(rule < (int)kit->def->rule_count && party.len == 8);
    *ret_seconds = kit->charged_s;
    return kit->charged_known;
}

static bool answer_holds(void *ctx, unsigned role, struct slice party)
{
    const struct flow_kit *kit = ctx;
    bool asked = kit->holder.len == 0 || slice_equal(kit->holder, party);
    return asked && (kit->held >> role & 1) != 0;
}

static bool answer_certificate(void *ctx, const struct expr_question *question,
                               struct expr_certificate *ret_certificate)
{
    struct flow_kit *kit = ctx;
    kit->asked = *question;
    *ret_certificate = kit->certificate;
    return kit->certificate_known;
}

/* ------------------------------------------------------------------ the contract */

static const struct {
    const char *name;
    enum contract_type type;
    const char *unit;
} fields[FLOW_KIT_FIELDS] = {
    [FLOW_KIT_BOOL] = { "on", CONTRACT_BOOL, "" },
    [FLOW_KIT_INT] = { "count", CONTRACT_INT, "" },
    [FLOW_KIT_TEXT] = { "note", CONTRACT_TEXT, "" },
    [FLOW_KIT_TEMP] = { "warm", CONTRACT_QUANTITY, "Cel" },
    [FLOW_KIT_HUMID] = { "damp", CONTRACT_QUANTITY, "%RH" },
    [FLOW_KIT_TIME] = { "due", CONTRACT_TIME, "" },
    [FLOW_KIT_CHOICE] = { "grade", CONTRACT_CHOICE, "" },
    [FLOW_KIT_PARTY] = { "holder", CONTRACT_PARTY, "" },
    [FLOW_KIT_ASSET] = { "box", CONTRACT_ASSET, "" },
    [FLOW_KIT_INSTANCE] = { "delivery", CONTRACT_INSTANCE, "" },
    [FLOW_KIT_HASH] = { "paper", CONTRACT_HASH, "" },
    [FLOW_KIT_LIST] = { "notes", CONTRACT_LIST, "" },
    [FLOW_KIT_MONEY] = { "price", CONTRACT_QUANTITY, "EUR" },
    [FLOW_KIT_SECONDS] = { "span", CONTRACT_QUANTITY, "s" },
    [FLOW_KIT_PLAIN] = { "factor", CONTRACT_QUANTITY, "" },
    [FLOW_KIT_LIMITS] = { "limits", CONTRACT_LIST, "Cel" },
};

static struct value_kind kind_of(size_t i)
{
    struct value_kind kind = VALUE_KIND_NONE;
    kind.type = fields[i].type;
    kind.unit = slice_text(fields[i].unit);
    kind.ranged = i == FLOW_KIT_INT || i == FLOW_KIT_TEXT || i == FLOW_KIT_TEMP;
    kind.max = i == FLOW_KIT_TEXT ? 20 : 1000;
    if (i == FLOW_KIT_TEMP) { /* -40.0 .. 85.0 */
        kind.min = -400;
        kind.max = 850;
        kind.exponent = -1;
    }
    if (i == FLOW_KIT_CHOICE)
        kind.count = 2;
    if (i == FLOW_KIT_PARTY)
        kind.role = 1;
    if (i == FLOW_KIT_LIST)
        kind.scalar = CONTRACT_TEXT;
    if (i == FLOW_KIT_LIMITS)
        kind.scalar = CONTRACT_QUANTITY;
    return kind;
}

static void name_lists(struct contract_definition *def)
{
    static const char *const roles[] = { "shipper", "carrier" };
    static const char *const parties[] = { "sender", "receiver" };
    static const char *const documents[] = { "bill", "photo" };
    static const char *const states[] = { "packed", "released" };
    for (unsigned i = 0; i < 2; i++) {
        def->roles[i] = (struct contract_role){ .name = slice_text(roles[i]) };
        def->parties[i] = (struct contract_party){ .name = slice_text(parties[i]), .role = i };
        def->documents[i].name = slice_text(documents[i]);
        def->states[i].name = slice_text(states[i]);
    }
    def->states[1].ending = CONTRACT_SUCCESS;
    def->role_count = def->party_count = def->document_count = def->state_count = 2;
    def->choices[0] = slice_text("A");
    def->choices[1] = slice_text("B");
    def->choice_count = 2;
    def->guard_names[0] = slice_text("check the seal");
    def->guard_name_count = 1;
    def->rules[0] = (struct contract_rule){ .name = slice_text("too warm"), .property = 1 };
    def->rules[1] =
        (struct contract_rule){ .name = slice_text("silence"), .watch = CONTRACT_SILENCE };
    def->rule_count = 2;
}

void flow_kit_begin(struct flow_kit *kit)
{
    memset(kit, 0, sizeof *kit);
    kit->def = calloc(1, sizeof *kit->def);
    kit->terms = calloc(1, sizeof *kit->terms);
    assert(kit->def != NULL && kit->terms != NULL);
    name_lists(kit->def);
    for (size_t i = 0; i < FLOW_KIT_FIELDS; i++) {
        struct value_kind kind = kind_of(i);
        struct slice name = slice_text(fields[i].name);
        kit->def->fields[i] = (struct contract_field){ .name = name, .kind = kind };
        kit->def->terms[i] = (struct contract_term){ .name = name, .kind = kind };
        kit->def->params[i] = (struct contract_param){ .name = name, .kind = kind };
        kit->fields[i] = kit->terms->values[i] = flow_kit_nothing();
    }
    kit->def->field_count = kit->def->term_count = kit->def->param_count = FLOW_KIT_FIELDS;
    for (size_t i = 0; i < FLOW_MAX_ARGUMENTS; i++)
        kit->params[i] = flow_kit_nothing();
    for (size_t i = 0; i <= EXPR_UNCERTAIN; i++)
        kit->facts[i] = flow_kit_nothing();
    for (size_t i = 0; i <= EXPR_PEAK_OF; i++)
        kit->rule_facts[i] = flow_kit_nothing();
    kit->parties[0] = slice_text("sender__");
    kit->ledger =
        (struct expr_ledger){ kit,          answer_fact,       answer_rule_fact, answer_charged,
                              answer_holds, answer_certificate };
    kit->scope = (struct expr_scope){ .definition = kit->def,
                                      .terms = kit->terms,
                                      .parties = kit->parties,
                                      .fields = kit->fields,
                                      .params = kit->params,
                                      .declared = kit->def->params,
                                      .ledger = &kit->ledger,
                                      .memory = kit->memory };
}

void flow_kit_end(struct flow_kit *kit)
{
    free(kit->def);
    free(kit->terms);
}

/* ------------------------------------------------------------------ steps */

void flow_kit_guard(struct flow_kit *kit, struct contract_step *step, const char *words,
                    struct contract_code code)
{
    struct contract_definition *d = kit->def;
    if (step->guard_count == 0)
        step->guard = (uint16_t)d->guard_count;
    step->guard_count++;
    d->guards[d->guard_count++] =
        (struct contract_guard){ .words = slice_text(words), .code = code };
}

void flow_kit_effect(struct flow_kit *kit, struct contract_step *step, struct contract_effect e)
{
    struct contract_definition *d = kit->def;
    if (step->effect_count == 0)
        step->effect = (uint16_t)d->effect_count;
    step->effect_count++;
    d->effects[d->effect_count++] = e;
}
