/* What the files of the expression engine share. Nobody else includes this but flow.c. */
#ifndef CONTRACTS_EXPR_PARTS_H
#define CONTRACTS_EXPR_PARTS_H

#include "contracts/expr.h"
#include "contracts/value_words.h"

/* The shape of an operation: its words and what it takes from the stack; each leaves one value. */
struct expr_shape {
    enum expr_op op;
    const char *name; /* for messages */
    bool has_argument;
    unsigned takes;
};
/* NULL when the word is no operation. */
const struct expr_shape *expr_shape_of(int32_t word);
const char *expr_fact_name(enum expr_fact fact);

/* Why there is no value. */
enum expr_lack {
    EXPR_HAS_VALUE = 0,
    EXPR_UNSET,     /* it may be compared with nothing, and only that */
    EXPR_TOO_LARGE, /* or too fine */
    EXPR_BY_NOUGHT, /* a division */
    EXPR_NOT_MS,    /* a time moved by a part of a millisecond */
    EXPR_LIST_FULL,
    EXPR_UNANSWERED, /* the ledger has no answer */
    EXPR_GUARD_IS_OPEN,
};

/* An expression's outcome: its value, or why there is none and at which word that happened. */
struct expr_outcome {
    struct contract_value value;
    enum expr_lack lack;
    bool is_constant; /* the value nothing was written, not found */
    bool is_derived;  /* an operand of it lacked the value */
    unsigned at;
};
struct expr_outcome expr_run(struct expr_scope *scope, struct contract_code code);
/*
 * Asks of a certificate, as one of the four operations: constant is its argument, operands what it takes, with
 * their values. False: the ledger has no answer.
 */
bool expr_ask_certificate(const struct expr_scope *scope, enum expr_op op, unsigned constant,
                          const struct contract_value *operands, struct expr_certificate *ret);
/* "humidity is not set" */
void expr_lack_words(const struct expr_scope *scope, const struct expr_outcome *outcome,
                     struct words *w);
/* What a leaf is called in the source: "warmest", "excursions of too warm". */
void expr_leaf_words(const struct expr_scope *scope, unsigned at, struct words *w);

/* Arithmetic on values that fit each other, as expr_check() proves. */
enum expr_lack expr_arith_negate(const struct contract_value *a, struct contract_value *ret);
enum expr_lack expr_arith_add(const struct contract_value *a, const struct contract_value *b,
                              bool subtract, struct contract_value *ret);
enum expr_lack expr_arith_multiply(const struct contract_value *a, const struct contract_value *b,
                                   struct contract_value *ret);
enum expr_lack expr_arith_divide(const struct contract_value *a, const struct contract_value *b,
                                 struct contract_value *ret);
enum expr_lack expr_arith_prorate(const struct contract_value *amount,
                                  const struct contract_value *part,
                                  const struct contract_value *whole, struct contract_value *ret);
/* A quantity in seconds, settled. */
struct contract_value expr_arith_seconds(int64_t number, int exponent);

/* Kinds without a range; a party's of any role. */
struct value_kind expr_kind_plain(enum contract_type type);
struct value_kind expr_kind_quantity(struct slice unit);
/* In: as many operands as the operation takes, at least one. False when it does not go with them. */
bool expr_kind_of(enum expr_op op, const struct value_kind *operands, struct value_kind *ret);

#endif
