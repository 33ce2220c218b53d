#include "node/goods.h"

enum refusal goods_load(struct execution *x, struct slice name, struct state_asset *ret_asset)
{
    if (!execution_step(x, EXECUTION_LOOK_STEPS))
        return REFUSED_STEPS;
    return execution_asset(x, name, ret_asset) && state_asset_is_made(ret_asset)
               ? ACCEPTED
               : REFUSED_UNKNOWN_ASSET;
}

enum refusal goods_check_holder(const struct speaker *by, const struct state_asset *a)
{
    if (a->goods.end != GOODS_ACTIVE)
        return REFUSED_ENDED;
    return a->has_custodian && kid_equal(&a->custodian, &by->key.member) ? ACCEPTED
                                                                         : REFUSED_NOT_HOLDER;
}

enum refusal goods_check_loose(const struct speaker *by, const struct state_asset *a)
{
    enum refusal code = goods_check_holder(by, a);
    if (code == ACCEPTED && (a->has_offer || a->goods.has_sale))
        code = REFUSED_OFFER_OPEN;
    if (code == ACCEPTED && a->goods.container.len > 0)
        code = REFUSED_PACKED;
    return code;
}

bool goods_load_hold(struct execution *x, struct slice name, struct state_hold *ret_hold)
{
    struct state_key key = state_key_text(TABLE_HOLD, name);
    struct slice value;
    return execution_get(x, &key, &value) && state_hold_take(value, ret_hold);
}

void goods_store_hold(struct execution *x, struct slice name, const struct state_hold *hold)
{
    struct state_key key = state_key_text(TABLE_HOLD, name);
    goods_walk_forget(x->walk);
    if (!hold->quarantined && !hold->recalled) {
        overlay_remove(x->overlay, state_key_slice(&key));
        return;
    }
    state_hold_put(execution_value(x), hold);
    execution_store(x, &key);
}

struct kid goods_maker(struct execution *x, const struct state_asset *a)
{
    struct state_making making;
    if (a->goods.has_origin && goods_load_making(x, &a->goods.origin, &making))
        return making.member;
    return a->owner;
}

bool goods_expiry(struct execution *x, const struct state_goods *g, uint64_t *ret_expiry_ms)
{
    struct state_making making;
    if (!g->has_origin || !goods_load_making(x, &g->origin, &making) ||
        g->origin_output >= making.output_count || !making.outputs[g->origin_output].has_expiry)
        return false;
    *ret_expiry_ms = making.outputs[g->origin_output].expiry_ms;
    return true;
}

uint64_t goods_counted_time(const struct execution *x, uint64_t time_ms)
{
    return time_ms > x->context.time_ms + FUTURE_ALLOWED_MS ? x->context.time_ms : time_ms;
}
