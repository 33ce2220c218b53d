/* Which streams and tracks a definition asks for, and what one sample's value is to a rule. */
#include "contracts/watch_parts.h"

#include <assert.h>
#include <string.h>

#include "common/quantity.h"
#include "contracts/property.h"

/* What a DS18B20 and its kin report when they cannot measure. */
#define FAULT_CELSIUS (-127)

/* ------------------------------------------------------------------ streams and tracks */

static int mean_exponent(uint16_t property)
{
    const struct property *p = property_by_id(property);
    return (p == NULL ? 0 : p->exponent) - 1;
}

static enum watch_stream_kind kind_of(const struct contract_rule *rule)
{
    switch (rule->watch) {
    case CONTRACT_BOUND:
    case CONTRACT_STUCK:
    case CONTRACT_KINETIC: return WATCH_DATA;
    case CONTRACT_FAULT: return WATCH_PRESENT;
    case CONTRACT_SILENCE: return rule->property == 0 ? WATCH_ANY : WATCH_PRESENT;
    }
    assert(!"a watch that is none");
    return WATCH_DATA;
}

static uint8_t stream_of(const struct contract_rule *rule, struct watch_plan *plan)
{
    enum watch_stream_kind kind = kind_of(rule);
    for (size_t i = 0; i < plan->stream_count; i++)
        if (plan->streams[i].kind == kind && plan->streams[i].property == rule->property)
            return (uint8_t)i;
    assert(plan->stream_count < WATCH_MAX_STREAMS);
    plan->streams[plan->stream_count] =
        (struct watch_stream){ kind, rule->property, mean_exponent(rule->property) };
    return (uint8_t)plan->stream_count++;
}

void watch_plan_make(const struct contract_definition *def, uint32_t sure_rules,
                     struct watch_plan *ret_plan)
{
    struct watch_plan *plan = ret_plan;
    plan->stream_count = plan->track_count = 0;
    for (size_t i = 0; i < def->rule_count; i++) {
        const struct contract_rule *rule = &def->rules[i];
        struct watch_track track = { .rule = (uint8_t)i, .watch = rule->watch };
        track.stream = stream_of(rule, plan);
        plan->first_track[i] = (uint8_t)plan->track_count;
        plan->tracks[plan->track_count++] = track;
        track.sure = true;
        if ((sure_rules >> i & 1) != 0)
            plan->tracks[plan->track_count++] = track;
    }
    plan->first_track[def->rule_count] = (uint8_t)plan->track_count;
}

void watch_plan_ready(const struct watch *w)
{
    struct watch_state *s = w->state;
    if (s->planned)
        return;
    s->sure_rules = 0;
    for (size_t i = 0; i < w->definition->rule_count; i++)
        if (w->definition->rules[i].watch == CONTRACT_BOUND && w->terms->limits[i].has_sure)
            s->sure_rules |= UINT32_C(1) << i;
    watch_plan_make(w->definition, s->sure_rules, &s->plan);
    memset(s->total_ms, 0, sizeof s->total_ms);
    memset(s->silent_ms, 0, sizeof s->silent_ms);
    for (size_t i = 0; i < w->definition->rule_count; i++)
        s->kinetic[i].known = false;
    s->planned = true;
}

/* The most bytes of each part of an encoded state; watch_state.c writes them. */
#define HEAD_BYTES    64 /* array heads, sure_rules */
#define PIECE_BYTES   32 /* array heads and both seqs */
#define EDGE_BYTES    48 /* two points of time, mantissa and exponent; dead */
#define RUN_BYTES     56 /* from, a peak, two sums of 128 bits */
#define RUNS_BYTES    (12 + 2 * RUN_BYTES)
#define TOTAL_BYTES   18                       /* total_ms, silent_ms */
#define KINETIC_BYTES (128 + WATCH_STEPS * 26) /* a step: heat of 13 bytes, weight of 8 */

size_t watch_plan_pieces(const struct contract_definition *def, const struct watch_plan *plan,
                         size_t *ret_bytes)
{
    size_t fixed = HEAD_BYTES + plan->track_count * TOTAL_BYTES;
    size_t piece = PIECE_BYTES + plan->stream_count * EDGE_BYTES;
    for (size_t i = 0; i < plan->track_count; i++) {
        enum contract_watch watch = plan->tracks[i].watch;
        if (watch == CONTRACT_KINETIC)
            fixed += KINETIC_BYTES;
        else if (watch != CONTRACT_SILENCE)
            piece += RUNS_BYTES;
    }
    assert(def->rule_count <= DEFINITION_MAX_RULES && fixed + 2 * piece <= WATCH_PIECES_BYTES);
    size_t pieces = (WATCH_PIECES_BYTES - fixed) / piece;
    pieces = pieces < WATCH_MAX_PIECES ? pieces : WATCH_MAX_PIECES;
    *ret_bytes = fixed + pieces * piece;
    return pieces;
}

/* ------------------------------------------------------------------ values */

static bool is_beyond(const struct watch_reading *r, const struct contract_range *range)
{
    return quantity_compare(r->mantissa, r->exponent, range->low, range->low_exponent) < 0 ||
           quantity_compare(r->mantissa, r->exponent, range->high, range->high_exponent) > 0;
}

bool watch_value_is_fault(const struct watch *w, const struct watch_reading *reading)
{
    const struct contract_definition *def = w->definition;
    if (reading->property == PROPERTY_TEMPERATURE &&
        quantity_compare(reading->mantissa, reading->exponent, FAULT_CELSIUS, 0) == 0)
        return true;
    for (size_t i = 0; i < def->sensor_count; i++)
        if (def->sensors[i].property == reading->property && def->sensors[i].has_range)
            return is_beyond(reading, &w->terms->ranges[i]);
    return false;
}

bool watch_value_holds(enum contract_operator op, struct watch_value value, int64_t bound,
                       int exponent)
{
    int order = value.exponent == exponent
                    ? (value.mantissa > bound) - (value.mantissa < bound)
                    : quantity_compare(value.mantissa, value.exponent, bound, exponent);
    switch (op) {
    case CONTRACT_ABOVE: return order > 0;
    case CONTRACT_AT_LEAST: return order >= 0;
    case CONTRACT_BELOW: return order < 0;
    case CONTRACT_AT_MOST: return order <= 0;
    }
    assert(!"an operator that is none");
    return false;
}

static watch_wide divide_half_even(watch_wide sum, watch_wide by)
{
    watch_wide whole = sum / by;
    watch_wide rest = sum % by;
    if (rest < 0) {
        whole--;
        rest += by;
    }
    bool up = rest > by - rest || (rest == by - rest && whole % 2 != 0);
    return up ? whole + 1 : whole;
}

int64_t watch_value_mean(watch_wide sum, uint64_t ms)
{
    assert(ms > 0);
    return (int64_t)divide_half_even(sum, (watch_wide)ms);
}

/* What is too large is the largest there is: sums never overflow. */
int64_t watch_value_scale(struct watch_value value, int exponent)
{
    watch_wide wide = value.mantissa;
    watch_wide by = 1;
    for (int e = value.exponent; e > exponent; e--)
        wide *= 10;
    for (int e = value.exponent; e < exponent; e++)
        by *= 10;
    if (by > 1)
        wide = divide_half_even(wide, by);
    if (wide > INT64_MAX)
        return INT64_MAX;
    return wide < -INT64_MAX ? -INT64_MAX : (int64_t)wide;
}
