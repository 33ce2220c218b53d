/* The parts a contract is made of. definition.h holds them together; see docs/contracts.md for each. */
#ifndef CONTRACTS_DEFINITION_PARTS_H
#define CONTRACTS_DEFINITION_PARTS_H

#include "contracts/value.h"
#include "contracts/verdict.h"

#define DEFINITION_LANGUAGE        1
#define DEFINITION_MAX_BYTES       65536
#define DEFINITION_MAX_ROLES       32
#define DEFINITION_MAX_PARTIES     16
#define DEFINITION_MAX_TERMS       64
#define DEFINITION_MAX_RULES       32
#define DEFINITION_MAX_STATES      64
#define DEFINITION_MAX_FIELDS      64
#define DEFINITION_MAX_ACTIONS     64
#define DEFINITION_MAX_REACTIONS   32
#define DEFINITION_MAX_DOCUMENTS   16
#define DEFINITION_MAX_GUARD_NAMES 128
#define DEFINITION_MAX_PARAMS      256
#define DEFINITION_MAX_GUARDS      256
#define DEFINITION_MAX_EFFECTS     256
#define DEFINITION_MAX_CASES       128
#define DEFINITION_MAX_CONSTANTS   256
#define DEFINITION_MAX_CHOICES     256
#define DEFINITION_MAX_CODE        8192
#define DEFINITION_MAX_NAME        64  /* bytes */
#define DEFINITION_MAX_TEXT        400 /* bytes of a summary, a role's meaning, a guard's words */
#define DEFINITION_MAX_UNIT        VALUE_UNIT_MAX
#define DEFINITION_MAX_DURATION_MS 315360000000u /* ten years of 365 days */
#define DEFINITION_LATENESS_MS     86400000u     /* where a contract says nothing: one day */

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

/* ------------------------------------------------------------------ what is watched */

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

/* What is known of the sensors of a property. */
struct contract_sensor {
    uint16_t property;
    bool has_accuracy, has_range;
    struct contract_operand accuracy;  /* a reading may be off by this much either way */
    struct contract_operand low, high; /* a reading beyond is the sensor's fault */
};

/* ------------------------------------------------------------------ the workflow */

enum contract_ending {
    CONTRACT_GOES_ON = 0,
    CONTRACT_SUCCESS = 1,
    CONTRACT_FAILURE = 2,
};

struct contract_state {
    struct slice name;
    unsigned progress; /* 0..100 */
    enum contract_ending ending;
};

/* A property of the contract ("field" here: a property is what a sensor measures). */
struct contract_field {
    struct slice name;
    struct value_kind kind;
    struct contract_code start; /* its first value, computed at the opening; none: nothing */
};

/* Who may: any of these. Party, role and field indices; a field is of type party. */
struct contract_callers {
    uint16_t parties;        /* bit i: party i */
    uint32_t roles;          /* bit i: a holder of role i */
    uint64_t fields;         /* bit i: whom field i names */
    uint64_t instance_terms; /* bit i: the contract that term i names, by a call of its own */
};

struct contract_param {
    struct slice name;
    struct value_kind kind;
};

struct contract_guard {
    struct slice words; /* as its author wrote it */
    struct contract_code code;
};

enum contract_effect_what {
    CONTRACT_SET = 0,  /* fields[target] := code */
    CONTRACT_CALL = 1, /* action `action` of the contract that terms[target] names */
    CONTRACT_PASS = 2, /* one argument of the CALL before it: params by name `action` := code */
};

struct contract_effect {
    enum contract_effect_what what;
    unsigned target;
    struct slice action;
    struct contract_code code;
};

/* Runs of the pools: guards[guard … guard + guard_count) and so on. */
struct contract_step {
    uint16_t guard, guard_count, effect, effect_count;
    int next; /* state, -1 = stays */
};

/* The first case whose guards hold applies, after the step's own effects; its next replaces the step's. */
struct contract_case {
    struct contract_step step;
};

struct contract_action {
    struct slice name;
    struct contract_callers callers;
    uint64_t states; /* bit i: may be called in state i */
    uint16_t param, param_count, first_case, case_count;
    struct contract_step step;
};

enum contract_trigger {
    CONTRACT_ON_READING = 0, /* of property `detail`: per sample */
    CONTRACT_ON_BROKEN = 1,  /* rule `detail` */
    CONTRACT_ON_ENDED = 2,   /* an excursion of rule `detail` */
    CONTRACT_ON_SCAN = 3,
    CONTRACT_ON_HANDOVER = 4, /* detail: 0 custodian, 1 owner */
    CONTRACT_ON_DOCUMENT = 5, /* document `detail` */
    CONTRACT_ON_SUCCESS = 6,  /* the contract that term `detail` names */
    CONTRACT_ON_FAILURE = 7,
};

struct contract_reaction {
    struct slice name;
    enum contract_trigger trigger;
    unsigned detail;
    uint64_t states;
    uint16_t first_case, case_count;
    struct contract_step step;
};

struct contract_document {
    struct slice name;
    struct contract_callers callers; /* who may attach it */
};

#endif
