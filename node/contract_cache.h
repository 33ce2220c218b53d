/*
 * Contracts bound and ready to judge with. An opening's hash fixes its definition and terms for ever, so
 * what is kept here can never be out of date: the cache changes speed, not outcomes.
 */
#ifndef NODE_CONTRACT_CACHE_H
#define NODE_CONTRACT_CACHE_H

#include "contracts/judge.h"
#include "node/execution.h"

struct contract_bound {
    struct hash opening;
    struct contract_definition definition;
    struct contract_terms terms;
    size_t device_count; /* devices the opening names: when any, only they are judged */
    struct kid devices[OPEN_PARTIES_MAX];
};

/* NULL when the ledger has no such opening, or it does not bind. Lives until 16 others were asked for. */
const struct contract_bound *contract_cache_find(struct execution *x, const struct hash *opening);

/* An opening as table 16 keeps it: [definition, parties, terms, assets, expiry]. */
struct kept_opening {
    struct hash definition;
    struct slice parties, terms;
    struct asset_set assets;
    uint64_t expires_ms;
};
void kept_opening_put(struct buf *out, const struct open *o);
bool kept_opening_take(struct slice value, struct kept_opening *ret_opening);

#endif
