/* What people type about contracts: values by their kinds, people, pairs, long lists of goods. */
#include "common/hex.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOODS "01/09506000134352/21/"

static struct cmd_home *home_of_one(void)
{
    struct cmd_home *home = calloc(1, sizeof *home);
    assert_non_null(home);
    assert_true(clock_parse("2026-06-01T10:00:00Z@1", &home->clock, NULL));
    (void)snprintf(home->dir, sizeof home->dir, "/nowhere");
    home->member_count = 1;
    (void)snprintf(home->members[0].name, sizeof home->members[0].name, "Farm A");
    memset(home->members[0].kid.bytes, 0xaa, KID_SIZE);
    return home;
}

/* The bytes in hex, or the complaint. */
static const char *typed_as(struct value_kind kind, const char *text, bool null_allowed)
{
    static char answer[1024];
    static const uint8_t parties[] = { 0xa1, 0x63, 'c',  'a',  'r',  0x48, 0xbb,
                                       0xbb, 0xbb, 0xbb, 0xbb, 0xbb, 0xbb, 0xbb };
    struct err err = { .msg = "" };
    uint8_t memory[256];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct open open = { .parties = slice_of(parties, sizeof parties) };
    struct cmd_home *home = home_of_one();
    struct contract_naming naming = { home, &open };
    if (cmd_contract_put_value(&naming, &kind, text, null_allowed, &out, &err))
        hex_encode(buf_slice(&out), answer);
    else
        (void)snprintf(answer, sizeof answer, "%s", err.msg);
    free(home);
    return answer;
}

static struct value_kind kind_of(enum contract_type type, const char *unit)
{
    struct value_kind kind = VALUE_KIND_NONE;
    kind.type = type;
    kind.unit = slice_text(unit);
    return kind;
}

static void assert_complains(const char *said, const char *part)
{
    if (strstr(said, part) == NULL)
        fail_msg("expected \"%s\", found \"%s\"", part, said);
}

/* ------------------------------------------------------------------ cases */

static void values_are_read_by_their_kind(void **state)
{
    (void)state;
    assert_string_equal(typed_as(kind_of(CONTRACT_BOOL, ""), "yes", false), "f5");
    assert_string_equal(typed_as(kind_of(CONTRACT_BOOL, ""), "false", false), "f4");
    assert_complains(typed_as(kind_of(CONTRACT_BOOL, ""), "1", false), "expected yes or no");
    assert_string_equal(typed_as(kind_of(CONTRACT_INT, ""), "-7", false), "26");
    assert_complains(typed_as(kind_of(CONTRACT_INT, ""), "7 kg", false), "a whole number");
    assert_complains(typed_as(kind_of(CONTRACT_INT, ""), "", false), "a whole number");
    assert_string_equal(typed_as(kind_of(CONTRACT_TEXT, ""), "7", false), "6137");
    assert_complains(typed_as(kind_of(CONTRACT_TEXT, ""), "a\x1b[2J", false), "control");
    assert_string_equal(typed_as(kind_of(CONTRACT_TIME, ""), "1970-01-01T00:00:01Z", false),
                        "1903e8");
    assert_complains(typed_as(kind_of(CONTRACT_TIME, ""), "tomorrow", false), "an instant");
    assert_complains(typed_as(kind_of(CONTRACT_HASH, ""), "abc", false), "64 hex");
}

static void quantities_have_their_unit(void **state)
{
    (void)state;
    struct value_kind warm = kind_of(CONTRACT_QUANTITY, "Cel");
    struct value_kind money = kind_of(CONTRACT_QUANTITY, "EUR");
    assert_string_equal(typed_as(warm, "8.5 °C", false), "8318552063"
                                                         "43656c");
    assert_string_equal(typed_as(warm, "46.4 °F", false), "830800"
                                                          "6343656c");
    assert_complains(typed_as(warm, "8", false), "Cel");
    assert_complains(typed_as(warm, "8 %RH", false), "Cel");
    assert_string_equal(typed_as(money, "EUR 12.50", false), "83187d2063455552");
    assert_string_equal(typed_as(money, "12.50 EUR", false), "83187d2063455552");
    assert_complains(typed_as(money, "USD 1", false), "EUR");
    assert_string_equal(typed_as(kind_of(CONTRACT_QUANTITY, "s"), "2 min", false), "831878006173");
}

static void people_are_known_by_several_names(void **state)
{
    (void)state;
    struct value_kind party = kind_of(CONTRACT_PARTY, "");
    assert_string_equal(typed_as(party, "farm a", false), "48aaaaaaaaaaaaaaaa");
    assert_string_equal(typed_as(party, "car", false), "48bbbbbbbbbbbbbbbb");
    assert_string_equal(typed_as(party, "0123456789abcdef", false), "480123456789abcdef");
    assert_complains(typed_as(party, "Nobody", false), "a party of the contract");
    assert_complains(typed_as(party, "nobody", false), "expected a member");
    assert_string_equal(typed_as(party, "nobody", true), "f6");
    assert_string_equal(typed_as(kind_of(CONTRACT_INT, ""), "nothing", true), "f6");
    assert_string_equal(typed_as(kind_of(CONTRACT_TEXT, ""), "nothing", true), "676e6f7468696e67");
}

static void lists_are_separated_by_commas(void **state)
{
    (void)state;
    struct value_kind list = kind_of(CONTRACT_LIST, "");
    list.scalar = CONTRACT_INT;
    assert_string_equal(typed_as(list, "1, 2,3", false), "83010203");
    assert_string_equal(typed_as(list, "", false), "80");
    assert_complains(typed_as(list, "1,,2", false), "a whole number");
    list.scalar = CONTRACT_TEXT;
    assert_string_equal(typed_as(list, "a, b", false), "8261616162");
    list.scalar = CONTRACT_PARTY;
    assert_complains(typed_as(list, "Farm A", false), "cannot be said");
}

static void pairs_are_in_the_order_of_the_wire(void **state)
{
    (void)state;
    struct contract_pairs p = { .count = 0 };
    struct err err = { .msg = "" };
    assert_true(cmd_contract_take_pair("--term", "bb=1", &p, &err));
    assert_true(cmd_contract_take_pair("--term", "c=x=y", &p, &err));
    assert_true(cmd_contract_take_pair("--term", "aa=", &p, &err));
    assert_false(cmd_contract_take_pair("--term", "=1", &p, &err));
    assert_string_equal(err.msg, "--term: expected NAME=VALUE, found \"=1\"");
    assert_true(cmd_contract_sort_pairs("--term", &p, &err));
    assert_string_equal(p.at[0].value, "x=y");
    assert_string_equal(p.at[1].value, "");
    assert_string_equal(p.at[2].value, "1");
    assert_true(cmd_contract_take_pair("--term", "bb=2", &p, &err));
    assert_false(cmd_contract_sort_pairs("--term", &p, &err));
    assert_string_equal(err.msg, "--term: \"bb\" is given twice");
}

/* Ten thousand typed names share their beginning: the set says it once. */
static void many_goods_make_a_short_set(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static char names[COUNT][40];
    const char *typed[COUNT];
    struct asset_set set = { .count = 0 };
    struct err err = { .msg = "" };
    struct buf memory = buf_heap(CMD_ASSETS_MAX);
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], GOODS "X%zu", COUNT - 1 - i);
        typed[i] = names[i];
    }
    if (!cmd_names_list(typed, COUNT, &memory, &set, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(set.count, COUNT);
    assert_true(set.raw.len < (size_t)COUNT * 5);
    struct asset_iter it = asset_set_begin(&set);
    assert_true(asset_set_next(&it));
    assert_string_equal(it.name, GOODS "X0");
    assert_true(asset_set_next(&it));
    assert_string_equal(it.name, GOODS "X1");
    assert_true(asset_set_next(&it));
    assert_string_equal(it.name, GOODS "X10");
    typed[1] = typed[0];
    buf_clear(&memory);
    assert_false(cmd_names_list(typed, COUNT, &memory, &set, &err));
    buf_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_by_their_kind),
        cmocka_unit_test(quantities_have_their_unit),
        cmocka_unit_test(people_are_known_by_several_names),
        cmocka_unit_test(lists_are_separated_by_commas),
        cmocka_unit_test(pairs_are_in_the_order_of_the_wire),
        cmocka_unit_test(many_goods_make_a_short_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
