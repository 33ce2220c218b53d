#include "node/series.h"

#include "common/quantity.h"

#include <string.h>

void series_begin(struct series *s, uint64_t from_ms, uint64_t to_ms, size_t points)
{
    memset(s, 0, sizeof *s);
    s->from_ms = from_ms;
    s->to_ms = to_ms;
    s->points = points < 1 ? 1 : points > SERIES_POINTS_MAX ? SERIES_POINTS_MAX : points;
}

static bool is_less(struct series_value a, struct series_value b)
{
    return quantity_compare(a.mantissa, a.exponent, b.mantissa, b.exponent) < 0;
}

static void widen(struct series_value *min, struct series_value *max, struct series_value v)
{
    if (is_less(v, *min))
        *min = v;
    if (is_less(*max, v))
        *max = v;
}

void series_add(struct series *s, uint64_t time_ms, int64_t mantissa, int exponent)
{
    if (time_ms < s->from_ms || time_ms > s->to_ms)
        return;
    uint64_t width = (s->to_ms - s->from_ms) / s->points + 1;
    struct series_bucket *b = &s->at[(time_ms - s->from_ms) / width];
    struct series_value v = { mantissa, exponent };
    if (b->count == 0)
        *b = (struct series_bucket){ 0, time_ms, time_ms, v, v };
    b->count++;
    b->first_ms = time_ms < b->first_ms ? time_ms : b->first_ms;
    b->last_ms = time_ms > b->last_ms ? time_ms : b->last_ms;
    widen(&b->min, &b->max, v);
    s->samples++;
}

bool series_range(const struct series *s, struct series_value *ret_min,
                  struct series_value *ret_max)
{
    bool any = false;
    for (size_t i = 0; i < s->points; i++) {
        if (s->at[i].count == 0)
            continue;
        if (!any) {
            *ret_min = s->at[i].min;
            *ret_max = s->at[i].max;
        }
        any = true;
        widen(ret_min, ret_max, s->at[i].min);
        widen(ret_min, ret_max, s->at[i].max);
    }
    return any;
}
