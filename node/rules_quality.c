/* What every contract lets quality do: acknowledge an excursion, give time back to a budget, undo that. */
#include "node/judging.h"
#include "node/rules_parts.h"

#include <string.h>

#define TEXT_MAX CALL_TEXT_MAX

static const char *const names[] = { "acknowledge", "add back", "undo add back" };

enum rules_built_in rules_find_built_in(struct slice action)
{
    for (int i = 0; i < RULES_NO_BUILT_IN; i++)
        if (slice_equal(action, slice_text(names[i])))
            return (enum rules_built_in)i;
    return RULES_NO_BUILT_IN;
}

/* ------------------------------------------------------------------ arguments */

/* The arguments' map, from which each is taken by name. What is missing or does not fit is explained. */
struct arguments {
    struct execution *x;
    struct slice map;
    bool bad;
};

static enum cbor_kind find(struct arguments *a, const char *name, struct cbor_reader *ret_at)
{
    struct cbor_reader r = cbor_reader(a->map);
    for (size_t n = a->map.len > 0 ? cbor_take_map(&r) : 0; n > 0 && !r.failed; n--) {
        bool here = slice_equal(cbor_take_text(&r, 0, NAME_MAX_BYTES), slice_text(name));
        *ret_at = r;
        if (here)
            return cbor_peek(&r);
        (void)cbor_take_item(&r);
    }
    return CBOR_END;
}

static void complain(struct arguments *a, const char *name, const char *expected)
{
    if (!a->bad)
        execution_explain(a->x, "%s: expected %s", name, expected);
    a->bad = true;
}

static struct slice take_text(struct arguments *a, const char *name)
{
    struct cbor_reader r;
    struct slice text = { NULL, 0 };
    if (find(a, name, &r) == CBOR_TEXT)
        text = cbor_take_text(&r, 1, TEXT_MAX);
    size_t letters = 0;
    for (size_t i = 0; i < text.len; i++)
        letters += text.data[i] != ' ' ? 1 : 0;
    if (letters == 0)
        complain(a, name, "a text that says something");
    return text;
}

static void take_bytes(struct arguments *a, const char *name, uint8_t *out, size_t len)
{
    struct cbor_reader r;
    if (find(a, name, &r) != CBOR_BYTES || cbor_take_bytes(&r, 0, HASH_SIZE).len != len) {
        complain(a, name, len == KID_SIZE ? "a device's key identifier" : "a statement's hash");
        return;
    }
    (void)find(a, name, &r);
    cbor_take_fixed(&r, out, len);
}

static uint64_t take_time(struct arguments *a, const char *name)
{
    struct cbor_reader r;
    if (find(a, name, &r) == CBOR_UINT)
        return cbor_take_uint(&r);
    complain(a, name, "a time in ms since 1970");
    return 0;
}

/* [mantissa, exponent, "s"], above nought, as milliseconds. */
static uint64_t take_duration(struct arguments *a, const char *name)
{
    struct cbor_reader r;
    struct contract_value v = { .type = CONTRACT_QUANTITY };
    uint64_t ms = 0;
    if (find(a, name, &r) == CBOR_ARRAY) {
        cbor_take_array_of(&r, 3);
        v.number = cbor_take_int(&r);
        v.exponent = (int)cbor_take_int_in(&r, -9, 9);
        v.text = cbor_take_text(&r, 0, VALUE_UNIT_MAX);
        if (!r.failed && definition_duration_ms(&v, false, &ms))
            return ms;
    }
    complain(a, name, "a duration");
    return 0;
}

static void check_count(struct arguments *a, size_t wanted)
{
    struct cbor_reader r = cbor_reader(a->map);
    if (!a->bad && cbor_take_map(&r) != wanted) {
        execution_explain(a->x, "there is an argument that the action does not take");
        a->bad = true;
    }
}

static struct arguments begin(struct execution *x, const struct speaker *by)
{
    return (struct arguments){ .x = x, .map = by->st->as.call.arguments };
}

/* ------------------------------------------------------------------ who may */

/* By properties, too: where each unit has its own, by those of every unit that it is about. */
static bool may(struct execution *x, const struct contract_bound *c, const struct asset_set *set,
                const struct flow_caller *caller)
{
    const struct contract_callers *q = &c->definition.quality;
    struct flow_state state;
    if (!c->definition.each_unit || q->fields == 0) {
        bool has = instance_load_flow(x, c, (struct slice){ NULL, 0 }, &state);
        return instance_may(x, c, has ? state.fields : NULL, q, caller);
    }
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it))
        if (!execution_step(x, 1) ||
            !instance_load_flow(x, c, slice_of(it.name, it.name_len), &state) ||
            !instance_may(x, c, state.fields, q, caller))
            return false;
    return true;
}

static enum refusal check_caller(struct execution *x, const struct speaker *by,
                                 const struct contract_bound *c, const struct asset_set *set,
                                 enum rules_built_in what)
{
    const struct contract_callers *q = &c->definition.quality;
    struct flow_caller caller;
    if (!instance_caller(by, &caller))
        return REFUSED_NOT_ALLOWED;
    if (q->parties == 0 && q->roles == 0 && q->fields == 0 && q->instance_terms == 0) {
        bool party = execution_speaks_for_member(by) &&
                     rules_names_kid(c->named, c->named_count, &by->key.member);
        if (what == RULES_ACKNOWLEDGE && party)
            return ACCEPTED;
        execution_explain(x, what == RULES_ACKNOWLEDGE ? "only for a party of the contract"
                                                       : "the contract names nobody for quality");
        return what == RULES_ACKNOWLEDGE ? REFUSED_NOT_A_PARTY : REFUSED_NOT_ALLOWED;
    }
    if (may(x, c, set, &caller))
        return ACCEPTED;
    execution_explain(x, "%s: not for whoever signed this", names[what]);
    return REFUSED_NOT_ALLOWED;
}

/* ------------------------------------------------------------------ acknowledgement */

struct excursion {
    unsigned rule;
    uint64_t from_ms;
    struct kid device;
};

static bool acknowledge_asset(struct execution *x, const struct speaker *by,
                              const struct contract_bound *c, struct slice asset,
                              const struct excursion *e)
{
    struct book *book = &x->frames->book;
    if (!judging_load_book(x, c, asset, book))
        return false;
    struct book_stretch *s = book_find(book, e->rule, e->device.bytes, e->from_ms);
    if (s == NULL || !s->excursion)
        return false;
    s->acknowledged = true;
    s->acknowledgement = by->st->hash;
    judging_store_book(x, c, asset, book);
    struct buf *data = execution_emit(x, EVENT_ACKNOWLEDGED, execution_subject_asset(x, asset),
                                      by->st->link.time_ms, 4);
    cbor_put_uint(data, e->rule);
    cbor_put_uint(data, e->from_ms);
    cbor_put_bytes(data, hash_slice(&c->opening));
    kid_put(data, &e->device);
    return true;
}

static enum refusal acknowledge(struct execution *x, const struct speaker *by,
                                const struct contract_bound *c, const struct asset_set *set)
{
    struct arguments a = begin(x, by);
    struct excursion e = { .rule = 0 };
    struct slice rule = take_text(&a, "rule");
    (void)take_text(&a, "meaning");
    (void)take_text(&a, "comment");
    e.from_ms = take_time(&a, "from");
    take_bytes(&a, "device", e.device.bytes, KID_SIZE);
    check_count(&a, 5);
    if (a.bad)
        return REFUSED_BAD_ARGUMENT;
    if (!definition_find_rule(&c->definition, rule, &e.rule)) {
        execution_explain(x, "the contract has no rule \"%.*s\"", RULES_SHOW(rule));
        return REFUSED_BAD_ARGUMENT;
    }
    bool found = false;
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it)) {
        if (!execution_step(x, 1))
            return REFUSED_STEPS;
        if (acknowledge_asset(x, by, c, slice_of(it.name, it.name_len), &e))
            found = true;
    }
    if (!found)
        execution_explain(x, "there is no such excursion of \"%.*s\"", RULES_SHOW(rule));
    return found ? ACCEPTED : REFUSED_BAD_ARGUMENT;
}

/* ------------------------------------------------------------------ budgets */

static bool has_budget(const struct contract_bound *c, struct slice name)
{
    for (size_t i = 0; i < c->definition.rule_count; i++)
        if (name.len > 0 && slice_equal(c->definition.rules[i].budget, name))
            return true;
    return false;
}

static enum refusal add_back(struct execution *x, const struct speaker *by,
                             const struct contract_bound *c, const struct asset_set *set)
{
    struct arguments a = begin(x, by);
    struct slice budget = take_text(&a, "budget");
    uint64_t ms = take_duration(&a, "time");
    (void)take_text(&a, "meaning");
    (void)take_text(&a, "reason");
    check_count(&a, 4);
    if (a.bad)
        return REFUSED_BAD_ARGUMENT;
    if (!has_budget(c, budget)) {
        execution_explain(x, "the contract has no budget \"%.*s\"", RULES_SHOW(budget));
        return REFUSED_BAD_ARGUMENT;
    }
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it)) {
        if (!execution_step(x, 1))
            return REFUSED_STEPS;
        if (!judging_add_back(x, c, slice_of(it.name, it.name_len), budget, &by->st->hash, ms)) {
            execution_explain(x, "%s takes no more time back", it.name);
            return REFUSED_BAD_ARGUMENT;
        }
    }
    return ACCEPTED;
}

static enum refusal undo_add_back(struct execution *x, const struct speaker *by,
                                  const struct contract_bound *c, const struct asset_set *set)
{
    struct arguments a = begin(x, by);
    struct hash call;
    take_bytes(&a, "call", call.bytes, HASH_SIZE);
    (void)take_text(&a, "meaning");
    (void)take_text(&a, "reason");
    check_count(&a, 3);
    if (a.bad)
        return REFUSED_BAD_ARGUMENT;
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it)) {
        if (!execution_step(x, 1))
            return REFUSED_STEPS;
        if (!judging_undo_add_back(x, c, slice_of(it.name, it.name_len), &call)) {
            execution_explain(x, "%s: there is no such add back, or it was undone", it.name);
            return REFUSED_BAD_ARGUMENT;
        }
    }
    return ACCEPTED;
}

enum refusal rules_quality(struct execution *x, const struct speaker *by,
                           const struct contract_bound *contract, enum rules_built_in what)
{
    const struct call *said = &by->st->as.call;
    const struct asset_set *set = said->has_assets ? &said->assets : &contract->assets;
    enum refusal code = check_caller(x, by, contract, set, what);
    if (code != ACCEPTED)
        return code;
    struct buf *data = execution_emit(x, EVENT_CALLED, set->raw, by->st->link.time_ms, 3);
    cbor_put_bytes(data, hash_slice(&contract->opening));
    cbor_put_text(data, said->action);
    kid_put(data, &by->st->kid);
    contract_cache_hold(x, contract);
    switch (what) {
    case RULES_ACKNOWLEDGE: code = acknowledge(x, by, contract, set); break;
    case RULES_ADD_BACK: code = add_back(x, by, contract, set); break;
    case RULES_UNDO_ADD_BACK: code = undo_add_back(x, by, contract, set); break;
    case RULES_NO_BUILT_IN: code = REFUSED_NO_SUCH_ACTION; break;
    }
    contract_cache_release(x, contract);
    return code;
}
