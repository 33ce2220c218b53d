/* What is no statement: per kind, unknown and missing keys, wrong values, and each limit of the wire. */
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
    const char *name;
    const char *required; /* one digit a key, above 9 as letters */
    const char *optional;
} kinds[] = {
    { "reading 12 samples T+H anchor", "012356", "4" },
    { "reading 1 sample T", "01235", "" },
    { "custody offer", "0123567", "" },
    { "custody accept", "0123568", "49" },
    { "commission", "01235", "678" },
    { "attach", "0123567", "" },
    { "enrol", "012356", "78" },
    { "revoke", "0123567", "8" },
    { "product", "012356", "789" },
    { "place", "012356", "78" },
    { "party", "012356", "78" },
    { "contract open",
      "01235678"
      "9",
      "a" },
    { "agree", "01235", "" },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static void a_missing_key_is_refused_where_it_is_required(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        for (const char *digit = "0123456789ab"; *digit != '\0'; digit++) {
            char key[3] = { '0', *digit, '\0' };
            bool required = strchr(kinds[i].required, *digit) != NULL;
            if (required || strchr(kinds[i].optional, *digit) != NULL)
                if (decodes_with(kinds[i].name, key, "") == required)
                    fail_msg("%s without key %s: wrongly %s", kinds[i].name, key,
                             required ? "accepted" : "refused");
        }
    }
}

static void an_unknown_key_is_refused_in_every_kind(void **state)
{
    (void)state;
    static const char *const keys[] = { "0b", "0c", "18ff", "20", "3a00010001", "6161" };
    static const char *const values[] = { "00", "f6", "80" };
    for (size_t i = 0; i < KINDS; i++)
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++)
                if (decodes_with(kinds[i].name, keys[k], values[v]))
                    fail_msg("%s with key %s is accepted", kinds[i].name, keys[k]);
}

/* A default may be written out (two bytes), and is left out when it is encoded again. */
static bool is_written_default(const struct statement *s, unsigned key, size_t again)
{
    bool may = (s->kind == KIND_CUSTODY && key == 10) || (s->kind == KIND_REVOKE && key == 8) ||
               (s->kind == KIND_AGREE && key == 6);
    return may && s->cose.payload.len == again + 2;
}

/* Whether the value may stand there; if so, what is decoded must encode to the same bytes again. */
static bool kept_exactly(const char *name, unsigned key, const char *value)
{
    uint8_t key_byte = (uint8_t)key;
    uint8_t again[1024];
    struct statement s;
    struct buf out = buf_fixed(again, sizeof again);
    struct slice payload = statements_edit(name, slice_of(&key_byte, 1), vectors_unhex(value));
    if (!statements_decode(payload, &s, NULL))
        return false;
    statement_put_payload(&out, &s);
    if (!slice_equal(buf_slice(&out), s.cose.payload) && !is_written_default(&s, key, out.len))
        fail_msg("%s with %u: %s became something else", name, key, value);
    return true;
}

static void another_value_is_refused_or_kept_exactly(void **state)
{
    (void)state;
    static const char *const others[] = {
        "00",
        "01",
        "02",
        "03",
        "0b",
        "20",
        "1b7fffffffffffffff",
        "3b7fffffffffffffff",
        "f4",
        "f6",
        "40",
        "4100",
        "481111111111111111",
        "5000112233445566778899aabbccddeeff",
        "60",
        "6161",
        "6d34303132333435303030303039",
        "80",
        "8100",
        "816161",
        "82016161",
        "820102",
        "a0",
        "a10000",
        "a161616161",
        "83616161310a",
        "8182",
        "8401000080",
    };
    unsigned kept = 0;
    for (size_t i = 0; i < KINDS; i++)
        for (unsigned key = 0; key <= 10; key++)
            for (size_t v = 0; v < sizeof others / sizeof others[0]; v++)
                kept += kept_exactly(kinds[i].name, key, others[v]);
    assert_true(kept > 50);
}

/* One value of one key of one vector: whether it may stand there. */
static const struct {
    const char *name;
    const char *key;
    const char *value;
    bool good;
} values[] = {
    { "agree", "00", "00", false }, /* kinds 1..11 are known */
    { "agree", "00", "0c", false },
    { "agree", "00", "0d", false },
    { "agree", "00", "14", false },
    { "agree", "00", "1828", false },
    { "agree", "01", "00", false }, /* seq 1..2^63 - 1 */
    { "agree", "01", "1b7fffffffffffffff", true },
    { "agree", "02", "4f00112233445566778899aabbccddee", false },
    { "agree", "02", "5100112233445566778899aabbccddeeff00", false },
    { "agree", "03", "00", true }, /* the years 1970 to 9999 */
    { "agree", "03", "1b0000e677d21fdbff", true },
    { "agree", "03", "1b0000e677d21fdc00", false },
    { "agree", "03", "20", false },
    { "agree", "04", "820048bfb46e828ce41a53", true },
    { "agree", "04", "821b7fffffffffffffff48bfb46e828ce41a53", true },
    { "agree", "04", "822048bfb46e828ce41a53", false },
    { "agree", "04", "820047bfb46e828ce41a", false },
    { "agree", "04", "830048bfb46e828ce41a5300", false },
    { "agree", "04", "f6", false },
    { "agree", "06", "f4", true },
    { "agree", "06", "f5", true },
    { "agree", "06", "00", false },
    { "custody offer", "06", "04", false }, /* actions 0..3 */
    { "custody offer", "06", "01", false }, /* an acceptance names no receiver */
    { "custody accept", "06", "02", true },
    { "custody accept", "06", "03", true },
    { "custody accept", "06", "00", false },
    { "custody accept", "07", "48e579a5634e10e5d7", false },
    { "custody offer", "09", "60", false },
    { "custody offer", "09", "6161", true },
    { "custody offer", "09", "610a", false }, /* control characters */
    { "custody offer", "0a", "00", true },
    { "custody offer", "0a", "01", true },
    { "custody offer", "0a", "02", false },
    { "custody offer", "05", "8261626161", false }, /* asset names must rise */
    { "custody offer", "05", "836161613902", false },
    { "commission", "06", "6c343031323334353030303030", false },
    { "commission", "08", "1b0000e677d21fdc00", false },
    { "attach", "07", "01", true },
    { "attach", "07", "02", false },
    { "attach", "07", "f5", false },
    { "attach", "06", "60", false },
    { "enrol", "06", "05", true }, /* classes 0..5 */
    { "enrol", "06", "06", false },
    { "enrol", "05", "40", false },
    { "enrol", "05", "4100", false },
    { "enrol", "07", "80", true },
    { "enrol", "07",
      "8201"
      "1a00010000",
      false },
    { "enrol", "07", "82016161", false }, /* numbers or names, not both */
    { "enrol", "07", "8261616162", true },
    { "revoke", "07", "20", false },
    { "revoke", "07", "00", true },
    { "revoke", "08", "03", true },
    { "revoke", "08", "04", false },
    { "product", "05", "6d34303132333435363738393031", false },
    { "product", "06", "617f", false },
    { "product", "09", "5f", false },
    { "place", "07",
      "8200"
      "00",
      true },
    { "place", "07", "821a35a4e90000", true }, /* 90 degrees */
    { "place", "07", "821a35a4e90100", false },
    { "place", "07", "82003a6b49d1ff", true }, /* -180 degrees */
    { "place", "07", "82003a6b49d200", false },
    { "place", "07", "83000000", false },
    { "place", "09", "48b32c41ecb8128cc2", true },
    { "party", "05", "47b32c41ecb8128c", false },
    { "contract open", "06", "a0", false }, /* at least one party */
    { "contract open", "06", "a1616101", false },
    { "contract open", "07", "a0", true },
    { "contract open", "07", "a16161f5", true }, /* every type of term */
    { "contract open", "07", "a1616120", true },
    { "contract open", "07", "a1616160", true },
    { "contract open", "07", "a1616180", true },
    { "contract open", "07",
      "a1616183010263"
      "43656c",
      true },
    { "contract open", "07",
      "a1616183010962"
      "6161",
      true },
    { "contract open", "07", "a161618301286161", true },
    { "contract open", "07",
      "a1616183010a"
      "6161",
      false }, /* exponents -9..9 */
    { "contract open", "07",
      "a16161830129"
      "6161",
      false },
    { "contract open", "07", "a161618301181e02", true }, /* three integers are a list */
    { "contract open", "07", "a1616182016161", false },
    { "contract open", "07",
      "a1616183616101"
      "6161",
      false },
    { "contract open", "07", "a1616182616160", true },
    { "contract open", "07", "a16161f6", false },
    { "contract open", "07", "a161614100", false },
    { "contract open", "07",
      "a1616181"
      "80",
      false },
    { "contract open", "07", "a10101", false },
    { "contract open", "0a", "40", false },
    { "reading 1 sample T", "05", "8184010a0080", false },
    { "reading 1 sample T", "05", "818401290080", false },
    { "reading 1 sample T", "06", "19ea60", false },
    { "reading 12 samples T+H anchor", "06", "00", false },
};

static void each_value_may_stand_or_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (decodes_with(values[i].name, values[i].key, values[i].value) != values[i].good)
            fail_msg("%s, key %s, value %s: expected %s", values[i].name, values[i].key,
                     values[i].value, values[i].good ? "good" : "refused");
}

static void names_are_at_most_200_bytes_and_assets_64(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t key;
        size_t max;
    } rows[] = {
        { "custody offer", 9, 200 }, { "commission", 7, 200 }, { "enrol", 8, 200 },
        { "product", 6, 200 },       { "product", 7, 200 },    { "product", 8, 200 },
        { "place", 6, 200 },         { "place", 8, 200 },      { "party", 6, 200 },
        { "party", 7, 200 },         { "attach", 6, 64 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[512];
        struct statement s;
        struct buf memory = buf_fixed(bytes, sizeof bytes);
        for (size_t len = rows[i].max; len <= rows[i].max + 1; len++) {
            bool good = statements_decode(statements_edit(rows[i].name, slice_of(&rows[i].key, 1),
                                                          statements_text(len, &memory)),
                                          &s, NULL);
            if (good != (len == rows[i].max))
                fail_msg("%s, key %u: %zu bytes", rows[i].name, rows[i].key, len);
        }
    }
}

static void nesting_deeper_than_8_is_refused(void **state)
{
    (void)state;
    struct statement s;
    struct err err = { 0 };
    struct slice key = vectors_unhex("07");
    assert_false(statements_decode(
        statements_edit("contract open", key, vectors_unhex("8181818181818180")), &s, &err));
    assert_non_null(strstr(err.msg, "deeper")); /* eight inside the payload's map */
    assert_false(statements_decode(
        statements_edit("contract open", key, vectors_unhex("81818181818180")), &s, &err));
    assert_null(strstr(err.msg, "deeper")); /* seven: of a good depth and no terms */
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_key_is_refused_where_it_is_required),
        cmocka_unit_test(an_unknown_key_is_refused_in_every_kind),
        cmocka_unit_test(another_value_is_refused_or_kept_exactly),
        cmocka_unit_test(each_value_may_stand_or_not),
        cmocka_unit_test(names_are_at_most_200_bytes_and_assets_64),
        cmocka_unit_test(nesting_deeper_than_8_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
