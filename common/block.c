#include "common/block.h"

#include "common/cose.h"

bool block_decode(struct slice bytes, struct block *ret_block, struct err *err)
{
    struct block b;
    if (bytes.len > BLOCK_SIZE_MAX)
        return err_set(err, ERR_INPUT, "block: %zu bytes, more than the %d allowed", bytes.len,
                       BLOCK_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "block");
    struct cbor_reader r = cbor_reader(bytes);
    cbor_take_array_of(&r, 2);
    b.header_bytes = cbor_take_bytes(&r, 1, HEADER_SIZE_MAX);
    b.count = cbor_take_array(&r);
    b.statements = r;
    for (size_t i = 0; i < b.count && !r.failed; i++)
        (void)cbor_take_bytes(&r, 1, COSE_MAX_SIZE);
    if (!cbor_done(&r) || b.count > BLOCK_STATEMENTS_MAX)
        return err_set(err, ERR_INPUT,
                       "block: not [header, [* statement]] of at most %d statements",
                       BLOCK_STATEMENTS_MAX);
    if (!header_decode(b.header_bytes, &b.header, err))
        return err_wrap(err, "block");
    *ret_block = b;
    return true;
}

struct slice block_next(struct block *b)
{
    return cbor_take_bytes(&b->statements, 1, COSE_MAX_SIZE);
}

void block_put_head(struct buf *out, const struct header *h, size_t count)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    header_put(&header, h);
    cbor_put_array(out, 2);
    cbor_put_bytes(out, buf_slice(&header));
    cbor_put_array(out, count);
}

void block_put_statement(struct buf *out, struct slice statement)
{
    cbor_put_bytes(out, statement);
}
