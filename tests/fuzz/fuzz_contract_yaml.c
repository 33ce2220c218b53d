/* A contract as an author may write it: compiled, or refused with the file's name and a line. */
#include "contracts/compile.h"

#include <assert.h>
#include <string.h>

#include "contracts/terms.h"

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[DEFINITION_MAX_BYTES];
    static struct contract_definition def;
    static struct contract_terms terms;
    struct yaml_tree tree;
    struct err err = { 0 };
    struct slice usual = { NULL, 0 };
    if (!yaml_parse("f", slice_of(data, size), &tree, &err))
        return 0;
    struct buf out = buf_fixed(memory, sizeof memory);
    bool good = compile_contract(&tree, &out, &err);
    yaml_tree_free(&tree);
    if (!good) {
        assert(err.code != ERR_NONE && strncmp(err.msg, "f:", 2) == 0 && out.len == 0);
        return 0;
    }
    if (!definition_decode(buf_slice(&out), &def, &err))
        assert(!"what compiles decodes");
    bool all_usual = true;
    for (size_t i = 0; i < def.term_count; i++)
        all_usual = all_usual && def.terms[i].usual.type != CONTRACT_NOTHING;
    if (terms_bind(&def, usual, &terms, &err) != all_usual)
        assert(!"what compiles can be opened, unless the opening has something to say");
    return 0;
}
