#include "node/proof.h"

#include "common/bundle.h"
#include "common/genesis.h"
#include "common/goods_name.h"
#include "common/state_key.h"
#include "common/state_proof.h"
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
    ret_identity->pin_count = 0;
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

/* ------------------------------------------------------------------ state proofs of one block */

#define PROOF_ROOM  (1 << 20)
#define PROOF_TRIES 8

enum { PROOF_ASSET, PROOF_OWN_HOLD, PROOF_LOT_HOLD, PROOF_COUNT };

struct state_proofs {
    struct buf bytes[PROOF_COUNT];
    struct state_asset entry; /* what they prove of the asset; borrowed from bytes */
    bool known;
    bool has_lot;
    char lot[ASSET_NAME_MAX + 1];
};

static bool load_value(struct store *s, const struct state_key *key, struct buf *value,
                       struct err *err)
{
    struct err why = { .code = ERR_NONE };
    buf_clear(value);
    if (store_state_get(s, state_key_slice(key), value, &why))
        return true;
    buf_clear(value);
    return why.code == ERR_NOT_FOUND || err_set(err, why.code, "%s", why.msg);
}

/* The lot that the asset was made of, which never changes. In: a: its entry. */
static bool find_lot(struct store *s, struct slice asset, const struct state_asset *a,
                     struct state_proofs *p, struct err *err)
{
    struct state_making making;
    p->has_lot = false;
    if (!a->goods.has_origin || !goods_name_is_unit(asset))
        return true;
    struct state_key key = state_key_hash(TABLE_MAKING, &a->goods.origin);
    struct buf value = buf_heap(PROOF_ROOM);
    bool good = load_value(s, &key, &value, err);
    if (good && value.len > 0 && state_making_take(buf_slice(&value), &making) &&
        a->goods.origin_output < making.output_count)
        p->has_lot = goods_name_lot(asset, making.outputs[a->goods.origin_output].lot, p->lot);
    buf_free(&value);
    return good;
}

/* Takes apart what was proven a moment ago. */
static bool take_entry(struct state_proofs *p, struct err *err)
{
    struct cbor_reader r = cbor_reader(buf_slice(&p->bytes[PROOF_ASSET]));
    cbor_take_array_of(&r, 5);
    (void)cbor_take_bytes(&r, 1, STATE_KEY_MAX);
    p->known = cbor_peek(&r) == CBOR_BYTES;
    p->entry = (struct state_asset){ .has_custodian = false };
    return !p->known || state_asset_take(cbor_take_bytes(&r, 1, PROOF_ROOM), &p->entry) ||
           err_set(err, ERR_PROOF, "the asset's entry is malformed");
}

static bool prove_once(struct maker *m, const struct proof_state *state, struct slice asset,
                       struct state_proofs *p)
{
    struct state_key keys[PROOF_COUNT] = { state_key_text(TABLE_ASSET, asset),
                                           state_key_text(TABLE_HOLD, asset),
                                           state_key_text(TABLE_HOLD, slice_text(p->lot)) };
    struct slice slices[PROOF_COUNT];
    for (size_t i = 0; i < PROOF_COUNT; i++) {
        slices[i] = state_key_slice(&keys[i]);
        buf_clear(&p->bytes[i]);
    }
    return state->prove(state->ctx, slices, p->has_lot ? PROOF_COUNT : PROOF_LOT_HOLD, p->bytes,
                        &m->head, m->err) &&
           take_entry(p, m->err);
}

/*
 * All of one block's state. Which lot it is of says the asset's entry, so that is read before: if it was brought
 * into being in between, once more.
 */
static bool prove_state(struct maker *m, const struct proof_state *state, struct slice asset,
                        struct state_proofs *p)
{
    for (size_t tries = 0; tries < PROOF_TRIES; tries++) {
        bool had_lot = p->has_lot;
        if (!prove_once(m, state, asset, p) || !find_lot(m->s, asset, &p->entry, p, m->err))
            return false;
        if (p->has_lot == had_lot)
            return true;
    }
    return err_set(m->err, ERR_BUSY, "the state changes too fast to be proven");
}

/* ------------------------------------------------------------------ the whole */

static bool put_bundle(struct maker *m, const struct state_proofs *p, struct buf *out)
{
    struct identity identity;
    struct buf final = buf_heap(FINAL_SIZE_MAX), sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = proof_identity(m->s, &identity, m->err) &&
                proof_final(m->s, m->head, &final, m->err) &&
                proof_sets(m->s, &identity, SET_CHAIN_PROOF, &sets, m->err);
    if (good) {
        bundle_put_head(out, buf_slice(&sets), buf_slice(&final), buf_slice(&p->bytes[PROOF_ASSET]),
                        m->part_count, true);
        buf_add_slice(out, buf_slice(&m->parts));
        bundle_put_holds(out, buf_slice(&p->bytes[PROOF_OWN_HOLD]),
                         p->has_lot ? buf_slice(&p->bytes[PROOF_LOT_HOLD])
                                    : (struct slice){ NULL, 0 });
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
    struct state_proofs p = { .has_lot = false };
    int64_t id = 0;
    uint64_t count = 0;
    for (size_t i = 0; i < PROOF_COUNT; i++)
        p.bytes[i] = buf_heap(PROOF_ROOM);
    bool good = read_model_find_asset(m->s, asset, &id, m->err) &&
                prove_state(m, state, asset, &p) &&
                (!p.known || read_model_event_count(m->s, id, &count, m->err));
    for (uint64_t from = 0; from < count && good; from += 256) /* none: what is no asset has none */
        good = read_model_events(m->s, id, (struct read_model_page){ from, 256 }, visit_event, m,
                                 m->err) &&
               m->good;
    good = good && end_part(m) && put_bundle(m, &p, out);
    for (size_t i = 0; i < PROOF_COUNT; i++)
        buf_free(&p.bytes[i]);
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
