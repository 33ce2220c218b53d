/* The reference manual: every example in docs/contracts.md compiles, with what it leaves out added. */
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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_example_compiles) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
