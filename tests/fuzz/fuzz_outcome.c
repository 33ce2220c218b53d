/* Outcomes: summaries, timers and verdicts that decode have one encoding, and their events can be walked. */
#include "common/event_data.h"
#include "common/outcome.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever an event's data is, each reader takes its own shape or says no. */
static void take_data(struct slice data)
{
    struct kid kid;
    struct hash hash;
    struct event_recorded recorded;
    struct event_handover handover;
    struct event_excursion excursion;
    struct event_closed closed;
    struct event_charged charged;
    struct event_revision revision;
    struct event_not_judged not_judged;
    struct event_called called;
    struct event_state state;
    struct event_scanned scanned;
    struct event_document document;
    struct event_add_back add_back;
    struct event_finished finished;
    struct event_replaced replaced;
    int fits = event_data_kid(data, &kid) + event_data_opening(data, &hash);
    assert(fits <= 1); /* they differ by their sizes */
    (void)event_data_recorded(data, &recorded);
    (void)event_data_offered(data, &handover);
    (void)event_data_handover(data, &handover);
    (void)event_data_excursion(data, &excursion);
    (void)event_data_closed(data, &closed);
    (void)event_data_charged(data, &charged);
    (void)event_data_revision(data, &revision);
    (void)event_data_not_judged(data, &not_judged);
    (void)event_data_called(data, &called);
    (void)event_data_state(data, &state);
    (void)event_data_scanned(data, &scanned);
    (void)event_data_document(data, &document);
    (void)event_data_add_back(data, &add_back);
    (void)event_data_finished(data, &finished);
    (void)event_data_replaced(data, &replaced);
}

static void walk_events(struct slice events, size_t count)
{
    struct cbor_reader r = cbor_reader(events);
    uint8_t memory[8192];
    for (size_t i = 0; i < count; i++) {
        size_t start = r.pos;
        struct event e = event_take(&r);
        struct buf out = buf_fixed(memory, sizeof memory);
        assert(!r.failed && event_name(e.what) != NULL);
        take_data(e.data);
        event_put(&out, &e);
        if (!out.failed)
            assert(slice_equal(buf_slice(&out), slice_from(events, start, r.pos - start)));
    }
    assert(cbor_done(&r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome o;
    struct err err = { .msg = "" };
    struct buf out = buf_heap(1 << 20);
    if (!outcome_decode(slice_of(data, size), &o, &err)) {
        assert(err.msg[0] != 0);
        return 0;
    }
    switch (o.type) {
    case OUTCOME_SUMMARY: summary_put(&out, &o.summary); break;
    case OUTCOME_TIMER:
        walk_events(o.timer.events, o.timer.event_count);
        timer_outcome_put(&out, &o.timer);
        break;
    case OUTCOME_VERDICT:
        walk_events(o.verdict.events, o.verdict.event_count);
        verdict_put(&out, &o.verdict);
        break;
    }
    assert(out.failed || slice_equal(buf_slice(&out), slice_of(data, size)));
    buf_free(&out);
    return 0;
}
