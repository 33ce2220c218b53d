/*
 * Asking peers over HTTPS with certificates at both ends, the server being node/http.c; curl and openssl are
 * the strangers.
 */
#include "node/fetch.h"

#include "common/clock.h"
#include "common/tls_certificate.h"
#include "node/http.h"
#include "tests/unit/support_peers.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 60000
#define SOON_MS  (FETCH_PATIENT_MS - 5000) /* of who waited for patient ones: too late */

static struct support_peers s;
static struct err err;

/* A member's server: it allows member 0 alone, and has one thing to give. */
struct server {
    struct http *http;
    const char *text; /* NULL: it has nothing */
    size_t large;     /* answers with so many zeros instead */
    unsigned asked;
};
static struct server servers[SUPPORT_PEERS];
static struct fetch *fetch;

static void handle(void *ctx, const struct http_request *q, struct http_answer *a)
{
    struct server *server = ctx;
    static const uint8_t zeros[4096];
    (void)__atomic_add_fetch(&server->asked, 1, __ATOMIC_RELAXED);
    *a = (struct http_answer){ .status = 404, .type = "text/plain", .body = buf_heap(1 << 20) };
    if (strcmp(q->path, "/v1/peer/thing") != 0 || (server->text == NULL && server->large == 0))
        return;
    a->status = 200;
    if (server->text != NULL)
        buf_add_slice(&a->body, slice_text(server->text));
    while (a->body.len < server->large)
        buf_add(&a->body, zeros, sizeof zeros);
}

static bool allow_0(void *ctx, const struct hash *fingerprint)
{
    const struct peer *p = &s.at[0].peer;
    struct hash wanted = crypto_sha256(slice_of(p->certificate, p->certificate_len));
    (void)ctx;
    return hash_equal(&wanted, fingerprint);
}

static void open_server(size_t i, const char *text)
{
    struct http_tls tls = { s.at[i].crt, s.at[i].pem_key, allow_0 };
    servers[i] = (struct server){ .text = text };
    struct http_options o = { .body_max = 100, .tls = &tls, .handler = handle, .ctx = &servers[i] };
    if (!http_open(&o, &servers[i].http, &err))
        fail_msg("%s", err.msg);
    (void)snprintf(s.at[i].peer.url, sizeof s.at[i].peer.url, "https://127.0.0.1:%u",
                   http_port(servers[i].http));
}

static void tell_fetch(void)
{
    struct peer list[SUPPORT_PEERS];
    for (size_t i = 0; i < SUPPORT_PEERS; i++)
        list[i] = s.at[i].peer;
    fetch_set(fetch, list, SUPPORT_PEERS);
}

static int setup(void **state)
{
    (void)state;
    support_peers_make(&s);
    memset(servers, 0, sizeof servers);
    struct fetch_options o = { s.at[0].crt, s.at[0].pem_key };
    return fetch_open(&o, &fetch, &err) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fetch_close(fetch);
    for (size_t i = 0; i < SUPPORT_PEERS; i++)
        http_close(servers[i].http);
    support_peers_remove(&s);
    return 0;
}

static struct fetch_result wait_result(void)
{
    struct fetch_result r;
    uint64_t end = clock_steady_ms() + LIMIT_MS;
    struct pollfd p = { .fd = fetch_fd(fetch), .events = POLLIN };
    while (!fetch_take(fetch, &r)) {
        assert_true(clock_steady_ms() < end);
        (void)poll(&p, 1, 100);
    }
    return r;
}

/* Asks for the thing, at the members named by their digits ("" = anybody). */
static struct fetch_result ask_for(uint64_t tag, const char *members, size_t reply_max, bool urgent)
{
    struct fetch_job job = { .tag = tag, .path = "/v1/peer/thing", .reply_max = reply_max };
    for (; *members != '\0'; members++)
        job.kids[job.kid_count++] = s.at[*members - '0'].key.kid;
    job.urgent = urgent;
    assert_true(fetch_ask(fetch, &job, &err));
    return wait_result();
}

static struct fetch_result ask(uint64_t tag, const char *members, size_t reply_max)
{
    return ask_for(tag, members, reply_max, false);
}

static void expect(struct fetch_result r, uint64_t tag, size_t from, const char *text)
{
    assert_true(r.tag == tag);
    if (!r.found)
        fail_msg("%s", r.why.msg);
    assert_true(kid_equal(&r.from, &s.at[from].key.kid));
    assert_true(slice_equal(buf_slice(&r.body), slice_text(text)));
    buf_free(&r.body);
}

static void several_in_turn(void **state)
{
    (void)state;
    open_server(1, NULL);
    open_server(2, "two");
    (void)snprintf(s.at[3].peer.url, sizeof s.at[3].peer.url, "https://127.0.0.1:1");
    tell_fetch();
    expect(ask(7, "2", 100), 7, 2, "two");
    expect(ask(8, "132", 100), 8, 2, "two"); /* one has nothing, one is not there */
    expect(ask(9, "", 100), 9, 2, "two");
    struct fetch_result r = ask(10, "13", 100);
    assert_false(r.found);
    assert_true(r.tag == 10);
    r = ask(11, "0", 100); /* known, with no address */
    assert_false(r.found);
    assert_non_null(strstr(r.why.msg, "no peer"));
}

static void what_is_too_large(void **state)
{
    (void)state;
    open_server(1, NULL);
    servers[1].large = 8192;
    tell_fetch();
    struct fetch_result r = ask(1, "1", 8191);
    assert_false(r.found);
    assert_int_equal(r.why.code, ERR_BUSY);
    r = ask(2, "1", 8192);
    assert_true(r.found);
    assert_int_equal(r.body.len, 8192);
    buf_free(&r.body);
}

/* Whoever stands at a peer's address without its certificate is not believed. */
static void an_impostor_is_not_believed(void **state)
{
    (void)state;
    open_server(1, "one");
    open_server(2, "two");
    memcpy(s.at[3].peer.url, s.at[1].peer.url, sizeof s.at[3].peer.url);
    tell_fetch();
    struct fetch_result r = ask(1, "3", 100);
    assert_false(r.found);
    assert_non_null(strstr(r.why.msg, "certificate"));
    assert_int_equal(servers[1].asked, 0);
    expect(ask(2, "32", 100), 2, 2, "two");
    /* a peer that moved, and one that has another certificate now */
    memcpy(s.at[3].peer.certificate, s.at[1].peer.certificate, sizeof s.at[3].peer.certificate);
    s.at[3].peer.certificate_len = s.at[1].peer.certificate_len;
    tell_fetch();
    expect(ask(3, "3", 100), 3, 3, "one");
    memcpy(s.at[3].peer.url, s.at[2].peer.url, sizeof s.at[3].peer.url);
    tell_fetch();
    assert_false(ask(4, "3", 100).found);
    /* nor is plain http asked at all */
    (void)snprintf(s.at[3].peer.url, sizeof s.at[3].peer.url, "http://127.0.0.1:1");
    tell_fetch();
    r = ask(5, "3", 100);
    assert_non_null(strstr(r.why.msg, "https"));
}

/* A peer that takes a connection and says nothing holds up what is urgent for two seconds, no more. */
static void a_peer_that_hangs(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&a, &len), 0);
    (void)snprintf(s.at[1].peer.url, sizeof s.at[1].peer.url, "https://127.0.0.1:%u",
                   ntohs(a.sin_port));
    open_server(2, "two");
    tell_fetch();
    uint64_t begin = clock_steady_ms();
    expect(ask_for(1, "12222", 100, true), 1, 2, "two");
    assert_in_range(clock_steady_ms() - begin, FETCH_URGENT_MS - 100, SOON_MS);

    /* patient ones that hang leave a worker for the urgent */
    struct fetch_job job = { .path = "/v1/peer/thing", .reply_max = 100, .kid_count = 1 };
    job.kids[0] = s.at[1].key.kid;
    for (job.tag = 10; job.tag < 20; job.tag++)
        assert_true(fetch_ask(fetch, &job, &err));
    (void)poll(NULL, 0, 300); /* until all who may have taken one */
    begin = clock_steady_ms();
    expect(ask_for(2, "22222", 100, true), 2, 2,
           "two"); /* again, should the machine be that slow */
    assert_true(clock_steady_ms() - begin < SOON_MS);
    /* the same question twice is one; too many are refused */
    assert_true(fetch_ask(fetch, &job, &err));
    for (job.tag = 20; fetch_ask(fetch, &job, &err); job.tag++)
        assert_true(job.tag < 200);
    assert_int_equal(err.code, ERR_BUSY);
    job.tag = 15;
    assert_true(fetch_ask(fetch, &job, &err));
    (void)close(fd); /* so that those under way end */
}

/* ------------------------------------------------------------------ strangers at the door */

static unsigned curl_status(const char *who, size_t i)
{
    char text[4096];
    (void)support_peers_shell(&s, text,
                              "curl -s -k -o /dev/null -w '%%{http_code}' --max-time 60 %s %s%s",
                              who, s.at[i].peer.url, "/v1/peer/thing");
    return (unsigned)strtoul(text, NULL, 10);
}

static void nobody_else_is_answered(void **state)
{
    char text[4096];
    (void)state;
    open_server(1, "one");
    assert_int_equal(curl_status("--cert 0.crt --key 0.key", 1), 200);
    assert_int_equal(servers[1].asked, 1);
    assert_int_equal(curl_status("", 1), 403);
    assert_int_equal(curl_status("--cert 2.crt --key 2.key", 1), 403);
    assert_int_equal(curl_status("--cert 0.crt --key 2.key", 1), 0); /* curl itself refuses */
    assert_int_equal(
        support_peers_shell(&s, NULL,
                            "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=%s -keyout f.key "
                            "-out f.crt",
                            s.at[0].kid),
        0);
    assert_int_equal(curl_status("--cert f.crt --key f.key", 1), 403);
    assert_int_equal(curl_status("--cert f.crt --key f.key -d body", 1), 403);
    /* plain HTTP to that port */
    (void)support_peers_shell(&s, text, "curl -s -w '%%{http_code}' --max-time 60 http://%s/",
                              s.at[1].peer.url + strlen("https://"));
    assert_int_equal(strtoul(text, NULL, 10), 0);
    assert_int_equal(__atomic_load_n(&servers[1].asked, __ATOMIC_RELAXED),
                     1); /* the handler never saw one of them */
    /* what the server shows is the certificate the ledger knows */
    (void)support_peers_shell(&s, text,
                              "openssl s_client -connect %s -CAfile 1.crt -verify_return_error "
                              "-cert 0.crt -key 0.key </dev/null",
                              s.at[1].peer.url + strlen("https://"));
    assert_non_null(strstr(text, "Verification: OK"));
    assert_non_null(strstr(text, "TLSv1.3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(several_in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(an_impostor_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_peer_that_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_else_is_answered, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
