#include "node/goods.h"

#include "common/goods_name.h"

bool goods_gtin(struct slice asset, struct slice *ret_gtin)
{
    return goods_name_gtin(asset, ret_gtin);
}

bool goods_is_lot(struct slice asset)
{
    return goods_name_is_lot(asset);
}

bool goods_lot_name(struct slice asset, struct slice lot, char ret_name[ASSET_NAME_MAX + 1])
{
    return goods_name_lot(asset, lot, ret_name);
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
