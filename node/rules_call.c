/* Calls of a contract's actions. */
#include "node/rules_parts.h"

/* Built-in actions stay possible after the end: quality looks at what happened when the goods have arrived. */
static enum refusal check_life(struct execution *x, const struct hash *opening, bool built_in)
{
    enum refusal code = instance_check_alive(x, opening);
    if (code == REFUSED_FINISHED && built_in) {
        x->detail[0] = '\0';
        return ACCEPTED;
    }
    return code;
}

enum refusal rules_choose_units(struct execution *x, const struct contract_bound *contract,
                                const struct asset_set *named, bool built_in,
                                struct asset_set *ret_set)
{
    bool each_unit = contract->definition.each_unit;
    *ret_set = contract->assets;
    if (named == NULL)
        return execution_step(x, each_unit ? contract->assets.count : 1) ? ACCEPTED : REFUSED_STEPS;
    if (!each_unit && !built_in) {
        execution_explain(x, "all goods of this contract share one state: name no units");
        return REFUSED_BAD_ARGUMENT;
    }
    *ret_set = *named;
    return instance_covers(x, contract, named) ? ACCEPTED : REFUSED_UNKNOWN_ASSET;
}

static const struct asset_set *named_units(const struct call *said)
{
    return said->has_assets ? &said->assets : NULL;
}

static enum refusal call_action(struct execution *x, const struct speaker *by,
                                const struct contract_bound *c, const struct flow_caller *caller)
{
    const struct call *said = &by->st->as.call;
    struct asset_set set;
    struct instance_call call = { .contract = c,
                                  .arguments = said->arguments,
                                  .caller = *caller,
                                  .by = by,
                                  .set = &set,
                                  .time_ms = by->st->link.time_ms };
    if (!definition_find_action(&c->definition, said->action, &call.action)) {
        execution_explain(x, "\"%.*s\" has no action \"%.*s\"", RULES_SHOW(c->definition.name),
                          RULES_SHOW(said->action));
        return REFUSED_NO_SUCH_ACTION;
    }
    enum refusal code = rules_choose_units(x, c, named_units(said), false, &set);
    return code != ACCEPTED ? code : instance_call(x, &call);
}

enum refusal rules_call(struct execution *x, const struct speaker *by)
{
    const struct call *said = &by->st->as.call;
    enum rules_built_in what = rules_find_built_in(said->action);
    struct flow_caller caller;
    struct asset_set set;
    enum refusal code = check_life(x, &said->opening, what != RULES_NO_BUILT_IN);
    if (code != ACCEPTED)
        return code;
    const struct contract_bound *c = contract_cache_find(x, &said->opening);
    if (c == NULL)
        return REFUSED_UNKNOWN_CONTRACT;
    if (!instance_caller(by, &caller)) {
        execution_explain(x, "only members, operators, devices and oracles call contracts");
        return REFUSED_NOT_ALLOWED;
    }
    if (what == RULES_NO_BUILT_IN)
        return call_action(x, by, c, &caller);
    code = rules_choose_units(x, c, named_units(said), true, &set);
    return code != ACCEPTED ? code : rules_quality(x, by, c, what);
}
