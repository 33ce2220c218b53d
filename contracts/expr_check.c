/*
 * Proves code well-typed before it ever runs, so that expr_value() needs no check of its own: the same
 * operations as there, on kinds instead of values.
 */
#include "contracts/expr_parts.h"

#include <assert.h>

#include "contracts/property.h"

#define RULES_IN_FACT 64
#define ALL_RULES     63
#define SHOWN         64
#define OPERANDS      3

struct checker {
    const struct contract_definition *def;
    const struct contract_param *params;
    size_t param_count;
    int trigger;
    bool is_start; /* a field's first value */
    unsigned detail;
    struct value_kind stack[EXPR_MAX_STACK];
    unsigned depth;
    unsigned word; /* from the code's start, for messages */
    const struct expr_shape *shape;
    struct err *err;
};

static bool complain(struct checker *c, const char *what)
{
    return err_set(c->err, ERR_INPUT, "word %u: %s: %s", c->word, c->shape->name, what);
}

static bool complain_of_operands(struct checker *c, const struct value_kind *operands)
{
    char text[OPERANDS * SHOWN];
    struct words w = words_begin(text, sizeof text);
    for (unsigned i = 0; i < c->shape->takes; i++) {
        char one[SHOWN];
        value_kind_show(&operands[i], one, sizeof one);
        words_add(&w, i > 0 ? " and " : "");
        words_add(&w, one);
    }
    return err_set(c->err, ERR_INPUT, "word %u: \"%s\" does not go with %s", c->word,
                   c->shape->name, text);
}

static bool push(struct checker *c, struct value_kind kind)
{
    if (c->depth == EXPR_MAX_STACK)
        return complain(c, "the expression is too deep");
    c->stack[c->depth++] = kind;
    return true;
}

static bool push_type(struct checker *c, enum contract_type type)
{
    return push(c, expr_kind_plain(type));
}

/* ------------------------------------------------------------------ leaves */

/* A constant list shows by its first value what all are; each must be alike. */
static bool constant_list_kind(struct checker *c, const struct contract_value *v,
                               struct value_kind *ret)
{
    struct cbor_reader items;
    *ret = expr_kind_plain(CONTRACT_LIST);
    ret->scalar = CONTRACT_NOTHING;
    if (value_list_begin(v, &items) > 0 && !items.failed) {
        enum cbor_kind first = cbor_peek(&items);
        if (first == CBOR_TEXT)
            ret->scalar = CONTRACT_TEXT;
        else if (first == CBOR_UINT || first == CBOR_NINT)
            ret->scalar = CONTRACT_INT;
        else
            return complain(c, "a list in an expression holds texts or whole numbers");
    }
    return value_fits(v, ret, NULL, c->err) || complain(c, "a list of unlike values");
}

static bool check_constant(struct checker *c, unsigned argument)
{
    if (argument >= c->def->constant_count)
        return complain(c, "there is no such constant");
    const struct contract_value *v = &c->def->constants[argument];
    struct value_kind kind =
        v->type == CONTRACT_QUANTITY ? expr_kind_quantity(v->text) : expr_kind_plain(v->type);
    if (v->type == CONTRACT_LIST && !constant_list_kind(c, v, &kind))
        return false;
    return push(c, kind);
}

/* Whether a fact has an answer here. */
static const char *fact_missing(const struct checker *c, enum expr_fact fact)
{
    bool reaction = c->trigger >= 0;
    bool start = c->is_start;
    switch (fact) {
    case EXPR_CALLER:
    case EXPR_CALL_TIME: return reaction || start ? "only an action has a caller" : NULL;
    case EXPR_NOW:
    case EXPR_OPENER:
    case EXPR_STARTED: return NULL;
    case EXPR_CUSTODIAN:
    case EXPR_OWNER:
    case EXPR_WORST:
    case EXPR_EXCURSIONS:
    case EXPR_UNACKNOWLEDGED:
    case EXPR_UNCERTAIN: return start ? "not known yet when the contract opens" : NULL;
    case EXPR_READING:
    case EXPR_READING_TIME:
        return c->trigger == CONTRACT_ON_READING ? NULL : "only a reaction to a reading has one";
    case EXPR_FROM:
    case EXPR_TO:
        return c->trigger == CONTRACT_ON_HANDOVER ? NULL : "only a reaction to a handover has one";
    case EXPR_PLACE:
        return c->trigger == CONTRACT_ON_SCAN ? NULL : "only a reaction to a scan has one";
    }
    return "there is no such fact";
}

static bool push_reading(struct checker *c)
{
    const struct property *p = property_by_id(c->detail);
    if (p == NULL)
        return complain(c, "a property that is not in the table");
    return push(c, expr_kind_quantity(slice_text(p->unit)));
}

static bool check_fact(struct checker *c, unsigned argument)
{
    const char *missing = argument > EXPR_UNCERTAIN ? "there is no such fact"
                                                    : fact_missing(c, (enum expr_fact)argument);
    if (missing != NULL)
        return complain(c, missing);
    switch ((enum expr_fact)argument) {
    case EXPR_CALLER:
    case EXPR_OPENER:
    case EXPR_CUSTODIAN:
    case EXPR_OWNER:
    case EXPR_FROM:
    case EXPR_TO: return push_type(c, CONTRACT_PARTY);
    case EXPR_NOW:
    case EXPR_STARTED:
    case EXPR_READING_TIME:
    case EXPR_CALL_TIME: return push_type(c, CONTRACT_TIME);
    case EXPR_WORST:
    case EXPR_EXCURSIONS:
    case EXPR_UNACKNOWLEDGED:
    case EXPR_UNCERTAIN: return push_type(c, CONTRACT_INT);
    case EXPR_PLACE: return push_type(c, CONTRACT_TEXT);
    case EXPR_READING: return push_reading(c);
    }
    return complain(c, "there is no such fact");
}

static bool check_rule_fact(struct checker *c, unsigned argument)
{
    unsigned rule = argument % RULES_IN_FACT;
    if (c->is_start)
        return complain(c, "not known yet when the contract opens");
    if (rule >= c->def->rule_count)
        return complain(c, "there is no such rule");
    const struct property *p = property_by_id(c->def->rules[rule].property);
    switch (argument / RULES_IN_FACT) {
    case EXPR_COUNT_OF: return push_type(c, CONTRACT_INT);
    case EXPR_TIME_OF: return push(c, expr_kind_quantity(slice_text("s")));
    case EXPR_PEAK_OF:
        if (p == NULL || c->def->rules[rule].watch == CONTRACT_SILENCE)
            return complain(c, "silence has no peak");
        return push(c, expr_kind_quantity(slice_text(p->unit)));
    default: return complain(c, "there is no such fact of a rule");
    }
}

/* NULL: there is none. */
static bool push_from(struct checker *c, const struct value_kind *kind)
{
    return kind != NULL ? push(c, *kind) : complain(c, "there is no such thing here");
}

static bool check_party(struct checker *c, unsigned argument)
{
    struct value_kind party = expr_kind_plain(CONTRACT_PARTY);
    if (argument >= c->def->party_count)
        return complain(c, "there is no such party");
    party.role = (int)c->def->parties[argument].role;
    return push(c, party);
}

/* Documents and open guards are known once the contract is in force. */
static bool check_yes_or_no(struct checker *c, unsigned argument, size_t count)
{
    struct value_kind kind = expr_kind_plain(CONTRACT_BOOL);
    return push_from(c, !c->is_start && argument < count ? &kind : NULL);
}

/* The name of a certificate is a constant text. */
static bool is_certificate(const struct checker *c, unsigned argument)
{
    const struct contract_definition *def = c->def;
    return argument < def->constant_count && def->constants[argument].type == CONTRACT_TEXT &&
           def->constants[argument].text.len > 0 &&
           def->constants[argument].text.len <= EXPR_CERTIFICATE_MAX;
}

static bool is_known(const struct checker *c, unsigned argument)
{
    enum expr_op op = c->shape->op;
    if (op == EXPR_CERTIFIED || op == EXPR_CERTIFIED_BY || op == EXPR_GOODS_CERTIFIED_BY)
        return is_certificate(c, argument);
    if (op == EXPR_HOLDS)
        return argument < c->def->role_count;
    return argument == ALL_RULES || argument < c->def->rule_count;
}

static bool check_question(struct checker *c, unsigned argument, const struct value_kind *operand)
{
    struct value_kind kind = VALUE_KIND_NONE;
    if (c->is_start)
        return complain(c, "not known yet when the contract opens");
    if (!expr_kind_of(c->shape->op, operand, &kind))
        return complain_of_operands(c, operand);
    return push_from(c, is_known(c, argument) ? &kind : NULL);
}

/* ------------------------------------------------------------------ all of it */

static bool check_leaf(struct checker *c, unsigned argument)
{
    const struct contract_definition *def = c->def;
    enum expr_op op = c->shape->op;
    if (op == EXPR_CONSTANT)
        return check_constant(c, argument);
    if (op == EXPR_TERM)
        return push_from(c, argument < def->term_count ? &def->terms[argument].kind : NULL);
    if (op == EXPR_FIELD)
        return push_from(
            c, !c->is_start && argument < def->field_count ? &def->fields[argument].kind : NULL);
    if (op == EXPR_PARAM)
        return push_from(
            c, c->params != NULL && argument < c->param_count ? &c->params[argument].kind : NULL);
    if (op == EXPR_PARTY)
        return check_party(c, argument);
    if (op == EXPR_FACT)
        return check_fact(c, argument);
    if (op == EXPR_RULE_FACT)
        return check_rule_fact(c, argument);
    if (op == EXPR_DOCUMENT)
        return check_yes_or_no(c, argument, def->document_count);
    if (op == EXPR_GOODS_CERTIFIED)
        return check_yes_or_no(c, 0, is_certificate(c, argument) ? 1 : 0);
    assert(op == EXPR_OPEN_GUARD);
    return check_yes_or_no(c, argument, def->guard_name_count);
}

static bool check_operation(struct checker *c, unsigned argument)
{
    if (c->shape->takes == 0)
        return check_leaf(c, argument);
    if (c->depth < c->shape->takes)
        return complain(c, "something is missing before it");
    c->depth -= c->shape->takes;
    struct value_kind operands[OPERANDS] = { VALUE_KIND_NONE, VALUE_KIND_NONE, VALUE_KIND_NONE };
    for (unsigned i = 0; i < c->shape->takes; i++)
        operands[i] = c->stack[c->depth + i];
    if (c->shape->has_argument)
        return check_question(c, argument, operands);
    struct value_kind kind = VALUE_KIND_NONE;
    if (!expr_kind_of(c->shape->op, operands, &kind))
        return complain_of_operands(c, operands);
    return push(c, kind);
}

// NOLINTNEXTLINE(readability-function-size): an action has no trigger, a reaction no parameters
bool expr_check(const struct contract_definition *definition, struct contract_code code,
                const struct contract_param *params, size_t param_count, int trigger,
                unsigned detail, struct value_kind *ret_kind, struct err *err)
{
    if (code.len == 0 || code.len > EXPR_MAX_CODE ||
        (size_t)code.at + code.len > definition->code_count)
        return err_set(err, ERR_INPUT, "an expression of 1 to %d words was expected",
                       EXPR_MAX_CODE);
    struct checker c;
    c.def = definition;
    c.params = params;
    c.param_count = param_count;
    c.trigger = trigger;
    c.is_start = params == NULL && trigger < 0;
    c.detail = detail;
    c.depth = 0;
    c.err = err;
    const int32_t *words = definition->code + code.at;
    for (unsigned i = 0; i < code.len; i++) {
        c.word = i;
        c.shape = expr_shape_of(words[i]);
        if (c.shape == NULL)
            return err_set(err, ERR_INPUT, "word %u: there is no such operation", i);
        if (c.shape->has_argument && (i + 1 == code.len || words[i + 1] < 0))
            return complain(&c, "an argument is missing");
        unsigned argument = c.shape->has_argument ? (unsigned)words[++i] : 0;
        if (!check_operation(&c, argument))
            return false;
    }
    if (c.depth != 1)
        return err_set(err, ERR_INPUT, "an expression of %u values instead of one", c.depth);
    *ret_kind = c.stack[0];
    return true;
}
