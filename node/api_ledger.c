/* Blocks, statements, receipts, and the door for new statements. */
#include "node/api_parts.h"

#include "common/block.h"
#include "common/hex.h"
#include "common/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX     200
#define STATEMENTS_MAX 1000

bool api_path_number(const char *rest, uint64_t *ret_number, const char **ret_rest)
{
    uint64_t n = 0;
    size_t digits = strspn(rest + (rest[0] == '/'), "0123456789");
    const char *p = rest + 1;
    if (rest[0] != '/' || digits == 0 || digits > 18)
        return false;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (uint64_t)(*p++ - '0');
    *ret_number = n;
    *ret_rest = p;
    return *p == '\0' || *p == '/';
}

/* ------------------------------------------------------------------ head, identity */

static void put_header(struct json_doc *doc, const struct header *h)
{
    struct hash hash = header_hash(h);
    json_doc_put_int(doc, "height", (int64_t)h->height);
    json_doc_put_hex(doc, "hash", hash_slice(&hash));
    api_put_time(doc, "time", h->time_ms);
    json_doc_put_int(doc, "rules", (int64_t)h->rules);
    json_doc_put_int(doc, "size", (int64_t)h->size);
    json_doc_put_hex(doc, "tree", hash_slice(&h->tree));
    json_doc_put_hex(doc, "outcomes", hash_slice(&h->outcomes));
    json_doc_put_hex(doc, "state", hash_slice(&h->state));
    json_doc_put_hex(doc, "prev", hash_slice(&h->prev));
    json_doc_put_hex(doc, "proposer", kid_slice(&h->proposer));
}

void api_head(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    struct header head;
    struct buf seals = buf_heap(FINAL_SIZE_MAX);
    if (!store_head(c->store, &head, &seals, &err)) {
        api_answer_error(a, &err);
    } else if (api_accepts(q, API_TYPE_CBOR)) {
        if (head.height == 0)
            api_answer_problem(a, 404, "NOT_FOUND", "the genesis has no seals yet to prove it");
        else
            final_put(api_answer_cbor(a), &head, buf_slice(&seals));
    } else {
        struct authority_set set = { .count = 0 };
        struct json_doc *doc = json_doc_object();
        struct cbor_reader r = cbor_reader(buf_slice(&seals));
        (void)proof_set_at(c->store, &c->identity, head.height, &set, NULL, NULL);
        put_header(doc, &head);
        json_doc_put_hex(doc, "ledger", hash_slice(&head.ledger));
        json_doc_put_int(doc, "seals", (int64_t)cbor_take_array(&r));
        json_doc_put_int(doc, "quorum", (int64_t)authority_set_quorum(&set));
        api_answer_json(a, doc);
    }
    buf_free(&seals);
}

void api_identity(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    (void)q;
    identity_put(api_answer_cbor(a), &c->identity);
    a->immutable = true;
}

/* ------------------------------------------------------------------ blocks */

static bool put_block_row(struct api_context *c, struct json_doc *doc, uint64_t height,
                          struct err *err)
{
    struct header h, before = { .size = 0 };
    if (!store_header(c->store, height, &h, NULL, err) ||
        (height > 0 && !store_header(c->store, height - 1, &before, NULL, err)))
        return false;
    put_header(doc, &h);
    json_doc_put_int(doc, "first_leaf", (int64_t)before.size);
    json_doc_put_int(doc, "statements", (int64_t)(h.size - before.size));
    return true;
}

static void list_blocks(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    uint64_t head = 0, from = 0, limit = 50;
    if (!store_height(c->store, &head, &err)) {
        api_answer_error(a, &err);
        return;
    }
    if (!api_query_uint(q, a, "from", INT64_MAX, &from) ||
        !api_query_uint(q, a, "limit", BLOCKS_MAX, &limit))
        return;
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "blocks");
    bool good = true;
    uint64_t h = from;
    for (; h <= head && h - from < limit && good; h++)
        good = put_block_row(c, json_doc_put_object(list, NULL), h, &err);
    json_doc_put_int(doc, "head", (int64_t)head);
    if (h <= head)
        json_doc_put_int(doc, "next", (int64_t)h);
    if (good) {
        api_answer_json(a, doc);
        return;
    }
    json_doc_free(doc);
    api_answer_error(a, &err);
}

/* The statements of a block, by leaf and hash, from `from` on. */
static void put_statements(struct json_doc *doc, struct block *b, uint64_t first_leaf,
                           uint64_t from)
{
    struct json_doc *list = json_doc_put_array(doc, "entries");
    for (size_t i = 0; i < b->count && i < from + STATEMENTS_MAX; i++) {
        struct statement st;
        struct slice bytes = block_next(b);
        if (i < from || !statement_decode(bytes, &st, NULL))
            continue;
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_int(one, "leaf", (int64_t)(first_leaf + i));
        json_doc_put_hex(one, "hash", hash_slice(&st.hash));
        json_doc_put_text(one, "kind", statement_kind_name(st.kind));
        json_doc_put_hex(one, "signer", kid_slice(&st.kid));
        json_doc_put_int(one, "bytes", (int64_t)bytes.len);
    }
}

static void one_block(struct api_context *c, const struct http_request *q, uint64_t height,
                      struct http_answer *a)
{
    struct err err = { 0 };
    struct buf bytes = buf_heap(BLOCK_SIZE_MAX + 1024);
    struct block b;
    uint64_t from = 0;
    struct json_doc *doc = json_doc_object();
    bool raw = api_accepts(q, API_TYPE_CBOR);
    bool good =
        store_block(c->store, height, &bytes, NULL, NULL, &err) &&
        (raw || (block_decode(buf_slice(&bytes), &b, &err) && put_block_row(c, doc, height, &err)));
    a->immutable = good && raw;
    if (!good) {
        api_answer_error(a, &err);
    } else if (raw) {
        buf_add_slice(api_answer_cbor(a), buf_slice(&bytes));
    } else if (api_query_uint(q, a, "from", BLOCK_STATEMENTS_MAX, &from)) {
        put_statements(doc, &b, b.header.size - b.count, from);
        api_answer_json(a, doc);
        doc = NULL;
    }
    json_doc_free(doc);
    buf_free(&bytes);
}

static void block_part(struct api_context *c, const char *part, uint64_t height,
                       struct http_answer *a)
{
    struct err err = { 0 };
    bool good;
    if (strcmp(part, "/final") == 0)
        good = proof_final(c->store, height, api_answer_cbor(a), &err);
    else if (strcmp(part, "/outcomes") == 0)
        good = store_block(c->store, height, NULL, NULL, api_answer_cbor(a), &err);
    else
        good = err_set(&err, ERR_NOT_FOUND, "a block has /final and /outcomes");
    if (!good)
        api_answer_error(a, &err);
}

void api_blocks(struct api_context *c, const struct http_request *q, const char *rest,
                struct http_answer *a)
{
    uint64_t height = 0;
    const char *part = "";
    if (rest[0] == '\0')
        list_blocks(c, q, a);
    else if (!api_path_number(rest, &height, &part))
        api_answer_problem(a, 404, "NOT_FOUND", "expected /v1/blocks/HEIGHT");
    else if (part[0] == '\0')
        one_block(c, q, height, a);
    else
        block_part(c, part, height, a);
}

/* ------------------------------------------------------------------ receipts */

static void receipts_json(struct api_context *c, uint64_t leaf, struct slice receipts,
                          struct http_answer *a)
{
    struct store_place place = { 0 };
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "receipts");
    struct cbor_reader r = cbor_reader(receipts);
    (void)store_leaf_place(c->store, leaf, &place, NULL);
    for (size_t n = cbor_take_array(&r); n > 0; n--)
        json_doc_put_hex(list, NULL, cbor_take_bytes(&r, 1, RECEIPT_SIZE_MAX));
    json_doc_put_int(doc, "leaf", (int64_t)leaf);
    json_doc_put_int(doc, "height", (int64_t)place.height);
    json_doc_put_hex(doc, "file", receipts);
    api_answer_json(a, doc);
}

void api_receipts(struct api_context *c, const struct http_request *q, const char *rest,
                  struct http_answer *a)
{
    struct err err = { 0 };
    uint64_t leaf = 0;
    const char *end = "";
    struct buf bytes = buf_heap(AUTHORITY_MAX * RECEIPT_SIZE_MAX);
    if (!api_path_number(rest, &leaf, &end) || (end[0] != '\0' && strcmp(end, "/voucher") != 0))
        api_answer_problem(a, 404, "NOT_FOUND", "expected /v1/receipts/LEAF");
    else if (end[0] != '\0')
        api_voucher(c, leaf, a);
    else if (!proof_receipts(c->store, leaf, &bytes, &err))
        api_answer_error(a, &err);
    else if (api_accepts(q, API_TYPE_JSON))
        receipts_json(c, leaf, buf_slice(&bytes), a);
    else
        buf_add_slice(api_answer_cbor(a), buf_slice(&bytes));
    buf_free(&bytes);
}

/* ------------------------------------------------------------------ statements */

static void put_code(struct json_doc *doc, uint64_t code, const char *status)
{
    json_doc_put_text(doc, "status", status);
    if (code != ACCEPTED)
        api_put_refusal(doc, code);
}

static bool put_verdict(struct api_context *c, struct json_doc *doc, uint64_t leaf, struct err *err)
{
    struct store_place place;
    struct outcome o;
    struct buf bytes = buf_heap(API_ANSWER_MAX);
    bool good = store_leaf_place(c->store, leaf, &place, err) &&
                store_verdict(c->store, leaf, &bytes, err) &&
                outcome_decode(buf_slice(&bytes), &o, err);
    if (good) {
        json_doc_put_int(doc, "leaf", (int64_t)leaf);
        json_doc_put_int(doc, "height", (int64_t)place.height);
        put_code(doc, o.verdict.code, o.verdict.code == ACCEPTED ? "final" : "refused");
        if (o.verdict.detail.len > 0)
            json_doc_put_slice(doc, "detail", o.verdict.detail);
        json_doc_put_int(doc, "flags", (int64_t)o.verdict.flags);
        json_doc_put_int(doc, "events", (int64_t)o.verdict.event_count);
    }
    buf_free(&bytes);
    return good;
}

static bool put_statement(struct api_context *c, struct json_doc *doc, uint64_t leaf,
                          struct err *err)
{
    struct statement st;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool good = store_statement(c->store, leaf, &bytes, err) &&
                statement_decode(buf_slice(&bytes), &st, err);
    if (good) {
        json_doc_put_text(doc, "kind", statement_kind_name(st.kind));
        json_doc_put_hex(doc, "signer", kid_slice(&st.kid));
        json_doc_put_int(doc, "seq", (int64_t)st.link.seq);
        api_put_time(doc, "time", st.link.time_ms);
    }
    buf_free(&bytes);
    return good;
}

static void on_ledger(struct api_context *c, const struct http_request *q, const struct hash *hash,
                      uint64_t leaf, struct http_answer *a)
{
    struct err err = { 0 };
    if (api_accepts(q, API_TYPE_CBOR) || api_accepts(q, "application/cose")) {
        a->immutable = true;
        if (!store_statement(c->store, leaf, api_answer_cbor(a), &err))
            api_answer_error(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    json_doc_put_hex(doc, "hash", hash_slice(hash));
    if (put_verdict(c, doc, leaf, &err) && put_statement(c, doc, leaf, &err)) {
        api_answer_json(a, doc);
        return;
    }
    json_doc_free(doc);
    api_answer_error(a, &err);
}

static void off_ledger(struct api_context *c, const struct http_request *q, const struct hash *hash,
                       struct http_answer *a)
{
    enum refusal code = ACCEPTED;
    bool known = c->node.fate(c->node.ctx, hash, &code);
    if (api_accepts(q, API_TYPE_CBOR) || api_accepts(q, "application/cose")) {
        if (!api_history_missing(c, a))
            api_answer_problem(a, 404, "NOT_FOUND", "the ledger has no such statement");
        return;
    }
    if (!known && api_history_missing(c, a))
        return;
    struct json_doc *doc = json_doc_object();
    json_doc_put_hex(doc, "hash", hash_slice(hash));
    put_code(doc, known ? (uint64_t)code : ACCEPTED,
             !known             ? "unknown"
             : code == ACCEPTED ? "queued"
                                : "refused");
    a->status = known ? 200 : 404;
    api_answer_json(a, doc);
}

void api_statements(struct api_context *c, const struct http_request *q, const char *rest,
                    struct http_answer *a)
{
    struct err err = { 0 };
    struct hash hash;
    uint64_t leaf = 0;
    if (rest[0] != '/' || !hex_decode(rest + 1, strlen(rest + 1), hash.bytes, HASH_SIZE))
        api_answer_problem(a, 404, "NOT_FOUND", "expected /v1/statements/ and 64 hex digits");
    else if (store_find_statement(c->store, &hash, &leaf, &err))
        on_ledger(c, q, &hash, leaf, a);
    else if (err.code == ERR_NOT_FOUND)
        off_ledger(c, q, &hash, a);
    else
        api_answer_error(a, &err);
}

static void not_taken(struct http_answer *a, const struct err *err)
{
    if (err->code == ERR_INPUT)
        api_answer_problem(a, 400, refusal_name(REFUSED_MALFORMED), err->msg);
    else if (err->code == ERR_REFUSED)
        api_answer_problem(a, 503, refusal_name(REFUSED_NOT_AUTHORITY), err->msg);
    else /* ERR_IO: no room on the disk */
        api_answer_problem(a, err->code == ERR_IO ? 507 : 503, refusal_name(REFUSED_BUSY),
                           err->msg);
}

void api_entries(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    struct hash hash;
    struct statement st;
    if (!statement_decode(q->body, &st, &err)) {
        api_answer_problem(a, 400, refusal_name(REFUSED_MALFORMED), err.msg);
        return;
    }
    if (!c->node.submit(c->node.ctx, q->body, &hash, &err)) {
        not_taken(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    json_doc_put_hex(doc, "hash", hash_slice(&hash));
    json_doc_put_text(doc, "status", "queued");
    a->status = 202;
    api_answer_json(a, doc);
}
