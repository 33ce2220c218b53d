/* Decoding the workflow. Only its shape is looked at here; what it speaks of, in definition_check.c. */
#include "contracts/definition_codec.h"

#include "contracts/expr.h"

#define MAX_BITS     63 /* bit sets are integers within int64 */
#define MAX_PROGRESS 100

static uint64_t take_bits(struct definition_decoder *d, unsigned bits)
{
    return cbor_take_uint_max(&d->r, (UINT64_C(1) << bits) - 1);
}

void definition_decode_callers(struct definition_decoder *d, struct contract_callers *ret)
{
    cbor_take_array_of(&d->r, 4);
    ret->parties = (uint16_t)take_bits(d, DEFINITION_MAX_PARTIES);
    ret->roles = (uint32_t)take_bits(d, DEFINITION_MAX_ROLES);
    ret->fields = take_bits(d, MAX_BITS);
    ret->instance_terms = take_bits(d, MAX_BITS);
}

static struct contract_code take_code(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, EXPR_MAX_CODE);
    struct contract_code code = { (uint16_t)def->code_count, (uint16_t)n };
    if (n > DEFINITION_MAX_CODE - def->code_count) {
        (void)definition_refuse(d, "more code than a contract may have");
        return (struct contract_code){ 0 };
    }
    for (size_t i = 0; i < n; i++)
        def->code[def->code_count++] = (int32_t)cbor_take_uint_max(&d->r, INT32_MAX);
    return code;
}

/* ------------------------------------------------------------------ states and properties */

void definition_decode_states(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_STATES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 3);
        struct contract_state state = { .name = definition_decode_name(d) };
        state.progress = (unsigned)cbor_take_uint_max(&d->r, MAX_PROGRESS);
        state.ending = (enum contract_ending)cbor_take_uint_max(&d->r, CONTRACT_FAILURE);
        def->states[i] = state;
        def->state_count = i + 1;
    }
}

void definition_decode_fields(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_FIELDS);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 3);
        struct contract_field *field = &def->fields[i];
        field->name = definition_decode_name(d);
        definition_decode_kind(d, &field->kind);
        if (cbor_peek(&d->r) == CBOR_NULL)
            cbor_take_null(&d->r);
        else
            field->start = take_code(d);
        def->field_count = i + 1;
    }
}

/* ------------------------------------------------------------------ steps */

/* Elements of a list that may be empty, and for which the pool has room; 0 once refused. */
static size_t take_run(struct definition_decoder *d, size_t used, size_t max)
{
    size_t n = cbor_take_array(&d->r);
    if (n <= max - used)
        return n;
    (void)definition_refuse(d, "a list that is too long");
    return 0;
}

static void take_guards(struct definition_decoder *d, struct contract_step *step)
{
    struct contract_definition *def = d->def;
    size_t n = take_run(d, def->guard_count, DEFINITION_MAX_GUARDS);
    step->guard = (uint16_t)def->guard_count;
    step->guard_count = (uint16_t)n;
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 2);
        struct contract_guard *guard = &def->guards[def->guard_count++];
        guard->words = cbor_take_text(&d->r, 1, DEFINITION_MAX_TEXT);
        guard->code = take_code(d);
    }
}

static void take_effect(struct definition_decoder *d, struct contract_effect *effect)
{
    cbor_take_array_of(&d->r, 4);
    effect->what = (enum contract_effect_what)cbor_take_uint_max(&d->r, CONTRACT_PASS);
    effect->target = (unsigned)cbor_take_uint_max(&d->r, MAX_BITS);
    if (effect->what == CONTRACT_SET)
        cbor_take_null(&d->r);
    else
        effect->action = definition_decode_name(d);
    if (effect->what == CONTRACT_CALL)
        cbor_take_null(&d->r);
    else
        effect->code = take_code(d);
    if (effect->what == CONTRACT_PASS && effect->target != 0)
        (void)definition_refuse(d, "an argument with a target of its own");
}

static void take_step(struct definition_decoder *d, struct contract_step *step)
{
    struct contract_definition *def = d->def;
    cbor_take_array_of(&d->r, 3);
    take_guards(d, step);
    size_t n = take_run(d, def->effect_count, DEFINITION_MAX_EFFECTS);
    step->effect = (uint16_t)def->effect_count;
    step->effect_count = (uint16_t)n;
    for (size_t i = 0; i < n && !d->r.failed; i++)
        take_effect(d, &def->effects[def->effect_count++]);
    step->next = -1;
    if (cbor_peek(&d->r) == CBOR_NULL)
        cbor_take_null(&d->r);
    else
        step->next = (int)cbor_take_uint_max(&d->r, DEFINITION_MAX_STATES - 1);
}

static void take_cases(struct definition_decoder *d, uint16_t *ret_first, uint16_t *ret_count)
{
    struct contract_definition *def = d->def;
    size_t n = take_run(d, def->case_count, DEFINITION_MAX_CASES);
    *ret_first = (uint16_t)def->case_count;
    *ret_count = (uint16_t)n;
    for (size_t i = 0; i < n && !d->r.failed; i++)
        take_step(d, &def->cases[def->case_count++].step);
}

/* ------------------------------------------------------------------ actions, reactions, documents */

static void take_params(struct definition_decoder *d, struct contract_action *action)
{
    struct contract_definition *def = d->def;
    size_t n = take_run(d, def->param_count, DEFINITION_MAX_PARAMS);
    if (n > DEFINITION_MAX_ACTION_PARAMS)
        (void)definition_refuse(d, "an action that takes more than it may");
    action->param = (uint16_t)def->param_count;
    action->param_count = (uint16_t)n;
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 2);
        struct contract_param *param = &def->params[def->param_count++];
        param->name = definition_decode_name(d);
        definition_decode_kind(d, &param->kind);
    }
}

void definition_decode_actions(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_ACTIONS);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 6);
        struct contract_action *action = &def->actions[i];
        action->name = definition_decode_name(d);
        definition_decode_callers(d, &action->callers);
        action->states = take_bits(d, MAX_BITS);
        take_params(d, action);
        take_step(d, &action->step);
        take_cases(d, &action->first_case, &action->case_count);
        def->action_count = i + 1;
    }
}

void definition_decode_reactions(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_REACTIONS);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 6);
        struct contract_reaction *reaction = &def->reactions[i];
        reaction->name = definition_decode_name(d);
        reaction->trigger = (enum contract_trigger)cbor_take_uint_max(&d->r, CONTRACT_TRIGGER_LAST);
        reaction->detail = (unsigned)cbor_take_uint_max(&d->r, UINT16_MAX);
        reaction->states = take_bits(d, MAX_BITS);
        take_step(d, &reaction->step);
        take_cases(d, &reaction->first_case, &reaction->case_count);
        def->reaction_count = i + 1;
    }
}

void definition_decode_documents(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_DOCUMENTS);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        cbor_take_array_of(&d->r, 2);
        def->documents[i].name = definition_decode_name(d);
        definition_decode_callers(d, &def->documents[i].callers);
        def->document_count = i + 1;
    }
}
