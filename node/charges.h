/*
 * Who answers for which seconds of a stretch of time: each second is charged to who held the goods in it,
 * from the custody history (table 18) alone, so that a handover that becomes known later charges it anew.
 * Pure.
 */
#ifndef NODE_CHARGES_H
#define NODE_CHARGES_H

#include "contracts/book.h"
#include "contracts/charge.h"
#include "node/execution.h"

/* Emits a CHARGED event for each custodian of a closed stretch. */
void charges_emit(struct execution *x, struct slice asset, const struct hash *opening,
                  const struct book_stretch *stretch);
/* Seconds of [from_ms, to_ms) in which the member held the asset. */
uint64_t charges_of_member(struct execution *x, struct slice asset, const struct kid *member,
                           uint64_t from_ms, uint64_t to_ms);

#endif
