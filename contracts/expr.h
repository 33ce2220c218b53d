/*
 * Expressions: total functions over a contract's values. Compiled to flat postfix code without jumps, so
 * that evaluation ends after as many steps as the code has operations; arithmetic is exact in decimal
 * integers and checked; what has no value (a property not set, an overflow, a division by nought) makes
 * the whole expression have none, with a sentence that says why. Pure; allocates nothing.
 *
 * A field, term, parameter or fact that is not set has no value, but may be compared by = and != with the
 * constant nothing, and that alone. Every quantity that is made is settled (value.h).
 *
 * Code is operations of one or two words: the operation, then its argument where it has one. Both sides
 * of `and`, `or` and `if` are evaluated; only the chosen one's lack of a value counts.
 */
#ifndef CONTRACTS_EXPR_H
#define CONTRACTS_EXPR_H

#include "contracts/definition.h"
#include "contracts/terms.h"

#define EXPR_MAX_STACK 32
#define EXPR_MAX_CODE  256 /* words of one expression */

/*
 * The numbers are in compiled contracts and never change. Arguments in brackets; stack: what it takes.
 * Rounding is half to even: an int to a whole number, a quantity to two decimals, or to its own when it has
 * more (so that EUR 100 by 3 is EUR 33.33). A time and seconds add up to a time, two times differ by seconds.
 */
enum expr_op {
    EXPR_CONSTANT = 0,  /* [constant] */
    EXPR_TERM = 1,      /* [term] */
    EXPR_FIELD = 2,     /* [field] */
    EXPR_PARAM = 3,     /* [nth parameter of the action] */
    EXPR_PARTY = 4,     /* [party] its kid */
    EXPR_FACT = 5,      /* [enum expr_fact] */
    EXPR_RULE_FACT = 6, /* [64 * enum expr_rule_fact + rule] */
    EXPR_CHARGED = 7,   /* [rule, or 63 for all] party: seconds charged to it, a quantity in "s" */
    EXPR_DOCUMENT = 8,  /* [document] whether it is attached */
    EXPR_HOLDS = 9,     /* [role] party: whether it holds the role */
    EXPR_OPEN_GUARD = 10, /* [guard name] left open: never has a value */
    EXPR_NOT = 16,
    EXPR_AND = 17,
    EXPR_OR = 18,
    EXPR_EQUAL = 19,
    EXPR_DIFFERENT = 20,
    EXPR_LESS = 21,
    EXPR_AT_MOST = 22,
    EXPR_GREATER = 23,
    EXPR_AT_LEAST = 24,
    EXPR_NEGATE = 32,
    EXPR_ADD = 33,
    EXPR_SUBTRACT = 34,
    EXPR_MULTIPLY = 35, /* one side without a unit; of int and int an int */
    EXPR_DIVIDE = 36, /* by a plain number, rounded; by its own unit: int, towards minus infinity */
    EXPR_MINIMUM = 37,
    EXPR_MAXIMUM = 38,
    EXPR_PRORATE = 39, /* amount, part, whole: amount * part / whole, rounded once */
    EXPR_IN = 48,      /* value, list */
    EXPR_COUNT = 49,   /* list */
    EXPR_IF = 50,      /* condition, then, else */
    EXPR_ADDED = 51,   /* list, value: the list with the value at its end, unless it is in it */
};

enum expr_fact {
    EXPR_CALLER = 0,    /* kid of the member that calls, or of the device or oracle */
    EXPR_NOW = 1,       /* block time */
    EXPR_OPENER = 2,    /* kid of the member that opened the contract */
    EXPR_CUSTODIAN = 3, /* of the goods: no value when theirs differ or nobody holds them */
    EXPR_OWNER = 4,
    EXPR_WORST = 5, /* int: enum verdict_severity of the worst excursion, acknowledged or not */
    EXPR_EXCURSIONS = 6, /* int: how many */
    EXPR_UNACKNOWLEDGED = 7,
    EXPR_STARTED = 8, /* time the contract came into force */
    EXPR_READING = 9, /* of an ON_READING reaction: the sample, in its property's unit */
    EXPR_READING_TIME = 10,
    EXPR_FROM = 11, /* of ON_HANDOVER: who handed over */
    EXPR_TO = 12,
    EXPR_PLACE = 13,     /* of ON_SCAN: text, the GLN */
    EXPR_CALL_TIME = 14, /* the time the caller signed */
    EXPR_UNCERTAIN = 15, /* int: excursions that the sensors' accuracy leaves open */
};

enum expr_rule_fact {
    EXPR_COUNT_OF = 0, /* int: excursions of the rule */
    EXPR_TIME_OF = 1,  /* "s": their seconds */
    EXPR_PEAK_OF = 2,  /* in the property's unit: the farthest; no value without an excursion */
};

/*
 * What an expression may ask of the ledger; any may say that there is no answer (false). Counted as steps.
 * Bytes of an answer must live as long as what is made of it: a flow_state, until it is encoded.
 */
struct expr_ledger {
    void *ctx;
    bool (*fact)(void *ctx, enum expr_fact fact, struct contract_value *ret_value);
    bool (*rule_fact)(void *ctx, enum expr_rule_fact fact, unsigned rule,
                      struct contract_value *ret_value);
    /* rule < 0: all of them. */
    bool (*charged)(void *ctx, int rule, struct slice party, uint64_t *ret_seconds);
    bool (*holds)(void *ctx, unsigned role, struct slice party);
};

struct expr_scope {
    const struct contract_definition *definition;
    const struct contract_terms *terms;
    const struct slice *parties;         /* kids, as the definition's parties; empty = not named */
    const struct contract_value *fields; /* NULL: none may be asked for */
    const struct contract_value *params; /* of the action; NULL: not known */
    const struct contract_param *declared; /* their names, for messages; may be NULL */
    uint64_t documents;                    /* bit i: document i is attached */
    const struct expr_ledger *ledger;
    uint8_t *memory; /* for lists that EXPR_ADDED makes: at least EXPR_MEMORY bytes */
    size_t memory_used;
    uint64_t steps; /* counted up: one an operation, one a question to the ledger */
};
#define EXPR_MEMORY 8192

/* False when it has no value, with the reason in words; steps are counted either way. */
bool expr_value(struct expr_scope *scope, struct contract_code code,
                struct contract_value *ret_value, struct err *err);

/*
 * Why a condition does not hold, by the values in it: "worst severity is critical". Cut where it does not
 * fit. The scope is as it was for expr_value(); no steps are counted.
 */
void expr_explain(const struct expr_scope *scope, struct contract_code code, char *text,
                  size_t size);

#define EXPR_NO_TRIGGER (-1) /* an action's */
#define EXPR_AT_START   (-2) /* a field's first value: terms, parties, opener, now, started */
/*
 * Checks code against a definition whose lists are complete: operations known, indices within bounds,
 * types and units fitting, the stack never beyond EXPR_MAX_STACK. params: the action's, or NULL; trigger:
 * the reaction's, or one of the above. *ret_kind: of type CONTRACT_NOTHING for the constant nothing.
 */
bool expr_check(const struct contract_definition *definition, struct contract_code code,
                const struct contract_param *params, size_t param_count, int trigger,
                unsigned detail, struct value_kind *ret_kind, struct err *err);

#endif
