/* The authority sets of the ledger as proofs, and what needs them: heads that follow each other, entries of the state. */
#include "node/proof.h"

#include "common/head_proof.h"
#include "common/recovery.h"
#include "common/state_key.h"

#include <string.h>

#define STATE_PROOF_ROOM (1 << 20)

/* ------------------------------------------------------------------ the sets */

/* Recoveries are in the state, changes in rows of their own: both in order of height. */
struct recoveries {
    size_t count;
    uint64_t at[RECOVERY_TIMES_MAX]; /* blocks that began with one */
};

static void find_recoveries(struct store *s, struct recoveries *ret_r)
{
    struct state_key key = state_key_plain(TABLE_RECOVERY);
    struct buf value = buf_heap(RECOVERY_SIZE_MAX);
    ret_r->count = store_state_get(s, state_key_slice(&key), &value, NULL)
                       ? recovery_take_heights(buf_slice(&value), ret_r->at)
                       : 0;
    buf_free(&value);
}

static bool get_recovery(struct store *s, uint64_t height, struct buf *out, struct err *err)
{
    struct state_key key = state_key_recovery(height);
    buf_clear(out);
    return store_state_get(s, state_key_slice(&key), out, NULL) ||
           err_set(err, ERR_PROOF, "block %llu: the recovery it began with is not here",
                   (unsigned long long)height);
}

struct writer {
    struct store *s;
    size_t left; /* changes to be written */
    size_t next; /* recovery */
    struct recoveries recoveries;
    struct set_chain_maker maker;
    struct buf seals, recovery;
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

/* Those whose tip is below a height. */
static bool put_recoveries(struct writer *w, uint64_t below)
{
    for (; w->good && w->next < w->recoveries.count && w->recoveries.at[w->next] <= below;
         w->next++)
        w->good = get_recovery(w->s, w->recoveries.at[w->next], &w->recovery, w->err) &&
                  set_chain_add_recovery(&w->maker, buf_slice(&w->recovery), w->err);
    return w->good;
}

/* One that came in since they were counted is left out. */
static bool put_change(void *ctx, uint64_t height, struct slice next)
{
    struct writer *w = ctx;
    struct header h;
    if (w->left == 0 || !put_recoveries(w, height))
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
    struct writer w = { .s = s,
                        .seals = buf_heap(FINAL_SIZE_MAX),
                        .recovery = buf_heap(RECOVERY_SIZE_MAX),
                        .err = err,
                        .good = true };
    find_recoveries(s, &w.recoveries);
    bool good = store_set_changes(s, count_change, &w, err);
    if (good) {
        set_chain_make(&w.maker, form, id, w.left + w.recoveries.count, out);
        good =
            store_set_changes(s, put_change, &w, err) && w.good && put_recoveries(&w, UINT64_MAX);
    }
    buf_free(&w.seals);
    buf_free(&w.recovery);
    return good && (!out->failed || err_set(err, ERR_BUSY, "the proof is larger than its room"));
}

struct finder {
    uint64_t height;
    uint64_t last; /* height of the last change taken */
    uint64_t to;   /* the last height that the set seals */
    struct authority_set *set;
    size_t changes;
    bool good;
};

static bool take_change(void *ctx, uint64_t height, struct slice next)
{
    struct finder *f = ctx;
    if (height >= f->height) {
        f->to = height;
        return false;
    }
    f->good = authority_set_decode(next, f->set, NULL);
    f->changes++;
    f->last = height;
    return f->good;
}

/* The last one at or below the height, unless a change came between them. */
static bool take_recoveries(struct store *s, struct finder *f, struct err *err)
{
    struct recoveries all;
    struct recovery r;
    bool good = true;
    struct buf bytes = buf_heap(RECOVERY_SIZE_MAX);
    find_recoveries(s, &all);
    for (size_t i = 0; i < all.count && good; i++) {
        if (all.at[i] > f->height) {
            f->to = all.at[i] <= f->to ? all.at[i] - 1 : f->to;
            break;
        }
        f->changes++;
        if (all.at[i] <= f->last)
            continue;
        good =
            get_recovery(s, all.at[i], &bytes, err) && recovery_decode(buf_slice(&bytes), &r, err);
        if (good)
            *f->set = r.set;
    }
    buf_free(&bytes);
    return good;
}

static bool find_set(struct store *s, const struct identity *id, struct finder *f, struct err *err)
{
    *f->set = id->set;
    f->to = UINT64_MAX;
    f->good = true;
    if (!store_set_changes(s, take_change, f, err))
        return false;
    if (f->good && !take_recoveries(s, f, err))
        return false;
    return f->good || err_set(err, ERR_PROOF, "a stored authority set is malformed");
}

bool proof_set_at(struct store *s, const struct identity *id, uint64_t height,
                  struct authority_set *ret_set, size_t *ret_changes, struct err *err)
{
    struct authority_set set;
    struct finder f = { .height = height, .set = &set };
    if (!find_set(s, id, &f, err))
        return false;
    *ret_set = set;
    if (ret_changes != NULL)
        *ret_changes = f.changes;
    return true;
}

bool proof_set_from(struct store *s, const struct identity *id, uint64_t height,
                    struct authority_set *ret_set, uint64_t *ret_to, struct err *err)
{
    struct authority_set set;
    struct finder f = { .height = height, .set = &set };
    if (!find_set(s, id, &f, err))
        return false;
    *ret_set = set;
    *ret_to = f.to;
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
