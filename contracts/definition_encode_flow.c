/* Encoding the workflow: the inverse of definition_flow.c. */
#include "contracts/definition_codec.h"

static void put_code(const struct contract_definition *def, struct contract_code code,
                     struct buf *out)
{
    cbor_put_array(out, code.len);
    for (size_t i = 0; i < code.len; i++)
        cbor_put_int(out, def->code[code.at + i]);
}

static void put_effect(const struct contract_definition *def, const struct contract_effect *effect,
                       struct buf *out)
{
    cbor_put_array(out, 4);
    cbor_put_uint(out, effect->what);
    cbor_put_uint(out, effect->target);
    if (effect->what == CONTRACT_SET)
        cbor_put_null(out);
    else
        cbor_put_text(out, effect->action);
    if (effect->what == CONTRACT_CALL)
        cbor_put_null(out);
    else
        put_code(def, effect->code, out);
}

static void put_step(const struct contract_definition *def, const struct contract_step *step,
                     struct buf *out)
{
    cbor_put_array(out, 3);
    cbor_put_array(out, step->guard_count);
    for (size_t i = 0; i < step->guard_count; i++) {
        const struct contract_guard *guard = &def->guards[step->guard + i];
        cbor_put_array(out, 2);
        cbor_put_text(out, guard->words);
        put_code(def, guard->code, out);
    }
    cbor_put_array(out, step->effect_count);
    for (size_t i = 0; i < step->effect_count; i++)
        put_effect(def, &def->effects[step->effect + i], out);
    if (step->next < 0)
        cbor_put_null(out);
    else
        cbor_put_int(out, step->next);
}

static void put_cases(const struct contract_definition *def, size_t first, size_t count,
                      struct buf *out)
{
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        put_step(def, &def->cases[first + i].step, out);
}

static void put_states(const struct contract_definition *def, struct buf *out)
{
    cbor_put_array(out, def->state_count);
    for (size_t i = 0; i < def->state_count; i++) {
        cbor_put_array(out, 3);
        cbor_put_text(out, def->states[i].name);
        cbor_put_uint(out, def->states[i].progress);
        cbor_put_uint(out, def->states[i].ending);
    }
}

static void put_fields(const struct contract_definition *def, struct buf *out)
{
    cbor_put_array(out, def->field_count);
    for (size_t i = 0; i < def->field_count; i++) {
        const struct contract_field *field = &def->fields[i];
        cbor_put_array(out, 3);
        cbor_put_text(out, field->name);
        definition_encode_kind(def, &field->kind, out);
        if (field->start.len == 0)
            cbor_put_null(out);
        else
            put_code(def, field->start, out);
    }
}

static void put_actions(const struct contract_definition *def, struct buf *out)
{
    cbor_put_array(out, def->action_count);
    for (size_t i = 0; i < def->action_count; i++) {
        const struct contract_action *action = &def->actions[i];
        cbor_put_array(out, 6);
        cbor_put_text(out, action->name);
        definition_encode_callers(&action->callers, out);
        cbor_put_uint(out, action->states);
        cbor_put_array(out, action->param_count);
        for (size_t k = 0; k < action->param_count; k++) {
            const struct contract_param *param = &def->params[action->param + k];
            cbor_put_array(out, 2);
            cbor_put_text(out, param->name);
            definition_encode_kind(def, &param->kind, out);
        }
        put_step(def, &action->step, out);
        put_cases(def, action->first_case, action->case_count, out);
    }
}

static void put_reactions(const struct contract_definition *def, struct buf *out)
{
    cbor_put_array(out, def->reaction_count);
    for (size_t i = 0; i < def->reaction_count; i++) {
        const struct contract_reaction *reaction = &def->reactions[i];
        cbor_put_array(out, 6);
        cbor_put_text(out, reaction->name);
        cbor_put_uint(out, reaction->trigger);
        cbor_put_uint(out, reaction->detail);
        cbor_put_uint(out, reaction->states);
        put_step(def, &reaction->step, out);
        put_cases(def, reaction->first_case, reaction->case_count, out);
    }
}

static void put_documents(const struct contract_definition *def, struct buf *out)
{
    cbor_put_array(out, def->document_count);
    for (size_t i = 0; i < def->document_count; i++) {
        cbor_put_array(out, 2);
        cbor_put_text(out, def->documents[i].name);
        definition_encode_callers(&def->documents[i].callers, out);
    }
}

void definition_encode_flow(const struct contract_definition *def, enum definition_key key,
                            struct buf *out)
{
    if (key == DEFINITION_KEY_STATES)
        put_states(def, out);
    else if (key == DEFINITION_KEY_FIELDS)
        put_fields(def, out);
    else if (key == DEFINITION_KEY_ACTIONS)
        put_actions(def, out);
    else if (key == DEFINITION_KEY_REACTIONS)
        put_reactions(def, out);
    else
        put_documents(def, out);
}
