/* What is no statement about goods: keys that are missing or another action's, and each limit of the wire. */
#include "tests/support/statements.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool decodes_with(const char *name, const char *key, const char *value)
{
    struct statement s;
    return statements_decode(statements_edit(name, vectors_unhex(key), vectors_unhex(value)), &s,
                             NULL);
}

static const struct {
    const char *name, *required, *optional; /* one letter a key: a is 5, b 6 … */
} kinds[] = {
    { "commission with an amount", "a", "bcde" },
    { "offer with everything", "abc", "efgjk" },
    { "acceptance with everything", "abd", "efhijk" },
    { "rejection", "abd", "eflm" },
    { "scan in custody", "a", "bcd" },
    { "pack", "abc", "d" },
    { "unpack", "abc", "d" },
    { "transform with everything", "abc", "d" },
    { "recall with everything", "ab", "cde" },
    { "dispute", "abc", "" },
    { "certificate with everything", "aef", "bcdgh" },
    { "certificate revocation", "abc", "" },
    { "correction with everything", "a", "bc" },
    { "label seal", "ab", "" },
    { "label reveal with a place", "ab", "c" },
};

static void a_key_is_there_where_it_must_and_nowhere_else(void **state)
{
    (void)state;
    static const char *const values[] = { "00", "f6", "80", "6161", "f5", "4161" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (unsigned k = 0; k < 20; k++) {
            char key[3];
            char letter = (char)('a' + k);
            (void)snprintf(key, sizeof key, "%02x", 5 + k);
            if (5 + k >= 24)
                break;
            bool required = strchr(kinds[i].required, letter) != NULL;
            bool optional = strchr(kinds[i].optional, letter) != NULL;
            if ((required || optional) && decodes_with(kinds[i].name, key, "") == required)
                fail_msg("%s without key %u: wrongly %s", kinds[i].name, 5 + k,
                         required ? "accepted" : "refused");
            for (size_t v = 0; !required && !optional && v < 6; v++)
                if (decodes_with(kinds[i].name, key, values[v]))
                    fail_msg("%s with key %u is accepted", kinds[i].name, 5 + k);
        }
        assert_false(decodes_with(kinds[i].name, "1818", "00"));
        assert_false(decodes_with(kinds[i].name, "20", "00"));
    }
}

/* What belongs to an offer, an acceptance or a rejection alone is well-formed and refused elsewhere. */
static void fields_of_other_actions_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *of; /* 0 offer, 1 acceptance, 2 rejection, 3 cancellation */
    } fields[] = {
        { "0b", "1b0000019b796dd601", "0" },
        { "0c", "83000000", "1" },
        { "0d", "816161", "1" },
        { "0e",
          "8248000102030405060758200000000000000000000000000000000000000000000000000000000000"
          "000000",
          "01" },
        { "0f", "820060", "01" },
        { "10", "6161", "2" },
        { "11", "6161", "2" },
    };
    static const char *const bases[] = { "offer", "acceptance with everything", "rejection" };
    for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
        for (int action = 0; action < 3; action++)
            if (decodes_with(bases[action], fields[f].key, fields[f].value) !=
                (strchr(fields[f].of, '0' + action) != NULL))
                fail_msg("key %s in action %d", fields[f].key, action);
    }
    /* a cancellation has none of them: neither those of an acceptance, nor those of a rejection */
    assert_false(decodes_with("acceptance with everything", "06", "03"));
    assert_false(decodes_with("rejection", "06", "03"));
    assert_false(decodes_with("rejection", "06", "01"));
    assert_false(decodes_with("offer", "06", "01"));
}

static const struct {
    const char *name, *key, *value;
    bool good;
} edges[] = {
    { "commission with an amount", "09", "8301006474206b67", false },
    { "commission with an amount", "09", "8301006174", true },
    { "commission with an amount", "09", "8300006174", false },
    { "commission with an amount", "09", "8320006174", false },
    { "commission with an amount", "09", "831b0020000000000000006174", true },
    { "commission with an amount", "09", "831b0020000000000001006174", false },
    { "commission with an amount", "09", "8301096174", true },
    { "commission with an amount", "09", "83010a6174", false },
    { "commission with an amount", "09", "8301286174", true },
    { "commission with an amount", "09", "8301296174", false },
    { "commission with an amount", "09", "83010060", false },
    { "commission with an amount", "09", "820100", false },
    { "commission with an amount", "09", "8401006174f6", false },
    { "commission with an amount", "09", "f6", false },
    { "offer", "0b", "1b0000019b796dd601", true },
    { "offer", "0b", "1b0000019b796dd600", false }, /* not after the statement */
    { "offer", "0b", "1b0000e677d21fdbff", true },
    { "offer", "0b", "1b0000e677d21fdc00", false },
    { "offer", "0f", "820260", true },
    { "offer", "0f", "820360", false },
    { "offer", "0f", "8200", false },
    { "acceptance with everything", "0c", "831a3b9aca001a3b9aca001a3b9aca00", true },
    { "acceptance with everything", "0c", "831a3b9aca010000", false },
    { "acceptance with everything", "0c", "83001a3b9aca0100", false },
    { "acceptance with everything", "0c", "8300001a3b9aca01", false },
    { "acceptance with everything", "0c", "820000", false },
    { "acceptance with everything", "0d", "80", false },
    { "rejection", "10", "60", false },
    { "rejection", "11", "f6", false },
    { "scan in custody", "08", "f4", false },
    { "scan in custody", "08", "01", false },
    { "pack", "05", "60", false },
    { "pack", "06", "80", false },
    { "pack", "06", "81753030 2f313935303630303031333433353230303131", false }, /* itself */
    { "pack", "06", "81753030 2f313935303630303031333433353230303132", true },
    { "pack", "06", "827030302f31393530363030303133343335 328265323030313065 3230303131", false },
    { "pack", "07", "02", false },
    { "pack", "07", "f4", false },
    { "pack", "08", "6c303132333435363738393132", false },
    { "split", "05", "03", false },
    { "split", "06", "80", false },
    { "split", "07", "80", false },
    { "split", "06", "81828161 61f6", true },
    { "split", "06", "81818161 61", false },
    { "split", "06", "818280f6", false },
    { "split", "06", "8182816161 8300006174", false },
    { "split", "06", "8182816161 00", false },
    { "split", "07", "8184816161 f6f6f6", true },
    { "split", "07", "8183816161 f6f6", false },
    { "split", "07", "8184816161 f660f6", false },
    { "split", "07", "8184816161 f6f61b0000e677d21fdc00", false },
    { "split", "07", "8184816161 f6f61b0000e677d21fdbff", true },
    { "quarantine", "06", "08", true },
    { "quarantine", "06", "09", false },
    { "quarantine", "07", "60", false },
    { "quarantine", "08", "60", false },
    { "dispute", "05", "581f00", false },
    { "dispute", "07", "60", false },
    { "certificate of a company", "05", "60", false },
    { "certificate of a company", "08", "", false },   /* of nothing at all */
    { "certificate of a company", "0a", "00", false }, /* ends as it begins */
    { "certificate of a company", "09", "01", false },
    { "certificate of a company", "0a", "1b0000e677d21fdbff", true },
    { "certificate of a company", "0a", "1b0000e677d21fdc00", false },
    { "certificate of a company", "0c", "60", false },
    { "certificate with everything", "08", "", true },
    { "certificate revocation", "06", "1b0000e677d21fdc00", false },
    { "certificate revocation", "07", "60", false },
    { "correction", "05", "40", false },
    { "correction", "06", "60", false },
    { "correction", "07", "60", false },
    { "label seal", "06", "80", false },
    { "label seal", "06", "00", false },
    { "label reveal", "06", "4900000000000000 0000", false }, /* nine bytes */
    { "label reveal", "06", "4a00000000000000 000000", true },
    { "label reveal", "05", "60", false },
};

static void values_at_their_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        char value[200];
        size_t len = 0;
        for (const char *at = edges[i].value; *at != '\0'; at++)
            if (*at != ' ')
                value[len++] = *at;
        value[len] = '\0';
        if (decodes_with(edges[i].name, edges[i].key, value) != edges[i].good)
            fail_msg("%s, key %s, %s: wrongly %s", edges[i].name, edges[i].key, edges[i].value,
                     edges[i].good ? "refused" : "accepted");
    }
}

/* ------------------------------------------------------------------ how many, how long */

static uint8_t value_memory[STATEMENT_MAX];

static bool decodes_value(const char *name, unsigned key, const struct buf *value)
{
    uint8_t key_byte = (uint8_t)key;
    struct statement s;
    assert_false(value->failed);
    return statements_decode(statements_edit(name, slice_of(&key_byte, 1), buf_slice(value)), &s,
                             NULL);
}

static struct buf begin_value(void)
{
    return buf_fixed(value_memory, sizeof value_memory);
}

static void put_range(struct buf *out, const char *prefix, size_t count)
{
    cbor_put_array(out, 3);
    cbor_put_text(out, slice_text(prefix));
    cbor_put_text(out, slice_text("00000"));
    cbor_put_uint(out, count);
}

/* Inputs (or outputs) of so many ranges of so many units. */
static struct buf entries(size_t n, const size_t *counts, bool output)
{
    struct buf out = begin_value();
    cbor_put_array(&out, n);
    for (size_t i = 0; i < n; i++) {
        char prefix[8];
        (void)snprintf(prefix, sizeof prefix, "%c%c", (char)('a' + i / 26), (char)('a' + i % 26));
        cbor_put_array(&out, output ? 4 : 2);
        put_range(&out, prefix, counts[i]);
        for (size_t k = output ? 3 : 1; k > 0; k--)
            cbor_put_null(&out);
    }
    return out;
}

static void a_making_holds_10_000_goods_and_64_entries_a_side(void **state)
{
    (void)state;
    size_t counts[65];
    for (size_t i = 0; i < 65; i++)
        counts[i] = 2;
    for (unsigned key = 6; key <= 7; key++) {
        struct buf v = entries(64, counts, key == 7);
        assert_true(decodes_value("transform with everything", key, &v));
        v = entries(65, counts, key == 7);
        assert_false(decodes_value("transform with everything", key, &v));
        counts[0] = 9998;
        v = entries(2, counts, key == 7);
        assert_true(decodes_value("transform with everything", key, &v));
        counts[0] = 9999;
        v = entries(2, counts, key == 7);
        assert_false(decodes_value("transform with everything", key, &v));
        counts[0] = 10000;
        v = entries(1, counts, key == 7);
        assert_true(decodes_value("transform with everything", key, &v));
        counts[0] = 2;
    }
}

static void a_certificate_is_of_64_goods_at_most(void **state)
{
    (void)state;
    for (size_t n = 64; n <= 65; n++) {
        struct buf v = begin_value();
        put_range(&v, "x", n);
        assert_int_equal(decodes_value("certificate with everything", 6, &v), n == 64);
    }
}

static void a_correction_holds_64_kib(void **state)
{
    (void)state;
    static uint8_t original[CORRECTION_ORIGINAL_MAX + 1];
    for (size_t len = CORRECTION_ORIGINAL_MAX; len <= sizeof original; len++) {
        struct buf v = begin_value();
        cbor_put_bytes(&v, slice_of(original, len));
        assert_int_equal(decodes_value("correction", 5, &v), len == CORRECTION_ORIGINAL_MAX);
    }
}

/* A range of so many goods and so many commitments, one of them of another length. */
static bool seals(size_t goods, size_t commitments, size_t last_len)
{
    static uint8_t payload_memory[STATEMENT_MAX];
    static const uint8_t bytes[64];
    struct statement s;
    assert_true(statement_decode(vectors_bytes("label seal"), &s, NULL));
    struct buf set = begin_value();
    put_range(&set, "x", goods);
    size_t at = set.len;
    cbor_put_array(&set, commitments);
    for (size_t i = 0; i < commitments; i++)
        cbor_put_bytes(&set, slice_of(bytes, i + 1 < commitments ? HASH_SIZE : last_len));
    s.as.label_seal.assets.raw = slice_of(value_memory, at);
    s.as.label_seal.commitments = slice_of(value_memory + at, set.len - at);
    struct buf payload = buf_fixed(payload_memory, sizeof payload_memory);
    statement_put_payload(&payload, &s);
    assert_false(payload.failed || set.failed);
    return statements_decode(buf_slice(&payload), &s, NULL);
}

static void a_seal_has_a_commitment_for_each_of_4096_goods(void **state)
{
    (void)state;
    assert_true(seals(2, 2, 32));
    assert_false(seals(2, 1, 32));
    assert_false(seals(2, 3, 32));
    assert_false(seals(2, 2, 31));
    assert_false(seals(2, 2, 33));
    assert_true(seals(4096, 4096, 32));
    assert_false(seals(4097, 4097, 32));
}

static void a_reveal_has_10_to_64_bytes(void **state)
{
    (void)state;
    static const uint8_t code[80];
    for (size_t len = 0; len < 80; len++) {
        struct buf v = begin_value();
        cbor_put_bytes(&v, slice_of(code, len));
        assert_int_equal(decodes_value("label reveal", 6, &v), len >= 10 && len <= 64);
    }
}

static void kinds_without_a_number_are_refused(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 24; kind++) {
        char value[3];
        (void)snprintf(value, sizeof value, "%02x", kind);
        if (decodes_with("dispute", "00", value) != (kind == KIND_DISPUTE))
            fail_msg("kind %u", kind);
    }
    assert_false(decodes_with("dispute", "00", "181d"));
    assert_false(decodes_with("dispute", "00", "18ff"));
    assert_false(decodes_with("dispute", "00", "1813"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_there_where_it_must_and_nowhere_else),
        cmocka_unit_test(fields_of_other_actions_are_refused),
        cmocka_unit_test(values_at_their_limits),
        cmocka_unit_test(a_making_holds_10_000_goods_and_64_entries_a_side),
        cmocka_unit_test(a_certificate_is_of_64_goods_at_most),
        cmocka_unit_test(a_correction_holds_64_kib),
        cmocka_unit_test(a_seal_has_a_commitment_for_each_of_4096_goods),
        cmocka_unit_test(a_reveal_has_10_to_64_bytes),
        cmocka_unit_test(kinds_without_a_number_are_refused),
    };
    if (!crypto_init())
        return 1;
    vectors_from("tests/vectors/goods.json");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
