/* The authority sets of the ledger as proofs, and what needs them: heads that follow each other, entries of the state. */
#include "node/proof.h"

#include "common/head_proof.h"

#include <string.h>

#define STATE_PROOF_ROOM (1 << 20)

/* ------------------------------------------------------------------ the sets */

struct writer {
    struct store *s;
    size_t left; /* changes to be written */
    struct set_chain_maker maker;
    struct buf seals;
    struct err *err;
    bool good;
};

static bool count_change(void *ctx, uint64_t height, struct slice next)
{
    struct writer *w = ctx;
    (void)height;
    (void)next;
    w->left++;
    return true;
}

/* One that came in since they were counted is left out. */
static bool put_change(void *ctx, uint64_t height, struct slice next)
{
    struct writer *w = ctx;
    struct header h;
    if (w->left == 0)
        return false;
    w->left--;
    buf_clear(&w->seals);
    w->good = store_header(w->s, height, &h, &w->seals, w->err) &&
              set_chain_add(&w->maker, &h, buf_slice(&w->seals), next, w->err);
    return w->good;
}

bool proof_sets(struct store *s, const struct identity *id, enum set_chain_form form,
                struct buf *out, struct err *err)
{
    struct writer w = { .s = s, .seals = buf_heap(FINAL_SIZE_MAX), .err = err, .good = true };
    bool good = store_set_changes(s, count_change, &w, err);
    if (good) {
        set_chain_make(&w.maker, form, id, w.left, out);
        good = store_set_changes(s, put_change, &w, err) && w.good;
    }
    buf_free(&w.seals);
    return good && (!out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room"));
}

struct finder {
    uint64_t height;
    struct authority_set *set;
    size_t changes;
    bool good;
};

static bool take_change(void *ctx, uint64_t height, struct slice next)
{
    struct finder *f = ctx;
    if (height >= f->height)
        return false;
    f->good = authority_set_decode(next, f->set, NULL);
    f->changes++;
    return f->good;
}

bool proof_set_at(struct store *s, const struct identity *id, uint64_t height,
                  struct authority_set *ret_set, size_t *ret_changes, struct err *err)
{
    struct authority_set set = id->set;
    struct finder f = { .height = height, .set = &set, .good = true };
    if (!store_set_changes(s, take_change, &f, err))
        return false;
    if (!f.good)
        return err_set(err, ERR_PROOF, "a stored authority set is malformed");
    *ret_set = set;
    if (ret_changes != NULL)
        *ret_changes = f.changes;
    return true;
}

/* ------------------------------------------------------------------ heads */

bool proof_path(struct store *s, uint64_t old, uint64_t size, struct merkle_path *ret_path,
                struct err *err)
{
    struct header head;
    if (!store_head(s, &head, NULL, err))
        return false;
    if (old > size || size > head.size)
        return err_set(err, ERR_INPUT, "no tree of %llu statements in one of %llu, of %llu in all",
                       (unsigned long long)old, (unsigned long long)size,
                       (unsigned long long)head.size);
    return merkle_consistency_fetch(old, size, store_tree_fetch, s, ret_path) ||
           err_set(err, ERR_IO, "the tree's tiles cannot be read");
}

bool proof_consistency(struct store *s, const struct identity *id, uint64_t from, uint64_t to,
                       struct buf *out, struct err *err)
{
    struct header older, newer;
    struct merkle_path path;
    struct buf finals[2] = { buf_heap(FINAL_SIZE_MAX), buf_heap(FINAL_SIZE_MAX) };
    struct buf sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = from <= to || err_set(err, ERR_INPUT, "the older head comes first");
    good = good && store_header(s, from, &older, NULL, err) &&
           store_header(s, to, &newer, NULL, err) && proof_final(s, from, &finals[0], err) &&
           proof_final(s, to, &finals[1], err) &&
           proof_path(s, older.size, newer.size, &path, err) &&
           proof_sets(s, id, SET_CHAIN_COMPACT, &sets, err);
    if (good)
        head_proof_put_consistency(out, buf_slice(&sets), buf_slice(&finals[0]),
                                   buf_slice(&finals[1]), &path);
    buf_free(&finals[0]);
    buf_free(&finals[1]);
    buf_free(&sets);
    return good && (!out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room"));
}

/* ------------------------------------------------------------------ one entry of the state */

bool proof_entry(struct store *s, const struct identity *id, const struct proof_state *state,
                 struct slice key, struct buf *out, struct err *err)
{
    uint64_t height = 0;
    struct buf proof = buf_heap(STATE_PROOF_ROOM), final = buf_heap(FINAL_SIZE_MAX);
    struct buf sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = state->prove(state->ctx, &key, 1, &proof, &height, err) &&
                proof_final(s, height, &final, err) &&
                proof_sets(s, id, SET_CHAIN_COMPACT, &sets, err);
    if (good)
        head_proof_put_state(out, buf_slice(&sets), buf_slice(&final), buf_slice(&proof));
    buf_free(&proof);
    buf_free(&final);
    buf_free(&sets);
    return good && (!out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room"));
}

/* ------------------------------------------------------------------ a statement with all its proof needs */

bool proof_voucher(struct store *s, const struct identity *id, uint64_t leaf, struct buf *out,
                   struct err *err)
{
    struct buf receipts = buf_heap(AUTHORITY_MAX * (RECEIPT_SIZE_MAX + 8));
    struct buf statement = buf_heap(COSE_MAX_SIZE), sets = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = proof_receipts(s, leaf, &receipts, err) &&
                store_statement(s, leaf, &statement, err) &&
                proof_sets(s, id, SET_CHAIN_COMPACT, &sets, err);
    if (good)
        head_proof_put_voucher(out, buf_slice(&sets), buf_slice(&receipts), buf_slice(&statement));
    buf_free(&receipts);
    buf_free(&statement);
    buf_free(&sets);
    return good && (!out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room"));
}
