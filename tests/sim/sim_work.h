/*
 * What the members do meanwhile: each key says one thing after the other to some node and repeats it, to others
 * too, until it is sealed. Goods are drawn and judged a second time by tests/support/goods_reference.h.
 */
#ifndef TESTS_SIM_SIM_WORK_H
#define TESTS_SIM_SIM_WORK_H

#include "tests/sim/sim.h"

/* Founds the members of s->kit (n authorities and candidates more), makes the genesis and plans what is said. */
struct sim_work *sim_work_new(struct sim *s);
void sim_work_free(struct sim_work *w);
void sim_work_say(struct sim *s, unsigned signer);
/* Everybody who waits for an answer asks again, and if nobody does somebody says something new. */
void sim_work_wake(struct sim *s);
void sim_work_repeat(struct sim *s, unsigned signer, uint64_t number);
/* A block was decided, by the first good node that did. */
void sim_work_sealed(struct sim *s, const struct commit *c);
/* Is all that was said before the healing sealed, and up to which height? */
bool sim_work_is_settled(const struct sim *s);
uint64_t sim_work_height(const struct sim *s);

#endif
