#include "common/document.h"

void document_take(struct fields *f, struct document *ret_document)
{
    struct document d = { .has_assets = false };
    fields_need(f, 5);
    cbor_take_fixed(f->r, d.opening.bytes, HASH_SIZE);
    fields_need(f, 6);
    d.name = cbor_take_text(f->r, 1, DOCUMENT_NAME_MAX);
    fields_need(f, 7);
    cbor_take_fixed(f->r, d.hash.bytes, HASH_SIZE);
    fields_need(f, 8);
    d.size = cbor_take_uint(f->r);
    if (fields_has(f, 9))
        d.media = cbor_take_text(f->r, 1, DOCUMENT_MEDIA_MAX);
    d.has_assets = fields_has(f, 10);
    if (d.has_assets)
        d.assets = asset_set_take(f->r);
    *ret_document = d;
}

size_t document_pairs(const struct document *d)
{
    return 4 + (size_t)(d->media.len > 0) + (size_t)d->has_assets;
}

void document_put(struct buf *out, const struct document *d)
{
    cbor_put_int(out, 5);
    cbor_put_bytes(out, hash_slice(&d->opening));
    cbor_put_int(out, 6);
    cbor_put_text(out, d->name);
    cbor_put_int(out, 7);
    cbor_put_bytes(out, hash_slice(&d->hash));
    cbor_put_int(out, 8);
    cbor_put_uint(out, d->size);
    if (d->media.len > 0) {
        cbor_put_int(out, 9);
        cbor_put_text(out, d->media);
    }
    if (d->has_assets) {
        cbor_put_int(out, 10);
        asset_set_put(out, &d->assets);
    }
}
