#include "contracts/expr.h"

#include <assert.h>
#include <string.h>

#include "contracts/expr_parts.h"

#define RULES_IN_FACT 64 /* an argument is 64 * fact + rule */
#define ALL_RULES     63
#define BYTES_OF_STEP 256 /* of what is compared */

static const struct expr_shape shapes[] = {
    [EXPR_CONSTANT] = { EXPR_CONSTANT, "a constant", true, 0 },
    [EXPR_TERM] = { EXPR_TERM, "a term", true, 0 },
    [EXPR_FIELD] = { EXPR_FIELD, "a property", true, 0 },
    [EXPR_PARAM] = { EXPR_PARAM, "a parameter", true, 0 },
    [EXPR_PARTY] = { EXPR_PARTY, "a party", true, 0 },
    [EXPR_FACT] = { EXPR_FACT, "a fact", true, 0 },
    [EXPR_RULE_FACT] = { EXPR_RULE_FACT, "a fact of a rule", true, 0 },
    [EXPR_CHARGED] = { EXPR_CHARGED, "time charged to", true, 1 },
    [EXPR_DOCUMENT] = { EXPR_DOCUMENT, "document", true, 0 },
    [EXPR_HOLDS] = { EXPR_HOLDS, "holds", true, 1 },
    [EXPR_OPEN_GUARD] = { EXPR_OPEN_GUARD, "guard", true, 0 },
    [EXPR_CERTIFIED] = { EXPR_CERTIFIED, "certificate", true, 1 },
    [EXPR_GOODS_CERTIFIED] = { EXPR_GOODS_CERTIFIED, "certificate of goods", true, 0 },
    [EXPR_CERTIFIED_BY] = { EXPR_CERTIFIED_BY, "certificate", true, 2 },
    [EXPR_GOODS_CERTIFIED_BY] = { EXPR_GOODS_CERTIFIED_BY, "certificate of goods", true, 1 },
    [EXPR_NOT] = { EXPR_NOT, "not", false, 1 },
    [EXPR_AND] = { EXPR_AND, "and", false, 2 },
    [EXPR_OR] = { EXPR_OR, "or", false, 2 },
    [EXPR_EQUAL] = { EXPR_EQUAL, "=", false, 2 },
    [EXPR_DIFFERENT] = { EXPR_DIFFERENT, "!=", false, 2 },
    [EXPR_LESS] = { EXPR_LESS, "<", false, 2 },
    [EXPR_AT_MOST] = { EXPR_AT_MOST, "<=", false, 2 },
    [EXPR_GREATER] = { EXPR_GREATER, ">", false, 2 },
    [EXPR_AT_LEAST] = { EXPR_AT_LEAST, ">=", false, 2 },
    [EXPR_NEGATE] = { EXPR_NEGATE, "-", false, 1 },
    [EXPR_ADD] = { EXPR_ADD, "+", false, 2 },
    [EXPR_SUBTRACT] = { EXPR_SUBTRACT, "-", false, 2 },
    [EXPR_MULTIPLY] = { EXPR_MULTIPLY, "*", false, 2 },
    [EXPR_DIVIDE] = { EXPR_DIVIDE, "/", false, 2 },
    [EXPR_MINIMUM] = { EXPR_MINIMUM, "min", false, 2 },
    [EXPR_MAXIMUM] = { EXPR_MAXIMUM, "max", false, 2 },
    [EXPR_PRORATE] = { EXPR_PRORATE, "prorate", false, 3 },
    [EXPR_IN] = { EXPR_IN, "in", false, 2 },
    [EXPR_COUNT] = { EXPR_COUNT, "count", false, 1 },
    [EXPR_IF] = { EXPR_IF, "if", false, 3 },
    [EXPR_ADDED] = { EXPR_ADDED, "added", false, 2 },
};

const struct expr_shape *expr_shape_of(int32_t word)
{
    bool known = word >= 0 && (size_t)word < sizeof shapes / sizeof shapes[0];
    return known && shapes[word].name != NULL ? &shapes[word] : NULL;
}

/* ------------------------------------------------------------------ the machine */

struct machine {
    struct expr_scope *scope;
    struct expr_outcome stack[EXPR_MAX_STACK];
    unsigned depth;
    unsigned at; /* the operation being run */
    unsigned argument;
};

static void push(struct machine *m, const struct expr_outcome *outcome)
{
    assert(m->depth < EXPR_MAX_STACK);
    m->stack[m->depth++] = *outcome;
}

static void push_value(struct machine *m, const struct contract_value *value)
{
    struct expr_outcome o = { .value = *value, .at = m->at };
    if (value->type == CONTRACT_NOTHING)
        o.lack = EXPR_UNSET;
    push(m, &o);
}

static void push_bool(struct machine *m, bool value)
{
    struct contract_value v = { .type = CONTRACT_BOOL, .number = value ? 1 : 0 };
    push_value(m, &v);
}

static void push_lack(struct machine *m, enum expr_lack lack)
{
    struct expr_outcome o = { .value = { .type = CONTRACT_NOTHING }, .lack = lack, .at = m->at };
    push(m, &o);
}

/* The value that arithmetic made, or why it made none. */
static void push_made(struct machine *m, enum expr_lack lack, const struct contract_value *value)
{
    if (lack != EXPR_HAS_VALUE)
        push_lack(m, lack);
    else
        push_value(m, value);
}

/* Whether an operand can be computed with; else the outcome lacks what the operand lacks. */
static bool is_usable(struct machine *m, const struct expr_outcome *operand)
{
    if (operand->lack == EXPR_HAS_VALUE && operand->value.type != CONTRACT_NOTHING)
        return true;
    struct expr_outcome o = *operand;
    o.is_constant = false;
    o.is_derived = true;
    o.lack = o.lack == EXPR_HAS_VALUE ? EXPR_UNSET : o.lack;
    push(m, &o);
    return false;
}

/* ------------------------------------------------------------------ leaves */

static void push_constant(struct machine *m)
{
    const struct contract_definition *def = m->scope->definition;
    assert(m->argument < def->constant_count);
    struct expr_outcome o = { .value = def->constants[m->argument],
                              .is_constant = true,
                              .at = m->at };
    push(m, &o);
}

static void push_fact(struct machine *m)
{
    const struct expr_ledger *ledger = m->scope->ledger;
    struct contract_value v = { .type = CONTRACT_NOTHING };
    m->scope->steps++;
    if (ledger == NULL || !ledger->fact(ledger->ctx, (enum expr_fact)m->argument, &v))
        v.type = CONTRACT_NOTHING;
    push_value(m, &v);
}

static void push_rule_fact(struct machine *m)
{
    const struct expr_ledger *ledger = m->scope->ledger;
    struct contract_value v = { .type = CONTRACT_NOTHING };
    enum expr_rule_fact fact = (enum expr_rule_fact)(m->argument / RULES_IN_FACT);
    m->scope->steps++;
    if (ledger == NULL || !ledger->rule_fact(ledger->ctx, fact, m->argument % RULES_IN_FACT, &v))
        v.type = CONTRACT_NOTHING;
    push_value(m, &v);
}

static void push_leaf(struct machine *m, enum expr_op op)
{
    static const struct contract_value nothing = { .type = CONTRACT_NOTHING };
    const struct expr_scope *s = m->scope;
    if (op == EXPR_TERM) {
        push_value(m, &s->terms->values[m->argument]);
    } else if (op == EXPR_FIELD) {
        push_value(m, s->fields == NULL ? &nothing : &s->fields[m->argument]);
    } else if (op == EXPR_PARAM) {
        push_value(m, s->params == NULL ? &nothing : &s->params[m->argument]);
    } else if (op == EXPR_DOCUMENT) {
        push_bool(m, (s->documents >> m->argument & 1) != 0);
    } else if (op == EXPR_OPEN_GUARD) {
        push_lack(m, EXPR_GUARD_IS_OPEN);
    } else {
        assert(op == EXPR_PARTY);
        struct contract_value kid = { .type = CONTRACT_PARTY, .text = s->parties[m->argument] };
        push_value(m, kid.text.len == 0 ? &nothing : &kid);
    }
}

/* ------------------------------------------------------------------ questions about a party */

static void ask_charged(struct machine *m, const struct expr_outcome *party)
{
    const struct expr_ledger *ledger = m->scope->ledger;
    int rule = m->argument == ALL_RULES ? -1 : (int)m->argument;
    uint64_t seconds;
    m->scope->steps++;
    if (!is_usable(m, party))
        return;
    if (ledger == NULL || !ledger->charged(ledger->ctx, rule, party->value.text, &seconds)) {
        push_lack(m, EXPR_UNANSWERED);
        return;
    }
    if (seconds > INT64_MAX) {
        push_lack(m, EXPR_TOO_LARGE);
        return;
    }
    struct contract_value v = expr_arith_seconds((int64_t)seconds, 0);
    push_value(m, &v);
}

static void ask_holds(struct machine *m, const struct expr_outcome *party)
{
    const struct expr_ledger *ledger = m->scope->ledger;
    m->scope->steps++;
    if (!is_usable(m, party))
        return;
    if (ledger == NULL)
        push_lack(m, EXPR_UNANSWERED);
    else
        push_bool(m, ledger->holds(ledger->ctx, m->argument, party->value.text));
}

static void ask_certificate(struct machine *m, const struct expr_shape *shape,
                            const struct expr_outcome *operands)
{
    struct expr_certificate found;
    struct contract_value values[2];
    m->scope->steps++;
    for (unsigned i = 0; i < shape->takes; i++) {
        if (!is_usable(m, &operands[i]))
            return;
        values[i] = operands[i].value;
    }
    if (expr_ask_certificate(m->scope, shape->op, m->argument, values, &found))
        push_bool(m, found.standing == EXPR_STANDS_HOLDS);
    else
        push_lack(m, EXPR_UNANSWERED);
}

/* ------------------------------------------------------------------ logic */

/* `deciding`: false for and, true for or: one side of this value decides alone. */
static void run_logic(struct machine *m, const struct expr_outcome *a, const struct expr_outcome *b,
                      bool deciding)
{
    bool a_decides = a->lack == EXPR_HAS_VALUE && (a->value.number != 0) == deciding;
    bool b_decides = b->lack == EXPR_HAS_VALUE && (b->value.number != 0) == deciding;
    if (a_decides || b_decides)
        push_bool(m, deciding);
    else if (is_usable(m, a) && is_usable(m, b))
        push_bool(m, !deciding);
}

/* Texts and lists may be long: what is looked at has its price. */
static void count_bytes(struct expr_scope *scope, const struct contract_value *value)
{
    scope->steps += value->text.len / BYTES_OF_STEP;
}

/* Only the constant nothing may be compared with what is not set. */
static void run_equal(struct machine *m, const struct expr_outcome *a, const struct expr_outcome *b,
                      bool wanted)
{
    bool a_nothing = a->is_constant && a->value.type == CONTRACT_NOTHING;
    bool b_nothing = b->is_constant && b->value.type == CONTRACT_NOTHING;
    if (!a_nothing && !b_nothing) {
        if (!is_usable(m, a) || !is_usable(m, b))
            return;
        count_bytes(m->scope, &a->value);
        count_bytes(m->scope, &b->value);
        push_bool(m, (value_compare(&a->value, &b->value) == 0) == wanted);
        return;
    }
    const struct expr_outcome *other = a_nothing ? b : a;
    bool is_unset = other->lack == EXPR_UNSET && !other->is_derived;
    if (other->lack != EXPR_HAS_VALUE && !is_unset)
        push(m, other);
    else
        push_bool(m, (other->value.type == CONTRACT_NOTHING) == wanted);
}

static void run_order(struct machine *m, enum expr_op op, const struct expr_outcome *operands)
{
    if (!is_usable(m, &operands[0]) || !is_usable(m, &operands[1]))
        return;
    int order = value_compare(&operands[0].value, &operands[1].value);
    if (op == EXPR_LESS)
        push_bool(m, order < 0);
    else if (op == EXPR_AT_MOST)
        push_bool(m, order <= 0);
    else if (op == EXPR_GREATER)
        push_bool(m, order > 0);
    else
        push_bool(m, order >= 0);
}

static void run_if(struct machine *m, const struct expr_outcome *operands)
{
    if (is_usable(m, &operands[0]))
        push(m, operands[0].value.number != 0 ? &operands[1] : &operands[2]);
}

/* ------------------------------------------------------------------ lists */

static bool list_has(const struct contract_value *list, const struct contract_value *value)
{
    struct cbor_reader items;
    size_t n = value_list_begin(list, &items);
    for (size_t i = 0; i < n; i++) {
        struct contract_value v = value_list_next(&items, value->type);
        if (!items.failed && value_compare(&v, value) == 0)
            return true;
    }
    return false;
}

/* Lives in the scope's memory. */
static enum expr_lack make_longer(struct expr_scope *scope, const struct contract_value *list,
                                  const struct contract_value *value, struct contract_value *ret)
{
    struct cbor_reader items;
    size_t n = value_list_begin(list, &items);
    if (scope->memory == NULL || n >= VALUE_LIST_MAX)
        return EXPR_LIST_FULL;
    assert(scope->memory_used <= EXPR_MEMORY);
    uint8_t *at = scope->memory + scope->memory_used;
    struct buf out = buf_fixed(at, EXPR_MEMORY - scope->memory_used);
    struct contract_value settled = *value;
    value_settle(&settled);
    cbor_put_array(&out, n + 1);
    buf_add_slice(&out, slice_from(list->text, items.pos, list->text.len - items.pos));
    value_put(&out, &settled);
    if (out.failed)
        return EXPR_LIST_FULL;
    scope->memory_used += out.len;
    *ret = (struct contract_value){ .type = CONTRACT_LIST, .text = buf_slice(&out) };
    return EXPR_HAS_VALUE;
}

static void run_list(struct machine *m, enum expr_op op, const struct expr_outcome *operands)
{
    if (op == EXPR_COUNT) {
        if (!is_usable(m, &operands[0]))
            return;
        struct cbor_reader items;
        size_t n = value_list_begin(&operands[0].value, &items);
        struct contract_value v = { .type = CONTRACT_INT, .number = (int64_t)n };
        push_value(m, &v);
        return;
    }
    if (!is_usable(m, &operands[0]) || !is_usable(m, &operands[1]))
        return;
    const struct contract_value *list = &operands[op == EXPR_IN ? 1 : 0].value;
    const struct contract_value *value = &operands[op == EXPR_IN ? 0 : 1].value;
    count_bytes(m->scope, list);
    bool has = list_has(list, value);
    if (op == EXPR_IN) {
        push_bool(m, has);
        return;
    }
    struct contract_value longer = *list;
    push_made(m, has ? EXPR_HAS_VALUE : make_longer(m->scope, list, value, &longer), &longer);
}

/* ------------------------------------------------------------------ arithmetic */

static void run_arithmetic(struct machine *m, enum expr_op op, const struct expr_outcome *operands,
                           unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!is_usable(m, &operands[i]))
            return;
    const struct contract_value *a = &operands[0].value;
    const struct contract_value *b = &operands[count > 1 ? 1 : 0].value;
    struct contract_value made = *a;
    enum expr_lack lack = EXPR_HAS_VALUE;
    if (op == EXPR_NEGATE)
        lack = expr_arith_negate(a, &made);
    else if (op == EXPR_ADD || op == EXPR_SUBTRACT)
        lack = expr_arith_add(a, b, op == EXPR_SUBTRACT, &made);
    else if (op == EXPR_MULTIPLY)
        lack = expr_arith_multiply(a, b, &made);
    else if (op == EXPR_DIVIDE)
        lack = expr_arith_divide(a, b, &made);
    else if (op == EXPR_PRORATE)
        lack = expr_arith_prorate(a, b, &operands[2].value, &made);
    else if ((value_compare(a, b) <= 0) != (op == EXPR_MINIMUM))
        made = *b;
    push_made(m, lack, &made);
}

/* ------------------------------------------------------------------ running */

static void run_operation(struct machine *m, const struct expr_shape *shape)
{
    assert(m->depth >= shape->takes);
    m->depth -= shape->takes;
    struct expr_outcome operands[3] = { { .lack = EXPR_HAS_VALUE } };
    for (unsigned i = 0; i < shape->takes; i++)
        operands[i] = m->stack[m->depth + i];
    switch (shape->op) {
    case EXPR_CONSTANT: push_constant(m); return;
    case EXPR_TERM:
    case EXPR_FIELD:
    case EXPR_PARAM:
    case EXPR_PARTY:
    case EXPR_DOCUMENT:
    case EXPR_OPEN_GUARD: push_leaf(m, shape->op); return;
    case EXPR_FACT: push_fact(m); return;
    case EXPR_RULE_FACT: push_rule_fact(m); return;
    case EXPR_CHARGED: ask_charged(m, &operands[0]); return;
    case EXPR_HOLDS: ask_holds(m, &operands[0]); return;
    case EXPR_CERTIFIED:
    case EXPR_CERTIFIED_BY:
    case EXPR_GOODS_CERTIFIED:
    case EXPR_GOODS_CERTIFIED_BY: ask_certificate(m, shape, operands); return;
    case EXPR_NOT:
        if (is_usable(m, &operands[0]))
            push_bool(m, operands[0].value.number == 0);
        return;
    case EXPR_AND: run_logic(m, &operands[0], &operands[1], false); return;
    case EXPR_OR: run_logic(m, &operands[0], &operands[1], true); return;
    case EXPR_EQUAL: run_equal(m, &operands[0], &operands[1], true); return;
    case EXPR_DIFFERENT: run_equal(m, &operands[0], &operands[1], false); return;
    case EXPR_LESS:
    case EXPR_AT_MOST:
    case EXPR_GREATER:
    case EXPR_AT_LEAST: run_order(m, shape->op, operands); return;
    case EXPR_NEGATE:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MINIMUM:
    case EXPR_MAXIMUM:
    case EXPR_PRORATE: run_arithmetic(m, shape->op, operands, shape->takes); return;
    case EXPR_IN:
    case EXPR_COUNT:
    case EXPR_ADDED: run_list(m, shape->op, operands); return;
    case EXPR_IF: run_if(m, operands); return;
    }
    assert(!"an operation that is none");
}

bool expr_ask_certificate(const struct expr_scope *scope, enum expr_op op, unsigned constant,
                          const struct contract_value *operands, struct expr_certificate *ret)
{
    const struct expr_ledger *ledger = scope->ledger;
    assert(constant < scope->definition->constant_count);
    struct expr_question q = { .name = scope->definition->constants[constant].text };
    if (op == EXPR_CERTIFIED || op == EXPR_CERTIFIED_BY)
        q.party = operands[0].text;
    if (op == EXPR_CERTIFIED_BY)
        q.issuer = operands[1].text;
    else if (op == EXPR_GOODS_CERTIFIED_BY)
        q.issuer = operands[0].text;
    return ledger != NULL && ledger->certificate(ledger->ctx, &q, ret);
}

struct expr_outcome expr_run(struct expr_scope *scope, struct contract_code code)
{
    const int32_t *words = scope->definition->code;
    struct machine m;
    m.scope = scope;
    m.depth = 0;
    for (unsigned i = code.at; i < (unsigned)code.at + code.len; i++) {
        const struct expr_shape *shape = expr_shape_of(words[i]);
        assert(shape != NULL);
        m.at = i;
        m.argument = shape->has_argument ? (unsigned)words[++i] : 0;
        scope->steps++;
        run_operation(&m, shape);
    }
    assert(m.depth == 1);
    return m.stack[0];
}

bool expr_value(struct expr_scope *scope, struct contract_code code,
                struct contract_value *ret_value, struct err *err)
{
    struct expr_outcome outcome = expr_run(scope, code);
    if (outcome.lack == EXPR_HAS_VALUE) {
        *ret_value = outcome.value;
        return true;
    }
    char text[sizeof err->msg];
    struct words w = words_begin(text, sizeof text);
    expr_lack_words(scope, &outcome, &w);
    return err_set(err, ERR_REFUSED, "%s", text);
}
