/*
 * Two signed messages of one authority that contradict each other: an honest node says each of these once a
 * height and round, and has it on disk before. It is recorded and counted; who takes the authority out of the
 * set is for members to vote.
 */
#include "node/rules_govern.h"

#include "common/message_verify.h"

/* The block that the message is for: false when it is for none, or of a type that is no evidence. */
static bool block_of(const struct message *m, struct hash *ret_block)
{
    struct cose seal;
    struct roundchange change;
    switch (m->type) {
    case MESSAGE_PROPOSE: *ret_block = header_hash(&m->as.propose.header); return true;
    case MESSAGE_PREPARE: *ret_block = m->as.prepare; return true;
    case MESSAGE_COMMIT:
        if (!cose_parse(m->body, &seal, NULL) || seal.seal.height != m->height ||
            seal.seal.round != m->round || !kid_equal(&seal.kid, &m->from))
            return false;
        *ret_block = seal.seal.block;
        return true;
    case MESSAGE_ROUNDCHANGE:
        message_take_roundchange(m, &change);
        *ret_block = change.prepared.block;
        return change.prepared.there;
    case MESSAGE_STATEMENTS:
    case MESSAGE_RCCERT:
    case MESSAGE_DECIDED:
    case MESSAGE_STATUS: break;
    }
    return false;
}

static bool contradict(const struct message *a, const struct message *b)
{
    struct hash one, other;
    return a->type == b->type && a->height == b->height && a->round == b->round &&
           kid_equal(&a->from, &b->from) && block_of(a, &one) && block_of(b, &other) &&
           !hash_equal(&one, &other);
}

/* Both signed on this ledger, by a key that is or was an authority's. */
static bool are_authentic(struct execution *x, const struct message *a, const struct message *b)
{
    struct state_key_record key;
    (void)execution_step(x, (uint64_t)2 * GOVERN_VERIFY_STEPS);
    return govern_has_key(x, &a->from, &key) && key.class == CLASS_AUTHORITY &&
           message_verify_sender(a, &x->context.ledger, key.pub) &&
           message_verify_sender(b, &x->context.ledger, key.pub);
}

static void record(struct execution *x, const struct speaker *by, const struct message *m)
{
    struct state_key key = state_key_kid(TABLE_EVIDENCE, &m->from);
    struct state_evidence v = { .count = 0 };
    struct slice value;
    if (execution_get(x, &key, &value) && !state_evidence_take(value, &v))
        v.count = 0;
    v.count++;
    v.newest = by->st->hash;
    state_evidence_put(execution_value(x), &v);
    execution_store(x, &key);
    key = state_key_evidence(&m->from, m->type, m->height, m->round);
    cbor_put_bytes(execution_value(x), hash_slice(&by->st->hash));
    execution_store(x, &key);
    struct slice subject = execution_subject_bytes(x, kid_slice(&m->from));
    struct buf *data = execution_emit(x, EVENT_EVIDENCE, subject, by->st->link.time_ms, 3);
    cbor_put_uint(data, m->type);
    cbor_put_uint(data, m->height);
    cbor_put_uint(data, m->round);
}

enum refusal rules_evidence(struct execution *x, const struct speaker *by)
{
    const struct evidence *e = &by->st->as.evidence;
    struct message a, b;
    struct slice value;
    if (by->key.class != CLASS_AUTHORITY && !execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (!message_decode(e->a, &a, NULL) || !message_decode(e->b, &b, NULL) || !contradict(&a, &b))
        return REFUSED_NO_EVIDENCE;
    struct state_key known = state_key_evidence(&a.from, a.type, a.height, a.round);
    if (execution_get(x, &known, &value))
        return REFUSED_EXISTS;
    if (!are_authentic(x, &a, &b))
        return REFUSED_NO_EVIDENCE;
    record(x, by, &a);
    return ACCEPTED;
}
