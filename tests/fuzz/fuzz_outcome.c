/* Outcomes: summaries, timers and verdicts that decode have one encoding, and their events can be walked. */
#include "common/outcome.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_events(struct slice events, size_t count)
{
    struct cbor_reader r = cbor_reader(events);
    uint8_t memory[8192];
    for (size_t i = 0; i < count; i++) {
        size_t start = r.pos;
        struct event e = event_take(&r);
        struct buf out = buf_fixed(memory, sizeof memory);
        assert(!r.failed && event_name(e.what) != NULL);
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
