#include "common/attach.h"

#include "common/asset_set.h"

void attach_take(struct fields *f, struct attach *ret_attach)
{
    struct attach a;
    fields_need(f, 5);
    a.device = kid_take(f->r);
    fields_need(f, 6);
    a.asset = cbor_take_text(f->r, 1, ASSET_NAME_MAX);
    fields_need(f, 7);
    a.detach = cbor_take_uint_max(f->r, 1) == 1;
    *ret_attach = a;
}

size_t attach_pairs(const struct attach *a)
{
    (void)a;
    return 3;
}

void attach_put(struct buf *out, const struct attach *a)
{
    cbor_put_int(out, 5);
    kid_put(out, &a->device);
    cbor_put_int(out, 6);
    cbor_put_text(out, a->asset);
    cbor_put_int(out, 7);
    cbor_put_uint(out, a->detach ? 1 : 0);
}
