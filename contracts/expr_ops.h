/* What compiled expressions are made of: operations, and the facts they may ask for. See expr.h. */
#ifndef CONTRACTS_EXPR_OPS_H
#define CONTRACTS_EXPR_OPS_H

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
    EXPR_CERTIFIED = 11, /* [constant] party: whether a certificate of that name holds for it now */
    EXPR_GOODS_CERTIFIED = 12,    /* [constant] the same for all of the goods, or their lots */
    EXPR_CERTIFIED_BY = 13,       /* [constant] party, issuer: as 11, of those that it issued */
    EXPR_GOODS_CERTIFIED_BY = 14, /* [constant] issuer: as 12 */
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

#endif
