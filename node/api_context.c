#include "node/api_parts.h"
#include "node/snapshot_shelf.h"

#include "common/instant.h"
#include "common/refusal.h"
#include "node/contract_view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 1048576

/* No file name ever comes from a request: these are read once, at the start. */
static const char *const file_names[API_FILE_COUNT] = {
    [API_FILE_STYLE] = "page.css",
    [API_FILE_SCRIPT] = "page.js",
    [API_FILE_OPENAPI] = "openapi.json",
};

static bool read_file(const char *dir, const char *name, struct buf *out, struct err *err)
{
    char *path = NULL, bytes[4096];
    FILE *f = asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : fopen(path, "rbe");
    free(path);
    if (f == NULL)
        return err_set(err, ERR_IO, "%s/%s: %s", dir, name, strerror(errno));
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
        buf_add(out, bytes, n);
    bool good = ferror(f) == 0 && !out->failed;
    (void)fclose(f);
    return good || err_set(err, ERR_IO, "%s/%s: cannot be read", dir, name);
}

bool api_context_open(struct api_context *c, const struct api_options *options, struct err *err)
{
    *c = (struct api_context){ .node = options->node };
    (void)snprintf(c->snapshots, sizeof c->snapshots, "%s/" SNAPSHOT_FOLDER, options->data_dir);
    for (int i = 0; i < API_FILE_COUNT; i++)
        c->files[i] = buf_heap(FILE_MAX);
    for (int i = 0; i < API_FILE_COUNT; i++)
        if (!read_file(options->web_dir, file_names[i], &c->files[i], err))
            return false;
    c->view = asset_view_new();
    c->contract = contract_view_new();
    c->samples = calloc(1, sizeof *c->samples);
    c->series = calloc(2, sizeof *c->series);
    if (c->view == NULL || c->contract == NULL || c->samples == NULL || c->series == NULL)
        return err_set(err, ERR_IO, "out of memory");
    return store_open(options->data_dir, STORE_READ, &c->store, err) &&
           proof_identity(c->store, &c->identity, err) && api_checkpoint_open(c, options, err);
}

void api_context_close(struct api_context *c)
{
    api_checkpoint_close(c);
    store_close(c->store);
    asset_view_free(c->view);
    contract_view_free(c->contract);
    free(c->samples);
    free(c->series);
    for (int i = 0; i < API_FILE_COUNT; i++)
        buf_free(&c->files[i]);
    *c = (struct api_context){ .store = NULL };
}

/* ------------------------------------------------------------------ answers */

static bool put_json(struct http_answer *a, struct json_doc *doc)
{
    a->type = API_TYPE_JSON;
    buf_clear(&a->body);
    json_doc_write(doc, 0, &a->body);
    buf_add_byte(&a->body, '\n');
    json_doc_free(doc);
    return !a->body.failed;
}

void api_answer_json(struct http_answer *a, struct json_doc *doc)
{
    if (!put_json(a, doc))
        api_answer_problem(a, 500, "TOO_LARGE", "the answer is larger than its room");
}

void api_answer_problem(struct http_answer *a, unsigned status, const char *code,
                        const char *detail)
{
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "type", "about:blank");
    json_doc_put_text(doc, "title",
                      status == 404   ? "Not found"
                      : status == 400 ? "Bad request"
                      : status == 503 ? "Try again later"
                      : status == 405 ? "Method not allowed"
                      : status == 413 ? "Too large"
                                      : "The node failed");
    json_doc_put_int(doc, "status", status);
    json_doc_put_text(doc, "code", code);
    json_doc_put_text(doc, "detail", detail);
    a->status = status;
    a->immutable = false;
    if (!put_json(a, doc)) /* no room even for that: the status alone */
        buf_clear(&a->body);
    a->type = "application/problem+json";
}

void api_answer_error(struct http_answer *a, const struct err *err)
{
    switch (err->code) {
    case ERR_NOT_FOUND: api_answer_problem(a, 404, "NOT_FOUND", err->msg); return;
    case ERR_INPUT: api_answer_problem(a, 400, "BAD_REQUEST", err->msg); return;
    case ERR_BUSY: api_answer_problem(a, 503, "BUSY", err->msg); return;
    case ERR_NONE:
    case ERR_IO:
    case ERR_PROOF:
    case ERR_REFUSED: api_answer_problem(a, 500, "FAILED", err->msg); return;
    }
}

struct buf *api_answer_cbor(struct http_answer *a)
{
    a->type = API_TYPE_CBOR;
    buf_clear(&a->body);
    return &a->body;
}

bool api_accepts(const struct http_request *q, const char *type)
{
    return strstr(q->accept, type) != NULL;
}

/* ------------------------------------------------------------------ parameters */

/* The raw value of a parameter; false when it is not given. */
static bool find_parameter(const char *query, const char *name, struct slice *ret_value)
{
    size_t len = strlen(name);
    for (const char *p = query; *p != '\0';) {
        size_t part = strcspn(p, "&");
        if (part > len && strncmp(p, name, len) == 0 && p[len] == '=') {
            *ret_value = slice_of(p + len + 1, part - len - 1);
            return true;
        }
        p += part + (p[part] == '&');
    }
    return false;
}

bool api_query_text(const struct http_request *q, const char *name, struct slice *ret_text)
{
    return find_parameter(q->query, name, ret_text);
}

bool api_query_uint(const struct http_request *q, struct http_answer *a, const char *name,
                    uint64_t max, uint64_t *ret_value)
{
    struct slice text;
    uint64_t value = 0;
    char detail[160];
    if (!find_parameter(q->query, name, &text))
        return true;
    bool good = text.len > 0 && text.len <= 18;
    for (size_t i = 0; i < text.len && good; i++) {
        good = text.data[i] >= '0' && text.data[i] <= '9';
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (good && value <= max) {
        *ret_value = value;
        return true;
    }
    (void)snprintf(detail, sizeof detail, "%s: expected a number from 0 to %llu", name,
                   (unsigned long long)max);
    api_answer_problem(a, 400, "BAD_REQUEST", detail);
    return false;
}

/* ------------------------------------------------------------------ parts of documents */

void api_put_time(struct json_doc *into, const char *key, uint64_t time_ms)
{
    char text[INSTANT_TEXT_SIZE], key_ms[40];
    instant_format(time_ms, text);
    (void)snprintf(key_ms, sizeof key_ms, "%s_ms", key);
    json_doc_put_text(into, key, text);
    json_doc_put_int(into, key_ms, (int64_t)time_ms);
}

void api_put_refusal(struct json_doc *into, uint64_t code)
{
    const struct refusal_entry *entry = refusal_find(code);
    struct json_doc *doc = json_doc_put_object(into, "refusal");
    json_doc_put_int(doc, "code", (int64_t)code);
    json_doc_put_text(doc, "name", refusal_name(code));
    json_doc_put_text(doc, "sentence", entry != NULL ? entry->sentence : "");
    json_doc_put_bool(doc, "retry", entry != NULL && entry->fate == FATE_RETRY);
}

void api_put_member(struct api_context *c, struct json_doc *into, const char *key,
                    const struct kid *member)
{
    char name[READ_MODEL_NAME + 1];
    struct json_doc *doc = json_doc_put_object(into, key);
    read_model_member_name(c->store, member, name);
    json_doc_put_hex(doc, "kid", kid_slice(member));
    json_doc_put_text(doc, "name", name);
}
