/*
 * A compiled contract: canonical CBOR, named by its SHA-256. Decoding allocates nothing and borrows
 * every name and text from the bytes, which the caller keeps alive. The bytes may come from anyone:
 * whatever definition_decode() accepts, the engine can run without meeting a surprise: every index is
 * within its list, every expression well-typed and within its stack.
 */
#ifndef CONTRACTS_DEFINITION_H
#define CONTRACTS_DEFINITION_H

#include "common/crypto.h"
#include "contracts/definition_flow.h"
#include "contracts/definition_rule.h"

struct contract_definition {
    struct slice name;
    unsigned version; /* of this contract, 1 at first */
    struct slice summary;

    size_t role_count, party_count, term_count;
    struct contract_role roles[DEFINITION_MAX_ROLES];
    struct contract_party parties[DEFINITION_MAX_PARTIES]; /* none: an opening may name any */
    struct contract_term terms[DEFINITION_MAX_TERMS]; /* none: an opening's are not looked at */

    /* ---- what is watched */
    size_t rule_count, property_count, sensor_count;
    struct contract_rule rules[DEFINITION_MAX_RULES];
    uint16_t properties[DEFINITION_MAX_RULES];            /* what the rules watch, rising */
    struct contract_sensor sensors[DEFINITION_MAX_RULES]; /* rising by property */
    struct contract_operand maximum_gap;                  /* in "s"; only with rules */
    bool has_lateness;
    struct contract_operand lateness; /* in "s"; else DEFINITION_LATENESS_MS */
    bool has_calibration;
    struct contract_operand calibration; /* a time: from then on nothing is certain */

    /* ---- where the goods may be */
    bool has_fastest;
    struct contract_operand fastest; /* in "km/h": what says that they went faster is wrong */

    /* ---- the workflow; no states: the contract only watches */
    bool each_unit;                  /* every asset has a state of its own; else they share one */
    bool has_opener;                 /* only a holder of this role may open it */
    unsigned opener;                 /* role */
    struct contract_callers quality; /* who may acknowledge and add back */
    size_t state_count, field_count, action_count, reaction_count, document_count, guard_name_count;
    struct contract_state states[DEFINITION_MAX_STATES]; /* the first is the one at the start */
    struct contract_field fields[DEFINITION_MAX_FIELDS];
    struct contract_action actions[DEFINITION_MAX_ACTIONS];
    struct contract_reaction reactions[DEFINITION_MAX_REACTIONS];
    struct contract_document documents[DEFINITION_MAX_DOCUMENTS];
    struct slice guard_names[DEFINITION_MAX_GUARD_NAMES]; /* of guards left open */

    /* ---- pools that the above index into */
    size_t param_count, guard_count, effect_count, case_count, constant_count, choice_count;
    size_t code_count;
    struct contract_param params[DEFINITION_MAX_PARAMS];
    struct contract_guard guards[DEFINITION_MAX_GUARDS];
    struct contract_effect effects[DEFINITION_MAX_EFFECTS];
    struct contract_case cases[DEFINITION_MAX_CASES];
    struct contract_value constants[DEFINITION_MAX_CONSTANTS];
    struct slice choices[DEFINITION_MAX_CHOICES];
    int32_t code[DEFINITION_MAX_CODE]; /* see expr.h */
};

/*
 * In: any bytes at all. Returns: false with the reason; *ret_definition is then unspecified.
 * The struct is over 100 kB: not one for a deep stack.
 */
bool definition_decode(struct slice bytes, struct contract_definition *ret_definition,
                       struct err *err);
/* Appends the canonical bytes: the inverse of definition_decode(). */
void definition_encode(const struct contract_definition *definition, struct buf *out);
struct hash definition_hash(struct slice bytes);

/* A wire `term` of one of the four types that need no kind. The reader's bytes are scanned already. */
bool definition_take_value(struct cbor_reader *r, struct contract_value *ret_value);
/* Milliseconds of a quantity in "s": whole, above 0 (or 0 if allowed), at most the maximum. */
bool definition_duration_ms(const struct contract_value *value, bool zero_allowed,
                            uint64_t *ret_ms);

/* A whole number of km/h from 1 to DEFINITION_FASTEST_MAX. */
bool definition_speed_kmh(const struct contract_value *value, uint64_t *ret_kmh);

/* "acknowledge", "add back", "undo add back": every contract has them. */
bool definition_is_reserved_action(struct slice name);

/* Index of a name in its list; false when there is none. */
bool definition_find_term(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index);
bool definition_find_party(const struct contract_definition *definition, struct slice name,
                           unsigned *ret_index);
bool definition_find_role(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index);
bool definition_find_rule(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index);
bool definition_find_state(const struct contract_definition *definition, struct slice name,
                           unsigned *ret_index);
bool definition_find_field(const struct contract_definition *definition, struct slice name,
                           unsigned *ret_index);
bool definition_find_action(const struct contract_definition *definition, struct slice name,
                            unsigned *ret_index);
bool definition_find_document(const struct contract_definition *definition, struct slice name,
                              unsigned *ret_index);

#endif
