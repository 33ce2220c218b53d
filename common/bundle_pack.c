#include "common/bundle_pack.h"

void bundle_pack_put_head(struct buf *out, enum bundle_pack_direction direction, size_t count)
{
    cbor_put_array(out, 3);
    cbor_put_uint(out, BUNDLE_PACK_VERSION);
    cbor_put_uint(out, direction);
    cbor_put_array(out, count);
}

void bundle_pack_put(struct buf *out, const char *asset, struct slice bundle)
{
    cbor_put_array(out, 2);
    cbor_put_text(out, slice_text(asset));
    cbor_put_bytes(out, bundle);
}

bool bundle_pack_is(struct slice bytes)
{
    return bytes.len > 2 && bytes.data[0] == 0x83 && bytes.data[1] == BUNDLE_PACK_VERSION;
}

bool bundle_pack_take(struct slice bytes, struct bundle_pack *ret_pack, struct err *err)
{
    if (bytes.len > BUNDLE_PACK_SIZE_MAX)
        return err_set(err, ERR_INPUT, "%zu bytes, more than the %zu allowed", bytes.len,
                       BUNDLE_PACK_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 3);
    (void)cbor_take_int_in(&r, BUNDLE_PACK_VERSION, BUNDLE_PACK_VERSION);
    ret_pack->direction = (enum bundle_pack_direction)cbor_take_uint_max(&r, BUNDLE_PACK_FORWARD);
    ret_pack->count = cbor_take_array(&r);
    if (r.failed || ret_pack->count == 0 || ret_pack->count > BUNDLE_PACK_ASSETS_MAX)
        return err_set(err, ERR_INPUT, "not [2, direction, bundles]");
    for (size_t i = 0; i < ret_pack->count; i++) {
        cbor_take_array_of(&r, 2);
        ret_pack->item[i].asset = cbor_take_text(&r, 1, ASSET_NAME_MAX);
        ret_pack->item[i].bundle = cbor_take_bytes(&r, 1, BUNDLE_SIZE_MAX);
    }
    return cbor_done(&r) || err_set(err, ERR_INPUT, "not [2, direction, bundles]");
}

struct slice bundle_pack_find(const struct bundle_pack *p, const char *asset)
{
    for (size_t i = 0; i < p->count; i++)
        if (slice_equal(p->item[i].asset, slice_text(asset)))
            return p->item[i].bundle;
    return slice_of(NULL, 0);
}
