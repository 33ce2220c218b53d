#include "tests/support/node_kit.h"

#include "common/genesis.h"
#include "common/state_value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define OUTCOMES_MAX (64u * 1024 * 1024)

/* ------------------------------------------------------------------ opening */

static bool read_state(void *ctx, struct slice key, struct buf *value)
{
    return store_state_get(ctx, key, value, NULL);
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    return chain_load_entry(ctx, key_hash, key, value);
}

static bool load(struct store *s, struct chain *c, struct err *err)
{
    struct header head;
    struct buf seals = buf_heap(1 << 20);
    bool good = store_head(s, &head, &seals, err) && store_state_each(s, load_entry, c, err) &&
                chain_load_head(c, &head, store_tree_fetch, s, err);
    struct final f = { .header = head, .seals = buf_slice(&seals) };
    good = good && (head.height == 0 || final_verify(&f, &c->set, err));
    buf_free(&seals);
    return good;
}

bool node_kit_open(struct node_kit *k, const char *dir, const char *base_vfs,
                   const struct key_pair *authority, struct err *err)
{
    struct node_core_options options = { .authority = *authority };
    *k = (struct node_kit){ .steady_ms = 1 };
    if (!store_open_over(dir, STORE_WRITE, base_vfs, &k->store, err))
        return false;
    k->chain_there = chain_init(&k->chain, read_state, k->store);
    if (!k->chain_there || !load(k->store, &k->chain, err))
        return false;
    k->clock_ms = k->chain.head.time_ms;
    k->core = node_core_new(&options, &k->chain, err);
    return k->core != NULL;
}

void node_kit_close(struct node_kit *k)
{
    node_core_free(k->core);
    if (k->chain_there)
        chain_free(&k->chain);
    store_close(k->store);
    *k = (struct node_kit){ .store = NULL };
}

/* ------------------------------------------------------------------ running */

enum pool_answer node_kit_add(struct node_kit *k, struct slice statement)
{
    struct parcel *p = malloc(sizeof *p + statement.len);
    assert(p != NULL);
    p->len = statement.len;
    p->from_peer = false;
    p->arrived_ms = k->steady_ms;
    memcpy(p->bytes, statement.data, statement.len);
    bool good = statement_decode(slice_of(p->bytes, p->len), &p->st, NULL);
    assert(good);
    enum pool_answer answer = node_core_add(k->core, p);
    if (answer != POOL_TAKEN)
        free(p);
    return answer;
}

static bool perform(struct node_kit *k, const struct node_action *a, struct node_time now,
                    struct err *err)
{
    switch (a->kind) {
    case NODE_PERSIST:
        return store_put_vote(k->store, a->vote, a->body.len > 0 ? &a->block : NULL, a->body, err);
    case NODE_STORE:
        if (!store_commit(k->store, &a->commit, err))
            return false;
        node_core_stored(k->core, now);
        return true;
    case NODE_ALARM: return err_set(err, ERR_PROOF, "alarm %d", (int)a->alarm);
    case NODE_SEND:
    case NODE_RELAY:
    case NODE_FETCH:
    case NODE_CATCH_UP:
    case NODE_REFUSED:
    case NODE_EVIDENCE: return true;
    }
    return true;
}

bool node_kit_step(struct node_kit *k, struct err *err)
{
    struct node_action action;
    k->clock_ms += 1000;
    k->steady_ms += 1000;
    struct node_time now = { k->clock_ms, k->steady_ms };
    node_core_tick(k->core, now);
    while (node_core_next(k->core, &action))
        if (!perform(k, &action, now, err))
            return false;
    assert(!node_core_failed(k->core));
    return true;
}

bool node_kit_holds(struct store *s, struct slice statement)
{
    struct hash hash = crypto_sha256(statement);
    struct buf bytes = buf_heap(STATEMENT_MAX);
    uint64_t leaf;
    bool there = store_find_statement(s, &hash, &leaf, NULL) &&
                 store_statement(s, leaf, &bytes, NULL) &&
                 slice_equal(buf_slice(&bytes), statement);
    buf_free(&bytes);
    return there;
}

/* ------------------------------------------------------------------ auditing */

struct audit {
    struct store *store;
    struct authority_set set;
    struct header head;
    struct merkle_frontier tree;
    struct hash *seen;
    size_t seen_count, seen_cap;
    struct buf block, seals, outcomes;
};

static bool note(struct audit *a, const struct hash *statement)
{
    if (a->seen_count == a->seen_cap) {
        a->seen_cap = a->seen_cap == 0 ? 1024 : 2 * a->seen_cap;
        a->seen = realloc(a->seen, a->seen_cap * sizeof a->seen[0]);
        assert(a->seen != NULL);
    }
    a->seen[a->seen_count++] = *statement;
    struct hash leaf = merkle_leaf(hash_slice(statement));
    merkle_frontier_add(&a->tree, &leaf);
    return true;
}

static struct hash outcomes_root(struct slice outcomes)
{
    struct merkle_frontier f;
    struct cbor_reader r = cbor_reader(outcomes);
    merkle_frontier_begin(&f);
    for (size_t n = cbor_take_array(&r); n > 0; n--) {
        struct hash leaf = merkle_leaf(cbor_take_bytes(&r, 1, outcomes.len));
        merkle_frontier_add(&f, &leaf);
    }
    return merkle_frontier_root(&f);
}

static bool audit_block(struct audit *a, uint64_t height, struct err *err)
{
    struct block b;
    struct hash prev = header_hash(&a->head);
    unsigned long long h = height;
    buf_clear(&a->block);
    buf_clear(&a->seals);
    buf_clear(&a->outcomes);
    if (!store_block(a->store, height, &a->block, &a->seals, &a->outcomes, err) ||
        !block_decode(buf_slice(&a->block), &b, err))
        return err_wrap(err, "block %llu", h);
    if (b.header.height != height || !hash_equal(&b.header.prev, &prev))
        return err_set(err, ERR_PROOF, "block %llu does not follow its parent", h);
    for (size_t i = 0; i < b.count; i++) {
        struct hash hash = crypto_sha256(block_next(&b));
        (void)note(a, &hash);
    }
    struct hash tree = merkle_frontier_root(&a->tree);
    struct hash outcomes = outcomes_root(buf_slice(&a->outcomes));
    if (!hash_equal(&tree, &b.header.tree) || a->tree.size != b.header.size)
        return err_set(err, ERR_PROOF, "block %llu: another tree root", h);
    if (!hash_equal(&outcomes, &b.header.outcomes))
        return err_set(err, ERR_PROOF, "block %llu: another outcomes root", h);
    struct final f = { .header = b.header, .seals = buf_slice(&a->seals) };
    a->head = b.header;
    return final_verify(&f, &a->set, err);
}

static int by_hash(const void *x, const void *y)
{
    return memcmp(x, y, HASH_SIZE);
}

static bool no_repeats(struct audit *a, struct err *err)
{
    if (a->seen_count > 0)
        qsort(a->seen, a->seen_count, sizeof a->seen[0], by_hash);
    for (size_t i = 1; i < a->seen_count; i++)
        if (hash_equal(&a->seen[i - 1], &a->seen[i]))
            return err_set(err, ERR_PROOF, "a statement is there twice");
    return true;
}

static bool audit_all(struct audit *a, struct err *err)
{
    struct chain chain;
    struct genesis g;
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX);
    uint64_t height = 0;
    bool there = chain_init(&chain, read_state, a->store);
    bool good = there && load(a->store, &chain, err) && store_genesis(a->store, &genesis, err) &&
                genesis_decode(buf_slice(&genesis), &g, err) &&
                store_height(a->store, &height, err);
    if (good) {
        a->set = chain.set;
        a->head = g.header;
    }
    for (uint64_t h = 1; good && h <= height; h++)
        good = audit_block(a, h, err);
    if (there)
        chain_free(&chain);
    buf_free(&genesis);
    return good && no_repeats(a, err);
}

bool node_kit_audit(const char *dir, const char *base_vfs, uint64_t *ret_leaves, struct err *err)
{
    struct audit a = { .block = buf_heap(BLOCK_SIZE_MAX),
                       .seals = buf_heap(1 << 20),
                       .outcomes = buf_heap(OUTCOMES_MAX) };
    merkle_frontier_begin(&a.tree);
    bool good = store_open_over(dir, STORE_READ, base_vfs, &a.store, err) && audit_all(&a, err);
    *ret_leaves = a.tree.size;
    store_close(a.store);
    free(a.seen);
    buf_free(&a.block);
    buf_free(&a.seals);
    buf_free(&a.outcomes);
    return good;
}
