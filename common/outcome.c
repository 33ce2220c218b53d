#include "common/outcome.h"

#include "common/cose.h"

/* ------------------------------------------------------------------ summaries */

void summary_put(struct buf *out, const struct summary *s)
{
    cbor_put_array(out, 7);
    cbor_put_uint(out, OUTCOME_SUMMARY);
    kid_put(out, &s->kid);
    cbor_put_uint(out, s->last);
    cbor_put_bytes(out, hash_slice(&s->hash));
    cbor_put_uint(out, s->run);
    cbor_put_array(out, s->gap_count);
    for (size_t i = 0; i < s->gap_count; i++) {
        cbor_put_array(out, 2);
        cbor_put_uint(out, s->gap_from[i]);
        cbor_put_uint(out, s->gap_to[i]);
    }
    buf_add_slice(out, s->refusals);
}

static void take_gaps(struct cbor_reader *r, struct summary *s)
{
    s->gap_count = cbor_take_array(r);
    if (s->gap_count > SUMMARY_GAPS_MAX) {
        cbor_fail(r);
        s->gap_count = 0;
    }
    for (size_t i = 0; i < s->gap_count; i++) {
        cbor_take_array_of(r, 2);
        s->gap_from[i] = cbor_take_uint(r);
        s->gap_to[i] = cbor_take_uint(r);
    }
}

static struct slice take_refusals(struct cbor_reader *r)
{
    size_t start = r->pos;
    for (size_t n = cbor_take_array(r); n > 0 && !r->failed; n--) {
        cbor_take_array_of(r, 2);
        (void)cbor_take_uint(r);
        (void)cbor_take_uint_max(r, UINT16_MAX);
    }
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

static void take_summary(struct cbor_reader *r, struct summary *s)
{
    s->kid = kid_take(r);
    s->last = cbor_take_uint(r);
    cbor_take_fixed(r, s->hash.bytes, HASH_SIZE);
    s->run = cbor_take_uint(r);
    take_gaps(r, s);
    s->refusals = take_refusals(r);
}

bool summary_decode(struct slice bytes, struct summary *ret_summary, struct err *err)
{
    struct outcome o = { .type = OUTCOME_SUMMARY };
    if (!outcome_decode(bytes, &o, err))
        return false;
    if (o.type != OUTCOME_SUMMARY)
        return err_set(err, ERR_INPUT, "outcome: not a summary");
    *ret_summary = o.summary;
    return true;
}

/* ------------------------------------------------------------------ verdicts and timers */

static void put_events(struct buf *out, size_t count, struct slice events)
{
    cbor_put_array(out, count);
    buf_add_slice(out, events);
}

static struct slice take_events(struct cbor_reader *r, size_t *ret_count)
{
    *ret_count = cbor_take_array(r);
    size_t start = r->pos;
    for (size_t i = 0; i < *ret_count && !r->failed; i++)
        (void)event_take(r);
    return r->failed ? (struct slice){ NULL, 0 } : slice_from(r->in, start, r->pos - start);
}

void verdict_put(struct buf *out, const struct verdict *v)
{
    cbor_put_array(out, 6);
    cbor_put_uint(out, OUTCOME_VERDICT);
    cbor_put_bytes(out, hash_slice(&v->statement));
    cbor_put_uint(out, v->code);
    cbor_put_text(out, v->detail);
    cbor_put_uint(out, v->flags);
    put_events(out, v->event_count, v->events);
}

static void take_verdict(struct cbor_reader *r, struct verdict *v)
{
    cbor_take_fixed(r, v->statement.bytes, HASH_SIZE);
    v->code = (enum refusal)cbor_take_uint_max(r, UINT16_MAX);
    v->detail = cbor_take_text(r, 0, OUTCOME_DETAIL_MAX);
    v->flags = cbor_take_uint(r);
    v->events = take_events(r, &v->event_count);
}

void timer_outcome_put(struct buf *out, const struct timer_outcome *t)
{
    cbor_put_array(out, 5);
    cbor_put_uint(out, OUTCOME_TIMER);
    cbor_put_uint(out, t->time_ms);
    cbor_put_uint(out, t->what);
    buf_add_slice(out, t->subject);
    put_events(out, t->event_count, t->events);
}

static void take_timer(struct cbor_reader *r, struct timer_outcome *t)
{
    t->time_ms = cbor_take_uint_max(r, TIME_MAX_MS);
    t->what = cbor_take_uint(r);
    t->subject = cbor_take_item(r);
    t->events = take_events(r, &t->event_count);
}

bool outcome_decode(struct slice bytes, struct outcome *ret_outcome, struct err *err)
{
    static const size_t fields[] = { 7, 5, 6 };
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "outcome");
    struct cbor_reader r = cbor_reader(bytes);
    struct outcome o = { .type = OUTCOME_SUMMARY };
    size_t n = cbor_take_array(&r);
    o.type = (enum outcome_type)cbor_take_uint_max(&r, OUTCOME_VERDICT);
    if (n != fields[o.type])
        cbor_fail(&r);
    switch (o.type) {
    case OUTCOME_SUMMARY: take_summary(&r, &o.summary); break;
    case OUTCOME_TIMER: take_timer(&r, &o.timer); break;
    case OUTCOME_VERDICT: take_verdict(&r, &o.verdict); break;
    }
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "outcome: not a summary, timer or verdict");
    *ret_outcome = o;
    return true;
}
