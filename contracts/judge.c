#include "contracts/judge.h"

#include <assert.h>

#include "common/quantity.h"
#include "contracts/property.h"

/* What a DS18B20 and its kin report when they cannot measure. */
#define FAULT_CELSIUS (-127)

/* Everything one call works on. */
struct work {
    const struct contract_definition *def;
    const struct contract_terms *terms;
    struct judge_state *state;
    struct judge_findings *findings;
};

static void report(struct work *w, struct judge_finding finding)
{
    assert(w->findings->count < JUDGE_MAX_FINDINGS);
    w->findings->items[w->findings->count++] = finding;
}

/* ------------------------------------------------------------------ values */

static bool is_fault(const struct judge_reading *reading)
{
    return reading->property == PROPERTY_TEMPERATURE &&
           quantity_compare(reading->mantissa, reading->exponent, FAULT_CELSIUS, 0) == 0;
}

static bool is_out(enum contract_operator op, const struct contract_limit *limit, int64_t mantissa,
                   int exponent)
{
    int order = quantity_compare(mantissa, exponent, limit->bound, limit->exponent);
    switch (op) {
    case CONTRACT_ABOVE: return order > 0;
    case CONTRACT_AT_LEAST: return order >= 0;
    case CONTRACT_BELOW: return order < 0;
    case CONTRACT_AT_MOST: return order <= 0;
    }
    assert(!"an operator that is none");
    return false;
}

/* Whether the value lies farther out than the run's peak. */
static bool is_farther(enum contract_operator op, const struct judge_run *run, int64_t mantissa,
                       int exponent)
{
    int order = quantity_compare(mantissa, exponent, run->peak, run->peak_exponent);
    bool upwards = op == CONTRACT_ABOVE || op == CONTRACT_AT_LEAST;
    return upwards ? order > 0 : order < 0;
}

/* ------------------------------------------------------------------ runs */

/* The moment at which a run from from_ms breaks its rule, if it lasts that long. */
static uint64_t breaks_at(const struct work *w, size_t i)
{
    const struct judge_run *run = &w->state->runs[i];
    uint64_t needed = w->terms->limits[i].duration_ms; /* 0 when instant */
    uint64_t earlier = w->def->rules[i].lasting == CONTRACT_TOTAL ? run->total_ms : 0;
    return run->from_ms + (needed > earlier ? needed - earlier : 0);
}

/* The run has gone on until `until_ms`: opens its excursion if that broke the rule. */
static void run_reach(struct work *w, size_t i, uint64_t until_ms)
{
    struct judge_run *run = &w->state->runs[i];
    uint64_t broken_ms = breaks_at(w, i);
    if (run->raised || until_ms < broken_ms)
        return;
    run->raised = true;
    report(w, (struct judge_finding){ .kind = JUDGE_OPENED,
                                      .rule = (unsigned)i,
                                      .from_ms = run->from_ms,
                                      .to_ms = broken_ms });
}

static void run_end(struct work *w, size_t i, uint64_t to_ms)
{
    struct judge_run *run = &w->state->runs[i];
    bool total = w->def->rules[i].lasting == CONTRACT_TOTAL;
    run_reach(w, i, to_ms);
    struct judge_finding finding = { .kind = JUDGE_CLOSED,
                                     .rule = (unsigned)i,
                                     .from_ms = run->from_ms,
                                     .to_ms = to_ms,
                                     .peak = run->peak,
                                     .peak_exponent = run->peak_exponent };
    if (run->raised)
        report(w, finding);
    finding.kind = JUDGE_CHARGE;
    if (run->raised || total)
        report(w, finding);
    uint64_t total_ms = total ? run->total_ms + (to_ms - run->from_ms) : 0;
    *run = (struct judge_run){ .total_ms = total_ms };
}

static void run_sample(struct work *w, size_t i, const struct judge_reading *reading)
{
    const struct contract_rule *rule = &w->def->rules[i];
    struct judge_run *run = &w->state->runs[i];
    if (!is_out(rule->op, &w->terms->limits[i], reading->mantissa, reading->exponent)) {
        if (run->running)
            run_end(w, i, reading->time_ms);
        return;
    }
    if (!run->running) {
        run->running = true;
        run->from_ms = reading->time_ms;
        run->peak = reading->mantissa;
        run->peak_exponent = reading->exponent;
    } else if (is_farther(rule->op, run, reading->mantissa, reading->exponent)) {
        run->peak = reading->mantissa;
        run->peak_exponent = reading->exponent;
    }
    run_reach(w, i, reading->time_ms);
}

/* ------------------------------------------------------------------ streams */

static bool find_slot(const struct contract_definition *def, uint16_t property, size_t *ret_slot)
{
    for (size_t i = 0; i < def->property_count; i++) {
        if (def->properties[i] != property)
            continue;
        *ret_slot = i;
        return true;
    }
    return false;
}

static void end_runs_of(struct work *w, size_t slot, uint64_t to_ms)
{
    for (size_t i = 0; i < w->def->rule_count; i++)
        if (w->def->rules[i].slot == slot && w->state->runs[i].running)
            run_end(w, i, to_ms);
}

static bool has_run(const struct contract_definition *def, const struct judge_state *state,
                    size_t slot)
{
    for (size_t i = 0; i < def->rule_count; i++)
        if (def->rules[i].slot == slot && state->runs[i].running)
            return true;
    return false;
}

enum judge_result judge_sample(const struct contract_definition *definition,
                               const struct contract_terms *terms, struct judge_state *state,
                               const struct judge_reading *reading, struct judge_findings *findings)
{
    struct work w = { definition, terms, state, findings };
    findings->count = 0;
    size_t slot;
    if (!find_slot(definition, reading->property, &slot))
        return JUDGE_NOT_WATCHED;
    if (!reading->present || is_fault(reading))
        return JUDGE_NOT_DATA;
    struct judge_stream *stream = &state->streams[slot];
    /* A closed hold ends just before last_ms: a sample at that very time is the first of the new. */
    uint64_t earliest = stream->live ? stream->last_ms + 1 : stream->last_ms;
    if (stream->known && reading->time_ms < earliest)
        return JUDGE_NOT_JUDGED;
    if (stream->live && reading->time_ms - stream->last_ms > terms->maximum_gap_ms)
        end_runs_of(&w, slot, stream->last_ms + terms->maximum_gap_ms);
    for (size_t i = 0; i < definition->rule_count; i++)
        if (definition->rules[i].slot == slot)
            run_sample(&w, i, reading);
    *stream = (struct judge_stream){ .known = true, .live = true, .last_ms = reading->time_ms };
    return JUDGE_DONE;
}

void judge_expire(const struct contract_definition *definition, const struct contract_terms *terms,
                  struct judge_state *state, uint64_t now_ms, struct judge_findings *findings)
{
    struct work w = { definition, terms, state, findings };
    findings->count = 0;
    for (size_t slot = 0; slot < definition->property_count; slot++) {
        struct judge_stream *stream = &state->streams[slot];
        if (!has_run(definition, state, slot))
            continue;
        uint64_t end_ms = stream->last_ms + terms->maximum_gap_ms;
        if (now_ms < end_ms + terms->lateness_ms)
            continue;
        end_runs_of(&w, slot, end_ms);
        *stream = (struct judge_stream){ .known = true, .last_ms = end_ms };
    }
}

uint64_t judge_deadline(const struct contract_definition *definition,
                        const struct contract_terms *terms, const struct judge_state *state)
{
    uint64_t earliest = 0;
    for (size_t slot = 0; slot < definition->property_count; slot++) {
        if (!has_run(definition, state, slot))
            continue;
        uint64_t due = state->streams[slot].last_ms + terms->maximum_gap_ms + terms->lateness_ms;
        if (earliest == 0 || due < earliest)
            earliest = due;
    }
    return earliest;
}
