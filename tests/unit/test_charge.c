#include "contracts/charge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_contract.h"

#define MINUTE UINT64_C(60000)
#define TEN    UINT64_C(1767261600000) /* 2026-01-01 10:00 UTC */

static struct charge_holder holds(uint64_t time_ms, uint8_t member)
{
    return (struct charge_holder){ .time_ms = time_ms, .held = true, .member = { member } };
}

static struct charge_shares split(const struct charge_holder *history, size_t count,
                                  uint64_t from_ms, uint64_t to_ms)
{
    struct charge_shares shares;
    struct err err = { 0 };
    if (!charge_split(history, count, from_ms, to_ms, &shares, &err))
        fail_msg("%s", err.msg);
    return shares;
}

static void share_is(const struct charge_shares *s, size_t i, uint8_t member, uint64_t seconds)
{
    assert_true(i < s->count);
    assert_int_equal(s->items[i].held, member != 0);
    assert_int_equal(s->items[i].member[0], member);
    assert_int_equal(s->items[i].seconds, seconds);
}

static void test_an_hour_with_a_handover_at_twenty_past(void **state)
{
    (void)state;
    struct charge_holder history[] = { holds(TEN - 240 * MINUTE, 'A'),
                                       holds(TEN + 20 * MINUTE, 'B'),
                                       holds(TEN + 520 * MINUTE, 'C') };
    struct charge_shares s = split(history, 3, TEN, TEN + 60 * MINUTE);
    assert_int_equal(s.count, 2);
    share_is(&s, 0, 'A', 1200);
    share_is(&s, 1, 'B', 2400);
}

static void test_goods_that_come_back_are_one_share(void **state)
{
    (void)state;
    struct charge_holder history[] = { holds(TEN, 'A'), holds(TEN + MINUTE, 'B'),
                                       holds(TEN + 2 * MINUTE, 'A') };
    struct charge_shares s = split(history, 3, TEN, TEN + 5 * MINUTE);
    assert_int_equal(s.count, 2);
    share_is(&s, 0, 'A', 240);
    share_is(&s, 1, 'B', 60);
}

static void test_edges(void **state)
{
    (void)state;
    struct charge_holder history[] = { holds(TEN, 'A'), holds(TEN + MINUTE, 'B') };
    struct charge_shares s = split(history, 2, TEN - 2000, TEN + MINUTE);
    assert_int_equal(s.count, 2); /* before custody began nobody held it; B begins at the end */
    share_is(&s, 0, 0, 2);
    share_is(&s, 1, 'A', 60);
    s = split(history, 2, TEN + MINUTE, TEN + MINUTE + 1000);
    assert_int_equal(s.count, 1);
    share_is(&s, 0, 'B', 1);
    s = split(history, 2, TEN, TEN);
    assert_int_equal(s.count, 0);
    s = split(NULL, 0, TEN, TEN + 1000);
    share_is(&s, 0, 0, 1);
    struct charge_holder twice[] = { holds(TEN, 'A'), holds(TEN, 'B') };
    s = split(twice, 2, TEN, TEN + 1000);
    assert_int_equal(s.count, 1);
    share_is(&s, 0, 'B', 1);
    history[1].held = false; /* goods can be given up */
    s = split(history, 2, TEN, TEN + 2 * MINUTE);
    share_is(&s, 1, 0, 60);
}

static void test_parts_of_seconds_add_up_to_whole_ones(void **state)
{
    (void)state;
    struct charge_holder one[] = { holds(0, 'A') };
    struct charge_shares s = split(one, 1, TEN + 1, TEN + 1000);
    share_is(&s, 0, 'A', 1);
    s = split(one, 1, TEN, TEN + 999);
    assert_int_equal(s.count, 0);
    s = split(one, 1, TEN + 999, TEN + 1001);
    share_is(&s, 0, 'A', 1);
}

/* However an interval is cut, by custody or into two findings, no second is lost or counted twice. */
static void test_any_division_sums_to_the_whole(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < 20000; round++) {
        struct charge_holder history[6];
        size_t count = (size_t)(support_contract_random(&seed) % 7);
        uint64_t at = TEN - 3000;
        for (size_t i = 0; i < count; i++) {
            at += support_contract_random(&seed) % 4000;
            history[i] = holds(at, (uint8_t)('A' + support_contract_random(&seed) % 3));
        }
        uint64_t from = TEN + support_contract_random(&seed) % 3000;
        uint64_t middle = from + support_contract_random(&seed) % 9000;
        uint64_t to = middle + support_contract_random(&seed) % 9000;
        uint64_t sums[2] = { 0, 0 };
        struct charge_shares whole = split(history, count, from, to);
        struct charge_shares first = split(history, count, from, middle);
        struct charge_shares second = split(history, count, middle, to);
        for (size_t i = 0; i < whole.count; i++)
            sums[0] += whole.items[i].seconds;
        for (size_t i = 0; i < first.count; i++)
            sums[1] += first.items[i].seconds;
        for (size_t i = 0; i < second.count; i++)
            sums[1] += second.items[i].seconds;
        assert_int_equal(sums[0], to / 1000 - from / 1000);
        assert_int_equal(sums[1], sums[0]);
    }
}

static void test_bounds_and_disorder(void **state)
{
    (void)state;
    static struct charge_holder many[CHARGE_MAX_SHARES + 1];
    for (size_t i = 0; i <= CHARGE_MAX_SHARES; i++)
        many[i] = holds(TEN + i * 1000, (uint8_t)(i + 1));
    struct charge_shares s;
    struct err err = { 0 };
    assert_true(charge_split(many, CHARGE_MAX_SHARES, TEN, TEN + 1000 * MINUTE, &s, &err));
    assert_int_equal(s.count, CHARGE_MAX_SHARES);
    assert_false(charge_split(many, CHARGE_MAX_SHARES + 1, TEN, TEN + 1000 * MINUTE, &s, &err));
    assert_int_equal(err.code, ERR_BUSY);
    assert_false(charge_split(many, 1, TEN, TEN - 1, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
    many[1].time_ms = 0;
    assert_false(charge_split(many, 2, TEN, TEN + 1000, &s, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_hour_with_a_handover_at_twenty_past),
        cmocka_unit_test(test_goods_that_come_back_are_one_share),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_parts_of_seconds_add_up_to_whole_ones),
        cmocka_unit_test(test_any_division_sums_to_the_whole),
        cmocka_unit_test(test_bounds_and_disorder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
