#include "node/http.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/tls_certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define NO_POLICY "default-src 'none'; frame-ancestors 'none'"

struct http {
    struct http_options options;
    bool (*allows)(void *ctx, const struct hash *fingerprint); /* NULL: plain HTTP */
    struct MHD_Daemon *daemon;
    uint16_t port;
    unsigned limit;   /* connections at once */
    unsigned open;    /* the server's thread's, as is … */
    uint64_t told_ms; /* … when it was said that there are too many; 0: never */
};

/* One request on its way in. */
struct incoming {
    char *target;     /* raw path and query */
    struct buf body;  /* grows with what arrives, never above STATEMENT_MAX */
    bool begun;       /* the headers were seen */
    struct hash peer; /* over TLS */
    size_t dropped;   /* bytes of a body that is too large, which gets its answer at the end */
    bool too_large;   /* as announced */
};

/* ------------------------------------------------------------------ answers out */

static void add_headers(struct MHD_Response *r, const struct http_answer *a)
{
    (void)MHD_add_response_header(r, "Content-Type", a->type);
    (void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
    (void)MHD_add_response_header(r, "Content-Security-Policy",
                                  a->policy != NULL ? a->policy : NO_POLICY);
    (void)MHD_add_response_header(
        r, "Cache-Control", a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    (void)MHD_add_response_header(r, "Vary", "Accept");
    if (a->shared)
        (void)MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
    if (a->status == 405)
        (void)MHD_add_response_header(r, "Allow", "GET, HEAD");
    if (a->status == 503)
        (void)MHD_add_response_header(r, "Retry-After", "1");
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct http_answer *a)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(a->body.len, a->body.data, MHD_RESPMEM_MUST_COPY);
    buf_free(&a->body);
    if (r == NULL)
        return MHD_NO;
    add_headers(r, a);
    enum MHD_Result queued = MHD_queue_response(connection, a->status, r);
    MHD_destroy_response(r);
    return queued;
}

/* ------------------------------------------------------------------ requests in */

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value != NULL ? value : "";
}

/* The target as it was sent: percent-decoding is the parsers' business, once and in their way. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    const struct http *h = ctx;
    (void)connection;
    struct incoming *in = calloc(1, sizeof *in);
    if (in == NULL)
        return NULL;
    in->target = strdup(target);
    in->body = buf_heap(h->options.body_max);
    return in;
}

static void on_end(void *ctx, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode why)
{
    struct incoming *in = *state;
    (void)ctx;
    (void)connection;
    (void)why;
    if (in == NULL)
        return;
    free(in->target);
    buf_free(&in->body);
    free(in);
    *state = NULL;
}

/* Announced lengths are judged before a byte of the body is read. */
static bool announces_more_than(size_t max, struct MHD_Connection *connection)
{
    const char *length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    errno = 0;
    unsigned long long n = strtoull(length, NULL, 10);
    return length[0] != '\0' && (errno != 0 || n > max);
}

/*
 * An answer before the body ends the connection, and what then still arrives is met with a reset, which may overtake
 * the answer. So that who sends is told, some of it is read in vain, unless he waits for leave to send it.
 */
static bool answers_at_once(struct MHD_Connection *connection)
{
    return announces_more_than(HTTP_DROPPED_MAX, connection) ||
           header_of(connection, MHD_HTTP_HEADER_EXPECT)[0] != '\0';
}

static enum http_method method_of(const char *method)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return HTTP_GET;
    return strcmp(method, "POST") == 0 ? HTTP_POST : HTTP_OTHER;
}

/* Over TLS: has the other side shown a certificate that is allowed? */
static bool may_ask(const struct http *h, struct MHD_Connection *connection,
                    struct hash *ret_fingerprint)
{
    if (h->allows == NULL)
        return true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info != NULL && tls_certificate_of_session(info->tls_session, ret_fingerprint) &&
           h->allows(h->options.ctx, ret_fingerprint);
}

static enum MHD_Result refuse(struct MHD_Connection *connection)
{
    struct http_answer a = { .status = 403, .type = "text/plain", .body = buf_heap(64) };
    buf_add_slice(&a.body, slice_text("for peers only\n"));
    return send_answer(connection, &a);
}

static enum MHD_Result answer(const struct http *h, struct MHD_Connection *connection,
                              struct incoming *in, const char *method)
{
    struct http_answer a = { .status = 500, .type = "text/plain" };
    char *query = strchr(in->target, '?');
    if (query != NULL)
        *query++ = '\0';
    struct http_request q = {
        .method = method_of(method),
        .path = in->target,
        .query = query != NULL ? query : "",
        .accept = header_of(connection, MHD_HTTP_HEADER_ACCEPT),
        .type = header_of(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
        .body = buf_slice(&in->body),
        .peer = h->allows != NULL ? &in->peer : NULL,
        .too_large = in->too_large || in->dropped > 0,
    };
    h->options.handler(h->options.ctx, &q, &a);
    return send_answer(connection, &a);
}

/* A body that did not announce its length may still be too large. */
static enum MHD_Result take_body(struct incoming *in, const char *data, size_t *data_len)
{
    if (!in->body.failed)
        buf_add(&in->body, data, *data_len);
    if (in->body.failed)
        in->dropped += *data_len;
    *data_len = 0;
    return in->dropped <= HTTP_DROPPED_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result step(const struct http *h, struct MHD_Connection *connection,
                            struct incoming *in, const char *method)
{
    bool first = !in->begun;
    in->begun = true;
    if (!first)
        return answer(h, connection, in, method);
    if (!may_ask(h, connection, &in->peer))
        return refuse(connection);
    in->too_large = announces_more_than(h->options.body_max, connection);
    return in->too_large && answers_at_once(connection) ? answer(h, connection, in, method)
                                                        : MHD_YES;
}

/* As libmicrohttpd calls it: once for the headers, for each part of the body, and at the end. */
// NOLINTNEXTLINE(readability-function-size): eight parameters are the library's choice
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    struct incoming *in = *state;
    (void)url;
    (void)version;
    if (in == NULL || in->target == NULL)
        return MHD_NO;
    if (in->begun && *data_len > 0)
        return take_body(in, data, data_len);
    return step(ctx, connection, in, method);
}

/* Nothing is decoded here: see on_target(). */
static size_t keep_escapes(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

/* ------------------------------------------------------------------ the daemon */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *host, uint16_t port, union address *ret, struct err *err)
{
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons(port);
        return true;
    }
    return err_set(err, ERR_INPUT, "http: expected an address such as 127.0.0.1, found \"%s\"",
                   host);
}

/*
 * Every connection is a descriptor; what the system allows beyond its cautious default is asked for. A node has
 * two servers, one for people and one for peers. Strangers may fill both, and the database and the brokers'
 * links still have theirs.
 */
static unsigned share_descriptors(void)
{
    struct rlimit limit;
    rlim_t wanted = 2 * HTTP_CONNECTIONS + HTTP_RESERVED;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return HTTP_CONNECTIONS;
    rlim_t allowed = limit.rlim_cur;
    if (allowed < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
            allowed = limit.rlim_cur;
    }
    if (allowed >= wanted)
        return HTTP_CONNECTIONS;
    rlim_t reserved = allowed / 2 < HTTP_RESERVED ? allowed / 2 : HTTP_RESERVED;
    return (unsigned)((allowed - reserved) / 2);
}

static bool is_own(const struct sockaddr *from, socklen_t len)
{
    union address a = { .any.sa_family = AF_UNSPEC };
    memcpy(&a, from, len < sizeof a ? len : sizeof a);
    return (a.any.sa_family == AF_INET && a.v4.sin_addr.s_addr == htonl(INADDR_LOOPBACK)) ||
           (a.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr));
}

/* The last ones are kept for whoever looks after the node from its own machine. */
static enum MHD_Result may_connect(void *ctx, const struct sockaddr *from, socklen_t len)
{
    struct http *h = ctx;
    unsigned own = h->limit / 8 < HTTP_OWN_CONNECTIONS ? h->limit / 8 : HTTP_OWN_CONNECTIONS;
    if (h->open < h->limit - own || is_own(from, len))
        return MHD_YES;
    uint64_t now_ms = clock_steady_ms();
    if (h->told_ms == 0 || now_ms >= h->told_ms + HTTP_TOLD_MS) {
        h->told_ms = now_ms;
        log_warn("http: %u connections are open to port %u; others are turned away", h->open,
                 h->options.port);
    }
    return MHD_NO;
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http *h = ctx;
    (void)connection;
    (void)state;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        h->open++;
    else if (h->open > 0)
        h->open--;
}

/* What the daemon needs for TLS; it copies the texts. */
struct pems {
    struct buf certificate, key;
};

static bool read_pems(const struct http_tls *tls, struct pems *p, struct err *err)
{
    p->certificate = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    p->key = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    if (tls == NULL)
        return true;
    bool good =
        file_read(tls->certificate_file, TLS_CERTIFICATE_PEM_MAX - 1, &p->certificate, err) &&
        file_read(tls->key_file, TLS_CERTIFICATE_PEM_MAX - 1, &p->key, err);
    buf_add_byte(&p->certificate, 0);
    buf_add_byte(&p->key, 0);
    return good;
}

static void free_pems(struct pems *p)
{
    if (p->key.data != NULL)
        crypto_wipe(p->key.data, p->key.len);
    buf_free(&p->certificate);
    buf_free(&p->key);
}

static struct MHD_Daemon *run(struct http *h, const union address *address, struct pems *p)
{
    const struct http_options *o = &h->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC;
    unsigned per_address = o->per_address > 0 ? o->per_address : HTTP_CONNECTIONS_PER_ADDRESS;
    if (address->any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    /* A trust list makes the daemon ask for certificates. It lets everybody through: see may_ask(). */
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, p->certificate.data },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, p->key.data },
        { MHD_OPTION_HTTPS_MEM_TRUST, 0, p->certificate.data },
        { MHD_OPTION_END, 0, NULL },
    };
    if (h->allows != NULL)
        flags |= MHD_USE_TLS;
    errno = 0;
    return MHD_start_daemon(
        flags, o->port, may_connect, h, on_request, h, MHD_OPTION_SOCK_ADDR, &address->any,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, h, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_CONNECTION_LIMIT, h->limit,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        per_address, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEADER_MAX, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_ARRAY, h->allows != NULL ? tls : &tls[3], MHD_OPTION_END);
}

static bool start(struct http *h, struct err *err)
{
    const struct http_options *o = &h->options;
    const char *host = o->host != NULL ? o->host : "127.0.0.1";
    union address address;
    struct pems pems;
    bool good = parse_address(host, o->port, &address, err);
    good = read_pems(o->tls, &pems, good ? err : NULL) && good;
    if (good) {
        h->limit = share_descriptors();
        h->daemon = run(h, &address, &pems);
    }
    free_pems(&pems);
    if (h->daemon == NULL)
        return good ? err_set(err, ERR_IO, "http: cannot listen on %s port %u: %s", host, o->port,
                              errno != 0       ? strerror(errno)
                              : o->tls != NULL ? "refused; do certificate and key fit each other?"
                                               : "refused")
                    : false;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
    h->port = info != NULL ? info->port : o->port;
    return true;
}

bool http_open(const struct http_options *options, struct http **ret_http, struct err *err)
{
    struct http *h = calloc(1, sizeof *h);
    if (h == NULL)
        return err_set(err, ERR_IO, "out of memory");
    h->options = *options;
    h->allows = options->tls != NULL ? options->tls->allows : NULL;
    bool good = start(h, err);
    h->options.tls = NULL;
    if (!good) {
        free(h);
        return false;
    }
    *ret_http = h;
    return true;
}

uint16_t http_port(const struct http *h)
{
    return h->port;
}

void http_close(struct http *h)
{
    if (h == NULL)
        return;
    MHD_stop_daemon(h->daemon);
    free(h);
}
