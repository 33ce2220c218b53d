/*
 * The right edge of a statement tree: per group of six levels the roots of complete subtrees that have no
 * whole tile of 64 above them yet. It is all that appending, and proofs of later leaves, need of the tree
 * so far; and it proves itself, for it gives the tree's root. Pure.
 */
#ifndef NODE_TREE_EDGE_H
#define NODE_TREE_EDGE_H

#include "common/merkle.h"

/* A tile is 64 hashes of one level 6 * group: two fill a page, and only the last of a group changes. */
#define TILE_LEVELS 6
#define TILE_WIDTH  64
#define TILE_GROUPS 11 /* 66 levels: more than any tree has */

struct tree_edge {
    uint64_t size; /* leaves */
    struct hash hashes[TILE_GROUPS][TILE_WIDTH];
};

/* Complete subtrees of a group's level in a tree of `size` leaves. */
uint64_t tree_edge_count(uint64_t size, unsigned group);
struct hash tree_edge_root(const struct tree_edge *edge);

/* [size, [* hashes of a group as one byte string]], groups from the leaves up to the last that has any. */
void tree_edge_put(struct buf *out, const struct tree_edge *edge);
void tree_edge_take(struct cbor_reader *r, struct tree_edge *ret_edge);

#endif
