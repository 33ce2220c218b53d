/*
 * Verified statements that wait for a block, in order of arrival, each key's own in order of seq. Bounded;
 * pure: the time comes in.
 */
#ifndef NODE_POOL_H
#define NODE_POOL_H

#include "node/parcel.h"

#define POOL_MAX       65536
#define POOL_MAX_BYTES (128u * 1024 * 1024)
#define POOL_MAX_KEY   16384 /* of one key: no flood of one crowds out the others */
#define POOL_HOLD_MS   2000  /* how long a statement waits for the ones before it */
#define POOL_RELAY_MS  2000  /* one that still waits after so long is relayed (again) */

struct pool;

enum pool_answer {
    POOL_TAKEN, /* the parcel is the pool's now */
    POOL_KNOWN, /* the same statement waits already: the parcel stays the caller's */
    POOL_FULL,
    POOL_QUOTA, /* the key has too many waiting */
};

struct pool *pool_new(void);
void pool_free(struct pool *p); /* and what is in it */
enum pool_answer pool_add(struct pool *p, struct parcel *parcel);
bool pool_has(const struct pool *p, const struct hash *statement);
/* NULL: it does not wait here. The parcel stays the pool's. */
const struct parcel *pool_find(const struct pool *p, const struct hash *statement);
size_t pool_count(const struct pool *p);

/* All parcels in the order to be executed; valid until the pool changes. NULL when memory is short. */
struct parcel *const *pool_order(struct pool *p, size_t *ret_count);

/* Notes in gone, which is as long as the pool's count, the place of a statement that may be in it. */
void pool_mark(const struct pool *p, const struct hash *statement, bool *gone);

/* Lets go of the parcels for which gone[i] is true, by their place in pool_order()'s array; frees them. */
void pool_drop(struct pool *p, const bool *gone, size_t count);

/*
 * What peers may lack: a statement that a client gave this node, at once; any that waits, whoever sent it,
 * after POOL_RELAY_MS and again as often. NULL: none is due. Each is due until pool_relayed().
 */
const struct parcel *pool_relay_due(const struct pool *p, uint64_t steady_ms);
/* That of pool_relay_due() was relayed. */
void pool_relayed(struct pool *p, uint64_t steady_ms);
/* When the next is due; UINT64_MAX: none waits. */
uint64_t pool_relay_ms(const struct pool *p);

#endif
