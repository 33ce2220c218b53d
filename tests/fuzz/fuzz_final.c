/* A finality proof from anyone: refused or taken, never a crash, never memory it did not show. */
#include "common/final.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct final f;
    if (!crypto_init() || !final_decode(bytes, &f, NULL))
        return 0;
    struct authority_set none = { .count = 1 };
    assert(!final_verify(&f, &none, NULL)); /* a key of zeros seals nothing */
    return 0;
}
