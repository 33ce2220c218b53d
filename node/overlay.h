/*
 * What a block writes, over the state before it. Reads see the block's own writes; nothing reaches the
 * state until the block is decided. Values stay where they are until overlay_reset(). Pure; its memory is
 * kept from block to block.
 */
#ifndef NODE_OVERLAY_H
#define NODE_OVERLAY_H

#include "common/state_key.h"
#include "node/commit.h"

#define OVERLAY_TIMERS_MAX 10000 /* due timers a block runs */

/* The state before the block. Values are the ledger's own canonical CBOR. */
struct state_view {
    void *ctx;
    /* Appends the value of key; false when there is none. What can't be read fails the buf. */
    bool (*get)(void *ctx, struct slice key, struct buf *value);
    /* Timers due at time_ms or before, in order of time, what, id; at most max. Returns how many. */
    size_t (*due)(void *ctx, uint64_t time_ms, struct state_key *ret_keys, size_t max);
};

struct overlay;

struct overlay *overlay_new(void); /* NULL when memory is short */
void overlay_free(struct overlay *o);
/* Forgets everything; from now on reads fall through to view (borrowed). */
void overlay_reset(struct overlay *o, const struct state_view *view);

/* False when absent. The value lives until overlay_reset(). */
bool overlay_get(struct overlay *o, struct slice key, struct slice *ret_value);
void overlay_put(struct overlay *o, struct slice key, struct slice value);
void overlay_remove(struct overlay *o, struct slice key);

/*
 * overlay_undo() takes back what was put and removed since overlay_mark(). After overlay_settle() there is
 * no way back. Marks do not nest.
 */
void overlay_mark(struct overlay *o);
void overlay_undo(struct overlay *o);
void overlay_settle(struct overlay *o);
/* After a mark: a place to return to, as often as one likes, inside what overlay_undo() takes back. */
size_t overlay_savepoint(const struct overlay *o);
void overlay_return(struct overlay *o, size_t savepoint);
/* Bytes that changes and overlay_alloc() have taken since overlay_reset(): the same on every node. */
size_t overlay_size(const struct overlay *o);

/* True when memory ran short: the block can't be executed here. */
bool overlay_failed(const struct overlay *o);

/* What changed, each key once, in order of first touch; values equal to the state's own are left out. */
size_t overlay_writes(struct overlay *o, const struct state_write **ret_writes,
                      const struct hash **ret_key_hashes);

/* Memory that lives as long as the block's: for copies. NULL when short (latched). */
void *overlay_alloc(struct overlay *o, size_t size);

#endif
