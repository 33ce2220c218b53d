#include "node/page.h"
#include "node/rule_words.h"

#include "common/instant.h"
#include "common/quantity.h"
#include "contracts/property.h"

#include <inttypes.h>
#include <stdio.h>

/* Drawn in these units; the page scales it. */
#define WIDTH  720
#define HEIGHT 290
#define LEFT   52
#define RIGHT  708
#define TOP    36
#define BOTTOM 248

#define MINUTE_MS UINT64_C(60000)
#define DAY_MS    (1440 * MINUTE_MS)
#define TICKS_MAX 7
#define NAME_ROOM 11 /* units a letter of a custodian's name takes */

struct chart {
    struct api_context *c;
    const struct series *s;
    uint16_t property;
    const char *unit;
    int64_t low, high; /* hundredths, of the vertical axis */
    uint64_t gap_ms;   /* silence that breaks the line */
    struct buf *out;
};

/* Hundredths, rounded: for drawing only. */
static int64_t to_hundredths(int64_t mantissa, int exponent)
{
    for (; exponent > -2; exponent--)
        if (__builtin_mul_overflow(mantissa, 10, &mantissa))
            return mantissa < 0 ? -1000000000 : 1000000000;
    for (; exponent < -2; exponent++)
        mantissa /= 10;
    return mantissa;
}

static int64_t of(struct series_value v)
{
    return to_hundredths(v.mantissa, v.exponent);
}

static int x_at(const struct chart *t, uint64_t time_ms)
{
    uint64_t span = t->s->to_ms - t->s->from_ms;
    uint64_t at = time_ms < t->s->from_ms ? 0
                  : time_ms > t->s->to_ms ? span
                                          : time_ms - t->s->from_ms;
    return span == 0 ? (LEFT + RIGHT) / 2 : LEFT + (int)(at * (RIGHT - LEFT) / span);
}

/* In tenths of a unit, so that a slow change is not drawn as steps. */
static int y_at(const struct chart *t, int64_t hundredths)
{
    int64_t v = hundredths < t->low ? t->low : hundredths > t->high ? t->high : hundredths;
    return BOTTOM * 10 - (int)((v - t->low) * (BOTTOM - TOP) * 10 / (t->high - t->low));
}

static void put_value(struct chart *t, int64_t hundredths)
{
    char text[QUANTITY_TEXT_SIZE];
    quantity_format(hundredths, -2, text, sizeof text);
    page_markup(t->out, "%s%s", text, t->unit);
}

/* ------------------------------------------------------------------ what the contract says */

static void widen_to(struct chart *t, int64_t hundredths)
{
    t->low = hundredths < t->low ? hundredths : t->low;
    t->high = hundredths > t->high ? hundredths : t->high;
}

typedef void (*bound_visitor)(struct chart *t, int64_t hundredths);

static void each_bound(struct chart *t, bound_visitor visit)
{
    const struct asset_view *v = t->c->view;
    int64_t bound = 0;
    int exponent = 0;
    for (size_t i = 0; i < v->contract_count; i++) {
        const struct asset_contract *c = &v->contract[i];
        for (size_t n = 0; c->known && n < c->definition.rule_count; n++)
            if (c->definition.rules[n].property == t->property &&
                rule_words_bound(&c->definition, &c->terms, n, &bound, &exponent))
                visit(t, to_hundredths(bound, exponent));
    }
}

static void draw_bound(struct chart *t, int64_t hundredths)
{
    int y = y_at(t, hundredths);
    page_markup(t->out, "<line class=\"bound\" x1=\"%d\" x2=\"%d\" y1=\"%d.%d\" y2=\"%d.%d\"/>",
                LEFT, RIGHT, y / 10, y % 10, y / 10, y % 10);
    page_markup(t->out, "<text class=\"bound-label\" x=\"%d\" y=\"%d\" text-anchor=\"end\">",
                RIGHT - 4, y / 10 - 5);
    put_value(t, hundredths);
    page_markup(t->out, "</text>");
}

static bool is_of_property(const struct chart *t, const struct provenance_excursion *e)
{
    const struct asset_contract *c = asset_view_contract(t->c->view, &e->of.opening);
    return e->opened && c != NULL && e->of.rule < c->definition.rule_count &&
           c->definition.rules[e->of.rule].property == t->property;
}

static void draw_excursions(struct chart *t)
{
    const struct provenance *p = &t->c->view->journey;
    for (size_t i = 0; i < p->excursion_count; i++) {
        const struct provenance_excursion *e = &p->excursion[i];
        if (!is_of_property(t, e))
            continue;
        int from = x_at(t, e->of.from_ms), to = x_at(t, e->ended ? e->to_ms : t->s->to_ms);
        page_markup(t->out,
                    "<rect class=\"excursion\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                    from, TOP, to > from ? to - from : 1, BOTTOM - TOP);
    }
}

/* ------------------------------------------------------------------ axes */

static int64_t value_step(int64_t range)
{
    static const int64_t steps[] = { 1, 2, 5 };
    for (int64_t unit = 10; unit < 100000000; unit *= 10)
        for (size_t i = 0; i < 3; i++)
            if (range / (unit * steps[i]) <= 5)
                return unit * steps[i];
    return range;
}

static uint64_t time_step(uint64_t span_ms)
{
    static const uint64_t minutes[] = { 1,   2,   5,   10,  15,   30,   60,    120,
                                        180, 240, 360, 720, 1440, 2880, 10080, 20160 };
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++)
        if (span_ms / (minutes[i] * MINUTE_MS) < TICKS_MAX)
            return minutes[i] * MINUTE_MS;
    return (span_ms / TICKS_MAX / DAY_MS + 1) * DAY_MS;
}

static void draw_value_axis(struct chart *t)
{
    int64_t step = value_step(t->high - t->low);
    int64_t first = t->low >= 0 ? (t->low + step - 1) / step * step : t->low / step * step;
    for (int64_t v = first; v <= t->high; v += step) {
        int y = y_at(t, v);
        char text[QUANTITY_TEXT_SIZE];
        quantity_format(v, -2, text, sizeof text);
        page_markup(t->out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d.%d\" y2=\"%d.%d\"/>",
                    LEFT, RIGHT, y / 10, y % 10, y / 10, y % 10);
        page_markup(t->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", LEFT - 6,
                    y / 10 + 4, text);
    }
}

static void draw_time_axis(struct chart *t)
{
    uint64_t step = time_step(t->s->to_ms - t->s->from_ms);
    uint64_t first = (t->s->from_ms + step - 1) / step * step;
    for (uint64_t at = first; at <= t->s->to_ms; at += step) {
        struct instant_parts p = instant_to_parts(at);
        int x = x_at(t, at);
        page_markup(t->out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", x, x,
                    BOTTOM, BOTTOM + 4);
        page_markup(t->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", x, BOTTOM + 20);
        if (step >= DAY_MS)
            page_markup(t->out, "%02d-%02d</text>", p.month, p.day);
        else
            page_markup(t->out, "%02d:%02d</text>", p.hour, p.minute);
    }
}

/* ------------------------------------------------------------------ custody */

static void draw_custody(struct chart *t)
{
    const struct provenance *p = &t->c->view->journey;
    for (size_t i = 0; i < p->interval_count; i++) {
        const struct provenance_interval *v = &p->interval[i];
        uint64_t until = v->ended ? v->to_ms : t->s->to_ms;
        if (v->role != 0 || until < t->s->from_ms || v->from_ms > t->s->to_ms)
            continue;
        int from = x_at(t, v->from_ms), to = x_at(t, until);
        char name[READ_MODEL_NAME + 1];
        read_model_member_name(t->c->store, &v->member, name);
        if (v->from_ms > t->s->from_ms && from > LEFT)
            page_markup(t->out,
                        "<line class=\"handover\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", from,
                        from, TOP - 16, BOTTOM);
        size_t letters = slice_text(name).len;
        if ((to - from) < (int)letters * NAME_ROOM + 8)
            continue; /* the table below the chart has it */
        page_markup(t->out, "<text class=\"holder\" x=\"%d\" y=\"%d\">", from + 5, TOP - 8);
        page_text(t->out, name);
        page_markup(t->out, "</text>");
    }
}

/* ------------------------------------------------------------------ the envelope */

/* Buckets from `first` up to the next silence. */
static size_t run_end(const struct chart *t, size_t first)
{
    size_t last = first;
    for (size_t i = first + 1; i < t->s->points; i++) {
        if (t->s->at[i].count == 0)
            continue;
        if (t->s->at[i].first_ms - t->s->at[last].last_ms > t->gap_ms)
            break;
        last = i;
    }
    return last;
}

static void point(struct chart *t, const struct series_bucket *b, int64_t hundredths)
{
    int y = y_at(t, hundredths);
    page_markup(t->out, "%d,%d.%d ", x_at(t, b->first_ms + (b->last_ms - b->first_ms) / 2), y / 10,
                y % 10);
}

/* Along the highest values and back along the lowest: one closed band. */
static void draw_run(struct chart *t, size_t first, size_t last)
{
    const struct series_bucket *at = t->s->at;
    page_markup(t->out, "<polygon class=\"band\" points=\"");
    for (size_t i = first; i <= last; i++)
        if (at[i].count > 0)
            point(t, &at[i], of(at[i].max));
    for (size_t i = last + 1; i-- > first;)
        if (at[i].count > 0)
            point(t, &at[i], of(at[i].min));
    page_markup(t->out, "\"/>");
}

static void draw_envelope(struct chart *t)
{
    for (size_t i = 0; i < t->s->points; i++) {
        if (t->s->at[i].count == 0)
            continue;
        size_t last = run_end(t, i);
        draw_run(t, i, last);
        i = last;
    }
}

/* ------------------------------------------------------------------ the whole */

static uint64_t silence(const struct chart *t)
{
    uint64_t width = (t->s->to_ms - t->s->from_ms) / t->s->points + 1;
    uint64_t gap = 30 * MINUTE_MS;
    for (size_t i = 0; i < t->c->view->contract_count; i++)
        if (t->c->view->contract[i].known && t->c->view->contract[i].terms.maximum_gap_ms > 0)
            gap = t->c->view->contract[i].terms.maximum_gap_ms;
    return gap > 2 * width ? gap : 2 * width;
}

static void put_description(struct chart *t, const char *name, int64_t min, int64_t max)
{
    page_markup(t->out, "<title>%s over time: lowest ", name);
    put_value(t, min);
    page_markup(t->out, ", highest ");
    put_value(t, max);
    page_markup(t->out, ".</title>");
}

static const char *shown_unit(const struct property *p)
{
    switch (p->id) {
    case PROPERTY_TEMPERATURE: return " °C";
    case PROPERTY_HUMIDITY: return " %RH";
    }
    return "";
}

void page_chart(struct api_context *c, const struct asset_series *s, struct buf *out)
{
    struct series_value min = { 0, 0 }, max = { 0, 0 };
    const struct property *p = property_by_id(s->property);
    if (p == NULL || !series_range(&s->series, &min, &max))
        return;
    struct chart t = { .c = c,
                       .s = &s->series,
                       .property = s->property,
                       .unit = shown_unit(p),
                       .low = of(min),
                       .high = of(max),
                       .out = out };
    t.gap_ms = silence(&t);
    each_bound(&t, widen_to);
    int64_t margin = (t.high - t.low) / 12 + 20;
    t.low -= margin;
    t.high += margin;
    page_markup(out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\">", WIDTH, HEIGHT);
    put_description(&t, p->name, of(min), of(max));
    draw_value_axis(&t);
    draw_time_axis(&t);
    draw_excursions(&t);
    draw_envelope(&t);
    each_bound(&t, draw_bound);
    draw_custody(&t);
    page_markup(out, "<text class=\"unit\" x=\"2\" y=\"24\">%s</text>", t.unit);
    page_markup(out, "<text class=\"unit\" x=\"%d\" y=\"%d\" text-anchor=\"end\">UTC</text></svg>",
                RIGHT, HEIGHT - 2);
}
