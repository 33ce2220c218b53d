/* What the product came to, against the reference: events of a block, and the state of everything. */
#include "tests/support/goods_play.h"

#include "common/event_data.h"
#include "common/state_value.h"

#include <stdio.h>
#include <string.h>

static const struct kid *member_kid(const struct goods_play *p, unsigned member)
{
    return &p->by[member].key.kid;
}

static uint32_t name_number(struct goods_play *p, struct slice text)
{
    char name[ASSET_NAME_MAX + 1];
    (void)snprintf(name, sizeof name, "%.*s", (int)text.len, (const char *)text.data);
    return goods_reference_name(p->world->reference, name);
}

/* ------------------------------------------------------------------ events */

/* What has been heard of one statement so far. */
struct heard {
    const struct goods_expected *expected;
    size_t findings;
    bool revealed;
    struct kid owner; /* of what was used */
};

/* What an event speaks of, one name after the other: a text is one name, else it is a set. */
struct subject {
    struct asset_set set;
    struct asset_iter it;
    struct slice one;
    bool begun;
};

static struct subject subject_begin(const struct event *e)
{
    struct subject s = { .begun = false };
    struct cbor_reader r = cbor_reader(e->subject);
    if (cbor_peek(&r) == CBOR_TEXT) {
        s.one = cbor_take_text(&r, 0, ASSET_NAME_MAX);
    } else {
        s.set = asset_set_take(&r);
        s.it = asset_set_begin(&s.set);
    }
    return s;
}

static bool subject_next(struct goods_play *p, struct subject *s, uint32_t *ret_name)
{
    if (s->one.len > 0 && s->begun)
        return false;
    s->begun = true;
    if (s->one.len == 0 && !asset_set_next(&s->it))
        return false;
    *ret_name = name_number(p, s->one.len > 0 ? s->one : slice_of(s->it.name, s->it.name_len));
    return true;
}

static bool hear_passed(struct goods_play *p, const struct event *e, uint32_t op)
{
    struct event_handover d;
    if (!event_data_handover(e->data, &d))
        return goods_play_fail(p, op, "PASSED with data that is none");
    uint32_t name;
    for (struct subject s = subject_begin(e); subject_next(p, &s, &name);) {
        struct goods_replay *now = &p->replay[name];
        struct kid *who = d.role == ROLE_OWNER ? &now->owner : &now->custodian;
        if (!now->there || (d.role == ROLE_CUSTODIAN && !kid_equal(who, &d.from)))
            return goods_play_fail(p, op, "PASSED of %s from who has it not",
                                   p->world->reference->names[name].text);
        *who = d.to;
    }
    return true;
}

static void hear_birth(struct goods_play *p, const struct event *e, const struct kid *custodian,
                       const struct kid *owner)
{
    uint32_t name;
    for (struct subject s = subject_begin(e); subject_next(p, &s, &name);)
        p->replay[name] = (struct goods_replay){ *custodian, *owner, true };
}

static bool hear_finding(struct goods_play *p, const struct event *e, struct heard *h)
{
    uint32_t op = h->expected->op->number;
    struct event_found d;
    struct cbor_reader r = cbor_reader(e->subject);
    if (!event_data_finding(e->data, &d))
        return goods_play_fail(p, op, "FINDING with data that is none");
    if (cbor_peek(&r) != CBOR_TEXT)
        return true; /* the same in the history of a key */
    uint32_t name = name_number(p, cbor_take_text(&r, 0, ASSET_NAME_MAX));
    const struct goods_finding *all = h->expected->findings;
    while (h->findings < h->expected->finding_count && all[h->findings].doubtful &&
           (all[h->findings].what != d.finding || all[h->findings].name != name))
        h->findings++;
    if (h->findings >= h->expected->finding_count)
        return goods_play_fail(p, op, "finding %u of %s, which the reference does not find",
                               (unsigned)d.finding, p->world->reference->names[name].text);
    const struct goods_finding *f = &all[h->findings++];
    if (f->what != d.finding || f->name != name)
        return goods_play_fail(p, op, "finding %u of %s, where the reference finds %u of %s",
                               (unsigned)d.finding, p->world->reference->names[name].text, f->what,
                               p->world->reference->names[f->name].text);
    p->findings[f->what]++;
    if (!hash_equal(&d.statement, &p->hashes[op]) || d.has_other != (f->other != GOODS_NONE) ||
        (d.has_other && !hash_equal(&d.other, &p->hashes[f->other])))
        return goods_play_fail(p, op, "finding %u of %s has other evidence", (unsigned)d.finding,
                               p->world->reference->names[name].text);
    return true;
}

static bool hear_event(struct goods_play *p, const struct event *e, struct heard *h)
{
    const struct goods_op *op = h->expected->op;
    const struct kid *by = member_kid(p, goods_reference_member(op->signer));
    struct event_revealed revealed;
    struct event_disposition disposed;
    uint32_t name;
    if (e->what == EVENT_PASSED)
        return hear_passed(p, e, op->number);
    if (e->what == EVENT_COMMISSIONED)
        hear_birth(p, e, by, by);
    if (e->what == EVENT_MADE)
        hear_birth(p, e, by, &h->owner);
    if (e->what == EVENT_USED) {
        struct subject s = subject_begin(e);
        if (subject_next(p, &s, &name))
            h->owner = p->replay[name].owner;
    }
    if (e->what == EVENT_DISPOSITION && event_data_disposition(e->data, &disposed) &&
        disposed.action == DISPOSITION_RETURN) {
        for (struct subject s = subject_begin(e); subject_next(p, &s, &name);)
            p->replay[name].custodian = *by;
    }
    if (e->what == EVENT_FINDING)
        return hear_finding(p, e, h);
    if (e->what != EVENT_REVEALED)
        return true;
    h->revealed = true;
    if (!event_data_revealed(e->data, &revealed) || revealed.result != h->expected->reveal)
        return goods_play_fail(p, op->number, "REVEALED is %u, the reference says %u",
                               (unsigned)revealed.result, h->expected->reveal);
    p->reveals[revealed.result]++;
    return true;
}

static bool hear_verdict(struct goods_play *p, const struct verdict *v,
                         const struct goods_expected *expected)
{
    struct heard h = { .expected = expected };
    struct cbor_reader r = cbor_reader(v->events);
    uint32_t op = expected->op->number;
    for (size_t n = v->event_count; n > 0; n--) {
        struct event e = event_take(&r);
        if (!hear_event(p, &e, &h))
            return false;
    }
    while (h.findings < expected->finding_count && expected->findings[h.findings].doubtful)
        h.findings++;
    if (h.findings < expected->finding_count)
        return goods_play_fail(
            p, op, "the reference finds %u of %s, the product does not",
            expected->findings[h.findings].what,
            p->world->reference->names[expected->findings[h.findings].name].text);
    if (v->code == ACCEPTED && expected->op->kind == KIND_LABEL_REVEAL && !h.revealed)
        return goods_play_fail(p, op, "a revelation without REVEALED");
    return true;
}

bool goods_play_hear(struct goods_play *p, const struct execute_result *result)
{
    size_t at = 0;
    for (size_t i = 0; i < result->outcome_count && p->why[0] == '\0'; i++) {
        struct outcome o;
        struct err err = { .msg = "" };
        if (!outcome_decode(result->outcomes[i], &o, &err))
            return goods_play_fail(p, (uint32_t)p->world->count - 1, "outcome: %s", err.msg);
        if (o.type != OUTCOME_VERDICT)
            continue;
        const struct goods_expected *e = &p->expected[at++];
        if (at > p->block_count || !hash_equal(&o.verdict.statement, &p->hashes[e->op->number]))
            return goods_play_fail(p, (uint32_t)p->world->count - 1, "verdicts out of order");
        (void)hear_verdict(p, &o.verdict, e);
    }
    return p->why[0] == '\0';
}

/* ------------------------------------------------------------------ state */

static bool differ(struct goods_play *p, const struct goods_name *n, const char *what)
{
    return goods_play_fail(p, (uint32_t)p->world->count - 1, "%s: another %s", n->text, what);
}

static bool same_text(const struct goods_play *p, struct slice text, uint32_t name)
{
    if (name == GOODS_NONE)
        return text.len == 0;
    return slice_equal(text, slice_text(p->world->reference->names[name].text));
}

static bool load(const struct goods_play *p, uint32_t name, struct state_asset *ret_asset)
{
    struct slice value;
    struct state_key key =
        state_key_text(TABLE_ASSET, slice_text(p->world->reference->names[name].text));
    return goods_store_get(p->store, &key, &value) && state_asset_take(value, ret_asset);
}

static bool compare_inside(struct goods_play *p, uint32_t name, const struct state_asset *a)
{
    const struct goods_name *n = &p->world->reference->names[name];
    uint32_t before = GOODS_NONE;
    if (a->goods.inside != n->inside_count ||
        a->goods.inside_all != goods_reference_inside_all(p->world->reference, name))
        return differ(p, n, "count of what is inside");
    if (!same_text(p, a->goods.first, n->inside_count == 0 ? GOODS_NONE : n->inside[0]) ||
        !same_text(p, a->goods.last,
                   n->inside_count == 0 ? GOODS_NONE : n->inside[n->inside_count - 1]))
        return differ(p, n, "first or last inside");
    for (size_t i = 0; i < n->inside_count; i++) {
        struct state_asset in;
        uint32_t next = i + 1 < n->inside_count ? n->inside[i + 1] : GOODS_NONE;
        if (!load(p, n->inside[i], &in) || !same_text(p, in.goods.container, name) ||
            !same_text(p, in.goods.previous, before) || !same_text(p, in.goods.next, next))
            return differ(p, n, "order of what is inside");
        before = n->inside[i];
    }
    return true;
}

static bool compare_offers(struct goods_play *p, const struct goods_name *n,
                           const struct state_asset *a)
{
    bool same = a->has_offer == (n->offers[0] != GOODS_NONE) &&
                a->goods.has_sale == (n->offers[1] != GOODS_NONE);
    if (same && a->has_offer)
        same = hash_equal(&a->offer, &p->hashes[n->offers[0]]);
    if (same && a->goods.has_sale)
        same = hash_equal(&a->goods.sale, &p->hashes[n->offers[1]]);
    return same || differ(p, n, "open offer");
}

static struct goods_amount amount_of(const struct amount *a)
{
    static const char *const units[] = { "", "mg", "g", "kg", "t", "mL", "L", "m3", "each" };
    struct goods_amount ret = { GOODS_NO_UNIT, a->mantissa, a->exponent };
    for (size_t i = 1; i < sizeof units / sizeof units[0]; i++)
        if (slice_equal(a->unit, slice_text(units[i])))
            ret.unit = (enum goods_unit)i;
    return ret;
}

static bool compare_amount(struct goods_play *p, const struct goods_name *n,
                           const struct state_asset *a, goods_wide sums[3])
{
    enum amount_dimension dimension = AMOUNT_MASS;
    if (a->goods.has_amount != n->has_amount)
        return differ(p, n, "amount: there or not");
    if (!n->has_amount)
        return true;
    goods_wide value = goods_reference_value(amount_of(&a->goods.amount), &dimension);
    if (value != n->left || dimension != n->dimension)
        return differ(p, n, "amount");
    sums[dimension] += value;
    return true;
}

static bool compare_labels(struct goods_play *p, const struct goods_name *n,
                           const struct state_goods *g)
{
    bool same = g->has_sighting == n->has_sighting && g->has_label == n->has_label &&
                g->has_reveal == (n->reveal != GOODS_NONE);
    if (same && g->has_sighting)
        same = g->sighting.time_ms == n->seen_ms &&
               hash_equal(&g->sighting.statement, &p->hashes[n->seen_by]);
    if (same && g->has_reveal)
        same = hash_equal(&g->reveal, &p->hashes[n->reveal]);
    return same || differ(p, n, "sighting, label or revelation");
}

static bool compare_made(struct goods_play *p, uint32_t name, const struct state_asset *a,
                         goods_wide sums[3])
{
    const struct goods_name *n = &p->world->reference->names[name];
    const struct state_goods *g = &a->goods;
    const struct goods_replay *told = &p->replay[name];
    if (!a->has_custodian || !kid_equal(&a->custodian, member_kid(p, n->custodian)))
        return differ(p, n, "custodian");
    if (!kid_equal(&a->owner, member_kid(p, n->owner)))
        return differ(p, n, "owner");
    if (!told->there || !kid_equal(&told->custodian, &a->custodian) ||
        !kid_equal(&told->owner, &a->owner))
        return differ(p, n, "custodian or owner by its events");
    if (g->end != n->end)
        return differ(p, n, "end");
    if (n->end != GOODS_ACTIVE &&
        (!hash_equal(&g->end_by, &p->hashes[n->end_by]) || g->end_ms != n->end_ms ||
         !kid_equal(&g->end_member, member_kid(p, n->end_member))))
        return differ(p, n, "end's circumstances");
    if (!g->has_origin || !hash_equal(&g->origin, &p->hashes[n->origin]) ||
        g->origin_output != n->output)
        return differ(p, n, "origin");
    if (!same_text(p, g->container, n->container))
        return differ(p, n, "container");
    return compare_offers(p, n, a) && compare_amount(p, n, a, sums) && compare_inside(p, name, a);
}

static bool compare_hold(struct goods_play *p, const struct goods_name *n)
{
    struct state_hold h = { 0 };
    struct slice value;
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(n->text));
    const struct goods_hold *e = &n->hold;
    if (goods_store_get(p->store, &key, &value) && !state_hold_take(value, &h))
        return differ(p, n, "hold: no hold");
    bool same = h.quarantined == e->quarantined && h.recalled == e->recalled;
    if (same && h.quarantined)
        same = h.rejected == e->rejected &&
               kid_equal(&h.quarantine_member, member_kid(p, e->quarantine_member)) &&
               hash_equal(&h.quarantine, &p->hashes[e->quarantine]);
    if (same && h.recalled)
        same = kid_equal(&h.recall_member, member_kid(p, e->recall_member)) &&
               hash_equal(&h.recall, &p->hashes[e->recall]);
    return same || differ(p, n, "hold");
}

static size_t certificates(const struct goods_play *p, const struct state_key *key)
{
    struct slice value;
    if (!goods_store_get(p->store, key, &value))
        return 0;
    struct cbor_reader r = cbor_reader(value);
    return cbor_take_array(&r);
}

static bool compare_lot(struct goods_play *p, const struct goods_name *n)
{
    struct state_lot lot = { 0 };
    struct slice value;
    struct state_key key = state_key_text(TABLE_LOT, slice_text(n->text));
    bool there = goods_store_get(p->store, &key, &value);
    if (there != n->is_lot || (there && !state_lot_take(value, &lot)))
        return differ(p, n, "lot: there or not");
    if (there && (!kid_equal(&lot.maker, member_kid(p, n->lot_maker)) ||
                  lot.has_declared != n->has_declared || lot.made != n->lot_made ||
                  (lot.has_declared && lot.declared != n->declared)))
        return differ(p, n, "lot");
    key = state_key_text(TABLE_CERTIFIED, slice_text(n->text));
    return certificates(p, &key) == n->certificates || differ(p, n, "number of certificates");
}

static bool compare_said(struct goods_play *p)
{
    const struct goods_reference *r = p->world->reference;
    size_t open = 0;
    for (uint32_t i = 0; i < p->world->count; i++) {
        const struct goods_said *said = &r->said[i];
        struct slice value;
        open += said->open;
        if (said->corrected != 0) {
            struct state_key key = state_key_hash(TABLE_CORRECTED, &p->hashes[i]);
            struct cbor_reader by = cbor_reader((struct slice){ NULL, 0 });
            if (goods_store_get(p->store, &key, &value))
                by = cbor_reader(value);
            if (!slice_equal(cbor_take_bytes(&by, HASH_SIZE, HASH_SIZE),
                             hash_slice(&p->hashes[said->corrected - 1])))
                return goods_play_fail(p, i, "operation %u is not corrected", (unsigned)i);
        }
        if (said->op->kind != KIND_CERTIFICATE || said->code != ACCEPTED)
            continue;
        struct state_certificate c;
        struct state_key key = state_key_hash(TABLE_CERTIFICATE, &p->hashes[i]);
        if (!goods_store_get(p->store, &key, &value) || !state_certificate_take(value, &c) ||
            c.revoked != said->revoked || (c.revoked && c.revoked_from_ms != said->revoked_from_ms))
            return goods_play_fail(p, i, "certificate %u is not %s from %lld on", (unsigned)i,
                                   said->revoked ? "revoked" : "good",
                                   (long long)(said->revoked_from_ms - KIT_T0));
    }
    if (goods_store_count(p->store, TABLE_OFFER) != open)
        return goods_play_fail(p, (uint32_t)p->world->count - 1, "%zu offers are open, not %zu",
                               goods_store_count(p->store, TABLE_OFFER), open);
    for (unsigned i = 0; i < GOODS_MEMBERS; i++) {
        struct state_key key = state_key_kid(TABLE_CERTIFIED, member_kid(p, i));
        if (certificates(p, &key) != r->certificates_of_member[i])
            return goods_play_fail(p, (uint32_t)p->world->count - 1, "certificates of member %u",
                                   i);
    }
    return true;
}

/* Mass comes in by commissions alone. */
static bool weigh(struct goods_play *p, const goods_wide sums[3])
{
    for (size_t d = 0; d < 3; d++) {
        if (sums[d] > p->amounts[d] + p->commissioned[d])
            return goods_play_fail(p, (uint32_t)p->world->count - 1,
                                   "there is more of dimension %zu than before", d);
        p->amounts[d] = sums[d];
        p->commissioned[d] = 0;
    }
    return true;
}

bool goods_play_compare(struct goods_play *p)
{
    const struct goods_reference *r = p->world->reference;
    goods_wide sums[3] = { 0, 0, 0 };
    if (p->why[0] != '\0')
        return false;
    for (uint32_t i = 0; i < r->name_count; i++) {
        const struct goods_name *n = &r->names[i];
        struct state_asset a = { 0 };
        bool there = load(p, i, &a);
        if (there != n->entry || (there && state_asset_is_made(&a) != n->made))
            return differ(p, n, "entry: there or not, made or not");
        if ((there && !compare_labels(p, n, &a.goods)) ||
            (n->made && !compare_made(p, i, &a, sums)) || !compare_hold(p, n) || !compare_lot(p, n))
            return false;
    }
    return compare_said(p) && weigh(p, sums);
}
