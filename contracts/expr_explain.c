/* Words for what expressions found, or did not find. */
#include "contracts/expr_parts.h"

#include <assert.h>
#include <string.h>

#include "common/hex.h"
#include "contracts/verdict.h"

#define RULES_IN_FACT     64
#define ALL_RULES         63
#define NAMED_LEAVES      6 /* in one explanation */
#define CERTIFICATE_SHOWN 4 /* bytes of its hash: enough to find it */

static const char *const fact_names[] = {
    [EXPR_CALLER] = "caller",
    [EXPR_NOW] = "now",
    [EXPR_OPENER] = "opener",
    [EXPR_CUSTODIAN] = "custodian",
    [EXPR_OWNER] = "owner",
    [EXPR_WORST] = "worst severity",
    [EXPR_EXCURSIONS] = "excursions",
    [EXPR_UNACKNOWLEDGED] = "unacknowledged excursions",
    [EXPR_STARTED] = "started",
    [EXPR_READING] = "reading",
    [EXPR_READING_TIME] = "reading time",
    [EXPR_FROM] = "from",
    [EXPR_TO] = "to",
    [EXPR_PLACE] = "place",
    [EXPR_CALL_TIME] = "call time",
    [EXPR_UNCERTAIN] = "uncertain excursions",
};

const char *expr_fact_name(enum expr_fact fact)
{
    assert((size_t)fact < sizeof fact_names / sizeof fact_names[0]);
    return fact_names[fact];
}

/* ------------------------------------------------------------------ leaves */

static void add_rule_fact(const struct contract_definition *def, unsigned argument, struct words *w)
{
    static const char *const names[] = {
        [EXPR_COUNT_OF] = "excursions of ",
        [EXPR_TIME_OF] = "time of ",
        [EXPR_PEAK_OF] = "peak of ",
    };
    words_add(w, names[argument / RULES_IN_FACT]);
    words_add_slice(w, def->rules[argument % RULES_IN_FACT].name);
}

static bool is_of_goods(int32_t word)
{
    return word == EXPR_GOODS_CERTIFIED || word == EXPR_GOODS_CERTIFIED_BY;
}

static bool is_certificate(int32_t word)
{
    return is_of_goods(word) || word == EXPR_CERTIFIED || word == EXPR_CERTIFIED_BY;
}

void expr_leaf_words(const struct expr_scope *scope, unsigned at, struct words *w)
{
    const struct contract_definition *def = scope->definition;
    unsigned argument = (unsigned)def->code[at + 1];
    switch ((enum expr_op)def->code[at]) {
    case EXPR_CONSTANT: words_add_value(w, &def->constants[argument]); return;
    case EXPR_TERM: words_add_slice(w, def->terms[argument].name); return;
    case EXPR_FIELD: words_add_slice(w, def->fields[argument].name); return;
    case EXPR_PARAM:
        if (scope->declared != NULL)
            words_add_slice(w, scope->declared[argument].name);
        else
            words_add(w, "a parameter");
        return;
    case EXPR_PARTY: words_add_slice(w, def->parties[argument].name); return;
    case EXPR_FACT: words_add(w, expr_fact_name((enum expr_fact)argument)); return;
    case EXPR_RULE_FACT: add_rule_fact(def, argument, w); return;
    case EXPR_DOCUMENT:
        words_add(w, "document ");
        words_add_slice(w, def->documents[argument].name);
        return;
    case EXPR_OPEN_GUARD:
        words_add(w, "guard \"");
        words_add_slice(w, def->guard_names[argument]);
        words_add(w, "\"");
        return;
    case EXPR_CHARGED:
        words_add(w, "time charged");
        if (argument != ALL_RULES) {
            words_add(w, " for ");
            words_add_slice(w, def->rules[argument].name);
        }
        return;
    case EXPR_HOLDS:
        words_add(w, "a holder of ");
        words_add_slice(w, def->roles[argument].name);
        return;
    case EXPR_CERTIFIED:
    case EXPR_CERTIFIED_BY:
    case EXPR_GOODS_CERTIFIED:
    case EXPR_GOODS_CERTIFIED_BY:
        words_add(w, "certificate \"");
        words_add_slice(w, def->constants[argument].text);
        words_add(w, is_of_goods(def->code[at]) ? "\" of goods" : "\"");
        return;
    case EXPR_NOT:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_EQUAL:
    case EXPR_DIFFERENT:
    case EXPR_LESS:
    case EXPR_AT_MOST:
    case EXPR_GREATER:
    case EXPR_AT_LEAST:
    case EXPR_NEGATE:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MINIMUM:
    case EXPR_MAXIMUM:
    case EXPR_PRORATE:
    case EXPR_IN:
    case EXPR_COUNT:
    case EXPR_IF:
    case EXPR_ADDED: words_add(w, expr_shape_of(def->code[at])->name); return;
    }
    assert(!"an operation that is none");
}

static const char *what_is_missing(enum expr_op op)
{
    if (op == EXPR_FACT || op == EXPR_RULE_FACT)
        return " is not known";
    return op == EXPR_CONSTANT ? " has no value" : " is not set";
}

void expr_lack_words(const struct expr_scope *scope, const struct expr_outcome *outcome,
                     struct words *w)
{
    switch (outcome->lack) {
    case EXPR_HAS_VALUE: return;
    case EXPR_UNSET:
        expr_leaf_words(scope, outcome->at, w);
        words_add(w, what_is_missing((enum expr_op)scope->definition->code[outcome->at]));
        return;
    case EXPR_TOO_LARGE:
        words_add(w, "the result of \"");
        expr_leaf_words(scope, outcome->at, w);
        words_add(w, "\" is too large or too fine");
        return;
    case EXPR_BY_NOUGHT: words_add(w, "a division by nought"); return;
    case EXPR_NOT_MS: words_add(w, "a time moved by a part of a millisecond"); return;
    case EXPR_LIST_FULL: words_add(w, "the list is full"); return;
    case EXPR_UNANSWERED:
        expr_leaf_words(scope, outcome->at, w);
        words_add(w, " is not known");
        return;
    case EXPR_GUARD_IS_OPEN:
        expr_leaf_words(scope, outcome->at, w);
        words_add(w, " is not filled in");
        return;
    }
    assert(!"a lack that is none");
}

/* ------------------------------------------------------------------ why a condition does not hold */

/* A part of the code that makes one value: [from, last], whose last operation is at `op`. */
struct part {
    unsigned from, op, end;
};

struct explanation {
    struct expr_scope scope; /* a copy: what is asked again costs nothing */
    struct words *w;
    size_t named;
};

/* The parts that the operation at the end of `whole` takes. */
static void split(const int32_t *words, struct part *whole, struct part ret_operands[3])
{
    struct part stack[EXPR_MAX_STACK];
    unsigned depth = 0, taken = 0;
    for (unsigned k = 0; k < 3; k++)
        ret_operands[k] = *whole;
    for (unsigned i = whole->from; i < whole->end;) {
        const struct expr_shape *shape = expr_shape_of(words[i]);
        assert(shape != NULL && depth >= shape->takes && depth < EXPR_MAX_STACK + shape->takes);
        depth -= shape->takes;
        taken = shape->takes;
        for (unsigned k = 0; k < taken; k++)
            ret_operands[k] = stack[depth + k];
        struct part made = { .from = taken > 0 ? stack[depth].from : i, .op = i };
        i += shape->has_argument ? 2 : 1;
        made.end = i;
        stack[depth++] = made;
        whole->op = made.op;
    }
}

static struct expr_outcome value_of(struct explanation *e, const struct part *p)
{
    struct contract_code code = { .at = (uint16_t)p->from, .len = (uint16_t)(p->end - p->from) };
    return expr_run(&e->scope, code);
}

static void add_value_or_lack(struct explanation *e, unsigned at, const struct expr_outcome *o)
{
    const int32_t *code = &e->scope.definition->code[at];
    bool severity = code[0] == EXPR_FACT && code[1] == EXPR_WORST && o->value.number >= 0 &&
                    o->value.number <= VERDICT_CRITICAL;
    words_add(e->w, " is ");
    if (o->lack != EXPR_HAS_VALUE)
        words_add(e->w, "not set");
    else if (code[0] == EXPR_DOCUMENT)
        words_add(e->w, o->value.number != 0 ? "attached" : "not attached");
    else if (severity)
        words_add(e->w, verdict_severity_name((enum verdict_severity)o->value.number));
    else
        words_add_value(e->w, &o->value);
}

static bool is_leaf(int32_t word)
{
    const struct expr_shape *shape = expr_shape_of(word);
    return shape != NULL && shape->takes == 0 && shape->op != EXPR_CONSTANT &&
           shape->op != EXPR_OPEN_GUARD && shape->op != EXPR_GOODS_CERTIFIED;
}

static void add_standing(struct words *w, const struct expr_certificate *c)
{
    static const char *const said[] = {
        [EXPR_STANDS_HOLDS] = " holds",          [EXPR_STANDS_NONE] = " is missing",
        [EXPR_STANDS_NOT_YET] = " begins later", [EXPR_STANDS_EXPIRED] = " has expired",
        [EXPR_STANDS_REVOKED] = " was revoked",
    };
    char hex[2 * CERTIFICATE_SHOWN + 1];
    words_add(w, said[c->standing]);
    if (c->standing != EXPR_STANDS_NONE) {
        hex_encode(slice_of(c->statement.bytes, CERTIFICATE_SHOWN), hex);
        words_add(w, " (");
        words_add(w, hex);
        words_add(w, ")");
    }
    if (c->asset.len > 0) {
        words_add(w, " for ");
        words_add_slice(w, c->asset);
    }
}

static void add_party(struct explanation *e, const char *before, const struct part *p)
{
    const int32_t *code = e->scope.definition->code;
    words_add(e->w, before);
    if (is_leaf(code[p->op]))
        expr_leaf_words(&e->scope, p->op, e->w);
    else
        words_add(e->w, "a party");
}

/* `certificate "organic" of farmer by office has expired (…)`. whole: all that makes its value. */
static void name_certificate(struct explanation *e, struct part whole)
{
    const int32_t *code = e->scope.definition->code;
    const struct expr_shape *shape = expr_shape_of(code[whole.op]);
    bool known = true;
    struct expr_certificate found;
    struct part operands[3];
    struct contract_value values[2];
    if (e->named++ >= NAMED_LEAVES)
        return;
    words_add(e->w, e->named > 1 ? ", " : "");
    expr_leaf_words(&e->scope, whole.op, e->w);
    split(code, &whole, operands);
    for (unsigned i = 0; i < shape->takes; i++) {
        struct expr_outcome o = value_of(e, &operands[i]);
        add_party(e, i == 0 && !is_of_goods(code[whole.op]) ? " of " : " by ", &operands[i]);
        known = known && o.lack == EXPR_HAS_VALUE;
        values[i] = o.value;
    }
    if (known &&
        expr_ask_certificate(&e->scope, shape->op, (unsigned)code[whole.op + 1], values, &found))
        add_standing(e->w, &found);
    else
        words_add(e->w, " is not known");
}

/* "humidity is 70 %RH", after a comma when something is said already. */
static void name_leaf(struct explanation *e, unsigned at)
{
    if (e->named++ >= NAMED_LEAVES)
        return;
    struct part leaf = { .from = at, .op = at, .end = at + 2 };
    struct expr_outcome o = value_of(e, &leaf);
    words_add(e->w, e->named > 1 ? ", " : "");
    expr_leaf_words(&e->scope, at, e->w);
    add_value_or_lack(e, at, &o);
}

static bool said_before(const int32_t *words, unsigned from, unsigned at)
{
    for (unsigned i = from; i < at;) {
        if (words[i] == words[at] && words[i + 1] == words[at + 1])
            return true;
        i += expr_shape_of(words[i])->has_argument ? 2 : 1;
    }
    return false;
}

/* Whether a leaf is no more than who a certificate is asked of: that question names it. */
static bool is_asked_of(const int32_t *words, unsigned at, unsigned end)
{
    unsigned next = at + 2;
    if (next < end && is_certificate(words[next]) && words[next] != EXPR_GOODS_CERTIFIED)
        return true;
    return next + 2 < end && is_leaf(words[next]) && words[next + 2] == EXPR_CERTIFIED_BY;
}

static void name_leaves(struct explanation *e, const struct part *p)
{
    const int32_t *words = e->scope.definition->code;
    for (unsigned i = p->from; i < p->end;) {
        struct part so_far = { .from = p->from, .op = i, .end = i + 2 };
        if (is_certificate(words[i]))
            name_certificate(e, so_far);
        else if (is_leaf(words[i]) && !said_before(words, p->from, i) &&
                 !is_asked_of(words, i, p->end))
            name_leaf(e, i);
        i += expr_shape_of(words[i])->has_argument ? 2 : 1;
    }
}

/* A side that is computed has no name of its own: what it comes to, after what it is made of. */
static void add_sides(struct explanation *e, const struct part operands[2])
{
    static const char *const sides[] = { "the left side is ", "the right side is " };
    const int32_t *words = e->scope.definition->code;
    for (unsigned i = 0; i < 2; i++) {
        if (expr_shape_of(words[operands[i].op])->takes == 0)
            continue;
        struct expr_outcome o = value_of(e, &operands[i]);
        words_add(e->w, e->w->len > 0 ? ", " : "");
        words_add(e->w, sides[i]);
        if (o.lack == EXPR_HAS_VALUE)
            words_add_value(e->w, &o.value);
        else
            words_add(e->w, "not set");
    }
}

static bool is_comparison(int32_t word)
{
    return word >= EXPR_EQUAL && word <= EXPR_AT_LEAST;
}

void expr_explain(const struct expr_scope *scope, struct contract_code code, char *text,
                  size_t size)
{
    struct words w = words_begin(text, size);
    struct explanation e = { .scope = *scope, .w = &w };
    const int32_t *words = scope->definition->code;
    struct part whole = { .from = code.at, .end = (unsigned)code.at + code.len };
    struct part operands[3];
    split(words, &whole, operands);
    while (words[whole.op] == EXPR_AND) { /* the first side that does not hold */
        struct expr_outcome first = value_of(&e, &operands[0]);
        bool holds = first.lack == EXPR_HAS_VALUE && first.value.number != 0;
        whole = operands[holds ? 1 : 0];
        split(words, &whole, operands);
    }
    name_leaves(&e, &whole);
    if (is_comparison(words[whole.op]))
        add_sides(&e, operands);
}
