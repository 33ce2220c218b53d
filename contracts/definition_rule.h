/* What a contract watches: bounds, silence, faults of sensors, the mean kinetic temperature. */
#ifndef CONTRACTS_DEFINITION_RULE_H
#define CONTRACTS_DEFINITION_RULE_H

#include "contracts/definition_parts.h"

enum contract_watch {
    CONTRACT_BOUND = 0,   /* `when:` a property out of bounds */
    CONTRACT_SILENCE = 1, /* `no reading for: D` */
    CONTRACT_FAULT = 2,   /* `sensor fault`: readings no sensor of this kind can make */
    CONTRACT_STUCK = 3,   /* `unchanged for: D` */
    CONTRACT_KINETIC = 4, /* `mean kinetic temperature:` over a window or the whole journey */
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
    enum contract_watch watch;
    uint16_t property; /* of a SILENCE rule 0 = any */
    unsigned slot;     /* index of property in the definition's properties */
    enum contract_operator op;
    enum contract_lasting lasting;
    enum verdict_severity severity;
    struct contract_operand bound; /* in the property's unit: BOUND and KINETIC */
    struct contract_operand
        duration;   /* in "s": unless an instant BOUND, a FAULT or a whole journey */
    bool has_until; /* hysteresis: an excursion goes on until this holds */
    enum contract_operator until_op;
    struct contract_operand until, until_less; /* until - until_less; the latter a quantity, or 0 */
    bool has_ignore;
    struct contract_operand ignore; /* in "s": not judged so long after the start */
    bool has_stages;
    uint64_t stages; /* bit i: judged in state i */
    struct slice
        budget;         /* a TOTAL that follows the goods from contract to contract; empty = none */
    bool whole_journey; /* KINETIC without a window */
};

/* Whether the rule is about the sensor (silence, a fault), and says nothing of the goods. */
bool definition_rule_is_of_sensor(const struct contract_rule *rule);

/* What is known of the sensors of a property. */
struct contract_sensor {
    uint16_t property;
    bool has_accuracy, has_range;
    struct contract_operand accuracy;  /* a reading may be off by this much either way */
    struct contract_operand low, high; /* a reading beyond is the sensor's fault */
};

#endif
