/* Actions and reactions: who, when, what follows. */
#include "contracts/compile_sections.h"

#include <string.h>

#include "common/disposition.h"
#include "common/event.h"
#include "contracts/flow.h"
#include "contracts/property.h"

/* Keys that actions, reactions and cases share. */
#define STEP_KEYS "when", "sets", "to", "calls"

static const struct value_kind condition = { .type = CONTRACT_BOOL, .role = -1 };

/* ------------------------------------------------------------------ steps */

static bool take_guard(struct compile *c, const struct yaml_node *node, struct place at,
                       const struct compile_scope *scope, struct contract_guard *guard)
{
    struct value_kind kind;
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, "expected a condition, or a list of them", NULL);
    guard->words = slice_text(node->text);
    while (guard->words.len > 0 && guard->words.data[guard->words.len - 1] == '\n')
        guard->words.len--; /* of a text on lines of its own */
    if (guard->words.len > DEFINITION_MAX_TEXT || !cbor_text_valid(guard->words))
        return compile_refuse(c, node, at,
                              "expected one line of at most 400 bytes: split a longer condition "
                              "into a list",
                              node->text);
    if (!compile_expression(c, node, at, scope, &guard->code, &kind))
        return false;
    char found[80];
    char why[128] = "expected a condition, not ";
    value_kind_show(&kind, found, sizeof found);
    struct buf b = buf_fixed(why, sizeof why - 1);
    b.len = strlen(why);
    buf_add_slice(&b, slice_text(found));
    return value_kind_suits(&kind, &condition) || compile_refuse(c, node, at, why, node->text);
}

static bool take_guards(struct compile *c, const struct yaml_node *map, struct place at,
                        const struct compile_scope *scope, struct contract_step *step)
{
    struct contract_definition *d = &c->def;
    const struct yaml_node *node = yaml_get(map, "when");
    at.key = "when";
    step->guard = (uint16_t)d->guard_count;
    for (size_t i = 0; node != NULL && i < compile_count(node); i++) {
        if (d->guard_count == DEFINITION_MAX_GUARDS)
            return compile_refuse(c, node, at, "more conditions than one contract may have", NULL);
        if (!take_guard(c, compile_nth(node, i), at, scope, &d->guards[d->guard_count]))
            return false;
        d->guard_count++;
        step->guard_count++;
    }
    return true;
}

static struct contract_effect *add_effect(struct compile *c, const struct yaml_node *node,
                                          struct place at, struct contract_step *step)
{
    struct contract_definition *d = &c->def;
    if (d->effect_count == DEFINITION_MAX_EFFECTS) {
        (void)compile_refuse(c, node, at, "more effects than one contract may have", NULL);
        return NULL;
    }
    step->effect_count++;
    return &d->effects[d->effect_count++];
}

static bool take_sets(struct compile *c, const struct yaml_node *map, struct place at,
                      const struct compile_scope *scope, struct contract_step *step)
{
    size_t count = 0;
    const struct yaml_node *sets = yaml_get(map, "sets");
    at.key = "sets";
    if (!compile_take_pairs(c, sets, at, DEFINITION_MAX_FIELDS, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct slice name = slice_text(sets->keys[i]->text);
        unsigned field = 0;
        struct compile_nearest nearest = compile_nearest_begin(name);
        for (size_t k = 0; k < c->def.field_count; k++)
            compile_nearest_try(&nearest, c->def.fields[k].name);
        if (!definition_find_field(&c->def, name, &field))
            return compile_refuse_near(c, sets->keys[i], at,
                                       "expected one of the properties declared under "
                                       "\"properties\"",
                                       &nearest);
        struct contract_effect *e = add_effect(c, sets->keys[i], at, step);
        if (e == NULL)
            return false;
        *e = (struct contract_effect){ .what = CONTRACT_SET, .target = field };
        if (!compile_take_assigned(c, sets->values[i], at, scope, &c->def.fields[field].kind,
                                   &e->code))
            return false;
    }
    return true;
}

static bool take_instance(struct compile *c, const struct yaml_node *node, struct place at,
                          unsigned *ret)
{
    static const char why[] = "expected a term of kind contract";
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, why, NULL);
    struct slice name = slice_text(node->text);
    struct compile_nearest nearest = compile_nearest_begin(name);
    for (size_t i = 0; i < c->def.term_count; i++)
        if (c->def.terms[i].kind.type == CONTRACT_INSTANCE)
            compile_nearest_try(&nearest, c->def.terms[i].name);
    return (definition_find_term(&c->def, name, ret) &&
            c->def.terms[*ret].kind.type == CONTRACT_INSTANCE) ||
           compile_refuse_near(c, node, at, why, &nearest);
}

static bool take_call(struct compile *c, const struct yaml_node *map, struct place at,
                      const struct compile_scope *scope, unsigned term, struct contract_step *step)
{
    static const char *const known[] = { "action", "with", NULL };
    size_t count = 0;
    if (map->kind != YAML_MAP)
        return compile_refuse(c, map, at, "expected \"{ action: … }\"", NULL);
    if (!compile_check_keys(c, map, at, known, NULL))
        return false;
    const struct yaml_node *action = yaml_get(map, "action");
    const struct yaml_node *with = yaml_get(map, "with");
    struct contract_effect *e = add_effect(c, map, at, step);
    if (e == NULL)
        return false;
    *e = (struct contract_effect){ .what = CONTRACT_CALL, .target = term };
    if (action == NULL)
        return compile_refuse(c, map, at, "missing; say which action of the other contract", NULL);
    if (!compile_take_text(c, action, at, DEFINITION_MAX_NAME, &e->action) ||
        !compile_take_pairs(c, with, at, DEFINITION_MAX_ACTION_PARAMS, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct contract_effect *pass = add_effect(c, with->keys[i], at, step);
        if (pass == NULL)
            return false;
        *pass = (struct contract_effect){ .what = CONTRACT_PASS,
                                          .action = slice_text(with->keys[i]->text) };
        if (!compile_take_assigned(c, with->values[i], at, scope, NULL, &pass->code))
            return false;
    }
    return true;
}

static bool take_calls(struct compile *c, const struct yaml_node *map, struct place at,
                       const struct compile_scope *scope, struct contract_step *step)
{
    size_t count = 0;
    const struct yaml_node *calls = yaml_get(map, "calls");
    at.key = "calls";
    if (!compile_take_pairs(c, calls, at, FLOW_MAX_CALLS, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        unsigned term = 0;
        if (!take_instance(c, calls->keys[i], at, &term) ||
            !take_call(c, calls->values[i], at, scope, term, step))
            return false;
    }
    return true;
}

static bool take_step(struct compile *c, const struct yaml_node *map, struct place at,
                      const struct compile_scope *scope, struct contract_step *step)
{
    const struct yaml_node *to = yaml_get(map, "to");
    unsigned next = 0;
    *step = (struct contract_step){ .effect = (uint16_t)c->def.effect_count, .next = -1 };
    if (!take_guards(c, map, at, scope, step) || !take_sets(c, map, at, scope, step) ||
        !take_calls(c, map, at, scope, step))
        return false;
    at.key = "to";
    if (to == NULL)
        return true;
    if (!compile_take_state(c, to, at, &next))
        return false;
    step->next = (int)next;
    return true;
}

/* A step and the one case of it that applies make their calls together. */
static size_t calls_of(const struct contract_definition *d, const struct contract_step *step)
{
    size_t calls = 0;
    for (size_t i = 0; i < step->effect_count; i++)
        calls += d->effects[step->effect + i].what == CONTRACT_CALL ? 1 : 0;
    return calls;
}

static bool take_cases(struct compile *c, const struct yaml_node *map, struct place at,
                       const struct compile_scope *scope, const struct contract_step *step,
                       uint16_t *ret_count)
{
    static const char *const known[] = { STEP_KEYS, NULL };
    struct contract_definition *d = &c->def;
    const struct yaml_node *list = yaml_get(map, "cases");
    *ret_count = 0;
    at.key = "cases";
    if (list == NULL)
        return true;
    if (list->kind != YAML_LIST)
        return compile_refuse(c, list, at, "expected a list of cases, each with \"- \"", NULL);
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *item = list->values[i];
        if (d->case_count == DEFINITION_MAX_CASES)
            return compile_refuse(c, item, at, "more cases than one contract may have", NULL);
        if (item->kind != YAML_MAP)
            return compile_refuse(c, item, at, "expected \"when\", \"sets\", \"to\" …", NULL);
        struct contract_step *inner = &d->cases[d->case_count].step;
        if (!compile_check_keys(c, item, at, known, NULL) || !take_step(c, item, at, scope, inner))
            return false;
        if (calls_of(d, step) + calls_of(d, inner) > FLOW_MAX_CALLS)
            return compile_refuse(c, item, at, "a case and what it belongs to make at most 4 calls",
                                  NULL);
        d->case_count++;
        (*ret_count)++;
    }
    return true;
}

/* Left out: every state that does not end. */
static bool take_in(struct compile *c, const struct yaml_node *map, struct place at,
                    uint64_t *ret_states)
{
    const struct yaml_node *in = yaml_get(map, "in");
    at.key = "in";
    *ret_states = 0;
    for (size_t i = 0; in == NULL && i < c->def.state_count; i++)
        if (c->def.states[i].ending == CONTRACT_GOES_ON)
            *ret_states |= UINT64_C(1) << i;
    return in == NULL || compile_take_state_set(c, in, at, ret_states);
}

/* ------------------------------------------------------------------ actions */

static bool take_params(struct compile *c, const struct yaml_node *map, struct place at,
                        struct contract_action *action)
{
    static const char *const known[] = { "is", "one of", NULL };
    struct contract_definition *d = &c->def;
    const struct yaml_node *takes = yaml_get(map, "takes");
    size_t count = 0;
    at.key = "takes";
    action->param = (uint16_t)d->param_count;
    if (!compile_take_pairs(c, takes, at, DEFINITION_MAX_ACTION_PARAMS, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct yaml_node *node = takes->values[i];
        if (d->param_count == DEFINITION_MAX_PARAMS)
            return compile_refuse(c, takes, at, "more parameters than one contract may have", NULL);
        if (!compile_is_term_name(takes->keys[i]->text))
            return compile_refuse(c, takes->keys[i], at,
                                  "a parameter's name has letters, digits and spaces, and begins "
                                  "with a letter",
                                  takes->keys[i]->text);
        if (node->kind == YAML_MAP && !compile_check_keys(c, node, at, known, NULL))
            return false;
        struct contract_param *param = &d->params[d->param_count++];
        action->param_count++;
        param->name = slice_text(takes->keys[i]->text);
        if (!compile_take_kind(c, node, at, &param->kind))
            return false;
    }
    return true;
}

static bool take_action(struct compile *c, const struct yaml_node *map, struct place at,
                        struct contract_action *action)
{
    static const char *const known[] = { "by", "in", "takes", "cases", STEP_KEYS, NULL };
    if (map->kind != YAML_MAP)
        return compile_refuse(c, map, at, "expected \"by\", \"in\", \"to\" and so on below it",
                              NULL);
    if (definition_is_reserved_action(slice_text(at.name)))
        return compile_refuse(c, map, at, "every contract has an action of this name already",
                              NULL);
    if (!compile_check_keys(c, map, at, known, NULL))
        return false;
    const struct yaml_node *by = yaml_get(map, "by");
    struct place by_at = { at.section, at.name, "by" };
    if (by == NULL)
        return compile_refuse(c, map, by_at, "missing; say who may do it", NULL);
    if (!compile_take_callers(c, by, by_at, &action->callers) ||
        !take_in(c, map, at, &action->states) || !take_params(c, map, at, action))
        return false;
    const struct compile_scope scope = { .params = c->def.params + action->param,
                                         .param_count = action->param_count,
                                         .trigger = -1 };
    action->first_case = (uint16_t)c->def.case_count;
    return take_step(c, map, at, &scope, &action->step) &&
           take_cases(c, map, at, &scope, &action->step, &action->case_count);
}

bool compile_take_actions(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "actions", DEFINITION_MAX_ACTIONS, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_action *action = &c->def.actions[i];
        struct place at = { "actions", map->keys[i]->text, NULL };
        action->name = slice_text(map->keys[i]->text);
        if (!take_action(c, map->values[i], at, action))
            return false;
        c->def.action_count = i + 1;
    }
    return true;
}

/* ------------------------------------------------------------------ reactions */

static bool take_named(struct compile *c, const struct yaml_node *node, struct place at,
                       enum contract_trigger trigger, unsigned *ret)
{
    const struct contract_definition *d = &c->def;
    bool rule = trigger != CONTRACT_ON_DOCUMENT;
    const char *why = rule ? "expected one of the rules under \"watch\""
                           : "expected one of the documents under \"documents\"";
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, why, NULL);
    struct slice name = slice_text(node->text);
    if (rule ? definition_find_rule(d, name, ret) : definition_find_document(d, name, ret))
        return true;
    struct compile_nearest nearest = compile_nearest_begin(name);
    for (size_t i = 0; rule && i < d->rule_count; i++)
        compile_nearest_try(&nearest, d->rules[i].name);
    for (size_t i = 0; !rule && i < d->document_count; i++)
        compile_nearest_try(&nearest, d->documents[i].name);
    return compile_refuse_near(c, node, at, why, &nearest);
}

/* What happens to goods has names of its own: "dispensed", "impossible travel". */
static bool take_goods_detail(struct compile *c, const struct yaml_node *node, struct place at,
                              struct contract_reaction *r)
{
    bool finding = r->trigger == CONTRACT_ON_FINDING;
    unsigned last = finding ? FINDING_LAST : 1 + DISPOSITION_DESTROY;
    if (finding &&
        (compile_is_word(node, "never commissioned") || compile_is_word(node, "more than made")))
        return compile_refuse(c, node, at, "goods that this is found of have no contract yet",
                              node->text);
    struct compile_nearest nearest =
        compile_nearest_begin(slice_text(node->kind == YAML_SCALAR ? node->text : ""));
    for (r->detail = 0; r->detail <= last; r->detail++) {
        const char *word = definition_detail_word(r->trigger, r->detail);
        if (word != NULL && compile_is_word(node, word))
            return true;
        if (word != NULL)
            compile_nearest_try(&nearest, slice_text(word));
    }
    return compile_refuse_near(c, node, at,
                               finding ? "expected after end, impossible travel, two custodians "
                                         "or any"
                                       : "expected quarantined, released, rejected, returned, "
                                         "recalled, recall ended, decommissioned, dispensed, "
                                         "destroyed or any",
                               &nearest);
}

static bool take_detail(struct compile *c, const struct yaml_node *node, struct place at,
                        struct contract_reaction *r)
{
    const struct property *property = NULL;
    bool owner = compile_is_word(node, "ownership");
    switch (r->trigger) {
    case CONTRACT_ON_READING:
        if (!compile_take_property(c, node, at, &property) || property == NULL)
            return false;
        r->detail = property->id;
        return true;
    case CONTRACT_ON_BROKEN:
    case CONTRACT_ON_ENDED:
    case CONTRACT_ON_DOCUMENT: return take_named(c, node, at, r->trigger, &r->detail);
    case CONTRACT_ON_SCAN:
        return compile_is_word(node, "any") ||
               compile_refuse(c, node, at, "expected \"scan: any\"", NULL);
    case CONTRACT_ON_HANDOVER:
        r->detail = owner ? 1 : 0;
        return owner || compile_is_word(node, "custody") ||
               compile_refuse(c, node, at, "expected custody or ownership", NULL);
    case CONTRACT_ON_SUCCESS:
    case CONTRACT_ON_FAILURE: return take_instance(c, node, at, &r->detail);
    case CONTRACT_ON_DISPOSITION:
    case CONTRACT_ON_FINDING: return take_goods_detail(c, node, at, r);
    }
    return false;
}

static bool take_trigger(struct compile *c, const struct yaml_node *map, struct place at,
                         struct contract_reaction *r)
{
    /* As enum contract_trigger. */
    static const char *const triggers[] = { "reading",     "broken",   "ended",   "scan",
                                            "handover",    "document", "success", "failure",
                                            "disposition", "finding" };
    static const char form[] =
        "expected \"on\" with one of reading, broken, ended, scan, handover, "
        "document, success, failure, disposition or finding";
    const struct yaml_node *on = yaml_get(map, "on");
    at.key = "on";
    if (on == NULL || on->kind != YAML_MAP || on->count != 1)
        return compile_refuse(c, on != NULL ? on : map, at, form, NULL);
    for (size_t i = 0; i < sizeof triggers / sizeof triggers[0]; i++) {
        if (strcmp(on->keys[0]->text, triggers[i]) != 0)
            continue;
        r->trigger = (enum contract_trigger)i;
        return take_detail(c, on->values[0], at, r);
    }
    return compile_refuse(c, on, at, form, on->keys[0]->text);
}

static bool take_reaction(struct compile *c, const struct yaml_node *map, struct place at,
                          struct contract_reaction *r)
{
    static const char *const known[] = { "on", "in", "cases", STEP_KEYS, NULL };
    if (map->kind != YAML_MAP)
        return compile_refuse(c, map, at, "expected \"on\", \"to\" and so on below it", NULL);
    if (!compile_check_keys(c, map, at, known, NULL) || !take_trigger(c, map, at, r) ||
        !take_in(c, map, at, &r->states))
        return false;
    const struct compile_scope scope = { .trigger = (int)r->trigger, .detail = r->detail };
    r->first_case = (uint16_t)c->def.case_count;
    return take_step(c, map, at, &scope, &r->step) &&
           take_cases(c, map, at, &scope, &r->step, &r->case_count);
}

bool compile_take_reactions(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "reactions", DEFINITION_MAX_REACTIONS, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_reaction *r = &c->def.reactions[i];
        struct place at = { "reactions", map->keys[i]->text, NULL };
        r->name = slice_text(map->keys[i]->text);
        if (!take_reaction(c, map->values[i], at, r))
            return false;
        c->def.reaction_count = i + 1;
    }
    return true;
}
