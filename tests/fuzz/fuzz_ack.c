/*
 * Acks, heads, authority sets and hints from a bad broker, to an agent that has five statements waiting: what
 * the bytes do not prove frees nothing. The first byte says what the rest claims to be.
 */
#include "device/agent_ack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEPT 5

/* The keys of the corpus: node 1 and device 1 of the wire's vectors. */
static struct identity identity;
static struct key_pair device;
static struct hash hashes[KEPT + 1];

static void begin(void)
{
    static bool begun;
    if (begun)
        return;
    begun = true;
    if (!crypto_init())
        abort();
    static const char node_name[] = "waybill vector key node 1";
    static const char device_name[] = "waybill vector key device 1";
    struct hash node_seed = crypto_sha256(slice_text(node_name));
    struct hash device_seed = crypto_sha256(slice_text(device_name));
    struct key_pair node = key_from_seed(node_seed.bytes);
    device = key_from_seed(device_seed.bytes);
    identity.set.count = 1;
    identity.set.at[0].kid = node.kid;
    identity.set.at[0].member = node.kid;
    memcpy(identity.set.at[0].pub, node.pub, PUB_SIZE);
    struct hash set = authority_set_hash(&identity.set);
    struct hash state = merkle_empty();
    identity.genesis = header_genesis(1, &state, &set);
    for (size_t i = 1; i <= KEPT; i++)
        hashes[i] = merkle_leaf(slice_of(&i, 1));
}

static void take_ack(struct agent *a, struct slice bytes)
{
    struct agent_ack ret;
    struct ack ack;
    struct err err = { .msg = "" };
    size_t before = agent_pending_unacked(&a->table);
    bool proven = agent_ack_take(a, bytes, 1000, &ret, &err);
    if (!proven) {
        assert(err.msg[0] != '\0');
        assert(agent_pending_unacked(&a->table) == before);
        return;
    }
    if (!ack_decode(bytes, &ack, NULL) ||
        !ack_verify(&ack, &identity.genesis.ledger, &identity.set, NULL))
        assert(!"what is taken is a proof");
    assert(kid_equal(&ack.summary.kid, &device.kid));
    assert(ret.freed == before - agent_pending_unacked(&a->table));
    assert(ret.freed == 0 || hash_equal(&ack.summary.hash, &hashes[ack.summary.last]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct agent_settings settings = {
        .columns = 1,
        .column = { { PROPERTY_TEMPERATURE, -2 } },
        .pack_samples = 1,
        .pack_within_ms = 1,
        .resend_ms = 1,
    };
    static struct agent *a;
    begin();
    if (size == 0)
        return 0;
    if (a == NULL) {
        a = malloc(sizeof *a);
        if (a == NULL || !agent_begin(a, &settings, &device, &identity, NULL))
            abort();
    }
    agent_pending_end(&a->table);
    if (!agent_pending_begin(&a->table))
        abort();
    a->set = identity.set;
    a->set_changes = 0;
    a->set_from = 0;
    a->before.from = UINT64_MAX;
    buf_clear(&a->sets);
    identity_put(&a->sets, &identity);
    a->behind = false;
    a->ack_height = 0;
    agent_resume(a, KEPT, &hashes[KEPT], 1);
    for (uint64_t seq = 1; seq <= KEPT; seq++)
        agent_restore(a, seq, &hashes[seq], false);
    struct slice bytes = slice_of(data + 1, size - 1);
    bool changed = false;
    if (data[0] % 3 == 0)
        take_ack(a, bytes);
    else if (data[0] % 3 == 1)
        (void)agent_ack_take_head(a, bytes, NULL);
    else if (agent_ack_take_set(a, bytes, &changed, NULL) && !changed)
        assert(a->set.count == 1);
    return 0;
}
