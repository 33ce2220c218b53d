/* The other half of snapshot_join.h: what happened before the snapshot. */
#include "node/snapshot_join.h"

#include "common/set_chain.h"
#include "node/blocks_range.h"
#include "node/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLLOW_BLOCKS 64

struct history {
    const struct snapshot_join *j;
    struct store *s;
    struct buf sets; /* set proof to the head, verified when the ledger was joined */
    struct buf answer;
    struct store_filled blocks[BLOCKS_RANGE_COUNT];
    uint64_t bytes;
};

/* Each block is final by itself, so that a wrong one is known at once and not at the end. */
static bool check_final(const struct store_filled *b, struct set_chain *sets, struct err *err)
{
    struct block block;
    struct final f = { .seals = b->seals };
    if (!block_decode(b->block, &block, err))
        return false;
    f.header = block.header;
    f.header_bytes = block.header_bytes;
    return set_chain_final(sets, &f, err) || err_wrap(err, "block %" PRIu64, f.header.height);
}

static bool take_blocks(struct history *h, uint64_t from, size_t *ret_count, struct err *err)
{
    struct blocks_range r;
    struct set_chain sets;
    if (!blocks_range_begin(buf_slice(&h->answer), from, &r, err) ||
        !set_chain_begin(&sets, buf_slice(&h->sets), h->j->trusted, err))
        return false;
    *ret_count = r.count;
    for (size_t i = 0; r.count > 0; i++) {
        struct store_filled *b = &h->blocks[i];
        if (!blocks_range_next_history(&r, &b->block, &b->seals, &b->outcomes, err) ||
            !check_final(b, &sets, err))
            return false;
    }
    return *ret_count > 0 || err_set(err, ERR_NOT_FOUND, "it has no block %" PRIu64, from);
}

static bool fill_from(struct history *h, size_t peer, const struct store_history *at,
                      struct err *err)
{
    char path[96];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/v1/blocks/range?from=%" PRIu64 "&outcomes=1",
                   at->history + 1);
    buf_clear(&h->answer);
    if (!h->j->get(h->j->ctx, peer, path, BLOCKS_RANGE_HISTORY_MAX, &h->answer, err))
        return false;
    h->bytes += h->answer.len;
    if (!take_blocks(h, at->history + 1, &count, err))
        return false;
    if (count > at->base - at->history)
        count = (size_t)(at->base - at->history);
    return store_fill(h->s, h->blocks, count, err);
}

static bool fill_next(struct history *h, const struct store_history *at, struct err *err)
{
    for (size_t i = 0; i < h->j->peers; i++) {
        if (fill_from(h, i, at, err))
            return true;
        if (h->j->complain != NULL)
            h->j->complain(h->j->ctx, i, err);
    }
    return false;
}

static bool run(struct history *h, struct err *err)
{
    struct store_history at;
    while (store_history(h->s, &at, err)) {
        if (at.complete)
            return true;
        bool good =
            at.history < at.base ? fill_next(h, &at, err) : store_follow(h->s, FOLLOW_BLOCKS, err);
        if (!good)
            return false;
        uint64_t head = 0;
        if (!store_height(h->s, &head, err))
            return false;
        if (h->j->progress != NULL && !h->j->progress(h->j->ctx, at.model, head, h->bytes))
            return err_set(err, ERR_BUSY, "stopped; the next try goes on from here");
    }
    return false;
}

bool snapshot_join_history(const struct snapshot_join *j, struct store *s, struct err *err)
{
    struct history *h = calloc(1, sizeof *h);
    if (h == NULL)
        return err_set(err, ERR_IO, "out of memory");
    h->j = j;
    h->s = s;
    h->sets = buf_heap(SET_CHAIN_SIZE_MAX);
    h->answer = buf_heap(BLOCKS_RANGE_HISTORY_MAX);
    bool good = proof_sets(s, j->trusted, SET_CHAIN_PROOF, &h->sets, err) && run(h, err);
    buf_free(&h->sets);
    buf_free(&h->answer);
    free(h);
    return good;
}
