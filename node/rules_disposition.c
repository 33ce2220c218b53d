/* What becomes of goods: held back, recalled, ended. A name stands for what it names, however much that is. */
#include "node/goods.h"
#include "node/instance.h"

/* One name of a disposition, as the rules find it. */
struct target {
    const struct speaker *by;
    const struct disposition *d;
    struct slice name;
    bool made;
    struct state_asset asset; /* with made */
    bool is_lot;              /* the ledger knows of a lot by this name */
    struct state_lot lot;     /* with is_lot */
    struct state_hold hold;   /* all clear when nothing is kept */
};

static void load_target(struct execution *x, struct target *t)
{
    struct state_key key = state_key_text(TABLE_LOT, t->name);
    struct slice value;
    t->made = execution_asset(x, t->name, &t->asset) && state_asset_is_made(&t->asset);
    t->is_lot = execution_get(x, &key, &value) && state_lot_take(value, &t->lot);
    if (!goods_load_hold(x, t->name, &t->hold))
        t->hold = (struct state_hold){ .quarantined = false };
}

static bool is_speaker(const struct target *t, bool there, const struct kid *member)
{
    return there && kid_equal(member, &t->by->key.member);
}

static bool is_custodian(const struct target *t)
{
    return t->made && is_speaker(t, t->asset.has_custodian, &t->asset.custodian);
}

static bool is_owner(const struct target *t)
{
    return t->made && is_speaker(t, t->asset.has_owner, &t->asset.owner);
}

static bool is_maker(struct execution *x, const struct target *t)
{
    if (is_speaker(t, t->is_lot, &t->lot.maker))
        return true;
    if (!t->made)
        return false;
    struct kid maker = goods_maker(x, &t->asset);
    return is_speaker(t, true, &maker);
}

/* A quarantine of this name reaches units that others may hold: only who made the lot may say so. */
static bool is_anothers_lot(const struct target *t)
{
    return t->is_lot && t->lot.made > 0 && !is_speaker(t, true, &t->lot.maker);
}

/* ------------------------------------------------------------------ checks, an action each */

static enum refusal check_quarantine(struct execution *x, const struct target *t)
{
    if (t->made && t->asset.goods.end != GOODS_ACTIVE)
        return REFUSED_ENDED;
    if (t->made && !is_custodian(t) && !is_owner(t) && !is_maker(x, t))
        return REFUSED_NOT_HOLDER;
    if (!t->made && !t->is_lot)
        return REFUSED_UNKNOWN_ASSET;
    if ((!t->made && !is_maker(x, t)) || is_anothers_lot(t))
        return REFUSED_NOT_MAKER;
    return t->hold.quarantined ? REFUSED_EXISTS : ACCEPTED;
}

static enum refusal check_release(const struct target *t)
{
    if (!t->hold.quarantined || t->hold.rejected)
        return REFUSED_NOT_HELD;
    if (is_speaker(t, true, &t->hold.quarantine_member))
        return ACCEPTED;
    return is_owner(t) && !is_anothers_lot(t) ? ACCEPTED : REFUSED_NOT_ALLOWED;
}

static enum refusal check_return(const struct target *t)
{
    if (!t->made)
        return REFUSED_UNKNOWN_ASSET;
    if (t->asset.goods.end != GOODS_DISPENSED)
        return REFUSED_WRONG_STATE;
    if (!is_speaker(t, true, &t->asset.goods.end_member))
        return REFUSED_NOT_ALLOWED;
    return is_anothers_lot(t) ? REFUSED_NOT_MAKER : ACCEPTED; /* it comes back into quarantine */
}

static enum refusal check_recall(struct execution *x, const struct target *t)
{
    if (!t->made && !t->is_lot)
        return REFUSED_UNKNOWN_ASSET;
    if (!is_maker(x, t))
        return REFUSED_NOT_MAKER;
    return t->hold.recalled ? REFUSED_EXISTS : ACCEPTED;
}

static enum refusal check_end_recall(const struct target *t)
{
    return is_speaker(t, t->hold.recalled, &t->hold.recall_member) ? ACCEPTED : REFUSED_NOT_HELD;
}

static bool is_past_expiry(struct execution *x, const struct state_goods *g)
{
    uint64_t expiry_ms;
    return goods_expiry(x, g, &expiry_ms) && expiry_ms <= x->context.time_ms;
}

static enum refusal check_end(struct execution *x, const struct target *t)
{
    const struct state_goods *g = &t->asset.goods;
    if (!t->made)
        return REFUSED_UNKNOWN_ASSET;
    enum refusal code = goods_check_loose(t->by, &t->asset);
    if (code == ACCEPTED && g->inside > 0)
        code = REFUSED_NOT_EMPTY;
    if (code != ACCEPTED || t->d->action != DISPOSITION_DISPENSE)
        return code;
    return is_past_expiry(x, g) ? REFUSED_EXPIRED : goods_check_holds(x, t->name, &t->asset, NULL);
}

static enum refusal check_target(struct execution *x, const struct target *t)
{
    switch (t->d->action) {
    case DISPOSITION_QUARANTINE: return check_quarantine(x, t);
    case DISPOSITION_RELEASE:
    case DISPOSITION_REJECT: return check_release(t);
    case DISPOSITION_RETURN: return check_return(t);
    case DISPOSITION_RECALL: return check_recall(x, t);
    case DISPOSITION_END_RECALL: return check_end_recall(t);
    case DISPOSITION_DECOMMISSION:
    case DISPOSITION_DISPENSE:
    case DISPOSITION_DESTROY: return check_end(x, t);
    }
    return REFUSED_MALFORMED;
}

/* ------------------------------------------------------------------ effects */

static void put_in_quarantine(struct execution *x, struct target *t)
{
    if (t->hold.quarantined)
        return;
    t->hold.quarantined = true;
    t->hold.quarantine_member = t->by->key.member;
    t->hold.quarantine = t->by->st->hash;
    goods_store_hold(x, t->name, &t->hold);
}

static void end_target(struct execution *x, struct target *t, enum goods_end end)
{
    struct state_goods *g = &t->asset.goods;
    g->end = end;
    g->end_by = t->by->st->hash;
    g->end_member = t->by->key.member;
    g->end_ms = goods_counted_time(x, t->by->st->link.time_ms);
    execution_store_asset(x, t->name, &t->asset);
}

static void take_back(struct execution *x, struct target *t)
{
    t->asset.goods.end = GOODS_ACTIVE;
    t->asset.has_custodian = true;
    t->asset.custodian = t->by->key.member;
    execution_store_asset(x, t->name, &t->asset);
    put_in_quarantine(x, t);
}

static void dispose(struct execution *x, struct target *t)
{
    switch (t->d->action) {
    case DISPOSITION_QUARANTINE: put_in_quarantine(x, t); return;
    case DISPOSITION_RELEASE:
        t->hold.quarantined = false;
        goods_store_hold(x, t->name, &t->hold);
        return;
    case DISPOSITION_REJECT:
        t->hold.rejected = true;
        goods_store_hold(x, t->name, &t->hold);
        return;
    case DISPOSITION_RETURN: take_back(x, t); return;
    case DISPOSITION_RECALL:
        t->hold.recalled = true;
        t->hold.recall_member = t->by->key.member;
        t->hold.recall = t->by->st->hash;
        goods_store_hold(x, t->name, &t->hold);
        return;
    case DISPOSITION_END_RECALL:
        t->hold.recalled = false;
        goods_store_hold(x, t->name, &t->hold);
        return;
    case DISPOSITION_DECOMMISSION: end_target(x, t, GOODS_DECOMMISSIONED); return;
    case DISPOSITION_DISPENSE: end_target(x, t, GOODS_DISPENSED); return;
    case DISPOSITION_DESTROY: end_target(x, t, GOODS_DESTROYED); return;
    }
}

/* ------------------------------------------------------------------ the statement */

/* Who signs these says what it stands for, and why (21 CFR 11.50). */
static bool needs_reason(enum disposition_action action)
{
    return action == DISPOSITION_RELEASE || action == DISPOSITION_REJECT ||
           action == DISPOSITION_RECALL || action == DISPOSITION_END_RECALL;
}

static void put_remark(struct buf *data, struct slice text)
{
    if (text.len > 0)
        cbor_put_text(data, text);
    else
        cbor_put_null(data);
}

static void tell(struct execution *x, const struct speaker *by)
{
    const struct disposition *d = &by->st->as.disposition;
    struct buf *data = execution_emit(x, EVENT_DISPOSITION, d->assets.raw, by->st->link.time_ms, 5);
    cbor_put_uint(data, d->action);
    cbor_put_bytes(data, hash_slice(&by->st->hash));
    kid_put(data, &by->key.member);
    put_remark(data, d->meaning);
    put_remark(data, d->reason);
}

/* Those of the goods it names: what a recall reaches by reference alone is told of nothing. */
static void tell_contracts(struct execution *x, const struct speaker *by)
{
    const struct disposition *d = &by->st->as.disposition;
    struct instance_event e = { .trigger = CONTRACT_ON_DISPOSITION,
                                .detail = 1 + (unsigned)d->action,
                                .time_ms = by->st->link.time_ms };
    instance_react_set(x, &d->assets, &e);
}

enum refusal rules_disposition(struct execution *x, const struct speaker *by)
{
    const struct disposition *d = &by->st->as.disposition;
    struct target t = { .by = by, .d = d };
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (needs_reason(d->action) && (d->meaning.len == 0 || d->reason.len == 0))
        return REFUSED_NO_REASON;
    struct asset_iter it = asset_set_begin(&d->assets);
    while (asset_set_next(&it)) {
        t.name = slice_of(it.name, it.name_len);
        enum refusal code = REFUSED_STEPS;
        if (execution_step(x, EXECUTION_LOOK_STEPS)) {
            load_target(x, &t);
            code = check_target(x, &t);
        }
        if (code != ACCEPTED) {
            execution_explain(x, "%s", it.name);
            return code;
        }
    }
    it = asset_set_begin(&d->assets);
    while (asset_set_next(&it)) {
        t.name = slice_of(it.name, it.name_len);
        load_target(x, &t);
        dispose(x, &t);
    }
    tell(x, by);
    tell_contracts(x, by);
    return ACCEPTED;
}
