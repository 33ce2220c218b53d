#include "node/contract_probe.h"

#include "node/instance_parts.h"

bool contract_probe_status(struct execution *x, const struct hash *opening,
                           struct state_instance *ret_instance)
{
    return instance_load(x, opening, ret_instance);
}

static bool load_key(struct execution *x, const struct kid *kid, struct state_key_record *ret_key)
{
    struct state_key key = state_key_kid(TABLE_KEY, kid);
    struct slice value;
    return execution_get(x, &key, &value) && state_key_record_take(value, ret_key);
}

/* In the order in which a call meets them: caller and state, rights, then guards. */
static enum refusal probe_frame(struct instance_frame *f, unsigned action, struct err *err)
{
    const struct contract_action *a = &f->contract->definition.actions[action];
    enum flow_result result = flow_probe(&f->scope, action, &f->caller, &f->state, err);
    if (result != FLOW_NOT_ALLOWED && result != FLOW_WRONG_STATE &&
        !instance_may(f->x, f->contract, f->state.fields, &a->callers, &f->caller)) {
        (void)err_set(err, ERR_REFUSED, "the key's rights do not name a role that may");
        return REFUSED_NOT_ALLOWED;
    }
    return instance_refusal(result);
}

enum refusal contract_probe(struct execution *x, const struct contract_bound *contract,
                            unsigned action, struct slice unit, const struct kid *kid,
                            struct err *err)
{
    struct statement st = { .kind = KIND_CALL, .kid = *kid };
    struct speaker by = { .st = &st };
    struct flow_caller caller;
    st.link.time_ms = x->context.time_ms;
    x->statement_steps = 0;
    x->detail[0] = '\0';
    enum refusal code = instance_check_alive(x, &contract->opening);
    if (code != ACCEPTED) {
        (void)err_set(err, ERR_REFUSED, "%s", x->detail);
        return code;
    }
    if (!load_key(x, kid, &by.key)) {
        (void)err_set(err, ERR_REFUSED, "the ledger has no such key");
        return REFUSED_UNKNOWN_KEY;
    }
    if (by.key.revoked) {
        (void)err_set(err, ERR_REFUSED, "the key is revoked");
        return REFUSED_REVOKED;
    }
    if (!instance_caller(&by, &caller)) {
        (void)err_set(err, ERR_REFUSED,
                      "only members, operators, devices and oracles call contracts");
        return REFUSED_NOT_ALLOWED;
    }
    struct instance_frame *f = instance_enter(x, contract, unit);
    if (f == NULL)
        return REFUSED_DEPTH;
    f->by = &by;
    f->caller = caller;
    code = REFUSED_NO_SUCH_ACTION;
    if (instance_load_flow(x, contract, unit, &f->state))
        code = probe_frame(f, action, err);
    instance_leave(f);
    return code;
}
