/* Blocks: what decodes can be walked to its end and has one encoding. */
#include "common/block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct block b;
    struct err err = { .msg = "" };
    if (!block_decode(slice_of(data, size), &b, &err)) {
        assert(err.msg[0] != 0);
        return 0;
    }
    assert(b.count <= BLOCK_STATEMENTS_MAX);
    struct buf out = buf_heap(BLOCK_SIZE_MAX);
    block_put_head(&out, &b.header, b.count);
    for (size_t i = 0; i < b.count; i++) {
        struct slice st = block_next(&b);
        assert(st.len > 0);
        block_put_statement(&out, st);
    }
    assert(slice_equal(buf_slice(&out), slice_of(data, size)));
    buf_free(&out);
    return 0;
}
