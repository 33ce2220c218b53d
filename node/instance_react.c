/* What contracts do by themselves when something happens. */
#include "node/instance_parts.h"

#include <string.h>

#define REACTED_MAX 64 /* contracts of which a set of goods remembers that they have reacted */

#define REACTION_ITEMS (EXECUTE_ITEMS_STATEMENT / 2)
#define REACTION_LINKS (EXECUTE_LINKS_STATEMENT / 2)

bool instance_may_react(const struct execution *x)
{
    return x->statement_steps <= INSTANCE_REACTION_STEPS && x->now.items <= REACTION_ITEMS &&
           x->now.links <= REACTION_LINKS;
}

static bool listens(const struct contract_definition *d, const struct instance_event *e)
{
    for (size_t i = 0; i < d->reaction_count; i++)
        if (definition_hears(&d->reactions[i], e->trigger, e->detail))
            return true;
    return false;
}

/* In force, or failed: a contract that has failed goes on looking, and may recover. */
static bool is_awake(struct execution *x, const struct hash *opening)
{
    struct state_instance v;
    struct instance_life life;
    return instance_load(x, opening, &v) &&
           (v.status == INSTANCE_IN_FORCE || v.status == INSTANCE_FINISHED) &&
           instance_load_life(x, opening, &life) &&
           !(life.ended && life.ending == CONTRACT_SUCCESS);
}

/* ------------------------------------------------------------------ one unit */

/* What one reaction did so far, to be taken back when it fails. */
struct trial {
    size_t savepoint, events_len;
    struct event_span events;
    char detail[OUTCOME_DETAIL_MAX + 1];
};

static struct trial begin_trial(const struct execution *x)
{
    struct trial t = { .savepoint = overlay_savepoint(x->overlay),
                       .events_len = x->events.len,
                       .events = x->now };
    memcpy(t.detail, x->detail, sizeof t.detail);
    return t;
}

/* Nobody is refused for it, so nobody is told why; an explanation of a call stays the call's. */
static void end_trial(struct execution *x, const struct trial *t, bool good)
{
    memcpy(x->detail, t->detail, sizeof t->detail);
    if (good)
        return;
    overlay_return(x->overlay, t->savepoint);
    x->events.len = t->events_len;
    x->now = t->events;
}

static bool finish_reaction(struct instance_frame *f, unsigned index, unsigned from)
{
    struct instance_move move = { (uint8_t)from, (uint8_t)f->state.state };
    if (!instance_store_flow(f->x, f->contract, f->unit, &f->state, NULL))
        return false;
    instance_settle_one(f, f->contract->definition.reactions[index].name, move, f->event->time_ms);
    return instance_make_calls(f, f->event->time_ms) == ACCEPTED;
}

/* The first reaction from *index on: false when there is no more. */
static bool try_next(struct instance_frame *f, const struct instance_event *e, unsigned found,
                     unsigned *index)
{
    struct execution *x = f->x;
    struct err err = { .msg = "" };
    if (!instance_load_flow(x, f->contract, f->unit, &f->state))
        return false;
    unsigned from = f->state.state;
    f->scope.memory_used = 0;
    f->scope.steps = 0;
    f->summed = false;
    enum flow_result result = flow_react(&f->scope, e->trigger, e->detail, x->context.time_ms,
                                         &f->state, index, &f->calls, &err);
    if (!execution_step(x, 1 + f->scope.steps) || result == FLOW_UNKNOWN)
        return false;
    if (result == FLOW_DONE && *index < f->contract->definition.reaction_count &&
        (f->contract->definition.reactions[*index].states >> found & 1) != 0) {
        struct trial t = begin_trial(x);
        bool good = finish_reaction(f, *index, from);
        end_trial(x, &t, good && x->now.items <= REACTION_ITEMS && x->now.links <= REACTION_LINKS);
    }
    ++*index;
    return true;
}

static void react_unit(struct execution *x, const struct contract_bound *contract,
                       struct slice unit, const struct instance_event *e)
{
    unsigned index = 0;
    if (!instance_may_react(x))
        return;
    struct instance_frame *f = instance_enter(x, contract, unit);
    if (f == NULL)
        return;
    f->event = e;
    if (instance_load_flow(x, contract, unit, &f->state)) {
        unsigned found = f->state.state;
        while (index < contract->definition.reaction_count && instance_may_react(x) &&
               try_next(f, e, found, &index))
            continue;
    }
    instance_leave(f);
}

/* ------------------------------------------------------------------ one contract */

void instance_react(struct execution *x, const struct contract_bound *contract,
                    const struct instance_event *event)
{
    struct slice none = { NULL, 0 };
    if (!listens(&contract->definition, event) || !is_awake(x, &contract->opening))
        return;
    if (!contract->definition.each_unit || event->asset.len > 0) {
        react_unit(x, contract, contract->definition.each_unit ? event->asset : none, event);
        return;
    }
    struct asset_set all = contract->assets;
    struct asset_iter it = asset_set_begin(&all);
    contract_cache_hold(x, contract);
    while (instance_may_react(x) && asset_set_next(&it))
        react_unit(x, contract, slice_of(it.name, it.name_len), event);
    contract_cache_release(x, contract);
}

/* ------------------------------------------------------------------ all contracts of goods */

struct reacted {
    size_t count, next;
    struct hash openings[REACTED_MAX];
};

static bool has_reacted(const struct reacted *r, const struct hash *opening)
{
    for (size_t i = 0; i < r->count; i++)
        if (hash_equal(&r->openings[i], opening))
            return true;
    return false;
}

/* What has nothing to do for the other assets of the set is not looked at again for each of them. */
static void note_reacted(struct reacted *r, const struct contract_bound *c,
                         const struct instance_event *event)
{
    if (c->definition.each_unit && listens(&c->definition, event))
        return;
    r->openings[r->next] = c->opening;
    r->next = (r->next + 1) % REACTED_MAX;
    r->count += r->count < REACTED_MAX ? 1 : 0;
}

static void react_asset(struct execution *x, const struct instance_event *event, struct reacted *r)
{
    struct state_key key = state_key_text(TABLE_CONTRACTS, event->asset);
    struct slice value;
    if (!execution_get(x, &key, &value))
        return;
    struct cbor_reader list = cbor_reader(value);
    for (size_t n = cbor_take_array(&list); n > 0 && instance_may_react(x); n--) {
        struct hash opening;
        cbor_take_fixed(&list, opening.bytes, HASH_SIZE);
        if (list.failed || has_reacted(r, &opening))
            continue;
        const struct contract_bound *c = contract_cache_find(x, &opening);
        if (c == NULL)
            continue;
        note_reacted(r, c, event);
        instance_react(x, c, event);
    }
}

void instance_react_set(struct execution *x, const struct asset_set *assets,
                        const struct instance_event *event)
{
    struct reacted r = { .count = 0 };
    struct instance_event e = *event;
    struct asset_iter it = asset_set_begin(assets);
    while (instance_may_react(x) && asset_set_next(&it)) {
        e.asset = slice_of(it.name, it.name_len);
        react_asset(x, &e, &r);
    }
}
