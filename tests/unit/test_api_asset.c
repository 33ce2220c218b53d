#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/bundle.h"
#include "common/hex.h"
#include "node/page.h"
#include "tests/support/contract_kit.h"
#include "tests/unit/support_api.h"

#include <string.h>

/* ------------------------------------------------------------------ assets */

static void test_asset_answers(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    assert_int_equal(support_api_ask(f, "/v1/assets", "", ""), 200);
    assert_string_equal(support_api_text(f, "/assets/0"), LEDGER_UNIT);
    assert_int_equal(support_api_ask(f, "/v1/assets", "after=01/09506000134352/21/DEMO1", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/assets")), 0);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT, "", ""), 200);
    assert_string_equal(support_api_text(f, "/verdict"), "BREACH");
    assert_string_equal(support_api_text(f, "/custodian/name"), "Clinic C");
    assert_string_equal(support_api_text(f, "/owner/name"), "Farm A");
    assert_string_equal(support_api_text(f, "/contracts/0/name"), "vaccine-2-8");
    assert_string_equal(support_api_text(f, "/contracts/0/status"), "in force");
    assert_non_null(strstr(support_api_text(f, "/contracts/0/href"), "/v1/contracts/"));
    assert_string_equal(support_api_text(f, "/product/brand"), "Immuna");
    assert_int_equal(support_api_number(f, "/packs"), 24);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/history", "from=2&limit=3", ""),
                     200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/history")), 3);
    assert_int_equal(support_api_number(f, "/history/0/n"), 2);
    assert_int_equal(support_api_number(f, "/next"), 5);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/custody", "", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/custody")), 4);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/excursions", "", ""), 200);
    assert_string_equal(support_api_text(f, "/excursions/0/rule"), "too warm");
    assert_string_equal(support_api_text(f, "/excursions/0/severity"), "high");
    assert_string_equal(support_api_text(f, "/excursions/0/finding"), "out");
    assert_true(support_api_body_has(f, "\"mean\":8.65"));
    assert_int_equal(support_api_number(f, "/excursions/0/charged/0/seconds"), 1200);
    assert_int_equal(support_api_number(f, "/excursions/0/charged/1/seconds"), 2400);
    assert_string_equal(support_api_text(f, "/excursions/0/charged/1/member/name"),
                        "Carrier B, Lyon");
    support_api_free(f);
}

/* Closed again as uncertain, acknowledged with a comment: the page and the data say both. */
static void test_an_acknowledged_doubt_is_shown(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct ledger *l = f->node.l;
    uint64_t t = LEDGER_T0 + 90000000;
    struct hash opening;
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/excursions", "", ""), 200);
    assert_true(hex_decode_lower(support_api_text(f, "/excursions/0/opening"), 2 * HASH_SIZE,
                                 opening.bytes, HASH_SIZE));
    uint64_t from = (uint64_t)support_api_number(f, "/excursions/0/from_ms");
    struct kit_argument texts[] = { kit_text("comment", "Stirred <and> measured"),
                                    kit_text("meaning", "I have looked into it") };
    struct statement s = kit_call(&opening, "acknowledge", texts, 2, NULL);
    (void)ledger_add(l, &l->farm, t, s);
    ledger_event(l, EVENT_EXCURSION_CLOSED, LEDGER_UNIT, t, "uuuiihkiib", UINT64_C(0), from,
                 from + 60000, INT64_C(81), INT64_C(-1), &opening, &l->device.kid, INT64_C(805),
                 INT64_C(-2), 0);
    ledger_event(l, EVENT_ACKNOWLEDGED, LEDGER_UNIT, t, "uuhk", UINT64_C(0), from, &opening,
                 &l->device.kid);
    ledger_seal(l, t);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/excursions", "", ""), 200);
    assert_string_equal(support_api_text(f, "/excursions/0/finding"), "uncertain");
    assert_string_equal(support_api_text(f, "/verdict"), "UNCERTAIN");
    assert_string_equal(support_api_text(f, "/excursions/0/acknowledgement/comment"),
                        "Stirred <and> measured");
    assert_string_equal(support_api_text(f, "/excursions/0/acknowledgement/by/name"), "Farm A");
    assert_int_equal(support_api_ask(f, SUPPORT_UNIT, "", "text/html"), 200);
    assert_true(support_api_body_has(f, "Uncertain:"));
    assert_true(support_api_body_has(f, " by Farm A: Stirred &lt;and&gt; measured"));
    support_api_free(f);
}

static void test_readings_keep_their_peak(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/readings", "points=10", ""),
                     200);
    assert_int_equal(support_api_number(f, "/samples"), 1440);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/points")), 10);
    assert_true(support_api_body_has(f, "\"max\":9.1"));
    assert_int_equal(
        support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/readings", "points=1&property=2", ""), 200);
    assert_int_equal(support_api_number(f, "/samples"), 0);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/readings", "from=5&to=4", ""),
                     400);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/readings", "points=2001", ""),
                     400);
    support_api_free(f);
}

/* A pack may begin before its device was attached: what the event leaves out is not the asset's. */
static void test_readings_outside_the_event_are_anothers(void **state)
{
    (void)state;
    static const int values[] = { 5000, 500, 510 };
    struct support_api *f = support_api_new();
    struct ledger *l = f->node.l;
    uint64_t last = LEDGER_T0 + 90000000;
    (void)ledger_add_readings(l, last, values, 3);
    ledger_event(l, EVENT_RECORDED, LEDGER_UNIT, last, "kuu", &l->device.kid, last - 60000, last);
    ledger_seal(l, last);
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/readings", "points=1", ""),
                     200);
    assert_int_equal(support_api_number(f, "/samples"), 1442);
    assert_true(support_api_body_has(f, "\"max\":9.1"));
    support_api_free(f);
}

static void test_proof_verifies_offline(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct bundle_claim claim;
    struct err err = { 0 };
    assert_int_equal(support_api_ask(f, "/v1/assets" SUPPORT_UNIT "/proof", "", ""), 200);
    if (!bundle_verify(buf_slice(&f->answer.body), &f->node.l->identity, NULL, NULL, &claim, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(claim.asset, LEDGER_UNIT);
    support_api_free(f);
}

static void test_hostile_paths(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/../../etc/passwd",
        "/web/../../etc/passwd",
        "/web/%2e%2e/%2e%2e/etc/passwd",
        "/web/page.css%00.html",
        "/web/",
        "/web/page.css/",
        "//etc/passwd",
        "/01/",
        "/01/09506000134352",
        "/01/09506000134352/21/",
        "/01/09506000134352/21/%",
        "/01/09506000134352/21/%zz",
        "/01/09506000134352/21/%00",
        "/01/09506000134352/21/..%2f..%2fetc%2fpasswd",
        "/01/09506000134352/21/<script>",
        "/01/09506000134352/21/DEMO1/../../..",
        "/00/123",
        "/v1/assets/",
        "/v1/assets/../head",
        "/v1/assets/01/09506000134352/21/NONE/history",
        "/v1/assets/01/09506000134352/21/DEMO1/nothing",
        "/v1/assets/414/9506000134352",
        "/v1/heads",
        "/v1",
        "",
    };
    struct support_api *f = support_api_new();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        static const char *const accepts[] = { "text/html", "application/json" };
        for (size_t k = 0; k < 2; k++) {
            unsigned status = support_api_ask(f, paths[i], "", accepts[k]);
            if (status != 400 && status != 404)
                fail_msg("%s: %u", paths[i], status);
            assert_false(support_api_body_has(f, "<script>"));
            assert_false(support_api_body_has(f, "root:"));
        }
    }
    char longest[API_PATH_MAX + 10];
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(support_api_ask(f, longest, "", ""), 400);
    assert_int_equal(support_api_send(f, (struct http_request){ .method = HTTP_OTHER,
                                                                .path = "/v1/head",
                                                                .query = "",
                                                                .accept = "" }),
                     405);
    support_api_free(f);
}

/* ------------------------------------------------------------------ the page */

static void test_page_has_the_facts(void **state)
{
    (void)state;
    static const char *const facts[] = {
        "<html lang=\"en\">",
        "Measles vaccine, 10 doses",
        "Immuna",
        "(01)09506000134352(21)DEMO1",
        "Not kept as agreed",
        "<strong>Demo.</strong>",
        "Carrier B, Lyon",
        "20 min with Farm A",
        "40 min with Carrier B, Lyon",
        "9.1 °C at worst, 8.65 °C on average",
        "Status: in force since",
        "too warm",
        "<svg class=\"chart\"",
        ">8 °C</text>",
        ">2 °C</text>",
        "1440 signed readings",
        "1 of 1 authorities",
        "/v1/assets/01/09506000134352/21/DEMO1/proof",
    };
    struct support_api *f = support_api_new();
    assert_int_equal(support_api_ask(f, SUPPORT_UNIT, "", "text/html,application/xhtml+xml"), 200);
    assert_string_equal(f->answer.type, API_TYPE_HTML);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        if (!support_api_body_has(f, facts[i]))
            fail_msg("the page lacks %s", facts[i]);
    assert_false(support_api_body_has(f, " style=")); /* the policy would drop it */
    assert_false(support_api_body_has(f, "onload"));
    assert_int_equal(
        support_api_ask(f, SUPPORT_UNIT, "wb=00112233445566778899aabbccddeeff", "application/json"),
        200);
    assert_string_equal(support_api_text(f, "/asset"), LEDGER_UNIT);
    assert_int_equal(support_api_ask(f, "/01/09506000134352/21/DEMO2", "", "text/html"), 404);
    assert_true(support_api_body_has(f, "Nothing is known of it"));
    support_api_free(f);
}

static void test_every_special_character_is_escaped(void **state)
{
    (void)state;
    uint8_t memory[200];
    struct buf out = buf_fixed(memory, sizeof memory);
    page_slice(&out, slice_of("<>&\"'`=\x1f\x7f\n é", 14));
    static const char expected[] = "&lt;&gt;&amp;&quot;&#39;&#96;&#61; é";
    assert_true(slice_equal(buf_slice(&out), slice_text(expected)));
    buf_clear(&out);
    page_text(&out, "a\xe2\x80\xaa"
                    "b\xe2\x80\xae"
                    "c\xe2\x81\xa6"
                    "d\xe2\x81\xa9"
                    "e\xe2\x80\x93"
                    "f");
    static const char marks[] = "a\xef\xbf\xbd"
                                "b\xef\xbf\xbd"
                                "c\xef\xbf\xbd"
                                "d\xef\xbf\xbd"
                                "e\xe2\x80\x93"
                                "f";
    assert_true(slice_equal(buf_slice(&out), slice_text(marks)));
}

static const char *const injections[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "</svg><script>alert(1)</script>",
    "<!--",
    "]]>",
    "&lt;script&gt;",
    "javascript:alert(1)",
    "\xe2\x80\xae gnp.exe",
    "`${alert(1)}`",
    "{{constructor.constructor('alert(1)')()}}",
};

/* Names from the ledger come out escaped wherever they are put: product, brand, custodian. */
static void test_page_escapes(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct ledger *l = f->node.l;
    for (size_t i = 0; i < sizeof injections / sizeof injections[0]; i++) {
        uint64_t time_ms = LEDGER_T0 + 90000000 + i * 1000;
        struct statement s = { .kind = KIND_PRODUCT };
        struct slice evil = slice_text(injections[i]);
        s.as.product =
            (struct product){ .gtin = slice_text("09506000134352"), .name = evil, .brand = evil };
        struct hash h = ledger_add(l, &l->farm, time_ms, s);
        ledger_event_bytes(l, EVENT_MASTER_DATA, hash_slice(&h), time_ms, "t", "09506000134352");
        s = (struct statement){ .kind = KIND_PARTY };
        s.as.party = (struct party){ .member = l->clinic.kid, .name = evil };
        h = ledger_add(l, &l->clinic, time_ms + 1, s);
        ledger_event_bytes(l, EVENT_MASTER_DATA, hash_slice(&h), time_ms, "k", &l->clinic.kid);
        ledger_seal(l, time_ms + 2);
        assert_int_equal(support_api_ask(f, SUPPORT_UNIT, "", "text/html"), 200);
        if (support_api_body_has(f, injections[i]) && strpbrk(injections[i], "<>\"'&`\xe2") != NULL)
            fail_msg("not escaped: %s", injections[i]);
        assert_false(support_api_body_has(f, "<script>"));
        assert_false(support_api_body_has(f, "<img"));
        assert_false(support_api_body_has(f, "<!--"));
    }
    support_api_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asset_answers),
        cmocka_unit_test(test_an_acknowledged_doubt_is_shown),
        cmocka_unit_test(test_readings_keep_their_peak),
        cmocka_unit_test(test_readings_outside_the_event_are_anothers),
        cmocka_unit_test(test_proof_verifies_offline),
        cmocka_unit_test(test_every_special_character_is_escaped),
        cmocka_unit_test(test_hostile_paths),
        cmocka_unit_test(test_page_has_the_facts),
        cmocka_unit_test(test_page_escapes),
    };
    return cmocka_run_group_tests_name("api_asset", tests, NULL, NULL);
}
