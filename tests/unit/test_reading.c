/* Readings (common/reading): delta columns to samples and back. */
#include "common/cose.h"
#include "common/reading.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOON UINT64_C(1767268800000)

static struct samples samples; /* about 620 kB each */
static struct samples again;

/* Takes {5: columns, 6: interval} as a reading whose last sample is at time_ms. */
static bool takes_at(struct slice bytes, uint64_t time_ms, struct reading *ret_reading)
{
    struct err err = { 0 };
    if (!cbor_scan(bytes, &err))
        fail_msg("the test's own bytes: %s", err.msg);
    struct cbor_reader r = cbor_reader(bytes);
    struct fields f = fields_begin(&r);
    reading_take(&f, time_ms, ret_reading);
    fields_end(&f);
    return cbor_done(&r);
}

static void accepted(const char *hex)
{
    struct reading g;
    if (!takes_at(vectors_unhex(hex), NOON, &g))
        fail_msg("%s is refused", hex);
}

static void refused(const char *hex)
{
    struct reading g;
    if (takes_at(vectors_unhex(hex), NOON, &g))
        fail_msg("%s is accepted", hex);
}

/* The map of a statement's payload from key 5 on, as a map of its own; also its time. */
static struct slice body_of(const char *name, uint64_t *ret_time_ms, struct buf *memory)
{
    struct cose c;
    assert_true(cose_parse(vectors_bytes(name), &c, NULL));
    struct cbor_reader r = cbor_reader(c.payload);
    struct fields f = fields_begin(&r);
    for (int key = 0; key <= 4; key++) {
        bool has = fields_has(&f, key);
        assert_true(has || key == 4);
        if (key == 3)
            *ret_time_ms = cbor_take_uint(&r);
        else if (has)
            (void)cbor_take_item(&r);
    }
    buf_clear(memory);
    cbor_put_map(memory, f.left);
    buf_add_slice(memory, slice_from(c.payload, r.pos, c.payload.len - r.pos));
    return buf_slice(memory);
}

static void expand(const char *name)
{
    uint8_t bytes[1024];
    uint64_t time_ms = 0;
    struct reading g;
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    struct slice body = body_of(name, &time_ms, &memory);
    assert_true(takes_at(body, time_ms, &g));
    reading_expand(&g, time_ms, &samples);
}

static void the_samples_of_the_vectors_come_out(void **state)
{
    (void)state;
    static const int64_t temperature[] = { 443, 450, 457, 445, 452, 459,
                                           447, 454, 461, 449, 456, 444 };
    static const int64_t humidity[] = { 6489, 6500, 6511, 6499, 6510, 6498,
                                        6509, 6497, 6508, 6496, 6507, 6495 };
    expand("reading 12 samples T+H anchor");
    assert_int_equal(samples.rows, 12);
    assert_int_equal(samples.columns, 2);
    assert_int_equal(samples.column[0].property, PROPERTY_TEMPERATURE);
    assert_int_equal(samples.column[1].property, PROPERTY_HUMIDITY);
    for (size_t i = 0; i < 12; i++) {
        assert_true(samples.time_ms[i] == UINT64_C(1767225660000) + 60000 * i);
        assert_true(samples.column[0].present[i] && samples.column[1].present[i]);
        assert_int_equal(samples.column[0].value[i], temperature[i]);
        assert_int_equal(samples.column[1].value[i], humidity[i]);
    }
    assert_int_equal(samples.column[0].exponent, -2);
    assert_int_equal(samples.column[1].exponent, -2);
}

static void irregular_times_and_nulls_come_out(void **state)
{
    (void)state;
    expand("reading irregular with nulls");
    /* [1, -1, null, [45, null, 2]] and [2, 0, 65, [0, 1, null]] at gaps of 60,000, 61,000, 59,000 */
    static const int64_t gaps[] = { 60000, 61000, 59000 };
    static const bool present[2][4] = { { false, true, false, true }, { true, true, true, false } };
    assert_int_equal(samples.rows, 4);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(samples.time_ms[i] - samples.time_ms[i - 1], gaps[i - 1]);
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(samples.column[c].present[i], present[c][i]);
    assert_int_equal(samples.column[0].exponent, -1);
    assert_int_equal(samples.column[0].value[1], 45);
    assert_int_equal(samples.column[0].value[3], 47); /* from the value before the null */
    assert_int_equal(samples.column[1].property, PROPERTY_HUMIDITY);
    assert_int_equal(samples.column[1].exponent, 0);
    assert_int_equal(samples.column[1].value[0], 65);
    assert_int_equal(samples.column[1].value[1], 65);
    assert_int_equal(samples.column[1].value[2], 66);
}

static void samples_become_the_vectors_bytes_again(void **state)
{
    (void)state;
    static const char *const names[] = {
        "reading 12 samples T+H anchor", "reading 12 samples T+H no anchor", "reading 1 sample T",
        "reading irregular with nulls",  "reading 60 samples T+H",           "reading 60 samples T"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t bytes[1024];
        uint8_t wire_bytes[1024];
        uint8_t out_bytes[1024];
        uint64_t time_ms = 0;
        struct reading g;
        struct buf memory = buf_fixed(bytes, sizeof bytes);
        struct buf wire = buf_fixed(wire_bytes, sizeof wire_bytes);
        struct buf out = buf_fixed(out_bytes, sizeof out_bytes);
        expand(names[i]);
        assert_true(reading_make(&samples, &wire, &g, NULL));
        cbor_put_map(&out, reading_pairs(&g));
        reading_put(&out, &g);
        struct slice want = body_of(names[i], &time_ms, &memory);
        if (!slice_equal(buf_slice(&out), want))
            fail_msg("%s: other bytes", names[i]);
    }
}

static void one_interval_or_a_list_of_equal_ones_mean_the_same(void **state)
{
    (void)state;
    struct reading g;
    assert_true(takes_at(vectors_unhex("a205818401211901bb8207070619ea60"), NOON, &g));
    reading_expand(&g, NOON, &samples);
    assert_true(takes_at(vectors_unhex("a205818401211901bb820707068219ea6019ea60"), NOON, &g));
    reading_expand(&g, NOON, &again);
    assert_int_equal(samples.rows, 3);
    assert_memory_equal(samples.time_ms, again.time_ms, 3 * sizeof again.time_ms[0]);
    assert_true(samples.time_ms[2] == NOON && samples.time_ms[0] == NOON - 120000);
}

static void columns_and_exponents_are_bounded(void **state)
{
    (void)state;
    accepted("a105818401210080");
    accepted("a105818401280080");           /* 10^-9 */
    accepted("a105818401090080");           /* 10^9 */
    refused("a105818401290080");            /* 10^-10 */
    refused("a1058184010a0080");            /* 10^10 */
    accepted("a105818419ffff000080");       /* property 65535 */
    refused("a10581841a00010000000080");    /* 65536 */
    refused("a105818400000080");            /* 0 */
    refused("a105818420000080");            /* -1 */
    refused("a10580");                      /* no column */
    refused("a1058183010000");              /* a column of three */
    refused("a10581850100008000");          /* and of five */
    refused("a10581840100410080");          /* bytes for a sample */
    refused("a105818401000000");            /* no array of deltas */
    accepted("a1058284010000808402000080"); /* rising */
    refused("a1058284010000808401000080");  /* the same property twice */
    refused("a1058284020000808401000080");  /* falling */
    refused("a0");
    refused("a10601");
    refused("a2058184010000800700"); /* an unknown key */
}

static void columns_are_of_equal_length(void **state)
{
    (void)state;
    accepted("a205828401000081008402000081000601");
    refused("a20582840100008100840200008200000601");
    refused("a2058284010000810084020000800601");
}

static void sixteen_columns_and_no_more(void **state)
{
    (void)state;
    for (size_t n = 16; n <= 17; n++) {
        uint8_t bytes[256];
        struct reading g;
        struct buf out = buf_fixed(bytes, sizeof bytes);
        cbor_put_map(&out, 1);
        cbor_put_int(&out, 5);
        cbor_put_array(&out, n);
        for (size_t i = 1; i <= n; i++) {
            cbor_put_array(&out, 4);
            cbor_put_uint(&out, i);
            cbor_put_int(&out, 0);
            cbor_put_null(&out);
            cbor_put_array(&out, 0);
        }
        assert_int_equal(takes_at(buf_slice(&out), NOON, &g), n == 16);
    }
}

static bool takes_rows(size_t rows)
{
    static uint8_t bytes[8192];
    struct reading g;
    struct buf out = buf_fixed(bytes, sizeof bytes);
    cbor_put_map(&out, 2);
    cbor_put_int(&out, 5);
    cbor_put_array(&out, 1);
    cbor_put_array(&out, 4);
    cbor_put_int(&out, 1);
    cbor_put_int(&out, 0);
    cbor_put_int(&out, 0);
    cbor_put_array(&out, rows - 1);
    for (size_t i = 1; i < rows; i++)
        cbor_put_int(&out, 1);
    cbor_put_int(&out, 6);
    cbor_put_int(&out, 1);
    if (!takes_at(buf_slice(&out), NOON, &g))
        return false;
    reading_expand(&g, NOON, &samples);
    assert_int_equal(samples.rows, rows);
    assert_true(samples.column[0].value[rows - 1] == (int64_t)rows - 1);
    return true;
}

static void samples_are_counted_to_4096(void **state)
{
    (void)state;
    assert_true(takes_rows(READING_SAMPLES_MAX));
    assert_false(takes_rows(READING_SAMPLES_MAX + 1));
}

static void values_stay_below_2_to_the_53(void **state)
{
    (void)state;
    accepted("a105818401001b001fffffffffffff80"); /* 2^53 - 1 */
    refused("a105818401001b002000000000000080");  /* 2^53 */
    accepted("a105818401003b001ffffffffffffe80"); /* -(2^53 - 1) */
    refused("a105818401003b001fffffffffffff80");
    refused("a205818401001b001fffffffffffff81010601"); /* by its delta */
    refused("a205818401003b001ffffffffffffe81200601");
    accepted("a205818401003b001ffffffffffffe811b003ffffffffffffe0601"); /* across the whole range */
    refused("a2058184010001811b7fffffffffffffff0601");                  /* a sum beyond int64 */
    refused("a2058184010020813b7fffffffffffffff0601");
}

static void intervals_are_n_minus_1_and_positive(void **state)
{
    (void)state;
    refused("a2058184010000800601"); /* one sample has none */
    refused("a2058184010000800680");
    refused("a10581840100008100");     /* two samples need one */
    refused("a205818401000081000600"); /* not 0 */
    refused("a205818401000081000620");
    refused("a205818401000081000680");
    accepted("a20581840100008100068101");
    refused("a20581840100008100068100");
    refused("a2058184010000810006820101"); /* one too many */
    refused("a2058184010000820000068101"); /* one too few */
    refused("a2058184010000810006f6");
    refused("a20581840100008100068120");
}

/* The first sample would lie before 1970, which no time on the wire can say. */
static void intervals_reach_back_to_1970_and_no_further(void **state)
{
    (void)state;
    struct reading g;
    struct slice equal = vectors_unhex("a2058184010000820000061903e8");
    struct slice list = vectors_unhex("a205818401000082000006821903e81903e8");
    assert_true(takes_at(equal, 2000, &g));
    assert_false(takes_at(equal, 1999, &g));
    assert_true(takes_at(list, 2000, &g));
    assert_false(takes_at(list, 1999, &g));
    refused("a2058184010000820000061b7fffffffffffffff"); /* nor does the product wrap */
    refused("a205818401000082000006821b7fffffffffffffff1b7fffffffffffffff");
}

static void make_sorted_samples(size_t rows, size_t columns)
{
    memset(&samples, 0, sizeof samples);
    samples.rows = rows;
    samples.columns = columns;
    for (size_t i = 0; i < rows && i < READING_SAMPLES_MAX; i++)
        samples.time_ms[i] = NOON + 1000 * i;
    for (size_t c = 0; c < columns && c < READING_COLUMNS_MAX; c++)
        samples.column[c].property = (uint16_t)(c + 1);
}

static bool makes(void)
{
    static uint8_t bytes[READING_SIZE_MAX];
    struct reading g;
    struct err err = { 0 };
    struct buf memory = buf_fixed(bytes, sizeof bytes);
    bool made = reading_make(&samples, &memory, &g, &err);
    assert_true(made || err.code == ERR_INPUT);
    return made;
}

static void samples_that_break_a_limit_are_not_made(void **state)
{
    (void)state;
    make_sorted_samples(3, 2);
    assert_true(makes());
    make_sorted_samples(0, 2);
    assert_false(makes());
    make_sorted_samples(3, 0);
    assert_false(makes());
    make_sorted_samples(3, READING_COLUMNS_MAX + 1);
    assert_false(makes());
    make_sorted_samples(READING_SAMPLES_MAX + 1, 1);
    assert_false(makes());
    make_sorted_samples(3, 2);
    samples.time_ms[2] = samples.time_ms[1];
    assert_false(makes());
    make_sorted_samples(3, 2);
    samples.column[1].property = 1;
    assert_false(makes());
    make_sorted_samples(3, 2);
    samples.column[1].present[2] = true;
    samples.column[1].value[2] = READING_VALUE_MAX + 1;
    assert_false(makes());
    samples.column[1].value[2] = -READING_VALUE_MAX;
    assert_true(makes());
}

/* Random samples with holes: what is made is read back as it was. */
static void random_samples_survive_the_wire(void **state)
{
    (void)state;
    static uint8_t bytes[READING_SIZE_MAX];
    static uint8_t out_bytes[READING_SIZE_MAX];
    uint32_t random = 20260101;
    for (int round = 0; round < 300; round++) {
        struct reading g;
        struct buf memory = buf_fixed(bytes, sizeof bytes);
        struct buf out = buf_fixed(out_bytes, sizeof out_bytes);
        make_sorted_samples(1 + (size_t)round % 40, 1 + (size_t)round % 16);
        for (size_t i = 0; i < samples.rows; i++) {
            random = random * 1664525 + 1013904223;
            samples.time_ms[i] += round % 3 == 0 ? 0 : random % 1000;
            for (size_t c = 0; c < samples.columns; c++) {
                random = random * 1664525 + 1013904223;
                samples.column[c].present[i] = random >> 30 != 0;
                samples.column[c].value[i] = (int64_t)(random >> 8) - (1 << 23);
            }
        }
        assert_true(reading_make(&samples, &memory, &g, NULL));
        cbor_put_map(&out, reading_pairs(&g));
        reading_put(&out, &g);
        uint64_t last = samples.time_ms[samples.rows - 1];
        assert_true(takes_at(buf_slice(&out), last, &g));
        reading_expand(&g, last, &again);
        assert_int_equal(again.rows, samples.rows);
        assert_int_equal(again.columns, samples.columns);
        for (size_t i = 0; i < samples.rows; i++) {
            assert_true(again.time_ms[i] == samples.time_ms[i]);
            for (size_t c = 0; c < samples.columns; c++) {
                assert_int_equal(again.column[c].present[i], samples.column[c].present[i]);
                if (samples.column[c].present[i])
                    assert_int_equal(again.column[c].value[i], samples.column[c].value[i]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_samples_of_the_vectors_come_out),
        cmocka_unit_test(irregular_times_and_nulls_come_out),
        cmocka_unit_test(samples_become_the_vectors_bytes_again),
        cmocka_unit_test(one_interval_or_a_list_of_equal_ones_mean_the_same),
        cmocka_unit_test(columns_and_exponents_are_bounded),
        cmocka_unit_test(columns_are_of_equal_length),
        cmocka_unit_test(sixteen_columns_and_no_more),
        cmocka_unit_test(samples_are_counted_to_4096),
        cmocka_unit_test(values_stay_below_2_to_the_53),
        cmocka_unit_test(intervals_are_n_minus_1_and_positive),
        cmocka_unit_test(intervals_reach_back_to_1970_and_no_further),
        cmocka_unit_test(samples_that_break_a_limit_are_not_made),
        cmocka_unit_test(random_samples_survive_the_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
