#include "common/crypto.h"

#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct sha256), "sha256 state fits");
_Static_assert(_Alignof(crypto_hash_sha256_state) <= 16, "sha256 state is aligned");

bool crypto_init(void)
{
    return sodium_init() >= 0;
}

struct hash crypto_sha256(struct slice data)
{
    struct hash h;
    (void)crypto_hash_sha256(h.bytes, data.data, data.len);
    return h;
}

static crypto_hash_sha256_state *sha256_state(struct sha256 *h)
{
    return (crypto_hash_sha256_state *)(void *)h->opaque;
}

void crypto_sha256_begin(struct sha256 *h)
{
    (void)crypto_hash_sha256_init(sha256_state(h));
}

void crypto_sha256_add(struct sha256 *h, struct slice data)
{
    (void)crypto_hash_sha256_update(sha256_state(h), data.data, data.len);
}

struct hash crypto_sha256_end(struct sha256 *h)
{
    struct hash out;
    (void)crypto_hash_sha256_final(sha256_state(h), out.bytes);
    return out;
}

void crypto_ed25519_key(const uint8_t seed[SEED_SIZE], uint8_t ret_pub[PUB_SIZE],
                        uint8_t ret_secret[SECRET_SIZE])
{
    (void)crypto_sign_seed_keypair(ret_pub, ret_secret, seed);
}

void crypto_ed25519_sign(struct slice message, const uint8_t secret[SECRET_SIZE],
                         uint8_t ret_sig[SIG_SIZE])
{
    (void)crypto_sign_detached(ret_sig, NULL, message.data, message.len, secret);
}

bool crypto_ed25519_verify(struct slice message, const uint8_t sig[SIG_SIZE],
                           const uint8_t pub[PUB_SIZE])
{
    return crypto_sign_verify_detached(sig, message.data, message.len, pub) == 0;
}

void crypto_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

void crypto_wipe(void *secret, size_t len)
{
    sodium_memzero(secret, len);
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}

struct slice hash_slice(const struct hash *h)
{
    return (struct slice){ h->bytes, HASH_SIZE };
}
