#include "common/pack.h"

#include "common/commission.h"

static bool has_name(const struct asset_set *set, struct slice name)
{
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it))
        if (slice_equal(slice_of(it.name, it.name_len), name))
            return true;
    return false;
}

void pack_take(struct fields *f, struct pack *ret_pack)
{
    struct pack p = { .unpack = false };
    fields_need(f, 5);
    p.container = cbor_take_text(f->r, 1, ASSET_NAME_MAX);
    fields_need(f, 6);
    p.assets = asset_set_take(f->r);
    fields_need(f, 7);
    p.unpack = cbor_take_uint_max(f->r, 1) == 1;
    if (fields_has(f, 8))
        p.place = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    if (!f->r->failed && has_name(&p.assets, p.container))
        cbor_fail(f->r);
    *ret_pack = p;
}

size_t pack_pairs(const struct pack *p)
{
    return 3 + (size_t)(p->place.len > 0);
}

void pack_put(struct buf *out, const struct pack *p)
{
    cbor_put_int(out, 5);
    cbor_put_text(out, p->container);
    cbor_put_int(out, 6);
    asset_set_put(out, &p->assets);
    cbor_put_int(out, 7);
    cbor_put_uint(out, p->unpack ? 1 : 0);
    if (p->place.len > 0) {
        cbor_put_int(out, 8);
        cbor_put_text(out, p->place);
    }
}
