/* What is signed, signing it, and whether signatures hold. */
#include "common/message_verify.h"

#include <assert.h>
#include <string.h>

#define SMALL      8192 /* signed bytes up to here need no allocation */
#define SIGNED_MAX (MESSAGE_SIZE_MAX + 256)

/* Memory for the bytes that are signed. */
struct signed_bytes {
    uint8_t memory[SMALL];
    struct buf buf;
};

static void signed_begin(struct signed_bytes *s, size_t body_len)
{
    s->buf =
        body_len + 256 <= SMALL ? buf_fixed(s->memory, sizeof s->memory) : buf_heap(SIGNED_MAX);
}

/* "waybill/1/<type>" 00, then canonical [ledger id, height, round, body]. */
static void put_signed(struct buf *out, const struct message_draft *d, const struct hash *ledger)
{
    buf_add_slice(out, slice_text("waybill/1/"));
    buf_add_slice(out, slice_text(message_type_name(d->type)));
    buf_add_byte(out, 0);
    cbor_put_array(out, 4);
    cbor_put_bytes(out, hash_slice(ledger));
    cbor_put_uint(out, d->height);
    cbor_put_uint(out, d->round);
    cbor_put_bytes(out, d->body);
}

void message_make_sig(const struct message_draft *draft, const struct key_pair *key,
                      const struct hash *ledger, uint8_t *ret_sig)
{
    struct signed_bytes s;
    assert(draft->type != MESSAGE_COMMIT);
    signed_begin(&s, draft->body.len);
    put_signed(&s.buf, draft, ledger);
    memset(ret_sig, 0, SIG_SIZE);
    if (!s.buf.failed) /* memory ran short: what is sent then holds nowhere */
        crypto_ed25519_sign(buf_slice(&s.buf), key->secret, ret_sig);
    buf_free(&s.buf);
}

void message_sign(const struct message_draft *draft, const struct key_pair *key,
                  const struct hash *ledger, struct buf *out)
{
    uint8_t sig[SIG_SIZE];
    if (draft->type != MESSAGE_COMMIT)
        message_make_sig(draft, key, ledger, sig);
    message_put_signed(out, draft, &key->kid, draft->type == MESSAGE_COMMIT ? NULL : sig);
}

/* ------------------------------------------------------------------ verifying */

struct verifier {
    const struct hash *ledger;
    const struct authority_set *set;
    struct message_cache *cache;
    struct err *err;
};

static struct hash cache_name(const uint8_t *pub, const uint8_t *sig, struct slice signed_by)
{
    struct sha256 h;
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, slice_of(pub, PUB_SIZE));
    crypto_sha256_add(&h, slice_of(sig, SIG_SIZE));
    crypto_sha256_add(&h, signed_by);
    return crypto_sha256_end(&h);
}

static struct hash *cache_place(struct message_cache *cache, const struct hash *name)
{
    return &cache->seen[(size_t)(name->bytes[0] << 8 | name->bytes[1]) % MESSAGE_CACHE_SIZE];
}

static bool verify_once(const struct verifier *v, struct slice bytes, const uint8_t *sig,
                        const uint8_t *pub)
{
    if (v->cache == NULL || bytes.len > SMALL) /* hashing much costs as much as verifying it */
        return crypto_ed25519_verify(bytes, sig, pub);
    struct hash name = cache_name(pub, sig, bytes);
    struct hash *seen = cache_place(v->cache, &name);
    if (hash_equal(seen, &name))
        return true;
    if (!crypto_ed25519_verify(bytes, sig, pub))
        return false;
    *seen = name;
    return true;
}

static bool verify_draft(const struct verifier *v, const struct message_draft *d,
                         const uint8_t *sig, const uint8_t *pub)
{
    struct signed_bytes s;
    signed_begin(&s, d->body.len);
    put_signed(&s.buf, d, v->ledger);
    bool holds = !s.buf.failed && verify_once(v, buf_slice(&s.buf), sig, pub);
    buf_free(&s.buf);
    return holds;
}

static bool bad(const struct verifier *v, enum message_type type, const char *what)
{
    return err_set(v->err, ERR_PROOF, "%s: %s", message_type_name(type), what);
}

/* Each signature of a certificate is a PREPARE's own: what it signed follows from round and block. */
static bool verify_prepared(const struct verifier *v, struct slice raw, uint64_t height)
{
    struct prepared p;
    uint8_t memory[HASH_SIZE + 8];
    struct buf body = buf_fixed(memory, sizeof memory);
    if (raw.len == 0)
        return true;
    if (!prepared_take(raw, &p, v->err))
        return false;
    cbor_put_bytes(&body, hash_slice(&p.block));
    struct message_draft d = { MESSAGE_PREPARE, height, p.round, buf_slice(&body) };
    for (size_t i = 0; i < p.count; i++) {
        int place = authority_set_find(v->set, &p.by[i].kid);
        if (place < 0 || !verify_draft(v, &d, p.by[i].sig, v->set->at[place].pub))
            return bad(v, MESSAGE_PREPARE, "a certificate whose signatures do not hold");
    }
    return true;
}

static bool verify_envelope(const struct verifier *v, const struct message *m, const uint8_t *pub)
{
    struct message_draft d = { m->type, m->height, m->round, m->body };
    return verify_draft(v, &d, m->sig, pub) || bad(v, m->type, "a signature that does not hold");
}

static bool verify_roundchange(const struct verifier *v, const struct message *m)
{
    int place = authority_set_find(v->set, &m->from);
    if (place < 0)
        return bad(v, m->type, "signed by a key that is not of the set");
    return verify_envelope(v, m, v->set->at[place].pub) &&
           verify_prepared(v, m->as.roundchange, m->height);
}

static bool verify_roundchanges(const struct verifier *v, struct cbor_reader at, size_t count)
{
    struct message one;
    for (size_t i = 0; i < count; i++)
        if (!message_decode(cbor_take_bytes(&at, 1, MESSAGE_SIZE_MAX), &one, v->err) ||
            !verify_roundchange(v, &one))
            return false;
    return true;
}

static bool verify_seal_by(const struct verifier *v, struct slice bytes, const struct cose *seal,
                           const uint8_t *pub)
{
    uint8_t memory[SEAL_SIZE_MAX + COSE_SIG_ROOM];
    struct buf scratch = buf_fixed(memory, sizeof memory);
    struct hash name = cache_name(pub, seal->sig, bytes);
    struct hash *seen = v->cache == NULL ? NULL : cache_place(v->cache, &name);
    if (seen != NULL && hash_equal(seen, &name))
        return true;
    if (!hash_equal(&seal->seal.ledger, v->ledger) ||
        !cose_verify(seal, (struct slice){ NULL, 0 }, seal->payload, pub, &scratch))
        return bad(v, MESSAGE_COMMIT, "a seal whose signature does not hold");
    if (seen != NULL)
        *seen = name;
    return true;
}

static bool verify_seal(const struct verifier *v, struct slice bytes)
{
    struct cose seal;
    if (!cose_parse(bytes, &seal, v->err) || seal.type != COSE_SEAL)
        return bad(v, MESSAGE_COMMIT, "not a seal");
    int place = authority_set_find(v->set, &seal.kid);
    if (place < 0)
        return bad(v, MESSAGE_COMMIT, "a seal by a key that is not of the set");
    return verify_seal_by(v, bytes, &seal, v->set->at[place].pub);
}

/* Not many more than there are authorities: one that lies could have its own verified by the dozen. */
static bool verify_seals(const struct verifier *v, struct slice seals)
{
    struct cbor_reader r = cbor_reader(seals);
    size_t n = cbor_take_array(&r);
    if (n > 2 * v->set->count)
        return bad(v, MESSAGE_DECIDED, "more seals than there are authorities");
    for (; n > 0; n--)
        if (!verify_seal(v, cbor_take_bytes(&r, 1, SEAL_SIZE_MAX)))
            return false;
    return true;
}

static bool verify_nested(const struct verifier *v, const struct message *m)
{
    switch (m->type) {
    case MESSAGE_PROPOSE:
        return verify_roundchanges(v, m->as.propose.roundchanges,
                                   m->as.propose.roundchange_count) &&
               verify_prepared(v, m->as.propose.prepared, m->height);
    case MESSAGE_ROUNDCHANGE: return verify_prepared(v, m->as.roundchange, m->height);
    case MESSAGE_RCCERT: return verify_roundchanges(v, m->as.rccert.at, m->as.rccert.count);
    case MESSAGE_DECIDED: return verify_seals(v, m->as.decided.seals);
    case MESSAGE_STATEMENTS:
    case MESSAGE_PREPARE:
    case MESSAGE_COMMIT:
    case MESSAGE_STATUS: return true;
    }
    return false;
}

bool message_verify_cached(const struct message *m, const struct hash *ledger,
                           const struct authority_set *set, const uint8_t *known_pub,
                           struct message_cache *cache, struct err *err)
{
    struct verifier v = { ledger, set, cache, err };
    bool open =
        m->type == MESSAGE_STATEMENTS || m->type == MESSAGE_DECIDED || m->type == MESSAGE_STATUS;
    int place = authority_set_find(set, &m->from);
    if (place < 0 && (!open || known_pub == NULL))
        return bad(&v, m->type, "signed by a key that is not of the set");
    if (m->type == MESSAGE_COMMIT)
        return verify_seal(&v, m->body);
    const uint8_t *pub = place >= 0 ? set->at[place].pub : known_pub;
    return verify_envelope(&v, m, pub) && verify_nested(&v, m);
}

bool message_verify(const struct message *m, const struct hash *ledger,
                    const struct authority_set *set, const uint8_t *known_pub, struct err *err)
{
    return message_verify_cached(m, ledger, set, known_pub, NULL, err);
}

bool message_verify_sender(const struct message *m, const struct hash *ledger,
                           const uint8_t pub[PUB_SIZE])
{
    struct verifier v = { ledger, NULL, NULL, NULL };
    struct cose seal;
    if (m->type != MESSAGE_COMMIT)
        return verify_envelope(&v, m, pub);
    return cose_parse(m->body, &seal, NULL) && verify_seal_by(&v, m->body, &seal, pub);
}
