/* Samples taken back: what they leave of what was found, whenever that is said. */
#include "contracts/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_watch.h"

#define SAY(s, seq, ...)                                                        \
    do {                                                                        \
        const int64_t samples[][2] = { __VA_ARGS__ };                           \
        support_watch_say(s, seq, samples, sizeof samples / sizeof samples[0]); \
    } while (0)

static struct support_watch w;

static int set_up(void **state)
{
    (void)state;
    support_watch_begin(&w);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_watch_end(&w);
    return 0;
}

static struct slice encode(uint8_t *memory, size_t size)
{
    struct buf out = buf_fixed(memory, size);
    book_encode(&w.book, &out);
    assert_false(out.failed);
    return buf_slice(&out);
}

/* A sample every five minutes, out from `from` to before `to`, in until `last`. */
static void say_excursion(uint64_t seq, int64_t from, int64_t to, int64_t last)
{
    int64_t samples[64][2];
    size_t count = 0;
    for (int64_t m = from; m <= last; m += 5, count++) {
        samples[count][0] = m;
        samples[count][1] = m < to ? 90 : 50;
    }
    support_watch_say(&w, seq, (const int64_t(*)[2])samples, count);
}

/* ------------------------------------------------------------------ what is left */

static void a_run_is_left_on_either_side(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 50 }, { 10, 90 }, { 15, 100 });
    SAY(&w, 2, { 20, 120 }, { 25, 90 });
    SAY(&w, 3, { 30, 90 }, { 40, 50 });
    support_watch_expect(&w, "opened 0 10 at 10; closed 0 10-40; charge 0 10-40; ");
    struct book_stretch whole = w.book.stretches[0];
    assert_true(support_watch_withdraw(&w, 20, 25, 30));
    support_watch_expect(&w, "revised 0 10-40; opened 0 10 at 10; closed 0 10-20; charge 0 10-20; "
                             "opened 0 30 at 30; closed 0 30-40; charge 0 30-40; ");
    assert_int_equal(w.book.count, 2);
    for (size_t i = 0; i < 2; i++) { /* the whole run's: nobody knows what made them */
        assert_int_equal(w.book.stretches[i].peak, 120);
        assert_int_equal(w.book.stretches[i].mean, whole.mean);
    }
}

static void an_unbroken_rule_needs_its_time_in_what_is_left(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    say_excursion(1, 10, 35, 40);
    support_watch_expect(&w, "opened 0 10 at 20; closed 0 10-35; charge 0 10-35; ");
    assert_true(support_watch_withdraw(&w, 15, 20, 25));
    support_watch_expect(&w,
                         "revised 0 10-35; opened 0 25 at 35; closed 0 25-35; charge 0 25-35; ");
    assert_true(support_watch_withdraw(&w, 30, 30, 31));
    support_watch_expect(&w, "revised 0 25-35; ");
    assert_int_equal(w.book.count, 0);
}

static void the_whole_pack_leaves_nothing(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    SAY(&w, 1, { 0, 50 }, { 5, 50 });
    say_excursion(2, 10, 35, 30);
    SAY(&w, 3, { 35, 50 });
    support_watch_expect(&w, "opened 0 10 at 20; closed 0 10-35; charge 0 10-35; ");
    assert_true(support_watch_withdraw(&w, 10, 30, 35));
    support_watch_expect(&w, "revised 0 10-35; ");
    assert_int_equal(w.book.count, 0);
}

static void a_total_counts_only_what_is_left(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 80, 30);
    w.definition.rules[0].budget = slice_text("warmth");
    say_excursion(1, 0, 20, 25);
    say_excursion(2, 50, 75, 80);
    support_watch_expect(&w, "charge 0 0-20; opened 0 50 at 60; closed 0 50-75; charge 0 50-75; ");
    uint64_t used[DEFINITION_MAX_RULES];
    assert_true(support_watch_withdraw(&w, 5, 15, 20));
    support_watch_expect(&w, "revised 0 0-20; charge 0 0-5; revised 0 50-75; opened 0 50 at 75; "
                             "closed 0 50-75; charge 0 50-75; ");
    watch_used(&w.watch, used);
    assert_int_equal(used[0], 30 * SUPPORT_WATCH_MINUTE);
}

static void faults_and_stuck_sensors_are_cut_alike(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_FAULT, CONTRACT_INSTANT, 0, 0);
    (void)support_watch_rule(&w, CONTRACT_STUCK, CONTRACT_UNBROKEN, 0, 10);
    SAY(&w, 1, { 0, -1270 }, { 5, -1270 }, { 10, 50 }, { 15, 50 }, { 20, 50 }, { 25, 51 });
    support_watch_expect(&w, "opened 0 0 at 0; closed 0 0-10; charge 0 0-10; "
                             "opened 1 10 at 20; closed 1 10-25; charge 1 10-25; ");
    assert_true(support_watch_withdraw(&w, 0, 15, 20));
    support_watch_expect(&w, "revised 0 0-10; revised 1 10-25; ");
    assert_int_equal(w.book.count, 0);
}

static void silence_and_kinetic_means_stay(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_SILENCE, CONTRACT_INSTANT, 0, 40);
    struct contract_rule *kinetic =
        support_watch_rule(&w, CONTRACT_KINETIC, CONTRACT_INSTANT, 80, 0);
    kinetic->whole_journey = true;
    SAY(&w, 1, { 0, 90 }, { 5, 90 });
    SAY(&w, 2, { 50, 50 });
    SAY(&w, 3, { 55, 50 });
    support_watch_take(&w);
    struct book before = w.book;
    assert_true(before.count > 0);
    (void)memset(w.told, 0, sizeof w.told);
    assert_true(support_watch_withdraw(&w, 0, 5, 10));
    support_watch_expect(&w, "");
    assert_memory_equal(&before, &w.book, sizeof before);
}

/* ------------------------------------------------------------------ runs that go on */

/* Its parts are open until it has ended: their mean is not known before. */
static void the_parts_of_a_run_that_goes_on_are_open(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    say_excursion(1, 0, 99, 40);
    support_watch_expect(&w, "opened 0 0 at 10; ");
    assert_true(support_watch_withdraw(&w, 15, 20, 25));
    support_watch_expect(&w, "opened 0 25 at 35; ");
    assert_true(w.book.stretches[0].open && w.book.stretches[1].open);
    SAY(&w, 2, { 45, 90 }, { 50, 50 });
    support_watch_expect(&w, "closed 0 0-15; charge 0 0-15; closed 0 25-50; charge 0 25-50; ");
}

static void what_lies_behind_a_span_breaks_anew(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    say_excursion(1, 0, 99, 20);
    assert_true(support_watch_withdraw(&w, 0, 20, 25));
    support_watch_expect(&w, "opened 0 0 at 10; revised 0 0 at 10; ");
    watch_begin(&w.watch, 2, NULL, 0);
    (void)support_watch_sample(&w, SUPPORT_WATCH_START + 25 * SUPPORT_WATCH_MINUTE, 90);
    (void)support_watch_sample(&w, SUPPORT_WATCH_START + 34 * SUPPORT_WATCH_MINUTE, 90);
    support_watch_expect(&w, "");
    (void)support_watch_sample(&w, SUPPORT_WATCH_START + 35 * SUPPORT_WATCH_MINUTE, 90);
    support_watch_expect(&w, "opened 0 25 at 35; ");
    watch_end(&w.watch);
}

/* A sample that was taken back holds nothing either, though the device fell silent after it. */
static void what_the_last_sample_held_goes_with_it(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    SAY(&w, 1, { 0, 50 }, { 5, 50 });
    say_excursion(2, 10, 99, 30);
    assert_true(support_watch_withdraw(&w, 10, 30, 35));
    support_watch_expect(&w, "opened 0 10 at 20; revised 0 10 at 20; ");
    support_watch_expire(&w, 30 + 30 + 60);
    support_watch_expect(&w, "");
    assert_int_equal(w.book.count, 0);
}

/* The same, said once the run had been ended, and for one that went on with good samples before. */
static void what_the_last_sample_held_goes_with_it_later(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    say_excursion(1, 0, 99, 15);
    say_excursion(2, 20, 99, 30);
    support_watch_expire(&w, 30 + 30 + 60);
    support_watch_expect(&w, "opened 0 0 at 10; closed 0 0-60; charge 0 0-60; ");
    SAY(&w, 3, { 200, 50 });
    assert_true(support_watch_withdraw(&w, 20, 30, 35));
    support_watch_expect(&w, "revised 0 0-60; opened 0 0 at 10; closed 0 0-20; charge 0 0-20; ");
}

/* ------------------------------------------------------------------ when it is said */

static void said_before_or_after_a_late_pack(void **state)
{
    (void)state;
    static uint8_t memory[3][BOOK_MAX_BYTES];
    struct slice books[3];
    for (int order = 0; order < 3; order++) {
        support_watch_end(&w);
        support_watch_begin(&w);
        (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
        (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 85, 25);
        if (order == 0)
            assert_true(support_watch_withdraw(&w, 20, 25, 30));
        say_excursion(1, 0, 99, 15);
        w.gap_count = 1;
        w.gaps[0] = (struct watch_gap){ 2, 2 };
        say_excursion(3, 40, 60, 65);
        if (order == 1)
            assert_true(support_watch_withdraw(&w, 20, 25, 30));
        w.gap_count = 0;
        say_excursion(2, 20, 99, 35); /* late */
        if (order == 2)
            assert_true(support_watch_withdraw(&w, 20, 25, 30));
        books[order] = encode(memory[order], sizeof memory[order]);
    }
    assert_true(books[0].len > 2);
    assert_true(slice_equal(books[0], books[1]));
    assert_true(slice_equal(books[0], books[2]));
}

static void an_acknowledgement_stays_with_the_same_beginning(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    say_excursion(1, 0, 40, 40);
    w.book.stretches[0].acknowledged = true;
    memset(&w.book.stretches[0].acknowledgement, 7, sizeof(struct hash));
    assert_true(support_watch_withdraw(&w, 15, 20, 25));
    assert_int_equal(w.book.count, 2);
    assert_true(w.book.stretches[0].acknowledged);
    assert_int_equal(w.book.stretches[0].acknowledgement.bytes[31], 7);
    assert_false(w.book.stretches[1].acknowledged);
}

/* ------------------------------------------------------------------ bounds */

static void eight_spans_are_kept_and_those_that_touch_are_one(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    for (uint64_t i = 0; i < WATCH_MAX_SPANS; i++)
        assert_true(support_watch_withdraw(&w, 100 * i, 100 * i + 5, 100 * i + 10));
    assert_false(support_watch_withdraw(&w, 2000, 2005, 2010));
    assert_true(support_watch_withdraw(&w, 110, 150, 160)); /* goes on where the second ends */
    assert_true(support_watch_withdraw(&w, 160, 199, 200)); /* up to the third */
    assert_true(support_watch_withdraw(&w, 2000, 2005, 2010));
    assert_false(support_watch_withdraw(&w, 3000, 3005, 3010));
    static uint8_t memory[2][WATCH_MAX_STATE_BYTES];
    struct buf first = buf_fixed(memory[0], sizeof memory[0]);
    struct buf second = buf_fixed(memory[1], sizeof memory[1]);
    struct watch_state *again = watch_state_new();
    watch_state_encode(&w.definition, w.watch.state, &first);
    assert_true(watch_state_decode(&w.definition, buf_slice(&first), again, NULL));
    watch_state_encode(&w.definition, again, &second);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    watch_state_free(again);
}

/* Clocks jitter: the next pack begins a little later than expected. */
static void next_to_nothing_between_two_spans_is_nothing(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 50 }, { 10, 90 }, { 20, 90 });
    SAY(&w, 2, { 33, 90 }, { 43, 90 });
    SAY(&w, 3, { 56, 50 });
    assert_true(support_watch_withdraw(&w, 0, 20, 30));
    assert_true(support_watch_withdraw(&w, 33, 43, 53));
    assert_int_equal(w.book.count, 0);
    assert_true(support_watch_withdraw(&w, 56, 56, 86));
    assert_int_equal(w.book.count, 0);
}

static void what_was_let_go_is_told_not_to_be_judged(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    for (int64_t i = 0; i < BOOK_MAX_STRETCHES + 2; i++)
        SAY(&w, (uint64_t)i + 1, { 20 * i, 90 }, { 20 * i + 10, 50 });
    assert_int_equal(w.book.settled_count, 1);
    struct book_settled line = w.book.settled[0];
    memset(w.told, 0, sizeof w.told);
    assert_false(support_watch_withdraw(&w, 0, 0, 10));
    assert_memory_equal(&line, &w.book.settled[0], sizeof line);
    assert_true(support_watch_withdraw(&w, 200, 200, 210));
    assert_int_equal(w.book.count, BOOK_MAX_STRETCHES - 1);
}

/* A contract that came into force later never judged them: its own samples stay. */
static void samples_from_before_the_start_take_nothing_back(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    w.watch.start_ms = SUPPORT_WATCH_START + 60 * SUPPORT_WATCH_MINUTE;
    say_excursion(1, 50, 75, 75);
    support_watch_expect(&w, "opened 0 60 at 60; closed 0 60-75; charge 0 60-75; ");
    assert_true(support_watch_withdraw(&w, 55, 55, 85));
    support_watch_expect(&w, "");
    assert_true(support_watch_withdraw(&w, 55, 60, 65));
    support_watch_expect(&w,
                         "revised 0 60-75; opened 0 65 at 65; closed 0 65-75; charge 0 65-75; ");
}

/* Ledgers of older rules have no room for how long a last sample held: their bytes are as they were. */
static void older_rules_keep_no_holds(void **state)
{
    (void)state;
    static uint8_t memory[2][BOOK_MAX_BYTES];
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    say_excursion(1, 0, 20, 20);
    struct slice with = encode(memory[0], sizeof memory[0]);
    support_watch_end(&w);
    support_watch_begin(&w);
    w.watch.keeps_holds = false;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    say_excursion(1, 0, 20, 20);
    struct slice without = encode(memory[1], sizeof memory[1]);
    assert_int_equal(with.len, without.len + 5); /* 300,000 ms */
    assert_int_equal(without.data[2], 0x8c);
    assert_int_equal(with.data[2], 0x8d);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_run_is_left_on_either_side),
        CASE(an_unbroken_rule_needs_its_time_in_what_is_left),
        CASE(the_whole_pack_leaves_nothing),
        CASE(a_total_counts_only_what_is_left),
        CASE(faults_and_stuck_sensors_are_cut_alike),
        CASE(silence_and_kinetic_means_stay),
        CASE(the_parts_of_a_run_that_goes_on_are_open),
        CASE(what_lies_behind_a_span_breaks_anew),
        CASE(what_the_last_sample_held_goes_with_it),
        CASE(what_the_last_sample_held_goes_with_it_later),
        CASE(said_before_or_after_a_late_pack),
        CASE(an_acknowledgement_stays_with_the_same_beginning),
        CASE(eight_spans_are_kept_and_those_that_touch_are_one),
        CASE(next_to_nothing_between_two_spans_is_nothing),
        CASE(what_was_let_go_is_told_not_to_be_judged),
        CASE(samples_from_before_the_start_take_nothing_back),
        CASE(older_rules_keep_no_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
