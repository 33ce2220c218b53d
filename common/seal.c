#include "common/seal.h"

#include <string.h>

#define PROOF_MAX (16 + MERKLE_LEVELS * 34)

static void put_protected(struct buf *out, const struct kid *kid, const struct header *h,
                          uint64_t round)
{
    struct seal_claims claims = {
        .ledger = h->ledger,
        .time_s = h->time_ms / 1000,
        .height = h->height,
        .round = round,
        .size = h->size,
        .block = header_hash(h),
    };
    cose_put_seal_claims(out, kid, &claims);
}

void seal_sign(const struct header *h, uint64_t round, const struct key_pair *authority,
               struct buf *out)
{
    uint8_t protected_memory[SEAL_SIZE_MAX], scratch_memory[SEAL_SIZE_MAX + COSE_SIG_ROOM];
    struct buf protected = buf_fixed(protected_memory, sizeof protected_memory);
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    put_protected(&protected, &authority->kid, h, round);
    cose_sign(buf_slice(&protected), (struct slice){ NULL, 0 }, hash_slice(&h->tree), authority,
              &scratch, out);
}

/* ------------------------------------------------------------------ parts */

static bool verify_signature(const struct cose *c, struct slice payload, const struct authority *by)
{
    uint8_t memory[SEAL_SIZE_MAX + COSE_SIG_ROOM];
    struct buf scratch = buf_fixed(memory, sizeof memory);
    return cose_verify(c, (struct slice){ NULL, 0 }, payload, by->pub, &scratch);
}

bool seal_take_parts(struct slice seal, struct seal_parts *ret_parts)
{
    struct cose c;
    if (!cose_parse(seal, &c, NULL) || c.type != COSE_SEAL)
        return false;
    *ret_parts = (struct seal_parts){ .kid = c.kid, .round = c.seal.round, .sig = c.sig };
    return true;
}

bool seal_holds(const struct header *h, const struct authority *by, const struct seal_parts *parts)
{
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf protected = buf_fixed(memory, sizeof memory);
    put_protected(&protected, &by->kid, h, parts->round);
    struct cose c = { .protected = buf_slice(&protected), .sig = parts->sig };
    return kid_equal(&by->kid, &parts->kid) && verify_signature(&c, hash_slice(&h->tree), by);
}

/* ------------------------------------------------------------------ counting */

void seal_count_begin(struct seal_count *c, const struct header *h, const struct authority_set *set)
{
    memset(c, 0, sizeof *c);
    c->set = set;
    c->header = *h;
    c->block = header_hash(h);
}

/* Notes that the authority at `place` sealed; false when it had already. */
static bool count_mark(struct seal_count *c, size_t place)
{
    uint64_t bit = UINT64_C(1) << (place % 64);
    if ((c->seen[place / 64] & bit) != 0)
        return false;
    c->seen[place / 64] |= bit;
    c->count++;
    return true;
}

static bool claims_match(const struct seal_claims *s, const struct header *h,
                         const struct hash *block)
{
    return hash_equal(&s->ledger, &h->ledger) && s->time_s == h->time_ms / 1000 &&
           s->height == h->height && s->size == h->size && hash_equal(&s->block, block);
}

bool seal_count_add(struct seal_count *c, struct slice seal, struct err *err)
{
    struct cose s;
    if (!cose_parse(seal, &s, err))
        return err_wrap(err, "seal");
    if (s.type != COSE_SEAL || !slice_equal(s.payload, hash_slice(&c->header.tree)) ||
        !claims_match(&s.seal, &c->header, &c->block))
        return err_set(err, ERR_PROOF, "a seal for another block than %llu",
                       (unsigned long long)c->header.height);
    int place = authority_set_find(c->set, &s.kid);
    if (place < 0)
        return err_set(err, ERR_PROOF,
                       "a seal by a key that is not an authority of the set in force");
    if (c->count > 0 && s.seal.round != c->round)
        return err_set(err, ERR_PROOF, "seals of different rounds are no proof");
    if (!verify_signature(&s, s.payload, &c->set->at[place]))
        return err_set(err, ERR_PROOF, "a seal whose signature does not hold");
    c->round = s.seal.round;
    (void)count_mark(c, (size_t)place);
    return true;
}

bool seal_count_is_final(const struct seal_count *c)
{
    return c->count >= authority_set_quorum(c->set);
}

/* ------------------------------------------------------------------ receipts */

bool seal_put_receipt(struct slice seal, uint64_t size, uint64_t index,
                      const struct merkle_path *path, struct buf *out, struct err *err)
{
    struct cose s;
    if (!cose_parse(seal, &s, err) || s.type != COSE_SEAL)
        return err_set(err, ERR_INPUT, "receipt: the seal it is made from is damaged");
    uint8_t memory[PROOF_MAX];
    struct buf proof = buf_fixed(memory, sizeof memory);
    cbor_put_array(&proof, 3);
    cbor_put_uint(&proof, size);
    cbor_put_uint(&proof, index);
    merkle_put_path(&proof, path);
    buf_add_byte(out, 0xd2);
    cbor_put_array(out, 4);
    cbor_put_bytes(out, s.protected);
    cbor_put_map(out, 1);
    cbor_put_int(out, 396);
    cbor_put_map(out, 1);
    cbor_put_int(out, -1);
    cbor_put_array(out, 1);
    cbor_put_bytes(out, buf_slice(&proof));
    cbor_put_null(out);
    cbor_put_bytes(out, slice_of(s.sig, SIG_SIZE));
    return !out->failed || err_set(err, ERR_INPUT, "receipt: no room");
}

static bool take_inclusion(struct slice proof, uint64_t *ret_size, uint64_t *ret_index,
                           struct merkle_path *ret_path)
{
    if (!cbor_scan(proof, NULL))
        return false;
    struct cbor_reader r = cbor_reader(proof);
    cbor_take_array_of(&r, 3);
    *ret_size = cbor_take_uint(&r);
    *ret_index = cbor_take_uint(&r);
    merkle_take_path(&r, ret_path);
    return cbor_done(&r);
}

/* One receipt: the root its path reaches is what its authority must have signed. */
static bool verify_receipt(struct slice bytes, const struct hash *leaf, const struct hash *ledger,
                           const struct authority_set *set, struct receipt_claim *claim,
                           int *ret_place)
{
    struct cose c;
    struct merkle_path path;
    struct hash root;
    uint64_t size = 0;
    if (!cose_parse(bytes, &c, NULL) || c.type != COSE_RECEIPT ||
        !take_inclusion(c.proof, &size, &claim->index, &path) || size != c.seal.size ||
        !merkle_climb(leaf, claim->index, size, &path, &root) ||
        !hash_equal(&c.seal.ledger, ledger))
        return false;
    *ret_place = authority_set_find(set, &c.kid);
    if (*ret_place < 0 || !verify_signature(&c, hash_slice(&root), &set->at[*ret_place]))
        return false;
    claim->height = c.seal.height;
    claim->round = c.seal.round;
    claim->size = c.seal.size;
    claim->time_s = c.seal.time_s;
    claim->block = c.seal.block;
    return true;
}

static bool claims_agree(const struct receipt_claim *a, const struct receipt_claim *b)
{
    return a->height == b->height && a->round == b->round && a->size == b->size &&
           a->index == b->index && hash_equal(&a->block, &b->block);
}

bool seal_receipts_height(struct slice receipts, uint64_t *ret_height)
{
    struct cose c;
    if (!cbor_scan(receipts, NULL))
        return false;
    struct cbor_reader r = cbor_reader(receipts);
    (void)cbor_take_array(&r);
    struct slice first = cbor_take_bytes(&r, 1, RECEIPT_SIZE_MAX);
    if (r.failed || !cose_parse(first, &c, NULL) || c.type != COSE_RECEIPT)
        return false;
    *ret_height = c.seal.height;
    return true;
}

bool seal_verify_receipts(struct slice receipts, const struct hash *statement,
                          const struct hash *ledger, const struct authority_set *set,
                          struct receipt_claim *ret_claim, struct err *err)
{
    if (!cbor_scan(receipts, err))
        return err_wrap(err, "receipts");
    struct cbor_reader r = cbor_reader(receipts);
    struct seal_count counted = { .set = set };
    struct receipt_claim first = { .seals = 0 };
    struct hash leaf = merkle_leaf(hash_slice(statement));
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n; i++) {
        struct receipt_claim claim = { .seals = 0 };
        int place;
        struct slice one = cbor_take_bytes(&r, 1, RECEIPT_SIZE_MAX);
        if (r.failed || !verify_receipt(one, &leaf, ledger, set, &claim, &place))
            return err_set(err, ERR_PROOF, "receipt %zu of %zu does not hold for this statement",
                           i + 1, n);
        if (i > 0 && !claims_agree(&first, &claim))
            return err_set(err, ERR_PROOF, "receipts of different blocks or rounds are no proof");
        first = claim;
        (void)count_mark(&counted, (size_t)place);
    }
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "receipts: not an array of byte strings");
    if (!seal_count_is_final(&counted))
        return err_set(err, ERR_PROOF, "%zu seals, but %zu are needed", counted.count,
                       authority_set_quorum(set));
    first.seals = counted.count;
    *ret_claim = first;
    return true;
}
