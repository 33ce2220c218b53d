#include "node/chain.h"

#include "common/state_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One key's entry before and after a tried block. */
struct change {
    struct hash key_hash, before, after;
    bool was, is;
};

/* A timer's key that comes or goes with it. */
struct timer_change {
    struct state_key key;
    bool was, is;
};

struct chain_trial {
    bool there;   /* a block was tried and not forgotten */
    bool applied; /* the trees are as after it */
    struct header header;
    struct hash hash;
    struct authority_set next;
    uint64_t rules;
    struct merkle_frontier before, after;
    struct change *changes;
    size_t change_count, change_cap;
    struct timer_change *timers;
    size_t timer_count, timer_cap;
};

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
    c->trial = calloc(1, sizeof *c->trial);
    c->view = (struct state_view){ .ctx = c, .get = view_get, .due = view_due };
    merkle_frontier_begin(&c->tree);
    if (c->state != NULL && c->timers != NULL && c->trial != NULL)
        return true;
    chain_free(c);
    return false;
}

void chain_free(struct chain *c)
{
    state_tree_free(c->state);
    timers_free(c->timers);
    if (c->trial != NULL) {
        free(c->trial->changes);
        free(c->trial->timers);
    }
    free(c->trial);
    c->state = NULL;
    c->timers = NULL;
    c->trial = NULL;
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

/* [5] = [set, next]; false when it can't be read or does not hold what the header says. */
static bool take_sets(struct slice value, const struct header *h, struct authority_set *set,
                      struct authority_set *next, struct err *err)
{
    struct slice raw_set, raw_next;
    if (!state_sets_take(value, &raw_set, &raw_next) || !authority_set_decode(raw_set, set, err) ||
        !authority_set_decode(raw_next, next, err))
        return false;
    struct hash set_hash = crypto_sha256(raw_set), next_hash = crypto_sha256(raw_next);
    return hash_equal(&set_hash, &h->set) && hash_equal(&next_hash, &h->next);
}

static bool load_set(struct chain *c, struct err *err)
{
    struct buf value = buf_heap(2 * AUTHORITY_SET_SIZE_MAX + 64);
    struct state_key key = state_key_plain(TABLE_SETS);
    bool ok = c->get(c->get_ctx, state_key_slice(&key), &value) &&
              take_sets(buf_slice(&value), &c->head, &c->set, &c->next, err);
    buf_free(&value);
    return ok || err_set(err, ERR_PROOF, "block %llu: the stored authority set is not the header's",
                         (unsigned long long)c->head.height);
}

/* {1: rules version, ...}: the rest is read by the rules of governance. 0: it is none. */
static uint64_t constitution_rules(struct slice value)
{
    struct cbor_reader r = cbor_reader(value);
    bool first = cbor_take_map(&r) > 0 && cbor_take_uint(&r) == 1;
    uint64_t rules = cbor_take_uint(&r);
    return first && !r.failed ? rules : 0;
}

static bool load_rules(struct chain *c, struct err *err)
{
    struct buf value = buf_heap(STATE_VALUE_MAX);
    struct state_key key = state_key_plain(TABLE_CONSTITUTION);
    bool there = c->get(c->get_ctx, state_key_slice(&key), &value);
    c->rules = there ? constitution_rules(buf_slice(&value)) : 0;
    bool ok = !value.failed && (!there || c->rules != 0);
    buf_free(&value);
    return ok || err_set(err, ERR_PROOF, "the stored constitution can't be read");
}

bool chain_load_head(struct chain *c, const struct header *head, merkle_fetch fetch, void *source,
                     struct err *err)
{
    if (head->height > 0 && !chain_knows_rules(head->rules))
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
    return load_set(c, err) && load_rules(c, err);
}

bool chain_knows_rules(uint64_t rules)
{
    return rules >= CHAIN_RULES_OLDEST && rules <= RULES_VERSION;
}

/* ------------------------------------------------------------------ recovery */

static bool has_entry(struct chain *c, struct state_key key)
{
    struct hash hash = crypto_sha256(state_key_slice(&key)), value;
    return state_tree_find(c->state, &hash, &value);
}

static bool holds_entry(struct chain *c, struct state_key key, const struct hash *value_hash)
{
    struct hash hash = crypto_sha256(state_key_slice(&key)), value;
    return state_tree_find(c->state, &hash, &value) && hash_equal(&value, value_hash);
}

/* No vote of before can meet one of after: so the new keys have never been on the ledger. */
static bool keys_are_fresh(struct chain *c, const struct recovery *r, struct err *err)
{
    for (size_t i = 0; i < r->set.count; i++) {
        if (has_entry(c, state_key_kid(TABLE_KEY, &r->set.at[i].kid)))
            return err_set(err, ERR_PROOF, "recovery: authority %zu has been on the ledger before",
                           i + 1);
        if (!has_entry(c, state_key_kid(TABLE_MEMBER, &r->set.at[i].member)))
            return err_set(err, ERR_PROOF, "recovery: authority %zu is of no member", i + 1);
    }
    return true;
}

/* The head is at the height it names. */
static bool take_over(struct chain *c, struct err *err)
{
    const struct recovery *r = c->recovery;
    if (!hash_equal(&c->head_hash, &r->tip))
        return err_set(err, ERR_PROOF, "recovery: block %" PRIu64 " here is not the tip it names",
                       r->height);
    if (!recovery_verify(r, &c->next, err) || !keys_are_fresh(c, r, err))
        return false;
    c->next = r->set;
    c->recovers = true;
    return true;
}

bool chain_recover(struct chain *c, const struct recovery *recovery, struct err *err)
{
    if (!hash_equal(&recovery->ledger, &c->head.ledger))
        return err_set(err, ERR_PROOF, "recovery: of another ledger");
    if (c->head.height > recovery->height)
        return holds_entry(c, state_key_recovery(recovery->height + 1), &recovery->hash) ||
               err_set(err, ERR_PROOF, "recovery: the ledger here has gone on without it");
    c->recovery = recovery;
    if (c->head.height < recovery->height || take_over(c, err))
        return true;
    c->recovery = NULL;
    return false;
}

uint64_t chain_next_rules(const struct chain *c)
{
    return c->rules != 0 ? c->rules : RULES_VERSION;
}

struct execute_context chain_next(const struct chain *c, uint64_t time_ms)
{
    uint64_t least = c->head.time_ms + 1;
    return (struct execute_context){ .ledger = c->head.ledger,
                                     .rules = chain_next_rules(c),
                                     .height = c->head.height + 1,
                                     .time_ms = time_ms > least ? time_ms : least,
                                     .parent_hash = c->head_hash,
                                     .recovery = c->recovers ? c->recovery->bytes
                                                             : (struct slice){ NULL, 0 } };
}

/* ------------------------------------------------------------------ trying a block */

static bool room(void **array, size_t *cap, size_t count, size_t size)
{
    if (count <= *cap)
        return true;
    size_t bigger = *cap == 0 ? 64 : *cap;
    while (bigger < count)
        bigger *= 2;
    void *memory = realloc(*array, bigger * size);
    if (memory == NULL)
        return false;
    *array = memory;
    *cap = bigger;
    return true;
}

static bool note_timer(struct chain_trial *t, struct slice key, const struct change *change)
{
    void *timers = t->timers;
    if (state_key_table(key) != TABLE_TIMER || key.len > STATE_KEY_MAX)
        return true;
    if (!room(&timers, &t->timer_cap, t->timer_count + 1, sizeof t->timers[0]))
        return false;
    t->timers = timers;
    struct timer_change *timer = &t->timers[t->timer_count++];
    memcpy(timer->key.bytes, key.data, key.len);
    timer->key.len = key.len;
    timer->was = change->was;
    timer->is = change->is;
    return true;
}

/* What the block writes, and what was there before. */
static bool note_changes(struct chain *c, const struct execute_result *result)
{
    struct chain_trial *t = c->trial;
    void *changes = t->changes;
    if (!room(&changes, &t->change_cap, result->write_count, sizeof t->changes[0]))
        return false;
    t->changes = changes;
    t->change_count = t->timer_count = 0;
    for (size_t i = 0; i < result->write_count; i++) {
        const struct state_write *w = &result->writes[i];
        struct change *change = &t->changes[t->change_count++];
        change->key_hash = result->write_key_hashes[i];
        change->was = state_tree_find(c->state, &change->key_hash, &change->before);
        change->is = w->value.len > 0;
        change->after = crypto_sha256(w->value);
        if (!note_timer(t, w->key, change))
            return false;
    }
    return true;
}

/* Sets, and rules of the block after the next one, as the block leaves them. */
static bool note_governance(struct chain *c, const struct execute_result *result, struct header *h)
{
    struct chain_trial *t = c->trial;
    struct state_key constitution = state_key_plain(TABLE_CONSTITUTION);
    struct state_key sets = state_key_plain(TABLE_SETS);
    struct authority_set set;
    t->next = c->next;
    t->rules = c->rules;
    for (size_t i = 0; i < result->write_count; i++) {
        const struct state_write *w = &result->writes[i];
        if (slice_equal(w->key, state_key_slice(&constitution)))
            t->rules = constitution_rules(w->value);
        if (!slice_equal(w->key, state_key_slice(&sets)))
            continue;
        struct slice raw_set, raw_next;
        if (!state_sets_take(w->value, &raw_set, &raw_next))
            return false;
        h->next = crypto_sha256(raw_next);
        if (!take_sets(w->value, h, &set, &t->next, NULL))
            return false;
    }
    return true;
}

static bool set_all(struct chain *c, bool after)
{
    const struct chain_trial *t = c->trial;
    for (size_t i = 0; i < t->change_count; i++) {
        const struct change *change = &t->changes[i];
        bool there = after ? change->is : change->was;
        const struct hash *value = after ? &change->after : &change->before;
        if (!state_tree_set(c->state, &change->key_hash, there ? value : NULL))
            return false;
    }
    for (size_t i = 0; i < t->timer_count; i++) {
        const struct timer_change *timer = &t->timers[i];
        if (!timers_apply(c->timers, state_key_slice(&timer->key), after ? timer->is : timer->was))
            return false;
    }
    c->tree = after ? t->after : t->before;
    return true;
}

static void fill_header(struct chain *c, const struct execute_context *context,
                        const struct chain_block *block, struct header *h)
{
    *h = c->head;
    h->rules = context->rules;
    h->height = context->height;
    h->prev = context->parent_hash;
    h->time_ms = context->time_ms;
    h->proposer = block->proposer;
    h->set = c->recovers ? authority_set_hash(&c->next) : c->head.next;
    h->next = h->set;
}

bool chain_try(struct chain *c, const struct execute_context *context,
               const struct chain_block *block, const struct execute_result *result,
               struct header *ret_header)
{
    struct chain_trial *t = c->trial;
    struct header *h = &t->header;
    if (!chain_undo(c))
        return false;
    t->there = false;
    fill_header(c, context, block, h);
    if (!note_changes(c, result) || !note_governance(c, result, h))
        return false;
    t->before = t->after = c->tree;
    for (size_t i = 0; i < block->statement_count; i++) {
        struct hash leaf = merkle_leaf(hash_slice(&block->statement_hashes[i]));
        merkle_frontier_add(&t->after, &leaf);
    }
    t->there = t->applied = true;
    if (!set_all(c, true))
        return false;
    h->size = c->tree.size;
    h->tree = merkle_frontier_root(&c->tree);
    h->outcomes = result->outcomes_root;
    h->state = state_tree_root(c->state);
    t->hash = header_hash(h);
    *ret_header = *h;
    return true;
}

const struct merkle_frontier *chain_head_tree(const struct chain *c)
{
    return c->trial->there && c->trial->applied ? &c->trial->before : &c->tree;
}

bool chain_undo(struct chain *c)
{
    struct chain_trial *t = c->trial;
    if (!t->there || !t->applied)
        return true;
    t->applied = false;
    if (!set_all(c, false))
        return false;
    (void)state_tree_root(c->state); /* whoever proves from it now finds it up to date */
    return true;
}

bool chain_keep(struct chain *c)
{
    struct chain_trial *t = c->trial;
    if (!t->there || (!t->applied && !set_all(c, true)))
        return false;
    if (!t->applied)
        (void)state_tree_root(c->state);
    c->head = t->header;
    c->head_hash = t->hash;
    c->set = c->next;
    c->next = t->next;
    c->rules = t->rules;
    c->recovers = false;
    t->there = t->applied = false;
    if (c->recovery != NULL && c->head.height == c->recovery->height && !take_over(c, NULL))
        c->recovery = NULL; /* another tip than the one it names: it is of no chain that was kept */
    return true;
}
