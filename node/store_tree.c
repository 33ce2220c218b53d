#include "node/store_parts.h"

#include <assert.h>
#include <string.h>

/* Lowest level last, so that nearly every new tile is appended at the end of the table. */
static int64_t tile_id(unsigned group, uint64_t index)
{
    assert(group < TILE_GROUPS && index < UINT64_C(1) << 56);
    return (int64_t)((uint64_t)(TILE_GROUPS - 1 - group) << 56 | index);
}

static bool put_tile(struct store *s, unsigned group, uint64_t index, const struct hash *hashes,
                     size_t count, struct err *err)
{
    struct db_stmt *put = s->sql[SQL_TILE_PUT];
    db_bind_int(put, 1, tile_id(group, index));
    db_bind_blob(put, 2, slice_of(hashes, count * sizeof *hashes));
    return db_run(put, err);
}

/* The first `count` hashes of a tile. */
static bool get_tile(struct store *s, unsigned group, uint64_t index, struct hash *hashes,
                     size_t count, struct err *err)
{
    struct db_stmt *get = s->sql[SQL_TILE_GET];
    db_bind_int(get, 1, tile_id(group, index));
    enum db_row row = db_step(get, err);
    bool good = row == DB_ROW;
    if (row == DB_END)
        (void)err_set(err, ERR_PROOF, "tree: tile %u/%llu is missing", group,
                      (unsigned long long)index);
    if (good) {
        struct slice bytes = db_column_blob(get, 0);
        good = bytes.len >= count * sizeof *hashes ||
               err_set(err, ERR_PROOF, "tree: tile %u/%llu is short", group,
                       (unsigned long long)index);
        if (good)
            memcpy(hashes, bytes.data, count * sizeof *hashes);
    }
    db_reset(get);
    return good;
}

bool store_tree_load(struct store *s, uint64_t size, struct tree_edge *ret_edge, struct err *err)
{
    struct tree_edge edge = { .size = size };
    for (unsigned g = 0; g < TILE_GROUPS; g++) {
        uint64_t count = tree_edge_count(size, g);
        size_t open = (size_t)(count % TILE_WIDTH);
        if (open > 0 && !get_tile(s, g, count / TILE_WIDTH, edge.hashes[g], open, err))
            return false;
    }
    *ret_edge = edge;
    return true;
}

bool store_tree_add(struct store *s, struct tree_edge *edge, const struct hash *leaf_hash,
                    struct err *err)
{
    struct hash hash = *leaf_hash;
    for (unsigned g = 0; g < TILE_GROUPS; g++) {
        uint64_t count = tree_edge_count(edge->size, g);
        size_t place = (size_t)(count % TILE_WIDTH);
        edge->hashes[g][place] = hash;
        if (place + 1 < TILE_WIDTH)
            break;
        if (!put_tile(s, g, count / TILE_WIDTH, edge->hashes[g], TILE_WIDTH, err))
            return false;
        hash = merkle_root(edge->hashes[g], TILE_WIDTH);
    }
    edge->size++;
    return true;
}

bool store_tree_flush(struct store *s, const struct tree_edge *edge, uint64_t before,
                      struct err *err)
{
    for (unsigned g = 0; g < TILE_GROUPS; g++) {
        uint64_t count = tree_edge_count(edge->size, g);
        size_t open = (size_t)(count % TILE_WIDTH);
        if (count == tree_edge_count(before, g))
            break; /* nothing above changed either */
        if (open > 0 && !put_tile(s, g, count / TILE_WIDTH, edge->hashes[g], open, err))
            return false;
    }
    return true;
}

bool store_tree_fetch(void *store, unsigned level, uint64_t index, struct hash *ret_hash)
{
    struct hash hashes[TILE_WIDTH];
    unsigned group = level / TILE_LEVELS;
    size_t width = (size_t)1 << (level % TILE_LEVELS);
    uint64_t first = index * width;
    size_t place = (size_t)(first % TILE_WIDTH);
    if (!get_tile(store, group, first / TILE_WIDTH, hashes, place + width, NULL))
        return false;
    *ret_hash = merkle_root(hashes + place, width);
    return true;
}
