/* A block that begins with a recovery: other authorities go on from its parent, and that stands here for ever. */
#include "node/execution.h"

#include "common/recovery.h"
#include "common/state_govern.h"
#include "common/state_key.h"
#include "common/state_value.h"

#include <string.h>

#define SET_ROOM (AUTHORITY_SET_SIZE_MAX + 16)

static void store_key(struct execution *x, const struct recovery *r, const struct authority *a)
{
    static const uint8_t no_rights[] = { 0x80 };
    struct state_key key = state_key_kid(TABLE_KEY, &a->kid);
    struct state_key_record record = { .member = a->member,
                                       .class = CLASS_AUTHORITY,
                                       .rights = slice_of(no_rights, sizeof no_rights),
                                       .enrolled_by = r->hash };
    memcpy(record.pub, a->pub, PUB_SIZE);
    state_key_record_put(execution_value(x), &record);
    execution_store(x, &key);
}

static void store_nodes(struct execution *x, struct recovery r)
{
    for (size_t i = 0; i < r.set.count; i++) {
        struct recovery_node node;
        struct enrol_request e;
        recovery_next_node(&r, &node);
        if (!enrol_request_parse(node.request, &e, NULL))
            continue; /* recovery_decode() has parsed it */
        struct kid kid = key_kid(e.pub);
        struct state_key key = state_key_kid(TABLE_NODE, &kid);
        node_record_put(execution_value(x), &node.record);
        execution_store(x, &key);
    }
}

static void store_sets(struct execution *x, const struct recovery *r)
{
    uint8_t memory[SET_ROOM];
    struct buf set = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_plain(TABLE_SETS);
    authority_set_put(&set, &r->set);
    state_sets_put(execution_value(x), buf_slice(&set), buf_slice(&set));
    execution_store(x, &key);
}

/* [42]: the heights of all such blocks, so that they are found. */
static void store_itself(struct execution *x, const struct recovery *r)
{
    struct state_key list = state_key_plain(TABLE_RECOVERY);
    struct state_key key = state_key_recovery(x->context.height);
    uint64_t heights[RECOVERY_TIMES_MAX];
    struct slice value;
    size_t count = 0;
    if (execution_get(x, &list, &value))
        count = recovery_take_heights(value, heights);
    if (count < RECOVERY_TIMES_MAX)
        heights[count++] = x->context.height;
    recovery_put_heights(execution_value(x), heights, count);
    execution_store(x, &list);
    buf_add_slice(execution_value(x), r->bytes);
    execution_store(x, &key);
}

void rules_recover(struct execution *x)
{
    struct recovery r;
    if (x->context.recovery.len == 0 || !recovery_decode(x->context.recovery, &r, NULL))
        return;
    for (size_t i = 0; i < r.set.count; i++)
        store_key(x, &r, &r.set.at[i]);
    store_nodes(x, r);
    store_sets(x, &r);
    store_itself(x, &r);
}
