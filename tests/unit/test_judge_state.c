/* The bytes of a rule state: one state, one encoding, and nothing impossible is read. */
#include "contracts/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/hex.h"
#include "tests/unit/support_contract.h"

static struct support_contract c;
static struct judge_state s;

static int set_up(void **state)
{
    (void)state;
    support_contract_make("contract: t\nmaximum gap: 30 min\nwatch:\n"
                          "  damp:\n    when: humidity > 75 %RH\n    severity: low\n"
                          "  warm:\n    when: temperature > 8 °C\n    for: 1 h\n    severity: low\n"
                          "  in all:\n    when: temperature > 8 °C\n    total: 1 h\n"
                          "    severity: low\n",
                          &c);
    memset(&s, 0, sizeof s);
    return 0;
}

static void encodes_as(const char *expected)
{
    uint8_t bytes[JUDGE_MAX_STATE_BYTES];
    char hex[2 * JUDGE_MAX_STATE_BYTES + 1];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    judge_state_encode(&c.def, &s, &out);
    assert_false(out.failed);
    hex_encode(buf_slice(&out), hex);
    assert_string_equal(hex, expected);
}

static bool decodes(const char *hex)
{
    uint8_t bytes[200];
    size_t len = strlen(hex) / 2;
    struct judge_state untouched = s;
    struct err err = { 0 };
    assert_true(hex_decode(hex, 2 * len, bytes, len));
    if (judge_state_decode(&c.def, slice_of(bytes, len), &s, &err))
        return true;
    assert_non_null(strstr(err.msg, "rule state: byte "));
    assert_memory_equal(&untouched, &s, sizeof s);
    return false;
}

static void test_known_bytes(void **state)
{
    (void)state;
    encodes_as("828080");
    struct judge_findings found;
    struct judge_reading r = { 1, true, -1, 1000, 91 };
    (void)judge_sample(&c.def, &c.terms, &s, &r, &found);
    /* temperature, last at 1000, live; rules 1 and 2 run from 1000 with peak 9.1, not raised */
    encodes_as("8281830119"
               "03e8f5"
               "82"
               "860100"
               "1903e8f4185b20"
               "860200"
               "1903e8f4185b20");
    r.time_ms = 3000;
    r.mantissa = 80;
    (void)judge_sample(&c.def, &c.terms, &s, &r, &found);
    encodes_as("82818301190bb8f5"
               "81"
               "82021907d0");
}

static void test_nothing_is_a_fresh_state(void **state)
{
    (void)state;
    s.streams[0].known = true;
    assert_true(decodes(""));
    encodes_as("828080");
    assert_true(decodes("828080"));
    encodes_as("828080");
}

static void test_impossible_states_are_refused(void **state)
{
    (void)state;
    static const char good[] = "8281830119"
                               "03e8f5"
                               "81"
                               "860100"
                               "1903e8f4185b20";
    static const char *const bad[] = {
        "80",
        "8180",
        "838080"
        "80",
        "82808000",
        "8281830319"
        "03e8f580",                       /* a property no rule watches */
        "828283021903e8f583011903e8f580", /* streams not rising */
        "828283011903e8f583011903e8f580", /* twice the same */
        "828183011b0001000000000000f580", /* a time beyond all times */
        "828081860100"
        "1903e8f4185b20", /* a run of nothing judged */
        "8281830119"
        "03e8f4"
        "81"
        "860100"
        "1903e8f4185b20", /* a run after its hold was closed */
        "8281830119"
        "03e8f5"
        "81"
        "860100"
        "1903e9f4185b20", /* from after the last sample */
        "8281830119"
        "03e8f5"
        "81"
        "860101"
        "1903e8f4185b20", /* a total of a rule without one */
        "8281830119"
        "03e8f5"
        "81"
        "860300"
        "1903e8f4185b20", /* a rule there is not */
        "8281830119"
        "03e8f5"
        "81"
        "860100"
        "1903e8f4185b29", /* an exponent below -9 */
        "8281830119"
        "03e8f5"
        "81"
        "820200", /* a fresh run written out */
        "8281830119"
        "03e8f5"
        "81"
        "82021b0001000000000000", /* a total longer than time */
        "8281830119"
        "03e8f5"
        "82"
        "820201"
        "820201", /* twice the same rule */
    };
    assert_true(decodes(good));
    encodes_as(good);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (decodes(bad[i]))
            fail_msg("read: %s", bad[i]);
    encodes_as(good);
}

static void test_the_fullest_state_fits(void **state)
{
    (void)state;
    char yaml[4000] = "contract: t\nmaximum gap: 3650 d\nwatch:\n";
    size_t n = strlen(yaml);
    for (int i = 0; i < DEFINITION_MAX_RULES; i++)
        n += (size_t)snprintf(yaml + n, sizeof yaml - n,
                              "  r%d:\n    when: %s\n    total: 1 h\n    severity: low\n", i,
                              i % 2 == 0 ? "latitude > -90 °" : "longitude > -180 °");
    assert_true(n < sizeof yaml);
    support_contract_make(yaml, &c);
    for (size_t i = 0; i < DEFINITION_MAX_RULES; i++) {
        s.streams[i] = (struct judge_stream){ true, true, UINT64_C(253402300799999) };
        s.runs[i] = (struct judge_run){ true,      true, UINT64_C(253402300799999),
                                        INT64_MIN, -9,   UINT64_C(253402300799999) };
    }
    uint8_t bytes[JUDGE_MAX_STATE_BYTES];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    judge_state_encode(&c.def, &s, &out);
    assert_false(out.failed);
    struct judge_state again;
    assert_true(judge_state_decode(&c.def, buf_slice(&out), &again, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_known_bytes, set_up),
        cmocka_unit_test_setup(test_nothing_is_a_fresh_state, set_up),
        cmocka_unit_test_setup(test_impossible_states_are_refused, set_up),
        cmocka_unit_test_setup(test_the_fullest_state_fits, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
