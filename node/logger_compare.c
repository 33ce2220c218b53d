#include "node/logger_compare.h"

#include "contracts/property.h"

#include <string.h>

__extension__ typedef __int128 wide;

#define MILLI         (-3)
#define TEMPERATURE_K 1000 /* 1.0 degrees */
#define HUMIDITY_K    5000 /* 5 %RH */
#define PERCENT       2
#define SHIFT_MIN     8 /* steps in common, and half of those there are without a shift */

/* ------------------------------------------------------------------ one logger */

void logger_begin(struct logger_series *s, uint64_t from_ms, uint64_t to_ms)
{
    uint64_t minutes = (to_ms - from_ms) / LOGGER_STEP_MS + 1;
    uint64_t each = (minutes + LOGGER_STEPS - 1) / LOGGER_STEPS;
    memset(s, 0, sizeof *s);
    s->from_ms = from_ms;
    s->step_ms = each * LOGGER_STEP_MS;
    s->steps = (size_t)((minutes + each - 1) / each);
}

static wide divide_half_even(wide sum, wide by)
{
    wide whole = sum / by, rest = sum % by;
    if (rest < 0) {
        whole--;
        rest += by;
    }
    return 2 * rest > by || (2 * rest == by && whole % 2 != 0) ? whole + 1 : whole;
}

static int64_t in_milli(int64_t mantissa, int exponent)
{
    wide value = mantissa, by = 1;
    for (int e = exponent; e > MILLI && value < LOGGER_VALUE_MAX && value > -LOGGER_VALUE_MAX; e--)
        value *= 10;
    for (int e = exponent; e < MILLI; e++)
        by *= 10;
    value = divide_half_even(value, by);
    if (value > LOGGER_VALUE_MAX)
        return LOGGER_VALUE_MAX;
    return value < -LOGGER_VALUE_MAX ? -LOGGER_VALUE_MAX : (int64_t)value;
}

void logger_add(struct logger_series *s, uint64_t time_ms, int64_t mantissa, int exponent)
{
    if (time_ms < s->from_ms || (time_ms - s->from_ms) / s->step_ms >= s->steps)
        return;
    size_t i = (size_t)((time_ms - s->from_ms) / s->step_ms);
    if (s->count[i] == LOGGER_SAMPLES_MAX)
        return;
    s->sum[i] += in_milli(mantissa, exponent);
    s->count[i]++;
}

/* ------------------------------------------------------------------ steps of both */

/* How far apart a logger's steps with data usually are: the median. */
static size_t usual_distance(const struct logger_series *s, size_t from, size_t to)
{
    uint32_t at[LOGGER_STEPS + 1] = { 0 };
    size_t total = 0, last = to;
    for (size_t i = from; i < to; i++) {
        if (s->count[i] == 0)
            continue;
        if (last != to) {
            at[i - last]++;
            total++;
        }
        last = i;
    }
    size_t seen = 0;
    for (size_t distance = 1; distance <= LOGGER_STEPS && total > 0; distance++) {
        seen += at[distance];
        if (2 * seen >= total)
            return distance;
    }
    return 1;
}

static bool find_ends(const struct logger_series *s, size_t *ret_from, size_t *ret_to)
{
    size_t from = 0, to = s->steps;
    while (from < to && s->count[from] == 0)
        from++;
    while (to > from && s->count[to - 1] == 0)
        to--;
    *ret_from = from;
    *ret_to = to;
    return from < to;
}

/* Two loggers' steps, each made of `each` of the series'. */
struct pair {
    const struct logger_series *a, *b;
    size_t from, to; /* steps of the series that both reported in */
    size_t each;
    int64_t count; /* of the coarse steps */
};

static bool mean_of(const struct pair *p, const struct logger_series *s, int64_t step, int64_t *ret)
{
    wide sum = 0;
    uint64_t count = 0;
    if (step < 0 || step >= p->count)
        return false;
    size_t first = p->from + (size_t)step * p->each;
    for (size_t i = first; i < first + p->each && i < p->to; i++) {
        sum += s->sum[i];
        count += s->count[i];
    }
    if (count > 0)
        *ret = (int64_t)divide_half_even(sum, (wide)count);
    return count > 0;
}

static bool make_pair(const struct logger_series *a, const struct logger_series *b,
                      struct pair *ret)
{
    size_t from_a, to_a, from_b, to_b;
    if (a->from_ms != b->from_ms || a->step_ms != b->step_ms || a->steps != b->steps ||
        !find_ends(a, &from_a, &to_a) || !find_ends(b, &from_b, &to_b))
        return false;
    *ret = (struct pair){ .a = a, .b = b };
    ret->from = from_a > from_b ? from_a : from_b;
    ret->to = to_a < to_b ? to_a : to_b;
    if (ret->from >= ret->to)
        return false;
    size_t slow_a = usual_distance(a, ret->from, ret->to);
    size_t slow_b = usual_distance(b, ret->from, ret->to);
    ret->each = slow_a > slow_b ? slow_a : slow_b;
    ret->count = (int64_t)((ret->to - ret->from + ret->each - 1) / ret->each);
    return true;
}

/* ------------------------------------------------------------------ sums over steps */

struct sums {
    int64_t n;
    wide d, dd; /* of differences, and of their squares */
};

/* a's step i is compared with b's step i + shift. */
static struct sums sum_differences(const struct pair *p, int64_t shift)
{
    struct sums sums = { 0, 0, 0 };
    for (int64_t i = 0; i < p->count; i++) {
        int64_t a, b;
        if (!mean_of(p, p->a, i, &a) || !mean_of(p, p->b, i + shift, &b))
            continue;
        sums.n++;
        sums.d += a - b;
        sums.dd += (wide)(a - b) * (a - b);
    }
    return sums;
}

/* Whether the first's variance is smaller: (n dd - d d) / n n. */
static bool is_tighter(const struct sums *a, const struct sums *b)
{
    wide spread_a = a->n * a->dd - a->d * a->d, spread_b = b->n * b->dd - b->d * b->d;
    return spread_a * b->n * b->n < spread_b * a->n * a->n;
}

/* ------------------------------------------------------------------ clocks */

static int64_t limit_of(const struct logger_limit *limit)
{
    if (limit->has_accuracy)
        return limit->accuracy_a + limit->accuracy_b;
    if (limit->property == PROPERTY_TEMPERATURE)
        return TEMPERATURE_K;
    return limit->property == PROPERTY_HUMIDITY ? HUMIDITY_K : 0;
}

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* Half the usual last digit of a property, in 0.001. */
static int64_t half_digit(uint16_t id)
{
    const struct property *p = property_by_id(id);
    int64_t digit = 1;
    for (int e = p == NULL ? 0 : p->exponent; e > MILLI; e--)
        digit *= 10;
    return digit / 2;
}

static bool disagree(const struct logger_limit *limit, int64_t a, int64_t b)
{
    int64_t apart = magnitude(a - b), fixed = limit_of(limit);
    int64_t larger = magnitude(a) > magnitude(b) ? magnitude(a) : magnitude(b);
    if (fixed > 0 || limit->has_accuracy)
        return apart > fixed;
    return apart > half_digit(limit->property) && apart * 100 > larger * PERCENT;
}

/* What does not vary fits at any shift. */
static bool varies(const struct pair *p, const struct logger_series *s,
                   const struct logger_limit *limit)
{
    bool any = false;
    int64_t low = 0, high = 0;
    for (int64_t i = 0; i < p->count; i++) {
        int64_t value;
        if (!mean_of(p, s, i, &value))
            continue;
        low = !any || value < low ? value : low;
        high = !any || value > high ? value : high;
        any = true;
    }
    return any && disagree(limit, low, high);
}

static void find_offset(const struct pair *p, const struct logger_limit *limit,
                        struct logger_comparison *ret)
{
    int64_t most = LOGGER_OFFSET_MS / (int64_t)ret->step_ms;
    struct sums best = sum_differences(p, 0);
    int64_t needed = (best.n + 1) / 2 > SHIFT_MIN ? (best.n + 1) / 2 : SHIFT_MIN, shift = 0;
    if (most == 0 || best.n < needed || !varies(p, p->a, limit) || !varies(p, p->b, limit))
        return;
    for (int64_t far = 1; far <= most; far++)
        for (int64_t side = 1; side >= -1; side -= 2) {
            struct sums sums = sum_differences(p, side * far);
            if (sums.n < needed || !is_tighter(&sums, &best))
                continue;
            best = sums;
            shift = side * far;
        }
    ret->has_offset = true;
    ret->offset_ms = shift * (int64_t)ret->step_ms;
}

/* ------------------------------------------------------------------ disagreement */

static uint64_t time_of(const struct pair *p, int64_t step)
{
    size_t at = p->from + (size_t)step * p->each;
    return p->a->from_ms + (at < p->to ? at : p->to) * p->a->step_ms;
}

static void put_window(const struct logger_window *window, struct logger_comparison *ret)
{
    ret->window_total++;
    if (ret->window_count < LOGGER_WINDOWS_MAX)
        ret->windows[ret->window_count++] = *window;
}

static void find_windows(const struct pair *p, const struct logger_limit *limit,
                         struct logger_comparison *ret)
{
    struct logger_window window = { 0, 0, 0 };
    bool inside = false;
    for (int64_t i = 0; i < p->count; i++) {
        int64_t a, b;
        if (!mean_of(p, p->a, i, &a) || !mean_of(p, p->b, i, &b))
            continue;
        bool apart = disagree(limit, a, b);
        if (inside && !apart)
            put_window(&window, ret);
        if (apart && !inside)
            window = (struct logger_window){ .from_ms = time_of(p, i) };
        inside = apart;
        if (!apart)
            continue;
        window.to_ms = time_of(p, i + 1);
        if (magnitude(a - b) > magnitude(window.worst))
            window.worst = a - b;
    }
    if (inside)
        put_window(&window, ret);
}

bool logger_compare(const struct logger_series *a, const struct logger_series *b,
                    const struct logger_limit *limit, struct logger_comparison *ret)
{
    struct pair p;
    *ret = (struct logger_comparison){ .limit = limit_of(limit) };
    if (!make_pair(a, b, &p))
        return false;
    ret->from_ms = time_of(&p, 0);
    ret->to_ms = time_of(&p, p.count);
    ret->step_ms = p.each * a->step_ms;
    struct sums sums = sum_differences(&p, 0);
    if (sums.n == 0)
        return false;
    ret->compared = (size_t)sums.n;
    ret->bias = (int64_t)divide_half_even(sums.d, sums.n);
    find_offset(&p, limit, ret);
    find_windows(&p, limit, ret);
    return true;
}
