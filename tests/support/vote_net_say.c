/* Messages of any node of the net, true or not. */
#include "tests/support/vote_net.h"

void vote_net_sign(const struct vote_net *net, size_t by, const struct message_draft *draft,
                   struct buf *out)
{
    message_sign(draft, &net->keys[by], &net->genesis.ledger, out);
}

static void put_prepare_body(struct buf *out, const struct header *block)
{
    struct hash hash = header_hash(block);
    cbor_put_bytes(out, hash_slice(&hash));
}

void vote_net_prepare(const struct vote_net *net, size_t by, uint64_t round,
                      const struct header *block, struct buf *out)
{
    uint8_t memory[64];
    struct buf body = buf_fixed(memory, sizeof memory);
    put_prepare_body(&body, block);
    struct message_draft d = { MESSAGE_PREPARE, block->height, round, buf_slice(&body) };
    vote_net_sign(net, by, &d, out);
}

void vote_net_commit(const struct vote_net *net, size_t by, uint64_t round,
                     const struct header *block, struct buf *out)
{
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf seal = buf_fixed(memory, sizeof memory);
    seal_sign(block, round, &net->keys[by], &seal);
    struct message_draft d = { MESSAGE_COMMIT, block->height, round, buf_slice(&seal) };
    vote_net_sign(net, by, &d, out);
}

void vote_net_roundchange(const struct vote_net *net, size_t by, uint64_t height, uint64_t round,
                          const struct prepared *claim, struct buf *out)
{
    struct buf body = buf_heap(1 << 16);
    if (claim == NULL)
        cbor_put_null(&body);
    else
        prepared_put(&body, claim);
    struct message_draft d = { MESSAGE_ROUNDCHANGE, height, round, buf_slice(&body) };
    vote_net_sign(net, by, &d, out);
    buf_free(&body);
}

struct prepared vote_net_prepared(const struct vote_net *net, unsigned who, uint64_t round,
                                  const struct header *block)
{
    struct prepared p = { .there = true, .round = round, .block = header_hash(block) };
    uint8_t memory[64];
    struct buf body = buf_fixed(memory, sizeof memory);
    put_prepare_body(&body, block);
    struct message_draft d = { MESSAGE_PREPARE, block->height, round, buf_slice(&body) };
    for (size_t i = 0; i < net->count; i++)
        if ((who >> i & 1) != 0) {
            p.by[p.count].kid = net->keys[i].kid;
            message_make_sig(&d, &net->keys[i], &net->genesis.ledger, p.by[p.count++].sig);
        }
    return p;
}

static void put_list(const struct vote_net *net, uint64_t height, uint64_t round,
                     struct net_reasons why, struct buf *out)
{
    cbor_put_array(out, (size_t)__builtin_popcount(why.who));
    for (size_t i = 0; i < net->count; i++) {
        if ((why.who >> i & 1) == 0)
            continue;
        struct buf one = buf_heap(1 << 16);
        vote_net_roundchange(net, i, height, round, why.claims == NULL ? NULL : why.claims[i],
                             &one);
        cbor_put_bytes(out, buf_slice(&one));
        buf_free(&one);
    }
}

static const struct prepared *highest_of(const struct vote_net *net, unsigned who,
                                         const struct prepared *const *claims)
{
    const struct prepared *best = NULL;
    for (size_t i = 0; claims != NULL && i < net->count; i++)
        if ((who >> i & 1) != 0 && claims[i] != NULL &&
            (best == NULL || claims[i]->round > best->round))
            best = claims[i];
    return best;
}

void vote_net_propose(const struct vote_net *net, size_t by, uint64_t round,
                      const struct header *block, struct net_reasons why, struct buf *out)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory), body = buf_heap(1 << 18);
    const struct prepared *best = highest_of(net, why.who, why.claims);
    header_put(&header, block);
    cbor_put_array(&body, 4);
    cbor_put_bytes(&body, buf_slice(&header));
    cbor_put_array(&body, 0);
    put_list(net, block->height, round, why, &body);
    if (best == NULL)
        cbor_put_null(&body);
    else
        prepared_put(&body, best);
    struct message_draft d = { MESSAGE_PROPOSE, block->height, round, buf_slice(&body) };
    vote_net_sign(net, by, &d, out);
    buf_free(&body);
}

void vote_net_rccert(const struct vote_net *net, size_t by, uint64_t height, uint64_t round,
                     unsigned who, struct buf *out)
{
    struct buf body = buf_heap(1 << 18);
    put_list(net, height, round, (struct net_reasons){ who, NULL }, &body);
    struct message_draft d = { MESSAGE_RCCERT, height, round, buf_slice(&body) };
    vote_net_sign(net, by, &d, out);
    buf_free(&body);
}
