/* With --serve [PORT]: serves the sample journey until standard input closes, for tests in a browser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/head_proof.h"
#include "common/hex.h"
#include "tests/unit/support_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ the ledger */

static void test_head_set_identity(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct final final;
    struct identity identity;
    struct authority_set set;
    struct err err = { 0 };
    assert_int_equal(support_api_ask(f, "/v1/head", "", "*/*"), 200);
    assert_int_equal(support_api_number(f, "/height"), 25);
    assert_int_equal(support_api_number(f, "/seals"), 1);
    assert_string_equal(support_api_text(f, "/time"), "2026-06-02T06:00:00Z");
    assert_int_equal(support_api_ask(f, "/v1/head", "", "application/cbor"), 200);
    assert_true(final_decode(buf_slice(&f->answer.body), &final, &err));
    assert_true(final_verify(&final, &f->node.l->identity.set, &err));
    assert_int_equal(support_api_ask(f, "/v1/identity", "", ""), 200);
    assert_true(identity_decode(buf_slice(&f->answer.body), &identity, &err));
    assert_int_equal(support_api_ask(f, "/v1/set", "", "application/cbor"), 200);
    assert_true(identity_follow(buf_slice(&f->answer.body), &identity, &set, &err));
    assert_int_equal(support_api_ask(f, "/v1/set", "", ""), 200);
    assert_string_equal(support_api_text(f, "/authorities/0/member/name"), "Farm A");
    support_api_free(f);
}

static void test_sets(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct authority_set set;
    struct identity *id = &f->node.l->identity;
    assert_int_equal(support_api_ask(f, "/v1/set", "", "application/json"), 200);
    assert_int_equal(support_api_number(f, "/height"), 26);
    assert_int_equal(support_api_number(f, "/changes"), 0);
    assert_int_equal(support_api_ask(f, "/v1/set", "height=3", "application/json"), 200);
    assert_int_equal(support_api_number(f, "/height"), 3);
    assert_int_equal(support_api_ask(f, "/v1/set", "height=27", "application/json"), 400);
    assert_int_equal(support_api_ask(f, "/v1/set/chain", "", ""), 200);
    assert_true(set_chain_at(buf_slice(&f->answer.body), id, UINT64_MAX, &set, NULL));
    assert_int_equal(set_chain_count(buf_slice(&f->answer.body)), 0);
    assert_int_equal(support_api_ask(f, "/v1/set/other", "", ""), 404);
    support_api_free(f);
}

static void test_consistency(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct head_proof_heads heads;
    struct identity *id = &f->node.l->identity;
    struct err err = { .msg = "" };
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "from=3", ""), 200);
    if (!head_proof_check_consistency(buf_slice(&f->answer.body), id, &heads, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(heads.older.height, 3);
    assert_int_equal(heads.newer.height, 25);
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "from=3&to=9", ""), 200);
    assert_true(head_proof_check_consistency(buf_slice(&f->answer.body), id, &heads, NULL));
    assert_int_equal(heads.newer.height, 9);
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "from=9&to=3", ""), 400);
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "from=9&to=26", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "from=0", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "old=5&size=8", ""), 200);
    assert_int_equal(support_api_number(f, "/old"), 5);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/path")), 4);
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "old=5&size=99999", ""), 400);
    assert_int_equal(support_api_ask(f, "/v1/proofs/consistency", "old=9&size=8", ""), 400);
    assert_int_equal(support_api_ask(f, "/v1/proofs/other", "", ""), 404);
    support_api_free(f);
}

static void test_state_and_vouchers(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct head_proof_entry e;
    struct head_proof_voucher v;
    struct identity *id = &f->node.l->identity;
    assert_int_equal(support_api_ask(f, "/v1/proofs/state", "key=8100", ""), 200);
    assert_true(head_proof_check_state(buf_slice(&f->answer.body), id, &e, NULL));
    assert_true(e.entry.present);
    assert_int_equal(support_api_ask(f, "/v1/proofs/state", "key=8201480000000000000000", ""), 200);
    assert_true(head_proof_check_state(buf_slice(&f->answer.body), id, &e, NULL));
    assert_false(e.entry.present);
    assert_int_equal(e.head.height, 25);
    static const char *const bad[] = { "", "key=", "key=8", "key=xx", "key=81", "key=8100ff" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(support_api_ask(f, "/v1/proofs/state", bad[i], ""), 400);
    assert_int_equal(support_api_ask(f, "/v1/receipts/7/voucher", "", ""), 200);
    assert_true(head_proof_check_voucher(buf_slice(&f->answer.body), id, &v, NULL));
    assert_int_equal(v.claim.index, 7);
    assert_int_equal(support_api_ask(f, "/v1/receipts/7/other", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/receipts/9999/voucher", "", ""), 404);
    support_api_free(f);
}

static void test_blocks(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct header first;
    assert_int_equal(support_api_ask(f, "/v1/blocks", "from=1&limit=2", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/blocks")), 2);
    assert_int_equal(support_api_number(f, "/next"), 3);
    assert_int_equal(support_api_number(f, "/blocks/1/first_leaf"), 6);
    assert_int_equal(support_api_ask(f, "/v1/blocks", "from=25", ""), 200);
    assert_null(json_doc_at(f->json, "/next"));
    assert_int_equal(support_api_ask(f, "/v1/blocks/1", "", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/entries")), 6);
    assert_string_equal(support_api_text(f, "/entries/0/kind"), "enrol");
    assert_int_equal(support_api_ask(f, "/v1/blocks/1", "from=5", ""), 200);
    assert_int_equal(support_api_number(f, "/entries/0/leaf"), 5);
    assert_int_equal(support_api_ask(f, "/v1/blocks/1", "", "application/cbor"), 200);
    struct block_probe {
        struct cbor_reader r;
    } p = { cbor_reader(buf_slice(&f->answer.body)) };
    cbor_take_array_of(&p.r, 2);
    assert_true(header_decode(cbor_take_bytes(&p.r, 1, 400), &first, NULL));
    assert_int_equal(first.height, 1);
    assert_int_equal(support_api_ask(f, "/v1/blocks/1/final", "", ""), 200);
    assert_int_equal(support_api_ask(f, "/v1/blocks/1/outcomes", "", ""), 200);
    assert_true(cbor_scan(buf_slice(&f->answer.body), NULL));
    assert_int_equal(support_api_ask(f, "/v1/blocks/0/final", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/blocks/26", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/blocks/1/other", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/blocks/1x", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/blocks/99999999999999999999", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/blocks", "limit=x", ""), 400);
    assert_int_equal(support_api_ask(f, "/v1/blocks", "limit=201", ""), 400);
    assert_int_equal(support_api_ask(f, "/v1/blocks", "limit=", ""), 400);
    support_api_free(f);
}

static void test_receipts(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct receipt_claim claim;
    struct buf statement = buf_heap(1 << 18);
    assert_true(store_statement(f->node.l->store, 7, &statement, NULL));
    struct hash hash = crypto_sha256(buf_slice(&statement));
    assert_int_equal(support_api_ask(f, "/v1/receipts/7", "", "application/cbor"), 200);
    assert_true(seal_verify_receipts(buf_slice(&f->answer.body), &hash, &f->node.l->id,
                                     &f->node.l->identity.set, &claim, NULL));
    assert_int_equal(support_api_ask(f, "/v1/receipts/7", "", "application/json"), 200);
    assert_int_equal(support_api_number(f, "/height"), 3);
    assert_int_equal(support_api_ask(f, "/v1/receipts/9999", "", ""), 404);
    assert_string_equal(support_api_text(f, "/code"), "NOT_FOUND");
    assert_string_equal(f->answer.type, "application/problem+json");
    assert_int_equal(support_api_ask(f, "/v1/receipts/-1", "", ""), 404);
    buf_free(&statement);
    support_api_free(f);
}

static unsigned ask_statement(struct support_api *f, const struct hash *hash, const char *accept)
{
    char path[100], hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(hash), hex);
    (void)snprintf(path, sizeof path, "/v1/statements/%s", hex);
    return support_api_ask(f, path, "", accept);
}

static void test_statement_fates(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct ledger *l = f->node.l;
    static const int value[] = { 500 };
    struct hash refused = ledger_add_readings(l, LEDGER_T0 + 90000000, value, 1);
    ledger_refuse(l, REFUSED_NO_RIGHT, "property 1");
    ledger_seal(l, LEDGER_T0 + 90000000);
    struct hash unknown = { { 9 } };
    f->node.queued = (struct hash){ { 1 } };
    f->node.turned_away = (struct hash){ { 2 } };
    assert_int_equal(ask_statement(f, &unknown, ""), 404);
    assert_string_equal(support_api_text(f, "/status"), "unknown");
    assert_int_equal(ask_statement(f, &f->node.queued, ""), 200);
    assert_string_equal(support_api_text(f, "/status"), "queued");
    assert_int_equal(ask_statement(f, &f->node.turned_away, ""), 200);
    assert_string_equal(support_api_text(f, "/status"), "refused");
    assert_string_equal(support_api_text(f, "/refusal/name"), "BAD_SIGNATURE");
    assert_int_equal(ask_statement(f, &refused, ""), 200);
    assert_string_equal(support_api_text(f, "/status"), "refused");
    assert_int_equal(support_api_number(f, "/refusal/code"), REFUSED_NO_RIGHT);
    assert_string_equal(support_api_text(f, "/detail"), "property 1");
    assert_int_equal(support_api_number(f, "/height"), 26);
    assert_int_equal(ask_statement(f, &refused, "application/cbor"), 200);
    struct hash bytes = crypto_sha256(buf_slice(&f->answer.body));
    assert_true(hash_equal(&bytes, &refused));
    assert_int_equal(support_api_ask(f, "/v1/statements/zz", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/statements/", "", ""), 404);
    support_api_free(f);
}

static void test_consensus(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    assert_int_equal(support_api_ask(f, "/v1/consensus", "", ""), 200);
    assert_string_equal(support_api_text(f, "/kid"), "ab00000000000000");
    assert_int_equal(support_api_number(f, "/height"), 7);
    assert_int_equal(support_api_number(f, "/quorum"), 3);
    assert_int_equal(support_api_number(f, "/peers"), 2);
    support_api_free(f);
}

static unsigned post(struct support_api *f, struct slice body)
{
    return support_api_send(f, (struct http_request){ .method = HTTP_POST,
                                                      .path = "/entries",
                                                      .query = "",
                                                      .accept = "",
                                                      .type = "application/cose",
                                                      .body = body });
}

static void test_entries(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct buf statement = buf_heap(1 << 18);
    assert_true(store_statement(f->node.l->store, 7, &statement, NULL));
    assert_int_equal(post(f, buf_slice(&statement)), 202);
    assert_string_equal(support_api_text(f, "/status"), "queued");
    assert_int_equal(f->node.submitted, 1);
    f->node.busy = true;
    assert_int_equal(post(f, buf_slice(&statement)), 503);
    assert_string_equal(support_api_text(f, "/code"), "BUSY");
    f->node.busy = false;
    f->node.outside = true;
    assert_int_equal(post(f, buf_slice(&statement)), 503);
    assert_string_equal(support_api_text(f, "/code"), "NOT_AUTHORITY");
    assert_string_equal(support_api_text(f, "/detail"), "this node is not an authority");
    assert_int_equal(post(f, slice_of("\x9a\xf8\xff\x00\x00", 5)), 400);
    assert_string_equal(support_api_text(f, "/code"), "MALFORMED");
    assert_int_equal(post(f, slice_of(NULL, 0)), 400);
    statement.data[0] = 0xd1;
    assert_int_equal(post(f, buf_slice(&statement)), 400);
    struct http_request q = { HTTP_POST, "/entries", "", "", "", { 0 }, NULL, true };
    assert_int_equal(support_api_send(f, q), 413);
    assert_string_equal(support_api_text(f, "/code"), "TOO_LARGE");
    assert_int_equal(support_api_ask(f, "/entries", "", ""), 405);
    buf_free(&statement);
    support_api_free(f);
}

static void test_small_ones(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    assert_int_equal(support_api_ask(f, "/healthz", "", ""), 200);
    assert_string_equal(support_api_text(f, "/status"), "ok");
    assert_int_equal(support_api_ask(f, "/metrics", "", ""), 200);
    assert_true(support_api_body_has(f, "\nwaybill_head_height 25\n"));
    assert_true(support_api_body_has(f, "\nwaybill_turned_away_total 3\n"));
    assert_int_equal(support_api_ask(f, "/openapi.json", "", ""), 200);
    assert_string_equal(support_api_text(f, "/openapi"), "3.1.0");
    assert_int_equal(support_api_ask(f, "/web/page.css", "", ""), 200);
    assert_int_equal(support_api_ask(f, "/", "", ""), 200);
    support_api_free(f);
}

/* ------------------------------------------------------------------ serving */

static void tell(struct ledger *l, uint64_t time_ms, struct slice words[3])
{
    struct statement s = { .kind = KIND_PRODUCT };
    s.as.product = (struct product){ slice_text("09506000134352"), words[0], words[1],
                                     slice_of(NULL, 0), slice_of(NULL, 0) };
    struct hash h = ledger_add(l, &l->farm, time_ms, s);
    ledger_event_bytes(l, EVENT_MASTER_DATA, hash_slice(&h), time_ms, "t", "09506000134352");
    s = (struct statement){ .kind = KIND_PARTY };
    s.as.party = (struct party){ .member = l->clinic.kid, .name = words[2] };
    h = ledger_add(l, &l->clinic, time_ms, s);
    ledger_event_bytes(l, EVENT_MASTER_DATA, hash_slice(&h), time_ms, "k", &l->clinic.kid);
    ledger_seal(l, time_ms);
}

/* Three words, with tabs between, become the unit's product name, brand and custodian. */
static bool tell_line(struct ledger *l, uint64_t time_ms, char *line)
{
    struct slice words[3];
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < 3; i++) {
        size_t len = strcspn(line, "\t");
        words[i] = slice_of(line, len);
        if (len == 0 || len > READ_MODEL_NAME || (i < 2 && line[len] == '\0'))
            return false;
        line += len + 1;
    }
    tell(l, time_ms, words);
    return true;
}

static int serve(uint16_t port)
{
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct api *api = NULL;
    struct api_options options = support_api_options(f);
    char line[1024];
    uint64_t time_ms = LEDGER_T0 + 90000000;
    options.port = port;
    if (!api_open(&options, &api, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    (void)printf("http://127.0.0.1:%u" SUPPORT_UNIT "\n", api_port(api));
    (void)fflush(stdout);
    for (; fgets(line, sizeof line, stdin) != NULL; time_ms += 1000) {
        (void)printf("%s\n", tell_line(f->node.l, time_ms, line) ? "ok" : "misfit");
        (void)fflush(stdout);
    }
    api_close(api);
    support_api_free(f);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_set_identity),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_consensus),
        cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_state_and_vouchers),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_statement_fates),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_small_ones),
    };
    if (argc > 1 && strcmp(argv[1], "--serve") == 0)
        return serve(argc > 2 ? (uint16_t)strtoul(argv[2], NULL, 10) : 0);
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
