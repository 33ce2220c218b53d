/* Scans: someone had these goods before them. */
#include "node/instance.h"

enum refusal rules_scan(struct execution *x, const struct speaker *by)
{
    const struct scan *s = &by->st->as.scan;
    struct asset_iter it = asset_set_begin(&s->assets);
    if (!execution_speaks_for_member(by) && by->key.class != CLASS_DEVICE)
        return REFUSED_NOT_ALLOWED;
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_step(x, 1))
            return REFUSED_STEPS;
        if (!execution_asset(x, slice_of(it.name, it.name_len), &a)) {
            execution_explain(x, "%s", it.name);
            return REFUSED_UNKNOWN_ASSET;
        }
    }
    struct buf *data = execution_emit(x, EVENT_SCANNED, s->assets.raw, by->st->link.time_ms, 2);
    kid_put(data, &by->st->kid);
    if (s->place.len > 0)
        cbor_put_text(data, s->place);
    else
        cbor_put_null(data);
    struct instance_event e = { .trigger = CONTRACT_ON_SCAN,
                                .time_ms = by->st->link.time_ms,
                                .place = s->place };
    instance_react_set(x, &s->assets, &e);
    return ACCEPTED;
}
