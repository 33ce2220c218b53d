/* An asset's history, each event with its data by name. */
#include "node/api_goods.h"

#include "node/event_json.h"

#include <stdio.h>

#define EVENTS_MAX 1000

/* What the items of an event's data are, in order; common/outcome.h. */
static const char *const data_names[][EVENT_DATA_MAX] = {
    [EVENT_RECORDED] = { "device", "from_ms", "to_ms" },
    [EVENT_COMMISSIONED] = { "member" },
    [EVENT_OFFERED] = { "from", "to", "role" },
    [EVENT_PASSED] = { "offer", "from", "to", "role" },
    [EVENT_REJECTED] = { "offer", "from", "to", "role" },
    [EVENT_CANCELLED] = { "offer", "from", "to", "role" },
    [EVENT_ATTACHED] = { "device" },
    [EVENT_DETACHED] = { "device" },
    [EVENT_GAP] = { "first", "last" },
    [EVENT_LATE] = { "seq" },
    [EVENT_OPENED] = { "opening" },
    [EVENT_IN_FORCE] = { "opening" },
    [EVENT_EXCURSION_OPENED] = { "rule", "from_ms", "opening", "device" },
    [EVENT_EXCURSION_CLOSED] = { "rule", "from_ms", "to_ms", "peak", "exponent", "opening",
                                 "device", "mean", "mean_exponent", "certain" },
    [EVENT_CHARGED] = { "rule", "member", "seconds", "from_ms", "opening", "device" },
    [EVENT_REVISION] = { "rule", "from_ms", "opening", "device", "void" },
    [EVENT_SUSPECT] = { "device" },
    [EVENT_NOT_JUDGED] = { "device", "first_ms", "last_ms", "opening" },
    [EVENT_CALLED] = { "opening", "action", "caller" },
    [EVENT_STATE] = { "opening", "from_state", "to_state", "by" },
    [EVENT_SCANNED] = { "kid", "place" },
    [EVENT_DOCUMENT] = { "opening", "name", "hash" },
    [EVENT_ACKNOWLEDGED] = { "rule", "from_ms", "opening", "device" },
    [EVENT_ADDED_BACK] = { "opening", "budget", "ms", "call" },
    [EVENT_ADD_BACK_UNDONE] = { "opening", "budget", "ms", "call" },
    [EVENT_FINISHED] = { "opening", "ending" },
    [EVENT_REPLACED] = { "opening", "by" },
    [EVENT_OFFER_EXPIRED] = { "offer", "from", "to", "role" },
    [EVENT_RECEIVED] = { "offer", "missing", "surplus", "damaged" },
    [EVENT_NOT_RECEIVED] = { "offer" },
    [EVENT_BOUND] = { "statement", "device", "reading", "seal", "seal_number" },
    [EVENT_PACKED] = { "container" },
    [EVENT_UNPACKED] = { "container" },
    [EVENT_LOADED] = { "added", "inside" },
    [EVENT_UNLOADED] = { "taken_out", "inside" },
    [EVENT_MADE] = { "action", "making", "output" },
    [EVENT_USED] = { "action", "making", "mantissa", "exponent", "unit" },
    [EVENT_DISPOSITION] = { "action", "statement", "member", "meaning", "reason" },
    [EVENT_DISPUTED] = { "statement", "member" },
    [EVENT_CERTIFIED] = { "certificate", "name", "issuer", "from_ms", "until_ms" },
    [EVENT_CERTIFICATE_REVOKED] = { "certificate", "name", "issuer", "from_ms" },
    [EVENT_CORRECTED] = { "original", "kind", "correction" },
    [EVENT_FINDING] = { "finding", "statement", "other", "kid" },
    [EVENT_REVEALED] = { "result", "statement" },
};

#define DATA_NAMES (sizeof data_names / sizeof data_names[0])

static void put_data(struct json_doc *doc, enum event_what what, struct slice data)
{
    struct cbor_reader r = cbor_reader(data);
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n && i < EVENT_DATA_MAX && !r.failed; i++) {
        const char *name = (size_t)what < DATA_NAMES ? data_names[what][i] : NULL;
        char number[8];
        (void)snprintf(number, sizeof number, "%zu", i);
        event_json_put(doc, name != NULL ? name : number, &r);
    }
}

static bool put_event(void *ctx, const struct asset_event *e)
{
    struct json_doc *one = json_doc_put_object(ctx, NULL);
    json_doc_put_int(one, "n", (int64_t)e->n);
    json_doc_put_text(one, "event", event_name(e->what));
    json_doc_put_int(one, "what", e->what);
    json_doc_put_int(one, "height", (int64_t)e->height);
    json_doc_put_int(one, "outcome", (int64_t)e->outcome);
    if (e->has_leaf)
        json_doc_put_int(one, "leaf", (int64_t)e->leaf);
    api_put_time(one, "time", e->time_ms);
    put_data(json_doc_put_object(one, "data"), e->what, e->data);
    return true;
}

void api_history(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    struct read_model_page page = { 0, 100 };
    if (!api_query_uint(q, a, "from", INT64_MAX, &page.from) ||
        !api_query_uint(q, a, "limit", EVENTS_MAX, &page.limit))
        return;
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "history");
    json_doc_put_text(doc, "asset", c->view->name);
    json_doc_put_int(doc, "events", (int64_t)c->view->journey.events);
    if (!read_model_events(c->store, c->view->id, page, put_event, list, &err)) {
        json_doc_free(doc);
        api_answer_error(a, &err);
        return;
    }
    if (page.from + page.limit < c->view->journey.events)
        json_doc_put_int(doc, "next", (int64_t)(page.from + page.limit));
    api_answer_json(a, doc);
}
