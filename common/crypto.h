/*
 * SHA-256, Ed25519 and randomness: the only file that includes libsodium. crypto_init() comes first
 * in every program. Verification is crypto_sign_verify_detached, which defines validity on the ledger.
 */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include "common/bytes.h"

#define HASH_SIZE   32
#define HALF_SIZE   16
#define PUB_SIZE    32
#define SEED_SIZE   32
#define SIG_SIZE    64
#define SECRET_SIZE 64

struct hash {
    uint8_t bytes[HASH_SIZE];
};

struct sha256 {
    _Alignas(16) uint8_t opaque[112]; /* the library's state: crypto.c checks its size */
};

bool crypto_init(void);

struct hash crypto_sha256(struct slice data);
void crypto_sha256_begin(struct sha256 *h);
void crypto_sha256_add(struct sha256 *h, struct slice data);
struct hash crypto_sha256_end(struct sha256 *h);

/* Ed25519, RFC 8032. secret = seed followed by the public key, as libsodium keeps it. */
void crypto_ed25519_key(const uint8_t seed[SEED_SIZE], uint8_t ret_pub[PUB_SIZE],
                        uint8_t ret_secret[SECRET_SIZE]);
void crypto_ed25519_sign(struct slice message, const uint8_t secret[SECRET_SIZE],
                         uint8_t ret_sig[SIG_SIZE]);
bool crypto_ed25519_verify(struct slice message, const uint8_t sig[SIG_SIZE],
                           const uint8_t pub[PUB_SIZE]);

void crypto_random(void *out, size_t len);
void crypto_wipe(void *secret, size_t len);

bool hash_equal(const struct hash *a, const struct hash *b);
struct slice hash_slice(const struct hash *h); /* borrowed from *h */

#endif
