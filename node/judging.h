/*
 * What the rules of an asset's contracts found: readings judged, the books, budgets that follow the goods,
 * silence. Pure.
 */
#ifndef NODE_JUDGING_H
#define NODE_JUDGING_H

#include "contracts/watch.h"
#include "node/contract_cache.h"

/* The book of an asset under a contract; empty when nothing was found. False: the state is damaged. */
bool judging_load_book(struct execution *x, const struct contract_bound *contract,
                       struct slice asset, struct book *ret_book);
void judging_store_book(struct execution *x, const struct contract_bound *contract,
                        struct slice asset, const struct book *book);
/* Seconds of the closed excursions of a rule (rule < 0: of all) charged to a member, as far as the book goes. */
bool judging_charged(struct execution *x, const struct contract_bound *contract, struct slice asset,
                     int rule, const struct kid *member, uint64_t *ret_seconds);

/* The contract has come into force for these assets: silence is waited for. */
void judging_contract_began(struct execution *x, const struct contract_bound *contract,
                            const struct asset_set *assets, uint64_t start_ms);

/*
 * Gives time back to a budget of an asset, by a call's hash, or undoes that; totals are judged anew, events
 * are emitted. False: no such budget or call, or undone already.
 */
bool judging_add_back(struct execution *x, const struct contract_bound *contract,
                      struct slice asset, struct slice budget, const struct hash *call,
                      uint64_t ms);
bool judging_undo_add_back(struct execution *x, const struct contract_bound *contract,
                           struct slice asset, const struct hash *call);

#endif
