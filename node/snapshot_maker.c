/* The other half of snapshot.h: chunks and a manifest from entries in order. */
#include "node/snapshot.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST_VERSION 1
#define PACK_SIZE        65536 /* a pack ends at the first entry beyond this */
#define PACK_ENTRIES     1024

struct snapshot_maker {
    snapshot_sink sink;
    void *ctx;
    uint8_t *roots;  /* STATE_BUCKETS hashes */
    uint32_t bucket; /* the open one */
    struct merkle_frontier tree;
    struct merkle_frontier open;
    struct hash last;
    bool any;
    size_t chunk_count;
    uint32_t first[SNAPSHOT_CHUNKS_MAX]; /* of each chunk; the last one is open */
    size_t packs, entries;               /* in the open chunk, in the open pack */
    struct buf body;                     /* packs of the open chunk */
    struct buf pack;                     /* entries of the open pack, without its head */
};

struct snapshot_maker *snapshot_maker_new(snapshot_sink sink, void *ctx)
{
    struct snapshot_maker *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->sink = sink;
    m->ctx = ctx;
    m->roots = malloc((size_t)STATE_BUCKETS * HASH_SIZE);
    m->body = buf_heap(SNAPSHOT_CHUNK_MAX);
    m->pack = buf_heap(SNAPSHOT_CHUNK_MAX);
    m->chunk_count = 1;
    if (m->roots != NULL)
        return m;
    snapshot_maker_free(m);
    return NULL;
}

void snapshot_maker_free(struct snapshot_maker *m)
{
    if (m == NULL)
        return;
    buf_free(&m->body);
    buf_free(&m->pack);
    free(m->roots);
    free(m);
}

/* ------------------------------------------------------------------ packs and chunks */

static void end_pack(struct snapshot_maker *m)
{
    uint8_t memory[16];
    struct buf head = buf_fixed(memory, sizeof memory);
    if (m->entries == 0)
        return;
    cbor_put_array(&head, 2 * m->entries);
    cbor_put_bytes_head(&m->body, head.len + m->pack.len);
    buf_add_slice(&m->body, buf_slice(&head));
    buf_add_slice(&m->body, buf_slice(&m->pack));
    m->body.failed = m->body.failed || m->pack.failed;
    buf_clear(&m->pack);
    m->entries = 0;
    m->packs++;
}

static bool end_chunk(struct snapshot_maker *m, uint32_t end, struct err *err)
{
    uint32_t first = m->first[m->chunk_count - 1];
    struct buf chunk = buf_heap(SNAPSHOT_CHUNK_MAX);
    end_pack(m);
    cbor_put_array(&chunk, 3);
    cbor_put_uint(&chunk, first);
    cbor_put_uint(&chunk, end - first);
    cbor_put_array(&chunk, m->packs);
    buf_add_slice(&chunk, buf_slice(&m->body));
    bool good = (!m->body.failed && !chunk.failed) ||
                err_set(err, ERR_BUSY, "buckets %u to %u hold more than a chunk may",
                        (unsigned)first, (unsigned)end - 1);
    good = good && (m->sink(m->ctx, first, end - first, buf_slice(&chunk)) ||
                    err_set(err, ERR_IO, "the snapshot can't be written"));
    buf_free(&chunk);
    buf_clear(&m->body);
    m->packs = 0;
    return good;
}

/* ------------------------------------------------------------------ buckets */

static void end_bucket(struct snapshot_maker *m)
{
    struct hash root = merkle_frontier_root(&m->open);
    struct hash leaf = merkle_leaf(hash_slice(&root));
    merkle_frontier_add(&m->tree, &leaf);
    memcpy(m->roots + (size_t)m->bucket * HASH_SIZE, root.bytes, HASH_SIZE);
    merkle_frontier_begin(&m->open);
    m->bucket++;
}

/* A chunk ends between two buckets, once it is large enough: the same for whoever cuts this state. */
static bool go_to(struct snapshot_maker *m, uint32_t bucket, struct err *err)
{
    if (m->bucket == bucket)
        return true;
    while (m->bucket < bucket)
        end_bucket(m);
    if (m->body.len + m->pack.len < SNAPSHOT_CHUNK_SIZE)
        return true;
    if (m->chunk_count == SNAPSHOT_CHUNKS_MAX)
        return err_set(err, ERR_BUSY, "more than %d chunks", SNAPSHOT_CHUNKS_MAX);
    if (!end_chunk(m, bucket, err))
        return false;
    m->first[m->chunk_count++] = bucket;
    return true;
}

bool snapshot_maker_add(struct snapshot_maker *m, const struct hash *key_hash, struct slice key,
                        struct slice value, struct err *err)
{
    uint8_t entry[2 * HASH_SIZE];
    uint32_t bucket = (uint32_t)key_hash->bytes[0] << 8 | key_hash->bytes[1];
    struct hash value_hash = crypto_sha256(value);
    assert(bucket >= m->bucket);
    assert(!m->any || memcmp(m->last.bytes, key_hash->bytes, HASH_SIZE) < 0);
    if (!go_to(m, bucket, err))
        return false;
    memcpy(entry, key_hash->bytes, HASH_SIZE);
    memcpy(entry + HASH_SIZE, value_hash.bytes, HASH_SIZE);
    struct hash leaf = merkle_leaf(slice_of(entry, sizeof entry));
    merkle_frontier_add(&m->open, &leaf);
    cbor_put_bytes(&m->pack, key);
    cbor_put_bytes(&m->pack, value);
    m->entries++;
    if (m->pack.len >= PACK_SIZE || m->entries == PACK_ENTRIES)
        end_pack(m);
    m->last = *key_hash;
    m->any = true;
    return !m->pack.failed || err_set(err, ERR_BUSY, "an entry is larger than a chunk may be");
}

bool snapshot_maker_end(struct snapshot_maker *m, struct hash *ret_state, struct err *err)
{
    while (m->bucket < STATE_BUCKETS)
        end_bucket(m);
    if (!end_chunk(m, STATE_BUCKETS, err))
        return false;
    *ret_state = merkle_frontier_root(&m->tree);
    return true;
}

void snapshot_maker_put_manifest(const struct snapshot_maker *m, const struct snapshot_parts *parts,
                                 struct buf *out)
{
    cbor_put_array(out, 6);
    cbor_put_uint(out, MANIFEST_VERSION);
    cbor_put_bytes(out, parts->final);
    cbor_put_bytes(out, parts->sets);
    tree_edge_put(out, parts->edge);
    cbor_put_bytes(out, slice_of(m->roots, (size_t)STATE_BUCKETS * HASH_SIZE));
    cbor_put_array(out, m->chunk_count);
    for (size_t i = 0; i < m->chunk_count; i++)
        cbor_put_uint(out, m->first[i]);
}
