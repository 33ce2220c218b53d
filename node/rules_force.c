/* A contract comes into force: its goods, its state, those it listens to, and the one it replaces. */
#include "node/judging.h"
#include "node/rules_parts.h"

#include <string.h>

static const struct slice no_unit = { NULL, 0 };

/* ------------------------------------------------------------------ an asset's contracts */

/* How readily an ended contract leaves the list of an asset's; 0 = not at all. */
static int leaves(struct execution *x, const struct hash *opening)
{
    struct state_instance v;
    struct instance_life life;
    if (!instance_load(x, opening, &v) || !instance_load_life(x, opening, &life))
        return 4;
    if (life.replaced)
        return 3;
    if (!life.ended)
        return 0;
    return life.ending == CONTRACT_SUCCESS ? 2 : 1; /* a failed one is still judging */
}

/* Which of the n openings makes room for another; n when none does. */
static size_t choose_leaver(struct execution *x, struct slice list, size_t n)
{
    struct cbor_reader r = cbor_reader(list);
    int readiest = 0;
    size_t leaver = n;
    (void)cbor_take_array(&r);
    for (size_t i = 0; i < n; i++) {
        struct hash opening;
        cbor_take_fixed(&r, opening.bytes, HASH_SIZE);
        int ready = leaves(x, &opening);
        if (ready > readiest) {
            readiest = ready;
            leaver = i;
        }
    }
    return leaver;
}

/* Appends the opening to an asset's contracts: its readings are judged by it from now on. */
static bool add_contract(struct execution *x, struct slice asset, const struct hash *opening)
{
    struct state_key key = state_key_text(TABLE_CONTRACTS, asset);
    struct slice before = { NULL, 0 };
    size_t n = 0, leaver;
    struct cbor_reader r;
    if (execution_get(x, &key, &before)) {
        r = cbor_reader(before);
        n = cbor_take_array(&r);
    }
    leaver = n < STATE_CONTRACTS_MAX ? n : choose_leaver(x, before, n);
    if (n >= STATE_CONTRACTS_MAX && leaver == n)
        return false;
    r = cbor_reader(before);
    if (n > 0)
        (void)cbor_take_array(&r);
    struct buf *out = execution_value(x);
    cbor_put_array(out, leaver < n ? n : n + 1);
    for (size_t i = 0; i < n; i++) {
        struct slice kept = cbor_take_bytes(&r, HASH_SIZE, HASH_SIZE);
        if (i != leaver)
            cbor_put_bytes(out, kept);
    }
    cbor_put_bytes(out, hash_slice(opening));
    execution_store(x, &key);
    return true;
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

static enum refusal take_goods(struct execution *x, const struct contract_bound *c)
{
    struct asset_iter it = asset_set_begin(&c->assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        if (!execution_step(x, 1))
            return REFUSED_STEPS;
        if (!add_contract(x, name, &c->opening)) {
            execution_explain(x, "%s is under %d contracts already", it.name, STATE_CONTRACTS_MAX);
            return REFUSED_EXISTS;
        }
        begin_custody(x, name);
    }
    return ACCEPTED;
}

/* ------------------------------------------------------------------ the one it replaces */

static bool same_goods(struct execution *x, const struct contract_bound *a,
                       const struct contract_bound *b)
{
    return a->assets.count == b->assets.count && instance_covers(x, a, &b->assets);
}

/* Every member that agreed to the old one must agree to the new one. */
static bool same_members(struct execution *x, const struct contract_bound *before,
                         const struct contract_bound *now)
{
    for (size_t i = 0; i < before->named_count; i++)
        if (execution_member_active(x, &before->named[i]) &&
            !rules_names_kid(now->named, now->named_count, &before->named[i]))
            return false;
    return true;
}

static enum refusal no_replacing(struct execution *x, const char *why)
{
    execution_explain(x, "%s", why);
    return REFUSED_NOT_REPLACEABLE;
}

enum refusal rules_check_replaces(struct execution *x, const struct contract_bound *contract)
{
    const struct contract_bound *c = contract;
    if (!c->has_replaces)
        return ACCEPTED;
    if (instance_check_alive(x, &c->replaces) != ACCEPTED)
        return no_replacing(x, "the contract to be replaced is not in force");
    const struct contract_bound *old = contract_cache_find(x, &c->replaces);
    if (old == NULL)
        return no_replacing(x, "the contract to be replaced is not known");
    if (!slice_equal(old->definition.name, c->definition.name))
        return no_replacing(x, "it is a contract of another name");
    if (old->definition.version >= c->definition.version)
        return no_replacing(x, "its version is not lower");
    if (!same_goods(x, old, c))
        return no_replacing(x, "it is for other goods");
    if (!same_members(x, old, c))
        return no_replacing(x, "one of its parties is not a party of the new one");
    return ACCEPTED;
}

/* The old state as the new definition knows it: by name, as far as kinds fit. */
static void carry(const struct contract_bound *old, const struct flow_state *before,
                  const struct contract_bound *now, struct flow_state *state)
{
    const struct contract_definition *from = &old->definition, *to = &now->definition;
    unsigned index;
    if (definition_find_state(to, from->states[before->state].name, &index)) {
        state->state = index;
        state->changes[0].state = (uint8_t)index;
    }
    for (unsigned i = 0; i < from->field_count; i++)
        if (definition_find_field(to, from->fields[i].name, &index) &&
            value_fits(&before->fields[i], &to->fields[index].kind, to->choices, NULL))
            state->fields[index] = before->fields[i];
    for (unsigned i = 0; i < from->document_count; i++)
        if ((before->documents >> i & 1) != 0 &&
            definition_find_document(to, from->documents[i].name, &index)) {
            state->documents |= UINT64_C(1) << index;
            state->document_hashes[index] = before->document_hashes[i];
        }
}

/* ------------------------------------------------------------------ its state */

/* The state of units that have left the start of the old contract, or of all of them. */
static enum refusal carry_units(struct instance_frame *f, const struct contract_bound *old,
                                struct instance_life *life)
{
    struct execution *x = f->x;
    const struct contract_state *states = f->contract->definition.states;
    struct flow_state *before = &x->frames->items[FLOW_MAX_DEPTH].state; /* no call is going on */
    struct flow_state start = f->state;
    struct asset_iter it = asset_set_begin(&f->contract->assets);
    while (asset_set_next(&it)) {
        struct slice unit = slice_of(it.name, it.name_len);
        if (!execution_step(x, 4))
            return REFUSED_STEPS;
        if (!instance_load_flow(x, old, unit, before))
            continue;
        f->state = start;
        carry(old, before, f->contract, &f->state);
        if (!instance_store_flow(x, f->contract, unit, &f->state, NULL))
            return REFUSED_STEPS;
        life->succeeded += states[f->state.state].ending == CONTRACT_SUCCESS ? 1 : 0;
        life->failed += states[f->state.state].ending == CONTRACT_FAILURE ? 1 : 0;
    }
    if (life->succeeded + life->failed == f->contract->assets.count)
        life->ending = life->failed > 0 ? CONTRACT_FAILURE : CONTRACT_SUCCESS;
    return ACCEPTED;
}

/* One state for all, which is every unit's first where the new contract has one for each. */
static enum refusal carry_state(struct instance_frame *f, const struct contract_bound *old,
                                const struct flow_state *before, struct instance_life *life)
{
    const struct contract_definition *d = &f->contract->definition;
    carry(old, before, f->contract, &f->state);
    life->ending = d->states[f->state.state].ending;
    if (d->each_unit && life->ending == CONTRACT_SUCCESS)
        life->succeeded = f->contract->assets.count;
    if (d->each_unit && life->ending == CONTRACT_FAILURE)
        life->failed = f->contract->assets.count;
    return instance_store_flow(f->x, f->contract, no_unit, &f->state, NULL) ? ACCEPTED
                                                                            : REFUSED_STEPS;
}

static enum refusal carry_over(struct instance_frame *f, const struct contract_bound *old,
                               struct instance_life *life)
{
    struct flow_state *before = &f->x->frames->items[FLOW_MAX_DEPTH].state;
    if (old->definition.state_count == 0)
        return ACCEPTED;
    if (old->definition.each_unit && f->contract->definition.each_unit)
        return carry_units(f, old, life);
    if (old->definition.each_unit || !instance_load_flow(f->x, old, no_unit, before))
        return ACCEPTED;
    return carry_state(f, old, before, life);
}

static enum refusal begin_flow(struct execution *x, const struct contract_bound *c,
                               const struct contract_bound *old, struct instance_life *life)
{
    struct err err = { .msg = "" };
    if (c->definition.state_count == 0)
        return ACCEPTED;
    struct instance_frame *f = instance_enter(x, c, no_unit);
    if (f == NULL)
        return REFUSED_DEPTH;
    enum refusal code = ACCEPTED;
    if (flow_start(&f->scope, x->context.time_ms, &f->state, &err) != FLOW_DONE ||
        !instance_store_flow(x, c, no_unit, &f->state, &err)) {
        execution_explain(x, "%s", err.msg);
        code = REFUSED_GUARD;
    }
    (void)execution_step(x, f->scope.steps);
    if (code == ACCEPTED && old != NULL)
        code = carry_over(f, old, life);
    instance_leave(f);
    return code;
}

/* ------------------------------------------------------------------ listeners */

static enum refusal add_listener(struct execution *x, const struct hash *to,
                                 const struct hash *listener)
{
    struct state_key key = state_key_hash(TABLE_LISTENERS, to);
    struct slice before = { NULL, 0 };
    struct cbor_reader r;
    size_t n = 0;
    if (execution_get(x, &key, &before)) {
        r = cbor_reader(before);
        n = cbor_take_array(&r);
    }
    if (n >= INSTANCE_LISTENERS) {
        execution_explain(x, "a contract that it names has %d listeners already",
                          INSTANCE_LISTENERS);
        return REFUSED_BAD_TERMS;
    }
    struct buf *out = execution_value(x);
    cbor_put_array(out, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct slice kept = cbor_take_bytes(&r, HASH_SIZE, HASH_SIZE);
        if (slice_equal(kept, hash_slice(listener)))
            return ACCEPTED; /* two of its terms name the same contract */
        cbor_put_bytes(out, kept);
    }
    cbor_put_bytes(out, hash_slice(listener));
    execution_store(x, &key);
    return ACCEPTED;
}

static bool listens_to(const struct contract_definition *d, unsigned term)
{
    for (size_t i = 0; i < d->reaction_count; i++)
        if ((d->reactions[i].trigger == CONTRACT_ON_SUCCESS ||
             d->reactions[i].trigger == CONTRACT_ON_FAILURE) &&
            d->reactions[i].detail == term)
            return true;
    return false;
}

static enum refusal listen(struct execution *x, const struct contract_bound *c)
{
    for (unsigned i = 0; i < c->definition.term_count; i++) {
        struct hash named;
        if (!listens_to(&c->definition, i) || !instance_hash_of(&c->terms.values[i], &named))
            continue;
        named = instance_current(x, &named);
        enum refusal code = add_listener(x, &named, &c->opening);
        if (code != ACCEPTED)
            return code;
    }
    return ACCEPTED;
}

/* What it listens to may have ended before it began. */
static void hear_of_the_past(struct execution *x, const struct contract_bound *c, uint64_t time_ms)
{
    for (unsigned i = 0; i < c->definition.term_count; i++) {
        struct hash named;
        struct instance_life life;
        if (!instance_hash_of(&c->terms.values[i], &named))
            continue;
        named = instance_current(x, &named);
        if (!instance_load_life(x, &named, &life) || !life.ended)
            continue;
        struct instance_event e = { .trigger = life.ending == CONTRACT_SUCCESS
                                                   ? CONTRACT_ON_SUCCESS
                                                   : CONTRACT_ON_FAILURE,
                                    .detail = i,
                                    .time_ms = time_ms };
        instance_react(x, c, &e);
    }
}

/* ------------------------------------------------------------------ in force */

static bool is_listed(struct slice list, struct slice listener)
{
    struct cbor_reader r = cbor_reader(list);
    for (size_t n = list.len > 0 ? cbor_take_array(&r) : 0; n > 0; n--)
        if (slice_equal(cbor_take_bytes(&r, HASH_SIZE, HASH_SIZE), listener))
            return true;
    return false;
}

/* Who listens to the old one listens to the new one from now on, with those that do already. */
static void move_listeners(struct execution *x, const struct hash *from, const struct hash *to)
{
    struct state_key key = state_key_hash(TABLE_LISTENERS, from);
    struct slice moved, there = { NULL, 0 };
    if (!execution_get(x, &key, &moved))
        return;
    key = state_key_hash(TABLE_LISTENERS, to);
    (void)execution_get(x, &key, &there);
    struct cbor_reader r = cbor_reader(there), more = cbor_reader(moved);
    size_t n = there.len > 0 ? cbor_take_array(&r) : 0, fresh = 0;
    struct cbor_reader look = more;
    for (size_t left = cbor_take_array(&look); left > 0; left--)
        fresh += is_listed(there, cbor_take_bytes(&look, HASH_SIZE, HASH_SIZE)) ? 0 : 1;
    struct buf *out = execution_value(x);
    cbor_put_array(out, n + fresh);
    buf_add_slice(out, slice_from(there, r.pos, there.len - r.pos));
    for (size_t left = cbor_take_array(&more); left > 0; left--) {
        struct slice listener = cbor_take_bytes(&more, HASH_SIZE, HASH_SIZE);
        if (!is_listed(there, listener))
            cbor_put_bytes(out, listener);
    }
    execution_store(x, &key);
}

static void end_old(struct execution *x, const struct contract_bound *old,
                    const struct contract_bound *by)
{
    struct state_instance v;
    struct instance_life life;
    if (!instance_load(x, &old->opening, &v) || !instance_load_life(x, &old->opening, &life))
        return;
    v.status = INSTANCE_REPLACED;
    instance_store(x, &old->opening, &v);
    life.ended = life.replaced = true;
    life.ended_ms = x->context.time_ms;
    life.by = by->opening;
    instance_store_life(x, old, &life);
    move_listeners(x, &old->opening, &by->opening);
}

/* It may begin where it has ended: in the state that the old one was in. */
static void keep_life(struct execution *x, const struct contract_bound *c,
                      struct instance_life *life)
{
    struct state_instance v;
    life->ended = life->ending != CONTRACT_GOES_ON;
    life->ended_ms = x->context.time_ms;
    instance_store_life(x, c, life);
    if (!life->ended || !instance_load(x, &c->opening, &v))
        return;
    v.status = INSTANCE_FINISHED;
    instance_store(x, &c->opening, &v);
}

static void tell_beginning(struct execution *x, const struct contract_bound *c,
                           const struct contract_bound *old, uint64_t time_ms)
{
    cbor_put_bytes(execution_emit(x, EVENT_IN_FORCE, c->assets.raw, time_ms, 1),
                   hash_slice(&c->opening));
    if (old == NULL)
        return;
    struct buf *data = execution_emit(x, EVENT_REPLACED, c->assets.raw, time_ms, 2);
    cbor_put_bytes(data, hash_slice(&old->opening));
    cbor_put_bytes(data, hash_slice(&c->opening));
}

static enum refusal begin(struct execution *x, const struct contract_bound *c,
                          const struct contract_bound *old, uint64_t time_ms)
{
    struct instance_life life = { .start_ms = x->context.time_ms };
    instance_store_life(x, c, &life);
    if (old != NULL) /* first of all: it makes room for this one */
        end_old(x, old, c);
    enum refusal code = take_goods(x, c);
    if (code == ACCEPTED)
        code = begin_flow(x, c, old, &life);
    if (code == ACCEPTED)
        code = listen(x, c);
    if (code != ACCEPTED)
        return code;
    keep_life(x, c, &life);
    tell_beginning(x, c, old, time_ms);
    judging_contract_began(x, c, &c->assets, life.start_ms);
    hear_of_the_past(x, c, time_ms);
    return ACCEPTED;
}

enum refusal rules_enter_force(struct execution *x, const struct contract_bound *contract,
                               uint64_t time_ms)
{
    const struct contract_bound *old = NULL;
    contract_cache_hold(x, contract);
    enum refusal code = rules_check_replaces(x, contract);
    if (code == ACCEPTED && contract->has_replaces) {
        old = contract_cache_find(x, &contract->replaces);
        if (old == NULL)
            code = REFUSED_NOT_REPLACEABLE;
        else
            contract_cache_hold(x, old);
    }
    if (code == ACCEPTED)
        code = begin(x, contract, old, time_ms);
    if (old != NULL)
        contract_cache_release(x, old);
    contract_cache_release(x, contract);
    return code;
}
