#include "tools/cmd_journey.h"

#include <stdlib.h>
#include <string.h>

struct loading {
    const struct cmd_home *home;
    const struct identity *trusted;
    struct journey *j;
    struct buf scratch;
    struct err *err;
};

/* ------------------------------------------------------------------ statements the bundle brings */

/* A run of one device's statements about this asset: a new one begins when it is attached again. */
static struct journey_device *begin_run(struct journey *j, const struct kid *kid)
{
    if (j->device_count == JOURNEY_DEVICES_MAX) {
        j->cut = true;
        return NULL;
    }
    struct journey_device *d = &j->devices[j->device_count++];
    *d = (struct journey_device){ .kid = *kid };
    return d;
}

static struct journey_device *run_of(struct journey *j, const struct kid *kid)
{
    for (size_t i = j->device_count; i-- > 0;)
        if (kid_equal(&j->devices[i].kid, kid))
            return &j->devices[i];
    return begin_run(j, kid);
}

/* The samples that are the goods': those within the event's times, [kid, first, last]. */
static void take_reading(struct journey *j, const struct statement *st,
                         const struct event *recorded)
{
    struct cbor_reader r = cbor_reader(recorded->data);
    (void)cbor_take_array(&r);
    (void)cbor_take_item(&r);
    uint64_t first_ms = cbor_take_uint(&r), last_ms = cbor_take_uint(&r);
    struct journey_device *d = run_of(j, &st->kid);
    if (d != NULL) {
        d->first_seq = d->packs == 0 || st->link.seq < d->first_seq ? st->link.seq : d->first_seq;
        d->last_seq = st->link.seq > d->last_seq ? st->link.seq : d->last_seq;
        d->packs++;
    }
    if (!statement_samples(st, &j->samples, NULL))
        return;
    for (size_t c = 0; c < j->samples.columns; c++)
        for (size_t row = 0; row < j->samples.rows; row++)
            j->readings += j->samples.column[c].present[row] &&
                           j->samples.time_ms[row] >= first_ms &&
                           j->samples.time_ms[row] <= last_ms;
}

static void take_opening(struct journey *j, const struct statement *st)
{
    const struct open *o = &st->as.open;
    if (j->contract_count == PROVENANCE_CONTRACTS) {
        j->cut = true;
        return;
    }
    struct journey_contract *c = &j->contracts[j->contract_count++];
    c->opening = st->hash;
    struct hash named = definition_hash(o->compiled);
    c->known = o->compiled.len > 0 && hash_equal(&named, &o->definition) &&
               definition_decode(o->compiled, &c->definition, NULL) &&
               terms_bind(&c->definition, o->terms, &c->terms, NULL);
}

/* The sealed outcome proves it was accepted; a founder's own signature can be checked on top. */
static bool check_signature(struct loading *l, const struct statement *st)
{
    for (size_t i = 0; i < l->home->member_count; i++) {
        const struct cmd_member *m = &l->home->members[i];
        struct kid kid = key_kid(m->pub);
        if (!kid_equal(&kid, &st->kid))
            continue;
        if (!statement_verify(st, m->pub, &l->trusted->genesis.ledger, &l->scratch))
            return err_set(l->err, ERR_PROOF, "a statement of %s whose signature does not hold",
                           m->name);
        l->j->signatures_checked++;
    }
    return true;
}

static bool take_statement(struct loading *l, const struct bundle_event *e)
{
    struct statement st;
    if (!e->has_statement || e->statement.len == 0 ||
        hash_equal(&e->statement_hash, &l->j->last_statement))
        return true;
    l->j->last_statement = e->statement_hash;
    if (!statement_decode(e->statement, &st, l->err))
        return false;
    if (st.kind == KIND_READING && e->event.what == EVENT_RECORDED)
        take_reading(l->j, &st, &e->event);
    else if (st.kind == KIND_OPEN)
        take_opening(l->j, &st);
    return check_signature(l, &st);
}

/* ------------------------------------------------------------------ events */

static struct journey_line *add_line(struct journey *j, const struct bundle_event *e,
                                     enum journey_what what)
{
    static struct journey_line none;
    if (j->line_count == JOURNEY_LINES_MAX) {
        j->cut = true;
        return &none;
    }
    struct journey_line *line = &j->lines[j->line_count];
    *line = (struct journey_line){ .what = what, .time_ms = e->event.time_ms };
    line->sealed_ms = e->header->time_ms;
    line->order = j->line_count++;
    return line;
}

/* [offer, from, to, role] */
static void take_handover(struct journey *j, const struct bundle_event *e, enum journey_what what)
{
    struct journey_line *line = add_line(j, e, what);
    struct cbor_reader r = cbor_reader(e->event.data);
    (void)cbor_take_array(&r);
    (void)cbor_take_bytes(&r, HASH_SIZE, HASH_SIZE);
    line->from = kid_take(&r);
    line->to = kid_take(&r);
    line->role = cbor_take_uint(&r);
}

/* [kid] */
static void take_kid_line(struct journey *j, const struct bundle_event *e, enum journey_what what)
{
    struct journey_line *line = add_line(j, e, what);
    struct cbor_reader r = cbor_reader(e->event.data);
    (void)cbor_take_array(&r);
    line->from = kid_take(&r);
}

static void take_attached(struct journey *j, const struct bundle_event *e)
{
    struct cbor_reader r = cbor_reader(e->event.data);
    (void)cbor_take_array(&r);
    struct kid kid = kid_take(&r);
    take_kid_line(j, e, JOURNEY_ATTACHED);
    (void)begin_run(j, &kid);
}

static void take_in_force(struct journey *j, const struct bundle_event *e)
{
    struct journey_line *line = add_line(j, e, JOURNEY_IN_FORCE);
    struct hash opening;
    struct cbor_reader r = cbor_reader(e->event.data);
    (void)cbor_take_array(&r);
    cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
    line->index = PROVENANCE_CONTRACTS;
    for (size_t i = 0; i < j->contract_count; i++)
        if (hash_equal(&j->contracts[i].opening, &opening))
            line->index = i;
}

static void take_event(struct journey *j, const struct bundle_event *e)
{
    switch (e->event.what) {
    case EVENT_COMMISSIONED: take_kid_line(j, e, JOURNEY_COMMISSIONED); return;
    case EVENT_PASSED: take_handover(j, e, JOURNEY_PASSED); return;
    case EVENT_REJECTED: take_handover(j, e, JOURNEY_REJECTED); return;
    case EVENT_ATTACHED: take_attached(j, e); return;
    case EVENT_DETACHED: take_kid_line(j, e, JOURNEY_DETACHED); return;
    case EVENT_IN_FORCE: take_in_force(j, e); return;
    case EVENT_SUSPECT: take_kid_line(j, e, JOURNEY_SUSPECT); return;
    case EVENT_RECORDED:
    case EVENT_OFFERED:
    case EVENT_CANCELLED:
    case EVENT_ENROLLED:
    case EVENT_REVOKED:
    case EVENT_CLONE:
    case EVENT_GAP:
    case EVENT_LATE:
    case EVENT_LOST:
    case EVENT_MASTER_DATA:
    case EVENT_OPENED:
    case EVENT_AGREED:
    case EVENT_LAPSED:
    case EVENT_EXCURSION_OPENED:
    case EVENT_EXCURSION_CLOSED:
    case EVENT_CHARGED:
    case EVENT_REVISION:
    case EVENT_OFFER_EXPIRED:
    case EVENT_NOT_JUDGED:
    case EVENT_CALLED:
    case EVENT_STATE:
    case EVENT_SCANNED:
    case EVENT_DOCUMENT:
    case EVENT_ACKNOWLEDGED:
    case EVENT_ADDED_BACK:
    case EVENT_ADD_BACK_UNDONE:
    case EVENT_FINISHED:
    case EVENT_REPLACED: return;
    }
}

static bool visit(void *ctx, const struct bundle_event *e)
{
    struct loading *l = ctx;
    provenance_add(&l->j->provenance, e->event.what, e->event.time_ms, e->event.data);
    if (!take_statement(l, e))
        return false;
    take_event(l->j, e);
    return true;
}

/* ------------------------------------------------------------------ the whole */

/* Excursions are told where they began, as they stand after everything. */
static void add_excursions(struct journey *j)
{
    const struct provenance *p = &j->provenance;
    for (size_t i = 0; i < p->excursion_count; i++) {
        if (!p->excursion[i].opened)
            continue;
        if (j->line_count == JOURNEY_LINES_MAX) {
            j->cut = true;
            return;
        }
        struct journey_line *line = &j->lines[j->line_count];
        *line = (struct journey_line){ .what = JOURNEY_EXCURSION, .index = i };
        line->time_ms = p->excursion[i].from_ms;
        line->order = j->line_count++;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct journey_line *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

bool journey_load(const struct cmd_home *home, struct slice bundle, const struct identity *trusted,
                  struct journey **ret_journey, struct err *err)
{
    struct err why = { .code = ERR_NONE }, stopped = { .code = ERR_NONE };
    struct journey *j = calloc(1, sizeof *j);
    if (j == NULL)
        return err_set(err, ERR_IO, "out of memory");
    struct loading l = { .home = home, .trusted = trusted, .j = j, .err = &stopped };
    l.scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    provenance_begin(&j->provenance);
    bool good = bundle_verify(bundle, trusted, visit, &l, &j->claim, &why);
    buf_free(&l.scratch);
    if (!good) { /* damaged is no proof either */
        journey_free(j);
        return err_set(err, ERR_PROOF, "%s", stopped.code != ERR_NONE ? stopped.msg : why.msg);
    }
    add_excursions(j);
    qsort(j->lines, j->line_count, sizeof j->lines[0], by_time);
    *ret_journey = j;
    return true;
}

void journey_free(struct journey *j)
{
    free(j);
}

uint64_t journey_missing(const struct journey *j)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < j->device_count; i++) {
        const struct journey_device *d = &j->devices[i];
        uint64_t expected = d->packs == 0 ? 0 : d->last_seq - d->first_seq + 1;
        missing += expected > d->packs ? expected - d->packs : 0; /* a clone counts twice */
    }
    return missing;
}
