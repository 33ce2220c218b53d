#include "tools/trial_plot.h"

#include "common/quantity.h"

#include <string.h>

#define HEIGHTS      8
#define MAX_EXPONENT 9

/* The finest exponent there is: heights are counted in one. */
static int finest(const struct series *s)
{
    int exponent = MAX_EXPONENT;
    for (size_t i = 0; i < s->points; i++) {
        const struct series_bucket *b = &s->at[i];
        if (b->count == 0)
            continue;
        exponent = b->min.exponent < exponent ? b->min.exponent : exponent;
        exponent = b->max.exponent < exponent ? b->max.exponent : exponent;
    }
    return exponent;
}

static bool height(struct series_value v, int64_t low, int64_t high, int exponent, int *ret_height)
{
    int64_t at;
    if (!quantity_rescale(v.mantissa, v.exponent, exponent, &at))
        return false;
    /* High and low are int64, their difference may not be; heights need no more than its upper bits. */
    uint64_t span = (uint64_t)high - (uint64_t)low, above = (uint64_t)at - (uint64_t)low;
    while (span > UINT64_MAX / HEIGHTS / 2) {
        span /= 2;
        above /= 2;
    }
    *ret_height = span == 0 ? 0 : (int)((above * (HEIGHTS - 1) + span / 2) / span);
    return true;
}

bool trial_plot_line(const struct series *s, bool above, char line[TRIAL_PLOT_SIZE])
{
    static const char *const blocks[HEIGHTS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    struct series_value min, max;
    int exponent = finest(s), h;
    int64_t low, high;
    size_t len = 0;
    if (!series_range(s, &min, &max) ||
        !quantity_rescale(min.mantissa, min.exponent, exponent, &low) ||
        !quantity_rescale(max.mantissa, max.exponent, exponent, &high))
        return false;
    for (size_t i = 0; i < s->points && i < TRIAL_PLOT_WIDTH; i++) {
        const struct series_bucket *b = &s->at[i];
        const char *block = " ";
        if (b->count > 0) {
            if (!height(above ? b->max : b->min, low, high, exponent, &h))
                return false;
            block = blocks[h];
        }
        memcpy(line + len, block, strlen(block));
        len += strlen(block);
    }
    line[len] = '\0';
    return true;
}

static bool beyond(const struct contract_rule *rule, const struct contract_limit *limit,
                   struct series_value v)
{
    int order = quantity_compare(v.mantissa, v.exponent, limit->bound, limit->exponent);
    switch (rule->op) {
    case CONTRACT_ABOVE: return order > 0;
    case CONTRACT_AT_LEAST: return order >= 0;
    case CONTRACT_BELOW: return order < 0;
    case CONTRACT_AT_MOST: return order <= 0;
    }
    return false;
}

void trial_plot_marks(const struct series *s, uint16_t property,
                      const struct contract_definition *definition,
                      const struct contract_terms *terms, char marks[TRIAL_PLOT_WIDTH + 1])
{
    size_t last = 0;
    memset(marks, ' ', TRIAL_PLOT_WIDTH);
    for (size_t i = 0; i < s->points && i < TRIAL_PLOT_WIDTH; i++)
        for (size_t k = 0; s->at[i].count > 0 && k < definition->rule_count; k++) {
            const struct contract_rule *rule = &definition->rules[k];
            if (rule->watch == CONTRACT_BOUND && rule->property == property &&
                (beyond(rule, &terms->limits[k], s->at[i].min) ||
                 beyond(rule, &terms->limits[k], s->at[i].max))) {
                marks[i] = '^';
                last = i + 1;
            }
        }
    marks[last] = '\0';
}
