#include "contracts/book.h"

#include <assert.h>
#include <string.h>

#include "common/quantity.h"

/* ------------------------------------------------------------------ order */

static int compare_key(unsigned rule_a, bool sure_a, const uint8_t *device_a,
                       const struct book_stretch *b)
{
    if (rule_a != b->rule)
        return rule_a < b->rule ? -1 : 1;
    if (sure_a != b->sure)
        return sure_a ? 1 : -1;
    return memcmp(device_a, b->device, BOOK_DEVICE_SIZE);
}

int book_compare_keys(const struct book_stretch *a, const struct book_stretch *b)
{
    return compare_key(a->rule, a->sure, a->device, b);
}

static int compare(const struct book_stretch *a, const struct book_stretch *b)
{
    int order = book_compare_keys(a, b);
    if (order != 0)
        return order;
    return (a->from_ms > b->from_ms) - (a->from_ms < b->from_ms);
}

/* Where s is, or belongs. */
static size_t place_of(const struct book *b, const struct book_stretch *s, bool *ret_found)
{
    size_t i = 0;
    int order = -1;
    while (i < b->count && (order = compare(&b->stretches[i], s)) < 0)
        i++;
    *ret_found = i < b->count && order == 0;
    return i;
}

static void take_out(struct book *b, size_t i)
{
    b->count--;
    memmove(&b->stretches[i], &b->stretches[i + 1], (b->count - i) * sizeof b->stretches[0]);
}

/* ------------------------------------------------------------------ settling */

struct book_settled *book_find_settled(struct book *b, const struct book_stretch *s)
{
    for (size_t i = 0; i < b->settled_count; i++) {
        struct book_settled *line = &b->settled[i];
        if (compare_key(line->rule, line->sure, line->device, s) == 0)
            return line;
    }
    return NULL;
}

static struct book_settled *make_line(struct book *b, const struct book_stretch *s)
{
    size_t i = 0;
    while (i < b->settled_count &&
           compare_key(b->settled[i].rule, b->settled[i].sure, b->settled[i].device, s) < 0)
        i++;
    memmove(&b->settled[i + 1], &b->settled[i], (b->settled_count - i) * sizeof b->settled[0]);
    b->settled_count++;
    b->settled[i] = (struct book_settled){ .rule = s->rule, .sure = s->sure };
    memcpy(b->settled[i].device, s->device, BOOK_DEVICE_SIZE);
    return &b->settled[i];
}

static void add_peak(struct book_settled *line, const struct book_stretch *s)
{
    bool first = line->excursions == 1;
    if (first ||
        quantity_compare(s->peak, s->peak_exponent, line->highest, line->highest_exponent) > 0) {
        line->highest = s->peak;
        line->highest_exponent = s->peak_exponent;
    }
    if (first ||
        quantity_compare(s->peak, s->peak_exponent, line->lowest, line->lowest_exponent) < 0) {
        line->lowest = s->peak;
        line->lowest_exponent = s->peak_exponent;
    }
}

static void add_to_line(struct book_settled *line, const struct book_stretch *s)
{
    uint64_t ms = s->to_ms - s->from_ms;
    line->total_ms += ms;
    if (line->until_ms < s->to_ms)
        line->until_ms = s->to_ms;
    if (!s->excursion)
        return;
    line->excursions++;
    line->excursion_ms += ms;
    line->unacknowledged += s->acknowledged ? 0 : 1;
    line->uncertain += s->certain ? 0 : 1;
    add_peak(line, s);
}

bool book_settle(struct book *b, struct book_stretch *ret_settled)
{
    const struct book_stretch *oldest = NULL;
    for (size_t i = 0; i < b->count; i++) {
        const struct book_stretch *s = &b->stretches[i];
        bool possible = b->settled_count < BOOK_MAX_SETTLED || book_find_settled(b, s) != NULL;
        if (!s->open && possible && (oldest == NULL || s->to_ms < oldest->to_ms))
            oldest = s;
    }
    if (oldest == NULL)
        return false;
    struct book_settled *line = book_find_settled(b, oldest);
    add_to_line(line != NULL ? line : make_line(b, oldest), oldest);
    *ret_settled = *oldest;
    take_out(b, (size_t)(oldest - b->stretches));
    return true;
}

/* ------------------------------------------------------------------ stretches */

bool book_put(struct book *b, const struct book_stretch *s)
{
    assert(s->open || s->to_ms >= s->from_ms);
    bool found;
    size_t i = place_of(b, s, &found);
    if (!found && b->count == BOOK_MAX_STRETCHES) {
        struct book_stretch settled;
        if (!book_settle(b, &settled))
            return false;
        i = place_of(b, s, &found);
    }
    if (!found) {
        memmove(&b->stretches[i + 1], &b->stretches[i], (b->count - i) * sizeof b->stretches[0]);
        b->count++;
    }
    b->stretches[i] = *s;
    return true;
}

bool book_remove(struct book *b, const struct book_stretch *s)
{
    bool found;
    size_t i = place_of(b, s, &found);
    if (found)
        take_out(b, i);
    return found;
}

struct book_stretch *book_find(struct book *b, unsigned rule,
                               const uint8_t device[BOOK_DEVICE_SIZE], uint64_t from_ms)
{
    struct book_stretch s = { .rule = (uint8_t)rule, .from_ms = from_ms };
    memcpy(s.device, device, BOOK_DEVICE_SIZE);
    bool found;
    size_t i = place_of(b, &s, &found);
    return found ? &b->stretches[i] : NULL;
}

/* ------------------------------------------------------------------ sums */

static void sum_peak(const struct contract_rule *rule, size_t index, int64_t peak, int exponent,
                     struct book_summary *sum)
{
    bool upwards = rule->op == CONTRACT_ABOVE || rule->op == CONTRACT_AT_LEAST;
    if (rule->watch == CONTRACT_SILENCE)
        return;
    if (sum->has_peak[index]) {
        int order = quantity_compare(peak, exponent, sum->peak[index], sum->peak_exponent[index]);
        if (upwards ? order <= 0 : order >= 0)
            return;
    }
    sum->has_peak[index] = true;
    sum->peak[index] = peak;
    sum->peak_exponent[index] = exponent;
}

static void sum_excursions(const struct contract_rule *rule, size_t index, uint64_t count,
                           struct book_summary *sum)
{
    sum->excursions += count;
    sum->rule_excursions[index] += count;
    if (count > 0 && rule->severity > sum->worst)
        sum->worst = rule->severity;
}

void book_sum(const struct book *b, const struct contract_definition *definition, uint64_t now_ms,
              struct book_summary *ret_summary)
{
    struct book_summary *sum = ret_summary;
    *sum = (struct book_summary){ .worst = VERDICT_NONE };
    for (size_t i = 0; i < b->settled_count; i++) {
        const struct book_settled *line = &b->settled[i];
        const struct contract_rule *rule = &definition->rules[line->rule];
        if (line->sure || line->excursions == 0)
            continue;
        sum_excursions(rule, line->rule, line->excursions, sum);
        sum->unacknowledged += line->unacknowledged;
        sum->uncertain += line->uncertain;
        sum->rule_ms[line->rule] += line->excursion_ms;
        sum_peak(rule, line->rule, line->highest, line->highest_exponent, sum);
        sum_peak(rule, line->rule, line->lowest, line->lowest_exponent, sum);
    }
    for (size_t i = 0; i < b->count; i++) {
        const struct book_stretch *s = &b->stretches[i];
        const struct contract_rule *rule = &definition->rules[s->rule];
        uint64_t end_ms = s->open ? now_ms : s->to_ms;
        if (s->sure || !s->excursion)
            continue;
        sum_excursions(rule, s->rule, 1, sum);
        sum->unacknowledged += s->acknowledged ? 0 : 1;
        sum->uncertain += s->certain ? 0 : 1;
        sum->rule_ms[s->rule] += end_ms > s->from_ms ? end_ms - s->from_ms : 0;
        sum_peak(rule, s->rule, s->peak, s->peak_exponent, sum);
    }
}
