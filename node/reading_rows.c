#include "node/reading_rows.h"

/* The asset's place in the list, which is made when it has none yet. */
static struct reading_rows_asset *place_of(struct reading_rows *rows, struct slice asset)
{
    for (size_t i = 0; i < rows->count; i++)
        if (slice_equal(rows->assets[i].asset, asset))
            return &rows->assets[i];
    rows->assets[rows->count] = (struct reading_rows_asset){ .asset = asset };
    return &rows->assets[rows->count++];
}

/* Rows measured from from_ms until before to_ms are the asset's. */
static void give(struct reading_rows *rows, const struct samples *s, struct slice asset,
                 uint64_t from_ms, uint64_t to_ms)
{
    struct reading_rows_span span = { 0, 0 };
    while (span.from < s->rows && s->time_ms[span.from] < from_ms)
        span.from++;
    span.to = span.from;
    while (span.to < s->rows && s->time_ms[span.to] < to_ms)
        span.to++;
    if (span.from == span.to)
        return;
    struct reading_rows_asset *a = place_of(rows, asset);
    a->spans[a->span_count++] = span;
}

void reading_rows_split(struct execution *x, const struct kid *device, const struct samples *s,
                        struct reading_rows *ret_rows)
{
    struct state_key before_key = state_key_kid(TABLE_ATTACHED_BEFORE, device);
    struct state_key now_key = state_key_kid(TABLE_ATTACHMENT, device);
    struct state_attachments before;
    struct state_attachment now;
    struct slice value;
    ret_rows->count = 0;
    if (execution_get(x, &before_key, &value) && state_attachments_take(value, &before))
        for (size_t i = 0; i < before.count; i++)
            give(ret_rows, s, before.items[i].asset, before.items[i].from_ms,
                 before.items[i].to_ms);
    if (execution_get(x, &now_key, &value) && state_attachment_take(value, &now))
        give(ret_rows, s, now.asset, now.since_ms, UINT64_MAX);
}

size_t reading_rows_first(const struct reading_rows_asset *a)
{
    return a->spans[0].from;
}

size_t reading_rows_last(const struct reading_rows_asset *a)
{
    return a->spans[a->span_count - 1].to - 1;
}

size_t reading_rows_count(const struct reading_rows_asset *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->span_count; i++)
        n += a->spans[i].to - a->spans[i].from;
    return n;
}
