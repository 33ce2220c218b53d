/*
 * Joins a ledger at a snapshot that peers serve: manifest, then chunk by chunk, each checked before it is
 * kept, each from whichever peer has it right. Dying at any moment loses at most a chunk; the next try goes
 * on. What comes before the snapshot's block can be brought in afterwards, likewise from any peer.
 */
#ifndef NODE_SNAPSHOT_JOIN_H
#define NODE_SNAPSHOT_JOIN_H

#include "common/final.h"
#include "node/asked.h"
#include "node/store_base.h"

struct snapshot_join {
    const char *dir; /* the new ledger's folder; made when missing */
    const struct identity *trusted;
    struct slice genesis; /* when the caller has it already; else empty, and asked for */
    struct asked *asked;  /* 1..ASKED_MAX peers and what is known of them, from try to try */
    void *ctx;
    /* What a peer answers to a GET of path, appended: false when it answers nothing good. */
    bool (*get)(void *ctx, size_t peer, const char *path, size_t max, struct buf *out,
                struct err *err);
    /* Chunks or blocks so far; may be NULL. False: give up, go on another time. */
    bool (*progress)(void *ctx, uint64_t done, uint64_t all, uint64_t bytes);
    /* Something was wrong with a peer's answer, and others are asked; may be NULL. */
    void (*complain)(void *ctx, size_t peer, const struct err *err);
};

/*
 * Returns: false with ERR_NOT_FOUND when no peer has a snapshot (asking makes them cut one: try again in a
 * moment), ERR_BUSY when progress gave up, or the last peer's fault. ret_header: the snapshot's block.
 */
bool snapshot_join_run(const struct snapshot_join *j, struct header *ret_header, struct err *err);

/*
 * The history of a joined ledger, from its first block on, each block's seals verified; then the read
 * models. In: s: the writer, of a ledger that was joined. Goes on where it ended before.
 */
bool snapshot_join_history(const struct snapshot_join *j, struct store *s, struct err *err);

/*
 * A peer's answer (blocks_range.h, with outcomes) to the question for the first block that is missing: the
 * seals are verified and the blocks kept. In: s: the writer; trusted: its own identity.
 */
bool snapshot_history_take(struct store *s, const struct identity *trusted, struct slice answer,
                           struct err *err);

#endif
