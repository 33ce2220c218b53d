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

#define VALUE_TYPES     12
#define VALUE_TEXT_MAX  4000 /* bytes */
#define VALUE_UNIT_MAX  15
#define VALUE_LIST_MAX  64
#define VALUE_TIME_MAX  253402300799999 /* ms: the end of the year 9999 */
#define VALUE_KIND_NONE ((struct value_kind){ .type = CONTRACT_NOTHING, .role = -1 })

struct contract_value {
    enum contract_type type;
    int64_t number;    /* 0 or 1, the integer, the time, or a quantity's mantissa */
    int exponent;      /* of a quantity, -9..9; else 0 */
    struct slice text; /* of a text and its kin, a quantity's unit, a list's array; borrowed */
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
/* The same of a kind: "a quantity in \"Cel\"", "a list of texts"; cut where it does not fit. */
void value_kind_show(const struct value_kind *kind, char *text, size_t size);

/*
 * Whether a value of the one kind may stand where the other is asked for, by type and unit alone. Nothing
 * suits everything; a text suits a choice and an asset, and these suit a text.
 */
bool value_kind_suits(const struct value_kind *kind, const struct value_kind *wanted);

/*
 * A value as the wire has it: bool / int / tstr / bstr / [mantissa, exponent, unit] / [* int] / [* tstr] /
 * null (CONTRACT_NOTHING, whatever the kind), read as `kind` says and within its range; choices: the
 * definition's. The reader's bytes are scanned already; a list's quantities are settled ones.
 * Returns: false with a sentence ("expected a quantity in \"Cel\", found a text"); the reader has failed.
 */
bool value_take(struct cbor_reader *r, const struct value_kind *kind, const struct slice *choices,
                struct contract_value *ret_value, struct err *err);
/* The inverse, byte for byte: two settled values that are equal have equal bytes. */
void value_put(struct buf *out, const struct contract_value *value);
/*
 * Brings a quantity to the one form that each amount has: no trailing zeros after the point, and an
 * exponent above 0 only where the mantissa would leave int64 without. Other types stay.
 */
void value_settle(struct contract_value *value);
bool value_is_settled(const struct contract_value *value);
/* Whether the value has the kind's type and unit and lies within its range; a sentence when not. */
bool value_fits(const struct contract_value *value, const struct value_kind *kind,
                const struct slice *choices, struct err *err);

/*
 * Less, equal or greater (-1, 0, 1) for numbers, quantities (of one unit, by value) and times; for the rest
 * only equality has a meaning: 0, or not 0. A quantity's trailing zeros do not matter. Values of different
 * types or units are not equal; a text, a choice and an asset are one type here.
 */
int value_compare(const struct contract_value *a, const struct contract_value *b);
/* A list's values, one after another: begin with cbor_reader(list->text) past its head. */
size_t value_list_begin(const struct contract_value *list, struct cbor_reader *ret_items);
/* In: scalar: the list's elements' type. */
struct contract_value value_list_next(struct cbor_reader *items, enum contract_type scalar);
/*
 * For people: "9.1 Cel" as "9.1 °C", 1200 s as "20 min", "EUR 12.50", "2026-06-01T06:00:00Z", kids and
 * hashes in hex. Cut at a character where it does not fit.
 */
void value_show(const struct contract_value *value, char *text, size_t size);

#endif
