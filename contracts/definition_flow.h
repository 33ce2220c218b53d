/* A contract's workflow: states, properties of its own, actions, reactions, documents. */
#ifndef CONTRACTS_DEFINITION_FLOW_H
#define CONTRACTS_DEFINITION_FLOW_H

#include "contracts/definition_parts.h"

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

/* Who may: any of these. Party, role and field indices; a field is of type party or instance. */
struct contract_callers {
    uint16_t parties;        /* bit i: party i */
    uint32_t roles;          /* bit i: a holder of role i */
    uint64_t fields;         /* bit i: whom, or which contract, field i names */
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
    CONTRACT_ON_DISPOSITION = 8, /* detail: 0 any, else 1 + enum disposition_action */
    CONTRACT_ON_FINDING = 9,     /* detail: 0 any, else enum event_finding */
};
#define CONTRACT_TRIGGER_LAST CONTRACT_ON_FINDING

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

/* Whether the reaction listens to this, whatever state the contract is in. */
bool definition_hears(const struct contract_reaction *r, enum contract_trigger trigger,
                      unsigned detail);
/*
 * What the detail of a disposition or of a finding is called: "dispensed", "impossible travel", and "any" for 0.
 * NULL where no contract can hear of it, and for the other triggers, whose details are the contract's own.
 */
const char *definition_detail_word(enum contract_trigger trigger, unsigned detail);

#endif
