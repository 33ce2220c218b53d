#include "node/snapshot.h"

#include "common/set_chain.h"

#include <inttypes.h>
#include <string.h>

#define MANIFEST_VERSION 1
#define LONG_FORM        0x82 /* the first byte of a set proof: an array of two */
#define ROOTS_SIZE       ((size_t)STATE_BUCKETS * HASH_SIZE)

/* ------------------------------------------------------------------ the manifest */

static void take_chunks(struct cbor_reader *r, struct snapshot *s)
{
    s->chunk_count = cbor_take_array(r);
    if (s->chunk_count == 0 || s->chunk_count > SNAPSHOT_CHUNKS_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < s->chunk_count && !r->failed; i++) {
        s->first[i] = (uint32_t)cbor_take_uint_max(r, STATE_BUCKETS - 1);
        if (i == 0 ? s->first[0] != 0 : s->first[i] <= s->first[i - 1])
            cbor_fail(r);
    }
    if (!r->failed)
        s->first[s->chunk_count] = STATE_BUCKETS;
}

static bool take_manifest(struct slice bytes, struct snapshot *s, struct err *err)
{
    if (bytes.len > SNAPSHOT_MANIFEST_MAX)
        return err_set(err, ERR_INPUT, "%zu bytes, more than the %d allowed", bytes.len,
                       SNAPSHOT_MANIFEST_MAX);
    if (!cbor_scan(bytes, err))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 6);
    (void)cbor_take_int_in(&r, MANIFEST_VERSION, MANIFEST_VERSION);
    s->final = cbor_take_bytes(&r, 1, FINAL_SIZE_MAX);
    s->sets = cbor_take_bytes(&r, 1, SET_CHAIN_SIZE_MAX);
    tree_edge_take(&r, &s->edge);
    s->roots = cbor_take_bytes(&r, ROOTS_SIZE, ROOTS_SIZE).data;
    take_chunks(&r, s);
    return cbor_done(&r) ||
           err_set(err, ERR_INPUT, "not [version, final, sets, edge, roots, chunks]");
}

static struct hash root_at(const uint8_t *roots, size_t bucket)
{
    struct hash root;
    memcpy(root.bytes, roots + bucket * HASH_SIZE, HASH_SIZE);
    return root;
}

/* RFC 9162 over the buckets' roots: the state root. */
static struct hash state_of(const uint8_t *roots)
{
    struct merkle_frontier f;
    merkle_frontier_begin(&f);
    for (size_t i = 0; i < STATE_BUCKETS; i++) {
        struct hash root = root_at(roots, i);
        struct hash leaf = merkle_leaf(hash_slice(&root));
        merkle_frontier_add(&f, &leaf);
    }
    return merkle_frontier_root(&f);
}

/* Who joins keeps the chain and shows it to others: all of it must hold, and end at the block. */
static bool check_sets(const struct snapshot *s, struct set_chain at, uint64_t height,
                       struct err *err)
{
    if (s->sets.data[0] != LONG_FORM)
        return err_set(err, ERR_INPUT, "the chain of authority sets is not in its long form");
    return set_chain_to(&at, UINT64_MAX, err) &&
           (at.from <= height + 1 ||
            err_set(err, ERR_INPUT, "authority sets of blocks after %" PRIu64, height));
}

static bool check_manifest(struct snapshot *s, const struct identity *trusted, struct err *err)
{
    struct final f;
    struct set_chain sets;
    if (!final_decode(s->final, &f, err) || !set_chain_begin(&sets, s->sets, trusted, err))
        return false;
    if (!hash_equal(&f.header.ledger, &trusted->genesis.ledger))
        return err_set(err, ERR_PROOF, "a block of another ledger");
    if (f.header.height == 0)
        return err_set(err, ERR_INPUT, "of the genesis, which has no seals");
    if (!set_chain_final(&sets, &f, err) || !check_sets(s, sets, f.header.height, err))
        return false;
    s->set = sets.set;
    struct hash tree = tree_edge_root(&s->edge), state = state_of(s->roots);
    if (s->edge.size != f.header.size || !hash_equal(&tree, &f.header.tree))
        return err_set(err, ERR_PROOF,
                       "the tree's edge does not give block %" PRIu64 "'s tree root",
                       f.header.height);
    if (!hash_equal(&state, &f.header.state))
        return err_set(err, ERR_PROOF, "the buckets do not give block %" PRIu64 "'s state root",
                       f.header.height);
    s->header = f.header;
    s->seals = f.seals;
    return true;
}

bool snapshot_verify(struct slice manifest, const struct identity *trusted,
                     struct snapshot *ret_snapshot, struct err *err)
{
    return (take_manifest(manifest, ret_snapshot, err) &&
            check_manifest(ret_snapshot, trusted, err)) ||
           err_wrap(err, "snapshot");
}

/* ------------------------------------------------------------------ a chunk */

/* Walks entries bucket by bucket and compares each bucket's root with the one that is expected. */
struct chunk_check {
    const uint8_t *roots;
    uint32_t next, end; /* the open bucket, and where the chunk ends */
    bool any;
    struct hash last;
    struct hash empty; /* root of a bucket without entries: most are, in a small ledger */
    struct merkle_frontier bucket;
    struct err *err;
};

static bool end_bucket(struct chunk_check *c)
{
    struct hash expected = root_at(c->roots, c->next);
    struct hash found = c->bucket.size == 0 ? c->empty : merkle_frontier_root(&c->bucket);
    if (!hash_equal(&found, &expected))
        return err_set(c->err, ERR_PROOF, "bucket %" PRIu32 " does not have the state's root",
                       c->next);
    merkle_frontier_begin(&c->bucket);
    c->next++;
    return true;
}

static bool end_buckets_before(struct chunk_check *c, uint32_t bucket)
{
    while (c->next < bucket)
        if (!end_bucket(c))
            return false;
    return true;
}

static uint32_t bucket_of(const struct hash *key_hash)
{
    return (uint32_t)key_hash->bytes[0] << 8 | key_hash->bytes[1];
}

static struct hash entry_leaf(const struct hash *key_hash, struct slice value)
{
    uint8_t entry[2 * HASH_SIZE];
    struct hash value_hash = crypto_sha256(value);
    memcpy(entry, key_hash->bytes, HASH_SIZE);
    memcpy(entry + HASH_SIZE, value_hash.bytes, HASH_SIZE);
    return merkle_leaf(slice_of(entry, sizeof entry));
}

static bool check_entry(void *ctx, const struct hash *key_hash, struct slice key,
                        struct slice value)
{
    struct chunk_check *c = ctx;
    uint32_t bucket = bucket_of(key_hash);
    (void)key;
    if (bucket < c->next || bucket >= c->end ||
        (c->any && memcmp(c->last.bytes, key_hash->bytes, HASH_SIZE) >= 0))
        return err_set(c->err, ERR_PROOF, "an entry of bucket %" PRIu32 " out of its place",
                       bucket);
    if (!end_buckets_before(c, bucket))
        return false;
    struct hash leaf = entry_leaf(key_hash, value);
    merkle_frontier_add(&c->bucket, &leaf);
    c->last = *key_hash;
    c->any = true;
    return true;
}

/* The parts of a chunk: its buckets, and a reader at the first of its packs. */
static bool take_chunk(struct slice chunk, uint32_t *ret_first, uint32_t *ret_count,
                       struct cbor_reader *ret_packs, size_t *ret_pack_count, struct err *err)
{
    if (chunk.len > SNAPSHOT_CHUNK_MAX)
        return err_set(err, ERR_INPUT, "%zu bytes, more than the %d allowed", chunk.len,
                       SNAPSHOT_CHUNK_MAX);
    if (!cbor_scan(chunk, err))
        return false;
    struct cbor_reader r = cbor_reader(chunk);
    cbor_take_array_of(&r, 3);
    *ret_first = (uint32_t)cbor_take_uint_max(&r, STATE_BUCKETS - 1);
    *ret_count = (uint32_t)cbor_take_uint_max(&r, STATE_BUCKETS);
    *ret_pack_count = cbor_peek(&r) == CBOR_ARRAY ? cbor_take_array(&r) : SIZE_MAX;
    *ret_packs = r;
    return (!r.failed && *ret_pack_count != SIZE_MAX) ||
           err_set(err, ERR_INPUT, "not [first bucket, buckets, [* pack]]");
}

static bool walk_pack(struct slice pack, snapshot_visitor visit, void *ctx, struct err *err)
{
    if (!cbor_scan(pack, err))
        return false;
    struct cbor_reader r = cbor_reader(pack);
    size_t items = cbor_peek(&r) == CBOR_ARRAY ? cbor_take_array(&r) : 1;
    if (items % 2 != 0)
        return err_set(err, ERR_INPUT, "a pack is not [* key, value]");
    for (size_t i = 0; i < items; i += 2) {
        struct slice key = cbor_take_bytes(&r, 1, SIZE_MAX);
        struct slice value = cbor_take_bytes(&r, 1, SIZE_MAX);
        struct hash key_hash = crypto_sha256(key);
        if (r.failed)
            return err_set(err, ERR_INPUT, "a pack is not [* key, value]");
        if (!visit(ctx, &key_hash, key, value))
            return false;
    }
    return true;
}

static bool walk_packs(struct cbor_reader *r, size_t packs, snapshot_visitor visit, void *ctx,
                       struct err *err)
{
    for (size_t i = 0; i < packs; i++) {
        struct slice pack = cbor_take_bytes(r, 1, SNAPSHOT_CHUNK_MAX);
        if (r->failed)
            return err_set(err, ERR_INPUT, "a pack is no byte string");
        if (!walk_pack(pack, visit, ctx, err))
            return false;
    }
    return cbor_done(r) || err_set(err, ERR_INPUT, "bytes after the packs");
}

bool snapshot_check_chunk(const struct snapshot *s, size_t index, struct slice chunk,
                          struct err *err)
{
    struct chunk_check c = {
        .roots = s->roots, .next = s->first[index], .end = s->first[index + 1], .err = err
    };
    struct cbor_reader packs;
    uint32_t first = 0, count = 0;
    size_t pack_count = 0;
    c.empty = merkle_empty();
    merkle_frontier_begin(&c.bucket);
    bool good = take_chunk(chunk, &first, &count, &packs, &pack_count, err) &&
                ((first == c.next && count == c.end - c.next) ||
                 err_set(err, ERR_INPUT, "%" PRIu32 " buckets from %" PRIu32 " in their place",
                         count, first)) &&
                walk_packs(&packs, pack_count, check_entry, &c, err) &&
                end_buckets_before(&c, c.end);
    return good || err_wrap(err, "buckets %" PRIu32 " to %" PRIu32, s->first[index],
                            s->first[index + 1] - 1);
}

bool snapshot_each(struct slice chunk, snapshot_visitor visit, void *ctx)
{
    struct cbor_reader packs;
    uint32_t first = 0, count = 0;
    size_t pack_count = 0;
    return take_chunk(chunk, &first, &count, &packs, &pack_count, NULL) &&
           walk_packs(&packs, pack_count, visit, ctx, NULL);
}
