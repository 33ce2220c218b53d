/* Outcomes: shapes that are none are refused, and nothing longer than the wire allows is believed. */
#include "common/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint8_t memory[4096];
static struct buf out;

static int setup(void **state)
{
    (void)state;
    out = buf_fixed(memory, sizeof memory);
    return 0;
}

static bool decodes(void)
{
    struct outcome o;
    return outcome_decode(buf_slice(&out), &o, NULL);
}

static void summaries(void **state)
{
    struct summary s = { .kid = { { 1 } }, .last = 90, .hash = { { 2 } }, .run = 60 }, t;
    (void)state;
    s.refusals = slice_of("\x81\x82\x05\x18\x21", 5); /* [[5, 33]] */
    s.gap_count = SUMMARY_GAPS_MAX;
    for (size_t i = 0; i < SUMMARY_GAPS_MAX; i++)
        s.gap_from[i] = s.gap_to[i] = 2 + 2 * i;
    summary_put(&out, &s);
    assert_true(summary_decode(buf_slice(&out), &t, NULL));
    assert_int_equal(t.last, 90);
    assert_int_equal(t.run, 60);
    assert_int_equal(t.gap_count, SUMMARY_GAPS_MAX);
    assert_int_equal(t.gap_to[15], 32);
    assert_true(slice_equal(t.refusals, s.refusals));
    for (size_t cut = 0; cut < out.len; cut++)
        assert_false(summary_decode(slice_of(memory, cut), &t, NULL));
    buf_clear(&out); /* a 17th gap */
    cbor_put_array(&out, 7);
    cbor_put_uint(&out, 0);
    kid_put(&out, &s.kid);
    cbor_put_uint(&out, 90);
    cbor_put_bytes(&out, hash_slice(&s.hash));
    cbor_put_uint(&out, 60);
    cbor_put_array(&out, 17);
    for (int i = 0; i < 17; i++)
        buf_add(&out, "\x82\x02\x02", 3);
    cbor_put_array(&out, 0);
    assert_false(summary_decode(buf_slice(&out), &t, NULL));
}

static void verdicts(void **state)
{
    char detail[OUTCOME_DETAIL_MAX + 2];
    struct verdict v = { .code = REFUSED_EXISTS, .flags = FLAG_LATE };
    struct outcome o;
    struct summary sum;
    (void)state;
    memset(detail, 'x', sizeof detail);
    v.detail = slice_of(detail, OUTCOME_DETAIL_MAX);
    verdict_put(&out, &v);
    assert_true(outcome_decode(buf_slice(&out), &o, NULL));
    assert_int_equal(o.type, OUTCOME_VERDICT);
    assert_int_equal(o.verdict.code, REFUSED_EXISTS);
    assert_int_equal(o.verdict.detail.len, OUTCOME_DETAIL_MAX);
    assert_false(summary_decode(buf_slice(&out), &sum, NULL)); /* a verdict is no summary */
    buf_clear(&out);
    v.detail = slice_of(detail, OUTCOME_DETAIL_MAX + 1);
    verdict_put(&out, &v);
    assert_false(decodes());
}

static void timers(void **state)
{
    struct event e = { .what = EVENT_LAPSED,
                       .subject = slice_of("\x41\x07", 2),
                       .time_ms = 9,
                       .data = slice_of("\x80", 1) };
    uint8_t event_memory[64];
    struct buf events = buf_fixed(event_memory, sizeof event_memory);
    struct outcome o;
    (void)state;
    event_put(&events, &e);
    struct timer_outcome t = { 9, 1, slice_of("\x41\x07", 2), 1, buf_slice(&events) };
    timer_outcome_put(&out, &t);
    assert_true(outcome_decode(buf_slice(&out), &o, NULL));
    assert_int_equal(o.type, OUTCOME_TIMER);
    assert_int_equal(o.timer.event_count, 1);
    struct cbor_reader r = cbor_reader(o.timer.events);
    assert_int_equal(event_take(&r).what, EVENT_LAPSED);
    assert_true(cbor_done(&r));
}

static void shapes_that_are_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } none[] = {
        { "\x80", 1 },                                              /* nothing */
        { "\x81\x03", 2 },                                          /* an unknown type */
        { "\x85\x02\x00\x00\x60\x00", 6 },                          /* a verdict with five fields */
        { "\x86\x01\x00\x00\x41\x00\x80\x80", 8 },                  /* a timer with six */
        { "\x85\x01\x00\x00\x41\x00\x81\x83\x01\x41\x00\x00", 12 }, /* an event of three */
        { "\xa0", 1 },
        { "", 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct outcome o;
        assert_false(outcome_decode(slice_of(none[i].bytes, none[i].len), &o, NULL));
    }
}

static void events_have_names(void **state)
{
    (void)state;
    for (int what = EVENT_RECORDED; what <= EVENT_AUTHORISED; what++)
        assert_string_not_equal(event_name((enum event_what)what), "unknown");
    assert_string_equal(event_name(EVENT_RECORDED), "recorded");
    assert_string_equal(event_name(EVENT_CHARGED), "charged");
    assert_string_equal(event_name(EVENT_SUSPECT), "suspect");
    assert_string_equal(event_name(EVENT_NOT_JUDGED), "not_judged");
    assert_string_equal(event_name(EVENT_REPLACED), "replaced");
    assert_string_equal(event_name(EVENT_RECEIVED), "received");
    assert_string_equal(event_name(EVENT_FINDING), "finding");
    assert_string_equal(event_name(EVENT_REVEALED), "revealed");
    assert_string_equal(event_name(EVENT_PROPOSED), "proposed");
    assert_string_equal(event_name(EVENT_SET_CHANGED), "set_changed");
    assert_string_equal(event_name(EVENT_AUTHORISED), "authorised");
    assert_string_equal(event_name((enum event_what)(EVENT_AUTHORISED + 1)), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(summaries, setup),
        cmocka_unit_test_setup(verdicts, setup),
        cmocka_unit_test_setup(timers, setup),
        cmocka_unit_test_setup(shapes_that_are_none, setup),
        cmocka_unit_test_setup(events_have_names, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
