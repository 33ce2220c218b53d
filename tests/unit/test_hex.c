/* Hexadecimal text (common/hex). */
#include "common/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_byte_goes_to_text_and_back(void **state)
{
    (void)state;
    uint8_t bytes[256];
    uint8_t again[256];
    char text[2 * sizeof bytes + 1];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    hex_encode(slice_of(bytes, sizeof bytes), text);
    assert_int_equal(strlen(text), 2 * sizeof bytes);
    assert_memory_equal(text, "000102030405060708090a0b", 24);
    assert_memory_equal(text + 2 * 0xdf, "dfe0", 4);
    assert_true(hex_decode_lower(text, strlen(text), again, sizeof again));
    assert_memory_equal(again, bytes, sizeof bytes);
}

static void both_cases_are_read_but_one_where_bytes_are_signed(void **state)
{
    (void)state;
    uint8_t out[2];
    assert_true(hex_decode("aBCd", 4, out, 2));
    assert_memory_equal(out, "\xab\xcd", 2);
    assert_false(hex_decode_lower("aBcd", 4, out, 2));
    assert_true(hex_decode_lower("abcd", 4, out, 2));
}

static void what_is_not_hex_is_refused_and_nothing_written(void **state)
{
    (void)state;
    static const char *const bad[] = { "abc", "abcde", "abcg", "ab d", "0x12", "ab\xc3\xa9", "" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[2] = { 7, 7 };
        assert_false(hex_decode(bad[i], strlen(bad[i]), out, 2));
        assert_memory_equal(out, "\x07\x07", 2);
    }
    assert_true(hex_decode("", 0, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_goes_to_text_and_back),
        cmocka_unit_test(both_cases_are_read_but_one_where_bytes_are_signed),
        cmocka_unit_test(what_is_not_hex_is_refused_and_nothing_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
