/*
 * Certificates (kind 24): an issuer says of goods, of a place or of a company that they meet a standard, for
 * a time; and their revocation (kind 25), which may reach back.
 */
#ifndef COMMON_CERTIFICATE_H
#define COMMON_CERTIFICATE_H

#include "common/asset_set.h"
#include "common/fields.h"
#include "common/key.h"

#define CERTIFICATE_ASSETS_MAX 64

struct certificate {
    struct slice name;       /* of the standard: "organic", "GMP" */
    bool has_assets;         /* at least one of these three */
    struct asset_set assets; /* goods or lots, CERTIFICATE_ASSETS_MAX of them */
    struct slice place;      /* GLN; empty = absent */
    bool has_member;
    struct kid member;
    uint64_t from_ms, until_ms; /* valid at from <= t < until */
    bool has_document;
    struct hash document; /* SHA-256 of the paper */
    struct slice number;  /* the issuer's own; empty = absent */
};

struct certificate_revoke {
    struct hash certificate; /* statement hash */
    uint64_t from_ms;        /* not valid from then on, even if that is long ago */
    struct slice reason;
};

void certificate_take(struct fields *f, struct certificate *ret_certificate);
size_t certificate_pairs(const struct certificate *c);
void certificate_put(struct buf *out, const struct certificate *c);

void certificate_revoke_take(struct fields *f, struct certificate_revoke *ret_revoke);
size_t certificate_revoke_pairs(const struct certificate_revoke *r);
void certificate_revoke_put(struct buf *out, const struct certificate_revoke *r);

#endif
