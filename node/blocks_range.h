/*
 * Runs of decided blocks, as a peer that fell behind asks for them: [* [bstr block, [* bstr seal]]] from a
 * height on, as many as fit about 1 MiB and at least one. Whoever reads them goes on after the last block
 * it took, from this peer or another: nothing else is kept between two requests.
 *
 * Reading checks form, heights and that each block names the one before it. Whether seals and roots hold
 * is for who takes the blocks (node_core_catch_up).
 */
#ifndef NODE_BLOCKS_RANGE_H
#define NODE_BLOCKS_RANGE_H

#include "common/block.h"
#include "common/seal.h"
#include "node/store.h"

#define BLOCKS_RANGE_SIZE  (1024 * 1024) /* an answer is no longer, unless it is one block */
#define BLOCKS_RANGE_COUNT 1024          /* blocks an answer */
/* What a reader has to make room for: one block of the largest size, and its seals. */
#define BLOCKS_RANGE_SIZE_MAX (BLOCK_SIZE_MAX + AUTHORITY_MAX * (SEAL_SIZE_MAX + 4) + 1024)
/* The same with outcomes: what a block's may come to (node/execute.h), with room. */
#define BLOCKS_RANGE_HISTORY_MAX (60 * 1024 * 1024)

/*
 * Appends the blocks from `from` on, read from a store of the caller's; an empty array when the head is
 * below `from`.
 * Returns: false for the genesis (a file of its own), for a block this store does not hold, on I/O errors.
 */
bool blocks_range_put(struct store *s, uint64_t from, struct buf *out, struct err *err);
/* The same, and none above `to`. */
bool blocks_range_put_to(struct store *s, uint64_t from, uint64_t to, struct buf *out,
                         struct err *err);
/*
 * The same for who fills in its history: [* [bstr block, [* bstr seal], bstr outcomes]], of about size bytes,
 * so that the one who takes them chooses how long that keeps it busy.
 */
bool blocks_range_put_history(struct store *s, uint64_t from, size_t size, struct buf *out,
                              struct err *err);

/* Walks an answer; everything borrowed. */
struct blocks_range {
    size_t count;    /* blocks left */
    uint64_t height; /* of the next one */
    bool linked;     /* prev is the hash of the block before */
    struct hash prev;
    struct cbor_reader at;
};

/* In: from: what was asked for. Counts the blocks in ret_range->count: 0: that peer has no more. */
bool blocks_range_begin(struct slice answer, uint64_t from, struct blocks_range *ret_range,
                        struct err *err);
/* The next block and its seals (raw array of byte strings); call count times. False: not a block that follows. */
bool blocks_range_next(struct blocks_range *r, struct slice *ret_block, struct slice *ret_seals,
                       struct err *err);
/* Of an answer with outcomes: raw CBOR array of byte strings. */
bool blocks_range_next_history(struct blocks_range *r, struct slice *ret_block,
                               struct slice *ret_seals, struct slice *ret_outcomes,
                               struct err *err);

#endif
