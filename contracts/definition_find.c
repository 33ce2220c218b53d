/* Looking things up: by name (lists are short, so each is walked), and what a rule is about. */
#include "contracts/definition.h"

#include <string.h>

/* items: structs whose first member is their name. */
static bool find(const void *items, size_t count, size_t size, struct slice name, unsigned *ret)
{
    for (size_t i = 0; i < count; i++) {
        struct slice candidate;
        memcpy(&candidate, (const uint8_t *)items + i * size, sizeof candidate);
        if (!slice_equal(candidate, name))
            continue;
        *ret = (unsigned)i;
        return true;
    }
    return false;
}

bool definition_find_term(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index)
{
    return find(definition->terms, definition->term_count, sizeof definition->terms[0], name,
                ret_index);
}

bool definition_find_party(const struct contract_definition *definition, struct slice name,
                           unsigned *ret_index)
{
    return find(definition->parties, definition->party_count, sizeof definition->parties[0], name,
                ret_index);
}

bool definition_find_role(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index)
{
    return find(definition->roles, definition->role_count, sizeof definition->roles[0], name,
                ret_index);
}

bool definition_find_rule(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index)
{
    return find(definition->rules, definition->rule_count, sizeof definition->rules[0], name,
                ret_index);
}

bool definition_find_state(const struct contract_definition *definition, struct slice name,
                           unsigned *ret_index)
{
    return find(definition->states, definition->state_count, sizeof definition->states[0], name,
                ret_index);
}

bool definition_find_field(const struct contract_definition *definition, struct slice name,
                           unsigned *ret_index)
{
    return find(definition->fields, definition->field_count, sizeof definition->fields[0], name,
                ret_index);
}

bool definition_find_action(const struct contract_definition *definition, struct slice name,
                            unsigned *ret_index)
{
    return find(definition->actions, definition->action_count, sizeof definition->actions[0], name,
                ret_index);
}

bool definition_find_document(const struct contract_definition *definition, struct slice name,
                              unsigned *ret_index)
{
    return find(definition->documents, definition->document_count, sizeof definition->documents[0],
                name, ret_index);
}

bool definition_is_reserved_action(struct slice name)
{
    static const char *const names[] = { "acknowledge", "add back", "undo add back" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_equal(name, slice_text(names[i])))
            return true;
    return false;
}

bool definition_rule_is_of_sensor(const struct contract_rule *rule)
{
    switch (rule->watch) {
    case CONTRACT_BOUND:
    case CONTRACT_KINETIC: return false;
    case CONTRACT_SILENCE:
    case CONTRACT_FAULT:
    case CONTRACT_STUCK: return true;
    }
    return false;
}
