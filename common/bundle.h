/*
 * Everything an offline verifier needs about one asset, in one file: that these are all its events up to a
 * block, that the rules judged them so, and that the authorities sealed it. Pure; trusts nothing but the
 * ledger's public identity, which the verifier brings along.
 *
 * bundle = [1, bstr .cbor set-proof, bstr .cbor final, bstr .cbor state-proof, [* bstr .cbor part], ? holds]
 * part   = [bstr .cbor final, size: uint, [+ [index: uint, bstr .cbor outcome, [* hash], bstr / null]]]
 * holds  = [bstr .cbor state-proof, ? bstr .cbor state-proof]
 *
 * The state proof is of the asset's entry in the first final's state. A part is a block that spoke of
 * the asset: heights rise, indices within a part rise; size is the number of the block's outcomes, and the
 * last item the statement whose verdict the outcome is, or null.
 *
 * A recall or a quarantine of a lot is in no event of its units. So holds prove, in that same state, what is
 * or is not kept of them under the asset's name and, when it is of a lot, under the lot's; which lot that is
 * says the statement that made it, which is in the parts. Bundles of before there were any lack them.
 */
#ifndef COMMON_BUNDLE_H
#define COMMON_BUNDLE_H

#include "common/amount.h"
#include "common/final.h"
#include "common/outcome.h"
#include "common/set_chain.h"
#include "common/state_goods.h"

#define BUNDLE_VERSION     1
#define BUNDLE_SIZE_MAX    (64 * 1024 * 1024)
#define BUNDLE_PARTS_MAX   50000
#define BUNDLE_RULES_HOLDS 3 /* rules from this version on know recalls and quarantines */

/* ------------------------------------------------------------------ making one */

/* Then bundle_put_part() `parts` times, then with holds bundle_put_holds(). */
void bundle_put_head(struct buf *out, struct slice set_proof, struct slice final,
                     struct slice state_proof, size_t parts, bool holds);
void bundle_put_part(struct buf *out, struct slice part);
/* State proofs of the hold of the name, and of its lot's; lot: empty when it is of none. */
void bundle_put_holds(struct buf *out, struct slice own, struct slice lot);

/* Then bundle_part_put_outcome() `count` times. */
void bundle_part_put_head(struct buf *out, struct slice final, uint64_t size, size_t count);
/* In: statement: empty for a timer's outcome. */
void bundle_part_put_outcome(struct buf *out, uint64_t index, struct slice outcome,
                             const struct merkle_path *path, struct slice statement);

/* ------------------------------------------------------------------ checking one */

/* A proven event of the asset, in order; everything borrowed. */
struct bundle_event {
    const struct header *header; /* of its block */
    uint64_t outcome;            /* its outcome's place in the block */
    struct event event;
    bool has_statement;
    struct hash statement_hash; /* of the statement that caused it, unless a timer did */
    struct slice statement;     /* its bytes, when the bundle brings them; empty otherwise */
};
/* Returns false to stop, which fails the check. May be NULL. */
typedef bool (*bundle_visitor)(void *ctx, const struct bundle_event *e);

/* What holds it back by reference; all clear unless the state says otherwise. */
struct bundle_holds {
    bool proven; /* false: the bundle says nothing of holds */
    struct state_hold own;
    bool has_lot;
    char lot_name[ASSET_NAME_MAX + 1]; /* of a unit: "01/GTIN/10/LOT" */
    struct state_hold lot;
};

struct bundle_claim {
    char asset[ASSET_NAME_MAX + 1];
    bool known; /* false: the ledger holds no such asset, which is proven too */
    bool made;  /* false: known only from scans */
    struct header head;
    size_t seals;       /* under the head */
    size_t authorities; /* in force there */
    size_t set_changes; /* of them before it */
    uint64_t events;
    uint64_t blocks;     /* that spoke of it */
    uint64_t statements; /* different ones that caused the events */
    bool has_custodian, has_owner;
    struct kid custodian, owner;
    bool has_amount;
    struct amount amount; /* what is left of it; its unit is borrowed from the bundle */
    struct bundle_holds holds;
};

/*
 * In: trusted: the identity the verifier holds. Every event is visited before the whole is known to be
 * complete: believe nothing until this has returned true.
 * Returns: false with ERR_PROOF or ERR_INPUT and the reason.
 */
bool bundle_verify(struct slice bytes, const struct identity *trusted, bundle_visitor visit,
                   void *ctx, struct bundle_claim *ret_claim, struct err *err);

/* The hold that recalls it, its own before its lot's; NULL: none is proven. ret_name, when not NULL: whose it is. */
const struct state_hold *bundle_recalled(const struct bundle_claim *c, const char **ret_name);
/* Likewise that keeps it in quarantine; one that rejects it first. */
const struct state_hold *bundle_quarantined(const struct bundle_claim *c, const char **ret_name);
/* There may be holds, and it was left out to say so: who takes it for clean believes whoever gave it. */
bool bundle_hides_holds(const struct bundle_claim *c);

#endif
