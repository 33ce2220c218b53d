/* What the files of the workflow share. Nobody else includes this. */
#ifndef CONTRACTS_FLOW_PARTS_H
#define CONTRACTS_FLOW_PARTS_H

#include "contracts/expr_parts.h"
#include "contracts/flow.h"

#define FLOW_REASON_SIZE 192 /* of a sentence, with its zero: what a verdict has room for */

/* One action or reaction being run. */
struct flow_run {
    struct expr_scope *scope;
    struct slice name; /* of the action or reaction, for messages */
    uint64_t steps_before;
    unsigned first_case, case_count;
    bool is_reaction;    /* a guard without a value does not hold */
    bool without_params; /* a guard that asks for parameters is passed over */
    struct flow_calls *calls;
    struct err *err;
};

enum flow_result flow_check_guards(struct flow_run *run, const struct contract_step *step);
/* Effects, cases, next state, on a copy; *state becomes it when all went well. */
enum flow_result flow_run_step(struct flow_run *run, const struct contract_step *step,
                               uint64_t block_ms, struct flow_state *state);
/* Whether a party, where the value is one, holds the role its kind asks for. */
bool flow_role_fits(struct expr_scope *scope, const struct value_kind *kind,
                    const struct contract_value *value, struct err *err);
bool flow_has_argument(struct slice map, struct slice name);
enum flow_result flow_refuse_caller(const struct contract_definition *def, struct slice what,
                                    const struct contract_callers *callers, struct err *err);

#endif
