/* States, properties, callers and documents. */
#include "contracts/compile_sections.h"

#include <string.h>

#define MAX_PROGRESS 100

/* ------------------------------------------------------------------ states */

static bool take_state(struct compile *c, const struct yaml_node *node, struct place at,
                       struct contract_state *state)
{
    static const char *const known[] = { "progress", "ends", NULL };
    static const char form[] = "expected \"{ progress: 0 }\", a whole number from 0 to 100, and "
                               "maybe \"ends: success\" or \"ends: failure\"";
    if (node->kind == YAML_SCALAR && node->text[0] == '\0')
        return true;
    if (node->kind != YAML_MAP)
        return compile_refuse(c, node, at, form, NULL);
    if (!compile_check_keys(c, node, at, known, NULL))
        return false;
    const struct yaml_node *progress = yaml_get(node, "progress");
    const struct yaml_node *ends = yaml_get(node, "ends");
    static const int64_t limits[] = { 0, MAX_PROGRESS };
    int64_t number = 0;
    at.key = "progress";
    if (progress != NULL && !compile_take_number(c, progress, at, limits,
                                                 "expected a whole number from 0 to 100", &number))
        return false;
    state->progress = (unsigned)number;
    at.key = "ends";
    if (ends != NULL && !compile_is_word(ends, "success") && !compile_is_word(ends, "failure"))
        return compile_refuse(c, ends, at, "expected success or failure",
                              ends->kind == YAML_SCALAR ? ends->text : NULL);
    if (ends != NULL)
        state->ending = compile_is_word(ends, "success") ? CONTRACT_SUCCESS : CONTRACT_FAILURE;
    return true;
}

bool compile_take_states(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "states", DEFINITION_MAX_STATES, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_state *state = &c->def.states[i];
        struct place at = { "states", map->keys[i]->text, NULL };
        state->name = slice_text(map->keys[i]->text);
        if (!take_state(c, map->values[i], at, state))
            return false;
        c->def.state_count = i + 1;
    }
    return true;
}

bool compile_take_state(struct compile *c, const struct yaml_node *node, struct place at,
                        unsigned *ret)
{
    static const char why[] = "expected one of the states declared under \"states\"";
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, why, NULL);
    struct slice name = slice_text(node->text);
    if (definition_find_state(&c->def, name, ret))
        return true;
    struct compile_nearest nearest = compile_nearest_begin(name);
    for (size_t i = 0; i < c->def.state_count; i++)
        compile_nearest_try(&nearest, c->def.states[i].name);
    return compile_refuse_near(c, node, at, why, &nearest);
}

bool compile_take_state_set(struct compile *c, const struct yaml_node *node, struct place at,
                            uint64_t *ret_bits)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < compile_count(node); i++) {
        unsigned state = 0;
        if (!compile_take_state(c, compile_nth(node, i), at, &state))
            return false;
        bits |= UINT64_C(1) << state;
    }
    *ret_bits = bits;
    return true;
}

/* ------------------------------------------------------------------ callers */

/* What a name may mean as a caller. */
struct who {
    bool party, role, field, term;
    unsigned party_index, role_index, field_index, term_index;
};

static struct who find_who(const struct contract_definition *d, struct slice name)
{
    struct who w = { 0 };
    w.party = definition_find_party(d, name, &w.party_index);
    w.role = definition_find_role(d, name, &w.role_index);
    w.field = definition_find_field(d, name, &w.field_index) &&
              (d->fields[w.field_index].kind.type == CONTRACT_PARTY ||
               d->fields[w.field_index].kind.type == CONTRACT_INSTANCE);
    w.term = definition_find_term(d, name, &w.term_index) &&
             d->terms[w.term_index].kind.type == CONTRACT_INSTANCE;
    return w;
}

static bool refuse_caller(struct compile *c, const struct yaml_node *node, struct place at,
                          struct slice name)
{
    const struct contract_definition *d = &c->def;
    struct compile_nearest nearest = compile_nearest_begin(name);
    for (size_t i = 0; i < d->party_count; i++)
        compile_nearest_try(&nearest, d->parties[i].name);
    for (size_t i = 0; i < d->role_count; i++)
        compile_nearest_try(&nearest, d->roles[i].name);
    for (size_t i = 0; i < d->field_count; i++)
        compile_nearest_try(&nearest, d->fields[i].name);
    return compile_refuse_near(c, node, at,
                               "expected a party, a role, a property of kind party or contract, "
                               "or a term of kind contract",
                               &nearest);
}

/* "any clinic" is a holder of the role, "party clinic" the party, where both have the name. */
static void strip_word(struct slice *name, struct who *w, const struct contract_definition *d)
{
    static const char *const says[] = { "any ", "party ", "property ", "term " };
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        size_t len = strlen(says[i]);
        if (name->len <= len || memcmp(name->data, says[i], len) != 0)
            continue;
        struct slice rest = slice_from(*name, len, name->len - len);
        struct who found = find_who(d, rest);
        found.role = found.role && i == 0;
        found.party = found.party && i == 1;
        found.field = found.field && i == 2;
        found.term = found.term && i == 3;
        *w = found;
        *name = rest;
        return;
    }
}

static bool take_caller(struct compile *c, const struct yaml_node *node, struct place at,
                        struct contract_callers *ret)
{
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, "expected a name, or a list of names", NULL);
    struct slice name = slice_text(node->text);
    struct who w = find_who(&c->def, name);
    unsigned meanings = (unsigned)w.party + w.role + w.field + w.term;
    if (meanings == 0 && slice_equal(name, slice_text("nobody")))
        return true;
    if (meanings == 0)
        strip_word(&name, &w, &c->def);
    if (meanings > 1)
        return compile_refuse(c, node, at,
                              "this names several things: say \"any …\" for a role, \"party …\", "
                              "\"property …\" or \"term …\"",
                              node->text);
    if (w.party)
        ret->parties = (uint16_t)(ret->parties | 1u << w.party_index);
    else if (w.role)
        ret->roles |= UINT32_C(1) << w.role_index;
    else if (w.field)
        ret->fields |= UINT64_C(1) << w.field_index;
    else if (w.term)
        ret->instance_terms |= UINT64_C(1) << w.term_index;
    else
        return refuse_caller(c, node, at, name);
    return true;
}

bool compile_take_callers(struct compile *c, const struct yaml_node *node, struct place at,
                          struct contract_callers *ret)
{
    *ret = (struct contract_callers){ 0 };
    for (size_t i = 0; i < compile_count(node); i++)
        if (!take_caller(c, compile_nth(node, i), at, ret))
            return false;
    return true;
}

bool compile_take_quality(struct compile *c)
{
    const struct yaml_node *node = yaml_get(c->tree->root, "quality");
    struct place at = { .section = "quality" };
    if (node == NULL)
        return true;
    if (!compile_take_callers(c, node, at, &c->def.quality))
        return false;
    const struct contract_callers *q = &c->def.quality;
    return (q->parties | q->roles | q->fields | q->instance_terms) != 0 ||
           compile_refuse(c, node, at, "expected who may acknowledge and add back", NULL);
}

/* ------------------------------------------------------------------ properties */

bool compile_take_fields(struct compile *c)
{
    static const char *const known[] = { "is", "one of", "starts", NULL };
    const struct yaml_node *map;
    if (!compile_take_section(c, "properties", DEFINITION_MAX_FIELDS, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_field *field = &c->def.fields[i];
        const struct yaml_node *node = map->values[i];
        struct place at = { "properties", map->keys[i]->text, NULL };
        if (!compile_is_term_name(map->keys[i]->text))
            return compile_refuse(c, map->keys[i], at,
                                  "a property's name has letters, digits and spaces, and begins "
                                  "with a letter",
                                  NULL);
        if (node->kind == YAML_MAP && !compile_check_keys(c, node, at, known, NULL))
            return false;
        field->name = slice_text(map->keys[i]->text);
        if (!compile_take_kind(c, node, at, &field->kind))
            return false;
        c->def.field_count = i + 1;
    }
    return true;
}

bool compile_take_starts(struct compile *c)
{
    static const struct compile_scope scope = { .trigger = -1, .at_start = true };
    const struct yaml_node *map = yaml_get(c->tree->root, "properties");
    for (size_t i = 0; i < c->def.field_count; i++) {
        struct contract_field *field = &c->def.fields[i];
        const struct yaml_node *node = yaml_get(map->values[i], "starts");
        struct place at = { "properties", map->keys[i]->text, "starts" };
        if (node != NULL && !compile_is_word(node, "nothing") &&
            !compile_take_assigned(c, node, at, &scope, &field->kind, &field->start))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ documents and guards */

static bool take_document(struct compile *c, const struct yaml_node *node, struct place at,
                          struct contract_document *document)
{
    static const char *const known[] = { "by", NULL };
    if (node->kind == YAML_MAP) {
        if (!compile_check_keys(c, node, at, known, NULL))
            return false;
        node = yaml_get(node, "by");
        at.key = "by";
    }
    return node != NULL ? compile_take_callers(c, node, at, &document->callers)
                        : compile_refuse(c, NULL, at, "missing; say who may attach it", NULL);
}

bool compile_take_documents(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "documents", DEFINITION_MAX_DOCUMENTS, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_document *document = &c->def.documents[i];
        struct place at = { "documents", map->keys[i]->text, NULL };
        document->name = slice_text(map->keys[i]->text);
        if (!take_document(c, map->values[i], at, document))
            return false;
        c->def.document_count = i + 1;
    }
    return true;
}

/* Only those left open: what was filled is compiled where it is used. */
bool compile_take_guard_names(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "guards", DEFINITION_MAX_GUARD_NAMES, &map))
        return false;
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct place at = { "guards", map->keys[i]->text, NULL };
        if (map->values[i]->kind != YAML_SCALAR)
            return compile_refuse(c, map->values[i], at, "expected \"open\" or a condition", NULL);
        if (compile_is_word(map->values[i], "open"))
            c->def.guard_names[c->def.guard_name_count++] = slice_text(map->keys[i]->text);
    }
    return true;
}
