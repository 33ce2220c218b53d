/* Documents by their hash: to which contracts they were attached. */
#include "node/api_parts.h"

#include "common/hex.h"
#include "common/statement.h"

#include <string.h>

#define DOCUMENTS_MAX 100

struct documents {
    struct api_context *c;
    struct json_doc *list;
    struct buf bytes;
};

static void put_document(struct documents *d, uint64_t leaf, const struct statement *st)
{
    const struct document *said = &st->as.document;
    struct json_doc *one = json_doc_put_object(d->list, NULL);
    json_doc_put_int(one, "leaf", (int64_t)leaf);
    json_doc_put_hex(one, "statement", hash_slice(&st->hash));
    json_doc_put_hex(one, "opening", hash_slice(&said->opening));
    json_doc_put_slice(one, "name", said->name);
    json_doc_put_hex(one, "signer", kid_slice(&st->kid));
    api_put_time(one, "time", st->link.time_ms);
    struct asset_iter it = asset_set_begin(&said->assets);
    if (said->has_assets && asset_set_next(&it))
        json_doc_put_text(one, "asset", it.name);
}

static bool visit(void *ctx, uint64_t leaf)
{
    struct documents *d = ctx;
    struct statement st;
    buf_clear(&d->bytes);
    if (store_statement(d->c->store, leaf, &d->bytes, NULL) &&
        statement_decode(buf_slice(&d->bytes), &st, NULL) && st.kind == KIND_DOCUMENT)
        put_document(d, leaf, &st);
    return true;
}

void api_documents(struct api_context *c, const struct http_request *q, const char *rest,
                   struct http_answer *a)
{
    struct err err = { 0 };
    struct hash hash;
    (void)q;
    if (rest[0] != '/' || !hex_decode_lower(rest + 1, strlen(rest + 1), hash.bytes, HASH_SIZE)) {
        api_answer_problem(a, 400, "BAD_REQUEST",
                           "a document is named by the 64 hex digits of its SHA-256");
        return;
    }
    struct json_doc *doc = json_doc_object();
    struct documents d = { c, json_doc_put_array(doc, "attached"), buf_heap(STATEMENT_MAX) };
    json_doc_put_hex(doc, "hash", hash_slice(&hash));
    bool good = read_model_documents(c->store, &hash, DOCUMENTS_MAX, visit, &d, &err);
    buf_free(&d.bytes);
    if (good && json_doc_count(d.list) > 0) {
        api_answer_json(a, doc);
        return;
    }
    json_doc_free(doc);
    if (good)
        api_answer_problem(a, 404, "NOT_FOUND", "no document of this hash was ever attached");
    else
        api_answer_error(a, &err);
}
