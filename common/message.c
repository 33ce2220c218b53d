#include "common/message.h"

#include "common/block.h"

#include <assert.h>
#include <string.h>

#define STATEMENTS_MAX 16384 /* in one envelope */

const char *message_type_name(enum message_type type)
{
    switch (type) {
    case MESSAGE_STATEMENTS: return "statements";
    case MESSAGE_PROPOSE: return "propose";
    case MESSAGE_PREPARE: return "prepare";
    case MESSAGE_COMMIT: return "commit";
    case MESSAGE_ROUNDCHANGE: return "roundchange";
    case MESSAGE_RCCERT: return "rccert";
    case MESSAGE_DECIDED: return "decided";
    case MESSAGE_STATUS: return "status";
    }
    return "unknown";
}

/* ------------------------------------------------------------------ certificates */

void prepared_put(struct buf *out, const struct prepared *p)
{
    cbor_put_array(out, 3);
    cbor_put_uint(out, p->round);
    cbor_put_bytes(out, hash_slice(&p->block));
    cbor_put_array(out, p->count);
    for (size_t i = 0; i < p->count; i++) {
        cbor_put_array(out, 2);
        kid_put(out, &p->by[i].kid);
        cbor_put_bytes(out, slice_of(p->by[i].sig, SIG_SIZE));
    }
}

/* Everything but `there`; kids must rise, so nobody is in it twice. */
static void take_prepared(struct cbor_reader *r, struct prepared *p)
{
    cbor_take_array_of(r, 3);
    p->round = cbor_take_uint_max(r, INT64_MAX);
    cbor_take_fixed(r, p->block.bytes, HASH_SIZE);
    p->count = cbor_take_array(r);
    if (p->count == 0 || p->count > AUTHORITY_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < p->count && !r->failed; i++) {
        cbor_take_array_of(r, 2);
        p->by[i].kid = kid_take(r);
        cbor_take_fixed(r, p->by[i].sig, SIG_SIZE);
        if (i > 0 && kid_compare(&p->by[i - 1].kid, &p->by[i].kid) >= 0)
            cbor_fail(r);
    }
}

bool prepared_take(struct slice raw, struct prepared *ret_prepared, struct err *err)
{
    ret_prepared->there = false;
    if (!cbor_scan(raw, err))
        return err_wrap(err, "certificate");
    struct cbor_reader r = cbor_reader(raw);
    take_prepared(&r, ret_prepared);
    ret_prepared->there = cbor_done(&r);
    return ret_prepared->there ||
           err_set(err, ERR_INPUT, "certificate: not [round, block, [+ [kid, signature]]]");
}

/* prepared / null: the raw bytes, or empty. Its round comes before `before`. */
static struct slice take_claim(struct cbor_reader *r, uint64_t before)
{
    struct prepared p;
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
        return (struct slice){ NULL, 0 };
    }
    size_t start = r->pos;
    take_prepared(r, &p);
    if (r->failed || p.round >= before) {
        cbor_fail(r);
        return (struct slice){ NULL, 0 };
    }
    return slice_from(r->in, start, r->pos - start);
}

/* ------------------------------------------------------------------ bodies */

static bool body_ends(const struct cbor_reader *r, const struct message *m, struct err *err)
{
    return cbor_done(r) || err_set(err, ERR_INPUT, "%s: a body that is not of its form",
                                   message_type_name(m->type));
}

static bool decode_header(struct slice bytes, const struct message *m, struct header *h,
                          struct err *err)
{
    if (!header_decode(bytes, h, err))
        return err_wrap(err, "%s", message_type_name(m->type));
    return h->height == m->height ||
           err_set(err, ERR_INPUT, "%s: a header of another height", message_type_name(m->type));
}

static void pass_hashes(struct cbor_reader *r, size_t *ret_count, struct cbor_reader *ret_at)
{
    struct hash skipped;
    *ret_count = cbor_take_array(r);
    *ret_at = *r;
    if (*ret_count > BLOCK_STATEMENTS_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < *ret_count && !r->failed; i++)
        cbor_take_fixed(r, skipped.bytes, HASH_SIZE);
}

/* Envelopes of ROUNDCHANGEs for the height and round of m. Senders rise: each costs its verifier once. */
static bool pass_roundchanges(struct cbor_reader *r, const struct message *m, size_t *ret_count,
                              struct cbor_reader *ret_at)
{
    struct message one;
    struct kid before = { .bytes = { 0 } };
    *ret_count = cbor_take_array(r);
    *ret_at = *r;
    if (*ret_count > AUTHORITY_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < *ret_count && !r->failed; i++) {
        struct slice bytes = cbor_take_bytes(r, 1, MESSAGE_SIZE_MAX);
        /* A list of lists would recurse: only a ROUNDCHANGE, which holds none, is decoded. */
        if (r->failed || bytes.len < 2 || bytes.data[1] != MESSAGE_ROUNDCHANGE ||
            !message_decode(bytes, &one, NULL) || one.type != MESSAGE_ROUNDCHANGE ||
            one.height != m->height || one.round != m->round ||
            (i > 0 && kid_compare(&before, &one.from) >= 0))
            cbor_fail(r);
        else
            before = one.from;
    }
    return !r->failed;
}

static bool decode_statements(struct message *m, struct err *err)
{
    struct cbor_reader r = cbor_reader(m->body);
    m->as.statements.count = cbor_take_array(&r);
    m->as.statements.at = r;
    if (m->as.statements.count > STATEMENTS_MAX)
        cbor_fail(&r);
    for (size_t i = 0; i < m->as.statements.count && !r.failed; i++)
        (void)cbor_take_bytes(&r, 1, COSE_MAX_SIZE);
    return body_ends(&r, m, err);
}

static bool decode_propose(struct message *m, struct err *err)
{
    struct message_propose *p = &m->as.propose;
    struct cbor_reader r = cbor_reader(m->body);
    cbor_take_array_of(&r, 4);
    struct slice header = cbor_take_bytes(&r, 1, HEADER_SIZE_MAX);
    pass_hashes(&r, &p->hash_count, &p->hashes);
    (void)pass_roundchanges(&r, m, &p->roundchange_count, &p->roundchanges);
    p->prepared = take_claim(&r, m->round);
    if ((m->round == 0) != (p->roundchange_count == 0))
        cbor_fail(&r); /* round 0 needs no reasons, every other does */
    return body_ends(&r, m, err) && decode_header(header, m, &p->header, err);
}

static bool decode_prepare(struct message *m, struct err *err)
{
    struct cbor_reader r = cbor_reader(m->body);
    cbor_take_fixed(&r, m->as.prepare.bytes, HASH_SIZE);
    return body_ends(&r, m, err);
}

/* The seal names its signer, height and round: the envelope repeats them and may not say otherwise. */
static bool decode_commit(struct message *m, struct err *err)
{
    struct cose seal;
    if (m->body.len > SEAL_SIZE_MAX || !cose_parse(m->body, &seal, err) || seal.type != COSE_SEAL)
        return err_set(err, ERR_INPUT, "commit: not a seal");
    m->as.commit = m->body;
    return (seal.seal.height == m->height && seal.seal.round == m->round &&
            kid_equal(&seal.kid, &m->from) && seal.payload.len == HASH_SIZE) ||
           err_set(err, ERR_INPUT, "commit: a seal of other height, round or signer");
}

static bool decode_roundchange(struct message *m, struct err *err)
{
    struct cbor_reader r = cbor_reader(m->body);
    m->as.roundchange = take_claim(&r, m->round);
    if (m->round == 0)
        cbor_fail(&r);
    return body_ends(&r, m, err);
}

static bool decode_rccert(struct message *m, struct err *err)
{
    struct cbor_reader r = cbor_reader(m->body);
    (void)pass_roundchanges(&r, m, &m->as.rccert.count, &m->as.rccert.at);
    if (m->as.rccert.count == 0)
        cbor_fail(&r);
    return body_ends(&r, m, err);
}

static bool decode_decided(struct message *m, struct err *err)
{
    struct message_decided *d = &m->as.decided;
    struct cbor_reader r = cbor_reader(m->body);
    cbor_take_array_of(&r, 3);
    struct slice header = cbor_take_bytes(&r, 1, HEADER_SIZE_MAX);
    pass_hashes(&r, &d->hash_count, &d->hashes);
    size_t start = r.pos, n = cbor_take_array(&r);
    if (n == 0 || n > AUTHORITY_MAX)
        cbor_fail(&r);
    for (size_t i = 0; i < n && !r.failed; i++)
        (void)cbor_take_bytes(&r, 1, SEAL_SIZE_MAX);
    d->seals = slice_from(m->body, start, r.pos - start);
    return body_ends(&r, m, err) && decode_header(header, m, &d->header, err);
}

/* A half hash or null. */
static const uint8_t *take_nonce(struct cbor_reader *r)
{
    if (cbor_peek(r) != CBOR_NULL)
        return cbor_take_bytes(r, HALF_SIZE, HALF_SIZE).data;
    cbor_take_null(r);
    return NULL;
}

static bool decode_status(struct message *m, struct err *err)
{
    struct message_status *s = &m->as.status;
    struct cbor_reader r = cbor_reader(m->body);
    cbor_take_array_of(&r, 5);
    cbor_take_fixed(&r, s->tip.bytes, HASH_SIZE);
    s->clock_ms = cbor_take_uint_max(&r, TIME_MAX_MS);
    s->question = take_nonce(&r);
    s->answer = take_nonce(&r);
    s->has_heard = cbor_peek(&r) != CBOR_NULL;
    if (s->has_heard)
        s->heard_ms = cbor_take_uint_max(&r, INT64_MAX);
    else
        cbor_take_null(&r);
    return body_ends(&r, m, err);
}

static bool decode_body(struct message *m, struct err *err)
{
    if (m->type != MESSAGE_COMMIT && !cbor_scan(m->body, err))
        return err_wrap(err, "%s", message_type_name(m->type));
    switch (m->type) {
    case MESSAGE_STATEMENTS: return decode_statements(m, err);
    case MESSAGE_PROPOSE: return decode_propose(m, err);
    case MESSAGE_PREPARE: return decode_prepare(m, err);
    case MESSAGE_COMMIT: return decode_commit(m, err);
    case MESSAGE_ROUNDCHANGE: return decode_roundchange(m, err);
    case MESSAGE_RCCERT: return decode_rccert(m, err);
    case MESSAGE_DECIDED: return decode_decided(m, err);
    case MESSAGE_STATUS: return decode_status(m, err);
    }
    return err_set(err, ERR_INPUT, "message: of no type that is known");
}

/* ------------------------------------------------------------------ envelopes */

bool message_decode(struct slice bytes, struct message *ret_message, struct err *err)
{
    struct message m;
    memset(&m, 0, sizeof m);
    if (bytes.len > MESSAGE_SIZE_MAX)
        return err_set(err, ERR_INPUT, "message: %zu bytes, more than the %d allowed", bytes.len,
                       MESSAGE_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "message");
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 6);
    m.type = (enum message_type)cbor_take_int_in(&r, MESSAGE_STATEMENTS, MESSAGE_STATUS);
    m.height = cbor_take_uint_max(&r, INT64_MAX);
    m.round = cbor_take_uint_max(&r, INT64_MAX);
    m.from = kid_take(&r);
    m.body = cbor_take_bytes(&r, 1, MESSAGE_SIZE_MAX);
    size_t sig_size = m.type == MESSAGE_COMMIT ? 0 : SIG_SIZE;
    struct slice sig = cbor_take_bytes(&r, sig_size, sig_size);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "message: not [type, height, round, from, body, signature]");
    m.sig = sig_size > 0 ? sig.data : NULL;
    m.bytes = bytes;
    if (!decode_body(&m, err))
        return false;
    *ret_message = m;
    return true;
}

void message_take_roundchange(const struct message *m, struct roundchange *ret_roundchange)
{
    assert(m->type == MESSAGE_ROUNDCHANGE);
    ret_roundchange->from = m->from;
    ret_roundchange->height = m->height;
    ret_roundchange->round = m->round;
    memcpy(ret_roundchange->sig, m->sig, SIG_SIZE);
    ret_roundchange->prepared.there = false;
    if (m->as.roundchange.len > 0 &&
        !prepared_take(m->as.roundchange, &ret_roundchange->prepared, NULL))
        assert(!"the form was checked");
}

void message_next_roundchange(struct cbor_reader *at, struct roundchange *ret_roundchange)
{
    static const uint8_t none[SIG_SIZE];
    struct message m = { .type = MESSAGE_ROUNDCHANGE, .sig = none };
    bool ok = message_decode(cbor_take_bytes(at, 1, MESSAGE_SIZE_MAX), &m, NULL);
    assert(ok);
    message_take_roundchange(&m, ret_roundchange);
}

void message_put_signed(struct buf *out, const struct message_draft *draft, const struct kid *from,
                        const uint8_t *sig)
{
    cbor_put_array(out, 6);
    cbor_put_uint(out, draft->type);
    cbor_put_uint(out, draft->height);
    cbor_put_uint(out, draft->round);
    kid_put(out, from);
    cbor_put_bytes(out, draft->body);
    cbor_put_bytes(out, slice_of(sig, sig == NULL ? 0 : SIG_SIZE));
}

void message_put_roundchange(struct buf *out, const struct roundchange *r)
{
    uint8_t memory[PREPARED_SIZE_MAX];
    struct buf body = buf_fixed(memory, sizeof memory);
    if (r->prepared.there)
        prepared_put(&body, &r->prepared);
    else
        cbor_put_null(&body);
    assert(!body.failed);
    struct message_draft draft = { MESSAGE_ROUNDCHANGE, r->height, r->round, buf_slice(&body) };
    message_put_signed(out, &draft, &r->from, r->sig);
}
