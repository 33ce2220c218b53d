#include "common/final.h"

#include "common/set_chain.h"

void final_put(struct buf *out, const struct header *h, struct slice seals)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    header_put(&header, h);
    cbor_put_array(out, 2);
    cbor_put_bytes(out, buf_slice(&header));
    buf_add_slice(out, seals);
}

void final_take(struct cbor_reader *r, struct final *ret_final)
{
    ret_final->header_bytes = cbor_take_bytes(r, 1, HEADER_SIZE_MAX);
    size_t start = r->pos;
    size_t n = cbor_take_array(r);
    if (n == 0 || n > AUTHORITY_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++)
        (void)cbor_take_bytes(r, 1, SEAL_SIZE_MAX);
    if (!r->failed)
        ret_final->seals = slice_from(r->in, start, r->pos - start);
    if (!r->failed && !header_decode(ret_final->header_bytes, &ret_final->header, NULL))
        cbor_fail(r);
}

bool final_decode(struct slice bytes, struct final *ret_final, struct err *err)
{
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "finality proof");
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 2);
    final_take(&r, ret_final);
    return cbor_done(&r) || err_set(err, ERR_INPUT, "finality proof: not [header, seals]");
}

bool final_verify(const struct final *f, const struct authority_set *set, struct err *err)
{
    struct hash set_hash = authority_set_hash(set);
    if (!hash_equal(&set_hash, &f->header.set))
        return err_set(err, ERR_PROOF, "block %llu was sealed under another authority set",
                       (unsigned long long)f->header.height);
    struct seal_count counted;
    seal_count_begin(&counted, &f->header, set);
    struct cbor_reader r = cbor_reader(f->seals);
    for (size_t n = cbor_take_array(&r); n > 0; n--)
        if (!seal_count_add(&counted, cbor_take_bytes(&r, 1, SEAL_SIZE_MAX), err))
            return false;
    return seal_count_is_final(&counted) || err_set(err, ERR_PROOF, "%zu seals, but %zu are needed",
                                                    counted.count, authority_set_quorum(set));
}

/* ------------------------------------------------------------------ identity */

void identity_put(struct buf *out, const struct identity *id)
{
    uint8_t header_memory[HEADER_SIZE_MAX], set_memory[AUTHORITY_SET_SIZE_MAX + 16];
    struct buf header = buf_fixed(header_memory, sizeof header_memory);
    struct buf set = buf_fixed(set_memory, sizeof set_memory);
    header_put(&header, &id->genesis);
    authority_set_put(&set, &id->set);
    cbor_put_array(out, id->pin_count > 0 ? 4 : 3);
    cbor_put_int(out, 1);
    cbor_put_bytes(out, buf_slice(&header));
    cbor_put_bytes(out, buf_slice(&set));
    if (id->pin_count > 0)
        cbor_put_array(out, id->pin_count);
    for (size_t i = 0; i < id->pin_count; i++)
        cbor_put_bytes(out, hash_slice(&id->pins[i]));
}

static void take_pins(struct cbor_reader *r, struct identity *id)
{
    id->pin_count = cbor_take_array(r);
    if (id->pin_count == 0 || id->pin_count > IDENTITY_PINS_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < id->pin_count && !r->failed; i++)
        cbor_take_fixed(r, id->pins[i].bytes, HASH_SIZE);
}

bool identity_take(struct cbor_reader *r, struct identity *ret_identity, struct err *err)
{
    size_t items = cbor_take_array(r);
    if (items != 3 && items != 4)
        cbor_fail(r);
    (void)cbor_take_int_in(r, 1, 1);
    struct slice header = cbor_take_bytes(r, 1, HEADER_SIZE_MAX);
    struct slice set = cbor_take_bytes(r, 1, AUTHORITY_SET_SIZE_MAX + 16);
    ret_identity->pin_count = 0;
    if (items == 4)
        take_pins(r, ret_identity);
    if (r->failed)
        return err_set(err, ERR_INPUT, "identity: not [1, genesis header, authority set]");
    if (!header_decode(header, &ret_identity->genesis, err) ||
        !authority_set_decode(set, &ret_identity->set, err))
        return err_wrap(err, "identity");
    struct hash set_hash = authority_set_hash(&ret_identity->set);
    if (!header_is_genesis(&ret_identity->genesis))
        return err_set(err, ERR_PROOF, "identity: the genesis header does not give its ledger id");
    if (!hash_equal(&set_hash, &ret_identity->genesis.set))
        return err_set(err, ERR_PROOF, "identity: the authority set is not the genesis header's");
    return true;
}

bool identity_decode(struct slice bytes, struct identity *ret_identity, struct err *err)
{
    struct identity id;
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "identity");
    struct cbor_reader r = cbor_reader(bytes);
    if (!identity_take(&r, &id, err))
        return false;
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "identity: bytes after it");
    *ret_identity = id;
    return true;
}

void identity_put_set_proof(struct buf *out, const struct identity *id)
{
    cbor_put_array(out, 2);
    identity_put(out, id);
    cbor_put_array(out, 0);
}

bool identity_follow(struct slice set_proof, const struct identity *trusted,
                     struct authority_set *ret_set, struct err *err)
{
    return set_chain_at(set_proof, trusted, UINT64_MAX, ret_set, err);
}
