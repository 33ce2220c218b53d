/*
 * COSE_Sign1 (RFC 9052 section 4.2) as Waybill uses it: six types, told apart by their exact set of
 * protected header keys. Parsing checks form only; whether a signature holds is cose_verify()'s answer.
 */
#ifndef COMMON_COSE_H
#define COMMON_COSE_H

#include "common/key.h"

#define COSE_MAX_SIZE    262144 /* 256 KiB: the largest statement */
#define COSE_SIG_ROOM    256    /* a Sig_structure is its payload, protected bytes and this */
#define TIME_MAX_MS      253402300799999u /* 9999-12-31T23:59:59.999Z */
#define ANCHOR_HASH_SIZE 8

enum cose_type {
    COSE_STATEMENT, /* {1, 4} */
    COSE_SCITT,     /* {1, 4, 15} */
    COSE_SENML,     /* {1, 3 = 112, 4, -65538} */
    COSE_REQUEST,   /* {1, 4, -65539: 1} */
    COSE_SEAL,      /* {1, 4, 15, 395, -65537}, unprotected {} */
    COSE_RECEIPT,   /* as a seal, payload null, unprotected {396: {-1: [proof]}} */
};

/* A block the signer had seen: the statement was signed after it. */
struct anchor {
    bool present;
    uint64_t height;
    uint8_t hash[ANCHOR_HASH_SIZE];
};

/* Place in the signer's own sequence. */
struct chain_link {
    uint64_t seq;
    uint8_t prev[HALF_SIZE];
    uint64_t time_ms;
    struct anchor anchor;
};

/* What a seal binds (header -65537 and the CWT claims 1 and 6). */
struct seal_claims {
    struct hash ledger;
    uint64_t time_s;
    uint64_t height;
    uint64_t round;
    uint64_t size;
    struct hash block;
};

struct cose {
    enum cose_type type;
    struct slice bytes; /* whole, from d2 */
    int64_t alg;
    struct kid kid;
    struct slice protected;
    struct slice payload;         /* empty when null */
    struct slice proof;           /* receipts: the encoded inclusion proof */
    const uint8_t *sig;           /* SIG_SIZE bytes */
    struct slice issuer, subject; /* SCITT: CWT claims 1 and 2 */
    struct chain_link link;       /* SenML: header -65538 */
    struct seal_claims seal;      /* seals and receipts */
};

/* Everything in ret_cose is borrowed from bytes. */
bool cose_parse(struct slice bytes, struct cose *ret_cose, struct err *err);

/*
 * Verifies sig over Sig_structure = ["Signature1", protected, aad, payload].
 * In: payload given apart because receipts detach it; scratch is cleared and used for the structure.
 */
bool cose_verify(const struct cose *c, struct slice aad, struct slice payload,
                 const uint8_t pub[PUB_SIZE], struct buf *scratch);

/*
 * Appends a COSE_Sign1 with unprotected {} to out, signed by key. protected and payload must not point
 * into out. A failed scratch or out stays latched for the caller to see.
 */
void cose_sign(struct slice protected, struct slice aad, struct slice payload,
               const struct key_pair *key, struct buf *scratch, struct buf *out);

/* Protected header of a native statement, {1: -8, 4: kid}. */
void cose_put_native(struct buf *out, const struct kid *kid);
void cose_put_seal_claims(struct buf *out, const struct kid *kid, const struct seal_claims *claims);
void cose_put_anchor(struct buf *out, const struct anchor *anchor);
struct anchor cose_take_anchor(struct cbor_reader *r);

#endif
