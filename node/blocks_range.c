#include "node/blocks_range.h"

#include <inttypes.h>

/* ------------------------------------------------------------------ serving */

/* What one block is read into. outcomes: only when they are wanted. */
struct row {
    struct buf block, seals, outcomes;
    bool whole;
    size_t size; /* of the answer, about */
    uint64_t to; /* the last height of it */
};

static struct row row_new(bool whole, size_t size)
{
    return (struct row){ .block = buf_heap(BLOCK_SIZE_MAX + 1024),
                         .seals = buf_heap(AUTHORITY_MAX * (SEAL_SIZE_MAX + 4) + 16),
                         .outcomes = buf_heap(BLOCKS_RANGE_HISTORY_MAX),
                         .whole = whole,
                         .size = size,
                         .to = UINT64_MAX };
}

static void row_free(struct row *r)
{
    buf_free(&r->block);
    buf_free(&r->seals);
    buf_free(&r->outcomes);
}

static bool row_read(struct row *r, struct store *s, uint64_t height, struct err *err)
{
    buf_clear(&r->block);
    buf_clear(&r->seals);
    buf_clear(&r->outcomes);
    return store_block(s, height, &r->block, &r->seals, r->whole ? &r->outcomes : NULL, err);
}

static size_t row_size(const struct row *r)
{
    return r->block.len + r->seals.len + r->outcomes.len + 64;
}

static void row_put(const struct row *r, struct buf *out)
{
    cbor_put_array(out, r->whole ? 3 : 2);
    cbor_put_bytes(out, buf_slice(&r->block));
    buf_add_slice(out, buf_slice(&r->seals));
    if (r->whole)
        cbor_put_bytes(out, buf_slice(&r->outcomes));
}

/* Blocks while they fit, into `items`; room for the head of the array around them is left. */
static bool gather(struct store *s, uint64_t from, struct row *row, struct buf *items,
                   size_t *ret_count, struct err *err)
{
    uint64_t head = 0;
    size_t count = 0;
    bool good = store_height(s, &head, err), full = false;
    if (head > row->to)
        head = row->to;
    while (good && !full && count < BLOCKS_RANGE_COUNT && from + count <= head) {
        good = row_read(row, s, from + count, err);
        full = good && count > 0 && items->len + row_size(row) > row->size;
        if (good && !full) {
            row_put(row, items);
            count++;
        }
        /* those it joined at a snapshot with may not be here yet: what is, is an answer */
        if (!good && count > 0 && err->code == ERR_NOT_FOUND)
            good = full = true;
    }
    *ret_count = count;
    return good;
}

static bool put_range(struct store *s, uint64_t from, struct row *row, struct buf *out,
                      struct err *err)
{
    struct err why = { 0 };
    if (from == 0)
        return err_set(err, ERR_INPUT, "blocks are asked for from 1 on: 0 is the genesis file");
    struct buf items = buf_heap(row->whole ? BLOCKS_RANGE_HISTORY_MAX : BLOCKS_RANGE_SIZE_MAX);
    size_t count = 0;
    bool good = gather(s, from, row, &items, &count, &why);
    if (good) {
        cbor_put_array(out, count);
        buf_add_slice(out, buf_slice(&items));
        good = (!items.failed && !out->failed) ||
               err_set(&why, ERR_BUSY, "the answer is larger than its room");
    }
    buf_free(&items);
    return good || err_set(err, why.code, "%s", why.msg);
}

bool blocks_range_put(struct store *s, uint64_t from, struct buf *out, struct err *err)
{
    return blocks_range_put_to(s, from, UINT64_MAX, out, err);
}

bool blocks_range_put_to(struct store *s, uint64_t from, uint64_t to, struct buf *out,
                         struct err *err)
{
    struct row row = row_new(false, BLOCKS_RANGE_SIZE);
    row.to = to;
    bool good = put_range(s, from, &row, out, err);
    row_free(&row);
    return good;
}

bool blocks_range_put_history(struct store *s, uint64_t from, size_t size, struct buf *out,
                              struct err *err)
{
    struct row row = row_new(true, size < BLOCKS_RANGE_SIZE ? size : BLOCKS_RANGE_SIZE);
    bool good = put_range(s, from, &row, out, err);
    row_free(&row);
    return good;
}

/* ------------------------------------------------------------------ reading */

bool blocks_range_begin(struct slice answer, uint64_t from, struct blocks_range *ret_range,
                        struct err *err)
{
    struct blocks_range r = { .height = from };
    if (answer.len > BLOCKS_RANGE_HISTORY_MAX)
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

/* Form, height and link of the block just taken. */
static bool check_block(struct blocks_range *r, struct slice bytes, struct err *err)
{
    struct block b;
    if (r->at.failed || r->count == 0)
        return err_set(err, ERR_INPUT, "block %" PRIu64 ": not [block, [+ seal] …]", r->height);
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
    return true;
}

bool blocks_range_next(struct blocks_range *r, struct slice *ret_block, struct slice *ret_seals,
                       struct err *err)
{
    cbor_take_array_of(&r->at, 2);
    struct slice block = cbor_take_bytes(&r->at, 1, BLOCK_SIZE_MAX);
    struct slice seals = take_seals(&r->at);
    if (!check_block(r, block, err))
        return false;
    *ret_block = block;
    *ret_seals = seals;
    return true;
}

bool blocks_range_next_history(struct blocks_range *r, struct slice *ret_block,
                               struct slice *ret_seals, struct slice *ret_outcomes, struct err *err)
{
    cbor_take_array_of(&r->at, 3);
    struct slice block = cbor_take_bytes(&r->at, 1, BLOCK_SIZE_MAX);
    struct slice seals = take_seals(&r->at);
    struct slice outcomes = cbor_take_bytes(&r->at, 1, BLOCKS_RANGE_HISTORY_MAX);
    if (!check_block(r, block, err))
        return false;
    *ret_block = block;
    *ret_seals = seals;
    *ret_outcomes = outcomes;
    return true;
}
