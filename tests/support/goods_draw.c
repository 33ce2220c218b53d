/* What is drawn of each kind: mostly such as the rules take, spoilt here and there. */
#include "tests/support/goods_draw_parts.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define HOUR_MS UINT64_C(3600000)

static bool whys(struct goods_world *w)
{
    return !goods_world_chance(w, 8);
}

static unsigned member_of(struct goods_world *w)
{
    return (unsigned)goods_world_pick(w, GOODS_MEMBERS);
}

const struct goods_name *goods_draw_name(const struct goods_world *w, uint32_t name)
{
    return &w->reference->names[name];
}

/* A lot that the member may make goods of that are of the product of one: for the most part. */
static const char *draw_lot(struct goods_world *w, unsigned member, uint32_t of)
{
    static const char *const lots[] = {
        "L0", "L1", "L2", "L3", "L4", "L5", "no lot number", "TWENTY-ONE-CHARACTERS"
    };
    const char *text = goods_draw_name(w, of)->text;
    char name[ASSET_NAME_MAX + 1];
    if (goods_world_chance(w, 3))
        return NULL;
    if (goods_world_chance(w, 6) || strncmp(text, "01/", 3) != 0)
        return lots[goods_world_pick(w, sizeof lots / sizeof lots[0])];
    for (size_t tries = 0; tries < 12; tries++) {
        const char *lot = lots[goods_world_pick(w, 6)];
        (void)snprintf(name, sizeof name, "%.17s/10/%s", text, lot);
        const struct goods_name *l = goods_draw_name(w, goods_reference_name(w->reference, name));
        if (!l->is_lot || l->lot_maker == member)
            return lot;
    }
    return NULL;
}

struct goods_amount goods_draw_amount(struct goods_world *w)
{
    switch (goods_world_pick(w, 6)) {
    case 0:
    case 1: return goods_world_amount(w, AMOUNT_MASS, 1 + (int64_t)goods_world_pick(w, 25000000));
    case 2: return goods_world_amount(w, AMOUNT_VOLUME, 1 + (int64_t)goods_world_pick(w, 90000));
    case 3: return goods_world_amount(w, AMOUNT_COUNT, 1 + (int64_t)goods_world_pick(w, 12));
    default: return (struct goods_amount){ GOODS_NO_UNIT, 0, 0 };
    }
}

/* ------------------------------------------------------------------ births */

void goods_draw_birth(struct goods_world *w, struct goods_entry *e, unsigned member)
{
    if (e->names.count == 0) {
        uint32_t first = goods_world_find(w, GOODS_UNBORN, GOODS_NONE);
        e->names = goods_world_set(w, first, GOODS_UNBORN, GOODS_NONE, goods_world_few(w));
    }
    e->lot = draw_lot(w, member, e->names.at[0]);
    if (goods_world_chance(w, 3))
        e->expiry_ms = w->block_ms + goods_world_pick(w, 400 * HOUR_MS);
}

static void draw_commission(struct goods_world *w)
{
    unsigned member = member_of(w);
    struct goods_op *op = goods_world_add(w, KIND_COMMISSION, goods_world_signer(w, member));
    goods_draw_birth(w, &op->what, member);
    op->what.amount = goods_draw_amount(w);
    if (goods_world_chance(w, 12))
        op->what.names = goods_world_one(w, goods_world_find(w, GOODS_MADE, GOODS_NONE));
    if (goods_world_chance(w, 8)) { /* a lot says how many it has */
        op->what.names = goods_world_one(w, goods_world_find(w, GOODS_LOT_NAME, GOODS_NONE));
        op->what.amount = goods_world_amount(w, AMOUNT_COUNT, 1 + (int64_t)goods_world_pick(w, 12));
    }
    goods_world_spoil(w, &op->what.names);
}

/* ------------------------------------------------------------------ handovers */

static void draw_bound(struct goods_world *w, struct goods_op *op)
{
    const struct goods_reference *r = w->reference;
    if (r->device_count < 40 || r->attached == GOODS_NONE)
        return;
    bool attached = false;
    for (size_t i = 0; i < op->what.names.count; i++)
        attached = attached || op->what.names.at[i] == r->attached;
    if (!attached && !goods_world_chance(w, 40))
        return;
    op->has_reading = true;
    if (goods_world_chance(w, 4))
        op->reading = r->by_device[goods_world_pick(w, r->device_count - 30)];
    else
        op->reading = r->by_device[r->device_count - 1 - goods_world_pick(w, 12)];
}

static void draw_offer(struct goods_world *w)
{
    bool sale = goods_world_chance(w, 3);
    enum goods_want want = sale                       ? GOODS_TO_SELL
                           : goods_world_chance(w, 5) ? GOODS_FULL
                                                      : GOODS_AT_HAND;
    uint32_t first = goods_world_find(w, want, GOODS_NONE);
    if (w->reference->attached != GOODS_NONE && goods_world_chance(w, 12))
        first = w->reference->attached;
    if (!sale && goods_world_chance(w, 5))
        first = goods_world_find(w, GOODS_DESCENDED, GOODS_NONE);
    unsigned member =
        sale ? goods_draw_name(w, first)->owner : goods_draw_name(w, first)->custodian;
    struct goods_op *op = goods_world_add(w, KIND_CUSTODY, goods_world_signer(w, member));
    op->action = CUSTODY_OFFER;
    op->role = sale ? ROLE_OWNER : ROLE_CUSTODIAN;
    if (goods_world_chance(w, 12))
        op->role = 1 - op->role;
    op->to = (member + 1 + member_of(w) % (GOODS_MEMBERS - 1)) % GOODS_MEMBERS;
    if (goods_world_chance(w, 20))
        op->to = (unsigned)goods_world_pick(w, GOODS_MEMBERS + 1);
    op->what.names = goods_world_set(w, first, want, member, goods_world_few(w));
    goods_world_spoil(w, &op->what.names);
    op->has_expiry = goods_world_chance(w, 3);
    op->expiry_ms = op->time_ms + 1 + goods_world_pick(w, 2 * HOUR_MS);
    if (!goods_world_chance(w, 6) && op->expiry_ms <= w->block_ms)
        op->expiry_ms = w->block_ms + 1 + goods_world_pick(w, 8 * HOUR_MS);
    draw_bound(w, op);
}

static uint32_t open_offer(struct goods_world *w)
{
    while (w->offer_count > 0) {
        size_t i = goods_world_pick(w, w->offer_count);
        uint32_t number = w->offers[i];
        if (w->reference->said[number].open)
            return number;
        w->offers[i] = w->offers[--w->offer_count];
    }
    return GOODS_NONE;
}

static void draw_missing(struct goods_world *w, struct goods_op *op)
{
    struct goods_list all = op->what.names;
    uint32_t *at = goods_world_room(w, all.count * sizeof *at);
    size_t count = 0, share = 1 + goods_world_pick(w, 4);
    for (size_t i = 0; i < all.count && count < 200; i++)
        if (goods_world_chance(w, share))
            at[count++] = all.at[i];
    if (count == 0)
        return;
    op->has_missing = true;
    op->missing = (struct goods_list){ at, count };
    goods_world_spoil(w, &op->missing);
}

static void draw_answer(struct goods_world *w)
{
    uint32_t number = open_offer(w);
    if (number == GOODS_NONE && !goods_world_chance(w, 8)) {
        draw_offer(w);
        return;
    }
    struct goods_op *op = goods_world_add(w, KIND_CUSTODY, 0);
    size_t how = goods_world_pick(w, 8);
    op->action = how == 0 ? CUSTODY_REJECT : how == 1 ? CUSTODY_CANCEL : CUSTODY_ACCEPT;
    if (number == GOODS_NONE || goods_world_chance(w, 24)) {
        op->signer = goods_world_signer(w, member_of(w));
        op->what.names = goods_world_one(w, goods_world_find(w, GOODS_MADE, GOODS_NONE));
        op->refers = goods_world_chance(w, 2) || op->number == 0
                         ? GOODS_NONE
                         : (uint32_t)goods_world_pick(w, op->number);
        return;
    }
    const struct goods_op *offered = w->reference->said[number].op;
    unsigned from = goods_reference_member(offered->signer);
    op->refers = number;
    op->signer = goods_world_signer(w, op->action == CUSTODY_CANCEL ? from : offered->to);
    op->role = goods_world_chance(w, 24) ? 1 - offered->role : offered->role;
    op->what.names = offered->what.names;
    if (goods_world_chance(w, 3))
        goods_world_spoil(w, &op->what.names);
    op->has_meaning = op->action == CUSTODY_REJECT && whys(w);
    op->has_reason = op->action == CUSTODY_REJECT && whys(w);
    if (op->action != CUSTODY_ACCEPT)
        return;
    op->has_counts = goods_world_chance(w, 3);
    if (goods_world_chance(w, 4))
        draw_missing(w, op);
    draw_bound(w, op);
}

/* ------------------------------------------------------------------ what becomes of them */

/* Something that goods at hand were made of, or its lot: a recall of it reaches them. */
static uint32_t draw_ancestor(struct goods_world *w)
{
    uint32_t name = goods_world_find(w, GOODS_DESCENDED, GOODS_NONE);
    for (size_t steps = 1 + goods_world_pick(w, 3); steps > 0; steps--) {
        const struct goods_name *n = goods_draw_name(w, name);
        const struct goods_op *by = n->made ? w->reference->said[n->origin].op : NULL;
        if (by == NULL || by->input_count == 0)
            break;
        struct goods_list from = by->inputs[goods_world_pick(w, by->input_count)].names;
        name = from.at[goods_world_pick(w, from.count)];
    }
    uint32_t lot = goods_draw_name(w, name)->lot;
    return lot != GOODS_NONE && lot < w->names && goods_world_chance(w, 2) ? lot : name;
}

static void draw_disposition(struct goods_world *w)
{
    static const enum goods_want wants[] = { GOODS_MADE,    GOODS_QUARANTINED, GOODS_QUARANTINED,
                                             GOODS_SOLD,    GOODS_MADE,        GOODS_RECALLED,
                                             GOODS_AT_HAND, GOODS_AT_HAND,     GOODS_AT_HAND };
    static const unsigned actions[] = { 0, 0, 0, 1, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 7, 8 };
    unsigned action = actions[goods_world_pick(w, sizeof actions / sizeof actions[0])];
    enum goods_want want = wants[action];
    if (want == GOODS_MADE && goods_world_chance(w, 8))
        want = GOODS_LOT;
    bool ancestor = action == DISPOSITION_RECALL && goods_world_chance(w, 2);
    uint32_t first = ancestor ? draw_ancestor(w) : goods_world_find(w, want, GOODS_NONE);
    const struct goods_name *n = goods_draw_name(w, first);
    unsigned member = n->custodian;
    if (want == GOODS_LOT || (ancestor && n->is_lot))
        member = n->lot_maker;
    else if (action == DISPOSITION_RELEASE || action == DISPOSITION_REJECT)
        member = goods_world_chance(w, 4) ? n->owner : n->hold.quarantine_member;
    else if (action == DISPOSITION_RETURN)
        member = n->end_member;
    else if (action == DISPOSITION_END_RECALL)
        member = n->hold.recall_member;
    else if (n->made && (action == DISPOSITION_RECALL ||
                         (action == DISPOSITION_QUARANTINE && goods_world_chance(w, 3))))
        member = goods_reference_member(w->reference->said[n->origin].op->signer);
    struct goods_op *op = goods_world_add(w, KIND_DISPOSITION, goods_world_signer(w, member));
    op->action = action;
    size_t most = action <= DISPOSITION_END_RECALL ? goods_world_few(w) : goods_world_few(w) % 4;
    op->what.names = goods_world_set(w, first, want, member, most);
    goods_world_spoil(w, &op->what.names);
    op->has_meaning = whys(w);
    op->has_reason = whys(w);
    op->place = (unsigned)goods_world_pick(w, GOODS_PLACES);
}

/* ------------------------------------------------------------------ what is said of them */

static void draw_certificate(struct goods_world *w)
{
    struct goods_op *op = goods_world_add(w, KIND_CERTIFICATE, goods_world_signer(w, member_of(w)));
    size_t about = 1 + goods_world_pick(w, 7);
    if ((about & 1) != 0) {
        enum goods_want want = goods_world_chance(w, 4) ? GOODS_LOT : GOODS_MADE;
        size_t most = goods_world_few(w);
        op->what.names = goods_world_set(w, goods_world_find(w, want, GOODS_NONE), want, GOODS_NONE,
                                         most < 64 ? most : 64);
        goods_world_spoil(w, &op->what.names);
    }
    if ((about & 2) != 0 && goods_world_chance(w, 4))
        op->place = 1 + (unsigned)goods_world_pick(w, GOODS_PLACES - 1);
    op->has_member = ((about & 4) != 0 && goods_world_chance(w, 4)) ||
                     (op->what.names.count == 0 && op->place == 0);
    op->to = goods_world_chance(w, 16) ? GOODS_MEMBERS : member_of(w);
    op->expiry_ms = op->time_ms - goods_world_pick(w, 100 * HOUR_MS);
    op->until_ms = op->expiry_ms + 1 + goods_world_pick(w, 1000 * HOUR_MS);
}

static void draw_revoke(struct goods_world *w)
{
    uint32_t number = w->certificate_count == 0
                          ? GOODS_NONE
                          : w->certificates[goods_world_pick(w, w->certificate_count)];
    unsigned member =
        number == GOODS_NONE ? 0 : goods_reference_member(w->reference->said[number].op->signer);
    struct goods_op *op =
        goods_world_add(w, KIND_CERTIFICATE_REVOKE, goods_world_signer(w, member));
    op->refers = goods_world_chance(w, 12) && op->number > 0
                     ? (uint32_t)goods_world_pick(w, op->number)
                     : number;
    op->expiry_ms = op->time_ms - goods_world_pick(w, 100 * HOUR_MS);
}

static void draw_correction(struct goods_world *w)
{
    struct goods_op *op;
    if (w->signed_count == 0 || goods_world_chance(w, 24)) {
        op = goods_world_add(w, KIND_CORRECTION, goods_world_signer(w, member_of(w)));
    } else {
        size_t back = goods_world_pick(w, goods_world_chance(w, 2) ? w->signed_count : 20);
        uint32_t number = w->signed_ones[w->signed_count - 1 - back % w->signed_count];
        unsigned signer = w->reference->said[number].op->signer;
        if (goods_world_chance(w, 3))
            signer = goods_world_signer(w, goods_reference_member(signer));
        op = goods_world_add(w, KIND_CORRECTION, signer);
        op->refers = number;
        op->spoilt = goods_world_chance(w, 16);
    }
    op->has_meaning = whys(w);
    op->has_reason = whys(w);
}

static void draw_scan(struct goods_world *w)
{
    enum goods_want want = goods_world_chance(w, 12) ? GOODS_ANY : GOODS_MADE;
    uint32_t first = goods_world_find(w, want, GOODS_NONE);
    unsigned member =
        goods_world_chance(w, 3) ? member_of(w) : goods_draw_name(w, first)->custodian;
    unsigned signer = goods_world_chance(w, 4) ? GOODS_DEVICE : goods_world_signer(w, member);
    struct goods_op *op = goods_world_add(w, KIND_SCAN, signer);
    size_t most = goods_world_few(w);
    op->what.names = goods_world_set(w, first, want, GOODS_NONE, most < 100 ? most : 100);
    if (w->size.bulk > 1500 && goods_world_chance(w, 300))
        op->what.names = goods_world_set(w, first, GOODS_ANY, GOODS_NONE, 1500);
    op->place = (unsigned)goods_world_pick(w, GOODS_PLACES);
    op->in_custody = goods_world_chance(w, 3);
    const struct goods_name *n = goods_draw_name(w, first);
    if (n->made && n->end != GOODS_ACTIVE && goods_world_chance(w, 4))
        op->time_ms = n->end_ms + goods_world_pick(w, 2); /* not after, just after */
    else if (n->has_sighting && goods_world_chance(w, 8))
        op->time_ms = n->seen_ms;
}

static void draw_label(struct goods_world *w)
{
    if (goods_world_chance(w, 2)) {
        uint32_t first = goods_world_find(w, GOODS_HELD, GOODS_NONE);
        unsigned member = goods_draw_name(w, first)->custodian;
        struct goods_op *op = goods_world_add(w, KIND_LABEL_SEAL, goods_world_signer(w, member));
        op->what.names = goods_world_set(w, first, GOODS_HELD, member, goods_world_few(w));
        goods_world_spoil(w, &op->what.names);
        return;
    }
    unsigned signer = (unsigned)goods_world_pick(w, GOODS_SIGNERS);
    struct goods_op *op = goods_world_add(w, KIND_LABEL_REVEAL, signer);
    enum goods_want want = goods_world_chance(w, 6)   ? GOODS_ANY
                           : goods_world_chance(w, 3) ? GOODS_COVERED
                                                      : GOODS_LABELLED;
    op->what.names = goods_world_one(w, goods_world_find(w, want, GOODS_NONE));
    op->spoilt = goods_world_chance(w, 5);
}

static void draw_attach(struct goods_world *w)
{
    uint32_t attached = w->reference->attached;
    struct goods_op *op = goods_world_add(w, KIND_ATTACH, goods_world_signer(w, 3));
    op->detach = attached != GOODS_NONE && !goods_world_chance(w, 6);
    if (!op->detach || goods_world_chance(w, 8))
        op->what.names = goods_world_one(
            w,
            goods_world_find(w, goods_world_chance(w, 8) ? GOODS_ANY : GOODS_AT_HAND, GOODS_NONE));
    else
        op->what.names = goods_world_one(w, attached);
}

static void draw_dispute(struct goods_world *w)
{
    struct goods_op *op = goods_world_add(w, KIND_DISPUTE, goods_world_signer(w, member_of(w)));
    enum goods_want want = goods_world_chance(w, 8) ? GOODS_ANY : GOODS_MADE;
    uint32_t first = goods_world_find(w, want, GOODS_NONE);
    op->what.names = goods_world_set(w, first, want, GOODS_NONE, goods_world_few(w));
    if (op->number > 0)
        op->refers = (uint32_t)goods_world_pick(w, op->number);
}

struct goods_op *goods_world_draw(struct goods_world *w)
{
    static void (*const kinds[])(struct goods_world *) = {
        draw_offer,      draw_offer,       draw_offer,        draw_offer,       draw_answer,
        draw_answer,     draw_answer,      draw_answer,       draw_answer,      goods_draw_pack,
        goods_draw_pack, goods_draw_pack,  goods_draw_unpack, goods_draw_make,  goods_draw_make,
        goods_draw_make, draw_disposition, draw_disposition,  draw_disposition, draw_scan,
        draw_scan,       draw_label,       draw_certificate,  draw_revoke,      draw_correction,
        draw_correction, draw_attach,      draw_dispute,      draw_commission,
    };
    if (w->count % 64 == 0) {
        w->alive = 0;
        for (uint32_t i = 0; i < w->names; i++)
            w->alive += goods_world_is(w, i, GOODS_HELD, GOODS_NONE);
    }
    if (w->alive < w->size.alive && goods_world_chance(w, 2))
        draw_commission(w);
    else
        kinds[goods_world_pick(w, sizeof kinds / sizeof kinds[0])](w);
    struct goods_op *op = &w->ops[w->count - 1];
    op->is_signed = op->what.names.count <= 300 && goods_world_chance(w, 4);
    return op;
}
