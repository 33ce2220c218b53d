/*
 * Which properties have a value in which state: what some way to a state has set, and what every way has.
 * A property that is read where nothing can have set it is an offer accepted that nobody made.
 */
#include "contracts/lint_parts.h"

struct flow {
    uint64_t some[DEFINITION_MAX_STATES]; /* bit f: set on some way to the state */
    uint64_t every[DEFINITION_MAX_STATES];
    uint64_t seen; /* states that a way was found to */
};

struct sets {
    uint64_t some, every;
};

static uint64_t bit(size_t i)
{
    return UINT64_C(1) << i;
}

static bool is_nothing(const struct contract_definition *def, enum expr_op op, int32_t argument)
{
    return op == EXPR_CONSTANT && def->constants[argument].type == CONTRACT_NOTHING;
}

/* ------------------------------------------------------------------ what a step sets */

static void set_by_step(const struct contract_definition *def, const struct contract_step *step,
                        struct sets *s)
{
    for (size_t i = 0; i < step->effect_count; i++) {
        const struct contract_effect *e = &def->effects[step->effect + i];
        size_t at = 0;
        int32_t argument;
        if (e->what != CONTRACT_SET)
            continue;
        enum expr_op op = lint_code_next(def, e->code, &at, &argument);
        if (is_nothing(def, op, argument) && at == e->code.len) {
            s->some &= ~bit(e->target);
            s->every &= ~bit(e->target);
        } else {
            s->some |= bit(e->target);
            s->every |= bit(e->target);
        }
    }
}

static bool arrive(struct flow *f, size_t state, struct sets s)
{
    bool seen = (f->seen & bit(state)) != 0;
    uint64_t some = f->some[state] | s.some;
    uint64_t every = seen ? f->every[state] & s.every : s.every;
    bool changed = !seen || some != f->some[state] || every != f->every[state];
    f->seen |= bit(state);
    f->some[state] = some;
    f->every[state] = every;
    return changed;
}

static bool step_from(const struct contract_definition *def, const struct lint_unit *u,
                      size_t state, struct flow *f)
{
    struct sets base = { f->some[state], f->every[state] };
    size_t next = u->step->next >= 0 ? (size_t)u->step->next : state;
    set_by_step(def, u->step, &base);
    bool changed = arrive(f, next, base);
    for (size_t i = 0; i < u->case_count; i++) {
        const struct contract_step *step = &u->cases[i].step;
        struct sets s = base;
        set_by_step(def, step, &s);
        changed |= arrive(f, step->next >= 0 ? (size_t)step->next : next, s);
    }
    return changed;
}

static void find_flow(const struct contract_definition *def, struct flow *f)
{
    struct sets start = { 0, 0 };
    for (size_t i = 0; i < def->field_count; i++)
        if (def->fields[i].start.len > 0)
            start.some |= bit(i);
    start.every = start.some;
    bool changed = arrive(f, 0, start);
    while (changed) {
        changed = false;
        for (size_t i = 0; i < lint_unit_count(def); i++) {
            struct lint_unit u = lint_unit_at(def, i);
            for (size_t s = 0; s < def->state_count; s++)
                if ((u.states & f->seen & bit(s)) != 0)
                    changed |= step_from(def, &u, s, f);
        }
    }
}

/* ------------------------------------------------------------------ what is read */

/*
 * Properties whose value the code needs: those only compared with nothing are not, and those a guard has
 * found to be something need no more. A list without a value counts as empty.
 */
static uint64_t needs(const struct contract_definition *def, struct contract_code code)
{
    uint64_t read = 0;
    enum expr_op before = EXPR_NOT, op;
    int32_t argument, last_argument = 0;
    for (size_t at = 0; at < code.len; before = op, last_argument = argument) {
        op = lint_code_next(def, code, &at, &argument);
        if (op != EXPR_FIELD || def->fields[argument].kind.type == CONTRACT_LIST)
            continue;
        size_t ahead = at;
        int32_t next_argument = 0;
        enum expr_op next =
            ahead < code.len ? lint_code_next(def, code, &ahead, &next_argument) : EXPR_NOT;
        bool with_nothing = is_nothing(def, before, last_argument) ||
                            (ahead < code.len && is_nothing(def, next, next_argument));
        if (!with_nothing)
            read |= bit((size_t)argument);
    }
    return read;
}

/* The field of a guard "FIELD != nothing", or 0 bits. */
static uint64_t assured(const struct contract_definition *def, struct contract_code code)
{
    size_t at = 0;
    int32_t field, constant, none;
    if (code.len != 5)
        return 0;
    enum expr_op a = lint_code_next(def, code, &at, &field);
    enum expr_op b = lint_code_next(def, code, &at, &constant);
    enum expr_op c = lint_code_next(def, code, &at, &none);
    bool is = a == EXPR_FIELD && is_nothing(def, b, constant) && c == EXPR_DIFFERENT;
    return is ? bit((size_t)field) : 0;
}

/* What a step needs to have been set before it; *set grows by what it sets and assures itself. */
static uint64_t step_needs(const struct contract_definition *def, const struct contract_step *step,
                           uint64_t *set)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < step->guard_count; i++) {
        struct contract_code code = def->guards[step->guard + i].code;
        *set |= assured(def, code);
        missing |= needs(def, code) & ~*set;
    }
    for (size_t i = 0; i < step->effect_count; i++) {
        const struct contract_effect *e = &def->effects[step->effect + i];
        missing |= needs(def, e->code) & ~*set;
        if (e->what == CONTRACT_SET)
            *set |= bit(e->target);
    }
    return missing;
}

static uint64_t unit_needs(const struct contract_definition *def, const struct lint_unit *u)
{
    uint64_t set = 0;
    uint64_t missing = step_needs(def, u->step, &set);
    for (size_t i = 0; i < u->case_count; i++) {
        uint64_t in_case = set;
        missing |= step_needs(def, &u->cases[i].step, &in_case);
    }
    return missing;
}

/* ------------------------------------------------------------------ findings */

static void report_field(struct lint_work *w, const struct flow *f, const struct lint_unit *u,
                         size_t field)
{
    const struct slice name = w->def->fields[field].name;
    uint64_t states = u->states & f->seen;
    for (int pass = 0; pass < 2; pass++)
        for (size_t s = 0; s < w->def->state_count; s++) {
            const uint64_t *set = pass == 0 ? f->some : f->every;
            if ((states & bit(s)) == 0 || (set[s] & bit(field)) != 0)
                continue;
            lint_report(w, pass == 0 ? LINT_NEVER_SET : LINT_PERHAPS_NOT_SET, pass == 0, u, NULL,
                        pass == 0 ? "needs \"%.*s\", which nothing has set in state \"%.*s\""
                                  : "needs \"%.*s\", which not every way to state \"%.*s\" sets",
                        LINT_SHOW(name), LINT_SHOW(w->def->states[s].name));
            return;
        }
}

/* Callers named by properties alone: in some state one of them must be somebody. */
static void check_callers(struct lint_work *w, const struct flow *f, const struct lint_unit *u)
{
    const struct contract_callers *c = u->callers;
    if (c == NULL || c->fields == 0 || c->parties != 0 || c->roles != 0 || c->instance_terms != 0)
        return;
    for (size_t s = 0; s < w->def->state_count; s++)
        if ((u->states & f->seen & bit(s)) != 0 && (f->some[s] & c->fields) != 0)
            return;
    lint_report(w, LINT_NO_CALLER, true, u, "by",
                "whoever may call it is named by a property that nothing sets");
}

void lint_set(struct lint_work *w)
{
    struct flow f = { .seen = 0 };
    find_flow(w->def, &f);
    for (size_t i = 0; i < lint_unit_count(w->def); i++) {
        struct lint_unit u = lint_unit_at(w->def, i);
        uint64_t missing = unit_needs(w->def, &u);
        for (size_t field = 0; field < w->def->field_count; field++)
            if ((missing & bit(field)) != 0)
                report_field(w, &f, &u, field);
        check_callers(w, &f, &u);
    }
}
