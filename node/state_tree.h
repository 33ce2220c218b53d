/*
 * The state root: RFC 9162 over 65,536 buckets, a bucket the RFC 9162 root over its entries
 * SHA-256(key) || SHA-256(value) sorted by the first; a key's bucket is the first 16 bits of SHA-256(key).
 * Holds the entries' hashes (64 bytes a key), not the values. Pure; allocates as keys are added.
 */
#ifndef NODE_STATE_TREE_H
#define NODE_STATE_TREE_H

#include "common/merkle.h"

#define STATE_BUCKETS       65536
#define STATE_BUCKET_LEVELS 16

struct state_tree;

struct state_tree *state_tree_new(void); /* NULL when memory is short */
void state_tree_free(struct state_tree *t);

/* Sets or, with value NULL, removes the entry of a key. False when memory is short. */
bool state_tree_set(struct state_tree *t, const struct hash *key_hash,
                    const struct hash *value_hash);
/* Recomputes what changed since the last call. */
struct hash state_tree_root(struct state_tree *t);
/* The value hash of a key: false when absent. */
bool state_tree_find(const struct state_tree *t, const struct hash *key_hash,
                     struct hash *ret_value);
uint64_t state_tree_count(const struct state_tree *t);

/*
 * Appends a state-proof (wire.cddl) that key has `value`, or, with an empty value, that it is absent:
 * shown by its two neighbours in the bucket. In: the root is up to date.
 */
void state_tree_prove(struct state_tree *t, struct slice key, struct slice value, struct buf *out);

#endif
