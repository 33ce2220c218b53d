/* Decoding what a contract watches: rules and what is known of the sensors. */
#include "contracts/definition_codec.h"

#include "contracts/property.h"

static const struct slice seconds = { (const uint8_t *)"s", 1 };

/* A term's index or a quantity; either way in `unit`. */
struct contract_operand definition_decode_operand(struct definition_decoder *d, struct slice unit)
{
    struct contract_operand o = { .is_term = cbor_peek(&d->r) == CBOR_UINT };
    struct value_kind kind = { .type = CONTRACT_NOTHING };
    if (o.is_term) {
        o.term = (unsigned)cbor_take_uint_max(&d->r, DEFINITION_MAX_TERMS - 1);
        if (o.term >= d->def->term_count) {
            (void)definition_refuse(d, "a term that is not declared");
            return (struct contract_operand){ 0 };
        }
        kind = d->def->terms[o.term].kind;
    } else if (definition_take_value(&d->r, &o.number)) {
        (void)definition_kind_of(&o.number, &kind);
    }
    /* A plain integer term may bound a property that has no unit, such as a door. */
    bool plain = o.is_term && kind.type == CONTRACT_INT && unit.len == 0;
    if (!plain && (kind.type != CONTRACT_QUANTITY || !slice_equal(kind.unit, unit)))
        (void)definition_refuse(d, "a number that is not in the unit it is compared in");
    return o;
}

struct contract_operand definition_decode_duration(struct definition_decoder *d, bool zero_allowed)
{
    struct contract_operand o = definition_decode_operand(d, seconds);
    uint64_t ms;
    if (d->r.failed)
        return o;
    const struct contract_value *v = o.is_term ? &d->def->terms[o.term].usual : &o.number;
    /* A term without a usual value is looked at when an opening says it. */
    bool later = o.is_term && v->type == CONTRACT_NOTHING;
    if (!later && !definition_duration_ms(v, zero_allowed, &ms))
        (void)definition_refuse(d, "a duration that is not whole milliseconds within ten years");
    return o;
}

/* ------------------------------------------------------------------ one rule */

static void take_until(struct definition_decoder *d, struct contract_rule *rule, struct slice unit)
{
    cbor_take_array_of(&d->r, 3);
    rule->has_until = true;
    rule->until_op = (enum contract_operator)cbor_take_uint_max(&d->r, CONTRACT_AT_MOST);
    if ((rule->until_op < CONTRACT_BELOW) == (rule->op < CONTRACT_BELOW))
        (void)definition_refuse(d, "an excursion that would end where it begins");
    rule->until = definition_decode_operand(d, unit);
    rule->until_less.number = (struct contract_value){ .type = CONTRACT_QUANTITY, .text = unit };
    if (cbor_peek(&d->r) == CBOR_NULL) {
        cbor_take_null(&d->r);
        return;
    }
    rule->until_less = definition_decode_operand(d, unit);
    if (rule->until_less.is_term || rule->until_less.number.number == 0)
        (void)definition_refuse(d, "nought, or a term, to be taken off a bound");
}

static void take_one_more(struct definition_decoder *d, struct contract_rule *rule,
                          enum definition_more key, struct slice unit)
{
    switch (key) {
    case DEFINITION_MORE_WATCH:
        rule->watch = (enum contract_watch)cbor_take_uint_max(&d->r, CONTRACT_KINETIC);
        if (rule->watch == CONTRACT_BOUND)
            (void)definition_refuse(d, "a bound is said by leaving it out");
        break;
    case DEFINITION_MORE_UNTIL: take_until(d, rule, unit); break;
    case DEFINITION_MORE_IGNORE:
        rule->has_ignore = true;
        rule->ignore = definition_decode_duration(d, false);
        break;
    case DEFINITION_MORE_STAGES:
        rule->has_stages = true;
        rule->stages = cbor_take_uint(&d->r);
        break;
    case DEFINITION_MORE_BUDGET: rule->budget = definition_decode_name(d); break;
    case DEFINITION_MORE_WHOLE:
        rule->whole_journey = cbor_take_bool(&d->r);
        if (!rule->whole_journey)
            (void)definition_refuse(d, "a window is said by its duration");
        break;
    case DEFINITION_MORE_COUNT: (void)definition_refuse(d, "a key that is not known here"); break;
    }
}

static void take_more(struct definition_decoder *d, struct contract_rule *rule, struct slice unit)
{
    size_t pairs = cbor_take_map(&d->r);
    if (pairs == 0)
        (void)definition_refuse(d, "a rule whose more is nothing");
    for (size_t i = 0; i < pairs && !d->r.failed; i++) {
        uint64_t key = cbor_take_uint_max(&d->r, DEFINITION_MORE_COUNT - 1);
        if (!d->r.failed)
            take_one_more(d, rule, (enum definition_more)key, unit);
    }
}

/* What each kind of rule has, and no other. */
static void check_shape(struct definition_decoder *d, const struct contract_rule *rule,
                        bool has_bound, bool has_duration)
{
    bool timed = rule->lasting == CONTRACT_UNBROKEN;
    bool extra = rule->has_until || rule->has_ignore || rule->has_stages || rule->budget.len > 0;
    bool good = false;
    switch (rule->watch) {
    case CONTRACT_BOUND:
        good = rule->property != 0 && has_bound && !rule->whole_journey &&
               (rule->budget.len == 0 || rule->lasting == CONTRACT_TOTAL);
        extra = false;
        break;
    case CONTRACT_SILENCE: good = !has_bound && timed && !rule->whole_journey; break;
    case CONTRACT_STUCK:
        good = !has_bound && timed && rule->property != 0 && !rule->whole_journey;
        break;
    case CONTRACT_FAULT:
        good = !has_bound && rule->lasting == CONTRACT_INSTANT && rule->property != 0 &&
               !rule->whole_journey;
        break;
    case CONTRACT_KINETIC:
        good = has_bound && rule->property == PROPERTY_TEMPERATURE &&
               rule->lasting == (rule->whole_journey ? CONTRACT_INSTANT : CONTRACT_UNBROKEN);
        break;
    }
    bool plain = rule->watch == CONTRACT_BOUND || rule->op == CONTRACT_ABOVE;
    if (!good || extra || !plain || has_duration != (rule->lasting != CONTRACT_INSTANT))
        (void)definition_refuse(d, "a rule with more or less than its kind has");
}

static void check_window(struct definition_decoder *d, const struct contract_rule *rule)
{
    uint64_t ms;
    if (d->r.failed || rule->watch != CONTRACT_KINETIC || rule->whole_journey ||
        rule->duration.is_term)
        return;
    if (!definition_duration_ms(&rule->duration.number, false, &ms) ||
        ms % DEFINITION_KINETIC_MS != 0)
        (void)definition_refuse(d, "a window that is not a multiple of 24 ms");
}

static bool take_null(struct definition_decoder *d)
{
    if (cbor_peek(&d->r) != CBOR_NULL)
        return false;
    cbor_take_null(&d->r);
    return true;
}

static void take_rule(struct definition_decoder *d, struct contract_rule *rule)
{
    size_t fields = cbor_take_array(&d->r);
    if (fields != DEFINITION_RULE_FIELDS && fields != DEFINITION_RULE_FIELDS + 1) {
        cbor_fail(&d->r);
        return;
    }
    rule->name = definition_decode_name(d);
    uint64_t property = cbor_take_uint(&d->r);
    const struct property *p = property_by_id(property);
    if (p == NULL && (property != 0 || fields == DEFINITION_RULE_FIELDS)) {
        (void)definition_refuse(d, "a property that is not in the table");
        return;
    }
    struct slice unit = slice_text(p != NULL ? p->unit : "");
    rule->property = p != NULL ? p->id : 0;
    rule->op = (enum contract_operator)cbor_take_uint_max(&d->r, CONTRACT_AT_MOST);
    bool has_bound = fields == DEFINITION_RULE_FIELDS || !take_null(d);
    if (has_bound)
        rule->bound = definition_decode_operand(d, unit);
    rule->lasting = (enum contract_lasting)cbor_take_uint_max(&d->r, CONTRACT_TOTAL);
    bool has_duration = rule->lasting != CONTRACT_INSTANT;
    if (has_duration)
        rule->duration = definition_decode_duration(d, false);
    else
        cbor_take_null(&d->r);
    rule->severity = (enum verdict_severity)cbor_take_uint_max(&d->r, VERDICT_CRITICAL);
    if (rule->severity == VERDICT_NONE)
        (void)definition_refuse(d, "a rule without a severity");
    if (fields == DEFINITION_RULE_FIELDS)
        return;
    take_more(d, rule, unit);
    if (!d->r.failed)
        check_shape(d, rule, has_bound, has_duration);
    check_window(d, rule);
}

void definition_decode_rules(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_RULES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        take_rule(d, &def->rules[i]);
        def->rule_count = i + 1;
    }
}

/* ------------------------------------------------------------------ sensors */

static void take_sensor(struct definition_decoder *d, struct contract_sensor *sensor)
{
    cbor_take_array_of(&d->r, 3);
    const struct property *p = property_by_id(cbor_take_uint(&d->r));
    if (p == NULL) {
        (void)definition_refuse(d, "a property that is not in the table");
        return;
    }
    struct slice unit = slice_text(p->unit);
    sensor->property = p->id;
    sensor->has_accuracy = !take_null(d);
    if (sensor->has_accuracy)
        sensor->accuracy = definition_decode_operand(d, unit);
    sensor->has_range = !take_null(d);
    if (sensor->has_range) {
        cbor_take_array_of(&d->r, 2);
        sensor->low = definition_decode_operand(d, unit);
        sensor->high = definition_decode_operand(d, unit);
    }
    if (!sensor->has_accuracy && !sensor->has_range)
        (void)definition_refuse(d, "a sensor of which nothing is said");
}

void definition_decode_sensors(struct definition_decoder *d)
{
    struct contract_definition *def = d->def;
    size_t n = definition_decode_list(d, DEFINITION_MAX_RULES);
    for (size_t i = 0; i < n && !d->r.failed; i++) {
        take_sensor(d, &def->sensors[i]);
        if (i > 0 && def->sensors[i].property <= def->sensors[i - 1].property)
            (void)definition_refuse(d, "sensors that do not rise by property");
        def->sensor_count = i + 1;
    }
}
