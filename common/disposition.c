#include "common/disposition.h"

#include "common/commission.h"
#include "common/custody.h"

void disposition_take(struct fields *f, struct disposition *ret_disposition)
{
    struct disposition d = { .action = DISPOSITION_QUARANTINE };
    fields_need(f, 5);
    d.assets = asset_set_take(f->r);
    fields_need(f, 6);
    d.action = (enum disposition_action)cbor_take_uint_max(f->r, DISPOSITION_DESTROY);
    if (fields_has(f, 7))
        d.meaning = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 8))
        d.reason = cbor_take_text(f->r, 1, NAME_MAX_BYTES);
    if (fields_has(f, 9))
        d.place = cbor_take_text(f->r, GLN_SIZE, GLN_SIZE);
    *ret_disposition = d;
}

size_t disposition_pairs(const struct disposition *d)
{
    return 2 + (size_t)(d->meaning.len > 0) + (size_t)(d->reason.len > 0) +
           (size_t)(d->place.len > 0);
}

static void put_text(struct buf *out, int key, struct slice text)
{
    if (text.len == 0)
        return;
    cbor_put_int(out, key);
    cbor_put_text(out, text);
}

void disposition_put(struct buf *out, const struct disposition *d)
{
    cbor_put_int(out, 5);
    asset_set_put(out, &d->assets);
    cbor_put_int(out, 6);
    cbor_put_uint(out, d->action);
    put_text(out, 7, d->meaning);
    put_text(out, 8, d->reason);
    put_text(out, 9, d->place);
}

const char *disposition_action_name(enum disposition_action action)
{
    switch (action) {
    case DISPOSITION_QUARANTINE: return "quarantine";
    case DISPOSITION_RELEASE: return "release";
    case DISPOSITION_REJECT: return "reject";
    case DISPOSITION_RETURN: return "return";
    case DISPOSITION_RECALL: return "recall";
    case DISPOSITION_END_RECALL: return "end recall";
    case DISPOSITION_DECOMMISSION: return "decommission";
    case DISPOSITION_DISPENSE: return "dispense";
    case DISPOSITION_DESTROY: return "destroy";
    }
    return "unknown";
}
