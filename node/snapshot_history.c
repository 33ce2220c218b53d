/* The other half of snapshot_join.h: what happened before the snapshot. */
#include "node/snapshot_join.h"

#include "common/final.h"
#include "node/blocks_range.h"
#include "node/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLLOW_BLOCKS 64

/* An answer taken apart; everything borrowed from it. */
struct run {
    struct store *s;
    const struct identity *trusted;
    struct authority_set set; /* of the heights up to … */
    uint64_t to;
    size_t count;
    struct store_filled blocks[BLOCKS_RANGE_COUNT];
};

/*
 * Each block is final by itself, so that a wrong one is known at once and not at the end. Who sealed when, is what
 * the store says: it was proven when the state was joined, recoveries among it, and they need no pin any more.
 */
static bool check_final(struct run *run, const struct store_filled *b, struct err *err)
{
    struct block block;
    struct final f = { .seals = b->seals };
    if (!block_decode(b->block, &block, err))
        return false;
    f.header = block.header;
    f.header_bytes = block.header_bytes;
    if (!hash_equal(&f.header.ledger, &run->trusted->genesis.ledger))
        return err_set(err, ERR_PROOF, "a block of another ledger");
    if (f.header.height > run->to &&
        !proof_set_from(run->s, run->trusted, f.header.height, &run->set, &run->to, err))
        return false;
    return final_verify(&f, &run->set, err) || err_wrap(err, "block %" PRIu64, f.header.height);
}

/* Those up to the one whose state was joined: of who sealed what comes after, the store may know nothing yet. */
static bool take_blocks(struct run *run, struct slice answer, const struct store_history *at,
                        struct err *err)
{
    struct blocks_range r;
    uint64_t from = at->history + 1;
    if (!blocks_range_begin(answer, from, &r, err))
        return false;
    run->count = r.count < at->base - at->history ? r.count : (size_t)(at->base - at->history);
    for (size_t i = 0; i < run->count; i++) {
        struct store_filled *b = &run->blocks[i];
        if (!blocks_range_next_history(&r, &b->block, &b->seals, &b->outcomes, err) ||
            !check_final(run, b, err))
            return false;
    }
    return run->count > 0 || err_set(err, ERR_NOT_FOUND, "it has no block %" PRIu64, from);
}

bool snapshot_history_take(struct store *s, const struct identity *trusted, struct slice answer,
                           struct err *err)
{
    struct store_history at;
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return err_set(err, ERR_IO, "out of memory");
    run->s = s;
    run->trusted = trusted;
    bool good = store_history(s, &at, err) &&
                (at.history < at.base || err_set(err, ERR_INPUT, "the history is here")) &&
                take_blocks(run, answer, &at, err) && store_fill(s, run->blocks, run->count, err);
    free(run);
    return good;
}

/* ------------------------------------------------------------------ all of it, at a prompt */

struct history {
    const struct snapshot_join *j;
    struct store *s;
    struct buf answer;
    uint64_t bytes;
    size_t turn;
    struct store_history at;
};

/* A disk that fails is nobody's fault who was asked. */
static enum asked_end fill_from(void *ctx, size_t peer, struct err *err)
{
    char path[96];
    struct history *h = ctx;
    (void)snprintf(path, sizeof path, "/v1/blocks/range?from=%" PRIu64 "&outcomes=1",
                   h->at.history + 1);
    buf_clear(&h->answer);
    if (!h->j->get(h->j->ctx, peer, path, BLOCKS_RANGE_HISTORY_MAX, &h->answer, err))
        return ASKED_FAULT;
    h->bytes += h->answer.len;
    if (snapshot_history_take(h->s, h->j->trusted, buf_slice(&h->answer), err))
        return ASKED_GOOD;
    return err->code == ERR_IO || err->code == ERR_BUSY ? ASKED_STOP : ASKED_FAULT;
}

static void complain(void *ctx, size_t peer, const struct err *err)
{
    const struct history *h = ctx;
    if (h->j->complain != NULL)
        h->j->complain(h->j->ctx, peer, err);
}

static bool run(struct history *h, struct err *err)
{
    const struct asked_question q = { h, fill_from, complain };
    struct store_history *at = &h->at;
    asked_anew(h->j->asked);
    while (store_history(h->s, at, err)) {
        if (at->complete)
            return true;
        bool good = at->history < at->base ? asked_each(h->j->asked, h->turn++, &q, err)
                                           : store_follow(h->s, FOLLOW_BLOCKS, err);
        if (!good)
            return false;
        uint64_t head = 0;
        if (!store_height(h->s, &head, err))
            return false;
        if (h->j->progress != NULL && !h->j->progress(h->j->ctx, at->model, head, h->bytes))
            return err_set(err, ERR_BUSY, "stopped; the next try goes on from here");
    }
    return false;
}

bool snapshot_join_history(const struct snapshot_join *j, struct store *s, struct err *err)
{
    struct history h = { .j = j, .s = s, .answer = buf_heap(BLOCKS_RANGE_HISTORY_MAX) };
    bool good = run(&h, err);
    buf_free(&h.answer);
    return good;
}
