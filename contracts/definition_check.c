/*
 * What must hold between the parts of a decoded definition: names differ, every index is within its
 * list, every expression is well-typed and gives what its place needs.
 */
#include "contracts/definition_codec.h"

#include <string.h>

#include "contracts/flow.h"
#include "contracts/property.h"

#define KIND_SIZE 80 /* room for a kind in words */
#define SHOW(s)   (int)(s).len, (const char *)(s).data

struct check {
    const struct contract_definition *def;
    struct err *err;
    /* What an expression may ask for where we are. */
    const struct contract_param *params;
    size_t param_count;
    int trigger; /* -1: not in a reaction */
    unsigned detail;
};

static bool refuse(struct check *c, const char *why)
{
    return err_set(c->err, ERR_INPUT, "definition: %s", why);
}

/* ------------------------------------------------------------------ names */

static bool names_differ(const void *items, size_t count, size_t size)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            struct slice a;
            struct slice b;
            memcpy(&a, (const uint8_t *)items + i * size, sizeof a);
            memcpy(&b, (const uint8_t *)items + k * size, sizeof b);
            if (slice_equal(a, b))
                return false;
        }
    return true;
}

static bool check_names(struct check *c)
{
    const struct contract_definition *d = c->def;
    const struct {
        const void *items;
        size_t count, size;
        const char *why;
    } lists[] = {
        { d->roles, d->role_count, sizeof d->roles[0], "two roles of one name" },
        { d->parties, d->party_count, sizeof d->parties[0], "two parties of one name" },
        { d->terms, d->term_count, sizeof d->terms[0], "two terms of one name" },
        { d->rules, d->rule_count, sizeof d->rules[0], "two rules of one name" },
        { d->states, d->state_count, sizeof d->states[0], "two states of one name" },
        { d->fields, d->field_count, sizeof d->fields[0], "two properties of one name" },
        { d->actions, d->action_count, sizeof d->actions[0], "two actions of one name" },
        { d->reactions, d->reaction_count, sizeof d->reactions[0], "two reactions of one name" },
        { d->documents, d->document_count, sizeof d->documents[0], "two documents of one name" },
        { d->guard_names, d->guard_name_count, sizeof d->guard_names[0], "two guards of one name" },
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (!names_differ(lists[i].items, lists[i].count, lists[i].size))
            return refuse(c, lists[i].why);
    for (size_t i = 0; i < d->action_count; i++)
        if (definition_is_reserved_action(d->actions[i].name))
            return refuse(c, "an action of a name that every contract has already");
    return true;
}

/* ------------------------------------------------------------------ kinds and bit sets */

static bool within(uint64_t bits, size_t count)
{
    return bits >> count == 0;
}

static bool check_kind(struct check *c, const struct value_kind *kind)
{
    return kind->role < (int)c->def->role_count ||
           refuse(c, "a kind that speaks of a role that is not declared");
}

static bool check_callers(struct check *c, const struct contract_callers *callers)
{
    const struct contract_definition *d = c->def;
    if (!within(callers->parties, d->party_count) || !within(callers->roles, d->role_count) ||
        !within(callers->fields, d->field_count) || !within(callers->instance_terms, d->term_count))
        return refuse(c, "callers that are not declared");
    for (size_t i = 0; i < d->field_count; i++)
        if ((callers->fields >> i & 1) != 0 && d->fields[i].kind.type != CONTRACT_PARTY &&
            d->fields[i].kind.type != CONTRACT_INSTANCE)
            return refuse(c, "a caller that a property names that holds no party and no contract");
    for (size_t i = 0; i < d->term_count; i++)
        if ((callers->instance_terms >> i & 1) != 0 && d->terms[i].kind.type != CONTRACT_INSTANCE)
            return refuse(c, "a caller that a term names that holds no contract");
    return true;
}

static bool is_instance(struct check *c, unsigned term)
{
    return (term < c->def->term_count && c->def->terms[term].kind.type == CONTRACT_INSTANCE) ||
           refuse(c, "a term that should be one of kind contract");
}

/* ------------------------------------------------------------------ rules */

static bool check_rules(struct check *c)
{
    const struct contract_definition *d = c->def;
    for (size_t i = 0; i < d->rule_count; i++) {
        const struct contract_rule *rule = &d->rules[i];
        if (rule->has_stages && (rule->stages == 0 || !within(rule->stages, d->state_count)))
            return refuse(c, "a rule for states that are not declared");
        for (size_t k = 0; k < i && rule->budget.len > 0; k++)
            if (slice_equal(d->rules[k].budget, rule->budget))
                return refuse(c, "two rules of one budget");
    }
    if (d->has_calibration && (d->calibration.term >= d->term_count ||
                               d->terms[d->calibration.term].kind.type != CONTRACT_TIME))
        return refuse(c, "a calibration that is not a term of kind time");
    return !d->has_opener || d->opener < d->role_count || refuse(c, "an opener not declared");
}

/* ------------------------------------------------------------------ expressions and steps */

static bool check_code(struct check *c, struct contract_code code, const struct value_kind *wanted,
                       struct slice where)
{
    struct value_kind kind = { 0 };
    if (!expr_check(c->def, code, c->params, c->param_count, c->trigger, c->detail, &kind, c->err))
        return err_wrap(c->err, "definition: %.*s", SHOW(where));
    if (value_kind_suits(&kind, wanted))
        return true;
    char expected[KIND_SIZE];
    char found[KIND_SIZE];
    value_kind_show(wanted, expected, sizeof expected);
    value_kind_show(&kind, found, sizeof found);
    return err_set(c->err, ERR_INPUT, "definition: %.*s: expected %s, found %s", SHOW(where),
                   expected, found);
}

/* An argument's kind is the other contract's to know: that it is well-typed is all. */
static bool check_argument(struct check *c, const struct contract_effect *effect)
{
    struct value_kind kind = { 0 };
    return expr_check(c->def, effect->code, c->params, c->param_count, c->trigger, c->detail, &kind,
                      c->err) ||
           err_wrap(c->err, "definition: %.*s", SHOW(effect->action));
}

static bool check_effect(struct check *c, const struct contract_effect *effect)
{
    const struct contract_definition *d = c->def;
    switch (effect->what) {
    case CONTRACT_SET:
        return (effect->target < d->field_count || refuse(c, "a property that is not declared")) &&
               check_code(c, effect->code, &d->fields[effect->target].kind,
                          d->fields[effect->target].name);
    case CONTRACT_CALL: return is_instance(c, effect->target);
    case CONTRACT_PASS: return check_argument(c, effect);
    }
    return refuse(c, "an effect of no kind that is known here");
}

/* The arguments of one call follow it: their names differ, and they are no more than an action takes. */
static bool check_calls(struct check *c, const struct contract_step *step, size_t *ret_calls)
{
    const struct contract_effect *first = c->def->effects + step->effect;
    size_t arguments = 0;
    bool open = false;
    for (size_t i = 0; i < step->effect_count; i++) {
        const struct contract_effect *e = &first[i];
        open = e->what == CONTRACT_CALL || (open && e->what == CONTRACT_PASS);
        arguments = e->what == CONTRACT_PASS ? arguments + 1 : 0;
        *ret_calls += e->what == CONTRACT_CALL ? 1 : 0;
        if (e->what == CONTRACT_PASS && (!open || arguments > DEFINITION_MAX_ACTION_PARAMS))
            return refuse(c, "an argument without its call, or one too many");
        for (size_t k = 1; k < arguments; k++)
            if (slice_equal(first[i - k].action, e->action))
                return refuse(c, "an argument that is given twice");
    }
    return *ret_calls <= FLOW_MAX_CALLS || refuse(c, "a step that makes too many calls");
}

static bool check_step(struct check *c, const struct contract_step *step, size_t calls_before,
                       size_t *ret_calls)
{
    static const struct value_kind condition = { .type = CONTRACT_BOOL, .role = -1 };
    const struct contract_definition *d = c->def;
    for (size_t i = 0; i < step->guard_count; i++) {
        const struct contract_guard *guard = &d->guards[step->guard + i];
        struct slice words = guard->words;
        if (words.len > DEFINITION_MAX_NAME)
            words = slice_text("a condition");
        if (!check_code(c, guard->code, &condition, words))
            return false;
    }
    for (size_t i = 0; i < step->effect_count; i++)
        if (!check_effect(c, &d->effects[step->effect + i]))
            return false;
    if (step->next >= (int)d->state_count)
        return refuse(c, "a next state that is not declared");
    *ret_calls = calls_before;
    return check_calls(c, step, ret_calls);
}

static bool check_steps(struct check *c, const struct contract_step *step, size_t first,
                        size_t count)
{
    size_t calls = 0;
    if (!check_step(c, step, 0, &calls))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t with_case = 0;
        if (!check_step(c, &c->def->cases[first + i].step, calls, &with_case))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ the workflow */

static bool check_terms_and_fields(struct check *c)
{
    const struct contract_definition *d = c->def;
    for (size_t i = 0; i < d->term_count; i++)
        if (!check_kind(c, &d->terms[i].kind))
            return false;
    for (size_t i = 0; i < d->field_count; i++) {
        const struct contract_field *field = &d->fields[i];
        if (!check_kind(c, &field->kind) ||
            (field->start.len > 0 && !check_code(c, field->start, &field->kind, field->name)))
            return false;
    }
    return true;
}

static bool check_action(struct check *c, const struct contract_action *action)
{
    const struct contract_definition *d = c->def;
    c->params = d->params + action->param;
    c->param_count = action->param_count;
    if (!names_differ(c->params, c->param_count, sizeof d->params[0]))
        return refuse(c, "two parameters of one name");
    for (size_t i = 0; i < c->param_count; i++)
        if (!check_kind(c, &c->params[i].kind))
            return false;
    if (!within(action->states, d->state_count))
        return refuse(c, "an action in states that are not declared");
    return check_callers(c, &action->callers) &&
           check_steps(c, &action->step, action->first_case, action->case_count);
}

static bool detail_is_good(struct check *c, const struct contract_reaction *r)
{
    const struct contract_definition *d = c->def;
    switch (r->trigger) {
    case CONTRACT_ON_READING: return property_by_id(r->detail) != NULL;
    case CONTRACT_ON_BROKEN:
    case CONTRACT_ON_ENDED: return r->detail < d->rule_count;
    case CONTRACT_ON_SCAN: return r->detail == 0;
    case CONTRACT_ON_HANDOVER: return r->detail <= 1;
    case CONTRACT_ON_DOCUMENT: return r->detail < d->document_count;
    case CONTRACT_ON_SUCCESS:
    case CONTRACT_ON_FAILURE: return is_instance(c, r->detail);
    case CONTRACT_ON_DISPOSITION:
    case CONTRACT_ON_FINDING: return definition_detail_word(r->trigger, r->detail) != NULL;
    }
    return false;
}

static bool check_reaction(struct check *c, const struct contract_reaction *reaction)
{
    c->trigger = (int)reaction->trigger;
    c->detail = reaction->detail;
    if (!detail_is_good(c, reaction))
        return refuse(c, "a reaction to something that is not declared");
    if (!within(reaction->states, c->def->state_count))
        return refuse(c, "a reaction in states that are not declared");
    return check_steps(c, &reaction->step, reaction->first_case, reaction->case_count);
}

bool definition_check(const struct contract_definition *def, struct err *err)
{
    struct check c = { .def = def, .err = err, .trigger = -1 };
    if (!check_names(&c) || !check_rules(&c) || !check_terms_and_fields(&c) ||
        !check_callers(&c, &def->quality))
        return false;
    for (size_t i = 0; i < def->document_count; i++)
        if (!check_callers(&c, &def->documents[i].callers))
            return false;
    for (size_t i = 0; i < def->action_count; i++)
        if (!check_action(&c, &def->actions[i]))
            return false;
    c.params = NULL;
    c.param_count = 0;
    for (size_t i = 0; i < def->reaction_count; i++)
        if (!check_reaction(&c, &def->reactions[i]))
            return false;
    return true;
}
