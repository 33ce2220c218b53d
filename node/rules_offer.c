/* Offers: goods are put up to be handed over or sold, and the ledger ends what nobody answers in time. */
#include "node/finding.h"
#include "node/rules_custody.h"

#include <string.h>

#define OFFER_SET_BYTES_MAX (48 * 1024) /* of an offer that the ledger itself may have to end */

static struct slice name_of(const struct asset_iter *it)
{
    return slice_of(it->name, it->name_len);
}

/* ------------------------------------------------------------------ checks */

static enum refusal check_asset(struct execution *x, const struct speaker *by,
                                const struct asset_iter *at)
{
    const struct custody *c = &by->st->as.custody;
    struct state_asset a;
    enum refusal code = goods_load(x, name_of(at), &a);
    if (code == ACCEPTED && a.goods.end != GOODS_ACTIVE)
        code = REFUSED_ENDED;
    if (code == ACCEPTED && !rules_custody_holds(&a, c->role, &by->key.member)) {
        if (c->role == ROLE_CUSTODIAN)
            finding_claim(x, FINDING_TWO_CUSTODIANS, name_of(at));
        code = REFUSED_NOT_HOLDER;
    }
    if (code == ACCEPTED && rules_custody_on_offer(x, &a, c->role))
        code = REFUSED_OFFER_OPEN;
    if (code == ACCEPTED && a.goods.container.len > 0)
        code = REFUSED_PACKED;
    if (code == ACCEPTED)
        return rules_custody_check_way(x, at, &a, c->role, &by->key.member, &c->to);
    execution_explain(x, "%s", at->name);
    return code;
}

static enum refusal check_expiry(struct execution *x, const struct custody *c)
{
    if (!c->has_expiry)
        return ACCEPTED;
    if (c->expiry_ms <= x->context.time_ms) {
        execution_explain(x, "the offer would be over before it begins");
        return REFUSED_EXPIRED;
    }
    if (c->assets.raw.len > OFFER_SET_BYTES_MAX) {
        execution_explain(x, "goods of an offer that expires: %zu bytes, at most %d",
                          c->assets.raw.len, OFFER_SET_BYTES_MAX);
        return REFUSED_FULL;
    }
    return ACCEPTED;
}

static enum refusal check_offer(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    if (!execution_member_active(x, &c->to))
        return REFUSED_UNKNOWN_MEMBER;
    if (kid_equal(&c->to, &by->key.member)) {
        execution_explain(x, "an offer to oneself");
        return REFUSED_BAD_REQUEST;
    }
    enum refusal code = ACCEPTED;
    struct asset_iter it = asset_set_begin(&c->assets);
    while (code == ACCEPTED && asset_set_next(&it))
        code = check_asset(x, by, &it);
    if (code == ACCEPTED)
        code = rules_custody_check_reading(x, c);
    return code == ACCEPTED ? check_expiry(x, c) : code;
}

/* ------------------------------------------------------------------ what is kept */

static void put_up(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    struct asset_iter it = asset_set_begin(&c->assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_asset(x, name_of(&it), &a))
            continue;
        if (rules_custody_is_sale(x, c->role)) {
            a.goods.has_sale = true;
            a.goods.sale = by->st->hash;
        } else {
            a.has_offer = true;
            a.offer = by->st->hash;
        }
        execution_store_asset(x, name_of(&it), &a);
    }
}

static struct state_key timer_of(const struct hash *offer, const struct state_offer *o)
{
    return state_key_timer(o->expiry_ms, TIMER_OFFER_EXPIRES, hash_slice(offer));
}

static void keep_offer(struct execution *x, const struct hash *offer, const struct state_offer *o)
{
    struct state_key key = state_key_hash(TABLE_OFFER, offer);
    state_offer_put(execution_value(x), o);
    execution_store(x, &key);
    if (!o->has_expiry)
        return;
    key = timer_of(offer, o);
    cbor_put_bool(execution_value(x), true);
    execution_store(x, &key);
}

enum refusal rules_offer(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    enum refusal code = check_offer(x, by);
    if (code != ACCEPTED)
        return code;
    struct state_offer o = { .from = by->key.member,
                             .to = c->to,
                             .assets = crypto_sha256(c->assets.raw),
                             .role = c->role,
                             .time_ms = by->st->link.time_ms,
                             .has_expiry = c->has_expiry };
    if (c->has_expiry) {
        o.expiry_ms = c->expiry_ms;
        o.set = c->assets.raw;
    }
    put_up(x, by);
    keep_offer(x, &by->st->hash, &o);
    struct buf *data = execution_emit(x, EVENT_OFFERED, c->assets.raw, by->st->link.time_ms, 3);
    kid_put(data, &o.from);
    kid_put(data, &o.to);
    cbor_put_uint(data, o.role);
    rules_custody_tell_bound(x, by);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ its end */

bool rules_offer_load(struct execution *x, const struct hash *offer, struct state_offer *ret_offer)
{
    struct state_key key = state_key_hash(TABLE_OFFER, offer);
    struct slice value;
    return execution_get(x, &key, &value) && state_offer_take(value, ret_offer);
}

void rules_offer_close(struct execution *x, const struct hash *offer, const struct state_offer *o,
                       const struct asset_set *assets)
{
    struct state_key key = state_key_hash(TABLE_OFFER, offer);
    overlay_remove(x->overlay, state_key_slice(&key));
    if (o->has_expiry) {
        key = timer_of(offer, o);
        overlay_remove(x->overlay, state_key_slice(&key));
    }
    struct asset_iter it = asset_set_begin(assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_asset(x, name_of(&it), &a))
            continue;
        if (rules_custody_is_sale(x, (enum custody_role)o->role))
            a.goods.has_sale = false;
        else
            a.has_offer = false;
        execution_store_asset(x, name_of(&it), &a);
    }
}

void rules_offer_put(struct buf *data, const struct hash *offer, const struct state_offer *o)
{
    cbor_put_bytes(data, hash_slice(offer));
    kid_put(data, &o->from);
    kid_put(data, &o->to);
    cbor_put_uint(data, o->role);
}

void rules_timer_offer(struct execution *x, struct slice id)
{
    struct hash offer;
    struct state_offer o;
    if (id.len != HASH_SIZE)
        return;
    memcpy(offer.bytes, id.data, HASH_SIZE);
    if (!rules_offer_load(x, &offer, &o) || !o.has_expiry)
        return;
    struct cbor_reader r = cbor_reader(o.set);
    struct asset_set assets = asset_set_take(&r);
    (void)execution_step(x, EXECUTION_LOOK_STEPS * assets.count);
    rules_offer_put(
        execution_emit(x, EVENT_OFFER_EXPIRED, assets.raw, x->context.time_ms, RULES_OFFER_ITEMS),
        &offer, &o);
    rules_offer_close(x, &offer, &o, &assets);
}
