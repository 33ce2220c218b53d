/* Whether a product is what its label says: node/verify.h over the ledger's state and the goods' events. */
#include "node/api_goods.h"

#include "common/hex.h"
#include "common/instant.h"
#include "node/verify.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX    80
#define EVENTS_PAGE 256 /* read in one go */

static bool get_state(void *ctx, struct slice key, struct buf *value)
{
    struct err err = { .code = ERR_NONE };
    bool found = store_state_get(ctx, key, value, &err);
    if (err.code != ERR_NONE && err.code != ERR_NOT_FOUND)
        value->failed = true;
    return found;
}

static size_t no_timers(void *ctx, uint64_t time_ms, struct state_key *ret_keys, size_t max)
{
    (void)ctx;
    (void)time_ms;
    (void)ret_keys;
    (void)max;
    return 0;
}

static bool feed(void *ctx, const struct asset_event *e)
{
    struct event event = { .what = e->what, .time_ms = e->time_ms, .data = e->data };
    verify_findings_event(ctx, &event);
    return true;
}

/* False when the ledger knows no such asset; *ret_good is false when reading failed. */
static bool feed_events(struct store *s, const char *name, struct verify_findings *f,
                        bool *ret_good, struct err *err)
{
    int64_t asset = 0;
    uint64_t count = 0;
    *ret_good = true;
    if (!read_model_find_asset(s, slice_text(name), &asset, err)) {
        *ret_good = err->code == ERR_NOT_FOUND;
        return false;
    }
    *ret_good = read_model_event_count(s, asset, &count, err);
    for (uint64_t from = 0; from < count && *ret_good; from += EVENTS_PAGE)
        *ret_good = read_model_events(s, asset, (struct read_model_page){ from, EVENTS_PAGE }, feed,
                                      f, err);
    return *ret_good;
}

/* "2027-06-01", or "270601" as on the label: the day's first millisecond. */
static bool take_day(struct slice text, uint64_t *ret_ms, struct err *err)
{
    char instant[40] = "";
    if (text.len == 10)
        (void)snprintf(instant, sizeof instant, "%.10sT00:00:00Z", (const char *)text.data);
    else if (text.len == 6)
        (void)snprintf(instant, sizeof instant, "20%.2s-%.2s-%.2sT00:00:00Z",
                       (const char *)text.data, (const char *)text.data + 2,
                       (const char *)text.data + 4);
    return instant_parse(instant, ret_ms) ||
           err_set(err, ERR_INPUT, "expiry: expected YYYY-MM-DD or YYMMDD");
}

/* A parameter with its percent-encoding taken off: false when it is not given or too long. */
static bool take_text(const struct http_request *q, const char *name, char text[TEXT_MAX],
                      struct slice *ret_text)
{
    struct slice raw;
    size_t len = 0;
    uint8_t byte = 0;
    if (!api_query_text(q, name, &raw))
        return false;
    for (size_t i = 0; i < raw.len; i++) {
        bool coded = raw.data[i] == '%' && i + 2 < raw.len &&
                     hex_decode((const char *)raw.data + i + 1, 2, &byte, 1);
        if (len == TEXT_MAX)
            return false;
        text[len++] = coded ? (char)byte : (char)raw.data[i];
        i += coded ? 2 : 0;
    }
    *ret_text = slice_of(text, len);
    return true;
}

/* What is on a label, in memory of its own. */
struct asked {
    char gtin[TEXT_MAX], serial[TEXT_MAX], lot[TEXT_MAX];
    struct verify_label label;
};

static bool take_label(const struct http_request *q, struct asked *ret_asked, struct err *err)
{
    struct verify_label *label = &ret_asked->label;
    struct slice text;
    *label = (struct verify_label){ .has_expiry = api_query_text(q, "expiry", &text) };
    if (label->has_expiry && !take_day(text, &label->expiry_ms, err))
        return false;
    if (api_query_text(q, "lot", &text) && !take_text(q, "lot", ret_asked->lot, &label->lot))
        return err_set(err, ERR_INPUT, "lot: too long");
    return (take_text(q, "gtin", ret_asked->gtin, &label->gtin) &&
            take_text(q, "serial", ret_asked->serial, &label->serial)) ||
           err_set(err, ERR_INPUT, "expected gtin and serial, and perhaps lot and expiry");
}

static void put_answer(struct json_doc *doc, const struct verify_answer *v)
{
    json_doc_put_text(doc, "asset", v->asset);
    json_doc_put_bool(doc, "verified", v->result == VERIFY_VERIFIED);
    json_doc_put_text(doc, "result", verify_result_name(v->result));
    json_doc_put_text(doc, "sentence", verify_result_sentence(v->result));
    json_doc_put_bool(doc, "lot_compared", v->lot_compared);
    json_doc_put_bool(doc, "expiry_compared", v->expiry_compared);
    if (v->has_cause)
        json_doc_put_hex(doc, "cause", hash_slice(&v->cause));
    if (v->has_name)
        json_doc_put_text(doc, "by_name", v->name);
}

void api_verify(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct state_view view = { .ctx = c->store, .get = get_state, .due = no_timers };
    struct asked asked;
    struct verify_findings findings;
    struct verify_answer answer;
    struct header head;
    char name[ASSET_NAME_MAX + 1];
    bool good = true;
    verify_findings_begin(&findings, &view);
    bool known = take_label(q, &asked, &err) && verify_asset_name(&asked.label, name, &err) &&
                 feed_events(c->store, name, &findings, &good, &err);
    if (!good || (!known && err.code != ERR_NOT_FOUND)) {
        api_answer_error(a, &err);
        return;
    }
    err.code = ERR_NONE;
    if (!store_head(c->store, &head, NULL, &err) ||
        !verify_product(&view, &asked.label, known ? &findings : NULL, head.time_ms, &answer,
                        &err)) {
        api_answer_error(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    put_answer(doc, &answer);
    json_doc_put_int(doc, "head", (int64_t)head.height);
    api_put_time(doc, "as_of", head.time_ms);
    api_answer_json(a, doc);
}
