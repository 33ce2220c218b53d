/* Inside the ring (node_ring*.c). */
#ifndef TESTS_SUPPORT_NODE_RING_PARTS_H
#define TESTS_SUPPORT_NODE_RING_PARTS_H

#include "tests/support/node_ring.h"

/* Ends the program when not good: a test without its ring must not pass. */
void node_ring_must(bool good, const char *what);

void node_ring_persist(struct ring_node *n, const struct node_action *a);
void node_ring_forget_bodies(struct ring_node *n);
/* Checks the block's proof and the state it gives, too. */
void node_ring_store(struct ring_node *n, const struct commit *c);
/* The chain, from what the disk has. */
void node_ring_load(const struct node_ring *r, struct ring_node *n);

#endif
