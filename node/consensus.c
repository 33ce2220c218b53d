#include "node/consensus.h"

#include <assert.h>
#include <string.h>

bool consensus_begin(struct consensus *c, const struct authority_set *set,
                     const struct key_pair *key)
{
    memset(c, 0, sizeof *c);
    c->set = *set;
    c->key = *key;
    return authority_set_find(set, &key->kid) >= 0;
}

static void act(struct consensus_actions *actions, enum consensus_action_kind kind)
{
    assert(actions->count < CONSENSUS_ACTIONS_MAX);
    actions->at[actions->count++] = kind;
}

static size_t count_bits(const uint64_t *bits, size_t words)
{
    size_t n = 0;
    for (size_t i = 0; i < words; i++)
        n += (size_t)__builtin_popcountll(bits[i]);
    return n;
}

static void on_proposal(struct consensus *c, const struct header *h,
                        struct consensus_actions *actions)
{
    c->phase = PHASE_PREPARE;
    c->header = *h;
    c->block = header_hash(h);
    memset(c->prepared, 0, sizeof c->prepared);
    c->kept_count = 0;
    seal_count_begin(&c->seals, &c->header, &c->set);
    act(actions, CONSENSUS_SEND_PREPARE);
}

static void on_prepare(struct consensus *c, const struct consensus_event *e,
                       struct consensus_actions *actions)
{
    int place = authority_set_find(&c->set, &e->authority);
    if (c->phase != PHASE_PREPARE || place < 0 || !hash_equal(&e->block, &c->block))
        return;
    c->prepared[place / 64] |= UINT64_C(1) << (place % 64);
    if (count_bits(c->prepared, AUTHORITY_MAX / 64) < authority_set_quorum(&c->set))
        return;
    struct buf out = buf_fixed(c->own_seal, sizeof c->own_seal);
    seal_sign(&c->header, 0, &c->key, &out);
    assert(!out.failed);
    c->own_seal_len = out.len;
    c->phase = PHASE_COMMIT;
    act(actions, CONSENSUS_SEND_SEAL);
}

static void keep(struct consensus *c, struct slice seal)
{
    struct cose parsed;
    bool ok = cose_parse(seal, &parsed, NULL);
    assert(ok && seal.len <= SEAL_SIZE_MAX);
    size_t i = c->kept_count++;
    for (; i > 0 && kid_compare(&c->kept_by[i - 1], &parsed.kid) > 0; i--) {
        memcpy(c->kept[i], c->kept[i - 1], c->kept_len[i - 1]);
        c->kept_len[i] = c->kept_len[i - 1];
        c->kept_by[i] = c->kept_by[i - 1];
    }
    memcpy(c->kept[i], seal.data, seal.len);
    c->kept_len[i] = seal.len;
    c->kept_by[i] = parsed.kid;
}

static void on_seal(struct consensus *c, struct slice seal, struct consensus_actions *actions)
{
    size_t before = c->seals.count;
    if ((c->phase != PHASE_COMMIT && c->phase != PHASE_PREPARE) ||
        !seal_count_add(&c->seals, seal, NULL) || c->seals.count == before)
        return;
    keep(c, seal);
    if (!seal_count_is_final(&c->seals))
        return;
    c->phase = PHASE_DECIDED;
    act(actions, CONSENSUS_DECIDED);
}

void consensus_step(struct consensus *c, const struct consensus_event *event,
                    struct consensus_actions *ret_actions)
{
    ret_actions->count = 0;
    switch (event->kind) {
    case CONSENSUS_PROPOSAL: on_proposal(c, &event->header, ret_actions); break;
    case CONSENSUS_PREPARE: on_prepare(c, event, ret_actions); break;
    case CONSENSUS_SEAL: on_seal(c, event->seal, ret_actions); break;
    }
}

struct slice consensus_own_seal(const struct consensus *c)
{
    return slice_of(c->own_seal, c->own_seal_len);
}

void consensus_put_seals(const struct consensus *c, struct buf *out)
{
    cbor_put_array(out, c->kept_count);
    for (size_t i = 0; i < c->kept_count; i++)
        cbor_put_bytes(out, slice_of(c->kept[i], c->kept_len[i]));
}
