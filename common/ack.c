#include "common/ack.h"

#define SUMMARY_SIZE_MAX (48 * 1024)

void ack_put(struct buf *out, const struct header *h, struct slice seals,
             const struct ack_place *place)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    header_put(&header, h);
    cbor_put_array(out, 7);
    cbor_put_uint(out, 1);
    cbor_put_bytes(out, buf_slice(&header));
    buf_add_slice(out, seals);
    cbor_put_bytes(out, place->summary);
    cbor_put_uint(out, place->size);
    cbor_put_uint(out, place->index);
    merkle_put_path(out, place->path);
}

bool ack_decode(struct slice bytes, struct ack *ret_ack, struct err *err)
{
    struct ack a;
    if (bytes.len > ACK_SIZE_MAX)
        return err_set(err, ERR_INPUT, "ack: %zu bytes, more than the %d allowed", bytes.len,
                       ACK_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "ack");
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 7);
    (void)cbor_take_int_in(&r, 1, 1);
    final_take(&r, &a.final);
    a.summary_bytes = cbor_take_bytes(&r, 1, SUMMARY_SIZE_MAX);
    a.size = cbor_take_uint(&r);
    a.index = cbor_take_uint(&r);
    merkle_take_path(&r, &a.path);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "ack: not the seven fields of an ack");
    if (!summary_decode(a.summary_bytes, &a.summary, err))
        return err_wrap(err, "ack");
    *ret_ack = a;
    return true;
}

bool ack_verify(const struct ack *a, const struct hash *ledger, const struct authority_set *set,
                struct err *err)
{
    if (!hash_equal(&a->final.header.ledger, ledger))
        return err_set(err, ERR_PROOF, "ack: of another ledger");
    struct hash leaf = merkle_leaf(a->summary_bytes);
    if (!merkle_verify(&leaf, a->index, a->size, &a->path, &a->final.header.outcomes))
        return err_set(err, ERR_PROOF, "ack: the summary is not under the header's outcomes root");
    return final_verify(&a->final, set, err) || err_wrap(err, "ack");
}
