#include "node/store_base.h"

#include "common/block.h"
#include "common/cose.h"
#include "node/read_model.h"
#include "node/store_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#define EDGE_MAX (TILE_GROUPS * TILE_WIDTH * HASH_SIZE + 256)

/* ------------------------------------------------------------------ the row */

static bool find_table(struct store *s, bool *ret_there, struct err *err)
{
    struct db_stmt *find = NULL;
    if (!db_prepare(s->db, "SELECT 1 FROM sqlite_master WHERE name = 'base'", &find, err))
        return false;
    enum db_row row = db_step(find, err);
    *ret_there = row == DB_ROW;
    db_stmt_free(find);
    return row != DB_ERROR;
}

static bool take_edge(struct slice bytes, struct tree_edge *ret_edge)
{
    if (!cbor_scan(bytes, NULL))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    tree_edge_take(&r, ret_edge);
    return cbor_done(&r);
}

static bool take_base(struct store *s, struct db_stmt *get, struct err *err)
{
    struct store_base *b = &s->base;
    b->there = true;
    b->height = (uint64_t)db_column_int(get, 0);
    b->leaves = (uint64_t)db_column_int(get, 1);
    b->history = (uint64_t)db_column_int(get, 2);
    b->history_leaves = (uint64_t)db_column_int(get, 3);
    b->history_outcomes = (uint64_t)db_column_int(get, 4);
    b->model = (uint64_t)db_column_int(get, 5);
    return s->mode == STORE_READ || take_edge(db_column_blob(get, 6), &b->edge) ||
           err_set(err, ERR_PROOF, "the edge of the history so far is damaged");
}

static bool read_row(struct store *s, struct err *err)
{
    struct db_stmt *get = NULL;
    if (!db_prepare(s->db,
                    "SELECT height, leaves, history, history_leaves, history_outcomes, model, edge"
                    " FROM base",
                    &get, err))
        return false;
    enum db_row row = db_step(get, err);
    bool good = row == DB_END || (row == DB_ROW && take_base(s, get, err));
    db_stmt_free(get);
    return good;
}

bool store_base_load(struct store *s, struct err *err)
{
    bool table = false;
    s->base.there = false;
    return find_table(s, &table, err) && (!table || read_row(s, err));
}

/* A writer changes the row itself; a reader looks whether somebody did. */
static bool refresh(struct store *s, struct err *err)
{
    return !s->base.there || s->mode == STORE_WRITE || store_base_load(s, err);
}

static bool put_row(struct store *s, const struct store_base *b, struct err *err)
{
    struct db_stmt *put = NULL;
    struct buf edge = buf_heap(EDGE_MAX);
    if (!db_prepare(s->db,
                    "UPDATE base SET history = ?1, history_leaves = ?2, history_outcomes = ?3,"
                    " model = ?4, edge = ?5",
                    &put, err))
        return false;
    tree_edge_put(&edge, &b->edge);
    db_bind_int(put, 1, (int64_t)b->history);
    db_bind_int(put, 2, (int64_t)b->history_leaves);
    db_bind_int(put, 3, (int64_t)b->history_outcomes);
    db_bind_int(put, 4, (int64_t)b->model);
    db_bind_blob(put, 5, buf_slice(&edge));
    bool good = !edge.failed && db_run(put, err);
    db_stmt_free(put);
    buf_free(&edge);
    return good;
}

/* ------------------------------------------------------------------ what is here */

bool store_history(struct store *s, struct store_history *ret_history, struct err *err)
{
    if (!refresh(s, err))
        return false;
    *ret_history = (struct store_history){ .complete = !s->base.there };
    if (s->base.there) {
        ret_history->base = s->base.height;
        ret_history->history = s->base.history;
        ret_history->model = s->base.model;
    }
    return true;
}

static bool not_here(const struct store *s, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND,
                   "not here before block %" PRIu64 ": this node joined at a snapshot and has"
                   " fetched the history up to block %" PRIu64 " so far",
                   s->base.height + 1, s->base.history);
}

bool store_base_has(struct store *s, uint64_t height, struct err *err)
{
    const struct store_base *b = &s->base;
    if (!refresh(s, err))
        return false;
    return !b->there || height <= b->history || height > b->height || not_here(s, err);
}

bool store_base_has_leaf(struct store *s, uint64_t leaf, struct err *err)
{
    const struct store_base *b = &s->base;
    if (!refresh(s, err))
        return false;
    return !b->there || leaf < b->history_leaves || leaf >= b->leaves || not_here(s, err);
}

bool store_base_apply(struct store *s, const struct commit *c, uint64_t first_leaf, struct err *err)
{
    return s->base.there || read_model_apply(s->model, c, first_leaf, err);
}

/* ------------------------------------------------------------------ a block of the history */

struct fill {
    struct store *s;
    struct store_base base; /* as it will be */
    struct hash prev;
    struct slice *items; /* statements, then outcomes */
    struct hash *hashes; /* of the statements, then leaf hashes of the outcomes */
    struct commit commit;
};

static bool take_items(struct fill *f, const struct store_filled *b, struct block *block,
                       struct err *err)
{
    struct cbor_reader r = cbor_reader(b->outcomes);
    if (!block_decode(b->block, block, err) || !cbor_scan(b->outcomes, err))
        return false;
    size_t outcomes = cbor_peek(&r) == CBOR_ARRAY ? cbor_take_array(&r) : SIZE_MAX;
    if (outcomes > CBOR_MAX_ITEMS || outcomes < block->count)
        return err_set(err, ERR_INPUT, "outcomes: not an array of at least one a statement");
    f->items = calloc(block->count + outcomes + 1, sizeof *f->items);
    f->hashes = calloc(block->count + outcomes + 1, sizeof *f->hashes);
    if (f->items == NULL || f->hashes == NULL)
        return err_set(err, ERR_IO, "out of memory");
    f->commit = (struct commit){ .header = block->header,
                                 .seals = b->seals,
                                 .statement_count = block->count,
                                 .statements = f->items,
                                 .statement_hashes = f->hashes,
                                 .outcome_count = outcomes,
                                 .outcomes = f->items + block->count };
    for (size_t i = 0; i < block->count; i++) {
        f->items[i] = block_next(block);
        f->hashes[i] = crypto_sha256(f->items[i]);
    }
    for (size_t i = 0; i < outcomes; i++) {
        f->items[block->count + i] = cbor_take_bytes(&r, 0, SIZE_MAX);
        f->hashes[block->count + i] = merkle_leaf(f->items[block->count + i]);
    }
    return cbor_done(&r) || err_set(err, ERR_INPUT, "outcomes: not byte strings");
}

/* The last one must be the very block whose state was joined. */
static bool check_links(const struct fill *f, const struct header *h, struct err *err)
{
    struct header joined;
    if (h->height != f->base.history + 1 || h->height > f->base.height ||
        !hash_equal(&h->prev, &f->prev))
        return err_set(err, ERR_PROOF, "it does not follow block %" PRIu64, f->base.history);
    if (h->height < f->base.height)
        return true;
    struct hash found = header_hash(h);
    if (!store_header(f->s, h->height, &joined, NULL, err))
        return false;
    struct hash expected = header_hash(&joined);
    return hash_equal(&found, &expected) ||
           err_set(err, ERR_PROOF, "it is not the block whose state was joined");
}

static bool check_outcomes(const struct fill *f, struct err *err)
{
    const struct commit *c = &f->commit;
    struct hash root = merkle_root(f->hashes + c->statement_count, c->outcome_count);
    return hash_equal(&root, &c->header.outcomes) ||
           err_set(err, ERR_PROOF, "its outcomes do not give its outcomes root");
}

/* Only whole tiles: the open ones are the head's, and this edge is kept in the base's own row. */
static bool add_leaves(struct fill *f, struct err *err)
{
    const struct commit *c = &f->commit;
    for (size_t i = 0; i < c->statement_count; i++) {
        struct hash leaf = merkle_leaf(hash_slice(&c->statement_hashes[i]));
        if (!store_tree_add(f->s, &f->base.edge, &leaf, err))
            return false;
    }
    struct hash root = tree_edge_root(&f->base.edge);
    return (hash_equal(&root, &c->header.tree) && f->base.edge.size == c->header.size) ||
           err_set(err, ERR_PROOF, "its statements do not give its tree root");
}

static bool drop_header(struct store *s, uint64_t height, struct err *err)
{
    struct db_stmt *drop = NULL;
    if (!db_prepare(s->db, "DELETE FROM block WHERE height = ?1", &drop, err))
        return false;
    db_bind_int(drop, 1, (int64_t)height);
    bool good = db_run(drop, err);
    db_stmt_free(drop);
    return good;
}

/* Outcomes are numbered in order of their coming; the history's come before those of later blocks. */
static bool put_rows(struct fill *f, uint64_t first_leaf, struct err *err)
{
    struct store *s = f->s;
    uint64_t head_outcomes = s->outcomes;
    s->outcomes = f->base.history_outcomes;
    bool good = drop_header(s, f->commit.header.height, err) &&
                store_put_block(s, &f->commit, first_leaf, err) &&
                store_put_indexes(s, &f->commit, first_leaf, err) &&
                read_model_apply(s->model, &f->commit, first_leaf, err);
    s->outcomes = head_outcomes;
    return good;
}

static bool fill_one(struct fill *f, const struct store_filled *b, struct err *err)
{
    struct block block;
    uint64_t first_leaf = f->base.edge.size;
    if (!take_items(f, b, &block, err) || !check_links(f, &block.header, err) ||
        !check_outcomes(f, err) || !add_leaves(f, err) || !put_rows(f, first_leaf, err))
        return err_wrap(err, "block %" PRIu64, f->base.history + 1);
    f->prev = header_hash(&block.header);
    f->base.history++;
    f->base.model++;
    f->base.history_leaves = f->base.edge.size;
    f->base.history_outcomes += f->commit.outcome_count;
    return true;
}

static bool check_fill(struct store *s, struct err *err)
{
    if (s->mode != STORE_WRITE)
        return err_set(err, ERR_INPUT, "this store was opened for reading");
    if (s->broken)
        return err_set(err, ERR_IO, "the last commit's end is unknown: open the ledger again");
    return s->base.there || err_set(err, ERR_INPUT, "the history is whole");
}

/* Ends the transaction that began before; base: what is then true. */
static bool settle(struct store *s, bool good, const struct store_base *base, struct err *err)
{
    if (!good) {
        db_rollback(s->db);
        return err_wrap(err, "history");
    }
    if (!db_commit(s->db, err)) {
        s->broken = true;
        return err_wrap(err, "history");
    }
    s->base = *base;
    return true;
}

bool store_fill(struct store *s, const struct store_filled *blocks, size_t count, struct err *err)
{
    struct fill *f = calloc(1, sizeof *f);
    struct header before;
    if (f == NULL)
        return err_set(err, ERR_IO, "out of memory");
    f->s = s;
    f->base = s->base;
    bool good = check_fill(s, err) && store_header(s, s->base.history, &before, NULL, err);
    if (good)
        f->prev = header_hash(&before);
    if (good && db_begin(s->db, err)) {
        for (size_t i = 0; i < count && good; i++) {
            good = fill_one(f, &blocks[i], err);
            free(f->items);
            free(f->hashes);
            f->items = NULL;
            f->hashes = NULL;
        }
        good = settle(s, good && put_row(s, &f->base, err), &f->base, err);
    } else {
        good = false;
    }
    free(f);
    return good;
}

/* ------------------------------------------------------------------ the read models */

bool store_follow(struct store *s, uint64_t blocks, struct err *err)
{
    uint64_t head = 0;
    if (!check_fill(s, err) || !store_height(s, &head, err))
        return false;
    struct store_base base = s->base;
    if (base.history < base.height)
        return err_set(err, ERR_INPUT, "the history is not whole");
    uint64_t to = head - base.model > blocks ? base.model + blocks : head;
    if (!db_begin(s->db, err))
        return false;
    bool good = read_model_follow(s, base.model + 1, to, err);
    base.model = to;
    base.there = to < head;
    good = good && (base.there ? put_row(s, &base, err) : db_exec(s->db, "DELETE FROM base", err));
    return settle(s, good, &base, err);
}
