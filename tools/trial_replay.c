#include "tools/trial_replay.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 2000000

/* ------------------------------------------------------------------ reading the bundle */

struct loading {
    struct trial_replay *r;
    size_t cap;
    struct kid custodian;
    bool failed;
};

static struct trial_replay_item *add_item(struct loading *l, const struct bundle_event *e)
{
    struct trial_replay *r = l->r;
    if (r->count == l->cap) {
        size_t cap = l->cap == 0 ? 256 : 2 * l->cap;
        struct trial_replay_item *items =
            cap > ITEMS_MAX ? NULL : realloc(r->items, cap * sizeof *items);
        if (items == NULL) {
            l->failed = true;
            return NULL;
        }
        r->items = items;
        l->cap = cap;
    }
    struct trial_replay_item *item = &r->items[r->count++];
    *item = (struct trial_replay_item){ .what = e->event.what,
                                        .time_ms = e->event.time_ms,
                                        .block_ms = e->header->time_ms };
    return item;
}

static void add_member(struct trial_replay *r, const struct kid *kid)
{
    for (size_t i = 0; i < r->member_count; i++)
        if (kid_equal(&r->members[i], kid))
            return;
    if (r->member_count < TRIAL_REPLAY_PEOPLE)
        r->members[r->member_count++] = *kid;
}

static void add_device(struct loading *l, const struct kid *kid)
{
    struct trial_replay *r = l->r;
    for (size_t i = 0; i < r->device_count; i++)
        if (kid_equal(&r->devices[i], kid))
            return;
    if (r->device_count == TRIAL_REPLAY_PEOPLE)
        return;
    r->company[r->device_count] = l->custodian;
    r->devices[r->device_count++] = *kid;
}

/* [kid] */
static bool take_kid(struct loading *l, const struct bundle_event *e)
{
    struct kid kid;
    if (!event_data_kid(e->event.data, &kid))
        return true;
    struct trial_replay_item *item = add_item(l, e);
    if (item == NULL)
        return false;
    item->who = kid;
    if (e->event.what == EVENT_COMMISSIONED) {
        l->custodian = kid;
        add_member(l->r, &kid);
    } else {
        add_device(l, &kid);
    }
    return true;
}

static bool take_passed(struct loading *l, const struct bundle_event *e)
{
    struct event_handover d;
    if (!event_data_handover(e->event.data, &d))
        return true;
    struct trial_replay_item *item = add_item(l, e);
    if (item == NULL)
        return false;
    item->who = d.from;
    item->to = d.to;
    item->role = d.role;
    if (d.role == ROLE_CUSTODIAN)
        l->custodian = d.to;
    add_member(l->r, &d.from);
    add_member(l->r, &d.to);
    return true;
}

static bool take_reading(struct loading *l, const struct bundle_event *e)
{
    struct event_recorded d;
    if (e->statement.len == 0 || !event_data_recorded(e->event.data, &d))
        return true;
    struct trial_replay_item *item = add_item(l, e);
    if (item == NULL)
        return false;
    item->who = d.device;
    item->first_ms = d.first_ms;
    item->last_ms = d.last_ms;
    item->statement = e->statement;
    add_device(l, &d.device);
    return true;
}

static bool take_scan(struct loading *l, const struct bundle_event *e)
{
    struct event_scanned d;
    if (!event_data_scanned(e->event.data, &d))
        return true;
    struct trial_replay_item *item = add_item(l, e);
    if (item == NULL)
        return false;
    item->who = d.kid;
    item->place = d.place;
    return true;
}

static bool take_in_force(struct loading *l, const struct bundle_event *e)
{
    if (l->r->in_force_ms == 0)
        l->r->in_force_ms = e->header->time_ms;
    return true;
}

/* The definition that a contract's opening brought along. */
static bool take_opened(struct loading *l, const struct bundle_event *e)
{
    struct trial_replay *r = l->r;
    struct statement st;
    if (r->contract_count == TRIAL_REPLAY_CONTRACTS)
        return true;
    struct trial_replay_contract *c = &r->contracts[r->contract_count++];
    c->opening = e->statement_hash;
    if (e->statement.len == 0 || !statement_decode(e->statement, &st, NULL) ||
        st.kind != KIND_OPEN || st.as.open.compiled.len == 0)
        return true;
    c->definition = malloc(sizeof *c->definition);
    if (c->definition == NULL)
        return false;
    if (!definition_decode(st.as.open.compiled, c->definition, NULL)) {
        free(c->definition);
        c->definition = NULL;
    }
    return true;
}

static bool visit(void *ctx, const struct bundle_event *e)
{
    struct loading *l = ctx;
    enum event_what what = e->event.what;
    bool good = trial_findings_note(&l->r->recorded, &e->event);
    if (what == EVENT_COMMISSIONED || what == EVENT_ATTACHED || what == EVENT_DETACHED)
        good = good && take_kid(l, e);
    else if (what == EVENT_PASSED)
        good = good && take_passed(l, e);
    else if (what == EVENT_RECORDED)
        good = good && take_reading(l, e);
    else if (what == EVENT_SCANNED)
        good = good && take_scan(l, e);
    else if (what == EVENT_IN_FORCE)
        good = good && take_in_force(l, e);
    else if (what == EVENT_OPENED)
        good = good && take_opened(l, e);
    l->failed = l->failed || !good;
    return good;
}

/* ------------------------------------------------------------------ order */

struct numbered {
    struct kid kid;
    uint64_t seq;
    size_t item;
};

static int by_seq(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    int order = kid_compare(&x->kid, &y->kid);
    if (order != 0)
        return order;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/*
 * A device's statements about other goods are not in the bundle. So those that are will get new numbers, in
 * their old order and without holes: what came late then still comes late now.
 */
static bool order_readings(struct trial_replay *r)
{
    struct numbered *list = calloc(r->count + 1, sizeof *list);
    size_t n = 0;
    r->order = calloc(r->count + 1, sizeof *r->order);
    if (list == NULL || r->order == NULL) {
        free(list);
        return false;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct statement st;
        if (r->items[i].what == EVENT_RECORDED &&
            statement_decode(r->items[i].statement, &st, NULL))
            list[n++] = (struct numbered){ r->items[i].who, st.link.seq, i };
    }
    qsort(list, n, sizeof *list, by_seq);
    for (size_t i = 0; i < n; i++)
        r->order[r->order_count++] = list[i].item;
    free(list);
    return true;
}

/* [identity, changes] */
static bool own_identity(struct slice bundle, struct identity *ret_identity, struct err *err)
{
    if (!cbor_scan(bundle, err))
        return false;
    struct cbor_reader r = cbor_reader(bundle);
    (void)cbor_take_array(&r);
    (void)cbor_take_item(&r);
    struct slice proof = cbor_take_bytes(&r, 1, BUNDLE_SIZE_MAX);
    if (r.failed || !cbor_scan(proof, err))
        return err_set(err, ERR_PROOF, "not a proof bundle");
    r = cbor_reader(proof);
    cbor_take_array_of(&r, 2);
    struct slice identity = cbor_take_item(&r);
    return !r.failed ? identity_decode(identity, ret_identity, err)
                     : err_set(err, ERR_PROOF, "not a proof bundle");
}

bool trial_replay_load(struct slice bundle, const struct identity *trusted,
                       struct trial_replay **ret_replay, struct err *err)
{
    struct identity own;
    if (trusted == NULL) {
        if (!own_identity(bundle, &own, err))
            return false;
        trusted = &own;
    }
    struct trial_replay *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(err, ERR_IO, "out of memory");
    struct loading l = { .r = r };
    r->samples = malloc(sizeof *r->samples);
    bool good = bundle_verify(bundle, trusted, visit, &l, &r->claim, err);
    if (l.failed || r->samples == NULL || (good && !order_readings(r)))
        good = err_set(err, ERR_IO, "out of memory");
    if (good && (r->count == 0 || r->items[0].what != EVENT_COMMISSIONED))
        good = err_set(err, ERR_INPUT, "the journey does not begin with its goods' commissioning");
    if (!good) {
        trial_replay_free(r);
        return false;
    }
    *ret_replay = r;
    return true;
}

void trial_replay_free(struct trial_replay *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->contract_count; i++)
        free(r->contracts[i].definition);
    trial_findings_free(&r->recorded);
    trial_free(r->t);
    free(r->samples);
    free(r->order);
    free(r->items);
    free(r);
}

/* ------------------------------------------------------------------ samples */

bool trial_replay_load_samples(struct trial_replay *r, const struct trial_replay_item *item)
{
    struct statement st;
    struct samples *s = r->samples;
    size_t kept = 0;
    if (!statement_decode(item->statement, &st, NULL) || !statement_samples(&st, s, NULL))
        return false;
    for (size_t row = 0; row < s->rows; row++) {
        if (s->time_ms[row] < item->first_ms || s->time_ms[row] > item->last_ms)
            continue;
        s->time_ms[kept] = s->time_ms[row];
        for (size_t c = 0; c < s->columns; c++) {
            s->column[c].value[kept] = s->column[c].value[row];
            s->column[c].present[kept] = s->column[c].present[row];
        }
        kept++;
    }
    s->rows = kept;
    return kept > 0;
}

void trial_replay_samples(struct trial_replay *r,
                          void (*take)(void *ctx, uint16_t property, uint64_t time_ms,
                                       int64_t mantissa, int exponent),
                          void *ctx)
{
    const struct samples *s = r->samples;
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].what != EVENT_RECORDED || !trial_replay_load_samples(r, &r->items[i]))
            continue;
        for (size_t c = 0; c < s->columns; c++)
            for (size_t row = 0; row < s->rows; row++)
                if (s->column[c].present[row])
                    take(ctx, s->column[c].property, s->time_ms[row], s->column[c].value[row],
                         s->column[c].exponent);
    }
}
