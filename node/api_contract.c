/* Contracts: how one stands, what a key may do with it, its definition. */
#include "node/api_parts.h"

#include "common/hex.h"
#include "node/contract_view.h"
#include "node/rule_words.h"

#include <stdio.h>
#include <string.h>

#define ASSETS_MAX    1000
#define VALUE_SIZE    8192 /* of a value shown to people */
#define HEX_HASH_SIZE (2 * HASH_SIZE + 1)

/* ------------------------------------------------------------------ parts */

static void put_link(struct json_doc *doc, const char *key, const struct hash *opening,
                     const char *what)
{
    char hex[HEX_HASH_SIZE], path[HEX_HASH_SIZE + 40];
    hex_encode(hash_slice(opening), hex);
    (void)snprintf(path, sizeof path, "/v1/contracts/%s%s", hex, what);
    json_doc_put_text(doc, key, path);
}

static void put_value(struct json_doc *doc, const char *key, const struct contract_value *value)
{
    char text[VALUE_SIZE];
    if (value->type == CONTRACT_NOTHING) {
        json_doc_put_null(doc, key);
        return;
    }
    value_show(value, text, sizeof text);
    json_doc_put_text(doc, key, text);
}

static void put_kind(struct json_doc *doc, const struct value_kind *kind)
{
    char text[VALUE_SIZE];
    value_kind_show(kind, text, sizeof text);
    json_doc_put_text(doc, "kind", text);
}

/* Who a key is: a member's own, or one that belongs to a member, or not known. */
static void put_party(struct api_context *c, struct json_doc *doc, const char *key,
                      struct slice kid_bytes)
{
    struct kid kid, member;
    if (kid_bytes.len != KID_SIZE) {
        json_doc_put_null(doc, key);
        return;
    }
    memcpy(kid.bytes, kid_bytes.data, KID_SIZE);
    if (!read_model_key_member(c->store, &kid, &member))
        member = kid;
    api_put_member(c, doc, key, &member);
    json_doc_put_hex(doc, "kid", kid_bytes);
}

static const char *ending_name(enum contract_ending ending)
{
    switch (ending) {
    case CONTRACT_GOES_ON: return "goes on";
    case CONTRACT_SUCCESS: return "success";
    case CONTRACT_FAILURE: return "failure";
    }
    return "goes on";
}

/* The names of whoever may. */
static void put_callers(struct json_doc *doc, const char *key, const struct contract_definition *d,
                        const struct contract_callers *who)
{
    struct json_doc *list = json_doc_put_array(doc, key);
    for (size_t i = 0; i < d->party_count; i++)
        if ((who->parties >> i & 1) != 0)
            json_doc_put_slice(list, NULL, d->parties[i].name);
    for (size_t i = 0; i < d->role_count; i++)
        if ((who->roles >> i & 1) != 0)
            json_doc_put_slice(list, NULL, d->roles[i].name);
    for (size_t i = 0; i < d->field_count; i++)
        if ((who->fields >> i & 1) != 0)
            json_doc_put_slice(list, NULL, d->fields[i].name);
    for (size_t i = 0; i < d->term_count; i++)
        if ((who->instance_terms >> i & 1) != 0)
            json_doc_put_slice(list, NULL, d->terms[i].name);
}

/* ------------------------------------------------------------------ what was agreed */

static void put_definition(struct json_doc *doc, const struct contract_view *v)
{
    struct json_doc *one = json_doc_put_object(doc, "definition");
    json_doc_put_hex(one, "hash", hash_slice(&v->instance.definition));
    put_link(one, "href", &v->opening, "/definition");
    if (v->contract == NULL)
        return;
    json_doc_put_slice(one, "name", v->contract->definition.name);
    json_doc_put_int(one, "version", v->contract->definition.version);
    json_doc_put_slice(one, "summary", v->contract->definition.summary);
}

static void put_parties(struct api_context *c, struct json_doc *doc,
                        const struct contract_bound *contract)
{
    const struct contract_definition *d = &contract->definition;
    struct json_doc *list = json_doc_put_array(doc, "parties");
    for (size_t i = 0; i < d->party_count; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_slice(one, "party", d->parties[i].name);
        json_doc_put_slice(one, "role", d->roles[d->parties[i].role].name);
        put_party(c, one, "member", contract->parties[i]);
    }
    struct json_doc *agreed = json_doc_put_array(doc, "agreed");
    for (size_t i = 0; i < c->contract->instance.agreed_count; i++)
        api_put_member(c, agreed, NULL, &c->contract->instance.agreed[i]);
}

static void put_holders(struct api_context *c, struct json_doc *doc, struct slice holders)
{
    struct json_doc *list = json_doc_put_array(doc, "holders");
    struct cbor_reader r = cbor_reader(holders);
    for (size_t n = holders.len > 0 ? cbor_take_map(&r) : 0; n > 0 && !r.failed; n--) {
        struct slice role = cbor_take_text(&r, 1, NAME_MAX_BYTES);
        for (size_t k = cbor_take_array(&r); k > 0 && !r.failed; k--) {
            struct json_doc *one = json_doc_put_object(list, NULL);
            json_doc_put_slice(one, "role", role);
            put_party(c, one, "member", cbor_take_bytes(&r, KID_SIZE, KID_SIZE));
        }
    }
}

static void put_terms(struct json_doc *doc, const struct contract_bound *contract)
{
    const struct contract_definition *d = &contract->definition;
    struct json_doc *list = json_doc_put_array(doc, "terms");
    for (size_t i = 0; i < d->term_count; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_slice(one, "name", d->terms[i].name);
        put_kind(one, &d->terms[i].kind);
        put_value(one, "value", &contract->terms.values[i]);
        struct hash other;
        if (contract->terms.values[i].type != CONTRACT_INSTANCE ||
            contract->terms.values[i].text.len != HASH_SIZE)
            continue;
        memcpy(other.bytes, contract->terms.values[i].text.data, HASH_SIZE);
        put_link(one, "href", &other, "");
    }
}

static void put_rules(struct json_doc *doc, const struct contract_bound *contract)
{
    const struct contract_definition *d = &contract->definition;
    struct json_doc *list = json_doc_put_array(doc, "rules");
    for (size_t i = 0; i < d->rule_count; i++) {
        char text[RULE_WORDS_SIZE];
        struct json_doc *one = json_doc_put_object(list, NULL);
        rule_words_kind(d, &contract->terms, i, text);
        json_doc_put_slice(one, "rule", d->rules[i].name);
        json_doc_put_text(one, "looks_for", text);
        json_doc_put_text(one, "severity", verdict_severity_name(d->rules[i].severity));
        if (contract->terms.limits[i].duration_ms > 0)
            json_doc_put_int(one, "duration_seconds",
                             (int64_t)(contract->terms.limits[i].duration_ms / 1000));
    }
}

static void put_actions(struct json_doc *doc, const struct contract_definition *d)
{
    struct json_doc *list = json_doc_put_array(doc, "actions");
    for (size_t i = 0; i < d->action_count; i++) {
        const struct contract_action *a = &d->actions[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_slice(one, "action", a->name);
        put_callers(one, "by", d, &a->callers);
        struct json_doc *in = json_doc_put_array(one, "in");
        for (size_t k = 0; k < d->state_count; k++)
            if ((a->states >> k & 1) != 0)
                json_doc_put_slice(in, NULL, d->states[k].name);
        struct json_doc *takes = json_doc_put_array(one, "takes");
        for (size_t k = 0; k < a->param_count; k++) {
            struct json_doc *param = json_doc_put_object(takes, NULL);
            json_doc_put_slice(param, "name", d->params[a->param + k].name);
            put_kind(param, &d->params[a->param + k].kind);
        }
    }
}

/* ------------------------------------------------------------------ how it stands */

static void put_life(struct json_doc *doc, const struct contract_view *v)
{
    json_doc_put_text(doc, "status", contract_view_status(v));
    if (!v->began)
        return;
    api_put_time(doc, "start", v->life.start_ms);
    if (v->life.ended) {
        api_put_time(doc, "end", v->life.ended_ms);
        if (v->life.ending != CONTRACT_GOES_ON)
            json_doc_put_text(doc, "ending", ending_name(v->life.ending));
    }
    if (v->life.replaced) {
        json_doc_put_hex(doc, "replaced_by", hash_slice(&v->life.by));
        put_link(doc, "replaced_by_href", &v->life.by, "");
    }
}

static void put_documents(struct json_doc *doc, const struct contract_definition *d,
                          const struct flow_state *flow)
{
    struct json_doc *list = json_doc_put_array(doc, "documents");
    for (size_t i = 0; i < d->document_count; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_slice(one, "name", d->documents[i].name);
        put_callers(one, "by", d, &d->documents[i].callers);
        if ((flow->documents >> i & 1) != 0)
            json_doc_put_hex(one, "hash", hash_slice(&flow->document_hashes[i]));
        else
            json_doc_put_null(one, "hash");
    }
}

/* The workflow's state of a unit, or of all the goods: nothing when the contract has none. */
static void put_flow(struct json_doc *doc, struct contract_view *v, struct slice unit)
{
    const struct contract_definition *d = &v->contract->definition;
    if (!contract_view_flow(v, unit))
        return;
    const struct contract_state *state = &d->states[v->flow.state];
    struct json_doc *one = json_doc_put_object(doc, "state");
    json_doc_put_slice(one, "name", state->name);
    json_doc_put_int(one, "progress", state->progress);
    json_doc_put_text(one, "ending", ending_name(state->ending));
    if (v->flow.change_count > 0)
        api_put_time(one, "since", v->flow.changes[v->flow.change_count - 1].time_ms);
    struct json_doc *list = json_doc_put_array(doc, "properties");
    for (size_t i = 0; i < d->field_count; i++) {
        struct json_doc *field = json_doc_put_object(list, NULL);
        json_doc_put_slice(field, "name", d->fields[i].name);
        put_kind(field, &d->fields[i].kind);
        put_value(field, "value", &v->flow.fields[i]);
    }
    put_documents(doc, d, &v->flow);
}

/* ------------------------------------------------------------------ the books */

static void put_acknowledgement(struct api_context *c, struct json_doc *doc,
                                const struct book_stretch *s)
{
    static const char *const texts[] = { "meaning", "comment" };
    struct json_doc *one = json_doc_put_object(doc, "acknowledgement");
    struct buf bytes = buf_heap(STATEMENT_MAX);
    struct statement call;
    uint64_t leaf = 0;
    json_doc_put_hex(one, "call", hash_slice(&s->acknowledgement));
    if (store_find_statement(c->store, &s->acknowledgement, &leaf, NULL) &&
        store_statement(c->store, leaf, &bytes, NULL) &&
        statement_decode(buf_slice(&bytes), &call, NULL) && call.kind == KIND_CALL) {
        put_party(c, one, "by", kid_slice(&call.kid));
        api_put_time(one, "time", call.link.time_ms);
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            struct slice text;
            if (call_text(&call.as.call, texts[i], &text))
                json_doc_put_slice(one, texts[i], text);
        }
    }
    buf_free(&bytes);
}

static void put_stretch(struct api_context *c, struct json_doc *list, const struct book_stretch *s)
{
    const struct contract_rule *rule = &c->contract->contract->definition.rules[s->rule];
    struct json_doc *one = json_doc_put_object(list, NULL);
    json_doc_put_slice(one, "rule", rule->name);
    json_doc_put_text(one, "severity", verdict_severity_name(rule->severity));
    json_doc_put_text(one, "finding",
                      definition_rule_is_of_sensor(rule) ? "sensor"
                      : s->open || s->certain            ? "out"
                                                         : "uncertain");
    json_doc_put_hex(one, "device", slice_of(s->device, BOOK_DEVICE_SIZE));
    api_put_time(one, "from", s->from_ms);
    api_put_time(one, "broken", s->broken_ms);
    if (!s->open)
        api_put_time(one, "to", s->to_ms);
    if (rule_words_has_peak(rule)) {
        json_doc_put_text(one, "unit", rule_words_unit(rule));
        json_doc_put_decimal(one, "peak", s->peak, s->peak_exponent);
        if (!s->open)
            json_doc_put_decimal(one, "mean", s->mean, s->mean_exponent);
    }
    if (s->acknowledged)
        put_acknowledgement(c, one, s);
}

/* First tracks only: the second serves to tell certain from uncertain. */
static void put_book(struct api_context *c, struct json_doc *doc, struct slice asset)
{
    struct contract_view *v = c->contract;
    struct json_doc *list = json_doc_put_array(doc, "excursions");
    uint64_t settled = 0;
    if (!contract_view_book(v, asset))
        return;
    for (size_t i = 0; i < v->book.count; i++)
        if (v->book.stretches[i].excursion && !v->book.stretches[i].sure)
            put_stretch(c, list, &v->book.stretches[i]);
    for (size_t i = 0; i < v->book.settled_count; i++)
        settled += v->book.settled[i].sure ? 0 : v->book.settled[i].excursions;
    if (settled > 0)
        json_doc_put_int(doc, "earlier_excursions", (int64_t)settled);
}

/* ------------------------------------------------------------------ the goods */

struct range {
    uint64_t from, limit;
};

static void put_assets(struct api_context *c, struct json_doc *doc, struct range range)
{
    const struct contract_bound *contract = c->contract->contract;
    struct json_doc *list = json_doc_put_array(doc, "assets");
    struct asset_iter it = asset_set_begin(&contract->assets);
    json_doc_put_int(doc, "asset_count", (int64_t)contract->assets.count);
    for (uint64_t i = 0; i < range.from + range.limit && asset_set_next(&it); i++) {
        if (i < range.from)
            continue;
        struct slice name = slice_of(it.name, it.name_len);
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_slice(one, "asset", name);
        if (contract->definition.each_unit)
            put_flow(one, c->contract, name);
        put_book(c, one, name);
    }
    if (range.from + range.limit < contract->assets.count)
        json_doc_put_int(doc, "next", (int64_t)(range.from + range.limit));
}

/* ------------------------------------------------------------------ questions */

static void show(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct contract_view *v = c->contract;
    struct range range = { 0, 100 };
    if (!api_query_uint(q, a, "from", INT32_MAX, &range.from) ||
        !api_query_uint(q, a, "limit", ASSETS_MAX, &range.limit))
        return;
    struct json_doc *doc = json_doc_object();
    json_doc_put_hex(doc, "opening", hash_slice(&v->opening));
    json_doc_put_int(doc, "head", (int64_t)v->head.height);
    if (v->has_leaf)
        json_doc_put_int(doc, "leaf", (int64_t)v->leaf);
    put_life(doc, v);
    put_definition(doc, v);
    if (v->contract != NULL) {
        api_put_member(c, doc, "opener", &v->contract->opener);
        api_put_time(doc, "expires", v->contract->expires_ms);
        if (v->contract->has_replaces)
            put_link(doc, "replaces_href", &v->contract->replaces, "");
        put_parties(c, doc, v->contract);
        put_holders(c, doc, v->contract->holders);
        put_terms(doc, v->contract);
        put_rules(doc, v->contract);
        put_actions(doc, &v->contract->definition);
        put_callers(doc, "quality", &v->contract->definition, &v->contract->definition.quality);
        json_doc_put_bool(doc, "each_unit", v->contract->definition.each_unit);
        if (!v->contract->definition.each_unit)
            put_flow(doc, v, (struct slice){ NULL, 0 });
        put_assets(c, doc, range);
    }
    api_answer_json(a, doc);
}

static bool has_asset(const struct asset_set *set, struct slice name)
{
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it))
        if (slice_equal(slice_of(it.name, it.name_len), name))
            return true;
    return false;
}

/* The unit asked about, where each has a state: the first one unless the query names another. */
static bool choose_unit(const struct http_request *q, struct http_answer *a,
                        const struct contract_bound *contract, char ret_name[GS1_NAME_MAX + 1])
{
    struct slice text;
    struct err err = { 0 };
    ret_name[0] = '\0';
    if (!contract->definition.each_unit)
        return true;
    if (api_query_text(q, "asset", &text)) {
        if (!api_asset_name(text, ret_name, &err)) {
            api_answer_error(a, &err);
            return false;
        }
        if (has_asset(&contract->assets, slice_text(ret_name)))
            return true;
        api_answer_problem(a, 404, "NOT_FOUND", "the contract is not about this asset");
        return false;
    }
    struct asset_iter it = asset_set_begin(&contract->assets);
    if (asset_set_next(&it))
        (void)snprintf(ret_name, GS1_NAME_MAX + 1, "%s", it.name);
    return true;
}

static void put_probe(struct json_doc *list, struct contract_view *v, unsigned action,
                      struct slice unit, const struct kid *kid)
{
    struct err err = { .msg = "" };
    struct json_doc *one = json_doc_put_object(list, NULL);
    enum refusal code = contract_probe(v->x, v->contract, action, unit, kid, &err);
    json_doc_put_slice(one, "action", v->contract->definition.actions[action].name);
    json_doc_put_bool(one, "may", code == ACCEPTED);
    if (code == ACCEPTED)
        return;
    json_doc_put_text(one, "code", refusal_name(code));
    json_doc_put_text(one, "why", err.msg);
}

static void actions(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct contract_view *v = c->contract;
    struct slice text;
    struct kid kid;
    char unit[GS1_NAME_MAX + 1];
    if (!api_query_text(q, "kid", &text) || text.len != 2 * KID_SIZE ||
        !hex_decode_lower((const char *)text.data, text.len, kid.bytes, KID_SIZE)) {
        api_answer_problem(a, 400, "BAD_REQUEST", "kid: expected a key's 16 hex digits");
        return;
    }
    if (v->contract == NULL) {
        api_answer_problem(a, 404, "NOT_FOUND", "the contract never came into force");
        return;
    }
    if (!choose_unit(q, a, v->contract, unit))
        return;
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "actions");
    json_doc_put_hex(doc, "opening", hash_slice(&v->opening));
    json_doc_put_hex(doc, "kid", kid_slice(&kid));
    json_doc_put_int(doc, "head", (int64_t)v->head.height);
    if (unit[0] != '\0')
        json_doc_put_text(doc, "asset", unit);
    for (unsigned i = 0; i < v->contract->definition.action_count; i++)
        put_probe(list, v, i, slice_text(unit), &kid);
    api_answer_json(a, doc);
}

static void definition(struct api_context *c, struct http_answer *a)
{
    if (!contract_view_definition(c->contract, api_answer_cbor(a)))
        api_answer_problem(a, 404, "NOT_FOUND", "the ledger does not keep the definition");
    else
        a->immutable = true;
}

static void answer_about(struct api_context *c, const struct http_request *q, const char *what,
                         struct http_answer *a)
{
    if (what[0] == '\0')
        show(c, q, a);
    else if (strcmp(what, "/actions") == 0)
        actions(c, q, a);
    else if (strcmp(what, "/definition") == 0)
        definition(c, a);
    else
        api_answer_problem(a, 404, "NOT_FOUND", "a contract has actions and a definition");
}

void api_contracts(struct api_context *c, const struct http_request *q, const char *rest,
                   struct http_answer *a)
{
    struct err err = { 0 };
    struct hash opening;
    size_t len = strcspn(rest + (rest[0] == '/'), "/");
    if (rest[0] != '/' || len != HEX_HASH_SIZE - 1 ||
        !hex_decode_lower(rest + 1, len, opening.bytes, HASH_SIZE)) {
        api_answer_problem(a, 400, "BAD_REQUEST",
                           "a contract is named by the 64 hex digits of its opening");
        return;
    }
    if (!store_begin_read(c->store, &err)) {
        api_answer_error(a, &err);
        return;
    }
    if (contract_view_load(c->store, &opening, c->contract, &err))
        answer_about(c, q, rest + 1 + len, a);
    else
        api_answer_error(a, &err);
    store_end_read(c->store);
}
