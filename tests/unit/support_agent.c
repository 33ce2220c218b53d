#include "tests/unit/support_agent.h"

#include "common/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct key_pair support_agent_test_key(uint8_t n)
{
    uint8_t seed[SEED_SIZE];
    memset(seed, n, sizeof seed);
    return key_from_seed(seed);
}

static int by_kid(const void *a, const void *b)
{
    return kid_compare(&((const struct key_pair *)a)->kid, &((const struct key_pair *)b)->kid);
}

const struct agent_settings support_agent_settings = {
    .columns = 2,
    .column = { { PROPERTY_TEMPERATURE, -2 }, { PROPERTY_HUMIDITY, -2 } },
    .pack_samples = 5,
    .pack_within_ms = HOUR_MS,
    .resend_ms = 1000,
};

struct agent *support_agent_new_agent(const struct key_pair *key, const struct identity *identity)
{
    struct agent *a = malloc(sizeof *a);
    assert_non_null(a);
    assert_true(agent_begin(a, &support_agent_settings, key, identity, NULL));
    return a;
}

void support_agent_free_agent(struct agent *a)
{
    agent_end(a);
    free(a);
}

struct support_world support_agent_make_world(size_t nodes, uint8_t salt)
{
    struct support_world w = { .nodes = nodes, .device = support_agent_test_key(200) };
    for (size_t i = 0; i < nodes; i++)
        w.node[i] = support_agent_test_key((uint8_t)(salt + i));
    qsort(w.node, nodes, sizeof w.node[0], by_kid);
    w.identity.set.count = nodes;
    for (size_t i = 0; i < nodes; i++) {
        struct authority *at = &w.identity.set.at[i];
        at->kid = w.node[i].kid;
        at->member = support_agent_test_key((uint8_t)(100 + salt + i)).kid;
        memcpy(at->pub, w.node[i].pub, PUB_SIZE);
    }
    struct hash set = authority_set_hash(&w.identity.set);
    struct hash state = merkle_empty();
    w.identity.genesis = header_genesis(T0, &state, &set);
    w.agent = support_agent_new_agent(&w.device, &w.identity);
    return w;
}

/* ------------------------------------------------------------------ samples and statements */

void support_agent_sample(struct agent *a, uint64_t time_ms, int64_t value)
{
    struct agent_sample s = { .time_ms = time_ms, .present = { true, true } };
    s.value[0] = value;
    s.value[1] = 6000;
    struct err err;
    if (!agent_add_sample(a, &s, time_ms, &err))
        fail_msg("%s", err.msg);
}

struct hash support_agent_sign_one(struct agent *a, uint64_t time_ms)
{
    struct err err;
    support_agent_sample(a, time_ms, 400);
    if (!agent_sign(a, time_ms, &err))
        fail_msg("%s", err.msg);
    struct hash hash = a->out.hash;
    agent_stored(a);
    return hash;
}

void support_agent_sign_and_send(struct agent *a, size_t n, struct hash *hashes)
{
    for (size_t i = 0; i < n; i++) {
        struct hash hash = support_agent_sign_one(a, T0 + (a->table.last_seq + 1) * 60000);
        agent_sent(a, a->table.last_seq, 0, 0);
        if (hashes != NULL)
            hashes[a->table.last_seq] = hash;
    }
}

/* ------------------------------------------------------------------ acks, honest and otherwise */

void support_agent_put_seals(const struct support_world *w, const struct support_forgery *f,
                             const struct header *h, struct buf *out)
{
    struct header sealed = *h;
    sealed.height += f->other_block;
    size_t n = f->seals == 0 ? w->nodes : f->seals;
    cbor_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        uint8_t memory[SEAL_SIZE_MAX];
        struct buf seal = buf_fixed(memory, sizeof memory);
        seal_sign(&sealed, f->mixed_rounds && i == 1 ? 2 : 1, &w->node[f->same_seal ? 0 : i],
                  &seal);
        cbor_put_bytes(out, buf_slice(&seal));
    }
}

struct slice support_agent_make_ack(const struct support_world *w, const struct summary *summary,
                                    const struct support_forgery *f)
{
    static uint8_t ack_memory[ACK_SIZE_MAX], summary_memory[4096], seals_memory[8192];
    struct buf ack = buf_fixed(ack_memory, sizeof ack_memory);
    struct buf bytes = buf_fixed(summary_memory, sizeof summary_memory);
    struct buf seals = buf_fixed(seals_memory, sizeof seals_memory);
    summary_put(&bytes, summary);
    struct hash leaves[3] = { merkle_leaf(slice_text("one")), merkle_leaf(buf_slice(&bytes)),
                              merkle_leaf(slice_text("three")) };
    if (f->other_leaf)
        leaves[1] = merkle_leaf(slice_text("two"));
    struct merkle_path path = merkle_path_of(leaves, 3, 1);
    if (f->other_path)
        path.step[0].bytes[3] ^= 1;
    struct header h = w->identity.genesis;
    struct header base = f->of != NULL ? f->of->identity.genesis : h;
    base.height = f->height == 0 ? 7 : f->height;
    base.prev = merkle_leaf(slice_text("the block before"));
    base.time_ms = T0 + base.height * 1000;
    base.size = base.height * 3;
    base.outcomes = merkle_root(leaves, 3);
    if (f->set != NULL)
        base.set = authority_set_hash(f->set);
    const struct support_world *by = f->sealed_by != NULL ? f->sealed_by
                                     : f->of != NULL      ? f->of
                                                          : w;
    support_agent_put_seals(by, f, &base, &seals);
    ack_put(&ack, &base, buf_slice(&seals), &(struct ack_place){ buf_slice(&bytes), 3, 1, &path });
    assert_false(ack.failed);
    return buf_slice(&ack);
}

static const uint8_t no_refusals[] = { 0x80 };

struct summary support_agent_summary_of(const struct support_world *w, uint64_t last,
                                        const struct hash *hash, uint64_t run)
{
    return (struct summary){ .kid = w->device.kid,
                             .last = last,
                             .hash = *hash,
                             .run = run,
                             .refusals = { no_refusals, sizeof no_refusals } };
}
