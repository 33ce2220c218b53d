/* A reading is taken back: wherever its samples were judged, they count no more. */
#include "node/judging_parts.h"
#include "node/reading_rows.h"
#include "node/rules_parts.h"

#include <string.h>

#define STEPS_OF_SPAN 64 /* of one contract: the stretches of its book are gone through */

/* A reading's samples of one asset. */
struct withdrawal {
    struct execution *x;
    const struct statement *original;
    struct slice asset;
    uint64_t first_ms, last_ms;
    uint64_t step_ms; /* between the last one and the one before it; 0: it is alone */
};

static bool spread_out(struct execution *x, const struct statement *reading,
                       struct reading_rows *ret_rows)
{
    ret_rows->count = 0;
    if (reading->kind != KIND_READING || !statement_samples(reading, &x->samples, NULL))
        return false;
    (void)execution_step(x, x->samples.rows * x->samples.columns);
    reading_rows_split(x, &reading->kid, &x->samples, ret_rows);
    return true;
}

size_t rules_reading_assets(struct execution *x, const struct statement *reading,
                            struct slice *ret_assets, size_t max)
{
    struct reading_rows rows;
    if (!spread_out(x, reading, &rows))
        return 0;
    for (size_t i = 0; i < rows.count && i < max; i++)
        ret_assets[i] = rows.assets[i].asset;
    return rows.count < max ? rows.count : max;
}

/* ------------------------------------------------------------------ one contract */

static bool names_device(const struct contract_bound *c, const struct kid *device)
{
    for (size_t i = 0; i < c->device_count; i++)
        if (kid_equal(&c->devices[i], device))
            return true;
    return c->device_count == 0;
}

/* What was let go, or is more than is kept, stays as it was judged. */
static void tell_not_judged(struct judging *j, const struct withdrawal *w)
{
    struct slice subject = execution_subject_asset(j->x, j->asset);
    struct buf *data =
        execution_emit(j->x, EVENT_NOT_JUDGED, subject, w->original->link.time_ms, 4);
    kid_put(data, &w->original->kid);
    cbor_put_uint(data, w->first_ms);
    cbor_put_uint(data, w->last_ms);
    cbor_put_bytes(data, hash_slice(&j->opening));
}

static void withdraw_from(const struct withdrawal *w, const struct hash *opening)
{
    struct judging j;
    if (!judging_open(&j, w->x, w->asset, opening) ||
        !names_device(j.contract, &w->original->kid) || j.contract->definition.rule_count == 0 ||
        w->last_ms < j.watch.start_ms || w->first_ms >= j.stops_ms ||
        !judging_load(&j, &w->original->kid))
        return;
    (void)execution_step(w->x, (uint64_t)STEPS_OF_SPAN * j.contract->definition.rule_count);
    uint64_t step_ms = w->step_ms != 0 ? w->step_ms : j.contract->terms.maximum_gap_ms;
    const struct watch_span span = { w->first_ms, w->last_ms, w->last_ms + step_ms };
    bool whole = watch_withdraw(&j.watch, &span);
    judging_report(&j);
    if (!whole)
        tell_not_judged(&j, w);
    judging_keep(&j);
    judging_close(&j);
}

/* ------------------------------------------------------------------ all contracts */

static void withdraw_asset(const struct withdrawal *w)
{
    struct state_key key = state_key_text(TABLE_CONTRACTS, w->asset);
    struct slice value;
    if (!execution_get(w->x, &key, &value))
        return;
    struct cbor_reader r = cbor_reader(value);
    for (size_t n = cbor_take_array(&r); n > 0; n--) {
        struct hash opening;
        cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
        if (!r.failed)
            withdraw_from(w, &opening);
    }
}

enum refusal rules_withdraw_reading(struct execution *x, const struct speaker *by,
                                    const struct statement *original)
{
    struct reading_rows rows;
    const struct samples *s = &x->samples;
    (void)by;
    if (!spread_out(x, original, &rows))
        return REFUSED_BAD_REQUEST;
    for (size_t i = 0; i < rows.count; i++) {
        size_t first = reading_rows_first(&rows.assets[i]);
        size_t last = reading_rows_last(&rows.assets[i]);
        struct withdrawal w = { .x = x,
                                .original = original,
                                .asset = rows.assets[i].asset,
                                .first_ms = s->time_ms[first],
                                .last_ms = s->time_ms[last],
                                .step_ms = last > 0 ? s->time_ms[last] - s->time_ms[last - 1] : 0 };
        withdraw_asset(&w);
    }
    return ACCEPTED;
}
