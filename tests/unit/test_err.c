#include "common/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void foreign_text_cannot_steer_a_terminal(void **state)
{
    static const struct {
        const char *found, *told;
    } cases[] = {
        { "plain", "plain" },
        { "8 °C \xe2\x89\xa4 \xc3\xbc", "8 °C \xe2\x89\xa4 \xc3\xbc" },
        { "\x1b[31mred", "?[31mred" },
        { "two\nlines\tand\x7f", "two?lines?and?" },
        { "\xc2\x9b"
          "31m\xc2\xa0",
          "?31m\xc2\xa0" },
        { "a\xe2\x80\xae"
          "b\xe2\x81\xa6"
          "c\xe2\x80\xa8",
          "a?b?c?" },
        { "\xe2\x80\x93\xe2\x81\xa5", "\xe2\x80\x93\xe2\x81\xa5" },
        { "cut \xe2\x80", "cut \xe2\x80" },
        { "cut \xc2", "cut \xc2" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err;
        assert_false(err_set(&err, ERR_INPUT, "%s", cases[i].found));
        assert_string_equal(err.msg, cases[i].told);
        assert_false(err_set(&err, ERR_INPUT, "x"));
        assert_false(err_wrap(&err, "%s", cases[i].found));
        assert_memory_equal(err.msg, cases[i].told, strlen(cases[i].told));
        assert_string_equal(err.msg + strlen(cases[i].told), ": x");
        assert_int_equal(err.code, ERR_INPUT);
    }
}

static void long_messages_are_cut(void **state)
{
    char text[1000];
    struct err err;
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(err_set(&err, ERR_IO, "%s", text));
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    assert_false(err_wrap(&err, "%s", "file"));
    assert_memory_equal(err.msg, "file: aaa", 9);
    assert_true(strlen(err.msg) < sizeof err.msg);
    assert_false(err_set(NULL, ERR_IO, "%s", text));
    assert_false(err_wrap(NULL, "%s", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text_cannot_steer_a_terminal),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
