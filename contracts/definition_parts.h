/* The parts a contract is made of. definition.h holds them together; see docs/contracts.md for each. */
#ifndef CONTRACTS_DEFINITION_PARTS_H
#define CONTRACTS_DEFINITION_PARTS_H

#include "contracts/value.h"
#include "contracts/verdict.h"

#define DEFINITION_LANGUAGE          1
#define DEFINITION_MAX_BYTES         65536
#define DEFINITION_MAX_ROLES         32
#define DEFINITION_MAX_PARTIES       16
#define DEFINITION_MAX_TERMS         63 /* so that bits of them fit an int64 */
#define DEFINITION_MAX_RULES         32
#define DEFINITION_MAX_STATES        63
#define DEFINITION_MAX_FIELDS        63
#define DEFINITION_MAX_ACTIONS       64
#define DEFINITION_MAX_REACTIONS     32
#define DEFINITION_MAX_DOCUMENTS     16
#define DEFINITION_MAX_GUARD_NAMES   128
#define DEFINITION_MAX_PARAMS        256
#define DEFINITION_MAX_ACTION_PARAMS 16 /* of one action */
#define DEFINITION_MAX_GUARDS        256
#define DEFINITION_MAX_EFFECTS       256
#define DEFINITION_MAX_CASES         128
#define DEFINITION_MAX_CONSTANTS     256
#define DEFINITION_MAX_CHOICES       256
#define DEFINITION_MAX_CODE          8192
#define DEFINITION_MAX_NAME          64  /* bytes */
#define DEFINITION_MAX_TEXT          400 /* bytes of a summary, a role's meaning, a guard's words */
#define DEFINITION_MAX_UNIT          VALUE_UNIT_MAX
#define DEFINITION_MAX_DURATION_MS   315360000000u /* ten years of 365 days */
#define DEFINITION_FASTEST_MAX       100000u       /* km/h */
#define DEFINITION_LATENESS_MS       86400000u     /* where a contract says nothing: one day */
#define DEFINITION_KINETIC_MS        24 /* a window of a kinetic mean is a multiple of so many */

/* ------------------------------------------------------------------ people and terms */

/* What kind of key holds a role; numbers as the wire's key classes, RANK_ANY where it does not matter. */
enum contract_rank {
    CONTRACT_MEMBER = 0,
    CONTRACT_DEVICE = 2,
    CONTRACT_OPERATOR = 3,
    CONTRACT_ORACLE = 4,
    CONTRACT_ANY_RANK = 255,
};

struct contract_role {
    struct slice name;
    struct slice meaning;
    enum contract_rank rank;
};

struct contract_party {
    struct slice name;
    unsigned role; /* index into roles */
};

struct contract_term {
    struct slice name;
    struct value_kind kind;      /* an opening's value is of this kind */
    struct contract_value usual; /* the default; CONTRACT_NOTHING: an opening must say it */
};

/* A number in a rule: written there, or a term's, known when the instance opens. */
struct contract_operand {
    bool is_term;
    unsigned term;                /* index into terms, when is_term */
    struct contract_value number; /* when not */
};

/* Code of one expression: code[at … at + len) of the definition; len 0 = none. */
struct contract_code {
    uint16_t at, len;
};

#endif
