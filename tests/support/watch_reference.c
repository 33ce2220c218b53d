#include "tests/support/watch_reference.h"

#include "common/quantity.h"
#include "contracts/property.h"
#include "tests/support/watch_reference_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

/* ------------------------------------------------------------------ which samples count */

static const struct contract_sensor *sensor_of(const struct reference_device *d, uint16_t property,
                                               size_t *ret_index)
{
    for (size_t i = 0; i < d->definition->sensor_count; i++) {
        if (d->definition->sensors[i].property == property) {
            *ret_index = i;
            return &d->definition->sensors[i];
        }
    }
    return NULL;
}

static bool is_fault(const struct reference_device *d, const struct watch_reading *r)
{
    if (r->property == PROPERTY_TEMPERATURE &&
        quantity_compare(r->mantissa, r->exponent, -127, 0) == 0)
        return true;
    size_t i = 0;
    const struct contract_sensor *sensor = sensor_of(d, r->property, &i);
    if (sensor == NULL || !sensor->has_range)
        return false;
    const struct contract_range *range = &d->terms->ranges[i];
    return quantity_compare(r->mantissa, r->exponent, range->low, range->low_exponent) < 0 ||
           quantity_compare(r->mantissa, r->exponent, range->high, range->high_exponent) > 0;
}

/*
 * The points of a property (0: of any) in order of time: data alone, or everything that was present. One that
 * is not later than the one before it among these, in the device's numbering, is not judged.
 */
void reference_points(const struct reference_device *d, uint16_t property, bool faults_too,
                      struct reference_points *ret)
{
    assert(d->reading_count <= REFERENCE_MAX_POINTS);
    ret->count = 0;
    uint64_t last = 0;
    for (size_t i = 0; i < d->reading_count; i++) {
        const struct watch_reading *r = &d->readings[i];
        if ((property != 0 && r->property != property) || !r->present || r->time_ms < d->start_ms)
            continue;
        bool fault = is_fault(d, r);
        if ((fault && !faults_too) || r->time_ms <= last)
            continue;
        last = r->time_ms;
        ret->items[ret->count++] = (struct reference_point){
            .at = r->time_ms, .mantissa = r->mantissa, .exponent = r->exponent, .fault = fault
        };
    }
}

/* ------------------------------------------------------------------ classes */

static bool holds(enum contract_operator op, const struct reference_point *p, int64_t bound,
                  int exponent)
{
    int order = quantity_compare(p->mantissa, p->exponent, bound, exponent);
    switch (op) {
    case CONTRACT_ABOVE: return order > 0;
    case CONTRACT_AT_LEAST: return order >= 0;
    case CONTRACT_BELOW: return order < 0;
    case CONTRACT_AT_MOST: return order <= 0;
    }
    abort();
}

static enum reference_class class_of(const struct reference_device *d, unsigned rule, bool sure,
                                     const struct reference_point *p)
{
    const struct contract_rule *r = &d->definition->rules[rule];
    const struct contract_limit *l = &d->terms->limits[rule];
    if (r->watch == CONTRACT_FAULT)
        return p->fault ? REFERENCE_OUT : REFERENCE_IN;
    if (r->has_ignore && p->at < d->start_ms + l->ignore_ms)
        return REFERENCE_IN;
    if (r->has_stages && (r->stages >> d->state_at(d->ctx, p->at) & 1) == 0)
        return REFERENCE_IN;
    if (sure && p->at > d->terms->calibrated_until_ms)
        return REFERENCE_IN;
    if (holds(r->op, p, sure ? l->sure : l->bound, sure ? l->sure_exponent : l->exponent))
        return REFERENCE_OUT;
    if (!r->has_until || holds(r->until_op, p, l->until, l->until_exponent))
        return REFERENCE_IN;
    return REFERENCE_BAND;
}

/* ------------------------------------------------------------------ runs */

/* When the hold of point i ends; *ret_known is false for one that may still go on. */
static uint64_t hold_end(const struct reference_device *d, const struct reference_points *p,
                         size_t i, bool *ret_known)
{
    uint64_t end = p->items[i].at + d->terms->maximum_gap_ms;
    *ret_known = true;
    if (i + 1 < p->count)
        return p->items[i + 1].at < end ? p->items[i + 1].at : end;
    *ret_known = d->now_ms != 0 && d->now_ms >= end + d->terms->lateness_ms;
    return end;
}

static bool touches(const struct reference_device *d, const struct reference_points *p, size_t i)
{
    return i + 1 < p->count && p->items[i + 1].at - p->items[i].at <= d->terms->maximum_gap_ms;
}

static bool equal_values(const struct reference_point *a, const struct reference_point *b)
{
    return quantity_compare(a->mantissa, a->exponent, b->mantissa, b->exponent) == 0;
}

/* Points first … last make one run. */
static size_t last_of_run(const struct reference_device *d, unsigned rule,
                          const struct reference_points *p, size_t first)
{
    size_t last = first;
    bool stuck = d->definition->rules[rule].watch == CONTRACT_STUCK;
    while (touches(d, p, last) && (stuck ? equal_values(&p->items[first], &p->items[last + 1])
                                         : p->items[last + 1].class != REFERENCE_IN))
        last++;
    return last;
}

static int64_t divide_half_even(wide sum, wide by)
{
    wide whole = sum / by, rest = sum % by;
    if (rest < 0) { /* towards minus infinity */
        whole--;
        rest += by;
    }
    if (2 * rest > by || (2 * rest == by && (whole & 1) != 0))
        whole++;
    return (int64_t)whole;
}

static int64_t at_exponent(const struct reference_point *p, int exponent)
{
    wide value = p->mantissa, by = 1;
    for (int e = p->exponent; e > exponent; e--)
        value *= 10;
    for (int e = p->exponent; e < exponent; e++)
        by *= 10;
    return divide_half_even(value, by);
}

static void put_values(const struct reference_device *d, unsigned rule,
                       const struct reference_points *p, size_t first, size_t last,
                       struct reference_run *run)
{
    const struct contract_rule *r = &d->definition->rules[rule];
    const struct reference_point *peak = &p->items[first];
    int exponent = property_by_id(r->property)->exponent - 1;
    wide sum = 0;
    for (size_t i = first; i <= last; i++) {
        const struct reference_point *q = &p->items[i];
        bool known;
        uint64_t end = hold_end(d, p, i, &known);
        sum += (wide)at_exponent(q, exponent) * (int64_t)(end - q->at);
        int order = quantity_compare(q->mantissa, q->exponent, peak->mantissa, peak->exponent);
        bool farther =
            r->op == CONTRACT_ABOVE || r->op == CONTRACT_AT_LEAST ? order > 0 : order < 0;
        if (q->class == REFERENCE_OUT && farther)
            peak = q;
    }
    run->peak = peak->mantissa;
    run->peak_exponent = peak->exponent;
    if (run->open)
        return;
    run->mean = divide_half_even(sum, (int64_t)(run->to - run->from));
    run->mean_exponent = exponent;
    if (r->watch == CONTRACT_STUCK) {
        run->mean = peak->mantissa;
        run->mean_exponent = peak->exponent;
    }
}

void reference_runs(const struct reference_device *d, unsigned rule, bool sure,
                    struct reference_runs *ret)
{
    static struct reference_points p;
    const struct contract_rule *r = &d->definition->rules[rule];
    reference_points(d, r->property, r->watch == CONTRACT_FAULT, &p);
    for (size_t i = 0; i < p.count; i++)
        p.items[i].class =
            r->watch == CONTRACT_STUCK ? REFERENCE_OUT : class_of(d, rule, sure, &p.items[i]);
    ret->count = 0;
    for (size_t i = 0; i < p.count; i++) {
        if (p.items[i].class != REFERENCE_OUT)
            continue;
        size_t last = last_of_run(d, rule, &p, i);
        bool known;
        struct reference_run run = { .from = p.items[i].at };
        run.to = hold_end(d, &p, last, &known);
        run.open = !known;
        if (run.open)
            run.to = 0;
        run.seen = run.open ? p.items[last].at : run.to;
        run.sample = p.items[last].at;
        put_values(d, rule, &p, i, last, &run);
        ret->items[ret->count++] = run;
        i = last;
    }
    reference_cut(d, ret);
}

/* ------------------------------------------------------------------ from runs to stretches */

static struct book_stretch *put(const struct reference_device *d, struct reference_book *book,
                                unsigned rule, bool sure, const struct reference_run *run)
{
    assert(book->count < REFERENCE_MAX_STRETCHES);
    struct book_stretch *s = &book->stretches[book->count++];
    memset(s, 0, sizeof *s);
    s->rule = (uint8_t)rule;
    s->sure = sure;
    memcpy(s->device, d->id, sizeof s->device);
    s->from_ms = run->from;
    s->open = run->open;
    s->to_ms = run->to;
    s->peak = run->peak;
    s->peak_exponent = run->peak_exponent;
    s->mean = run->mean;
    s->mean_exponent = run->mean_exponent;
    return s;
}

static void add_lasting(const struct reference_device *d, unsigned rule, bool sure,
                        struct reference_book *book)
{
    static struct reference_runs runs;
    const struct contract_rule *r = &d->definition->rules[rule];
    bool stuck = r->watch == CONTRACT_STUCK;
    bool total = r->watch == CONTRACT_BOUND && r->lasting == CONTRACT_TOTAL;
    bool unbroken = stuck || (r->watch == CONTRACT_BOUND && r->lasting == CONTRACT_UNBROKEN);
    int64_t duration = (int64_t)d->terms->limits[rule].duration_ms;
    int64_t spent = total && r->budget.len > 0 ? d->carried_ms[rule] : 0;
    reference_runs(d, rule, sure, &runs);
    for (size_t i = 0; i < runs.count; i++) {
        const struct reference_run *run = &runs.items[i];
        int64_t lasted = (int64_t)(run->seen - run->from), needed = 0;
        if (total)
            needed = duration > spent ? duration - spent : 0;
        else if (unbroken)
            needed = duration;
        bool broken = lasted >= needed;
        spent += lasted;
        if (!broken && (!total || run->open))
            continue;
        struct book_stretch *s = put(d, book, rule, sure, run);
        s->excursion = broken;
        s->broken_ms = broken ? run->from + (uint64_t)needed : 0;
    }
}

static void add_silence(const struct reference_device *d, unsigned rule,
                        struct reference_book *book)
{
    static struct reference_points p;
    uint64_t longest = d->terms->limits[rule].duration_ms;
    reference_points(d, d->definition->rules[rule].property, true, &p);
    for (size_t i = 0; i < p.count; i++) {
        uint64_t at = p.items[i].at;
        struct reference_run run = { .from = at };
        if (i + 1 < p.count) {
            run.to = p.items[i + 1].at;
            if (run.to - at <= longest)
                continue;
        } else {
            run.open = true;
            if (d->now_ms == 0 || d->now_ms < at + longest)
                continue;
        }
        struct book_stretch *s = put(d, book, rule, false, &run);
        s->excursion = true;
        s->broken_ms = at + longest;
    }
}

static bool overlap(const struct book_stretch *a, const struct book_stretch *b)
{
    return (a->open || b->from_ms < a->to_ms) && (b->open || a->from_ms < b->to_ms);
}

static void say_certain(const struct reference_device *d, size_t first, struct reference_book *book)
{
    for (size_t i = first; i < book->count; i++) {
        struct book_stretch *s = &book->stretches[i];
        bool has_sure = d->definition->rules[s->rule].watch == CONTRACT_BOUND &&
                        d->terms->limits[s->rule].has_sure;
        s->certain = s->excursion && !has_sure;
        for (size_t j = first; j < book->count && s->excursion; j++) {
            const struct book_stretch *t = &book->stretches[j];
            if (t->rule == s->rule && t->sure && t->excursion && overlap(s, t))
                s->certain = true;
        }
    }
}

static int by_place(const void *a, const void *b)
{
    const struct book_stretch *s = a, *t = b;
    int device = memcmp(s->device, t->device, sizeof s->device);
    if (s->rule != t->rule)
        return s->rule < t->rule ? -1 : 1;
    if (s->sure != t->sure)
        return t->sure ? -1 : 1;
    if (device != 0)
        return device;
    return s->from_ms < t->from_ms ? -1 : s->from_ms > t->from_ms;
}

void watch_reference_add(const struct reference_device *d, struct reference_book *book)
{
    size_t first = book->count;
    for (unsigned rule = 0; rule < d->definition->rule_count; rule++) {
        switch (d->definition->rules[rule].watch) {
        case CONTRACT_BOUND:
            add_lasting(d, rule, false, book);
            if (d->terms->limits[rule].has_sure)
                add_lasting(d, rule, true, book);
            break;
        case CONTRACT_FAULT:
        case CONTRACT_STUCK: add_lasting(d, rule, false, book); break;
        case CONTRACT_SILENCE: add_silence(d, rule, book); break;
        case CONTRACT_KINETIC: reference_kinetic(d, rule, book); break;
        }
    }
    say_certain(d, first, book);
    qsort(book->stretches, book->count, sizeof book->stretches[0], by_place);
}

void watch_reference_used(const struct reference_device *d,
                          uint64_t ret_used_ms[DEFINITION_MAX_RULES])
{
    static struct reference_runs runs;
    for (unsigned rule = 0; rule < DEFINITION_MAX_RULES; rule++) {
        ret_used_ms[rule] = 0;
        if (rule >= d->definition->rule_count || d->definition->rules[rule].budget.len == 0)
            continue;
        reference_runs(d, rule, false, &runs);
        for (size_t i = 0; i < runs.count; i++)
            ret_used_ms[rule] += runs.items[i].seen - runs.items[i].from;
    }
}
