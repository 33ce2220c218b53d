/* Hostile statements: every single bit flipped, every byte cut, and bombs that must cost nothing. */
#include "common/statement.h"
#include "tests/support/vectors.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static uint8_t scratch_memory[STATEMENT_MAX + COSE_SIG_ROOM];

static const struct {
    const char *name;
    const char *signer;
} vectors[] = {
    { "reading 12 samples T+H anchor", "device 1" },
    { "reading 1 sample T", "device 1" },
    { "reading irregular with nulls", "device 1" },
    { "enrol", "farm" },
    { "product", "farm" },
    { "place", "clinic" },
    { "party", "clinic" },
    { "commission", "farm" },
    { "attach", "farm" },
    { "custody offer", "farm" },
    { "custody accept", "carrier" },
    { "revoke", "carrier" },
    { "contract open", "farm" },
    { "agree", "clinic" },
    { "SCITT commission", "farm" },
};
#define VECTORS (sizeof vectors / sizeof vectors[0])

static bool accepts(struct slice bytes, const struct key_pair *key, const struct hash *ledger)
{
    struct statement s;
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    return statement_decode(bytes, &s, NULL) && kid_equal(&s.kid, &key->kid) &&
           statement_verify(&s, key->pub, ledger, &scratch);
}

static void no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    struct hash ledger = vectors_ledger();
    unsigned flips = 0;
    unsigned decoded = 0;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t bytes[1024];
        struct statement s;
        struct slice good = vectors_bytes(vectors[i].name);
        struct key_pair key = vectors_key(vectors[i].signer);
        assert_true(good.len <= sizeof bytes && accepts(good, &key, &ledger));
        memcpy(bytes, good.data, good.len);
        for (size_t bit = 0; bit < 8 * good.len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (accepts(slice_of(bytes, good.len), &key, &ledger))
                fail_msg("%s: bit %zu flipped and accepted", vectors[i].name, bit);
            decoded += statement_decode(slice_of(bytes, good.len), &s, NULL);
            bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            flips++;
        }
    }
    assert_true(flips >= 10000);
    assert_true(decoded > flips / 3); /* the signature did its part, not only the form */
}

static void no_cut_or_lengthened_statement_is_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t bytes[1024] = { 0 };
        struct statement s;
        struct slice good = vectors_bytes(vectors[i].name);
        memcpy(bytes, good.data, good.len);
        for (size_t len = 0; len < good.len; len++)
            assert_false(statement_decode(slice_of(bytes, len), &s, NULL));
        assert_false(statement_decode(slice_of(bytes, good.len + 1), &s, NULL));
    }
}

/* `payload` (or `header`, when it is not empty) in hex, in an otherwise sound statement. */
static struct slice statement_around(const char *header, const char *payload, struct buf *out)
{
    static const uint8_t sig[SIG_SIZE];
    buf_clear(out);
    buf_add(out, "\xd2\x84", 2);
    cbor_put_bytes(out, vectors_unhex(header[0] != '\0' ? header : "a2012704482f8468b0474d61da"));
    cbor_put_map(out, 0);
    cbor_put_bytes(out, vectors_unhex(payload));
    cbor_put_bytes(out, slice_of(sig, sizeof sig));
    return buf_slice(out);
}

static const char *const bombs[] = {
    "9af8ff0000",         "9bffffffffffffffff", "9b7fffffffffffffff", "bb7fffffffffffffff",
    "5b7fffffffffffffff", "7b7fffffffffffffff", "5affffffff",         "9f9f9f9f9f9f9f9f9f9f9f9f",
    "bf9af8ff0000",       "a1009af8ff0000",     "a5000101010250",     "ba7fffffff000101010250",
};
#define BOMBS (sizeof bombs / sizeof bombs[0])

static void bombs_cost_no_memory(void **state)
{
    (void)state;
    uint8_t memory[4][BOMBS][256];
    struct slice hostile[4][BOMBS];
    struct rusage before;
    struct rusage after;
    for (size_t i = 0; i < BOMBS; i++) {
        char tagged[64];
        (void)snprintf(tagged, sizeof tagged, "d2%s", bombs[i]);
        struct buf inside = buf_fixed(memory[2][i], sizeof memory[2][i]);
        struct buf header = buf_fixed(memory[3][i], sizeof memory[3][i]);
        hostile[0][i] = vectors_unhex(bombs[i]);
        hostile[1][i] = vectors_unhex(tagged);
        hostile[2][i] = statement_around("", bombs[i], &inside);
        hostile[3][i] = statement_around(bombs[i], "00", &header);
    }
    size_t heap = mallinfo2().uordblks;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < 4 * BOMBS; i++) {
            struct statement s;
            assert_false(statement_decode(hostile[i / BOMBS][i % BOMBS], &s, NULL));
        }
    }
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_int_equal(mallinfo2().uordblks, heap);
    assert_true(after.ru_maxrss - before.ru_maxrss < 1024); /* kB */
}

static void ten_thousand_replays_on_twin_ledgers_are_refused(void **state)
{
    (void)state;
    struct slice good = vectors_bytes("reading 1 sample T");
    struct key_pair key = vectors_key("device 1");
    struct hash ledger = vectors_ledger();
    assert_true(accepts(good, &key, &ledger));
    for (unsigned i = 1; i <= 10000; i++) {
        struct hash twin = ledger;
        twin.bytes[i % 31] ^= (uint8_t)i;
        twin.bytes[31] ^= (uint8_t)(1 + i % 255);
        assert_false(accepts(good, &key, &twin));
    }
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bombs_cost_no_memory),
        cmocka_unit_test(no_flipped_bit_is_accepted),
        cmocka_unit_test(no_cut_or_lengthened_statement_is_decoded),
        cmocka_unit_test(ten_thousand_replays_on_twin_ledgers_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
