#include "contracts/book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct contract_definition definition;
static struct book book;

static struct book_stretch stretch(unsigned rule, uint8_t device, uint64_t from_ms, uint64_t to_ms)
{
    struct book_stretch s = { .rule = (uint8_t)rule,
                              .device = { device },
                              .from_ms = from_ms,
                              .open = to_ms == 0,
                              .to_ms = to_ms,
                              .excursion = true,
                              .broken_ms = from_ms,
                              .certain = true,
                              .peak = (int64_t)from_ms,
                              .peak_exponent = -1 };
    return s;
}

static void put(unsigned rule, uint8_t device, uint64_t from_ms, uint64_t to_ms)
{
    struct book_stretch s = stretch(rule, device, from_ms, to_ms);
    assert_true(book_put(&book, &s));
}

static int set_up(void **state)
{
    (void)state;
    memset(&definition, 0, sizeof definition);
    memset(&book, 0, sizeof book);
    definition.rule_count = DEFINITION_MAX_RULES;
    for (size_t i = 0; i < DEFINITION_MAX_RULES; i++)
        definition.rules[i].severity = VERDICT_MEDIUM;
    definition.rules[1].op = CONTRACT_BELOW;
    definition.rules[1].severity = VERDICT_CRITICAL;
    definition.rules[2].watch = CONTRACT_SILENCE;
    return 0;
}

static void stretches_lie_by_rule_device_and_start(void **state)
{
    (void)state;
    put(1, 1, 50, 60);
    put(0, 2, 70, 80);
    put(0, 1, 90, 95);
    put(0, 1, 10, 20);
    struct book_stretch sure = stretch(0, 1, 12, 18);
    sure.sure = true;
    assert_true(book_put(&book, &sure));
    const uint64_t expected[] = { 10, 90, 70, 12, 50 };
    assert_int_equal(book.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(book.stretches[i].from_ms, expected[i]);
}

static void the_same_start_is_replaced_found_and_removed(void **state)
{
    (void)state;
    put(3, 7, 10, 0);
    put(3, 7, 10, 40);
    const uint8_t device[BOOK_DEVICE_SIZE] = { 7 };
    const uint8_t other[BOOK_DEVICE_SIZE] = { 8 };
    assert_int_equal(book.count, 1);
    assert_int_equal(book_find(&book, 3, device, 10)->to_ms, 40);
    assert_null(book_find(&book, 3, device, 11));
    assert_null(book_find(&book, 3, other, 10));
    struct book_stretch s = stretch(3, 7, 10, 0);
    assert_true(book_remove(&book, &s));
    assert_false(book_remove(&book, &s));
    assert_int_equal(book.count, 0);
}

static void a_full_book_settles_what_ended_first_and_still_counts_it(void **state)
{
    (void)state;
    struct book_summary sum;
    put(0, 1, 5, 0); /* open: never let go */
    for (uint64_t i = 1; i < BOOK_MAX_STRETCHES + 10; i++)
        put(0, 2, i * 100, i * 100 + 30);
    assert_int_equal(book.count, BOOK_MAX_STRETCHES);
    assert_int_equal(book.settled_count, 1);
    assert_int_equal(book.settled[0].excursions, 10);
    assert_int_equal(book.settled[0].excursion_ms, 300);
    assert_int_equal(book.settled[0].until_ms, 1030);
    assert_int_equal(book.settled[0].highest, 1000);
    assert_int_equal(book.settled[0].lowest, 100);
    assert_true(book.stretches[0].open);
    book_sum(&book, &definition, 105, &sum);
    assert_int_equal(sum.excursions, BOOK_MAX_STRETCHES + 10);
    assert_int_equal(sum.unacknowledged, BOOK_MAX_STRETCHES + 10);
    assert_int_equal(sum.rule_ms[0], 30 * (BOOK_MAX_STRETCHES + 9) + 100);
}

static void a_book_of_open_stretches_takes_no_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BOOK_MAX_STRETCHES; i++)
        put(i % 32, (uint8_t)(i / 32), 10, 0);
    struct book before = book;
    struct book_stretch s = stretch(0, 9, 10, 20);
    assert_false(book_put(&book, &s));
    assert_memory_equal(&before, &book, sizeof book);
    s = stretch(0, 0, 10, 20); /* closing one is no new one */
    assert_true(book_put(&book, &s));
}

static void when_the_lines_are_used_up_only_their_own_are_settled(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BOOK_MAX_SETTLED; i++) { /* a line for each rule of two devices */
        put(i % 32, (uint8_t)(i / 32), 10, 20 + i);
        struct book_stretch settled;
        assert_true(book_settle(&book, &settled));
        assert_int_equal(settled.to_ms, 20 + i);
    }
    put(0, 200, 100, 110); /* older, but there is no line for it */
    put(0, 0, 200, 210);
    struct book_stretch settled;
    assert_true(book_settle(&book, &settled));
    assert_int_equal(settled.to_ms, 210);
    assert_false(book_settle(&book, &settled));
}

static void sums_tell_rules_tracks_and_certainty_apart(void **state)
{
    (void)state;
    struct book_summary sum;
    put(0, 1, 10, 20);
    put(1, 1, 30, 50);
    put(1, 2, 40, 0);
    put(2, 1, 5, 9);
    struct book_stretch s = stretch(1, 1, 30, 50);
    s.sure = true;
    assert_true(book_put(&book, &s)); /* the second track says nothing of its own */
    s = stretch(4, 1, 1, 9);
    s.excursion = s.certain = false;
    s.broken_ms = 0;
    assert_true(book_put(&book, &s));
    book_find(&book, 0, s.device, 10)->certain = false;
    book_find(&book, 0, s.device, 10)->acknowledged = true;
    book_sum(&book, &definition, 100, &sum);
    assert_int_equal(sum.excursions, 4);
    assert_int_equal(sum.unacknowledged, 3);
    assert_int_equal(sum.uncertain, 1);
    assert_int_equal(sum.worst, VERDICT_CRITICAL);
    assert_int_equal(sum.rule_excursions[1], 2);
    assert_int_equal(sum.rule_ms[1], 20 + 60);
    assert_int_equal(sum.peak[1], 30); /* below: the lowest is the farthest */
    assert_false(sum.has_peak[2]);     /* silence has none */
    assert_int_equal(sum.rule_excursions[4], 0);
}

/* ------------------------------------------------------------------ bytes */

static struct slice encode(const struct book *b)
{
    static uint8_t memory[BOOK_MAX_BYTES];
    struct buf out = buf_fixed(memory, sizeof memory);
    book_encode(b, &out);
    assert_false(out.failed);
    return buf_slice(&out);
}

static void the_largest_book_fits_and_comes_back(void **state)
{
    (void)state;
    const uint64_t late = UINT64_C(253402300799000);
    for (unsigned i = 0; i < BOOK_MAX_SETTLED; i++) {
        struct book_settled *line = &book.settled[book.settled_count++];
        *line = (struct book_settled){ .rule = (uint8_t)(31 - (64 - i) / 5),
                                       .sure = true,
                                       .device = { 255, (uint8_t)i },
                                       .until_ms = late,
                                       .excursions = UINT64_C(1) << 59,
                                       .unacknowledged = UINT64_C(1) << 59,
                                       .uncertain = UINT64_C(1) << 59,
                                       .excursion_ms = UINT64_C(1) << 60,
                                       .total_ms = UINT64_C(1) << 60,
                                       .highest = INT64_MAX,
                                       .lowest = INT64_MIN,
                                       .highest_exponent = -9,
                                       .lowest_exponent = -9 };
    }
    for (unsigned i = 0; i < BOOK_MAX_STRETCHES; i++) {
        struct book_stretch s = stretch(31, (uint8_t)(i + 1), late, late + 1);
        s.peak = s.mean = INT64_MIN;
        s.peak_exponent = s.mean_exponent = -9;
        s.acknowledged = true;
        s.hold_ms = BOOK_MAX_HOLD_MS;
        memset(&s.acknowledgement, (int)i, sizeof s.acknowledgement);
        assert_true(book_put(&book, &s));
    }
    static struct book again;
    struct err err = { 0 };
    struct slice bytes = encode(&book);
    assert_true(bytes.len < BOOK_MAX_BYTES);
    assert_true(book_decode(&definition, bytes, &again, &err));
    assert_int_equal(again.count, BOOK_MAX_STRETCHES);
    static uint8_t copy[BOOK_MAX_BYTES];
    memcpy(copy, bytes.data, bytes.len);
    struct slice second = encode(&again);
    assert_int_equal(second.len, bytes.len);
    assert_memory_equal(second.data, copy, bytes.len);
}

static void an_empty_slice_is_an_empty_book(void **state)
{
    (void)state;
    put(0, 1, 1, 2);
    assert_true(book_decode(&definition, slice_of(NULL, 0), &book, NULL));
    assert_int_equal(book.count + book.settled_count, 0);
}

static void refuse(const struct book *b)
{
    static struct book out;
    struct err err = { 0 };
    assert_false(book_decode(&definition, encode(b), &out, &err));
    assert_memory_equal(err.msg, "book: ", 6);
}

static void foreign_books_are_checked(void **state)
{
    (void)state;
    struct book bad = { .count = 2, .stretches = { stretch(1, 1, 5, 9), stretch(0, 1, 5, 9) } };
    refuse(&bad); /* out of order */
    bad.stretches[0] = stretch(0, 1, 5, 9);
    refuse(&bad); /* twice the same */
    bad.count = 1;
    bad.stretches[0] = stretch(0, 1, 9, 9);
    refuse(&bad); /* of no length */
    bad.stretches[0] = stretch(0, 1, 5, 9);
    bad.stretches[0].broken_ms = 10;
    refuse(&bad); /* broken after its end */
    bad.stretches[0] = stretch(0, 1, 5, 0);
    bad.stretches[0].excursion = bad.stretches[0].certain = false;
    refuse(&bad); /* open without being an excursion */
    bad.stretches[0] = stretch(0, 1, 5, 9);
    bad.stretches[0].hold_ms = 10;
    refuse(&bad); /* held from before there was time */
    definition.rule_count = 3;
    bad.stretches[0] = stretch(3, 1, 5, 9);
    refuse(&bad); /* of a rule that there is not */
    bad = (struct book){ .settled_count = 1, .settled = { { .excursions = 1, .uncertain = 2 } } };
    refuse(&bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stretches_lie_by_rule_device_and_start, set_up),
        cmocka_unit_test_setup(the_same_start_is_replaced_found_and_removed, set_up),
        cmocka_unit_test_setup(a_full_book_settles_what_ended_first_and_still_counts_it, set_up),
        cmocka_unit_test_setup(a_book_of_open_stretches_takes_no_more, set_up),
        cmocka_unit_test_setup(when_the_lines_are_used_up_only_their_own_are_settled, set_up),
        cmocka_unit_test_setup(sums_tell_rules_tracks_and_certainty_apart, set_up),
        cmocka_unit_test_setup(the_largest_book_fits_and_comes_back, set_up),
        cmocka_unit_test_setup(an_empty_slice_is_an_empty_book, set_up),
        cmocka_unit_test_setup(foreign_books_are_checked, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
