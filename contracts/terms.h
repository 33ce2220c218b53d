/*
 * What one instance agreed on: the opening's terms laid over the definition's usual ones, checked for
 * type and unit, with every number a rule needs resolved. Texts are borrowed from definition and opening.
 */
#ifndef CONTRACTS_TERMS_H
#define CONTRACTS_TERMS_H

#include "contracts/definition.h"

struct contract_limit {
    int64_t bound; /* bound * 10^exponent, in the property's unit */
    int exponent;
    uint64_t duration_ms; /* 0 when instant */
};

struct contract_terms {
    struct contract_value values[DEFINITION_MAX_TERMS]; /* as the definition's terms are ordered */
    struct contract_limit limits[DEFINITION_MAX_RULES]; /* as its rules are */
    uint64_t maximum_gap_ms;
    uint64_t lateness_ms;
};

/*
 * In: terms_map: the opening's CBOR map { * tstr => term } (it is scanned again), or an empty slice
 *     when there is no opening: the usual terms.
 * Returns: false with a sentence naming the term that is unknown, of another type or unit, or unusable.
 */
bool terms_bind(const struct contract_definition *definition, struct slice terms_map,
                struct contract_terms *ret_terms, struct err *err);

/*
 * In: parties_map: the opening's CBOR map { + tstr => kid }.
 * Returns: false with a sentence when a party of the definition is missing or one is named that it
 *     does not have. Whether a kid may hold the party's role is the ledger's to know.
 */
bool terms_check_parties(const struct contract_definition *definition, struct slice parties_map,
                         struct err *err);

#endif
