/*
 * What holds goods back: a quarantine of them or of their lot, a recall of them, of their lot, or of anything
 * that they were made of. A recall is one entry in the state, however many goods descend from what it names:
 * they find it by walking back through the makings that they come from. Goods of one making walk the same
 * way, so what a statement has found clean it does not walk again.
 */
#include "common/goods_name.h"
#include "node/goods.h"

#include <stdlib.h>
#include <string.h>

#define WALK_MAKINGS 65536 /* that one statement may walk through */
#define WALK_SLOTS   (2 * WALK_MAKINGS)
#define ACCESS_STEPS 12 /* an access to the state takes as long as so many steps of a contract */
#define BYTES_A_STEP 8  /* of a making that is read */
/* What following goods back may take, so that they can still be handed over by themselves. */
#define DESCENT_STEPS (EXECUTE_STEPS_STATEMENT / 2)

struct goods_walk {
    bool has_to; /* for whom the makings were found clean */
    struct kid to;
    uint64_t steps; /* that the walks took */
    size_t count;
    struct hash
        *makings; /* in the order they were met; those from a walk's beginning on are its queue */
    uint32_t *slots; /* number + 1, by hash; 0 = free */
    bool has_last;
    struct hash last_id;
    struct state_making last;            /* the making read last */
    char lot_free[ASSET_NAME_MAX + 1];   /* the lot found free of any hold last */
    char lot_passed[ASSET_NAME_MAX + 1]; /* and of a recall only */
};

struct goods_walk *goods_walk_new(void)
{
    struct goods_walk *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->makings = malloc(WALK_MAKINGS * sizeof w->makings[0]);
    w->slots = calloc(WALK_SLOTS, sizeof w->slots[0]);
    if (w->makings == NULL || w->slots == NULL) {
        goods_walk_free(w);
        return NULL;
    }
    return w;
}

void goods_walk_free(struct goods_walk *w)
{
    if (w == NULL)
        return;
    free(w->makings);
    free(w->slots);
    free(w);
}

/* The slot of a making: its own, or the free one it would take. */
static uint32_t *slot_of(struct goods_walk *w, const struct hash *making)
{
    uint64_t at;
    memcpy(&at, making->bytes, sizeof at);
    for (at %= WALK_SLOTS; w->slots[at] != 0; at = (at + 1) % WALK_SLOTS)
        if (hash_equal(&w->makings[w->slots[at] - 1], making))
            break;
    return &w->slots[at];
}

void goods_walk_forget(struct goods_walk *w)
{
    while (w->count > 0) /* the last first: no search has to pass over a slot that was freed */
        *slot_of(w, &w->makings[--w->count]) = 0;
    w->steps = 0;
    w->lot_free[0] = w->lot_passed[0] = '\0';
}

void goods_walk_begin(struct goods_walk *w)
{
    goods_walk_forget(w);
    w->has_last = false; /* it lies in the memory of a block */
}

/* Queues a making that was not met yet: false when there are too many. */
static bool meet(struct goods_walk *w, const struct hash *making)
{
    uint32_t *slot = slot_of(w, making);
    if (*slot != 0)
        return true;
    if (w->count == WALK_MAKINGS)
        return false;
    w->makings[w->count++] = *making;
    *slot = (uint32_t)w->count;
    return true;
}

/* ------------------------------------------------------------------ reading */

static bool walk_step(struct execution *x, uint64_t steps)
{
    x->walk->steps += steps;
    return execution_step(x, steps);
}

/* The making, which the walk keeps for the next goods of it; NULL when it is not kept. */
static const struct state_making *load_making(struct execution *x, const struct hash *id)
{
    struct goods_walk *w = x->walk;
    if (w->has_last && hash_equal(&w->last_id, id))
        return &w->last;
    struct state_key key = state_key_hash(TABLE_MAKING, id);
    struct slice value;
    w->has_last = false;
    if (!walk_step(x, ACCESS_STEPS) || !execution_get(x, &key, &value) ||
        !walk_step(x, value.len / BYTES_A_STEP) || !state_making_take(value, &w->last))
        return NULL;
    w->has_last = true;
    w->last_id = *id;
    return &w->last;
}

bool goods_load_making(struct execution *x, const struct hash *statement,
                       struct state_making *ret_making)
{
    const struct state_making *m = load_making(x, statement);
    if (m != NULL)
        *ret_making = *m;
    return m != NULL;
}

static bool load_hold(struct execution *x, struct slice name, struct state_hold *ret_hold)
{
    return walk_step(x, ACCESS_STEPS) && goods_load_hold(x, name, ret_hold);
}

/* The lot of goods with this origin; false when they are of none, or of one of their own name. */
static bool lot_of(struct execution *x, struct slice name, const struct state_goods *g,
                   char ret_lot[ASSET_NAME_MAX + 1])
{
    struct slice number = { NULL, 0 };
    if (goods_name_is_lot(name) || !g->has_origin)
        return false;
    const struct state_making *m = load_making(x, &g->origin);
    if (m != NULL && g->origin_output < m->output_count)
        number = m->outputs[g->origin_output].lot;
    return goods_name_lot(name, number, ret_lot);
}

/* ------------------------------------------------------------------ judging */

static bool is_recalled(const struct state_hold *h, const struct kid *to)
{
    return h->recalled && !(to != NULL && kid_equal(&h->recall_member, to));
}

/* What is rejected may still go back to who made it. */
static bool is_quarantined(struct execution *x, const struct state_hold *h,
                           const struct state_asset *a, const struct kid *to)
{
    if (!h->quarantined)
        return false;
    if (!h->rejected || to == NULL)
        return true;
    const struct state_making *m = a->goods.has_origin ? load_making(x, &a->goods.origin) : NULL;
    return !kid_equal(m != NULL ? &m->member : &a->owner, to);
}

/* Its own holds, and its lot's. */
static enum refusal check_own(struct execution *x, struct slice name, const struct state_asset *a,
                              const struct kid *to)
{
    char lot[ASSET_NAME_MAX + 1];
    struct goods_walk *w = x->walk;
    struct state_hold own = { .quarantined = false }, lots = { .quarantined = false };
    (void)load_hold(x, name, &own);
    if (lot_of(x, name, &a->goods, lot) && strcmp(w->lot_free, lot) != 0 &&
        !load_hold(x, slice_text(lot), &lots))
        memcpy(w->lot_free, lot, sizeof lot);
    if (is_quarantined(x, &own, a, to) || is_quarantined(x, &lots, a, to))
        return REFUSED_QUARANTINED;
    return is_recalled(&own, to) || is_recalled(&lots, to) ? REFUSED_RECALLED : ACCEPTED;
}

/* ------------------------------------------------------------------ walking back */

/* One of the goods that a making used: recalled or not; what made it in turn is queued. */
static enum refusal check_input(struct execution *x, struct slice name, const struct kid *to)
{
    char lot[ASSET_NAME_MAX + 1];
    struct goods_walk *w = x->walk;
    struct state_hold hold = { .quarantined = false };
    struct state_asset a;
    (void)load_hold(x, name, &hold);
    if (is_recalled(&hold, to))
        return REFUSED_RECALLED;
    if (!walk_step(x, ACCESS_STEPS) || !execution_asset(x, name, &a) || !a.goods.has_origin)
        return ACCEPTED;
    if (lot_of(x, name, &a.goods, lot) && strcmp(w->lot_passed, lot) != 0) {
        hold.recalled = false;
        (void)load_hold(x, slice_text(lot), &hold);
        if (is_recalled(&hold, to))
            return REFUSED_RECALLED;
        memcpy(w->lot_passed, lot, sizeof lot);
    }
    return meet(w, &a.goods.origin) ? ACCEPTED : REFUSED_STEPS;
}

/* All that one making used. ret_recalled: which of it is recalled. */
static enum refusal check_inputs(struct execution *x, const struct hash *id, const struct kid *to,
                                 struct asset_iter *ret_recalled)
{
    const struct state_making *m = load_making(x, id);
    struct cbor_reader sets = cbor_reader(m != NULL ? m->inputs : (struct slice){ NULL, 0 });
    size_t count = m != NULL ? m->input_count : 0; /* m is not the last one read for long */
    for (size_t i = 0; i < count; i++) {
        struct asset_set set = asset_set_take(&sets);
        *ret_recalled = asset_set_begin(&set);
        while (asset_set_next(ret_recalled)) {
            enum refusal code =
                check_input(x, slice_of(ret_recalled->name, ret_recalled->name_len), to);
            if (code == ACCEPTED && execution_is_over(x))
                code = REFUSED_STEPS;
            if (code != ACCEPTED)
                return code;
        }
    }
    return execution_is_over(x) ? REFUSED_STEPS : ACCEPTED;
}

static enum refusal walk_back(struct execution *x, struct slice asset, const struct hash *origin,
                              const struct kid *to)
{
    struct goods_walk *w = x->walk;
    size_t next = w->count;
    enum refusal code = meet(w, origin) ? ACCEPTED : REFUSED_STEPS;
    struct asset_iter at = { .left = 0 };
    while (code == ACCEPTED && next < w->count)
        code = check_inputs(x, &w->makings[next++], to, &at);
    if (code == REFUSED_RECALLED)
        execution_explain(x, "%.*s, which comes from %s", (int)asset.len, (const char *)asset.data,
                          at.name);
    return code;
}

enum refusal goods_check_holds(struct execution *x, struct slice asset, const struct state_asset *a,
                               const struct kid *to)
{
    struct goods_walk *w = x->walk;
    if (w->has_to != (to != NULL) || (to != NULL && !kid_equal(&w->to, to))) {
        goods_walk_forget(w);
        w->has_to = to != NULL;
        if (to != NULL)
            w->to = *to;
    }
    execution_explain(x, "%.*s", (int)asset.len, (const char *)asset.data);
    enum refusal code = check_own(x, asset, a, to);
    if (code == ACCEPTED && a->goods.has_origin)
        code = walk_back(x, asset, &a->goods.origin, to);
    if (execution_is_over(x))
        code = REFUSED_STEPS;
    if (code != ACCEPTED)
        goods_walk_forget(w); /* what was met was not looked at to its end */
    else
        x->detail[0] = '\0';
    return code;
}

enum refusal goods_check_descent(struct execution *x)
{
    const struct goods_walk *w = x->walk;
    if (w->count < GOODS_MAKINGS_MAX && w->steps <= DESCENT_STEPS)
        return ACCEPTED;
    execution_explain(x, "descends from %zu makings", w->count);
    return REFUSED_GENEALOGY;
}
