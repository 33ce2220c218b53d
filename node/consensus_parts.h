/* What the files of consensus do for each other. */
#ifndef NODE_CONSENSUS_PARTS_H
#define NODE_CONSENSUS_PARTS_H

#include "node/consensus_state.h"

/* ------------------------------------------------------------------ consensus.c */

bool consensus_may_vote(const struct consensus *c);
void consensus_want_send(struct consensus *c, enum message_type type);
/* What was said must be durable before it is sent; block: whose body too, or NULL. */
void consensus_want_persist(struct consensus *c, const struct hash *block);

/* ------------------------------------------------------------------ consensus_vote.c */

void consensus_vote_clear(struct consensus *c); /* a new height */
void consensus_vote_prepare(struct consensus *c, size_t place, const struct message *m);
void consensus_vote_commit(struct consensus *c, size_t place, const struct message *m);
/* PREPAREs a block of the current round, once: it is valid here. */
void consensus_vote_accept(struct consensus *c, const struct header *h);
/* A seal of the height before, that may be its sender's second. */
void consensus_vote_late(struct consensus *c, size_t place, const struct message *m);
/* On q PREPAREs: COMMIT. */
void consensus_vote_seal(struct consensus *c);
void consensus_vote_decided(struct consensus *c, const struct message *m);
/* Own votes read back after a restart; sig: of the PREPARE. */
void consensus_vote_restore(struct consensus *c);
/* A header that names one of this height's blocks: COMMITs for it can be judged from now on. */
void consensus_vote_note_header(struct consensus *c, const struct header *h);
const struct vote *consensus_vote_own(const struct consensus *c, const struct ballot_box *box,
                                      uint64_t round);
/* Two of its signatures for one (type, height, round): told once a height. */
void consensus_vote_evidence(struct consensus *c, size_t place, struct slice a, struct slice b);

/* ------------------------------------------------------------------ consensus_round.c */

void consensus_round_enter(struct consensus *c, uint64_t round);
void consensus_round_arm(struct consensus *c);
void consensus_round_expire(struct consensus *c);
void consensus_round_change(struct consensus *c, size_t place, const struct message *m);
void consensus_round_cert(struct consensus *c, const struct message *m);
/* The f + 1 rule, and what holding q ROUNDCHANGEs for exactly this round brings. */
void consensus_round_advance(struct consensus *c);
const struct kid *consensus_round_proposer(const struct consensus *c, uint64_t round);
/* Do q distinct ROUNDCHANGEs speak for it? ret_highest: the claim of the highest round, or there = false. */
bool consensus_round_justified(const struct consensus *c, struct cbor_reader at, size_t count,
                               struct prepared *ret_highest);
/* Takes what justifies a round that is mine or above, as one unit. */
void consensus_round_take(struct consensus *c, struct cbor_reader at, size_t count, uint64_t round);
/* Is the certificate of the current round held? */
bool consensus_round_held(const struct consensus *c);
/* The claim of the highest round in the certificate, or NULL: all are unprepared. */
const struct prepared *consensus_round_highest(const struct consensus *c);

/* ------------------------------------------------------------------ consensus_propose.c */

void consensus_propose_receive(struct consensus *c, const struct message *m);
/* The proposer's duty, and judging the candidate. */
void consensus_propose_advance(struct consensus *c);
void consensus_propose_built(struct consensus *c, const struct header *h, uint64_t round);
void consensus_propose_nothing(struct consensus *c, uint64_t round);
void consensus_propose_valid(struct consensus *c, const struct header *h);
void consensus_propose_invalid(struct consensus *c, const struct header *h);
/* Is it a header of this height, on this tip, under this set? */
bool consensus_propose_fits(const struct consensus *c, const struct header *h);

/* ------------------------------------------------------------------ consensus_peer.c */

void consensus_peer_heard(struct consensus *c, size_t place, const struct message *m);
void consensus_peer_status(struct consensus *c, size_t place, const struct message *m);
/* Answers one who is at an older height. */
void consensus_peer_answer(struct consensus *c, size_t place, const struct message *m);
/* Moves what is known of peers to their places in the set to come. */
void consensus_peer_move(struct consensus *c, const struct authority_set *set);
/* May one whose vote state was lost vote again? */
void consensus_peer_rejoin(struct consensus *c);
bool consensus_peer_offset(const struct consensus *c, int64_t *ret_ms);
/* The (f + 1)-th highest block that others of the set said they have; 0: fewer were heard. */
uint64_t consensus_peer_reached(const struct consensus *c);
/* Of a set of one: does anybody listen? */
bool consensus_peer_listens(const struct consensus *c);

/* ------------------------------------------------------------------ consensus_store.c */

/* False: damaged, or of a height above this: nobody knows what was voted. */
bool consensus_store_load(struct consensus *c, struct slice vote);

#endif
