/*
 * The state root: RFC 9162 over 65,536 buckets, a bucket the RFC 9162 root over its entries
 * SHA-256(key) || SHA-256(value) sorted by the first; a key's bucket is the first 16 bits of SHA-256(key).
 * Holds the entries' hashes (64 bytes a key), not the values. Pure; allocates as keys are added: what is
 * empty costs nothing.
 */
#ifndef NODE_STATE_TREE_H
#define NODE_STATE_TREE_H

#include "common/merkle.h"

#define STATE_BUCKETS       65536
#define STATE_BUCKET_LEVELS 16
#define STATE_ENTRY_SIZE    (2 * HASH_SIZE)

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
 * As of the last state_tree_root(): the root of the subtree of 2^height buckets that is the index-th of its
 * size. A bucket's own (height 0) is the leaf over its root.
 */
struct hash state_tree_node(const struct state_tree *t, unsigned height, size_t index);
/* A bucket's entries, in order; they live until the next state_tree_set(). */
const uint8_t (*state_tree_bucket(const struct state_tree *t, size_t bucket,
                                  size_t *ret_count))[STATE_ENTRY_SIZE];

/*
 * Appends a state-proof (wire.cddl) that key has `value`, or, with an empty value, that it is absent:
 * shown by its two neighbours in the bucket. In: the root is up to date.
 */
void state_tree_prove(struct state_tree *t, struct slice key, struct slice value, struct buf *out);

#endif
