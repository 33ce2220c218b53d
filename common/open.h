/*
 * Opening of a contract instance (kind 10): binds a definition, parties, terms and assets. It waits for
 * one AGREE of each party (agree.h) and lapses at its expiry.
 */
#ifndef COMMON_OPEN_H
#define COMMON_OPEN_H

#include "common/asset_set.h"
#include "common/fields.h"
#include "common/key.h"

#define OPEN_PARTIES_MAX    16
#define OPEN_TERMS_MAX      64
#define OPEN_TEXT_MAX       4000
#define OPEN_DEFINITION_MAX 65536
#define OPEN_HOLDERS_MAX    16 /* roles with holders */
#define OPEN_HOLDER_KIDS    64 /* holders of one role */

struct open {
    struct hash definition;
    struct slice parties; /* raw map: role name => kid */
    struct slice terms;   /* raw map: name => term, see wire.cddl */
    struct asset_set assets;
    uint64_t expires_ms;
    struct slice compiled; /* the definition's bytes when the ledger lacks it; empty = absent */
    bool has_replaces;
    struct hash replaces; /* with has_replaces: the opening that this one takes the place of */
    struct slice holders; /* raw map: role name => [+ kid], rising; empty = absent */
};

/*
 * One term, of any form: bool, int, text, [mantissa, exponent, unit], [* int], [* text], 8 or 32 bytes.
 */
void open_take_term(struct cbor_reader *r);
void open_take(struct fields *f, struct open *ret_open);
size_t open_pairs(const struct open *o);
void open_put(struct buf *out, const struct open *o);

/* The kids of the parties map, in its order, duplicates kept. Returns how many. */
size_t open_parties(const struct open *o, struct kid ret_kids[OPEN_PARTIES_MAX]);

#endif
