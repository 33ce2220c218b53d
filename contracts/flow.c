/* What an action or a reaction does: guards, effects, cases, the next state. */
#include "contracts/flow.h"

#include <assert.h>
#include <string.h>

#include "contracts/flow_parts.h"

#define WORDS_SHOWN    70  /* bytes of a guard's words in a reason */
#define FIELD_OVERHEAD 24  /* encoded bytes of a value beyond its text, at most */
#define HISTORY_BYTES  208 /* of all changes, at most */
#define DOCUMENT_BYTES 37  /* of one document */
#define OTHER_BYTES    16

/* ------------------------------------------------------------------ reasons */

static enum flow_result too_many_steps(struct flow_run *run)
{
    (void)err_set(run->err, ERR_REFUSED, "%.*s: takes more than %d steps", (int)run->name.len,
                  (const char *)run->name.data, FLOW_MAX_STEPS);
    return FLOW_STEPS;
}

static bool is_over(const struct flow_run *run)
{
    return run->scope->steps - run->steps_before > FLOW_MAX_STEPS;
}

static enum flow_result refuse_guard(struct flow_run *run, const struct contract_guard *guard,
                                     const struct expr_outcome *outcome)
{
    char text[FLOW_REASON_SIZE];
    struct words w = words_begin(text, sizeof text);
    words_add_slice(&w, run->name);
    words_add(&w, ": ");
    if (outcome->lack == EXPR_GUARD_IS_OPEN) {
        expr_lack_words(run->scope, outcome, &w);
        (void)err_set(run->err, ERR_REFUSED, "%s", text);
        return FLOW_GUARD;
    }
    words_add(&w, "\"");
    words_add_cut(&w, guard->words, WORDS_SHOWN);
    words_add(&w, "\" does not hold: ");
    if (outcome->lack == EXPR_HAS_VALUE) {
        char why[FLOW_REASON_SIZE];
        expr_explain(run->scope, guard->code, why, sizeof why);
        words_add(&w, why);
    } else {
        expr_lack_words(run->scope, outcome, &w);
    }
    (void)err_set(run->err, ERR_REFUSED, "%s", text);
    return FLOW_GUARD;
}

/* `what` and its name: the property or argument that could not be made. */
static enum flow_result refuse_effect(struct flow_run *run, struct slice name, const char *why)
{
    char text[FLOW_REASON_SIZE];
    struct words w = words_begin(text, sizeof text);
    words_add_slice(&w, run->name);
    words_add(&w, ": ");
    words_add_slice(&w, name);
    words_add(&w, ": ");
    words_add(&w, why);
    (void)err_set(run->err, ERR_REFUSED, "%s", text);
    return FLOW_GUARD;
}

/* ------------------------------------------------------------------ guards */

static bool asks_for_params(const struct contract_definition *def, struct contract_code code)
{
    for (unsigned i = code.at; i < (unsigned)code.at + code.len; i++) {
        if (def->code[i] == EXPR_PARAM)
            return true;
        i += expr_shape_of(def->code[i])->has_argument ? 1 : 0;
    }
    return false;
}

/* FLOW_DONE: it holds. FLOW_GUARD: it does not, err says why. */
static enum flow_result check_guard(struct flow_run *run, const struct contract_guard *guard)
{
    if (run->without_params && asks_for_params(run->scope->definition, guard->code))
        return FLOW_DONE;
    struct expr_outcome outcome = expr_run(run->scope, guard->code);
    if (is_over(run))
        return too_many_steps(run);
    if (outcome.lack == EXPR_HAS_VALUE && outcome.value.type == CONTRACT_BOOL &&
        outcome.value.number != 0)
        return FLOW_DONE;
    return refuse_guard(run, guard, &outcome);
}

enum flow_result flow_check_guards(struct flow_run *run, const struct contract_step *step)
{
    for (unsigned i = 0; i < step->guard_count; i++) {
        enum flow_result result =
            check_guard(run, &run->scope->definition->guards[step->guard + i]);
        if (result != FLOW_DONE)
            return result;
    }
    return FLOW_DONE;
}

/* Whether a case applies. A guard without a value refuses an action: the case might be the breach. */
static enum flow_result check_case(struct flow_run *run, const struct contract_step *step,
                                   bool *ret_applies)
{
    *ret_applies = true;
    for (unsigned i = 0; i < step->guard_count && *ret_applies; i++) {
        const struct contract_guard *guard = &run->scope->definition->guards[step->guard + i];
        struct expr_outcome outcome = expr_run(run->scope, guard->code);
        if (is_over(run))
            return too_many_steps(run);
        if (outcome.lack != EXPR_HAS_VALUE && !run->is_reaction)
            return refuse_guard(run, guard, &outcome);
        *ret_applies = outcome.lack == EXPR_HAS_VALUE && outcome.value.type == CONTRACT_BOOL &&
                       outcome.value.number != 0;
    }
    return FLOW_DONE;
}

/* ------------------------------------------------------------------ effects */

bool flow_role_fits(struct expr_scope *scope, const struct value_kind *kind,
                    const struct contract_value *value, struct err *err)
{
    const struct expr_ledger *ledger = scope->ledger;
    bool list = kind->type == CONTRACT_LIST && kind->scalar == CONTRACT_PARTY;
    if (kind->role < 0 || value->type == CONTRACT_NOTHING ||
        (kind->type != CONTRACT_PARTY && !list))
        return true;
    struct contract_value party = *value;
    struct cbor_reader items;
    size_t n = list ? value_list_begin(value, &items) : 1;
    for (size_t i = 0; i < n; i++) {
        if (list)
            party = value_list_next(&items, CONTRACT_PARTY);
        scope->steps++;
        if (ledger != NULL && ledger->holds(ledger->ctx, (unsigned)kind->role, party.text))
            continue;
        char kid[2 * 8 + 1];
        value_show(&party, kid, sizeof kid);
        const struct slice *role = &scope->definition->roles[kind->role].name;
        return err_set(err, ERR_REFUSED, "%s does not hold the role \"%.*s\"", kid, (int)role->len,
                       (const char *)role->data);
    }
    return true;
}

/* The value of an effect; CONTRACT_NOTHING only where that is written. */
static enum flow_result make_value(struct flow_run *run, const struct contract_effect *effect,
                                   struct slice name, struct contract_value *ret)
{
    struct expr_outcome outcome = expr_run(run->scope, effect->code);
    if (is_over(run))
        return too_many_steps(run);
    if (outcome.lack == EXPR_HAS_VALUE) {
        *ret = outcome.value;
        value_settle(ret);
        return FLOW_DONE;
    }
    char why[FLOW_REASON_SIZE];
    struct words w = words_begin(why, sizeof why);
    expr_lack_words(run->scope, &outcome, &w);
    return refuse_effect(run, name, why);
}

/* A text becomes the choice or the asset that is asked for. */
static void cast(struct contract_value *value, const struct value_kind *kind)
{
    bool texts = value->type == CONTRACT_TEXT || value->type == CONTRACT_CHOICE ||
                 value->type == CONTRACT_ASSET;
    bool wanted = kind->type == CONTRACT_TEXT || kind->type == CONTRACT_CHOICE ||
                  kind->type == CONTRACT_ASSET;
    if (texts && wanted)
        value->type = kind->type;
}

static enum flow_result set_field(struct flow_run *run, const struct contract_effect *effect,
                                  struct flow_state *next)
{
    const struct contract_definition *def = run->scope->definition;
    assert(effect->target < def->field_count);
    const struct contract_field *field = &def->fields[effect->target];
    struct contract_value value = { .type = CONTRACT_NOTHING };
    enum flow_result result = make_value(run, effect, field->name, &value);
    if (result != FLOW_DONE)
        return result;
    struct err why;
    cast(&value, &field->kind);
    if (!value_fits(&value, &field->kind, def->choices, &why) ||
        !flow_role_fits(run->scope, &field->kind, &value, &why))
        return refuse_effect(run, field->name, why.msg);
    next->fields[effect->target] = value;
    return FLOW_DONE;
}

static enum flow_result begin_call(struct flow_run *run, const struct contract_effect *effect)
{
    const struct contract_definition *def = run->scope->definition;
    assert(effect->target < def->term_count);
    const struct contract_value *to = &run->scope->terms->values[effect->target];
    if (to->type != CONTRACT_INSTANCE)
        return refuse_effect(run, def->terms[effect->target].name, "no contract is named");
    if (run->calls->count == FLOW_MAX_CALLS)
        return refuse_effect(run, effect->action, "one call too many to other contracts");
    struct flow_call *call = &run->calls->items[run->calls->count++];
    call->instance = to->text;
    call->action = effect->action;
    call->argument_count = 0;
    return FLOW_DONE;
}

static enum flow_result pass_argument(struct flow_run *run, const struct contract_effect *effect)
{
    struct flow_call *call =
        run->calls->count > 0 ? &run->calls->items[run->calls->count - 1] : NULL;
    if (call == NULL || call->argument_count == FLOW_MAX_ARGUMENTS)
        return refuse_effect(run, effect->action, "one argument too many");
    struct contract_value value = { .type = CONTRACT_NOTHING };
    enum flow_result result = make_value(run, effect, effect->action, &value);
    if (result != FLOW_DONE)
        return result;
    call->names[call->argument_count] = effect->action;
    call->arguments[call->argument_count++] = value;
    return FLOW_DONE;
}

/* In order, each seeing what the ones before it did. */
static enum flow_result run_effects(struct flow_run *run, const struct contract_step *step,
                                    struct flow_state *next)
{
    for (unsigned i = 0; i < step->effect_count; i++) {
        const struct contract_effect *effect = &run->scope->definition->effects[step->effect + i];
        enum flow_result result = FLOW_DONE;
        switch (effect->what) {
        case CONTRACT_SET: result = set_field(run, effect, next); break;
        case CONTRACT_CALL: result = begin_call(run, effect); break;
        case CONTRACT_PASS: result = pass_argument(run, effect); break;
        }
        if (result != FLOW_DONE)
            return result;
    }
    return FLOW_DONE;
}

/* ------------------------------------------------------------------ the step */

static void change_state(struct flow_state *state, unsigned to, uint64_t block_ms)
{
    if (to == state->state)
        return;
    if (state->change_count == FLOW_MAX_HISTORY) {
        memmove(&state->changes[1], &state->changes[2],
                (FLOW_MAX_HISTORY - 2) * sizeof state->changes[0]);
        state->change_count--;
    }
    state->changes[state->change_count++] =
        (struct flow_change){ .time_ms = block_ms, .state = (uint8_t)to };
    state->state = to;
}

/* The first case whose guards hold, and the state it leads to. */
static enum flow_result run_cases(struct flow_run *run, int *next, struct flow_state *state)
{
    for (unsigned i = 0; i < run->case_count; i++) {
        const struct contract_step *step = &run->scope->definition->cases[run->first_case + i].step;
        bool applies;
        enum flow_result result = check_case(run, step, &applies);
        if (result != FLOW_DONE)
            return result;
        if (!applies)
            continue;
        *next = step->next >= 0 ? step->next : *next;
        return run_effects(run, step, state);
    }
    return FLOW_DONE;
}

/* No less than what it encodes to. */
static size_t size_of(const struct contract_definition *def, const struct flow_state *state)
{
    size_t size = OTHER_BYTES + HISTORY_BYTES + def->document_count * DOCUMENT_BYTES;
    for (size_t i = 0; i < def->field_count; i++)
        size += FIELD_OVERHEAD + state->fields[i].text.len;
    return size;
}

static enum flow_result run_on(struct flow_run *run, const struct contract_step *step,
                               uint64_t block_ms, struct flow_state *next)
{
    int to = step->next;
    enum flow_result result = run_effects(run, step, next);
    if (result == FLOW_DONE)
        result = run_cases(run, &to, next);
    if (result != FLOW_DONE)
        return result;
    if (size_of(run->scope->definition, next) > FLOW_MAX_STATE_BYTES)
        return refuse_effect(run, slice_text("properties"), "grow beyond what a contract may keep");
    if (to >= 0)
        change_state(next, (unsigned)to, block_ms);
    return FLOW_DONE;
}

enum flow_result flow_run_step(struct flow_run *run, const struct contract_step *step,
                               uint64_t block_ms, struct flow_state *state)
{
    struct flow_state next = *state;
    run->scope->fields = next.fields;
    enum flow_result result = run_on(run, step, block_ms, &next);
    if (result == FLOW_DONE)
        *state = next;
    else
        run->calls->count = 0;
    run->scope->fields = state->fields;
    return result;
}

/* ------------------------------------------------------------------ reactions */

static bool listens(const struct contract_reaction *r, enum contract_trigger trigger,
                    unsigned detail, unsigned state)
{
    return definition_hears(r, trigger, detail) && (r->states >> state & 1) != 0;
}

// NOLINTNEXTLINE(readability-function-size): what happens is three of the parameters
enum flow_result flow_react(struct expr_scope *scope, enum contract_trigger trigger,
                            unsigned detail, uint64_t block_ms, struct flow_state *state,
                            unsigned *index, struct flow_calls *ret_calls, struct err *err)
{
    const struct contract_definition *def = scope->definition;
    ret_calls->count = 0;
    scope->fields = state->fields;
    scope->documents = state->documents;
    scope->params = NULL;
    scope->declared = NULL;
    uint64_t steps_before = scope->steps;
    for (; *index < def->reaction_count; ++*index) {
        const struct contract_reaction *r = &def->reactions[*index];
        if (!listens(r, trigger, detail, state->state))
            continue;
        struct flow_run run = { .scope = scope,
                                .name = r->name,
                                .steps_before = steps_before,
                                .first_case = r->first_case,
                                .case_count = r->case_count,
                                .is_reaction = true,
                                .calls = ret_calls,
                                .err = err };
        enum flow_result result = flow_check_guards(&run, &r->step);
        if (result == FLOW_STEPS)
            return result;
        if (result == FLOW_DONE)
            return flow_run_step(&run, &r->step, block_ms, state);
    }
    return FLOW_UNKNOWN;
}

/* ------------------------------------------------------------------ the start */

static void begin_empty(const struct contract_definition *def, struct flow_state *state)
{
    static const uint8_t no_values[] = { 0x80 };
    for (size_t i = 0; i < def->field_count; i++) {
        struct contract_value *v = &state->fields[i];
        *v = (struct contract_value){ .type = CONTRACT_NOTHING };
        if (def->fields[i].kind.type != CONTRACT_LIST)
            continue;
        v->type = CONTRACT_LIST;
        v->text = slice_of(no_values, sizeof no_values);
    }
}

enum flow_result flow_start(struct expr_scope *scope, uint64_t block_ms,
                            struct flow_state *ret_state, struct err *err)
{
    const struct contract_definition *def = scope->definition;
    struct flow_state state;
    memset(&state, 0, sizeof state);
    state.change_count = 1;
    state.changes[0].time_ms = block_ms;
    begin_empty(def, &state);
    scope->fields = NULL;
    scope->params = NULL;
    scope->declared = NULL;
    scope->documents = 0;
    struct flow_run run = {
        .scope = scope, .name = slice_text("opening"), .steps_before = scope->steps, .err = err
    };
    for (unsigned i = 0; i < def->field_count; i++) {
        if (def->fields[i].start.len == 0)
            continue;
        struct contract_effect effect = { .what = CONTRACT_SET,
                                          .target = i,
                                          .code = def->fields[i].start };
        enum flow_result result = set_field(&run, &effect, &state);
        if (result != FLOW_DONE)
            return result;
    }
    if (size_of(def, &state) > FLOW_MAX_STATE_BYTES)
        return refuse_effect(&run, slice_text("properties"), "are more than a contract may keep");
    *ret_state = state;
    return FLOW_DONE;
}
