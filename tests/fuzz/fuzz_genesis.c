/* A genesis file from anyone: refused or taken, never a crash, never memory it did not show. */
#include "common/genesis.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct genesis g;
    if (!crypto_init() || !genesis_decode(bytes, &g, NULL))
        return 0;
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        assert(key.data != NULL && value.data != NULL);
    }
    for (size_t i = 0; i < g.signature_count; i++) {
        struct kid kid;
        const uint8_t *sig;
        genesis_next_signature(&g, &kid, &sig);
        assert(sig != NULL);
    }
    return 0;
}
