/* What the node says on the bus: acks to signers, hints to those turned away, the head, the set, events. */
#ifndef NODE_ANNOUNCE_H
#define NODE_ANNOUNCE_H

#include "common/bus.h"
#include "common/final.h"
#include "node/commit.h"
#include "node/node_step.h"
#include "node/store.h"

/* One ack a signer of the block, and the new head, retained. Lost ones are asked for again by a resend. */
void announce_block(struct bus *bus, const struct commit *c);
/* The sets with their proof, retained; once after connecting, and after a block that changes them. */
void announce_set(struct bus *bus, struct store *s);
void announce_head(struct bus *bus, const struct header *head, struct slice seals);

/*
 * A summary that is on the ledger, proven again: outcomes = the block's raw CBOR array of byte strings.
 * False when the block has no summary of kid.
 */
bool announce_ack_again(struct bus *bus, const struct kid *kid, const struct header *h,
                        struct slice seals, struct slice outcomes);
/* [0, statement hash, code] on the signer's ack topic: a hint, never a proof. */
void announce_refused(struct bus *bus, const struct node_refused *refused);

#endif
