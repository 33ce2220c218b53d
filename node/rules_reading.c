/* Readings: rights, the asset they belong to, and the judgement of the contracts it travels under. */
#include "node/charges.h"
#include "node/contract_cache.h"

#include <string.h>

/* One device's readings judged under one contract. */
struct judging {
    struct execution *x;
    const struct contract_bound *contract;
    struct slice asset;
    struct state_key key; /* of the judge's state */
    struct judge_state state;
    uint64_t deadline; /* of the timer that stands, 0 = none */
    struct charge_book book;
};

/* ------------------------------------------------------------------ judging */

static bool judging_begin(struct judging *j, struct execution *x, struct slice asset,
                          const struct hash *opening, const struct kid *device)
{
    struct slice value = { NULL, 0 };
    j->x = x;
    j->asset = asset;
    j->contract = contract_cache_find(x, opening);
    if (j->contract == NULL)
        return false;
    j->key = state_key_rule(asset, opening, device);
    (void)execution_get(x, &j->key, &value);
    if (!judge_state_decode(&j->contract->definition, value, &j->state, NULL))
        return false;
    j->deadline = judge_deadline(&j->contract->definition, &j->contract->terms, &j->state);
    charges_open(&j->book, x, asset, opening);
    return true;
}

static void move_timer(struct judging *j)
{
    uint64_t deadline = judge_deadline(&j->contract->definition, &j->contract->terms, &j->state);
    struct slice id = state_key_slice(&j->key);
    if (deadline == j->deadline)
        return;
    if (j->deadline != 0) {
        struct state_key old = state_key_timer(j->deadline, TIMER_SENSOR_SILENT, id);
        overlay_remove(j->x->overlay, state_key_slice(&old));
    }
    if (deadline != 0) {
        struct state_key timer = state_key_timer(deadline, TIMER_SENSOR_SILENT, id);
        cbor_put_bool(execution_value(j->x), true);
        execution_store(j->x, &timer);
    }
}

static void judging_end(struct judging *j)
{
    judge_state_encode(&j->contract->definition, &j->state, execution_value(j->x));
    execution_store(j->x, &j->key);
    move_timer(j);
    charges_close(&j->book, j->x);
}

static void report(struct judging *j, const struct judge_findings *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct judge_finding *f = &found->items[i];
        struct slice subject = execution_subject_asset(j->x, j->asset);
        struct buf *data;
        switch (f->kind) {
        case JUDGE_OPENED:
            data = execution_emit(j->x, EVENT_EXCURSION_OPENED, subject, f->to_ms, 3);
            cbor_put_uint(data, f->rule);
            cbor_put_uint(data, f->from_ms);
            cbor_put_bytes(data, hash_slice(&j->contract->opening));
            break;
        case JUDGE_CLOSED:
            data = execution_emit(j->x, EVENT_EXCURSION_CLOSED, subject, f->to_ms, 6);
            cbor_put_uint(data, f->rule);
            cbor_put_uint(data, f->from_ms);
            cbor_put_uint(data, f->to_ms);
            cbor_put_int(data, f->peak);
            cbor_put_int(data, f->peak_exponent);
            cbor_put_bytes(data, hash_slice(&j->contract->opening));
            break;
        case JUDGE_CHARGE: charges_add(&j->book, j->x, f->rule, f->from_ms, f->to_ms); break;
        }
    }
}

static bool contract_watches(const struct contract_bound *c, const struct kid *device)
{
    bool watched = c->device_count == 0;
    for (size_t i = 0; i < c->device_count; i++)
        watched = watched || kid_equal(&c->devices[i], device);
    return watched;
}

/* A sample's time as it counts: never later than the block, give or take what clocks may differ. */
static uint64_t counted_time(const struct execution *x, uint64_t time_ms)
{
    return time_ms > x->context.time_ms + FUTURE_ALLOWED_MS ? x->context.time_ms : time_ms;
}

static void judge_column(struct judging *j, const struct sample_column *c, uint64_t *flags)
{
    struct execution *x = j->x;
    struct judge_findings found;
    for (size_t i = 0; i < x->samples.rows && !execution_is_over(x); i++) {
        struct judge_reading r = { .property = c->property,
                                   .present = c->present[i],
                                   .exponent = c->exponent,
                                   .time_ms = counted_time(x, x->samples.time_ms[i]),
                                   .mantissa = c->value[i] };
        switch (
            judge_sample(&j->contract->definition, &j->contract->terms, &j->state, &r, &found)) {
        case JUDGE_DONE: report(j, &found); break;
        case JUDGE_NOT_WATCHED: return;
        case JUDGE_NOT_DATA: break;
        case JUDGE_NOT_JUDGED:
            /* It fills history; an in-order statement that steps back in time says so. */
            *flags |= (*flags & FLAG_FILLS) != 0 ? FLAG_LATE : FLAG_ROLLBACK;
            break;
        }
    }
}

static void judge_contract(struct execution *x, struct slice asset, const struct hash *opening,
                           const struct speaker *by)
{
    struct judging j;
    if (!judging_begin(&j, x, asset, opening, &by->st->kid) ||
        !contract_watches(j.contract, &by->st->kid))
        return;
    if (x->context.time_ms > x->samples.time_ms[0] &&
        x->context.time_ms - x->samples.time_ms[0] > j.contract->terms.lateness_ms)
        *by->flags |= FLAG_LATE;
    (void)execution_step(x, x->samples.rows * x->samples.columns);
    for (size_t i = 0; i < x->samples.columns; i++)
        judge_column(&j, &x->samples.column[i], by->flags);
    judging_end(&j);
}

/* Calls judge_contract for each contract in force. */
static void judge_asset(struct execution *x, struct slice asset, const struct speaker *by)
{
    struct state_key key = state_key_text(TABLE_CONTRACTS, asset);
    struct slice value;
    if (!execution_get(x, &key, &value))
        return;
    struct cbor_reader r = cbor_reader(value);
    for (size_t n = cbor_take_array(&r); n > 0; n--) {
        struct hash opening;
        cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
        if (!r.failed)
            judge_contract(x, asset, &opening, by);
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

static void emit_recorded(struct execution *x, const struct speaker *by, struct slice subject)
{
    struct buf *data = execution_emit(x, EVENT_RECORDED, subject, by->st->link.time_ms, 3);
    kid_put(data, &by->st->kid);
    cbor_put_uint(data, x->samples.time_ms[0]);
    cbor_put_uint(data, x->samples.time_ms[x->samples.rows - 1]);
}

/* Lets go of the samples from before the device was attached: they are not the asset's. False: none is left. */
static bool keep_since(struct samples *s, uint64_t since_ms)
{
    size_t first = 0;
    while (first < s->rows && s->time_ms[first] < since_ms)
        first++;
    if (first == 0 || first == s->rows)
        return first == 0;
    s->rows -= first;
    memmove(s->time_ms, s->time_ms + first, s->rows * sizeof s->time_ms[0]);
    for (size_t i = 0; i < s->columns; i++) {
        struct sample_column *c = &s->column[i];
        memmove(c->value, c->value + first, s->rows * sizeof c->value[0]);
        memmove(c->present, c->present + first, s->rows * sizeof c->present[0]);
    }
    return true;
}

enum refusal rules_reading(struct execution *x, const struct speaker *by)
{
    struct state_key key = state_key_kid(TABLE_ATTACHMENT, &by->st->kid);
    struct slice value;
    struct state_attachment attached;
    enum refusal code = check_rights(x, by);
    if (code != ACCEPTED)
        return code;
    if (!execution_get(x, &key, &value) || !state_attachment_take(value, &attached) ||
        !keep_since(&x->samples, attached.since_ms)) {
        emit_recorded(x, by, execution_subject_bytes(x, kid_slice(&by->st->kid)));
        return ACCEPTED;
    }
    emit_recorded(x, by, execution_subject_asset(x, attached.asset));
    judge_asset(x, attached.asset, by);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ silence */

/* A timer's id is the judge state's key: [15, asset, opening, device]. */
void rules_timer_silence(struct execution *x, struct slice id)
{
    struct judging j;
    struct judge_findings found;
    struct hash opening;
    struct cbor_reader r = cbor_reader(id);
    cbor_take_array_of(&r, 4);
    (void)cbor_take_int_in(&r, TABLE_RULE, TABLE_RULE);
    struct slice asset = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
    struct kid device = kid_take(&r);
    if (!cbor_done(&r) || !judging_begin(&j, x, asset, &opening, &device))
        return;
    j.deadline = 0; /* this timer is gone already */
    judge_expire(&j.contract->definition, &j.contract->terms, &j.state, x->context.time_ms, &found);
    report(&j, &found);
    judging_end(&j);
}

void rules_timer_never_heard(struct execution *x, struct slice id)
{
    (void)x;
    (void)id;
}
