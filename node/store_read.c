#include "node/store_parts.h"

#include "common/block.h"
#include "common/cose.h"

#include <string.h>

static bool not_found(struct err *err, const char *what, uint64_t number)
{
    return err_set(err, ERR_NOT_FOUND, "no %s %llu", what, (unsigned long long)number);
}

static bool check_room(const struct buf *b, struct err *err)
{
    return b == NULL || !b->failed || err_set(err, ERR_BUSY, "the answer is larger than its room");
}

bool store_begin_read(struct store *s, struct err *err)
{
    return db_begin_read(s->db, err);
}

void store_end_read(struct store *s)
{
    db_rollback(s->db);
}

/* ------------------------------------------------------------------ blocks */

bool store_height(struct store *s, uint64_t *ret_height, struct err *err)
{
    struct db_stmt *head = s->sql[SQL_HEAD];
    bool good = db_step(head, err) == DB_ROW;
    if (good && db_column_is_null(head, 0))
        good = err_set(err, ERR_PROOF, "the ledger holds no block");
    if (good)
        *ret_height = (uint64_t)db_column_int(head, 0);
    db_reset(head);
    return good;
}

static bool take_row(struct db_stmt *get, uint64_t height, struct store_block_row *row,
                     struct buf *seals, struct err *err)
{
    if (!header_decode(db_column_blob(get, 0), &row->header, err) || row->header.height != height)
        return err_set(err, ERR_PROOF, "block %llu: its stored header is not one",
                       (unsigned long long)height);
    if (seals != NULL)
        buf_add_slice(seals, db_column_blob(get, 1));
    row->first_leaf = (uint64_t)db_column_int(get, 2);
    row->statements = (uint64_t)db_column_int(get, 3);
    row->first_outcome = (uint64_t)db_column_int(get, 4);
    row->outcomes = (uint64_t)db_column_int(get, 5);
    return check_room(seals, err);
}

bool store_row(struct store *s, uint64_t height, struct store_block_row *ret_row, struct buf *seals,
               struct err *err)
{
    struct db_stmt *get = s->sql[SQL_BLOCK];
    db_bind_int(get, 1, (int64_t)height);
    enum db_row found = db_step(get, err);
    bool good = found == DB_ROW && take_row(get, height, ret_row, seals, err);
    if (found == DB_END && store_base_has(s, height, err))
        (void)not_found(err, "block", height);
    db_reset(get);
    return good;
}

bool store_header(struct store *s, uint64_t height, struct header *ret_header, struct buf *seals,
                  struct err *err)
{
    struct store_block_row row;
    if (!store_row(s, height, &row, seals, err))
        return false;
    *ret_header = row.header;
    return true;
}

bool store_head(struct store *s, struct header *ret_header, struct buf *seals, struct err *err)
{
    uint64_t height = 0;
    return store_height(s, &height, err) && store_header(s, height, ret_header, seals, err);
}

/* The packs' bytes, one after the other. */
static bool add_packs(struct db_stmt *get, uint64_t first, uint64_t count, struct buf *out,
                      struct err *err)
{
    db_bind_int(get, 1, (int64_t)first);
    db_bind_int(get, 2, (int64_t)(first + count));
    enum db_row row;
    while ((row = db_step(get, err)) == DB_ROW)
        buf_add_slice(out, db_column_blob(get, 0));
    db_reset(get);
    return row == DB_END && check_room(out, err);
}

bool store_block(struct store *s, uint64_t height, struct buf *block, struct buf *seals,
                 struct buf *outcomes, struct err *err)
{
    struct store_block_row row;
    if (((block != NULL || outcomes != NULL) && !store_base_has(s, height, err)) ||
        !store_row(s, height, &row, seals, err))
        return false;
    if (block != NULL) {
        block_put_head(block, &row.header, (size_t)row.statements);
        if (!add_packs(s->sql[SQL_PACKS_OF_RANGE], row.first_leaf, row.statements, block, err))
            return false;
    }
    if (outcomes != NULL) {
        cbor_put_array(outcomes, (size_t)row.outcomes);
        if (!add_packs(s->sql[SQL_OUTCOME_PACKS_OF_RANGE], row.first_outcome, row.outcomes,
                       outcomes, err))
            return false;
    }
    return true;
}

bool store_genesis(struct store *s, struct buf *genesis, struct err *err)
{
    struct db_stmt *get = s->sql[SQL_GENESIS];
    enum db_row row = db_step(get, err);
    if (row == DB_ROW)
        buf_add_slice(genesis, db_column_blob(get, 0));
    else if (row == DB_END)
        (void)err_set(err, ERR_PROOF, "the ledger holds no genesis");
    db_reset(get);
    return row == DB_ROW && check_room(genesis, err);
}

/* ------------------------------------------------------------------ statements and outcomes */

/* Appends the item `skip` places into a pack. */
static bool take_item(struct slice pack, uint64_t skip, struct buf *out, struct err *err)
{
    struct cbor_reader r = cbor_reader(pack);
    for (uint64_t i = 0; i < skip && !r.failed; i++)
        (void)cbor_take_bytes(&r, 0, SIZE_MAX);
    struct slice item = cbor_take_bytes(&r, 0, SIZE_MAX);
    if (r.failed)
        return err_set(err, ERR_PROOF, "a stored pack ends early");
    buf_add_slice(out, item);
    return check_room(out, err);
}

/* Place and, unless NULL, bytes of the statement. */
static bool find_leaf(struct store *s, uint64_t leaf, struct store_place *ret_place,
                      struct buf *statement, struct err *err)
{
    struct db_stmt *get = s->sql[SQL_PACK_OF_LEAF];
    db_bind_int(get, 1, (int64_t)(leaf > INT64_MAX ? INT64_MAX : leaf));
    enum db_row row = db_step(get, err);
    bool good = row == DB_ROW;
    if (good) {
        uint64_t first = (uint64_t)db_column_int(get, 0);
        ret_place->height = (uint64_t)db_column_int(get, 1);
        ret_place->index = (uint64_t)db_column_int(get, 2) + (leaf - first);
        ret_place->first_leaf = leaf - ret_place->index;
        if (statement != NULL)
            good = take_item(db_column_blob(get, 3), leaf - first, statement, err);
    } else if (row == DB_END) {
        (void)not_found(err, "leaf", leaf);
    }
    db_reset(get);
    return good;
}

/* The last pack is found for every number beyond it: the head says where the leaves end. */
static bool check_leaf(struct store *s, uint64_t leaf, struct err *err)
{
    struct header head;
    return store_head(s, &head, NULL, err) && (leaf < head.size || not_found(err, "leaf", leaf)) &&
           store_base_has_leaf(s, leaf, err);
}

bool store_leaf_place(struct store *s, uint64_t leaf, struct store_place *ret_place,
                      struct err *err)
{
    return check_leaf(s, leaf, err) && find_leaf(s, leaf, ret_place, NULL, err);
}

bool store_statement(struct store *s, uint64_t leaf, struct buf *statement, struct err *err)
{
    struct store_place place;
    return check_leaf(s, leaf, err) && find_leaf(s, leaf, &place, statement, err);
}

/* The outcome with this running number. */
static bool find_outcome(struct store *s, uint64_t number, struct buf *out, struct err *err)
{
    struct db_stmt *get = s->sql[SQL_OUTCOME_PACK];
    db_bind_int(get, 1, (int64_t)number);
    enum db_row row = db_step(get, err);
    bool good = row == DB_ROW && take_item(db_column_blob(get, 1),
                                           number - (uint64_t)db_column_int(get, 0), out, err);
    if (row == DB_END)
        (void)not_found(err, "outcome", number);
    db_reset(get);
    return good;
}

bool store_outcome(struct store *s, uint64_t height, uint64_t index, struct buf *outcome,
                   struct err *err)
{
    struct store_block_row row;
    if (!store_base_has(s, height, err) || !store_row(s, height, &row, NULL, err))
        return false;
    return index < row.outcomes ? find_outcome(s, row.first_outcome + index, outcome, err)
                                : not_found(err, "outcome", index);
}

bool store_verdict(struct store *s, uint64_t leaf, struct buf *verdict, struct err *err)
{
    struct store_place place;
    struct store_block_row row;
    if (!store_leaf_place(s, leaf, &place, err) || !store_row(s, place.height, &row, NULL, err))
        return false;
    if (row.outcomes < row.statements)
        return err_set(err, ERR_PROOF, "block %llu: fewer outcomes than statements",
                       (unsigned long long)place.height);
    uint64_t index = row.outcomes - row.statements + place.index;
    return find_outcome(s, row.first_outcome + index, verdict, err);
}

uint64_t store_index_key(const struct hash *statement)
{
    uint64_t key = 0;
    for (int i = 0; i < 8; i++)
        key = key << 8 | statement->bytes[i];
    return key;
}

#define CANDIDATES_MAX 64 /* statements that share 8 bytes of hash: made on purpose, if ever */

static bool leaf_is(struct store *s, uint64_t leaf, const struct hash *statement, bool *ret_same,
                    struct err *err)
{
    struct buf bytes = buf_heap(COSE_MAX_SIZE);
    struct store_place place;
    bool read = find_leaf(s, leaf, &place, &bytes, err);
    struct hash hash = crypto_sha256(buf_slice(&bytes));
    *ret_same = read && hash_equal(&hash, statement);
    buf_free(&bytes);
    return read;
}

bool store_find_statement(struct store *s, const struct hash *statement, uint64_t *ret_leaf,
                          struct err *err)
{
    uint64_t leaves[CANDIDATES_MAX];
    size_t n = 0;
    if (!store_index_find(s, store_index_key(statement), leaves, CANDIDATES_MAX, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool same = false;
        if (!leaf_is(s, leaves[i], statement, &same, err))
            return false;
        if (same) {
            *ret_leaf = leaves[i];
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "the ledger has no such statement");
}

/* ------------------------------------------------------------------ state */

bool store_state_get(struct store *s, struct slice key, struct buf *value, struct err *err)
{
    struct hash key_hash = crypto_sha256(key);
    struct db_stmt *get = s->sql[SQL_STATE_GET];
    db_bind_blob(get, 1, hash_slice(&key_hash));
    enum db_row row = db_step(get, err);
    if (row == DB_ROW)
        buf_add_slice(value, db_column_blob(get, 0));
    else if (row == DB_END)
        (void)err_set(err, ERR_NOT_FOUND, "the state does not hold this key");
    db_reset(get);
    return row == DB_ROW && check_room(value, err);
}

struct state_walk {
    store_state_visitor visit;
    void *ctx;
    struct hash last;
    size_t seen; /* of the last few */
    bool stop;
};

static bool visit_row(struct state_walk *w, struct db_stmt *get, struct err *err)
{
    struct slice key_hash = db_column_blob(get, 0);
    if (key_hash.len != HASH_SIZE)
        return err_set(err, ERR_PROOF, "state: a key hash of %zu bytes", key_hash.len);
    memcpy(w->last.bytes, key_hash.data, HASH_SIZE);
    w->seen++;
    w->stop = !w->visit(w->ctx, &w->last, db_column_blob(get, 1), db_column_blob(get, 2));
    return true;
}

/* Up to 256 entries: short statements, so that no long read holds the log back. */
static bool visit_some(struct store *s, struct state_walk *w, struct err *err)
{
    struct db_stmt *get = s->sql[SQL_STATE_AFTER];
    struct hash after = w->last;
    db_bind_blob(get, 1, hash_slice(&after));
    enum db_row row = DB_END;
    w->seen = 0;
    while (!w->stop && (row = db_step(get, err)) == DB_ROW)
        if (!visit_row(w, get, err)) {
            row = DB_ERROR;
            break;
        }
    db_reset(get);
    return row != DB_ERROR;
}

bool store_state_each(struct store *s, store_state_visitor visit, void *ctx, struct err *err)
{
    struct state_walk w = { .visit = visit, .ctx = ctx }; /* no key hashes to zero */
    do
        if (!visit_some(s, &w, err))
            return false;
    while (w.seen > 0 && !w.stop);
    return true;
}
