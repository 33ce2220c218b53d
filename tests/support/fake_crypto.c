/*
 * common/crypto.h for the simulator, linked in place of common/crypto.c: the hashes are real (of nettle, which
 * uses the processor's instructions for them), the signatures are cheap. A signature is a mix of the message
 * under the public key, so anyone who knows a public key could make one: only code of ours ever signs here,
 * and the simulator's liars sign with their own keys alone. What matters holds: another message, key or
 * signature does not verify. Randomness follows from the seed of the run.
 */
#include "tests/support/fake_crypto.h"

#include <nettle/sha2.h>
#include <string.h>

static uint64_t random_state = 1;

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct sha256), "sha256 state fits");

/* ------------------------------------------------------------------ mixing */

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word(const uint8_t *at, size_t len)
{
    uint64_t v = 0;
    memcpy(&v, at, len < 8 ? len : 8);
    return v;
}

static uint64_t mix_bytes(uint64_t seed, struct slice s)
{
    uint64_t h = mix(seed ^ UINT64_C(0x9e3779b97f4a7c15), s.len + UINT64_C(0xd6e8feb86659fd93));
    for (size_t i = 0; i < s.len; i += 8)
        h = mix(h ^ word(s.data + i, s.len - i), UINT64_C(0xa0761d6478bd642f) + i);
    return mix(h, UINT64_C(0xe7037ed1a0b428db));
}

/* ------------------------------------------------------------------ hashes */

bool crypto_init(void)
{
    return true;
}

static struct sha256_ctx *context(struct sha256 *h)
{
    return (struct sha256_ctx *)(void *)h->opaque;
}

void crypto_sha256_begin(struct sha256 *h)
{
    sha256_init(context(h));
}

void crypto_sha256_add(struct sha256 *h, struct slice data)
{
    sha256_update(context(h), data.len, data.data);
}

struct hash crypto_sha256_end(struct sha256 *h)
{
    struct hash out;
    sha256_digest(context(h), HASH_SIZE, out.bytes);
    return out;
}

struct hash crypto_sha256(struct slice data)
{
    struct sha256 h;
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, data);
    return crypto_sha256_end(&h);
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}

struct slice hash_slice(const struct hash *h)
{
    return (struct slice){ h->bytes, HASH_SIZE };
}

/* ------------------------------------------------------------------ signatures */

void crypto_ed25519_key(const uint8_t seed[SEED_SIZE], uint8_t ret_pub[PUB_SIZE],
                        uint8_t ret_secret[SECRET_SIZE])
{
    struct hash pub = crypto_sha256(slice_of(seed, SEED_SIZE));
    memcpy(ret_pub, pub.bytes, PUB_SIZE);
    memcpy(ret_secret, seed, SEED_SIZE);
    memcpy(ret_secret + SEED_SIZE, pub.bytes, PUB_SIZE);
}

static void sign(struct slice message, const uint8_t pub[PUB_SIZE], uint8_t ret_sig[SIG_SIZE])
{
    uint64_t a = mix_bytes(word(pub, 8), message), b = mix_bytes(word(pub + 8, 8), message);
    for (size_t i = 0; i < SIG_SIZE; i += 16) {
        a = mix(a ^ word(pub + 16, 8), UINT64_C(0x8ebc6af09c88c6e3) + i);
        b = mix(b ^ word(pub + 24, 8), UINT64_C(0x589965cc75374cc3) + i);
        memcpy(ret_sig + i, &a, 8);
        memcpy(ret_sig + i + 8, &b, 8);
    }
}

void crypto_ed25519_sign(struct slice message, const uint8_t secret[SECRET_SIZE],
                         uint8_t ret_sig[SIG_SIZE])
{
    sign(message, secret + SEED_SIZE, ret_sig);
}

bool crypto_ed25519_verify(struct slice message, const uint8_t sig[SIG_SIZE],
                           const uint8_t pub[PUB_SIZE])
{
    uint8_t expected[SIG_SIZE];
    sign(message, pub, expected);
    return memcmp(sig, expected, SIG_SIZE) == 0;
}

/* ------------------------------------------------------------------ randomness */

void fake_crypto_seed(uint64_t seed)
{
    random_state = seed ^ UINT64_C(0x2545f4914f6cdd1d);
}

void crypto_random(void *out, size_t len)
{
    uint8_t *at = out;
    for (size_t i = 0; i < len; i++) {
        random_state += UINT64_C(0x9e3779b97f4a7c15);
        at[i] = (uint8_t)(mix(random_state, UINT64_C(0xe7037ed1a0b428db)) >> 24);
    }
}

/* Nothing is secret here: so much is wiped that whoever goes on using it is found out. */
void crypto_wipe(void *secret, size_t len)
{
    memset(secret, 0, len < 4096 ? len : 4096);
}
