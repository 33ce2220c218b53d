/* What offers of goods and their answers share. Nothing else includes this. */
#ifndef NODE_RULES_CUSTODY_H
#define NODE_RULES_CUSTODY_H

#include "node/goods.h"

/* ------------------------------------------------------------------ rules_offer.c */

enum refusal rules_offer(struct execution *x, const struct speaker *by);
/* False when there is no such offer, or none any more. Its set borrows from the overlay. */
bool rules_offer_load(struct execution *x, const struct hash *offer, struct state_offer *ret_offer);
/* The offer is over: it, its timer and what its goods know of it go away. */
void rules_offer_close(struct execution *x, const struct hash *offer, const struct state_offer *o,
                       const struct asset_set *assets);
/* The data of events that tell what became of an offer: RULES_OFFER_ITEMS items. */
#define RULES_OFFER_ITEMS 4
void rules_offer_put(struct buf *data, const struct hash *offer, const struct state_offer *o);

/* ------------------------------------------------------------------ rules_answer.c */

enum refusal rules_answer(struct execution *x, const struct speaker *by);

/* ------------------------------------------------------------------ rules_custody.c */

/*
 * Whether the goods, and all that is inside them, may go to a member: QUARANTINED, RECALLED, or STEPS and the
 * like. Explains. In: from: NULL, or who must hold the role of what is inside, which must not be on offer.
 */
enum refusal rules_custody_check_way(struct execution *x, const struct asset_iter *at,
                                     const struct state_asset *a, enum custody_role role,
                                     const struct kid *from, const struct kid *to);
bool rules_custody_holds(const struct state_asset *a, enum custody_role role,
                         const struct kid *member);
/* Blocks made under older rules knew one offer for both roles, and rejections without a reason. */
bool rules_custody_is_sale(const struct execution *x, enum custody_role role);
bool rules_custody_on_offer(const struct execution *x, const struct state_asset *a,
                            enum custody_role role);
/* NO_SUCH_READING when the statement binds in what is no late reading of a device that is on its goods. */
enum refusal rules_custody_check_reading(struct execution *x, const struct custody *c);
/* Tells what the statement binds in, if anything. */
void rules_custody_tell_bound(struct execution *x, const struct speaker *by);

#endif
