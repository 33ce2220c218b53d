/* Foreign bytes as CBOR: what the strict scan lets through is written again to the same bytes. */
#include "common/cbor.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

/* Walks the items head by head; left counts those still to come. */
static void copy_items(struct cbor_reader *r, struct buf *out)
{
    for (uint64_t left = 1; left > 0 && !r->failed; left--) {
        size_t n;
        switch (cbor_peek(r)) {
        case CBOR_UINT:
        case CBOR_NINT: cbor_put_int(out, cbor_take_int(r)); break;
        case CBOR_BYTES: cbor_put_bytes(out, cbor_take_bytes(r, 0, SIZE_MAX)); break;
        case CBOR_TEXT: cbor_put_text(out, cbor_take_text(r, 0, SIZE_MAX)); break;
        case CBOR_ARRAY:
            n = cbor_take_array(r);
            cbor_put_array(out, n);
            left += n;
            break;
        case CBOR_MAP:
            n = cbor_take_map(r);
            cbor_put_map(out, n);
            left += 2 * (uint64_t)n;
            break;
        case CBOR_BOOL: cbor_put_bool(out, cbor_take_bool(r)); break;
        case CBOR_NULL:
            cbor_take_null(r);
            cbor_put_null(out);
            break;
        case CBOR_FLOAT: (void)cbor_take_float_bits(r, &n); break;
        case CBOR_END: cbor_fail(r); break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size);
    struct err err = { 0 };
    bool strict = cbor_scan(in, &err);
    bool bounds = cbor_scan_bounds(in, NULL);
    assert(strict || err.code == ERR_INPUT);
    assert(!strict || bounds);
    if (!bounds)
        return 0;
    struct buf out = buf_heap(2 * size + 16);
    struct cbor_reader r = cbor_reader(in);
    copy_items(&r, &out);
    if (strict) {
        assert(cbor_done(&r) && slice_equal(buf_slice(&out), in));
        r = cbor_reader(in);
        struct slice whole = cbor_take_item(&r);
        assert(slice_equal(whole, in));
    }
    buf_free(&out);
    return 0;
}
