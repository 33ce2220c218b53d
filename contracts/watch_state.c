/*
 * The canonical bytes of a watch's state.
 *   state = [sure rules: uint, [* piece], [* total or silence, by track], [* kinetic, by rule], ? [+ span]]
 *   piece = [first seq, last seq, [* edge / null, by stream], [* runs / null, by track]]
 *   edge = [time, mantissa, exponent, time, mantissa, exponent, dead]
 *   runs = [head's end / null, head run / null, tail run / null, ? hold of the head's last sample]
 *   run = [lead] / [lead, from, peak, exponent, sum]
 *   kinetic = null / [newest, over, cut, [first, last, peak, mean] / null, heat, weight, [* [age, heat, weight]]]
 * A sum is an int, or 16 bytes of two's complement when it does not fit; heat is bytes without leading zeros.
 */
#include "contracts/watch_parts.h"

#include <assert.h>

#include "common/cbor.h"
#include "common/quantity.h"

#define STATE_FIELDS   4 /* and spans, if there are any */
#define PIECE_FIELDS   4
#define EDGE_FIELDS    7
#define RUNS_FIELDS    3 /* and a hold, where it is kept */
#define LEAD_FIELDS    1
#define RUN_FIELDS     5
#define KINETIC_FIELDS 7
#define BEFORE_FIELDS  4
#define STEP_FIELDS    3
#define WIDE_BYTES     16
#define MAX_SUM_MS     (UINT64_C(1) << 60)
#define MAX_WEIGHT_MS  (UINT64_C(1) << 40)
#define MAX_SUM_BIT    112 /* of a sum of values * ms */

/* ------------------------------------------------------------------ encoding */

static void put_big_endian(struct buf *out, mkt_wide value, size_t len)
{
    uint8_t bytes[WIDE_BYTES];
    for (size_t i = WIDE_BYTES; i > 0; i--) {
        bytes[i - 1] = (uint8_t)value;
        value >>= 8;
    }
    cbor_put_bytes(out, slice_of(bytes + WIDE_BYTES - len, len));
}

static void put_wide(struct buf *out, watch_wide value)
{
    if (value >= INT64_MIN && value <= INT64_MAX)
        cbor_put_int(out, (int64_t)value);
    else
        put_big_endian(out, (mkt_wide)value, WIDE_BYTES);
}

static void put_heat(struct buf *out, mkt_wide heat)
{
    size_t len = 0;
    for (mkt_wide rest = heat; rest > 0; rest >>= 8)
        len++;
    put_big_endian(out, heat, len);
}

static void put_point(struct buf *out, const struct watch_point *p)
{
    cbor_put_uint(out, p->time_ms);
    cbor_put_int(out, p->value.mantissa);
    cbor_put_int(out, p->value.exponent);
}

static void put_edge(struct buf *out, const struct watch_edge *edge)
{
    if (!edge->known) {
        cbor_put_null(out);
        return;
    }
    cbor_put_array(out, EDGE_FIELDS);
    put_point(out, &edge->first);
    put_point(out, &edge->last);
    cbor_put_bool(out, edge->dead);
}

static void put_run(struct buf *out, const struct watch_run *run)
{
    if (!run->any) {
        cbor_put_null(out);
        return;
    }
    cbor_put_array(out, run->out ? RUN_FIELDS : LEAD_FIELDS);
    put_wide(out, run->lead);
    if (!run->out)
        return;
    cbor_put_uint(out, run->from_ms);
    cbor_put_int(out, run->peak.mantissa);
    cbor_put_int(out, run->peak.exponent);
    put_wide(out, run->sum);
}

static void put_runs(struct buf *out, const struct watch_runs *runs)
{
    static const struct watch_run none = { .any = false };
    bool has_hold = runs->head_ended && runs->head.any && runs->head_hold_ms > 0;
    cbor_put_array(out, RUNS_FIELDS + (has_hold ? 1 : 0));
    if (runs->head_ended)
        cbor_put_uint(out, runs->head_to_ms);
    else
        cbor_put_null(out);
    put_run(out, runs->head_ended ? &runs->head : &none);
    put_run(out, &runs->tail);
    if (has_hold)
        cbor_put_uint(out, runs->head_hold_ms);
}

static void put_piece(struct buf *out, const struct watch_plan *plan,
                      const struct watch_piece *piece)
{
    cbor_put_array(out, PIECE_FIELDS);
    cbor_put_uint(out, piece->first_seq);
    cbor_put_uint(out, piece->last_seq);
    cbor_put_array(out, plan->stream_count);
    for (size_t i = 0; i < plan->stream_count; i++)
        put_edge(out, &piece->edges[i]);
    cbor_put_array(out, plan->track_count);
    for (size_t i = 0; i < plan->track_count; i++) {
        const struct watch_track *track = &plan->tracks[i];
        if (watch_has_runs(track->watch) && piece->edges[track->stream].known)
            put_runs(out, &piece->runs[i]);
        else
            cbor_put_null(out);
    }
}

static size_t slot_of(const struct watch_kinetic *k, int64_t age)
{
    int64_t slot = (k->newest - age) % WATCH_STEPS;
    return (size_t)(slot < 0 ? slot + WATCH_STEPS : slot);
}

static void put_steps(struct buf *out, const struct watch_kinetic *k)
{
    size_t count = 0;
    for (size_t i = 0; i < WATCH_STEPS; i++)
        count += k->steps[i].weight_ms > 0 ? 1 : 0;
    cbor_put_array(out, count);
    for (int64_t age = 0; age < WATCH_STEPS; age++) {
        const struct mkt_sum *step = &k->steps[slot_of(k, age)];
        if (step->weight_ms == 0)
            continue;
        cbor_put_array(out, STEP_FIELDS);
        cbor_put_int(out, age);
        put_heat(out, step->heat);
        cbor_put_uint(out, step->weight_ms);
    }
}

static void put_kinetic(struct buf *out, const struct watch_kinetic *k)
{
    if (!k->known) {
        cbor_put_null(out);
        return;
    }
    cbor_put_array(out, KINETIC_FIELDS);
    cbor_put_int(out, k->newest);
    cbor_put_uint(out, k->over);
    cbor_put_uint(out, k->cut_ms);
    if (k->before.running) {
        cbor_put_array(out, BEFORE_FIELDS);
        cbor_put_int(out, k->before.first);
        cbor_put_int(out, k->before.last);
        cbor_put_int(out, k->before.peak);
        cbor_put_int(out, k->before.mean);
    } else {
        cbor_put_null(out);
    }
    put_heat(out, k->all.heat);
    cbor_put_uint(out, k->all.weight_ms);
    put_steps(out, k);
}

void watch_state_encode(const struct contract_definition *definition, const struct watch_state *s,
                        struct buf *out)
{
    const struct watch_plan *plan = &s->plan;
    if (!s->planned)
        return; /* as it was read: no bytes */
    cbor_put_array(out, STATE_FIELDS + (s->span_count > 0 ? 1 : 0));
    cbor_put_uint(out, s->sure_rules);
    cbor_put_array(out, s->piece_count);
    for (size_t i = 0; i < s->piece_count; i++)
        put_piece(out, plan, &s->pieces[s->order[i]]);
    cbor_put_array(out, plan->track_count);
    for (size_t i = 0; i < plan->track_count; i++)
        cbor_put_uint(out,
                      plan->tracks[i].watch == CONTRACT_SILENCE ? s->silent_ms[i] : s->total_ms[i]);
    cbor_put_array(out, definition->rule_count);
    for (size_t i = 0; i < definition->rule_count; i++)
        if (definition->rules[i].watch == CONTRACT_KINETIC)
            put_kinetic(out, &s->kinetic[i]);
        else
            cbor_put_null(out);
    watch_span_put(out, s);
}

/* ------------------------------------------------------------------ decoding */

static mkt_wide take_big_endian(struct cbor_reader *r, size_t min)
{
    struct slice bytes = cbor_take_bytes(r, min, WIDE_BYTES);
    mkt_wide value = 0;
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.data[i];
    return value;
}

static watch_wide take_wide(struct cbor_reader *r)
{
    if (cbor_peek(r) != CBOR_BYTES)
        return cbor_take_int(r);
    watch_wide value = (watch_wide)take_big_endian(r, WIDE_BYTES);
    const watch_wide limit = (watch_wide)1 << MAX_SUM_BIT;
    if ((value >= INT64_MIN && value <= INT64_MAX) || value > limit || value < -limit)
        cbor_fail(r);
    return value;
}

static mkt_wide take_heat(struct cbor_reader *r, uint64_t max_weight_ms)
{
    size_t at = r->pos;
    mkt_wide heat = take_big_endian(r, 0);
    bool led = !r->failed && r->pos > at + 1 && r->in.data[at + 1] == 0;
    if (led || heat > ((mkt_wide)max_weight_ms << 63))
        cbor_fail(r);
    return heat;
}

static int take_exponent(struct cbor_reader *r)
{
    return (int)cbor_take_int_in(r, -QUANTITY_MAX_EXPONENT, QUANTITY_MAX_EXPONENT);
}

static struct watch_point take_point(struct cbor_reader *r)
{
    struct watch_point p;
    p.time_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS);
    p.value.mantissa = cbor_take_int(r);
    p.value.exponent = take_exponent(r);
    return p;
}

static bool take_null(struct cbor_reader *r)
{
    if (cbor_peek(r) != CBOR_NULL)
        return false;
    cbor_take_null(r);
    return true;
}

/* before: the stream's last sample in an earlier piece, or NULL. */
static void take_edge(struct cbor_reader *r, const struct watch_stream *stream,
                      const struct watch_edge *before, struct watch_edge *edge)
{
    *edge = (struct watch_edge){ .known = !take_null(r) };
    if (!edge->known)
        return;
    cbor_take_array_of(r, EDGE_FIELDS);
    edge->first = take_point(r);
    edge->last = take_point(r);
    edge->dead = cbor_take_bool(r);
    if (r->failed)
        return;
    edge->scaled = watch_value_scale(edge->last.value, stream->mean_exponent);
    if (edge->first.time_ms > edge->last.time_ms ||
        (before != NULL && edge->first.time_ms <= before->last.time_ms))
        cbor_fail(r);
}

static void take_run(struct cbor_reader *r, struct watch_run *run)
{
    *run = (struct watch_run){ .any = !take_null(r) };
    if (!run->any)
        return;
    size_t fields = cbor_take_array(r);
    if (fields != RUN_FIELDS && fields != LEAD_FIELDS)
        cbor_fail(r);
    run->lead = take_wide(r);
    run->out = fields == RUN_FIELDS;
    if (!run->out)
        return;
    run->from_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS);
    run->peak.mantissa = cbor_take_int(r);
    run->peak.exponent = take_exponent(r);
    run->sum = take_wide(r);
}

/* Whether runs and the piece's samples can be true together. */
static bool runs_fit(const struct watch_runs *runs, const struct watch_edge *edge)
{
    uint64_t first_ms = edge->first.time_ms;
    uint64_t last_ms = edge->last.time_ms;
    const struct watch_run *tail = &runs->tail;
    if (tail->out && (tail->from_ms > last_ms || tail->from_ms < first_ms))
        return false;
    if (!runs->head_ended)
        return tail->any;
    const struct watch_run *head = &runs->head;
    if (runs->head_hold_ms > 0 && (!head->any || runs->head_hold_ms > runs->head_to_ms - first_ms))
        return false;
    if (head->any ? runs->head_to_ms <= first_ms : runs->head_to_ms != first_ms)
        return false;
    if (runs->head_to_ms > last_ms ||
        (head->out && (head->from_ms < first_ms || head->from_ms >= runs->head_to_ms)))
        return false;
    return !tail->any || (tail->out && tail->lead == 0 && tail->from_ms >= runs->head_to_ms);
}

static void take_runs(struct cbor_reader *r, const struct watch_edge *edge, struct watch_runs *runs)
{
    *runs = (struct watch_runs){ .head_ended = false };
    size_t fields = cbor_take_array(r);
    if (fields != RUNS_FIELDS && fields != RUNS_FIELDS + 1)
        cbor_fail(r);
    runs->head_ended = !take_null(r);
    if (runs->head_ended)
        runs->head_to_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS);
    take_run(r, &runs->head);
    take_run(r, &runs->tail);
    if (fields > RUNS_FIELDS) {
        runs->head_hold_ms = cbor_take_uint_max(r, BOOK_MAX_HOLD_MS);
        if (runs->head_hold_ms == 0 || !runs->head_ended)
            cbor_fail(r);
    }
    if (!r->failed && ((!runs->head_ended && runs->head.any) || !runs_fit(runs, edge)))
        cbor_fail(r);
}

static const struct watch_edge *edge_before(const struct watch_state *s, size_t piece,
                                            size_t stream)
{
    for (; piece > 0; piece--)
        if (s->pieces[piece - 1].edges[stream].known)
            return &s->pieces[piece - 1].edges[stream];
    return NULL;
}

static void take_piece(struct cbor_reader *r, struct watch_state *s, size_t at)
{
    const struct watch_plan *plan = &s->plan;
    struct watch_piece *piece = &s->pieces[at];
    bool any = false;
    s->order[at] = (uint8_t)at;
    cbor_take_array_of(r, PIECE_FIELDS);
    piece->first_seq = cbor_take_uint(r);
    piece->last_seq = cbor_take_uint(r);
    if (piece->first_seq > piece->last_seq ||
        (at > 0 && piece->first_seq <= s->pieces[at - 1].last_seq))
        cbor_fail(r);
    cbor_take_array_of(r, plan->stream_count);
    for (size_t i = 0; i < plan->stream_count && !r->failed; i++) {
        take_edge(r, &plan->streams[i], edge_before(s, at, i), &piece->edges[i]);
        any = any || piece->edges[i].known;
    }
    if (!any)
        cbor_fail(r);
    cbor_take_array_of(r, plan->track_count);
    for (size_t i = 0; i < plan->track_count && !r->failed; i++) {
        const struct watch_edge *edge = &piece->edges[plan->tracks[i].stream];
        if (watch_has_runs(plan->tracks[i].watch) && edge->known)
            take_runs(r, edge, &piece->runs[i]);
        else
            cbor_take_null(r);
    }
}

static void take_before(struct cbor_reader *r, struct watch_kinetic *k)
{
    if (take_null(r))
        return;
    cbor_take_array_of(r, BEFORE_FIELDS);
    k->before.running = true;
    k->before.first = cbor_take_int_in(r, 0, WATCH_MAX_TIME_MS);
    k->before.last = cbor_take_int_in(r, k->before.first, WATCH_MAX_TIME_MS);
    k->before.peak = cbor_take_int_in(r, MKT_MIN_CENTI_C, MKT_MAX_CENTI_C);
    k->before.mean = cbor_take_int_in(r, MKT_MIN_CENTI_C, MKT_MAX_CENTI_C);
    if (k->before.last != k->newest - WATCH_WINDOW - 1)
        cbor_fail(r);
}

static void take_kinetic(struct cbor_reader *r, const struct contract_rule *rule,
                         struct watch_kinetic *k)
{
    k->known = false;
    if (take_null(r))
        return;
    *k = (struct watch_kinetic){ .known = true };
    cbor_take_array_of(r, KINETIC_FIELDS);
    k->newest = cbor_take_int_in(r, 0, rule->whole_journey ? 0 : WATCH_MAX_TIME_MS);
    k->over = (unsigned)cbor_take_uint_max(r, 2);
    k->cut_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS + DEFINITION_MAX_DURATION_MS);
    take_before(r, k);
    k->all.heat = take_heat(r, WATCH_MAX_TIME_MS);
    k->all.weight_ms = cbor_take_uint_max(r, WATCH_MAX_TIME_MS);
    size_t count = cbor_take_array(r);
    int64_t next = 0;
    for (size_t i = 0; i < count && !r->failed; i++) {
        cbor_take_array_of(r, STEP_FIELDS);
        int64_t age = cbor_take_int_in(r, next, WATCH_STEPS - 1);
        if (r->failed)
            return;
        struct mkt_sum *step = &k->steps[slot_of(k, age)];
        step->heat = take_heat(r, MAX_WEIGHT_MS);
        step->weight_ms = cbor_take_uint_max(r, MAX_WEIGHT_MS);
        if (step->weight_ms == 0)
            cbor_fail(r);
        next = age + 1;
    }
}

static void take_sure_rules(struct cbor_reader *r, const struct contract_definition *def,
                            struct watch_state *s)
{
    s->sure_rules = (uint32_t)cbor_take_uint_max(r, UINT32_MAX);
    for (size_t i = 0; i < 32; i++)
        if ((s->sure_rules >> i & 1) != 0 &&
            (i >= def->rule_count || def->rules[i].watch != CONTRACT_BOUND))
            cbor_fail(r);
}

static void take_state(struct cbor_reader *r, const struct contract_definition *def,
                       struct watch_state *s)
{
    size_t bytes;
    size_t fields = cbor_take_array(r);
    if (fields != STATE_FIELDS && fields != STATE_FIELDS + 1)
        cbor_fail(r);
    take_sure_rules(r, def, s);
    if (r->failed)
        return;
    watch_plan_make(def, s->sure_rules, &s->plan);
    size_t count = cbor_take_array(r);
    if (count > watch_plan_pieces(def, &s->plan, &bytes))
        cbor_fail(r);
    for (; s->piece_count < count && !r->failed; s->piece_count++)
        take_piece(r, s, s->piece_count);
    cbor_take_array_of(r, s->plan.track_count);
    for (size_t i = 0; i < s->plan.track_count; i++) {
        uint64_t value = cbor_take_uint_max(r, MAX_SUM_MS);
        bool silence = s->plan.tracks[i].watch == CONTRACT_SILENCE;
        bool total = def->rules[s->plan.tracks[i].rule].lasting == CONTRACT_TOTAL;
        s->silent_ms[i] = silence ? value : 0;
        s->total_ms[i] = silence ? 0 : value;
        if (value != 0 && !silence && !total)
            cbor_fail(r);
    }
    cbor_take_array_of(r, def->rule_count);
    for (size_t i = 0; i < def->rule_count && !r->failed; i++)
        if (def->rules[i].watch == CONTRACT_KINETIC)
            take_kinetic(r, &def->rules[i], &s->kinetic[i]);
        else
            cbor_take_null(r);
    if (fields > STATE_FIELDS)
        watch_span_take(r, s);
}

bool watch_state_decode(const struct contract_definition *definition, struct slice bytes,
                        struct watch_state *s, struct err *err)
{
    s->planned = s->withdraws = false;
    s->piece_count = s->span_count = 0;
    if (bytes.len == 0)
        return true;
    if (bytes.len > WATCH_MAX_STATE_BYTES)
        return err_set(err, ERR_INPUT, "watch state: larger than %d bytes", WATCH_MAX_STATE_BYTES);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "watch state");
    struct cbor_reader r = cbor_reader(bytes);
    take_state(&r, definition, s);
    if (!cbor_done(&r)) {
        s->piece_count = s->span_count = 0;
        return err_set(err, ERR_INPUT, "watch state: byte %zu: not one of this contract's", r.pos);
    }
    s->planned = true;
    return true;
}
