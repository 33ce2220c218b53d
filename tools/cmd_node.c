#include "tools/cmd_node.h"

#include "common/hex.h"
#include "common/http_client.h"

#include <stdio.h>
#include <string.h>

#define JSON_MAX (64 << 20)

static bool open_client(struct cmd_home *home, struct err *err)
{
    struct http_client_options options = { .base_url = home->node_url, .ca_file = home->ca_file };
    return home->http != NULL || http_client_open(&options, &home->http, err) ||
           err_wrap(err, "--node");
}

static bool tell_problem(const struct cmd_home *home, const struct http_reply *reply,
                         struct err *err)
{
    struct json_doc *doc = NULL;
    struct slice detail = { NULL, 0 }, code = { NULL, 0 };
    enum err_code kind = reply->status == 404                           ? ERR_NOT_FOUND
                         : reply->status == 503 || reply->status == 429 ? ERR_BUSY
                         : reply->status < 500                          ? ERR_INPUT
                                                                        : ERR_IO;
    if (json_doc_parse(buf_slice(&reply->body), JSON_MAX, &doc, NULL)) {
        (void)json_doc_get_text(json_doc_at(doc, "/detail"), &detail);
        (void)json_doc_get_text(json_doc_at(doc, "/code"), &code);
    }
    if (detail.len > 0)
        (void)err_set(err, kind, "the node says %.*s: %.*s", (int)code.len, (const char *)code.data,
                      (int)detail.len, (const char *)detail.data);
    else
        (void)err_set(err, kind, "%s answers with status %u", home->node_url, reply->status);
    json_doc_free(doc);
    return false;
}

bool cmd_node_get_json(struct cmd_home *home, const char *path, struct json_doc **ret_doc,
                       struct err *err)
{
    struct http_reply reply;
    if (!open_client(home, err))
        return false;
    bool good = http_client_get(home->http, path, "application/json", &reply, err);
    if (good && reply.status != 200)
        good = tell_problem(home, &reply, err);
    else if (good)
        good = json_doc_parse(buf_slice(&reply.body), JSON_MAX, ret_doc, err) ||
               err_wrap(err, "%s%.100s", home->node_url, path);
    http_reply_free(&reply);
    return good;
}

bool cmd_node_get_bytes(struct cmd_home *home, const char *path, struct buf *out, struct err *err)
{
    struct http_reply reply;
    if (!open_client(home, err))
        return false;
    bool good = http_client_get(home->http, path, CMD_NODE_CBOR, &reply, err);
    if (good && reply.status != 200)
        good = tell_problem(home, &reply, err);
    if (good) {
        buf_add_slice(out, buf_slice(&reply.body));
        good = !out->failed || err_set(err, ERR_BUSY, "the node's answer is larger than expected");
    }
    http_reply_free(&reply);
    return good;
}

bool cmd_node_asset_path(const char *asset, const char *rest, char *path, size_t size,
                         struct err *err)
{
    struct buf out = buf_fixed(path, size);
    buf_add_slice(&out, slice_text("/v1/assets/"));
    http_client_put_path(&out, asset);
    buf_add_slice(&out, slice_text(rest));
    buf_add_byte(&out, '\0');
    return !out.failed || err_set(err, ERR_INPUT, "the asset's name is too long");
}

void cmd_node_put_path(struct buf *out, const char *text)
{
    http_client_put_path(out, text);
}

/* ------------------------------------------------------------------ statements */

const char *cmd_node_fate_name(enum cmd_fate fate)
{
    switch (fate) {
    case CMD_FATE_UNKNOWN: return "unknown";
    case CMD_FATE_QUEUED: return "queued";
    case CMD_FATE_FINAL: return "final";
    case CMD_FATE_REFUSED: return "refused";
    }
    return "";
}

static bool take_fate(const struct json_doc *doc, enum cmd_fate *ret_fate)
{
    struct slice text;
    if (!json_doc_get_text(json_doc_at(doc, "/status"), &text))
        return false;
    for (int f = CMD_FATE_UNKNOWN; f <= CMD_FATE_REFUSED; f++)
        if (slice_equal(text, slice_text(cmd_node_fate_name((enum cmd_fate)f)))) {
            *ret_fate = (enum cmd_fate)f;
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

static bool take_status(const struct json_doc *doc, struct cmd_status *ret_status)
{
    struct cmd_status s = { .fate = CMD_FATE_UNKNOWN };
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

bool cmd_node_status(struct cmd_home *home, const struct hash *statement,
                     struct cmd_status *ret_status, struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[128];
    struct http_reply reply;
    struct json_doc *doc = NULL;
    hex_encode(hash_slice(statement), hex);
    (void)snprintf(path, sizeof path, "/v1/statements/%s", hex);
    if (!open_client(home, err))
        return false;
    bool good = http_client_get(home->http, path, "application/json", &reply, err);
    if (good && reply.status != 200 && reply.status != 404) /* 404 carries "unknown" */
        good = tell_problem(home, &reply, err);
    else if (good)
        good = json_doc_parse(buf_slice(&reply.body), JSON_MAX, &doc, err) &&
               (take_status(doc, ret_status) ||
                err_set(err, ERR_IO, "%s: answers with something else than a statement's status",
                        home->node_url));
    json_doc_free(doc);
    http_reply_free(&reply);
    return good;
}

bool cmd_node_post(struct cmd_home *home, struct slice statement, struct err *err)
{
    struct http_reply reply;
    if (!open_client(home, err))
        return false;
    bool good =
        http_client_post(home->http, "/entries", "application/cose", statement, &reply, err);
    if (good && reply.status != 202 && reply.status != 200)
        good = tell_problem(home, &reply, err);
    http_reply_free(&reply);
    return good;
}
