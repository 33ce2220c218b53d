/* Where an asset comes from and what was made of it, making by making. */
#include "node/api_goods.h"

#include "common/make.h"
#include "node/asset_goods.h"

#include <string.h>

#define HOPS_LIMIT 100 /* unless asked */

static const char *kind_name(uint64_t kind)
{
    static const char *const names[] = {
        [MAKING_SPLIT] = "split",
        [MAKING_MERGE] = "merge",
        [MAKING_TRANSFORM] = "transform",
        [MAKING_COMMISSION] = "commission",
    };
    return kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

/* ------------------------------------------------------------------ sets */

void api_put_amount(struct json_doc *into, const struct amount *amount)
{
    char text[AMOUNT_TEXT_SIZE];
    struct json_doc *doc = json_doc_put_object(into, "amount");
    amount_format(amount, text);
    json_doc_put_int(doc, "mantissa", amount->mantissa);
    json_doc_put_int(doc, "exponent", amount->exponent);
    json_doc_put_slice(doc, "unit", amount->unit);
    json_doc_put_text(doc, "text", text);
}

/* One name, or the first and the last of several. */
static void put_names(struct json_doc *into, const char *first, const char *last, int64_t count)
{
    if (count == 1) {
        json_doc_put_text(into, "asset", first);
    } else {
        json_doc_put_text(into, "first", first);
        json_doc_put_text(into, "last", last);
    }
    json_doc_put_int(into, "count", count);
}

struct sets {
    struct json_doc *list;
    size_t left;
};

static bool put_set(void *ctx, const struct trace_set *set)
{
    struct sets *sets = ctx;
    if (sets->left == 0)
        return false;
    sets->left--;
    struct json_doc *one = json_doc_put_object(sets->list, NULL);
    put_names(one, set->first, set->last, set->run.count);
    if (set->has_amount)
        api_put_amount(one, &set->amount);
    if (set->lot[0] != '\0')
        json_doc_put_text(one, "lot", set->lot);
    if (set->has_expiry)
        api_put_time(one, "expiry", set->expiry_ms);
    return true;
}

static bool put_via(struct api_context *c, struct json_doc *list, const struct trace_path *path,
                    const struct trace_hop *hop, struct err *err)
{
    for (size_t k = 0; k < hop->via_count && k < TRACE_SETS_MAX; k++) {
        struct trace_run run = path->via.at[hop->via + k];
        struct trace_asset first, last;
        if (!trace_asset(c->store, run.first, &first, err) ||
            !trace_asset(c->store, run.first + run.count - 1, &last, err))
            return false;
        put_names(json_doc_put_object(list, NULL), first.name, last.name, run.count);
    }
    return true;
}

/* ------------------------------------------------------------------ certificates */

struct certificates {
    struct api_context *c;
    struct json_doc *list;
    uint64_t time_ms;
    size_t count;
    int64_t seen[TRACE_SETS_MAX];
};

static bool put_certificate(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct certificates *w = ctx;
    for (size_t i = 0; i < w->count; i++)
        if (w->seen[i] == cells[0].number)
            return true;
    if (w->count == TRACE_SETS_MAX)
        return false;
    w->seen[w->count++] = cells[0].number;
    struct json_doc *one = json_doc_put_object(w->list, NULL);
    api_put_cells(w->c, one, cells, count);
    json_doc_put_text(
        one, "status",
        asset_goods_certificate_name(asset_goods_certificate(cells, count, w->time_ms)));
    return true;
}

/* ------------------------------------------------------------------ hops */

static void put_making(struct api_context *c, struct json_doc *doc, const struct trace_hop *hop,
                       const struct trace_making *m)
{
    json_doc_put_int(doc, "depth", (int64_t)hop->depth);
    json_doc_put_hex(doc, "making", hash_slice(&m->statement));
    json_doc_put_text(doc, "kind", kind_name(m->kind));
    if (m->has_member)
        api_put_member(c, doc, "by", &m->member);
    api_put_place(c, doc, "place", m->place);
    api_put_time(doc, "time", m->time_ms);
    if (m->has_leaf)
        json_doc_put_int(doc, "leaf", (int64_t)m->leaf);
}

/* What was said against the making itself. */
static void put_objections(struct api_context *c, struct json_doc *doc,
                           const struct trace_making *m, struct err *err)
{
    struct read_model_args of = { 1, { read_model_arg_bytes(hash_slice(&m->statement)) } };
    struct read_model_args some = { 2, { of.at[0], read_model_arg_number(API_GOODS_LIMIT) } };
    (void)api_put_rows(c, json_doc_put_array(doc, "corrections"), LIST_CORRECTION, &of, NULL, err);
    (void)api_put_rows(c, json_doc_put_array(doc, "disputes"), LIST_DISPUTES, &some, NULL, err);
}

/* The numbers of the hops next to it, towards the asset that was asked about. */
static void put_links(struct json_doc *doc, const struct trace_path *path, size_t i, bool back)
{
    struct json_doc *list = json_doc_put_array(doc, back ? "used_in" : "made_in");
    json_doc_put_int(doc, "n", (int64_t)i);
    for (size_t k = 0; k < path->link_count; k++)
        if (path->links[k].hop == i)
            json_doc_put_int(list, NULL, (int64_t)path->links[k].to);
}

static bool put_hop(struct api_context *c, struct json_doc *list, const struct trace_path *path,
                    size_t i, bool back, struct err *err)
{
    const struct trace_hop *hop = &path->hops[i];
    struct trace_making m;
    struct json_doc *doc = json_doc_put_object(list, NULL);
    if (!trace_load_making(c->store, hop->making, &m, err))
        return false;
    put_making(c, doc, hop, &m);
    put_objections(c, doc, &m, err);
    put_links(doc, path, i, back);
    struct sets inputs = { json_doc_put_array(doc, "inputs"), TRACE_SETS_MAX };
    struct sets outputs = { json_doc_put_array(doc, "outputs"), TRACE_SETS_MAX };
    struct json_doc *via = json_doc_put_array(doc, back ? "went_on" : "came_in");
    if (!trace_inputs(c->store, hop->making, put_set, &inputs, err) ||
        !trace_outputs(c->store, hop->making, put_set, &outputs, err) ||
        !put_via(c, via, path, hop, err))
        return false;
    json_doc_put_bool(doc, "cut",
                      inputs.left == 0 || outputs.left == 0 || hop->via_count > TRACE_SETS_MAX);
    if (!back)
        return err->code == ERR_NONE;
    struct certificates w = { .c = c,
                              .list = json_doc_put_array(doc, "certificates"),
                              .time_ms = m.time_ms };
    struct asset_hop at = { path, hop, &m };
    return asset_goods_hop_certificates(c->store, &at, put_certificate, &w, err);
}

static void answer(struct api_context *c, const struct http_request *q, struct http_answer *a,
                   const struct trace_path *path, bool back)
{
    struct err err = { .code = ERR_NONE };
    uint64_t from = 0, limit = HOPS_LIMIT;
    if (!api_query_uint(q, a, "from", TRACE_HOPS_MAX, &from) ||
        !api_query_uint(q, a, "limit", API_GOODS_LIMIT_MAX, &limit))
        return;
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "hops");
    bool good = true;
    size_t i = from;
    for (; i < path->count && i - from < limit && good; i++)
        good = put_hop(c, list, path, i, back, &err);
    json_doc_put_text(doc, "asset", c->view->name);
    json_doc_put_int(doc, "makings", (int64_t)path->count);
    json_doc_put_bool(doc, "cut", path->cut);
    api_put_holds(c, doc);
    if (i < path->count)
        json_doc_put_int(doc, "next", (int64_t)i);
    api_end_goods(a, doc, &err);
}

void api_origin(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    answer(c, q, a, &c->view->origin, true);
}

void api_uses(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct trace_path path;
    if (!trace_uses(c->store, c->view->id, &path, &err)) {
        api_answer_error(a, &err);
        return;
    }
    answer(c, q, a, &path, false);
    trace_path_free(&path);
}
