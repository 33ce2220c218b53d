/* What an asset is in, holds and had: contents, custody at a time, holds; and rows as JSON. */
#include "node/api_goods.h"

#include "common/disposition.h"
#include "common/hex.h"
#include "node/read_model_goods.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ rows */

static const char *role_name(int64_t role)
{
    return role == ROLE_CUSTODIAN ? "custodian" : "owner";
}

static const char *answer_name(const struct read_model_cell *cell)
{
    if (cell->is_null)
        return "open";
    if (cell->number == EVENT_PASSED)
        return "accepted";
    if (cell->number == EVENT_REJECTED)
        return "rejected";
    return cell->number == EVENT_CANCELLED ? "cancelled" : "expired";
}

static const char *seal_name(int64_t seal)
{
    static const char *const names[] = { "intact", "broken", "none" };
    return seal >= 0 && seal <= SEAL_NONE ? names[seal] : "unknown";
}

static const char *action_name(int64_t action)
{
    return action >= 0 && action <= DISPOSITION_DESTROY
               ? disposition_action_name((enum disposition_action)action)
               : "unknown";
}

static void put_member(struct api_context *c, struct json_doc *into,
                       const struct read_model_cell *cell)
{
    struct kid member;
    if (cell->bytes.len != KID_SIZE)
        return;
    memcpy(member.bytes, cell->bytes.data, KID_SIZE);
    api_put_member(c, into, cell->column->name, &member);
}

/* A key may be a device's: who answers for it is told besides. */
static void put_signer(struct api_context *c, struct json_doc *into,
                       const struct read_model_cell *cell)
{
    struct kid kid, member;
    json_doc_put_hex(into, cell->column->name, cell->bytes);
    if (cell->bytes.len != KID_SIZE)
        return;
    memcpy(kid.bytes, cell->bytes.data, KID_SIZE);
    if (read_model_key_member(c->store, &kid, &member))
        api_put_member(c, into, "by", &member);
}

static void put_cell(struct api_context *c, struct json_doc *into,
                     const struct read_model_cell *cell)
{
    const char *name = cell->column->name;
    if (name == NULL || (cell->is_null && cell->column->kind != CELL_ANSWER))
        return;
    switch (cell->column->kind) {
    case CELL_NUMBER: json_doc_put_int(into, name, cell->number); return;
    case CELL_TEXT: json_doc_put_slice(into, name, cell->bytes); return;
    case CELL_HEX: json_doc_put_hex(into, name, cell->bytes); return;
    case CELL_MEMBER: put_member(c, into, cell); return;
    case CELL_SIGNER: put_signer(c, into, cell); return;
    case CELL_TIME: api_put_time(into, name, (uint64_t)cell->number); return;
    case CELL_BOOL: json_doc_put_bool(into, name, cell->number != 0); return;
    case CELL_FINDING:
        json_doc_put_text(into, name, provenance_found_name((uint64_t)cell->number));
        return;
    case CELL_ROLE: json_doc_put_text(into, name, role_name(cell->number)); return;
    case CELL_ANSWER: json_doc_put_text(into, name, answer_name(cell)); return;
    case CELL_SEAL: json_doc_put_text(into, name, seal_name(cell->number)); return;
    case CELL_ACTION: json_doc_put_text(into, name, action_name(cell->number)); return;
    case CELL_REVEAL:
        json_doc_put_text(into, name, provenance_reveal_name((uint64_t)cell->number));
        return;
    case CELL_KIND:
        json_doc_put_text(into, name, statement_kind_name((enum statement_kind)cell->number));
        return;
    case CELL_HOLD:
        json_doc_put_text(into, name, cell->number == HOLD_RECALL ? "recall" : "quarantine");
        return;
    }
}

void api_put_cells(struct api_context *c, struct json_doc *into,
                   const struct read_model_cell *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_cell(c, into, &cells[i]);
}

struct rows {
    struct api_context *c;
    struct json_doc *into;
    bool one;
    size_t count;
    int64_t last;
};

static bool put_row(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct rows *r = ctx;
    struct json_doc *into = r->one ? r->into : json_doc_put_object(r->into, NULL);
    api_put_cells(r->c, into, cells, count);
    r->count++;
    r->last = cells[0].number;
    return !r->one;
}

size_t api_put_rows(struct api_context *c, struct json_doc *list, enum read_model_list which,
                    const struct read_model_args *args, int64_t *ret_last, struct err *err)
{
    struct rows r = { .c = c, .into = list };
    (void)read_model_list(c->store, which, args, put_row, &r, err);
    if (ret_last != NULL && r.count > 0)
        *ret_last = r.last;
    return r.count;
}

bool api_put_row(struct api_context *c, struct json_doc *into, enum read_model_list which,
                 const struct read_model_args *args, int64_t *ret_id, struct err *err)
{
    struct rows r = { .c = c, .into = into, .one = true };
    (void)read_model_list(c->store, which, args, put_row, &r, err);
    if (ret_id != NULL && r.count > 0)
        *ret_id = r.last;
    return r.count > 0 && err->code == ERR_NONE;
}

/* ------------------------------------------------------------------ parts of documents */

void api_put_place(struct api_context *c, struct json_doc *into, const char *key, const char *gln)
{
    struct place_facts facts;
    if (gln[0] == '\0')
        return;
    struct json_doc *place = json_doc_put_object(into, key);
    json_doc_put_text(place, "gln", gln);
    if (!read_model_place(c->store, slice_text(gln), &facts))
        return;
    json_doc_put_text(place, "name", facts.name);
    if (!facts.has_position)
        return;
    json_doc_put_decimal(place, "lat", facts.lat, -7);
    json_doc_put_decimal(place, "lon", facts.lon, -7);
}

bool api_take_hash(const char *rest, const char *what, struct hash *ret_hash, struct http_answer *a)
{
    char detail[80];
    if (rest[0] == '/' && hex_decode(rest + 1, strlen(rest + 1), ret_hash->bytes, HASH_SIZE))
        return true;
    (void)snprintf(detail, sizeof detail, "expected /v1/%s/ and 64 hex digits", what);
    api_answer_problem(a, 404, "NOT_FOUND", detail);
    return false;
}

void api_end_goods(struct http_answer *a, struct json_doc *doc, const struct err *err)
{
    if (err->code == ERR_NONE) {
        api_answer_json(a, doc);
        return;
    }
    json_doc_free(doc);
    api_answer_error(a, err);
}

/* ------------------------------------------------------------------ what the summary says of goods */

static void put_hold(struct api_context *c, struct json_doc *list, const struct asset_hold *h)
{
    static const char *const ways[] = {
        [ASSET_HOLD_OWN] = "own",
        [ASSET_HOLD_LOT] = "lot",
        [ASSET_HOLD_DESCENT] = "made of it",
    };
    struct json_doc *one = json_doc_put_object(list, NULL);
    json_doc_put_text(one, "hold", h->recall ? "recall" : h->rejected ? "rejected" : "quarantine");
    json_doc_put_text(one, "by", ways[h->way]);
    json_doc_put_text(one, "name", h->name);
    json_doc_put_hex(one, "statement", hash_slice(&h->statement));
    api_put_member(c, one, "member", &h->member);
    api_put_time(one, "since", h->since_ms);
    if (h->meaning[0] != '\0')
        json_doc_put_text(one, "meaning", h->meaning);
    if (h->reason[0] != '\0')
        json_doc_put_text(one, "reason", h->reason);
}

void api_put_holds(struct api_context *c, struct json_doc *doc)
{
    struct json_doc *list = json_doc_put_array(doc, "holds");
    for (size_t i = 0; i < c->view->holds.count; i++)
        put_hold(c, list, &c->view->holds.at[i]);
}

static void put_findings(struct json_doc *doc, const struct provenance_goods *g)
{
    struct json_doc *list = json_doc_put_array(doc, "findings");
    for (size_t i = 0; i < g->finding_count; i++) {
        const struct provenance_found *f = &g->finding[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_text(one, "finding", provenance_found_name(f->of.finding));
        json_doc_put_hex(one, "statement", hash_slice(&f->of.statement));
        if (f->of.has_other)
            json_doc_put_hex(one, "other", hash_slice(&f->of.other));
        api_put_time(one, "time", f->time_ms);
        json_doc_put_bool(one, "stands", !f->withdrawn);
    }
}

void api_put_goods(struct api_context *c, struct json_doc *doc)
{
    const struct asset_view *v = c->view;
    const struct provenance_goods *g = &v->journey.goods;
    const struct provenance_box *box = provenance_goods_box(g);
    api_put_holds(c, doc);
    json_doc_put_text(doc, "state", provenance_end_name((enum goods_end)v->now.end));
    if (v->stand.has_amount)
        api_put_amount(doc, &v->stand.amount);
    if (v->stand.lot[0] != '\0')
        json_doc_put_text(doc, "lot", v->stand.lot);
    if (v->stand.has_expiry)
        api_put_time(doc, "expiry", v->stand.expiry_ms);
    if (box != NULL)
        json_doc_put_text(doc, "container", box->container);
    json_doc_put_int(doc, "inside", (int64_t)g->inside);
    put_findings(doc, g);
    json_doc_put_int(doc, "corrections", (int64_t)g->correction_count);
    json_doc_put_int(doc, "disputes", (int64_t)g->dispute_count);
    if (g->reveals > 0)
        json_doc_put_text(doc, "label", provenance_reveal_name(g->last_reveal.result));
    if (g->label_opened) {
        json_doc_put_text(doc, "label_opening", provenance_reveal_name(g->label_result));
        api_put_time(doc, "label_opened", g->label_opened_ms);
    }
}

/* ------------------------------------------------------------------ contents, custody at a time */

static void contents(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    uint64_t after = 0, limit = API_GOODS_LIMIT;
    int64_t last = 0;
    if (!api_query_uint(q, a, "after", INT64_MAX, &after) ||
        !api_query_uint(q, a, "limit", API_GOODS_LIMIT_MAX, &limit))
        return;
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "asset", c->view->name);
    json_doc_put_int(doc, "inside", (int64_t)c->view->journey.goods.inside);
    struct read_model_args args = { 3,
                                    { read_model_arg_number((uint64_t)c->view->id),
                                      read_model_arg_number(after),
                                      read_model_arg_number(limit) } };
    size_t rows =
        api_put_rows(c, json_doc_put_array(doc, "contents"), LIST_CONTENTS, &args, &last, &err);
    if (rows == limit && limit > 0)
        json_doc_put_int(doc, "next", last);
    struct read_model_args boxes = { 2, { args.at[0], read_model_arg_number(API_GOODS_LIMIT) } };
    (void)api_put_rows(c, json_doc_put_array(doc, "containers"), LIST_CONTAINERS, &boxes, NULL,
                       &err);
    api_end_goods(a, doc, &err);
}

static void custody_at(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    uint64_t at = 0;
    if (!api_query_uint(q, a, "at", TIME_MAX_MS, &at))
        return;
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "asset", c->view->name);
    api_put_time(doc, "at", at);
    struct read_model_args args = {
        2, { read_model_arg_number((uint64_t)c->view->id), read_model_arg_number(at) }
    };
    (void)api_put_rows(c, json_doc_put_array(doc, "holders"), LIST_CUSTODY_AT, &args, NULL, &err);
    api_end_goods(a, doc, &err);
}

bool api_goods(struct api_context *c, const struct http_request *q, const char *what,
               struct http_answer *a)
{
    static const struct {
        const char *name;
        void (*answer)(struct api_context *c, const struct http_request *q, struct http_answer *a);
    } matters[] = {
        { "history", api_history }, { "origin", api_origin },  { "uses", api_uses },
        { "contents", contents },   { "custody", custody_at }, { "loggers", api_loggers },
    };
    for (size_t i = 0; i < sizeof matters / sizeof matters[0]; i++)
        if (strcmp(what, matters[i].name) == 0) {
            matters[i].answer(c, q, a);
            return true;
        }
    return false;
}
