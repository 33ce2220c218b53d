/* Several loggers on one asset: what each reported, and how far they are apart. */
#include "node/api_goods.h"

#include "contracts/property.h"
#include "node/logger_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGGERS_MAX     8
#define ATTACHMENTS_MAX 16
#define EVENTS_PAGE     256 /* read in one go */

struct attachment {
    uint64_t from_ms, to_ms;
    bool ended;
};

struct logger {
    struct kid device;
    uint64_t samples, first_ms, last_ms;
    size_t attachment_count;
    struct attachment attachments[ATTACHMENTS_MAX];
    struct logger_series *series;
};

struct loggers {
    struct api_context *c;
    uint16_t property;
    uint64_t from_ms, to_ms;
    size_t count;
    bool cut, good;
    struct logger at[LOGGERS_MAX];
    struct buf statement;
    struct err *err;
};

/* NULL when there is no room, or memory is short. */
static struct logger *logger_of(struct loggers *l, const struct kid *device)
{
    for (size_t i = 0; i < l->count; i++)
        if (kid_equal(&l->at[i].device, device))
            return &l->at[i];
    if (l->count == LOGGERS_MAX) {
        l->cut = true;
        return NULL;
    }
    struct logger_series *series = malloc(sizeof *series);
    if (series == NULL) {
        l->good = err_set(l->err, ERR_IO, "out of memory");
        return NULL;
    }
    logger_begin(series, l->from_ms, l->to_ms);
    l->at[l->count] = (struct logger){ .device = *device, .series = series };
    return &l->at[l->count++];
}

static void attached(struct loggers *l, const struct asset_event *e)
{
    struct kid device;
    struct logger *logger = event_data_kid(e->data, &device) ? logger_of(l, &device) : NULL;
    if (logger == NULL)
        return;
    size_t n = logger->attachment_count;
    if (e->what == EVENT_ATTACHED && n < ATTACHMENTS_MAX)
        logger->attachments[logger->attachment_count++] =
            (struct attachment){ .from_ms = e->time_ms };
    else if (e->what == EVENT_DETACHED && n > 0 && !logger->attachments[n - 1].ended)
        logger->attachments[n - 1] =
            (struct attachment){ logger->attachments[n - 1].from_ms, e->time_ms, true };
}

static bool skip_row(void *ctx, const struct read_model_cell *cells, size_t count)
{
    (void)cells;
    (void)count;
    *(bool *)ctx = true;
    return false;
}

/* A corrected reading is no longer what its signer says. */
static bool is_corrected(struct loggers *l, const struct hash *statement)
{
    bool found = false;
    struct read_model_args arg = { 1, { read_model_arg_bytes(hash_slice(statement)) } };
    return read_model_list(l->c->store, LIST_CORRECTION, &arg, skip_row, &found, NULL) && found;
}

static void add_samples(struct loggers *l, struct logger *logger, const struct event_recorded *d)
{
    const struct samples *s = l->c->samples;
    for (size_t k = 0; k < s->columns; k++) {
        const struct sample_column *column = &s->column[k];
        if (column->property != l->property)
            continue;
        for (size_t i = 0; i < s->rows; i++) {
            uint64_t t = s->time_ms[i];
            if (!column->present[i] || t < d->first_ms || t > d->last_ms)
                continue;
            logger_add(logger->series, t, column->value[i], column->exponent);
            logger->first_ms = logger->samples == 0 || t < logger->first_ms ? t : logger->first_ms;
            logger->last_ms = t > logger->last_ms ? t : logger->last_ms;
            logger->samples++;
        }
    }
}

static void recorded(struct loggers *l, const struct asset_event *e)
{
    struct event_recorded d;
    struct statement st;
    if (!e->has_leaf || !event_data_recorded(e->data, &d))
        return;
    struct logger *logger = logger_of(l, &d.device);
    if (logger == NULL)
        return;
    buf_clear(&l->statement);
    l->good = store_statement(l->c->store, e->leaf, &l->statement, l->err) &&
              statement_decode(buf_slice(&l->statement), &st, l->err) &&
              statement_samples(&st, l->c->samples, l->err);
    if (l->good && !is_corrected(l, &st.hash))
        add_samples(l, logger, &d);
}

static bool add_event(void *ctx, const struct asset_event *e)
{
    struct loggers *l = ctx;
    if (e->what == EVENT_RECORDED)
        recorded(l, e);
    else if (e->what == EVENT_ATTACHED || e->what == EVENT_DETACHED)
        attached(l, e);
    return l->good;
}

/* ------------------------------------------------------------------ as JSON */

/* Its kid, and what it is called, if it is. */
static void put_device(struct api_context *c, struct json_doc *one, const char *key,
                       const struct kid *device)
{
    char name[READ_MODEL_NAME + 1], name_key[16];
    json_doc_put_hex(one, key, kid_slice(device));
    (void)snprintf(name_key, sizeof name_key, "%s_name", key);
    if (read_model_key_name(c->store, device, name))
        json_doc_put_text(one, name_key, name);
}

static void put_logger(struct api_context *c, struct json_doc *list, const struct logger *l)
{
    struct json_doc *one = json_doc_put_object(list, NULL);
    struct json_doc *times = json_doc_put_array(one, "attached");
    put_device(c, one, "device", &l->device);
    json_doc_put_int(one, "samples", (int64_t)l->samples);
    if (l->samples > 0) {
        api_put_time(one, "first", l->first_ms);
        api_put_time(one, "last", l->last_ms);
    }
    for (size_t i = 0; i < l->attachment_count; i++) {
        struct json_doc *time = json_doc_put_object(times, NULL);
        api_put_time(time, "from", l->attachments[i].from_ms);
        if (l->attachments[i].ended)
            api_put_time(time, "to", l->attachments[i].to_ms);
    }
}

static void put_windows(struct json_doc *doc, const struct logger_comparison *r)
{
    struct json_doc *list = json_doc_put_array(doc, "disagreements");
    for (size_t i = 0; i < r->window_count; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        api_put_time(one, "from", r->windows[i].from_ms);
        api_put_time(one, "to", r->windows[i].to_ms);
        json_doc_put_decimal(one, "worst", r->windows[i].worst, -3);
    }
    json_doc_put_int(doc, "disagreement_count", (int64_t)r->window_total);
}

static void put_comparison(struct loggers *l, struct json_doc *list, const struct logger *a,
                           const struct logger *b)
{
    struct logger_limit limit = { .property = l->property };
    struct logger_comparison r;
    if (!logger_compare(a->series, b->series, &limit, &r))
        return;
    struct json_doc *one = json_doc_put_object(list, NULL);
    put_device(l->c, one, "a", &a->device);
    put_device(l->c, one, "b", &b->device);
    api_put_time(one, "from", r.from_ms);
    api_put_time(one, "to", r.to_ms);
    json_doc_put_int(one, "step_s", (int64_t)(r.step_ms / 1000));
    json_doc_put_int(one, "compared", (int64_t)r.compared);
    json_doc_put_decimal(one, "bias", r.bias, -3);
    if (r.limit > 0)
        json_doc_put_decimal(one, "limit", r.limit, -3);
    if (r.has_offset)
        json_doc_put_int(one, "clock_offset_s", r.offset_ms / 1000);
    put_windows(one, &r);
}

static void put_loggers(struct loggers *l, struct json_doc *doc)
{
    const struct property *known = property_by_id(l->property);
    struct json_doc *list = json_doc_put_array(doc, "loggers");
    struct json_doc *pairs = json_doc_put_array(doc, "comparisons");
    json_doc_put_text(doc, "asset", l->c->view->name);
    json_doc_put_int(doc, "property", l->property);
    json_doc_put_bool(doc, "cut", l->cut);
    if (known != NULL) {
        json_doc_put_text(doc, "name", known->name);
        json_doc_put_text(doc, "unit", known->unit);
    }
    for (size_t i = 0; i < l->count; i++) {
        put_logger(l->c, list, &l->at[i]);
        for (size_t k = 0; k < i; k++)
            put_comparison(l, pairs, &l->at[k], &l->at[i]);
    }
}

void api_loggers(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    const struct provenance *p = &c->view->journey;
    uint64_t property = PROPERTY_TEMPERATURE;
    if (!api_query_uint(q, a, "property", UINT16_MAX, &property))
        return;
    struct loggers l = { .c = c,
                         .property = (uint16_t)property,
                         .from_ms = p->first_reading_ms,
                         .to_ms = p->last_reading_ms,
                         .good = true,
                         .statement = buf_heap(STATEMENT_MAX),
                         .err = &err };
    struct json_doc *doc = json_doc_object();
    for (uint64_t from = 0; from < p->events && l.good; from += EVENTS_PAGE)
        l.good =
            read_model_events(c->store, c->view->id, (struct read_model_page){ from, EVENTS_PAGE },
                              add_event, &l, &err) &&
            l.good;
    if (l.good)
        put_loggers(&l, doc);
    for (size_t i = 0; i < l.count; i++)
        free(l.at[i].series);
    buf_free(&l.statement);
    api_end_goods(a, doc, &err);
}
