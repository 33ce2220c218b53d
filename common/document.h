/*
 * Attachment of a document to a contract (kind 16), by its hash: the document itself stays with those it
 * belongs to, and whoever has it can show that it is the one.
 */
#ifndef COMMON_DOCUMENT_H
#define COMMON_DOCUMENT_H

#include "common/asset_set.h"
#include "common/crypto.h"
#include "common/fields.h"

#define DOCUMENT_NAME_MAX  64  /* bytes */
#define DOCUMENT_MEDIA_MAX 100 /* bytes */

struct document {
    struct hash opening; /* statement hash of the contract's opening */
    struct slice name;   /* as the contract calls it */
    struct hash hash;    /* SHA-256 of the document */
    uint64_t size;       /* bytes */
    struct slice media;  /* media type; empty = absent */
    bool has_assets;     /* only for these units of the opening, when each has a state of its own */
    struct asset_set assets; /* with has_assets */
};

void document_take(struct fields *f, struct document *ret_document);
size_t document_pairs(const struct document *d);
void document_put(struct buf *out, const struct document *d);

#endif
