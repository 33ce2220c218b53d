/* Assets come into being. */
#include "node/goods.h"

enum refusal rules_commission(struct execution *x, const struct speaker *by)
{
    const struct commission *c = &by->st->as.commission;
    const struct goods_birth birth = { .assets = &c->assets,
                                       .lot = c->lot,
                                       .has_amount = c->has_amount,
                                       .amount = c->amount,
                                       .custodian = by->key.member,
                                       .owner = by->key.member };
    struct goods_surplus surplus = { .count = 0 };
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    enum refusal code = goods_check_birth(x, by, &birth, true);
    if (code != ACCEPTED)
        return code;
    goods_bear(x, by, &birth, &surplus);
    const struct state_making making = {
        .kind = MAKING_COMMISSION,
        .member = by->key.member,
        .time_ms = by->st->link.time_ms,
        .place = c->place,
        .output_count = 1,
        .outputs = { { .lot = c->lot, .has_expiry = c->has_expiry, .expiry_ms = c->expiry_ms } }
    };
    goods_store_making(x, by, &making);
    kid_put(execution_emit(x, EVENT_COMMISSIONED, c->assets.raw, by->st->link.time_ms, 1),
            &by->key.member);
    goods_tell_surplus(x, by, &surplus);
    return ACCEPTED;
}
