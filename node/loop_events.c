/* Events as JSON for whoever listens on the bus: alarms, dashboards, other companies' systems. */
#include "common/outcome.h"
#include "node/event_json.h"
#include "node/loop_parts.h"

#include <stdio.h>

#define TOPIC_MAX 64

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
    event_json_put(o, "subject", &subject);
    event_json_put(o, "data", &data);
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
