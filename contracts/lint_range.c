/*
 * Calculations that can leave 64 bits, by intervals. What a kind does not bound can be anything its type
 * holds, except a term: that is agreed by people who see it, and taken to be within LINT_TERM_MAX.
 */
#include "contracts/lint_parts.h"

#include <assert.h>

__extension__ typedef __int128 wide;

/* Intervals are in 10^-9 of the unit, or of one. */
#define SCALE         ((wide)1000000000)
#define WIDE_MAX      ((wide)1 << 125)
#define LINT_TERM_MAX ((wide)1000000000000)
#define COUNT_MAX     ((wide)1000000000)    /* of excursions and such */
#define SECONDS_MAX   ((wide)1000000000000) /* charged, all goods together */
#define READING_MAX   ((wide)1000000000)    /* what a sensor reports, in its unit */
#define USUAL_DIGITS  ((wide)100)           /* a quantity's decimals: two */

struct range {
    wide low, high;
    bool counted; /* an int or a time: whole, in the 64 bits themselves */
    bool nonzero;
};

struct ranges {
    struct lint_work *w;
    const struct lint_unit *unit;
    const char *key;
    struct range stack[EXPR_MAX_STACK];
    size_t depth;
    bool over, nought;
};

static wide within(wide v)
{
    return v > WIDE_MAX ? WIDE_MAX : v < -WIDE_MAX ? -WIDE_MAX : v;
}

static wide ten_to(int n)
{
    wide v = 1;
    for (; n > 0; n--)
        v *= 10;
    return v;
}

/* number * 10^exponent in 10^-9. */
static wide scaled(int64_t number, int exponent)
{
    return within((wide)number * ten_to(exponent + 9));
}

static struct range about(wide most, bool counted)
{
    return (struct range){ -most * SCALE, most * SCALE, counted, false };
}

/* The largest value its 64 bits can hold: a quantity's with its usual decimals. */
static wide limit(bool counted)
{
    return counted ? (wide)INT64_MAX * SCALE : (wide)INT64_MAX * (SCALE / USUAL_DIGITS);
}

static struct range of_kind(const struct value_kind *kind)
{
    bool counted = kind->type != CONTRACT_QUANTITY;
    if (kind->ranged && (kind->type == CONTRACT_INT || kind->type == CONTRACT_QUANTITY)) {
        int exponent = counted ? 0 : kind->exponent;
        struct range r = { scaled(kind->min, exponent), scaled(kind->max, exponent), counted,
                           kind->min > 0 || kind->max < 0 };
        return r;
    }
    if (kind->type == CONTRACT_TIME)
        return (struct range){ 0, (wide)VALUE_TIME_MAX * SCALE, true, false };
    return (struct range){ -limit(counted), limit(counted), counted, false };
}

/* ------------------------------------------------------------------ the stack */

static void push(struct ranges *r, struct range range)
{
    assert(r->depth < EXPR_MAX_STACK);
    r->stack[r->depth++] = range;
}

static struct range pop(struct ranges *r)
{
    assert(r->depth > 0);
    return r->stack[--r->depth];
}

static void push_result(struct ranges *r, wide low, wide high, bool counted)
{
    struct range range = { within(low), within(high), counted, false };
    if (range.high > limit(counted) || range.low < -limit(counted)) {
        r->over = true;
        range = (struct range){ -limit(counted), limit(counted), counted, false };
    }
    push(r, range);
}

static wide product(wide a, wide b)
{
    long double size = (long double)a * (long double)b / (long double)SCALE;
    if (size > (long double)WIDE_MAX / 2)
        return WIDE_MAX;
    if (size < -(long double)WIDE_MAX / 2)
        return -WIDE_MAX;
    /* whole and fraction apart, so that no step leaves 128 bits */
    return a / SCALE * b + a % SCALE * (b / SCALE) + a % SCALE * (b % SCALE) / SCALE;
}

static void multiply(struct ranges *r)
{
    struct range b = pop(r), a = pop(r);
    wide at[4] = { product(a.low, b.low), product(a.low, b.high), product(a.high, b.low),
                   product(a.high, b.high) };
    wide low = at[0], high = at[0];
    for (size_t i = 1; i < 4; i++) {
        low = at[i] < low ? at[i] : low;
        high = at[i] > high ? at[i] : high;
    }
    push_result(r, low, high, a.counted && b.counted);
}

/* A divisor of at least one makes nothing larger; a smaller one is the author's own doing. */
static void divide(struct ranges *r)
{
    struct range by = pop(r), a = pop(r);
    bool across = by.low <= 0 && by.high >= 0 && !by.nonzero;
    r->nought = r->nought || across;
    wide most = a.high > -a.low ? a.high : -a.low;
    push_result(r, a.low < 0 || by.low < 0 ? -most : 0, most, a.counted);
}

static void choose(struct ranges *r, bool least, bool most)
{
    struct range b = pop(r), a = pop(r);
    struct range c = a;
    bool low_first = a.low < b.low, high_first = a.high < b.high;
    c.low = most ? (low_first ? b.low : a.low) : (low_first ? a.low : b.low);
    c.high = least ? (high_first ? a.high : b.high) : (high_first ? b.high : a.high);
    c.nonzero = a.nonzero && b.nonzero;
    push(r, c);
}

/* ------------------------------------------------------------------ operations */

static struct range of_fact(enum expr_fact fact)
{
    switch (fact) {
    case EXPR_NOW:
    case EXPR_STARTED:
    case EXPR_READING_TIME:
    case EXPR_CALL_TIME: return (struct range){ 0, (wide)VALUE_TIME_MAX * SCALE, true, false };
    case EXPR_READING: return about(READING_MAX, false);
    case EXPR_WORST:
    case EXPR_EXCURSIONS:
    case EXPR_UNACKNOWLEDGED:
    case EXPR_UNCERTAIN: return (struct range){ 0, COUNT_MAX * SCALE, true, false };
    case EXPR_CALLER:
    case EXPR_OPENER:
    case EXPR_CUSTODIAN:
    case EXPR_OWNER:
    case EXPR_FROM:
    case EXPR_TO:
    case EXPR_PLACE: break;
    }
    return about(0, true);
}

static struct range of_rule_fact(enum expr_rule_fact fact)
{
    switch (fact) {
    case EXPR_COUNT_OF: return (struct range){ 0, COUNT_MAX * SCALE, true, false };
    case EXPR_TIME_OF: return (struct range){ 0, SECONDS_MAX * SCALE, false, false };
    case EXPR_PEAK_OF: break;
    }
    return about(READING_MAX, false);
}

static struct range of_term(const struct contract_term *term)
{
    bool counted = term->kind.type != CONTRACT_QUANTITY;
    if (term->kind.ranged || term->kind.type == CONTRACT_TIME)
        return of_kind(&term->kind);
    struct range r = about(LINT_TERM_MAX, counted);
    r.nonzero = term->usual.type == term->kind.type && term->usual.number != 0;
    return r;
}

static void run_source(struct ranges *r, enum expr_op op, int32_t argument)
{
    const struct contract_definition *def = r->w->def;
    struct range range = about(0, true);
    if (op == EXPR_CONSTANT) {
        const struct contract_value *v = &def->constants[argument];
        wide at = scaled(v->number, v->type == CONTRACT_QUANTITY ? v->exponent : 0);
        range = (struct range){ at, at, v->type != CONTRACT_QUANTITY, at != 0 };
    } else if (op == EXPR_TERM) {
        range = of_term(&def->terms[argument]);
    } else if (op == EXPR_FIELD) {
        range = of_kind(&def->fields[argument].kind);
    } else if (op == EXPR_PARAM) {
        assert(r->unit->params != NULL);
        range = of_kind(&r->unit->params[argument].kind);
    } else if (op == EXPR_FACT) {
        range = of_fact((enum expr_fact)argument);
    } else if (op == EXPR_RULE_FACT) {
        range = of_rule_fact((enum expr_rule_fact)(argument / 64));
    } else if (op == EXPR_CHARGED) {
        (void)pop(r);
        range = (struct range){ 0, SECONDS_MAX * SCALE, false, false };
    } else if (op == EXPR_CERTIFIED_BY) {
        (void)pop(r);
        (void)pop(r);
    } else if (op == EXPR_HOLDS || op == EXPR_CERTIFIED || op == EXPR_GOODS_CERTIFIED_BY) {
        (void)pop(r);
    }
    push(r, range);
}

static void run_calculation(struct ranges *r, enum expr_op op)
{
    struct range b;
    if (op == EXPR_NEGATE) {
        b = pop(r);
        push_result(r, -b.high, -b.low, b.counted);
    } else if (op == EXPR_MULTIPLY) {
        multiply(r);
    } else if (op == EXPR_DIVIDE) {
        divide(r);
    } else if (op == EXPR_MINIMUM || op == EXPR_MAXIMUM) {
        choose(r, op == EXPR_MINIMUM, op == EXPR_MAXIMUM);
    } else if (op == EXPR_PRORATE) {
        struct range whole = pop(r);
        (void)pop(r); /* a part: no more than the whole */
        r->nought = r->nought || (whole.low <= 0 && whole.high >= 0 && !whole.nonzero);
    } else {
        b = pop(r);
        struct range a = pop(r);
        bool add = op == EXPR_ADD;
        push_result(r, add ? a.low + b.low : a.low - b.high, add ? a.high + b.high : a.high - b.low,
                    a.counted);
    }
}

static void run(struct ranges *r, struct contract_code code)
{
    int32_t argument;
    for (size_t at = 0; at < code.len;) {
        enum expr_op op = lint_code_next(r->w->def, code, &at, &argument);
        if (op < EXPR_NOT) {
            run_source(r, op, argument);
        } else if (op >= EXPR_NEGATE && op <= EXPR_PRORATE) {
            run_calculation(r, op);
        } else if (op == EXPR_IF) {
            choose(r, false, false);
            struct range either = pop(r);
            r->stack[r->depth - 1] = either; /* in the condition's place */
        } else if (op == EXPR_ADDED) {
            (void)pop(r);
        } else {
            if (op != EXPR_NOT && op != EXPR_COUNT)
                (void)pop(r);
            (void)pop(r);
            push(r, (struct range){ 0, VALUE_LIST_MAX * SCALE, true, false });
        }
    }
}

/* ------------------------------------------------------------------ where expressions are */

static void check_code(struct lint_work *w, const struct lint_unit *u, const char *key,
                       struct contract_code code)
{
    struct ranges r = { .w = w, .unit = u, .key = key };
    if (code.len == 0)
        return;
    run(&r, code);
    if (r.over)
        lint_report(w, LINT_OVERFLOW, false, u, key,
                    "can leave 64 bits: bound what goes in, such as \"int 0..1000\"");
    if (r.nought)
        lint_report(w, LINT_OVERFLOW, false, u, key, "may divide by nought");
}

static void check_step(struct lint_work *w, const struct lint_unit *u,
                       const struct contract_step *step)
{
    for (size_t i = 0; i < step->guard_count; i++)
        check_code(w, u, "when", w->def->guards[step->guard + i].code);
    for (size_t i = 0; i < step->effect_count; i++) {
        const struct contract_effect *e = &w->def->effects[step->effect + i];
        check_code(w, u, e->what == CONTRACT_SET ? "sets" : "calls", e->code);
    }
}

void lint_range(struct lint_work *w)
{
    for (size_t i = 0; i < lint_unit_count(w->def); i++) {
        struct lint_unit u = lint_unit_at(w->def, i);
        check_step(w, &u, u.step);
        for (size_t k = 0; k < u.case_count; k++)
            check_step(w, &u, &u.cases[k].step);
    }
    for (size_t i = 0; i < w->def->field_count; i++) {
        struct lint_unit u = { .section = "properties", .name = w->def->fields[i].name };
        check_code(w, &u, "starts", w->def->fields[i].start);
    }
}
