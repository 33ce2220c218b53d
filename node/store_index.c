/*
 * Which leaf is the statement of this hash? Hashes are scattered by nature: a B-tree of them dirties a page
 * for nearly every statement once it is large. So they are kept in sorted runs, appended a block at a time;
 * eight runs of one level are merged into one of the next, so each entry is written again once a level.
 */
#include "node/store_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_SIZE    16  /* 8 bytes of the hash, 8 of the leaf, both big-endian */
#define CHUNK_ENTRIES 192 /* a row of about 3 KiB */
#define RUN_FANOUT    8
#define LEVELS_MAX    22 /* 8^21 is more than int64 holds */

/* SQLite's integers have a sign: this keeps the order. */
static int64_t ordered(uint64_t key)
{
    return (int64_t)(key ^ (UINT64_C(1) << 63));
}

static void put_u64(uint8_t *at, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        at[i] = (uint8_t)v;
}

static uint64_t get_u64(const uint8_t *at)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | at[i];
    return v;
}

static struct store_index_entry entry_at(struct slice chunk, size_t i)
{
    const uint8_t *at = chunk.data + i * ENTRY_SIZE;
    return (struct store_index_entry){ get_u64(at), get_u64(at + 8) };
}

/* ------------------------------------------------------------------ writing a run */

struct run_writer {
    struct store *store;
    int64_t run;
    size_t count; /* entries in the open chunk */
    uint64_t first, last;
    struct buf chunk;
};

static bool flush_chunk(struct run_writer *w, struct err *err)
{
    struct db_stmt *insert = w->store->sql[SQL_INDEX_CHUNK_INSERT];
    if (w->count == 0)
        return true;
    db_bind_int(insert, 1, w->run);
    db_bind_int(insert, 2, ordered(w->first));
    db_bind_blob(insert, 3, buf_slice(&w->chunk));
    bool ok = !w->chunk.failed && db_run(insert, err);
    buf_clear(&w->chunk);
    w->count = 0;
    return ok;
}

/* Equal keys stay in one chunk: a look-up reads no more than one of each run. */
static bool write_entry(struct run_writer *w, const struct store_index_entry *e, struct err *err)
{
    if (w->count >= CHUNK_ENTRIES && e->key != w->last && !flush_chunk(w, err))
        return false;
    if (w->count++ == 0)
        w->first = e->key;
    w->last = e->key;
    uint8_t bytes[ENTRY_SIZE];
    put_u64(bytes, e->key);
    put_u64(bytes + 8, e->leaf);
    buf_add(&w->chunk, bytes, sizeof bytes);
    return true;
}

static bool open_run(struct store *s, unsigned level, struct run_writer *w, struct err *err)
{
    struct db_stmt *insert = s->sql[SQL_INDEX_RUN_INSERT];
    db_bind_int(insert, 1, (int64_t)level);
    if (!db_run(insert, err))
        return false;
    *w =
        (struct run_writer){ .store = s, .run = db_last_rowid(s->db), .chunk = buf_heap(1u << 24) };
    return true;
}

/* ------------------------------------------------------------------ merging */

struct run_cursor {
    int64_t run;
    int64_t after; /* first of the chunk in hand */
    bool begun, ended;
    size_t at;
    struct buf chunk;
};

static bool load_chunk(struct store *s, struct run_cursor *c, struct err *err)
{
    struct db_stmt *next = s->sql[c->begun ? SQL_INDEX_CHUNK_AFTER : SQL_INDEX_CHUNK_FIRST];
    db_bind_int(next, 1, c->run);
    if (c->begun)
        db_bind_int(next, 2, c->after);
    enum db_row row = db_step(next, err);
    buf_clear(&c->chunk);
    if (row == DB_ROW) {
        c->after = db_column_int(next, 0);
        buf_add_slice(&c->chunk, db_column_blob(next, 1));
    }
    db_reset(next);
    c->begun = true;
    c->ended = row == DB_END;
    c->at = 0;
    return row != DB_ERROR && !c->chunk.failed;
}

static bool advance(struct store *s, struct run_cursor *c, struct err *err)
{
    return ++c->at * ENTRY_SIZE < c->chunk.len || load_chunk(s, c, err);
}

static struct run_cursor *least(struct run_cursor *cursors, size_t n)
{
    struct run_cursor *best = NULL;
    uint64_t best_key = 0;
    for (size_t i = 0; i < n; i++) {
        if (cursors[i].ended)
            continue;
        uint64_t key = entry_at(buf_slice(&cursors[i].chunk), cursors[i].at).key;
        if (best == NULL || key < best_key) {
            best = &cursors[i];
            best_key = key;
        }
    }
    return best;
}

static bool merge_into(struct store *s, struct run_cursor *cursors, size_t n, struct run_writer *w,
                       struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!load_chunk(s, &cursors[i], err))
            return false;
    for (struct run_cursor *c = least(cursors, n); c != NULL; c = least(cursors, n)) {
        struct store_index_entry e = entry_at(buf_slice(&c->chunk), c->at);
        if (!write_entry(w, &e, err) || !advance(s, c, err))
            return false;
    }
    return flush_chunk(w, err);
}

static bool drop_run(struct store *s, int64_t run, struct err *err)
{
    db_bind_int(s->sql[SQL_INDEX_CHUNK_DELETE], 1, run);
    db_bind_int(s->sql[SQL_INDEX_RUN_DELETE], 1, run);
    return db_run(s->sql[SQL_INDEX_CHUNK_DELETE], err) && db_run(s->sql[SQL_INDEX_RUN_DELETE], err);
}

/* The runs of a level, oldest first; at most RUN_FANOUT. */
static size_t runs_of(struct store *s, unsigned level, struct run_cursor *cursors)
{
    struct db_stmt *get = s->sql[SQL_INDEX_RUNS_OF_LEVEL];
    size_t n = 0;
    db_bind_int(get, 1, (int64_t)level);
    while (n < RUN_FANOUT && db_step(get, NULL) == DB_ROW)
        cursors[n++] =
            (struct run_cursor){ .run = db_column_int(get, 0), .chunk = buf_heap(1u << 24) };
    db_reset(get);
    return n;
}

static bool merge_level(struct store *s, unsigned level, bool *ret_merged, struct err *err)
{
    struct run_cursor cursors[RUN_FANOUT];
    struct run_writer w;
    size_t n = runs_of(s, level, cursors);
    *ret_merged = n == RUN_FANOUT;
    if (!*ret_merged)
        return true;
    bool ok = open_run(s, level + 1, &w, err) && merge_into(s, cursors, n, &w, err);
    for (size_t i = 0; i < n; i++) {
        ok = ok && drop_run(s, cursors[i].run, err);
        buf_free(&cursors[i].chunk);
    }
    buf_free(&w.chunk);
    return ok;
}

static int by_key(const void *a, const void *b)
{
    const struct store_index_entry *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

bool store_index_add(struct store *s, struct store_index_entry *entries, size_t count,
                     struct err *err)
{
    struct run_writer w;
    if (count == 0)
        return true;
    qsort(entries, count, sizeof *entries, by_key);
    bool ok = open_run(s, 0, &w, err);
    if (!ok)
        return false;
    for (size_t i = 0; i < count && ok; i++)
        ok = write_entry(&w, &entries[i], err);
    ok = ok && flush_chunk(&w, err);
    buf_free(&w.chunk);
    bool merged = true;
    for (unsigned level = 0; ok && merged && level < LEVELS_MAX; level++)
        ok = merge_level(s, level, &merged, err);
    return ok;
}

/* ------------------------------------------------------------------ looking up */

/* Leaves of the entries with this key in one chunk. */
static size_t take_matches(struct slice chunk, uint64_t key, uint64_t *ret_leaves, size_t max)
{
    size_t low = 0, high = chunk.len / ENTRY_SIZE, n = 0;
    size_t end = high;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (entry_at(chunk, mid).key < key)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < end && n < max && entry_at(chunk, low).key == key; low++)
        ret_leaves[n++] = entry_at(chunk, low).leaf;
    return n;
}

bool store_index_find(struct store *s, uint64_t key, uint64_t *ret_leaves, size_t max,
                      size_t *ret_count, struct err *err)
{
    struct db_stmt *runs = s->sql[SQL_INDEX_RUNS], *find = s->sql[SQL_INDEX_CHUNK_FIND];
    enum db_row row;
    *ret_count = 0;
    while ((row = db_step(runs, err)) == DB_ROW) {
        db_bind_int(find, 1, db_column_int(runs, 0));
        db_bind_int(find, 2, ordered(key));
        enum db_row chunk = db_step(find, err);
        if (chunk == DB_ROW)
            *ret_count += take_matches(db_column_blob(find, 0), key, ret_leaves + *ret_count,
                                       max - *ret_count);
        db_reset(find);
        if (chunk == DB_ERROR)
            row = DB_ERROR;
        if (chunk == DB_ERROR)
            break;
    }
    db_reset(runs);
    return row == DB_END;
}
