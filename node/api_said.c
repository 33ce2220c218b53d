/* What was said of goods: certificates, lots, handovers, findings. */
#include "node/api_goods.h"

#include "common/hex.h"
#include "common/state_goods.h"
#include "common/state_key.h"
#include "node/asset_goods.h"

#include <stdio.h>
#include <string.h>

#define CERTIFICATE_VALUE_MAX STATEMENT_MAX

/* ------------------------------------------------------------------ certificates */

/* "member", 16 hex digits, and "place" and "asset" narrow the list down. */
static bool narrow(struct api_context *c, const struct http_request *q, struct kid *member,
                   struct read_model_args *args, struct err *err)
{
    struct slice text;
    char name[GS1_NAME_MAX + 1];
    int64_t asset = 0;
    if (api_query_text(q, "member", &text)) {
        char hex[2 * KID_SIZE + 1];
        (void)snprintf(hex, sizeof hex, "%.*s", (int)(text.len < 17 ? text.len : 17),
                       (const char *)text.data);
        if (text.len != 2 * KID_SIZE || !hex_decode(hex, 2 * KID_SIZE, member->bytes, KID_SIZE))
            return err_set(err, ERR_INPUT, "member: expected 16 hex digits");
        args->at[2] = read_model_arg_bytes(kid_slice(member));
    }
    if (api_query_text(q, "place", &text))
        args->at[3] = read_model_arg_text(text);
    if (!api_query_text(q, "asset", &text))
        return true;
    if (!api_asset_name(text, name, err) ||
        !read_model_find_asset(c->store, slice_text(name), &asset, err))
        return false;
    args->at[4] = read_model_arg_number((uint64_t)asset);
    return true;
}

static void list_certificates(struct api_context *c, const struct http_request *q,
                              struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    uint64_t after = 0, limit = API_GOODS_LIMIT;
    int64_t last = 0;
    struct kid member;
    if (!api_query_uint(q, a, "after", INT64_MAX, &after) ||
        !api_query_uint(q, a, "limit", API_GOODS_LIMIT_MAX, &limit))
        return;
    struct read_model_args args = {
        5, { read_model_arg_number(after), read_model_arg_number(limit) }
    };
    if (!narrow(c, q, &member, &args, &err)) {
        api_answer_error(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    size_t rows = api_put_rows(c, json_doc_put_array(doc, "certificates"), LIST_CERTIFICATES, &args,
                               &last, &err);
    if (rows == limit && limit > 0)
        json_doc_put_int(doc, "next", last);
    api_end_goods(a, doc, &err);
}

struct standing {
    uint64_t time_ms;
    enum asset_certificate_status status;
};

static bool find_standing(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct standing *s = ctx;
    s->status = asset_goods_certificate(cells, count, s->time_ms);
    return false;
}

/* Why it does not hold: the revocation, or the correction of the certificate, that stands. */
static void put_revocation(struct api_context *c, struct json_doc *doc,
                           const struct hash *certificate)
{
    struct buf value = buf_heap(CERTIFICATE_VALUE_MAX), bytes = buf_heap(STATEMENT_MAX);
    struct state_key key = state_key_hash(TABLE_CERTIFICATE, certificate);
    struct state_certificate v;
    struct statement st;
    uint64_t leaf = 0;
    if (store_state_get(c->store, state_key_slice(&key), &value, NULL) &&
        state_certificate_take(buf_slice(&value), &v) && v.revoked &&
        store_find_statement(c->store, &v.revoked_by, &leaf, NULL) &&
        store_statement(c->store, leaf, &bytes, NULL) &&
        statement_decode(buf_slice(&bytes), &st, NULL)) {
        struct json_doc *one = json_doc_put_object(doc, "revocation");
        bool corrected = st.kind == KIND_CORRECTION;
        json_doc_put_hex(one, "statement", hash_slice(&st.hash));
        json_doc_put_bool(one, "correction", corrected);
        json_doc_put_slice(one, "reason",
                           corrected ? st.as.correction.reason : st.as.certificate_revoke.reason);
        api_put_time(one, "time", st.link.time_ms);
    }
    buf_free(&value);
    buf_free(&bytes);
}

static void one_certificate(struct api_context *c, const struct hash *statement,
                            struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct header head = { .height = 0 };
    int64_t id = 0;
    struct read_model_args arg = { 1, { read_model_arg_bytes(hash_slice(statement)) } };
    struct json_doc *doc = json_doc_object();
    if (api_put_row(c, doc, LIST_CERTIFICATE, &arg, &id, &err) &&
        store_head(c->store, &head, NULL, &err)) {
        struct standing now = { .time_ms = head.time_ms };
        (void)read_model_list(c->store, LIST_CERTIFICATE, &arg, find_standing, &now, &err);
        json_doc_put_text(doc, "status", asset_goods_certificate_name(now.status));
        put_revocation(c, doc, statement);
        struct read_model_args of = { 1, { read_model_arg_number((uint64_t)id) } };
        (void)api_put_rows(c, json_doc_put_array(doc, "assets"), LIST_CERTIFICATE_ASSETS, &of, NULL,
                           &err);
    } else if (err.code == ERR_NONE) {
        (void)err_set(&err, ERR_NOT_FOUND, "the ledger has no such certificate");
    }
    api_end_goods(a, doc, &err);
}

void api_certificates(struct api_context *c, const struct http_request *q, const char *rest,
                      struct http_answer *a)
{
    struct hash statement;
    if (rest[0] == '\0')
        list_certificates(c, q, a);
    else if (api_take_hash(rest, "certificates", &statement, a))
        one_certificate(c, &statement, a);
}

/* ------------------------------------------------------------------ lots */

void api_lots(struct api_context *c, const struct http_request *q, const char *rest,
              struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    char path[128], name[GS1_NAME_MAX + 1];
    uint64_t after = 0, limit = API_GOODS_LIMIT;
    int64_t id = 0, last = 0;
    const char *lot = rest[0] == '/' ? strchr(rest + 1, '/') : NULL;
    int n = lot == NULL ? -1
                        : snprintf(path, sizeof path, "01/%.*s/10/%s", (int)(lot - rest - 1),
                                   rest + 1, lot + 1);
    if (n < 0 || (size_t)n >= sizeof path ||
        !api_asset_name(slice_of(path, (size_t)n), name, &err)) {
        api_answer_problem(a, 404, "NOT_FOUND", "expected /v1/lots/GTIN/LOT");
        return;
    }
    if (!api_query_uint(q, a, "after", INT64_MAX, &after) ||
        !api_query_uint(q, a, "limit", API_GOODS_LIMIT_MAX, &limit))
        return;
    struct read_model_args arg = { 1, { read_model_arg_text(slice_text(name)) } };
    struct json_doc *doc = json_doc_object();
    if (api_put_row(c, doc, LIST_LOT, &arg, &id, &err)) {
        struct read_model_args args = { 3,
                                        { read_model_arg_number((uint64_t)id),
                                          read_model_arg_number(after),
                                          read_model_arg_number(limit) } };
        if (api_put_rows(c, json_doc_put_array(doc, "goods"), LIST_LOT_GOODS, &args, &last, &err) ==
            limit)
            json_doc_put_int(doc, "next", last);
    } else if (err.code == ERR_NONE) {
        (void)err_set(&err, ERR_NOT_FOUND, "the ledger knows no such lot");
    }
    api_end_goods(a, doc, &err);
}

/* ------------------------------------------------------------------ handovers */

struct handover {
    bool found, has_leaf, has_answer;
    struct hash offer;
    uint64_t leaf, answer_leaf;
};

static bool keep_handover(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct handover *h = ctx;
    const struct read_model_cell *leaf = read_model_cell_of(cells, count, "offer_leaf");
    const struct read_model_cell *answer = read_model_cell_of(cells, count, "answer_leaf");
    h->found = true;
    h->has_leaf = leaf != NULL && !leaf->is_null;
    h->has_answer = answer != NULL && !answer->is_null;
    h->leaf = h->has_leaf ? (uint64_t)leaf->number : 0;
    h->answer_leaf = h->has_answer ? (uint64_t)answer->number : 0;
    return false;
}

/* By the offer's hash, or by that of its answer. */
static bool find_handover(struct api_context *c, const struct hash *statement,
                          struct handover *ret_handover, struct err *err)
{
    struct read_model_args arg = { 1, { read_model_arg_bytes(hash_slice(statement)) } };
    *ret_handover = (struct handover){ .offer = *statement };
    if (!read_model_list(c->store, LIST_HANDOVER, &arg, keep_handover, ret_handover, err))
        return false;
    if (ret_handover->found)
        return true;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    struct statement st;
    uint64_t leaf = 0;
    bool answer = store_find_statement(c->store, statement, &leaf, err) &&
                  store_statement(c->store, leaf, &bytes, err) &&
                  statement_decode(buf_slice(&bytes), &st, err) && st.kind == KIND_CUSTODY &&
                  st.as.custody.action != CUSTODY_OFFER;
    if (answer)
        ret_handover->offer = st.as.custody.offer;
    buf_free(&bytes);
    arg.at[0] = read_model_arg_bytes(hash_slice(&ret_handover->offer));
    return (answer &&
            read_model_list(c->store, LIST_HANDOVER, &arg, keep_handover, ret_handover, err) &&
            ret_handover->found) ||
           err_set(err, ERR_NOT_FOUND, "the ledger has no such handover");
}

static bool put_signed(struct api_context *c, uint64_t leaf, struct buf *out, struct err *err)
{
    struct buf statement = buf_heap(STATEMENT_MAX);
    struct buf receipts = buf_heap(AUTHORITY_MAX * RECEIPT_SIZE_MAX);
    bool good = store_statement(c->store, leaf, &statement, err) &&
                proof_receipts(c->store, leaf, &receipts, err);
    cbor_put_bytes(out, buf_slice(&statement));
    cbor_put_bytes(out, buf_slice(&receipts));
    buf_free(&statement);
    buf_free(&receipts);
    return good;
}

/*
 * Both statements with their receipts: what each side keeps, with both signatures; and whose seals count, where that
 * is not what the genesis says.
 */
static void handover_file(struct api_context *c, const struct handover *h, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    if (!h->has_leaf || !h->has_answer) {
        api_answer_problem(a, 404, "NOT_FOUND", "nobody has answered this offer yet");
        return;
    }
    struct buf sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = proof_sets(c->store, &c->identity, SET_CHAIN_COMPACT, &sets, &err);
    bool changed = good && set_chain_count(buf_slice(&sets)) > 0;
    struct buf *out = api_answer_cbor(a);
    cbor_put_array(out, changed ? 6 : 5);
    cbor_put_uint(out, 1);
    good = good && put_signed(c, h->leaf, out, &err) && put_signed(c, h->answer_leaf, out, &err);
    if (changed)
        cbor_put_bytes(out, buf_slice(&sets));
    buf_free(&sets);
    if (!good)
        api_answer_error(a, &err);
}

static void put_bound(struct api_context *c, struct json_doc *doc, const char *key, uint64_t leaf,
                      struct err *err)
{
    struct buf bytes = buf_heap(STATEMENT_MAX);
    struct statement st;
    if (store_statement(c->store, leaf, &bytes, err) &&
        statement_decode(buf_slice(&bytes), &st, err)) {
        struct json_doc *part = json_doc_put_object(doc, key);
        struct read_model_args arg = { 1, { read_model_arg_bytes(hash_slice(&st.hash)) } };
        json_doc_put_hex(part, "statement", hash_slice(&st.hash));
        json_doc_put_hex(part, "signer", kid_slice(&st.kid));
        json_doc_put_int(part, "goods", (int64_t)st.as.custody.assets.count);
        if (st.as.custody.condition.len > 0)
            json_doc_put_slice(part, "condition", st.as.custody.condition);
        if (st.as.custody.reason.len > 0)
            json_doc_put_slice(part, "reason", st.as.custody.reason);
        (void)api_put_row(c, part, LIST_BOUND, &arg, NULL, err);
        struct read_model_args said = { 2, { arg.at[0], read_model_arg_number(API_GOODS_LIMIT) } };
        (void)api_put_rows(c, json_doc_put_array(part, "disputes"), LIST_DISPUTES, &said, NULL,
                           err);
        (void)api_put_rows(c, json_doc_put_array(part, "corrections"), LIST_CORRECTION, &arg, NULL,
                           err);
    }
    buf_free(&bytes);
}

void api_handovers(struct api_context *c, const struct http_request *q, const char *rest,
                   struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct hash statement;
    struct handover h;
    if (!api_take_hash(rest, "handovers", &statement, a))
        return;
    if (!find_handover(c, &statement, &h, &err)) {
        api_answer_error(a, &err);
        return;
    }
    if (api_accepts(q, API_TYPE_CBOR)) {
        handover_file(c, &h, a);
        return;
    }
    struct json_doc *doc = json_doc_object();
    struct read_model_args arg = { 1, { read_model_arg_bytes(hash_slice(&h.offer)) } };
    (void)api_put_row(c, doc, LIST_HANDOVER, &arg, NULL, &err);
    if (h.has_leaf)
        put_bound(c, doc, "offered_with", h.leaf, &err);
    if (h.has_answer)
        put_bound(c, doc, "answered_with", h.answer_leaf, &err);
    api_end_goods(a, doc, &err);
}

/* ------------------------------------------------------------------ findings */

static bool take_subject(struct api_context *c, const struct http_request *q, struct kid *kid,
                         struct read_model_arg *ret_arg, enum read_model_list *ret_which,
                         struct err *err)
{
    struct slice text;
    char name[GS1_NAME_MAX + 1];
    int64_t asset = 0;
    *ret_which = LIST_FINDINGS;
    if (api_query_text(q, "asset", &text)) {
        *ret_which = LIST_FINDINGS_OF_ASSET;
        if (!api_asset_name(text, name, err) ||
            !read_model_find_asset(c->store, slice_text(name), &asset, err))
            return false;
        *ret_arg = read_model_arg_number((uint64_t)asset);
    } else if (api_query_text(q, "key", &text)) {
        *ret_which = LIST_FINDINGS_OF_KEY;
        if (text.len != 2 * KID_SIZE ||
            !hex_decode((const char *)text.data, text.len, kid->bytes, KID_SIZE))
            return err_set(err, ERR_INPUT, "key: expected 16 hex digits");
        *ret_arg = read_model_arg_bytes(kid_slice(kid));
    }
    return true;
}

void api_findings(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    uint64_t after = 0, limit = API_GOODS_LIMIT;
    int64_t last = 0;
    struct kid kid;
    struct read_model_args args = { .count = 2 };
    enum read_model_list which;
    if (!api_query_uint(q, a, "after", INT64_MAX, &after) ||
        !api_query_uint(q, a, "limit", API_GOODS_LIMIT_MAX, &limit))
        return;
    if (!take_subject(c, q, &kid, &args.at[0], &which, &err)) {
        api_answer_error(a, &err);
        return;
    }
    size_t at = which == LIST_FINDINGS ? 0 : 1;
    args.at[at] = read_model_arg_number(after);
    args.at[at + 1] = read_model_arg_number(limit);
    args.count = at + 2;
    struct json_doc *doc = json_doc_object();
    size_t rows = api_put_rows(c, json_doc_put_array(doc, "findings"), which, &args, &last, &err);
    if (rows == limit && limit > 0)
        json_doc_put_int(doc, "next", last);
    api_end_goods(a, doc, &err);
}
