/* SHA-256 and Ed25519 (common/crypto), against the values of FIPS 180-4 and RFC 8032. */
#include "common/crypto.h"
#include "common/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_hex(struct slice got, const char *want)
{
    char text[2 * 128 + 1];
    hex_encode(got, text);
    assert_string_equal(text, want);
}

static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    struct hash h = crypto_sha256(slice_of(NULL, 0));
    assert_hex(hash_slice(&h), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    h = crypto_sha256(slice_text("abc"));
    assert_hex(hash_slice(&h), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void sha256_in_pieces_equals_sha256_at_once(void **state)
{
    (void)state;
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    struct hash whole = crypto_sha256(slice_of(data, sizeof data));
    for (size_t cut = 0; cut <= sizeof data; cut += 50) {
        struct sha256 pieces;
        crypto_sha256_begin(&pieces);
        crypto_sha256_add(&pieces, slice_of(data, cut));
        crypto_sha256_add(&pieces, slice_of(data + cut, sizeof data - cut));
        struct hash h = crypto_sha256_end(&pieces);
        assert_true(hash_equal(&h, &whole));
    }
}

/* RFC 8032 section 7.1, tests 1 and 2. */
static const struct {
    const char *seed;
    const char *pub;
    const char *message;
    size_t len;
    const char *sig;
} signatures[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", 0,
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "\x72", 1,
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
};

static void ed25519_signs_as_the_standard_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        uint8_t seed[SEED_SIZE];
        uint8_t pub[PUB_SIZE];
        uint8_t secret[SECRET_SIZE];
        uint8_t sig[SIG_SIZE];
        assert_true(hex_decode(signatures[i].seed, 64, seed, sizeof seed));
        crypto_ed25519_key(seed, pub, secret);
        assert_hex(slice_of(pub, sizeof pub), signatures[i].pub);
        struct slice message = slice_of(signatures[i].message, signatures[i].len);
        crypto_ed25519_sign(message, secret, sig);
        assert_hex(slice_of(sig, sizeof sig), signatures[i].sig);
        assert_true(crypto_ed25519_verify(message, sig, pub));
    }
}

static void ed25519_refuses_every_flipped_bit(void **state)
{
    (void)state;
    uint8_t seed[SEED_SIZE] = { 1 };
    uint8_t pub[PUB_SIZE];
    uint8_t secret[SECRET_SIZE];
    uint8_t sig[SIG_SIZE];
    uint8_t message[8] = "waybill";
    crypto_ed25519_key(seed, pub, secret);
    crypto_ed25519_sign(slice_of(message, sizeof message), secret, sig);
    for (unsigned bit = 0; bit < 8 * SIG_SIZE; bit++) {
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(crypto_ed25519_verify(slice_of(message, sizeof message), sig, pub));
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (unsigned bit = 0; bit < 8 * sizeof message; bit++) {
        message[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(crypto_ed25519_verify(slice_of(message, sizeof message), sig, pub));
        message[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (unsigned bit = 0; bit < 8 * PUB_SIZE; bit++) {
        pub[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(crypto_ed25519_verify(slice_of(message, sizeof message), sig, pub));
        pub[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(crypto_ed25519_verify(slice_of(message, sizeof message), sig, pub));
}

/* The neutral point as key makes S = 0, R = neutral "sign" every message with naive verifiers. */
static void ed25519_refuses_a_key_of_small_order(void **state)
{
    (void)state;
    uint8_t pub[PUB_SIZE] = { 1 };
    uint8_t sig[SIG_SIZE] = { 1 };
    assert_false(crypto_ed25519_verify(slice_text("anything"), sig, pub));
}

static void random_bytes_differ_and_wiping_leaves_zeros(void **state)
{
    (void)state;
    uint8_t a[32];
    uint8_t b[32];
    static const uint8_t zeros[32];
    crypto_random(a, sizeof a);
    crypto_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    crypto_wipe(a, sizeof a);
    assert_memory_equal(a, zeros, sizeof a);
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(sha256_in_pieces_equals_sha256_at_once),
        cmocka_unit_test(ed25519_signs_as_the_standard_says),
        cmocka_unit_test(ed25519_refuses_every_flipped_bit),
        cmocka_unit_test(ed25519_refuses_a_key_of_small_order),
        cmocka_unit_test(random_bytes_differ_and_wiping_leaves_zeros),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
