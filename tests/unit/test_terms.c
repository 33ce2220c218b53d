/* One opening's terms laid over a contract: what must be said, how it is said, and what the rules make of it. */
#include "contracts/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/cbor.h"
#include "tests/unit/support_contract.h"

#define MANY_TERMS                                                                                 \
    "contract: t\nroles: { a: x }\nterms:\n  other: { is: contract }\n  who: { is: party of a }\n" \
    "  seal: { is: hash }\n  until: { is: time }\n  box: { is: asset }\n"                          \
    "  grade: { one of: [A, B] }\n  steps: { is: list of int 0..9 }\n  pallets: { is: int 1..40 "  \
    "}\n"

#define WATCHED "contract: t\nmaximum gap: 30 min\n"

static const char hash_hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/* MANY_TERMS without usual values decodes, though it cannot be opened as it stands. */
static struct contract_definition def;
static struct contract_terms terms;
static uint8_t compiled[DEFINITION_MAX_BYTES];

static void make(const char *yaml)
{
    struct err err = { 0 };
    struct buf out = buf_fixed(compiled, sizeof compiled);
    support_contract_compile(yaml, &out);
    if (!definition_decode(buf_slice(&out), &def, &err))
        fail_msg("%s", err.msg);
}

/* The opening's map: names rise as canonical CBOR has them, the shorter first. */
static struct buf map_of(uint8_t *bytes, size_t size, const char *kid, const char *hash,
                         int64_t pallets)
{
    struct buf map = buf_fixed(bytes, size);
    cbor_put_map(&map, 8);
    cbor_put_text(&map, slice_text("box"));
    cbor_put_text(&map, slice_text("01/04012345123456/21/7"));
    cbor_put_text(&map, slice_text("who"));
    cbor_put_text(&map, slice_text(kid));
    cbor_put_text(&map, slice_text("seal"));
    cbor_put_text(&map, slice_text(hash));
    cbor_put_text(&map, slice_text("grade"));
    cbor_put_text(&map, slice_text("B"));
    cbor_put_text(&map, slice_text("other"));
    cbor_put_text(&map, slice_text(hash_hex));
    cbor_put_text(&map, slice_text("steps"));
    cbor_put_array(&map, 2);
    cbor_put_int(&map, 1);
    cbor_put_int(&map, 9);
    cbor_put_text(&map, slice_text("until"));
    cbor_put_int(&map, 1798761600000);
    cbor_put_text(&map, slice_text("pallets"));
    cbor_put_int(&map, pallets);
    assert_false(map.failed);
    return map;
}

static void test_every_kind_is_said(void **state)
{
    (void)state;
    uint8_t bytes[400];
    struct err err = { 0 };
    make(MANY_TERMS);
    struct buf map = map_of(bytes, sizeof bytes, "0102030405060708", hash_hex, 40);
    if (!terms_bind(&def, buf_slice(&map), &terms, &err))
        fail_msg("%s", err.msg);
    static const enum contract_type types[] = {
        CONTRACT_INSTANCE, CONTRACT_PARTY,  CONTRACT_HASH, CONTRACT_TIME,
        CONTRACT_ASSET,    CONTRACT_CHOICE, CONTRACT_LIST, CONTRACT_INT,
    };
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(terms.values[i].type, types[i]);
    assert_int_equal(terms.values[0].text.len, 32);
    assert_int_equal(terms.values[0].text.data[31], 0x1f);
    assert_int_equal(terms.values[1].text.len, 8);
    assert_int_equal(terms.values[1].text.data[7], 8);
    assert_int_equal(terms.values[3].number, 1798761600000);
}

static void refused(struct buf map, const char *message)
{
    struct err err = { 0 };
    assert_false(terms_bind(&def, buf_slice(&map), &terms, &err));
    assert_string_equal(err.msg, message);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[400];
    uint8_t none[] = { 0xa0 };
    struct buf empty = buf_fixed(none, sizeof none);
    empty.len = sizeof none;
    make(MANY_TERMS);
    refused(empty, "term \"other\" has no usual value: the opening must say it (a contract)");
    refused(map_of(bytes, sizeof bytes, "01", hash_hex, 40),
            "term \"who\": expected a party in 16 hex digits");
    refused(map_of(bytes, sizeof bytes, "0102030405060708", "00", 40),
            "term \"seal\": expected a hash in 64 hex digits");
    refused(map_of(bytes, sizeof bytes, "0102030405060708", hash_hex, 41),
            "term \"pallets\": expected 1 to 40, found 41");
}

/* ------------------------------------------------------------------ the rules' numbers */

static void test_accuracy_moves_bounds_both_ways(void **state)
{
    (void)state;
    static struct support_contract c;
    support_contract_make(WATCHED
                          "terms: { off: 0.25 °C }\nsensors: { temperature: { accuracy: off } }\n"
                          "watch:\n"
                          "  warm: { when: temperature > 8 °C, severity: low }\n"
                          "  cold: { when: temperature <= 2.0 °C, severity: low }\n"
                          "  damp: { when: humidity > 75 %RH, severity: low }\n"
                          "  mean: { mean kinetic temperature: 24 h, above: 8 °C, severity: "
                          "low }\n",
                          &c);
    const struct contract_limit *l = c.terms.limits;
    assert_true(l[0].has_sure && l[1].has_sure);
    assert_false(l[2].has_sure || l[3].has_sure);
    assert_int_equal(l[0].bound, 775);
    assert_int_equal(l[0].exponent, -2);
    assert_int_equal(l[0].sure, 825);
    assert_int_equal(l[1].bound, 225);
    assert_int_equal(l[1].sure, 175);
    assert_int_equal(l[3].bound, 8);
    assert_int_equal(l[3].duration_ms, 86400000);
    assert_int_equal(c.terms.calibrated_until_ms, UINT64_MAX);
}

static void test_calibration_alone_has_a_sure_track_of_the_same_bound(void **state)
{
    (void)state;
    static struct support_contract c;
    support_contract_make(WATCHED "terms: { c: { is: time, usual: 2027-01-01T00:00:00Z } }\n"
                                  "calibrated until: c\nwatch:\n"
                                  "  warm: { when: temperature > 8 °C, severity: low }\n",
                          &c);
    assert_true(c.terms.limits[0].has_sure);
    assert_int_equal(c.terms.limits[0].sure, 8);
    assert_int_equal(c.terms.limits[0].bound, 8);
    assert_int_equal(c.terms.calibrated_until_ms, 1798761600000);
}

static void test_until_is_exact(void **state)
{
    (void)state;
    static struct support_contract c;
    support_contract_make(WATCHED
                          "terms: { t: 8.05 °C }\nwatch:\n"
                          "  a: { when: temperature > 9 °C, until: temperature < t - 0.001 °C, "
                          "severity: low }\n"
                          "  b: { when: temperature < 2 °C, until: temperature >= t + 1 °C, "
                          "severity: low }\n"
                          "  c: { when: temperature < 2 °C, until: temperature > 3 °C, ignore: "
                          "5 min, severity: low }\n",
                          &c);
    const struct contract_limit *l = c.terms.limits;
    assert_int_equal(l[0].until, 8049);
    assert_int_equal(l[0].until_exponent, -3);
    assert_int_equal(l[1].until, 905);
    assert_int_equal(l[1].until_exponent, -2);
    assert_int_equal(l[2].until, 3);
    assert_int_equal(l[2].ignore_ms, 300000);
    assert_int_equal(l[0].ignore_ms, 0);
}

static void unbound(const char *yaml, const char *part)
{
    struct err err = { 0 };
    support_contract_error(yaml, &err);
    if (strstr(err.msg, part) == NULL)
        fail_msg("%s", err.msg);
}

static void test_what_cannot_be_bound_does_not_compile(void **state)
{
    (void)state;
    unbound(WATCHED "terms: { w: 1 s }\nwatch:\n  m: { mean kinetic temperature: w, above: 8 °C, "
                    "severity: low }\n",
            "rule \"m\": the window of a mean is a multiple of 24 ms");
    unbound(WATCHED "terms: { l: 5 °C }\nsensors: { temperature: { range: l .. 5 °C } }\nwatch:\n"
                    "  m: { when: temperature > 8 °C, severity: low }\n",
            "sensors.temperature: the range ends before it begins");
    unbound(WATCHED "terms: { l: -1 °C }\nsensors: { temperature: { accuracy: l } }\nwatch:\n"
                    "  m: { when: temperature > 8 °C, severity: low }\n",
            "sensors.temperature: an accuracy is not below zero");
    unbound(WATCHED "sensors: { temperature: { accuracy: 0.000000001 °C } }\nwatch:\n"
                    "  m: { when: temperature > 99999999999999999 °C, severity: low }\n",
            "rule \"m\": its bound and the accuracy have too many digits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_said),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_accuracy_moves_bounds_both_ways),
        cmocka_unit_test(test_calibration_alone_has_a_sure_track_of_the_same_bound),
        cmocka_unit_test(test_until_is_exact),
        cmocka_unit_test(test_what_cannot_be_bound_does_not_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
