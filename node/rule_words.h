/* What a rule looks for, in words for people: of pages and of tools. */
#ifndef NODE_RULE_WORDS_H
#define NODE_RULE_WORDS_H

#include "contracts/terms.h"

#define RULE_WORDS_SIZE 160

/* "9.1 °C": exact, without trailing zeros. unit: as in struct property. */
void rule_words_amount(int64_t mantissa, int exponent, const char *unit,
                       char ret_text[RULE_WORDS_SIZE]);
/* What follows a duration: "above 8 °C", "without a reading", "unchanged" … */
void rule_words_kind(const struct contract_definition *definition,
                     const struct contract_terms *terms, size_t rule,
                     char ret_text[RULE_WORDS_SIZE]);
/* Of the property the rule watches: "Cel"; "" when it has none. */
const char *rule_words_unit(const struct contract_rule *rule);
/* Whether the worst value of an excursion says anything. */
bool rule_words_has_peak(const struct contract_rule *rule);
/* The bound as it is written, before any accuracy; false: the rule has none. */
bool rule_words_bound(const struct contract_definition *definition,
                      const struct contract_terms *terms, size_t rule, int64_t *ret_mantissa,
                      int *ret_exponent);

#endif
