#include "common/node_client.h"

#include "common/clock.h"
#include "common/gs1.h"
#include "common/hex.h"
#include "common/http_client.h"
#include "common/refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JSON_MAX     (64 << 20)
#define TYPE_JSON    "application/json"
#define TYPE_CBOR    "application/cbor"
#define TYPE_COSE    "application/cose"
#define POLL_MS      50
#define RETRY_MS     500
#define LOCK_WAIT_MS 5000 /* for another program that signs with the same key */

struct node_client {
    struct http_client *http;
    char url[HTTP_CLIENT_URL_MAX];
};

bool node_client_open(const char *url, const char *ca_file, struct node_client **ret_client,
                      struct err *err)
{
    struct http_client_options options = { .base_url = url, .ca_file = ca_file };
    struct node_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(err, ERR_IO, "out of memory");
    (void)snprintf(c->url, sizeof c->url, "%s", url);
    if (!http_client_open(&options, &c->http, err)) {
        node_client_close(c);
        return err_wrap(err, "node");
    }
    *ret_client = c;
    return true;
}

void node_client_close(struct node_client *c)
{
    if (c == NULL)
        return;
    http_client_close(c->http);
    free(c);
}

void node_client_limit(struct node_client *c, unsigned timeout_ms, size_t reply_max)
{
    http_client_limit(c->http, timeout_ms, reply_max);
}

/* ------------------------------------------------------------------ asking */

/* BUSY is worth another try here; where it is no authority, only another node helps. */
static enum err_code kind_of(unsigned status, struct slice code)
{
    if (slice_equal(code, slice_text(refusal_name(REFUSED_NOT_AUTHORITY))))
        return ERR_IO;
    if (status == 404)
        return ERR_NOT_FOUND;
    if (status == 422)
        return ERR_PROOF;
    if (status == 503 || status == 429)
        return ERR_BUSY;
    return status < 500 ? ERR_INPUT : ERR_IO;
}

/* The node's problem document (RFC 9457), in its own words. */
static bool tell_problem(const struct node_client *c, const struct http_reply *reply,
                         struct err *err)
{
    struct json_doc *doc = NULL;
    struct slice detail = { NULL, 0 }, code = { NULL, 0 };
    if (json_doc_parse(buf_slice(&reply->body), JSON_MAX, &doc, NULL)) {
        (void)json_doc_get_text(json_doc_at(doc, "/detail"), &detail);
        (void)json_doc_get_text(json_doc_at(doc, "/code"), &code);
    }
    enum err_code kind = kind_of(reply->status, code);
    if (detail.len > 0)
        (void)err_set(err, kind, "the node says %.*s: %.*s", (int)code.len, (const char *)code.data,
                      (int)detail.len, (const char *)detail.data);
    else
        (void)err_set(err, kind, "%.150s answers with status %u", c->url, reply->status);
    json_doc_free(doc);
    return false;
}

bool node_client_get_json(struct node_client *c, const char *path, struct json_doc **ret_doc,
                          struct err *err)
{
    struct http_reply reply;
    bool good = http_client_get(c->http, path, TYPE_JSON, &reply, err);
    if (good && reply.status != 200)
        good = tell_problem(c, &reply, err);
    else if (good)
        good = json_doc_parse(buf_slice(&reply.body), JSON_MAX, ret_doc, err) ||
               err_wrap(err, "%.100s%.100s", c->url, path);
    http_reply_free(&reply);
    return good;
}

bool node_client_get_bytes(struct node_client *c, const char *path, struct buf *out,
                           struct err *err)
{
    struct http_reply reply;
    bool good = http_client_get(c->http, path, TYPE_CBOR, &reply, err);
    if (good && reply.status != 200)
        good = tell_problem(c, &reply, err);
    if (good) {
        buf_add_slice(out, buf_slice(&reply.body));
        good = !out->failed || err_set(err, ERR_BUSY, "the node's answer is larger than expected");
    }
    http_reply_free(&reply);
    return good;
}

bool node_client_post(struct node_client *c, const char *path, const char *type, struct slice body,
                      struct buf *out, struct err *err)
{
    struct http_reply reply;
    bool good = http_client_post(c->http, path, type, body, &reply, err);
    if (good && reply.status != 200)
        good = tell_problem(c, &reply, err);
    if (good) {
        buf_add_slice(out, buf_slice(&reply.body));
        good = !out->failed || err_set(err, ERR_BUSY, "the node's answer is larger than expected");
    }
    http_reply_free(&reply);
    return good;
}

/* A name has pairs of segments; a slash within a serial is data. */
static void put_part(struct buf *out, const char *part)
{
    for (; *part != '\0'; part++) {
        char one[2] = { *part, '\0' };
        if (*part == '/')
            buf_add_slice(out, slice_text("%2F"));
        else
            http_client_put_path(out, one);
    }
}

bool node_client_asset_path(const char *asset, const char *rest, char path[NODE_CLIENT_PATH_MAX],
                            struct err *err)
{
    struct gs1_name name;
    struct buf out = buf_fixed(path, NODE_CLIENT_PATH_MAX);
    if (!gs1_parse_asset(slice_text(asset), &name, err))
        return false;
    size_t part_len = strlen(name.part);
    size_t head_len = strlen(asset) - part_len; /* the part comes last, as it is */
    buf_add_slice(&out, slice_text("/v1/assets/"));
    buf_add(&out, asset, head_len);
    put_part(&out, name.part);
    buf_add_slice(&out, slice_text(rest));
    buf_add_byte(&out, '\0');
    return !out.failed || err_set(err, ERR_INPUT, "the asset's name is too long");
}

bool node_client_check_ledger(struct node_client *c, const struct hash *ledger, struct err *err)
{
    struct json_doc *doc = NULL;
    struct slice text = { NULL, 0 };
    struct hash found;
    if (!node_client_get_json(c, "/v1/head", &doc, err))
        return false;
    bool good = json_doc_get_text(json_doc_at(doc, "/ledger"), &text) &&
                hex_decode((const char *)text.data, text.len, found.bytes, HASH_SIZE);
    if (!good)
        (void)err_set(err, ERR_IO, "%.150s does not say which ledger it keeps", c->url);
    else if (!hash_equal(&found, ledger))
        good = err_set(err, ERR_PROOF, "%.100s keeps another ledger, %.64s", c->url,
                       (const char *)text.data);
    json_doc_free(doc);
    return good;
}

/* ------------------------------------------------------------------ what becomes of a statement */

const char *node_client_fate_name(enum node_fate fate)
{
    switch (fate) {
    case NODE_FATE_UNKNOWN: return "unknown";
    case NODE_FATE_QUEUED: return "queued";
    case NODE_FATE_FINAL: return "final";
    case NODE_FATE_REFUSED: return "refused";
    }
    return "";
}

static bool take_fate(const struct json_doc *doc, enum node_fate *ret_fate)
{
    struct slice text;
    if (!json_doc_get_text(json_doc_at(doc, "/status"), &text))
        return false;
    for (int f = NODE_FATE_UNKNOWN; f <= NODE_FATE_REFUSED; f++)
        if (slice_equal(text, slice_text(node_client_fate_name((enum node_fate)f)))) {
            *ret_fate = (enum node_fate)f;
            return true;
        }
    return false;
}

static uint64_t take_uint(const struct json_doc *doc, const char *pointer)
{
    int64_t value = 0;
    (void)json_doc_get_int(json_doc_at(doc, pointer), &value);
    return value < 0 ? 0 : (uint64_t)value;
}

static bool take_status(const struct json_doc *doc, struct node_status *ret_status)
{
    struct node_status s = { .fate = NODE_FATE_UNKNOWN };
    struct slice detail;
    int64_t leaf;
    if (!take_fate(doc, &s.fate))
        return false;
    s.on_ledger = json_doc_get_int(json_doc_at(doc, "/leaf"), &leaf);
    s.leaf = take_uint(doc, "/leaf");
    s.height = take_uint(doc, "/height");
    s.code = take_uint(doc, "/refusal/code");
    (void)json_doc_get_bool(json_doc_at(doc, "/refusal/retry"), &s.retry);
    if (json_doc_get_text(json_doc_at(doc, "/detail"), &detail))
        (void)snprintf(s.detail, sizeof s.detail, "%.*s", (int)detail.len,
                       (const char *)detail.data);
    *ret_status = s;
    return true;
}

bool node_client_status(struct node_client *c, const struct hash *statement,
                        struct node_status *ret_status, struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[128];
    struct http_reply reply;
    struct json_doc *doc = NULL;
    hex_encode(hash_slice(statement), hex);
    (void)snprintf(path, sizeof path, "/v1/statements/%s", hex);
    bool good = http_client_get(c->http, path, TYPE_JSON, &reply, err);
    if (good && reply.status != 200 && reply.status != 404) /* 404 carries "unknown" */
        good = tell_problem(c, &reply, err);
    else if (good)
        good = json_doc_parse(buf_slice(&reply.body), JSON_MAX, &doc, err) &&
               (take_status(doc, ret_status) ||
                err_set(err, ERR_IO,
                        "%.100s: answers with something else than a statement's status", c->url));
    json_doc_free(doc);
    http_reply_free(&reply);
    return good;
}

static bool post(struct node_client *c, struct slice statement, struct err *err)
{
    struct http_reply reply;
    bool good = http_client_post(c->http, "/entries", TYPE_COSE, statement, &reply, err);
    if (good && reply.status != 202 && reply.status != 200)
        good = tell_problem(c, &reply, err);
    http_reply_free(&reply);
    return good;
}

/* ------------------------------------------------------------------ sending and waiting */

static void sleep_ms(long ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    (void)nanosleep(&t, NULL);
}

static bool is_decided(const struct node_status *s)
{
    return s->fate == NODE_FATE_FINAL || (s->fate == NODE_FATE_REFUSED && !s->retry);
}

static bool refuse(const struct node_status *s, struct err *err)
{
    const struct refusal_entry *entry = refusal_find(s->code);
    return err_set(err, ERR_REFUSED, "refused %s: %s%s%s", refusal_name(s->code),
                   entry != NULL ? entry->sentence : "", s->detail[0] != '\0' ? " " : "",
                   s->detail);
}

/* Hands it in, and again when the node asks for patience, until it is decided or time is up. */
static bool push(struct node_client *c, struct slice bytes, bool wait, struct node_sent *sent,
                 struct err *err)
{
    uint64_t start = clock_steady_ms(), posted = 0;
    bool in = false;
    for (;;) {
        uint64_t now = clock_steady_ms();
        bool late = now - start > NODE_CLIENT_WAIT_MS;
        bool again = in && sent->status.fate == NODE_FATE_REFUSED && now - posted >= RETRY_MS;
        struct err why = { .code = ERR_NONE };
        if (!in || again) {
            in = post(c, bytes, &why);
            posted = now;
            if (!in && (why.code != ERR_BUSY || late))
                return err_set(err, why.code, "%s", why.msg);
        }
        if (in && !node_client_status(c, &sent->hash, &sent->status, err))
            return false;
        if (in && (!wait || is_decided(&sent->status)))
            return true;
        if (late)
            return err_set(err, ERR_BUSY,
                           "not decided after %d s; it is signed and kept, and is sent again "
                           "before this key signs anything else",
                           NODE_CLIENT_WAIT_MS / 1000);
        sleep_ms(POLL_MS);
    }
}

bool node_client_submit(struct node_client *c, struct slice statement, bool wait,
                        struct node_sent *ret_sent, struct err *err)
{
    struct statement st;
    *ret_sent = (struct node_sent){ .status = { .fate = NODE_FATE_UNKNOWN } };
    if (!statement_decode(statement, &st, err))
        return err_wrap(err, "no statement");
    ret_sent->hash = st.hash;
    ret_sent->signer = st.kid;
    ret_sent->seq = st.link.seq;
    if (!push(c, statement, wait, ret_sent, err))
        return false;
    return ret_sent->status.fate != NODE_FATE_REFUSED || refuse(&ret_sent->status, err);
}

/* What was signed earlier and never seen decided goes first: its seq comes before. */
bool node_client_send_pending(struct node_client *c, struct signer *signer, struct err *err)
{
    while (signer_pending_count(signer) > 0) {
        struct node_sent sent;
        struct err why = { .code = ERR_NONE };
        if (!node_client_submit(c, signer_pending(signer, 0), true, &sent, &why) &&
            !is_decided(&sent.status)) {
            (void)err_set(err, why.code, "%s", why.msg);
            return err_wrap(err, "a statement signed earlier");
        }
        if (!signer_settle(signer, &sent.hash, err))
            return false;
    }
    return true;
}

bool node_client_send(struct node_client *c, struct signer *signer, const struct statement *draft,
                      bool wait, struct node_sent *ret_sent, struct err *err)
{
    struct buf bytes = buf_heap(STATEMENT_MAX);
    struct hash hash;
    *ret_sent = (struct node_sent){ .status = { .fate = NODE_FATE_UNKNOWN } };
    bool good = node_client_send_pending(c, signer, err) &&
                signer_sign(signer, draft, &bytes, &hash, err) &&
                node_client_submit(c, buf_slice(&bytes), wait, ret_sent, err);
    if (is_decided(&ret_sent->status) && !signer_settle(signer, &ret_sent->hash, err))
        good = false;
    buf_free(&bytes);
    return good;
}

bool node_client_open_signer(const char *key_path, const struct hash *ledger,
                             struct signer **ret_signer, struct err *err)
{
    struct err why = { .code = ERR_NONE };
    uint64_t start = clock_steady_ms();
    while (!signer_open(key_path, ledger, ret_signer, &why)) {
        if (why.code != ERR_BUSY || clock_steady_ms() - start > LOCK_WAIT_MS)
            return err_set(err, why.code, "%s", why.msg);
        sleep_ms(POLL_MS);
    }
    return true;
}
