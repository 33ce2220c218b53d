/*
 * HTTP/1.1 over libmicrohttpd, which only http.c includes: sockets, limits and headers on one side, one
 * function from request to answer on the other. It runs in one thread of its own.
 */
#ifndef NODE_HTTP_H
#define NODE_HTTP_H

#include "common/crypto.h"
#include "common/err.h"

#define HTTP_CONNECTIONS             2000 /* fewer where the system allows few descriptors */
#define HTTP_RESERVED                512  /* descriptors for all else, or half of those allowed */
#define HTTP_OWN_CONNECTIONS         16 /* only for programs of this machine, or an eighth of all */
#define HTTP_CONNECTIONS_PER_ADDRESS 64
#define HTTP_TOLD_MS                 3600000 /* between two lines that say that there are too many */
#define HTTP_TIMEOUT_S               15      /* of silence, in the header too */
#define HTTP_HEADER_MAX              (32 * 1024) /* request line and headers */
#define HTTP_DROPPED_MAX             (4 * 1024 * 1024) /* of a body that is too large, before its answer */

enum http_method {
    HTTP_GET, /* HEAD too: the body is left out where it is sent */
    HTTP_POST,
    HTTP_OTHER,
};

struct http_request {
    enum http_method method;
    const char *path;   /* raw, not percent-decoded, without the query */
    const char *query;  /* raw, without the question mark; "" when there is none */
    const char *accept; /* "" when there is none */
    const char *type;   /* of the body */
    struct slice body;
    const struct hash *peer; /* fingerprint of the certificate shown; NULL over plain HTTP */
    bool too_large;          /* the body is larger than it may be, and was not kept */
};

struct http_answer {
    unsigned status;
    const char *type;
    const char *policy; /* Content-Security-Policy; NULL: nothing is allowed */
    struct buf body;    /* released by whoever sends it */
    bool immutable;     /* may be kept for ever: it is named by its content */
    bool shared;        /* pages of other origins may read it */
};

typedef void (*http_handler)(void *ctx, const struct http_request *q,
                             struct http_answer *ret_answer);

/*
 * HTTPS in which both sides show a certificate. Whoever shows none, or one that is not allowed, is answered
 * 403, whatever was asked for.
 */
struct http_tls {
    const char *certificate_file, *key_file; /* PEM */
    bool (*allows)(void *ctx, const struct hash *fingerprint);
};

struct http_options {
    const char *host;     /* an IPv4 or IPv6 address; NULL: 127.0.0.1 */
    uint16_t port;        /* 0: any free one */
    unsigned per_address; /* connections of one address; 0: HTTP_CONNECTIONS_PER_ADDRESS */
    size_t body_max;
    const struct http_tls *tls; /* NULL: plain HTTP. Borrowed until http_open() returns */
    http_handler handler;       /* called from the server's thread only */
    void *ctx;
};

struct http;

/* Serves from the moment it returns true. */
bool http_open(const struct http_options *options, struct http **ret_http, struct err *err);
uint16_t http_port(const struct http *h);
/* Returns when the last answer is out and the thread has ended. NULL is legal. */
void http_close(struct http *h);

#endif
