#include "node/rules_version.h"

#include "common/constitution.h"
#include "common/header.h"

uint64_t rules_next_version(const struct state_view *view)
{
    struct state_key key = state_key_plain(TABLE_CONSTITUTION);
    struct buf value = buf_heap(CONSTITUTION_SIZE_MAX);
    struct constitution c;
    uint64_t rules = RULES_VERSION;
    if (view->get(view->ctx, state_key_slice(&key), &value))
        rules = !value.failed && constitution_decode(buf_slice(&value), &c, NULL) ? c.rules : 0;
    else if (value.failed)
        rules = 0;
    buf_free(&value);
    return rules;
}

bool rules_next_has_effects(const struct state_view *view, uint64_t height)
{
    struct state_key key = state_key_effects(height);
    struct buf value = buf_heap(STATE_KEY_MAX + HASH_SIZE * 128);
    bool there = view->get(view->ctx, state_key_slice(&key), &value);
    buf_free(&value);
    return there;
}
