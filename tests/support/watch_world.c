#include "tests/support/watch_world.h"

#include "common/reading.h"
#include "contracts/property.h"

#include <assert.h>
#include <string.h>

#define START UINT64_C(1780293600000)

uint64_t watch_world_random(struct watch_world *w)
{
    uint64_t z = w->seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int64_t watch_world_pick(struct watch_world *w, int64_t from, int64_t to)
{
    uint64_t span = (uint64_t)(to - from);
    assert(from <= to && span < UINT64_MAX);
    return from + (int64_t)(watch_world_random(w) % (span + 1));
}

bool watch_world_chance(struct watch_world *w, unsigned one_in)
{
    return watch_world_random(w) % one_in == 0;
}

unsigned watch_world_state_at(void *world, uint64_t time_ms)
{
    const struct watch_world *w = world;
    unsigned state = 0;
    for (unsigned i = 0; i < w->state_count; i++)
        if (w->state_from[i] <= time_ms)
            state = w->states[i];
    return state;
}

/* ------------------------------------------------------------------ the contract */

/* Values are in units of a tenth of the property's usual last digit, like the means. */
static int exponent_of(uint16_t property)
{
    return property_by_id(property)->exponent - 1;
}

static int64_t level_of(uint16_t property)
{
    return property == PROPERTY_TEMPERATURE ? 8000 : 500;
}

static int64_t some_level(struct watch_world *w, uint16_t property)
{
    return level_of(property) + 100 * watch_world_pick(w, -20, 20);
}

/* A multiple of the usual spacing, or a millisecond beside it, so that many things fall on the edge. */
static uint64_t some_time(struct watch_world *w)
{
    int64_t step = (int64_t)w->step_ms;
    int64_t ms = step * watch_world_pick(w, 0, 8) + watch_world_pick(w, -1, 1);
    return ms < 1 ? 1 : (uint64_t)ms;
}

/* The wire has the shortest of equal values seldom, so neither does the world. */
static void put_number(struct watch_world *w, uint16_t property, int64_t level, int64_t *ret_number,
                       int *ret_exponent)
{
    int exponent = exponent_of(property);
    while (level % 10 == 0 && exponent < 2 && watch_world_chance(w, 2)) {
        level /= 10;
        exponent++;
    }
    *ret_number = level;
    *ret_exponent = exponent;
}

static bool upwards(enum contract_operator op)
{
    return op == CONTRACT_ABOVE || op == CONTRACT_AT_LEAST;
}

static void make_bound(struct watch_world *w, struct contract_rule *r, struct contract_limit *l,
                       int64_t accuracy)
{
    int64_t bound = some_level(w, r->property), in = upwards(r->op) ? -1 : 1;
    put_number(w, r->property, bound + in * accuracy, &l->bound, &l->exponent);
    if (accuracy != 0 || w->terms.calibrated_until_ms != UINT64_MAX) {
        l->has_sure = true;
        put_number(w, r->property, bound - in * accuracy, &l->sure, &l->sure_exponent);
    }
    r->lasting = (enum contract_lasting)watch_world_pick(w, CONTRACT_INSTANT, CONTRACT_TOTAL);
    if (r->lasting != CONTRACT_INSTANT)
        l->duration_ms = some_time(w);
    if (r->lasting == CONTRACT_TOTAL && watch_world_chance(w, 2))
        r->budget = slice_text("shelf life");
    if (watch_world_chance(w, 2)) {
        r->has_until = true;
        r->until_op = upwards(r->op) ? watch_world_chance(w, 2) ? CONTRACT_BELOW : CONTRACT_AT_MOST
                      : watch_world_chance(w, 2) ? CONTRACT_ABOVE
                                                 : CONTRACT_AT_LEAST;
        put_number(w, r->property, bound + in * 50 * watch_world_pick(w, 0, 8), &l->until,
                   &l->until_exponent);
    }
    if (watch_world_chance(w, 5)) {
        r->has_ignore = true;
        l->ignore_ms = some_time(w);
    }
    if (watch_world_chance(w, 4)) {
        r->has_stages = true;
        r->stages = (uint64_t)watch_world_pick(w, 0, 7);
    }
}

static void make_rule(struct watch_world *w, unsigned index, const int64_t *accuracy)
{
    static const char names[] = "abcdefghijklmnopqrstuvwxyz";
    struct contract_rule *r = &w->definition.rules[index];
    struct contract_limit *l = &w->terms.limits[index];
    r->name = slice_of(&names[index], 1);
    r->severity = (enum verdict_severity)watch_world_pick(w, VERDICT_LOW, VERDICT_CRITICAL);
    size_t column = (size_t)watch_world_pick(w, 0, (int64_t)w->column_count - 1);
    column -= column > 0 && watch_world_chance(w, 3) ? 1 : 0;
    r->property = w->columns[column];
    int64_t dice = watch_world_pick(w, 0, 11);
    if (dice <= 5) {
        r->watch = CONTRACT_BOUND;
        r->op = (enum contract_operator)watch_world_pick(w, CONTRACT_ABOVE, CONTRACT_AT_MOST);
        make_bound(w, r, l, accuracy[column]);
    } else if (dice <= 7) {
        r->watch = CONTRACT_SILENCE;
        r->property = watch_world_chance(w, 2) ? 0 : r->property;
        l->duration_ms = some_time(w);
    } else if (dice == 8) {
        r->watch = CONTRACT_FAULT;
    } else if (dice == 9) {
        r->watch = CONTRACT_STUCK;
        l->duration_ms = some_time(w);
    } else {
        r->watch = CONTRACT_KINETIC; /* its window is set when the length of the journey is known */
        r->property = PROPERTY_TEMPERATURE;
        r->op = (enum contract_operator)watch_world_pick(w, CONTRACT_ABOVE, CONTRACT_AT_MOST);
        r->whole_journey = dice == 11;
        put_number(w, r->property, some_level(w, r->property), &l->bound, &l->exponent);
    }
}

/* The properties the rules watch, rising, and each rule's place among them. */
static void index_properties(struct contract_definition *d)
{
    d->property_count = 0;
    for (uint16_t property = 0; property <= 18; property++) {
        bool watched = false;
        for (size_t i = 0; i < d->rule_count; i++)
            if (d->rules[i].property == property) {
                watched = true;
                d->rules[i].slot = (unsigned)d->property_count;
            }
        if (watched)
            d->properties[d->property_count++] = property;
    }
}

static void make_sensors(struct watch_world *w, int64_t *accuracy)
{
    struct contract_definition *d = &w->definition;
    d->sensor_count = 0;
    for (size_t i = 0; i < w->column_count; i++) {
        accuracy[i] = watch_world_chance(w, 3) ? watch_world_pick(w, 1, 60) * 10 : 0;
        bool has_range = watch_world_chance(w, 3);
        if (accuracy[i] == 0 && !has_range)
            continue;
        struct contract_range *range = &w->terms.ranges[d->sensor_count];
        struct contract_sensor *s = &d->sensors[d->sensor_count++];
        memset(s, 0, sizeof *s);
        memset(range, 0, sizeof *range);
        s->property = w->columns[i];
        s->has_accuracy = accuracy[i] != 0;
        s->has_range = has_range;
        if (!has_range)
            continue;
        put_number(w, s->property, level_of(s->property) - 3000, &range->low, &range->low_exponent);
        put_number(w, s->property, level_of(s->property) + 3000, &range->high,
                   &range->high_exponent);
    }
}

static void make_contract(struct watch_world *w, unsigned rules)
{
    static const uint16_t properties[] = { PROPERTY_TEMPERATURE, PROPERTY_HUMIDITY,
                                           PROPERTY_PRESSURE, PROPERTY_DOOR };
    struct contract_definition *d = &w->definition;
    d->name = slice_text("random");
    d->version = 1;
    w->column_count = (size_t)watch_world_pick(w, 1, WATCH_WORLD_COLUMNS);
    for (size_t i = 0; i < w->column_count; i++)
        w->columns[i] = properties[i];
    static const int64_t gaps[] = { 60000, 600000, 1800000, 1234567 };
    w->terms.maximum_gap_ms = (uint64_t)gaps[watch_world_pick(w, 0, 3)];
    w->step_ms = w->terms.maximum_gap_ms / (uint64_t)watch_world_pick(w, 1, 4);
    w->terms.calibrated_until_ms = UINT64_MAX;
    if (watch_world_chance(w, 6))
        w->terms.calibrated_until_ms = START + some_time(w) * 4;
    d->has_calibration = w->terms.calibrated_until_ms != UINT64_MAX;
    int64_t accuracy[WATCH_WORLD_COLUMNS] = { 0 };
    make_sensors(w, accuracy);
    d->rule_count = (size_t)watch_world_pick(w, 1, rules);
    for (unsigned i = 0; i < d->rule_count; i++) {
        memset(&d->rules[i], 0, sizeof d->rules[i]);
        memset(&w->terms.limits[i], 0, sizeof w->terms.limits[i]);
        make_rule(w, i, accuracy);
        w->carried_ms[i] = d->rules[i].budget.len == 0 || watch_world_chance(w, 3)
                               ? 0
                               : (int64_t)some_time(w) * watch_world_pick(w, -1, 1);
    }
    index_properties(d);
    w->start_ms = START - (uint64_t)watch_world_pick(w, -3, 3) * w->step_ms / 2;
    d->state_count = 3;
    w->state_count = (unsigned)watch_world_pick(w, 1, WATCH_WORLD_STAGES);
    for (unsigned i = 0; i < w->state_count; i++) {
        w->state_from[i] = i == 0 ? 0 : w->state_from[i - 1] + some_time(w);
        w->state_from[i] = i == 1 ? START + some_time(w) : w->state_from[i];
        w->states[i] = (unsigned)watch_world_pick(w, 0, 2);
    }
}

/* ------------------------------------------------------------------ the journey */

/* Something that matters to a rule or a sensor of this property, or the usual level. */
static int64_t some_landmark(struct watch_world *w, uint16_t property)
{
    int64_t marks[4 * DEFINITION_MAX_RULES + 3];
    int exponents[4 * DEFINITION_MAX_RULES + 3];
    size_t count = 0;
    for (size_t i = 0; i < w->definition.rule_count; i++) {
        const struct contract_limit *l = &w->terms.limits[i];
        const struct contract_rule *r = &w->definition.rules[i];
        if (r->property != property || (r->watch != CONTRACT_BOUND && r->watch != CONTRACT_KINETIC))
            continue;
        marks[count] = l->bound;
        exponents[count++] = l->exponent;
        marks[count] = r->has_until ? l->until : l->bound;
        exponents[count++] = r->has_until ? l->until_exponent : l->exponent;
        marks[count] = l->has_sure ? l->sure : l->bound;
        exponents[count++] = l->has_sure ? l->sure_exponent : l->exponent;
    }
    marks[count] = level_of(property);
    exponents[count++] = exponent_of(property);
    size_t i = (size_t)watch_world_pick(w, 0, (int64_t)count - 1);
    int64_t mark = marks[i];
    for (int e = exponents[i]; e > exponent_of(property); e--)
        mark *= 10;
    return mark;
}

static int64_t next_level(struct watch_world *w, uint16_t property, int64_t level)
{
    int64_t dice = watch_world_pick(w, 0, 19);
    if (dice <= 6)
        return level;
    if (dice <= 14)
        return some_landmark(w, property) + watch_world_pick(w, -1, 1) * (dice <= 10 ? 10 : 1);
    if (dice <= 17)
        return level + watch_world_pick(w, -300, 300);
    /* the edges of a sensor's range, and beyond */
    return level_of(property) + 3000 * (dice == 18 ? 1 : -1) + watch_world_pick(w, -1, 1) * 10;
}

static void put_reading(struct watch_world *w, uint16_t property, uint64_t at, int64_t *level,
                        struct watch_reading *ret)
{
    *level = next_level(w, property, *level);
    *ret = (struct watch_reading){ .property = property, .present = true, .time_ms = at };
    put_number(w, property, *level, &ret->mantissa, &ret->exponent);
    if (property == PROPERTY_TEMPERATURE && watch_world_chance(w, 15)) {
        ret->mantissa = -127;
        ret->exponent = 0;
        for (int64_t i = watch_world_pick(w, 0, 3); i > 0; i--) {
            ret->mantissa *= 10;
            ret->exponent--;
        }
    }
    if (watch_world_chance(w, 12))
        *ret = (struct watch_reading){ .property = property, .time_ms = at };
}

static uint64_t next_time(struct watch_world *w, uint64_t at)
{
    uint64_t gap = w->terms.maximum_gap_ms;
    switch (watch_world_pick(w, 0, 15)) {
    case 0: return at + gap;
    case 1: return at + gap + 1;
    case 2: return at + gap - 1;
    case 3: return at + 2 * gap + some_time(w);
    case 4: return at + 1;
    case 5: return at + some_time(w);
    case 6: return at + (uint64_t)watch_world_pick(w, 1, (int64_t)w->step_ms);
    default: return at + w->step_ms;
    }
}

static void make_device(struct watch_world *w, struct watch_world_device *d,
                        const struct watch_world_size *size)
{
    int64_t level[WATCH_WORLD_COLUMNS];
    for (size_t c = 0; c < w->column_count; c++)
        level[c] = some_level(w, w->columns[c]);
    uint64_t at = START - (uint64_t)watch_world_pick(w, 0, 3) * w->step_ms / 2;
    d->first_seq = (uint64_t)watch_world_pick(w, 1, 5);
    d->gap_before = d->first_seq > 1 && watch_world_chance(w, 2);
    d->statement_count = (size_t)watch_world_pick(w, 1, size->statements);
    d->reading_count = 0;
    unsigned lossy = (unsigned)watch_world_pick(w, 2, 60);
    for (size_t i = 0; i < d->statement_count; i++) {
        struct watch_world_statement *s = &d->statements[i];
        *s = (struct watch_world_statement){ .seq = d->first_seq + i, .first = d->reading_count };
        s->lost = watch_world_chance(w, lossy);
        s->other = watch_world_chance(w, 20);
        if (s->other) {
            s->last_ms = at;
            continue;
        }
        int64_t rows = watch_world_pick(w, 1, size->rows);
        uint64_t columns = watch_world_chance(w, 3) ? watch_world_random(w) : UINT64_MAX;
        if (w->steps_back && watch_world_chance(w, 4))
            at -= some_time(w);
        for (; rows > 0; rows--) {
            at = next_time(w, at);
            for (size_t c = 0; c < w->column_count; c++)
                if ((columns >> c & 1) != 0)
                    put_reading(w, w->columns[c], at, &level[c], &d->readings[d->reading_count++]);
        }
        s->count = d->reading_count - s->first;
        s->last_ms = at;
        w->end_ms = at > w->end_ms ? at : w->end_ms;
    }
}

/* No more than are kept, even when none of them touch. */
static void withdraw_some(struct watch_world *w, struct watch_world_device *d)
{
    size_t left = w->withdraws ? WATCH_MAX_SPANS : 0;
    unsigned one_in = (unsigned)watch_world_pick(w, 1, 6);
    for (size_t i = 0; i < d->statement_count; i++) {
        struct watch_world_statement *s = &d->statements[i];
        s->withdrawn = left > 0 && s->count > 0 && watch_world_chance(w, one_in);
        left -= s->withdrawn ? 1 : 0;
    }
}

bool watch_world_span(const struct watch_world *w, const struct watch_world_device *d,
                      const struct watch_world_statement *s, struct watch_span *ret_span)
{
    if (s->count == 0)
        return false;
    const struct watch_reading *first = &d->readings[s->first];
    const struct watch_reading *last = &first[s->count - 1];
    const struct watch_reading *before = last;
    while (before > first && before->time_ms == last->time_ms)
        before--;
    uint64_t step = before->time_ms == last->time_ms ? w->terms.maximum_gap_ms
                                                     : last->time_ms - before->time_ms;
    *ret_span = (struct watch_span){ first->time_ms, last->time_ms, last->time_ms + step };
    return true;
}

/* The whole journey within one window, where late ones still count; or many windows, in order. */
static void make_windows(struct watch_world *w)
{
    uint64_t whole = w->end_ms - START + 4 * w->step_ms;
    w->in_order_only = w->steps_back;
    for (size_t i = 0; i < w->definition.rule_count; i++) {
        if (w->definition.rules[i].watch != CONTRACT_KINETIC ||
            w->definition.rules[i].whole_journey)
            continue;
        uint64_t step = whole / 22 + 1;
        if (watch_world_chance(w, 3)) {
            step = whole / (uint64_t)watch_world_pick(w, 30, 300) + 1;
            w->in_order_only = true;
        }
        w->terms.limits[i].duration_ms = 24 * step * (uint64_t)watch_world_pick(w, 1, 3);
    }
}

void watch_world_make(struct watch_world *w, uint64_t seed, const struct watch_world_size *size)
{
    assert(size->statements <= WATCH_WORLD_STATEMENTS);
    assert(size->statements * size->rows <= WATCH_WORLD_ROWS);
    w->seed = seed * UINT64_C(0xd1342543de82ef95) + 1;
    w->end_ms = START;
    w->steps_back = watch_world_chance(w, 20);
    w->withdraws = watch_world_chance(w, 2);
    make_contract(w, size->rules);
    w->device_count = (size_t)watch_world_pick(w, 1, size->devices);
    for (size_t i = 0; i < w->device_count; i++) {
        for (size_t b = 0; b < BOOK_DEVICE_SIZE; b++)
            w->devices[i].id[b] = (uint8_t)watch_world_random(w);
        w->devices[i].id[0] = (uint8_t)(i + 1);
        make_device(w, &w->devices[i], size);
        withdraw_some(w, &w->devices[i]);
    }
    make_windows(w);
    /* Nothing arrives so late that a timer has taken its sensor for dead. */
    w->terms.lateness_ms = w->end_ms - START + 8 * w->step_ms + some_time(w);
}
