/* Goods change hands: offer, acceptance, rejection, cancellation (DESIGN sections 1 and 6). */
#include "node/instance.h"

static struct slice name_of(const struct asset_iter *it)
{
    return slice_of(it->name, it->name_len);
}

static bool holds(const struct state_asset *a, enum custody_role role, const struct kid *member)
{
    return role == ROLE_OWNER ? a->has_owner && kid_equal(&a->owner, member)
                              : a->has_custodian && kid_equal(&a->custodian, member);
}

/* ------------------------------------------------------------------ offers */

static enum refusal check_offer(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    if (!execution_member_active(x, &c->to))
        return REFUSED_UNKNOWN_MEMBER;
    if (kid_equal(&c->to, &by->key.member)) {
        execution_explain(x, "an offer to oneself");
        return REFUSED_BAD_REQUEST;
    }
    struct asset_iter it = asset_set_begin(&c->assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        enum refusal code = ACCEPTED;
        if (!execution_step(x, 1))
            code = REFUSED_STEPS;
        else if (!execution_asset(x, name_of(&it), &a))
            code = REFUSED_UNKNOWN_ASSET;
        else if (!holds(&a, c->role, &by->key.member))
            code = REFUSED_NOT_HOLDER;
        else if (a.has_offer)
            code = REFUSED_OFFER_OPEN;
        if (code != ACCEPTED) {
            execution_explain(x, "%s", it.name);
            return code;
        }
    }
    return ACCEPTED;
}

static enum refusal offer(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    enum refusal code = check_offer(x, by);
    if (code != ACCEPTED)
        return code;
    struct asset_iter it = asset_set_begin(&c->assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_asset(x, name_of(&it), &a))
            continue;
        a.has_offer = true;
        a.offer = by->st->hash;
        execution_store_asset(x, name_of(&it), &a);
    }
    struct state_offer o = { .from = by->key.member,
                             .to = c->to,
                             .assets = crypto_sha256(c->assets.raw),
                             .role = c->role,
                             .time_ms = by->st->link.time_ms };
    struct state_key key = state_key_hash(TABLE_OFFER, &by->st->hash);
    state_offer_put(execution_value(x), &o);
    execution_store(x, &key);
    struct buf *data = execution_emit(x, EVENT_OFFERED, c->assets.raw, by->st->link.time_ms, 3);
    kid_put(data, &o.from);
    kid_put(data, &o.to);
    cbor_put_uint(data, o.role);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ answers */

/* The acceptor's signed second, held within [offer, block]. */
static uint64_t answer_time(const struct execution *x, const struct statement *st,
                            const struct state_offer *o)
{
    uint64_t t = st->link.time_ms / 1000 * 1000;
    if (t < o->time_ms)
        t = o->time_ms;
    return t > x->context.time_ms ? x->context.time_ms : t;
}

static enum refusal check_answer(struct execution *x, const struct speaker *by,
                                 struct state_offer *ret_offer)
{
    const struct custody *c = &by->st->as.custody;
    struct state_key key = state_key_hash(TABLE_OFFER, &c->offer);
    struct slice value;
    if (!execution_get(x, &key, &value) || !state_offer_take(value, ret_offer))
        return REFUSED_NO_SUCH_OFFER;
    const struct kid *whose = c->action == CUSTODY_CANCEL ? &ret_offer->from : &ret_offer->to;
    if (!kid_equal(whose, &by->key.member))
        return REFUSED_NOT_FOR_YOU;
    struct hash assets = crypto_sha256(c->assets.raw);
    if (!hash_equal(&assets, &ret_offer->assets) || c->role != ret_offer->role)
        return REFUSED_OFFER_DIFFERS;
    return execution_step(x, c->assets.count) ? ACCEPTED : REFUSED_STEPS;
}

static void close_offer(struct execution *x, const struct custody *c, const struct state_offer *o,
                        uint64_t time_ms)
{
    struct asset_iter it = asset_set_begin(&c->assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_asset(x, name_of(&it), &a))
            continue;
        a.has_offer = false;
        if (c->action == CUSTODY_ACCEPT && o->role == ROLE_OWNER) {
            a.has_owner = true;
            a.owner = o->to;
        } else if (c->action == CUSTODY_ACCEPT) {
            a.has_custodian = true;
            a.custodian = o->to;
        }
        execution_store_asset(x, name_of(&it), &a);
    }
    if (c->action != CUSTODY_ACCEPT || o->role != ROLE_CUSTODIAN)
        return;
    it = asset_set_begin(&c->assets);
    while (!execution_is_over(x) && asset_set_next(&it))
        rules_custody_passed(x, name_of(&it), &o->to, time_ms);
}

/* Contracts may react to who has the goods, or whose they are, from now on. */
static void tell_contracts(struct execution *x, const struct custody *c,
                           const struct state_offer *o, uint64_t time_ms)
{
    struct instance_event e = { .trigger = CONTRACT_ON_HANDOVER,
                                .detail = (unsigned)o->role,
                                .time_ms = time_ms,
                                .from = kid_slice(&o->from),
                                .to = kid_slice(&o->to) };
    instance_react_set(x, &c->assets, &e);
}

static enum refusal answer(struct execution *x, const struct speaker *by)
{
    static const enum event_what what[] = { EVENT_OFFERED, EVENT_PASSED, EVENT_REJECTED,
                                            EVENT_CANCELLED };
    const struct custody *c = &by->st->as.custody;
    struct state_offer o;
    enum refusal code = check_answer(x, by, &o);
    if (code != ACCEPTED)
        return code;
    uint64_t time_ms = answer_time(x, by->st, &o);
    struct buf *data = execution_emit(x, what[c->action], c->assets.raw, time_ms, 4);
    cbor_put_bytes(data, hash_slice(&c->offer));
    kid_put(data, &o.from);
    kid_put(data, &o.to);
    cbor_put_uint(data, o.role);
    struct state_key key = state_key_hash(TABLE_OFFER, &c->offer);
    overlay_remove(x->overlay, state_key_slice(&key));
    close_offer(x, c, &o, time_ms);
    if (c->action == CUSTODY_ACCEPT)
        tell_contracts(x, c, &o, time_ms);
    return ACCEPTED;
}

enum refusal rules_custody(struct execution *x, const struct speaker *by)
{
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (by->st->as.custody.action == CUSTODY_OFFER)
        return offer(x, by);
    return answer(x, by);
}
