/* The bytes of a watch's state: the largest fit, equal states are equal, foreign ones are checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/reading.h"
#include "contracts/watch_parts.h"
#include "tests/unit/support_watch.h"

#define LATE UINT64_C(253300000000000)
#define LONG ((uint64_t)BOOK_MAX_HOLD_MS)
#define WIDE ((watch_wide)1 << 112)

static struct support_watch w;
static struct watch_state *spare;
static uint8_t memory[2][WATCH_MAX_STATE_BYTES];

static int set_up(void **state)
{
    (void)state;
    support_watch_begin(&w);
    spare = watch_state_new();
    return spare == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_watch_end(&w);
    watch_state_free(spare);
    return 0;
}

static struct slice encode(int at, const struct watch_state *s)
{
    struct buf out = buf_fixed(memory[at], sizeof memory[at]);
    watch_state_encode(&w.definition, s, &out);
    assert_false(out.failed);
    return buf_slice(&out);
}

static void check_comes_back(const struct watch_state *s)
{
    struct err err = { 0 };
    struct slice bytes = encode(0, s);
    if (!watch_state_decode(&w.definition, bytes, spare, &err))
        fail_msg("%s", err.msg);
    assert_true(slice_equal(bytes, encode(1, spare)));
}

/* ------------------------------------------------------------------ the largest */

static struct watch_run largest_run(uint64_t from_ms, bool lead)
{
    return (struct watch_run){ .any = true,
                               .out = true,
                               .from_ms = from_ms,
                               .peak = { INT64_MIN, -9 },
                               .sum = -WIDE,
                               .lead = lead ? WIDE : 0 };
}

static void fill_piece(const struct watch_plan *plan, struct watch_piece *piece, size_t at)
{
    uint64_t ms = LATE + at * (LONG + 10);
    piece->first_seq = (uint64_t)INT64_MAX - 100 + 2 * at;
    piece->last_seq = piece->first_seq;
    for (size_t i = 0; i < plan->stream_count; i++)
        piece->edges[i] = (struct watch_edge){ .known = true,
                                               .first = { ms, { INT64_MIN, -9 } },
                                               .last = { ms + LONG + 9, { INT64_MIN, -9 } } };
    for (size_t i = 0; i < plan->track_count; i++)
        piece->runs[i] = (struct watch_runs){ .head_ended = true,
                                              .head_to_ms = ms + LONG + 4,
                                              .head_hold_ms = LONG,
                                              .head = largest_run(ms + 1, true),
                                              .tail = largest_run(ms + LONG + 5, false) };
}

static void fill_kinetic(struct watch_kinetic *k)
{
    const mkt_wide heat = ((mkt_wide)1 << 103) - 1;
    *k = (struct watch_kinetic){ .known = true,
                                 .newest = (int64_t)LATE,
                                 .over = 2,
                                 .before = { true, (int64_t)LATE - 100, (int64_t)LATE - 25, 15000,
                                             -10000 },
                                 .cut_ms = LATE,
                                 .all = { (mkt_wide)LATE << 63, LATE } };
    for (size_t i = 0; i < WATCH_STEPS; i++)
        k->steps[i] = (struct mkt_sum){ heat, UINT64_C(1) << 40 };
}

/* So many kinetic rules, silent ones, and bounds each with a stream or none of its own. */
static void check_largest(size_t kinetic, size_t silent, bool own_streams)
{
    size_t bytes;
    struct watch_state *s = w.watch.state;
    w.definition.rule_count = DEFINITION_MAX_RULES;
    s->sure_rules = 0;
    for (size_t i = 0; i < DEFINITION_MAX_RULES; i++) {
        enum contract_watch watch = i < kinetic            ? CONTRACT_KINETIC
                                    : i < kinetic + silent ? CONTRACT_SILENCE
                                                           : CONTRACT_BOUND;
        w.definition.rules[i] =
            (struct contract_rule){ .watch = watch,
                                    .property = (uint16_t)(own_streams ? i % 18 + 1 : 1),
                                    .lasting = CONTRACT_TOTAL };
        if (watch == CONTRACT_BOUND)
            s->sure_rules |= UINT32_C(1) << i;
    }
    watch_plan_make(&w.definition, s->sure_rules, &s->plan);
    s->planned = true;
    s->piece_count = watch_plan_pieces(&w.definition, &s->plan, &bytes);
    assert_in_range(s->piece_count, 2, WATCH_MAX_PIECES);
    for (size_t i = 0; i < s->piece_count; i++) {
        s->order[i] = (uint8_t)i;
        fill_piece(&s->plan, &s->pieces[i], i);
    }
    for (size_t i = 0; i < s->plan.track_count; i++)
        s->total_ms[i] = s->silent_ms[i] = UINT64_C(1) << 60;
    for (size_t i = 0; i < kinetic; i++)
        fill_kinetic(&s->kinetic[i]);
    s->span_count = 0;
    assert_true(encode(0, s).len <= bytes);
    for (; s->span_count < WATCH_MAX_SPANS; s->span_count++) {
        uint64_t ms = LATE + 10 * s->span_count;
        s->spans[s->span_count] = (struct watch_taken){ ms, ms + 1, ms + 2, ms + 3 };
    }
    assert_true(encode(0, s).len <= WATCH_MAX_STATE_BYTES);
    check_comes_back(s);
}

static void the_largest_states_fit(void **state)
{
    (void)state;
    for (size_t kinetic = 0; kinetic <= DEFINITION_MAX_RULES; kinetic++)
        for (size_t silent = 0; kinetic + silent <= DEFINITION_MAX_RULES; silent += 8) {
            check_largest(kinetic, silent, false);
            check_largest(kinetic, silent, true);
        }
}

static void ten_rules_with_accuracy_keep_all_pieces(void **state)
{
    (void)state;
    size_t bytes;
    struct watch_plan plan;
    w.definition.rule_count = 10;
    for (size_t i = 0; i < 10; i++)
        w.definition.rules[i].property = (uint16_t)(i % 2 + 1);
    watch_plan_make(&w.definition, 0x3ff, &plan);
    assert_int_equal(watch_plan_pieces(&w.definition, &plan, &bytes), WATCH_MAX_PIECES);
}

/* ------------------------------------------------------------------ real ones */

/* A journey with gaps, through the bytes after each statement. */
static void a_state_goes_on_after_its_bytes(void **state)
{
    (void)state;
    static struct book straight;
    for (int pass = 0; pass < 2; pass++) {
        support_watch_end(&w);
        support_watch_begin(&w);
        (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
        (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 80, 30);
        (void)support_watch_rule(&w, CONTRACT_SILENCE, CONTRACT_UNBROKEN, 0, 25);
        (void)support_watch_rule(&w, CONTRACT_STUCK, CONTRACT_UNBROKEN, 0, 25);
        (void)support_watch_rule(&w, CONTRACT_FAULT, CONTRACT_INSTANT, 0, 0);
        (void)support_watch_rule(&w, CONTRACT_KINETIC, CONTRACT_UNBROKEN, 80, 240);
        support_watch_rule(&w, CONTRACT_KINETIC, CONTRACT_INSTANT, 80, 0)->whole_journey = true;
        w.terms.limits[0].has_sure = true;
        w.terms.limits[0].sure = 88;
        w.terms.limits[0].sure_exponent = -1;
        for (uint64_t i = 0; i < 40; i++) {
            uint64_t seq = i % 4 == 3 ? i - 1 : i % 4 == 2 ? i + 1 : i; /* two change places */
            w.gap_count = i % 4 == 2 ? 1 : 0;
            w.gaps[0] = (struct watch_gap){ i, i };
            int64_t at = (int64_t)seq * 20;
            const int64_t samples[][2] = { { at, (int64_t)(70 + seq * 7 % 25) },
                                           { at + 9, seq % 9 == 0 ? -1270 : 85 } };
            support_watch_say(&w, seq, samples, 2);
            w.told[0] = 0;
            if (pass == 0)
                continue;
            check_comes_back(w.watch.state);
            struct watch_state *old = w.watch.state;
            w.watch.state = spare;
            spare = old;
        }
        if (pass == 0)
            straight = w.book;
    }
    assert_true(straight.count > 10);
    assert_memory_equal(&straight, &w.book, sizeof straight);
}

static void no_bytes_are_a_fresh_state(void **state)
{
    (void)state;
    struct slice none = { NULL, 0 };
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    assert_true(watch_state_decode(&w.definition, none, w.watch.state, NULL));
    assert_int_equal(encode(0, w.watch.state).len, 0);
    assert_int_equal(watch_deadline(&w.watch), 0);
}

/* ------------------------------------------------------------------ foreign ones */

static void refuse(void)
{
    struct err err = { 0 };
    assert_false(watch_state_decode(&w.definition, encode(0, w.watch.state), spare, &err));
    assert_memory_equal(err.msg, "watch state: ", 13);
    assert_int_equal(spare->piece_count, 0);
}

static void states_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const int64_t samples[][2] = { { 0, 90 }, { 10, 70 }, { 20, 90 } };
    struct watch_state *s = w.watch.state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    support_watch_say(&w, 5, samples, 3);
    struct watch_piece *piece = watch_piece_at(s, 0);
    const struct watch_piece good = *piece;
    check_comes_back(s);
    piece->first_seq = 6;
    refuse();
    *piece = good;
    piece->edges[0].first.time_ms = piece->edges[0].last.time_ms + 1;
    refuse();
    *piece = good;
    piece->runs[0].tail.from_ms = piece->edges[0].last.time_ms + 1;
    refuse();
    *piece = good;
    piece->runs[0].head.from_ms = piece->runs[0].head_to_ms;
    refuse();
    *piece = good;
    piece->runs[0].tail.lead = 1;
    refuse();
    *piece = good;
    piece->edges[0].known = false;
    refuse();
    *piece = good;
    s->total_ms[0] = 1; /* it is no total */
    refuse();
    s->total_ms[0] = 0;
    s->sure_rules = 2; /* there is one rule */
    refuse();
    s->sure_rules = 0;
    s->piece_count = 2;
    s->order[1] = s->order[0];
    refuse();
    s->piece_count = 1;
    piece->runs[0].head_hold_ms = piece->runs[0].head_to_ms - piece->edges[0].first.time_ms + 1;
    refuse(); /* held before the first sample */
    *piece = good;
    s->span_count = 2;
    s->spans[0] = (struct watch_taken){ 10, 20, 30, 35 };
    s->spans[1] = (struct watch_taken){ 31, 31, 32, 33 };
    check_comes_back(s);
    s->spans[1].from_ms = 30;
    refuse(); /* they touch */
    s->spans[1] = (struct watch_taken){ 31, 30, 32, 33 };
    refuse();
    s->spans[1] = (struct watch_taken){ 31, 32, 32, 33 };
    refuse();
    s->spans[1] = (struct watch_taken){ 31, 31, 32, 32 };
    refuse();
    s->span_count = 0;
    check_comes_back(s);
}

static void every_cut_and_flip_is_refused_or_comes_back(void **state)
{
    (void)state;
    static uint8_t bytes[WATCH_MAX_STATE_BYTES];
    const int64_t samples[][2] = { { 0, 90 }, { 10, 70 }, { 20, 90 } };
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 80, 60);
    (void)support_watch_rule(&w, CONTRACT_KINETIC, CONTRACT_UNBROKEN, 80, 240);
    support_watch_say(&w, 5, samples, 3);
    struct slice whole = encode(0, w.watch.state);
    memcpy(bytes, whole.data, whole.len);
    for (size_t len = 1; len < whole.len; len++)
        assert_false(watch_state_decode(&w.definition, slice_of(bytes, len), spare, NULL));
    for (size_t i = 0; i < whole.len * 8; i++) {
        bytes[i / 8] ^= (uint8_t)(1U << i % 8);
        if (watch_state_decode(&w.definition, slice_of(bytes, whole.len), spare, NULL))
            assert_true(slice_equal(encode(1, spare), slice_of(bytes, whole.len)));
        bytes[i / 8] ^= (uint8_t)(1U << i % 8);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_largest_states_fit),
        CASE(ten_rules_with_accuracy_keep_all_pieces),
        CASE(a_state_goes_on_after_its_bytes),
        CASE(no_bytes_are_a_fresh_state),
        CASE(states_that_cannot_be_are_refused),
        CASE(every_cut_and_flip_is_refused_or_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
