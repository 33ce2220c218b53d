/*
 * Merkle trees of RFC 9162 (SHA-256): leaf hash = SHA-256(00 || data), node = SHA-256(01 || left || right),
 * the left side the largest power of two below the size, the root of nothing SHA-256(""). Pure.
 */
#ifndef COMMON_MERKLE_H
#define COMMON_MERKLE_H

#include "common/cbor.h"
#include "common/crypto.h"

#define MERKLE_LEVELS 63 /* more than any tree of int64 leaves has */

struct hash merkle_empty(void);
struct hash merkle_leaf(struct slice data);
struct hash merkle_node(const struct hash *left, const struct hash *right);

/* A tree that only grows: the roots of its complete subtrees, largest first (RFC 9162 section 2.1.2). */
struct merkle_frontier {
    uint64_t size;
    struct hash peaks[MERKLE_LEVELS];
};

void merkle_frontier_begin(struct merkle_frontier *f);
void merkle_frontier_add(struct merkle_frontier *f, const struct hash *leaf_hash);
struct hash merkle_frontier_root(const struct merkle_frontier *f);

/* Root over n leaf hashes. */
struct hash merkle_root(const struct hash *leaves, size_t n);

/* An inclusion path, leaf to root. */
struct merkle_path {
    size_t len;
    struct hash step[MERKLE_LEVELS];
};

/*
 * The hash of the complete subtree whose leaves are index << level … (index + 1 << level) - 1. False
 * when it can't be had (an I/O error), which fails the path.
 */
typedef bool (*merkle_fetch)(void *source, unsigned level, uint64_t index, struct hash *ret_hash);

/* The root of the first `size` leaves, from stored subtrees. */
bool merkle_root_fetch(uint64_t size, merkle_fetch fetch, void *source, struct hash *ret_root);
/* Path of leaf `index` in the tree of `size` leaves, from stored subtrees. In: index < size. */
bool merkle_path_fetch(uint64_t size, uint64_t index, merkle_fetch fetch, void *source,
                       struct merkle_path *ret_path);
/* The same from an array of leaf hashes. */
struct merkle_path merkle_path_of(const struct hash *leaves, size_t n, size_t index);

/* RFC 9162 section 2.1.3.2. Size 0 is refused always. */
bool merkle_verify(const struct hash *leaf_hash, uint64_t index, uint64_t size,
                   const struct merkle_path *path, const struct hash *root);
/* The root a path leads to: false when the path's length does not fit index and size. */
bool merkle_climb(const struct hash *leaf_hash, uint64_t index, uint64_t size,
                  const struct merkle_path *path, struct hash *ret_root);

/*
 * That the tree of `size` leaves begins with all of the tree of `old` (RFC 9162 section 2.1.4.1). In: old <= size.
 * The path is empty where there is nothing to prove: old is 0 or size.
 */
bool merkle_consistency_fetch(uint64_t old, uint64_t size, merkle_fetch fetch, void *source,
                              struct merkle_path *ret_path);
struct merkle_path merkle_consistency_of(const struct hash *leaves, size_t n, size_t old);
/* RFC 9162 section 2.1.4.2; of an empty tree, and of a tree with itself, by the roots alone. */
bool merkle_verify_consistency(uint64_t old, const struct hash *old_root, uint64_t size,
                               const struct hash *root, const struct merkle_path *path);

void merkle_put_path(struct buf *out, const struct merkle_path *path);
void merkle_take_path(struct cbor_reader *r, struct merkle_path *ret_path);

#endif
