/* A contract's bytes: decoded strictly, encoded back the same, bound to an opening's terms. */
#include "contracts/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/cbor.h"
#include "common/hex.h"
#include "contracts/compile.h"
#include "contracts/property.h"
#include "contracts/terms.h"
#include "tests/unit/support_contract.h"

static const char small[] = "contract: small\n"
                            "version: 3\n"
                            "summary: A small one.\n"
                            "roles:\n"
                            "  shipper: packs\n"
                            "parties:\n"
                            "  sender: shipper\n"
                            "terms:\n"
                            "  warmest: 8 °C\n"
                            "  patience: 10 min\n"
                            "  pallets: 4\n"
                            "  fragile: yes\n"
                            "  note: \"keep upright\"\n"
                            "maximum gap: 30 min\n"
                            "watch:\n"
                            "  too warm:\n"
                            "    when: temperature > warmest\n"
                            "    for: patience\n"
                            "    severity: high\n";

/* Writes hex as bytes; returns their slice. */
static struct slice unhex(const char *hex, uint8_t *bytes)
{
    size_t len = strlen(hex) / 2;
    assert_true(hex_decode(hex, 2 * len, bytes, len));
    return slice_of(bytes, len);
}

static void test_the_smallest_definition(void **state)
{
    (void)state;
    static const char vector[] = "a20001016b76616363696e652d322d38"; /* of the wire vectors */
    uint8_t bytes[64];
    uint8_t again[64];
    struct contract_definition def;
    struct contract_terms terms;
    struct err err = { 0 };
    struct slice in = unhex(vector, bytes);
    assert_true(definition_decode(in, &def, &err));
    assert_true(slice_equal(def.name, slice_text("vaccine-2-8")));
    assert_int_equal(def.version, 1);
    assert_int_equal(def.rule_count + def.party_count + def.term_count + def.role_count, 0);
    struct buf out = buf_fixed(again, sizeof again);
    definition_encode(&def, &out);
    assert_true(slice_equal(buf_slice(&out), in));
    struct hash name = definition_hash(in);
    uint8_t expected[HASH_SIZE];
    (void)unhex("6fab8bbc0905a6d0e9c259989220caed748d6270a9bd88848292eb04105c647c", expected);
    assert_memory_equal(name.bytes, expected, HASH_SIZE);
    /* The vectors' opening: its terms and parties are not this definition's to judge. */
    in = unhex("a26662756467657483191c20006173677761726d6573748308006343656c", bytes);
    assert_true(terms_bind(&def, in, &terms, &err));
    in = unhex("a26673656e64657248101b27533d668dc068726563656976657248b32c41ecb8128cc2", bytes);
    assert_true(terms_check_parties(&def, in, &err));
    static struct support_contract c;
    support_contract_make("contract: vaccine-2-8\nversion: 1\n", &c);
    assert_int_equal(c.len, 16);
    assert_true(slice_equal(slice_of(c.bytes, c.len), unhex(vector, bytes)));
}

static void test_everything_survives_its_bytes(void **state)
{
    (void)state;
    static struct support_contract c;
    static const char expected[] = "a900010165736d616c6c0203036c4120736d616c6c206f6e652e"
                                   "0481826773686970706572657061636b73"
                                   "0581826673656e64657200"
                                   "068582677761726d6573748308006343656c"
                                   "826870617469656e636583190258006173"
                                   "826770616c6c65747304"
                                   "826766726167696c65f5"
                                   "82646e6f74656c6b6565702075707269676874"
                                   "07818768746f6f207761726d010000010103"
                                   "0883190708006173";
    char hex[sizeof c.bytes * 2 + 1];
    support_contract_make(small, &c);
    hex_encode(slice_of(c.bytes, c.len), hex);
    assert_string_equal(hex, expected);
    uint8_t again[1000];
    struct buf out = buf_fixed(again, sizeof again);
    definition_encode(&c.def, &out);
    assert_true(slice_equal(buf_slice(&out), slice_of(c.bytes, c.len)));
}

static void test_the_library_compiles(void **state)
{
    (void)state;
    struct yaml_tree tree = { 0 };
    struct err err = { 0 };
    uint8_t bytes[DEFINITION_MAX_BYTES];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    static struct contract_definition def;
    if (!yaml_load("contracts/library/vaccine-2-8.yaml", &tree, &err) ||
        !compile_contract(&tree, &out, &err) || !definition_decode(buf_slice(&out), &def, &err))
        fail_msg("%s", err.msg);
    yaml_tree_free(&tree);
    assert_int_equal(def.rule_count, 8);
    assert_int_equal(def.property_count, 2);
    assert_int_equal(def.party_count, 2);
    assert_int_equal(def.state_count, 5);
    /* The wire vectors' opening fits it. */
    static struct contract_terms terms;
    uint8_t map[100];
    struct slice in = unhex("a26662756467657483191c20006173677761726d6573748308006343656c", map);
    assert_true(terms_bind(&def, in, &terms, &err));
    in = unhex("a26673656e64657248101b27533d668dc068726563656976657248b32c41ecb8128cc2", map);
    assert_true(terms_check_parties(&def, in, &err));
    assert_int_equal(terms.limits[2].duration_ms, 7200000);
    assert_int_equal(terms.maximum_gap_ms, 1800000);
    assert_int_equal(terms.lateness_ms, 86400000);
}

/* ------------------------------------------------------------------ hostile bytes */

static void refused(const char *hex, const char *message)
{
    uint8_t bytes[400];
    struct contract_definition def;
    struct err err = { 0 };
    assert_false(definition_decode(unhex(hex, bytes), &def, &err));
    assert_string_equal(err.msg, message);
}

static void test_hostile_bytes_are_refused(void **state)
{
    (void)state;
    refused("", "definition: byte 0: the data ends inside an item");
    refused("9af8ff0000", "definition: byte 0: more elements than bytes left");
    refused("a0", "definition: byte 1: the language or the name is missing");
    refused("a10001", "definition: byte 3: the language or the name is missing");
    refused("a200020161", "definition: byte 4: a string longer than the data");
    refused("a20002016161",
            "definition: byte 3: a version of the contract language that is not known here");
    refused("a200010160", "definition: byte 5: something else was expected here");
    refused("a20001016120", "definition: byte 6: a name that begins or ends with a space");
    refused("a3000101616102"
            "01",
            "definition: byte 8: version 1 is said by leaving it out");
    refused("a300010161610a00", "definition: byte 7: something else was expected here");
    refused("a30001016161617800", "definition: byte 6: something else was expected here");
    refused("a3000101616104"
            "80",
            "definition: byte 8: a list that is empty or too long");
    refused("a3000101616105"
            "8182617000",
            "definition: byte 12: a party whose role is not declared");
    refused("a3000101616108"
            "831907080061"
            "73",
            "definition: byte 14: rules need a maximum gap, and only rules do");
    refused("a3000101616107"
            "8187617201008308006343656c00f601",
            "definition: byte 23: rules need a maximum gap, and only rules do");
}

/* One rule, in the pieces that can be wrong. */
static void rule_is(const char *rule, const char *message)
{
    char hex[400];
    int len = snprintf(hex, sizeof hex, "a4000101616107%s0883190708006173", rule);
    assert_true(len > 0 && (size_t)len < sizeof hex);
    uint8_t bytes[400];
    struct contract_definition def;
    struct err err = { 0 };
    bool good = definition_decode(unhex(hex, bytes), &def, &err);
    assert_int_equal(good, message == NULL);
    if (message != NULL && strstr(err.msg, message) == NULL)
        fail_msg("%s: %s", rule, err.msg);
}

static void test_a_rule_is_refused_for_each_of_its_fields(void **state)
{
    (void)state;
    rule_is("8187617201008308006343656c00f601", NULL);
    rule_is("8187617213008308006343656c00f601", "a property that is not in the table");
    rule_is("8187617201048308006343656c00f601", "something else was expected");
    rule_is("81876172010083080063255248"
            "00f601",
            "not in the unit");
    rule_is("81876172010083080a6343656c00f601", "something else was expected");
    rule_is("818761720100"
            "00"
            "00f601",
            "a term that is not declared");
    rule_is("8187617201008308006343656c0100"
            "01",
            "a term that is not declared");
    rule_is("8187617201008308006343656c0183"
            "0a006173"
            "01",
            NULL);
    rule_is("8187617201008308006343656c0183"
            "00006173"
            "01",
            "a duration that is not whole");
    rule_is("8187617201008308006343656c0183"
            "20006173"
            "01",
            "a duration that is not whole");
    rule_is("8187617201008308006343656c0183"
            "01236173"
            "01",
            "a duration that is not whole");
    rule_is("8187617201008308006343656c0183"
            "01086173"
            "01",
            NULL);
    rule_is("8187617201008308006343656c0183"
            "04086173"
            "01",
            "a duration that is not whole");
    rule_is("8187617201008308006343656c01f601", "something else was expected");
    rule_is("8187617201008308006343656c03f601", "something else was expected");
    rule_is("8187617201008308006343656c00f600", "a rule without a severity");
    rule_is("8187617201008308006343656c00f605", "something else was expected");
    rule_is("8287617201008308006343656c00f60187617201008308006343656c00f601",
            "two rules of one name");
}

/* Of the sections that came after the first ten. */
static const struct {
    const char *hex, *why;
} hostile_sections[] = {
    { "a3000101616104818361726003", NULL },
    { "a3000101616104818361726001", "a role for a kind of key that holds none" },
    { "a3000101616106818361746161"
      "8100",
      "a usual value that is not of its term's kind" },
    { "a30001016161068183617408"
      "8101",
      "a kind that the usual value says already" },
    { "a30001016161068183617408"
      "83010108",
      NULL },
    { "a30001016161068183617408"
      "83010907",
      "a range that ends before it begins" },
    { "a3000101616106818361"
      "74f68106",
      NULL },
    { "a3000101616106818361"
      "74f6820600",
      "a kind that speaks of a role that is not declared" },
    { "a3000101616106818361"
      "74f68105",
      "a quantity without a unit or a choice" },
    { "a3000101616106818361"
      "74f6820582616161"
      "61",
      "a choice that is given twice" },
    { "a3000101616106818361"
      "74f6810a",
      "a list without what it is of" },
    { "a3000101616106818361"
      "74f6820a8100",
      NULL },
    { "a300010161610a8183617300"
      "00",
      NULL },
    { "a300010161610a81836173186500", "something else was expected" },
    { "a300010161610a828361730000836173"
      "0000",
      "two states of one name" },
    { "a300010161610b81836166"
      "8101f6",
      "a workflow without states" },
    { "a400010161610a81836173000011f4", "one state for all is said by leaving it out" },
    { "a400010161610a81836173000011f5", NULL },
    { "a400010161610a8183617300000f8400000000", "nobody is said by leaving it out" },
    { "a400010161610a8183617300000f8401000000", "callers that are not declared" },
    { "a400010161610a8183617300000c8186616784000000000080838080f680", NULL },
    { "a400010161610a8183617300000c8186616784000000000280838080f680",
      "an action in states that are not declared" },
    { "a400010161610a8183617300000c818661678400000000028083808001"
      "80",
      "an action in states that are not declared" },
    { "a400010161610a8183617300000c818661678400000000018083808001"
      "80",
      "a next state that is not declared" },
    { "a400010161610a8183617300000c81866861646420"
      "6261636b8400000000018083808000"
      "80",
      "an action of a name that every contract has already" },
    { "a400010161610a8183617300000c818661678400000000018083808184000000"
      "8100f680",
      "something else was expected" },
    { "a400010161610a8183617300000c8186616784000000000180838081840000f6"
      "820000f680",
      "a property that is not declared" },
    { "a400010161610a8183617300000c818661678400000000018083808184010061"
      "61f6f680",
      "a term that should be one of kind contract" },
    { "a400010161610a8183617300000d8186617203000183808000"
      "80",
      NULL },
    { "a400010161610a8183617300000d81866172030101838080f680",
      "a reaction to something that is not declared" },
    { "a400010161610a8183617300000d81866172030001838080f680", NULL },
    { "a30001016161101820", "something else was expected" },
    { "a300010161611000", "an opener not declared" },
    { "a30001016161128180", NULL },
    { "a3000101616112818100", "a constant of no kind" },
    { "a3000101616112"
      "80",
      "a list that is empty or too long" },
    { "a300010161611600", "a term that is not declared" },
    { "a3000101616116830a01646b6d2f68", NULL },
    { "a3000101616116830000646b6d2f68", "a speed that is no whole number" },
    { "a3000101616116830100636d2f73", "a number that is not in the unit" },
    { "a300010161611700", "something else was expected" },
};

static void test_hostile_sections_are_refused(void **state)
{
    (void)state;
    static struct contract_definition def;
    for (size_t i = 0; i < sizeof hostile_sections / sizeof hostile_sections[0]; i++) {
        uint8_t bytes[200];
        struct err err = { 0 };
        bool good = definition_decode(unhex(hostile_sections[i].hex, bytes), &def, &err);
        if (good != (hostile_sections[i].why == NULL) ||
            (!good && hostile_sections[i].why != NULL &&
             strstr(err.msg, hostile_sections[i].why) == NULL))
            fail_msg("%s: %s", hostile_sections[i].hex, err.msg);
    }
}

/* What changes one bit of a contract is refused, or is another contract and not the same in disguise. */
static void flip_all(struct slice bytes)
{
    static struct contract_definition def;
    static uint8_t changed[DEFINITION_MAX_BYTES];
    static uint8_t again[DEFINITION_MAX_BYTES];
    memcpy(changed, bytes.data, bytes.len);
    for (size_t i = 0; i < bytes.len; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            changed[i] ^= (uint8_t)(1u << bit);
            struct slice in = slice_of(changed, bytes.len);
            struct buf out = buf_fixed(again, sizeof again);
            if (definition_decode(in, &def, NULL)) {
                definition_encode(&def, &out);
                assert_true(slice_equal(buf_slice(&out), in));
            }
            changed[i] = bytes.data[i];
        }
}

static void test_no_flipped_byte_decodes_to_other_bytes(void **state)
{
    (void)state;
    static struct support_contract c;
    support_contract_make(small, &c);
    flip_all(slice_of(c.bytes, c.len));
    static const char *const files[] = { "vaccine-2-8", "refrigerated-transportation",
                                         "cargo-insurance" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[80];
        struct yaml_tree tree = { 0 };
        struct err err = { 0 };
        struct buf out = buf_heap(DEFINITION_MAX_BYTES);
        (void)snprintf(path, sizeof path, "contracts/library/%s.yaml", files[i]);
        if (!yaml_load(path, &tree, &err) || !compile_contract(&tree, &out, &err))
            fail_msg("%s", err.msg);
        flip_all(buf_slice(&out));
        yaml_free(&tree);
        buf_free(&out);
    }
}

/* ------------------------------------------------------------------ terms and parties */

static void binds(const char *hex, const char *message)
{
    static struct support_contract c;
    uint8_t bytes[200];
    struct contract_terms terms;
    struct err err = { 0 };
    support_contract_make(small, &c);
    bool good = terms_bind(&c.def, unhex(hex, bytes), &terms, &err);
    if (message == NULL && !good)
        fail_msg("%s", err.msg);
    assert_int_equal(good, message == NULL);
    if (message != NULL)
        assert_string_equal(err.msg, message);
}

static void test_terms_of_an_opening(void **state)
{
    (void)state;
    static struct support_contract c;
    uint8_t bytes[100];
    struct contract_terms terms;
    struct err err = { 0 };
    support_contract_make(small, &c);
    assert_int_equal(c.terms.limits[0].bound, 8);
    assert_int_equal(c.terms.limits[0].duration_ms, 600000);
    assert_int_equal(c.terms.lateness_ms, DEFINITION_LATENESS_MS);
    /* warmest: 9.5 °C, patience left as usual */
    struct slice map = unhex("a1677761726d65737483185f206343656c", bytes);
    assert_true(terms_bind(&c.def, map, &terms, &err));
    assert_int_equal(terms.limits[0].bound, 95);
    assert_int_equal(terms.limits[0].exponent, -1);
    assert_int_equal(terms.limits[0].duration_ms, 600000);
    assert_int_equal(terms.values[2].number, 4);
    binds("a0", NULL);
    binds("a16463"
          "6f6c6400",
          "the contract has no term \"cold\"");
    binds("a1677761726d65737408", "term \"warmest\": expected a quantity, found a whole number");
    binds("a1677761726d657374830800"
          "6173",
          "term \"warmest\": expected a quantity in \"Cel\", found \"s\"");
    binds("a1677761726d65737483080a6343656c", "term \"warmest\": not a value the contract can use");
    binds("a1677761726d65737481"
          "08",
          "term \"warmest\": not a value the contract can use");
    binds(
        "a16870617469656e63658320006173",
        "term \"patience\": expected a duration in whole milliseconds, above zero and at most ten "
        "years");
    binds("a167667261"
          "67696c65f4",
          NULL);
    binds("a16766726167696c6500", "term \"fragile\": expected yes or no, found a whole number");
    binds("a1646e6f746560", NULL);
    binds("80", "terms: expected a map of names and values");
    binds("a10000", "terms: expected a map of names and values");
    binds("a1", "terms: byte 0: more elements than bytes left");
}

static void test_parties_of_an_opening(void **state)
{
    (void)state;
    static struct support_contract c;
    uint8_t bytes[100];
    struct err err = { 0 };
    support_contract_make(small, &c);
    assert_true(
        terms_check_parties(&c.def, unhex("a16673656e646572480000000000000001", bytes), &err));
    assert_false(terms_check_parties(&c.def, unhex("a0", bytes), &err));
    assert_string_equal(err.msg, "party \"sender\" is not named");
    assert_false(terms_check_parties(&c.def, unhex("a16473656e64480000000000000001", bytes), &err));
    assert_string_equal(err.msg, "the contract has no party \"send\"");
    assert_false(
        terms_check_parties(&c.def, unhex("a16673656e6465724700000000000001", bytes), &err));
    assert_string_equal(err.msg, "parties: expected a map of names and keys");
}

static void test_properties_by_name_and_number(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 18; id++) {
        const struct property *p = property_by_id(id);
        assert_int_equal(p->id, id);
        assert_ptr_equal(property_by_name(slice_text(p->name)), p);
    }
    assert_null(property_by_id(0));
    assert_null(property_by_id(19));
    assert_null(property_by_id(UINT64_MAX));
    assert_null(property_by_name(slice_text("temp")));
    assert_int_equal(property_by_name(slice_text("relative humidity"))->id, PROPERTY_HUMIDITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_smallest_definition),
        cmocka_unit_test(test_everything_survives_its_bytes),
        cmocka_unit_test(test_the_library_compiles),
        cmocka_unit_test(test_hostile_bytes_are_refused),
        cmocka_unit_test(test_a_rule_is_refused_for_each_of_its_fields),
        cmocka_unit_test(test_hostile_sections_are_refused),
        cmocka_unit_test(test_no_flipped_byte_decodes_to_other_bytes),
        cmocka_unit_test(test_terms_of_an_opening),
        cmocka_unit_test(test_parties_of_an_opening),
        cmocka_unit_test(test_properties_by_name_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
