/* Genesis files: what decodes can be walked, its keys rise, and its header names itself. */
#include "common/genesis.h"
#include "common/state_key.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct genesis g;
    struct err err = { .msg = "" };
    struct slice before = { NULL, 0 };
    if (!genesis_decode(slice_of(data, size), &g, &err)) {
        assert(err.msg[0] != 0);
        return 0;
    }
    assert(header_is_genesis(&g.header));
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        assert(!g.entries.failed && value.len > 0 && key.len <= STATE_KEY_MAX);
        assert(i == 0 || slice_compare(before, key) < 0);
        before = key;
    }
    for (size_t i = 0; i < g.signature_count; i++) {
        struct kid kid;
        const uint8_t *sig;
        genesis_next_signature(&g, &kid, &sig);
        assert(!g.signatures.failed && sig != NULL);
    }
    return 0;
}
