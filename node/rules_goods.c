/* Assets come into being, and devices are attached to them. */
#include "node/execution.h"

enum refusal rules_commission(struct execution *x, const struct speaker *by)
{
    const struct commission *c = &by->st->as.commission;
    struct state_asset a = { .has_custodian = true,
                             .has_owner = true,
                             .custodian = by->key.member,
                             .owner = by->key.member };
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    struct asset_iter it = asset_set_begin(&c->assets);
    while (asset_set_next(&it)) {
        struct state_asset there;
        if (!execution_step(x, 1))
            return REFUSED_STEPS;
        if (execution_asset(x, slice_of(it.name, it.name_len), &there)) {
            execution_explain(x, "%s", it.name);
            return REFUSED_EXISTS;
        }
    }
    it = asset_set_begin(&c->assets);
    while (asset_set_next(&it))
        execution_store_asset(x, slice_of(it.name, it.name_len), &a);
    kid_put(execution_emit(x, EVENT_COMMISSIONED, c->assets.raw, by->st->link.time_ms, 1),
            &by->key.member);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ attachment */

static bool own_device(struct execution *x, const struct speaker *by, const struct kid *device)
{
    struct state_key key = state_key_kid(TABLE_KEY, device);
    struct slice value;
    struct state_key_record record;
    return execution_get(x, &key, &value) && state_key_record_take(value, &record) &&
           record.class == CLASS_DEVICE && kid_equal(&record.member, &by->key.member);
}

static enum refusal detach(struct execution *x, const struct attach *a, const struct state_key *key)
{
    struct slice value;
    struct state_attachment now;
    if (!execution_get(x, key, &value) || !state_attachment_take(value, &now) ||
        !slice_equal(now.asset, a->asset))
        return REFUSED_ATTACHED_ELSEWHERE;
    overlay_remove(x->overlay, state_key_slice(key));
    return ACCEPTED;
}

static enum refusal attach(struct execution *x, const struct attach *a, const struct state_key *key,
                           uint64_t time_ms)
{
    struct slice value;
    struct state_attachment v = { a->asset, time_ms };
    if (execution_get(x, key, &value))
        return REFUSED_ATTACHED_ELSEWHERE;
    state_attachment_put(execution_value(x), &v);
    execution_store(x, key);
    return ACCEPTED;
}

enum refusal rules_attach(struct execution *x, const struct speaker *by)
{
    const struct attach *a = &by->st->as.attach;
    struct state_key key = state_key_kid(TABLE_ATTACHMENT, &a->device);
    struct state_asset asset;
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (!own_device(x, by, &a->device))
        return REFUSED_NOT_YOUR_KEY;
    if (!execution_asset(x, a->asset, &asset))
        return REFUSED_UNKNOWN_ASSET;
    enum refusal code = a->detach ? detach(x, a, &key) : attach(x, a, &key, by->st->link.time_ms);
    if (code == ACCEPTED)
        kid_put(execution_emit(x, a->detach ? EVENT_DETACHED : EVENT_ATTACHED,
                               execution_subject_asset(x, a->asset), by->st->link.time_ms, 1),
                &a->device);
    return code;
}
