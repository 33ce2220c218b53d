/* Packs of bundles from strangers: what is taken apart is put together again to the same bytes. */
#include "common/bundle_pack.h"

#include <assert.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bundle_pack pack;
    struct err err = { .msg = "" };
    struct slice bytes = slice_of(data, size);
    if (!bundle_pack_take(bytes, &pack, &err)) {
        assert(err.msg[0] != '\0');
        return 0;
    }
    struct buf again = buf_heap(size + 16);
    assert(bundle_pack_is(bytes) && pack.count > 0);
    bundle_pack_put_head(&again, pack.direction, pack.count);
    for (size_t i = 0; i < pack.count; i++) {
        char name[ASSET_NAME_MAX + 1] = "";
        for (size_t k = 0; k < pack.item[i].asset.len; k++)
            name[k] = (char)pack.item[i].asset.data[k];
        bundle_pack_put(&again, name, pack.item[i].bundle);
    }
    assert(slice_equal(buf_slice(&again), bytes));
    buf_free(&again);
    return 0;
}
