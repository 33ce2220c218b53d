#include "common/product.h"

#include "common/custody.h"

void product_take(struct fields *f, struct product *ret_product)
{
    struct product p = { .gtin = { NULL, 0 } };
    fields_need(f, 5);
    p.gtin = cbor_take_text(f->r, GTIN_SIZE, GTIN_SIZE);
    fields_need(f, 6);
    p.name = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 7))
        p.brand = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 8))
        p.unit = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 9))
        p.image = cbor_take_bytes(f->r, HASH_SIZE, HASH_SIZE);
    *ret_product = p;
}

size_t product_pairs(const struct product *p)
{
    return 2 + (size_t)(p->brand.len > 0) + (size_t)(p->unit.len > 0) + (size_t)(p->image.len > 0);
}

void product_put(struct buf *out, const struct product *p)
{
    cbor_put_int(out, 5);
    cbor_put_text(out, p->gtin);
    cbor_put_int(out, 6);
    cbor_put_text(out, p->name);
    if (p->brand.len > 0) {
        cbor_put_int(out, 7);
        cbor_put_text(out, p->brand);
    }
    if (p->unit.len > 0) {
        cbor_put_int(out, 8);
        cbor_put_text(out, p->unit);
    }
    if (p->image.len > 0) {
        cbor_put_int(out, 9);
        cbor_put_bytes(out, p->image);
    }
}
