/* Statements that come late: the book ends as if they had not, and what was told is taken back. */
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
#define AT(minute) (SUPPORT_WATCH_START + (uint64_t)(minute)*SUPPORT_WATCH_MINUTE)

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

static void set_gaps(size_t count, uint64_t first, uint64_t last)
{
    w.gap_count = count;
    w.gaps[0] = (struct watch_gap){ first, last };
}

/* The worked example of docs/contracts.md. */
static void a_reading_in_bounds_cuts_an_excursion_in_two(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 10);
    SAY(&w, 1, { 0, 90 }, { 5, 90 }, { 10, 90 }, { 24, 90 });
    support_watch_expect(&w, "opened 0 0 at 10; ");
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 30, 90 }, { 31, 91 }, { 60, 78 });
    support_watch_expect(&w, "closed 0 0-60; charge 0 0-60; ");
    set_gaps(0, 0, 0);
    SAY(&w, 2, { 25, 90 }, { 26, 90 }, { 27, 79 }, { 28, 90 }, { 29, 90 });
    support_watch_expect(&w, "revised 0 0-60; opened 0 0 at 10; closed 0 0-27; charge 0 0-27; "
                             "opened 0 28 at 38; closed 0 28-60; charge 0 28-60; ");
    assert_int_equal(w.book.count, 2);
}

static void two_stretches_grow_together(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_UNBROKEN, 80, 40);
    SAY(&w, 1, { 0, 90 });
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 50, 90 }, { 60, 80 });
    support_watch_expect(&w, "");
    set_gaps(0, 0, 0);
    SAY(&w, 2, { 25, 95 });
    support_watch_expect(&w, "opened 0 0 at 40; closed 0 0-60; charge 0 0-60; ");
    assert_int_equal(w.book.stretches[0].peak, 95);
    assert_int_equal(w.book.stretches[0].mean, (90 * 35 + 95 * 25) * 100 / 60);
}

static void a_band_at_the_start_of_a_piece_counts_when_a_run_comes_in(void **state)
{
    (void)state;
    struct contract_rule *rule = support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    rule->has_until = true;
    rule->until_op = CONTRACT_BELOW;
    w.terms.limits[0].until = 75;
    w.terms.limits[0].until_exponent = -1;
    SAY(&w, 1, { 0, 90 });
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 20, 78 }, { 25, 90 }, { 30, 70 });
    support_watch_expect(&w, "opened 0 0 at 0; closed 0 0-30; charge 0 0-30; ");
    assert_int_equal(w.book.stretches[0].mean, (90 * 20 + 78 * 5 + 90 * 5) * 100 / 30);
}

static void what_is_unchanged_is_not_told_again(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 90 }, { 10, 80 });
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 30, 80 }, { 40, 90 });
    support_watch_expect(&w, "opened 0 0 at 0; closed 0 0-10; charge 0 0-10; opened 0 40 at 40; ");
    set_gaps(0, 0, 0);
    SAY(&w, 2, { 20, 80 });
    support_watch_expect(&w, "");
}

static void a_total_is_spent_earlier_than_was_known(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_TOTAL, 80, 20);
    SAY(&w, 1, { 0, 80 });
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 40, 90 }, { 55, 80 }, { 60, 90 }, { 65, 80 });
    support_watch_expect(&w, "charge 0 40-55; opened 0 60 at 65; closed 0 60-65; charge 0 60-65; ");
    set_gaps(0, 0, 0);
    SAY(&w, 2, { 20, 90 }, { 30, 80 });
    support_watch_expect(&w,
                         "charge 0 20-30; "
                         "revised 0 40-55; opened 0 40 at 50; closed 0 40-55; charge 0 40-55; "
                         "revised 0 60-65; opened 0 60 at 60; closed 0 60-65; charge 0 60-65; ");
}

static void silence_was_only_a_slow_network(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_SILENCE, CONTRACT_UNBROKEN, 0, 20);
    SAY(&w, 1, { 0, 50 });
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 30, 50 });
    support_watch_expect(&w, "opened 0 0 at 20; closed 0 0-30; charge 0 0-30; ");
    set_gaps(0, 0, 0);
    SAY(&w, 2, { 15, 50 });
    support_watch_expect(&w, "revised 0 0-30; ");
    assert_int_equal(w.book.count, 0);
}

static void what_lies_beyond_its_neighbours_is_not_judged(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 50 }, { 10, 50 });
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 30, 50 });
    watch_begin(&w.watch, 2, NULL, 0);
    assert_int_equal(support_watch_sample(&w, AT(10), 90), WATCH_NOT_JUDGED);
    assert_int_equal(support_watch_sample(&w, AT(11), 90), WATCH_JUDGED);
    assert_int_equal(support_watch_sample(&w, AT(30), 90), WATCH_NOT_JUDGED);
    watch_end(&w.watch);
    support_watch_take(&w);
    support_watch_expect(&w, "opened 0 11 at 11; closed 0 11-30; charge 0 11-30; ");
    watch_begin(&w.watch, 2, NULL, 0); /* there is no place for it any more */
    assert_int_equal(support_watch_sample(&w, AT(12), 90), WATCH_NOT_JUDGED);
    watch_end(&w.watch);
}

static void say_every_second(uint64_t from_seq, uint64_t to_seq)
{
    w.gap_count = 0;
    for (uint64_t seq = from_seq; seq <= to_seq; seq += 2) {
        if (seq > from_seq) {
            if (w.gap_count == WATCH_MAX_GAPS)
                memmove(w.gaps, w.gaps + 1, --w.gap_count * sizeof w.gaps[0]);
            w.gaps[w.gap_count++] = (struct watch_gap){ seq - 1, seq - 1 };
        }
        SAY(&w, seq, { (int64_t)seq * 10, 50 });
    }
}

static void a_gap_closed_as_lost_joins_what_lies_beside_it(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    say_every_second(1, 41);
    watch_begin(&w.watch, 2, w.gaps, w.gap_count); /* the first gaps were given up */
    assert_int_equal(support_watch_sample(&w, AT(20), 90), WATCH_NOT_JUDGED);
    watch_end(&w.watch);
    w.gap_count--;
    SAY(&w, 40, { 400, 90 });
    support_watch_expect(&w, "opened 0 400 at 400; closed 0 400-410; charge 0 400-410; ");
}

static void what_was_settled_is_not_judged_again(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 90 }, { 1, 80 }, { 2, 90 }, { 3, 80 });
    set_gaps(1, 2, 2);
    watch_begin(&w.watch, 3, w.gaps, 1);
    for (int i = 0; i < BOOK_MAX_STRETCHES; i++) {
        (void)support_watch_sample(&w, AT(20 + 2 * i), 90);
        (void)support_watch_sample(&w, AT(21 + 2 * i), 80);
        w.told[0] = 0;
    }
    watch_end(&w.watch);
    assert_int_equal(w.book.settled_count, 1);
    assert_int_equal(w.book.settled[0].until_ms, AT(3));
    w.book.settled[0].until_ms = AT(5);
    watch_begin(&w.watch, 2, NULL, 0);
    assert_int_equal(support_watch_sample(&w, AT(4), 90), WATCH_NOT_JUDGED);
    assert_int_equal(support_watch_sample(&w, AT(5), 80), WATCH_JUDGED);
    watch_end(&w.watch);
}

static void an_acknowledgement_outlives_the_end_but_no_revision(void **state)
{
    (void)state;
    (void)support_watch_rule(&w, CONTRACT_BOUND, CONTRACT_INSTANT, 80, 0);
    SAY(&w, 1, { 0, 90 });
    w.book.stretches[0].acknowledged = true;
    set_gaps(1, 2, 2);
    SAY(&w, 3, { 20, 80 });
    assert_true(!w.book.stretches[0].open && w.book.stretches[0].acknowledged);
    set_gaps(0, 0, 0);
    SAY(&w, 2, { 10, 95 });
    assert_false(w.book.stretches[0].acknowledged);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_reading_in_bounds_cuts_an_excursion_in_two),
        CASE(two_stretches_grow_together),
        CASE(a_band_at_the_start_of_a_piece_counts_when_a_run_comes_in),
        CASE(what_is_unchanged_is_not_told_again),
        CASE(a_total_is_spent_earlier_than_was_known),
        CASE(silence_was_only_a_slow_network),
        CASE(what_lies_beyond_its_neighbours_is_not_judged),
        CASE(a_gap_closed_as_lost_joins_what_lies_beside_it),
        CASE(what_was_settled_is_not_judged_again),
        CASE(an_acknowledgement_outlives_the_end_but_no_revision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
