/* Values of the state, as a damaged file might hold them from anyone: refused or taken, never a crash, never memory it did not show. */
#include "node/sequence.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct state_params params;
    struct state_member member;
    struct state_key_record key;
    struct state_asset asset;
    struct state_offer offer;
    struct state_instance instance;
    struct state_attachment attachment;
    struct sequence sequence;
    struct slice a, b;
    struct hash hash;
    uint64_t height;
    if (!cbor_scan(bytes, NULL))
        return 0;
    (void)state_params_take(bytes, &params);
    (void)state_member_take(bytes, &member);
    (void)state_key_record_take(bytes, &key);
    (void)state_asset_take(bytes, &asset);
    (void)state_offer_take(bytes, &offer);
    (void)state_instance_take(bytes, &instance);
    (void)state_attachment_take(bytes, &attachment);
    (void)state_block_take(bytes, &height, &hash);
    (void)state_sets_take(bytes, &a, &b);
    (void)state_master_take(bytes, &a, &hash);
    if (sequence_take(bytes, &sequence)) {
        uint8_t memory[4096];
        struct buf out = buf_fixed(memory, sizeof memory);
        sequence_put(&out, &sequence);
        assert(slice_equal(buf_slice(&out), bytes));
    }
    return 0;
}
