/* Names, check digits and Digital Links of GS1 (common/gs1, common/gs1_link). */
#include "common/gs1.h"
#include "common/gs1_link.h"
#include "common/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t ledger_id[GS1_LINK_LEDGER] = { 0x7f, 0x3a, 0, 1, 2,  3,  4,  5,
                                                    6,    7,    8, 9, 10, 11, 12, 0xff };
#define LEDGER_HEX "7f3a000102030405060708090a0b0cff"

static struct gs1_name name_of(const char *text)
{
    struct gs1_name name;
    struct err err = { 0 };
    if (!gs1_parse_name(slice_text(text), &name, &err))
        fail_msg("%s: %s", text, err.msg);
    return name;
}

static void check_digits_follow_the_standard(void **state)
{
    (void)state;
    /* GTIN-14, GTIN-13, GTIN-8, SSCC and GLN, each with its last digit taken off. */
    static const struct {
        const char *digits;
        char check;
    } rows[] = {
        { "0950600013435", '2' },     { "629104150021", '3' }, { "0401234567890", '1' },
        { "401234500000", '9' },      { "9638507", '4' },      { "10614141123456789", '7' },
        { "00000000000000000", '0' },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(gs1_check_digit(slice_text(rows[i].digits)), rows[i].check);
}

static void each_kind_of_name_round_trips(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *human;
        enum gs1_kind kind;
    } rows[] = {
        { "01/04012345678901/21/000001", "(01)04012345678901(21)000001", GS1_UNIT },
        { "01/09506000134352/10/L-7/b", "(01)09506000134352(10)L-7/b", GS1_LOT },
        { "01/09506000134352/21/a(10)b", "(01)09506000134352(21)a\\(10)b", GS1_UNIT },
        { "00/106141411234567897", "(00)106141411234567897", GS1_LOGISTIC },
        { "414/4012345000009", "(414)4012345000009", GS1_PLACE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gs1_name name = name_of(rows[i].text);
        char text[GS1_NAME_MAX + 1];
        char human[GS1_HUMAN_MAX + 1];
        assert_int_equal(name.kind, rows[i].kind);
        gs1_format_name(&name, text);
        assert_string_equal(text, rows[i].text);
        gs1_format_human(&name, human);
        assert_string_equal(human, rows[i].human);
        struct gs1_link link;
        struct err err = { 0 };
        assert_true(gs1_link_parse(slice_text(human), &link, &err));
        gs1_format_name(&link.name, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void malformed_names_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "01",
        "01/",
        "01/09506000134352",
        "01/09506000134352/",
        "01/09506000134352/21",
        "01/09506000134352/21/",
        "01/0950600013435/21/A",
        "01/095060001343522/21/A",
        "01/0950600013435x/21/A",
        "01/09506000134352/22/A",
        "01/09506000134352/21/123456789012345678901",
        "01/09506000134352/21/a b",
        "01/09506000134352/21/a#b",
        "01/09506000134352/21/\xc3\xa9",
        "01/09506000134352/21/a\nb",
        "00/10614141123456789",
        "00/1061414112345678977",
        "414/401234500000",
        "415/4012345000009",
        "(01)09506000134352(21)A",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gs1_name name;
        struct err err = { 0 };
        if (gs1_parse_name(slice_text(rows[i]), &name, &err))
            fail_msg("accepted: %s", rows[i]);
        assert_int_equal(err.code, ERR_INPUT);
        assert_null(strchr(err.msg, '\n'));
    }
    struct gs1_name name;
    assert_false(gs1_parse_name(slice_of("01/09506000134352/21/A\0B", 24), &name, NULL));
    assert_false(gs1_parse_asset(slice_text("414/4012345000009"), &name, NULL));
    assert_true(gs1_parse_asset(slice_text("00/106141411234567897"), &name, NULL));
}

static void a_wrong_check_digit_has_the_form_and_is_told_the_right_one(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct gs1_name name = name_of("01/09506000134353/21/A");
    assert_false(gs1_check_name(&name, &err));
    assert_string_equal(err.msg, "GTIN 09506000134353: the check digit should be 2, found 3");
    name = name_of("01/09506000134352/21/A");
    assert_true(gs1_check_name(&name, &err));
    name = name_of("00/106141411234567890");
    assert_false(gs1_check_name(&name, &err));
    assert_true(gs1_check_key("414", slice_text("4012345000009"), &err));
    assert_false(gs1_check_key("414", slice_text("4012345000008"), &err));
    assert_false(gs1_check_key("01", slice_text("9506000134352"), &err));
}

static void links_are_built_and_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *asset;
        const char *uri;
    } rows[] = {
        { "id.example.org", "01/09506000134352/21/DEMO1",
          "https://id.example.org/01/09506000134352/21/DEMO1" },
        { "http://localhost:8600/", "01/09506000134352/10/A/B",
          "http://localhost:8600/01/09506000134352/10/A%2FB" },
        { "https://shop.example/x/y", "01/09506000134352/21/!\"%&'()*+,;:?=",
          "https://shop.example/x/y/01/09506000134352/21/"
          "%21%22%25%26%27%28%29%2A%2B%2C%3B%3A%3F%3D" },
        { "id.example.org", "00/106141411234567897",
          "https://id.example.org/00/106141411234567897" },
        { "id.example.org", "414/4012345000009", "https://id.example.org/414/4012345000009" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gs1_link link = { .name = name_of(rows[i].asset), .has_ledger = true };
        memcpy(link.ledger, ledger_id, sizeof ledger_id);
        char text[GS1_LINK_MAX + 1];
        struct err err = { 0 };
        assert_true(gs1_link_build(rows[i].host, &link, text, &err));
        size_t len = strlen(rows[i].uri);
        assert_memory_equal(text, rows[i].uri, len);
        assert_string_equal(text + len, "?wb=" LEDGER_HEX);
        struct gs1_link back;
        if (!gs1_link_parse(slice_text(text), &back, &err))
            fail_msg("%s: %s", text, err.msg);
        assert_true(back.has_ledger);
        assert_memory_equal(back.ledger, ledger_id, sizeof ledger_id);
        char asset[GS1_NAME_MAX + 1];
        gs1_format_name(&back.name, asset);
        assert_string_equal(asset, rows[i].asset);
    }
}

static void unfit_hosts_and_serials_make_no_link(void **state)
{
    (void)state;
    static const char *const hosts[] = { "",          "https://", "/x",      "a b",
                                         "x.org?a=1", "x.org#a",  "a@b.org", "x.org/%2e" };
    struct gs1_link link = { .name = name_of("01/09506000134352/21/A") };
    char text[GS1_LINK_MAX + 1];
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        assert_false(gs1_link_build(hosts[i], &link, text, NULL));
    char host[GS1_LINK_HOST_MAX + 2];
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_false(gs1_link_build(host, &link, text, NULL));
    host[GS1_LINK_HOST_MAX] = '\0';
    assert_true(gs1_link_build(host, &link, text, NULL));
    link.name = name_of("01/09506000134352/21/..");
    assert_false(gs1_link_build("id.example.org", &link, text, NULL));
    link.name = name_of("01/09506000134352/21/...");
    assert_true(gs1_link_build("id.example.org", &link, text, NULL));
}

static void foreign_payloads_are_understood(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        const char *asset;
    } rows[] = {
        { "HTTPS://ID.GS1.ORG/01/09506000134352/21/A", "01/09506000134352/21/A" },
        { "https://id.gs1.org/01/9506000134352/21/A", "01/09506000134352/21/A" },
        { "https://x.example/p/q/01/09506000134352/22/v/10/L/21/S?17=261231&k=v#top",
          "01/09506000134352/21/S" },
        { "https://x.example/01/09506000134352/10/L/", "01/09506000134352/10/L" },
        { "https://x.example/01/01/09506000134352/21/S", "01/09506000134352/21/S" },
        { "https://x.example/01/09506000134352/21/S%2f%2F", "01/09506000134352/21/S//" },
        { "(01)09506000134352(21)S1", "01/09506000134352/21/S1" },
        { "(01)09506000134352(17)261231(10)L(21)S(1", "01/09506000134352/21/S(1" },
        { "(00)106141411234567897", "00/106141411234567897" },
        { "]Q301095060001343521726123110L7\x1d"
          "21S1",
          "01/09506000134352/21/S1" },
        { "]d2\x1d"
          "010950600013435221S1\x1d"
          "10L7",
          "01/09506000134352/21/S1" },
        { "0109506000134352240X\x1d"
          "4144012345000009"
          "10L",
          "01/09506000134352/10/L" },
        { "01095060001343521812345621S1", "01/09506000134352/21/S1" },
        { "00106141411234567897", "00/106141411234567897" },
        { "4144012345000009", "414/4012345000009" },
        { "414/4012345000009", "414/4012345000009" },
        { "01/09506000134352/21/S/S", "01/09506000134352/21/S/S" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gs1_link link;
        struct err err = { 0 };
        if (!gs1_link_parse(slice_text(rows[i].payload), &link, &err))
            fail_msg("%s: %s", rows[i].payload, err.msg);
        char asset[GS1_NAME_MAX + 1];
        gs1_format_name(&link.name, asset);
        assert_string_equal(asset, rows[i].asset);
        assert_false(link.has_ledger);
    }
}

static void payloads_that_name_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "]",
        "]Q3",
        "(",
        "()",
        "(01)",
        "hello",
        "https://",
        "https:///01/09506000134352/21/A",
        "https://x.example",
        "https://x.example/01/09506000134352",
        "https://x.example/01/09506000134352/21",
        "https://x.example/01/09506000134352/21/",
        "https://x.example/01/09506000134352/21/%",
        "https://x.example/01/09506000134352/21/%4",
        "https://x.example/01/09506000134352/21/%zz",
        "https://x.example/01/09506000134352/21/%00",
        "https://x.example/01/09506000134352/21/A/21/B",
        "https://x.example/01/09506000134352/21/A?wb=12",
        "https://x.example/01/09506000134352/21/A?wb=7f3a000102030405060708090a0b0cff00",
        "(01)09506000134352",
        "(01)09506000134352(21)",
        "(01)09506000134352(01)09506000134352(21)A",
        "(01)09506000134352(21)A(00)106141411234567897",
        "(17)261231",
        "010950600013435",
        "01095060001343x221A",
        "010950600013435221",
        "414401234500000",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gs1_link link;
        struct err err = { 0 };
        if (gs1_link_parse(slice_text(rows[i]), &link, &err))
            fail_msg("accepted: %s", rows[i]);
        assert_int_equal(err.code, ERR_INPUT);
        assert_true(err.msg[0] != '\0');
    }
    static const char two_ledgers[] =
        "https://x.example/01/09506000134352/21/A?wb=" LEDGER_HEX "&wb=" LEDGER_HEX;
    assert_false(gs1_link_parse(slice_text(two_ledgers), &(struct gs1_link){ 0 }, NULL));
    char big[GS1_LINK_MAX + 1];
    memset(big, '1', sizeof big);
    struct gs1_link link;
    assert_false(gs1_link_parse(slice_of(big, sizeof big), &link, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_digits_follow_the_standard),
        cmocka_unit_test(each_kind_of_name_round_trips),
        cmocka_unit_test(malformed_names_are_refused),
        cmocka_unit_test(a_wrong_check_digit_has_the_form_and_is_told_the_right_one),
        cmocka_unit_test(links_are_built_and_read_back),
        cmocka_unit_test(unfit_hosts_and_serials_make_no_link),
        cmocka_unit_test(foreign_payloads_are_understood),
        cmocka_unit_test(payloads_that_name_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
