/*
 * An acknowledgement: a signer's summary, its path under the outcomes root of a sealed header, and the
 * seals. A proof, not a promise: a device deletes only what a verified ack covers.
 */
#ifndef COMMON_ACK_H
#define COMMON_ACK_H

#include "common/final.h"
#include "common/outcome.h"

#define ACK_SIZE_MAX (64 * 1024)

/* An encoded summary and its place among the block's outcomes. */
struct ack_place {
    struct slice summary;
    uint64_t size, index;
    const struct merkle_path *path;
};

/* A received one's parts. */
struct ack {
    struct final final;
    struct slice summary_bytes;
    struct summary summary;
    uint64_t size, index;
    struct merkle_path path;
};

void ack_put(struct buf *out, const struct header *h, struct slice seals,
             const struct ack_place *place);

/* Form only; everything borrowed from bytes. */
bool ack_decode(struct slice bytes, struct ack *ret_ack, struct err *err);

/* Does it prove the summary, for this ledger, under this authority set? */
bool ack_verify(const struct ack *a, const struct hash *ledger, const struct authority_set *set,
                struct err *err);

#endif
