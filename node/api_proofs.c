/* Proofs for those who follow the ledger: the authority sets, heads that agree with each other, entries of the state. */
#include "node/api_parts.h"

#include "common/hex.h"
#include "common/state_key.h"

#include <string.h>

/* ------------------------------------------------------------------ sets */

static void put_set(struct api_context *c, struct json_doc *doc, const struct authority_set *set)
{
    struct json_doc *list = json_doc_put_array(doc, "authorities");
    for (size_t i = 0; i < set->count; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_hex(one, "kid", kid_slice(&set->at[i].kid));
        json_doc_put_hex(one, "key", slice_of(set->at[i].pub, PUB_SIZE));
        api_put_member(c, one, "member", &set->at[i].member);
    }
    json_doc_put_int(doc, "quorum", (int64_t)authority_set_quorum(set));
}

/* The set that seals the block of a height, the next one's unless the query says which. */
static void set_json(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    struct authority_set set;
    uint64_t height = 0;
    size_t changes = 0;
    if (!store_height(c->store, &height, &err)) {
        api_answer_error(a, &err);
        return;
    }
    height++;
    if (!api_query_uint(q, a, "height", height, &height))
        return;
    if (!proof_set_at(c->store, &c->identity, height, &set, &changes, &err)) {
        api_answer_error(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    json_doc_put_int(doc, "height", (int64_t)height);
    json_doc_put_int(doc, "changes", (int64_t)changes);
    put_set(c, doc, &set);
    api_answer_json(a, doc);
}

void api_set(struct api_context *c, const struct http_request *q, const char *rest,
             struct http_answer *a)
{
    struct err err = { 0 };
    bool chain = strcmp(rest, "/chain") == 0, good = true;
    if (!chain && rest[0] != '\0')
        good = err_set(&err, ERR_NOT_FOUND, "expected /v1/set or /v1/set/chain");
    else if (!chain && !api_accepts(q, API_TYPE_CBOR))
        set_json(c, q, a);
    else
        good = proof_sets(c->store, &c->identity, chain ? SET_CHAIN_COMPACT : SET_CHAIN_PROOF,
                          api_answer_cbor(a), &err);
    if (!good)
        api_answer_error(a, &err);
}

/* ------------------------------------------------------------------ consistency */

static void path_json(uint64_t old, uint64_t size, const struct merkle_path *path,
                      struct http_answer *a)
{
    struct json_doc *doc = json_doc_object();
    json_doc_put_int(doc, "old", (int64_t)old);
    json_doc_put_int(doc, "size", (int64_t)size);
    struct json_doc *list = json_doc_put_array(doc, "path");
    for (size_t i = 0; i < path->len; i++)
        json_doc_put_hex(list, NULL, hash_slice(&path->step[i]));
    api_answer_json(a, doc);
}

/* Between trees of so many statements: for those who hold roots rather than heads. */
static void consistency_path(struct api_context *c, const struct http_request *q,
                             struct http_answer *a)
{
    struct err err = { 0 };
    struct header head = { .size = 0 };
    struct merkle_path path;
    uint64_t old = 0, size = 0;
    if (!store_head(c->store, &head, NULL, &err)) {
        api_answer_error(a, &err);
        return;
    }
    size = head.size;
    if (!api_query_uint(q, a, "old", INT64_MAX, &old) ||
        !api_query_uint(q, a, "size", INT64_MAX, &size))
        return;
    if (!proof_path(c->store, old, size, &path, &err))
        api_answer_error(a, &err);
    else
        path_json(old, size, &path, a);
}

static void consistency(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    struct slice old;
    uint64_t from = 0, to = 0;
    if (api_query_text(q, "old", &old)) {
        consistency_path(c, q, a);
        return;
    }
    if (!store_height(c->store, &to, &err)) {
        api_answer_error(a, &err);
        return;
    }
    if (!api_query_uint(q, a, "from", INT64_MAX, &from) ||
        !api_query_uint(q, a, "to", INT64_MAX, &to))
        return;
    if (!proof_consistency(c->store, &c->identity, from, to, api_answer_cbor(a), &err))
        api_answer_error(a, &err);
}

/* ------------------------------------------------------------------ state */

static void state_entry(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    struct slice text;
    uint8_t key[STATE_KEY_MAX];
    const struct proof_state state = { c->node.ctx, c->node.prove };
    if (!api_query_text(q, "key", &text) || text.len == 0 || text.len % 2 != 0 ||
        text.len / 2 > sizeof key ||
        !hex_decode((const char *)text.data, text.len, key, text.len / 2) ||
        !cbor_scan(slice_of(key, text.len / 2), NULL))
        api_answer_problem(a, 400, "BAD_REQUEST",
                           "expected ?key= and the hex digits of a state key, such as 8105");
    else if (!proof_entry(c->store, &c->identity, &state, slice_of(key, text.len / 2),
                          api_answer_cbor(a), &err))
        api_answer_error(a, &err);
}

void api_proofs(struct api_context *c, const struct http_request *q, const char *rest,
                struct http_answer *a)
{
    if (strcmp(rest, "/consistency") == 0)
        consistency(c, q, a);
    else if (strcmp(rest, "/state") == 0)
        state_entry(c, q, a);
    else
        api_answer_problem(a, 404, "NOT_FOUND",
                           "expected /v1/proofs/consistency or /v1/proofs/state");
}

void api_voucher(struct api_context *c, uint64_t leaf, struct http_answer *a)
{
    struct err err = { 0 };
    if (!proof_voucher(c->store, &c->identity, leaf, api_answer_cbor(a), &err))
        api_answer_error(a, &err);
}
