/*
 * Those who lie: a cosigner signs every block in every round, claims nothing or falsely, proposes whatever some q
 * ROUNDCHANGEs allow and repeats what it heard; a liar runs the product and bends what it sends.
 */
#ifndef TESTS_SIM_SIM_LIAR_H
#define TESTS_SIM_SIM_LIAR_H

#include "tests/sim/sim.h"

struct sim_liar *sim_liar_new(void);
void sim_liar_free(struct sim_liar *l);
/* A cosigner hears an envelope; now and then it speaks without being asked. */
void sim_liar_hear(struct sim *s, struct sim_node *node, const struct sim_packet *packet);
void sim_liar_wake(struct sim *s, struct sim_node *node);
/* What a liar sends instead of this envelope: NULL: nothing. The packet is consumed. */
struct sim_packet *sim_liar_bend(struct sim *s, struct sim_node *node, struct sim_packet *packet);
/* Before its machine is asked anything: its clock jumps. */
void sim_liar_moody(struct sim *s, struct sim_node *node);

#endif
