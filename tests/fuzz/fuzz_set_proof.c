/* Identities and chains of authority sets: what is followed begins with the ledger that is trusted. */
#include "common/final.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct identity id;
    struct authority_set set;
    struct err err = { .msg = "" };
    struct buf out = buf_heap(1 << 20);
    if (identity_decode(bytes, &id, &err)) {
        identity_put(&out, &id);
        assert(slice_equal(buf_slice(&out), bytes));
        assert(header_is_genesis(&id.genesis));
    }
    if (!cbor_scan(bytes, NULL)) {
        buf_free(&out);
        return 0;
    }
    /* trust the identity inside, so that the chain behind it is looked at */
    struct cbor_reader r = cbor_reader(bytes);
    if (cbor_take_array(&r) == 2 && identity_decode(cbor_take_item(&r), &id, NULL) &&
        identity_follow(bytes, &id, &set, &err)) {
        assert(set.count >= 1 && set.count <= AUTHORITY_MAX);
        struct hash first = authority_set_hash(&id.set), newest = authority_set_hash(&set);
        bool empty = cbor_take_array(&r) == 0;
        assert(!empty || hash_equal(&first, &newest));
    }
    buf_free(&out);
    return 0;
}
