#include "node/asset_stand.h"

#include "common/state_key.h"
#include "common/state_value.h"

#include <string.h>

static bool get(struct store *s, struct state_key key, struct buf *value)
{
    buf_clear(value);
    return store_state_get(s, state_key_slice(&key), value, NULL) && !value->failed;
}

static void read_offer(struct store *s, const struct hash *hash, struct buf *value,
                       struct asset_stand *stand)
{
    struct state_offer o;
    if (!get(s, state_key_hash(TABLE_OFFER, hash), value) ||
        !state_offer_take(buf_slice(value), &o) || o.role >= ASSET_STAND_OFFERS)
        return;
    stand->offer[o.role] = (struct asset_offer){ .open = true,
                                                 .statement = *hash,
                                                 .to = o.to,
                                                 .since_ms = o.time_ms,
                                                 .expires = o.has_expiry,
                                                 .expires_ms = o.expiry_ms };
}

static void read_amount(const struct amount *amount, struct asset_stand *stand)
{
    size_t len = amount->unit.len;
    if (len > AMOUNT_UNIT_MAX)
        return;
    stand->has_amount = true;
    stand->amount = *amount;
    memcpy(stand->unit, amount->unit.data, len);
    stand->amount.unit = (struct slice){ (const uint8_t *)stand->unit, len };
}

static void read_making(struct store *s, const struct hash *origin, uint64_t output,
                        struct buf *value, struct asset_stand *stand)
{
    struct state_making m;
    if (!get(s, state_key_hash(TABLE_MAKING, origin), value) ||
        !state_making_take(buf_slice(value), &m) || output >= m.output_count)
        return;
    const struct making_output *o = &m.outputs[output];
    size_t len = o->lot.len < ASSET_NAME_MAX ? o->lot.len : ASSET_NAME_MAX;
    if (len > 0)
        memcpy(stand->lot, o->lot.data, len);
    stand->has_expiry = o->has_expiry;
    stand->expiry_ms = o->expiry_ms;
}

void asset_stand_read(struct store *s, struct slice name, struct asset_stand *ret_stand)
{
    struct buf value = buf_heap(STATE_MAKING_BYTES_MAX * 2),
               other = buf_heap(STATE_MAKING_BYTES_MAX * 2);
    struct state_asset a;
    memset(ret_stand, 0, sizeof *ret_stand);
    if (get(s, state_key_text(TABLE_ASSET, name), &value) &&
        state_asset_take(buf_slice(&value), &a) && state_asset_is_made(&a)) {
        if (a.has_offer)
            read_offer(s, &a.offer, &other, ret_stand);
        if (a.goods.has_sale)
            read_offer(s, &a.goods.sale, &other, ret_stand);
        if (a.goods.has_amount)
            read_amount(&a.goods.amount, ret_stand);
        if (a.goods.has_origin)
            read_making(s, &a.goods.origin, a.goods.origin_output, &other, ret_stand);
    }
    buf_free(&value);
    buf_free(&other);
}
