#include "common/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char sample[] = "name: cold store\n"
                             "http:\n"
                             "  port: 8600\n"
                             "  public: true\n"
                             "  hosts: [a, b]\n"
                             "block:\n"
                             "  period: 500 ms\n"
                             "  order: newest\n"
                             "keys: keys/node.key\n"
                             "data: /var/lib/waybill\n"
                             "sensors:\n"
                             "  - name: one\n"
                             "  - name: two\n"
                             "    interval: 5\n";

struct fixture {
    struct yaml_tree tree;
    struct err err;
    struct config c;
};

static struct fixture fx;

static void open_text(const char *text)
{
    yaml_free(&fx.tree);
    assert_true(yaml_parse("etc/node.yaml", slice_text(text), &fx.tree, &fx.err));
    fx.c = config_open(&fx.tree, &fx.err);
}

static int setup(void **state)
{
    (void)state;
    open_text(sample);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yaml_free(&fx.tree);
    return 0;
}

static void test_reads_every_type(void **state)
{
    (void)state;
    static const char *const orders[] = { "oldest", "newest", NULL };
    struct config http = config_section(&fx.c, "http");
    struct config block = config_section(&fx.c, "block");
    assert_string_equal(config_text(&fx.c, "name", NULL), "cold store");
    assert_int_equal(config_uint(&http, "port", 1, 65535, 1), 8600);
    assert_true(config_bool(&http, "public", false));
    assert_int_equal(config_count(&http, "hosts", 8), 2);
    assert_string_equal(config_list_text(&http, "hosts", 1), "b");
    assert_int_equal(config_duration_ms(&block, "period", 1, 1000, 7), 500);
    assert_int_equal(config_choice(&block, "order", orders, 0), 1);
    assert_string_equal(config_path(&fx.c, "keys", NULL).path, "etc/keys/node.key");
    assert_string_equal(config_path(&fx.c, "data", NULL).path, "/var/lib/waybill");
    assert_int_equal(config_count(&fx.c, "sensors", 8), 2);
    struct config two = config_element(&fx.c, "sensors", 1);
    assert_string_equal(config_text(&two, "name", NULL), "two");
    assert_true(config_good(&fx.c));
}

static void test_absent_keys_take_their_fallback(void **state)
{
    (void)state;
    struct config none = config_section(&fx.c, "mqtt");
    assert_int_equal(config_uint(&none, "port", 1, 65535, 1883), 1883);
    assert_true(config_bool(&none, "tls", true));
    assert_int_equal(config_duration_ms(&none, "wait", 1, 10, 7), 7);
    assert_string_equal(config_text(&none, "host", "localhost"), "localhost");
    assert_string_equal(config_path(&none, "ca", "").path, "");
    assert_int_equal(config_count(&none, "list", 1), 0);
    assert_true(config_good(&fx.c));
    open_text("# empty\n");
    assert_string_equal(config_text(&fx.c, "host", "localhost"), "localhost");
    assert_true(config_good(&fx.c));
}

static void expect(const char *message)
{
    assert_false(config_good(&fx.c));
    assert_string_equal(fx.err.msg, message);
    fx.c = config_open(&fx.tree, &fx.err);
}

static void test_numbers(void **state)
{
    (void)state;
    open_text("a: 1\nhttp:\n  port: x\n  big: 65536\n  q: \"80\"\n  m: {}\n"
              "  huge: 99999999999999999999\n  neg: -1\n");
    struct config http = config_section(&fx.c, "http");
    assert_int_equal(config_uint(&http, "port", 1, 65535, 9), 9);
    expect("etc/node.yaml:3: http.port: expected a number 1-65535, found \"x\"");
    (void)config_uint(&http, "big", 1, 65535, 9);
    expect("etc/node.yaml:4: http.big: expected a number 1-65535, found \"65536\"");
    (void)config_uint(&http, "q", 1, 65535, 9);
    expect("etc/node.yaml:5: http.q: expected a number 1-65535, found \"80\" in quotes");
    (void)config_uint(&http, "m", 1, 65535, 9);
    expect("etc/node.yaml:6: http.m: expected a number 1-65535, found a map");
    (void)config_uint(&http, "huge", 0, UINT64_MAX, 9);
    expect("etc/node.yaml:7: http.huge: expected a number 0-18446744073709551615, found "
           "\"99999999999999999999\"");
    (void)config_uint(&http, "neg", 0, 5, 9);
    expect("etc/node.yaml:8: http.neg: expected a number 0-5, found \"-1\"");
    assert_int_equal(config_uint(&fx.c, "a", 1, 1, 9), 1);
    (void)config_uint(&fx.c, "a", 0, 0, 9);
    expect("etc/node.yaml:1: a: expected a number 0-0, found \"1\"");
}

static void test_other_types_complain(void **state)
{
    (void)state;
    static const char *const orders[] = { "oldest", "fastest", NULL };
    struct config two = config_element(&fx.c, "sensors", 1);
    (void)config_duration_ms(&two, "interval", 1, 1000, 0);
    expect("etc/node.yaml:14: sensors[1].interval: expected a duration such as \"5 min\", found "
           "\"5\"");
    struct config block = config_section(&fx.c, "block");
    (void)config_duration_ms(&block, "period", 1000, 3600000, 0);
    expect("etc/node.yaml:7: block.period: expected a duration of 1 s to 1 h, found \"500 ms\"");
    (void)config_choice(&block, "order", orders, 0);
    expect("etc/node.yaml:8: block.order: expected one of oldest, fastest, found \"newest\"");
    (void)config_bool(&block, "order", false);
    expect("etc/node.yaml:8: block.order: expected true or false, found \"newest\"");
    (void)config_section(&fx.c, "name");
    expect("etc/node.yaml:1: name: expected a map, found \"cold store\"");
    (void)config_count(&fx.c, "name", 1);
    expect("etc/node.yaml:1: name: expected a list, found \"cold store\"");
    (void)config_count(&fx.c, "sensors", 1);
    expect("etc/node.yaml:12: sensors: expected at most 1 elements, found 2");
    (void)config_text(&two, "unit", NULL);
    expect("etc/node.yaml:13: sensors[1].unit: is missing");
}

static void test_unknown_keys_name_the_nearest(void **state)
{
    (void)state;
    static const char *const known[] = { "name", "ports", "public", "hosts", NULL };
    static const char *const far[] = { "threshold", "lateness", NULL };
    struct config http = config_section(&fx.c, "http");
    config_check_keys(&http, known);
    expect("etc/node.yaml:3: http.port: unknown key; did you mean \"ports\"?");
    config_check_keys(&http, far);
    expect("etc/node.yaml:3: http.port: unknown key; known are threshold, lateness");
    static const char *const all[] = { "port", "public", "hosts", NULL };
    config_check_keys(&http, all);
    assert_true(config_good(&fx.c));
}

static void test_the_first_complaint_stays(void **state)
{
    (void)state;
    struct config http = config_section(&fx.c, "http");
    (void)config_uint(&http, "port", 1, 10, 3);
    assert_int_equal(config_uint(&http, "port", 1, 65535, 3), 3);
    assert_int_equal(config_uint(&fx.c, "name", 1, 10, 3), 3);
    expect("etc/node.yaml:3: http.port: expected a number 1-10, found \"8600\"");
    open_text("[1, 2]\n");
    assert_string_equal(fx.err.msg, "etc/node.yaml:1: expected \"key: value\" lines");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reads_every_type, setup),
        cmocka_unit_test_setup(test_absent_keys_take_their_fallback, setup),
        cmocka_unit_test_setup(test_numbers, setup),
        cmocka_unit_test_setup(test_other_types_complain, setup),
        cmocka_unit_test_setup(test_unknown_keys_name_the_nearest, setup),
        cmocka_unit_test_setup(test_the_first_complaint_stays, setup),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, teardown);
}
