/* Life of a contract instance: opened by one party, agreed to by all, in force or lapsed. */
#include "node/contract_cache.h"

#include <string.h>

/* Parties that must agree: those the opening names by a member's kid. */
static size_t member_parties(struct execution *x, struct slice parties,
                             struct kid ret_members[OPEN_PARTIES_MAX])
{
    struct cbor_reader r = cbor_reader(parties);
    size_t n = 0;
    for (size_t left = cbor_take_map(&r); left > 0; left--) {
        (void)cbor_take_item(&r);
        struct kid kid = kid_take(&r);
        bool known = false;
        for (size_t i = 0; i < n; i++)
            known = known || kid_equal(&ret_members[i], &kid);
        if (!r.failed && !known && n < OPEN_PARTIES_MAX && execution_member_active(x, &kid))
            ret_members[n++] = kid;
    }
    return n;
}

static bool contains(const struct kid *list, size_t n, const struct kid *kid)
{
    for (size_t i = 0; i < n; i++)
        if (kid_equal(&list[i], kid))
            return true;
    return false;
}

static void store_instance(struct execution *x, const struct hash *opening,
                           const struct state_instance *v)
{
    struct state_key key = state_key_hash(TABLE_INSTANCE, opening);
    state_instance_put(execution_value(x), v);
    execution_store(x, &key);
}

static struct state_key lapse_timer(const struct hash *opening, uint64_t expires_ms)
{
    return state_key_timer(expires_ms, TIMER_OPENING_LAPSES, hash_slice(opening));
}

/* ------------------------------------------------------------------ in force */

/* Appends the opening to an asset's contracts: the asset's readings are judged by it from now on. */
static void put_contracts(struct buf *out, struct slice before, const struct hash *opening)
{
    struct cbor_reader r = cbor_reader(before);
    size_t n = before.len > 0 ? cbor_take_array(&r) : 0;
    cbor_put_array(out, n + 1);
    for (size_t i = 0; i < n; i++)
        cbor_put_bytes(out, cbor_take_bytes(&r, HASH_SIZE, HASH_SIZE));
    cbor_put_bytes(out, hash_slice(opening));
}

static void begin_custody(struct execution *x, struct slice asset)
{
    struct state_key key = state_key_text(TABLE_CUSTODY, asset);
    struct slice value;
    struct state_asset a;
    if (execution_get(x, &key, &value) || !execution_asset(x, asset, &a) || !a.has_custodian)
        return;
    struct buf *out = execution_value(x);
    cbor_put_array(out, 1);
    cbor_put_array(out, 2);
    cbor_put_uint(out, 0);
    kid_put(out, &a.custodian);
    execution_store(x, &key);
}

static void enter_force(struct execution *x, const struct hash *opening,
                        const struct asset_set *assets, uint64_t time_ms)
{
    struct asset_iter it = asset_set_begin(assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        struct state_key key = state_key_text(TABLE_CONTRACTS, name);
        struct slice before = { NULL, 0 };
        (void)execution_get(x, &key, &before);
        put_contracts(execution_value(x), before, opening);
        execution_store(x, &key);
        begin_custody(x, name);
    }
    cbor_put_bytes(execution_emit(x, EVENT_IN_FORCE, assets->raw, time_ms, 1), hash_slice(opening));
}

/* ------------------------------------------------------------------ opening */

static enum refusal check_assets(struct execution *x, const struct asset_set *assets)
{
    struct asset_iter it = asset_set_begin(assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len), value;
        struct state_asset a;
        struct state_key key = state_key_text(TABLE_CONTRACTS, name);
        if (!execution_step(x, 1))
            return REFUSED_STEPS;
        if (!execution_asset(x, name, &a)) {
            execution_explain(x, "%s", it.name);
            return REFUSED_UNKNOWN_ASSET;
        }
        if (!execution_get(x, &key, &value))
            continue;
        struct cbor_reader r = cbor_reader(value);
        if (cbor_take_array(&r) >= STATE_CONTRACTS_MAX) {
            execution_explain(x, "%s is under %d contracts already", it.name, STATE_CONTRACTS_MAX);
            return REFUSED_EXISTS;
        }
    }
    return ACCEPTED;
}

/* The definition's bytes: the opening's own, or the ledger's. */
static bool find_definition(struct execution *x, const struct open *o, struct slice *ret_bytes)
{
    struct state_key key = state_key_hash(TABLE_DEFINITION, &o->definition);
    struct slice value;
    if (o->compiled.len > 0) {
        struct hash named = definition_hash(o->compiled);
        *ret_bytes = o->compiled;
        return hash_equal(&named, &o->definition);
    }
    if (!execution_get(x, &key, &value))
        return false;
    struct cbor_reader r = cbor_reader(value);
    *ret_bytes = cbor_take_bytes(&r, 1, OPEN_DEFINITION_MAX);
    return cbor_done(&r);
}

static enum refusal check_definition(struct execution *x, const struct open *o)
{
    struct slice bytes;
    struct contract_definition definition;
    struct contract_terms terms;
    struct err err = { .msg = "" };
    if (!find_definition(x, o, &bytes) || !definition_decode(bytes, &definition, &err)) {
        execution_explain(x, "%s", err.msg);
        return REFUSED_UNKNOWN_CONTRACT;
    }
    if (!terms_bind(&definition, o->terms, &terms, &err) ||
        !terms_check_parties(&definition, o->parties, &err)) {
        execution_explain(x, "%s", err.msg);
        return REFUSED_BAD_TERMS;
    }
    return ACCEPTED;
}

/* Every party is an active member or an enrolled key. */
static bool parties_known(struct execution *x, const struct open *o)
{
    struct kid kids[OPEN_PARTIES_MAX];
    size_t n = open_parties(o, kids);
    for (size_t i = 0; i < n; i++) {
        struct state_key key = state_key_kid(TABLE_KEY, &kids[i]);
        struct slice value;
        if (!execution_member_active(x, &kids[i]) && !execution_get(x, &key, &value))
            return false;
    }
    return true;
}

static enum refusal check_open(struct execution *x, const struct speaker *by)
{
    const struct open *o = &by->st->as.open;
    struct kid members[OPEN_PARTIES_MAX];
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (o->expires_ms <= x->context.time_ms)
        return REFUSED_EXPIRED;
    if (!parties_known(x, o))
        return REFUSED_UNKNOWN_MEMBER;
    size_t n = member_parties(x, o->parties, members);
    if (!contains(members, n, &by->key.member))
        return REFUSED_NOT_A_PARTY;
    enum refusal code = check_definition(x, o);
    return code != ACCEPTED ? code : check_assets(x, &o->assets);
}

static void keep_opening(struct execution *x, const struct statement *st)
{
    const struct open *o = &st->as.open;
    struct state_key key = state_key_hash(TABLE_OPENING, &st->hash);
    kept_opening_put(execution_value(x), o);
    execution_store(x, &key);
    key = state_key_hash(TABLE_DEFINITION, &o->definition);
    if (o->compiled.len > 0) {
        cbor_put_bytes(execution_value(x), o->compiled);
        execution_store(x, &key);
    }
}

enum refusal rules_open(struct execution *x, const struct speaker *by)
{
    const struct open *o = &by->st->as.open;
    struct kid members[OPEN_PARTIES_MAX];
    enum refusal code = check_open(x, by);
    if (code != ACCEPTED)
        return code;
    keep_opening(x, by->st);
    struct state_instance v = { .definition = o->definition,
                                .status = INSTANCE_WAITING,
                                .agreed_count = 1,
                                .agreed = { by->key.member } };
    cbor_put_bytes(execution_emit(x, EVENT_OPENED, o->assets.raw, by->st->link.time_ms, 1),
                   hash_slice(&by->st->hash));
    if (member_parties(x, o->parties, members) == 1) {
        v.status = INSTANCE_IN_FORCE;
        enter_force(x, &by->st->hash, &o->assets, by->st->link.time_ms);
    } else {
        struct state_key timer = lapse_timer(&by->st->hash, o->expires_ms);
        cbor_put_bool(execution_value(x), true);
        execution_store(x, &timer);
    }
    store_instance(x, &by->st->hash, &v);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ agreement */

static bool load_waiting(struct execution *x, const struct hash *opening,
                         struct state_instance *ret_instance, struct kept_opening *ret_opening)
{
    struct state_key key = state_key_hash(TABLE_INSTANCE, opening);
    struct slice value;
    if (!execution_get(x, &key, &value) || !state_instance_take(value, ret_instance))
        return false;
    key = state_key_hash(TABLE_OPENING, opening);
    return execution_get(x, &key, &value) && kept_opening_take(value, ret_opening);
}

static void lapse(struct execution *x, const struct hash *opening, struct state_instance *v,
                  uint64_t time_ms)
{
    v->status = INSTANCE_LAPSED;
    store_instance(x, opening, v);
    (void)execution_emit(x, EVENT_LAPSED, execution_subject_bytes(x, hash_slice(opening)), time_ms,
                         0);
}

static enum refusal check_agree(struct execution *x, const struct speaker *by,
                                struct state_instance *v, struct kept_opening *o,
                                size_t *ret_needed)
{
    struct kid members[OPEN_PARTIES_MAX];
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (!load_waiting(x, &by->st->as.agree.opening, v, o))
        return REFUSED_UNKNOWN_CONTRACT;
    *ret_needed = member_parties(x, o->parties, members);
    if (!contains(members, *ret_needed, &by->key.member))
        return REFUSED_NOT_A_PARTY;
    if (v->status == INSTANCE_LAPSED || o->expires_ms <= x->context.time_ms)
        return REFUSED_EXPIRED;
    if (contains(v->agreed, v->agreed_count, &by->key.member))
        return REFUSED_AGREED_ALREADY;
    return execution_step(x, o->assets.count) ? ACCEPTED : REFUSED_STEPS;
}

enum refusal rules_agree(struct execution *x, const struct speaker *by)
{
    const struct hash *opening = &by->st->as.agree.opening;
    struct state_instance v;
    struct kept_opening o;
    size_t needed = 0;
    enum refusal code = check_agree(x, by, &v, &o, &needed);
    if (code != ACCEPTED)
        return code;
    struct state_key timer = lapse_timer(opening, o.expires_ms);
    if (by->st->as.agree.declines) {
        overlay_remove(x->overlay, state_key_slice(&timer));
        lapse(x, opening, &v, by->st->link.time_ms);
        return ACCEPTED;
    }
    v.agreed[v.agreed_count++] = by->key.member;
    kid_put(execution_emit(x, EVENT_AGREED, execution_subject_bytes(x, hash_slice(opening)),
                           by->st->link.time_ms, 1),
            &by->key.member);
    if (v.agreed_count >= needed) {
        v.status = INSTANCE_IN_FORCE;
        overlay_remove(x->overlay, state_key_slice(&timer));
        enter_force(x, opening, &o.assets, by->st->link.time_ms);
    }
    store_instance(x, opening, &v);
    return ACCEPTED;
}

void rules_timer_opening(struct execution *x, struct slice id)
{
    struct hash opening;
    struct state_instance v;
    struct kept_opening o;
    if (id.len != HASH_SIZE)
        return;
    memcpy(opening.bytes, id.data, HASH_SIZE);
    if (load_waiting(x, &opening, &v, &o) && v.status == INSTANCE_WAITING)
        lapse(x, &opening, &v, x->context.time_ms);
}
