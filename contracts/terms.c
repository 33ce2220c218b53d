#include "contracts/terms.h"

#include <assert.h>
#include <string.h>

#include "common/hex.h"
#include "common/quantity.h"
#include "contracts/property.h"

#define KID_SIZE 8

/* "%.*s" of a slice the scan has passed. */
#define SHOW(s) (int)(s).len, (const char *)(s).data

/* ------------------------------------------------------------------ one opening's terms */

static bool check_value(const struct contract_term *term, const struct contract_value *value,
                        const struct slice *choices, struct err *err)
{
    if (value->type != term->kind.type)
        return err_set(err, ERR_INPUT, "term \"%.*s\": expected %s, found %s", SHOW(term->name),
                       value_type_name(term->kind.type), value_type_name(value->type));
    if (value->type == CONTRACT_QUANTITY && !slice_equal(value->text, term->kind.unit))
        return err_set(err, ERR_INPUT,
                       "term \"%.*s\": expected a quantity in \"%.*s\", found \"%.*s\"",
                       SHOW(term->name), SHOW(term->kind.unit), SHOW(value->text));
    return value_fits(value, &term->kind, choices, err) ||
           err_wrap(err, "term \"%.*s\"", SHOW(term->name));
}

/* A kid or a hash: its bytes, or a text of their hex digits. */
static bool take_id(struct cbor_reader *r, const struct contract_term *term, uint8_t *bytes,
                    struct contract_value *ret, struct err *err)
{
    size_t len = term->kind.type == CONTRACT_PARTY ? KID_SIZE : HASH_SIZE;
    struct slice hex = { NULL, 0 };
    if (cbor_peek(r) == CBOR_BYTES) {
        struct slice raw = cbor_take_bytes(r, 0, VALUE_TEXT_MAX);
        if (raw.len != len)
            return err_set(err, ERR_INPUT, "term \"%.*s\": expected %s of %zu bytes, found %zu",
                           SHOW(term->name), value_type_name(term->kind.type), len, raw.len);
        memcpy(bytes, raw.data, len);
        *ret = (struct contract_value){ .type = term->kind.type, .text = slice_of(bytes, len) };
        return true;
    }
    if (cbor_peek(r) == CBOR_TEXT)
        hex = cbor_take_text(r, 0, VALUE_TEXT_MAX);
    if (!hex_decode_lower((const char *)hex.data, hex.len, bytes, len))
        return err_set(err, ERR_INPUT, "term \"%.*s\": expected %s in %zu hex digits",
                       SHOW(term->name), value_type_name(term->kind.type), 2 * len);
    *ret = (struct contract_value){ .type = term->kind.type, .text = slice_of(bytes, len) };
    return true;
}

static bool take_value(struct cbor_reader *r, const struct contract_definition *def, unsigned index,
                       struct contract_terms *terms, struct err *err)
{
    const struct contract_term *term = &def->terms[index];
    struct contract_value *value = &terms->values[index];
    enum contract_type type = term->kind.type;
    if (type == CONTRACT_PARTY || type == CONTRACT_HASH || type == CONTRACT_INSTANCE)
        return take_id(r, term, terms->bytes[index], value, err);
    if (type > CONTRACT_QUANTITY)
        return value_take(r, &term->kind, def->choices, value, err) ||
               err_wrap(err, "term \"%.*s\"", SHOW(term->name));
    if (!definition_take_value(r, value))
        return err_set(err, ERR_INPUT, "term \"%.*s\": not a value the contract can use",
                       SHOW(term->name));
    return check_value(term, value, def->choices, err);
}

static bool take_terms(const struct contract_definition *def, struct slice map,
                       struct contract_terms *ret, struct err *err)
{
    struct cbor_reader r = cbor_reader(map);
    size_t pairs = cbor_take_map(&r);
    for (size_t i = 0; i < pairs && !r.failed; i++) {
        struct slice name = cbor_take_text(&r, 0, map.len);
        if (r.failed)
            break;
        unsigned index;
        if (!definition_find_term(def, name, &index))
            return err_set(err, ERR_INPUT, "the contract has no term \"%.*s\"",
                           (int)(name.len < DEFINITION_MAX_NAME ? name.len : DEFINITION_MAX_NAME),
                           (const char *)name.data);
        if (!take_value(&r, def, index, ret, err))
            return false;
    }
    return cbor_done(&r) || err_set(err, ERR_INPUT, "terms: expected a map of names and values");
}

static bool check_all_said(const struct contract_definition *def,
                           const struct contract_terms *terms, struct err *err)
{
    for (size_t i = 0; i < def->term_count; i++)
        if (terms->values[i].type == CONTRACT_NOTHING)
            return err_set(err, ERR_INPUT,
                           "term \"%.*s\" has no usual value: the opening must say it (%s)",
                           SHOW(def->terms[i].name), value_type_name(def->terms[i].kind.type));
    return true;
}

/* ------------------------------------------------------------------ what the rules make of them */

/* What is bound: the definition, the opening's values, and where to complain. */
struct bind {
    const struct contract_definition *def;
    struct contract_terms *terms;
    struct err *err;
};

struct number {
    int64_t mantissa;
    int exponent;
};

static const struct contract_value *resolve(const struct bind *b,
                                            const struct contract_operand *operand)
{
    return operand->is_term ? &b->terms->values[operand->term] : &operand->number;
}

static struct number resolve_number(const struct bind *b, const struct contract_operand *operand)
{
    const struct contract_value *v = resolve(b, operand);
    return (struct number){ v->number, v->exponent };
}

static bool resolve_duration(const struct bind *b, const struct contract_operand *operand,
                             bool zero_allowed, uint64_t *ret_ms)
{
    if (definition_duration_ms(resolve(b, operand), zero_allowed, ret_ms))
        return true;
    assert(operand->is_term); /* definition_decode() has seen to the others */
    return err_set(
        b->err, ERR_INPUT,
        "term \"%.*s\": expected a duration in whole milliseconds, above zero and at most "
        "ten years",
        SHOW(b->def->terms[operand->term].name));
}

/* a + b, or a - b: exact, at the finer of the two's decimals. */
static bool add(struct number a, struct number b, bool minus, struct number *ret)
{
    int64_t left;
    int64_t right;
    int exponent = a.exponent < b.exponent ? a.exponent : b.exponent;
    if (!quantity_rescale(a.mantissa, a.exponent, exponent, &left) ||
        !quantity_rescale(b.mantissa, b.exponent, exponent, &right))
        return false;
    int64_t sum;
    bool over = minus ? __builtin_sub_overflow(left, right, &sum)
                      : __builtin_add_overflow(left, right, &sum);
    *ret = (struct number){ sum, exponent };
    return !over;
}

static const struct contract_sensor *find_sensor(const struct contract_definition *def,
                                                 uint16_t property)
{
    for (size_t i = 0; i < def->sensor_count; i++)
        if (def->sensors[i].property == property)
            return &def->sensors[i];
    return NULL;
}

/* The first track's bound lies inwards by what a reading may be off, the sure track's outwards. */
static bool resolve_bound(const struct bind *b, const struct contract_rule *rule,
                          struct contract_limit *limit)
{
    struct number bound = resolve_number(b, &rule->bound);
    struct number first = bound;
    struct number sure = bound;
    const struct contract_sensor *sensor = find_sensor(b->def, rule->property);
    bool known = rule->watch == CONTRACT_BOUND && sensor != NULL && sensor->has_accuracy;
    if (known) {
        struct number accuracy = resolve_number(b, &sensor->accuracy);
        bool above = rule->op == CONTRACT_ABOVE || rule->op == CONTRACT_AT_LEAST;
        if (!add(bound, accuracy, above, &first) || !add(bound, accuracy, !above, &sure))
            return err_set(b->err, ERR_INPUT,
                           "rule \"%.*s\": its bound and the accuracy have too many digits",
                           SHOW(rule->name));
    }
    limit->bound = first.mantissa;
    limit->exponent = first.exponent;
    limit->has_sure = known || (rule->watch == CONTRACT_BOUND && b->def->has_calibration);
    if (!limit->has_sure)
        return true;
    limit->sure = sure.mantissa;
    limit->sure_exponent = sure.exponent;
    return true;
}

static bool resolve_until(const struct bind *b, const struct contract_rule *rule,
                          struct contract_limit *limit)
{
    struct number until;
    if (!rule->has_until)
        return true;
    if (!add(resolve_number(b, &rule->until), resolve_number(b, &rule->until_less), true, &until))
        return err_set(b->err, ERR_INPUT, "rule \"%.*s\": \"until\" has too many digits",
                       SHOW(rule->name));
    limit->until = until.mantissa;
    limit->until_exponent = until.exponent;
    return true;
}

static bool resolve_rule(const struct bind *b, size_t index)
{
    const struct contract_rule *rule = &b->def->rules[index];
    struct contract_limit *limit = &b->terms->limits[index];
    bool bounded = rule->watch == CONTRACT_BOUND || rule->watch == CONTRACT_KINETIC;
    if (bounded && !resolve_bound(b, rule, limit))
        return false;
    if (rule->lasting != CONTRACT_INSTANT &&
        !resolve_duration(b, &rule->duration, false, &limit->duration_ms))
        return false;
    if (rule->watch == CONTRACT_KINETIC && limit->duration_ms % DEFINITION_KINETIC_MS != 0)
        return err_set(b->err, ERR_INPUT,
                       "rule \"%.*s\": the window of a mean is a multiple of 24 ms",
                       SHOW(rule->name));
    if (rule->has_ignore && !resolve_duration(b, &rule->ignore, false, &limit->ignore_ms))
        return false;
    return resolve_until(b, rule, limit);
}

static bool resolve_sensor(const struct bind *b, size_t index)
{
    const struct contract_sensor *sensor = &b->def->sensors[index];
    const struct property *p = property_by_id(sensor->property);
    assert(p != NULL);
    if (sensor->has_accuracy && resolve_number(b, &sensor->accuracy).mantissa < 0)
        return err_set(b->err, ERR_INPUT, "sensors.%s: an accuracy is not below zero", p->name);
    if (!sensor->has_range)
        return true;
    struct number low = resolve_number(b, &sensor->low);
    struct number high = resolve_number(b, &sensor->high);
    if (quantity_compare(low.mantissa, low.exponent, high.mantissa, high.exponent) >= 0)
        return err_set(b->err, ERR_INPUT, "sensors.%s: the range ends before it begins", p->name);
    b->terms->ranges[index] =
        (struct contract_range){ low.mantissa, high.mantissa, low.exponent, high.exponent };
    return true;
}

static bool resolve_fastest(const struct bind *b)
{
    const struct contract_operand *o = &b->def->fastest;
    if (!b->def->has_fastest || definition_speed_kmh(resolve(b, o), &b->terms->fastest_kmh))
        return true;
    assert(o->is_term); /* definition_decode() has seen to the others */
    return err_set(b->err, ERR_INPUT, "term \"%.*s\": expected a whole number of km/h from 1 to %u",
                   SHOW(b->def->terms[o->term].name), DEFINITION_FASTEST_MAX);
}

static bool resolve_all(const struct bind *b)
{
    const struct contract_definition *def = b->def;
    struct contract_terms *t = b->terms;
    t->calibrated_until_ms = UINT64_MAX;
    if (!resolve_fastest(b))
        return false;
    if (def->rule_count == 0)
        return true;
    for (size_t i = 0; i < def->rule_count; i++)
        if (!resolve_rule(b, i))
            return false;
    for (size_t i = 0; i < def->sensor_count; i++)
        if (!resolve_sensor(b, i))
            return false;
    if (def->has_calibration)
        t->calibrated_until_ms = (uint64_t)t->values[def->calibration.term].number;
    t->lateness_ms = DEFINITION_LATENESS_MS;
    if (def->has_lateness && !resolve_duration(b, &def->lateness, true, &t->lateness_ms))
        return false;
    return resolve_duration(b, &def->maximum_gap, false, &t->maximum_gap_ms);
}

bool terms_bind(const struct contract_definition *definition, struct slice terms_map,
                struct contract_terms *ret_terms, struct err *err)
{
    struct contract_terms *t = ret_terms;
    memset(t, 0, sizeof *t);
    for (size_t i = 0; i < definition->term_count; i++)
        t->values[i] = definition->terms[i].usual;
    if (terms_map.len > 0 && !cbor_scan(terms_map, err))
        return err_wrap(err, "terms");
    if (terms_map.len > 0 && definition->term_count > 0 &&
        !take_terms(definition, terms_map, t, err))
        return false;
    struct bind b = { definition, t, err };
    return check_all_said(definition, t, err) && resolve_all(&b);
}

/* ------------------------------------------------------------------ parties */

bool terms_check_parties(const struct contract_definition *definition, struct slice parties_map,
                         struct err *err)
{
    if (!cbor_scan(parties_map, err))
        return err_wrap(err, "parties");
    struct cbor_reader r = cbor_reader(parties_map);
    size_t pairs = cbor_take_map(&r);
    uint32_t seen = 0;
    for (size_t i = 0; i < pairs && !r.failed; i++) {
        struct slice name = cbor_take_text(&r, 1, DEFINITION_MAX_NAME);
        (void)cbor_take_bytes(&r, KID_SIZE, KID_SIZE);
        unsigned index;
        if (r.failed || definition->party_count == 0)
            continue;
        if (!definition_find_party(definition, name, &index))
            return err_set(err, ERR_INPUT, "the contract has no party \"%.*s\"", SHOW(name));
        seen |= 1u << index;
    }
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "parties: expected a map of names and keys");
    for (size_t i = 0; i < definition->party_count; i++)
        if ((seen & 1u << i) == 0)
            return err_set(err, ERR_INPUT, "party \"%.*s\" is not named",
                           SHOW(definition->parties[i].name));
    return true;
}
