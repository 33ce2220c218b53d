#include "node/blocks_range.h"

#include <inttypes.h>

/* ------------------------------------------------------------------ serving */

static void put_one(struct buf *out, struct slice block, struct slice seals)
{
    cbor_put_array(out, 2);
    cbor_put_bytes(out, block);
    buf_add_slice(out, seals);
}

/* Blocks while they fit, into `items`; room for the head of the array around them is left. */
static bool gather(struct store *s, uint64_t from, uint64_t head, struct buf *items,
                   size_t *ret_count, struct err *err)
{
    struct buf block = buf_heap(BLOCK_SIZE_MAX + 1024);
    struct buf seals = buf_heap(AUTHORITY_MAX * (SEAL_SIZE_MAX + 4) + 16);
    size_t count = 0;
    bool good = true, full = false;
    while (good && !full && count < BLOCKS_RANGE_COUNT && from + count <= head) {
        buf_clear(&block);
        buf_clear(&seals);
        good = store_block(s, from + count, &block, &seals, NULL, err);
        full = good && count > 0 && items->len + block.len + seals.len + 32 > BLOCKS_RANGE_SIZE;
        if (good && !full) {
            put_one(items, buf_slice(&block), buf_slice(&seals));
            count++;
        }
    }
    buf_free(&block);
    buf_free(&seals);
    *ret_count = count;
    return good;
}

bool blocks_range_put(struct store *s, uint64_t from, struct buf *out, struct err *err)
{
    uint64_t head = 0;
    if (from == 0)
        return err_set(err, ERR_INPUT, "blocks are asked for from 1 on: 0 is the genesis file");
    if (!store_height(s, &head, err))
        return false;
    struct buf items = buf_heap(BLOCKS_RANGE_SIZE_MAX);
    size_t count = 0;
    bool good = gather(s, from, head, &items, &count, err);
    if (good) {
        cbor_put_array(out, count);
        buf_add_slice(out, buf_slice(&items));
        good = (!items.failed && !out->failed) ||
               err_set(err, ERR_BUSY, "the answer is larger than its room");
    }
    buf_free(&items);
    return good;
}

/* ------------------------------------------------------------------ reading */

bool blocks_range_begin(struct slice answer, uint64_t from, struct blocks_range *ret_range,
                        struct err *err)
{
    struct blocks_range r = { .height = from };
    if (answer.len > BLOCKS_RANGE_SIZE_MAX)
        return err_set(err, ERR_INPUT,
                       "blocks from %" PRIu64 ": %zu bytes, more than the %d allowed", from,
                       answer.len, BLOCKS_RANGE_SIZE_MAX);
    if (!cbor_scan(answer, err))
        return err_wrap(err, "blocks from %" PRIu64, from);
    r.at = cbor_reader(answer);
    if (cbor_peek(&r.at) != CBOR_ARRAY)
        return err_set(err, ERR_INPUT, "blocks from %" PRIu64 ": not an array", from);
    r.count = cbor_take_array(&r.at);
    if (r.count > BLOCKS_RANGE_COUNT)
        return err_set(err, ERR_INPUT, "blocks from %" PRIu64 ": %zu of them, at most %d expected",
                       from, r.count, BLOCKS_RANGE_COUNT);
    *ret_range = r;
    return true;
}

static struct slice take_seals(struct cbor_reader *r)
{
    size_t start = r->pos;
    size_t n = cbor_take_array(r);
    if (n == 0 || n > AUTHORITY_MAX)
        cbor_fail(r);
    for (size_t i = 0; i < n && !r->failed; i++)
        (void)cbor_take_bytes(r, 1, SEAL_SIZE_MAX);
    return r->failed ? slice_of(NULL, 0) : slice_from(r->in, start, r->pos - start);
}

bool blocks_range_next(struct blocks_range *r, struct slice *ret_block, struct slice *ret_seals,
                       struct err *err)
{
    struct block b;
    cbor_take_array_of(&r->at, 2);
    struct slice bytes = cbor_take_bytes(&r->at, 1, BLOCK_SIZE_MAX);
    struct slice seals = take_seals(&r->at);
    if (r->at.failed || r->count == 0)
        return err_set(err, ERR_INPUT, "block %" PRIu64 ": not [block, [+ seal]]", r->height);
    if (!block_decode(bytes, &b, err))
        return err_wrap(err, "block %" PRIu64, r->height);
    if (b.header.height != r->height)
        return err_set(err, ERR_INPUT, "block %" PRIu64 " in place of %" PRIu64, b.header.height,
                       r->height);
    if (r->linked && !hash_equal(&b.header.prev, &r->prev))
        return err_set(err, ERR_PROOF, "block %" PRIu64 " does not name the block before it",
                       r->height);
    r->prev = crypto_sha256(b.header_bytes);
    r->linked = true;
    r->height++;
    r->count--;
    *ret_block = bytes;
    *ret_seals = seals;
    return true;
}
