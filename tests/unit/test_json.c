#include "common/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void writes(struct json_doc *doc, unsigned indent, const char *expected)
{
    struct buf out = buf_heap(65536);
    json_doc_write(doc, indent, &out);
    buf_add_byte(&out, 0);
    assert_false(out.failed);
    assert_string_equal((const char *)out.data, expected);
    buf_free(&out);
    json_doc_free(doc);
}

static void test_writes_sorted_and_whole(void **state)
{
    (void)state;
    struct json_doc *d = json_doc_object();
    json_doc_put_text(d, "z", "8 °C \"x\"\n");
    json_doc_put_int(d, "b", INT64_MIN);
    json_doc_put_int(d, "a", INT64_MAX);
    json_doc_put_bool(d, "t", true);
    json_doc_put_null(d, "n");
    json_doc_put_hex(d, "h", slice_of("\x00\xff\x1a", 3));
    struct json_doc *list = json_doc_put_array(d, "list");
    json_doc_put_int(list, NULL, 1);
    json_doc_put_text(json_doc_put_object(list, NULL), "k", "v");
    struct json_doc *part = json_doc_array();
    json_doc_put_bool(part, NULL, false);
    json_doc_put_doc(list, NULL, part);
    json_doc_put_int(d, "t", 5);
    writes(d, 0,
           "{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"h\":\"00ff1a\",\"list\":[1,"
           "{\"k\":\"v\"},[false]],\"n\":null,\"t\":5,\"z\":\"8 °C \\\"x\\\"\\n\"}");
    d = json_doc_object();
    json_doc_put_array(d, "b");
    json_doc_put_int(d, "a", 1);
    writes(d, 2, "{\n  \"a\": 1,\n  \"b\": []\n}");
    json_doc_free(NULL);
}

static void test_decimals_are_as_written(void **state)
{
    (void)state;
    struct json_doc *d = json_doc_array();
    json_doc_put_decimal(d, NULL, 81, -1);
    json_doc_put_decimal(d, NULL, -5, -1);
    json_doc_put_decimal(d, NULL, 8, 0);
    json_doc_put_decimal(d, NULL, 123456789012345, -6);
    json_doc_put_decimal(d, NULL, 3, 2);
    json_doc_put_decimal(d, NULL, 1, -9);
    writes(d, 0, "[8.1,-0.5,8,123456789.012345,300.0,1e-9]");
}

static void test_text_that_is_not_utf8(void **state)
{
    (void)state;
    struct json_doc *d = json_doc_array();
    json_doc_put_slice(d, NULL,
                       slice_of("a\xff"
                                "b",
                                3));
    json_doc_put_slice(d, NULL, slice_of(NULL, 0));
    json_doc_put_slice(d, NULL, slice_of("a\0b", 3));
    writes(d, 0, "[\"a?b\",\"\",\"a\\u0000b\"]");
}

static void test_parses_and_finds(void **state)
{
    (void)state;
    static const char text[] = "{\"sensors\": [{\"name\": \"one\", \"on\": true, \"n\": null},"
                               " {\"a/b\": -7, \"m~n\": 1.5, \"\": 3}]}";
    struct json_doc *d = NULL;
    struct err err = { 0 };
    struct slice name = { 0 };
    int64_t n = 0;
    bool on = false;
    assert_true(json_doc_parse(slice_text(text), sizeof text, &d, &err));
    assert_true(json_doc_is_object(d));
    const struct json_doc *sensors = json_doc_at(d, "/sensors");
    assert_true(json_doc_is_array(sensors));
    assert_int_equal(json_doc_count(sensors), 2);
    assert_int_equal(json_doc_count(json_doc_element(sensors, 0)), 3);
    assert_null(json_doc_element(sensors, 2));
    assert_true(json_doc_get_text(json_doc_at(d, "/sensors/0/name"), &name));
    assert_true(slice_equal(name, slice_text("one")));
    assert_true(json_doc_get_bool(json_doc_at(d, "/sensors/0/on"), &on));
    assert_true(on);
    assert_true(json_doc_is_null(json_doc_at(d, "/sensors/0/n")));
    assert_true(json_doc_get_int(json_doc_at(sensors, "/1/a~1b"), &n));
    assert_int_equal(n, -7);
    assert_true(json_doc_get_int(json_doc_at(sensors, "/1/"), &n));
    assert_false(json_doc_get_int(json_doc_at(d, "/sensors/1/m~0n"), &n));
    assert_int_equal(n, 3);
    static const char *const nowhere[] = {
        "/x",          "sensors",        "/sensors/2",
        "/sensors/01", "/sensors/-",     "/sensors/0/name/x",
        "/sensors/",   "/sensors/1/m~2", "/sensors/99999999999999999999"
    };
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
        assert_null(json_doc_at(d, nowhere[i]));
    assert_ptr_equal(json_doc_at(d, ""), d);
    assert_null(json_doc_at(NULL, "/a"));
    assert_false(json_doc_get_text(NULL, &name));
    assert_false(json_doc_is_null(NULL));
    json_doc_free(d);
}

static void test_tells_keys_and_kinds(void **state)
{
    (void)state;
    static const char text[] = "{\"b\":{},\"a\":[],\"t\":\"\",\"n\":1,\"r\":1.5,\"y\":true,"
                               "\"f\":false,\"z\":null}";
    static const char *const kinds[][2] = {
        { "b", "an object" }, { "a", "a list" }, { "t", "a text" }, { "n", "a number" },
        { "r", "a number" },  { "y", "true" },   { "f", "false" },  { "z", "null" },
    };
    struct json_doc *d;
    const char *key = NULL;
    assert_true(json_doc_parse(slice_text(text), sizeof text, &d, NULL));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char pointer[] = "/?";
        key = json_doc_next_key(d, key);
        assert_non_null(key);
        assert_string_equal(key, kinds[i][0]); /* in the order they were written */
        pointer[1] = key[0];
        assert_string_equal(json_doc_kind_name(json_doc_at(d, pointer)), kinds[i][1]);
    }
    assert_null(json_doc_next_key(d, key));
    assert_null(json_doc_next_key(json_doc_at(d, "/b"), NULL));
    assert_string_equal(json_doc_kind_name(NULL), "nothing");
    json_doc_free(d);
}

static void refused(const char *text, size_t len, const char *message)
{
    struct json_doc *d = NULL;
    struct err err = { 0 };
    assert_false(json_doc_parse(slice_of(text, len), 200, &d, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (strncmp(err.msg, message, strlen(message)) != 0)
        fail_msg("%s", err.msg);
    assert_null(d);
}

static void test_refuses(void **state)
{
    (void)state;
    char deep[100];
    refused("{\"a\": 1,\n\"a\": 2}", 17, "JSON: line 2, column ");
    refused("", 0, "JSON: line ");
    refused("{} x", 4, "JSON: line 1, column ");
    refused("\"text\"", 6, "JSON: line 1, column ");
    refused("[\"\xff\"]", 5, "JSON: line 1, column ");
    memset(deep, '[', sizeof deep);
    refused(deep, JSON_DOC_MAX_DEPTH + 1, "JSON: more than 32 levels");
    memset(deep + JSON_DOC_MAX_DEPTH, ']', JSON_DOC_MAX_DEPTH);
    struct json_doc *d = NULL;
    size_t len = (size_t)2 * JSON_DOC_MAX_DEPTH;
    assert_true(json_doc_parse(slice_of(deep, len), len, &d, NULL));
    json_doc_free(d);
    d = NULL;
    struct err err = { 0 };
    assert_false(json_doc_parse(slice_of(deep, len), len - 1, &d, &err));
    assert_string_equal(err.msg, "JSON: larger than 63 bytes");
    /* brackets inside a text are no levels */
    static const char quoted[] = "[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]";
    assert_true(json_doc_parse(slice_text(quoted), sizeof quoted, &d, &err));
    json_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_sorted_and_whole),
        cmocka_unit_test(test_decimals_are_as_written),
        cmocka_unit_test(test_text_that_is_not_utf8),
        cmocka_unit_test(test_parses_and_finds),
        cmocka_unit_test(test_tells_keys_and_kinds),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
