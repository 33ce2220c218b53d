/*
 * Keeps a few snapshots at hand for those who join: cut in the background at heights that every node
 * chooses alike, or when somebody asks and there is none. The loop tells it of each block; a thread of its
 * own writes the file from a reading store whose height was pinned in the loop. It takes a bounded share of
 * the disk, and does without when there is no room.
 */
#ifndef NODE_SNAPSHOT_SHELF_H
#define NODE_SNAPSHOT_SHELF_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

#define SNAPSHOT_FOLDER "snapshots" /* in the ledger's */
#define SNAPSHOT_EVERY  1000        /* blocks */
#define SNAPSHOT_KEEP   2           /* one that is being fetched stays while the next is cut */
#define SNAPSHOT_SHARE  4 /* at most a quarter of what is free beyond what the ledger needs */

struct snapshot_shelf;

struct snapshot_shelf_options {
    const char *data_dir; /* the ledger's */
    uint64_t every;       /* 0: SNAPSHOT_EVERY */
};

bool snapshot_shelf_open(const struct snapshot_shelf_options *options,
                         struct snapshot_shelf **ret_shelf, struct err *err);
/* Gives up what is being cut. NULL is legal. */
void snapshot_shelf_close(struct snapshot_shelf *s);

/*
 * The loop's thread: this is the newest durable block, whether it is new or not. Quick; nothing of it can
 * fail the node. s: NULL is legal.
 */
void snapshot_shelf_committed(struct snapshot_shelf *s, uint64_t height);
/* Any thread: somebody would like one, and there is none: with the next call of committed(). */
void snapshot_shelf_want(struct snapshot_shelf *s);
/* The loop's thread: room runs low; all go, and none is cut for now. */
void snapshot_shelf_yield(struct snapshot_shelf *s);
/* Is one being cut, or wanted? Any thread. */
bool snapshot_shelf_busy(struct snapshot_shelf *s);

#endif
