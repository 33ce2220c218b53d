/*
 * All that is shown of one asset, gathered once: its journey, verdict, contracts in words and numbers,
 * master data, and how far it is proven. The API turns it into JSON, the page into HTML.
 */
#ifndef NODE_ASSET_VIEW_H
#define NODE_ASSET_VIEW_H

#include "common/gs1.h"
#include "common/statement.h"
#include "contracts/terms.h"
#include "node/asset_goods.h"
#include "node/asset_stand.h"
#include "node/provenance.h"
#include "node/read_model.h"
#include "node/series.h"

struct asset_contract {
    bool known; /* the definition and terms below are there */
    struct hash opening;
    uint64_t leaf;
    struct buf bytes; /* statement and definition: what the two below borrow from */
    struct contract_definition definition;
    struct contract_terms terms;
};

struct asset_view {
    char name[ASSET_NAME_MAX + 1];
    struct gs1_name gs1;
    int64_t id;
    bool demo; /* the whole ledger is one */
    struct header head;
    size_t seals;       /* under the head */
    uint64_t last_leaf; /* of its newest event that a statement caused */
    bool has_product;
    struct product_facts product;
    struct provenance journey;
    enum provenance_verdict verdict;
    enum provenance_reason reason;
    struct trace_path origin; /* the makings it descends from */
    struct asset_holds holds; /* what holds it back, by whatever name */
    struct trace_asset now;
    struct asset_stand stand;
    size_t contract_count;
    struct asset_contract contract[PROVENANCE_CONTRACTS];
};

struct asset_view *asset_view_new(void); /* NULL when memory is short */
void asset_view_free(struct asset_view *v);
/* In: name: as on the ledger. ERR_NOT_FOUND when the ledger does not know it. Can be called again. */
bool asset_view_load(struct store *s, struct slice name, struct asset_view *v, struct err *err);

/* A rule's contract: NULL when it is not known. */
const struct asset_contract *asset_view_contract(const struct asset_view *v,
                                                 const struct hash *opening);
/* The rule's name, or "rule 3". */
void asset_view_rule_name(const struct asset_view *v, const struct provenance_excursion *e,
                          char ret_name[DEFINITION_MAX_NAME + 1]);

/*
 * The call that acknowledged an excursion: its meaning and comment are among its arguments. bytes: what
 * *ret_call borrows from; it is cleared first. False: nobody did, or the statement is not to be had.
 */
bool asset_view_acknowledgement(struct store *s, const struct asset_view *v,
                                const struct provenance_excursion *e, struct buf *bytes,
                                struct statement *ret_call);
/* The name of the state a contract is in for this asset; empty: it has no states, or is not known. */
struct slice asset_view_state_name(const struct asset_view *v, size_t contract);

/* One property wanted from the readings of an asset. */
struct asset_series {
    uint16_t property;
    struct series series; /* begun by the caller */
};
/* Adds every recorded sample of the wanted properties. samples is scratch. */
bool asset_view_read(struct store *s, int64_t asset, struct asset_series *wanted, size_t count,
                     struct samples *scratch, struct err *err);

#endif
