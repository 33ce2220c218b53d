/* A journey lived through on a trial ledger. */
#include "tools/trial_replay.h"

#include "common/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRES_MS UINT64_C(86400000)
#define BEFORE_MS  1000 /* the trial's clock starts this long before the journey */

/* ------------------------------------------------------------------ people */

struct running {
    struct trial_replay *r;
    const struct trial_proposal *p;
    struct buf assets, memory;
    struct asset_set set;
    struct buf
        *signed_bytes; /* of each reading, by item: signed in the device's order beforehand */
    bool opened;
    struct err *err;
};

static const char *name_of(const struct running *x, const struct kid *kid,
                           char text[TRIAL_NAME_SIZE])
{
    const char *name =
        x->p->name == NULL ? NULL : x->p->name(x->p->ctx, kid, text, TRIAL_NAME_SIZE);
    if (name != NULL && trial_find(x->r->t, name) == NULL)
        return name;
    hex_encode(kid_slice(kid), text);
    return text;
}

static struct trial_person *add_person(struct running *x, const struct kid *kid,
                                       enum key_class class, const struct kid *company)
{
    char text[TRIAL_NAME_SIZE];
    struct trial_person *there = trial_find_kid(x->r->t, kid);
    const struct trial_person *of = company == NULL ? NULL : trial_find_kid(x->r->t, company);
    if (there != NULL)
        return there;
    struct trial_who who = {
        .name = name_of(x, kid, text), .class = class, .company = of, .kid = kid
    };
    return trial_add(x->r->t, &who, x->err);
}

/* Parties that never held the goods are companies too, unless a device goes by that kid. */
static bool add_parties(struct running *x)
{
    struct cbor_reader r = cbor_reader(x->p->parties);
    for (size_t n = cbor_take_map(&r); n > 0 && !r.failed; n--) {
        (void)cbor_take_item(&r);
        struct kid kid = kid_take(&r);
        if (add_person(x, &kid, CLASS_MEMBER, NULL) == NULL)
            return false;
    }
    return true;
}

static bool add_people(struct running *x)
{
    const struct trial_replay *r = x->r;
    for (size_t i = 0; i < r->member_count; i++)
        if (add_person(x, &r->members[i], CLASS_MEMBER, NULL) == NULL)
            return false;
    for (size_t i = 0; i < r->device_count; i++)
        if (add_person(x, &r->devices[i], CLASS_DEVICE, &r->company[i]) == NULL)
            return false;
    if (!add_parties(x))
        return false;
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].what == EVENT_SCANNED &&
            add_person(x, &r->items[i].who, CLASS_OPERATOR, &r->members[0]) == NULL)
            return false;
    return true;
}

/* ------------------------------------------------------------------ living through it */

static bool note_refusal(struct running *x, const char *what)
{
    struct trial *t = x->r->t;
    if (t->last.code == ACCEPTED)
        return true;
    if (!trial_settle(t, x->err))
        return false;
    if (x->r->refused++ == 0)
        (void)snprintf(x->r->refusal, sizeof x->r->refusal, "%s: %s%s%.120s", what,
                       refusal_name(t->last.code), t->last.words[0] != '\0' ? ": " : "",
                       t->last.words);
    return true;
}

static bool say(struct running *x, const struct kid *kid, struct statement draft, uint64_t time_ms,
                const char *what)
{
    struct trial_person *by = trial_find_kid(x->r->t, kid);
    if (by == NULL)
        return true;
    buf_clear(&x->memory);
    return trial_sign(x->r->t, by, draft, time_ms, &x->memory, x->err) &&
           trial_send(x->r->t, buf_slice(&x->memory), x->err) && note_refusal(x, what);
}

static bool hand_over(struct running *x, const struct trial_replay_item *item)
{
    struct statement draft = { .kind = KIND_CUSTODY };
    struct custody *c = &draft.as.custody;
    *c = (struct custody){ .assets = x->set,
                           .action = CUSTODY_OFFER,
                           .to = item->to,
                           .role = (enum custody_role)item->role };
    if (!say(x, &item->who, draft, item->time_ms, "a handover"))
        return false;
    if (x->r->t->last.code != ACCEPTED)
        return true;
    c->action = CUSTODY_ACCEPT;
    c->offer = x->r->t->last.statement;
    c->to = (struct kid){ { 0 } };
    return say(x, &item->to, draft, item->time_ms, "a handover");
}

static bool attach(struct running *x, const struct trial_replay_item *item)
{
    struct statement draft = { .kind = KIND_ATTACH };
    const struct trial_person *device = trial_find_kid(x->r->t, &item->who);
    draft.as.attach = (struct attach){ .device = item->who,
                                       .asset = slice_text(x->r->claim.asset),
                                       .detach = item->what == EVENT_DETACHED };
    return device == NULL || say(x, &device->member, draft, item->time_ms, "an attachment");
}

static bool take_item(struct running *x, size_t i)
{
    const struct trial_replay_item *item = &x->r->items[i];
    struct statement draft = { .kind = KIND_COMMISSION };
    if (item->what == EVENT_PASSED)
        return hand_over(x, item);
    if (item->what == EVENT_ATTACHED || item->what == EVENT_DETACHED)
        return attach(x, item);
    if (item->what == EVENT_RECORDED)
        return x->signed_bytes[i].len == 0 ||
               (trial_send(x->r->t, buf_slice(&x->signed_bytes[i]), x->err) &&
                note_refusal(x, "a reading"));
    if (item->what == EVENT_SCANNED) {
        draft.kind = KIND_SCAN;
        draft.as.scan = (struct scan){ .assets = x->set, .place = item->place };
        return say(x, &item->who, draft, item->time_ms, "a scan");
    }
    draft.as.commission.assets = x->set;
    return say(x, &item->who, draft, item->time_ms, "the commissioning");
}

/* Each device's statements are chained by its own order, not by that of their arrival. */
static bool sign_readings(struct running *x)
{
    struct trial_replay *r = x->r;
    struct buf memory = buf_heap(READING_SIZE_MAX * 4);
    bool good = true;
    for (size_t k = 0; good && k < r->order_count; k++) {
        size_t i = r->order[k];
        struct statement draft = { .kind = KIND_READING };
        struct trial_person *by = trial_find_kid(r->t, &r->items[i].who);
        if (by == NULL || !trial_replay_load_samples(r, &r->items[i]))
            continue;
        x->signed_bytes[i] = buf_heap(STATEMENT_MAX);
        good = reading_make(r->samples, &memory, &draft.as.reading, x->err) &&
               trial_sign(r->t, by, draft, r->samples->time_ms[r->samples->rows - 1],
                          &x->signed_bytes[i], x->err);
        r->readings += r->samples->rows * r->samples->columns;
    }
    buf_free(&memory);
    return good;
}

/* ------------------------------------------------------------------ the proposed contract */

static bool agree(struct running *x)
{
    struct statement draft = { .kind = KIND_AGREE };
    struct cbor_reader r = cbor_reader(x->p->parties);
    struct kid said[OPEN_PARTIES_MAX] = { x->p->opener };
    size_t count = 1;
    draft.as.agree.opening = x->r->opening;
    for (size_t n = cbor_take_map(&r); n > 0 && !r.failed; n--) {
        (void)cbor_take_item(&r);
        struct kid kid = kid_take(&r);
        const struct trial_person *who = trial_find_kid(x->r->t, &kid);
        bool again = who == NULL || who->class != CLASS_MEMBER;
        for (size_t i = 0; i < count; i++)
            again = again || kid_equal(&said[i], &kid);
        if (again || count == OPEN_PARTIES_MAX)
            continue;
        said[count++] = kid;
        if (!say(x, &kid, draft, x->r->t->now_ms, "an agreement"))
            return false;
    }
    return true;
}

static bool open_contract(struct running *x)
{
    struct trial *t = x->r->t;
    struct statement draft = { .kind = KIND_OPEN };
    x->opened = true;
    draft.as.open = (struct open){ .definition = crypto_sha256(x->p->compiled),
                                   .compiled = x->p->compiled,
                                   .parties = x->p->parties,
                                   .terms = x->p->terms,
                                   .holders = x->p->holders,
                                   .assets = x->set,
                                   .expires_ms = t->now_ms + EXPIRES_MS };
    if (!say(x, &x->p->opener, draft, t->now_ms, "the opening"))
        return false;
    if (t->last.code != ACCEPTED)
        return err_set(x->err, ERR_REFUSED, "the contract cannot be opened: %.180s", x->r->refusal);
    x->r->opening = t->last.statement;
    x->r->start_ms = t->now_ms;
    return agree(x);
}

static void note_event(void *ctx, const struct event *e)
{
    struct trial_replay *r = ctx;
    struct event_not_judged d;
    if (e->what == EVENT_NOT_JUDGED && event_data_not_judged(e->data, &d))
        r->not_judged++;
}

static bool live(struct running *x)
{
    struct trial_replay *r = x->r;
    uint64_t start_ms = x->p->start_ms != 0 ? x->p->start_ms : r->in_force_ms;
    r->t->watch = note_event;
    r->t->watch_ctx = r;
    if (!add_people(x) || !sign_readings(x))
        return false;
    for (size_t i = 0; i < r->count; i++) {
        uint64_t block_ms = r->items[i].block_ms;
        if (i > 0 && !x->opened && start_ms <= block_ms &&
            (!trial_advance(r->t, start_ms > r->t->now_ms ? start_ms : r->t->now_ms, x->err) ||
             !open_contract(x)))
            return false;
        if ((block_ms > r->t->now_ms && !trial_advance(r->t, block_ms, x->err)) || !take_item(x, i))
            return false;
    }
    if (!x->opened && !open_contract(x))
        return false;
    if (!trial_settle(r->t, x->err))
        return false;
    uint64_t end_ms = r->claim.head.time_ms;
    return end_ms <= r->t->now_ms || trial_advance(r->t, end_ms, x->err);
}

bool trial_replay_run(struct trial_replay *r, const struct trial_proposal *p, struct err *err)
{
    struct running x = { .r = r, .p = p, .err = err };
    x.assets = buf_heap(256);
    x.memory = buf_heap(STATEMENT_MAX);
    x.set = asset_set_one(r->claim.asset, &x.assets);
    x.signed_bytes = calloc(r->count, sizeof *x.signed_bytes);
    r->t = trial_new(r->items[0].block_ms - BEFORE_MS);
    bool good =
        x.signed_bytes != NULL && r->t != NULL ? live(&x) : err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; x.signed_bytes != NULL && i < r->count; i++)
        buf_free(&x.signed_bytes[i]);
    free(x.signed_bytes);
    buf_free(&x.assets);
    buf_free(&x.memory);
    return good;
}
