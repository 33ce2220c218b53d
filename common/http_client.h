/*
 * Asking a node over HTTP: the only file that includes libcurl. One client belongs to one thread. Answers
 * are capped while they arrive; redirects are not followed; plain http is for this machine only, anything
 * else needs https, whose failures are told in words. What a node answers is a claim until it is verified.
 */
#ifndef COMMON_HTTP_CLIENT_H
#define COMMON_HTTP_CLIENT_H

#include "common/bytes.h"
#include "common/err.h"

#define HTTP_CLIENT_TIMEOUT_MS 15000
#define HTTP_CLIENT_REPLY_MAX  (64 << 20)
#define HTTP_CLIENT_URL_MAX    2048
#define HTTP_CLIENT_TYPE_SIZE  96

struct http_client;

struct http_client_options {
    const char *base_url; /* "http://127.0.0.1:8600": scheme, host, port; no path */
    const char *ca_file;  /* NULL: the system's certificates */
    struct slice pinned;  /* PEM of the one certificate the other side must show; its name does not
                             matter then. Empty: as ca_file says */
    const char *certificate_file, *key_file; /* PEM, shown when asked for; NULL: none */
    unsigned timeout_ms;                     /* of a whole exchange; 0: HTTP_CLIENT_TIMEOUT_MS */
    size_t reply_max;                        /* bytes of a body; 0: HTTP_CLIENT_REPLY_MAX */
};

struct http_reply {
    unsigned status;                  /* 200, 404 … */
    char type[HTTP_CLIENT_TYPE_SIZE]; /* content type without parameters; "" when none was sent */
    struct buf body;
};

/* ERR_INPUT: the URL is none, or plain http to another machine. Strings are copied. */
bool http_client_open(const struct http_client_options *options, struct http_client **ret_client,
                      struct err *err);
void http_client_close(struct http_client *c); /* NULL is legal */
/* Other limits from the next exchange on, as in the options. */
void http_client_limit(struct http_client *c, unsigned timeout_ms, size_t reply_max);

/*
 * path begins with '/'; accept is a media type or NULL. Any status is an answer: true.
 * Returns: false with ERR_IO when there was none, ERR_BUSY when it was larger than allowed.
 * ret_reply is released with http_reply_free() after either.
 */
bool http_client_get(struct http_client *c, const char *path, const char *accept,
                     struct http_reply *ret_reply, struct err *err);
bool http_client_post(struct http_client *c, const char *path, const char *type, struct slice body,
                      struct http_reply *ret_reply, struct err *err);
void http_reply_free(struct http_reply *reply);

/* Appends text with every byte but letters, digits and -._~/ as %XX: for paths with names in them. */
void http_client_put_path(struct buf *out, const char *text);

#endif
