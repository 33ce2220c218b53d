/* With --serve [PORT]: serves the sample journey until standard input closes, for tests in a browser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/bundle.h"
#include "common/hex.h"
#include "common/state_key.h"
#include "node/api_parts.h"
#include "tests/unit/support_ledger.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNIT "/01/09506000134352/21/DEMO1"

/* ------------------------------------------------------------------ a node that is none */

struct fake {
    struct ledger *l;
    unsigned submitted;
    bool busy;
    struct hash queued, turned_away;
};

static bool fake_submit(void *ctx, struct slice statement, struct hash *ret_hash, struct err *err)
{
    struct fake *f = ctx;
    if (f->busy)
        return err_set(err, ERR_BUSY, "the queue is full");
    f->submitted++;
    f->queued = *ret_hash = crypto_sha256(statement);
    return true;
}

static bool fake_fate(void *ctx, const struct hash *statement, enum refusal *ret_code)
{
    struct fake *f = ctx;
    bool away = hash_equal(statement, &f->turned_away);
    *ret_code = away ? REFUSED_BAD_SIGNATURE : ACCEPTED;
    return away || hash_equal(statement, &f->queued);
}

static bool fake_prove(void *ctx, struct slice key, struct buf *out, uint64_t *ret_height,
                       struct err *err)
{
    struct fake *f = ctx;
    struct buf value = buf_heap(1 << 16);
    (void)err;
    (void)store_state_get(f->l->store, key, &value, NULL);
    state_tree_prove(f->l->state, key, buf_slice(&value), out);
    *ret_height = f->l->head.height;
    buf_free(&value);
    return true;
}

static void fake_metrics(void *ctx, struct api_metrics *ret_metrics)
{
    (void)ctx;
    *ret_metrics = (struct api_metrics){ .blocks = 25, .turned_away = 3 };
}

static struct api_options options_of(struct fake *f)
{
    return (struct api_options){
        .data_dir = f->l->dir,
        .web_dir = "node/web",
        .node = { f, fake_submit, fake_fate, fake_prove, fake_metrics },
    };
}

/* ------------------------------------------------------------------ asking */

struct fixture {
    struct fake fake;
    struct api_context context;
    struct api_answer answer;
    struct json_doc *json;
};

static struct fixture *begin(void)
{
    struct err err = { 0 };
    struct fixture *f = calloc(1, sizeof *f);
    f->fake.l = ledger_new(true);
    (void)ledger_journey(f->fake.l);
    struct api_options options = options_of(&f->fake);
    if (!api_context_open(&f->context, &options, &err))
        fail_msg("%s", err.msg);
    return f;
}

static void finish(struct fixture *f)
{
    json_doc_free(f->json);
    buf_free(&f->answer.body);
    api_context_close(&f->context);
    ledger_free(f->fake.l);
    free(f);
}

static unsigned ask_all(struct fixture *f, struct api_request q)
{
    buf_free(&f->answer.body);
    json_doc_free(f->json);
    f->json = NULL;
    api_handle(&f->context, &q, &f->answer);
    if (strstr(f->answer.type, "json") != NULL &&
        !json_doc_parse(buf_slice(&f->answer.body), API_ANSWER_MAX, &f->json, NULL))
        fail_msg("%s: not JSON", q.path);
    return f->answer.status;
}

static unsigned ask(struct fixture *f, const char *path, const char *query, const char *accept)
{
    return ask_all(
        f, (struct api_request){
               .method = API_GET, .path = path, .query = query, .accept = accept, .type = "" });
}

static int64_t number(struct fixture *f, const char *pointer)
{
    int64_t value = INT64_MIN;
    if (!json_doc_get_int(json_doc_at(f->json, pointer), &value))
        fail_msg("no number at %s", pointer);
    return value;
}

static const char *text(struct fixture *f, const char *pointer)
{
    struct slice value = { NULL, 0 };
    if (!json_doc_get_text(json_doc_at(f->json, pointer), &value))
        fail_msg("no text at %s", pointer);
    return (const char *)value.data;
}

static bool body_has(const struct fixture *f, const char *part)
{
    return memmem(f->answer.body.data, f->answer.body.len, part, strlen(part)) != NULL;
}

/* ------------------------------------------------------------------ the ledger */

static void test_head_set_identity(void **state)
{
    (void)state;
    struct fixture *f = begin();
    struct final final;
    struct identity identity;
    struct authority_set set;
    struct err err = { 0 };
    assert_int_equal(ask(f, "/v1/head", "", "*/*"), 200);
    assert_int_equal(number(f, "/height"), 25);
    assert_int_equal(number(f, "/seals"), 1);
    assert_string_equal(text(f, "/time"), "2026-06-02T06:00:00Z");
    assert_int_equal(ask(f, "/v1/head", "", "application/cbor"), 200);
    assert_true(final_decode(buf_slice(&f->answer.body), &final, &err));
    assert_true(final_verify(&final, &f->fake.l->identity.set, &err));
    assert_int_equal(ask(f, "/v1/identity", "", ""), 200);
    assert_true(identity_decode(buf_slice(&f->answer.body), &identity, &err));
    assert_int_equal(ask(f, "/v1/set", "", "application/cbor"), 200);
    assert_true(identity_follow(buf_slice(&f->answer.body), &identity, &set, &err));
    assert_int_equal(ask(f, "/v1/set", "", ""), 200);
    assert_string_equal(text(f, "/authorities/0/member/name"), "Farm A");
    finish(f);
}

static void test_blocks(void **state)
{
    (void)state;
    struct fixture *f = begin();
    struct header first;
    assert_int_equal(ask(f, "/v1/blocks", "from=1&limit=2", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/blocks")), 2);
    assert_int_equal(number(f, "/next"), 3);
    assert_int_equal(number(f, "/blocks/1/first_leaf"), 6);
    assert_int_equal(ask(f, "/v1/blocks", "from=25", ""), 200);
    assert_null(json_doc_at(f->json, "/next"));
    assert_int_equal(ask(f, "/v1/blocks/1", "", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/entries")), 6);
    assert_string_equal(text(f, "/entries/0/kind"), "enrol");
    assert_int_equal(ask(f, "/v1/blocks/1", "from=5", ""), 200);
    assert_int_equal(number(f, "/entries/0/leaf"), 5);
    assert_int_equal(ask(f, "/v1/blocks/1", "", "application/cbor"), 200);
    struct block_probe {
        struct cbor_reader r;
    } p = { cbor_reader(buf_slice(&f->answer.body)) };
    cbor_take_array_of(&p.r, 2);
    assert_true(header_decode(cbor_take_bytes(&p.r, 1, 400), &first, NULL));
    assert_int_equal(first.height, 1);
    assert_int_equal(ask(f, "/v1/blocks/1/final", "", ""), 200);
    assert_int_equal(ask(f, "/v1/blocks/1/outcomes", "", ""), 200);
    assert_true(cbor_scan(buf_slice(&f->answer.body), NULL));
    assert_int_equal(ask(f, "/v1/blocks/0/final", "", ""), 404);
    assert_int_equal(ask(f, "/v1/blocks/26", "", ""), 404);
    assert_int_equal(ask(f, "/v1/blocks/1/other", "", ""), 404);
    assert_int_equal(ask(f, "/v1/blocks/1x", "", ""), 404);
    assert_int_equal(ask(f, "/v1/blocks/99999999999999999999", "", ""), 404);
    assert_int_equal(ask(f, "/v1/blocks", "limit=x", ""), 400);
    assert_int_equal(ask(f, "/v1/blocks", "limit=201", ""), 400);
    assert_int_equal(ask(f, "/v1/blocks", "limit=", ""), 400);
    finish(f);
}

static void test_receipts(void **state)
{
    (void)state;
    struct fixture *f = begin();
    struct receipt_claim claim;
    struct buf statement = buf_heap(1 << 18);
    assert_true(store_statement(f->fake.l->store, 7, &statement, NULL));
    struct hash hash = crypto_sha256(buf_slice(&statement));
    assert_int_equal(ask(f, "/v1/receipts/7", "", "application/cbor"), 200);
    assert_true(seal_verify_receipts(buf_slice(&f->answer.body), &hash, &f->fake.l->id,
                                     &f->fake.l->identity.set, &claim, NULL));
    assert_int_equal(ask(f, "/v1/receipts/7", "", "application/json"), 200);
    assert_int_equal(number(f, "/height"), 3);
    assert_int_equal(ask(f, "/v1/receipts/9999", "", ""), 404);
    assert_string_equal(text(f, "/code"), "NOT_FOUND");
    assert_string_equal(f->answer.type, "application/problem+json");
    assert_int_equal(ask(f, "/v1/receipts/-1", "", ""), 404);
    buf_free(&statement);
    finish(f);
}

static unsigned ask_statement(struct fixture *f, const struct hash *hash, const char *accept)
{
    char path[100], hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(hash), hex);
    (void)snprintf(path, sizeof path, "/v1/statements/%s", hex);
    return ask(f, path, "", accept);
}

static void test_statement_fates(void **state)
{
    (void)state;
    struct fixture *f = begin();
    struct ledger *l = f->fake.l;
    static const int value[] = { 500 };
    struct hash refused = ledger_add_readings(l, LEDGER_T0 + 90000000, value, 1);
    ledger_refuse(l, REFUSED_NO_RIGHT, "property 1");
    ledger_seal(l, LEDGER_T0 + 90000000);
    struct hash unknown = { { 9 } };
    f->fake.queued = (struct hash){ { 1 } };
    f->fake.turned_away = (struct hash){ { 2 } };
    assert_int_equal(ask_statement(f, &unknown, ""), 404);
    assert_string_equal(text(f, "/status"), "unknown");
    assert_int_equal(ask_statement(f, &f->fake.queued, ""), 200);
    assert_string_equal(text(f, "/status"), "queued");
    assert_int_equal(ask_statement(f, &f->fake.turned_away, ""), 200);
    assert_string_equal(text(f, "/status"), "refused");
    assert_string_equal(text(f, "/refusal/name"), "BAD_SIGNATURE");
    assert_int_equal(ask_statement(f, &refused, ""), 200);
    assert_string_equal(text(f, "/status"), "refused");
    assert_int_equal(number(f, "/refusal/code"), REFUSED_NO_RIGHT);
    assert_string_equal(text(f, "/detail"), "property 1");
    assert_int_equal(number(f, "/height"), 26);
    assert_int_equal(ask_statement(f, &refused, "application/cbor"), 200);
    struct hash bytes = crypto_sha256(buf_slice(&f->answer.body));
    assert_true(hash_equal(&bytes, &refused));
    assert_int_equal(ask(f, "/v1/statements/zz", "", ""), 404);
    assert_int_equal(ask(f, "/v1/statements/", "", ""), 404);
    finish(f);
}

static unsigned post(struct fixture *f, struct slice body)
{
    return ask_all(f, (struct api_request){ .method = API_POST,
                                            .path = "/entries",
                                            .query = "",
                                            .accept = "",
                                            .type = "application/cose",
                                            .body = body });
}

static void test_entries(void **state)
{
    (void)state;
    struct fixture *f = begin();
    struct buf statement = buf_heap(1 << 18);
    assert_true(store_statement(f->fake.l->store, 7, &statement, NULL));
    assert_int_equal(post(f, buf_slice(&statement)), 202);
    assert_string_equal(text(f, "/status"), "queued");
    assert_int_equal(f->fake.submitted, 1);
    f->fake.busy = true;
    assert_int_equal(post(f, buf_slice(&statement)), 503);
    assert_string_equal(text(f, "/code"), "BUSY");
    assert_int_equal(post(f, slice_of("\x9a\xf8\xff\x00\x00", 5)), 400);
    assert_string_equal(text(f, "/code"), "MALFORMED");
    assert_int_equal(post(f, slice_of(NULL, 0)), 400);
    statement.data[0] = 0xd1;
    assert_int_equal(post(f, buf_slice(&statement)), 400);
    uint8_t *large = calloc(1, STATEMENT_MAX + 1);
    assert_int_equal(post(f, slice_of(large, STATEMENT_MAX + 1)), 413);
    assert_string_equal(text(f, "/code"), "TOO_LARGE");
    assert_int_equal(ask(f, "/entries", "", ""), 405);
    free(large);
    buf_free(&statement);
    finish(f);
}

/* ------------------------------------------------------------------ assets */

static void test_asset_answers(void **state)
{
    (void)state;
    struct fixture *f = begin();
    assert_int_equal(ask(f, "/v1/assets", "", ""), 200);
    assert_string_equal(text(f, "/assets/0"), LEDGER_UNIT);
    assert_int_equal(ask(f, "/v1/assets", "after=01/09506000134352/21/DEMO1", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/assets")), 0);
    assert_int_equal(ask(f, "/v1/assets" UNIT, "", ""), 200);
    assert_string_equal(text(f, "/verdict"), "BREACH");
    assert_string_equal(text(f, "/custodian/name"), "Clinic C");
    assert_string_equal(text(f, "/owner/name"), "Farm A");
    assert_string_equal(text(f, "/contracts/0/name"), "vaccine-2-8");
    assert_string_equal(text(f, "/product/brand"), "Immuna");
    assert_int_equal(number(f, "/packs"), 24);
    assert_int_equal(ask(f, "/v1/assets" UNIT "/history", "from=2&limit=3", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/history")), 3);
    assert_int_equal(number(f, "/history/0/n"), 2);
    assert_int_equal(number(f, "/next"), 5);
    assert_int_equal(ask(f, "/v1/assets" UNIT "/custody", "", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/custody")), 4);
    assert_int_equal(ask(f, "/v1/assets" UNIT "/excursions", "", ""), 200);
    assert_string_equal(text(f, "/excursions/0/rule"), "too warm");
    assert_string_equal(text(f, "/excursions/0/severity"), "high");
    assert_int_equal(number(f, "/excursions/0/charged/0/seconds"), 1200);
    assert_int_equal(number(f, "/excursions/0/charged/1/seconds"), 2400);
    assert_string_equal(text(f, "/excursions/0/charged/1/member/name"), "Carrier B, Lyon");
    finish(f);
}

static void test_readings_keep_their_peak(void **state)
{
    (void)state;
    struct fixture *f = begin();
    assert_int_equal(ask(f, "/v1/assets" UNIT "/readings", "points=10", ""), 200);
    assert_int_equal(number(f, "/samples"), 1440);
    assert_int_equal(json_doc_count(json_doc_at(f->json, "/points")), 10);
    assert_true(body_has(f, "\"max\":9.1"));
    assert_int_equal(ask(f, "/v1/assets" UNIT "/readings", "points=1&property=2", ""), 200);
    assert_int_equal(number(f, "/samples"), 0);
    assert_int_equal(ask(f, "/v1/assets" UNIT "/readings", "from=5&to=4", ""), 400);
    assert_int_equal(ask(f, "/v1/assets" UNIT "/readings", "points=2001", ""), 400);
    finish(f);
}

static void test_proof_verifies_offline(void **state)
{
    (void)state;
    struct fixture *f = begin();
    struct bundle_claim claim;
    struct err err = { 0 };
    assert_int_equal(ask(f, "/v1/assets" UNIT "/proof", "", ""), 200);
    if (!bundle_verify(buf_slice(&f->answer.body), &f->fake.l->identity, NULL, NULL, &claim, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(claim.asset, LEDGER_UNIT);
    finish(f);
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
        "/v1/assets" UNIT "/nothing",
        "/v1/assets/414/9506000134352",
        "/v1/heads",
        "/v1",
        "",
    };
    struct fixture *f = begin();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        static const char *const accepts[] = { "text/html", "application/json" };
        for (size_t k = 0; k < 2; k++) {
            unsigned status = ask(f, paths[i], "", accepts[k]);
            if (status != 400 && status != 404)
                fail_msg("%s: %u", paths[i], status);
            assert_false(body_has(f, "<script>"));
            assert_false(body_has(f, "root:"));
        }
    }
    char longest[API_PATH_MAX + 10];
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(ask(f, longest, "", ""), 400);
    assert_int_equal(ask_all(f, (struct api_request){ API_OTHER, "/v1/head", "", "", "", { 0 } }),
                     405);
    finish(f);
}

static void test_small_ones(void **state)
{
    (void)state;
    struct fixture *f = begin();
    assert_int_equal(ask(f, "/healthz", "", ""), 200);
    assert_string_equal(text(f, "/status"), "ok");
    assert_int_equal(ask(f, "/metrics", "", ""), 200);
    assert_true(body_has(f, "\nwaybill_head_height 25\n"));
    assert_true(body_has(f, "\nwaybill_turned_away_total 3\n"));
    assert_int_equal(ask(f, "/openapi.json", "", ""), 200);
    assert_string_equal(text(f, "/openapi"), "3.1.0");
    assert_int_equal(ask(f, "/web/page.css", "", ""), 200);
    assert_int_equal(ask(f, "/", "", ""), 200);
    finish(f);
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
        "9.1 °C at worst",
        "too warm",
        "<svg class=\"chart\"",
        ">8 °C</text>",
        ">2 °C</text>",
        "1440 signed readings",
        "1 of 1 authorities",
        "/v1/assets/01/09506000134352/21/DEMO1/proof",
    };
    struct fixture *f = begin();
    assert_int_equal(ask(f, UNIT, "", "text/html,application/xhtml+xml"), 200);
    assert_string_equal(f->answer.type, API_TYPE_HTML);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        if (!body_has(f, facts[i]))
            fail_msg("the page lacks %s", facts[i]);
    assert_false(body_has(f, " style=")); /* the policy would drop it */
    assert_false(body_has(f, "onload"));
    assert_int_equal(ask(f, UNIT, "wb=00112233445566778899aabbccddeeff", "application/json"), 200);
    assert_string_equal(text(f, "/asset"), LEDGER_UNIT);
    assert_int_equal(ask(f, "/01/09506000134352/21/DEMO2", "", "text/html"), 404);
    assert_true(body_has(f, "Nothing is known of it"));
    finish(f);
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
    struct fixture *f = begin();
    struct ledger *l = f->fake.l;
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
        assert_int_equal(ask(f, UNIT, "", "text/html"), 200);
        if (body_has(f, injections[i]) && strpbrk(injections[i], "<>\"'&`\xe2") != NULL)
            fail_msg("not escaped: %s", injections[i]);
        assert_false(body_has(f, "<script>"));
        assert_false(body_has(f, "<img"));
        assert_false(body_has(f, "<!--"));
    }
    finish(f);
}

/* ------------------------------------------------------------------ over a socket */

static int dial(uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct timeval wait = { .tv_sec = 10 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to), 0);
    return fd;
}

/* Sends all, reads until the server is done. Returns the status, 0 when there was no answer. */
static unsigned exchange(uint16_t port, struct slice request, char *answer, size_t size)
{
    int fd = dial(port);
    size_t len = 0;
    ssize_t n;
    (void)send(fd, request.data, request.len, MSG_NOSIGNAL);
    while (len + 1 < size && (n = recv(fd, answer + len, size - 1 - len, 0)) > 0)
        len += (size_t)n;
    answer[len] = '\0';
    (void)close(fd);
    return len > 12 ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
}

static void test_over_http(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct fixture *f = begin();
    struct api *api = NULL;
    struct api_options options = options_of(&f->fake);
    static char answer[1 << 20];
    if (!api_open(&options, &api, &err))
        fail_msg("%s", err.msg);
    uint16_t port = api_port(api);
    static const char get[] = "GET /v1/head HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(port, slice_text(get), answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "Content-Type: application/json"));
    assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff"));
    static const char page[] = "GET " UNIT "?wb=00112233445566778899aabbccddeeff HTTP/1.1\r\n"
                               "Host: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(port, slice_text(page), answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none'"));
    static const char escaped[] = "GET /01/09506000134352/21/DEMO%31 HTTP/1.1\r\nHost: x\r\n"
                                  "Accept: application/json\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(port, slice_text(escaped), answer, sizeof answer), 200);
    static const char announced[] = "POST /entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                    "Content-Length: 262145\r\n\r\n";
    assert_int_equal(exchange(port, slice_text(announced), answer, sizeof answer), 413);
    struct buf post_it = buf_heap(1 << 20), statement = buf_heap(1 << 18);
    assert_true(store_statement(f->fake.l->store, 7, &statement, NULL));
    int n = snprintf(answer, sizeof answer,
                     "POST /entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     statement.len);
    buf_add(&post_it, answer, (size_t)n);
    buf_add_slice(&post_it, buf_slice(&statement));
    assert_int_equal(exchange(port, buf_slice(&post_it), answer, sizeof answer), 202);
    assert_int_equal(f->fake.submitted, 1);
    /* chunks that together are too much */
    buf_clear(&post_it);
    buf_add_slice(&post_it, slice_text("POST /entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                       "Transfer-Encoding: chunked\r\n\r\n"));
    static uint8_t zeros[65536];
    for (int i = 0; i < 5; i++) {
        buf_add_slice(&post_it, slice_text("10000\r\n"));
        buf_add(&post_it, zeros, sizeof zeros);
        buf_add_slice(&post_it, slice_text("\r\n"));
    }
    buf_add_slice(&post_it, slice_text("0\r\n\r\n"));
    assert_int_equal(exchange(port, buf_slice(&post_it), answer, sizeof answer), 413);
    assert_int_equal(f->fake.submitted, 1);
    buf_free(&post_it);
    buf_free(&statement);
    api_close(api);
    finish(f);
}

static void test_headers_are_bounded(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct fixture *f = begin();
    struct api *api = NULL;
    struct api_options options = options_of(&f->fake);
    static char answer[1 << 16];
    struct buf request = buf_heap(1 << 20);
    options.per_address = 4;
    if (!api_open(&options, &api, &err))
        fail_msg("%s", err.msg);
    buf_add_slice(&request, slice_text("GET /v1/head HTTP/1.1\r\nHost: x\r\nX-Long: "));
    for (int i = 0; i < 60000; i++)
        buf_add_byte(&request, 'a');
    buf_add_slice(&request, slice_text("\r\nConnection: close\r\n\r\n"));
    unsigned status = exchange(api_port(api), buf_slice(&request), answer, sizeof answer);
    assert_true(status == 431 || status == 413 || status == 0);
    /* a fifth connection of one address is not served, and a place that frees up is */
    int held[4];
    for (int i = 0; i < 4; i++)
        held[i] = dial(api_port(api));
    for (int i = 0; i < 4; i++) { /* all four are in the daemon's hands */
        static const char get[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        (void)send(held[i], get, sizeof get - 1, MSG_NOSIGNAL);
        assert_true(recv(held[i], answer, sizeof answer, 0) > 0);
    }
    static const char get[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(api_port(api), slice_text(get), answer, sizeof answer), 0);
    for (int i = 0; i < 4; i++)
        (void)close(held[i]);
    status = 0;
    for (int i = 0; i < 1000 && status != 200; i++)
        status = exchange(api_port(api), slice_text(get), answer, sizeof answer);
    assert_int_equal(status, 200);
    buf_free(&request);
    api_close(api);
    finish(f);
}

static void test_addresses(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct fixture *f = begin();
    struct api *api = NULL;
    struct api_options options = options_of(&f->fake);
    options.host = "localhost";
    assert_false(api_open(&options, &api, &err));
    assert_int_equal(err.code, ERR_INPUT);
    options.host = NULL;
    options.web_dir = "/tmp/waybill-no-such-folder";
    assert_false(api_open(&options, &api, &err));
    assert_int_equal(err.code, ERR_IO);
    options.web_dir = "node/web";
    options.data_dir = "/tmp/waybill-no-such-folder";
    assert_false(api_open(&options, &api, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    finish(f);
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
    struct fixture *f = begin();
    struct api *api = NULL;
    struct api_options options = options_of(&f->fake);
    char line[1024];
    uint64_t time_ms = LEDGER_T0 + 90000000;
    options.port = port;
    if (!api_open(&options, &api, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    (void)printf("http://127.0.0.1:%u" UNIT "\n", api_port(api));
    (void)fflush(stdout);
    for (; fgets(line, sizeof line, stdin) != NULL; time_ms += 1000) {
        (void)printf("%s\n", tell_line(f->fake.l, time_ms, line) ? "ok" : "misfit");
        (void)fflush(stdout);
    }
    api_close(api);
    finish(f);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_set_identity),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_statement_fates),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_asset_answers),
        cmocka_unit_test(test_readings_keep_their_peak),
        cmocka_unit_test(test_proof_verifies_offline),
        cmocka_unit_test(test_hostile_paths),
        cmocka_unit_test(test_small_ones),
        cmocka_unit_test(test_page_has_the_facts),
        cmocka_unit_test(test_page_escapes),
        cmocka_unit_test(test_over_http),
        cmocka_unit_test(test_headers_are_bounded),
        cmocka_unit_test(test_addresses),
    };
    if (argc > 1 && strcmp(argv[1], "--serve") == 0)
        return serve(argc > 2 ? (uint16_t)strtoul(argv[2], NULL, 10) : 0);
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
