/* The bytes of what a step's actions name: messages, seals, evidence. */
#include "node/consensus_parts.h"

#include <assert.h>
#include <string.h>

static void put_hashes(struct buf *out, const struct hash *hashes, size_t count)
{
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_bytes(out, hash_slice(&hashes[i]));
}

static void put_header(struct buf *out, const struct header *h)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    header_put(&bytes, h);
    cbor_put_bytes(out, buf_slice(&bytes));
}

static void put_cert(const struct consensus *c, struct buf *out, bool wanted)
{
    uint8_t memory[ROUNDCHANGE_SIZE_MAX];
    size_t n = wanted && c->cert.there ? c->cert.count : 0;
    cbor_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        struct buf one = buf_fixed(memory, sizeof memory);
        message_put_roundchange(&one, &c->cert.at[i]);
        cbor_put_bytes(out, buf_slice(&one));
    }
}

void consensus_put_seals(const struct consensus *c, struct buf *out)
{
    const struct decision *d = &c->decision;
    cbor_put_array(out, d->count);
    for (size_t i = 0; i < AUTHORITY_MAX; i++)
        if (bitmap_has(d->bits, i))
            cbor_put_bytes(out, slice_of(d->seal[i], d->seal_len[i]));
}

const struct header *consensus_decided(const struct consensus *c)
{
    return c->decision.there ? &c->decision.header : NULL;
}

/* ------------------------------------------------------------------ bodies */

static void body_propose(const struct consensus *c, const struct hash *hashes, size_t count,
                         struct buf *out)
{
    bool reasons = c->proposed.round > 0;
    const struct prepared *p = reasons && c->cert.there ? consensus_round_highest(c) : NULL;
    cbor_put_array(out, 4);
    put_header(out, &c->proposed.header);
    put_hashes(out, hashes, count);
    put_cert(c, out, reasons);
    if (p != NULL)
        prepared_put(out, p);
    else
        cbor_put_null(out);
}

static void body_decided(const struct consensus *c, const struct hash *hashes, size_t count,
                         struct buf *out)
{
    cbor_put_array(out, 3);
    put_header(out, &c->decision.header);
    put_hashes(out, hashes, count);
    consensus_put_seals(c, out);
}

static void put_nonce(struct buf *out, const uint8_t *nonce)
{
    if (nonce == NULL)
        cbor_put_null(out);
    else
        cbor_put_bytes(out, slice_of(nonce, HALF_SIZE));
}

static void body_status(const struct consensus *c, bool answer, struct buf *out)
{
    bool replies = answer && c->wants.replies;
    cbor_put_array(out, 5);
    cbor_put_bytes(out, hash_slice(&c->tip));
    cbor_put_uint(out, c->clock_ms);
    put_nonce(out, c->lost != LOST_NOT && !answer ? c->options.nonce : NULL);
    put_nonce(out, replies ? c->wants.question : NULL);
    if (replies && c->wants.has_heard)
        cbor_put_uint(out, c->wants.heard_ms);
    else
        cbor_put_null(out);
}

/* ------------------------------------------------------------------ envelopes */

static void put_signed_by_me(const struct consensus *c, const struct consensus_action *a,
                             struct slice body, struct buf *out)
{
    uint64_t height = a->message == MESSAGE_DECIDED ? c->decision.header.height : c->height;
    struct message_draft d = { a->message, height, a->round, body };
    message_sign(&d, &c->options.key, &c->options.ledger, out);
}

static void put_own_vote(const struct consensus *c, const struct consensus_action *a,
                         struct buf *out)
{
    bool seal = a->message == MESSAGE_COMMIT;
    const struct vote *v = consensus_vote_own(c, seal ? &c->commits : &c->prepares, a->round);
    uint8_t memory[HASH_SIZE + 8];
    struct buf body = buf_fixed(memory, sizeof memory);
    assert(v != NULL);
    cbor_put_bytes(&body, hash_slice(&v->block));
    struct message_draft d = { a->message, c->height, a->round,
                               seal ? slice_of(v->seal, v->seal_len) : buf_slice(&body) };
    message_put_signed(out, &d, &c->options.key.kid, seal ? NULL : v->sig);
}

void consensus_put_message(const struct consensus *c, const struct consensus_action *action,
                           const struct hash *hashes, size_t hash_count, struct buf *out)
{
    struct buf body = buf_heap(MESSAGE_SIZE_MAX);
    switch (action->message) {
    case MESSAGE_PROPOSE: body_propose(c, hashes, hash_count, &body); break;
    case MESSAGE_RCCERT: put_cert(c, &body, true); break;
    case MESSAGE_DECIDED: body_decided(c, hashes, hash_count, &body); break;
    case MESSAGE_STATUS: body_status(c, action->kind == CONSENSUS_SEND_TO, &body); break;
    case MESSAGE_PREPARE:
    case MESSAGE_COMMIT: put_own_vote(c, action, out); break;
    case MESSAGE_ROUNDCHANGE: message_put_roundchange(out, &c->roundchanges[c->place]); break;
    case MESSAGE_STATEMENTS: break; /* the machine's */
    }
    if (body.failed)
        out->failed = true;
    else if (body.len > 0)
        put_signed_by_me(c, action, buf_slice(&body), out);
    buf_free(&body);
}

void consensus_put_evidence(const struct consensus *c, struct buf *ret_a, struct buf *ret_b)
{
    buf_add(ret_a, c->evidence[0], c->evidence_len[0]);
    buf_add(ret_b, c->evidence[1], c->evidence_len[1]);
}
