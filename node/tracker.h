/*
 * What became of statements that are not on the ledger: waiting, or turned away and why. Bounded: the
 * oldest is forgotten. Shared by the loop and the HTTP threads.
 */
#ifndef NODE_TRACKER_H
#define NODE_TRACKER_H

#include "common/crypto.h"
#include "common/refusal.h"

#define TRACKER_MAX 65536

struct tracker;

struct tracker *tracker_new(void);
void tracker_free(struct tracker *t);
/* code ACCEPTED: it waits for a block. */
void tracker_note(struct tracker *t, const struct hash *statement, enum refusal code);
/* It is on the ledger: the store knows. */
void tracker_forget(struct tracker *t, const struct hash *statement);
/* False: nothing is known of it here. */
bool tracker_find(struct tracker *t, const struct hash *statement, enum refusal *ret_code);

#endif
