/* Events as JSON for whoever listens on the bus: alarms, dashboards, other companies' systems. */
#include "common/hex.h"
#include "common/json.h"
#include "common/outcome.h"
#include "node/loop_parts.h"

#include <stdio.h>

#define TOPIC_MAX 64

/* Puts a CBOR item of an event; bytes become hex. */
static void put_item(struct json_doc *into, const char *key, struct cbor_reader *r)
{
    struct json_doc *list;
    switch (cbor_peek(r)) {
    case CBOR_UINT:
    case CBOR_NINT: json_doc_put_int(into, key, cbor_take_int(r)); return;
    case CBOR_BYTES: json_doc_put_hex(into, key, cbor_take_bytes(r, 0, SIZE_MAX)); return;
    case CBOR_TEXT: json_doc_put_slice(into, key, cbor_take_text(r, 0, SIZE_MAX)); return;
    case CBOR_BOOL: json_doc_put_bool(into, key, cbor_take_bool(r)); return;
    case CBOR_ARRAY:
        list = json_doc_put_array(into, key);
        for (size_t n = cbor_take_array(r); n > 0 && !r->failed; n--)
            put_item(list, NULL, r);
        return;
    case CBOR_NULL:
    case CBOR_MAP:
    case CBOR_FLOAT:
    case CBOR_END: break;
    }
    (void)cbor_take_item(r);
    json_doc_put_null(into, key);
}

static void publish_event(struct bus *bus, uint64_t height, size_t outcome, const struct event *e)
{
    char topic[TOPIC_MAX];
    struct cbor_reader subject = cbor_reader(e->subject), data = cbor_reader(e->data);
    struct json_doc *o = json_doc_object();
    struct buf text = buf_heap(STATEMENT_MAX * 4);
    json_doc_put_text(o, "event", event_name(e->what));
    json_doc_put_int(o, "height", (int64_t)height);
    json_doc_put_int(o, "outcome", (int64_t)outcome);
    json_doc_put_int(o, "time", (int64_t)e->time_ms);
    put_item(o, "subject", &subject);
    put_item(o, "data", &data);
    json_doc_write(o, 0, &text);
    json_doc_free(o);
    (void)snprintf(topic, sizeof topic, "wb/1/events/%s", event_name(e->what));
    struct bus_publish message = { .topic = topic, .payload = buf_slice(&text), .qos = 0 };
    if (!text.failed)
        (void)bus_publish(bus, &message, NULL, NULL);
    buf_free(&text);
}

/* Readings come by the thousand and are history, not news: they are read over HTTP. */
static bool is_news(enum event_what what)
{
    return what != EVENT_RECORDED;
}

void loop_publish_events(struct bus *bus, const struct commit *c)
{
    for (size_t i = 0; i < c->outcome_count; i++) {
        struct outcome o;
        if (!outcome_decode(c->outcomes[i], &o, NULL) || o.type == OUTCOME_SUMMARY)
            continue;
        struct slice events = o.type == OUTCOME_TIMER ? o.timer.events : o.verdict.events;
        size_t n = o.type == OUTCOME_TIMER ? o.timer.event_count : o.verdict.event_count;
        struct cbor_reader r = cbor_reader(events);
        for (size_t k = 0; k < n; k++) {
            struct event e = event_take(&r);
            if (is_news(e.what))
                publish_event(bus, c->header.height, i, &e);
        }
    }
}
