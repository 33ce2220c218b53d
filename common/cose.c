#include "common/cose.h"

#include "common/hex.h"

#include <assert.h>
#include <string.h>

#define TAG_SIGN1 0xd2 /* tag 18, RFC 9052: libcbor will not write a one-byte tag of 6..20 */

enum {
    LABEL_ALG = 1,
    LABEL_CONTENT_TYPE = 3,
    LABEL_KID = 4,
    LABEL_CWT = 15,
    LABEL_VDS = 395, /* RFC 9942: verifiable data structure, 1 = RFC 9162 SHA-256 */
    LABEL_VDP = 396, /* RFC 9942: verifiable data structure proofs */
    LABEL_SEAL = -65537,
    LABEL_SENML = -65538,
    LABEL_REQUEST = -65539,
    CONTENT_SENML_CBOR = 112,
    ALG_EDDSA = -8,
    ALG_ED25519 = -19,
};

/* The protected headers seen, one bit each; a type is an exact set. */
enum {
    HAS_ALG = 1,
    HAS_CONTENT = 2,
    HAS_KID = 4,
    HAS_CWT = 8,
    HAS_VDS = 16,
    HAS_SEAL = 32,
    HAS_SENML = 64,
    HAS_REQUEST = 128,
};

struct anchor cose_take_anchor(struct cbor_reader *r)
{
    struct anchor a = { .present = true };
    cbor_take_array_of(r, 2);
    a.height = cbor_take_uint_max(r, INT64_MAX);
    cbor_take_fixed(r, a.hash, sizeof a.hash);
    return a;
}

void cose_put_anchor(struct buf *out, const struct anchor *anchor)
{
    cbor_put_array(out, 2);
    cbor_put_uint(out, anchor->height);
    cbor_put_bytes(out, slice_of(anchor->hash, sizeof anchor->hash));
}

static void take_link(struct cbor_reader *r, struct chain_link *link)
{
    size_t n = cbor_take_array(r);
    if (n != 3 && n != 4)
        cbor_fail(r);
    link->seq = cbor_take_uint_max(r, INT64_MAX);
    cbor_take_fixed(r, link->prev, HALF_SIZE);
    link->time_ms = cbor_take_uint_max(r, TIME_MAX_MS);
    if (n == 4)
        link->anchor = cose_take_anchor(r);
    if (link->seq == 0)
        cbor_fail(r);
}

/* Claims 1 and 2 are text in a SCITT statement; 1 is the ledger in hex and 6 the time in a seal. */
static void take_cwt(struct cbor_reader *r, struct cose *c)
{
    if (cbor_take_map(r) != 2)
        cbor_fail(r);
    (void)cbor_take_int_in(r, 1, 1);
    c->issuer = cbor_take_text(r, 1, 4000);
    int64_t second = cbor_take_int(r);
    if (second == 2) {
        c->subject = cbor_take_text(r, 1, 4000);
    } else if (second == 6) {
        c->seal.time_s = cbor_take_uint_max(r, TIME_MAX_MS / 1000);
        if (c->issuer.data == NULL || !hex_decode_lower((const char *)c->issuer.data, c->issuer.len,
                                                        c->seal.ledger.bytes, HASH_SIZE))
            cbor_fail(r);
    } else {
        cbor_fail(r);
    }
}

static void take_seal(struct cbor_reader *r, struct seal_claims *seal)
{
    cbor_take_array_of(r, 4);
    seal->height = cbor_take_uint_max(r, INT64_MAX);
    seal->round = cbor_take_uint_max(r, INT64_MAX);
    seal->size = cbor_take_uint_max(r, INT64_MAX);
    cbor_take_fixed(r, seal->block.bytes, HASH_SIZE);
}

static unsigned take_header(struct cbor_reader *r, struct cose *c)
{
    switch (cbor_take_int(r)) {
    case LABEL_ALG: c->alg = cbor_take_int(r); return HAS_ALG;
    case LABEL_CONTENT_TYPE:
        (void)cbor_take_int_in(r, CONTENT_SENML_CBOR, CONTENT_SENML_CBOR);
        return HAS_CONTENT;
    case LABEL_KID: c->kid = kid_take(r); return HAS_KID;
    case LABEL_CWT: take_cwt(r, c); return HAS_CWT;
    case LABEL_VDS: (void)cbor_take_int_in(r, 1, 1); return HAS_VDS;
    case LABEL_SEAL: take_seal(r, &c->seal); return HAS_SEAL;
    case LABEL_SENML: take_link(r, &c->link); return HAS_SENML;
    case LABEL_REQUEST: (void)cbor_take_int_in(r, 1, 1); return HAS_REQUEST;
    default: cbor_fail(r); return 0;
    }
}

static bool type_of(unsigned has, struct cose *c)
{
    bool statement = true;
    if (has == (HAS_ALG | HAS_KID))
        c->type = COSE_STATEMENT;
    else if (has == (HAS_ALG | HAS_KID | HAS_CWT) && c->subject.len > 0)
        c->type = COSE_SCITT;
    else if (has == (HAS_ALG | HAS_CONTENT | HAS_KID | HAS_SENML))
        c->type = COSE_SENML;
    else if (has == (HAS_ALG | HAS_KID | HAS_REQUEST))
        c->type = COSE_REQUEST, statement = false;
    else if (has == (HAS_ALG | HAS_KID | HAS_CWT | HAS_VDS | HAS_SEAL) && c->subject.data == NULL)
        c->type = COSE_SEAL, statement = false;
    else
        return false;
    return c->alg == ALG_EDDSA || (statement && c->alg == ALG_ED25519);
}

/* First of all checks, so that a message by another algorithm is told what is wrong with it. */
static bool check_algorithm(struct slice header, struct err *err)
{
    struct cbor_reader r = cbor_reader(header);
    for (size_t n = cbor_take_map(&r); n > 0; n--) {
        struct slice key = cbor_take_item(&r);
        if (key.len != 1 || key.data[0] != LABEL_ALG) {
            (void)cbor_take_item(&r);
            continue;
        }
        int64_t alg = cbor_take_int(&r);
        if (r.failed)
            return err_set(err, ERR_INPUT,
                           "protected header: an algorithm named by text is not supported, "
                           "expected EdDSA (-8 or -19)");
        return alg == ALG_EDDSA || alg == ALG_ED25519 ||
               err_set(err, ERR_INPUT,
                       "protected header: algorithm %lld is not supported, expected EdDSA (-8 or "
                       "-19)",
                       (long long)alg);
    }
    return err_set(err, ERR_INPUT,
                   "protected header: it names no algorithm, expected EdDSA (-8 or -19)");
}

static bool parse_protected(struct cose *c, struct err *err)
{
    if (!cbor_scan(c->protected, err))
        return err_wrap(err, "protected header");
    if (!check_algorithm(c->protected, err))
        return false;
    struct cbor_reader r = cbor_reader(c->protected);
    unsigned has = 0;
    for (size_t n = cbor_take_map(&r); n > 0 && !r.failed; n--)
        has |= take_header(&r, c);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "protected header: a field that Waybill does not use");
    if (!type_of(has, c))
        return err_set(err, ERR_INPUT, "protected header: not a set of fields that Waybill uses");
    return true;
}

/* Unprotected is {} everywhere but in a receipt: {396: {-1: [bstr]}}, one inclusion proof. */
static bool take_unprotected(struct cbor_reader *r, struct cose *c)
{
    if (cbor_take_map(r) == 0)
        return false;
    (void)cbor_take_int_in(r, LABEL_VDP, LABEL_VDP);
    if (cbor_take_map(r) != 1)
        cbor_fail(r);
    (void)cbor_take_int_in(r, -1, -1);
    cbor_take_array_of(r, 1);
    c->proof = cbor_take_bytes(r, 1, 4096);
    return true;
}

bool cose_parse(struct slice bytes, struct cose *ret_cose, struct err *err)
{
    if (bytes.len > COSE_MAX_SIZE)
        return err_set(err, ERR_INPUT, "%zu bytes, more than the %d allowed", bytes.len,
                       COSE_MAX_SIZE);
    if (bytes.len < 2 || bytes.data[0] != TAG_SIGN1)
        return err_set(err, ERR_INPUT, "not a COSE_Sign1: it must begin with tag 18 (d2)");
    struct slice body = slice_from(bytes, 1, bytes.len - 1);
    if (!cbor_scan(body, err))
        return err_wrap(err, "COSE_Sign1");
    struct cose c = { .bytes = bytes };
    struct cbor_reader r = cbor_reader(body);
    cbor_take_array_of(&r, 4);
    c.protected = cbor_take_bytes(&r, 1, COSE_MAX_SIZE);
    if (!r.failed && !parse_protected(&c, err))
        return false;
    bool receipt = take_unprotected(&r, &c);
    if (receipt)
        cbor_take_null(&r);
    else
        c.payload = cbor_take_bytes(&r, 1, COSE_MAX_SIZE);
    c.sig = cbor_take_bytes(&r, SIG_SIZE, SIG_SIZE).data;
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT,
                       "COSE_Sign1: not [protected, unprotected, payload, signature]");
    if (receipt && c.type != COSE_SEAL)
        return err_set(err, ERR_INPUT, "COSE_Sign1: only a receipt may have unprotected fields");
    if (receipt)
        c.type = COSE_RECEIPT;
    *ret_cose = c;
    return true;
}

static void put_sig_structure(struct buf *out, struct slice header, struct slice aad,
                              struct slice payload)
{
    static const uint8_t empty_map = 0xa0;
    /* RFC 9052 section 4.4: an empty protected map is signed as the empty string. */
    bool is_empty = header.len == 1 && header.data[0] == empty_map;
    cbor_put_array(out, 4);
    cbor_put_text(out, slice_text("Signature1"));
    cbor_put_bytes(out, slice_from(header, 0, is_empty ? 0 : header.len));
    cbor_put_bytes(out, aad);
    cbor_put_bytes(out, payload);
}

bool cose_verify(const struct cose *c, struct slice aad, struct slice payload,
                 const uint8_t pub[PUB_SIZE], struct buf *scratch)
{
    buf_clear(scratch);
    put_sig_structure(scratch, c->protected, aad, payload);
    return !scratch->failed && crypto_ed25519_verify(buf_slice(scratch), c->sig, pub);
}

void cose_sign(struct slice protected, struct slice aad, struct slice payload,
               const struct key_pair *key, struct buf *scratch, struct buf *out)
{
    buf_clear(scratch);
    put_sig_structure(scratch, protected, aad, payload);
    if (scratch->failed) {
        out->failed = true;
        return;
    }
    uint8_t sig[SIG_SIZE];
    crypto_ed25519_sign(buf_slice(scratch), key->secret, sig);
    buf_add_byte(out, TAG_SIGN1);
    cbor_put_array(out, 4);
    cbor_put_bytes(out, protected);
    cbor_put_map(out, 0);
    cbor_put_bytes(out, payload);
    cbor_put_bytes(out, slice_of(sig, SIG_SIZE));
}

void cose_put_native(struct buf *out, const struct kid *kid)
{
    cbor_put_map(out, 2);
    cbor_put_int(out, LABEL_ALG);
    cbor_put_int(out, ALG_EDDSA);
    cbor_put_int(out, LABEL_KID);
    kid_put(out, kid);
}

void cose_put_seal_claims(struct buf *out, const struct kid *kid, const struct seal_claims *claims)
{
    char ledger[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&claims->ledger), ledger);
    cbor_put_map(out, 5);
    cbor_put_int(out, LABEL_ALG);
    cbor_put_int(out, ALG_EDDSA);
    cbor_put_int(out, LABEL_KID);
    kid_put(out, kid);
    cbor_put_int(out, LABEL_CWT);
    cbor_put_map(out, 2);
    cbor_put_int(out, 1);
    cbor_put_text(out, slice_text(ledger));
    cbor_put_int(out, 6);
    cbor_put_uint(out, claims->time_s);
    cbor_put_int(out, LABEL_VDS);
    cbor_put_int(out, 1);
    cbor_put_int(out, LABEL_SEAL);
    cbor_put_array(out, 4);
    cbor_put_uint(out, claims->height);
    cbor_put_uint(out, claims->round);
    cbor_put_uint(out, claims->size);
    cbor_put_bytes(out, hash_slice(&claims->block));
}
