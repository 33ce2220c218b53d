#include "common/state_proof.h"

#include <string.h>

#define ENTRY_SIZE    (2 * HASH_SIZE)
#define BUCKET_LEVELS 16
#define PROOF_KEY_MAX 256

struct shown {
    uint64_t index;
    const uint8_t *entry;
    struct merkle_path path;
};

struct parsed {
    struct state_proof claim;
    uint64_t size; /* entries in the bucket, as claimed: a hint that the paths must bear out */
    size_t shown_count;
    struct shown shown[2];
    struct merkle_path up; /* from the bucket to the root */
};

static bool parse(struct slice bytes, struct parsed *p)
{
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 5);
    p->claim.key = cbor_take_bytes(&r, 1, PROOF_KEY_MAX);
    p->claim.present = cbor_peek(&r) != CBOR_NULL;
    if (p->claim.present)
        p->claim.value = cbor_take_bytes(&r, 1, bytes.len);
    else
        cbor_take_null(&r);
    p->size = cbor_take_uint(&r);
    p->shown_count = cbor_take_array(&r);
    if (p->shown_count > 2)
        return false;
    for (size_t i = 0; i < p->shown_count; i++) {
        cbor_take_array_of(&r, 3);
        p->shown[i].index = cbor_take_uint(&r);
        p->shown[i].entry = cbor_take_bytes(&r, ENTRY_SIZE, ENTRY_SIZE).data;
        merkle_take_path(&r, &p->shown[i].path);
    }
    merkle_take_path(&r, &p->up);
    return cbor_done(&r) && p->up.len == BUCKET_LEVELS;
}

/* All entries shown must lead to one bucket root; an empty bucket has the root of nothing. */
static bool bucket_root(const struct parsed *p, struct hash *ret_root)
{
    if (p->size == 0) {
        *ret_root = merkle_empty();
        return p->shown_count == 0;
    }
    if (p->shown_count == 0)
        return false;
    for (size_t i = 0; i < p->shown_count; i++) {
        struct hash leaf = merkle_leaf(slice_of(p->shown[i].entry, ENTRY_SIZE)), root;
        if (!merkle_climb(&leaf, p->shown[i].index, p->size, &p->shown[i].path, &root) ||
            (i > 0 && !hash_equal(&root, ret_root)))
            return false;
        *ret_root = root;
    }
    return true;
}

/* Neighbours are adjacent, or the one shown is the bucket's first or last. */
static bool shows_absence(const struct parsed *p, const struct hash *key_hash)
{
    if (p->size == 0)
        return true;
    const struct shown *a = &p->shown[0];
    int order = memcmp(a->entry, key_hash->bytes, HASH_SIZE);
    if (p->shown_count == 1)
        return (order > 0 && a->index == 0) || (order < 0 && a->index == p->size - 1);
    const struct shown *b = &p->shown[1];
    return order < 0 && memcmp(b->entry, key_hash->bytes, HASH_SIZE) > 0 &&
           b->index == a->index + 1;
}

static bool shows_value(const struct parsed *p, const struct hash *key_hash)
{
    struct hash value = crypto_sha256(p->claim.value);
    return p->shown_count == 1 && memcmp(p->shown[0].entry, key_hash->bytes, HASH_SIZE) == 0 &&
           memcmp(p->shown[0].entry + HASH_SIZE, value.bytes, HASH_SIZE) == 0;
}

bool state_proof_verify(struct slice bytes, const struct hash *state_root,
                        struct state_proof *ret_proof, struct err *err)
{
    struct parsed p;
    struct hash bucket;
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "state proof");
    memset(&p, 0, sizeof p);
    if (!parse(bytes, &p))
        return err_set(err, ERR_INPUT, "state proof: not [key, value, size, entries, path]");
    struct hash key_hash = crypto_sha256(p.claim.key);
    if (!bucket_root(&p, &bucket) ||
        !(p.claim.present ? shows_value(&p, &key_hash) : shows_absence(&p, &key_hash)))
        return err_set(err, ERR_PROOF, "state proof: the bucket's entries do not show the claim");
    struct hash leaf = merkle_leaf(hash_slice(&bucket));
    uint64_t number = (uint64_t)key_hash.bytes[0] << 8 | key_hash.bytes[1];
    if (!merkle_verify(&leaf, number, UINT64_C(1) << BUCKET_LEVELS, &p.up, state_root))
        return err_set(err, ERR_PROOF, "state proof: it does not lead to the state root");
    *ret_proof = p.claim;
    return true;
}
