/*
 * What one instance agreed on: the opening's terms laid over the definition's usual ones, checked for
 * type and unit, with every number a rule needs resolved. Texts are borrowed from definition and opening.
 */
#ifndef CONTRACTS_TERMS_H
#define CONTRACTS_TERMS_H

#include "contracts/definition.h"

/* A rule's numbers; those it does not have are 0. */
struct contract_limit {
    /* bound * 10^exponent, in the property's unit: moved inwards by the accuracy, if that is known */
    int64_t bound;
    int exponent;
    uint64_t duration_ms;
    int64_t until; /* with has_until: until - until_less */
    int until_exponent;
    uint64_t ignore_ms;
    bool
        has_sure; /* accuracy or calibration is known: beyond `bound` may be out, beyond `sure` is */
    int64_t sure; /* the written bound, moved outwards by the accuracy */
    int sure_exponent;
};

/* As the definition's sensors. */
struct contract_range {
    int64_t low, high;
    int low_exponent, high_exponent;
};

/* Not to be copied: values of kinds that an opening says in hex point into `bytes`. */
struct contract_terms {
    struct contract_value values[DEFINITION_MAX_TERMS]; /* as the definition's terms are ordered */
    struct contract_limit limits[DEFINITION_MAX_RULES]; /* as its rules are */
    struct contract_range ranges[DEFINITION_MAX_RULES]; /* as its sensors are */
    uint64_t maximum_gap_ms;
    uint64_t lateness_ms;
    uint64_t fastest_kmh;         /* goods never travel faster; 0: the contract does not say */
    uint64_t calibrated_until_ms; /* UINT64_MAX: nothing is said */
    uint8_t bytes[DEFINITION_MAX_TERMS][HASH_SIZE];
};

/*
 * In: terms_map: the opening's CBOR map { * tstr => term } (it is scanned again), or an empty slice
 *     when there is no opening: the usual terms. A party, a hash and another contract are texts of hex
 *     digits there, a time is a whole number of milliseconds, an asset its name.
 * Returns: false with a sentence naming the term that is unknown, missing, of another kind, or unusable.
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
