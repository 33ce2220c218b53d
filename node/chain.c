#include "node/chain.h"

#include <inttypes.h>

#include "common/state_value.h"

static bool view_get(void *ctx, struct slice key, struct buf *value)
{
    struct chain *c = ctx;
    return c->get(c->get_ctx, key, value);
}

static size_t view_due(void *ctx, uint64_t time_ms, struct state_key *ret_keys, size_t max)
{
    struct chain *c = ctx;
    return timers_due(c->timers, time_ms, ret_keys, max);
}

bool chain_init(struct chain *c, bool (*get)(void *ctx, struct slice key, struct buf *value),
                void *ctx)
{
    *c = (struct chain){ .get = get, .get_ctx = ctx };
    c->state = state_tree_new();
    c->timers = timers_new();
    c->view = (struct state_view){ .ctx = c, .get = view_get, .due = view_due };
    merkle_frontier_begin(&c->tree);
    if (c->state != NULL && c->timers != NULL)
        return true;
    chain_free(c);
    return false;
}

void chain_free(struct chain *c)
{
    state_tree_free(c->state);
    timers_free(c->timers);
    c->state = NULL;
    c->timers = NULL;
}

bool chain_load_entry(struct chain *c, const struct hash *key_hash, struct slice key,
                      struct slice value)
{
    struct hash value_hash = crypto_sha256(value);
    return state_tree_set(c->state, key_hash, &value_hash) && timers_apply(c->timers, key, true);
}

/* The peaks of a tree of `size` leaves are its complete subtrees, one a bit of size. */
static bool load_peaks(struct merkle_frontier *f, uint64_t size, merkle_fetch fetch, void *source)
{
    uint64_t start = 0;
    size_t n = 0;
    for (unsigned level = MERKLE_LEVELS; level-- > 0;) {
        if ((size >> level & 1) == 0)
            continue;
        if (!fetch(source, level, start >> level, &f->peaks[n++]))
            return false;
        start += UINT64_C(1) << level;
    }
    f->size = size;
    return true;
}

static bool load_set(struct chain *c, struct err *err)
{
    struct buf value = buf_heap(2 * AUTHORITY_SET_SIZE_MAX + 64);
    struct state_key key = state_key_plain(TABLE_SETS);
    struct slice set, next;
    bool ok = c->get(c->get_ctx, state_key_slice(&key), &value) &&
              state_sets_take(buf_slice(&value), &set, &next) &&
              authority_set_decode(set, &c->set, err);
    buf_free(&value);
    struct hash hash = authority_set_hash(&c->set);
    return (ok && hash_equal(&hash, &c->head.set)) ||
           err_set(err, ERR_PROOF, "block %llu: the stored authority set is not the header's",
                   (unsigned long long)c->head.height);
}

bool chain_load_head(struct chain *c, const struct header *head, merkle_fetch fetch, void *source,
                     struct err *err)
{
    if (head->height > 0 && head->rules != RULES_VERSION)
        return err_set(err, ERR_INPUT,
                       "the newest block was made under rules %" PRIu64 "; this program knows %d",
                       head->rules, RULES_VERSION);
    unsigned long long height = head->height;
    c->head = *head;
    c->head_hash = header_hash(head);
    if (!load_peaks(&c->tree, head->size, fetch, source))
        return err_set(err, ERR_IO, "block %llu: the statement tree can't be read", height);
    struct hash tree = merkle_frontier_root(&c->tree), state = state_tree_root(c->state);
    if (!hash_equal(&tree, &head->tree))
        return err_set(err, ERR_PROOF,
                       "block %llu: the stored tree does not have the header's root", height);
    if (!hash_equal(&state, &head->state))
        return err_set(err, ERR_PROOF,
                       "block %llu: the stored state does not have the header's root", height);
    return load_set(c, err);
}

struct execute_context chain_next(const struct chain *c, uint64_t time_ms)
{
    uint64_t least = c->head.time_ms + 1;
    return (struct execute_context){ .ledger = c->head.ledger,
                                     .rules = RULES_VERSION,
                                     .height = c->head.height + 1,
                                     .time_ms = time_ms > least ? time_ms : least,
                                     .parent_hash = c->head_hash };
}

static bool apply_writes(struct chain *c, const struct execute_result *result)
{
    for (size_t i = 0; i < result->write_count; i++) {
        const struct state_write *w = &result->writes[i];
        struct hash value = crypto_sha256(w->value);
        if (!state_tree_set(c->state, &result->write_key_hashes[i],
                            w->value.len > 0 ? &value : NULL) ||
            !timers_apply(c->timers, w->key, w->value.len > 0))
            return false;
    }
    return true;
}

bool chain_apply(struct chain *c, const struct execute_context *context,
                 const struct chain_block *block, const struct execute_result *result,
                 struct header *ret_header)
{
    if (!apply_writes(c, result))
        return false;
    for (size_t i = 0; i < block->statement_count; i++) {
        struct hash leaf = merkle_leaf(hash_slice(&block->statement_hashes[i]));
        merkle_frontier_add(&c->tree, &leaf);
    }
    struct header h = c->head;
    h.rules = RULES_VERSION;
    h.height = context->height;
    h.prev = context->parent_hash;
    h.time_ms = context->time_ms;
    h.proposer = block->proposer;
    h.size = c->tree.size;
    h.tree = merkle_frontier_root(&c->tree);
    h.outcomes = result->outcomes_root;
    h.state = state_tree_root(c->state);
    h.set = c->head.next;
    h.next = c->head.next;
    c->head = h;
    c->head_hash = header_hash(&h);
    *ret_header = h;
    return true;
}
