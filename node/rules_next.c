#include "node/rules_next.h"

#include "common/state_govern.h"

bool rules_next_has_effects(const struct state_view *view, uint64_t height)
{
    struct state_key key = state_key_effects(height);
    struct buf value = buf_heap(16 + STATE_HASHES_MAX * (HASH_SIZE + 8));
    bool there = view->get(view->ctx, state_key_slice(&key), &value);
    buf_free(&value);
    return there;
}
