/* Goods go into containers and come out of them. */
#include "node/goods.h"

/* What is asked of the container and of what goes in alike. */
static enum refusal check_loose(struct execution *x, const struct speaker *by, struct slice name,
                                struct state_asset *ret_asset)
{
    enum refusal code = goods_load(x, name, ret_asset);
    return code == ACCEPTED ? goods_check_loose(by, ret_asset) : code;
}

/* In and out: inside: units in the container, with all that is in them. */
static enum refusal check_fits(struct execution *x, const struct state_asset *a, uint64_t *inside)
{
    *inside += 1 + a->goods.inside_all;
    if (*inside > ASSET_SET_MAX || goods_depth(x, a) + 1 > GOODS_INSIDE_DEPTH)
        return REFUSED_FULL;
    return execution_is_over(x) ? REFUSED_STEPS : ACCEPTED;
}

static enum refusal check_out(struct execution *x, struct slice name, struct slice container)
{
    struct state_asset a;
    enum refusal code = goods_load(x, name, &a);
    return code == ACCEPTED && !slice_equal(a.goods.container, container) ? REFUSED_NOT_PACKED
                                                                          : code;
}

static enum refusal check_container(struct execution *x, const struct speaker *by,
                                    struct state_asset *ret_box)
{
    const struct pack *p = &by->st->as.pack;
    struct state_hold hold;
    enum refusal code = check_loose(x, by, p->container, ret_box);
    if (code == ACCEPTED && p->unpack && goods_load_hold(x, p->container, &hold) &&
        hold.quarantined)
        code = REFUSED_QUARANTINED;
    if (code != ACCEPTED)
        execution_explain(x, "%.*s", (int)p->container.len, (const char *)p->container.data);
    return code;
}

static enum refusal check(struct execution *x, const struct speaker *by)
{
    const struct pack *p = &by->st->as.pack;
    struct state_asset box, a;
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    enum refusal code = check_container(x, by, &box);
    if (code != ACCEPTED)
        return code;
    uint64_t inside = box.goods.inside_all;
    struct asset_iter it = asset_set_begin(&p->assets);
    while (asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        if (p->unpack)
            code = check_out(x, name, p->container);
        else
            code = check_loose(x, by, name, &a);
        if (code == ACCEPTED && !p->unpack)
            code = check_fits(x, &a, &inside);
        if (code != ACCEPTED) {
            execution_explain(x, "%s", it.name);
            return code;
        }
    }
    return ACCEPTED;
}

enum refusal rules_pack(struct execution *x, const struct speaker *by)
{
    const struct pack *p = &by->st->as.pack;
    uint64_t time_ms = by->st->link.time_ms, moved;
    struct state_asset box;
    enum refusal code = check(x, by);
    if (code != ACCEPTED)
        return code;
    if (p->unpack)
        moved = goods_take_out(x, p->container, &p->assets);
    else
        moved = goods_put_inside(x, p->container, &p->assets);
    cbor_put_text(
        execution_emit(x, p->unpack ? EVENT_UNPACKED : EVENT_PACKED, p->assets.raw, time_ms, 1),
        p->container);
    if (!execution_asset(x, p->container, &box))
        return REFUSED_UNKNOWN_ASSET;
    struct buf *data = execution_emit(x, p->unpack ? EVENT_UNLOADED : EVENT_LOADED,
                                      execution_subject_asset(x, p->container), time_ms, 2);
    cbor_put_uint(data, moved);
    cbor_put_uint(data, box.goods.inside_all);
    return ACCEPTED;
}
