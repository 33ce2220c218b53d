/*
 * Proof files that bring all they need but the identity that the verifier trusts: the sets of authorities, by
 * whose seals the rest holds (set_chain.h). Pure. Told apart from each other by their first number.
 *
 * consistency = [3, bstr .cbor sets, bstr .cbor final, bstr .cbor final, [* hash]]   the older head first
 * state-claim = [4, bstr .cbor sets, bstr .cbor final, bstr .cbor state-proof]
 * voucher     = [5, bstr .cbor sets, bstr .cbor receipts, bstr statement]
 */
#ifndef COMMON_HEAD_PROOF_H
#define COMMON_HEAD_PROOF_H

#include "common/set_chain.h"
#include "common/state_proof.h"

#define HEAD_PROOF_SIZE_MAX (SET_CHAIN_SIZE_MAX + 2 * 1024 * 1024)

enum head_proof_kind {
    HEAD_PROOF_NONE = 0,
    HEAD_PROOF_CONSISTENCY = 3,
    HEAD_PROOF_STATE = 4,
    HEAD_PROOF_VOUCHER = 5,
};
/* What it says it is. */
enum head_proof_kind head_proof_kind(struct slice bytes);

/* Who sealed the newest block that a proof speaks of. */
struct head_proof_by {
    size_t seals, authorities, quorum;
    size_t changes; /* of the set, before it */
};

/* ------------------------------------------------------------------ one head after another */

/* The path: merkle_consistency_fetch() between the sizes of both. */
void head_proof_put_consistency(struct buf *out, struct slice sets, struct slice older,
                                struct slice newer, const struct merkle_path *path);

struct head_proof_heads {
    struct header older, newer;
    struct head_proof_by by; /* the newer */
};
/*
 * Is the newer head's tree the older one's with more statements behind it? Two final blocks of one height
 * that differ, or trees that do not agree, are ERR_PROOF: evidence against the authorities.
 */
bool head_proof_check_consistency(struct slice bytes, const struct identity *trusted,
                                  struct head_proof_heads *ret_heads, struct err *err);
/* The same of two heads that are known to be final. */
bool head_proof_agree(const struct header *older, const struct header *newer,
                      const struct merkle_path *path, struct err *err);

/* ------------------------------------------------------------------ an entry of the state */

void head_proof_put_state(struct buf *out, struct slice sets, struct slice final,
                          struct slice state_proof);

struct head_proof_entry {
    struct header head;
    struct head_proof_by by;
    struct state_proof entry; /* borrowed from the bytes */
};
bool head_proof_check_state(struct slice bytes, const struct identity *trusted,
                            struct head_proof_entry *ret_entry, struct err *err);

/* ------------------------------------------------------------------ a statement on the ledger */

void head_proof_put_voucher(struct buf *out, struct slice sets, struct slice receipts,
                            struct slice statement);

struct head_proof_voucher {
    struct receipt_claim claim;
    struct head_proof_by by;
    struct slice statement; /* its bytes */
    struct hash hash;
};
bool head_proof_check_voucher(struct slice bytes, const struct identity *trusted,
                              struct head_proof_voucher *ret_voucher, struct err *err);
/* Receipts under the set in force at their height, by any form of proof of the sets. */
bool head_proof_check_receipts(struct slice receipts, const struct hash *statement,
                               struct slice sets, const struct identity *trusted,
                               struct head_proof_voucher *ret_voucher, struct err *err);

#endif
