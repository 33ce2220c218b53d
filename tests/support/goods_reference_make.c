/* The reference of goods: what stands in the way of goods, boxes, and making. */
#include "tests/support/goods_reference_parts.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ holds and descent */

unsigned goods_reference_maker(const struct goods_reference *r, const struct goods_name *n)
{
    return goods_reference_member(r->said[n->origin].op->signer);
}

void goods_reference_walk(struct goods_reference *r)
{
    r->stamp++;
}

static bool recalled(const struct goods_reference *r, uint32_t name, unsigned to)
{
    if (name == GOODS_NONE)
        return false;
    const struct goods_hold *h = &r->names[name].hold;
    return h->recalled && h->recall_member != to;
}

/* Everything that a name descends from is asked, itself included; what this walk has seen is clean. */
static bool descends_from_recalled(struct goods_reference *r, uint32_t name, unsigned to)
{
    size_t count = 0;
    if (r->recalls == 0 || r->names[name].stamp == r->stamp)
        return false;
    r->todo[count++] = name;
    r->names[name].stamp = r->stamp;
    while (count > 0) {
        uint32_t at = r->todo[--count];
        const struct goods_name *n = &r->names[at];
        if (recalled(r, at, to) || (n->lot != GOODS_NONE && recalled(r, n->lot, to)))
            return true;
        const struct goods_op *by = r->said[n->origin].op;
        for (size_t e = 0; e < by->input_count; e++) {
            for (size_t i = 0; i < by->inputs[e].names.count; i++) {
                uint32_t from = by->inputs[e].names.at[i];
                if (r->names[from].stamp == r->stamp)
                    continue;
                r->names[from].stamp = r->stamp;
                r->todo[count++] = from;
            }
        }
    }
    return false;
}

size_t goods_reference_makings(struct goods_reference *r, uint32_t name)
{
    size_t count = 0, makings = 0;
    if (r->names[name].stamp == r->stamp)
        return 0;
    r->todo[count++] = name;
    r->names[name].stamp = r->stamp;
    while (count > 0) {
        struct goods_said *origin = &r->said[r->names[r->todo[--count]].origin];
        if (origin->stamp == r->stamp)
            continue;
        origin->stamp = r->stamp;
        makings++;
        for (size_t e = 0; e < origin->op->input_count; e++) {
            for (size_t i = 0; i < origin->op->inputs[e].names.count; i++) {
                uint32_t from = origin->op->inputs[e].names.at[i];
                if (r->names[from].stamp == r->stamp)
                    continue;
                r->names[from].stamp = r->stamp;
                r->todo[count++] = from;
            }
        }
    }
    return makings;
}

static bool quarantined(const struct goods_reference *r, uint32_t name, unsigned maker, unsigned to)
{
    if (name == GOODS_NONE)
        return false;
    const struct goods_hold *h = &r->names[name].hold;
    return h->quarantined && !(h->rejected && to == maker);
}

enum refusal goods_reference_held(struct goods_reference *r, uint32_t name, unsigned to)
{
    const struct goods_name *n = &r->names[name];
    unsigned maker = goods_reference_maker(r, n);
    if (quarantined(r, name, maker, to) || quarantined(r, n->lot, maker, to))
        return REFUSED_QUARANTINED;
    return descends_from_recalled(r, name, to) ? REFUSED_RECALLED : ACCEPTED;
}

/* ------------------------------------------------------------------ packing */

size_t goods_reference_inside_all(const struct goods_reference *r, uint32_t name)
{
    const struct goods_name *n = &r->names[name];
    size_t all = n->inside_count;
    for (size_t i = 0; i < n->inside_count; i++)
        all += goods_reference_inside_all(r, n->inside[i]);
    return all;
}

static size_t depth(const struct goods_reference *r, uint32_t name)
{
    const struct goods_name *n = &r->names[name];
    size_t deepest = 0;
    for (size_t i = 0; i < n->inside_count; i++) {
        size_t d = 1 + depth(r, n->inside[i]);
        deepest = d > deepest ? d : deepest;
    }
    return deepest;
}

static bool any_offer(const struct goods_name *n)
{
    return n->offers[0] != GOODS_NONE || n->offers[1] != GOODS_NONE;
}

/* What stands in the way of whatever is done to goods by who has them. */
static enum refusal check_at_hand(const struct goods_reference *r, uint32_t name, unsigned member)
{
    const struct goods_name *n = &r->names[name];
    if (!n->made)
        return REFUSED_UNKNOWN_ASSET;
    if (n->end != GOODS_ACTIVE)
        return REFUSED_ENDED;
    if (n->custodian != member)
        return REFUSED_NOT_HOLDER;
    if (any_offer(n))
        return REFUSED_OFFER_OPEN;
    return n->container != GOODS_NONE ? REFUSED_PACKED : ACCEPTED;
}

static void put_inside(struct goods_reference *r, uint32_t container, uint32_t name)
{
    struct goods_name *c = &r->names[container];
    if (c->inside_count == c->inside_cap) {
        c->inside_cap = c->inside_cap == 0 ? 8 : 2 * c->inside_cap;
        c->inside = realloc(c->inside, c->inside_cap * sizeof c->inside[0]);
        if (c->inside == NULL)
            abort();
    }
    c->inside[c->inside_count++] = name;
    r->names[name].container = container;
}

static void take_out(struct goods_reference *r, uint32_t container, uint32_t name)
{
    struct goods_name *c = &r->names[container];
    size_t at = 0;
    while (c->inside[at] != name)
        at++;
    c->inside_count--;
    memmove(&c->inside[at], &c->inside[at + 1], (c->inside_count - at) * sizeof c->inside[0]);
    r->names[name].container = GOODS_NONE;
}

static enum refusal pack(struct goods_reference *r, const struct goods_op *op)
{
    unsigned member = goods_reference_member(op->signer);
    size_t all = goods_reference_inside_all(r, op->container);
    for (size_t i = 0; i < op->what.names.count; i++) {
        uint32_t name = op->what.names.at[i];
        enum refusal code = check_at_hand(r, name, member);
        if (code != ACCEPTED)
            return goods_reference_refuse(r, code, name);
        all += 1 + goods_reference_inside_all(r, name);
        if (all > 10000 || depth(r, name) + 1 > 8)
            return goods_reference_refuse(r, REFUSED_FULL, name);
    }
    for (size_t i = 0; i < op->what.names.count; i++)
        put_inside(r, op->container, op->what.names.at[i]);
    return ACCEPTED;
}

static enum refusal unpack(struct goods_reference *r, const struct goods_op *op)
{
    if (r->names[op->container].hold.quarantined)
        return goods_reference_refuse(r, REFUSED_QUARANTINED, op->container);
    for (size_t i = 0; i < op->what.names.count; i++) {
        const struct goods_name *n = &r->names[op->what.names.at[i]];
        if (!n->made)
            return goods_reference_refuse(r, REFUSED_UNKNOWN_ASSET, op->what.names.at[i]);
        if (n->container != op->container)
            return goods_reference_refuse(r, REFUSED_NOT_PACKED, op->what.names.at[i]);
    }
    for (size_t i = 0; i < op->what.names.count; i++)
        take_out(r, op->container, op->what.names.at[i]);
    return ACCEPTED;
}

enum refusal goods_reference_pack(struct goods_reference *r, const struct goods_op *op)
{
    enum refusal code = check_at_hand(r, op->container, goods_reference_member(op->signer));
    if (code != ACCEPTED)
        return goods_reference_refuse(r, code, op->container);
    return op->action == 1 ? unpack(r, op) : pack(r, op);
}

/* ------------------------------------------------------------------ making */

static bool twice(struct goods_reference *r, const struct goods_entry *entries, size_t count)
{
    r->stamp++;
    for (size_t e = 0; e < count; e++) {
        for (size_t i = 0; i < entries[e].names.count; i++) {
            struct goods_name *n = &r->names[entries[e].names.at[i]];
            if (n->stamp == r->stamp)
                return true;
            n->stamp = r->stamp;
        }
    }
    return false;
}

static size_t count_names(const struct goods_entry *entries, size_t count)
{
    size_t n = 0;
    for (size_t e = 0; e < count; e++)
        n += entries[e].names.count;
    return n;
}

/* The 14 digits after "01/" of all of them are those of the first. */
static bool of_gtin(const struct goods_reference *r, const struct goods_entry *entries,
                    size_t count, const char *first)
{
    for (size_t e = 0; e < count; e++) {
        for (size_t i = 0; i < entries[e].names.count; i++) {
            const char *text = r->names[entries[e].names.at[i]].text;
            if (strncmp(text, "01/", 3) != 0 || strncmp(text, first, 17) != 0)
                return false;
        }
    }
    return true;
}

static enum refusal check_form(struct goods_reference *r, const struct goods_op *op)
{
    size_t inputs = count_names(op->inputs, op->input_count);
    size_t outputs = count_names(op->outputs, op->output_count);
    const char *first = r->names[op->inputs[0].names.at[0]].text;
    if ((op->action == MAKE_SPLIT && inputs != 1) || (op->action == MAKE_MERGE && outputs != 1))
        return REFUSED_BAD_REQUEST;
    if (op->action != MAKE_TRANSFORM && !(of_gtin(r, op->inputs, op->input_count, first) &&
                                          of_gtin(r, op->outputs, op->output_count, first)))
        return REFUSED_BAD_REQUEST;
    if (twice(r, op->inputs, op->input_count) || twice(r, op->outputs, op->output_count))
        return REFUSED_EXISTS;
    return ACCEPTED;
}

static enum refusal check_input(struct goods_reference *r, const struct goods_op *op,
                                const struct goods_entry *e, uint32_t name)
{
    const struct goods_name *n = &r->names[name];
    enum amount_dimension dimension;
    enum refusal code = check_at_hand(r, name, goods_reference_member(op->signer));
    if (code == ACCEPTED && n->inside_count > 0)
        code = REFUSED_NOT_EMPTY;
    if (code == ACCEPTED)
        code = goods_reference_held(r, name, GOODS_NONE);
    if (code != ACCEPTED || e->amount.unit == GOODS_NO_UNIT)
        return code;
    goods_wide taken = goods_reference_value(e->amount, &dimension);
    if (!n->has_amount || n->dimension != dimension)
        return REFUSED_UNITS;
    return taken > n->left ? REFUSED_MASS : ACCEPTED;
}

static enum refusal check_inputs(struct goods_reference *r, const struct goods_op *op)
{
    unsigned owner = GOODS_NONE;
    bool differ = false;
    goods_reference_walk(r);
    for (size_t e = 0; e < op->input_count; e++) {
        for (size_t i = 0; i < op->inputs[e].names.count; i++) {
            uint32_t name = op->inputs[e].names.at[i];
            enum refusal code = check_input(r, op, &op->inputs[e], name);
            if (code != ACCEPTED)
                return goods_reference_refuse(r, code, name);
            differ = differ || (owner != GOODS_NONE && owner != r->names[name].owner);
            owner = r->names[name].owner;
        }
    }
    return differ ? REFUSED_OWNERS_DIFFER : ACCEPTED;
}

/* What goes in or comes out, all together. */
struct total {
    size_t with, without; /* names that have an amount, and that have none */
    bool one_dimension;
    enum amount_dimension dimension;
    goods_wide value;
};

static void add(struct total *t, bool has_amount, enum amount_dimension dimension, goods_wide value)
{
    if (!has_amount) {
        t->without++;
        return;
    }
    t->one_dimension = t->with == 0 || (t->one_dimension && t->dimension == dimension);
    t->dimension = dimension;
    t->value += value;
    t->with++;
}

static struct total total_in(const struct goods_reference *r, const struct goods_op *op)
{
    struct total t = { .one_dimension = true };
    for (size_t e = 0; e < op->input_count; e++) {
        for (size_t i = 0; i < op->inputs[e].names.count; i++) {
            const struct goods_name *n = &r->names[op->inputs[e].names.at[i]];
            enum amount_dimension dimension = n->dimension;
            goods_wide value = n->left;
            if (op->inputs[e].amount.unit != GOODS_NO_UNIT)
                value = goods_reference_value(op->inputs[e].amount, &dimension);
            add(&t, n->has_amount, dimension, value);
        }
    }
    return t;
}

static struct total total_out(const struct goods_op *op)
{
    struct total t = { .one_dimension = true };
    for (size_t e = 0; e < op->output_count; e++) {
        const struct goods_entry *out = &op->outputs[e];
        enum amount_dimension dimension = AMOUNT_MASS;
        goods_wide value = 0;
        if (out->amount.unit != GOODS_NO_UNIT)
            value = goods_reference_value(out->amount, &dimension);
        for (size_t i = 0; i < out->names.count; i++)
            add(&t, out->amount.unit != GOODS_NO_UNIT, dimension, value);
    }
    return t;
}

static enum refusal check_amounts(const struct goods_reference *r, const struct goods_op *op)
{
    struct total in = total_in(r, op), out = total_out(op);
    if (in.with == 0 && out.with == 0)
        return op->action == MAKE_TRANSFORM ? ACCEPTED : REFUSED_UNITS;
    if (in.without > 0 || out.without > 0)
        return REFUSED_UNITS;
    if (!in.one_dimension || !out.one_dimension || in.dimension != out.dimension)
        return REFUSED_UNITS;
    if (in.value < out.value || (op->action != MAKE_TRANSFORM && in.value != out.value))
        return REFUSED_MASS;
    return ACCEPTED;
}

static enum refusal check_genealogy(struct goods_reference *r, const struct goods_op *op)
{
    size_t makings = 0;
    goods_reference_walk(r);
    for (size_t e = 0; e < op->input_count; e++)
        for (size_t i = 0; i < op->inputs[e].names.count; i++)
            makings += goods_reference_makings(r, op->inputs[e].names.at[i]);
    if (makings > 4095)
        return REFUSED_GENEALOGY;
    return op->set_bytes > STATE_MAKING_BYTES_MAX ? REFUSED_FULL : ACCEPTED;
}

static void use(struct goods_reference *r, const struct goods_op *op, const struct goods_entry *e,
                uint32_t name)
{
    struct goods_name *n = &r->names[name];
    enum amount_dimension dimension;
    bool whole = e->amount.unit == GOODS_NO_UNIT;
    if (!whole) {
        n->left -= goods_reference_value(e->amount, &dimension);
        whole = n->left == 0;
    }
    if (!whole)
        return;
    n->left = 0;
    n->end = GOODS_USED_UP;
    n->end_by = op->number;
    n->end_member = goods_reference_member(op->signer);
    n->end_ms = op->time_ms;
}

/* What is split or merged keeps until the first of its inputs would have gone off; 0: for ever. */
static uint64_t keeps_until(const struct goods_reference *r, const struct goods_op *op)
{
    uint64_t until = 0;
    for (size_t e = 0; op->action != MAKE_TRANSFORM && e < op->input_count; e++)
        for (size_t i = 0; i < op->inputs[e].names.count; i++) {
            uint64_t one = r->names[op->inputs[e].names.at[i]].expiry_ms;
            if (one != 0 && (until == 0 || one < until))
                until = one;
        }
    return until;
}

enum refusal goods_reference_make(struct goods_reference *r, const struct goods_op *op)
{
    enum refusal code = check_form(r, op);
    if (code == ACCEPTED)
        code = check_inputs(r, op);
    for (size_t e = 0; code == ACCEPTED && e < op->output_count; e++)
        code = goods_reference_unborn(r, op, &op->outputs[e]);
    if (code == ACCEPTED)
        code = check_amounts(r, op);
    if (code == ACCEPTED)
        code = check_genealogy(r, op);
    if (code != ACCEPTED)
        return code;
    unsigned owner = r->names[op->inputs[0].names.at[0]].owner;
    uint64_t until = keeps_until(r, op);
    for (size_t e = 0; e < op->input_count; e++)
        for (size_t i = 0; i < op->inputs[e].names.count; i++)
            use(r, op, &op->inputs[e], op->inputs[e].names.at[i]);
    for (size_t e = 0; e < op->output_count; e++) {
        struct goods_entry output = op->outputs[e];
        if (until != 0 && (output.expiry_ms == 0 || output.expiry_ms > until))
            output.expiry_ms = until;
        goods_reference_bear(r, op, e, &output, owner);
    }
    return ACCEPTED;
}
