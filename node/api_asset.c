/* Assets: summary, readings, custody, excursions, proof. */
#include "node/api_parts.h"

#include "common/gs1_link.h"
#include "common/hex.h"
#include "common/quantity.h"
#include "contracts/property.h"
#include "node/page.h"

#include <stdio.h>
#include <string.h>

#define ASSETS_MAX  1000
#define POINTS      300 /* unless asked */
#define LINK_PREFIX "https://id.example.org"

/* ------------------------------------------------------------------ names */

/* The asset a Digital Link path names, as the ledger has it. */
static bool parse_link(const char *path, size_t len, char ret_name[GS1_NAME_MAX + 1],
                       struct err *err)
{
    char uri[sizeof LINK_PREFIX + API_PATH_MAX];
    struct gs1_link link;
    int n = snprintf(uri, sizeof uri, LINK_PREFIX "%.*s", (int)len, path);
    if (n < 0 || (size_t)n >= sizeof uri || (size_t)n > GS1_LINK_MAX)
        return err_set(err, ERR_INPUT, "the name is too long");
    if (!gs1_link_parse(slice_of(uri, (size_t)n), &link, err))
        return false;
    if (link.name.kind == GS1_PLACE)
        return err_set(err, ERR_INPUT, "a place is not an asset");
    gs1_format_name(&link.name, ret_name);
    return true;
}

bool api_asset_name(struct slice text, char ret_name[GS1_NAME_MAX + 1], struct err *err)
{
    char path[GS1_LINK_MAX];
    int n = snprintf(path, sizeof path, "/%.*s", (int)(text.len < 400 ? text.len : 400),
                     (const char *)text.data);
    return parse_link(path, (size_t)n, ret_name, err);
}

static size_t count_segments(const char *path)
{
    size_t n = 0;
    for (; *path != '\0'; path++)
        n += *path == '/';
    return n;
}

/* "/01/GTIN/21/SERIAL/history": a name has pairs of segments, so one too many is a question. */
static bool take_name(const char *rest, char ret_name[GS1_NAME_MAX + 1], const char **ret_what,
                      struct err *err)
{
    size_t len = strlen(rest);
    *ret_what = "";
    if (count_segments(rest) % 2 == 1) {
        const char *slash = strrchr(rest, '/');
        *ret_what = slash + 1;
        len = (size_t)(slash - rest);
    }
    return parse_link(rest, len, ret_name, err);
}

/* ------------------------------------------------------------------ summary */

static void put_holder(struct api_context *c, struct json_doc *doc, const char *key, uint64_t role)
{
    const struct provenance_interval *v = provenance_current(&c->view->journey, role);
    if (v != NULL)
        api_put_member(c, doc, key, &v->member);
    else
        json_doc_put_null(doc, key);
}

static void put_link(struct json_doc *doc, const struct hash *opening)
{
    char hex[2 * HASH_SIZE + 1], path[sizeof "/v1/contracts/" + sizeof hex];
    hex_encode(hash_slice(opening), hex);
    (void)snprintf(path, sizeof path, "/v1/contracts/%s", hex);
    json_doc_put_text(doc, "href", path);
}

static void put_contract_state(const struct asset_view *v, size_t i, struct json_doc *doc)
{
    struct slice state = asset_view_state_name(v, i);
    json_doc_put_text(doc, "status", provenance_status_name(v->journey.contract[i].status));
    api_put_time(doc, "since", v->journey.contract[i].status_ms);
    if (state.len > 0)
        json_doc_put_slice(doc, "state", state);
}

static void put_contracts(struct api_context *c, struct json_doc *doc)
{
    struct json_doc *list = json_doc_put_array(doc, "contracts");
    for (size_t i = 0; i < c->view->contract_count; i++) {
        const struct asset_contract *contract = &c->view->contract[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_hex(one, "opening", hash_slice(&contract->opening));
        put_link(one, &contract->opening);
        put_contract_state(c->view, i, one);
        if (!contract->known)
            continue;
        json_doc_put_slice(one, "name", contract->definition.name);
        json_doc_put_int(one, "version", contract->definition.version);
        json_doc_put_slice(one, "summary", contract->definition.summary);
    }
}

void api_asset_summary(struct api_context *c, struct json_doc *doc)
{
    const struct asset_view *v = c->view;
    json_doc_put_text(doc, "asset", v->name);
    json_doc_put_bool(doc, "demo", v->demo);
    json_doc_put_text(doc, "verdict", provenance_verdict_name(v->verdict));
    if (v->verdict == PROVENANCE_UNCERTAIN)
        json_doc_put_text(doc, "reason", provenance_reason_sentence(v->reason));
    json_doc_put_int(doc, "events", (int64_t)v->journey.events);
    json_doc_put_int(doc, "packs", (int64_t)v->journey.packs);
    json_doc_put_int(doc, "excursions", (int64_t)provenance_breaches(&v->journey));
    json_doc_put_int(doc, "head", (int64_t)v->head.height);
    put_holder(c, doc, "custodian", 0);
    put_holder(c, doc, "owner", 1);
    put_contracts(c, doc);
    api_put_goods(c, doc);
    if (v->journey.packs > 0) {
        api_put_time(doc, "first_reading", v->journey.first_reading_ms);
        api_put_time(doc, "last_reading", v->journey.last_reading_ms);
    }
    if (!v->has_product)
        return;
    struct json_doc *product = json_doc_put_object(doc, "product");
    json_doc_put_text(product, "gtin", v->gs1.key);
    json_doc_put_text(product, "name", v->product.name);
    if (v->product.brand[0] != '\0')
        json_doc_put_text(product, "brand", v->product.brand);
}

/* ------------------------------------------------------------------ readings */

static void put_series(struct json_doc *doc, const struct series *s)
{
    struct json_doc *list = json_doc_put_array(doc, "points");
    json_doc_put_int(doc, "samples", (int64_t)s->samples);
    for (size_t i = 0; i < s->points; i++) {
        const struct series_bucket *b = &s->at[i];
        if (b->count == 0)
            continue;
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_int(one, "from_ms", (int64_t)b->first_ms);
        json_doc_put_int(one, "to_ms", (int64_t)b->last_ms);
        json_doc_put_int(one, "samples", (int64_t)b->count);
        json_doc_put_decimal(one, "min", b->min.mantissa, b->min.exponent);
        json_doc_put_decimal(one, "max", b->max.mantissa, b->max.exponent);
    }
}

static void readings(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    uint64_t property = PROPERTY_TEMPERATURE, points = POINTS;
    uint64_t from = c->view->journey.first_reading_ms, to = c->view->journey.last_reading_ms;
    if (!api_query_uint(q, a, "property", UINT16_MAX, &property) ||
        !api_query_uint(q, a, "points", SERIES_POINTS_MAX, &points) ||
        !api_query_uint(q, a, "from", TIME_MAX_MS, &from) ||
        !api_query_uint(q, a, "to", TIME_MAX_MS, &to))
        return;
    if (from > to) {
        api_answer_problem(a, 400, "BAD_REQUEST", "from is later than to");
        return;
    }
    c->series[0].property = (uint16_t)property;
    series_begin(&c->series[0].series, from, to, (size_t)points);
    if (!asset_view_read(c->store, c->view->id, c->series, 1, c->samples, &err)) {
        api_answer_error(a, &err);
        return;
    }
    const struct property *known = property_by_id(property);
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "asset", c->view->name);
    json_doc_put_int(doc, "property", (int64_t)property);
    if (known != NULL) {
        json_doc_put_text(doc, "name", known->name);
        json_doc_put_text(doc, "unit", known->unit);
    }
    put_series(doc, &c->series[0].series);
    api_answer_json(a, doc);
}

/* ------------------------------------------------------------------ custody and excursions */

static void put_offers(struct api_context *c, struct json_doc *doc)
{
    static const char *const roles[] = { "custodian", "owner" };
    struct json_doc *list = json_doc_put_array(doc, "offers");
    for (size_t role = 0; role < ASSET_STAND_OFFERS; role++) {
        const struct asset_offer *o = &c->view->stand.offer[role];
        if (!o->open)
            continue;
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_hex(one, "offer", hash_slice(&o->statement));
        json_doc_put_text(one, "role", roles[role]);
        api_put_member(c, one, "to", &o->to);
        api_put_time(one, "offered", o->since_ms);
        if (o->expires)
            api_put_time(one, "expires", o->expires_ms);
    }
    if (c->view->stand.offer[ROLE_CUSTODIAN].open)
        api_put_member(c, doc, "offered_to", &c->view->stand.offer[ROLE_CUSTODIAN].to);
}

static void custody(struct api_context *c, struct http_answer *a)
{
    const struct provenance *p = &c->view->journey;
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "custody");
    json_doc_put_text(doc, "asset", c->view->name);
    for (size_t i = 0; i < p->interval_count; i++) {
        const struct provenance_interval *v = &p->interval[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_text(one, "role", v->role == 0 ? "custodian" : "owner");
        api_put_member(c, one, "member", &v->member);
        api_put_time(one, "from", v->from_ms);
        if (v->ended)
            api_put_time(one, "to", v->to_ms);
    }
    json_doc_put_bool(doc, "cut", p->cut);
    put_offers(c, doc);
    api_answer_json(a, doc);
}

static void put_charges(struct api_context *c, struct json_doc *doc,
                        const struct provenance_excursion *e)
{
    struct json_doc *list = json_doc_put_array(doc, "charged");
    for (size_t i = 0; i < e->share_count; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        if (e->share[i].held)
            api_put_member(c, one, "member", &e->share[i].member);
        else
            json_doc_put_null(one, "member");
        json_doc_put_int(one, "seconds", (int64_t)e->share[i].seconds);
    }
}

static void put_acknowledgement(struct api_context *c, struct json_doc *doc,
                                const struct provenance_excursion *e)
{
    static const char *const texts[] = { "meaning", "comment" };
    struct buf bytes = buf_heap(STATEMENT_MAX);
    struct statement call;
    struct kid member;
    struct json_doc *one = json_doc_put_object(doc, "acknowledgement");
    api_put_time(one, "time", e->acknowledged_ms);
    if (asset_view_acknowledgement(c->store, c->view, e, &bytes, &call)) {
        json_doc_put_hex(one, "call", hash_slice(&call.hash));
        if (read_model_key_member(c->store, &call.kid, &member))
            api_put_member(c, one, "by", &member);
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            struct slice text;
            if (call_text(&call.as.call, texts[i], &text))
                json_doc_put_slice(one, texts[i], text);
        }
    }
    buf_free(&bytes);
}

static void put_finding(struct json_doc *one, const struct provenance_excursion *e)
{
    json_doc_put_bool(one, "breach", e->opened && !e->of_sensor);
    json_doc_put_hex(one, "device", kid_slice(&e->of.device));
    api_put_time(one, "from", e->of.from_ms);
    if (e->opened)
        json_doc_put_text(one, "finding", provenance_finding(e));
    if (e->ended) {
        api_put_time(one, "to", e->to_ms);
        json_doc_put_decimal(one, "peak", e->peak, e->peak_exponent);
        json_doc_put_decimal(one, "mean", e->mean, e->mean_exponent);
    }
}

static void put_excursion(struct api_context *c, struct json_doc *list,
                          const struct provenance_excursion *e)
{
    char rule[DEFINITION_MAX_NAME + 1];
    struct json_doc *one = json_doc_put_object(list, NULL);
    const struct asset_contract *contract = asset_view_contract(c->view, &e->of.opening);
    asset_view_rule_name(c->view, e, rule);
    json_doc_put_text(one, "rule", rule);
    json_doc_put_hex(one, "opening", hash_slice(&e->of.opening));
    if (contract != NULL && e->of.rule < contract->definition.rule_count)
        json_doc_put_text(one, "severity",
                          verdict_severity_name(contract->definition.rules[e->of.rule].severity));
    put_finding(one, e);
    json_doc_put_int(one, "seconds", (int64_t)provenance_seconds(e));
    json_doc_put_int(one, "revisions", (int64_t)e->revisions);
    put_charges(c, one, e);
    if (e->acknowledged)
        put_acknowledgement(c, one, e);
}

static void excursions(struct api_context *c, struct http_answer *a)
{
    const struct provenance *p = &c->view->journey;
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "excursions");
    json_doc_put_text(doc, "asset", c->view->name);
    json_doc_put_text(doc, "verdict", provenance_verdict_name(c->view->verdict));
    json_doc_put_bool(doc, "cut", p->cut);
    for (size_t i = 0; i < p->excursion_count; i++)
        put_excursion(c, list, &p->excursion[i]);
    api_answer_json(a, doc);
}

/* ------------------------------------------------------------------ routes */

static bool put_name(void *ctx, struct slice name)
{
    json_doc_put_slice(ctx, NULL, name);
    return true;
}

static void list_assets(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    uint64_t limit = 100;
    char after[GS1_NAME_MAX + 1] = "";
    struct slice text;
    if (!api_query_uint(q, a, "limit", ASSETS_MAX, &limit))
        return;
    if (api_query_text(q, "after", &text) && !api_asset_name(text, after, &err)) {
        api_answer_error(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "assets");
    if (read_model_assets(c->store, slice_text(after), limit, put_name, list, &err)) {
        api_answer_json(a, doc);
        return;
    }
    json_doc_free(doc);
    api_answer_error(a, &err);
}

static void proof(struct api_context *c, struct http_answer *a)
{
    struct err err = { 0 };
    struct proof_state state = { c->node.ctx, c->node.prove };
    if (!proof_bundle(c->store, &state, slice_text(c->view->name), api_answer_cbor(a), &err))
        api_answer_error(a, &err);
}

static void summary(struct api_context *c, struct http_answer *a)
{
    struct json_doc *doc = json_doc_object();
    api_asset_summary(c, doc);
    api_answer_json(a, doc);
}

static void answer_about(struct api_context *c, const struct http_request *q, const char *what,
                         struct http_answer *a)
{
    struct slice at;
    if (what[0] == '\0')
        summary(c, a);
    else if (strcmp(what, "readings") == 0)
        readings(c, q, a);
    else if (strcmp(what, "custody") == 0 && !api_query_text(q, "at", &at))
        custody(c, a);
    else if (strcmp(what, "excursions") == 0)
        excursions(c, a);
    else if (strcmp(what, "proof") == 0)
        proof(c, a);
    else if (!api_goods(c, q, what, a))
        api_answer_problem(a, 404, "NOT_FOUND",
                           "an asset has history, readings, custody, excursions, origin, uses, "
                           "contents, loggers and proof");
}

void api_assets(struct api_context *c, const struct http_request *q, const char *rest,
                struct http_answer *a)
{
    struct err err = { 0 };
    char name[GS1_NAME_MAX + 1];
    const char *what = "";
    if (rest[0] == '\0')
        list_assets(c, q, a);
    else if (!take_name(rest, name, &what, &err) ||
             !asset_view_load(c->store, slice_text(name), c->view, &err))
        api_answer_error(a, &err);
    else
        answer_about(c, q, what, a);
}

static void answer_page(struct api_context *c, struct http_answer *a)
{
    struct err err = { 0 };
    a->type = API_TYPE_HTML;
    a->policy = PAGE_POLICY;
    if (!page_asset(c, &a->body, &err))
        api_answer_error(a, &err);
}

void api_link(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    char name[GS1_NAME_MAX + 1];
    bool html = !api_accepts(q, API_TYPE_JSON) || api_accepts(q, "text/html");
    bool good = parse_link(q->path, strlen(q->path), name, &err) &&
                asset_view_load(c->store, slice_text(name), c->view, &err);
    if (good && html) {
        answer_page(c, a);
    } else if (good) {
        summary(c, a);
    } else if (html) {
        a->status = err.code == ERR_NOT_FOUND ? 404 : err.code == ERR_INPUT ? 400 : 500;
        a->type = API_TYPE_HTML;
        a->policy = PAGE_POLICY;
        page_problem(a->status, err.msg, &a->body);
    } else {
        api_answer_error(a, &err);
    }
}
