#include "firmware-sim/climate.h"

#define SET_LOW_MICRO   INT64_C(4200000) /* the compressor stops here … */
#define SET_HIGH_MICRO  INT64_C(5900000) /* … and starts here */
#define COOLING_MICRO_S 2600
#define OUTSIDE_MICRO   INT64_C(19000000)
#define DOOR_CAP_MICRO  INT64_C(7300000)
#define RAMP_S          1500 /* how long before an excursion it warms up, and after it cools down */
#define EDGE_CENTI      10   /* how far above the bound an excursion begins and ends */
#define DAY_S           86400

static int64_t min_int(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_int(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ------------------------------------------------------------------ the journey's doors */

static void plan_doors(struct climate *c)
{
    uint64_t seconds = c->plan.hours * 3600;
    size_t wanted = (size_t)(c->plan.hours / 5 + 1);
    c->door_count = wanted < CLIMATE_DOORS_MAX ? wanted : CLIMATE_DOORS_MAX;
    for (size_t i = 0; i < c->door_count; i++) {
        uint64_t slot = seconds / c->door_count;
        uint64_t from = slot * i + rand_below(&c->rand, slot);
        c->door_from_s[i] = from;
        c->door_to_s[i] = from + 120 + rand_below(&c->rand, 360);
    }
}

static bool door_is_open(const struct climate *c, uint64_t second)
{
    for (size_t i = 0; i < c->door_count; i++)
        if (second >= c->door_from_s[i] && second < c->door_to_s[i])
            return true;
    return false;
}

void climate_begin(struct climate *c, const struct climate_plan *plan)
{
    *c = (struct climate){ .plan = *plan, .rand = rand_seeded(plan->seed) };
    c->temp_micro_c = rand_between(&c->rand, 4600000, 5400000);
    c->humidity_milli = rand_between(&c->rand, 56000, 62000);
    c->cooling = rand_below(&c->rand, 2) == 1;
    plan_doors(c);
}

/* ------------------------------------------------------------------ one second */

/* The van stands in the sun at noon: the walls leak twice what they do at midnight. */
static int64_t wall_leak(const struct climate *c)
{
    int64_t second = (int64_t)((c->plan.start_ms / 1000 + c->now_s) % DAY_S);
    int64_t from_noon = second > DAY_S / 2 ? second - DAY_S / 2 : DAY_S / 2 - second;
    return 1600 - 800 * from_noon / (DAY_S / 2);
}

static void run_second(struct climate *c)
{
    bool open = door_is_open(c, c->now_s);
    if (c->temp_micro_c >= SET_HIGH_MICRO)
        c->cooling = true;
    else if (c->temp_micro_c <= SET_LOW_MICRO)
        c->cooling = false;
    c->temp_micro_c += wall_leak(c) - (c->cooling ? COOLING_MICRO_S : 0);
    if (open)
        c->temp_micro_c += (OUTSIDE_MICRO - c->temp_micro_c) / 1800;
    c->temp_micro_c = min_int(c->temp_micro_c, DOOR_CAP_MICRO);
    int64_t damp = open ? 79000 : c->cooling ? 53000 : 65000;
    c->humidity_milli += (damp - c->humidity_milli) / 700;
    c->now_s++;
}

/* ------------------------------------------------------------------ the excursion */

/* A hump that is `edge` at both ends of 0 … span and `top` in the middle. */
static int64_t hump(int64_t edge, int64_t top, int64_t at, int64_t span)
{
    return edge + (top - edge) * 4 * at * (span - at) / (span * span);
}

/* Number of the sample that is the peak: the one nearest the middle. */
static uint64_t peak_sample(const struct climate_plan *p)
{
    uint64_t middle_ms = p->from_ms + (p->to_ms - p->from_ms) / 2;
    return (middle_ms - p->start_ms) / p->interval_ms;
}

static int64_t warm(const struct climate *c, uint64_t time_ms, int64_t noise)
{
    const struct climate_plan *p = &c->plan;
    int64_t edge = min_int(p->bound_centi_c + EDGE_CENTI, p->peak_centi_c);
    int64_t value = hump(edge, p->peak_centi_c, (int64_t)(time_ms - p->from_ms),
                         (int64_t)(p->to_ms - p->from_ms));
    if ((time_ms - p->start_ms) / p->interval_ms == peak_sample(p))
        return p->peak_centi_c;
    return max_int(min_int(value + noise, p->peak_centi_c - 1), p->bound_centi_c + 1);
}

/* Beside the excursion the air is on its way up or down; `away_s` seconds from it. */
static int64_t ramp(int64_t calm, int64_t limit, uint64_t away_s)
{
    return away_s >= RAMP_S ? calm : limit + (calm - limit) * (int64_t)away_s / RAMP_S;
}

static int64_t temperature(const struct climate *c, uint64_t time_ms, int64_t noise)
{
    const struct climate_plan *p = &c->plan;
    int64_t calm = min_int(c->temp_micro_c / 10000 + noise, CLIMATE_CALM_CENTI);
    if (!p->excursion)
        return calm;
    int64_t limit = p->bound_centi_c - 5;
    if (time_ms < p->from_ms)
        return min_int(ramp(calm, limit, (p->from_ms - time_ms) / 1000), limit);
    if (time_ms >= p->to_ms)
        return min_int(ramp(calm, limit, (time_ms - p->to_ms) / 1000), limit);
    return warm(c, time_ms, noise);
}

bool climate_next(struct climate *c, struct climate_sample *ret_sample)
{
    uint64_t after_ms = c->next_sample * c->plan.interval_ms;
    if (after_ms >= c->plan.hours * 3600000)
        return false;
    while (c->now_s < after_ms / 1000)
        run_second(c);
    int64_t noise = rand_between(&c->rand, -4, 4) + rand_between(&c->rand, -4, 4);
    int64_t damp_noise = rand_between(&c->rand, -3, 3);
    ret_sample->time_ms = c->plan.start_ms + after_ms;
    ret_sample->temp_centi_c = temperature(c, ret_sample->time_ms, noise);
    ret_sample->humidity_deci = min_int(c->humidity_milli / 100 + damp_noise, 740);
    c->next_sample++;
    return true;
}
