/*
 * Everything an offline verifier needs about one asset, in one file: that these are all its events up to a
 * block, that the rules judged them so, and that the authorities sealed it. Pure; trusts nothing but the
 * ledger's public identity, which the verifier brings along.
 *
 * bundle = [1, bstr .cbor set-proof, bstr .cbor final, bstr .cbor state-proof, [* bstr .cbor part]]
 * part   = [bstr .cbor final, size: uint, [+ [index: uint, bstr .cbor outcome, [* hash], bstr / null]]]
 *
 * The state proof is of the asset's entry in the first final's state. A part is a block that spoke of
 * the asset: heights rise, indices within a part rise; size is the number of the block's outcomes, and the
 * last item the statement whose verdict the outcome is, or null.
 */
#ifndef COMMON_BUNDLE_H
#define COMMON_BUNDLE_H

#include "common/amount.h"
#include "common/final.h"
#include "common/outcome.h"

#define BUNDLE_VERSION   1
#define BUNDLE_SIZE_MAX  (64 * 1024 * 1024)
#define BUNDLE_PARTS_MAX 50000

/* ------------------------------------------------------------------ making one */

/* Then bundle_put_part() `parts` times. */
void bundle_put_head(struct buf *out, struct slice set_proof, struct slice final,
                     struct slice state_proof, size_t parts);
void bundle_put_part(struct buf *out, struct slice part);

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

struct bundle_claim {
    char asset[ASSET_NAME_MAX + 1];
    bool known; /* false: the ledger holds no such asset, which is proven too */
    bool made;  /* false: known only from scans */
    struct header head;
    size_t seals; /* under the head */
    uint64_t events;
    uint64_t blocks;     /* that spoke of it */
    uint64_t statements; /* different ones that caused the events */
    bool has_custodian, has_owner;
    struct kid custodian, owner;
    bool has_amount;
    struct amount amount; /* what is left of it; its unit is borrowed from the bundle */
};

/*
 * In: trusted: the identity the verifier holds. Every event is visited before the whole is known to be
 * complete: believe nothing until this has returned true.
 * Returns: false with ERR_PROOF or ERR_INPUT and the reason.
 */
bool bundle_verify(struct slice bytes, const struct identity *trusted, bundle_visitor visit,
                   void *ctx, struct bundle_claim *ret_claim, struct err *err);

#endif
