/* Where to listen for an address that others use. */
#include "tools/listening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void is(const char *address, const char *wanted, const char *host, uint16_t port)
{
    struct listening l;
    struct err err = { .msg = "" };
    if (!listening_choose(address, wanted, &l, &err))
        fail_msg("%s: %s", address, err.msg);
    assert_string_equal(l.host, host);
    assert_int_equal(l.port, port);
    assert_true(broker_is_address(l.host));
}

static void refused(const char *address, const char *wanted, const char *why)
{
    struct listening l;
    struct err err = { .msg = "" };
    assert_false(listening_choose(address, wanted, &l, &err));
    if (strstr(err.msg, why) == NULL)
        fail_msg("%s: expected \"%s\", found \"%s\"", address, why, err.msg);
}

static void loopback_stays_loopback(void **state)
{
    (void)state;
    is("127.0.0.1:7", NULL, "127.0.0.1", 7);
    is("https://127.1.2.3:8643", NULL, "127.1.2.3", 8643);
    is("[::1]:7", NULL, "::1", 7);
    is("localhost:7", NULL, "127.0.0.1", 7);
}

static void all_else_is_everywhere(void **state)
{
    (void)state;
    is("farm.example:8883", NULL, "0.0.0.0", 8883);
    is("https://farm.example:8643", NULL, "0.0.0.0", 8643);
    is("127.example:1", NULL, "0.0.0.0", 1);
    is("10.0.0.7:1", NULL, "0.0.0.0", 1);
    is("[2001:db8::7]:1", NULL, "::", 1);
    is("https://[2001:db8::7]:65535", NULL, "::", 65535);
}

static void but_where_it_was_said(void **state)
{
    (void)state;
    is("farm.example:8883", "10.0.0.7", "10.0.0.7", 8883);
    is("farm.example:8883", "::", "::", 8883);
    is("farm.example:8883", "[::1]", "::1", 8883);
    is("127.0.0.1:8883", "0.0.0.0", "0.0.0.0", 8883);
}

static void what_cannot_work_is_refused(void **state)
{
    (void)state;
    refused("farm.example:8883", "farm.example", "to listen on");
    refused("farm.example:8883", "", "to listen on");
    refused("farm.example:8883", "[", "to listen on");
    refused("10.0.0.300:1", NULL, "no IPv4 address");
    refused("10.0.1:1", NULL, "no IPv4 address");
    refused("[2001:db8:::7]:1", NULL, "no IPv6 address");
    refused("0.0.0.0:1", NULL, "nobody can connect");
    refused("[::]:1", NULL, "nobody can connect");
    refused("https://[0:0::]:1", "10.0.0.7", "nobody can connect");
    refused("farm.example", NULL, "host:port");
    refused("[10.0.0.7]:1", NULL, "no IPv6 address");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_stays_loopback),
        cmocka_unit_test(all_else_is_everywhere),
        cmocka_unit_test(but_where_it_was_said),
        cmocka_unit_test(what_cannot_work_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
