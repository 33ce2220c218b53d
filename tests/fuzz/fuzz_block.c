/* A block from anyone: refused or taken, never a crash, never memory it did not show. */
#include "common/block.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct block b;
    if (!block_decode(bytes, &b, NULL))
        return 0;
    for (size_t i = 0; i < b.count; i++)
        assert(block_next(&b).data != NULL);
    return 0;
}
