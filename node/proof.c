#include "node/proof.h"

#include "common/bundle.h"
#include "common/genesis.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/read_model.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ identity and finals */

static bool take_set(struct genesis *g, struct authority_set *ret_set, struct err *err)
{
    struct slice key, value, set, next;
    for (size_t i = 0; i < g->entry_count; i++) {
        genesis_next_entry(g, &key, &value);
        if (state_key_table(key) == TABLE_SETS)
            return state_sets_take(value, &set, &next)
                       ? authority_set_decode(set, ret_set, err)
                       : err_set(err, ERR_PROOF, "genesis: its authority set is malformed");
    }
    return err_set(err, ERR_PROOF, "genesis: no authority set");
}

bool proof_identity(struct store *s, struct identity *ret_identity, struct err *err)
{
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    struct genesis g;
    bool good = store_genesis(s, &bytes, err) && genesis_decode(buf_slice(&bytes), &g, err) &&
                take_set(&g, &ret_identity->set, err);
    if (good)
        ret_identity->genesis = g.header;
    buf_free(&bytes);
    return good;
}

bool proof_final(struct store *s, uint64_t height, struct buf *out, struct err *err)
{
    struct buf seals = buf_heap(FINAL_SIZE_MAX);
    struct header header;
    bool good = store_header(s, height, &header, &seals, err);
    if (good && height == 0)
        good = err_set(err, ERR_NOT_FOUND, "the genesis has no seals");
    if (good)
        final_put(out, &header, buf_slice(&seals));
    buf_free(&seals);
    return good && (!out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room"));
}

/* ------------------------------------------------------------------ receipts */

static bool put_receipts(struct store *s, uint64_t leaf, struct slice seals, uint64_t size,
                         struct buf *out, struct err *err)
{
    struct merkle_path path;
    struct buf receipt = buf_heap(RECEIPT_SIZE_MAX);
    bool good = merkle_path_fetch(size, leaf, store_tree_fetch, s, &path) ||
                err_set(err, ERR_PROOF, "the tree's tiles cannot be read");
    struct cbor_reader r = cbor_reader(seals);
    size_t n = cbor_take_array(&r);
    cbor_put_array(out, n);
    for (size_t i = 0; i < n && good; i++) {
        buf_clear(&receipt);
        good = seal_put_receipt(cbor_take_bytes(&r, 1, SEAL_SIZE_MAX), size, leaf, &path, &receipt,
                                err);
        cbor_put_bytes(out, buf_slice(&receipt));
    }
    buf_free(&receipt);
    return good;
}

bool proof_receipts(struct store *s, uint64_t leaf, struct buf *out, struct err *err)
{
    struct store_place place;
    struct header header;
    struct buf seals = buf_heap(FINAL_SIZE_MAX);
    bool good = store_leaf_place(s, leaf, &place, err) &&
                store_header(s, place.height, &header, &seals, err) &&
                put_receipts(s, leaf, buf_slice(&seals), header.size, out, err);
    buf_free(&seals);
    return good;
}

/* ------------------------------------------------------------------ a block's outcomes */

/* The hashes of all complete subtrees, level by level, so that a path costs no hashing of leaves. */
struct outcome_tree {
    struct buf raw; /* the array of byte strings */
    size_t count;
    struct slice *outcomes;
    struct hash *levels[MERKLE_LEVELS];
    size_t depth;
};

static void tree_free(struct outcome_tree *t)
{
    buf_free(&t->raw);
    free(t->outcomes);
    for (size_t i = 0; i < t->depth; i++)
        free(t->levels[i]);
    *t = (struct outcome_tree){ .raw = buf_heap(BUNDLE_SIZE_MAX) };
}

static bool tree_hash(struct outcome_tree *t)
{
    for (size_t n = t->count; n > 0; n /= 2) {
        struct hash *level = calloc(n, sizeof *level);
        if (level == NULL)
            return false;
        for (size_t i = 0; i < n; i++)
            level[i] = t->depth == 0 ? merkle_leaf(t->outcomes[i])
                                     : merkle_node(&t->levels[t->depth - 1][2 * i],
                                                   &t->levels[t->depth - 1][2 * i + 1]);
        t->levels[t->depth++] = level;
    }
    return true;
}

static bool tree_load(struct store *s, uint64_t height, struct outcome_tree *t, struct err *err)
{
    tree_free(t);
    if (!store_block(s, height, NULL, NULL, &t->raw, err))
        return false;
    struct cbor_reader r = cbor_reader(buf_slice(&t->raw));
    t->count = cbor_take_array(&r);
    t->outcomes = calloc(t->count + 1, sizeof *t->outcomes);
    if (t->outcomes == NULL)
        return err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; i < t->count; i++)
        t->outcomes[i] = cbor_take_bytes(&r, 0, SIZE_MAX);
    return tree_hash(t) || err_set(err, ERR_IO, "out of memory");
}

static bool tree_fetch(void *source, unsigned level, uint64_t index, struct hash *ret_hash)
{
    const struct outcome_tree *t = source;
    *ret_hash = t->levels[level][index];
    return true;
}

/* ------------------------------------------------------------------ bundles */

struct maker {
    struct store *s;
    struct outcome_tree tree;
    struct buf parts; /* byte strings */
    size_t part_count;
    uint64_t head; /* events after it are left out */

    /* the part being made */
    uint64_t height;  /* 0: none */
    uint64_t outcome; /* the last one put */
    size_t outcome_count;
    struct buf outcomes;
    struct err *err;
    bool good;
};

static bool end_part(struct maker *m)
{
    struct buf final = buf_heap(FINAL_SIZE_MAX), part = buf_heap(BUNDLE_SIZE_MAX);
    if (m->height == 0)
        return true;
    bool good = proof_final(m->s, m->height, &final, m->err);
    if (good) {
        bundle_part_put_head(&part, buf_slice(&final), m->tree.count, m->outcome_count);
        buf_add_slice(&part, buf_slice(&m->outcomes));
        bundle_put_part(&m->parts, buf_slice(&part));
        m->part_count++;
        good = (!part.failed && !m->parts.failed && m->part_count <= BUNDLE_PARTS_MAX) ||
               err_set(m->err, ERR_BUSY, "more happened to this asset than one bundle holds");
    }
    buf_free(&final);
    buf_free(&part);
    buf_clear(&m->outcomes);
    m->outcome_count = 0;
    return good;
}

static bool put_outcome(struct maker *m, const struct asset_event *e)
{
    struct merkle_path path;
    struct buf statement = buf_heap(COSE_MAX_SIZE);
    if (e->outcome >= m->tree.count)
        return err_set(m->err, ERR_PROOF, "block %llu has no outcome %llu",
                       (unsigned long long)e->height, (unsigned long long)e->outcome);
    bool good = !e->has_leaf || store_statement(m->s, e->leaf, &statement, m->err);
    if (good && merkle_path_fetch(m->tree.count, e->outcome, tree_fetch, &m->tree, &path)) {
        bundle_part_put_outcome(&m->outcomes, e->outcome, m->tree.outcomes[e->outcome], &path,
                                buf_slice(&statement));
        m->outcome_count++;
    }
    buf_free(&statement);
    return good;
}

static bool add_event(struct maker *m, const struct asset_event *e)
{
    bool new_part = e->height != m->height;
    if (!new_part && e->outcome == m->outcome)
        return true; /* the outcome is in already */
    if (new_part && (!end_part(m) || !tree_load(m->s, e->height, &m->tree, m->err)))
        return false;
    m->height = e->height;
    m->outcome = e->outcome;
    return put_outcome(m, e);
}

static bool visit_event(void *ctx, const struct asset_event *e)
{
    struct maker *m = ctx;
    if (e->height > m->head)
        return false;
    m->good = add_event(m, e);
    return m->good;
}

static bool put_bundle(struct maker *m, struct slice state_proof, struct buf *out)
{
    struct identity identity;
    struct buf final = buf_heap(FINAL_SIZE_MAX), sets = buf_heap(AUTHORITY_SET_SIZE_MAX * 2);
    bool good =
        proof_identity(m->s, &identity, m->err) && proof_final(m->s, m->head, &final, m->err);
    if (good) {
        identity_put_set_proof(&sets, &identity);
        bundle_put_head(out, buf_slice(&sets), buf_slice(&final), state_proof, m->part_count);
        buf_add_slice(out, buf_slice(&m->parts));
        good = !out->failed ||
               err_set(m->err, ERR_BUSY, "more happened to this asset than one bundle holds");
    }
    buf_free(&final);
    buf_free(&sets);
    return good;
}

static bool make(struct maker *m, const struct proof_state *state, struct slice asset,
                 struct buf *out)
{
    struct state_key key = state_key_text(TABLE_ASSET, asset);
    struct buf state_proof = buf_heap(1 << 20);
    int64_t id = 0;
    uint64_t count = 0;
    bool good = read_model_find_asset(m->s, asset, &id, m->err) &&
                state->prove(state->ctx, state_key_slice(&key), &state_proof, &m->head, m->err) &&
                read_model_event_count(m->s, id, &count, m->err);
    for (uint64_t from = 0; from < count && good; from += 256)
        good = read_model_events(m->s, id, (struct read_model_page){ from, 256 }, visit_event, m,
                                 m->err) &&
               m->good;
    good = good && end_part(m) && put_bundle(m, buf_slice(&state_proof), out);
    buf_free(&state_proof);
    return good;
}

bool proof_bundle(struct store *s, const struct proof_state *state, struct slice asset,
                  struct buf *out, struct err *err)
{
    struct maker m = { .s = s,
                       .tree = { .raw = buf_heap(BUNDLE_SIZE_MAX) },
                       .parts = buf_heap(BUNDLE_SIZE_MAX),
                       .outcomes = buf_heap(BUNDLE_SIZE_MAX),
                       .good = true,
                       .err = err };
    bool good = make(&m, state, asset, out);
    tree_free(&m.tree);
    buf_free(&m.parts);
    buf_free(&m.outcomes);
    return good;
}
