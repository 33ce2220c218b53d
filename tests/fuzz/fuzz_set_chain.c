/* Proofs of the sets in force, in all three forms: the ledger they begin with is trusted, so that what follows is looked at. */
#include "common/set_chain.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    static struct set_chain c;
    static struct authority_set at;
    if (!crypto_init() || !set_chain_begin(&c, bytes, NULL, NULL))
        return 0;
    size_t count = c.left;
    assert(set_chain_count(bytes) == count && c.from == 0 && (count == 0) == (c.to == UINT64_MAX));
    while (c.to != UINT64_MAX) {
        uint64_t last = c.to;
        struct hash set = authority_set_hash(&c.set);
        bool same = set_chain_at(bytes, NULL, last, &at, NULL);
        struct hash again = authority_set_hash(&at);
        assert(same && hash_equal(&set, &again));
        if (!set_chain_to(&c, last + 1, NULL))
            return 0;
        assert(c.from == last + 1 && c.set.count >= 1 && c.set.count <= AUTHORITY_MAX);
        set = authority_set_hash(&c.set);
        assert(!hash_equal(&set, &again));
        assert(!set_chain_to(&c, last, NULL));
    }
    assert(c.changes == count);
    return 0;
}
