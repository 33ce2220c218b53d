/* What the files of contract instances and the rules of contracts share. Nothing else includes this. */
#ifndef NODE_INSTANCE_PARTS_H
#define NODE_INSTANCE_PARTS_H

#include "contracts/book.h"
#include "node/instance.h"

#define INSTANCE_RUNS_MAX       32 /* steps of other contracts that one call or event sets off */
#define INSTANCE_SUCCESSORS     16 /* upgrades followed from an opening that a term names */
#define INSTANCE_LISTENERS      16 /* contracts told of the end of one */
#define INSTANCE_BYTES_OF_STEP  64 /* of a state that is decoded or stored */
#define INSTANCE_REACTION_STEPS (EXECUTE_STEPS_STATEMENT / 2) /* for what nobody signed */

/* One contract at work: a call, a reaction, a beginning. */
struct instance_frame {
    struct execution *x;
    const struct contract_bound *contract;
    struct slice unit;                  /* empty: the state that all its goods share */
    const struct speaker *by;           /* who signed the call; NULL: nobody did */
    const struct instance_event *event; /* NULL: a call */
    struct flow_caller caller;
    struct instance_life life;
    struct flow_state state, before;
    struct flow_calls calls;
    struct contract_value params[FLOW_MAX_ARGUMENTS];
    struct expr_scope scope;
    struct expr_ledger ledger;
    bool summed, sum_known; /* the books of its goods were asked for; sum holds */
    bool has_params;        /* the call's arguments, the same for each unit */
    struct book_summary sum;
    struct kid custodian, owner;      /* answers that the state may borrow */
    char uncertified[ASSET_NAME_MAX]; /* goods whose certificate was asked for last, and lacks */
    struct buf arguments;             /* of the call it makes */
    uint8_t memory[EXPR_MEMORY];
};

struct instance_frames {
    unsigned depth; /* frames in use */
    unsigned runs;
    struct book book;
    struct instance_frame items[FLOW_MAX_DEPTH + 1];
};

/* ------------------------------------------------------------------ instance_frame.c */

/* NULL: too deep, or too many. The contract stays in the cache until instance_leave(). */
struct instance_frame *instance_enter(struct execution *x, const struct contract_bound *contract,
                                      struct slice unit);
void instance_leave(struct instance_frame *f);
/* Whether so many steps more are left to it: a reaction may use half of what a statement has. */
bool instance_has_room(const struct instance_frame *f, size_t steps);
/* Calls visit for each asset the frame is about; false as soon as one does not want to go on. */
bool instance_each_asset(struct instance_frame *f,
                         bool (*visit)(struct instance_frame *f, struct slice asset, void *ctx),
                         void *ctx);

/* ------------------------------------------------------------------ instance_certificate.c */

/* As expr_ledger.certificate; ctx: the frame. */
bool instance_certificate(void *ctx, const struct expr_question *question,
                          struct expr_certificate *ret_certificate);

/* ------------------------------------------------------------------ instance_role.c */

/* Whether a key holds a role of the contract, itself or through its member (spec of docs/contracts.md). */
bool instance_holds(struct execution *x, const struct contract_bound *contract, unsigned role,
                    struct slice kid);
/* Who a statement's signer is to contracts. False: its class of key has no business with them. */
bool instance_caller(const struct speaker *by, struct flow_caller *ret_caller);
/* fields may be NULL when none is named. */
bool instance_may(struct execution *x, const struct contract_bound *contract,
                  const struct contract_value *fields, const struct contract_callers *callers,
                  const struct flow_caller *caller);
/* An enrolled key's class, or that of a member. False: unknown. */
bool instance_class(struct execution *x, const struct kid *kid, enum key_class *ret_class);

/* ------------------------------------------------------------------ instance.c */

bool instance_load(struct execution *x, const struct hash *opening,
                   struct state_instance *ret_instance);
void instance_store(struct execution *x, const struct hash *opening,
                    const struct state_instance *v);
void instance_store_life(struct execution *x, const struct contract_bound *contract,
                         const struct instance_life *life);
/* False with the reason when it does not fit. */
bool instance_store_flow(struct execution *x, const struct contract_bound *contract,
                         struct slice unit, const struct flow_state *state, struct err *err);
/* Open to calls: in force, and not ended for good. The reason is explained. */
enum refusal instance_check_alive(struct execution *x, const struct hash *opening);
/* What the opening has become by upgrades. */
struct hash instance_current(struct execution *x, const struct hash *opening);
/* Whether an opening that somebody named is this one, or has become it. */
bool instance_became(struct execution *x, const struct hash *named, const struct hash *opening);
/* The hash in a value of type CONTRACT_INSTANCE; false when it is none. */
bool instance_hash_of(const struct contract_value *value, struct hash *ret_hash);
/* Whether every one of these assets is the opening's. */
bool instance_covers(struct execution *x, const struct contract_bound *contract,
                     const struct asset_set *assets);

/* From and to which state each unit went, in the order of the set; one when they share theirs. */
struct instance_move {
    uint8_t from, to;
};
struct instance_moves {
    const struct contract_bound *contract;
    const struct asset_set *set;
    const struct instance_move *items;
    size_t count;
    struct slice by; /* action or reaction */
    uint64_t time_ms;
};
/* Tells of moves just made, ends the contract when it has ended, tells who listens. Other calls come after. */
void instance_settle(struct execution *x, const struct instance_moves *m);
void instance_settle_one(const struct instance_frame *f, struct slice by, struct instance_move move,
                         uint64_t time_ms);

/* ------------------------------------------------------------------ instance_call.c */

struct instance_call {
    const struct contract_bound *contract;
    unsigned action;
    struct slice arguments; /* raw map, or empty */
    struct flow_caller caller;
    const struct speaker *by;    /* NULL: a contract calls */
    const struct asset_set *set; /* units, when each has a state; else the opening's assets */
    uint64_t time_ms;
}; /* What a refused call has done is the caller's to take back. */
enum refusal instance_call(struct execution *x, const struct instance_call *call);
/* The calls that a step of f made. */
enum refusal instance_make_calls(struct instance_frame *f, uint64_t time_ms);
enum refusal instance_refusal(enum flow_result result);

#endif
