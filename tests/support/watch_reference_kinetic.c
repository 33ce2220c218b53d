/* Mean kinetic temperature as it is printed in the textbooks, and how two books are compared. */
#include "common/quantity.h"
#include "tests/support/watch_reference_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZERO_CELSIUS 273.15L
#define STEPS        24   /* of a window */
#define NEAR         0.03 /* hundredths: nearer to half of one, the last digit of e^x decides */

static long double heat_of(double celsius)
{
    if (celsius < -100)
        celsius = -100;
    if (celsius > 150)
        celsius = 150;
    return expl(-10000.0L / ((long double)celsius + ZERO_CELSIUS));
}

void watch_reference_heat(struct reference_mean *m, double celsius_a, double celsius_b, double ms)
{
    m->heat += (heat_of(celsius_a) + heat_of(celsius_b)) / 2 * (long double)ms;
    m->weight += (long double)ms;
}

double watch_reference_mean(const struct reference_mean *m)
{
    return (double)(10000.0L / -logl(m->heat / m->weight) - ZERO_CELSIUS);
}

/* As mkt.h has it: in whole hundredths, half to even. */
static double celsius(const struct reference_point *p)
{
    double m = (double)p->mantissa; /* a quotient of whole numbers keeps its halves exact */
    int e = p->exponent + 2;
    return rint(e < 0 ? m / pow(10, -e) : m * pow(10, e)) / 100;
}

/* All pairs that end in one of the steps [first, last]; of a whole journey: all. */
static bool mean_of_steps(const struct reference_device *d, const struct reference_points *p,
                          uint64_t step_ms, uint64_t first, uint64_t last, double *ret_mean)
{
    struct reference_mean m = { 0 };
    for (size_t i = 0; i + 1 < p->count; i++) {
        const struct reference_point *a = &p->items[i], *b = &p->items[i + 1];
        uint64_t step = step_ms == 0 ? 0 : b->at / step_ms;
        if (b->at - a->at > d->terms->maximum_gap_ms || step < first || step > last)
            continue;
        watch_reference_heat(&m, celsius(a), celsius(b), (double)(b->at - a->at));
    }
    if (m.weight > 0)
        *ret_mean = watch_reference_mean(&m);
    return m.weight > 0;
}

static bool centi_is_out(const struct reference_device *d, unsigned rule, int64_t centi)
{
    const struct contract_limit *l = &d->terms->limits[rule];
    int order = quantity_compare(centi, -2, l->bound, l->exponent);
    switch (d->definition->rules[rule].op) {
    case CONTRACT_ABOVE: return order > 0;
    case CONTRACT_AT_LEAST: return order >= 0;
    case CONTRACT_BELOW: return order < 0;
    case CONTRACT_AT_MOST: return order <= 0;
    }
    abort();
}

static bool mean_is_out(const struct reference_device *d, unsigned rule, double mean,
                        struct reference_book *book)
{
    double below = floor(mean * 100), rest = mean * 100 - below;
    bool out_below = centi_is_out(d, rule, (int64_t)below);
    bool out_above = centi_is_out(d, rule, (int64_t)below + 1);
    if (fabs(rest - 0.5) < NEAR && out_below != out_above)
        book->doubtful[rule] = true;
    return rest < 0.5 ? out_below : out_above;
}

static struct book_stretch *put(const struct reference_device *d, unsigned rule, double peak,
                                uint64_t from, uint64_t broken, struct reference_book *book)
{
    struct book_stretch *s = &book->stretches[book->count++];
    memset(s, 0, sizeof *s);
    s->rule = (uint8_t)rule;
    memcpy(s->device, d->id, sizeof s->device);
    s->from_ms = from;
    s->excursion = true;
    s->broken_ms = broken;
    s->peak = (int64_t)llround(peak * 100);
    s->peak_exponent = -2;
    return s;
}

static void whole_journey(const struct reference_device *d, unsigned rule,
                          const struct reference_points *p, struct reference_book *book)
{
    double mean = 0;
    if (!mean_of_steps(d, p, 0, 0, 0, &mean) || !mean_is_out(d, rule, mean, book))
        return;
    uint64_t from = p->items[0].at;
    uint64_t end = p->items[p->count - 1].at + d->terms->maximum_gap_ms;
    struct book_stretch *s = put(d, rule, mean, from, from, book);
    s->open = d->now_ms == 0 || d->now_ms < end + d->terms->lateness_ms;
    if (s->open)
        return;
    s->to_ms = end;
    s->mean = s->peak;
    s->mean_exponent = s->peak_exponent;
}

struct step {
    bool over, has_data, out;
    double mean;
};

static struct step step_at(const struct reference_device *d, unsigned rule,
                           const struct reference_points *p, uint64_t k,
                           struct reference_book *book)
{
    struct step s = { false, false, false, 0 };
    uint64_t size = d->terms->limits[rule].duration_ms / STEPS, end = (k + 1) * size;
    uint64_t deadline = end + d->terms->maximum_gap_ms + d->terms->lateness_ms;
    s.over = p->items[p->count - 1].at >= end || (d->now_ms != 0 && d->now_ms >= deadline);
    s.has_data = mean_of_steps(d, p, size, k, k, &s.mean);
    if (s.over && s.has_data) {
        mean_of_steps(d, p, size, k < STEPS - 1 ? 0 : k - (STEPS - 1), k, &s.mean);
        s.out = mean_is_out(d, rule, s.mean, book);
    }
    return s;
}

static double farther(enum contract_operator op, double a, double b)
{
    return (op == CONTRACT_ABOVE || op == CONTRACT_AT_LEAST) == (a > b) ? a : b;
}

void reference_kinetic(const struct reference_device *d, unsigned rule, struct reference_book *book)
{
    static struct reference_points p;
    reference_points(d, d->definition->rules[rule].property, false, &p);
    if (d->definition->rules[rule].whole_journey) {
        whole_journey(d, rule, &p, book);
        return;
    }
    if (p.count == 0)
        return;
    uint64_t size = d->terms->limits[rule].duration_ms / STEPS, previous_end = 0;
    uint64_t last = p.items[p.count - 1].at / size;
    for (uint64_t k = p.items[0].at / size; k <= last; k++) {
        struct step s = step_at(d, rule, &p, k, book);
        if (!s.out)
            continue;
        uint64_t from = (k - (STEPS - 1)) * size;
        from = from < d->start_ms ? d->start_ms : from;
        from = from < previous_end ? previous_end : from;
        uint64_t broken = (k + 1) * size;
        double peak = s.mean;
        while ((s = step_at(d, rule, &p, k + 1, book)).out) {
            peak = farther(d->definition->rules[rule].op, peak, s.mean);
            k++;
        }
        struct book_stretch *e = put(d, rule, peak, from, broken, book);
        e->open = !s.over;
        e->to_ms = e->open ? 0 : (k + 1) * size;
        previous_end = (k + 1) * size;
    }
}

/* ------------------------------------------------------------------ comparing */

void watch_reference_show(const struct book_stretch *s, char *text, size_t size)
{
    snprintf(text, size,
             "rule %u%s device %02x from %" PRIu64 " %s%" PRIu64 " %s%" PRIu64 " peak %" PRId64
             "e%d mean %" PRId64 "e%d%s",
             (unsigned)s->rule, s->sure ? " sure" : "", (unsigned)s->device[0], s->from_ms,
             s->open ? "open " : "to ", s->to_ms, s->excursion ? "broken " : "time ", s->broken_ms,
             s->peak, s->peak_exponent, s->mean, s->mean_exponent, s->certain ? " certain" : "");
}

static bool same(const struct contract_rule *rule, const struct book_stretch *a,
                 const struct book_stretch *b)
{
    if (a->rule != b->rule || a->sure != b->sure || a->from_ms != b->from_ms ||
        a->open != b->open || a->to_ms != b->to_ms || a->excursion != b->excursion ||
        a->broken_ms != b->broken_ms || a->certain != b->certain ||
        memcmp(a->device, b->device, sizeof a->device) != 0)
        return false;
    if (rule->watch == CONTRACT_KINETIC) {
        if (a->peak_exponent != b->peak_exponent || a->peak - b->peak > 1 || b->peak - a->peak > 1)
            return false;
        return a->open || !rule->whole_journey ||
               quantity_compare(b->peak, b->peak_exponent, b->mean, b->mean_exponent) == 0;
    }
    return a->peak == b->peak && a->peak_exponent == b->peak_exponent &&
           (a->open || quantity_compare(a->mean, a->mean_exponent, b->mean, b->mean_exponent) == 0);
}

static void say_missing(const struct book_stretch *s, const char *whose, char *why, size_t size)
{
    int n = snprintf(why, size, "only in %s: ", whose);
    if (n > 0 && (size_t)n < size)
        watch_reference_show(s, why + n, size - (size_t)n);
}

static bool find(const struct contract_definition *definition, const struct book_stretch *s,
                 const struct book_stretch *list, size_t count, bool list_is_engine)
{
    const struct contract_rule *rule = &definition->rules[s->rule];
    for (size_t i = 0; i < count; i++)
        if (list_is_engine ? same(rule, s, &list[i]) : same(rule, &list[i], s))
            return true;
    return false;
}

bool watch_reference_equal(const struct contract_definition *definition,
                           const struct reference_book *reference, const struct book *book,
                           char *why, size_t size)
{
    for (size_t i = 0; i < reference->count; i++) {
        const struct book_stretch *s = &reference->stretches[i];
        if (!reference->doubtful[s->rule] &&
            !find(definition, s, book->stretches, book->count, true)) {
            say_missing(s, "the reference", why, size);
            return false;
        }
    }
    for (size_t i = 0; i < book->count; i++) {
        const struct book_stretch *s = &book->stretches[i];
        if (!reference->doubtful[s->rule] &&
            !find(definition, s, reference->stretches, reference->count, false)) {
            say_missing(s, "the engine", why, size);
            return false;
        }
    }
    return true;
}
