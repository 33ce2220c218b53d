/* Headers: what decodes has one encoding, and only a true genesis names itself. */
#include "common/header.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header h;
    struct err err = { .msg = "" };
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    if (!header_decode(slice_of(data, size), &h, &err)) {
        assert(err.msg[0] != 0);
        return 0;
    }
    header_put(&out, &h);
    assert(slice_equal(buf_slice(&out), slice_of(data, size)));
    struct hash hash = header_hash(&h), want = crypto_sha256(buf_slice(&out));
    assert(hash_equal(&hash, &want));
    if (header_is_genesis(&h)) {
        struct hash id = header_ledger_id(&h);
        assert(hash_equal(&id, &h.ledger));
    }
    return 0;
}
