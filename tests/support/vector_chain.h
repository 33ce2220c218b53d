/*
 * The three blocks of the wire's vectors, executed: every root is held against the vectors' headers on the way, with
 * cmocka's asserts. What another program made, made again here.
 */
#ifndef TESTS_SUPPORT_VECTOR_CHAIN_H
#define TESTS_SUPPORT_VECTOR_CHAIN_H

#include "tests/support/memory_state.h"
#include "tests/support/vectors.h"

#define VECTOR_BLOCK_MAX 16

struct vector_chain {
    struct memory_state *state;
    struct execution *execution;
    struct merkle_frontier tree;
    struct header parent;                     /* of the last block executed */
    struct hash leaves[3 * VECTOR_BLOCK_MAX]; /* leaf hashes, tree.size of them */
    struct hash outcome_leaves[64];           /* of the last block */
    struct slice outcomes[64];
    size_t outcome_count;
    struct statement statements[VECTOR_BLOCK_MAX];
};

struct vector_chain *vector_chain_new(void);
void vector_chain_free(struct vector_chain *c);
/* Executes blocks 1 to `height`. */
void vector_chain_run(struct vector_chain *c, unsigned height);

#endif
