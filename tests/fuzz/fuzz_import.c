/* A workbench configuration from anywhere: refused, or contracts that compile. */
#include <assert.h>
#include <string.h>

#include "contracts/compile.h"
#include "contracts/definition_parts.h"
#include "tools/import.h"

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct buf *yaml)
{
    struct yaml_tree tree;
    struct err err = { 0 };
    struct buf compiled = buf_heap(DEFINITION_MAX_BYTES);
    if (!yaml_parse("f", buf_slice(yaml), &tree, &err) || !compile_contract(&tree, &compiled, &err))
        assert(!"what is imported compiles");
    yaml_tree_free(&tree);
    buf_free(&compiled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct import_application *a;
    struct err err = { 0 };
    const struct import_options options = { .currency = size % 2 == 0 ? NULL : "EUR" };
    if (!import_read(slice_of(data, size), &a, &err)) {
        assert(err.code != ERR_NONE && err.msg[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < import_workflow_count(a); i++) {
        struct buf yaml = buf_heap(IMPORT_MAX_YAML_BYTES);
        if (import_write(a, i, &options, &yaml, &err))
            check(&yaml);
        else
            assert(yaml.len == 0 && strncmp(err.msg, "Workflows[", 10) == 0);
        buf_free(&yaml);
    }
    import_free(a);
    return 0;
}
