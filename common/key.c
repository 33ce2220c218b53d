#include "common/key.h"

#include <string.h>

#define COSE_KEY_SIZE 42

struct key_pair key_from_seed(const uint8_t seed[SEED_SIZE])
{
    struct key_pair pair;
    crypto_ed25519_key(seed, pair.pub, pair.secret);
    pair.kid = key_kid(pair.pub);
    return pair;
}

void key_put_cose(struct buf *out, const uint8_t pub[PUB_SIZE])
{
    cbor_put_map(out, 3);
    cbor_put_int(out, 1);
    cbor_put_int(out, 1);
    cbor_put_int(out, -1);
    cbor_put_int(out, 6);
    cbor_put_int(out, -2);
    cbor_put_bytes(out, slice_of(pub, PUB_SIZE));
}

void key_take_cose(struct cbor_reader *r, uint8_t ret_pub[PUB_SIZE])
{
    if (cbor_take_map(r) != 3)
        cbor_fail(r);
    (void)cbor_take_int_in(r, 1, 1);
    (void)cbor_take_int_in(r, 1, 1);
    (void)cbor_take_int_in(r, -1, -1);
    (void)cbor_take_int_in(r, 6, 6);
    (void)cbor_take_int_in(r, -2, -2);
    cbor_take_fixed(r, ret_pub, PUB_SIZE);
}

struct kid key_kid(const uint8_t pub[PUB_SIZE])
{
    uint8_t memory[COSE_KEY_SIZE];
    struct buf encoded = buf_fixed(memory, sizeof memory);
    key_put_cose(&encoded, pub);
    struct hash thumbprint = crypto_sha256(buf_slice(&encoded));
    struct kid kid;
    memcpy(kid.bytes, thumbprint.bytes, KID_SIZE);
    return kid;
}

int kid_compare(const struct kid *a, const struct kid *b)
{
    return memcmp(a->bytes, b->bytes, KID_SIZE);
}

bool kid_equal(const struct kid *a, const struct kid *b)
{
    return kid_compare(a, b) == 0;
}

struct slice kid_slice(const struct kid *kid)
{
    return slice_of(kid->bytes, KID_SIZE);
}

struct kid kid_take(struct cbor_reader *r)
{
    struct kid kid;
    cbor_take_fixed(r, kid.bytes, KID_SIZE);
    return kid;
}

void kid_put(struct buf *out, const struct kid *kid)
{
    cbor_put_bytes(out, kid_slice(kid));
}
