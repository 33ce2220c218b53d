/* A public identity, or a proof of the authority set that claims to follow from it from anyone: refused or taken, never a crash, never memory it did not show. */
#include "common/final.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct identity id, again;
    struct authority_set set;
    uint8_t memory[2 * AUTHORITY_SET_SIZE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    if (!crypto_init())
        return 0;
    if (identity_decode(bytes, &id, NULL)) {
        identity_put(&out, &id);
        assert(slice_equal(buf_slice(&out), bytes) && identity_decode(bytes, &again, NULL));
    }
    struct identity nobody = { .set = { .count = 1 } };
    assert(!identity_follow(bytes, &nobody, &set, NULL)); /* of another ledger, always */
    return 0;
}
