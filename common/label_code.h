/*
 * Labels of two layers: the outer code names the goods, the covered one proves that nobody looked before.
 * Sealing (kind 27) puts a commitment to the covered code on the ledger, revealing (kind 28) the code.
 */
#ifndef COMMON_LABEL_CODE_H
#define COMMON_LABEL_CODE_H

#include "common/asset_set.h"
#include "common/crypto.h"
#include "common/fields.h"

#define LABEL_CODE_MIN  10 /* bytes: at least 80 bits, or it could be guessed from the commitment */
#define LABEL_CODE_MAX  64
#define LABEL_SEALS_MAX 4096 /* goods in one statement */

struct label_seal {
    struct asset_set assets;
    struct slice commitments; /* raw array, one of 32 bytes for each asset, in order */
};

struct label_reveal {
    struct slice asset;
    struct slice code;
    struct slice place; /* GLN; empty = absent */
};

/* SHA-256("waybill/1/label\0" ‖ asset ‖ 0x00 ‖ code) */
struct hash label_commitment(struct slice asset, struct slice code);

void label_seal_take(struct fields *f, struct label_seal *ret_seal);
size_t label_seal_pairs(const struct label_seal *s);
void label_seal_put(struct buf *out, const struct label_seal *s);

void label_reveal_take(struct fields *f, struct label_reveal *ret_reveal);
size_t label_reveal_pairs(const struct label_reveal *r);
void label_reveal_put(struct buf *out, const struct label_reveal *r);

#endif
