#include "common/page_sum.h"

#include "common/rand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Every place in a page, with every kind of filling. */
static void every_flip_is_located(uint8_t page[PAGE_BYTES])
{
    size_t offset = 0;
    page_sum_seal(page);
    assert_int_equal(page_sum_check(page, &offset), PAGE_SUM_GOOD);
    for (size_t i = 0; i < PAGE_BYTES; i++) {
        uint8_t change = (uint8_t)(1 + i * 7 % 255);
        page[i] ^= change;
        assert_int_equal(page_sum_check(page, &offset), PAGE_SUM_ONE_BYTE);
        assert_int_equal(offset, i);
        page[i] ^= change;
    }
    assert_int_equal(page_sum_check(page, &offset), PAGE_SUM_GOOD);
}

static void test_random_page(void **state)
{
    (void)state;
    uint8_t page[PAGE_BYTES];
    struct rand_seq r = rand_seeded(7);
    for (int i = 0; i < 4; i++) {
        rand_fill(&r, page, sizeof page);
        every_flip_is_located(page);
    }
}

static void test_page_of_zeros_is_good_as_it_is(void **state)
{
    (void)state;
    uint8_t page[PAGE_BYTES] = { 0 };
    size_t offset = 0;
    assert_int_equal(page_sum_check(page, &offset), PAGE_SUM_GOOD);
    every_flip_is_located(page);
}

static void test_page_of_ones(void **state)
{
    (void)state;
    uint8_t page[PAGE_BYTES];
    memset(page, 0xff, sizeof page);
    every_flip_is_located(page);
}

static void test_several_bytes_are_noticed(void **state)
{
    (void)state;
    uint8_t page[PAGE_BYTES];
    struct rand_seq r = rand_seeded(8);
    unsigned named = 0;
    rand_fill(&r, page, sizeof page);
    page_sum_seal(page);
    for (int i = 0; i < 10000; i++) {
        uint8_t copy[PAGE_BYTES];
        size_t offset = 0;
        memcpy(copy, page, sizeof copy);
        size_t a = rand_below(&r, PAGE_BYTES);
        size_t b = (a + 1 + rand_below(&r, PAGE_BYTES - 1)) % PAGE_BYTES;
        copy[a] ^= (uint8_t)(1 + rand_below(&r, 255));
        copy[b] ^= (uint8_t)(1 + rand_below(&r, 255));
        enum page_sum_verdict verdict = page_sum_check(copy, &offset);
        assert_int_not_equal(verdict, PAGE_SUM_GOOD);
        named += verdict == PAGE_SUM_ONE_BYTE;
    }
    assert_in_range(named, 0, 500); /* two that happen to look like one are rare */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_page),
        cmocka_unit_test(test_page_of_zeros_is_good_as_it_is),
        cmocka_unit_test(test_page_of_ones),
        cmocka_unit_test(test_several_bytes_are_noticed),
    };
    return cmocka_run_group_tests_name("page_sum", tests, NULL, NULL);
}
