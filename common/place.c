#include "common/place.h"

#include "common/commission.h"
#include "common/custody.h"

#define LAT_MAX 900000000
#define LON_MAX 1800000000

void place_take(struct fields *f, struct place *ret_place)
{
    struct place p = { .has_position = false };
    fields_need(f, 5);
    p.gln = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    fields_need(f, 6);
    p.name = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    p.has_position = fields_has(f, 7);
    if (p.has_position) {
        cbor_take_array_of(f->r, 2);
        p.lat = cbor_take_int_in(f->r, -LAT_MAX, LAT_MAX);
        p.lon = cbor_take_int_in(f->r, -LON_MAX, LON_MAX);
    }
    if (fields_has(f, 8))
        p.zone = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    p.has_member = fields_has(f, 9);
    if (p.has_member)
        p.member = kid_take(f->r);
    *ret_place = p;
}

size_t place_pairs(const struct place *p)
{
    return 2 + (size_t)p->has_position + (size_t)(p->zone.len > 0) + (size_t)p->has_member;
}

void place_put(struct buf *out, const struct place *p)
{
    cbor_put_int(out, 5);
    cbor_put_text(out, p->gln);
    cbor_put_int(out, 6);
    cbor_put_text(out, p->name);
    if (p->has_position) {
        cbor_put_int(out, 7);
        cbor_put_array(out, 2);
        cbor_put_int(out, p->lat);
        cbor_put_int(out, p->lon);
    }
    if (p->zone.len > 0) {
        cbor_put_int(out, 8);
        cbor_put_text(out, p->zone);
    }
    if (p->has_member) {
        cbor_put_int(out, 9);
        kid_put(out, &p->member);
    }
}
