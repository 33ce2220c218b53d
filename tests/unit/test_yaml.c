#include "common/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct yaml_tree parse(const char *text)
{
    struct yaml_tree tree = { 0 };
    struct err err = { 0 };
    if (!yaml_parse("x.yaml", slice_text(text), &tree, &err))
        fail_msg("%s", err.msg);
    return tree;
}

static void refused(const char *text, const char *message)
{
    struct yaml_tree tree = { 0 };
    struct err err = { 0 };
    assert_false(yaml_parse("x.yaml", slice_text(text), &tree, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.msg, message);
    assert_null(tree.memory);
}

static void test_values_know_their_lines(void **state)
{
    (void)state;
    struct yaml_tree t = parse("# first\n"
                               "name: cold\n"
                               "http:\n"
                               "  port: 8600\n"
                               "  host: \"8600\"\n"
                               "list: [a, {b: c}]\n"
                               "text: |\n"
                               "  two\n"
                               "  lines\n");
    assert_int_equal(t.root->kind, YAML_MAP);
    assert_int_equal(t.root->count, 4);
    assert_string_equal(t.name, "x.yaml");
    const struct yaml_node *port = yaml_get(yaml_get(t.root, "http"), "port");
    assert_string_equal(port->text, "8600");
    assert_int_equal(port->line, 4);
    assert_false(port->quoted);
    assert_true(yaml_get(yaml_get(t.root, "http"), "host")->quoted);
    const struct yaml_node *list = yaml_get(t.root, "list");
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->count, 2);
    assert_string_equal(yaml_get(list->values[1], "b")->text, "c");
    assert_string_equal(t.root->keys[2]->text, "list");
    assert_string_equal(yaml_get(t.root, "text")->text, "two\nlines\n");
    assert_null(yaml_get(t.root, "nothing"));
    assert_null(yaml_get(NULL, "nothing"));
    struct err err = { 0 };
    assert_false(yaml_refuse(&t, port, &err, "http.port: found \"%s\"", port->text));
    assert_string_equal(err.msg, "x.yaml:4: http.port: found \"8600\"");
    yaml_free(&t);
    yaml_free(&t);
    yaml_free(NULL);
}

static void test_empty_files_have_no_root(void **state)
{
    (void)state;
    struct yaml_tree t = parse("# nothing\n");
    assert_null(t.root);
    yaml_free(&t);
    assert_true(yaml_parse("x.yaml", (struct slice){ NULL, 0 }, &t, NULL));
    assert_null(t.root);
    yaml_free(&t);
    t = parse("\xef\xbb\xbf"
              "a: 1\n");
    assert_string_equal(yaml_get(t.root, "a")->text, "1");
    yaml_free(&t);
}

static void test_refuses_what_hides(void **state)
{
    (void)state;
    refused("a: &x 1\n", "x.yaml:1: anchors are not allowed");
    refused("a: 1\nb: *x\n", "x.yaml:2: aliases are not allowed: write the value out");
    refused("a: 1\nb: !!str 2\n", "x.yaml:2: tags are not allowed");
    refused("a: 1\n---\nb: 2\n", "x.yaml:2: a second document in one file is not allowed");
    refused("a: 1\nb: 2\n\na: 3\n", "x.yaml:4: \"a\" is already given on line 1");
    refused("[a]: 1\n", "x.yaml:1: a key must be plain text");
    refused("a: \"b\\0c\"\n", "x.yaml:1: text with a zero byte in it");
}

static void test_syntax_errors_name_the_line(void **state)
{
    (void)state;
    struct yaml_tree tree = { 0 };
    struct err err = { 0 };
    assert_false(yaml_parse("x.yaml", slice_text("a: 1\nb: [1, 2\nc: 3\n"), &tree, &err));
    assert_memory_equal(err.msg, "x.yaml:3: ", 10);
    assert_false(yaml_parse("x.yaml", slice_text("a: 1\nb: \xff\n"), &tree, &err));
    assert_memory_equal(err.msg, "x.yaml:2: ", 10);
}

static void test_caps(void **state)
{
    (void)state;
    char text[256] = "";
    for (size_t i = 0; i < YAML_MAX_DEPTH; i++)
        text[i] = '[';
    for (size_t i = 0; i < YAML_MAX_DEPTH; i++)
        text[YAML_MAX_DEPTH + i] = ']';
    struct yaml_tree t = parse(text);
    yaml_free(&t);
    memset(text, '[', YAML_MAX_DEPTH + 1);
    refused(text, "x.yaml:1: lists and maps nest too deep");

    char *many = malloc(YAML_MAX_BYTES + 2);
    assert_non_null(many);
    memset(many, ' ', YAML_MAX_BYTES + 1);
    many[YAML_MAX_BYTES + 1] = '\0';
    refused(many, "x.yaml: larger than 262144 bytes");
    /* the list itself is one node, so this many elements are the most */
    const size_t elements = YAML_MAX_NODES - 1;
    many[0] = '[';
    for (size_t i = 0; i < elements; i++)
        memcpy(many + 1 + 2 * i, "1,", 2);
    memcpy(many + 1 + 2 * elements, "]", 2);
    t = parse(many);
    assert_int_equal(t.root->count, elements);
    yaml_free(&t);
    memcpy(many + 1 + 2 * elements, "1]", 3);
    refused(many, "x.yaml:1: too many values in one file");
    free(many);
}

static void test_loads_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/waybill-yaml-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: b\n", 5), 5);
    (void)close(fd);
    struct yaml_tree t = { 0 };
    struct err err = { 0 };
    assert_true(yaml_load(path, &t, &err));
    assert_string_equal(t.name, path);
    assert_string_equal(yaml_get(t.root, "a")->text, "b");
    yaml_free(&t);
    (void)unlink(path);
    assert_false(yaml_load(path, &t, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_know_their_lines),
        cmocka_unit_test(test_empty_files_have_no_root),
        cmocka_unit_test(test_refuses_what_hides),
        cmocka_unit_test(test_syntax_errors_name_the_line),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_loads_a_file),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
