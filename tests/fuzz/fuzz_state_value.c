/* Values of the state, as a damaged file might hold them from anyone: refused or taken, never a crash, never memory it did not show. */
#include "common/state_govern.h"
#include "node/sequence.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

/* What is taken is encoded to the same bytes again. */
#define CHECK(type, take, put)                                           \
    do {                                                                 \
        static type v;                                                   \
        struct buf again = buf_fixed(again_memory, sizeof again_memory); \
        if (take(bytes, &v)) {                                           \
            put(&again, &v);                                             \
            assert(slice_equal(buf_slice(&again), bytes));               \
        }                                                                \
    } while (false)

static void check_goods(struct slice bytes)
{
    static uint8_t again_memory[STATE_VALUE_MAX];
    if (bytes.len > sizeof again_memory)
        return;
    CHECK(struct state_asset, state_asset_take, state_asset_put);
    CHECK(struct state_offer, state_offer_take, state_offer_put);
    CHECK(struct state_making, state_making_take, state_making_put);
    CHECK(struct state_hold, state_hold_take, state_hold_put);
    CHECK(struct state_lot, state_lot_take, state_lot_put);
    CHECK(struct state_certificate, state_certificate_take, state_certificate_put);
    CHECK(struct state_attachments, state_attachments_take, state_attachments_put);
    CHECK(struct state_candidate, state_candidate_take, state_candidate_put);
    CHECK(struct state_evidence, state_evidence_take, state_evidence_put);
    CHECK(struct state_proposal, state_proposal_take, state_proposal_put);
    CHECK(struct state_hashes, state_hashes_take, state_hashes_put);
    CHECK(struct state_members, state_members_take, state_members_put);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct state_params params;
    struct state_member member;
    struct state_key_record key;
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
    check_goods(bytes);
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
