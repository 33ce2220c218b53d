/* What a contract says and asks of goods: how fast they travel, certificates, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contracts/expr.h"
#include "contracts/lint.h"
#include "tests/unit/support_contract.h"

static struct support_contract c;

static void decode_again(void)
{
    uint8_t bytes[DEFINITION_MAX_BYTES];
    struct buf again = buf_fixed(bytes, sizeof bytes);
    definition_encode(&c.def, &again);
    assert_true(slice_equal(buf_slice(&again), slice_of(c.bytes, c.len)));
}

/* ------------------------------------------------------------------ fastest travel */

static void test_a_speed_is_known_to_the_terms(void **state)
{
    (void)state;
    support_contract_make("contract: t\nfastest travel: 900 km/h\n", &c);
    assert_true(c.def.has_fastest);
    assert_int_equal(c.terms.fastest_kmh, 900);
    decode_again();
    support_contract_make("contract: t\nterms: { road: 90 km/h }\nfastest travel: road\n", &c);
    assert_int_equal(c.terms.fastest_kmh, 90);
    decode_again();
    support_contract_make("contract: t\n", &c);
    assert_false(c.def.has_fastest);
    assert_int_equal(c.terms.fastest_kmh, 0);
    support_contract_make("contract: t\nfastest travel: 1 km/h\n", &c);
    assert_int_equal(c.terms.fastest_kmh, 1);
    support_contract_make("contract: t\nfastest travel: 100000 km/h\n", &c);
    assert_int_equal(c.terms.fastest_kmh, 100000);
}

static void test_what_is_no_speed_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "0 km/h", "100001 km/h", "-5 km/h", "12.5 km/h" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = { 0 };
        char yaml[80] = "contract: t\nfastest travel: ";
        strcat(yaml, bad[i]);
        support_contract_error(yaml, &err);
        assert_non_null(strstr(err.msg, "c.yaml:2: fastest travel: expected a whole number of "
                                        "km/h from 1 to 100000"));
    }
    support_contract_refused("contract: t\nfastest travel: 30 m/s\n",
                             "c.yaml:2: fastest travel: expected a value such as \"900 km/h\" or "
                             "a term of that kind, found \"30 m/s\"");
    support_contract_refused("contract: t\nfastest travel: [1]\n",
                             "c.yaml:2: fastest travel: expected a whole number of km/h from 1 to "
                             "100000");
    support_contract_refused("contract: t\nterms: { road: 0 km/h }\nfastest travel: road\n",
                             "c.yaml:3: fastest travel: expected a whole number of km/h from 1 to "
                             "100000, found \"road\"");
}

static void test_an_opening_may_say_the_speed(void **state)
{
    (void)state;
    struct err err = { 0 };
    uint8_t memory[40];
    support_contract_make("contract: t\nterms: { road: 90 km/h }\nfastest travel: road\n", &c);
    for (int64_t kmh = 0; kmh <= 120; kmh += 120) {
        struct buf map = buf_fixed(memory, sizeof memory);
        cbor_put_map(&map, 1);
        cbor_put_text(&map, slice_text("road"));
        cbor_put_array(&map, 3);
        cbor_put_int(&map, kmh);
        cbor_put_int(&map, 0);
        cbor_put_text(&map, slice_text("km/h"));
        assert_int_equal(terms_bind(&c.def, buf_slice(&map), &c.terms, &err), kmh == 120);
    }
    assert_string_equal(err.msg, "term \"road\": expected a whole number of km/h from 1 to 100000");
    assert_int_equal(c.terms.fastest_kmh, 120);
}

static void test_a_term_for_the_speed_is_used(void **state)
{
    (void)state;
    static struct lint lint;
    support_contract_make("contract: t\nterms: { road: 90 km/h }\nfastest travel: road\n", &c);
    lint_contract(&c.def, &lint);
    assert_int_equal(lint.count, 0);
    support_contract_make("contract: t\nterms: { road: 90 km/h }\nfastest travel: 90 km/h\n", &c);
    lint_contract(&c.def, &lint);
    assert_int_equal(lint.count, 1);
}

/* A definition of other bytes is refused, never guessed at. */
static void test_other_speeds_in_bytes_are_refused(void **state)
{
    (void)state;
    static struct contract_definition def;
    static const char *const values[] = {
        "\x83\x00\x00\x64km/h", "\x83\x01\x00\x63m/s", "\x83\x0f\x20\x64km/h", "\x00", "\xf6",
        "\x83\x01\x00\x64km/h"
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint8_t memory[40];
        struct err err = { 0 };
        struct buf b = buf_fixed(memory, sizeof memory);
        cbor_put_map(&b, 3);
        cbor_put_uint(&b, 0);
        cbor_put_uint(&b, 1);
        cbor_put_uint(&b, 1);
        cbor_put_text(&b, slice_text("t"));
        cbor_put_uint(&b, 22);
        size_t len = i < 3 ? strlen(values[i] + 3) + 3 : i < 5 ? 1 : 8;
        buf_add(&b, values[i], len);
        assert_int_equal(definition_decode(buf_slice(&b), &def, &err), i == 5);
    }
}

/* ------------------------------------------------------------------ certificates */

#define FLOW                                                                                \
    "contract: t\nroles: { farm: x, shop: x }\nparties: { farmer: farm, buyer: shop }\n"    \
    "states: { open: , done: { ends: success } }\nactions:\n  buy: { by: buyer, in: open, " \
    "to: done, when: '"

static struct contract_code guard_of(const char *condition)
{
    char yaml[600] = FLOW;
    strcat(yaml, condition);
    strcat(yaml, "' }\n");
    support_contract_make(yaml, &c);
    decode_again();
    return c.def.guards[0].code;
}

static void is_code(const char *condition, const int32_t *words, size_t count)
{
    struct contract_code code = guard_of(condition);
    assert_int_equal(code.len, count);
    assert_memory_equal(c.def.code + code.at, words, count * sizeof words[0]);
}
#define IS_CODE(condition, ...)                          \
    is_code(condition, (const int32_t[]){ __VA_ARGS__ }, \
            sizeof((const int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t))

static void test_certificates_are_asked_for(void **state)
{
    (void)state;
    IS_CODE("certificate \"organic\" of farmer", EXPR_PARTY, 0, EXPR_CERTIFIED, 0);
    assert_true(slice_equal(c.def.constants[0].text, slice_text("organic")));
    IS_CODE("certificate \"organic\" of goods", EXPR_GOODS_CERTIFIED, 0);
    IS_CODE("certificate   \"fair trade\"  of  custodian", EXPR_FACT, EXPR_CUSTODIAN,
            EXPR_CERTIFIED, 0);
    IS_CODE("certificate \"a\" of farmer by buyer", EXPR_PARTY, 0, EXPR_PARTY, 1, EXPR_CERTIFIED_BY,
            0);
    IS_CODE("certificate \"a\" of goods by buyer and yes", EXPR_PARTY, 1, EXPR_GOODS_CERTIFIED_BY,
            0, EXPR_CONSTANT, 1, EXPR_AND);
    IS_CODE("not certificate \"a\" of caller and certificate \"a\" of goods", EXPR_FACT,
            EXPR_CALLER, EXPR_CERTIFIED, 0, EXPR_NOT, EXPR_GOODS_CERTIFIED, 0, EXPR_AND);
    IS_CODE("certificate \"a\" of owner or certificate \"b\" of (if yes then farmer else buyer)",
            EXPR_FACT, EXPR_OWNER, EXPR_CERTIFIED, 0, EXPR_CONSTANT, 2, EXPR_PARTY, 0, EXPR_PARTY,
            1, EXPR_IF, EXPR_CERTIFIED, 1, EXPR_OR);
}

static void refused(const char *condition, const char *part)
{
    struct err err = { 0 };
    char yaml[1000] = FLOW;
    strcat(yaml, condition);
    strcat(yaml, "' }\n");
    support_contract_error(yaml, &err);
    if (strstr(err.msg, part) == NULL)
        fail_msg("%s", err.msg);
}

static void test_certificates_of_nothing_are_refused(void **state)
{
    (void)state;
    char longest[240] = "certificate \"";
    memset(longest + 13, 'x', 201);
    strcpy(longest + 214, "\" of goods");
    refused("certificate of goods", "expected a certificate's name in quotation marks");
    refused("certificate \"\" of goods", "a certificate's name has 1 to 200 bytes");
    refused(longest, "a certificate's name has 1 to 200 bytes");
    refused("certificate \"organic\"", "expected \"of\" and whose certificate it is");
    refused("certificate \"organic\" from goods", "expected \"of\" and whose certificate it is");
    refused("certificate \"organic\" of", "expected a value, found the end");
    refused("certificate \"organic\" of 5", "\"certificate\" does not go with a whole number");
    refused("certificate \"organic\" of goods by", "expected a value, found the end");
    refused("certificate \"organic\" of goods by goods", "expected a value or a name");
    refused("certificate \"organic\" of farmr by buyer", "did you mean \"farmer\"?");
    refused("certificate \"organic\" of farmer by \"office\"",
            "does not go with a party and a text");
    refused("certificate \"organic\" of farmr", "did you mean \"farmer\"?");
    refused("certificate \"organic of goods", "expected a quotation mark at the end of the text");
    refused("certificate \"organic\" of from", "only a reaction to a handover has one");
}

/* Who calls a property so may go on to. */
static void test_names_that_are_declared_come_first(void **state)
{
    (void)state;
    support_contract_make("contract: t\nroles: { farm: x }\nparties: { goods: farm }\n"
                          "states: { open: , done: { ends: success } }\nactions:\n"
                          "  buy: { by: goods, in: open, to: done, when: 'certificate \"a\" of "
                          "goods' }\n",
                          &c);
    assert_int_equal(c.def.code[0], EXPR_PARTY);
    assert_int_equal(c.def.code[2], EXPR_CERTIFIED);
    support_contract_make("contract: t\nroles: { farm: x }\nparties: { farmer: farm }\n"
                          "properties: { certificate: yes or no }\n"
                          "states: { open: , done: { ends: success } }\nactions:\n"
                          "  buy: { by: farmer, in: open, to: done, when: 'certificate' }\n",
                          &c);
    assert_int_equal(c.def.code[0], EXPR_FIELD);
}

/* ------------------------------------------------------------------ what becomes of goods */

#define HEARING                                                                              \
    "contract: t\nroles: { farm: x }\nparties: { farmer: farm }\nstates: { open: , done: { " \
    "ends: success } }\nreactions:\n  it: { to: done, on: { "

static void hear(const char *on)
{
    char yaml[400];
    (void)snprintf(yaml, sizeof yaml, HEARING "%s } }\n", on);
    support_contract_make(yaml, &c);
    decode_again();
}

static void unheard(const char *on, const char *why)
{
    char yaml[400], message[400];
    (void)snprintf(yaml, sizeof yaml, HEARING "%s } }\n", on);
    (void)snprintf(message, sizeof message, "c.yaml:6: reactions.it.on: %s", why);
    support_contract_refused(yaml, message);
}

/* The numbers are those of the bytes (docs/contracts.md): they stay. */
static void test_what_happens_to_goods_is_heard(void **state)
{
    (void)state;
    static const struct {
        const char *on;
        unsigned trigger, detail;
    } known[] = {
        { "disposition: any", 8, 0 },
        { "disposition: quarantined", 8, 1 },
        { "disposition: released", 8, 2 },
        { "disposition: rejected", 8, 3 },
        { "disposition: returned", 8, 4 },
        { "disposition: recalled", 8, 5 },
        { "disposition: recall ended", 8, 6 },
        { "disposition: decommissioned", 8, 7 },
        { "disposition: dispensed", 8, 8 },
        { "disposition: destroyed", 8, 9 },
        { "finding: any", 9, 0 },
        { "finding: after end", 9, 2 },
        { "finding: impossible travel", 9, 4 },
        { "finding: two custodians", 9, 5 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        hear(known[i].on);
        assert_int_equal(c.def.reactions[0].trigger, known[i].trigger);
        assert_int_equal(c.def.reactions[0].detail, known[i].detail);
    }
}

static void test_what_can_not_be_heard_is_refused(void **state)
{
    (void)state;
    static const char no_contract[] = "goods that this is found of have no contract yet, found ";
    char why[200];
    unheard("disposition: dispnsed",
            "expected quarantined, released, rejected, returned, recalled, recall ended, "
            "decommissioned, dispensed, destroyed or any, found \"dispnsed\"; did you mean "
            "\"dispensed\"?");
    unheard("finding: two owners", "expected after end, impossible travel, two custodians or any, "
                                   "found \"two owners\"");
    (void)snprintf(why, sizeof why, "%s\"never commissioned\"", no_contract);
    unheard("finding: never commissioned", why);
    (void)snprintf(why, sizeof why, "%s\"more than made\"", no_contract);
    unheard("finding: more than made", why);
}

/* Neither names what a scan or a handover does. */
static void test_they_know_no_place_and_no_sides(void **state)
{
    (void)state;
    struct err err = { 0 };
    support_contract_error(HEARING "disposition: any }, when: place = \"x\" }\n", &err);
    assert_non_null(strstr(err.msg, "only a reaction to a scan has one"));
    support_contract_error(HEARING "finding: any }, when: to = farmer }\n", &err);
    assert_non_null(strstr(err.msg, "only a reaction to a handover has one"));
}

/* Of all numbers a detail can have in the bytes only those above are taken. */
static void test_other_details_in_bytes_are_refused(void **state)
{
    (void)state;
    static struct contract_definition def;
    static const char reaction[] = "\x86\x62it"; /* six items: its name, then the trigger */
    for (unsigned trigger = 8; trigger <= 10; trigger++)
        for (unsigned detail = 0; detail < 24; detail++) {
            struct err err = { 0 };
            hear("disposition: any");
            uint8_t *at = memmem(c.bytes, c.len, reaction, 4);
            assert_non_null(at);
            at[4] = (uint8_t)trigger;
            at[5] = (uint8_t)detail;
            bool good = trigger == 8 ? detail <= 9
                                     : trigger == 9 && (detail == 0 || detail == 2 || detail == 4 ||
                                                        detail == 5);
            assert_int_equal(definition_decode(slice_of(c.bytes, c.len), &def, &err), good);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_speed_is_known_to_the_terms),
        cmocka_unit_test(test_what_is_no_speed_is_refused),
        cmocka_unit_test(test_an_opening_may_say_the_speed),
        cmocka_unit_test(test_a_term_for_the_speed_is_used),
        cmocka_unit_test(test_other_speeds_in_bytes_are_refused),
        cmocka_unit_test(test_certificates_are_asked_for),
        cmocka_unit_test(test_certificates_of_nothing_are_refused),
        cmocka_unit_test(test_names_that_are_declared_come_first),
        cmocka_unit_test(test_what_happens_to_goods_is_heard),
        cmocka_unit_test(test_what_can_not_be_heard_is_refused),
        cmocka_unit_test(test_they_know_no_place_and_no_sides),
        cmocka_unit_test(test_other_details_in_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
