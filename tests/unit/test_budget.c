/* The value of a budget: its bytes, its bounds, and what is let go when it is full. */
#include "node/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct hash hash_of(uint8_t n)
{
    return crypto_sha256(slice_of(&n, 1));
}

static struct kid kid_of(uint8_t n)
{
    return (struct kid){ { n } };
}

static void check_round_trip(const struct budget *b)
{
    static uint8_t first[65536], second[65536];
    static struct budget again;
    struct buf one = buf_fixed(first, sizeof first), two = buf_fixed(second, sizeof second);
    budget_encode(b, &one);
    assert_false(one.failed);
    assert_true(cbor_scan(buf_slice(&one), NULL));
    assert_true(budget_decode(buf_slice(&one), &again));
    budget_encode(&again, &two);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
}

static void it_is_read_as_it_was_written(void **state)
{
    static struct budget b;
    struct hash h = hash_of(1);
    struct kid k = kid_of(7);
    (void)state;
    assert_true(budget_decode((struct slice){ NULL, 0 }, &b));
    check_round_trip(&b);
    struct budget_opening *o = budget_enter(&b, &h, 1000);
    o->judged_ms = -5;
    assert_true(budget_note(o, &k, 60000, 2000));
    b.added[b.added_count++] = (struct budget_added){ hash_of(2), h, 30000, false };
    b.added[b.added_count++] = (struct budget_added){ hash_of(3), h, 1, true };
    check_round_trip(&b);
    struct hash other = hash_of(9);
    assert_int_equal(budget_used_by(&b.openings[0]), 60000);
    assert_int_equal(budget_added_by(&b, &h), 30000);
    assert_int_equal(budget_added_by(&b, &other), 0);
    assert_false(budget_decode(slice_of("\x80", 1), &b));
}

/* Openings lie in the order in which they began, whatever the order in which they were met. */
static void openings_are_ordered_by_their_start(void **state)
{
    static struct budget b;
    struct hash a = hash_of(1), c = hash_of(2), d = hash_of(3);
    (void)state;
    memset(&b, 0, sizeof b);
    (void)budget_enter(&b, &a, 3000);
    (void)budget_enter(&b, &c, 1000);
    (void)budget_enter(&b, &d, 2000);
    (void)budget_enter(&b, &c, 1000);
    assert_int_equal(b.opening_count, 3);
    assert_int_equal(b.openings[0].start_ms, 1000);
    assert_int_equal(b.openings[1].start_ms, 2000);
    assert_int_equal(b.openings[2].start_ms, 3000);
}

/* One more than there is room for: the oldest goes, and what it used stays used but for what was added back. */
static void the_oldest_opening_is_let_go(void **state)
{
    static struct budget b;
    struct kid k = kid_of(1);
    (void)state;
    memset(&b, 0, sizeof b);
    b.added[b.added_count++] = (struct budget_added){ hash_of(100), hash_of(0), 4, false };
    b.added[b.added_count++] = (struct budget_added){ hash_of(101), hash_of(1), 3, false };
    for (uint8_t i = 0; i <= BUDGET_OPENINGS_MAX; i++) {
        struct hash h = hash_of(i);
        assert_true(budget_note(budget_enter(&b, &h, 1000u + i), &k, 10, 0));
    }
    struct hash first = hash_of(0);
    assert_int_equal(b.opening_count, BUDGET_OPENINGS_MAX);
    assert_int_equal(b.let_go_ms, 6);
    assert_int_equal(b.added_count, 1);
    assert_int_equal(b.added[0].ms, 3);
    assert_null(budget_enter(&b, &first, 1000));
    assert_int_equal(b.opening_count, BUDGET_OPENINGS_MAX);
    check_round_trip(&b);
}

/* The device that used most counts, and of too many those that used most are kept. */
static void the_devices_that_used_most_are_kept(void **state)
{
    static struct budget b;
    struct hash h = hash_of(1);
    (void)state;
    memset(&b, 0, sizeof b);
    struct budget_opening *o = budget_enter(&b, &h, 1000);
    for (uint8_t i = 1; i <= BUDGET_DEVICES_MAX; i++) {
        struct kid k = kid_of((uint8_t)(100 - i));
        assert_true(budget_note(o, &k, 10u * i, 0));
    }
    struct kid more = kid_of(1), less = kid_of(2), known = kid_of(90);
    assert_false(budget_note(o, &less, 10, 0));
    assert_true(budget_note(o, &more, 500, 0));
    assert_false(budget_meet(o, &less));
    assert_false(budget_meet(o, &known));
    assert_int_equal(o->device_count, BUDGET_DEVICES_MAX);
    assert_int_equal(budget_used_by(o), 500);
    for (size_t i = 1; i < o->device_count; i++)
        assert_true(kid_compare(&o->devices[i - 1].kid, &o->devices[i].kid) < 0);
    assert_true(budget_note(o, &more, 20, 0)); /* a late statement took it back */
    assert_int_equal(budget_used_by(o), 10 * BUDGET_DEVICES_MAX);
    check_round_trip(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_as_it_was_written),
        cmocka_unit_test(openings_are_ordered_by_their_start),
        cmocka_unit_test(the_oldest_opening_is_let_go),
        cmocka_unit_test(the_devices_that_used_most_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
