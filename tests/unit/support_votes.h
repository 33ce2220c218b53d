/*
 * One core alone among others that exist only as keys: each test says to it what it likes, truth or lie, and
 * sees what it answers. The core is node 0 of a net whose other nodes are down.
 */
#ifndef TESTS_UNIT_SUPPORT_VOTES_H
#define TESTS_UNIT_SUPPORT_VOTES_H

#include "tests/support/vote_net.h"

#define ME 0

extern struct vote_net net;

int votes_teardown(void **state);
/* Others are down; nothing waits. */
void votes_alone(size_t members, size_t followers);
/* A block on my tip, made now by `by`. */
struct header votes_block(size_t by);
bool votes_prepare(size_t by, uint64_t round, const struct header *h);
bool votes_commit(size_t by, uint64_t round, const struct header *h);
bool votes_roundchange(size_t by, uint64_t round, const struct prepared *claim);
bool votes_propose(size_t by, uint64_t round, const struct header *h, unsigned who,
                   const struct prepared *const *claims);
bool votes_rccert(size_t by, uint64_t round, unsigned who);
/* tip: of the sender; question, answer: HALF_SIZE bytes or NULL. */
bool votes_status(size_t by, uint64_t height, uint64_t round, const uint8_t *question,
                  const uint8_t *answer);
/* How many of the type I sent so far. */
size_t votes_sent(enum message_type type);
/* Did I say it of this block in this round, last of its type? */
bool votes_said(enum message_type type, uint64_t round, const struct header *h);
uint64_t votes_round(void);
uint64_t votes_height(void); /* of the newest block */
enum consensus_phase votes_phase(void);

#endif
