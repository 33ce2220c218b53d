/* Chunks of snapshots, manifests and runs of blocks: what is taken can be walked to its end, with words where not. */
#include "node/blocks_range.h"
#include "node/snapshot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool visit(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct hash again = crypto_sha256(key);
    assert(hash_equal(&again, key_hash));
    assert(key.len > 0 && value.len > 0);
    (*(size_t *)ctx)++;
    return true;
}

static void walk_range(struct slice in, bool history)
{
    struct blocks_range r;
    struct err err = { .msg = "" };
    struct slice block = { NULL, 0 }, seals = { NULL, 0 }, outcomes = { NULL, 0 };
    bool good = blocks_range_begin(in, 1, &r, &err);
    while (good && r.count > 0) {
        uint64_t height = r.height;
        good = history ? blocks_range_next_history(&r, &block, &seals, &outcomes, &err)
                       : blocks_range_next(&r, &block, &seals, &err);
        assert(!good || (r.height == height + 1 && block.len > 0 && seals.len > 0));
    }
    assert(good || err.msg[0] != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct snapshot snapshot;
    static struct identity trusted; /* of no ledger: every manifest must be refused */
    struct slice in = slice_of(data, size);
    struct err err = { .msg = "" };
    size_t entries = 0;
    (void)snapshot_each(in, visit, &entries);
    walk_range(in, false);
    walk_range(in, true);
    bool good = snapshot_verify(in, &trusted, &snapshot, &err);
    assert(!good && err.msg[0] != 0);
    return 0;
}
