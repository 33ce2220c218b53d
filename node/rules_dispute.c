/* Disputes: a signed objection that stands beside an earlier statement and changes nothing. */
#include "node/execution.h"

enum refusal rules_dispute(struct execution *x, const struct speaker *by)
{
    const struct dispute *d = &by->st->as.dispute;
    struct asset_iter it = asset_set_begin(&d->assets);
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    while (asset_set_next(&it)) {
        struct state_asset a;
        if (!execution_step(x, EXECUTION_LOOK_STEPS))
            return REFUSED_STEPS;
        if (!execution_asset(x, slice_of(it.name, it.name_len), &a) || !state_asset_is_made(&a)) {
            execution_explain(x, "%s", it.name);
            return REFUSED_UNKNOWN_ASSET;
        }
    }
    struct buf *data = execution_emit(x, EVENT_DISPUTED, d->assets.raw, by->st->link.time_ms, 2);
    cbor_put_bytes(data, hash_slice(&d->statement));
    kid_put(data, &by->key.member);
    return ACCEPTED;
}
