#include "node/asset_view.h"

#include "common/state_key.h"
#include "common/state_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_EVENTS 256 /* read in one go: readers keep their transactions short */

struct asset_view *asset_view_new(void)
{
    struct asset_view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    for (size_t i = 0; i < PROVENANCE_CONTRACTS; i++)
        v->contract[i].bytes = buf_heap(STATEMENT_MAX + DEFINITION_MAX_BYTES);
    return v;
}

void asset_view_free(struct asset_view *v)
{
    if (v == NULL)
        return;
    for (size_t i = 0; i < PROVENANCE_CONTRACTS; i++)
        buf_free(&v->contract[i].bytes);
    trace_path_free(&v->origin);
    free(v);
}

/* ------------------------------------------------------------------ contracts */

/* The definition follows the statement in c->bytes, whose memory must not move any more. */
static bool bind_contract(struct asset_contract *c, size_t statement_len)
{
    struct statement st;
    struct slice bytes = buf_slice(&c->bytes);
    if (!statement_decode(slice_of(bytes.data, statement_len), &st, NULL) || st.kind != KIND_OPEN)
        return false;
    struct slice kept = slice_from(bytes, statement_len, bytes.len - statement_len);
    struct cbor_reader r = cbor_reader(kept);
    struct slice compiled =
        kept.len > 0 ? cbor_take_bytes(&r, 1, DEFINITION_MAX_BYTES) : st.as.open.compiled;
    return !r.failed && definition_decode(compiled, &c->definition, NULL) &&
           terms_bind(&c->definition, st.as.open.terms, &c->terms, NULL);
}

static void load_contract(struct store *s, const struct hash *opening, struct asset_contract *c)
{
    c->opening = *opening;
    c->known = false;
    buf_clear(&c->bytes);
    if (!store_find_statement(s, opening, &c->leaf, NULL) ||
        !store_statement(s, c->leaf, &c->bytes, NULL))
        return;
    size_t len = c->bytes.len;
    struct statement st;
    if (!statement_decode(buf_slice(&c->bytes), &st, NULL) || st.kind != KIND_OPEN)
        return;
    struct state_key key = state_key_hash(TABLE_DEFINITION, &st.as.open.definition);
    (void)store_state_get(s, state_key_slice(&key), &c->bytes, NULL);
    c->known = bind_contract(c, len);
}

const struct asset_contract *asset_view_contract(const struct asset_view *v,
                                                 const struct hash *opening)
{
    for (size_t i = 0; i < v->contract_count; i++)
        if (v->contract[i].known && hash_equal(&v->contract[i].opening, opening))
            return &v->contract[i];
    return NULL;
}

void asset_view_rule_name(const struct asset_view *v, const struct provenance_excursion *e,
                          char ret_name[DEFINITION_MAX_NAME + 1])
{
    const struct asset_contract *c = asset_view_contract(v, &e->of.opening);
    if (c != NULL && e->of.rule < c->definition.rule_count) {
        struct slice name = c->definition.rules[e->of.rule].name;
        (void)snprintf(ret_name, DEFINITION_MAX_NAME + 1, "%.*s", (int)name.len,
                       (const char *)name.data);
        return;
    }
    (void)snprintf(ret_name, DEFINITION_MAX_NAME + 1, "rule %llu", (unsigned long long)e->of.rule);
}

struct slice asset_view_state_name(const struct asset_view *v, size_t contract)
{
    const struct asset_contract *c = &v->contract[contract];
    uint64_t state =
        v->journey.contract[contract].has_state ? v->journey.contract[contract].state : 0;
    if (!c->known || state >= c->definition.state_count)
        return (struct slice){ NULL, 0 };
    return c->definition.states[state].name;
}

static bool note_leaf(void *ctx, const struct asset_event *e)
{
    struct asset_event *found = ctx;
    *found = *e;
    return false;
}

bool asset_view_acknowledgement(struct store *s, const struct asset_view *v,
                                const struct provenance_excursion *e, struct buf *bytes,
                                struct statement *ret_call)
{
    struct asset_event found = { .has_leaf = false };
    buf_clear(bytes);
    return e->acknowledged &&
           read_model_events(s, v->id, (struct read_model_page){ e->acknowledged_event, 1 },
                             note_leaf, &found, NULL) &&
           found.has_leaf && found.what == EVENT_ACKNOWLEDGED &&
           store_statement(s, found.leaf, bytes, NULL) &&
           statement_decode(buf_slice(bytes), ret_call, NULL) && ret_call->kind == KIND_CALL;
}

/* ------------------------------------------------------------------ loading */

struct journey_walk {
    struct store *s;
    struct asset_view *v;
};

static bool add_first_holder(void *ctx, const struct read_model_cell *cells, size_t count)
{
    struct asset_view *v = ctx;
    struct kid member;
    if (count < 4 || cells[2].bytes.len != KID_SIZE)
        return true;
    memcpy(member.bytes, cells[2].bytes.data, KID_SIZE);
    provenance_hold(&v->journey, (uint64_t)cells[1].number, &member, (uint64_t)cells[3].number);
    return true;
}

static bool add_event(void *ctx, const struct asset_event *e)
{
    struct journey_walk *w = ctx;
    if (e->has_leaf)
        w->v->last_leaf = e->leaf;
    provenance_add(&w->v->journey, e->what, e->time_ms, e->data);
    if (e->what != EVENT_MADE)
        return true;
    struct read_model_args args = {
        2, { read_model_arg_number((uint64_t)w->v->id), read_model_arg_number(e->time_ms) }
    };
    return read_model_list(w->s, LIST_CUSTODY_AT, &args, add_first_holder, w->v, NULL);
}

/* A contract that ended in failure may be taken up again: then its state is one that ends nothing. */
static void settle_status(struct asset_view *v, size_t i)
{
    struct provenance_contract *c = &v->journey.contract[i];
    const struct contract_definition *d = &v->contract[i].definition;
    if (c->status == PROVENANCE_FAILED && v->contract[i].known && c->has_state &&
        c->state < d->state_count && d->states[c->state].ending == CONTRACT_GOES_ON)
        c->status = PROVENANCE_IN_FORCE;
}

static bool load_journey(struct store *s, struct asset_view *v, struct err *err)
{
    uint64_t count = 0;
    struct journey_walk w = { s, v };
    provenance_begin(&v->journey);
    if (!read_model_event_count(s, v->id, &count, err))
        return false;
    for (uint64_t from = 0; from < count; from += PAGE_EVENTS)
        if (!read_model_events(s, v->id, (struct read_model_page){ from, PAGE_EVENTS }, add_event,
                               &w, err))
            return false;
    v->contract_count = v->journey.contract_count;
    for (size_t i = 0; i < v->contract_count; i++) {
        const struct hash *opening = &v->journey.contract[i].opening;
        load_contract(s, opening, &v->contract[i]);
        settle_status(v, i);
        if (v->contract[i].known)
            provenance_apply_rules(&v->journey, opening, &v->contract[i].definition);
    }
    v->verdict = provenance_judge(&v->journey, &v->reason);
    return true;
}

static bool load_ledger(struct store *s, struct asset_view *v, struct err *err)
{
    uint8_t memory[256];
    struct buf params = buf_fixed(memory, sizeof memory), seals = buf_heap(1 << 16);
    struct state_key key = state_key_plain(TABLE_PARAMS);
    struct state_params p;
    bool good = store_head(s, &v->head, &seals, err);
    struct cbor_reader r = cbor_reader(buf_slice(&seals));
    v->seals = good ? cbor_take_array(&r) : 0;
    v->demo = store_state_get(s, state_key_slice(&key), &params, NULL) &&
              state_params_take(buf_slice(&params), &p) && p.demo;
    buf_free(&seals);
    return good;
}

static bool load_goods(struct store *s, struct asset_view *v, struct err *err)
{
    trace_path_free(&v->origin);
    asset_stand_read(s, slice_text(v->name), &v->stand);
    return trace_asset(s, v->id, &v->now, err) && trace_origin(s, v->id, &v->origin, err) &&
           asset_goods_holds(s, v->id, &v->origin, &v->holds, err);
}

bool asset_view_load(struct store *s, struct slice name, struct asset_view *v, struct err *err)
{
    v->last_leaf = 0;
    v->has_product = false;
    if (!gs1_parse_asset(name, &v->gs1, err) || !read_model_find_asset(s, name, &v->id, err))
        return false;
    memcpy(v->name, name.data, name.len);
    v->name[name.len] = '\0';
    if (v->gs1.kind != GS1_LOGISTIC)
        v->has_product = read_model_product(s, slice_text(v->gs1.key), &v->product);
    return load_ledger(s, v, err) && load_journey(s, v, err) && load_goods(s, v, err);
}

/* ------------------------------------------------------------------ readings */

struct reading_walk {
    struct store *s;
    struct asset_series *wanted;
    size_t count;
    struct samples *samples;
    struct buf statement;
    struct err *err;
    bool good;
};

static void add_column(struct asset_series *into, const struct samples *s,
                       const struct sample_column *c, uint64_t from_ms, uint64_t to_ms)
{
    for (size_t i = 0; i < s->rows; i++)
        if (c->present[i] && s->time_ms[i] >= from_ms && s->time_ms[i] <= to_ms)
            series_add(&into->series, s->time_ms[i], c->value[i], c->exponent);
}

static void add_samples(struct reading_walk *w, uint64_t from_ms, uint64_t to_ms)
{
    for (size_t c = 0; c < w->samples->columns; c++)
        for (size_t i = 0; i < w->count; i++)
            if (w->wanted[i].property == w->samples->column[c].property)
                add_column(&w->wanted[i], w->samples, &w->samples->column[c], from_ms, to_ms);
}

static bool overlaps(const struct reading_walk *w, uint64_t from_ms, uint64_t to_ms)
{
    for (size_t i = 0; i < w->count; i++)
        if (from_ms <= w->wanted[i].series.to_ms && to_ms >= w->wanted[i].series.from_ms)
            return true;
    return false;
}

static bool add_reading(void *ctx, const struct asset_event *e)
{
    struct reading_walk *w = ctx;
    struct statement st;
    if (e->what != EVENT_RECORDED || !e->has_leaf)
        return true;
    struct event_recorded d;
    if (!event_data_recorded(e->data, &d) || !overlaps(w, d.first_ms, d.last_ms))
        return true;
    buf_clear(&w->statement);
    w->good = store_statement(w->s, e->leaf, &w->statement, w->err) &&
              statement_decode(buf_slice(&w->statement), &st, w->err) &&
              statement_samples(&st, w->samples, w->err);
    if (w->good)
        add_samples(w, d.first_ms, d.last_ms);
    return w->good;
}

bool asset_view_read(struct store *s, int64_t asset, struct asset_series *wanted, size_t count,
                     struct samples *scratch, struct err *err)
{
    struct reading_walk w = { .s = s,
                              .wanted = wanted,
                              .count = count,
                              .samples = scratch,
                              .statement = buf_heap(STATEMENT_MAX),
                              .err = err,
                              .good = true };
    uint64_t events = 0;
    bool good = read_model_event_count(s, asset, &events, err);
    for (uint64_t from = 0; from < events && good; from += PAGE_EVENTS)
        good = read_model_events(s, asset, (struct read_model_page){ from, PAGE_EVENTS },
                                 add_reading, &w, err) &&
               w.good;
    buf_free(&w.statement);
    return good;
}
