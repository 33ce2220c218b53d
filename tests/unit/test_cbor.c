/* Deterministic CBOR (common/cbor): the strict scan, the reader, the writers. */
#include "common/cbor.h"
#include "tests/support/vectors.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static bool scans(const char *hex)
{
    struct err err = { 0 };
    bool good = cbor_scan(vectors_unhex(hex), &err);
    if (!good && (err.code != ERR_INPUT || strstr(err.msg, "byte ") != err.msg))
        fail_msg("%s: refused without a place and a reason: \"%s\"", hex, err.msg);
    return good;
}

static void the_vectors_refusals_are_refused(void **state)
{
    (void)state;
    size_t n = vectors_count("must refuse (CBOR)");
    assert_true(n >= 24);
    for (size_t i = 0; i < n; i++) {
        struct slice bytes = vectors_item("must refuse (CBOR)", i);
        if (cbor_scan(bytes, NULL))
            fail_msg("vector %zu of the refusals is accepted", i);
    }
}

static void the_profile_is_accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        "00",
        "17",
        "1818",
        "18ff",
        "190100",
        "1a00010000",
        "1b0000000100000000",
        "1b7fffffffffffffff",
        "3b7fffffffffffffff",
        "20",
        "40",
        "43010203",
        "60",
        "63e6b0b4",
        "f4",
        "f5",
        "f6",
        "80",
        "a0",
        "8301820203820405",
        /* keys: 10, 100, -1, "z", "aa" in bytewise order (RFC 8949 section 4.2.1) */
        "a50a011864022003617a0462616105",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!scans(good[i]))
            fail_msg("%s is refused", good[i]);
}

static void what_is_not_canonical_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     /* nothing */
        "1817", /* longer heads than needed, each size and type */
        "190017",
        "1b00000000ffffffff",
        "3817",
        "5800",
        "7817",
        "9800",
        "b800",
        "981700",
        "1c",
        "1d",
        "1e",
        "1f",
        "3f", /* reserved lengths */
        "5fff",
        "7fff",
        "9fff",
        "bfff",
        "ff", /* indefinite, stray end */
        "a220000100",
        "a26161000100",
        "a262616100617a00", /* order: -1, text, "aa" too early */
        "a201000100",
        "a2617a00617a00", /* repeated */
        "a1f400",
        "a1f600",
        "a14000",
        "a18000",
        "a1a000", /* keys of other types */
        "c0",
        "c001",
        "d201",
        "d81800",
        "c249010000000000000000", /* tags, bignums */
        "f0",
        "f7",
        "f8ff",
        "f818",
        "f90000",
        "fa00000000",
        "fb0000000000000000",
        "1b8000000000000000",
        "3b8000000000000000",
        "1bffffffffffffffff",
        "0001",
        "8001",
        "a00000", /* bytes after the item */
        "8101ff",
        "8201",
        "a101",
        "4201",
        "6261",
        "18",
        "1a0001", /* cut short */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (scans(bad[i]))
            fail_msg("%s is accepted", bad[i]);
}

static void text_is_utf8_without_control_characters(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool good;
    } rows[] = {
        { "6161", true },        { "62c3bc", true },      { "63efbfbd", true },
        { "64f09f9a9a", true },  { "64f48fbfbf", true },  { "62c2a0", true },
        { "6100", false },       { "610a", false },       { "6109", false },
        { "611f", false },       { "617f", false },       { "62c280", false },
        { "62c29f", false },     { "6180", false },       { "61ff", false },
        { "62c080", false },     { "62c1bf", false },     { "63e08080", false },
        { "63eda080", false },   { "63edbfbf", false },   { "64f0808080", false },
        { "64f4908080", false }, { "64f5808080", false }, { "61c3", false },
        { "62e6b0", false },     { "62c33c", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (scans(rows[i].hex) != rows[i].good)
            fail_msg("text %s: expected %s", rows[i].hex, rows[i].good ? "good" : "refused");
}

static void nesting_of_8_is_the_deepest(void **state)
{
    (void)state;
    assert_true(scans("818181818181818100"));
    assert_false(scans("81818181818181818100"));
    assert_true(scans("a100a100a100a100a100a100a100a10000"));
    assert_false(scans("a100a100a100a100a100a100a100a100a10000"));
    assert_false(scans("8181818181818181"
                       "80"));
    assert_false(cbor_scan_bounds(vectors_unhex("9f9f9f9f9f9f9f9f9fffffffffffffffffff"), NULL));
    assert_true(cbor_scan_bounds(vectors_unhex("9f9f9f9f9f9f9f9fffffffffffffffff"), NULL));
}

/* An array of n zeros has n + 1 items. */
static struct slice array_of_zeros(size_t n, struct buf *memory)
{
    buf_clear(memory);
    cbor_put_array(memory, n);
    for (size_t i = 0; i < n; i++)
        cbor_put_uint(memory, 0);
    return buf_slice(memory);
}

static void items_are_counted_to_65536(void **state)
{
    (void)state;
    struct buf memory = buf_heap(1 << 20);
    assert_true(cbor_scan(array_of_zeros(CBOR_MAX_ITEMS - 1, &memory), NULL));
    assert_false(cbor_scan(array_of_zeros(CBOR_MAX_ITEMS, &memory), NULL));
    assert_true(cbor_scan_bounds(array_of_zeros(CBOR_MAX_ITEMS - 1, &memory), NULL));
    assert_false(cbor_scan_bounds(array_of_zeros(CBOR_MAX_ITEMS, &memory), NULL));
    buf_free(&memory);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct slice whole = vectors_bytes("ack");
    assert_true(cbor_scan(whole, NULL));
    for (size_t len = 0; len < whole.len; len++) {
        assert_false(cbor_scan(slice_from(whole, 0, len), NULL));
        assert_false(cbor_scan_bounds(slice_from(whole, 0, len), NULL));
    }
}

/* Bytes that make careless decoders ask for gigabytes, or recurse without end. */
static void bombs_cost_no_memory(void **state)
{
    (void)state;
    static const char *const bombs[] = {
        "9af8ff0000",           "9bffffffffffffffff", "9b7fffffffffffffff", "bb7fffffffffffffff",
        "ba80000000",           "5b7fffffffffffffff", "7b7fffffffffffffff", "5affffffff",
        "9a7fffffff9a7fffffff", "bf9af8ff0000",       "9f9af8ff0000",       "d29af8ff0000",
        "a19af8ff000000",
    };
    struct slice bytes[sizeof bombs / sizeof bombs[0]];
    uint8_t nested[4096];
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++)
        bytes[i] = vectors_unhex(bombs[i]);
    struct rusage before;
    struct rusage after;
    size_t heap = mallinfo2().uordblks;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
            assert_false(cbor_scan(bytes[i], NULL));
            assert_false(cbor_scan_bounds(bytes[i], NULL));
        }
        memset(nested, round % 2 == 0 ? 0x81 : 0x9f, sizeof nested);
        assert_false(cbor_scan(slice_of(nested, sizeof nested), NULL));
        assert_false(cbor_scan_bounds(slice_of(nested, sizeof nested), NULL));
    }
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_int_equal(mallinfo2().uordblks, heap);
    assert_true(after.ru_maxrss - before.ru_maxrss < 1024); /* kB */
}

static void bounds_let_foreign_forms_pass_and_no_more(void **state)
{
    (void)state;
    static const char *const good[] = { "9f01ff", "bf0102ff",           "1801",
                                        "f93c00", "a202010101",         "fb3ff0000000000000",
                                        "f7",     "1bffffffffffffffff", "61ff" };
    static const char *const bad[] = { "",         "9f01", "bf01ff", "c100", "0000",
                                       "5f4101ff", "ff",   "1c",     "7801", "9af8ff0000" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!cbor_scan_bounds(vectors_unhex(good[i]), NULL))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (cbor_scan_bounds(vectors_unhex(bad[i]), NULL))
            fail_msg("%s is accepted", bad[i]);
}

/* ------------------------------------------------------------------ reading and writing */

static void integers_round_trip_at_every_boundary(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *hex;
    } rows[] = {
        { 0, "00" },
        { 23, "17" },
        { 24, "1818" },
        { 255, "18ff" },
        { 256, "190100" },
        { 65535, "19ffff" },
        { 65536, "1a00010000" },
        { INT64_C(0xffffffff), "1affffffff" },
        { INT64_C(0x100000000), "1b0000000100000000" },
        { INT64_MAX, "1b7fffffffffffffff" },
        { -1, "20" },
        { -24, "37" },
        { -25, "3818" },
        { -256, "38ff" },
        { -257, "390100" },
        { -65536, "39ffff" },
        { -65537, "3a00010000" },
        { INT64_MIN, "3b7fffffffffffffff" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t memory[16];
        struct buf out = buf_fixed(memory, sizeof memory);
        cbor_put_int(&out, rows[i].value);
        assert_true(slice_equal(buf_slice(&out), vectors_unhex(rows[i].hex)));
        assert_true(cbor_scan(buf_slice(&out), NULL));
        struct cbor_reader r = cbor_reader(buf_slice(&out));
        assert_true(cbor_take_int(&r) == rows[i].value);
        assert_true(cbor_done(&r));
    }
}

static void every_type_is_written_and_read_back(void **state)
{
    (void)state;
    uint8_t memory[128];
    uint8_t fixed[3];
    struct buf out = buf_fixed(memory, sizeof memory);
    cbor_put_array(&out, 7);
    cbor_put_bool(&out, true);
    cbor_put_bool(&out, false);
    cbor_put_null(&out);
    cbor_put_bytes(&out, slice_of("\x01\x02\x03", 3));
    cbor_put_text(&out, slice_text("Kühl"));
    cbor_put_map(&out, 1);
    cbor_put_int(&out, -1);
    cbor_put_array(&out, 0);
    cbor_put_bytes_head(&out, 2);
    buf_add(&out, "\x01\x02", 2);
    assert_true(
        slice_equal(buf_slice(&out), vectors_unhex("87f5f4f643010203654bc3bc686ca12080420102")));
    struct cbor_reader r = cbor_reader(buf_slice(&out));
    cbor_take_array_of(&r, 7);
    assert_true(cbor_take_bool(&r));
    assert_false(cbor_take_bool(&r));
    assert_int_equal(cbor_peek(&r), CBOR_NULL);
    cbor_take_null(&r);
    cbor_take_fixed(&r, fixed, sizeof fixed);
    assert_memory_equal(fixed, "\x01\x02\x03", 3);
    assert_true(slice_equal(cbor_take_text(&r, 1, 5), slice_text("Kühl")));
    assert_true(slice_equal(cbor_take_item(&r), vectors_unhex("a12080")));
    assert_true(slice_equal(cbor_take_bytes(&r, 2, 2), slice_of("\x01\x02", 2)));
    assert_int_equal(cbor_peek(&r), CBOR_END);
    assert_true(cbor_done(&r));
}

static void a_wrong_type_latches(void **state)
{
    (void)state;
    uint8_t fixed[2] = { 9, 9 };
    struct cbor_reader r = cbor_reader(vectors_unhex("830161614101"));
    cbor_take_array_of(&r, 3);
    assert_int_equal(cbor_take_bytes(&r, 0, 9).len, 0);
    assert_true(r.failed);
    assert_int_equal(cbor_take_uint(&r), 0);
    assert_null(cbor_take_text(&r, 0, 9).data);
    assert_null(cbor_take_item(&r).data);
    assert_int_equal(cbor_take_array(&r), 0);
    cbor_take_fixed(&r, fixed, sizeof fixed);
    assert_memory_equal(fixed, "\0\0", 2);
    assert_int_equal(cbor_peek(&r), CBOR_END);
    assert_false(cbor_done(&r));
}

static bool takes(const char *hex, void (*take)(struct cbor_reader *r))
{
    struct cbor_reader r = cbor_reader(vectors_unhex(hex));
    take(&r);
    return cbor_done(&r);
}

static void take_uint_to_9(struct cbor_reader *r)
{
    (void)cbor_take_uint_max(r, 9);
}
static void take_int_in_9(struct cbor_reader *r)
{
    (void)cbor_take_int_in(r, -9, 9);
}
static void take_text_of_2(struct cbor_reader *r)
{
    (void)cbor_take_text(r, 2, 2);
}
static void take_pair(struct cbor_reader *r)
{
    cbor_take_array_of(r, 2);
    (void)cbor_take_item(r);
    (void)cbor_take_item(r);
}

static void ranges_and_lengths_are_kept(void **state)
{
    (void)state;
    assert_true(takes("09", take_uint_to_9));
    assert_false(takes("0a", take_uint_to_9));
    assert_false(takes("20", take_uint_to_9));
    assert_true(takes("09", take_int_in_9));
    assert_true(takes("28", take_int_in_9));
    assert_false(takes("0a", take_int_in_9));
    assert_false(takes("29", take_int_in_9));
    assert_true(takes("626161", take_text_of_2));
    assert_false(takes("6161", take_text_of_2));
    assert_false(takes("63616161", take_text_of_2));
    assert_false(takes("426161", take_text_of_2));
    assert_true(takes("820102", take_pair));
    assert_false(takes("83010203", take_pair));
    assert_false(takes("a10102", take_pair));
    assert_false(takes("82010203", take_pair)); /* not all was taken */
}

static void floats_are_read_as_bits(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint64_t bits;
        size_t size;
    } rows[] = {
        { "f94419", 0x4419, 2 },
        { "fa41cb0a3d", 0x41cb0a3d, 4 },
        { "fb4010666666666666", UINT64_C(0x4010666666666666), 8 },
        { "f97e00", 0x7e00, 2 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = 0;
        struct cbor_reader r = cbor_reader(vectors_unhex(rows[i].hex));
        assert_true(cbor_take_float_bits(&r, &size) == rows[i].bits);
        assert_int_equal(size, rows[i].size);
        assert_true(cbor_done(&r));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bombs_cost_no_memory),
        cmocka_unit_test(the_vectors_refusals_are_refused),
        cmocka_unit_test(the_profile_is_accepted),
        cmocka_unit_test(what_is_not_canonical_is_refused),
        cmocka_unit_test(text_is_utf8_without_control_characters),
        cmocka_unit_test(nesting_of_8_is_the_deepest),
        cmocka_unit_test(items_are_counted_to_65536),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(bounds_let_foreign_forms_pass_and_no_more),
        cmocka_unit_test(integers_round_trip_at_every_boundary),
        cmocka_unit_test(every_type_is_written_and_read_back),
        cmocka_unit_test(a_wrong_type_latches),
        cmocka_unit_test(ranges_and_lengths_are_kept),
        cmocka_unit_test(floats_are_read_as_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
