#include "common/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define CONNECT_TIMEOUT_MS 5000L
#define PINNED_MAX         16384
#define PASSED_MAX         8 /* addresses of one name */

struct place {
    struct sockaddr_storage address;
    socklen_t len;
};

struct http_client {
    CURL *curl;
    char base[HTTP_CLIENT_URL_MAX];
    char *ca_file, *certificate_file, *key_file;
    struct buf pinned;
    unsigned timeout_ms;
    size_t reply_max;
    size_t passed_count;
    struct place passed[PASSED_MAX]; /* addresses that came to nothing: the others first */
    struct place last;               /* the one tried last in this exchange */
    unsigned tried, skipped;         /* in this exchange */
    char reason[CURL_ERROR_SIZE];
};

/* ------------------------------------------------------------------ opening */

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    if (host[0] != '[')
        return false;
    char inner[64];
    size_t len = strlen(host);
    if (len < 3 || len - 2 >= sizeof inner)
        return false;
    memcpy(inner, host + 1, len - 2);
    inner[len - 2] = '\0';
    return inet_pton(AF_INET6, inner, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool judge_url(const char *scheme, const char *host, const char *path, struct err *err)
{
    if (path != NULL && strcmp(path, "/") != 0)
        return err_set(err, ERR_INPUT, "expected a node's address without a path, found \"%.80s\"",
                       path);
    if (strcmp(scheme, "https") == 0)
        return true;
    if (strcmp(scheme, "http") != 0)
        return err_set(err, ERR_INPUT, "expected http:// or https://, found \"%.40s\"", scheme);
    return is_loopback(host) ||
           err_set(err, ERR_INPUT,
                   "plain http is for this machine only, and %.120s is another: use https://",
                   host);
}

/* Takes the address apart as libcurl itself will, so that both mean the same host. */
static bool check_url(const char *url, struct err *err)
{
    char *scheme = NULL, *host = NULL, *path = NULL, *user = NULL;
    CURLU *parts = curl_url();
    if (parts == NULL)
        return err_set(err, ERR_IO, "out of memory");
    bool good = curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    if (!good)
        (void)err_set(err, ERR_INPUT,
                      "expected an address such as http://127.0.0.1:8600, found \"%.120s\"", url);
    else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK)
        good = err_set(err, ERR_INPUT, "an address with a password in it is not used");
    else {
        (void)curl_url_get(parts, CURLUPART_PATH, &path, 0);
        good = judge_url(scheme, host, path, err);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(path);
    curl_free(user);
    curl_url_cleanup(parts);
    return good;
}

void http_client_limit(struct http_client *c, unsigned timeout_ms, size_t reply_max)
{
    c->timeout_ms = timeout_ms == 0 ? HTTP_CLIENT_TIMEOUT_MS : timeout_ms;
    c->reply_max = reply_max == 0 ? HTTP_CLIENT_REPLY_MAX : reply_max;
}

static bool copy_text(const char *text, char **ret_copy)
{
    *ret_copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *ret_copy != NULL;
}

static bool copy_options(struct http_client *c, const struct http_client_options *o,
                         struct err *err)
{
    size_t len = strlen(o->base_url);
    while (len > 0 && o->base_url[len - 1] == '/')
        len--;
    if (len >= sizeof c->base)
        return err_set(err, ERR_INPUT, "the node's address is too long");
    memcpy(c->base, o->base_url, len);
    http_client_limit(c, o->timeout_ms, o->reply_max);
    buf_add_slice(&c->pinned, o->pinned);
    return (copy_text(o->ca_file, &c->ca_file) &&
            copy_text(o->certificate_file, &c->certificate_file) &&
            copy_text(o->key_file, &c->key_file) && !c->pinned.failed) ||
           err_set(err, ERR_IO, "out of memory");
}

static bool libcurl_ready;

static void start_libcurl(void)
{
    libcurl_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

bool http_client_open(const struct http_client_options *options, struct http_client **ret_client,
                      struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_libcurl);
    if (!libcurl_ready)
        return err_set(err, ERR_IO, "libcurl does not start");
    struct http_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(err, ERR_IO, "out of memory");
    c->pinned = buf_heap(PINNED_MAX);
    if (!check_url(options->base_url, err) || !copy_options(c, options, err)) {
        http_client_close(c);
        return false;
    }
    c->curl = curl_easy_init();
    if (c->curl == NULL) {
        http_client_close(c);
        return err_set(err, ERR_IO, "out of memory");
    }
    *ret_client = c;
    return true;
}

void http_client_close(struct http_client *c)
{
    if (c == NULL)
        return;
    if (c->curl != NULL)
        curl_easy_cleanup(c->curl);
    free(c->ca_file);
    free(c->certificate_file);
    free(c->key_file);
    buf_free(&c->pinned);
    free(c);
}

/* ------------------------------------------------------------------ one exchange */

/*
 * Within a short exchange libcurl may get no further than to the first address of a name. So the one that
 * came to nothing is passed over in the next exchange, until all of them are.
 */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct http_client *c = user;
    struct place place = { .len = a->addrlen };
    (void)purpose;
    if (a->addrlen > sizeof place.address)
        return CURL_SOCKET_BAD;
    memcpy(&place.address, &a->addr, a->addrlen);
    for (size_t i = 0; i < c->passed_count; i++)
        if (c->passed[i].len == place.len &&
            memcmp(&c->passed[i].address, &place.address, place.len) == 0) {
            c->skipped++;
            return CURL_SOCKET_BAD;
        }
    c->last = place;
    c->tried++;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* After a failure: if the request could not even be sent, the address that was tried is to blame. */
static void pass_over(struct http_client *c)
{
    curl_off_t sent_us = 0;
    if (curl_easy_getinfo(c->curl, CURLINFO_PRETRANSFER_TIME_T, &sent_us) != CURLE_OK ||
        sent_us > 0 || c->tried == 0)
        return;
    if (c->passed_count == PASSED_MAX)
        c->passed_count = 0;
    c->passed[c->passed_count++] = c->last;
}

static CURLcode exchange(struct http_client *c)
{
    c->tried = c->skipped = 0;
    CURLcode code = curl_easy_perform(c->curl);
    if (code != CURLE_OK && c->tried == 0 &&
        c->skipped > 0) { /* all are passed over: from the start */
        c->passed_count = c->skipped = 0;
        code = curl_easy_perform(c->curl);
    }
    if (code != CURLE_OK)
        pass_over(c);
    return code;
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct buf *body = user;
    buf_add(body, data, size * count);
    return body->failed ? 0 : size * count;
}

/* With a pinned certificate nothing else is trusted, not even what the system trusts. */
static bool set_tls(struct http_client *c)
{
    struct curl_blob pinned = { c->pinned.data, c->pinned.len, CURL_BLOB_COPY };
    if (c->certificate_file != NULL &&
        (curl_easy_setopt(c->curl, CURLOPT_SSLCERT, c->certificate_file) != CURLE_OK ||
         curl_easy_setopt(c->curl, CURLOPT_SSLKEY, c->key_file) != CURLE_OK))
        return false;
    if (c->pinned.len == 0)
        return c->ca_file == NULL ||
               curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca_file) == CURLE_OK;
    return curl_easy_setopt(c->curl, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(c->curl, CURLOPT_CAINFO_BLOB, &pinned) == CURLE_OK &&
           curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK;
}

static bool set_up(struct http_client *c, const char *path, struct http_reply *reply,
                   struct curl_slist *headers, struct err *err)
{
    char url[(2 * HTTP_CLIENT_URL_MAX)];
    if (path[0] != '/' || strlen(path) >= HTTP_CLIENT_URL_MAX)
        return err_set(err, ERR_INPUT, "the path is too long");
    (void)snprintf(url, sizeof url, "%s%s", c->base, path);
    curl_easy_reset(c->curl); /* keeps the connection */
    c->reason[0] = '\0';
    bool good =
        curl_easy_setopt(c->curl, CURLOPT_URL, url) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->reason) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETDATA, c) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &reply->body) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        curl_easy_setopt(c->curl, CURLOPT_USERAGENT, "waybill") == CURLE_OK && set_tls(c);
    return good || err_set(err, ERR_IO, "libcurl refuses its options");
}

static void take_type(struct http_client *c, struct http_reply *reply)
{
    const char *type = NULL;
    if (curl_easy_getinfo(c->curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL)
        return;
    size_t len = strcspn(type, "; ");
    if (len >= sizeof reply->type)
        return;
    memcpy(reply->type, type, len);
    reply->type[len] = '\0';
}

static bool perform(struct http_client *c, struct http_reply *reply, struct err *err)
{
    CURLcode code = exchange(c);
    if (reply->body.failed)
        return err_set(err, ERR_BUSY, "%s: answers with more than the %zu bytes expected", c->base,
                       c->reply_max);
    if (code != CURLE_OK)
        return err_set(err, ERR_IO, "%s: %s", c->base,
                       c->reason[0] != '\0' ? c->reason : curl_easy_strerror(code));
    long status = 0;
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    reply->status = (unsigned)status;
    take_type(c, reply);
    return true;
}

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    char line[256];
    if (snprintf(line, sizeof line, "%s: %s", name, value) >= (int)sizeof line)
        return false;
    struct curl_slist *more = curl_slist_append(*headers, line);
    if (more == NULL)
        return false;
    *headers = more;
    return true;
}

bool http_client_get(struct http_client *c, const char *path, const char *accept,
                     struct http_reply *ret_reply, struct err *err)
{
    struct curl_slist *headers = NULL;
    *ret_reply = (struct http_reply){ .body = buf_heap(c->reply_max) };
    bool good = accept == NULL || add_header(&headers, "Accept", accept) ||
                err_set(err, ERR_INPUT, "the media type is too long");
    good = good && set_up(c, path, ret_reply, headers, err) && perform(c, ret_reply, err);
    curl_slist_free_all(headers);
    return good;
}

bool http_client_post(struct http_client *c, const char *path, const char *type, struct slice body,
                      struct http_reply *ret_reply, struct err *err)
{
    struct curl_slist *headers = NULL;
    *ret_reply = (struct http_reply){ .body = buf_heap(c->reply_max) };
    bool good =
        (add_header(&headers, "Content-Type", type) && add_header(&headers, "Expect", "")) ||
        err_set(err, ERR_INPUT, "the media type is too long");
    good = good && set_up(c, path, ret_reply, headers, err);
    if (good &&
        (curl_easy_setopt(c->curl, CURLOPT_POST, 1L) != CURLE_OK ||
         curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) != CURLE_OK ||
         curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, (const char *)body.data) != CURLE_OK))
        good = err_set(err, ERR_IO, "libcurl refuses its options");
    good = good && perform(c, ret_reply, err);
    curl_slist_free_all(headers);
    return good;
}

void http_reply_free(struct http_reply *reply)
{
    buf_free(&reply->body);
}

void http_client_put_path(struct buf *out, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] = "-._~/";
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || strchr(plain, c) != NULL) {
            buf_add_byte(out, c);
            continue;
        }
        buf_add_byte(out, '%');
        buf_add_byte(out, (uint8_t)digits[c >> 4]);
        buf_add_byte(out, (uint8_t)digits[c & 15]);
    }
}
