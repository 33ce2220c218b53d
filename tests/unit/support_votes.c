#include "tests/unit/support_votes.h"

#include "tests/support/ledger_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct vote_net net;

int votes_teardown(void **state)
{
    (void)state;
    vote_net_end(&net);
    return 0;
}

void votes_alone(size_t members, size_t followers)
{
    vote_net_begin(&net, members, followers);
    for (size_t i = 0; i < net.count; i++) {
        net.nodes[i].work = false;
        if (i != ME)
            vote_net_crash(&net, i);
    }
}

struct header votes_block(size_t by)
{
    return vote_net_block(&net, ME, by, KIT_T0 + net.now_ms);
}

static bool give(struct buf *out)
{
    assert_false(out->failed);
    bool holds = vote_net_give(&net, ME, buf_slice(out));
    buf_free(out);
    return holds;
}

bool votes_prepare(size_t by, uint64_t round, const struct header *h)
{
    struct buf out = buf_heap(MESSAGE_SIZE_MAX);
    vote_net_prepare(&net, by, round, h, &out);
    return give(&out);
}

bool votes_commit(size_t by, uint64_t round, const struct header *h)
{
    struct buf out = buf_heap(MESSAGE_SIZE_MAX);
    vote_net_commit(&net, by, round, h, &out);
    return give(&out);
}

bool votes_roundchange(size_t by, uint64_t round, const struct prepared *claim)
{
    struct buf out = buf_heap(MESSAGE_SIZE_MAX);
    vote_net_roundchange(&net, by, votes_height() + 1, round, claim, &out);
    return give(&out);
}

bool votes_propose(size_t by, uint64_t round, const struct header *h, unsigned who,
                   const struct prepared *const *claims)
{
    struct buf out = buf_heap(MESSAGE_SIZE_MAX);
    vote_net_propose(&net, by, round, h, (struct net_reasons){ who, claims }, &out);
    return give(&out);
}

bool votes_rccert(size_t by, uint64_t round, unsigned who)
{
    struct buf out = buf_heap(MESSAGE_SIZE_MAX);
    vote_net_rccert(&net, by, votes_height() + 1, round, who, &out);
    return give(&out);
}

static void put_nonce(struct buf *body, const uint8_t *nonce)
{
    if (nonce == NULL)
        cbor_put_null(body);
    else
        cbor_put_bytes(body, slice_of(nonce, HALF_SIZE));
}

bool votes_status(size_t by, uint64_t height, uint64_t round, const uint8_t *question,
                  const uint8_t *answer)
{
    struct buf out = buf_heap(MESSAGE_SIZE_MAX), body = buf_heap(1024);
    struct hash tip = header_hash(&net.genesis);
    cbor_put_array(&body, 5);
    cbor_put_bytes(&body, hash_slice(&tip));
    cbor_put_uint(&body, KIT_T0 + net.now_ms);
    put_nonce(&body, question);
    put_nonce(&body, answer);
    cbor_put_null(&body);
    struct message_draft d = { MESSAGE_STATUS, height, round, buf_slice(&body) };
    vote_net_sign(&net, by, &d, &out);
    buf_free(&body);
    return give(&out);
}

size_t votes_sent(enum message_type type)
{
    return net.sent[type];
}

static struct hash block_of(const struct message *m)
{
    struct cose seal;
    struct prepared p = { .there = false };
    if (m->type == MESSAGE_PROPOSE)
        return header_hash(&m->as.propose.header);
    if (m->type == MESSAGE_PREPARE)
        return m->as.prepare;
    if (m->type == MESSAGE_COMMIT) {
        assert_true(cose_parse(m->as.commit, &seal, NULL));
        return seal.seal.block;
    }
    assert_int_equal(m->type, MESSAGE_ROUNDCHANGE);
    memset(&p.block, 0, sizeof p.block);
    if (m->as.roundchange.len > 0)
        assert_true(prepared_take(m->as.roundchange, &p, NULL));
    return p.block;
}

bool votes_said(enum message_type type, uint64_t round, const struct header *h)
{
    struct message m;
    struct hash want = { { 0 } };
    if (!vote_net_said(&net, ME, type, &m) || m.round != round)
        return false;
    if (h != NULL)
        want = header_hash(h);
    struct hash about = block_of(&m);
    return hash_equal(&about, &want);
}

static struct consensus_view look(void)
{
    struct consensus_view v;
    vote_net_look(&net, ME, &v);
    return v;
}

uint64_t votes_round(void)
{
    return look().round;
}

uint64_t votes_height(void)
{
    return net.nodes[ME].height;
}

enum consensus_phase votes_phase(void)
{
    return look().phase;
}
