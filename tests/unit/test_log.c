#include "common/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];
static char line[4 * LOG_MAX_LINE];

static int setup(void **state)
{
    (void)state;
    log_set_program("waybill-node");
    log_set_json(false);
    log_set_level(LOG_LEVEL_INFO);
    assert_int_equal(pipe(ends), 0);
    log_set_fd(ends[1]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_set_fd(STDERR_FILENO);
    (void)close(ends[0]);
    return ends[1] >= 0 ? close(ends[1]) : 0;
}

/* What was written, the time replaced by TIME. */
static const char *written(void)
{
    (void)close(ends[1]);
    ends[1] = -1;
    ssize_t n = read(ends[0], line, sizeof line - 1);
    assert_true(n >= 0);
    line[n] = '\0';
    char *time = strstr(line, "20");
    char *end = time != NULL ? strchr(time, 'Z') : NULL;
    if (time == NULL || end == NULL)
        return line;
    memcpy(time, "TIME", 4);
    memmove(time + 4, end + 1, (size_t)(line + n - end)); /* the zero too */
    return line;
}

static void test_plain(void **state)
{
    (void)state;
    errno = ENOSPC;
    log_warn("disk %d %% full", 93);
    assert_int_equal(errno, ENOSPC);
    assert_string_equal(written(), "TIME waybill-node warn: disk 93 % full\n");
}

static void test_levels(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_DEBUG;
    assert_true(log_parse_level("error", &level));
    assert_int_equal(level, LOG_LEVEL_ERROR);
    assert_false(log_parse_level("loud", &level));
    log_set_level(level);
    log_debug("1");
    log_info("2");
    log_warn("3");
    log_error("4");
    assert_string_equal(written(), "TIME waybill-node error: 4\n");
}

static void test_foreign_text_cannot_forge_a_line(void **state)
{
    (void)state;
    log_info("name \"%s\"", "a\nb\x1b[2J\xff\xc2\x9b \xc3\xa9");
    assert_string_equal(written(), "TIME waybill-node info: name \"a\\u000ab\\u001b[2J\xef\xbf\xbd"
                                   "\\u009b \xc3\xa9\"\n");
}

static void test_json(void **state)
{
    (void)state;
    log_set_json(true);
    log_info("say \"hi\\\"\t8 \xc2\xb0"
             "C");
    assert_string_equal(written(), "{\"time\":\"TIME\",\"level\":\"info\",\"program\":"
                                   "\"waybill-node\",\"message\":\"say \\\"hi\\\\\\\"\\u00098 "
                                   "\xc2\xb0"
                                   "C\"}\n");
}

static void test_long_messages_are_cut(void **state)
{
    (void)state;
    static char text[3 * LOG_MAX_LINE];
    memset(text, 'x', sizeof text - 1);
    log_info("%s", text);
    assert_in_range(strlen(written()), LOG_MAX_LINE, LOG_MAX_LINE + 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_levels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_text_cannot_forge_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_messages_are_cut, setup, teardown),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
