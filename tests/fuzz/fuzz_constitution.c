/* Foreign bytes as a constitution: what is taken has one form, and asks for what can be reached. */
#include "common/constitution.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[CONSTITUTION_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct slice bytes = slice_of(data, size);
    struct constitution c;
    struct err err = { 0 };
    if (!constitution_decode(bytes, &c, &err)) {
        assert(err.code == ERR_INPUT);
        return 0;
    }
    constitution_put(&out, &c);
    assert(!out.failed && slice_equal(buf_slice(&out), bytes));
    for (size_t i = 1; i <= ACTION_LAST; i++)
        for (size_t voters = 1; voters <= 256; voters *= 2) {
            size_t needed = constitution_needed(&c, (enum govern_action)i, voters);
            assert(needed >= 1 && needed <= voters);
        }
    return 0;
}
