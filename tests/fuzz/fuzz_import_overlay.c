/* An overlay from anywhere over one configuration: refused, or a contract that compiles. */
#include <assert.h>
#include <string.h>

#include "contracts/compile.h"
#include "contracts/definition_parts.h"
#include "tools/import.h"

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config[] =
    "{\"ApplicationName\":\"A\",\"DisplayName\":\"\",\"ApplicationRoles\":[{\"Name\":\"R\"}],"
    "\"Workflows\":[{\"Name\":\"W\",\"DisplayName\":\"\",\"Initiators\":[\"R\"],\"StartState\":"
    "\"s\","
    "\"Properties\":[{\"Name\":\"n\",\"DisplayName\":\"\",\"Type\":{\"Name\":\"int\"}},"
    "{\"Name\":\"p\",\"DisplayName\":\"\",\"Type\":{\"Name\":\"user\"}}],"
    "\"Constructor\":{\"Parameters\":[{\"Name\":\"c\",\"DisplayName\":\"\",\"Type\":{\"Name\":"
    "\"contract\"}}]},"
    "\"Functions\":[{\"Name\":\"f\",\"DisplayName\":\"\",\"Parameters\":[{\"Name\":\"x\","
    "\"DisplayName\":\"\",\"Type\":{\"Name\":\"int\"}}]}],"
    "\"States\":[{\"Name\":\"s\",\"DisplayName\":\"\",\"PercentComplete\":0,\"Style\":\"Success\","
    "\"Transitions\":[{\"DisplayName\":\"\",\"Function\":\"f\",\"NextStates\":[\"s\",\"t\"]}]},"
    "{\"Name\":\"t\",\"DisplayName\":\"\",\"PercentComplete\":1,\"Style\":\"Failure\"}]}]}";

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
    struct yaml_tree overlay;
    struct err err = { 0 };
    struct buf yaml = buf_heap(IMPORT_MAX_YAML_BYTES);
    if (!yaml_parse("overlay", slice_of(data, size), &overlay, &err))
        return 0;
    const struct import_options options = { .overlay = &overlay };
    if (!import_read(slice_text(config), &a, &err))
        assert(!"the configuration is good");
    if (import_write(a, 0, &options, &yaml, &err))
        check(&yaml);
    else
        assert(yaml.len == 0 &&
               (strncmp(err.msg, "overlay:", 8) == 0 || strncmp(err.msg, "Workflows[0]", 12) == 0));
    import_free(a);
    yaml_tree_free(&overlay);
    buf_free(&yaml);
    return 0;
}
