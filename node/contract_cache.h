/*
 * Contracts bound and ready to judge with. An opening's hash fixes its definition and terms for ever, so
 * what is kept here can never be out of date: the cache changes speed, not outcomes. That the ledger has
 * the opening is asked each time; that it had the definition, rules_open() has seen to.
 */
#ifndef NODE_CONTRACT_CACHE_H
#define NODE_CONTRACT_CACHE_H

#include "contracts/terms.h"
#include "node/execution.h"

/* Everything is borrowed from the cache's own copy of the opening and its definition. */
struct contract_bound {
    struct hash opening;
    struct contract_definition definition;
    struct contract_terms terms;
    size_t device_count; /* devices the opening names: when any, only they are judged */
    struct kid devices[OPEN_PARTIES_MAX];

    struct slice parties[DEFINITION_MAX_PARTIES]; /* kids, as the definition's; empty = not named */
    size_t named_count;                           /* all that the opening names, duplicates too */
    struct kid named[OPEN_PARTIES_MAX];
    struct slice holders; /* raw map: role name => [+ kid]; may be empty */
    struct kid opener;    /* the member */
    struct asset_set assets;
    uint64_t expires_ms;
    bool has_replaces;
    struct hash replaces; /* the opening it takes the place of */
    uint64_t steps;       /* what it costs to bind it */
};

/*
 * NULL when the ledger has no such opening, or it does not bind. Lives until 32 others were asked for.
 * Counts steps: those of binding it once a block, or again when 32 others came between; the same on every
 * node, whatever it remembers from earlier blocks.
 */
const struct contract_bound *contract_cache_find(struct execution *x, const struct hash *opening);

/* It stays, whoever else is asked for, until it is released as often as it was held. */
void contract_cache_hold(struct execution *x, const struct contract_bound *contract);
void contract_cache_release(struct execution *x, const struct contract_bound *contract);

/* contract_cache_find() for an opening that nobody has checked yet: the reason in words, and whose fault it is. */
enum contract_cache_fault {
    CONTRACT_CACHE_DEFINITION, /* unknown, or not a contract */
    CONTRACT_CACHE_TERMS,      /* terms or parties do not fit it */
};
const struct contract_bound *contract_cache_bind(struct execution *x, const struct hash *opening,
                                                 enum contract_cache_fault *ret_fault,
                                                 struct err *err);

/* An opening as table 16 keeps it. */
struct kept_opening {
    struct hash definition;
    struct slice parties, terms;
    struct asset_set assets;
    uint64_t expires_ms;
    bool has_replaces;
    struct hash replaces;
    struct slice holders; /* raw map, empty when there are none */
    struct kid opener;
};
void kept_opening_put(struct buf *out, const struct open *o, const struct kid *opener);
bool kept_opening_take(struct slice value, struct kept_opening *ret_opening);

#endif
