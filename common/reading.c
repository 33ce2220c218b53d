#include "common/reading.h"

#include <string.h>

/* ------------------------------------------------------------------ from the wire */

static bool value_in_range(int64_t value)
{
    return value >= -READING_VALUE_MAX && value <= READING_VALUE_MAX;
}

/* Adds without leaving int64: both sides are below 2^63 and the sum is checked against 2^53. */
static bool add_delta(int64_t *value, int64_t delta)
{
    int64_t sum;
    if (__builtin_add_overflow(*value, delta, &sum) || !value_in_range(sum))
        return false;
    *value = sum;
    return true;
}

/* int or null; a null leaves the running value as it was. */
static bool take_step(struct cbor_reader *r, int64_t *value)
{
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
        return false;
    }
    if (!add_delta(value, cbor_take_int(r)))
        cbor_fail(r);
    return true;
}

static size_t take_column(struct cbor_reader *r, struct reading_column *ret_column)
{
    struct reading_column c;
    int64_t value = 0;
    cbor_take_array_of(r, 4);
    c.property = (uint16_t)cbor_take_int_in(r, 1, UINT16_MAX);
    c.exponent = (int8_t)cbor_take_int_in(r, -9, 9);
    size_t start = r->pos;
    (void)take_step(r, &value);
    c.first = slice_from(r->in, start, r->pos - start);
    start = r->pos;
    size_t n = cbor_take_array(r);
    if (n >= READING_SAMPLES_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++)
        (void)take_step(r, &value);
    c.deltas = slice_from(r->in, start, r->pos - start);
    *ret_column = c;
    return n + 1;
}

/* One number for all gaps, or one for each; counted back from the last sample they stay above 0. */
static void take_interval(struct cbor_reader *r, size_t rows, uint64_t time_ms)
{
    uint64_t total = 0;
    if (cbor_peek(r) == CBOR_UINT) {
        uint64_t each = cbor_take_uint(r);
        if (each == 0 || rows < 2 || __builtin_mul_overflow(each, rows - 1, &total) ||
            total > time_ms)
            cbor_fail(r);
        return;
    }
    size_t n = cbor_take_array(r);
    if (n == 0 || n != rows - 1)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++) {
        uint64_t gap = cbor_take_uint_max(r, INT64_MAX);
        total += gap;
        if (gap == 0 || total > time_ms)
            cbor_fail(r);
    }
}

void reading_take(struct fields *f, uint64_t time_ms, struct reading *ret_reading)
{
    struct reading g = { .samples = 0 };
    fields_need(f, 5);
    g.columns = cbor_take_array(f->r);
    if (g.columns == 0 || g.columns > READING_COLUMNS_MAX) {
        cbor_fail(f->r);
        g.columns = 0;
    }
    for (size_t i = 0; i < g.columns && !f->r->failed; i++) {
        size_t rows = take_column(f->r, &g.column[i]);
        if (i == 0)
            g.samples = rows;
        else if (rows != g.samples || g.column[i].property <= g.column[i - 1].property)
            cbor_fail(f->r);
    }
    size_t start = 0;
    bool has_interval = fields_has(f, 6);
    if (has_interval) {
        start = f->r->pos;
        take_interval(f->r, g.samples, time_ms);
        g.interval = slice_from(f->r->in, start, f->r->pos - start);
    }
    if (has_interval != (g.samples > 1))
        cbor_fail(f->r);
    *ret_reading = g;
}

static void expand_times(const struct reading *g, uint64_t time_ms, uint64_t *times)
{
    struct cbor_reader r = cbor_reader(g->interval);
    uint64_t total = 0;
    bool equal = cbor_peek(&r) == CBOR_UINT;
    uint64_t each = equal ? cbor_take_uint(&r) : 0;
    if (g->samples > 1 && !equal)
        (void)cbor_take_array(&r);
    times[0] = 0;
    for (size_t i = 1; i < g->samples; i++) {
        total += equal ? each : cbor_take_uint(&r);
        times[i] = total;
    }
    for (size_t i = 0; i < g->samples; i++)
        times[i] = time_ms - total + times[i];
}

void reading_expand(const struct reading *g, uint64_t time_ms, struct samples *ret_samples)
{
    ret_samples->rows = g->samples;
    ret_samples->columns = g->columns;
    expand_times(g, time_ms, ret_samples->time_ms);
    for (size_t i = 0; i < g->columns; i++) {
        struct sample_column *c = &ret_samples->column[i];
        struct cbor_reader r = cbor_reader(g->column[i].first);
        int64_t value = 0;
        c->property = g->column[i].property;
        c->exponent = g->column[i].exponent;
        c->present[0] = take_step(&r, &value);
        c->value[0] = value;
        r = cbor_reader(g->column[i].deltas);
        (void)cbor_take_array(&r);
        for (size_t k = 1; k < g->samples; k++) {
            c->present[k] = take_step(&r, &value);
            c->value[k] = value;
        }
    }
}

/* ------------------------------------------------------------------ to the wire */

size_t reading_pairs(const struct reading *g)
{
    return g->interval.len > 0 ? 2 : 1;
}

void reading_put(struct buf *out, const struct reading *g)
{
    cbor_put_int(out, 5);
    cbor_put_array(out, g->columns);
    for (size_t i = 0; i < g->columns; i++) {
        cbor_put_array(out, 4);
        cbor_put_uint(out, g->column[i].property);
        cbor_put_int(out, g->column[i].exponent);
        buf_add_slice(out, g->column[i].first);
        buf_add_slice(out, g->column[i].deltas);
    }
    if (g->interval.len > 0) {
        cbor_put_int(out, 6);
        buf_add_slice(out, g->interval);
    }
}

static bool samples_check(const struct samples *s, struct err *err)
{
    if (s->rows == 0 || s->rows > READING_SAMPLES_MAX || s->columns == 0 ||
        s->columns > READING_COLUMNS_MAX)
        return err_set(err, ERR_INPUT, "%zu samples of %zu properties, expected 1-4096 of 1-16",
                       s->rows, s->columns);
    for (size_t i = 1; i < s->rows; i++)
        if (s->time_ms[i] <= s->time_ms[i - 1])
            return err_set(err, ERR_INPUT, "sample %zu is not later than the one before", i + 1);
    for (size_t c = 0; c < s->columns; c++) {
        if (c > 0 && s->column[c].property <= s->column[c - 1].property)
            return err_set(err, ERR_INPUT, "properties must rise");
        for (size_t i = 0; i < s->rows; i++)
            if (s->column[c].present[i] && !value_in_range(s->column[c].value[i]))
                return err_set(err, ERR_INPUT, "sample %zu is beyond 2^53", i + 1);
    }
    return true;
}

static void put_step(struct buf *out, const struct sample_column *c, size_t row, int64_t *before)
{
    if (!c->present[row]) {
        cbor_put_null(out);
        return;
    }
    cbor_put_int(out, c->value[row] - *before);
    *before = c->value[row];
}

static void put_intervals(struct buf *out, const struct samples *s)
{
    uint64_t each = s->time_ms[1] - s->time_ms[0];
    bool equal = true;
    for (size_t i = 2; i < s->rows; i++)
        equal = equal && s->time_ms[i] - s->time_ms[i - 1] == each;
    if (equal) {
        cbor_put_uint(out, each);
        return;
    }
    cbor_put_array(out, s->rows - 1);
    for (size_t i = 1; i < s->rows; i++)
        cbor_put_uint(out, s->time_ms[i] - s->time_ms[i - 1]);
}

struct span {
    size_t start, len;
};

static struct slice span_slice(const struct buf *memory, struct span span)
{
    return slice_from(buf_slice(memory), span.start, span.len);
}

bool reading_make(const struct samples *s, struct buf *memory, struct reading *ret_reading,
                  struct err *err)
{
    struct span first[READING_COLUMNS_MAX], deltas[READING_COLUMNS_MAX], interval;
    if (!samples_check(s, err))
        return false;
    buf_clear(memory);
    for (size_t c = 0; c < s->columns; c++) {
        int64_t before = 0;
        first[c].start = memory->len;
        put_step(memory, &s->column[c], 0, &before);
        first[c].len = memory->len - first[c].start;
        deltas[c].start = memory->len;
        cbor_put_array(memory, s->rows - 1);
        for (size_t i = 1; i < s->rows; i++)
            put_step(memory, &s->column[c], i, &before);
        deltas[c].len = memory->len - deltas[c].start;
    }
    interval.start = memory->len;
    if (s->rows > 1)
        put_intervals(memory, s);
    interval.len = memory->len - interval.start;
    if (memory->failed)
        return err_set(err, ERR_INPUT, "a reading larger than its memory of %zu bytes",
                       memory->max);
    *ret_reading = (struct reading){ .samples = s->rows, .columns = s->columns };
    for (size_t c = 0; c < s->columns; c++)
        ret_reading->column[c] =
            (struct reading_column){ s->column[c].property, s->column[c].exponent,
                                     span_slice(memory, first[c]), span_slice(memory, deltas[c]) };
    ret_reading->interval = span_slice(memory, interval);
    return true;
}
