/* A header from anyone: refused or taken, never a crash, never memory it did not show. */
#include "common/header.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf again = buf_fixed(memory, sizeof memory);
    struct header h;
    if (!header_decode(bytes, &h, NULL))
        return 0;
    header_put(&again, &h);
    assert(slice_equal(buf_slice(&again), bytes)); /* one meaning has one form */
    return 0;
}
