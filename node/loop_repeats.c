/*
 * Repeats are told their ack again, for the first one may have been lost on the way. An answer reads a
 * whole block, so a storm of repeats gets few: of each signer the newest statement's, whose summary covers
 * the older ones, and only so many a second. Whoever gets none will ask again.
 */
#include "node/announce.h"
#include "node/loop_parts.h"

#define SIGNERS_A_STEP   64
#define REPEATS_A_SECOND 200

static void answer(struct node *n, const struct node_refused *refused)
{
    uint64_t leaf;
    struct store_place place;
    struct block b;
    struct buf block = buf_heap(BLOCK_SIZE_MAX), seals = buf_heap(AUTHORITY_MAX * SEAL_SIZE_MAX);
    struct buf outcomes = buf_heap(OUTCOMES_BYTES_MAX);
    if (store_find_statement(n->store, &refused->statement, &leaf, NULL) &&
        store_leaf_place(n->store, leaf, &place, NULL) &&
        store_block(n->store, place.height, &block, &seals, &outcomes, NULL) &&
        block_decode(buf_slice(&block), &b, NULL))
        (void)announce_ack_again(n->bus, &refused->kid, &b.header, buf_slice(&seals),
                                 buf_slice(&outcomes));
    buf_free(&block);
    buf_free(&seals);
    buf_free(&outcomes);
}

/* One more answer in this second? */
static bool take_share(struct node *n, uint64_t steady_ms)
{
    if (steady_ms >= n->repeats_since_ms + 1000) {
        n->repeats_since_ms = steady_ms;
        n->repeats = 0;
    }
    return n->repeats++ < REPEATS_A_SECOND;
}

static bool is_among(const struct kid *kids, size_t count, const struct kid *kid)
{
    for (size_t i = 0; i < count; i++)
        if (kid_equal(&kids[i], kid))
            return true;
    return false;
}

void loop_answer_repeats(struct node *n, const struct node_action *refused, uint64_t steady_ms)
{
    struct kid answered[SIGNERS_A_STEP];
    size_t count = 0;
    /* From the end: each signer's statements come in order of seq. */
    for (size_t i = refused->refused_count; i > 0 && count < SIGNERS_A_STEP; i--) {
        const struct node_refused *r = &refused->refused[i - 1];
        /* Beyond its window of sixteen a key's own old statement is OUTSIDE; if the ledger has it, it is one. */
        if ((r->code != REFUSED_REPEAT && r->code != REFUSED_OUTSIDE) ||
            is_among(answered, count, &r->kid))
            continue;
        answered[count++] = r->kid;
        if (take_share(n, steady_ms))
            answer(n, r);
    }
}
