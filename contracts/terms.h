/*
 * What one instance agreed on: the opening's terms laid over the definition's usual ones, checked for
 * type and unit, with every number a rule needs resolved. Texts are borrowed from definition and opening.
 */
#ifndef CONTRACTS_TERMS_H
#define CONTRACTS_TERMS_H

#include "contracts/definition.h"

/* A rule's numbers; those it does not have are 0. */
struct contract_limit {
    int64_t
        bound; /* bound * 10^exponent, in the property's unit: less the accuracy, if that is known */
    int exponent;
    uint64_t duration_ms;
    int64_t until; /* with has_until: until - until_less */
    int until_exponent;
    uint64_t ignore_ms;
    bool
        has_sure; /* the sensor's accuracy is known: what is beyond `bound` may be out, beyond `sure` is */
    int64_t sure; /* the written bound and the accuracy */
    int sure_exponent;
};

/* As the definition's sensors. */
struct contract_range {
    int64_t low, high;
    int low_exponent, high_exponent;
};

struct contract_terms {
    struct contract_value values[DEFINITION_MAX_TERMS]; /* as the definition's terms are ordered */
    struct contract_limit limits[DEFINITION_MAX_RULES]; /* as its rules are */
    struct contract_range ranges[DEFINITION_MAX_RULES]; /* as its sensors are */
    uint64_t maximum_gap_ms;
    uint64_t lateness_ms;
    uint64_t calibrated_until_ms; /* UINT64_MAX: nothing is said */
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
