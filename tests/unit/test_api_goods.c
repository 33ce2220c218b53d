/* The API about goods. With --serve: serves a recalled bar's page until standard input closes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/hex.h"
#include "node/read_model_parts.h"
#include "tests/unit/support_goods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR(n)   "/v1/assets/" GOODS_BARS n
#define SACK(n)  "/v1/assets/" GOODS_BEANS n
#define RECALLED GOODS_BARS "0002"

static void *shared; /* the story, told once for all that only ask */

static int set_up(void **state)
{
    (void)state;
    shared = support_goods_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_goods_free(shared);
    return 0;
}

static const char *of_hash(const char *path, const struct hash *hash)
{
    static char text[160];
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(hash), hex);
    (void)snprintf(text, sizeof text, "%s%s", path, hex);
    return text;
}

static void test_a_bar_leads_back_to_its_plot(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    assert_int_equal(support_goods_ask(g, BAR("0002/origin"), "", ""), 200);
    assert_int_equal(support_goods_number(g, "/makings"), 2);
    assert_string_equal(support_goods_text(g, "/hops/0/kind"), "transform");
    assert_string_equal(support_goods_text(g, "/hops/0/by/name"), "Bar Maker");
    assert_string_equal(support_goods_text(g, "/hops/0/inputs/0/first"), GOODS_BEANS "1");
    assert_int_equal(support_goods_number(g, "/hops/0/inputs/0/count"), 2);
    assert_string_equal(support_goods_text(g, "/hops/0/outputs/0/amount/text"), "0.5 kg");
    assert_string_equal(support_goods_text(g, "/hops/0/outputs/0/lot"),
                        "01/09506000134369/10/BAR1");
    assert_string_equal(support_goods_text(g, "/hops/1/kind"), "commission");
    assert_string_equal(support_goods_text(g, "/hops/1/went_on/0/last"), GOODS_BEANS "2");
    assert_int_equal(support_goods_number(g, "/hops/1/used_in/0"), 0);
    assert_int_equal(json_doc_count(json_doc_at(g->json, "/hops/0/used_in")), 0);
    assert_string_equal(support_goods_text(g, "/hops/1/by/name"), "Plot 7");
    assert_string_equal(support_goods_text(g, "/hops/1/place/name"), "Plot 7, Asanko");
    assert_string_equal(support_goods_text(g, "/hops/1/certificates/0/name"), "organic");
    assert_string_equal(support_goods_text(g, "/hops/1/certificates/0/status"), "VALID");
    assert_string_equal(support_goods_text(g, "/hops/1/certificates/1/status"), "EXPIRED");
    assert_int_equal(json_doc_count(json_doc_at(g->json, "/hops/0/certificates")), 0);
    assert_int_equal(support_goods_ask(g, BAR("0002/origin"), "limit=1", ""), 200);
    assert_int_equal(support_goods_number(g, "/next"), 1);
}

static void test_a_plot_leads_to_all_bars(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    assert_int_equal(support_goods_ask(g, SACK("2/uses"), "", ""), 200);
    assert_int_equal(support_goods_number(g, "/makings"), 1);
    assert_int_equal(support_goods_number(g, "/hops/0/outputs/0/count"), 3000);
    assert_string_equal(support_goods_text(g, "/hops/0/outputs/0/last"), GOODS_BARS "3000");
    assert_string_equal(support_goods_text(g, "/hops/0/came_in/0/asset"), GOODS_BEANS "2");
    assert_int_equal(support_goods_ask(g, SACK("3/uses"), "", ""), 200); /* of the other lot */
    assert_int_equal(support_goods_number(g, "/makings"), 0);
    assert_int_equal(support_goods_ask(g, "/v1/lots/09506000134369/BAR1", "", ""), 200);
    assert_int_equal(support_goods_number(g, "/made"), 3000);
    assert_int_equal(support_goods_number(g, "/goods/0/count"), 3000);
    assert_int_equal(support_goods_ask(g, "/v1/lots/09506000134369/NONE", "", ""), 404);
}

static void test_a_recall_lists_who_has_what(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    assert_int_equal(support_goods_ask(g, "/v1/recalls", "", ""), 200);
    assert_string_equal(support_goods_text(g, "/recalls/0/first"), "01/09506000134352/10/BEANS");
    assert_int_equal(support_goods_ask(g, of_hash("/v1/recalls/", &g->recall), "", ""), 200);
    assert_string_equal(support_goods_text(g, "/recall/party/contact"),
                        "recalls@plot7.example, +233 20 000 0000");
    assert_int_equal(support_goods_number(g, "/units"), 3002); /* two sacks, and their bars */
    assert_string_equal(support_goods_text(g, "/holders/0/holder/name"), "Bar Maker");
    assert_int_equal(support_goods_number(g, "/holders/0/units"), 2 + 2952);
    assert_string_equal(support_goods_text(g, "/holders/0/goods/0/state"), "used up");
    assert_string_equal(support_goods_text(g, "/holders/0/goods/1/first"), GOODS_BARS "0049");
    assert_int_equal(support_goods_number(g, "/holders/0/goods/1/count"), 2952);
    assert_string_equal(support_goods_text(g, "/holders/1/holder/name"), "Corner Shop");
    assert_int_equal(support_goods_number(g, "/holders/1/units"), 48);
    assert_int_equal(support_goods_number(g, "/holders/1/states/dispensed"), 1);
    assert_string_equal(support_goods_text(g, "/holders/1/goods/0/asset"), GOODS_BARS "0001");
    assert_string_equal(support_goods_text(g, "/holders/1/goods/1/last"), GOODS_BARS "0048");
    assert_int_equal(
        support_goods_ask(g, of_hash("/v1/recalls/", &g->recall), "units=1&limit=3", ""), 200);
    assert_string_equal(support_goods_text(g, "/units/2/asset"), GOODS_BARS "0001");
    assert_int_equal(support_goods_ask(g, of_hash("/v1/recalls/", &g->made), "", ""), 404);
}

static void test_a_pallets_handover_and_contents(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    char query[64];
    assert_int_equal(support_goods_ask(g, "/v1/assets/" GOODS_PALLET "/contents", "limit=40", ""),
                     200);
    assert_int_equal(json_doc_count(json_doc_at(g->json, "/contents")), 40);
    assert_int_equal(support_goods_number(g, "/inside"), 46);
    assert_string_equal(support_goods_text(g, "/contents/0/asset"), GOODS_BARS "0003");
    (void)snprintf(query, sizeof query, "after=%lld", (long long)support_goods_number(g, "/next"));
    assert_int_equal(support_goods_ask(g, "/v1/assets/" GOODS_PALLET "/contents", query, ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(g->json, "/contents")), 6);
    assert_int_equal(support_goods_ask(g, BAR("0003"), "", ""), 200);
    assert_string_equal(support_goods_text(g, "/container"), GOODS_PALLET);
    assert_string_equal(support_goods_text(g, "/custodian/name"), "Corner Shop");
    assert_int_equal(support_goods_ask(g, of_hash("/v1/handovers/", &g->accept), "", ""), 200);
    assert_string_equal(support_goods_text(g, "/answer"), "accepted");
    assert_string_equal(support_goods_text(g, "/answered_with/seal"), "broken");
    assert_string_equal(support_goods_text(g, "/answered_with/seal_number"), "SEAL-17");
    assert_int_equal(
        support_goods_ask(g, of_hash("/v1/handovers/", &g->offer), "", "application/cbor"), 200);
    struct cbor_reader r = cbor_reader(buf_slice(&g->answer.body));
    struct statement st;
    cbor_take_array_of(&r, 5);
    assert_int_equal(cbor_take_uint(&r), 1);
    assert_true(statement_decode(cbor_take_bytes(&r, 1, STATEMENT_MAX), &st, NULL));
    assert_true(hash_equal(&st.hash, &g->offer));
    (void)cbor_take_bytes(&r, 1, STATEMENT_MAX);
    assert_true(statement_decode(cbor_take_bytes(&r, 1, STATEMENT_MAX), &st, NULL));
    assert_true(hash_equal(&st.hash, &g->accept));
    (void)cbor_take_bytes(&r, 1, STATEMENT_MAX);
    assert_true(cbor_done(&r));
}

static void test_custody_at_a_time(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    char query[64];
    assert_int_equal(support_goods_ask(g, BAR("0002/origin"), "", ""), 200);
    (void)snprintf(query, sizeof query, "at=%lld",
                   (long long)support_goods_number(g, "/hops/1/time_ms"));
    assert_int_equal(support_goods_ask(g, SACK("1/custody"), query, ""), 200);
    assert_string_equal(support_goods_text(g, "/holders/0/role"), "custodian");
    assert_string_equal(support_goods_text(g, "/holders/0/member/name"), "Plot 7");
    assert_int_equal(support_goods_ask(g, BAR("0002/custody"), query, ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(g->json, "/holders")), 0); /* not made yet */
    assert_int_equal(support_goods_ask(g, BAR("0002/custody"), "", ""), 200);
    assert_string_equal(support_goods_text(g, "/custody/0/member/name"), "Bar Maker");
}

static void test_findings_and_verification(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    assert_int_equal(support_goods_ask(g, "/v1/findings", "asset=" GOODS_BARS "0001", ""), 200);
    assert_string_equal(support_goods_text(g, "/findings/0/finding"), "AFTER_END");
    char query[64] = "key=";
    hex_encode(kid_slice(&g->maker.key.kid), query + 4);
    assert_int_equal(support_goods_ask(g, "/v1/findings", query, ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(g->json, "/findings")), 1);
    assert_int_equal(
        support_goods_ask(g, "/v1/verify", "gtin=09506000134369&serial=B0002&lot=BAR1", ""), 200);
    assert_string_equal(support_goods_text(g, "/result"), "RECALLED");
    assert_int_equal(
        support_goods_ask(g, "/v1/verify", "gtin=09506000134369&serial=B0002&lot=BAR2", ""), 200);
    assert_string_equal(support_goods_text(g, "/result"), "LOT_DIFFERS");
    assert_int_equal(support_goods_ask(g, "/v1/verify", "gtin=09506000134369&serial=B9999", ""),
                     200);
    assert_string_equal(support_goods_text(g, "/result"), "NEVER_COMMISSIONED");
    assert_int_equal(support_goods_ask(g, "/v1/verify", "gtin=09506000134352&serial=%533", ""),
                     200);
    assert_string_equal(support_goods_text(g, "/result"), "VERIFIED");
    assert_int_equal(support_goods_ask(g, "/v1/verify", "gtin=1", ""), 400);
    assert_int_equal(
        support_goods_ask(g, "/v1/verify", "gtin=09506000134352&serial=S3&expiry=27", ""), 400);
    assert_int_equal(
        support_goods_ask(g, "/v1/verify", "gtin=09506000134369&serial=B0003&expiry=270328", ""),
        200);
    assert_string_equal(support_goods_text(g, "/result"), "RECALLED");
    assert_int_equal(support_goods_ask(g, "/v1/verify",
                                       "gtin=09506000134369&serial=B0003&expiry=2027-03-27", ""),
                     200);
    assert_string_equal(support_goods_text(g, "/result"), "EXPIRY_DIFFERS");
}

static void test_certificates(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    assert_int_equal(support_goods_ask(g, "/v1/certificates", "limit=1", ""), 200);
    assert_string_equal(support_goods_text(g, "/certificates/0/name"), "organic");
    assert_int_equal(support_goods_number(g, "/next"), 1);
    assert_int_equal(support_goods_ask(g, of_hash("/v1/certificates/", &g->expired), "", ""), 200);
    assert_string_equal(support_goods_text(g, "/status"), "EXPIRED");
    assert_string_equal(support_goods_text(g, "/issuer/name"), "Bar Maker");
    assert_int_equal(support_goods_ask(g, of_hash("/v1/certificates/", &g->made), "", ""), 404);
    assert_int_equal(support_goods_ask(g, "/v1/certificates", "member=xyz", ""), 400);
}

static void assert_page(struct support_goods *g, const char *path, const char *part, bool there)
{
    assert_int_equal(support_goods_ask(g, path, "", "text/html"), 200);
    bool found = memmem(g->answer.body.data, g->answer.body.len, part, strlen(part)) != NULL;
    if (found != there)
        fail_msg("%s: \"%s\" is %s", path, part, there ? "missing" : "there");
}

static void test_the_page(void **state)
{
    (void)state;
    struct support_goods *g = shared;
    assert_page(g, "/" RECALLED, "RECALLED", true);
    assert_page(g, "/" RECALLED, "recalls@plot7.example, +233 20 000 0000", true);
    assert_page(g, "/" RECALLED, "salmonella &lt;b&gt;found&lt;/b&gt;", true);
    assert_page(g, "/" RECALLED, "<b>found", false);
    assert_page(g, "/" RECALLED, "01/09506000134352/10/BEANS", true);
    assert_page(g, "/" RECALLED, "expired by then", true);
    assert_page(g, "/" RECALLED, "Plot 7, Asanko", true);
    assert_page(g, "/" GOODS_BARS "0003", "Packed inside", true);
    assert_page(g, "/" GOODS_BARS "0001", "scanned after it had been dispensed", true);
    assert_page(g, "/" GOODS_BEANS "3", "RECALLED", false);
}

/* The tables come back byte-equal, and a correction takes back what it corrects. */
static void test_corrected_and_rebuilt(void **state)
{
    (void)state;
    struct support_goods *g = support_goods_new();
    struct err err = { .msg = "" };
    struct hash before, after;
    struct buf scan = buf_heap(STATEMENT_MAX), recall = buf_heap(STATEMENT_MAX);
    const struct hash *wrong[] = { &g->scan, &g->recall };
    struct buf *bytes[] = { &scan, &recall };
    for (size_t i = 0; i < 2; i++) {
        uint64_t leaf = 0;
        struct statement s = { .kind = KIND_CORRECTION };
        assert_true(store_find_statement(g->node.store, wrong[i], &leaf, &err) &&
                    store_statement(g->node.store, leaf, bytes[i], &err));
        s.as.correction = (struct correction){ .original = buf_slice(bytes[i]),
                                               .meaning = slice_text("correction"),
                                               .reason = slice_text("wrong label scanned") };
        (void)support_goods_say(g, i == 0 ? &g->maker : &g->farm, s);
    }
    assert_int_equal(support_goods_ask(g, "/v1/findings", "asset=" GOODS_BARS "0001", ""), 200);
    bool stands = true;
    assert_true(json_doc_get_bool(json_doc_at(g->json, "/findings/0/stands"), &stands));
    assert_false(stands);
    assert_int_equal(support_goods_ask(g, BAR("0002"), "", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(g->json, "/holds")), 0);
    assert_int_equal(support_goods_ask(g, "/v1/verify", "gtin=09506000134369&serial=B0002", ""),
                     200);
    assert_string_equal(support_goods_text(g, "/result"), "VERIFIED");
    assert_int_equal(support_goods_ask(g, BAR("0001"), "", ""), 200);
    assert_int_equal(support_goods_number(g, "/corrections"), 1);
    if (!read_model_digest(g->node.store, &before, &err) ||
        !read_model_rebuild(g->node.store, &err) || !read_model_digest(g->node.store, &after, &err))
        fail_msg("%s", err.msg);
    assert_true(hash_equal(&before, &after));
    buf_free(&scan);
    buf_free(&recall);
    support_goods_free(g);
}

static void test_quarantine_and_release(void **state)
{
    (void)state;
    struct support_goods *g = support_goods_new();
    (void)support_goods_dispose(g, &g->maker, GOODS_BEANS "3", DISPOSITION_QUARANTINE);
    assert_int_equal(support_goods_ask(g, SACK("3"), "", ""), 200);
    assert_string_equal(support_goods_text(g, "/holds/0/hold"), "quarantine");
    assert_page(g, "/" GOODS_BEANS "3", "In quarantine", true);
    (void)support_goods_dispose(g, &g->maker, GOODS_BEANS "3", DISPOSITION_RELEASE);
    assert_page(g, "/" GOODS_BEANS "3", "In quarantine", false);
    (void)support_goods_dispose(g, &g->maker, GOODS_BEANS "3", DISPOSITION_DESTROY);
    assert_page(g, "/" GOODS_BEANS "3", "It was destroyed", true);
    assert_int_equal(support_goods_ask(g, SACK("3/history"), "", ""), 200);
    support_goods_free(g);
}

static int serve(void)
{
    struct err err = { .msg = "" };
    struct support_goods *g = support_goods_new();
    struct api *api = NULL;
    struct api_options options = { .data_dir = g->dir, .web_dir = "node/web" };
    char line[64];
    if (!api_open(&options, &api, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    (void)printf("http://127.0.0.1:%u/" RECALLED "\n", api_port(api));
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL)
        continue;
    api_close(api);
    support_goods_free(g);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bar_leads_back_to_its_plot),
        cmocka_unit_test(test_a_plot_leads_to_all_bars),
        cmocka_unit_test(test_a_recall_lists_who_has_what),
        cmocka_unit_test(test_a_pallets_handover_and_contents),
        cmocka_unit_test(test_custody_at_a_time),
        cmocka_unit_test(test_findings_and_verification),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_the_page),
        cmocka_unit_test(test_corrected_and_rebuilt),
        cmocka_unit_test(test_quarantine_and_release),
    };
    if (argc > 1 && strcmp(argv[1], "--serve") == 0)
        return serve();
    return cmocka_run_group_tests_name("api_goods", tests, set_up, tear_down);
}
