#include "node/peer_api.h"

#include "common/clock.h"
#include "common/hex.h"
#include "node/api_parts.h"
#include "node/blocks_range.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_PORTION (128 * 1024)
#define NEWEST_BLOCKS   64 /* a peer that lacks a decided block's body asks for it by hash so long */

#define REFUSAL_MAX 1024 /* words why there is no answer */
#define PER_ADDRESS 512  /* a rehearsal's nodes are all at one */

struct peer_api {
    struct store *store;
    struct http *http;
    struct peers *peers;
    pthread_mutex_t lock;
    size_t left_count; /* under the lock, as is … */
    struct peer_api_left left[PEER_BOOK_MAX];
};

static void refuse(struct http_answer *a, unsigned status, const char *text)
{
    a->status = status;
    a->type = "text/plain";
    buf_clear(&a->body);
    buf_add_slice(&a->body, slice_text(text));
    buf_add_byte(&a->body, '\n');
}

/* Among the newest decided blocks. */
static bool find_decided(struct store *s, const struct hash *wanted, struct buf *out)
{
    uint64_t height = 0;
    if (!store_height(s, &height, NULL))
        return false;
    for (size_t i = 0; i < NEWEST_BLOCKS && height > 0; i++, height--) {
        struct header h;
        if (!store_header(s, height, &h, NULL, NULL))
            return false;
        struct hash hash = header_hash(&h);
        if (hash_equal(&hash, wanted))
            return store_block(s, height, out, NULL, NULL, NULL);
    }
    return false;
}

static void give_candidate(struct peer_api *p, const char *text, struct http_answer *a)
{
    struct hash hash;
    a->body = buf_heap(BLOCK_SIZE_MAX + 1024);
    if (!hex_decode_lower(text, strlen(text), hash.bytes, HASH_SIZE))
        refuse(a, 400, "expected a block's hash, 64 hexadecimal digits");
    else if (!store_candidate(p->store, &hash, &a->body, NULL) &&
             !find_decided(p->store, &hash, &a->body))
        refuse(a, 404, "this node does not have that block");
}

static void give_blocks(struct peer_api *p, const struct http_request *q, uint64_t to,
                        struct http_answer *a)
{
    struct err err;
    uint64_t from = 0;
    if (!api_query_uint(q, a, "from", UINT64_MAX, &from))
        return;
    a->body = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    if (!blocks_range_put_to(p->store, from, to, &a->body, &err))
        refuse(a, err.code == ERR_IO ? 500 : 404, err.msg);
}

/* In small portions: who takes them has blocks to agree on meanwhile. */
static void give_history(struct peer_api *p, const struct http_request *q, struct http_answer *a)
{
    struct err err;
    uint64_t from = 0;
    if (!api_query_uint(q, a, "from", UINT64_MAX, &from))
        return;
    a->body = buf_heap(BLOCKS_RANGE_HISTORY_MAX);
    if (!blocks_range_put_history(p->store, from, HISTORY_PORTION, &a->body, &err))
        refuse(a, err.code == ERR_IO ? 500 : 404, err.msg);
}

static void give_heard(struct peer_api *p, const struct http_request *q, struct http_answer *a)
{
    uint64_t heard_ms = 0;
    a->body = buf_heap(16);
    if (q->peer != NULL && peers_find(p->peers, q->peer, NULL, &heard_ms) && heard_ms > 0)
        cbor_put_uint(&a->body, clock_steady_ms() - heard_ms);
    else
        cbor_put_null(&a->body);
}

static void give(struct peer_api *p, const struct http_request *q, const char *what,
                 struct http_answer *a)
{
    if (strncmp(what, "candidate/", strlen("candidate/")) == 0)
        give_candidate(p, what + strlen("candidate/"), a);
    else if (strcmp(what, "blocks") == 0)
        give_blocks(p, q, UINT64_MAX, a);
    else if (strcmp(what, "history") == 0)
        give_history(p, q, a);
    else if (strcmp(what, "heard") == 0)
        give_heard(p, q, a);
    else
        refuse(a, 404, "there is no such thing");
}

/* ------------------------------------------------------------------ who may ask */

static bool is_peer(const struct peer_api *p, const struct hash *fingerprint)
{
    return peers_find(p->peers, fingerprint, NULL, NULL);
}

/* The block that removed it; 0: it has not left. */
static uint64_t left_at(struct peer_api *p, const struct hash *fingerprint)
{
    uint64_t to = 0;
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < p->left_count && to == 0; i++)
        if (hash_equal(&p->left[i].fingerprint, fingerprint))
            to = p->left[i].to;
    pthread_mutex_unlock(&p->lock);
    return to;
}

void peer_api_set_left(struct peer_api *a, const struct peer_api_left *list, size_t count)
{
    assert(count <= PEER_BOOK_MAX);
    pthread_mutex_lock(&a->lock);
    if (count > 0)
        memcpy(a->left, list, count * sizeof list[0]);
    a->left_count = count;
    pthread_mutex_unlock(&a->lock);
}

static void handle(void *ctx, const struct http_request *q, struct http_answer *ret_answer)
{
    struct peer_api *p = ctx;
    size_t skip = strlen(PEER_API_PATH);
    *ret_answer =
        (struct http_answer){ .status = 200, .type = API_TYPE_CBOR, .body = buf_heap(REFUSAL_MAX) };
    const char *what = strncmp(q->path, PEER_API_PATH, skip) == 0 ? q->path + skip : "";
    if (q->method != HTTP_GET)
        refuse(ret_answer, 405, "nothing can be changed here");
    else if (q->peer == NULL || is_peer(p, q->peer))
        give(p, q, what, ret_answer);
    else if (strcmp(what, "blocks") == 0)
        give_blocks(p, q, left_at(p, q->peer), ret_answer);
    else
        refuse(ret_answer, 403, "who has left is given the blocks up to then, and nothing else");
}

static bool allows(void *ctx, const struct hash *fingerprint)
{
    struct peer_api *p = ctx;
    return is_peer(p, fingerprint) || left_at(p, fingerprint) > 0;
}

bool peer_api_open(const struct peer_api_options *options, struct peer_api **ret_api,
                   struct err *err)
{
    struct peer_api *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(err, ERR_IO, "out of memory");
    p->peers = options->peers;
    pthread_mutex_init(&p->lock, NULL);
    struct http_tls tls = { options->certificate_file, options->key_file, allows };
    struct http_options o = {
        .host = options->host,
        .port = options->port,
        .per_address = PER_ADDRESS,
        .body_max = 1,
        .tls = &tls,
        .handler = handle,
        .ctx = p,
    };
    if (!store_open(options->data_dir, STORE_READ, &p->store, err) ||
        !http_open(&o, &p->http, err)) {
        peer_api_close(p);
        return false;
    }
    *ret_api = p;
    return true;
}

uint16_t peer_api_port(const struct peer_api *a)
{
    return http_port(a->http);
}

void peer_api_close(struct peer_api *a)
{
    if (a == NULL)
        return;
    http_close(a->http);
    store_close(a->store);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
