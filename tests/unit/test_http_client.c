/* common/http_client against a server of a few lines, in a thread: answers, caps, refusals. */
#include "common/http_client.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define REQUEST_MAX 4096

/* Takes one connection, reads one request, answers with `answer`, closes; says nothing when it is NULL. */
struct server {
    int fd;
    char url[64], https_url[64];
    const char *answer;
    char request[REQUEST_MAX + 1];
    pthread_t thread;
};

/* The head, and as much body as it announces. */
static bool is_whole(const char *request, size_t len)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *announced = strstr(request, "Content-Length: ");
    if (end == NULL)
        return false;
    size_t body = announced == NULL ? 0 : (size_t)strtoul(announced + 16, NULL, 10);
    return len >= (size_t)(end - request) + 4 + body;
}

static void *serve(void *user)
{
    struct server *s = user;
    int fd = accept(s->fd, NULL, NULL);
    size_t len = 0;
    if (fd < 0)
        return NULL;
    while (len < REQUEST_MAX && !is_whole(s->request, len)) {
        ssize_t n = read(fd, s->request + len, REQUEST_MAX - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        s->request[len] = '\0';
    }
    if (s->answer != NULL && write(fd, s->answer, strlen(s->answer)) < 0)
        s->request[0] = '\0';
    if (s->answer == NULL) { /* until the client gives up */
        char byte;
        while (read(fd, &byte, 1) > 0) {
        }
    }
    (void)close(fd);
    return NULL;
}

static void start(struct server *s, const char *answer)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    memset(s, 0, sizeof *s);
    s->answer = answer;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", ntohs(at.sin_port));
    (void)snprintf(s->https_url, sizeof s->https_url, "https://127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->fd);
}

static struct http_client *open_client(struct http_client_options options)
{
    struct http_client *c = NULL;
    struct err err;
    if (!http_client_open(&options, &c, &err))
        fail_msg("%s", err.msg);
    return c;
}

static void get_gives_status_type_and_body(void **state)
{
    (void)state;
    struct server s;
    struct http_reply reply;
    start(&s, "HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json; charset=utf-8\r\n"
              "Content-Length: 7\r\nConnection: close\r\n\r\n{\"a\":1}");
    struct http_client *c = open_client((struct http_client_options){ .base_url = s.url });
    assert_true(http_client_get(c, "/v1/head", "application/json", &reply, NULL));
    stop(&s);
    assert_int_equal(reply.status, 404);
    assert_string_equal(reply.type, "application/problem+json");
    assert_true(slice_equal(buf_slice(&reply.body), slice_text("{\"a\":1}")));
    assert_non_null(strstr(s.request, "GET /v1/head HTTP/1.1\r\n"));
    assert_non_null(strstr(s.request, "Accept: application/json\r\n"));
    http_reply_free(&reply);
    http_client_close(c);
}

static void post_sends_the_bytes(void **state)
{
    (void)state;
    struct server s;
    struct http_reply reply;
    start(&s, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    struct http_client *c = open_client((struct http_client_options){ .base_url = s.url });
    assert_true(
        http_client_post(c, "/entries", "application/cose", slice_text("d284"), &reply, NULL));
    stop(&s);
    assert_int_equal(reply.status, 202);
    assert_non_null(strstr(s.request, "POST /entries HTTP/1.1\r\n"));
    assert_non_null(strstr(s.request, "Content-Type: application/cose\r\n"));
    assert_non_null(strstr(s.request, "\r\n\r\nd284"));
    http_reply_free(&reply);
    http_client_close(c);
}

static void larger_answers_are_cut_off(void **state)
{
    (void)state;
    struct server s;
    struct http_reply reply;
    struct err err;
    start(&s, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n123456789");
    struct http_client *c =
        open_client((struct http_client_options){ .base_url = s.url, .reply_max = 8 });
    assert_false(http_client_get(c, "/", NULL, &reply, &err));
    assert_int_equal(err.code, ERR_BUSY);
    stop(&s);
    http_reply_free(&reply);
    http_client_close(c);
}

static void redirects_are_not_followed(void **state)
{
    (void)state;
    struct server s;
    struct http_reply reply;
    start(&s, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n"
              "Connection: close\r\n\r\n");
    struct http_client *c = open_client((struct http_client_options){ .base_url = s.url });
    assert_true(http_client_get(c, "/", NULL, &reply, NULL));
    assert_int_equal(reply.status, 302);
    stop(&s);
    http_reply_free(&reply);
    http_client_close(c);
}

static void silence_ends_at_the_timeout(void **state)
{
    (void)state;
    struct server s;
    struct http_reply reply;
    struct err err;
    start(&s, NULL);
    struct http_client *c =
        open_client((struct http_client_options){ .base_url = s.url, .timeout_ms = 500 });
    assert_false(http_client_get(c, "/", NULL, &reply, &err));
    assert_int_equal(err.code, ERR_IO);
    http_reply_free(&reply);
    http_client_close(c);
    stop(&s);
}

static void nobody_there_is_named(void **state)
{
    (void)state;
    struct http_reply reply;
    struct err err;
    struct http_client *c =
        open_client((struct http_client_options){ .base_url = "http://127.0.0.1:1" });
    assert_false(http_client_get(c, "/", NULL, &reply, &err));
    assert_non_null(strstr(err.msg, "http://127.0.0.1:1"));
    http_reply_free(&reply);
    http_client_close(c);
}

static void tls_failure_says_why(void **state)
{
    (void)state;
    struct server s;
    struct http_reply reply;
    struct err err;
    start(&s, "this is no TLS server\r\n");
    struct http_client *c = open_client((struct http_client_options){ .base_url = s.https_url });
    assert_false(http_client_get(c, "/", NULL, &reply, &err));
    stop(&s);
    assert_int_equal(err.code, ERR_IO);
    assert_true(strstr(err.msg, "SSL") != NULL || strstr(err.msg, "TLS") != NULL);
    http_reply_free(&reply);
    http_client_close(c);
}

static void only_fit_addresses_are_taken(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "http://example.org:8600",
        "http://128.0.0.1",
        "http://127.0.0.1.example.org",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "http://127.0.0.1/path",
        "http://a:b@127.0.0.1",
        "http://[::2]:8600",
        "",
        "http://127.0.0.1@example.org",
    };
    static const char *const good[] = { "http://127.0.0.1:8600", "http://localhost:8600/",
                                        "http://[::1]:8600", "https://example.org",
                                        "http://127.8.9.1" };
    struct http_client *c = NULL;
    struct err err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_client_options o = { .base_url = bad[i] };
        if (http_client_open(&o, &c, &err))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(err.code, ERR_INPUT);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        http_client_close(open_client((struct http_client_options){ .base_url = good[i] }));
}

static void names_are_safe_in_paths(void **state)
{
    (void)state;
    struct buf out = buf_heap(256);
    http_client_put_path(&out, "01/095/21/a?b#c d%\"&é");
    assert_true(slice_equal(buf_slice(&out), slice_text("01/095/21/a%3Fb%23c%20d%25%22%26%C3%A9")));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_gives_status_type_and_body),
        cmocka_unit_test(post_sends_the_bytes),
        cmocka_unit_test(larger_answers_are_cut_off),
        cmocka_unit_test(redirects_are_not_followed),
        cmocka_unit_test(silence_ends_at_the_timeout),
        cmocka_unit_test(nobody_there_is_named),
        cmocka_unit_test(tls_failure_says_why),
        cmocka_unit_test(only_fit_addresses_are_taken),
        cmocka_unit_test(names_are_safe_in_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
