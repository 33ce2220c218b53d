#include "node/tree_edge.h"

#include <string.h>

uint64_t tree_edge_count(uint64_t size, unsigned group)
{
    return group * TILE_LEVELS >= 64 ? 0 : size >> (group * TILE_LEVELS);
}

/* The peaks, largest subtree first, are those of each group's open tile from the highest group down. */
struct hash tree_edge_root(const struct tree_edge *edge)
{
    struct merkle_frontier f;
    size_t peaks = 0;
    f.size = edge->size;
    for (unsigned g = TILE_GROUPS; g-- > 0;) {
        size_t open = (size_t)(tree_edge_count(edge->size, g) % TILE_WIDTH);
        size_t at = 0;
        for (size_t width = TILE_WIDTH / 2; width > 0; width /= 2) {
            if ((open & width) == 0)
                continue;
            f.peaks[peaks++] = merkle_root(edge->hashes[g] + at, width);
            at += width;
        }
    }
    return merkle_frontier_root(&f);
}

static unsigned groups_of(uint64_t size)
{
    unsigned groups = 0;
    while (groups < TILE_GROUPS && tree_edge_count(size, groups) > 0)
        groups++;
    return groups;
}

void tree_edge_put(struct buf *out, const struct tree_edge *edge)
{
    unsigned groups = groups_of(edge->size);
    cbor_put_array(out, 2);
    cbor_put_uint(out, edge->size);
    cbor_put_array(out, groups);
    for (unsigned g = 0; g < groups; g++) {
        size_t open = (size_t)(tree_edge_count(edge->size, g) % TILE_WIDTH);
        cbor_put_bytes(out, slice_of(edge->hashes[g], open * HASH_SIZE));
    }
}

void tree_edge_take(struct cbor_reader *r, struct tree_edge *ret_edge)
{
    struct tree_edge edge = { .size = 0 };
    cbor_take_array_of(r, 2);
    edge.size = cbor_take_uint_max(r, INT64_MAX);
    unsigned groups = groups_of(edge.size);
    cbor_take_array_of(r, groups);
    for (unsigned g = 0; g < groups && !r->failed; g++) {
        size_t open = (size_t)(tree_edge_count(edge.size, g) % TILE_WIDTH);
        struct slice hashes = cbor_take_bytes(r, open * HASH_SIZE, open * HASH_SIZE);
        if (!r->failed)
            memcpy(edge.hashes[g], hashes.data, hashes.len);
    }
    *ret_edge = edge;
}
