/*
 * Keys of the ledger: Ed25519 public keys as COSE_Key, named by their kid. Private keys are held only
 * by the process that made them; common/keyfile.h stores them.
 */
#ifndef COMMON_KEY_H
#define COMMON_KEY_H

#include "common/cbor.h"
#include "common/crypto.h"

#define KID_SIZE 8

/* First 8 bytes of the RFC 9679 SHA-256 thumbprint of the COSE_Key. */
struct kid {
    uint8_t bytes[KID_SIZE];
};

struct key_pair {
    uint8_t pub[PUB_SIZE];
    uint8_t secret[SECRET_SIZE];
    struct kid kid;
};

struct key_pair key_from_seed(const uint8_t seed[SEED_SIZE]);
struct kid key_kid(const uint8_t pub[PUB_SIZE]);

/* COSE_Key, exactly {1: 1, -1: 6, -2: x} (RFC 9053 section 7.2, OKP and Ed25519). */
void key_put_cose(struct buf *out, const uint8_t pub[PUB_SIZE]);
void key_take_cose(struct cbor_reader *r, uint8_t ret_pub[PUB_SIZE]);

int kid_compare(const struct kid *a, const struct kid *b);
bool kid_equal(const struct kid *a, const struct kid *b);
struct slice kid_slice(const struct kid *kid); /* borrowed from *kid */
struct kid kid_take(struct cbor_reader *r);
void kid_put(struct buf *out, const struct kid *kid);

#endif
