/* Documents attached to a contract by their hash. */
#include "node/rules_parts.h"

/* ------------------------------------------------------------------ one unit */

/* Rights that name roles are the ledger's to know: the workflow has not looked at all of them. */
static bool lacks_right(struct instance_frame *f, unsigned index)
{
    const struct contract_document *document = &f->contract->definition.documents[index];
    if (instance_may(f->x, f->contract, f->state.fields, &document->callers, &f->caller))
        return false;
    execution_explain(f->x, "%.*s: the signer's rights do not name a role that may",
                      RULES_SHOW(document->name));
    return true;
}

static enum refusal attach(struct instance_frame *f, unsigned index, const struct hash *hash)
{
    struct execution *x = f->x;
    struct err err = { .msg = "" };
    if (!instance_load_flow(x, f->contract, f->unit, &f->state)) {
        execution_explain(x, "the contract has no states");
        return REFUSED_NO_SUCH_DOCUMENT;
    }
    f->scope.steps = 0;
    f->scope.memory_used = 0;
    enum flow_result result = flow_attach(&f->scope, index, &f->caller, hash, &f->state, &err);
    (void)execution_step(x, 1 + f->scope.steps);
    if (result == FLOW_DONE && lacks_right(f, index))
        return REFUSED_NOT_ALLOWED;
    if (result == FLOW_DONE && !instance_store_flow(x, f->contract, f->unit, &f->state, &err))
        result = FLOW_STEPS;
    if (result == FLOW_DONE)
        return ACCEPTED;
    execution_explain(x, "%s", err.msg);
    return result == FLOW_UNKNOWN ? REFUSED_NO_SUCH_DOCUMENT : instance_refusal(result);
}

static enum refusal attach_to_units(struct instance_frame *f, const struct asset_set *set,
                                    unsigned index, const struct hash *hash)
{
    struct asset_iter it = asset_set_begin(set);
    if (!f->contract->definition.each_unit)
        return attach(f, index, hash);
    while (asset_set_next(&it)) {
        if (execution_is_over(f->x))
            return REFUSED_STEPS;
        f->unit = slice_of(it.name, it.name_len);
        enum refusal code = attach(f, index, hash);
        if (code != ACCEPTED)
            return code;
    }
    return ACCEPTED;
}

/* ------------------------------------------------------------------ the statement */

static void react(struct execution *x, const struct contract_bound *c, const struct asset_set *set,
                  unsigned index, uint64_t time_ms)
{
    struct instance_event e = { .trigger = CONTRACT_ON_DOCUMENT,
                                .detail = index,
                                .time_ms = time_ms };
    struct asset_iter it = asset_set_begin(set);
    if (!c->definition.each_unit) {
        instance_react(x, c, &e);
        return;
    }
    contract_cache_hold(x, c);
    while (instance_may_react(x) && asset_set_next(&it)) {
        e.asset = slice_of(it.name, it.name_len);
        instance_react(x, c, &e);
    }
    contract_cache_release(x, c);
}

enum refusal rules_document(struct execution *x, const struct speaker *by)
{
    const struct document *d = &by->st->as.document;
    struct flow_caller caller;
    struct asset_set set;
    unsigned index;
    enum refusal code = instance_check_alive(x, &d->opening);
    if (code != ACCEPTED)
        return code;
    const struct contract_bound *c = contract_cache_find(x, &d->opening);
    if (c == NULL)
        return REFUSED_UNKNOWN_CONTRACT;
    if (!instance_caller(by, &caller))
        return REFUSED_NOT_ALLOWED;
    if (!definition_find_document(&c->definition, d->name, &index)) {
        execution_explain(x, "\"%.*s\" has no document \"%.*s\"", RULES_SHOW(c->definition.name),
                          RULES_SHOW(d->name));
        return REFUSED_NO_SUCH_DOCUMENT;
    }
    code = rules_choose_units(x, c, d->has_assets ? &d->assets : NULL, false, &set);
    struct instance_frame *f =
        code == ACCEPTED ? instance_enter(x, c, (struct slice){ NULL, 0 }) : NULL;
    if (f == NULL)
        return code == ACCEPTED ? REFUSED_DEPTH : code;
    f->by = by;
    f->caller = caller;
    code = attach_to_units(f, &set, index, &d->hash);
    instance_leave(f);
    if (code != ACCEPTED)
        return code;
    struct buf *data = execution_emit(x, EVENT_DOCUMENT, set.raw, by->st->link.time_ms, 3);
    cbor_put_bytes(data, hash_slice(&c->opening));
    cbor_put_text(data, d->name);
    cbor_put_bytes(data, hash_slice(&d->hash));
    react(x, c, &set, index, by->st->link.time_ms);
    return ACCEPTED;
}
