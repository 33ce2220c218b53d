/* The bytes of a workflow's state: they read back the same, and foreign ones are checked. */
#include "contracts/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_flow.h"

static struct flow_kit kit;
static struct flow_state flow;

static int begin(void **state)
{
    (void)state;
    flow_kit_begin(&kit);
    memset(&flow, 0, sizeof flow);
    for (size_t i = 0; i < FLOW_KIT_FIELDS; i++)
        flow.fields[i] = flow_kit_nothing();
    flow.state = 1;
    flow.change_count = 2;
    flow.changes[0] = (struct flow_change){ .time_ms = 1000, .state = 0 };
    flow.changes[1] = (struct flow_change){ .time_ms = 2000, .state = 1 };
    return 0;
}

static int end(void **state)
{
    (void)state;
    flow_kit_end(&kit);
    return 0;
}

static struct slice encode(uint8_t memory[FLOW_MAX_STATE_BYTES])
{
    struct buf out = buf_fixed(memory, FLOW_MAX_STATE_BYTES);
    flow_state_encode(kit.def, &flow, &out);
    assert_false(out.failed);
    return buf_slice(&out);
}

static void test_every_kind_of_value_reads_back(void **state)
{
    (void)state;
    static const char hash[] = "0123456789abcdef0123456789abcdef";
    flow.fields[FLOW_KIT_BOOL] = flow_kit_bool(true);
    flow.fields[FLOW_KIT_INT] = flow_kit_int(1000);
    flow.fields[FLOW_KIT_TEXT] = flow_kit_text("so");
    flow.fields[FLOW_KIT_TEMP] = flow_kit_quantity(-5, -1, "Cel");
    flow.fields[FLOW_KIT_TIME] = flow_kit_time(VALUE_TIME_MAX);
    flow.fields[FLOW_KIT_CHOICE] = flow_kit_of(CONTRACT_CHOICE, "B");
    flow.fields[FLOW_KIT_PARTY] = flow_kit_of(CONTRACT_PARTY, "8 bytes.");
    flow.fields[FLOW_KIT_ASSET] = flow_kit_of(CONTRACT_ASSET, "00/095060001343520019");
    flow.fields[FLOW_KIT_INSTANCE] = flow_kit_of(CONTRACT_INSTANCE, hash);
    flow.fields[FLOW_KIT_HASH] = flow_kit_of(CONTRACT_HASH, hash);
    flow.fields[FLOW_KIT_LIST] = flow_kit_of(CONTRACT_LIST, "\x82\x61x\x61y");
    flow.fields[FLOW_KIT_MONEY] = flow_kit_quantity(INT64_MAX, 9, "EUR");
    flow.documents = 2;
    flow.document_hashes[1].bytes[3] = 9;
    uint8_t memory[FLOW_MAX_STATE_BYTES], again[FLOW_MAX_STATE_BYTES];
    struct slice bytes = encode(memory);
    struct err err;
    struct flow_state read;
    if (!flow_state_decode(kit.def, bytes, &read, &err))
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < FLOW_KIT_FIELDS; i++) {
        assert_int_equal(read.fields[i].type, flow.fields[i].type);
        assert_int_equal(value_compare(&read.fields[i], &flow.fields[i]), 0);
    }
    assert_int_equal(read.documents, 2);
    assert_true(hash_equal(&read.document_hashes[1], &flow.document_hashes[1]));
    assert_int_equal(read.changes[1].time_ms, 2000);
    flow = read;
    assert_true(slice_equal(encode(again), bytes));
}

static void refused(const char *message)
{
    uint8_t memory[FLOW_MAX_STATE_BYTES];
    struct err err = { .msg = "" };
    struct flow_state read = { .state = 77 };
    assert_false(flow_state_decode(kit.def, encode(memory), &read, &err));
    assert_string_equal(err.msg, message);
    assert_int_equal(read.state, 77);
}

static void test_values_must_fit_their_fields(void **state)
{
    (void)state;
    flow.fields[FLOW_KIT_INT] = flow_kit_int(1001);
    refused("workflow state: count: expected 0 to 1000, found 1001");
    flow.fields[FLOW_KIT_INT] = flow_kit_text("1");
    refused("workflow state: count: expected a whole number, found a text");
    flow.fields[FLOW_KIT_INT] = flow_kit_nothing();
    flow.fields[FLOW_KIT_TEMP] = flow_kit_quantity(50, -1, "Cel");
    refused("workflow state: warm: a quantity with zeros to cut");
    flow.fields[FLOW_KIT_TEMP] = flow_kit_quantity(5, 0, "%RH");
    refused("workflow state: warm: expected a quantity in \"Cel\", found 5 %RH");
    flow.fields[FLOW_KIT_TEMP] = flow_kit_nothing();
    flow.fields[FLOW_KIT_CHOICE] = flow_kit_text("C");
    refused("workflow state: grade: expected one of A, B, found \"C\"");
}

static void test_history_must_make_sense(void **state)
{
    (void)state;
    static const char message[] = "workflow state: byte ";
    uint8_t memory[FLOW_MAX_STATE_BYTES];
    struct err err;
    struct flow_state read, good = flow;
    assert_true(flow_state_decode(kit.def, encode(memory), &read, &err));
    struct flow_state bad[6];
    for (size_t i = 0; i < 6; i++)
        bad[i] = good;
    bad[0].changes[1].time_ms = 999; /* back in time */
    bad[1].state = 0;                /* not where the last change led */
    bad[2].changes[0].state = 2;     /* no such state */
    bad[3].state = bad[3].changes[1].state = 2;
    bad[4].change_count = 0;
    bad[5].changes[1].time_ms = VALUE_TIME_MAX + 1;
    for (size_t i = 0; i < 6; i++) {
        flow = bad[i];
        assert_false(flow_state_decode(kit.def, encode(memory), &read, &err));
        assert_memory_equal(err.msg, message, strlen(message));
    }
}

static void test_bytes_that_are_no_state(void **state)
{
    (void)state;
    struct err err;
    struct flow_state read;
    uint8_t memory[FLOW_MAX_STATE_BYTES + 1] = { 0 };
    assert_false(flow_state_decode(kit.def, slice_of(memory, sizeof memory), &read, &err));
    assert_string_equal(err.msg, "workflow state: larger than 16384 bytes");
    assert_false(flow_state_decode(kit.def, slice_of(memory, 0), &read, &err));
    struct slice good = encode(memory);
    for (size_t cut = 0; cut < good.len; cut++)
        assert_false(flow_state_decode(kit.def, slice_of(good.data, cut), &read, &err));
    kit.def->field_count--;
    assert_false(flow_state_decode(kit.def, good, &read, &err));
    kit.def->field_count++;
    kit.def->state_count = 0;
    assert_false(flow_state_decode(kit.def, good, &read, &err));
    assert_string_equal(err.msg, "workflow state: the contract has no states");
}

#define DOCUMENT_BYTES 36 /* head, index, head of 32 bytes, hash */

static void test_documents_rise(void **state)
{
    (void)state;
    uint8_t memory[FLOW_MAX_STATE_BYTES];
    struct flow_state read;
    flow.documents = 3;
    struct slice bytes = encode(memory);
    uint8_t *first = memory + bytes.len - 2 * DOCUMENT_BYTES + 1, *second = first + DOCUMENT_BYTES;
    assert_true(*first == 0 && *second == 1);
    assert_true(flow_state_decode(kit.def, bytes, &read, NULL));
    *first = 1; /* twice the same */
    assert_false(flow_state_decode(kit.def, bytes, &read, NULL));
    *second = 0; /* falling */
    assert_false(flow_state_decode(kit.def, bytes, &read, NULL));
    *first = 0;
    *second = 2; /* there is no such document */
    assert_false(flow_state_decode(kit.def, bytes, &read, NULL));
}

/* Any byte of a state changed: it is refused, or it reads back to the very bytes. */
static void test_every_flip_is_refused_or_read_exactly(void **state)
{
    (void)state;
    uint8_t memory[FLOW_MAX_STATE_BYTES], again[FLOW_MAX_STATE_BYTES];
    flow.fields[FLOW_KIT_TEMP] = flow_kit_quantity(-5, -1, "Cel");
    flow.fields[FLOW_KIT_LIST] = flow_kit_of(CONTRACT_LIST, "\x82\x61x\x61y");
    flow.fields[FLOW_KIT_INT] = flow_kit_int(500);
    flow.documents = 1;
    size_t len = encode(memory).len, taken = 0;
    for (size_t at = 0; at < len; at++)
        for (unsigned flip = 1; flip < 256; flip++) {
            memory[at] ^= (uint8_t)flip;
            struct flow_state read;
            if (flow_state_decode(kit.def, slice_of(memory, len), &read, NULL)) {
                taken++;
                flow = read;
                assert_true(slice_equal(encode(again), slice_of(memory, len)));
            }
            memory[at] ^= (uint8_t)flip;
        }
    assert_true(taken > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_kind_of_value_reads_back, begin, end),
        cmocka_unit_test_setup_teardown(test_values_must_fit_their_fields, begin, end),
        cmocka_unit_test_setup_teardown(test_history_must_make_sense, begin, end),
        cmocka_unit_test_setup_teardown(test_bytes_that_are_no_state, begin, end),
        cmocka_unit_test_setup_teardown(test_documents_rise, begin, end),
        cmocka_unit_test_setup_teardown(test_every_flip_is_refused_or_read_exactly, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
