/* Devices are attached to assets, and detached; what they were attached to before is kept for late readings. */
#include "node/execution.h"

#include <string.h>

#define PAST_FROM_RULES 3 /* version of the rules from which past attachments are kept */

static bool own_device(struct execution *x, const struct speaker *by, const struct kid *device)
{
    struct state_key key = state_key_kid(TABLE_KEY, device);
    struct slice value;
    struct state_key_record record;
    return execution_get(x, &key, &value) && state_key_record_take(value, &record) &&
           record.class == CLASS_DEVICE && kid_equal(&record.member, &by->key.member);
}

static void load_past(struct execution *x, const struct kid *device, struct state_attachments *ret)
{
    struct state_key key = state_key_kid(TABLE_ATTACHED_BEFORE, device);
    struct slice value;
    if (!execution_get(x, &key, &value) || !state_attachments_take(value, ret))
        ret->count = 0;
}

/* The oldest makes room. */
static void keep_past(struct execution *x, const struct kid *device,
                      const struct state_past_attachment *over)
{
    struct state_key key = state_key_kid(TABLE_ATTACHED_BEFORE, device);
    struct state_attachments past;
    if (x->context.rules < PAST_FROM_RULES || over->to_ms <= over->from_ms)
        return;
    load_past(x, device, &past);
    if (past.count == STATE_ATTACHMENTS_MAX)
        memmove(&past.items[0], &past.items[1], --past.count * sizeof past.items[0]);
    past.items[past.count++] = *over;
    state_attachments_put(execution_value(x), &past);
    execution_store(x, &key);
}

/* A device speaks for one asset at a time, whatever the times that were signed. */
static uint64_t begin_of(struct execution *x, const struct kid *device, uint64_t time_ms)
{
    struct state_attachments past;
    load_past(x, device, &past);
    uint64_t free_ms = past.count > 0 ? past.items[past.count - 1].to_ms : 0;
    return time_ms > free_ms ? time_ms : free_ms;
}

static enum refusal detach(struct execution *x, const struct attach *a, const struct state_key *key,
                           uint64_t time_ms)
{
    struct slice value;
    struct state_attachment now;
    if (!execution_get(x, key, &value) || !state_attachment_take(value, &now) ||
        !slice_equal(now.asset, a->asset))
        return REFUSED_ATTACHED_ELSEWHERE;
    const struct state_past_attachment over = { a->asset, now.since_ms, time_ms };
    keep_past(x, &a->device, &over);
    overlay_remove(x->overlay, state_key_slice(key));
    return ACCEPTED;
}

static enum refusal attach(struct execution *x, const struct attach *a, const struct state_key *key,
                           uint64_t time_ms)
{
    struct slice value;
    struct state_attachment v = { a->asset, begin_of(x, &a->device, time_ms) };
    if (execution_get(x, key, &value))
        return REFUSED_ATTACHED_ELSEWHERE;
    state_attachment_put(execution_value(x), &v);
    execution_store(x, key);
    return ACCEPTED;
}

enum refusal rules_attach(struct execution *x, const struct speaker *by)
{
    const struct attach *a = &by->st->as.attach;
    struct state_key key = state_key_kid(TABLE_ATTACHMENT, &a->device);
    struct state_asset asset;
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (!own_device(x, by, &a->device))
        return REFUSED_NOT_YOUR_KEY;
    if (!execution_asset(x, a->asset, &asset) || !state_asset_is_made(&asset))
        return REFUSED_UNKNOWN_ASSET;
    uint64_t time_ms = by->st->link.time_ms;
    enum refusal code = a->detach ? detach(x, a, &key, time_ms) : attach(x, a, &key, time_ms);
    if (code == ACCEPTED)
        kid_put(execution_emit(x, a->detach ? EVENT_DETACHED : EVENT_ATTACHED,
                               execution_subject_asset(x, a->asset), by->st->link.time_ms, 1),
                &a->device);
    return code;
}
