/*
 * Goods change hands (DESIGN sections 1 and 6): what may go to whom, and what the two sides bind in. Offers are
 * in rules_offer.c, what is answered to them in rules_answer.c.
 */
#include "node/rules_custody.h"

#include <string.h>

bool rules_custody_holds(const struct state_asset *a, enum custody_role role,
                         const struct kid *member)
{
    return role == ROLE_OWNER ? a->has_owner && kid_equal(&a->owner, member)
                              : a->has_custodian && kid_equal(&a->custodian, member);
}

bool rules_custody_is_sale(const struct execution *x, enum custody_role role)
{
    return role == ROLE_OWNER && x->context.rules >= EXECUTE_RULES_GOODS;
}

bool rules_custody_on_offer(const struct execution *x, const struct state_asset *a,
                            enum custody_role role)
{
    return rules_custody_is_sale(x, role) ? a->goods.has_sale : a->has_offer;
}

/* ------------------------------------------------------------------ what stands in the way */

struct way {
    struct execution *x;
    enum custody_role role;
    const struct kid *from, *to;
    enum refusal code;
};

static bool check_inside(void *ctx, struct slice name, const struct state_asset *a)
{
    struct way *w = ctx;
    if (w->from != NULL && !rules_custody_holds(a, w->role, w->from))
        w->code = REFUSED_NOT_HOLDER;
    else if (w->from != NULL && rules_custody_on_offer(w->x, a, w->role))
        w->code = REFUSED_OFFER_OPEN;
    if (w->code != ACCEPTED)
        execution_explain(w->x, "%.*s", (int)name.len, (const char *)name.data);
    else
        w->code = goods_check_holds(w->x, name, a, w->to);
    return w->code == ACCEPTED;
}

enum refusal rules_custody_check_way(struct execution *x, const struct asset_iter *at,
                                     const struct state_asset *a, enum custody_role role,
                                     const struct kid *from, const struct kid *to)
{
    struct way w = { .x = x, .role = role, .from = from, .to = to };
    w.code = goods_check_holds(x, slice_of(at->name, at->name_len), a, to);
    if (w.code == ACCEPTED && a->goods.inside > 0 && !goods_visit_inside(x, a, check_inside, &w) &&
        w.code == ACCEPTED) {
        execution_explain(x, "%s", at->name);
        w.code = REFUSED_STEPS;
    }
    return w.code;
}

/* ------------------------------------------------------------------ what is bound in */

static bool is_attached(struct execution *x, const struct kid *device, const struct asset_set *set)
{
    struct state_key key = state_key_kid(TABLE_ATTACHMENT, device);
    struct asset_iter it = asset_set_begin(set);
    struct slice value;
    struct state_attachment a;
    if (!execution_get(x, &key, &value) || !state_attachment_take(value, &a))
        return false;
    while (asset_set_next(&it))
        if (slice_equal(slice_of(it.name, it.name_len), a.asset))
            return true;
    return false;
}

/* Among the last statements that the device said. */
static bool is_recent(struct execution *x, const struct kid *device, const struct hash *reading)
{
    struct sequence s;
    execution_load_sequence(x, device, &s);
    if (s.last > 0 && hash_equal(&s.hash, reading))
        return true;
    for (size_t i = 0; i < s.window_count; i++)
        if (memcmp(s.window[i].half, reading->bytes, HALF_SIZE) == 0)
            return true;
    return false;
}

enum refusal rules_custody_check_reading(struct execution *x, const struct custody *c)
{
    if (!c->has_reading)
        return ACCEPTED;
    if (!is_attached(x, &c->device, &c->assets)) {
        execution_explain(x, "the device is attached to none of these goods");
        return REFUSED_NO_SUCH_READING;
    }
    if (!is_recent(x, &c->device, &c->reading)) {
        execution_explain(x, "the reading is none of the device's last");
        return REFUSED_NO_SUCH_READING;
    }
    return ACCEPTED;
}

void rules_custody_tell_bound(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    if (!c->has_reading && !c->has_seal)
        return;
    struct buf *data = execution_emit(x, EVENT_BOUND, c->assets.raw, by->st->link.time_ms, 5);
    cbor_put_bytes(data, hash_slice(&by->st->hash));
    if (c->has_reading) {
        kid_put(data, &c->device);
        cbor_put_bytes(data, hash_slice(&c->reading));
    } else {
        cbor_put_null(data);
        cbor_put_null(data);
    }
    if (c->has_seal) {
        cbor_put_uint(data, c->seal);
        cbor_put_text(data, c->seal_number);
    } else {
        cbor_put_null(data);
        cbor_put_null(data);
    }
}

enum refusal rules_custody(struct execution *x, const struct speaker *by)
{
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    return by->st->as.custody.action == CUSTODY_OFFER ? rules_offer(x, by) : rules_answer(x, by);
}
