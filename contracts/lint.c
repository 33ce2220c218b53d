/* The workflow as a graph: what can be reached, left, called. */
#include "contracts/lint_parts.h"

#include <stdarg.h>
#include <string.h>

const char *lint_what_name(enum lint_what what)
{
    static const char *const names[] = {
        [LINT_UNREACHABLE_STATE] = "unreachable-state",
        [LINT_NO_WAY_ON] = "no-way-on",
        [LINT_NO_CALLER] = "no-caller",
        [LINT_NEVER_CALLABLE] = "never-callable",
        [LINT_CALL_AFTER_END] = "call-after-end",
        [LINT_OVERFLOW] = "overflow",
        [LINT_NEVER_SET] = "never-set",
        [LINT_PERHAPS_NOT_SET] = "perhaps-not-set",
        [LINT_UNUSED] = "unused",
        [LINT_OPEN_GUARD] = "open-guard",
        [LINT_NO_SUCCESS] = "no-success",
    };
    return names[what];
}

/* ------------------------------------------------------------------ findings */

static struct lint_finding *add(struct lint_work *w)
{
    if (w->lint->count == LINT_MAX_FINDINGS) {
        w->lint->dropped++;
        return NULL;
    }
    return &w->lint->items[w->lint->count++];
}

void lint_report(struct lint_work *w, enum lint_what what, bool error, const struct lint_unit *unit,
                 const char *key, const char *fmt, ...)
{
    struct lint_finding *f = add(w);
    if (f == NULL)
        return;
    *f = (struct lint_finding){ what, error, unit->section, unit->name, key, "" };
    struct err text;
    va_list ap;
    va_start(ap, fmt);
    (void)err_setv(&text, ERR_INPUT, fmt, ap);
    va_end(ap);
    size_t len = strnlen(text.msg, sizeof f->words - 1);
    while (len > 0 && !cbor_text_valid(slice_of(text.msg, len)))
        len--; /* never half a character */
    memcpy(f->words, text.msg, len);
    f->words[len] = '\0';
}

void lint_report_at(struct lint_work *w, enum lint_what what, bool error, const char *section,
                    struct slice name, const char *words)
{
    struct lint_unit unit = { .section = section, .name = name };
    lint_report(w, what, error, &unit, NULL, "%s", words);
}

/* ------------------------------------------------------------------ actions and reactions alike */

size_t lint_unit_count(const struct contract_definition *def)
{
    return def->action_count + def->reaction_count;
}

struct lint_unit lint_unit_at(const struct contract_definition *def, size_t i)
{
    if (i < def->action_count) {
        const struct contract_action *a = &def->actions[i];
        return (struct lint_unit){ .section = "actions",
                                   .name = a->name,
                                   .states = a->states,
                                   .callers = &a->callers,
                                   .step = &a->step,
                                   .cases = def->cases + a->first_case,
                                   .case_count = a->case_count,
                                   .params = def->params + a->param,
                                   .param_count = a->param_count };
    }
    const struct contract_reaction *r = &def->reactions[i - def->action_count];
    return (struct lint_unit){ .section = "reactions",
                               .name = r->name,
                               .states = r->states,
                               .step = &r->step,
                               .cases = def->cases + r->first_case,
                               .case_count = r->case_count };
}

enum expr_op lint_code_next(const struct contract_definition *def, struct contract_code code,
                            size_t *at, int32_t *ret_argument)
{
    enum expr_op op = (enum expr_op)def->code[code.at + (*at)++];
    *ret_argument = op < EXPR_NOT ? def->code[code.at + (*at)++] : 0;
    return op;
}

/* ------------------------------------------------------------------ the graph */

static uint64_t bit(size_t i)
{
    return UINT64_C(1) << i;
}

/* States a unit can lead to from state s. */
static uint64_t leads_to(const struct lint_unit *u, size_t s)
{
    uint64_t to = u->step->next >= 0 ? bit((size_t)u->step->next) : bit(s);
    for (size_t i = 0; i < u->case_count; i++)
        if (u->cases[i].step.next >= 0)
            to |= bit((size_t)u->cases[i].step.next);
    return to;
}

static uint64_t leads_on(const struct contract_definition *def, uint64_t from)
{
    uint64_t to = from;
    for (size_t i = 0; i < lint_unit_count(def); i++) {
        struct lint_unit u = lint_unit_at(def, i);
        for (size_t s = 0; s < def->state_count; s++)
            if ((u.states & from & bit(s)) != 0)
                to |= leads_to(&u, s);
    }
    return to;
}

static uint64_t reach(const struct contract_definition *def)
{
    uint64_t reached = 1, before = 0;
    while (reached != before) {
        before = reached;
        reached = leads_on(def, reached);
    }
    return reached;
}

static bool is_left(const struct contract_definition *def, size_t s)
{
    for (size_t i = 0; i < lint_unit_count(def); i++) {
        struct lint_unit u = lint_unit_at(def, i);
        if ((u.states & bit(s)) != 0 && (leads_to(&u, s) & ~bit(s)) != 0)
            return true;
    }
    return false;
}

static void check_states(struct lint_work *w)
{
    const struct contract_definition *def = w->def;
    bool success = false, promised = false;
    for (size_t s = 0; s < def->state_count; s++) {
        const struct contract_state *state = &def->states[s];
        bool reached = (w->reachable & bit(s)) != 0;
        promised |= state->ending == CONTRACT_SUCCESS;
        success |= reached && state->ending == CONTRACT_SUCCESS;
        if (!reached)
            lint_report_at(w, LINT_UNREACHABLE_STATE, true, "states", state->name,
                           "no action and no reaction leads to this state");
        else if (state->ending == CONTRACT_GOES_ON && !is_left(def, s))
            lint_report_at(w, LINT_NO_WAY_ON, true, "states", state->name,
                           "nothing leads on from this state, and it does not end the contract");
    }
    if (promised && !success)
        lint_report_at(w, LINT_NO_SUCCESS, true, "states", def->states[0].name,
                       "no state that ends in success can be reached from here");
}

static uint64_t ending_states(const struct contract_definition *def)
{
    uint64_t ending = 0;
    for (size_t s = 0; s < def->state_count; s++)
        if (def->states[s].ending != CONTRACT_GOES_ON)
            ending |= bit(s);
    return ending;
}

static const struct slice *first_of(const struct contract_definition *def, uint64_t states)
{
    size_t s = 0;
    while ((states & bit(s)) == 0)
        s++;
    return &def->states[s].name;
}

static void check_unit(struct lint_work *w, const struct lint_unit *u)
{
    const struct contract_callers *c = u->callers;
    uint64_t after = u->states & ending_states(w->def);
    if ((u->states & w->reachable) == 0)
        lint_report(w, LINT_NEVER_CALLABLE, true, u, "in",
                    "none of the states it is for can be reached");
    if (c != NULL && c->parties == 0 && c->roles == 0 && c->fields == 0 && c->instance_terms == 0)
        lint_report(w, LINT_NO_CALLER, true, u, "by", "nobody may call this action");
    if (c != NULL && after != 0)
        lint_report(w, LINT_CALL_AFTER_END, true, u, "in",
                    "may be called in state \"%.*s\", where the contract has ended",
                    LINT_SHOW(*first_of(w->def, after)));
}

void lint_contract(const struct contract_definition *definition, struct lint *ret_lint)
{
    struct lint_work w = { .def = definition, .lint = ret_lint };
    ret_lint->count = ret_lint->dropped = 0;
    lint_use(&w);
    if (definition->state_count == 0)
        return;
    w.reachable = reach(definition);
    check_states(&w);
    for (size_t i = 0; i < lint_unit_count(definition); i++) {
        struct lint_unit u = lint_unit_at(definition, i);
        check_unit(&w, &u);
    }
    lint_set(&w);
    lint_range(&w);
}
