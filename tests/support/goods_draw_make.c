/* What is drawn of packing and making. */
#include "tests/support/goods_draw_parts.h"

#include <string.h>

void goods_draw_pack(struct goods_world *w)
{
    bool filled = goods_world_chance(w, 2);
    uint32_t container = goods_world_find(w, filled ? GOODS_FULL : GOODS_AT_HAND, GOODS_NONE);
    unsigned member = goods_draw_name(w, container)->custodian;
    struct goods_op *op = goods_world_add(w, KIND_PACK, goods_world_signer(w, member));
    enum goods_want want = goods_world_chance(w, 3) ? GOODS_FULL : GOODS_AT_HAND;
    uint32_t first = goods_world_find(w, want, member);
    op->place = (unsigned)goods_world_pick(w, GOODS_PLACES);
    op->container = container;
    if (first == container || (goods_world_chance(w, 30) && container != 0))
        first = container == 0 ? 1 : 0;
    op->what.names = goods_world_set(w, first, want, member, goods_world_few(w));
    goods_world_spoil(w, &op->what.names);
    for (size_t i = 0; i < op->what.names.count; i++)
        if (op->what.names.at[i] == container)
            op->what.names = goods_world_one(w, first);
}

void goods_draw_unpack(struct goods_world *w)
{
    uint32_t container = goods_world_find(w, GOODS_FULL, GOODS_NONE);
    const struct goods_name *c = goods_draw_name(w, container);
    struct goods_op *op = goods_world_add(w, KIND_PACK, goods_world_signer(w, c->custodian));
    op->action = 1;
    op->container = container;
    uint32_t other = goods_world_find(w, GOODS_MADE, GOODS_NONE);
    if (c->inside_count == 0 || goods_world_chance(w, 16)) {
        op->what.names = goods_world_one(w, other == container ? (other == 0 ? 1 : 0) : other);
        return;
    }
    uint32_t *at = goods_world_room(w, c->inside_count * sizeof *at);
    size_t count = 0, share = 1 + goods_world_pick(w, 4);
    for (uint32_t i = 0; i < w->names && count < c->inside_count; i++)
        if (goods_draw_name(w, i)->container == container && goods_world_chance(w, share))
            at[count++] = i;
    if (count == 0)
        at[count++] = c->inside[0];
    op->what.names = (struct goods_list){ at, count };
}

/* What one input has to give, in the smallest units; 0: it has no amount. */
static int64_t to_give(const struct goods_world *w, uint32_t name)
{
    const struct goods_name *n = goods_draw_name(w, name);
    return n->has_amount ? (int64_t)(n->left / 1000000000) : 0;
}

/* Goods of one member, one owner, and all or none with an amount. */
static int64_t draw_inputs(struct goods_world *w, struct goods_op *op, uint32_t first)
{
    const struct goods_name *n = goods_draw_name(w, first);
    int64_t sum = 0;
    op->input_count = 0;
    for (size_t wanted = 1 + goods_world_pick(w, op->action == MAKE_SPLIT ? 1 : GOODS_ENTRIES);
         wanted > 0; wanted--) {
        uint32_t name =
            op->input_count == 0 ? first : goods_world_find(w, GOODS_AT_HAND, n->custodian);
        const struct goods_name *other = goods_draw_name(w, name);
        bool alike = (other->owner == n->owner || goods_world_chance(w, 10)) &&
                     other->has_amount == n->has_amount && other->dimension == n->dimension &&
                     other->inside_count == 0 && (name != first || op->input_count == 0) &&
                     (op->action == MAKE_TRANSFORM || strncmp(n->text, other->text, 17) == 0);
        if (!alike && !(op->input_count > 0 && goods_world_chance(w, 60)))
            continue;
        struct goods_entry *e = &op->inputs[op->input_count++];
        *e = (struct goods_entry){ .names = goods_world_one(w, name) };
        int64_t give = to_give(w, name);
        if (give > 1 && goods_world_chance(w, 2)) {
            give = 1 + (int64_t)goods_world_pick(w, (size_t)give);
            give += goods_world_chance(w, 16) ? to_give(w, name) : 0;
            e->amount = goods_world_amount(
                w, goods_world_chance(w, 24) ? AMOUNT_VOLUME : other->dimension, give);
        }
        sum += give;
    }
    return sum;
}

/* One input entry of many names, each of it whole. */
static int64_t draw_many_inputs(struct goods_world *w, struct goods_op *op, uint32_t first)
{
    const struct goods_name *n = goods_draw_name(w, first);
    struct goods_list all = goods_world_set(w, first, GOODS_AT_HAND, n->custodian, 8);
    uint32_t *at = goods_world_room(w, all.count * sizeof *at);
    size_t count = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < all.count; i++) {
        const struct goods_name *other = goods_draw_name(w, all.at[i]);
        if (all.at[i] != first && (other->owner != n->owner || other->has_amount != n->has_amount ||
                                   other->dimension != n->dimension || other->inside_count > 0))
            continue;
        at[count++] = all.at[i];
        sum += to_give(w, all.at[i]);
    }
    op->input_count = 1;
    op->inputs[0] = (struct goods_entry){ .names = { at, count } };
    return sum;
}

static void draw_output(struct goods_world *w, struct goods_op *op, const char *like)
{
    struct goods_entry *e = &op->outputs[op->output_count++];
    *e = (struct goods_entry){ .expiry_ms = 0 };
    for (size_t tries = 0; tries < 30; tries++) {
        uint32_t first = goods_world_find(w, GOODS_UNBORN, GOODS_NONE);
        if (op->action != MAKE_TRANSFORM && strncmp(goods_draw_name(w, first)->text, like, 17) != 0)
            continue;
        e->names = goods_world_one(w, first);
        break;
    }
    goods_draw_birth(w, e, goods_reference_member(op->signer));
    size_t most = op->action == MAKE_MERGE ? 1 : 1 + goods_world_pick(w, 5);
    for (size_t i = 0; i + 1 < op->output_count; i++)
        if (op->outputs[i].names.at[0] == e->names.at[0])
            return; /* twice */
    uint32_t first = e->names.at[0], next = first + 1;
    uint32_t *at = goods_world_room(w, most * sizeof *at);
    size_t count = 1;
    at[0] = first;
    for (; count < most && next < w->names && goods_world_is(w, next, GOODS_UNBORN, GOODS_NONE);
         next++)
        if (op->action == MAKE_TRANSFORM || strncmp(goods_draw_name(w, next)->text, like, 17) == 0)
            at[count++] = next;
    e->names = (struct goods_list){ at, count };
    goods_world_spoil(w, &e->names);
}

/* Shares out what there is: for a split or a merge all of it. */
static void share_out(struct goods_world *w, struct goods_op *op, enum amount_dimension dimension,
                      int64_t sum)
{
    for (size_t i = 0; i < op->output_count; i++) {
        struct goods_entry *e = &op->outputs[i];
        int64_t count = (int64_t)e->names.count, each = sum > count ? sum / count : 1;
        bool last = i + 1 == op->output_count;
        if (!last)
            each = each / 2 + (int64_t)goods_world_pick(w, 2);
        if (last && op->action != MAKE_TRANSFORM && each * count != sum) {
            e->names = goods_world_one(w, e->names.at[0]);
            each = sum;
            count = 1;
        } else if (last && op->action == MAKE_TRANSFORM && goods_world_chance(w, 2)) {
            each -= (int64_t)goods_world_pick(w, (size_t)each);
        }
        if (goods_world_chance(w, 24))
            each += (int64_t)goods_world_pick(w, 3) - 1; /* one too many, one too few */
        each = each < 1 ? 1 : each;
        e->amount = goods_world_amount(w, dimension, each);
        if (goods_world_chance(w, 40))
            e->amount = goods_draw_amount(w);
        sum -= each * count;
    }
}

void goods_draw_make(struct goods_world *w)
{
    uint32_t first = goods_world_find(w, GOODS_AT_HAND, GOODS_NONE);
    for (size_t tries = 0;
         tries < 20 && !goods_world_chance(w, 20) &&
         (goods_draw_name(w, first)->inside_count > 0 || !goods_draw_name(w, first)->has_amount);
         tries++)
        first = goods_world_find(w, GOODS_AT_HAND, GOODS_NONE);
    const struct goods_name *n = goods_draw_name(w, first);
    struct goods_op *op = goods_world_add(w, KIND_MAKE, goods_world_signer(w, n->custodian));
    op->action = (unsigned)goods_world_pick(w, 3);
    op->place = (unsigned)goods_world_pick(w, GOODS_PLACES);
    int64_t sum = op->action == MAKE_TRANSFORM && goods_world_chance(w, 3)
                      ? draw_many_inputs(w, op, first)
                      : draw_inputs(w, op, first);
    if (op->input_count == 0)
        op->inputs[op->input_count++] = (struct goods_entry){ .names = goods_world_one(w, first) };
    if (goods_world_chance(w, 16))
        goods_world_spoil(w, &op->inputs[0].names);
    if (goods_world_chance(w, 24) && op->input_count < GOODS_ENTRIES)
        op->inputs[op->input_count++] = op->inputs[0]; /* twice */
    size_t outputs = op->action == MAKE_MERGE ? 1 : 1 + goods_world_pick(w, GOODS_ENTRIES - 1);
    for (size_t i = 0; i < outputs; i++)
        draw_output(w, op, n->text);
    if (sum > 0)
        share_out(w, op, n->dimension, sum);
    if (goods_world_chance(w, 24))
        op->action = (unsigned)goods_world_pick(w, 3);
}
