/*
 * The compliance engine against the slow and obvious reference, over random
 * contracts and journeys: the same book whatever the order of arrival, byte for
 * byte; what the events told adds up to that book; nothing within the named
 * bounds is passed over.
 *
 * usage: test_watch_reference [--seed FIRST] [--count SEQUENCES]    (also the
 * variable WATCH_SEQUENCES) A failing case prints its seed: run it again with
 * --seed SEED --count 1.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/watch_play.h"

static uint64_t first_seed = 1;
static uint64_t sequences = 100000;
static struct watch_play *play;
static struct watch_world *world;

/* ------------------------------------------------------------------ worlds */

static const struct watch_world_size sizes[] = {
    { .rules = 1, .statements = 3, .rows = 3, .devices = 1 }, /* what fails here is short */
    { .rules = 2, .statements = 6, .rows = 3, .devices = 1 },
    { .rules = 4, .statements = 12, .rows = 5, .devices = 2 },
    { .rules = 3, .statements = 32, .rows = 1, .devices = 1 },
    { .rules = 4, .statements = 8, .rows = 8, .devices = 2 },
};
#define SIZES (sizeof sizes / sizeof sizes[0])

static void make(uint64_t seed)
{
    watch_world_make(world, seed, &sizes[seed % SIZES]);
}

/* The last block time: about the moments at which a timer has something to do,
 * or long after. */
static uint64_t pick_final(struct watch_world *w)
{
    const struct watch_world_device *d = &w->devices[0];
    uint64_t dead = w->terms.maximum_gap_ms + w->terms.lateness_ms, at = w->end_ms;
    if (d->reading_count > 0)
        at = d->readings[watch_world_pick(w, 0, (int64_t)d->reading_count - 1)].time_ms;
    for (size_t i = 0; i < w->definition.rule_count; i++) {
        uint64_t step = w->terms.limits[i].duration_ms / 24;
        if (w->definition.rules[i].watch == CONTRACT_KINETIC && step > 0 &&
            watch_world_chance(w, 2))
            at = (at / step + 1) * step;
    }
    switch (watch_world_pick(w, 0, 4)) {
    case 0: return w->end_ms;
    case 1: return w->end_ms + (uint64_t)watch_world_pick(w, 0, 8) * w->step_ms;
    case 2: at += dead - 1; break;
    case 3: at += dead; break;
    default: return w->end_ms * 2;
    }
    return at > w->end_ms ? at : w->end_ms;
}

static void print_world(const struct watch_world *w)
{
    print_error("start %" PRIu64 " gap %" PRIu64 " lateness %" PRIu64 " calibrated %" PRIu64 "\n",
                w->start_ms, w->terms.maximum_gap_ms, w->terms.lateness_ms,
                w->terms.calibrated_until_ms);
    for (size_t i = 0; i < w->definition.rule_count; i++) {
        const struct contract_rule *r = &w->definition.rules[i];
        const struct contract_limit *l = &w->terms.limits[i];
        print_error(
            "rule %zu watch %d property %u op %d bound %" PRId64 "e%d lasting %d for %" PRIu64
            " until %d:%d %" PRId64 "e%d ignore %" PRIu64 " stages %d:%" PRIu64 " sure %d:%" PRId64
            "e%d budget %zu carried %" PRId64 " whole %d\n",
            i, (int)r->watch, (unsigned)r->property, (int)r->op, l->bound, l->exponent,
            (int)r->lasting, l->duration_ms, (int)r->has_until, (int)r->until_op, l->until,
            l->until_exponent, l->ignore_ms, (int)r->has_stages, r->stages, (int)l->has_sure,
            l->sure, l->sure_exponent, r->budget.len, w->carried_ms[i], (int)r->whole_journey);
    }
    for (size_t d = 0; d < w->device_count; d++) {
        for (size_t i = 0; i < w->devices[d].statement_count; i++) {
            const struct watch_world_statement *s = &w->devices[d].statements[i];
            print_error("device %zu seq %" PRIu64 "%s%s%s:", d, s->seq, s->lost ? " lost" : "",
                        s->other ? " other" : "", s->withdrawn ? " withdrawn" : "");
            for (size_t k = s->first; k < s->first + s->count; k++) {
                const struct watch_reading *r = &w->devices[d].readings[k];
                if (r->present)
                    print_error(" %u@%" PRId64 "=%" PRId64 "e%d", (unsigned)r->property,
                                (int64_t)(r->time_ms - w->start_ms), r->mantissa, r->exponent);
                else
                    print_error(" %u@%" PRId64 "=none", (unsigned)r->property,
                                (int64_t)(r->time_ms - w->start_ms));
            }
            print_error("\n");
        }
    }
}

static void fail_case(uint64_t seed, int order)
{
    if (sizes[seed % SIZES].rows * sizes[seed % SIZES].statements <= 32)
        print_world(world);
    fail_msg("--seed %" PRIu64 " (order %d): %s", seed, order, play->why);
}

/* ------------------------------------------------------------------ cases */

static void any_order_of_arrival_ends_in_the_reference_book(void **state)
{
    (void)state;
    static uint8_t memory[2][BOOK_MAX_BYTES];
    uint64_t played = 0, settled = 0, stretches = 0, doubtful = 0;
    for (uint64_t seed = first_seed; played < sequences; seed++) {
        make(seed);
        uint64_t final = pick_final(world);
        struct buf bytes = buf_fixed(memory[0], sizeof memory[0]);
        bool comparable = true;
        for (int order = 0; order < (world->in_order_only ? 1 : 2); order++, played++) {
            enum watch_play_order how =
                order == 0 ? WATCH_PLAY_IN_ORDER
                           : (enum watch_play_order)watch_world_pick(world, WATCH_PLAY_REVERSED,
                                                                     WATCH_PLAY_SHUFFLED);
            if (!watch_play_run(play, world, how, final))
                fail_case(seed, (int)how);
            struct buf again = buf_fixed(memory[order], sizeof memory[order]);
            book_encode(&play->book, &again);
            comparable = comparable && play->book.settled_count == 0;
            settled += play->book.settled_count != 0;
            stretches += play->book.count;
            for (size_t i = 0; i < world->definition.rule_count; i++)
                doubtful += play->reference.doubtful[i];
            if (order == 0)
                bytes = again;
            else if (comparable && !slice_equal(buf_slice(&bytes), buf_slice(&again))) {
                snprintf(play->why, sizeof play->why, "the book's bytes depend on the order");
                fail_case(seed, (int)how);
            }
        }
    }
    print_message("%" PRIu64 " sequences, %" PRIu64 " stretches; not compared: %" PRIu64
                  " books too long, %" PRIu64 " rules too near their mean\n",
                  played, stretches, settled, doubtful);
    if (played >= 20000) {
        assert_true(stretches >= played / 2);
        assert_true(settled * 20 <= played);
        assert_true(doubtful * 100 <= played);
    }
}

/* ------------------------------------------------------------------ books that
 * overflow */

static void add_up(const struct reference_book *b, uint64_t now_ms, struct book_summary *ret)
{
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < b->count; i++) {
        const struct book_stretch *s = &b->stretches[i];
        if (s->sure || !s->excursion)
            continue;
        ret->excursions++;
        ret->uncertain += !s->certain;
        ret->rule_excursions[s->rule]++;
        ret->rule_ms[s->rule] += (s->open ? now_ms : s->to_ms) - s->from_ms;
    }
}

static void what_a_full_book_lets_go_still_counts(void **state)
{
    (void)state;
    static const struct watch_world_size big = { 8, 32, 3, 2 };
    size_t settled = 0;
    play->steady_budgets = true; /* what was let go is not judged anew */
    for (uint64_t seed = first_seed; seed < first_seed + 1 + sequences / 50; seed++) {
        watch_world_make(world, seed, &big);
        if (!watch_play_run(play, world, WATCH_PLAY_IN_ORDER, world->end_ms))
            fail_msg("big world, --seed %" PRIu64 ": %s", seed, play->why);
        settled += play->book.settled_count > 0;
        struct book_summary expected, found;
        add_up(&play->reference, play->now_ms, &expected);
        book_sum(&play->book, &world->definition, play->now_ms, &found);
        bool doubtful = false;
        for (size_t i = 0; i < world->definition.rule_count; i++) {
            doubtful = doubtful || play->reference.doubtful[i];
            if (!play->reference.doubtful[i] &&
                (found.rule_excursions[i] != expected.rule_excursions[i] ||
                 found.rule_ms[i] != expected.rule_ms[i]))
                fail_msg("big world, --seed %" PRIu64 ": rule %zu has %" PRIu64
                         " excursions of %" PRIu64 " ms, the reference %" PRIu64 " of %" PRIu64,
                         seed, i, found.rule_excursions[i], found.rule_ms[i],
                         expected.rule_excursions[i], expected.rule_ms[i]);
        }
        if (!doubtful &&
            (found.excursions != expected.excursions || found.uncertain != expected.uncertain))
            fail_msg("big world, --seed %" PRIu64 ": %" PRIu64 " excursions, %" PRIu64
                     " uncertain; the reference: %" PRIu64 ", %" PRIu64,
                     seed, found.excursions, found.uncertain, expected.excursions,
                     expected.uncertain);
    }
    play->steady_budgets = false;
    print_message("%zu books overflowed\n", settled);
    assert_true(settled > 0 || sequences < 20000);
}

/* ------------------------------------------------------------------ by hand */

#define T0     UINT64_C(1780293600000)
#define MINUTE UINT64_C(60000)

/* One device, one rule over temperatures in tenths of a degree; gap 10 min,
 * lateness 1 h. */
static void begin_plain(enum contract_lasting lasting, uint64_t duration_ms)
{
    memset(world, 0, sizeof *world);
    world->start_ms = T0;
    world->device_count = 1;
    world->devices[0].first_seq = 1;
    world->devices[0].id[7] = 1;
    world->terms.maximum_gap_ms = 10 * MINUTE;
    world->terms.lateness_ms = 60 * MINUTE;
    world->terms.calibrated_until_ms = UINT64_MAX;
    struct contract_definition *d = &world->definition;
    d->rule_count = d->property_count = 1;
    d->properties[0] = 1;
    d->rules[0] = (struct contract_rule){ .name = slice_text("too warm"),
                                          .property = 1,
                                          .op = CONTRACT_ABOVE,
                                          .lasting = lasting,
                                          .severity = VERDICT_HIGH };
    world->terms.limits[0] = (struct contract_limit){ .bound = 8, .duration_ms = duration_ms };
}

static void add_statement(uint64_t seq, const int *minutes, const int *tenths, size_t count)
{
    struct watch_world_device *d = &world->devices[0];
    assert_int_equal(seq, d->statement_count + 1);
    struct watch_world_statement *s = &d->statements[d->statement_count++];
    s->seq = seq;
    s->first = d->reading_count;
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        s->last_ms = T0 + (uint64_t)minutes[i] * MINUTE;
        d->readings[d->reading_count++] = (struct watch_reading){ .property = 1,
                                                                  .present = true,
                                                                  .exponent = -1,
                                                                  .time_ms = s->last_ms,
                                                                  .mantissa = tenths[i] };
    }
}

static void check_stretch(size_t i, int from, int to, int broken, int64_t peak)
{
    for (int of = 0; of < 2; of++) {
        const struct book_stretch *s =
            of == 0 ? &play->reference.stretches[i] : &play->book.stretches[i];
        assert_true((of == 0 ? play->reference.count : play->book.count) > i);
        assert_int_equal(s->from_ms, T0 + (uint64_t)from * MINUTE);
        assert_int_equal(s->open, to < 0);
        assert_int_equal(s->to_ms, to < 0 ? 0 : T0 + (uint64_t)to * MINUTE);
        assert_int_equal(s->excursion, broken >= 0);
        assert_int_equal(s->broken_ms, broken < 0 ? 0 : T0 + (uint64_t)broken * MINUTE);
        assert_int_equal(s->peak, peak);
    }
}

static void check_plain(size_t count)
{
    watch_play_check(play);
    if (play->failed)
        fail_msg("%s", play->why);
    assert_int_equal(play->reference.count, count);
    assert_int_equal(play->book.count, count);
}

static void the_worked_examples_come_out_as_written(void **state)
{
    (void)state;
    static const int minutes[] = { 0, 5, 10, 20 }, warm[] = { 84, 91, 90, 78 };
    begin_plain(CONTRACT_UNBROKEN, 10 * MINUTE);
    add_statement(1, minutes, warm, 2);
    add_statement(2, minutes + 2, warm + 2, 2);
    watch_play_begin(play, world);
    watch_play_deliver(play, 0, 0);
    check_plain(0);
    watch_play_deliver(play, 0, 1);
    check_plain(1);
    check_stretch(0, 0, 20, 10, 91);

    static const int monday[] = { 0, 10, 20, 30 }, tuesday[] = { 600, 610, 620 };
    static const int out[] = { 81, 81, 81, 80 };
    begin_plain(CONTRACT_TOTAL, 45 * MINUTE);
    add_statement(1, monday, out, 4);
    add_statement(2, tuesday, out, 3);
    watch_play_begin(play, world);
    watch_play_deliver(play, 0, 0);
    watch_play_deliver(play, 0, 1);
    check_plain(2);
    check_stretch(0, 0, 30, -1, 81);
    check_stretch(1, 600, -1, 615, 81);
}

static void dips_under_an_hour_never_raise_an_unbroken_hour(void **state)
{
    (void)state;
    int minutes[64], tenths[64];
    for (int i = 0; i < 64; i++) {
        minutes[i] = 10 * i;
        tenths[i] = i % 6 == 5 ? 80 : 81; /* 50 minutes out, 10 within */
    }
    minutes[63] = minutes[62] + 1;
    begin_plain(CONTRACT_UNBROKEN, 60 * MINUTE);
    add_statement(1, minutes, tenths, 64);
    watch_play_begin(play, world);
    watch_play_deliver(play, 0, 0);
    check_plain(0);
}

/* A sensor taken for dead closes its run; what it says later of that time is
 * history, not judged. */
static void what_comes_after_a_sensor_was_taken_for_dead_is_not_judged(void **state)
{
    (void)state;
    static const int minutes[] = { 0, 4, 9, 10 }, warm[] = { 90, 95, 95, 85 };
    begin_plain(CONTRACT_INSTANT, 0);
    add_statement(1, minutes, warm, 1);
    add_statement(2, minutes + 1, warm + 1, 3);
    watch_play_begin(play, world);
    watch_play_deliver(play, 0, 0);
    watch_play_time(play, T0 + 70 * MINUTE - 1);
    assert_true(play->book.count == 1 && play->book.stretches[0].open);
    assert_int_equal(watch_deadline(&play->watches[0]), T0 + 70 * MINUTE);
    watch_play_time(play, T0 + 70 * MINUTE);
    check_plain(1);
    check_stretch(0, 0, 10, 0, 90);
    play->allow_not_judged = true;
    watch_play_deliver(play, 0, 1);
    if (play->failed)
        fail_msg("%s", play->why);
    assert_int_equal(play->not_judged, 2);
    assert_int_equal(play->book.count, 2);
    check_stretch(0, 0, 10, 0, 90);
    assert_true(play->book.stretches[1].from_ms == T0 + 10 * MINUTE);
    assert_true(play->book.stretches[1].open && play->book.stretches[1].peak == 85);
}

static int count_arguments(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            first_seed = value;
        else if (strcmp(argv[i], "--count") == 0)
            sequences = value;
        else
            return 2;
    }
    return argc % 2 == 1 ? 0 : 2;
}

int main(int argc, char **argv)
{
    const char *wanted = getenv("WATCH_SEQUENCES");
    if (wanted != NULL)
        sequences = strtoull(wanted, NULL, 10);
    if (count_arguments(argc, argv) != 0) {
        fprintf(stderr, "usage: test_watch_reference [--seed FIRST] [--count SEQUENCES]\n");
        return 2;
    }
    world = calloc(1, sizeof *world);
    play = watch_play_new();
    if (world == NULL)
        return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_examples_come_out_as_written),
        cmocka_unit_test(dips_under_an_hour_never_raise_an_unbroken_hour),
        cmocka_unit_test(what_comes_after_a_sensor_was_taken_for_dead_is_not_judged),
        cmocka_unit_test(any_order_of_arrival_ends_in_the_reference_book),
        cmocka_unit_test(what_a_full_book_lets_go_still_counts),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    watch_play_free(play);
    free(world);
    return failed;
}
