#include "contracts/terms.h"

#include <assert.h>
#include <string.h>

#include "common/cbor.h"

#define KID_SIZE 8

/* "%.*s" of a slice the scan has passed. */
#define SHOW(s) (int)(s).len, (const char *)(s).data

static const char *const type_names[] = { "yes or no", "a whole number", "a text", "a quantity" };

/* ------------------------------------------------------------------ one opening's terms */

static bool check_value(const struct contract_term *term, const struct contract_value *value,
                        struct err *err)
{
    if (value->type != term->usual.type)
        return err_set(err, ERR_INPUT, "term \"%.*s\": expected %s, found %s", SHOW(term->name),
                       type_names[term->usual.type], type_names[value->type]);
    if (value->type == CONTRACT_QUANTITY && !slice_equal(value->text, term->usual.text))
        return err_set(err, ERR_INPUT,
                       "term \"%.*s\": expected a quantity in \"%.*s\", found \"%.*s\"",
                       SHOW(term->name), SHOW(term->usual.text), SHOW(value->text));
    return true;
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
        struct contract_value value;
        if (!definition_take_value(&r, &value))
            return err_set(err, ERR_INPUT, "term \"%.*s\": not a value the contract can use",
                           SHOW(name));
        if (!check_value(&def->terms[index], &value, err))
            return false;
        ret->values[index] = value;
    }
    return cbor_done(&r) || err_set(err, ERR_INPUT, "terms: expected a map of names and values");
}

/* ------------------------------------------------------------------ what the rules make of them */

static const struct contract_value *resolve(const struct contract_operand *operand,
                                            const struct contract_terms *terms)
{
    return operand->is_term ? &terms->values[operand->term] : &operand->number;
}

static bool resolve_duration(const struct contract_definition *def,
                             const struct contract_operand *operand, bool zero_allowed,
                             const struct contract_terms *terms, uint64_t *ret_ms, struct err *err)
{
    if (definition_duration_ms(resolve(operand, terms), zero_allowed, ret_ms))
        return true;
    assert(operand->is_term); /* definition_decode() has seen to the others */
    return err_set(
        err, ERR_INPUT,
        "term \"%.*s\": expected a duration in whole milliseconds, above zero and at most "
        "ten years",
        SHOW(def->terms[operand->term].name));
}

static bool resolve_rules(const struct contract_definition *def, struct contract_terms *terms,
                          struct err *err)
{
    if (def->rule_count == 0)
        return true;
    for (size_t i = 0; i < def->rule_count; i++) {
        const struct contract_rule *rule = &def->rules[i];
        const struct contract_value *bound = resolve(&rule->bound, terms);
        terms->limits[i] =
            (struct contract_limit){ .bound = bound->number, .exponent = bound->exponent };
        if (rule->lasting != CONTRACT_INSTANT &&
            !resolve_duration(def, &rule->duration, false, terms, &terms->limits[i].duration_ms,
                              err))
            return false;
    }
    terms->lateness_ms = DEFINITION_LATENESS_MS;
    if (def->has_lateness &&
        !resolve_duration(def, &def->lateness, true, terms, &terms->lateness_ms, err))
        return false;
    return resolve_duration(def, &def->maximum_gap, false, terms, &terms->maximum_gap_ms, err);
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
    return resolve_rules(definition, t, err);
}

/* ------------------------------------------------------------------ parties */

static bool find_party(const struct contract_definition *def, struct slice name, unsigned *ret)
{
    for (size_t i = 0; i < def->party_count; i++) {
        if (!slice_equal(def->parties[i].name, name))
            continue;
        *ret = (unsigned)i;
        return true;
    }
    return false;
}

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
        if (!find_party(definition, name, &index))
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
