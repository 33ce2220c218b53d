/*
 * What the members do meanwhile: each key says one thing after the other to some node and repeats it, to others
 * too, until it is sealed. Goods are drawn and judged a second time by tests/support/goods_reference.h; votes and
 * what changes the authority set are sim_govern.c.
 */
#ifndef TESTS_SIM_SIM_WORK_H
#define TESTS_SIM_SIM_WORK_H

#include "common/outcome.h"
#include "tests/sim/sim.h"
#include "tests/support/goods_op.h"

/* Signers: keys of the goods' world, then a company and an authority key for each of s->keys. */
#define SIM_MEMBER(key)    ((key) < GOODS_MEMBERS ? (key) : GOODS_SIGNERS + (key))
#define SIM_AUTHORITY(key) (GOODS_SIGNERS + SIM_KEYS_MAX + (key))
#define SIM_SIGNERS        (GOODS_SIGNERS + 2 * SIM_KEYS_MAX)

/* Founds the members of s->kit (n authorities and two candidates more) and makes the genesis. */
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

/* Something that is no operation on goods; sim_govern_heard() learns what became of it. False: the key is busy. */
bool sim_work_utter(struct sim *s, unsigned signer, struct statement draft);
/* The same said once, to one node, and forgotten; nothing when the key is busy. */
void sim_work_shout(struct sim *s, unsigned signer, struct statement draft);
/* The hash of what it said last. */
struct hash sim_work_last(const struct sim *s, unsigned signer);
/* The company that an authority key belongs to. */
struct kid sim_work_member(const struct sim *s, unsigned key);
/* How many companies vote. */
unsigned sim_work_voters(const struct sim *s);

/* ------------------------------------------------------------------ sim_govern.c */

struct sim_govern *sim_govern_new(struct sim *s);
void sim_govern_free(struct sim_govern *g);
/* What a change of the set needs next. */
void sim_govern_step(struct sim *s);
void sim_govern_heard(struct sim *s, unsigned signer, const struct verdict *v);
bool sim_govern_is_over(const struct sim *s);
/* Evidence that a machine found becomes a statement of its authority. */
void sim_govern_accuse(struct sim *s, unsigned key, struct slice a, struct slice b);

/* The newest proposal there was; nothing's hash when there was none. */
struct hash sim_govern_proposal(const struct sim *s);

/* ------------------------------------------------------------------ sim_mischief.c */

struct sim_mischief *sim_mischief_new(struct sim *s);
void sim_mischief_free(struct sim_mischief *m);
void sim_mischief_step(struct sim *s);

/* ------------------------------------------------------------------ sim_deal.c */

struct sim_deal *sim_deal_new(struct sim *s);
void sim_deal_free(struct sim_deal *d);
/* Now and then a company has time for goods, too. */
bool sim_deal_wants(struct sim *s, unsigned signer);
void sim_deal_step(struct sim *s);

#endif
