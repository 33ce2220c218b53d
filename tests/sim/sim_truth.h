/*
 * What really happened, as an observer of everything sees it: the one chain, who was in the set, what was sealed;
 * and the checks of each decided block against it.
 */
#ifndef TESTS_SIM_SIM_TRUTH_H
#define TESTS_SIM_SIM_TRUTH_H

#include "tests/sim/sim.h"

struct sim_truth *sim_truth_new(struct sim *s);
void sim_truth_free(struct sim_truth *t);
/* A good node made this durable. */
void sim_truth_decided(struct sim *s, const struct sim_node *node, const struct commit *c);
/* A good node said this. */
void sim_truth_said(struct sim *s, const struct sim_node *node, const struct sim_packet *packet);
/* At the end: disks replayed, and everything acknowledged is there. */
void sim_truth_finish(struct sim *s);
uint64_t sim_truth_height(const struct sim_truth *t);
struct hash sim_truth_hash(const struct sim_truth *t, uint64_t height);
/* The height that sealed a statement; 0: none has. */
uint64_t sim_truth_sealed(const struct sim_truth *t, const struct hash *statement);
/* In force at the height after `height`. */
const struct authority_set *sim_truth_set(const struct sim_truth *t, uint64_t height);

#endif
