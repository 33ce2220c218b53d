/* Recalls: which there are, and who has what of the goods that one reaches. */
#include "node/api_goods.h"

#include "common/disposition.h"
#include "node/recall_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGES      1000 /* of all holders, unless asked */
#define RANGES_MAX  20000
#define NAMES_SHOWN 1000

/* ------------------------------------------------------------------ all of them */

static void list_recalls(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    uint64_t before = INT64_MAX, limit = API_GOODS_LIMIT;
    int64_t last = 0;
    if (!api_query_uint(q, a, "before", INT64_MAX, &before) ||
        !api_query_uint(q, a, "limit", API_GOODS_LIMIT_MAX, &limit))
        return;
    struct json_doc *doc = json_doc_object();
    struct read_model_args args = {
        2, { read_model_arg_number(before), read_model_arg_number(limit) }
    };
    size_t rows =
        api_put_rows(c, json_doc_put_array(doc, "recalls"), LIST_RECALLS, &args, &last, &err);
    if (rows == limit && limit > 0)
        json_doc_put_int(doc, "next", last);
    api_end_goods(a, doc, &err);
}

/* ------------------------------------------------------------------ one */

static void put_contact(struct api_context *c, struct json_doc *into, const struct kid *member,
                        struct err *err)
{
    struct read_model_args arg = { 1, { read_model_arg_bytes(kid_slice(member)) } };
    struct json_doc *party = json_doc_put_object(into, "party");
    (void)api_put_row(c, party, LIST_PARTY, &arg, NULL, err);
}

static struct json_doc *put_holder(struct api_context *c, struct json_doc *list,
                                   const struct recall_holder *h, struct err *err)
{
    struct json_doc *one = json_doc_put_object(list, NULL);
    struct json_doc *states = json_doc_put_object(one, "states");
    if (h->known) {
        api_put_member(c, one, "holder", &h->member);
        put_contact(c, one, &h->member, err);
    } else {
        json_doc_put_null(one, "holder");
    }
    json_doc_put_int(one, "units", (int64_t)h->units);
    for (size_t end = 0; end < RECALL_ENDS; end++)
        if (h->by_end[end] > 0)
            json_doc_put_int(states, provenance_end_name((enum goods_end)end),
                             (int64_t)h->by_end[end]);
    json_doc_put_int(one, "ranges", (int64_t)h->ranges);
    return json_doc_put_array(one, "goods");
}

static void put_range(struct api_context *c, struct json_doc *list, const struct recall_range *r)
{
    struct json_doc *one = json_doc_put_object(list, NULL);
    struct gs1_name name;
    struct product_facts product;
    struct err err;
    if (gs1_parse_asset(slice_text(r->first), &name, &err) && name.kind != GS1_LOGISTIC &&
        read_model_product(c->store, slice_text(name.key), &product))
        json_doc_put_text(one, "product", product.name);
    if (r->count == 1) {
        json_doc_put_text(one, "asset", r->first);
    } else {
        json_doc_put_text(one, "first", r->first);
        json_doc_put_text(one, "last", r->last);
    }
    json_doc_put_int(one, "count", (int64_t)r->count);
    if (r->end != GOODS_ACTIVE)
        json_doc_put_text(one, "state", provenance_end_name((enum goods_end)r->end));
}

static void put_holders(struct api_context *c, struct json_doc *doc, const struct recall_list *l,
                        struct err *err)
{
    struct json_doc *list = json_doc_put_array(doc, "holders");
    struct json_doc **goods = calloc(l->holder_count + 1, sizeof(struct json_doc *));
    if (goods == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return;
    }
    for (size_t i = 0; i < l->holder_count && err->code == ERR_NONE; i++)
        goods[i] = put_holder(c, list, &l->holders[i], err);
    for (size_t i = 0; i < l->range_count && err->code == ERR_NONE; i++)
        put_range(c, goods[l->ranges[i].holder], &l->ranges[i]);
    free(goods);
    json_doc_put_int(doc, "units", (int64_t)l->units);
    json_doc_put_bool(doc, "cut", l->cut);
}

static void by_holder(struct api_context *c, const struct http_request *q, struct http_answer *a,
                      struct json_doc *doc, const struct trace_runs *reached)
{
    struct err err = { .code = ERR_NONE };
    struct recall_list list;
    uint64_t ranges = RANGES;
    if (!api_query_uint(q, a, "ranges", RANGES_MAX, &ranges)) {
        json_doc_free(doc);
        return;
    }
    if (recall_list_make(c->store, reached, ranges, &list, &err)) {
        put_holders(c, doc, &list, &err);
        recall_list_free(&list);
    }
    api_end_goods(a, doc, &err);
}

/* ------------------------------------------------------------------ single names */

struct units {
    struct api_context *c;
    struct json_doc *list;
    uint64_t left;
    int64_t last;
};

static bool put_unit(void *ctx, const struct trace_asset *a)
{
    struct units *u = ctx;
    if (u->left == 0)
        return false;
    if (!recall_list_is_goods(u->c->store, a))
        return true;
    u->left--;
    u->last = a->id;
    struct json_doc *one = json_doc_put_object(u->list, NULL);
    json_doc_put_text(one, "asset", a->name);
    if (a->has_custodian)
        api_put_member(u->c, one, "holder", &a->custodian);
    json_doc_put_text(one, "state", provenance_end_name((enum goods_end)a->end));
    return true;
}

static void by_unit(struct api_context *c, const struct http_request *q, struct http_answer *a,
                    struct json_doc *doc, const struct trace_runs *reached)
{
    struct err err = { .code = ERR_NONE };
    uint64_t after = 0, limit = API_GOODS_LIMIT;
    if (!api_query_uint(q, a, "after", INT64_MAX, &after) ||
        !api_query_uint(q, a, "limit", API_GOODS_LIMIT_MAX, &limit)) {
        json_doc_free(doc);
        return;
    }
    struct units u = { .c = c, .list = json_doc_put_array(doc, "units"), .left = limit };
    bool good = true;
    for (size_t i = 0; i < reached->count && u.left > 0 && good; i++) {
        struct trace_run run = reached->at[i];
        int64_t skip = (int64_t)after + 1 - run.first;
        if (skip >= run.count)
            continue;
        if (skip > 0)
            run = (struct trace_run){ run.first + skip, run.count - skip };
        good = trace_assets(c->store, run, put_unit, &u, &err);
    }
    if (u.left == 0 && u.last > 0)
        json_doc_put_int(doc, "next", u.last);
    api_end_goods(a, doc, &err);
}

static bool keep_member(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct kid *member = ctx;
    const struct read_model_cell *cell = read_model_cell_of(cells, count, "member");
    if (cell != NULL && cell->bytes.len == KID_SIZE)
        memcpy(member->bytes, cell->bytes.data, KID_SIZE);
    return false;
}

/* Names, reason and contact of the recall itself; its number in *ret_id. */
static bool put_recall(struct api_context *c, struct json_doc *doc, const struct hash *statement,
                       int64_t *ret_id, struct err *err)
{
    struct read_model_args arg = { 1, { read_model_arg_bytes(hash_slice(statement)) } };
    struct json_doc *recall = json_doc_put_object(doc, "recall");
    struct kid member = { { 0 } };
    if (!api_put_row(c, recall, LIST_DISPOSITION, &arg, ret_id, err))
        return err->code == ERR_NONE &&
               err_set(err, ERR_NOT_FOUND, "the ledger has no such recall");
    struct read_model_args names = {
        2, { read_model_arg_number((uint64_t)*ret_id), read_model_arg_number(NAMES_SHOWN) }
    };
    (void)api_put_rows(c, json_doc_put_array(recall, "goods"), LIST_DISPOSITION_NAMES, &names, NULL,
                       err);
    (void)read_model_list(c->store, LIST_DISPOSITION, &arg, keep_member, &member, err);
    put_contact(c, recall, &member, err);
    return err->code == ERR_NONE;
}

static void one_recall(struct api_context *c, const struct http_request *q,
                       const struct hash *statement, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct trace_runs reached;
    uint64_t units = 0;
    int64_t id = 0;
    if (!api_query_uint(q, a, "units", 1, &units))
        return;
    struct json_doc *doc = json_doc_object();
    if (!put_recall(c, doc, statement, &id, &err) || !trace_reached(c->store, id, &reached, &err)) {
        api_end_goods(a, doc, &err);
        return;
    }
    if (units == 1)
        by_unit(c, q, a, doc, &reached);
    else
        by_holder(c, q, a, doc, &reached);
    trace_runs_free(&reached);
}

void api_recalls(struct api_context *c, const struct http_request *q, const char *rest,
                 struct http_answer *a)
{
    struct hash statement;
    if (rest[0] == '\0')
        list_recalls(c, q, a);
    else if (api_take_hash(rest, "recalls", &statement, a))
        one_recall(c, q, &statement, a);
}
