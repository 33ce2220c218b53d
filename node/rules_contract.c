/* Agreement to a contract: of all parties it comes into force, of too few in time it lapses. */
#include "node/rules_parts.h"

#include <string.h>

size_t rules_member_parties(struct execution *x, struct slice parties,
                            struct kid ret_members[OPEN_PARTIES_MAX])
{
    struct cbor_reader r = cbor_reader(parties);
    size_t n = 0;
    for (size_t left = cbor_take_map(&r); left > 0; left--) {
        (void)cbor_take_item(&r);
        struct kid kid = kid_take(&r);
        if (!r.failed && n < OPEN_PARTIES_MAX && !rules_names_kid(ret_members, n, &kid) &&
            execution_member_active(x, &kid))
            ret_members[n++] = kid;
    }
    return n;
}

bool rules_names_kid(const struct kid *list, size_t n, const struct kid *kid)
{
    for (size_t i = 0; i < n; i++)
        if (kid_equal(&list[i], kid))
            return true;
    return false;
}

static bool load_waiting(struct execution *x, const struct hash *opening,
                         struct state_instance *ret_instance, struct kept_opening *ret_opening)
{
    struct state_key key = state_key_hash(TABLE_OPENING, opening);
    struct slice value;
    return instance_load(x, opening, ret_instance) && execution_get(x, &key, &value) &&
           kept_opening_take(value, ret_opening);
}

static void lapse(struct execution *x, const struct hash *opening, struct state_instance *v,
                  uint64_t time_ms)
{
    v->status = INSTANCE_LAPSED;
    instance_store(x, opening, v);
    (void)execution_emit(x, EVENT_LAPSED, execution_subject_bytes(x, hash_slice(opening)), time_ms,
                         0);
}

static enum refusal check_agree(struct execution *x, const struct speaker *by,
                                struct state_instance *v, struct kept_opening *o,
                                size_t *ret_needed)
{
    struct kid members[OPEN_PARTIES_MAX];
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (!load_waiting(x, &by->st->as.agree.opening, v, o))
        return REFUSED_UNKNOWN_CONTRACT;
    *ret_needed = rules_member_parties(x, o->parties, members);
    if (!rules_names_kid(members, *ret_needed, &by->key.member))
        return REFUSED_NOT_A_PARTY;
    if (v->status == INSTANCE_LAPSED ||
        (v->status == INSTANCE_WAITING && o->expires_ms <= x->context.time_ms))
        return REFUSED_EXPIRED;
    if (v->status != INSTANCE_WAITING ||
        rules_names_kid(v->agreed, v->agreed_count, &by->key.member))
        return REFUSED_AGREED_ALREADY;
    return execution_step(x, EXECUTION_LOOK_STEPS * o->assets.count) ? ACCEPTED : REFUSED_STEPS;
}

enum refusal rules_agree(struct execution *x, const struct speaker *by)
{
    const struct hash *opening = &by->st->as.agree.opening;
    struct state_instance v;
    struct kept_opening o;
    size_t needed = 0;
    enum refusal code = check_agree(x, by, &v, &o, &needed);
    if (code != ACCEPTED)
        return code;
    struct state_key timer =
        state_key_timer(o.expires_ms, TIMER_OPENING_LAPSES, hash_slice(opening));
    if (by->st->as.agree.declines) {
        overlay_remove(x->overlay, state_key_slice(&timer));
        lapse(x, opening, &v, by->st->link.time_ms);
        return ACCEPTED;
    }
    v.agreed[v.agreed_count++] = by->key.member;
    kid_put(execution_emit(x, EVENT_AGREED, execution_subject_bytes(x, hash_slice(opening)),
                           by->st->link.time_ms, 1),
            &by->key.member);
    bool complete = v.agreed_count >= needed;
    v.status = complete ? INSTANCE_IN_FORCE : INSTANCE_WAITING;
    instance_store(x, opening, &v);
    if (!complete)
        return ACCEPTED;
    overlay_remove(x->overlay, state_key_slice(&timer));
    const struct contract_bound *c = contract_cache_find(x, opening);
    return c == NULL ? REFUSED_UNKNOWN_CONTRACT : rules_enter_force(x, c, by->st->link.time_ms);
}

void rules_timer_opening(struct execution *x, struct slice id)
{
    struct hash opening;
    struct state_instance v;
    struct kept_opening o;
    if (id.len != HASH_SIZE)
        return;
    memcpy(opening.bytes, id.data, HASH_SIZE);
    if (load_waiting(x, &opening, &v, &o) && v.status == INSTANCE_WAITING)
        lapse(x, &opening, &v, x->context.time_ms);
}
