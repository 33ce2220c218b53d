/* Government at the beginning of a block: the set that was the next one is in force, and what was voted
 * for this height is done. */
#include "node/rules_govern.h"

#include <string.h>

/* [5] becomes [next, next] in the block after a change. */
static void enter_set(struct execution *x)
{
    struct state_key key = state_key_plain(TABLE_SETS);
    struct slice value, now, next;
    if (!execution_get(x, &key, &value) || !state_sets_take(value, &now, &next) ||
        slice_equal(now, next))
        return;
    state_sets_put(execution_value(x), next, next);
    execution_store(x, &key);
}

size_t rules_govern_due(struct execution *x, struct hash *ret_hashes)
{
    struct state_key key = state_key_effects(x->context.height);
    struct state_hashes at;
    struct slice value;
    if (x->context.rules < EXECUTE_RULES_GOVERN)
        return 0;
    enter_set(x);
    if (!execution_get(x, &key, &value) || !state_hashes_take(value, &at))
        return 0;
    overlay_remove(x->overlay, state_key_slice(&key));
    memcpy(ret_hashes, at.at, at.count * sizeof at.at[0]);
    return at.count;
}

/* One change of the set a block: it waits for the next height. False: no height has room for it. */
static bool put_off(struct execution *x, const struct hash *hash, struct state_proposal *v)
{
    uint64_t height = x->context.height + 1;
    if (!govern_schedule(x, hash, &height))
        return false;
    v->height = height;
    govern_store_proposal(x, hash, v);
    struct slice subject = execution_subject_bytes(x, hash_slice(hash));
    cbor_put_uint(execution_emit(x, EVENT_PROPOSAL_PASSED, subject, x->context.time_ms, 1),
                  v->height);
    return true;
}

void rules_govern_effect(struct execution *x, const struct hash *hash)
{
    struct state_proposal v;
    struct proposal_body body;
    struct govern_sets sets;
    if (!govern_proposal(x, hash, &v) || v.status != PROPOSAL_PASSED ||
        !proposal_body_decode(v.action, v.body, &body, NULL))
        return;
    govern_sets(x, &sets);
    bool wait = govern_touches_set(&sets, v.action, &body) && govern_set_changes(&sets);
    if (wait && put_off(x, hash, &v))
        return;
    enum refusal code = wait ? REFUSED_FULL : govern_fits(x, v.action, &body);
    v.status = code == ACCEPTED ? PROPOSAL_APPLIED : PROPOSAL_NOT_APPLIED;
    v.height = x->context.height;
    govern_store_proposal(x, hash, &v);
    if (code == ACCEPTED) {
        govern_apply(x, hash, &v, &body);
        return;
    }
    struct slice subject = execution_subject_bytes(x, hash_slice(hash));
    cbor_put_uint(execution_emit(x, EVENT_NOT_APPLIED, subject, x->context.time_ms, 1), code);
}
