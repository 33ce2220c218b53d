/*
 * The workflow of one contract instance: states, properties, actions, reactions. A pure function from
 * (definition, terms, parties, state, what happens) to (state', what else is to be called). It does not
 * know the ledger; what it must ask it asks through struct expr_ledger.
 */
#ifndef CONTRACTS_FLOW_H
#define CONTRACTS_FLOW_H

#include "contracts/expr.h"

#define FLOW_MAX_STATE_BYTES 16384
#define FLOW_MAX_HISTORY     16 /* changes of state kept, for the stages of rules */
#define FLOW_MAX_CALLS       4  /* one step makes */
#define FLOW_MAX_ARGUMENTS   16
#define FLOW_MAX_DEPTH       4    /* of calls and reactions from contract to contract */
#define FLOW_MAX_STEPS       4096 /* operations of one call or reaction */

struct flow_change {
    uint64_t time_ms; /* block time from which it counts */
    uint8_t state;
};

/* Texts are borrowed from the bytes it was decoded from, or from the scope's memory. */
struct flow_state {
    unsigned state;
    size_t change_count; /* the first is the start */
    struct flow_change changes[FLOW_MAX_HISTORY];
    struct contract_value fields[DEFINITION_MAX_FIELDS];
    uint64_t documents; /* bit i: attached */
    struct hash document_hashes[DEFINITION_MAX_DOCUMENTS];
};

enum flow_result {
    FLOW_DONE,
    FLOW_UNKNOWN,     /* no such action or document */
    FLOW_NOT_ALLOWED, /* not this caller */
    FLOW_WRONG_STATE,
    FLOW_BAD_ARGUMENT,
    FLOW_GUARD, /* a guard does not hold, or an effect has no value */
    FLOW_STEPS,
};

struct flow_caller {
    struct slice kid;      /* 8 bytes: the key that signed */
    struct slice member;   /* 8 bytes: its company */
    struct slice instance; /* 32 bytes when a contract calls, else empty */
};

/* A call that a step makes on another contract: to be run after it, by the caller. */
struct flow_call {
    struct slice instance; /* 32 bytes */
    struct slice action;   /* name */
    size_t argument_count;
    struct slice names[FLOW_MAX_ARGUMENTS];
    struct contract_value arguments[FLOW_MAX_ARGUMENTS];
};

struct flow_calls {
    size_t count;
    struct flow_call items[FLOW_MAX_CALLS];
};

/* The state at the opening: first state, properties with their first values; lists begin empty. */
enum flow_result flow_start(struct expr_scope *scope, uint64_t block_ms,
                            struct flow_state *ret_state, struct err *err);

/* Whether the caller is one of these, by scope->fields. A contract calls in its own right alone. */
bool flow_may(struct expr_scope *scope, const struct contract_callers *callers,
              const struct flow_caller *caller);

/*
 * Arguments of a call by name, as the wire has them ({ * tstr => arg }), in the order of the action's
 * parameters. False with a sentence when one is missing, unknown or does not fit.
 */
bool flow_arguments(const struct contract_definition *definition,
                    const struct contract_action *action, struct slice map,
                    struct contract_value ret_values[FLOW_MAX_ARGUMENTS], struct err *err);
/* A step's call as such a map. */
void flow_put_arguments(const struct flow_call *call, struct buf *out);

/*
 * One action. On FLOW_DONE *state has changed; otherwise it has not and err says why, in words a person
 * can act upon. In: scope->params: what flow_arguments() gave; scope->fields is set from *state here.
 */
enum flow_result flow_call(struct expr_scope *scope, unsigned action,
                           const struct flow_caller *caller, uint64_t block_ms,
                           struct flow_state *state, struct flow_calls *ret_calls, struct err *err);

/*
 * As flow_call() but changes nothing and needs no arguments: may it be called now, as far as known? Guards
 * that ask for arguments are passed over.
 */
enum flow_result flow_probe(struct expr_scope *scope, unsigned action,
                            const struct flow_caller *caller, struct flow_state *state,
                            struct err *err);

/*
 * Runs the first reaction of the definition, from `*index` on, that listens to this trigger in this state
 * and whose guards hold; *index is then its own. FLOW_UNKNOWN: none did. A guard without a value does not
 * hold, here; in an action it refuses the call, in a case too.
 */
enum flow_result flow_react(struct expr_scope *scope, enum contract_trigger trigger,
                            unsigned detail, uint64_t block_ms, struct flow_state *state,
                            unsigned *index, struct flow_calls *ret_calls, struct err *err);

/* A later document of the same name takes the place of the one before. */
enum flow_result flow_attach(struct expr_scope *scope, unsigned document,
                             const struct flow_caller *caller, const struct hash *hash,
                             struct flow_state *state, struct err *err);

/* The state in force at a time; the first one before that. */
unsigned flow_state_at(const struct flow_state *state, uint64_t time_ms);

/* Canonical CBOR; decoding checks everything against the definition, as for foreign bytes. */
void flow_state_encode(const struct contract_definition *definition, const struct flow_state *state,
                       struct buf *out);
bool flow_state_decode(const struct contract_definition *definition, struct slice bytes,
                       struct flow_state *ret_state, struct err *err);

#endif
