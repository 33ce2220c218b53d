/* Proof that the state holds a value under a key, or nothing (wire.cddl `state-proof`). Pure. */
#ifndef COMMON_STATE_PROOF_H
#define COMMON_STATE_PROOF_H

#include "common/merkle.h"

struct state_proof {
    struct slice key;
    bool present;
    struct slice value; /* when present */
};

/*
 * Checks a proof against a header's state root.
 * Returns: false with the reason; ret_proof is borrowed from bytes.
 */
bool state_proof_verify(struct slice bytes, const struct hash *state_root,
                        struct state_proof *ret_proof, struct err *err);

#endif
