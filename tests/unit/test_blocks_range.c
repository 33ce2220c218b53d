#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/blocks_range.h"
#include "tests/unit/support_ledger.h"

#include <stdio.h>
#include <string.h>

#define MINUTE 60000

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

static void add_unit(struct ledger *l, unsigned number, uint64_t time_ms)
{
    char name[64];
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    (void)snprintf(name, sizeof name, "01/09506000134352/21/U%06u", number);
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = asset_set_one(name, &set);
    (void)ledger_add(l, &l->farm, time_ms, s);
    ledger_event(l, EVENT_COMMISSIONED, name, time_ms, "k", &l->farm.kid);
}

/* Blocks of so many statements each. */
static struct ledger *make_of(bool demo, const unsigned *counts, size_t blocks)
{
    struct ledger *l = ledger_new(demo);
    unsigned number = 0;
    for (size_t b = 0; b < blocks; b++) {
        for (unsigned i = 0; i < counts[b]; i++, number++)
            add_unit(l, number, LEDGER_T0 + number);
        ledger_seal(l, LEDGER_T0 + (b + 1) * MINUTE);
    }
    return l;
}

static struct ledger *make(const unsigned *counts, size_t blocks)
{
    return make_of(false, counts, blocks);
}

static struct slice ask(struct ledger *l, uint64_t from, struct buf *answer)
{
    struct err err = { 0 };
    buf_clear(answer);
    expect(blocks_range_put(l->store, from, answer, &err), &err);
    return buf_slice(answer);
}

/* A reader that takes what comes and asks on from there gets every block as it is stored, and its seals. */
static void test_ranges_give_the_whole_chain(void **state)
{
    (void)state;
    static const unsigned counts[] = { 1, 0, 2000, 2000, 1500, 1, 2000, 1 };
    struct ledger *l = make(counts, 8);
    struct err err = { 0 };
    struct buf answer = buf_heap(BLOCKS_RANGE_SIZE_MAX), block = buf_heap(BLOCK_SIZE_MAX);
    struct buf seals = buf_heap(4096);
    uint64_t from = 1;
    unsigned answers = 0;
    while (from <= 8) {
        struct blocks_range r;
        struct slice bytes = ask(l, from, &answer), got, got_seals;
        expect(blocks_range_begin(bytes, from, &r, &err), &err);
        assert_true(r.count > 0);
        assert_true(bytes.len <= BLOCKS_RANGE_SIZE || r.count == 1);
        for (; r.count > 0; from++) {
            expect(blocks_range_next(&r, &got, &got_seals, &err), &err);
            buf_clear(&block);
            buf_clear(&seals);
            expect(store_block(l->store, from, &block, &seals, NULL, &err), &err);
            assert_true(slice_equal(buf_slice(&block), got));
            assert_true(slice_equal(buf_slice(&seals), got_seals));
        }
        answers++;
    }
    assert_true(answers > 1 && answers < 8); /* several in one, and not all */
    struct blocks_range none;
    expect(blocks_range_begin(ask(l, 9, &answer), 9, &none, &err), &err);
    assert_int_equal(none.count, 0);
    buf_free(&answer);
    buf_free(&block);
    buf_free(&seals);
    ledger_free(l);
}

static void test_a_large_block_comes_alone(void **state)
{
    (void)state;
    static const unsigned counts[] = { 1, 1, 1 };
    struct ledger *l = ledger_new(false);
    struct buf answer = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    struct err err = { 0 };
    struct blocks_range r;
    static int centi[4096];
    add_unit(l, 1, LEDGER_T0);
    ledger_seal(l, LEDGER_T0 + MINUTE);
    for (int i = 0; i < 4096; i++)
        centi[i] = i * 7919 % 30000 - 10000;
    for (int i = 0; i < 150; i++)
        (void)ledger_add_readings(l, LEDGER_T0 + (uint64_t)(i + 2) * 4096 * MINUTE, centi, 4096);
    ledger_seal(l, LEDGER_T0 + UINT64_C(160) * 4096 * MINUTE);
    expect(blocks_range_begin(ask(l, 1, &answer), 1, &r, &err), &err);
    assert_int_equal(r.count, counts[0]);
    struct slice bytes = ask(l, 2, &answer);
    assert_true(bytes.len > BLOCKS_RANGE_SIZE);
    expect(blocks_range_begin(bytes, 2, &r, &err), &err);
    assert_int_equal(r.count, 1);
    buf_free(&answer);
    ledger_free(l);
}

static void test_genesis_is_not_a_block_to_ask_for(void **state)
{
    (void)state;
    static const unsigned counts[] = { 1 };
    struct ledger *l = make(counts, 1);
    struct buf answer = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    struct err err = { 0 };
    assert_false(blocks_range_put(l->store, 0, &answer, &err));
    assert_int_equal(err.code, ERR_INPUT);
    buf_free(&answer);
    ledger_free(l);
}

/* An answer put together from blocks of the test's choice. */
static struct slice compose(struct ledger *l, const uint64_t *heights, size_t count,
                            struct slice seals, struct buf *answer)
{
    struct err err = { 0 };
    struct buf block = buf_heap(BLOCK_SIZE_MAX);
    buf_clear(answer);
    cbor_put_array(answer, count);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&block);
        expect(store_block(l->store, heights[i], &block, NULL, NULL, &err), &err);
        cbor_put_array(answer, 2);
        cbor_put_bytes(answer, buf_slice(&block));
        buf_add_slice(answer, seals);
    }
    buf_free(&block);
    return buf_slice(answer);
}

/* How many blocks of an answer are taken before it is refused; -1: the answer as a whole. */
static int taken(struct slice answer, uint64_t from, enum err_code *ret_code)
{
    struct err err = { 0 };
    struct blocks_range r;
    struct slice block, seals;
    int n = 0;
    *ret_code = ERR_NONE;
    bool good = blocks_range_begin(answer, from, &r, &err);
    if (!good)
        n = -1;
    for (; good && r.count > 0; n += good)
        good = blocks_range_next(&r, &block, &seals, &err);
    if (!good)
        *ret_code = err.code;
    return n;
}

static void test_what_does_not_follow_is_refused(void **state)
{
    (void)state;
    static const unsigned counts[] = { 1, 1, 1 };
    struct ledger *l = make(counts, 3);
    struct ledger *other = make_of(true, counts, 3); /* another ledger */
    struct buf answer = buf_heap(BLOCKS_RANGE_SIZE_MAX), foreign = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    static const uint8_t one_seal[] = { 0x81, 0x41, 0x00 }, no_seal[] = { 0x80 };
    static const uint8_t not_seals[] = { 0x81, 0x01 };
    struct slice seal = slice_of(one_seal, sizeof one_seal);
    enum err_code code;
    assert_int_equal(taken(compose(l, (uint64_t[]){ 1, 2, 3 }, 3, seal, &answer), 1, &code), 3);
    assert_int_equal(taken(buf_slice(&answer), 2, &code), 0);
    assert_int_equal(code, ERR_INPUT);
    assert_int_equal(taken(compose(l, (uint64_t[]){ 1, 3 }, 2, seal, &answer), 1, &code), 1);
    assert_int_equal(taken(compose(l, (uint64_t[]){ 2, 1 }, 2, seal, &answer), 2, &code), 1);
    struct slice none = slice_of(no_seal, sizeof no_seal);
    assert_int_equal(taken(compose(l, (uint64_t[]){ 1 }, 1, none, &answer), 1, &code), 0);
    none = slice_of(not_seals, sizeof not_seals);
    assert_int_equal(taken(compose(l, (uint64_t[]){ 1 }, 1, none, &answer), 1, &code), 0);
    /* a second half from a ledger that went another way */
    add_unit(other, 99, LEDGER_T0 + 4 * MINUTE);
    ledger_seal(other, LEDGER_T0 + 4 * MINUTE);
    struct slice first = compose(l, (uint64_t[]){ 3 }, 1, seal, &answer);
    struct slice second = compose(other, (uint64_t[]){ 4 }, 1, seal, &foreign);
    struct buf both = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    cbor_put_array(&both, 2);
    buf_add_slice(&both, slice_from(first, 1, first.len - 1));
    buf_add_slice(&both, slice_from(second, 1, second.len - 1));
    assert_int_equal(taken(buf_slice(&both), 3, &code), 1);
    assert_int_equal(code, ERR_PROOF);
    buf_free(&both);
    buf_free(&answer);
    buf_free(&foreign);
    ledger_free(l);
    ledger_free(other);
}

/* Every cut and every flipped byte: an answer or a refusal, never more. */
static void test_hostile_answers(void **state)
{
    (void)state;
    static const unsigned counts[] = { 1, 2 };
    struct ledger *l = make(counts, 2);
    struct buf answer = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    struct slice bytes = ask(l, 1, &answer);
    enum err_code code;
    for (size_t cut = 0; cut < bytes.len; cut++)
        assert_true(taken(slice_of(bytes.data, cut), 1, &code) == -1);
    for (size_t i = 0; i < bytes.len; i++)
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            answer.data[i] ^= (uint8_t)bit;
            (void)taken(bytes, 1, &code);
            answer.data[i] ^= (uint8_t)bit;
        }
    static const uint8_t not_array[] = { 0xa0 }, too_many[] = { 0x9a, 0x00, 0x01, 0x00, 0x00 };
    assert_int_equal(taken(slice_of(not_array, 1), 1, &code), -1);
    assert_int_equal(taken(slice_of(too_many, 5), 1, &code), -1);
    buf_free(&answer);
    ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_give_the_whole_chain),
        cmocka_unit_test(test_a_large_block_comes_alone),
        cmocka_unit_test(test_genesis_is_not_a_block_to_ask_for),
        cmocka_unit_test(test_what_does_not_follow_is_refused),
        cmocka_unit_test(test_hostile_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
