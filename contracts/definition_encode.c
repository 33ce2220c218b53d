#include "contracts/definition_codec.h"

/* ------------------------------------------------------------------ kinds, operands, callers */

static size_t kind_fields(const struct value_kind *kind, enum contract_type type)
{
    switch (type) {
    case CONTRACT_INT: return kind->ranged ? 3 : 1;
    case CONTRACT_TEXT: return kind->ranged ? 2 : 1;
    case CONTRACT_QUANTITY: return kind->ranged ? 5 : 2;
    case CONTRACT_CHOICE: return 2;
    case CONTRACT_PARTY: return kind->role >= 0 ? 2 : 1;
    case CONTRACT_BOOL:
    case CONTRACT_TIME:
    case CONTRACT_ASSET:
    case CONTRACT_INSTANCE:
    case CONTRACT_HASH:
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: break;
    }
    return 1;
}

void definition_encode_kind(const struct contract_definition *def, const struct value_kind *kind,
                            struct buf *out)
{
    enum contract_type type = kind->type;
    if (type == CONTRACT_LIST) {
        cbor_put_array(out, 2);
        cbor_put_uint(out, CONTRACT_LIST);
        type = kind->scalar;
    }
    cbor_put_array(out, kind_fields(kind, type));
    cbor_put_uint(out, type);
    if (type == CONTRACT_QUANTITY)
        cbor_put_text(out, kind->unit);
    if (type == CONTRACT_QUANTITY && kind->ranged)
        cbor_put_int(out, kind->exponent);
    if ((type == CONTRACT_QUANTITY || type == CONTRACT_INT) && kind->ranged)
        cbor_put_int(out, kind->min);
    if (type != CONTRACT_CHOICE && kind->ranged)
        cbor_put_int(out, kind->max);
    if (type == CONTRACT_PARTY && kind->role >= 0)
        cbor_put_int(out, kind->role);
    if (type != CONTRACT_CHOICE)
        return;
    cbor_put_array(out, kind->count);
    for (size_t i = 0; i < kind->count; i++)
        cbor_put_text(out, def->choices[kind->first + i]);
}

void definition_encode_operand(struct buf *out, const struct contract_operand *operand)
{
    if (operand->is_term)
        cbor_put_uint(out, operand->term);
    else
        value_put(out, &operand->number);
}

void definition_encode_callers(const struct contract_callers *callers, struct buf *out)
{
    cbor_put_array(out, 4);
    cbor_put_uint(out, callers->parties);
    cbor_put_uint(out, callers->roles);
    cbor_put_uint(out, callers->fields);
    cbor_put_uint(out, callers->instance_terms);
}

/* ------------------------------------------------------------------ rules and sensors */

static size_t more_of(const struct contract_rule *rule)
{
    return (rule->watch != CONTRACT_BOUND ? 1u : 0u) + (rule->has_until ? 1u : 0u) +
           (rule->has_ignore ? 1u : 0u) + (rule->has_stages ? 1u : 0u) +
           (rule->budget.len > 0 ? 1u : 0u) + (rule->whole_journey ? 1u : 0u);
}

static void put_until(const struct contract_rule *rule, struct buf *out)
{
    cbor_put_uint(out, DEFINITION_MORE_UNTIL);
    cbor_put_array(out, 3);
    cbor_put_uint(out, rule->until_op);
    definition_encode_operand(out, &rule->until);
    if (rule->until_less.number.number == 0)
        cbor_put_null(out);
    else
        definition_encode_operand(out, &rule->until_less);
}

static void put_more(const struct contract_rule *rule, struct buf *out)
{
    cbor_put_map(out, more_of(rule));
    if (rule->watch != CONTRACT_BOUND) {
        cbor_put_uint(out, DEFINITION_MORE_WATCH);
        cbor_put_uint(out, rule->watch);
    }
    if (rule->has_until)
        put_until(rule, out);
    if (rule->has_ignore) {
        cbor_put_uint(out, DEFINITION_MORE_IGNORE);
        definition_encode_operand(out, &rule->ignore);
    }
    if (rule->has_stages) {
        cbor_put_uint(out, DEFINITION_MORE_STAGES);
        cbor_put_uint(out, rule->stages);
    }
    if (rule->budget.len > 0) {
        cbor_put_uint(out, DEFINITION_MORE_BUDGET);
        cbor_put_text(out, rule->budget);
    }
    if (rule->whole_journey) {
        cbor_put_uint(out, DEFINITION_MORE_WHOLE);
        cbor_put_bool(out, true);
    }
}

void definition_encode_rules(const struct contract_definition *def, struct buf *out)
{
    for (size_t i = 0; i < def->rule_count; i++) {
        const struct contract_rule *rule = &def->rules[i];
        bool more = more_of(rule) > 0;
        cbor_put_array(out, DEFINITION_RULE_FIELDS + (more ? 1 : 0));
        cbor_put_text(out, rule->name);
        cbor_put_uint(out, rule->property);
        cbor_put_uint(out, rule->op);
        if (rule->watch == CONTRACT_BOUND || rule->watch == CONTRACT_KINETIC)
            definition_encode_operand(out, &rule->bound);
        else
            cbor_put_null(out);
        cbor_put_uint(out, rule->lasting);
        if (rule->lasting == CONTRACT_INSTANT)
            cbor_put_null(out);
        else
            definition_encode_operand(out, &rule->duration);
        cbor_put_uint(out, rule->severity);
        if (more)
            put_more(rule, out);
    }
}

void definition_encode_sensors(const struct contract_definition *def, struct buf *out)
{
    for (size_t i = 0; i < def->sensor_count; i++) {
        const struct contract_sensor *sensor = &def->sensors[i];
        cbor_put_array(out, 3);
        cbor_put_uint(out, sensor->property);
        if (sensor->has_accuracy)
            definition_encode_operand(out, &sensor->accuracy);
        else
            cbor_put_null(out);
        if (sensor->has_range) {
            cbor_put_array(out, 2);
            definition_encode_operand(out, &sensor->low);
            definition_encode_operand(out, &sensor->high);
        } else {
            cbor_put_null(out);
        }
    }
}

/* ------------------------------------------------------------------ people, terms, the rest */

static void put_roles(const struct contract_definition *def, struct buf *out)
{
    for (size_t i = 0; i < def->role_count; i++) {
        bool ranked = def->roles[i].rank != CONTRACT_ANY_RANK;
        cbor_put_array(out, ranked ? 3 : 2);
        cbor_put_text(out, def->roles[i].name);
        cbor_put_text(out, def->roles[i].meaning);
        if (ranked)
            cbor_put_uint(out, def->roles[i].rank);
    }
}

static void put_parties(const struct contract_definition *def, struct buf *out)
{
    for (size_t i = 0; i < def->party_count; i++) {
        cbor_put_array(out, 2);
        cbor_put_text(out, def->parties[i].name);
        cbor_put_uint(out, def->parties[i].role);
    }
}

static void put_terms(const struct contract_definition *def, struct buf *out)
{
    for (size_t i = 0; i < def->term_count; i++) {
        const struct contract_term *term = &def->terms[i];
        struct value_kind plain;
        bool told =
            definition_kind_of(&term->usual, &plain) && definition_same_kind(&plain, &term->kind);
        cbor_put_array(out, told ? 2 : 3);
        cbor_put_text(out, term->name);
        value_put(out, &term->usual);
        if (!told)
            definition_encode_kind(def, &term->kind, out);
    }
}

static void put_constants(const struct contract_definition *def, struct buf *out)
{
    for (size_t i = 0; i < def->constant_count; i++)
        value_put(out, &def->constants[i]);
}

static void put_guard_names(const struct contract_definition *def, struct buf *out)
{
    for (size_t i = 0; i < def->guard_name_count; i++)
        cbor_put_text(out, def->guard_names[i]);
}

/* ------------------------------------------------------------------ the whole */

static bool is_there(const struct contract_definition *def, enum definition_key key)
{
    const struct contract_callers *q = &def->quality;
    switch (key) {
    case DEFINITION_KEY_LANGUAGE:
    case DEFINITION_KEY_NAME: return true;
    case DEFINITION_KEY_VERSION: return def->version > 1;
    case DEFINITION_KEY_SUMMARY: return def->summary.len > 0;
    case DEFINITION_KEY_ROLES: return def->role_count > 0;
    case DEFINITION_KEY_PARTIES: return def->party_count > 0;
    case DEFINITION_KEY_TERMS: return def->term_count > 0;
    case DEFINITION_KEY_RULES:
    case DEFINITION_KEY_MAXIMUM_GAP: return def->rule_count > 0;
    case DEFINITION_KEY_LATENESS: return def->rule_count > 0 && def->has_lateness;
    case DEFINITION_KEY_STATES: return def->state_count > 0;
    case DEFINITION_KEY_FIELDS: return def->field_count > 0;
    case DEFINITION_KEY_ACTIONS: return def->action_count > 0;
    case DEFINITION_KEY_REACTIONS: return def->reaction_count > 0;
    case DEFINITION_KEY_DOCUMENTS: return def->document_count > 0;
    case DEFINITION_KEY_QUALITY:
        return q->parties != 0 || q->roles != 0 || q->fields != 0 || q->instance_terms != 0;
    case DEFINITION_KEY_OPENER: return def->has_opener;
    case DEFINITION_KEY_EACH_UNIT: return def->each_unit;
    case DEFINITION_KEY_CONSTANTS: return def->constant_count > 0;
    case DEFINITION_KEY_GUARD_NAMES: return def->guard_name_count > 0;
    case DEFINITION_KEY_SENSORS: return def->sensor_count > 0;
    case DEFINITION_KEY_CALIBRATION: return def->has_calibration;
    case DEFINITION_KEY_FASTEST: return def->has_fastest;
    case DEFINITION_KEY_COUNT: break;
    }
    return false;
}

static void put_list(struct buf *out, const struct contract_definition *def, size_t count,
                     void (*put)(const struct contract_definition *, struct buf *))
{
    cbor_put_array(out, count);
    put(def, out);
}

static void put_section(const struct contract_definition *def, enum definition_key key,
                        struct buf *out)
{
    switch (key) {
    case DEFINITION_KEY_LANGUAGE: cbor_put_uint(out, DEFINITION_LANGUAGE); break;
    case DEFINITION_KEY_NAME: cbor_put_text(out, def->name); break;
    case DEFINITION_KEY_VERSION: cbor_put_uint(out, def->version); break;
    case DEFINITION_KEY_SUMMARY: cbor_put_text(out, def->summary); break;
    case DEFINITION_KEY_ROLES: put_list(out, def, def->role_count, put_roles); break;
    case DEFINITION_KEY_PARTIES: put_list(out, def, def->party_count, put_parties); break;
    case DEFINITION_KEY_TERMS: put_list(out, def, def->term_count, put_terms); break;
    case DEFINITION_KEY_RULES: put_list(out, def, def->rule_count, definition_encode_rules); break;
    case DEFINITION_KEY_MAXIMUM_GAP: definition_encode_operand(out, &def->maximum_gap); break;
    case DEFINITION_KEY_LATENESS: definition_encode_operand(out, &def->lateness); break;
    case DEFINITION_KEY_STATES:
    case DEFINITION_KEY_FIELDS:
    case DEFINITION_KEY_ACTIONS:
    case DEFINITION_KEY_REACTIONS:
    case DEFINITION_KEY_DOCUMENTS: definition_encode_flow(def, key, out); break;
    case DEFINITION_KEY_QUALITY: definition_encode_callers(&def->quality, out); break;
    case DEFINITION_KEY_OPENER: cbor_put_uint(out, def->opener); break;
    case DEFINITION_KEY_EACH_UNIT: cbor_put_bool(out, true); break;
    case DEFINITION_KEY_CONSTANTS: put_list(out, def, def->constant_count, put_constants); break;
    case DEFINITION_KEY_GUARD_NAMES:
        put_list(out, def, def->guard_name_count, put_guard_names);
        break;
    case DEFINITION_KEY_SENSORS:
        put_list(out, def, def->sensor_count, definition_encode_sensors);
        break;
    case DEFINITION_KEY_CALIBRATION: cbor_put_uint(out, def->calibration.term); break;
    case DEFINITION_KEY_FASTEST: definition_encode_operand(out, &def->fastest); break;
    case DEFINITION_KEY_COUNT: break;
    }
}

void definition_encode(const struct contract_definition *definition, struct buf *out)
{
    size_t pairs = 0;
    for (unsigned key = 0; key < DEFINITION_KEY_COUNT; key++)
        pairs += is_there(definition, (enum definition_key)key) ? 1 : 0;
    cbor_put_map(out, pairs);
    for (unsigned key = 0; key < DEFINITION_KEY_COUNT; key++) {
        if (!is_there(definition, (enum definition_key)key))
            continue;
        cbor_put_uint(out, key);
        put_section(definition, (enum definition_key)key, out);
    }
}
