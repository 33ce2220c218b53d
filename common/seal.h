/*
 * Seals and what they prove. A seal is one authority's signature for a block in one round; q of them in
 * one round, by distinct authorities of the set in force, make the block final. With an inclusion path in
 * place of the payload the same bytes are an RFC 9942 receipt for a leaf.
 */
#ifndef COMMON_SEAL_H
#define COMMON_SEAL_H

#include "common/authority_set.h"
#include "common/cose.h"
#include "common/header.h"
#include "common/merkle.h"

#define SEAL_SIZE_MAX    512
#define RECEIPT_SIZE_MAX 4096

/* Signs header for one round; appended to out. */
void seal_sign(const struct header *h, uint64_t round, const struct key_pair *authority,
               struct buf *out);

/*
 * What of a seal does not follow from its header and its authority: proofs that carry many leave the rest
 * out. Form only.
 */
struct seal_parts {
    struct kid kid;
    uint64_t round;
    const uint8_t *sig; /* SIG_SIZE bytes, borrowed */
};
bool seal_take_parts(struct slice seal, struct seal_parts *ret_parts);
/* Is it this authority's seal of h? */
bool seal_holds(const struct header *h, const struct authority *by, const struct seal_parts *parts);

/* Seals are counted by authority; a second one of the same authority or of another round is no more. */
struct seal_count {
    const struct authority_set *set;
    struct header header;
    struct hash block;
    uint64_t round;
    uint64_t seen[AUTHORITY_MAX / 64]; /* bitmap by place in the set */
    size_t count;
};

void seal_count_begin(struct seal_count *c, const struct header *h,
                      const struct authority_set *set);
/* Adds one seal: false, with the reason, when it is not a valid seal of this block and round. */
bool seal_count_add(struct seal_count *c, struct slice seal, struct err *err);
bool seal_count_is_final(const struct seal_count *c);

/*
 * A receipt for a leaf, made from a seal: same protected bytes and signature, payload detached.
 * Returns: false when seal is not one.
 */
bool seal_put_receipt(struct slice seal, uint64_t size, uint64_t index,
                      const struct merkle_path *path, struct buf *out, struct err *err);

/* What a verified set of receipts says. */
struct receipt_claim {
    uint64_t height, round, size, index, time_s;
    struct hash block;
    size_t seals;
};

/* The height that receipts claim, which says whose seals they need; nothing of them is checked. */
bool seal_receipts_height(struct slice receipts, uint64_t *ret_height);
/*
 * Verifies q receipts of one round for the leaf of `statement` (its hash): needs the ledger id and the
 * authority set in force at their height, nothing else.
 * In: receipts = the file's CBOR array of byte strings.
 */
bool seal_verify_receipts(struct slice receipts, const struct hash *statement,
                          const struct hash *ledger, const struct authority_set *set,
                          struct receipt_claim *ret_claim, struct err *err);

#endif
