/* The canonical bytes of struct judge_state: [[+ stream], [* run]], both without the fresh ones. */
#include "contracts/judge.h"

#include <string.h>

#include "common/cbor.h"
#include "common/quantity.h"

#define STREAM_FIELDS 3 /* property, last, live */
#define IDLE_FIELDS   2 /* rule, total */
#define RUN_FIELDS    6 /* rule, total, from, raised, peak, exponent */
#define MAX_TIME_MS   253402300799999u

static bool run_is_fresh(const struct judge_run *run)
{
    return !run->running && run->total_ms == 0;
}

static void put_streams(const struct contract_definition *def, const struct judge_state *state,
                        struct buf *out)
{
    size_t known = 0;
    for (size_t i = 0; i < def->property_count; i++)
        known += state->streams[i].known ? 1 : 0;
    cbor_put_array(out, known);
    for (size_t i = 0; i < def->property_count; i++) {
        if (!state->streams[i].known)
            continue;
        cbor_put_array(out, STREAM_FIELDS);
        cbor_put_uint(out, def->properties[i]);
        cbor_put_uint(out, state->streams[i].last_ms);
        cbor_put_bool(out, state->streams[i].live);
    }
}

static void put_run(const struct judge_run *run, size_t rule, struct buf *out)
{
    cbor_put_array(out, run->running ? RUN_FIELDS : IDLE_FIELDS);
    cbor_put_uint(out, rule);
    cbor_put_uint(out, run->total_ms);
    if (!run->running)
        return;
    cbor_put_uint(out, run->from_ms);
    cbor_put_bool(out, run->raised);
    cbor_put_int(out, run->peak);
    cbor_put_int(out, run->peak_exponent);
}

void judge_state_encode(const struct contract_definition *definition,
                        const struct judge_state *state, struct buf *out)
{
    cbor_put_array(out, 2);
    put_streams(definition, state, out);
    size_t runs = 0;
    for (size_t i = 0; i < definition->rule_count; i++)
        runs += run_is_fresh(&state->runs[i]) ? 0 : 1;
    cbor_put_array(out, runs);
    for (size_t i = 0; i < definition->rule_count; i++)
        if (!run_is_fresh(&state->runs[i]))
            put_run(&state->runs[i], i, out);
}

/* Streams rise by property, so that one state has one encoding. */
static void take_streams(struct cbor_reader *r, const struct contract_definition *def,
                         struct judge_state *state)
{
    size_t n = cbor_take_array(r);
    size_t slot = 0;
    for (size_t i = 0; i < n && !r->failed; i++) {
        cbor_take_array_of(r, STREAM_FIELDS);
        uint64_t property = cbor_take_uint(r);
        while (slot < def->property_count && def->properties[slot] != property)
            slot++;
        if (r->failed || slot == def->property_count) {
            cbor_fail(r);
            return;
        }
        struct judge_stream *stream = &state->streams[slot++];
        stream->known = true;
        stream->last_ms = cbor_take_uint_max(r, MAX_TIME_MS + DEFINITION_MAX_DURATION_MS);
        stream->live = cbor_take_bool(r);
    }
}

static bool run_is_possible(const struct contract_definition *def, const struct judge_state *state,
                            size_t rule)
{
    const struct judge_run *run = &state->runs[rule];
    const struct judge_stream *stream = &state->streams[def->rules[rule].slot];
    if (run_is_fresh(run) || !stream->known)
        return false;
    if (run->total_ms > 0 && def->rules[rule].lasting != CONTRACT_TOTAL)
        return false;
    if (run->total_ms > stream->last_ms + DEFINITION_MAX_DURATION_MS)
        return false;
    return !run->running || (stream->live && run->from_ms <= stream->last_ms);
}

static void take_runs(struct cbor_reader *r, const struct contract_definition *def,
                      struct judge_state *state)
{
    size_t n = cbor_take_array(r);
    uint64_t next = 0;
    for (size_t i = 0; i < n && !r->failed; i++) {
        size_t fields = cbor_take_array(r);
        uint64_t rule = cbor_take_uint(r);
        if (r->failed || (fields != IDLE_FIELDS && fields != RUN_FIELDS) || rule < next ||
            rule >= def->rule_count) {
            cbor_fail(r);
            return;
        }
        next = rule + 1;
        struct judge_run *run = &state->runs[rule];
        run->total_ms = cbor_take_uint(r);
        run->running = fields == RUN_FIELDS;
        if (run->running) {
            run->from_ms = cbor_take_uint(r);
            run->raised = cbor_take_bool(r);
            run->peak = cbor_take_int(r);
            run->peak_exponent =
                (int)cbor_take_int_in(r, -QUANTITY_MAX_EXPONENT, QUANTITY_MAX_EXPONENT);
        }
        if (!r->failed && !run_is_possible(def, state, rule))
            cbor_fail(r);
    }
}

bool judge_state_decode(const struct contract_definition *definition, struct slice bytes,
                        struct judge_state *ret_state, struct err *err)
{
    struct judge_state state;
    memset(&state, 0, sizeof state);
    if (bytes.len > JUDGE_MAX_STATE_BYTES)
        return err_set(err, ERR_INPUT, "rule state: larger than %d bytes", JUDGE_MAX_STATE_BYTES);
    if (bytes.len > 0) {
        if (!cbor_scan(bytes, err))
            return err_wrap(err, "rule state");
        struct cbor_reader r = cbor_reader(bytes);
        cbor_take_array_of(&r, 2);
        take_streams(&r, definition, &state);
        take_runs(&r, definition, &state);
        if (!cbor_done(&r))
            return err_set(err, ERR_INPUT, "rule state: byte %zu: not one of this contract's",
                           r.pos);
    }
    *ret_state = state;
    return true;
}
