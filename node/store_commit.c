#include "node/store_parts.h"

#include "common/block.h"
#include "node/read_model.h"

#include <stdlib.h>

/* ------------------------------------------------------------------ packs */

static bool put_pack(struct db_stmt *insert, uint64_t first, uint64_t height, uint64_t index,
                     struct slice bytes, struct err *err)
{
    db_bind_int(insert, 1, (int64_t)first);
    db_bind_int(insert, 2, (int64_t)height);
    db_bind_int(insert, 3, (int64_t)index);
    db_bind_blob(insert, 4, bytes);
    return db_run(insert, err);
}

/* Items as byte strings, a row whenever about STORE_PACK_SIZE bytes are together. */
static bool put_items(struct db_stmt *insert, uint64_t first, uint64_t height,
                      const struct slice *items, size_t count, struct err *err)
{
    struct buf pack = buf_heap(STORE_PACK_SIZE + BLOCK_SIZE_MAX + 16);
    size_t start = 0;
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        cbor_put_bytes(&pack, items[i]);
        if (pack.len < STORE_PACK_SIZE && i + 1 < count)
            continue;
        good = pack.failed ? err_set(err, ERR_IO, "out of memory")
                           : put_pack(insert, first + start, height, start, buf_slice(&pack), err);
        start = i + 1;
        buf_clear(&pack);
    }
    buf_free(&pack);
    return good;
}

/* ------------------------------------------------------------------ rows of a block */

bool store_put_block(struct store *s, const struct commit *c, uint64_t first_leaf, struct err *err)
{
    uint8_t memory[HEADER_SIZE_MAX];
    struct buf header = buf_fixed(memory, sizeof memory);
    struct db_stmt *insert = s->sql[SQL_BLOCK_INSERT];
    header_put(&header, &c->header);
    db_bind_int(insert, 1, (int64_t)c->header.height);
    db_bind_blob(insert, 2, buf_slice(&header));
    db_bind_blob(insert, 3, c->seals);
    db_bind_int(insert, 4, (int64_t)first_leaf);
    db_bind_int(insert, 5, (int64_t)c->statement_count);
    db_bind_int(insert, 6, (int64_t)s->outcomes);
    db_bind_int(insert, 7, (int64_t)c->outcome_count);
    return db_run(insert, err) &&
           put_items(s->sql[SQL_PACK_INSERT], first_leaf, c->header.height, c->statements,
                     c->statement_count, err) &&
           put_items(s->sql[SQL_OUTCOME_PACK_INSERT], s->outcomes, c->header.height, c->outcomes,
                     c->outcome_count, err);
}

bool store_put_state(struct store *s, struct slice key, struct slice value, struct err *err)
{
    struct hash key_hash = crypto_sha256(key);
    struct db_stmt *stmt = s->sql[value.len > 0 ? SQL_STATE_PUT : SQL_STATE_DELETE];
    db_bind_blob(stmt, 1, hash_slice(&key_hash));
    if (value.len > 0) {
        db_bind_blob(stmt, 2, key);
        db_bind_blob(stmt, 3, value);
    }
    return db_run(stmt, err);
}

/* ------------------------------------------------------------------ the statement index */

bool store_put_indexes(struct store *s, const struct commit *c, uint64_t first_leaf,
                       struct err *err)
{
    if (c->statement_count == 0)
        return true;
    struct store_index_entry *entries = calloc(c->statement_count, sizeof *entries);
    if (entries == NULL)
        return err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; i < c->statement_count; i++)
        entries[i] =
            (struct store_index_entry){ store_index_key(&c->statement_hashes[i]), first_leaf + i };
    bool good = store_index_add(s, entries, c->statement_count, err);
    free(entries);
    return good;
}

/* ------------------------------------------------------------------ a commit */

static bool check_follows(const struct header *head, const struct commit *c, struct err *err)
{
    struct hash prev = header_hash(head);
    if (c->header.height != head->height + 1 || !hash_equal(&c->header.prev, &prev))
        return err_set(err, ERR_INPUT, "block %llu does not follow block %llu",
                       (unsigned long long)c->header.height, (unsigned long long)head->height);
    uint64_t size = head->size + c->statement_count;
    if (c->header.size != size)
        return err_set(err, ERR_INPUT, "block %llu: %llu leaves, expected %llu",
                       (unsigned long long)c->header.height, (unsigned long long)c->header.size,
                       (unsigned long long)size);
    return true;
}

static bool put_tree(struct store *s, const struct commit *c, struct tree_edge *edge,
                     struct err *err)
{
    uint64_t before = edge->size;
    for (size_t i = 0; i < c->statement_count; i++) {
        struct hash leaf = merkle_leaf(hash_slice(&c->statement_hashes[i]));
        if (!store_tree_add(s, edge, &leaf, err))
            return false;
    }
    struct hash root = tree_edge_root(edge);
    if (!hash_equal(&root, &c->header.tree))
        return err_set(err, ERR_INPUT, "block %llu: its statements do not give its tree root",
                       (unsigned long long)c->header.height);
    return store_tree_flush(s, edge, before, err);
}

static bool put_all(struct store *s, const struct commit *c, struct tree_edge *edge,
                    struct err *err)
{
    uint64_t first_leaf = edge->size;
    if (!store_put_block(s, c, first_leaf, err) || !put_tree(s, c, edge, err) ||
        !store_put_indexes(s, c, first_leaf, err))
        return false;
    for (size_t i = 0; i < c->write_count; i++)
        if (!store_put_state(s, c->writes[i].key, c->writes[i].value, err))
            return false;
    return store_vote_commit(s, c, err) && store_base_apply(s, c, first_leaf, err);
}

bool store_commit(struct store *s, const struct commit *c, struct err *err)
{
    struct tree_edge edge = s->edge;
    struct header head;
    if (s->mode != STORE_WRITE)
        return err_set(err, ERR_INPUT, "this store was opened for reading");
    if (s->broken)
        return err_set(err, ERR_IO, "the last commit's end is unknown: open the ledger again");
    if (!store_head(s, &head, NULL, err) || !check_follows(&head, c, err) || !db_begin(s->db, err))
        return false;
    if (!put_all(s, c, &edge, err)) {
        db_rollback(s->db);
        return err_wrap(err, "block %llu", (unsigned long long)c->header.height);
    }
    if (!db_commit(s->db, err)) {
        s->broken = true;
        return err_wrap(err, "block %llu", (unsigned long long)c->header.height);
    }
    s->edge = edge;
    s->outcomes += c->outcome_count;
    return true;
}
