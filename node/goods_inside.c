/* What is inside containers: a list of goods, from one to the next, and lists within it. */
#include "node/goods.h"

#include <stdlib.h>
#include <string.h>

#define RANGE_DIGITS_MAX 18 /* of an asset-set */
#define RUN_LONG         8  /* names that are worth an event of their own */
#define LIST_LONG        64 /* names without such runs that one event tells of */

static const struct slice nothing = { NULL, 0 };

/* ------------------------------------------------------------------ visiting */

/* A walk through contents: what follows the box that was entered, for each level. */
struct tour {
    struct slice name; /* the next one to visit; empty = none on this level */
    size_t depth;      /* boxes entered and not left */
    struct slice after[GOODS_INSIDE_DEPTH];
};

/* The next name and its asset: false at the end, or when the state does not hold together. */
static bool next_inside(struct execution *x, struct tour *t, struct slice *ret_name,
                        struct state_asset *ret_asset)
{
    while (t->name.len == 0 && t->depth > 0)
        t->name = t->after[--t->depth];
    if (t->name.len == 0 || !execution_step(x, EXECUTION_LOOK_STEPS) ||
        !execution_asset(x, t->name, ret_asset))
        return false;
    *ret_name = t->name;
    t->name = ret_asset->goods.next;
    if (ret_asset->goods.inside > 0 && t->depth < GOODS_INSIDE_DEPTH) {
        t->after[t->depth++] = t->name;
        t->name = ret_asset->goods.first;
    }
    return true;
}

bool goods_visit_inside(struct execution *x, const struct state_asset *container,
                        goods_visitor visit, void *ctx)
{
    struct tour t = { .name = container->goods.first };
    struct slice name;
    struct state_asset a;
    while (next_inside(x, &t, &name, &a))
        if (!visit(ctx, name, &a))
            return false;
    return !execution_is_over(x);
}

unsigned goods_depth(struct execution *x, const struct state_asset *container)
{
    struct tour t = { .name = container->goods.first };
    struct slice name;
    struct state_asset a;
    size_t deepest = 0;
    while (next_inside(x, &t, &name, &a)) {
        size_t depth = t.depth + (a.goods.inside > 0 ? 0 : 1);
        deepest = depth > deepest ? depth : deepest;
    }
    return (unsigned)deepest;
}

/* ------------------------------------------------------------------ telling */

/* Up to and with the last "/". */
static size_t prefix_len(struct slice name)
{
    size_t len = name.len;
    while (len > 0 && name.data[len - 1] != '/')
        len--;
    return len;
}

static struct slice prefix_of(struct slice name)
{
    return slice_from(name, 0, prefix_len(name));
}

static struct slice suffix_of(struct slice name)
{
    size_t len = prefix_len(name);
    return slice_from(name, len, name.len - len);
}

static int compare_names(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    int order = slice_compare(prefix_of(*x), prefix_of(*y));
    return order != 0 ? order : slice_compare(suffix_of(*x), suffix_of(*y));
}

/* A name that ends in a number: what is before it, how many digits, and what they say. */
struct serial {
    struct slice stem;
    size_t digits;
    uint64_t number;
};

static struct serial serial_of(struct slice name)
{
    struct serial s = { .stem = name };
    uint64_t place = 1;
    while (s.digits < RANGE_DIGITS_MAX && s.stem.len > 0) {
        uint8_t last = s.stem.data[s.stem.len - 1];
        if (last < '0' || last > '9')
            break;
        s.number += place * (uint64_t)(last - '0');
        place *= 10;
        s.digits++;
        s.stem.len--;
    }
    return s;
}

static bool follows(struct slice name, struct slice before)
{
    struct serial a = serial_of(before), b = serial_of(name);
    return a.digits > 0 && a.digits == b.digits && b.number == a.number + 1 &&
           slice_equal(a.stem, b.stem);
}

/* How many of the names, from the first on, are one range. */
static size_t run_of(const struct slice *names, size_t count)
{
    size_t n = 1;
    while (n < count && follows(names[n], names[n - 1]))
        n++;
    return n;
}

static bool is_long_run(const struct slice *names, size_t count)
{
    return run_of(names, count < RUN_LONG ? count : RUN_LONG) == RUN_LONG;
}

/*
 * How many of the names one event tells of: a long range, or else a short list, for the history of each of them takes
 * in the whole event.
 */
static size_t part_of(const struct slice *names, size_t count)
{
    struct slice prefix = prefix_of(names[0]);
    size_t n = 1;
    if (is_long_run(names, count))
        return run_of(names, count);
    while (n < count && n < LIST_LONG && slice_equal(prefix, prefix_of(names[n])) &&
           !is_long_run(names + n, count - n))
        n++;
    return n;
}

static void put_part(struct buf *out, const struct slice *names, size_t count)
{
    if (count == 1) {
        cbor_put_text(out, names[0]);
        return;
    }
    if (run_of(names, count) == count) {
        struct serial first = serial_of(names[0]);
        cbor_put_array(out, 3);
        cbor_put_text(out, first.stem);
        cbor_put_text(out, slice_from(names[0], first.stem.len, first.digits));
        cbor_put_uint(out, count);
        return;
    }
    cbor_put_array(out, 2);
    cbor_put_text(out, prefix_of(names[0]));
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_text(out, suffix_of(names[i]));
}

struct collected {
    struct slice *names;
    size_t count, max;
};

static bool collect(void *ctx, struct slice name, const struct state_asset *a)
{
    struct collected *c = ctx;
    (void)a;
    if (c->count == c->max)
        return false;
    c->names[c->count++] =
        name; /* it lies in the container's or a neighbour's value, which stays */
    return true;
}

void goods_emit_names(struct execution *x, const struct slice *names, size_t count,
                      const struct goods_event *e)
{
    for (size_t i = 0, n; i < count && !execution_is_over(x); i += n) {
        struct buf *subject = execution_value(x);
        n = part_of(names + i, count - i);
        put_part(subject, names + i, n);
        buf_add_slice(execution_emit(x, e->what, buf_slice(subject), e->time_ms, e->data_items),
                      e->data);
    }
}

void goods_emit_inside(struct execution *x, const struct state_asset *container,
                       enum event_what what, uint64_t time_ms, size_t data_items, struct slice data)
{
    struct collected c = { .max = (size_t)container->goods.inside_all };
    if (c.max == 0)
        return;
    c.names = overlay_alloc(x->overlay, c.max * sizeof c.names[0]);
    if (c.names == NULL || !goods_visit_inside(x, container, collect, &c) || c.count == 0)
        return;
    qsort(c.names, c.count, sizeof c.names[0], compare_names);
    goods_emit_names(x, c.names, c.count, &(struct goods_event){ what, time_ms, data_items, data });
}

/* ------------------------------------------------------------------ in and out */

struct name {
    char text[ASSET_NAME_MAX];
    size_t len;
};

static struct name name_copy(struct slice s)
{
    struct name n = { .len = s.len };
    if (s.len > 0)
        memcpy(n.text, s.data, s.len);
    return n;
}

static struct slice name_slice(const struct name *n)
{
    return n->len > 0 ? slice_of(n->text, n->len) : nothing;
}

/* Sets what an asset lies between. */
static void link_next(struct execution *x, struct slice asset, struct slice next)
{
    struct state_asset a;
    if (asset.len == 0 || !execution_asset(x, asset, &a))
        return;
    a.goods.next = next;
    execution_store_asset(x, asset, &a);
}

static void link_previous(struct execution *x, struct slice asset, struct slice previous)
{
    struct state_asset a;
    if (asset.len == 0 || !execution_asset(x, asset, &a))
        return;
    a.goods.previous = previous;
    execution_store_asset(x, asset, &a);
}

uint64_t goods_put_inside(struct execution *x, struct slice container,
                          const struct asset_set *assets)
{
    struct state_asset box, a;
    if (!execution_asset(x, container, &box))
        return 0;
    uint64_t before = box.goods.inside_all;
    struct asset_iter ahead = asset_set_begin(assets);
    bool more = asset_set_next(&ahead);
    struct name last = name_copy(box.goods.last), first = name_copy(box.goods.first);
    link_next(x, name_slice(&last), slice_of(ahead.name, ahead.name_len));
    while (more) {
        struct name now = name_copy(slice_of(ahead.name, ahead.name_len));
        more = asset_set_next(&ahead);
        if (!execution_asset(x, name_slice(&now), &a))
            continue;
        a.goods.container = container;
        a.goods.previous = name_slice(&last);
        a.goods.next = more ? slice_of(ahead.name, ahead.name_len) : nothing;
        execution_store_asset(x, name_slice(&now), &a);
        box.goods.inside++;
        box.goods.inside_all += 1 + a.goods.inside_all;
        last = now;
        if (first.len == 0)
            first = now;
    }
    box.goods.first = name_slice(&first);
    box.goods.last = name_slice(&last);
    execution_store_asset(x, container, &box);
    return box.goods.inside_all - before;
}

uint64_t goods_take_out(struct execution *x, struct slice container, const struct asset_set *assets)
{
    struct state_asset box, a;
    if (!execution_asset(x, container, &box))
        return 0;
    uint64_t before = box.goods.inside_all;
    struct asset_iter it = asset_set_begin(assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        if (!execution_asset(x, name, &a))
            continue;
        link_next(x, a.goods.previous, a.goods.next);
        link_previous(x, a.goods.next, a.goods.previous);
        if (a.goods.previous.len == 0)
            box.goods.first = a.goods.next;
        if (a.goods.next.len == 0)
            box.goods.last = a.goods.previous;
        box.goods.inside--;
        box.goods.inside_all -= 1 + a.goods.inside_all;
        a.goods.container = a.goods.previous = a.goods.next = nothing;
        execution_store_asset(x, name, &a);
    }
    execution_store_asset(x, container, &box);
    return before - box.goods.inside_all;
}
