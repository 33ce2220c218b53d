/* Keys and their names (common/key), against the keys of the vectors. */
#include "common/key.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {
    "farm", "carrier", "clinic", "node 1", "device 1", "device 2"
};
#define NAMES (sizeof names / sizeof names[0])

static void a_seed_gives_the_public_key_and_the_kid(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        char entry[64];
        (void)snprintf(entry, sizeof entry, "key %s", names[i]);
        struct key_pair key = vectors_key(names[i]);
        assert_true(slice_equal(slice_of(key.pub, PUB_SIZE), vectors_member(entry, "pub")));
        assert_true(slice_equal(kid_slice(&key.kid), vectors_member(entry, "kid")));
        struct kid again = key_kid(key.pub);
        assert_true(kid_equal(&again, &key.kid));
    }
}

static void the_cose_key_and_its_thumbprint_are_those_of_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        char entry[64];
        uint8_t memory[64];
        uint8_t pub[PUB_SIZE];
        (void)snprintf(entry, sizeof entry, "key %s", names[i]);
        struct key_pair key = vectors_key(names[i]);
        struct buf out = buf_fixed(memory, sizeof memory);
        key_put_cose(&out, key.pub);
        assert_true(slice_equal(buf_slice(&out), vectors_member(entry, "cose_key")));
        struct hash thumbprint = crypto_sha256(buf_slice(&out));
        assert_true(slice_equal(hash_slice(&thumbprint), vectors_member(entry, "thumbprint")));
        struct cbor_reader r = cbor_reader(buf_slice(&out));
        key_take_cose(&r, pub);
        assert_true(cbor_done(&r));
        assert_memory_equal(pub, key.pub, PUB_SIZE);
    }
}

/* x stands for 32 bytes of key: "58 20" and 64 digits. */
static void refuse_key(const char *before_x, const char *after_x)
{
    char text[256];
    uint8_t pub[PUB_SIZE];
    (void)snprintf(text, sizeof text, "%s%s%s", before_x,
                   "58206cea9b0545213d0ee5a5afb7682557e734d3233cce49422b6a8963ba6a5792fe", after_x);
    struct slice bytes = vectors_unhex(text);
    assert_true(cbor_scan(bytes, NULL));
    struct cbor_reader r = cbor_reader(bytes);
    key_take_cose(&r, pub);
    assert_false(cbor_done(&r));
}

static void another_form_of_cose_key_is_refused(void **state)
{
    (void)state;
    refuse_key("a401010327200621", "");   /* with alg */
    refuse_key("a30102200621", "");       /* kty 2, EC */
    refuse_key("a30101200721", "");       /* another curve */
    refuse_key("a2010121", "");           /* no curve */
    refuse_key("a40101200621", "6161f6"); /* something more */
}

static void kids_order_bytewise(void **state)
{
    (void)state;
    struct kid a = { { 0x10, 0x1b } };
    struct kid b = { { 0x10, 0x9b } };
    assert_true(kid_compare(&a, &b) < 0);
    assert_true(kid_compare(&b, &a) > 0);
    assert_true(kid_equal(&a, &a));
    assert_false(kid_equal(&a, &b));
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_public_key_and_the_kid),
        cmocka_unit_test(the_cose_key_and_its_thumbprint_are_those_of_the_vectors),
        cmocka_unit_test(another_form_of_cose_key_is_refused),
        cmocka_unit_test(kids_order_bytewise),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
