/*
 * The assets a statement speaks of: a list, a prefix with suffixes, or a prefix with a numbered range,
 * so that ten thousand units cost 25 bytes. Names rise strictly bytewise.
 */
#ifndef COMMON_ASSET_SET_H
#define COMMON_ASSET_SET_H

#include "common/cbor.h"

#define ASSET_NAME_MAX 64
#define ASSET_SET_MAX  10000

struct asset_set {
    struct slice raw; /* its canonical CBOR, borrowed */
    size_t count;
};

struct asset_iter {
    struct cbor_reader items;
    struct slice prefix;
    uint64_t number; /* of a range: the next one */
    size_t digits;   /* of a range: width; 0 otherwise */
    size_t left;
    char name[ASSET_NAME_MAX + 1]; /* the current one, zero-terminated */
    size_t name_len;
};

/* Takes one asset-set; every name is checked. */
struct asset_set asset_set_take(struct cbor_reader *r);
void asset_set_put(struct buf *out, const struct asset_set *set);

/* Builds the raw form of one name, or of a range; the slice points into memory. */
struct asset_set asset_set_one(const char *name, struct buf *memory);
struct asset_set asset_set_range(const char *prefix, const char *first, size_t count,
                                 struct buf *memory);

struct asset_iter asset_set_begin(const struct asset_set *set);
/* Moves to the next name: false at the end. */
bool asset_set_next(struct asset_iter *it);

#endif
