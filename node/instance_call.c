/* Calls of contracts, by people and by other contracts. */
#include "node/instance_parts.h"

#include <string.h>

/* "%.*s" of a name. */
#define SHOW(s) (int)(s).len, (const char *)(s).data

enum refusal instance_refusal(enum flow_result result)
{
    switch (result) {
    case FLOW_DONE: return ACCEPTED;
    case FLOW_UNKNOWN: return REFUSED_NO_SUCH_ACTION;
    case FLOW_NOT_ALLOWED: return REFUSED_NOT_ALLOWED;
    case FLOW_WRONG_STATE: return REFUSED_WRONG_STATE;
    case FLOW_BAD_ARGUMENT: return REFUSED_BAD_ARGUMENT;
    case FLOW_GUARD: return REFUSED_GUARD;
    case FLOW_STEPS: return REFUSED_STEPS;
    }
    return REFUSED_GUARD;
}

static bool find_action(const struct contract_bound *c, struct slice name, unsigned *ret_index)
{
    return definition_find_action(&c->definition, name, ret_index);
}

/* ------------------------------------------------------------------ one unit */

/* Runs the workflow. What it says of the caller comes before what it says of the arguments. */
static enum flow_result run_flow(struct instance_frame *f, const struct instance_call *call,
                                 struct err *err)
{
    const struct contract_definition *d = &f->contract->definition;
    const struct contract_action *action = &d->actions[call->action];
    struct slice map = call->arguments.len > 0 ? call->arguments : slice_of("\xa0", 1);
    struct err bad = { .msg = "" };
    enum flow_result result;
    f->scope.memory_used = 0;
    f->scope.steps = 0;
    f->scope.params = NULL;
    f->summed = false;
    f->has_params = f->has_params || flow_arguments(d, action, map, f->params, &bad);
    if (f->has_params) {
        f->scope.params = f->params;
        result = flow_call(&f->scope, call->action, &call->caller, f->x->context.time_ms, &f->state,
                           &f->calls, err);
    } else {
        result = flow_probe(&f->scope, call->action, &call->caller, &f->state, err);
        if (result != FLOW_WRONG_STATE && result != FLOW_NOT_ALLOWED) {
            (void)err_set(err, ERR_INPUT, "%.*s: %s", SHOW(action->name), bad.msg);
            result = FLOW_BAD_ARGUMENT;
        }
    }
    (void)execution_step(f->x, 1 + f->scope.steps);
    return result;
}

/* Rights that name roles are the ledger's to know: the workflow has not looked at all of them. */
static bool lacks_right(struct instance_frame *f, const struct instance_call *call,
                        enum flow_result result)
{
    const struct contract_action *action = &f->contract->definition.actions[call->action];
    return result != FLOW_NOT_ALLOWED && result != FLOW_WRONG_STATE &&
           !instance_may(f->x, f->contract, f->before.fields, &action->callers, &call->caller);
}

/*
 * What others do when they are called may come back to this contract: its own move is told and counted
 * before. *move is then none, for it needs no telling any more.
 */
static enum refusal move_and_call(struct instance_frame *f, const struct instance_call *call,
                                  struct instance_move *move)
{
    instance_settle_one(f, f->contract->definition.actions[call->action].name, *move,
                        call->time_ms);
    move->from = move->to;
    return instance_make_calls(f, call->time_ms);
}

/* Only what somebody signed can be refused: a contract's own reactions go their way. */
static bool is_called(const struct execution *x)
{
    const struct instance_frames *frames = x->frames;
    for (unsigned i = 0; i < frames->depth; i++)
        if (frames->items[i].event != NULL)
            return false;
    return frames->depth > 0 && frames->items[0].by != NULL;
}

static bool is_on_offer(struct execution *x, struct slice name)
{
    struct state_asset a;
    if (!execution_asset(x, name, &a) || !(a.has_offer || a.goods.has_sale))
        return false;
    execution_explain(x, "%.*s", SHOW(name));
    return true;
}

/* Goods that are about to change hands are not done with; blocks made under older rules had it otherwise. */
static enum refusal check_end(struct instance_frame *f)
{
    const struct contract_definition *d = &f->contract->definition;
    struct asset_iter it = asset_set_begin(&f->contract->assets);
    if (f->before.state == f->state.state || d->states[f->state.state].ending == CONTRACT_GOES_ON ||
        f->x->context.rules < EXECUTE_RULES_GOODS || !is_called(f->x))
        return ACCEPTED;
    if (f->unit.len > 0)
        return is_on_offer(f->x, f->unit) ? REFUSED_OFFER_OPEN : ACCEPTED;
    while (asset_set_next(&it)) {
        if (!execution_step(f->x, EXECUTION_LOOK_STEPS))
            return REFUSED_STEPS;
        if (is_on_offer(f->x, slice_of(it.name, it.name_len)))
            return REFUSED_OFFER_OPEN;
    }
    return ACCEPTED;
}

/* The action for the frame's unit, and the calls it makes. */
static enum refusal run_step(struct instance_frame *f, const struct instance_call *call,
                             struct instance_move *ret_move)
{
    struct execution *x = f->x;
    const struct contract_definition *d = &f->contract->definition;
    struct err err = { .msg = "" };
    if (!instance_load_flow(x, f->contract, f->unit, &f->state)) {
        execution_explain(x, "the contract has no states");
        return REFUSED_NO_SUCH_ACTION;
    }
    if (f->unit.len > 0 && d->states[f->state.state].ending == CONTRACT_SUCCESS) {
        execution_explain(x, "for %.*s it has ended", SHOW(f->unit));
        return REFUSED_FINISHED;
    }
    f->before = f->state;
    enum flow_result result = run_flow(f, call, &err);
    if (lacks_right(f, call, result)) {
        result = FLOW_NOT_ALLOWED;
        (void)err_set(&err, ERR_REFUSED, "%.*s: the signer's rights do not name a role that may",
                      SHOW(d->actions[call->action].name));
    }
    if (result == FLOW_DONE && !instance_store_flow(x, f->contract, f->unit, &f->state, &err))
        result = FLOW_STEPS;
    if (result != FLOW_DONE) {
        execution_explain(x, "%s", err.msg);
        return instance_refusal(result);
    }
    enum refusal code = check_end(f);
    if (code != ACCEPTED)
        return code;
    *ret_move = (struct instance_move){ (uint8_t)f->before.state, (uint8_t)f->state.state };
    return f->calls.count > 0 ? move_and_call(f, call, ret_move) : ACCEPTED;
}

/* ------------------------------------------------------------------ all units */

static void tell_call(struct execution *x, const struct instance_call *call)
{
    struct buf *data = execution_emit(x, EVENT_CALLED, call->set->raw, call->time_ms, 3);
    cbor_put_bytes(data, hash_slice(&call->contract->opening));
    cbor_put_text(data, call->contract->definition.actions[call->action].name);
    if (call->by != NULL)
        kid_put(data, &call->by->st->kid);
    else
        cbor_put_null(data);
}

static enum refusal run_units(struct instance_frame *f, const struct instance_call *call,
                              struct instance_move *moves, size_t count)
{
    struct asset_iter it = asset_set_begin(call->set);
    bool units = call->contract->definition.each_unit;
    uint64_t limit = call->by != NULL ? EXECUTE_STEPS_STATEMENT : INSTANCE_REACTION_STEPS;
    for (size_t i = 0; i < count; i++) {
        if (f->x->statement_steps > limit)
            return REFUSED_STEPS;
        if (units && !asset_set_next(&it))
            break;
        f->unit = units ? slice_of(it.name, it.name_len) : (struct slice){ NULL, 0 };
        enum refusal code = run_step(f, call, &moves[i]);
        if (code != ACCEPTED)
            return code;
    }
    return execution_is_over(f->x) ? REFUSED_STEPS : ACCEPTED;
}

enum refusal instance_call(struct execution *x, const struct instance_call *call)
{
    const struct contract_bound *c = call->contract;
    size_t count = c->definition.each_unit ? call->set->count : 1;
    struct instance_frame *f = instance_enter(x, c, (struct slice){ NULL, 0 });
    if (f == NULL) {
        execution_explain(x, "contracts call each other more than %d deep or %d times",
                          FLOW_MAX_DEPTH, INSTANCE_RUNS_MAX);
        return REFUSED_DEPTH;
    }
    struct instance_move *moves = overlay_alloc(x->overlay, count * sizeof *moves);
    enum refusal code = REFUSED_STEPS;
    if (moves != NULL) {
        f->by = call->by;
        f->caller = call->caller;
        tell_call(x, call);
        code = run_units(f, call, moves, count);
    }
    if (code == ACCEPTED) {
        struct instance_moves m = { .contract = c,
                                    .set = call->set,
                                    .items = moves,
                                    .count = count,
                                    .by = c->definition.actions[call->action].name,
                                    .time_ms = call->time_ms };
        instance_settle(x, &m);
    }
    instance_leave(f);
    return code;
}

/* ------------------------------------------------------------------ contract to contract */

/* How the called contract knows the calling one: by the term that names it, or what it was before. */
static struct slice known_as(struct execution *x, const struct contract_bound *callee,
                             const struct contract_action *action, const struct hash *caller)
{
    for (unsigned i = 0; i < callee->definition.term_count; i++) {
        struct hash named;
        if ((action->callers.instance_terms >> i & 1) != 0 &&
            instance_hash_of(&callee->terms.values[i], &named) &&
            instance_became(x, &named, caller))
            return callee->terms.values[i].text;
    }
    return hash_slice(caller);
}

/* Which units: the calling unit where both count by unit, else all. */
static bool choose_units(struct instance_frame *f, const struct contract_bound *callee,
                         struct buf *memory, struct asset_set *ret_set)
{
    *ret_set = callee->assets;
    if (!callee->definition.each_unit || f->unit.len == 0)
        return true;
    char name[ASSET_NAME_MAX + 1] = "";
    memcpy(name, f->unit.data, f->unit.len);
    *ret_set = asset_set_one(name, memory);
    return !memory->failed && instance_covers(f->x, callee, ret_set);
}

static enum refusal make_call(struct instance_frame *f, const struct flow_call *made,
                              uint64_t time_ms)
{
    struct execution *x = f->x;
    struct hash opening;
    struct asset_set set;
    uint8_t raw[ASSET_NAME_MAX + 16];
    struct buf memory = buf_fixed(raw, sizeof raw);
    if (made->instance.len != HASH_SIZE)
        return REFUSED_UNKNOWN_CONTRACT;
    memcpy(opening.bytes, made->instance.data, HASH_SIZE);
    opening = instance_current(x, &opening);
    enum refusal code = instance_check_alive(x, &opening);
    if (code != ACCEPTED)
        return code;
    const struct contract_bound *callee = contract_cache_find(x, &opening);
    struct instance_call call = { .contract = callee, .set = &set, .time_ms = time_ms };
    if (callee == NULL)
        return REFUSED_UNKNOWN_CONTRACT;
    if (!find_action(callee, made->action, &call.action)) {
        execution_explain(x, "the contract called has no action \"%.*s\"", SHOW(made->action));
        return REFUSED_NO_SUCH_ACTION;
    }
    if (!choose_units(f, callee, &memory, &set))
        return REFUSED_UNKNOWN_ASSET;
    buf_clear(&f->arguments);
    flow_put_arguments(made, &f->arguments);
    if (f->arguments.failed)
        return REFUSED_BAD_ARGUMENT;
    call.arguments = buf_slice(&f->arguments);
    call.caller.instance =
        known_as(x, callee, &callee->definition.actions[call.action], &f->contract->opening);
    return instance_call(x, &call);
}

enum refusal instance_make_calls(struct instance_frame *f, uint64_t time_ms)
{
    for (size_t i = 0; i < f->calls.count; i++) {
        enum refusal code = make_call(f, &f->calls.items[i], time_ms);
        if (code != ACCEPTED)
            return code;
    }
    return ACCEPTED;
}
