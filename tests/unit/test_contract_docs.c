/*
 * The reference manual: every example in docs/contracts.md compiles, with what it leaves out added. As
 * `test_contract_docs dump FILE…` it prints files and examples as JSON for other people's validators:
 * one [file, contract] a line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/file.h"
#include "contracts/compile.h"
#include "contracts/definition.h"

#define MANUAL     "docs/contracts.md"
#define MANUAL_MAX (1 << 20)
#define MIN_BLOCKS 18

/* Sections that an example may speak of and need not repeat. */
static const char *const frame[][2] = {
    { "contract", "contract: manual\n" },
    { "roles", "roles: { shipper: packs, clinic: receives, logger: measures }\n" },
    { "parties", "parties: { sender: shipper, receiver: clinic, sensor: logger }\n" },
    { "terms", "terms: { warmest: 8 °C, coldest: 2 °C, budget: 2 h }\n" },
    { "maximum gap", "maximum gap: 30 min\n" },
    { "watch",
      "watch:\n  warm in all: { when: temperature > 8 °C, total: 2 h, severity: high }\n" },
    { "properties", "properties: { last update: time, count: int }\n" },
    { "states", "states: { packed: {}, travelling: {}, arrived: {}, released: { ends: success }, "
                "rejected: { ends: failure } }\n" },
};

static bool has_section(struct slice block, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i + len < block.len; i++)
        if ((i == 0 || block.data[i - 1] == '\n') && memcmp(block.data + i, name, len) == 0 &&
            block.data[i + len] == ':')
            return true;
    return false;
}

/* ------------------------------------------------------------------ as JSON */

static void print_text(const char *words)
{
    (void)putchar('"');
    for (; *words != '\0'; words++) {
        if (*words == '"' || *words == '\\')
            (void)putchar('\\');
        (void)putchar(*words == '\n' ? ' ' : *words);
    }
    (void)putchar('"');
}

/* A plain scalar as editors read it: a number, true, false, null, or a text. */
static void print_scalar(const struct yaml_node *node)
{
    const char *digits = node->text + (node->text[0] == '-' ? 1 : 0);
    bool number = *digits != '\0' && strlen(digits) < 16 && (*digits != '0' || digits[1] == '\0');
    for (const char *p = digits; *p != '\0'; p++)
        number = number && *p >= '0' && *p <= '9';
    bool word = strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0;
    if (!node->quoted && node->text[0] == '\0')
        (void)fputs("null", stdout);
    else if (!node->quoted && (number || word))
        (void)fputs(node->text, stdout);
    else
        print_text(node->text);
}

static void print_node(const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR) {
        print_scalar(node);
        return;
    }
    (void)putchar(node->kind == YAML_MAP ? '{' : '[');
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0)
            (void)putchar(',');
        if (node->kind == YAML_MAP) {
            print_text(node->keys[i]->text);
            (void)putchar(':');
        }
        print_node(node->values[i]);
    }
    (void)putchar(node->kind == YAML_MAP ? '}' : ']');
}

static void print_contract(const char *name, const struct yaml_node *root)
{
    (void)putchar('[');
    print_text(name);
    (void)putchar(',');
    print_node(root);
    (void)puts("]");
}

/* ------------------------------------------------------------------ the manual */

static bool dumping;

static void compile_block(struct slice block, unsigned line)
{
    static uint8_t bytes[DEFINITION_MAX_BYTES];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    struct buf yaml = buf_heap(MANUAL_MAX);
    struct yaml_tree tree = { 0 };
    struct err err = { 0 };
    buf_add_slice(&yaml, block);
    for (size_t i = 0; i < sizeof frame / sizeof frame[0]; i++)
        if (!has_section(block, frame[i][0]))
            buf_add_slice(&yaml, slice_text(frame[i][1]));
    if (!yaml_parse("example", buf_slice(&yaml), &tree, &err) ||
        !compile_contract(&tree, &out, &err))
        fail_msg(MANUAL ": the example from line %u on: %s", line, err.msg);
    char name[40];
    (void)snprintf(name, sizeof name, MANUAL ":%u", line);
    if (dumping)
        print_contract(name, tree.root);
    yaml_free(&tree);
    buf_free(&yaml);
}

static void test_every_example_compiles(void **state)
{
    (void)state;
    static const char opens[] = "```yaml\n";
    struct buf manual = buf_heap(MANUAL_MAX);
    struct err err = { 0 };
    if (!file_read(MANUAL, MANUAL_MAX - 1, &manual, &err))
        fail_msg("%s", err.msg);
    buf_add_byte(&manual, 0);
    const char *at = (const char *)manual.data;
    unsigned line = 1;
    unsigned blocks = 0;
    for (const char *open; (open = strstr(at, opens)) != NULL;) {
        const char *begin = open + strlen(opens);
        const char *end = strstr(begin, "```");
        assert_non_null(end);
        for (; at < begin; at++)
            line += *at == '\n' ? 1 : 0;
        compile_block(slice_of(begin, (size_t)(end - begin)), line);
        blocks++;
        at = end;
        for (const char *p = begin; p < end; p++)
            line += *p == '\n' ? 1 : 0;
    }
    assert_true(blocks >= MIN_BLOCKS);
    buf_free(&manual);
}

static int dump(int count, char **paths)
{
    struct err err = { 0 };
    for (int i = 0; i < count; i++) {
        struct yaml_tree tree;
        if (!yaml_load(paths[i], &tree, &err)) {
            (void)fprintf(stderr, "%s\n", err.msg);
            return 1;
        }
        print_contract(paths[i], tree.root);
        yaml_free(&tree);
    }
    dumping = true;
    test_every_example_compiles(NULL);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "dump") == 0)
        return dump(argc - 2, argv + 2);
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_example_compiles) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
