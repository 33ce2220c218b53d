#include "common/host_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void what_is_one(void **state)
{
    static const struct {
        const char *text, *host;
        unsigned port;
    } cases[] = {
        { "127.0.0.1:1", "127.0.0.1", 1 },
        { "node-4.example:65535", "node-4.example", 65535 },
        { "[::1]:18830", "::1", 18830 },
        { "[2001:db8::7]:80", "2001:db8::7", 80 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host_port place = { .port = 0 };
        assert_true(host_port_parse(cases[i].text, &place, NULL));
        assert_string_equal(place.host, cases[i].host);
        assert_int_equal(place.port, cases[i].port);
    }
}

static void what_is_none(void **state)
{
    static const char *const cases[] = {
        "",      "a",      ":80",    "a:",     "a:0",     "a:080",     "a:65536", "a:1000000",
        "a:-1",  "a:8 ",   "a b:80", "::1:80", "[::1]",   "[::1:80",   "[]:80",   "[g]:80",
        "a:80x", "a:80/x", "a/b:80", "a\n:80", "[::1]80", "user@a:80",
    };
    struct host_port place = { .host = "untouched", .port = 7 };
    char longest[HOST_PORT_HOST_SIZE + 8];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (host_port_parse(cases[i], &place, NULL))
            fail_msg("\"%s\"", cases[i]);
    memset(longest, 'a', sizeof longest);
    memcpy(longest + HOST_PORT_HOST_SIZE, ":80", 4);
    assert_false(host_port_parse(longest, &place, NULL));
    assert_true(host_port_parse(longest + 1, &place, NULL));
    assert_int_equal(strlen(place.host), HOST_PORT_HOST_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_one),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
