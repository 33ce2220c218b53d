/* Calls from outside: who may, with which arguments. */
#include "contracts/flow.h"

#include "contracts/flow_parts.h"

#define SHOWN 64

/* ------------------------------------------------------------------ arguments */

static bool take_argument(const struct contract_definition *def,
                          const struct contract_action *action, struct cbor_reader *r,
                          struct contract_value *values, struct err *err)
{
    struct slice name = cbor_take_text(r, 0, DEFINITION_MAX_NAME);
    if (r->failed)
        return err_set(err, ERR_INPUT, "an argument without a usable name");
    const char *text = (const char *)name.data;
    for (unsigned i = 0; i < action->param_count; i++) {
        const struct contract_param *p = &def->params[action->param + i];
        if (!slice_equal(p->name, name))
            continue;
        if (!value_take(r, &p->kind, def->choices, &values[i], err))
            return err_wrap(err, "%.*s", (int)name.len, text);
        return true;
    }
    return err_set(err, ERR_INPUT, "there is no argument \"%.*s\"", (int)name.len, text);
}

static bool take_arguments(const struct contract_definition *def,
                           const struct contract_action *action, struct slice map,
                           struct contract_value *values, struct err *err)
{
    if (map.len > 0 && !cbor_scan(map, err))
        return err_wrap(err, "arguments");
    struct cbor_reader r = cbor_reader(map);
    size_t n = map.len > 0 ? cbor_take_map(&r) : 0;
    if (r.failed)
        return err_set(err, ERR_INPUT, "arguments are a map by name");
    for (size_t i = 0; i < n; i++)
        if (!take_argument(def, action, &r, values, err))
            return false;
    /* A scanned map names each key once, so as many as there are parameters are all of them. */
    if (n == action->param_count)
        return true;
    for (unsigned i = 0; i < action->param_count; i++) {
        const struct slice *name = &def->params[action->param + i].name;
        if (!flow_has_argument(map, *name))
            return err_set(err, ERR_INPUT, "the argument \"%.*s\" is missing", (int)name->len,
                           (const char *)name->data);
    }
    return true;
}

bool flow_has_argument(struct slice map, struct slice name)
{
    struct cbor_reader r = cbor_reader(map);
    size_t n = map.len > 0 ? cbor_take_map(&r) : 0;
    for (size_t i = 0; i < n; i++) {
        if (slice_equal(cbor_take_text(&r, 0, DEFINITION_MAX_NAME), name))
            return true;
        (void)cbor_take_item(&r);
    }
    return false;
}

bool flow_arguments(const struct contract_definition *definition,
                    const struct contract_action *action, struct slice map,
                    struct contract_value ret_values[FLOW_MAX_ARGUMENTS], struct err *err)
{
    struct contract_value values[FLOW_MAX_ARGUMENTS];
    for (size_t i = 0; i < FLOW_MAX_ARGUMENTS; i++)
        values[i] = (struct contract_value){ .type = CONTRACT_NOTHING };
    if (!take_arguments(definition, action, map, values, err))
        return err_wrap(err, "%.*s", (int)action->name.len, (const char *)action->name.data);
    for (size_t i = 0; i < FLOW_MAX_ARGUMENTS; i++)
        ret_values[i] = values[i];
    return true;
}

/* Keys of a map in canonical order: shorter ones first. */
static bool comes_before(struct slice a, struct slice b)
{
    return a.len != b.len ? a.len < b.len : slice_compare(a, b) < 0;
}

void flow_put_arguments(const struct flow_call *call, struct buf *out)
{
    size_t order[FLOW_MAX_ARGUMENTS];
    for (size_t i = 0; i < call->argument_count; i++) {
        size_t at = i;
        for (; at > 0 && comes_before(call->names[i], call->names[order[at - 1]]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    cbor_put_map(out, call->argument_count);
    for (size_t i = 0; i < call->argument_count; i++) {
        cbor_put_text(out, call->names[order[i]]);
        value_put(out, &call->arguments[order[i]]);
    }
}

/* ------------------------------------------------------------------ callers */

static bool is_in(uint64_t set, size_t i)
{
    return (set >> i & 1) != 0;
}

static bool holds(const struct expr_scope *scope, unsigned role, struct slice kid)
{
    const struct expr_ledger *ledger = scope->ledger;
    return ledger != NULL && ledger->holds(ledger->ctx, role, kid);
}

/* A key speaks for its member only as far as its rights go: the ledger knows them, by role. */
static bool is_named(const struct expr_scope *scope, const struct flow_caller *caller,
                     struct slice named, int role)
{
    if (named.len == 0)
        return false;
    if (slice_equal(named, caller->kid))
        return true;
    return slice_equal(named, caller->member) &&
           (role < 0 || holds(scope, (unsigned)role, caller->kid));
}

static bool contract_may(const struct expr_scope *scope, const struct contract_callers *callers,
                         struct slice instance)
{
    for (size_t i = 0; i < scope->definition->term_count; i++) {
        const struct contract_value *v = &scope->terms->values[i];
        if (is_in(callers->instance_terms, i) && v->type == CONTRACT_INSTANCE &&
            slice_equal(v->text, instance))
            return true;
    }
    for (size_t i = 0; i < scope->definition->field_count && scope->fields != NULL; i++)
        if (is_in(callers->fields, i) && scope->fields[i].type == CONTRACT_INSTANCE &&
            slice_equal(scope->fields[i].text, instance))
            return true;
    return false;
}

bool flow_may(struct expr_scope *scope, const struct contract_callers *callers,
              const struct flow_caller *caller)
{
    const struct contract_definition *def = scope->definition;
    if (caller->instance.len > 0)
        return contract_may(scope, callers, caller->instance);
    for (size_t i = 0; i < def->party_count; i++)
        if (is_in(callers->parties, i) &&
            is_named(scope, caller, scope->parties[i], (int)def->parties[i].role))
            return true;
    for (size_t i = 0; i < def->field_count && scope->fields != NULL; i++)
        if (is_in(callers->fields, i) && scope->fields[i].type == CONTRACT_PARTY &&
            is_named(scope, caller, scope->fields[i].text, def->fields[i].kind.role))
            return true;
    for (size_t i = 0; i < def->role_count; i++)
        if (is_in(callers->roles, i) && holds(scope, (unsigned)i, caller->kid))
            return true;
    return false;
}

static void add_name(struct words *w, size_t *named, struct slice name)
{
    words_add(w, (*named)++ > 0 ? " or " : "");
    words_add_slice(w, name);
}

static void add_callers(struct words *w, const struct contract_definition *def,
                        const struct contract_callers *callers)
{
    size_t named = 0;
    for (size_t i = 0; i < def->party_count; i++)
        if (is_in(callers->parties, i))
            add_name(w, &named, def->parties[i].name);
    for (size_t i = 0; i < def->role_count; i++)
        if (is_in(callers->roles, i))
            add_name(w, &named, def->roles[i].name);
    for (size_t i = 0; i < def->field_count; i++)
        if (is_in(callers->fields, i))
            add_name(w, &named, def->fields[i].name);
    for (size_t i = 0; i < def->term_count; i++)
        if (is_in(callers->instance_terms, i))
            add_name(w, &named, def->terms[i].name);
    words_add(w, named == 0 ? "nobody" : "");
}

enum flow_result flow_refuse_caller(const struct contract_definition *def, struct slice what,
                                    const struct contract_callers *callers, struct err *err)
{
    char text[FLOW_REASON_SIZE];
    struct words w = words_begin(text, sizeof text);
    words_add_slice(&w, what);
    words_add(&w, ": only for ");
    add_callers(&w, def, callers);
    (void)err_set(err, ERR_REFUSED, "%s", text);
    return FLOW_NOT_ALLOWED;
}

/* ------------------------------------------------------------------ actions and documents */

static enum flow_result refuse_state(const struct contract_definition *def,
                                     const struct contract_action *action, unsigned state,
                                     struct err *err)
{
    char text[FLOW_REASON_SIZE];
    struct words w = words_begin(text, sizeof text);
    size_t named = 0;
    words_add_slice(&w, action->name);
    words_add(&w, ": not in the state ");
    words_add_slice(&w, def->states[state].name);
    words_add(&w, action->states != 0 ? ", only in " : "");
    for (size_t i = 0; i < def->state_count; i++)
        if (is_in(action->states, i))
            add_name(&w, &named, def->states[i].name);
    (void)err_set(err, ERR_REFUSED, "%s", text);
    return FLOW_WRONG_STATE;
}

/* A party given as an argument must hold the role its kind asks for. */
static enum flow_result check_roles(struct expr_scope *scope, const struct contract_action *action,
                                    struct err *err)
{
    const struct contract_definition *def = scope->definition;
    for (unsigned i = 0; i < action->param_count; i++) {
        const struct contract_param *p = &def->params[action->param + i];
        struct err why;
        if (flow_role_fits(scope, &p->kind, &scope->params[i], &why))
            continue;
        (void)err_set(err, ERR_INPUT, "%.*s: %.*s: %s", (int)action->name.len,
                      (const char *)action->name.data, (int)p->name.len, (const char *)p->name.data,
                      why.msg);
        return FLOW_BAD_ARGUMENT;
    }
    return FLOW_DONE;
}

/* What comes before the guards; sets the scope's view of the state. */
static enum flow_result may_begin(struct expr_scope *scope, unsigned action,
                                  const struct flow_caller *caller, const struct flow_state *state,
                                  struct err *err)
{
    const struct contract_definition *def = scope->definition;
    if (action >= def->action_count) {
        (void)err_set(err, ERR_REFUSED, "the contract has no such action");
        return FLOW_UNKNOWN;
    }
    const struct contract_action *a = &def->actions[action];
    scope->fields = state->fields;
    scope->documents = state->documents;
    scope->declared = &def->params[a->param];
    if (!is_in(a->states, state->state))
        return refuse_state(def, a, state->state, err);
    if (!flow_may(scope, &a->callers, caller))
        return flow_refuse_caller(def, a->name, &a->callers, err);
    return FLOW_DONE;
}

// NOLINTNEXTLINE(readability-function-size): who, what and when are each their own
enum flow_result flow_call(struct expr_scope *scope, unsigned action,
                           const struct flow_caller *caller, uint64_t block_ms,
                           struct flow_state *state, struct flow_calls *ret_calls, struct err *err)
{
    ret_calls->count = 0;
    enum flow_result result = may_begin(scope, action, caller, state, err);
    if (result != FLOW_DONE)
        return result;
    const struct contract_action *a = &scope->definition->actions[action];
    if (a->param_count > 0 && scope->params != NULL)
        result = check_roles(scope, a, err);
    if (result != FLOW_DONE)
        return result;
    struct flow_run run = { .scope = scope,
                            .name = a->name,
                            .steps_before = scope->steps,
                            .first_case = a->first_case,
                            .case_count = a->case_count,
                            .calls = ret_calls,
                            .err = err };
    result = flow_check_guards(&run, &a->step);
    return result == FLOW_DONE ? flow_run_step(&run, &a->step, block_ms, state) : result;
}

enum flow_result flow_probe(struct expr_scope *scope, unsigned action,
                            const struct flow_caller *caller, struct flow_state *state,
                            struct err *err)
{
    enum flow_result result = may_begin(scope, action, caller, state, err);
    if (result != FLOW_DONE)
        return result;
    const struct contract_action *a = &scope->definition->actions[action];
    const struct contract_value *params = scope->params;
    scope->params = NULL;
    struct flow_run run = { .scope = scope,
                            .name = a->name,
                            .steps_before = scope->steps,
                            .without_params = true,
                            .err = err };
    result = flow_check_guards(&run, &a->step);
    scope->params = params;
    return result;
}

enum flow_result flow_attach(struct expr_scope *scope, unsigned document,
                             const struct flow_caller *caller, const struct hash *hash,
                             struct flow_state *state, struct err *err)
{
    const struct contract_definition *def = scope->definition;
    if (document >= def->document_count) {
        (void)err_set(err, ERR_REFUSED, "the contract has no such document");
        return FLOW_UNKNOWN;
    }
    const struct contract_document *d = &def->documents[document];
    scope->fields = state->fields;
    if (!flow_may(scope, &d->callers, caller))
        return flow_refuse_caller(def, d->name, &d->callers, err);
    state->documents |= (uint64_t)1 << document;
    state->document_hashes[document] = *hash;
    scope->documents = state->documents;
    return FLOW_DONE;
}
