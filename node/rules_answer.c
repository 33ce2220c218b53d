/* What is answered to offers: goods change hands, all of them or those that were there, or stay where they are. */
#include "node/instance.h"
#include "node/rules_custody.h"

#include <string.h>

static struct slice name_of(const struct asset_iter *it)
{
    return slice_of(it->name, it->name_len);
}

/* ------------------------------------------------------------------ the offer's goods but those missing */

struct received {
    struct asset_iter offered, missing;
    bool more;                      /* the missing one in hand is still to come */
    char stray[ASSET_NAME_MAX + 1]; /* the first that is said to be missing and was not offered */
};

static struct received begin_received(const struct custody *c)
{
    struct received r = { .offered = asset_set_begin(&c->assets) };
    if (c->has_missing) {
        r.missing = asset_set_begin(&c->missing);
        r.more = asset_set_next(&r.missing);
    }
    return r;
}

/* The missing one in hand is not in the offer: those after it may be. */
static void pass_over(struct received *r)
{
    if (r->stray[0] == '\0')
        memcpy(r->stray, r->missing.name, r->missing.name_len); /* it was all zero */
    r->more = asset_set_next(&r->missing);
}

/* Both sets rise, so what is missing is met on the way. */
static bool next_received(struct received *r)
{
    while (asset_set_next(&r->offered)) {
        while (r->more && slice_compare(name_of(&r->missing), name_of(&r->offered)) < 0)
            pass_over(r);
        if (!r->more || !slice_equal(name_of(&r->missing), name_of(&r->offered)))
            return true;
        r->more = asset_set_next(&r->missing);
    }
    while (r->more)
        pass_over(r);
    return false;
}

/* ------------------------------------------------------------------ checks */

static enum refusal check_offer(struct execution *x, const struct speaker *by,
                                struct state_offer *ret_offer)
{
    const struct custody *c = &by->st->as.custody;
    if (!rules_offer_load(x, &c->offer, ret_offer))
        return REFUSED_NO_SUCH_OFFER;
    const struct kid *whose = c->action == CUSTODY_CANCEL ? &ret_offer->from : &ret_offer->to;
    if (!kid_equal(whose, &by->key.member))
        return REFUSED_NOT_FOR_YOU;
    struct hash assets = crypto_sha256(c->assets.raw);
    if (!hash_equal(&assets, &ret_offer->assets) || c->role != ret_offer->role)
        return REFUSED_OFFER_DIFFERS;
    return execution_step(x, EXECUTION_LOOK_STEPS * c->assets.count) ? ACCEPTED : REFUSED_STEPS;
}

static enum refusal check_accept(struct execution *x, const struct custody *c,
                                 const struct state_offer *o)
{
    if (o->has_expiry && o->expiry_ms <= x->context.time_ms)
        return REFUSED_EXPIRED; /* its timer is due; blocks before this one had no room for it */
    struct received r = begin_received(c);
    while (next_received(&r)) {
        struct state_asset a;
        if (!execution_asset(x, name_of(&r.offered), &a))
            return REFUSED_UNKNOWN_ASSET;
        enum refusal code = rules_custody_check_way(x, &r.offered, &a, c->role, NULL, &o->to);
        if (code != ACCEPTED)
            return code;
    }
    if (r.stray[0] != '\0') {
        execution_explain(x, "%s", r.stray);
        return REFUSED_NOT_OFFERED;
    }
    return rules_custody_check_reading(x, c);
}

static enum refusal check_answer(struct execution *x, const struct speaker *by,
                                 struct state_offer *ret_offer)
{
    const struct custody *c = &by->st->as.custody;
    enum refusal code = check_offer(x, by, ret_offer);
    if (code != ACCEPTED)
        return code;
    switch (c->action) {
    case CUSTODY_OFFER:
    case CUSTODY_CANCEL: break;
    case CUSTODY_REJECT:
        return (c->meaning.len > 0 && c->reason.len > 0) || x->context.rules < EXECUTE_RULES_GOODS
                   ? ACCEPTED
                   : REFUSED_NO_REASON;
    case CUSTODY_ACCEPT: return check_accept(x, c, ret_offer);
    }
    return ACCEPTED;
}

/* ------------------------------------------------------------------ what changes hands */

/* Names in a list that is being written. */
struct list {
    size_t count;
    struct buf out;
};

static void add_name(struct list *l, struct slice name)
{
    l->count++;
    cbor_put_text(&l->out, name);
}

static bool add_inside(void *ctx, struct slice name, const struct state_asset *a)
{
    (void)a;
    add_name(ctx, name);
    return true;
}

/* How many names that will be, at most. */
static size_t count_received(struct execution *x, const struct custody *c, bool inside)
{
    size_t count = 0;
    struct received r = begin_received(c);
    while (next_received(&r)) {
        struct state_asset a;
        count++;
        if (inside && execution_asset(x, name_of(&r.offered), &a))
            count += (size_t)a.goods.inside_all;
    }
    return count;
}

static void add_received(struct execution *x, const struct custody *c, bool inside,
                         struct list *list)
{
    struct received r = begin_received(c);
    while (next_received(&r)) {
        struct state_asset a;
        add_name(list, name_of(&r.offered));
        if (inside && execution_asset(x, name_of(&r.offered), &a) && a.goods.inside > 0)
            (void)goods_visit_inside(x, &a, add_inside, list);
    }
}

/* What was received, and all that is inside it when that is asked for: none when that takes too long. */
static struct asset_set list_received(struct execution *x, const struct custody *c, bool inside)
{
    const struct asset_set none = { { NULL, 0 }, 0 };
    size_t count = count_received(x, c, inside);
    if (!c->has_missing && count == c->assets.count)
        return c->assets;
    size_t size = count * (ASSET_NAME_MAX + 2) + 9; /* a name's head is two bytes at most */
    void *memory = count > 0 ? overlay_alloc(x->overlay, size) : NULL;
    if (memory == NULL)
        return none;
    struct list list = { .out = buf_fixed(memory, size) };
    cbor_put_array(&list.out, count);
    add_received(x, c, inside, &list);
    if (list.count != count || list.out.failed)
        return none; /* the steps ran out on the way: the statement will be undone */
    return (struct asset_set){ buf_slice(&list.out), count };
}

/* Of the offer's own set; of what is left of it in ranges and short lists. */
static void tell_there(struct execution *x, const struct custody *c, const struct asset_set *there,
                       const struct goods_event *e)
{
    if (!c->has_missing) {
        buf_add_slice(execution_emit(x, e->what, there->raw, e->time_ms, e->data_items), e->data);
        return;
    }
    struct slice *names = overlay_alloc(x->overlay, there->count * sizeof *names);
    struct cbor_reader r = cbor_reader(there->raw);
    (void)cbor_take_array(&r);
    for (size_t i = 0; names != NULL && i < there->count; i++)
        names[i] = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    if (names != NULL)
        goods_emit_names(x, names, there->count, e);
}

static void tell_passed(struct execution *x, const struct custody *c, const struct state_offer *o,
                        uint64_t time_ms)
{
    uint8_t memory[128];
    struct buf data = buf_fixed(memory, sizeof memory);
    struct asset_set there = list_received(x, c, false);
    if (there.count == 0)
        return;
    rules_offer_put(&data, &c->offer, o);
    struct goods_event e = { EVENT_PASSED, time_ms, RULES_OFFER_ITEMS, buf_slice(&data) };
    tell_there(x, c, &there, &e);
    struct asset_iter it = asset_set_begin(&there);
    while (!execution_is_over(x) && asset_set_next(&it)) {
        struct state_asset a;
        if (execution_asset(x, name_of(&it), &a) && a.goods.inside > 0)
            goods_emit_inside(x, &a, EVENT_PASSED, time_ms, RULES_OFFER_ITEMS, e.data);
    }
}

static void tell_receipt(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    uint64_t time_ms = by->st->link.time_ms;
    struct buf *data;
    if (c->has_missing) {
        data = execution_emit(x, EVENT_NOT_RECEIVED, c->missing.raw, time_ms, 1);
        cbor_put_bytes(data, hash_slice(&c->offer));
    }
    if (c->has_counts) {
        data = execution_emit(x, EVENT_RECEIVED, c->assets.raw, time_ms, 4);
        cbor_put_bytes(data, hash_slice(&c->offer));
        cbor_put_uint(data, c->missing_count);
        cbor_put_uint(data, c->surplus_count);
        cbor_put_uint(data, c->damaged_count);
    }
    rules_custody_tell_bound(x, by);
}

static void pass_role(struct execution *x, const struct asset_set *assets,
                      const struct state_offer *o)
{
    struct asset_iter it = asset_set_begin(assets);
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_asset(x, name_of(&it), &a))
            continue;
        if (o->role == ROLE_OWNER) {
            a.has_owner = true;
            a.owner = o->to;
        } else {
            a.has_custodian = true;
            a.custodian = o->to;
        }
        execution_store_asset(x, name_of(&it), &a);
    }
}

/* Who is charged, and contracts that react to who has the goods, or whose they are, from now on. */
static void tell_contracts(struct execution *x, const struct asset_set *assets,
                           const struct state_offer *o, uint64_t time_ms)
{
    struct instance_event e = { .trigger = CONTRACT_ON_HANDOVER,
                                .detail = (unsigned)o->role,
                                .time_ms = time_ms,
                                .from = kid_slice(&o->from),
                                .to = kid_slice(&o->to) };
    struct asset_iter it = asset_set_begin(assets);
    while (o->role == ROLE_CUSTODIAN && !execution_is_over(x) && asset_set_next(&it))
        rules_custody_passed(x, name_of(&it), &o->to, time_ms);
    instance_react_set(x, assets, &e);
}

static void accept(struct execution *x, const struct speaker *by, const struct state_offer *o,
                   uint64_t time_ms)
{
    const struct custody *c = &by->st->as.custody;
    tell_passed(x, c, o, time_ms);
    tell_receipt(x, by);
    if (execution_is_over(x))
        return; /* it will be undone */
    rules_offer_close(x, &c->offer, o, &c->assets);
    struct asset_set all = list_received(x, c, true);
    if (all.count == 0)
        return;
    pass_role(x, &all, o);
    tell_contracts(x, &all, o, time_ms);
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

enum refusal rules_answer(struct execution *x, const struct speaker *by)
{
    const struct custody *c = &by->st->as.custody;
    struct state_offer o;
    enum refusal code = check_answer(x, by, &o);
    if (code != ACCEPTED)
        return code;
    uint64_t time_ms = answer_time(x, by->st, &o);
    if (c->action == CUSTODY_ACCEPT) {
        accept(x, by, &o, time_ms);
        return ACCEPTED;
    }
    enum event_what what = c->action == CUSTODY_REJECT ? EVENT_REJECTED : EVENT_CANCELLED;
    rules_offer_put(execution_emit(x, what, c->assets.raw, time_ms, RULES_OFFER_ITEMS), &c->offer,
                    &o);
    rules_offer_close(x, &c->offer, &o, &c->assets);
    return ACCEPTED;
}
