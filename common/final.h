/*
 * Proofs that need no node: the finality proof of a block (also the retained head), the ledger's public
 * identity, and the chain of authority sets from it.
 */
#ifndef COMMON_FINAL_H
#define COMMON_FINAL_H

#include "common/seal.h"

#define FINAL_SIZE_MAX (HEADER_SIZE_MAX + AUTHORITY_MAX * (SEAL_SIZE_MAX + 4) + 16)

/* [bstr header, [+ bstr seal]]; seals is a raw CBOR array of byte strings. */
void final_put(struct buf *out, const struct header *h, struct slice seals);

/* A finality proof's parts, borrowed. Form only. */
struct final {
    struct header header;
    struct slice header_bytes;
    struct slice seals; /* raw array of byte strings */
};
bool final_decode(struct slice bytes, struct final *ret_final, struct err *err);
void final_take(struct cbor_reader *r, struct final *ret_final);
/* Do q seals of one round by distinct authorities of set hold for the header, and is set its own? */
bool final_verify(const struct final *f, const struct authority_set *set, struct err *err);

/*
 * The public identity, [1, bstr genesis header, bstr authority set, ? [+ pin]]: all a verifier has to trust.
 * A pin is the hash of a recovery (recovery.h) that a person decided to follow; the ledger's own are none.
 */
#define IDENTITY_PINS_MAX 4
struct identity {
    struct header genesis;
    struct authority_set set;
    size_t pin_count;
    struct hash pins[IDENTITY_PINS_MAX];
};
void identity_put(struct buf *out, const struct identity *id);
bool identity_decode(struct slice bytes, struct identity *ret_identity, struct err *err);

bool identity_take(struct cbor_reader *r, struct identity *ret_identity, struct err *err);

/* [identity, []]: a set proof while the set has not changed (set_chain.h makes the others). */
void identity_put_set_proof(struct buf *out, const struct identity *id);
/*
 * Follows a proof of the sets (set_chain.h) from an identity that the verifier already holds.
 * Returns: false unless every change is sealed by the set before it. ret_set is the newest.
 */
bool identity_follow(struct slice set_proof, const struct identity *trusted,
                     struct authority_set *ret_set, struct err *err);

#endif
