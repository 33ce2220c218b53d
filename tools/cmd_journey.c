#include "tools/cmd_journey.h"

#include "tools/cmd_journey_goods.h"

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

/* The samples that are the goods': those within the event's times. */
static void take_reading(struct journey *j, const struct statement *st,
                         const struct event *recorded)
{
    struct event_recorded times = { .first_ms = 0 };
    (void)event_data_recorded(recorded->data, &times);
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
                           j->samples.time_ms[row] >= times.first_ms &&
                           j->samples.time_ms[row] <= times.last_ms;
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
    line->has_by = e->has_statement;
    line->by = e->statement_hash;
    line->order = j->line_count++;
    return line;
}

static size_t contract_index(const struct journey *j, const struct hash *opening)
{
    for (size_t i = 0; i < j->contract_count; i++)
        if (hash_equal(&j->contracts[i].opening, opening))
            return i;
    return PROVENANCE_CONTRACTS;
}

static void take_handover(struct journey *j, const struct bundle_event *e, enum journey_what what)
{
    struct event_handover h;
    if (!event_data_handover(e->event.data, &h))
        return;
    struct journey_line *line = add_line(j, e, what);
    line->from = h.from;
    line->to = h.to;
    line->role = h.role;
}

static void take_kid_line(struct journey *j, const struct bundle_event *e, enum journey_what what)
{
    struct kid kid;
    if (!event_data_kid(e->event.data, &kid))
        return;
    add_line(j, e, what)->from = kid;
    if (what == JOURNEY_ATTACHED)
        (void)begin_run(j, &kid);
}

static void take_in_force(struct journey *j, const struct bundle_event *e)
{
    struct hash opening;
    if (event_data_opening(e->event.data, &opening))
        add_line(j, e, JOURNEY_IN_FORCE)->index = contract_index(j, &opening);
}

static void take_scanned(struct journey *j, const struct bundle_event *e)
{
    struct event_scanned s;
    if (!event_data_scanned(e->event.data, &s))
        return;
    struct journey_line *line = add_line(j, e, JOURNEY_SCANNED);
    line->from = s.kid;
    line->text = s.place;
}

/* ------------------------------------------------------------------ events of contracts */

/* What the caller wrote about it, when the bundle brings the call along. */
static struct slice written_note(const struct bundle_event *e)
{
    struct statement st;
    struct slice note = { NULL, 0 };
    if (!e->has_statement || !statement_decode(e->statement, &st, NULL) || st.kind != KIND_CALL)
        return note;
    if (!call_text(&st.as.call, "comment", &note))
        (void)call_text(&st.as.call, "reason", &note);
    return note;
}

static void take_called(struct journey *j, const struct bundle_event *e)
{
    struct event_called c;
    if (!event_data_called(e->event.data, &c))
        return;
    struct journey_line *line = add_line(j, e, JOURNEY_CALLED);
    line->index = contract_index(j, &c.opening);
    line->from = c.caller;
    line->by_contract = !c.by_key;
    line->text = c.action;
}

static void take_state(struct journey *j, const struct bundle_event *e)
{
    struct event_state s;
    if (!event_data_state(e->event.data, &s))
        return;
    struct journey_line *line = add_line(j, e, JOURNEY_STATE);
    line->index = contract_index(j, &s.opening);
    line->number = s.from;
    line->to_number = s.to;
    line->text = s.by;
}

static void take_document(struct journey *j, const struct bundle_event *e)
{
    struct event_document d;
    if (!event_data_document(e->event.data, &d))
        return;
    struct journey_line *line = add_line(j, e, JOURNEY_DOCUMENT);
    line->index = contract_index(j, &d.opening);
    line->text = d.name;
}

static void take_acknowledged(struct journey *j, const struct bundle_event *e)
{
    struct event_excursion of;
    if (!event_data_excursion(e->event.data, &of))
        return;
    struct journey_line *line = add_line(j, e, JOURNEY_ACKNOWLEDGED);
    line->index = contract_index(j, &of.opening);
    line->number = of.rule;
    line->note = written_note(e);
}

static void take_add_back(struct journey *j, const struct bundle_event *e, enum journey_what what)
{
    struct event_add_back a;
    if (!event_data_add_back(e->event.data, &a))
        return;
    struct journey_line *line = add_line(j, e, what);
    line->index = contract_index(j, &a.opening);
    line->text = a.budget;
    line->number = a.ms / 1000;
    line->note = written_note(e);
}

static void take_not_judged(struct journey *j, const struct bundle_event *e)
{
    struct event_not_judged n;
    if (!event_data_not_judged(e->event.data, &n))
        return;
    struct journey_line *line = add_line(j, e, JOURNEY_NOT_JUDGED);
    line->index = contract_index(j, &n.opening);
    line->from = n.device;
    line->number = n.first_ms;
    line->to_number = n.last_ms;
}

static void take_end(struct journey *j, const struct bundle_event *e)
{
    struct event_finished f;
    struct event_replaced r;
    if (event_data_finished(e->event.data, &f)) {
        struct journey_line *line = add_line(j, e, JOURNEY_FINISHED);
        line->index = contract_index(j, &f.opening);
        line->number = f.ending;
    } else if (event_data_replaced(e->event.data, &r)) {
        add_line(j, e, JOURNEY_REPLACED)->index = contract_index(j, &r.old);
    }
}

static void take_goods(struct journey *j, const struct bundle_event *e)
{
    struct journey_line *line = add_line(j, e, JOURNEY_GOODS);
    line->event = e->event.what;
    line->data = e->event.data;
    line->statement = e->statement;
}

/* ------------------------------------------------------------------ each event */

static void take_event(struct journey *j, const struct bundle_event *e)
{
    switch (e->event.what) {
    case EVENT_COMMISSIONED: take_kid_line(j, e, JOURNEY_COMMISSIONED); return;
    case EVENT_PASSED: take_handover(j, e, JOURNEY_PASSED); return;
    case EVENT_REJECTED: take_handover(j, e, JOURNEY_REJECTED); return;
    case EVENT_ATTACHED: take_kid_line(j, e, JOURNEY_ATTACHED); return;
    case EVENT_DETACHED: take_kid_line(j, e, JOURNEY_DETACHED); return;
    case EVENT_IN_FORCE: take_in_force(j, e); return;
    case EVENT_SUSPECT: take_kid_line(j, e, JOURNEY_SUSPECT); return;
    case EVENT_SCANNED: take_scanned(j, e); return;
    case EVENT_CALLED: take_called(j, e); return;
    case EVENT_STATE: take_state(j, e); return;
    case EVENT_DOCUMENT: take_document(j, e); return;
    case EVENT_ACKNOWLEDGED: take_acknowledged(j, e); return;
    case EVENT_ADDED_BACK: take_add_back(j, e, JOURNEY_ADDED_BACK); return;
    case EVENT_ADD_BACK_UNDONE: take_add_back(j, e, JOURNEY_ADD_BACK_UNDONE); return;
    case EVENT_NOT_JUDGED: take_not_judged(j, e); return;
    case EVENT_FINISHED:
    case EVENT_REPLACED: take_end(j, e); return;
    case EVENT_RECEIVED:
    case EVENT_NOT_RECEIVED:
    case EVENT_BOUND:
    case EVENT_PACKED:
    case EVENT_UNPACKED:
    case EVENT_LOADED:
    case EVENT_UNLOADED:
    case EVENT_MADE:
    case EVENT_USED:
    case EVENT_DISPOSITION:
    case EVENT_DISPUTED:
    case EVENT_CERTIFIED:
    case EVENT_CERTIFICATE_REVOKED:
    case EVENT_CORRECTED:
    case EVENT_FINDING:
    case EVENT_LABEL_SEALED:
    case EVENT_REVEALED:
    case EVENT_OFFER_EXPIRED: take_goods(j, e); return;
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
    case EVENT_PROPOSED:
    case EVENT_BALLOT:
    case EVENT_PROPOSAL_PASSED:
    case EVENT_PROPOSAL_REJECTED:
    case EVENT_PROPOSAL_WITHDRAWN:
    case EVENT_PROPOSAL_EXPIRED:
    case EVENT_APPLIED:
    case EVENT_NOT_APPLIED:
    case EVENT_MEMBER_ADDED:
    case EVENT_MEMBER_REMOVED:
    case EVENT_SET_CHANGED:
    case EVENT_EVIDENCE:
    case EVENT_NODE:
    case EVENT_BALLOT_RESCINDED:
    case EVENT_AUTHORISED: return;
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
    for (size_t i = 0; i < j->contract_count; i++)
        if (j->contracts[i].known)
            provenance_apply_rules(&j->provenance, &j->contracts[i].opening,
                                   &j->contracts[i].definition);
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
        line->time_ms = p->excursion[i].of.from_ms;
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
    if (bundle_hides_holds(&j->claim)) {
        journey_free(j);
        return err_set(err, ERR_PROOF, "it leaves out whether the goods are recalled");
    }
    journey_goods_settle(j);
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

const struct contract_definition *journey_definition_of(const struct journey *j,
                                                        const struct journey_line *line)
{
    bool known = line->index < j->contract_count && j->contracts[line->index].known;
    return known ? &j->contracts[line->index].definition : NULL;
}

const struct journey_contract *journey_contract_of(const struct journey *j,
                                                   const struct provenance_excursion *e)
{
    for (size_t i = 0; i < j->contract_count; i++)
        if (hash_equal(&j->contracts[i].opening, &e->of.opening) && j->contracts[i].known &&
            e->of.rule < j->contracts[i].definition.rule_count)
            return &j->contracts[i];
    return NULL;
}
