#include "node/rule_words.h"

#include "common/quantity.h"
#include "contracts/property.h"

#include <stdio.h>
#include <string.h>

void rule_words_amount(int64_t mantissa, int exponent, const char *unit,
                       char ret_text[RULE_WORDS_SIZE])
{
    char number[QUANTITY_TEXT_SIZE];
    while (exponent < 0 && mantissa % 10 == 0) {
        mantissa /= 10;
        exponent++;
    }
    quantity_format(mantissa, exponent, number, sizeof number);
    (void)snprintf(ret_text, RULE_WORDS_SIZE, "%s%s%s", number, unit[0] == '\0' ? "" : " ",
                   strcmp(unit, "Cel") == 0 ? "°C" : unit);
}

const char *rule_words_unit(const struct contract_rule *rule)
{
    const struct property *property = property_by_id(rule->property);
    return property == NULL ? "" : property->unit;
}

bool rule_words_has_peak(const struct contract_rule *rule)
{
    return rule->watch != CONTRACT_SILENCE;
}

bool rule_words_bound(const struct contract_definition *definition,
                      const struct contract_terms *terms, size_t rule, int64_t *ret_mantissa,
                      int *ret_exponent)
{
    const struct contract_rule *r = &definition->rules[rule];
    if (r->watch != CONTRACT_BOUND && r->watch != CONTRACT_KINETIC)
        return false;
    const struct contract_value *v =
        r->bound.is_term ? &terms->values[r->bound.term] : &r->bound.number;
    *ret_mantissa = v->number;
    *ret_exponent = v->exponent;
    return true;
}

static void put_bound(const struct contract_definition *definition,
                      const struct contract_terms *terms, size_t rule, const char *before,
                      char ret_text[RULE_WORDS_SIZE])
{
    const struct contract_rule *r = &definition->rules[rule];
    static const char *const sides[] = { [CONTRACT_ABOVE] = "above",
                                         [CONTRACT_AT_LEAST] = "at or above",
                                         [CONTRACT_BELOW] = "below",
                                         [CONTRACT_AT_MOST] = "at or below" };
    char amount[RULE_WORDS_SIZE] = "its bound";
    int64_t mantissa = 0;
    int exponent = 0;
    if (rule_words_bound(definition, terms, rule, &mantissa, &exponent))
        rule_words_amount(mantissa, exponent, rule_words_unit(r), amount);
    (void)snprintf(ret_text, RULE_WORDS_SIZE, "%s%s %.100s", before, sides[r->op], amount);
}

void rule_words_kind(const struct contract_definition *definition,
                     const struct contract_terms *terms, size_t rule,
                     char ret_text[RULE_WORDS_SIZE])
{
    switch (definition->rules[rule].watch) {
    case CONTRACT_BOUND: put_bound(definition, terms, rule, "", ret_text); return;
    case CONTRACT_KINETIC:
        put_bound(definition, terms, rule, "of mean kinetic temperature ", ret_text);
        return;
    case CONTRACT_SILENCE: (void)snprintf(ret_text, RULE_WORDS_SIZE, "without a reading"); return;
    case CONTRACT_FAULT: (void)snprintf(ret_text, RULE_WORDS_SIZE, "of sensor faults"); return;
    case CONTRACT_STUCK: (void)snprintf(ret_text, RULE_WORDS_SIZE, "unchanged"); return;
    }
}
