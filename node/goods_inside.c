/* What is inside containers: a list of goods, from one to the next, and lists within it. */
#include "node/goods.h"

#include <stdlib.h>
#include <string.h>

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
    if (t->name.len == 0 || !execution_step(x, 1) || !execution_asset(x, t->name, ret_asset))
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

/* The number that 1 to 18 digits write. */
static bool number_of(struct slice digits, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (digits.len == 0 || digits.len > 18)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits.data[i] - '0');
    }
    *ret_value = value;
    return true;
}

static bool is_range(const struct slice *names, size_t count)
{
    struct slice first = suffix_of(names[0]);
    uint64_t start, value;
    if (!number_of(first, &start))
        return false;
    for (size_t i = 1; i < count; i++) {
        struct slice suffix = suffix_of(names[i]);
        if (suffix.len != first.len || !number_of(suffix, &value) || value != start + i)
            return false;
    }
    return true;
}

static void put_group(struct buf *out, const struct slice *names, size_t count)
{
    if (count == 1) {
        cbor_put_text(out, names[0]);
        return;
    }
    bool range = is_range(names, count);
    cbor_put_array(out, range ? 3 : 2);
    cbor_put_text(out, prefix_of(names[0]));
    if (range) {
        cbor_put_text(out, suffix_of(names[0]));
        cbor_put_uint(out, count);
        return;
    }
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
    for (size_t i = 0, n; i < c.count && !execution_is_over(x); i += n) {
        struct slice prefix = prefix_of(c.names[i]);
        for (n = 1; i + n < c.count && slice_equal(prefix, prefix_of(c.names[i + n]));)
            n++;
        struct buf *subject = execution_value(x);
        put_group(subject, c.names + i, n);
        buf_add_slice(execution_emit(x, what, buf_slice(subject), time_ms, data_items), data);
    }
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
