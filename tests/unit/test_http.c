#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "tests/unit/support_api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOW_MS \
    10000 /* of a server that waits for others; for one that does not it is long on any machine */

/* ------------------------------------------------------------------ over a socket */

/* From an address of the loopback network, 127.0.0.1 when from is 0. */
static int dial_from(uint32_t from, uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in own = { .sin_family = AF_INET };
    struct timeval wait = { .tv_sec = 60 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + from);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&own, sizeof own), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to), 0);
    return fd;
}

static int dial(uint16_t port)
{
    return dial_from(0, port);
}

/* However often it is interrupted. */
static bool send_all(int fd, struct slice s)
{
    for (size_t sent = 0; sent < s.len;) {
        ssize_t n = send(fd, s.data + sent, s.len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool all_sent; /* by the last exchange, before the server ended the connection */

/* Sends all, reads until the server is done. Returns the status, 0 when there was no answer. */
static unsigned exchange(uint16_t port, struct slice request, char *answer, size_t size)
{
    int fd = dial(port);
    size_t len = 0;
    ssize_t n;
    all_sent = send_all(fd, request);
    while (len + 1 < size) {
        n = recv(fd, answer + len, size - 1 - len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    answer[len] = '\0';
    (void)close(fd);
    return len > 12 ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
}

static void test_over_http(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct api *api = NULL;
    struct api_options options = support_api_options(f);
    static char answer[1 << 20];
    if (!api_open(&options, &api, &err))
        fail_msg("%s", err.msg);
    uint16_t port = api_port(api);
    static const char get[] = "GET /v1/head HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(port, slice_text(get), answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "Content-Type: application/json"));
    assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff"));
    static const char page[] =
        "GET " SUPPORT_UNIT "?wb=00112233445566778899aabbccddeeff HTTP/1.1\r\n"
        "Host: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(port, slice_text(page), answer, sizeof answer), 200);
    assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none'"));
    static const char escaped[] = "GET /01/09506000134352/21/DEMO%31 HTTP/1.1\r\nHost: x\r\n"
                                  "Accept: application/json\r\nConnection: close\r\n\r\n";
    assert_int_equal(exchange(port, slice_text(escaped), answer, sizeof answer), 200);
    struct buf post_it = buf_heap(1 << 20), statement = buf_heap(1 << 18);
    assert_true(store_statement(f->node.l->store, 7, &statement, NULL));
    int n = snprintf(answer, sizeof answer,
                     "POST /entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     statement.len);
    buf_add(&post_it, answer, (size_t)n);
    buf_add_slice(&post_it, buf_slice(&statement));
    assert_int_equal(exchange(port, buf_slice(&post_it), answer, sizeof answer), 202);
    assert_int_equal(f->node.submitted, 1);
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
    assert_int_equal(f->node.submitted, 1);
    buf_free(&post_it);
    buf_free(&statement);
    api_close(api);
    support_api_free(f);
}

/* Of what is announced to be far too much, or waits for leave, nothing is read; of the rest all, so that no reset
 * overtakes the answer. */
static void test_announced_too_large(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct api *api = NULL;
    struct api_options options = support_api_options(f);
    static const char far_more[] = "POST /entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                   "Content-Length: 4194305\r\n\r\n";
    static const char waits[] = "POST /entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "Expect: 100-continue\r\nContent-Length: 262145\r\n\r\n";
    static const char sends[] = "POST /entries HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                "Content-Length: 4194304\r\n\r\n";
    static char answer[4096];
    static uint8_t zeros[65536];
    struct buf request = buf_heap(5 << 20);
    if (!api_open(&options, &api, &err))
        fail_msg("%s", err.msg);
    uint16_t port = api_port(api);
    assert_int_equal(exchange(port, slice_text(far_more), answer, sizeof answer), 413);
    assert_int_equal(exchange(port, slice_text(waits), answer, sizeof answer), 413);
    buf_add_slice(&request, slice_text(sends));
    for (int i = 0; i < 64; i++)
        buf_add(&request, zeros, sizeof zeros);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(exchange(port, buf_slice(&request), answer, sizeof answer), 413);
        assert_true(all_sent);
    }
    assert_int_equal(f->node.submitted, 0);
    buf_free(&request);
    api_close(api);
    support_api_free(f);
}

static void test_headers_are_bounded(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct api *api = NULL;
    struct api_options options = support_api_options(f);
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
    support_api_free(f);
}

/* Clients of many addresses that begin a header and never end it; others are served all the while. */
static void test_a_thousand_slow_clients(void **state)
{
    (void)state;
    static int slow[1000];
    static char answer[1 << 16];
    static const char begun[] = "GET /v1/head HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    static const char get[] = "GET /v1/head HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct api *api = NULL;
    struct api_options options = support_api_options(f);
    uint64_t worst = 0;
    if (!api_open(&options, &api, &err))
        fail_msg("%s", err.msg);
    for (unsigned i = 0; i < 1000; i++) {
        slow[i] = dial_from(1 + i / 50, api_port(api));
        (void)send(slow[i], begun, sizeof begun - 1, MSG_NOSIGNAL);
    }
    for (int i = 0; i < 100; i++) {
        uint64_t before = clock_steady_ms();
        assert_int_equal(exchange(api_port(api), slice_text(get), answer, sizeof answer), 200);
        uint64_t took = clock_steady_ms() - before;
        worst = took > worst ? took : worst;
    }
    if (worst >= SLOW_MS)
        fail_msg("an answer took %llu ms", (unsigned long long)worst);
    for (unsigned i = 0; i < 1000; i++)
        (void)close(slow[i]);
    api_close(api);
    support_api_free(f);
}

static void test_addresses(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct support_api *f = support_api_new();
    struct api *api = NULL;
    struct api_options options = support_api_options(f);
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
    support_api_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_over_http),           cmocka_unit_test(test_announced_too_large),
        cmocka_unit_test(test_headers_are_bounded), cmocka_unit_test(test_a_thousand_slow_clients),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
