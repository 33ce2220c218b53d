/* Statements at the limits of the wire, and one item or byte beyond. */
#include "tests/support/statements.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static size_t count_items(struct slice bytes)
{
    struct cbor_reader r = cbor_reader(bytes);
    size_t items = 0;
    for (; !cbor_done(&r); items++) {
        enum cbor_kind kind = cbor_peek(&r);
        assert_true(kind != CBOR_END);
        if (kind == CBOR_ARRAY)
            (void)cbor_take_array(&r);
        else if (kind == CBOR_MAP)
            (void)cbor_take_map(&r);
        else
            (void)cbor_take_item(&r);
    }
    return items;
}

/* An opening whose only term is an array of n integers. */
static struct slice open_with_integers(size_t n)
{
    static uint8_t bytes[CBOR_MAX_ITEMS + 64];
    uint8_t key = 7;
    struct buf terms = buf_fixed(bytes, sizeof bytes);
    cbor_put_map(&terms, 1);
    cbor_put_text(&terms, slice_text("a"));
    cbor_put_array(&terms, n);
    for (size_t i = 0; i < n; i++)
        cbor_put_uint(&terms, 1);
    assert_false(terms.failed);
    return statements_edit("contract open", slice_of(&key, 1), buf_slice(&terms));
}

static void items_of_a_payload_are_counted_to_65536(void **state)
{
    (void)state;
    struct statement s;
    struct err err = { 0 };
    size_t others = count_items(open_with_integers(0));
    struct slice fits = open_with_integers(CBOR_MAX_ITEMS - others);
    assert_int_equal(count_items(fits), 65536);
    assert_true(statements_decode(fits, &s, &err));
    assert_false(statements_decode(open_with_integers(CBOR_MAX_ITEMS - others + 1), &s, &err));
    assert_non_null(strstr(err.msg, "65,536 items"));
}

/* An opening of about as many bytes as asked for: one term, an array of texts. */
static struct slice open_of_bytes(size_t texts, size_t last)
{
    static uint8_t bytes[STATEMENT_MAX + 4096];
    static uint8_t text_bytes[8192];
    uint8_t key = 7;
    struct buf terms = buf_fixed(bytes, sizeof bytes);
    struct buf text = buf_fixed(text_bytes, sizeof text_bytes);
    cbor_put_map(&terms, 1);
    cbor_put_text(&terms, slice_text("a"));
    cbor_put_array(&terms, texts);
    for (size_t i = 0; i < texts; i++)
        buf_add_slice(&terms, statements_text(i + 1 < texts ? 3990 : last, &text));
    assert_false(terms.failed);
    return statements_edit("contract open", slice_of(&key, 1), buf_slice(&terms));
}

static void a_statement_holds_256_kib_and_no_more(void **state)
{
    (void)state;
    struct statement s;
    struct err err = { 0 };
    size_t texts = 66;
    size_t short_of = STATEMENT_MAX - statements_around(open_of_bytes(texts, 300)).len;
    assert_true(short_of < 3600);
    struct slice whole = statements_around(open_of_bytes(texts, 300 + short_of));
    assert_int_equal(whole.len, 262144);
    if (!statement_decode(whole, &s, &err))
        fail_msg("%s", err.msg);
    whole = statements_around(open_of_bytes(texts, 300 + short_of + 1));
    assert_int_equal(whole.len, 262145);
    assert_false(statement_decode(whole, &s, &err));
    assert_non_null(strstr(err.msg, "262145 bytes"));
}

/* Deltas that go up and down in 1, 2 or 5 bytes each; grow is how many bytes more than 1 each. */
static void put_deltas(struct buf *out, size_t *grow)
{
    cbor_put_array(out, READING_SAMPLES_MAX - 1);
    for (int i = 1; i < READING_SAMPLES_MAX; i++) {
        size_t add = *grow >= 4 ? 4 : *grow > 0 ? 1 : 0;
        int64_t delta = add == 4 ? 100000 : add == 1 ? 100 : 1;
        cbor_put_int(out, i % 2 != 0 ? delta : -delta);
        *grow -= add;
    }
}

static struct slice reading_grown_by(size_t grow)
{
    static uint8_t bytes[READING_SIZE_MAX + 1024];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    buf_add_slice(&out, vectors_unhex("a60001010102505be7b01ef3ecb29373a38030e5714c55"
                                      "031b0000019b76e5a480"));
    cbor_put_int(&out, 5);
    cbor_put_array(&out, 4);
    for (unsigned c = 1; c <= 4; c++) {
        cbor_put_array(&out, 4);
        cbor_put_uint(&out, c);
        cbor_put_int(&out, 0);
        cbor_put_int(&out, 0);
        put_deltas(&out, &grow);
    }
    cbor_put_int(&out, 6);
    cbor_put_int(&out, 1);
    assert_false(out.failed);
    return statements_around(buf_slice(&out));
}

static struct slice reading_of_bytes(size_t size)
{
    size_t smallest =
        reading_grown_by(0).len; /* its payload's head is of 3 bytes, as up to 64 KiB */
    struct slice whole = reading_grown_by(size - smallest);
    assert_int_equal(whole.len, size);
    return whole;
}

static void a_reading_holds_64_kib_and_no_more(void **state)
{
    (void)state;
    struct statement s;
    struct err err = { 0 };
    if (!statement_decode(reading_of_bytes(65536), &s, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(s.as.reading.samples, READING_SAMPLES_MAX);
    assert_false(statement_decode(reading_of_bytes(65537), &s, &err));
    assert_non_null(strstr(err.msg, "65537 bytes"));
}

static uint8_t whole_memory[READING_SIZE_MAX + 512];

static struct slice senml_of_bytes(size_t size)
{
    static uint8_t data[READING_SIZE_MAX];
    static uint8_t bytes[READING_SIZE_MAX + 64];
    static const uint8_t sig[SIG_SIZE];
    for (size_t len = size - 200;; len++) {
        struct buf pack = buf_fixed(bytes, sizeof bytes);
        struct buf out = buf_fixed(whole_memory, sizeof whole_memory);
        buf_add(&pack, "\x81\xa1\x08", 3);
        cbor_put_bytes(&pack, slice_of(data, len));
        buf_add(&out, "\xd2\x84", 2);
        cbor_put_bytes(&out, vectors_unhex("a4012703187004482f8468b0474d61da3a00010001"
                                           "830750000102030405060708090a0b0c0d0e0f00"));
        cbor_put_map(&out, 0);
        cbor_put_bytes(&out, buf_slice(&pack));
        cbor_put_bytes(&out, slice_of(sig, sizeof sig));
        if (out.len == size)
            return buf_slice(&out);
        assert_true(out.len < size);
    }
}

static void a_senml_reading_too(void **state)
{
    (void)state;
    struct statement s;
    struct err err = { 0 };
    if (!statement_decode(senml_of_bytes(65536), &s, &err))
        fail_msg("%s", err.msg);
    assert_false(statement_decode(senml_of_bytes(65537), &s, &err));
    assert_non_null(strstr(err.msg, "65537 bytes"));
}

static int set_up(void **state)
{
    (void)state;
    return crypto_init() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_of_a_payload_are_counted_to_65536),
        cmocka_unit_test(a_statement_holds_256_kib_and_no_more),
        cmocka_unit_test(a_reading_holds_64_kib_and_no_more),
        cmocka_unit_test(a_senml_reading_too),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
