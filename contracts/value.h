/*
 * Values of a contract: what a term, a property or a parameter may hold. Integers, bytes and texts only;
 * texts are borrowed. A quantity is mantissa * 10^exponent in a unit; money is one whose unit is the three
 * letters of ISO 4217, a duration one whose unit is "s".
 */
#ifndef CONTRACTS_VALUE_H
#define CONTRACTS_VALUE_H

#include "common/cbor.h"
#include "common/err.h"

/* The numbers are in compiled contracts and never change. */
enum contract_type {
    CONTRACT_BOOL = 0,
    CONTRACT_INT = 1,
    CONTRACT_TEXT = 2,
    CONTRACT_QUANTITY = 3,
    CONTRACT_TIME = 4,     /* ms since 1970 UTC */
    CONTRACT_CHOICE = 5,   /* one of some texts */
    CONTRACT_PARTY = 6,    /* a kid: text holds its 8 bytes */
    CONTRACT_ASSET = 7,    /* a name */
    CONTRACT_INSTANCE = 8, /* another contract: text holds the 32 bytes of its opening's hash */
    CONTRACT_HASH = 9,     /* SHA-256 of something: 32 bytes */
    CONTRACT_LIST = 10,    /* of one scalar type: text holds the raw CBOR array of its values */
    CONTRACT_NOTHING = 11, /* no value yet */
};

#define VALUE_TYPES    12
#define VALUE_TEXT_MAX 4000 /* bytes */
#define VALUE_UNIT_MAX 15
#define VALUE_LIST_MAX 64

struct contract_value {
    enum contract_type type;
    int64_t number; /* 0 or 1, the integer, the time, or a quantity's mantissa */
    int exponent;   /* of a quantity, -9..9; else 0 */
    struct slice
        text; /* bytes of a text and its kin, a quantity's unit, a list's array; borrowed */
};

/*
 * What a value must be. Ranges are inclusive: an int's or a quantity's number lies in [min, max], the
 * quantity's at `exponent`; a text has at most max bytes.
 */
struct value_kind {
    enum contract_type type;
    bool ranged;
    int64_t min, max;
    int exponent;              /* of min and max */
    struct slice unit;         /* of a quantity */
    unsigned first, count;     /* of a choice: its texts, in the definition's choices */
    int role;                  /* of a party: it must hold this role; -1 = any */
    enum contract_type scalar; /* of a list: its elements' type, whose range is the above */
};

/* "a whole number", "a quantity" … for messages. */
const char *value_type_name(enum contract_type type);

/*
 * A value as the wire has it: bool / int / tstr / bstr / [mantissa, exponent, unit] / [* int] / [* tstr] /
 * null, read as `kind` says; choices: the definition's. The reader's bytes are scanned already.
 * Returns: false with a sentence ("expected a quantity in \"Cel\", found …") when it does not fit.
 */
bool value_take(struct cbor_reader *r, const struct value_kind *kind, const struct slice *choices,
                struct contract_value *ret_value, struct err *err);
/* The inverse: equal values have equal bytes. */
void value_put(struct buf *out, const struct contract_value *value);
/* Whether a value that has the right type lies within the kind's range; a sentence when not. */
bool value_fits(const struct contract_value *value, const struct value_kind *kind,
                const struct slice *choices, struct err *err);

/*
 * Less, equal or greater (-1, 0, 1) for numbers, quantities (of one unit, by value) and times; for the rest
 * only equality has a meaning: 0, or not 0. A quantity's trailing zeros do not matter.
 */
int value_compare(const struct contract_value *a, const struct contract_value *b);
/* For people: "9.1 Cel" as "9.1 °C", "EUR 12.50", "2026-06-01T06:00:00Z", kids and hashes in hex. */
void value_show(const struct contract_value *value, char *text, size_t size);

#endif
