#include "node/instance_parts.h"

#include <string.h>

/* ------------------------------------------------------------------ tables 8, 20, 21 */

bool instance_load(struct execution *x, const struct hash *opening,
                   struct state_instance *ret_instance)
{
    struct state_key key = state_key_hash(TABLE_INSTANCE, opening);
    struct slice value;
    return execution_get(x, &key, &value) && state_instance_take(value, ret_instance);
}

void instance_store(struct execution *x, const struct hash *opening, const struct state_instance *v)
{
    struct state_key key = state_key_hash(TABLE_INSTANCE, opening);
    state_instance_put(execution_value(x), v);
    execution_store(x, &key);
}

bool instance_load_life(struct execution *x, const struct hash *opening,
                        struct instance_life *ret_life)
{
    struct state_key key = state_key_hash(TABLE_LIFE, opening);
    struct instance_life life = { .start_ms = 0 };
    struct slice value;
    if (!execution_get(x, &key, &value))
        return false;
    struct cbor_reader r = cbor_reader(value);
    size_t n = cbor_take_array(&r);
    life.start_ms = cbor_take_uint(&r);
    life.ended = cbor_peek(&r) != CBOR_NULL;
    if (life.ended)
        life.ended_ms = cbor_take_uint(&r);
    else
        cbor_take_null(&r);
    life.ending = (enum contract_ending)cbor_take_uint_max(&r, CONTRACT_FAILURE);
    life.replaced = cbor_peek(&r) != CBOR_NULL;
    if (life.replaced)
        cbor_take_fixed(&r, life.by.bytes, HASH_SIZE);
    else
        cbor_take_null(&r);
    if (n == 6) {
        life.succeeded = cbor_take_uint(&r);
        life.failed = cbor_take_uint(&r);
    }
    *ret_life = life;
    return cbor_done(&r);
}

void instance_store_life(struct execution *x, const struct contract_bound *contract,
                         const struct instance_life *life)
{
    struct state_key key = state_key_hash(TABLE_LIFE, &contract->opening);
    struct buf *out = execution_value(x);
    bool units = contract->definition.each_unit && contract->definition.state_count > 0;
    cbor_put_array(out, units ? 6 : 4);
    cbor_put_uint(out, life->start_ms);
    if (life->ended)
        cbor_put_uint(out, life->ended_ms);
    else
        cbor_put_null(out);
    cbor_put_uint(out, life->ending);
    if (life->replaced)
        cbor_put_bytes(out, hash_slice(&life->by));
    else
        cbor_put_null(out);
    if (units) {
        cbor_put_uint(out, life->succeeded);
        cbor_put_uint(out, life->failed);
    }
    execution_store(x, &key);
}

static struct slice state_unit(const struct contract_bound *contract, struct slice asset)
{
    return contract->definition.each_unit ? asset : (struct slice){ NULL, 0 };
}

bool instance_load_flow(struct execution *x, const struct contract_bound *contract,
                        struct slice asset, struct flow_state *ret_state)
{
    struct state_key key = state_key_flow(&contract->opening, state_unit(contract, asset));
    struct state_key start = state_key_flow(&contract->opening, (struct slice){ NULL, 0 });
    struct slice value;
    if (contract->definition.state_count == 0 ||
        (!execution_get(x, &key, &value) && !execution_get(x, &start, &value)))
        return false;
    (void)execution_step(x, value.len / INSTANCE_BYTES_OF_STEP);
    return flow_state_decode(&contract->definition, value, ret_state, NULL);
}

bool instance_store_flow(struct execution *x, const struct contract_bound *contract,
                         struct slice unit, const struct flow_state *state, struct err *err)
{
    struct state_key key = state_key_flow(&contract->opening, state_unit(contract, unit));
    struct buf *out = execution_value(x);
    flow_state_encode(&contract->definition, state, out);
    if (out->failed || out->len > FLOW_MAX_STATE_BYTES) {
        buf_clear(out);
        return err_set(err, ERR_INPUT, "the contract's properties would take more than %d bytes",
                       FLOW_MAX_STATE_BYTES);
    }
    (void)execution_step(x, out->len / INSTANCE_BYTES_OF_STEP);
    execution_store(x, &key);
    return true;
}

/* ------------------------------------------------------------------ life */

uint64_t instance_end_ms(struct execution *x, const struct contract_bound *contract,
                         struct slice asset)
{
    struct instance_life life;
    struct flow_state state;
    if (!instance_load_life(x, &contract->opening, &life))
        return 0;
    uint64_t end_ms = life.replaced || (life.ended && life.ending == CONTRACT_SUCCESS)
                          ? life.ended_ms
                          : UINT64_MAX;
    if (!contract->definition.each_unit || life.succeeded == 0 ||
        !instance_load_flow(x, contract, asset, &state) || state.change_count == 0 ||
        contract->definition.states[state.state].ending != CONTRACT_SUCCESS)
        return end_ms;
    uint64_t unit_ms = state.changes[state.change_count - 1].time_ms;
    return unit_ms < end_ms ? unit_ms : end_ms;
}

enum refusal instance_check_alive(struct execution *x, const struct hash *opening)
{
    struct state_instance v;
    struct instance_life life;
    if (!instance_load(x, opening, &v))
        return REFUSED_UNKNOWN_CONTRACT;
    switch (v.status) {
    case INSTANCE_WAITING: execution_explain(x, "not all parties have agreed to it yet"); break;
    case INSTANCE_LAPSED: execution_explain(x, "it never came into force"); break;
    case INSTANCE_REPLACED:
        execution_explain(x, "it was replaced by a newer version");
        return REFUSED_FINISHED;
    case INSTANCE_IN_FORCE:
    case INSTANCE_FINISHED:
        if (!instance_load_life(x, opening, &life))
            return REFUSED_UNKNOWN_CONTRACT;
        if (life.ended && life.ending == CONTRACT_SUCCESS) {
            execution_explain(x, "it ended with success");
            return REFUSED_FINISHED;
        }
        return ACCEPTED;
    }
    return REFUSED_WRONG_STATE;
}

/* ------------------------------------------------------------------ upgrades */

bool instance_hash_of(const struct contract_value *value, struct hash *ret_hash)
{
    if (value->type != CONTRACT_INSTANCE || value->text.len != HASH_SIZE)
        return false;
    memcpy(ret_hash->bytes, value->text.data, HASH_SIZE);
    return true;
}

/* Walks from opening to what replaced it, until it meets `wanted` (or NULL: to the end). */
static bool follow(struct execution *x, struct hash *at, const struct hash *wanted)
{
    struct instance_life life;
    for (int i = 0; i < INSTANCE_SUCCESSORS; i++) {
        if (wanted != NULL && hash_equal(at, wanted))
            return true;
        (void)execution_step(x, 1);
        if (!instance_load_life(x, at, &life) || !life.replaced)
            return false;
        *at = life.by;
    }
    return wanted != NULL && hash_equal(at, wanted);
}

struct hash instance_current(struct execution *x, const struct hash *opening)
{
    struct hash at = *opening;
    (void)follow(x, &at, NULL);
    return at;
}

bool instance_became(struct execution *x, const struct hash *named, const struct hash *opening)
{
    struct hash at = *named;
    return follow(x, &at, opening);
}

bool instance_covers(struct execution *x, const struct contract_bound *contract,
                     const struct asset_set *assets)
{
    struct asset_iter mine = asset_set_begin(&contract->assets), asked = asset_set_begin(assets);
    /* a name is cheaper than a step, yet a range of ten thousand is walked in a moment, not for nothing */
    (void)execution_step(x, 1 + (contract->assets.count + assets->count) / 16);
    while (asset_set_next(&asked)) {
        struct slice name = slice_of(asked.name, asked.name_len);
        int order = -1;
        while (order < 0 && asset_set_next(&mine))
            order = slice_compare(slice_of(mine.name, mine.name_len), name);
        if (order != 0) {
            execution_explain(x, "%s is not of this contract", asked.name);
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------ what an action did */

static struct slice group_subject(struct execution *x, const struct instance_moves *m, size_t first)
{
    const struct instance_move *like = &m->items[first];
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++)
        n += m->items[i].from == like->from && m->items[i].to == like->to ? 1 : 0;
    if (n == m->count)
        return m->set->raw;
    struct buf *out = execution_value(x);
    struct asset_iter it = asset_set_begin(m->set);
    cbor_put_array(out, n);
    for (size_t i = 0; i < m->count && asset_set_next(&it); i++)
        if (m->items[i].from == like->from && m->items[i].to == like->to)
            cbor_put_text(out, slice_of(it.name, it.name_len));
    uint8_t *at = overlay_alloc(x->overlay, out->len);
    if (at == NULL || out->failed) {
        x->failed = true;
        return m->set->raw;
    }
    memcpy(at, out->data, out->len);
    return slice_of(at, out->len);
}

static void tell_group(struct execution *x, const struct instance_moves *m, size_t first)
{
    const struct contract_state *states = m->contract->definition.states;
    const struct instance_move *move = &m->items[first];
    struct slice subject = group_subject(x, m, first);
    struct buf *data = execution_emit(x, EVENT_STATE, subject, m->time_ms, 4);
    cbor_put_bytes(data, hash_slice(&m->contract->opening));
    cbor_put_uint(data, move->from);
    cbor_put_uint(data, move->to);
    cbor_put_text(data, m->by);
    enum contract_ending ending = states[move->to].ending;
    if (ending == CONTRACT_GOES_ON || ending == states[move->from].ending)
        return;
    data = execution_emit(x, EVENT_FINISHED, subject, m->time_ms, 2);
    cbor_put_bytes(data, hash_slice(&m->contract->opening));
    cbor_put_uint(data, ending);
}

/* One event for all units that went from the same state to the same state. */
static void tell_moves(struct execution *x, const struct instance_moves *m)
{
    bool told[DEFINITION_MAX_STATES + 1][DEFINITION_MAX_STATES + 1] = { { false } };
    for (size_t i = 0; i < m->count && !execution_is_over(x); i++) {
        const struct instance_move *move = &m->items[i];
        if (move->from == move->to || told[move->from][move->to])
            continue;
        told[move->from][move->to] = true;
        (void)execution_step(x, 1 + m->count / 16);
        tell_group(x, m, i);
    }
}

static void count_unit(struct instance_life *life, enum contract_ending ending, bool gone)
{
    uint64_t *count = ending == CONTRACT_SUCCESS ? &life->succeeded : &life->failed;
    if (ending == CONTRACT_GOES_ON)
        return;
    if (gone)
        *count -= *count > 0 ? 1 : 0;
    else
        *count += 1;
}

static enum contract_ending whole_ending(const struct instance_moves *m, struct instance_life *life)
{
    const struct contract_state *states = m->contract->definition.states;
    if (!m->contract->definition.each_unit)
        return states[m->items[0].to].ending;
    for (size_t i = 0; i < m->count; i++) {
        count_unit(life, states[m->items[i].from].ending, true);
        count_unit(life, states[m->items[i].to].ending, false);
    }
    if (life->succeeded + life->failed < m->contract->assets.count)
        return CONTRACT_GOES_ON;
    return life->failed > 0 ? CONTRACT_FAILURE : CONTRACT_SUCCESS;
}

/* ------------------------------------------------------------------ who listens */

static void tell_listener(struct execution *x, const struct contract_bound *ended,
                          const struct hash *listener, const struct instance_event *event)
{
    struct instance_event e = *event;
    const struct contract_bound *c = contract_cache_find(x, listener);
    for (unsigned i = 0; c != NULL && i < c->definition.term_count; i++) {
        struct hash named;
        e.detail = i;
        if (!instance_hash_of(&c->terms.values[i], &named) ||
            !instance_became(x, &named, &ended->opening))
            continue;
        instance_react(x, c, &e);
        c = contract_cache_find(x, listener);
    }
}

static void tell_listeners(struct execution *x, const struct contract_bound *ended,
                           enum contract_ending ending, uint64_t time_ms)
{
    struct instance_event event = { .trigger = ending == CONTRACT_SUCCESS ? CONTRACT_ON_SUCCESS
                                                                          : CONTRACT_ON_FAILURE,
                                    .time_ms = time_ms };
    struct state_key key = state_key_hash(TABLE_LISTENERS, &ended->opening);
    struct slice value;
    if (!execution_get(x, &key, &value))
        return;
    struct cbor_reader r = cbor_reader(value);
    contract_cache_hold(x, ended);
    for (size_t n = cbor_take_array(&r); n > 0 && !execution_is_over(x); n--) {
        struct hash listener;
        cbor_take_fixed(&r, listener.bytes, HASH_SIZE);
        if (!r.failed)
            tell_listener(x, ended, &listener, &event);
    }
    contract_cache_release(x, ended);
}

static bool any_moved(const struct instance_moves *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->items[i].from != m->items[i].to)
            return true;
    return false;
}

void instance_settle(struct execution *x, const struct instance_moves *m)
{
    struct instance_life life;
    struct state_instance v;
    if (!any_moved(m))
        return;
    tell_moves(x, m);
    if (!instance_load_life(x, &m->contract->opening, &life) ||
        !instance_load(x, &m->contract->opening, &v))
        return;
    struct instance_life before = life;
    enum contract_ending ending = whole_ending(m, &life);
    bool changed = ending != before.ending;
    if (!changed && life.succeeded == before.succeeded && life.failed == before.failed)
        return;
    life.ending = ending;
    if (changed) {
        life.ended = ending != CONTRACT_GOES_ON;
        life.ended_ms = x->context.time_ms;
        v.status = life.ended ? INSTANCE_FINISHED : INSTANCE_IN_FORCE;
        instance_store(x, &m->contract->opening, &v);
    }
    instance_store_life(x, m->contract, &life);
    if (changed && life.ended)
        tell_listeners(x, m->contract, ending, m->time_ms);
}

void instance_settle_one(const struct instance_frame *f, struct slice by, struct instance_move move,
                         uint64_t time_ms)
{
    uint8_t raw[ASSET_NAME_MAX + 16];
    char name[ASSET_NAME_MAX + 1] = "";
    struct buf memory = buf_fixed(raw, sizeof raw);
    struct asset_set set = f->contract->assets;
    if (f->unit.len > 0) {
        memcpy(name, f->unit.data, f->unit.len);
        set = asset_set_one(name, &memory);
    }
    struct instance_moves m = { f->contract, &set, &move, 1, by, time_ms };
    instance_settle(f->x, &m);
}
