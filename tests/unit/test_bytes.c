/* Slices and buffers (common/bytes). */
#include "common/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void slices_compare_bytewise_with_prefixes_first(void **state)
{
    (void)state;
    assert_true(slice_compare(slice_text("a"), slice_text("b")) < 0);
    assert_true(slice_compare(slice_text("b"), slice_text("a")) > 0);
    assert_true(slice_compare(slice_text("a"), slice_text("ab")) < 0);
    assert_true(slice_compare(slice_text("ab"), slice_text("a")) > 0);
    assert_true(slice_compare(slice_text("\x7f"), slice_text("\xc3\xa9")) < 0);
    assert_int_equal(slice_compare(slice_text(""), slice_of(NULL, 0)), 0);
    assert_true(slice_equal(slice_text("ab"), slice_text("ab")));
    assert_true(slice_equal(slice_of(NULL, 0), slice_text("")));
    assert_false(slice_equal(slice_text("ab"), slice_text("a")));
    assert_false(slice_equal(slice_text("ab"), slice_text("ac")));
}

static void a_slice_of_a_slice_may_be_empty_at_its_end(void **state)
{
    (void)state;
    struct slice s = slice_text("waybill");
    assert_true(slice_equal(slice_from(s, 3, 4), slice_text("bill")));
    assert_int_equal(slice_from(s, 7, 0).len, 0);
}

static void a_fixed_buffer_latches_its_first_overflow(void **state)
{
    (void)state;
    uint8_t memory[4] = { 0 };
    struct buf b = buf_fixed(memory, sizeof memory);
    buf_add(&b, "abc", 3);
    assert_false(b.failed);
    buf_add(&b, "de", 2);
    assert_true(b.failed);
    buf_add_byte(&b, 'd'); /* it would fit, but the content is no longer whole */
    assert_int_equal(b.len, 3);
    assert_int_equal(memory[3], 0);
    buf_clear(&b);
    buf_add_slice(&b, slice_text("wxyz"));
    assert_false(b.failed);
    assert_true(slice_equal(buf_slice(&b), slice_text("wxyz")));
    assert_null(buf_extend(&b, 1));
    assert_true(b.failed);
}

static void a_heap_buffer_grows_to_its_maximum_and_no_further(void **state)
{
    (void)state;
    struct buf b = buf_heap(1000);
    for (unsigned i = 0; i < 1000; i++)
        buf_add_byte(&b, (uint8_t)i);
    assert_false(b.failed);
    assert_int_equal(b.len, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(b.data[i], (uint8_t)i);
    buf_add_byte(&b, 0);
    assert_true(b.failed);
    assert_int_equal(b.len, 1000);
    buf_free(&b);
    assert_null(b.data);
    buf_add(&b, "again", 5);
    assert_false(b.failed);
    buf_free(&b);
    buf_free(NULL);
}

static void a_length_near_the_end_of_size_t_does_not_wrap(void **state)
{
    (void)state;
    uint8_t memory[8];
    struct buf fixed = buf_fixed(memory, sizeof memory);
    buf_add(&fixed, "ab", 2);
    assert_null(buf_extend(&fixed, SIZE_MAX - 1));
    struct buf heap = buf_heap(64);
    buf_add(&heap, "ab", 2);
    assert_null(buf_extend(&heap, SIZE_MAX - 1));
    buf_free(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_bytewise_with_prefixes_first),
        cmocka_unit_test(a_slice_of_a_slice_may_be_empty_at_its_end),
        cmocka_unit_test(a_fixed_buffer_latches_its_first_overflow),
        cmocka_unit_test(a_heap_buffer_grows_to_its_maximum_and_no_further),
        cmocka_unit_test(a_length_near_the_end_of_size_t_does_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
