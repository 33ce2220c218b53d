#include "common/scan.h"

#include "common/commission.h"
#include "common/custody.h"

void scan_take(struct fields *f, struct scan *ret_scan)
{
    struct scan s = { .place = { NULL, 0 } };
    fields_need(f, 5);
    s.assets = asset_set_take(f->r);
    if (fields_has(f, 6))
        s.place = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    if (fields_has(f, 7))
        s.note = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    s.in_custody = fields_has(f, 8);
    if (s.in_custody && !cbor_take_bool(f->r))
        cbor_fail(f->r);
    *ret_scan = s;
}

size_t scan_pairs(const struct scan *s)
{
    return 1 + (size_t)(s->place.len > 0) + (size_t)(s->note.len > 0) + (size_t)s->in_custody;
}

void scan_put(struct buf *out, const struct scan *s)
{
    cbor_put_int(out, 5);
    asset_set_put(out, &s->assets);
    if (s->place.len > 0) {
        cbor_put_int(out, 6);
        cbor_put_text(out, s->place);
    }
    if (s->note.len > 0) {
        cbor_put_int(out, 7);
        cbor_put_text(out, s->note);
    }
    if (s->in_custody) {
        cbor_put_int(out, 8);
        cbor_put_bool(out, true);
    }
}
