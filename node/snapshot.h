/*
 * The state as of one block, to be handed out in ranges of buckets that each prove themselves. A manifest
 * carries a proof of finality of that block, the chain of authority sets from the identity, the right edge of
 * the statement tree and the roots of all buckets; edge and roots must give the header's tree and state root.
 * A chunk is a run of whole buckets: its entries must give the buckets' roots. Who joins needs to trust the
 * identity alone. The same state gives every node the same chunks, so they may come from several peers.
 *
 * Pure: entries come in and bytes go out through functions of the caller's.
 */
#ifndef NODE_SNAPSHOT_H
#define NODE_SNAPSHOT_H

#include "common/final.h"
#include "node/state_tree.h"
#include "node/tree_edge.h"

#define SNAPSHOT_CHUNK_SIZE   (1024 * 1024)      /* a chunk ends at the first bucket beyond this */
#define SNAPSHOT_CHUNK_MAX    (64 * 1024 * 1024) /* with the last bucket: the state's own bound */
#define SNAPSHOT_CHUNKS_MAX   16384
#define SNAPSHOT_MANIFEST_MAX (8 * 1024 * 1024)

/* ------------------------------------------------------------------ making one */

struct snapshot_maker;

/* Takes a finished chunk: false to give up. */
typedef bool (*snapshot_sink)(void *ctx, uint32_t first, uint32_t count, struct slice chunk);

/* NULL when memory is short. */
struct snapshot_maker *snapshot_maker_new(snapshot_sink sink, void *ctx);
void snapshot_maker_free(struct snapshot_maker *m); /* NULL is legal */
/* Entries in order of key_hash. False: a bound was reached, the sink gave up, or memory is short. */
bool snapshot_maker_add(struct snapshot_maker *m, const struct hash *key_hash, struct slice key,
                        struct slice value, struct err *err);
/* Ends the last chunk. Then the state root is known, and the manifest can be written. */
bool snapshot_maker_end(struct snapshot_maker *m, struct hash *ret_state, struct err *err);

struct snapshot_parts {
    struct slice final; /* finality proof of the block */
    struct slice sets;  /* set proof to that block */
    const struct tree_edge *edge;
};
void snapshot_maker_put_manifest(const struct snapshot_maker *m, const struct snapshot_parts *parts,
                                 struct buf *out);

/* ------------------------------------------------------------------ reading one */

/* Borrowed from the manifest's bytes. */
struct snapshot {
    struct header header;
    struct slice final; /* [bstr header, [+ seal]] */
    struct slice seals; /* raw array of byte strings */
    struct slice sets;
    struct authority_set set; /* in force at the header's height */
    struct tree_edge edge;
    const uint8_t *roots; /* STATE_BUCKETS hashes */
    size_t chunk_count;
    uint32_t first[SNAPSHOT_CHUNKS_MAX + 1]; /* of each chunk; the last: STATE_BUCKETS */
};

/*
 * Is it what the ledger of `trusted` looked like at one of its blocks?
 * In: ret_snapshot is large: allocate it.
 */
bool snapshot_verify(struct slice manifest, const struct identity *trusted,
                     struct snapshot *ret_snapshot, struct err *err);

typedef bool (*snapshot_visitor)(void *ctx, const struct hash *key_hash, struct slice key,
                                 struct slice value);
/*
 * Checks that a chunk is the one at `index` of this snapshot, down to each entry.
 * Returns: false, naming its buckets, with ERR_INPUT or ERR_PROOF.
 */
bool snapshot_check_chunk(const struct snapshot *s, size_t index, struct slice chunk,
                          struct err *err);
/* Every entry of a chunk that was checked, in order; false when the visitor says so. */
bool snapshot_each(struct slice chunk, snapshot_visitor visit, void *ctx);

#endif
