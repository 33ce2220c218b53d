/* Disputes: a signed objection that stands beside an earlier statement and changes nothing. */
#include "node/goods.h"

enum refusal rules_dispute(struct execution *x, const struct speaker *by)
{
    const struct dispute *d = &by->st->as.dispute;
    struct asset_iter it = asset_set_begin(&d->assets);
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    while (asset_set_next(&it)) {
        struct state_asset a;
        enum refusal code = goods_load(x, slice_of(it.name, it.name_len), &a);
        if (code != ACCEPTED) {
            execution_explain(x, "%s", it.name);
            return code;
        }
    }
    struct buf *data = execution_emit(x, EVENT_DISPUTED, d->assets.raw, by->st->link.time_ms, 2);
    cbor_put_bytes(data, hash_slice(&d->statement));
    kid_put(data, &by->key.member);
    return ACCEPTED;
}
