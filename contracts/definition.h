/*
 * A compiled contract: canonical CBOR, named by its SHA-256. Decoding allocates nothing and borrows
 * every name and text from the bytes, which the caller keeps alive. The bytes may come from anyone:
 * whatever definition_decode() accepts, the judge can run without meeting a surprise.
 */
#ifndef CONTRACTS_DEFINITION_H
#define CONTRACTS_DEFINITION_H

#include "common/crypto.h"
#include "common/err.h"
#include "contracts/verdict.h"

#define DEFINITION_LANGUAGE        1
#define DEFINITION_MAX_BYTES       16384
#define DEFINITION_MAX_ROLES       16
#define DEFINITION_MAX_PARTIES     16
#define DEFINITION_MAX_TERMS       32
#define DEFINITION_MAX_RULES       32
#define DEFINITION_MAX_NAME        64 /* bytes */
#define DEFINITION_MAX_TEXT        400 /* bytes of a summary, a role's meaning, a text term's default */
#define DEFINITION_MAX_UNIT        15
#define DEFINITION_MAX_DURATION_MS 315360000000u /* ten years of 365 days */
#define DEFINITION_LATENESS_MS     86400000u     /* where a contract says nothing: one day */

enum contract_type {
    CONTRACT_BOOL,
    CONTRACT_INT,
    CONTRACT_TEXT,
    CONTRACT_QUANTITY,
};

struct contract_value {
    enum contract_type type;
    int64_t number;    /* 0 or 1, the integer, or a quantity's mantissa */
    int exponent;      /* of a quantity, -9..9; else 0 */
    struct slice text; /* the text, or a quantity's unit; borrowed */
};

/* A number in a rule: written there, or a term's, known when the instance opens. */
struct contract_operand {
    bool is_term;
    unsigned term;                /* index into terms, when is_term */
    struct contract_value number; /* a quantity, when not */
};

struct contract_role {
    struct slice name;
    struct slice meaning;
};

struct contract_party {
    struct slice name;
    unsigned role; /* index into roles */
};

struct contract_term {
    struct slice name;
    struct contract_value usual; /* the default; an opening's value has its type and unit */
};

enum contract_operator {
    CONTRACT_ABOVE = 0,    /* > */
    CONTRACT_AT_LEAST = 1, /* >= */
    CONTRACT_BELOW = 2,    /* < */
    CONTRACT_AT_MOST = 3,  /* <= */
};

enum contract_lasting {
    CONTRACT_INSTANT = 0,
    CONTRACT_UNBROKEN = 1, /* `for:` */
    CONTRACT_TOTAL = 2,    /* `total:` */
};

struct contract_rule {
    struct slice name;
    uint16_t property;
    unsigned slot; /* index of property in the definition's properties */
    enum contract_operator op;
    enum contract_lasting lasting;
    enum verdict_severity severity;
    struct contract_operand bound;    /* in the property's unit */
    struct contract_operand duration; /* in "s"; only unless instant */
};

struct contract_definition {
    struct slice name;
    unsigned version; /* of this contract, 1 at first */
    struct slice summary;
    size_t role_count, party_count, term_count, rule_count, property_count;
    struct contract_role roles[DEFINITION_MAX_ROLES];
    struct contract_party parties[DEFINITION_MAX_PARTIES]; /* none: an opening may name any */
    struct contract_term terms[DEFINITION_MAX_TERMS]; /* none: an opening's are not looked at */
    struct contract_rule rules[DEFINITION_MAX_RULES];
    uint16_t properties[DEFINITION_MAX_RULES]; /* what the rules watch, rising */
    struct contract_operand maximum_gap;       /* in "s"; only with rules */
    bool has_lateness;
    struct contract_operand lateness; /* in "s"; else DEFINITION_LATENESS_MS */
};

/* In: any bytes at all. Returns: false with the reason; *ret_definition is then unspecified. */
bool definition_decode(struct slice bytes, struct contract_definition *ret_definition,
                       struct err *err);
/* Appends the canonical bytes: the inverse of definition_decode(). */
void definition_encode(const struct contract_definition *definition, struct buf *out);
struct hash definition_hash(struct slice bytes);

/* A wire `term` of one of the four types of contract_type. The reader's bytes are scanned already. */
struct cbor_reader;
bool definition_take_value(struct cbor_reader *r, struct contract_value *ret_value);
/* Milliseconds of a quantity in "s": whole, above 0 (or 0 if allowed), at most the maximum. */
bool definition_duration_ms(const struct contract_value *value, bool zero_allowed,
                            uint64_t *ret_ms);
/* Index of a name; false when there is none. */
bool definition_find_term(const struct contract_definition *definition, struct slice name,
                          unsigned *ret_index);

#endif
