/*
 * Several bundles in one file: all the assets on the way from goods to their sources, or to what was made of
 * them. Pure; says nothing itself: whoever reads it verifies each bundle and walks the way again.
 *
 * bundle-pack = [2, direction, [+ [asset, bstr .cbor bundle]]]
 *
 * The first asset is the one that was asked about; no asset comes twice.
 */
#ifndef COMMON_BUNDLE_PACK_H
#define COMMON_BUNDLE_PACK_H

#include "common/bundle.h"

#define BUNDLE_PACK_VERSION    2
#define BUNDLE_PACK_SIZE_MAX   ((size_t)256 << 20)
#define BUNDLE_PACK_ASSETS_MAX 4096

enum bundle_pack_direction {
    BUNDLE_PACK_BACK = 0,    /* where it comes from */
    BUNDLE_PACK_FORWARD = 1, /* what was made of it */
};

struct bundle_pack {
    enum bundle_pack_direction direction;
    size_t count;
    struct {
        struct slice asset, bundle; /* borrowed */
    } item[BUNDLE_PACK_ASSETS_MAX];
};

/* Then bundle_pack_put() `count` times. */
void bundle_pack_put_head(struct buf *out, enum bundle_pack_direction direction, size_t count);
void bundle_pack_put(struct buf *out, const char *asset, struct slice bundle);

/* True when these are the beginnings of a pack rather than of a single bundle. */
bool bundle_pack_is(struct slice bytes);
/* Takes the file apart; the bundles are not looked into. ERR_INPUT with the reason. */
bool bundle_pack_take(struct slice bytes, struct bundle_pack *ret_pack, struct err *err);
/* The bundle of an asset; empty when there is none. */
struct slice bundle_pack_find(const struct bundle_pack *p, const char *asset);

#endif
