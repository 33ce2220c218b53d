/*
 * Proofs for people outside, put together from the store: receipts for a leaf, and the bundle of an asset
 * (common/bundle.h). Reads only; whoever gets them need not trust this node.
 */
#ifndef NODE_PROOF_H
#define NODE_PROOF_H

#include "common/set_chain.h"
#include "node/store.h"

/* The ledger's public identity, from the genesis. */
bool proof_identity(struct store *s, struct identity *ret_identity, struct err *err);

/* Which sets were in force up to the newest block, in either form of proof. id: of proof_identity(). */
bool proof_sets(struct store *s, const struct identity *id, enum set_chain_form form,
                struct buf *out, struct err *err);
/* The set that seals a block of this height, and after how many changes (may be NULL). */
bool proof_set_at(struct store *s, const struct identity *id, uint64_t height,
                  struct authority_set *ret_set, size_t *ret_changes, struct err *err);
/* The same, and the last height that this set seals as far as the store knows. */
bool proof_set_from(struct store *s, const struct identity *id, uint64_t height,
                    struct authority_set *ret_set, uint64_t *ret_to, struct err *err);

/* [bstr header, seals] of a block; ERR_NOT_FOUND for the genesis, which has no seals. */
bool proof_final(struct store *s, uint64_t height, struct buf *out, struct err *err);

/* The `receipts` of a leaf under the seals of its own block. */
bool proof_receipts(struct store *s, uint64_t leaf, struct buf *out, struct err *err);

/*
 * Proves keys of the state as it was after one block of its choice, newer ones preferred: appends a
 * state-proof of each to an out of its own, and says which block. False with the reason.
 */
struct proof_state {
    void *ctx;
    bool (*prove)(void *ctx, const struct slice *keys, size_t count, struct buf *outs,
                  uint64_t *ret_height, struct err *err);
};
/* head_proof.h: that one head follows another, by their heights; that the state holds a key or does not. */
bool proof_consistency(struct store *s, const struct identity *id, uint64_t from, uint64_t to,
                       struct buf *out, struct err *err);
bool proof_entry(struct store *s, const struct identity *id, const struct proof_state *state,
                 struct slice key, struct buf *out, struct err *err);
/* A statement with all that its proof needs. */
bool proof_voucher(struct store *s, const struct identity *id, uint64_t leaf, struct buf *out,
                   struct err *err);
/* Between trees of so many statements; ERR_INPUT when there are no such trees. */
bool proof_path(struct store *s, uint64_t old, uint64_t size, struct merkle_path *ret_path,
                struct err *err);

/*
 * The bundle of an asset, with what holds it back. Of a name that is no asset, though something was said of it,
 * such as a lot that was recalled: that it is none. ERR_NOT_FOUND when nothing was said of it.
 */
bool proof_bundle(struct store *s, const struct proof_state *state, struct slice asset,
                  struct buf *out, struct err *err);

#endif
