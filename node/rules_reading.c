/* Readings: rights, the asset they belong to, and the judgement of the contracts it travels under. */
#include "contracts/property.h"
#include "node/judging_parts.h"
#include "node/reading_rows.h"

#define STEPS_OF_LATE 4

/* A device's statement as it is judged, contract by contract. */
struct watched_pack {
    const struct speaker *by;
    const struct reading_rows_asset *rows; /* that are the asset's */
    size_t gap_count;
    struct watch_gap gaps[WATCH_MAX_GAPS];
};

/* ------------------------------------------------------------------ one contract */

static bool contract_names(const struct contract_bound *c, const struct kid *device)
{
    bool named = c->device_count == 0;
    for (size_t i = 0; i < c->device_count; i++)
        named = named || kid_equal(&c->devices[i], device);
    return named;
}

/* A sample's time as it counts: never later than the block, give or take what clocks may differ. */
static uint64_t counted_time(const struct execution *x, uint64_t time_ms)
{
    return time_ms > x->context.time_ms + FUTURE_ALLOWED_MS ? x->context.time_ms : time_ms;
}

/* How many rules look at a property. */
static size_t rules_of(const struct contract_definition *def, uint16_t property)
{
    size_t n = 0;
    for (size_t i = 0; i < def->rule_count; i++)
        n += def->rules[i].property == property || def->rules[i].property == 0 ? 1 : 0;
    return n;
}

/* Rows that were not judged, from the first to the last. */
struct passed_over {
    bool any;
    size_t first, last;
};

static void judge_sample(struct judging *j, const struct sample_column *c, size_t row,
                         struct passed_over *ret)
{
    struct watch_reading r = { .property = c->property,
                               .present = c->present[row],
                               .exponent = c->exponent,
                               .time_ms = counted_time(j->x, j->x->samples.time_ms[row]),
                               .mantissa = c->value[row] };
    if (r.time_ms >= j->stops_ms)
        return;
    enum watch_result result = watch_sample(&j->watch, &r);
    judging_report(j);
    if (result == WATCH_NOT_JUDGED) {
        ret->first = ret->any ? ret->first : row;
        ret->last = row;
        ret->any = true;
        return;
    }
    if (r.present)
        judging_heard(j, r.property, r.time_ms);
    if (result == WATCH_JUDGED && r.time_ms > j->newest_ms)
        j->newest_ms = r.time_ms;
}

static void judge_rows(struct judging *j, const struct reading_rows_asset *rows,
                       struct passed_over *ret)
{
    const struct samples *s = &j->x->samples;
    size_t watched[READING_COLUMNS_MAX], n = 0, work = 0;
    for (size_t i = 0; i < s->columns; i++) {
        size_t rules = rules_of(&j->contract->definition, s->column[i].property);
        if (rules > 0)
            watched[n++] = i;
        work += rules;
    }
    (void)execution_step(j->x, work * reading_rows_count(rows));
    for (size_t k = 0; k < rows->span_count; k++)
        for (size_t row = rows->spans[k].from; row < rows->spans[k].to; row++)
            for (size_t i = 0; i < n && !execution_is_over(j->x); i++)
                judge_sample(j, &s->column[watched[i]], row, ret);
}

/* What was passed over fills history; an in-order statement that steps back in time says so. */
static void tell_passed_over(struct judging *j, const struct speaker *by,
                             const struct passed_over *p)
{
    const struct samples *s = &j->x->samples;
    if (!p->any)
        return;
    *by->flags |= (*by->flags & FLAG_FILLS) != 0 ? FLAG_LATE : FLAG_ROLLBACK;
    struct slice subject = execution_subject_asset(j->x, j->asset);
    struct buf *data = execution_emit(j->x, EVENT_NOT_JUDGED, subject, by->st->link.time_ms, 4);
    kid_put(data, &by->st->kid);
    cbor_put_uint(data, s->time_ms[p->first]);
    cbor_put_uint(data, s->time_ms[p->last]);
    cbor_put_bytes(data, hash_slice(&j->opening));
}

/* Between gaps lie the pieces that a statement is judged from; one that is late is put among them. */
static uint64_t steps_of_pieces(const struct judging *j, const struct watched_pack *pack)
{
    bool fills = (*pack->by->flags & FLAG_FILLS) != 0;
    return (pack->gap_count + 1) * j->contract->definition.rule_count * (fills ? STEPS_OF_LATE : 1);
}

static void watch_pack(struct judging *j, const struct watched_pack *pack)
{
    struct passed_over passed_over = { .any = false };
    if (!judging_load(j, &pack->by->st->kid))
        return;
    (void)execution_step(j->x, steps_of_pieces(j, pack));
    watch_begin(&j->watch, pack->by->st->link.seq, pack->gaps, pack->gap_count);
    judging_report(j);
    judge_rows(j, pack->rows, &passed_over);
    watch_end(&j->watch);
    judging_report(j);
    judging_heard_settle(j);
    tell_passed_over(j, pack->by, &passed_over);
    judging_keep(j);
}

/* ------------------------------------------------------------------ reactions to single samples */

static bool reacts_to(const struct contract_definition *def, uint16_t property)
{
    for (size_t i = 0; i < def->reaction_count; i++)
        if (def->reactions[i].trigger == CONTRACT_ON_READING &&
            def->reactions[i].detail == property)
            return true;
    return false;
}

static struct contract_value value_of(const struct sample_column *c, size_t row)
{
    const struct property *p = property_by_id(c->property);
    return (struct contract_value){ .type = CONTRACT_QUANTITY,
                                    .number = c->value[row],
                                    .exponent = c->exponent,
                                    .text = slice_text(p == NULL ? "" : p->unit) };
}

static void react_to_sample(struct execution *x, const struct hash *opening, struct slice asset,
                            const struct sample_column *c, size_t row)
{
    const struct contract_bound *contract = contract_cache_find(x, opening);
    struct instance_event event = { .trigger = CONTRACT_ON_READING,
                                    .detail = c->property,
                                    .asset = asset,
                                    .time_ms = counted_time(x, x->samples.time_ms[row]),
                                    .has_reading = true,
                                    .reading = value_of(c, row) };
    event.reading_ms = event.time_ms;
    if (contract != NULL)
        instance_react(x, contract, &event);
}

struct time_span {
    uint64_t from_ms, to_ms;
};

static void react_to_span(struct execution *x, const struct hash *opening, struct slice asset,
                          struct reading_rows_span rows, const struct time_span *in_force)
{
    const struct samples *s = &x->samples;
    const struct contract_bound *contract = contract_cache_find(x, opening);
    size_t wanted[READING_COLUMNS_MAX], n = 0;
    for (size_t i = 0; i < s->columns && contract != NULL; i++)
        if (reacts_to(&contract->definition, s->column[i].property))
            wanted[n++] = i;
    for (size_t row = rows.from; row < rows.to && n > 0; row++) {
        uint64_t time_ms = counted_time(x, s->time_ms[row]);
        if (time_ms < in_force->from_ms || time_ms >= in_force->to_ms)
            continue;
        for (size_t i = 0; i < n && instance_may_react(x); i++)
            if (s->column[wanted[i]].present[row])
                react_to_sample(x, opening, asset, &s->column[wanted[i]], row);
    }
}

/* In order of time, all that were measured while the contract was in force. */
static void react_to_rows(struct execution *x, const struct hash *opening,
                          const struct reading_rows_asset *rows, const struct time_span *in_force)
{
    for (size_t i = 0; i < rows->span_count; i++)
        react_to_span(x, opening, rows->asset, rows->spans[i], in_force);
}

/* ------------------------------------------------------------------ all contracts */

static void judge_contract(struct execution *x, const struct watched_pack *pack,
                           const struct hash *opening)
{
    struct judging j;
    uint64_t first_ms = x->samples.time_ms[reading_rows_first(pack->rows)];
    if (!judging_open(&j, x, pack->rows->asset, opening) ||
        !contract_names(j.contract, &pack->by->st->kid) || counted_time(x, first_ms) >= j.stops_ms)
        return;
    if (x->context.time_ms > first_ms &&
        x->context.time_ms - first_ms > j.contract->terms.lateness_ms)
        *pack->by->flags |= FLAG_LATE;
    if (j.contract->definition.rule_count > 0)
        watch_pack(&j, pack);
    const struct time_span in_force = { j.watch.start_ms, j.stops_ms };
    if (j.contract->definition.reaction_count > 0)
        react_to_rows(x, opening, pack->rows, &in_force);
    judging_close(&j);
}

static void load_gaps(struct execution *x, struct watched_pack *pack)
{
    struct sequence sequence;
    execution_load_sequence(x, &pack->by->st->kid, &sequence);
    for (size_t i = 0; i < sequence.gap_count && i < WATCH_MAX_GAPS; i++)
        pack->gaps[pack->gap_count++] =
            (struct watch_gap){ sequence.gaps[i].from, sequence.gaps[i].to };
}

/* Calls judge_contract for each contract in force. */
static void judge_asset(struct execution *x, const struct reading_rows_asset *rows,
                        const struct speaker *by)
{
    struct state_key key = state_key_text(TABLE_CONTRACTS, rows->asset);
    struct slice value;
    if (!execution_get(x, &key, &value))
        return;
    struct watched_pack pack = { .by = by, .rows = rows };
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_array(&r);
    if (n > 0)
        load_gaps(x, &pack);
    for (; n > 0; n--) {
        struct hash opening;
        cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
        if (!r.failed)
            judge_contract(x, &pack, &opening);
    }
}

/* ------------------------------------------------------------------ the statement */

static enum refusal check_rights(struct execution *x, const struct speaker *by)
{
    struct err err = { .msg = "" };
    if (by->key.class != CLASS_DEVICE)
        return REFUSED_NOT_ALLOWED;
    if (!statement_samples(by->st, &x->samples, &err)) {
        execution_explain(x, "%s", err.msg);
        return REFUSED_BAD_REQUEST;
    }
    for (size_t i = 0; i < x->samples.columns; i++)
        if (!enrol_rights_include(by->key.rights, x->samples.column[i].property)) {
            execution_explain(x, "property %u", x->samples.column[i].property);
            return REFUSED_NO_RIGHT;
        }
    uint64_t work = x->samples.rows * x->samples.columns;
    return execution_step(x, work) ? ACCEPTED : REFUSED_STEPS;
}

static void emit_recorded(struct execution *x, const struct speaker *by, struct slice subject,
                          size_t first_row, size_t last_row)
{
    struct buf *data = execution_emit(x, EVENT_RECORDED, subject, by->st->link.time_ms, 3);
    kid_put(data, &by->st->kid);
    cbor_put_uint(data, x->samples.time_ms[first_row]);
    cbor_put_uint(data, x->samples.time_ms[last_row]);
}

enum refusal rules_reading(struct execution *x, const struct speaker *by)
{
    struct reading_rows rows;
    enum refusal code = check_rights(x, by);
    if (code != ACCEPTED)
        return code;
    reading_rows_split(x, &by->st->kid, &x->samples, &rows);
    if (rows.count == 0)
        emit_recorded(x, by, execution_subject_bytes(x, kid_slice(&by->st->kid)), 0,
                      x->samples.rows - 1);
    for (size_t i = 0; i < rows.count; i++) {
        const struct reading_rows_asset *a = &rows.assets[i];
        emit_recorded(x, by, execution_subject_asset(x, a->asset), reading_rows_first(a),
                      reading_rows_last(a));
        judge_asset(x, a, by);
    }
    return ACCEPTED;
}

/* ------------------------------------------------------------------ silence */

/* A timer's id is the key of the watch's state: [15, asset, opening, device]. */
void rules_timer_silence(struct execution *x, struct slice id)
{
    struct judging j;
    struct hash opening;
    struct cbor_reader r = cbor_reader(id);
    cbor_take_array_of(&r, 4);
    (void)cbor_take_int_in(&r, TABLE_RULE, TABLE_RULE);
    struct slice asset = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
    struct kid device = kid_take(&r);
    if (!cbor_done(&r) || !judging_open(&j, x, asset, &opening) || !judging_load(&j, &device))
        return;
    j.armed_ms = 0; /* this timer is gone already */
    watch_expire(&j.watch, x->context.time_ms);
    judging_report(&j);
    judging_keep(&j);
    judging_close(&j);
}
