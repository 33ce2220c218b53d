/* Proofs of state: whatever holds, holds for one root only, and walks within its bytes. */
#include "common/state_proof.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state_proof proof;
    struct err err = { .msg = "" };
    struct hash root = merkle_empty();
    bool holds = state_proof_verify(slice_of(data, size), &root, &proof, &err);
    assert(!holds); /* no state of 65,536 buckets has the root of nothing */
    assert(err.msg[0] != 0);
    return 0;
}
