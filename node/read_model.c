#include "node/read_model_goods.h"

#include "common/block.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/read_model_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ opening */

bool read_model_create(struct db *db, struct err *err)
{
    return read_model_schema_create(db, err);
}

static bool prepare_all(struct read_model *m, struct err *err)
{
    for (int i = 0; i < RM_SQL_COUNT; i++)
        if (!db_prepare(m->db, read_model_schema_sql((enum read_model_sql)i), &m->sql[i], err))
            return false;
    for (int i = 0; i < GM_SQL_COUNT; i++)
        if (!db_prepare(m->db, read_model_goods_sql((enum read_model_goods_sql)i), &m->goods[i],
                        err))
            return false;
    for (int i = 0; i < LIST_COUNT; i++)
        if (!db_prepare(m->db, read_model_list_sql((enum read_model_list)i), &m->lists[i], err))
            return false;
    return true;
}

bool read_model_open(struct db *db, struct read_model **ret_model, struct err *err)
{
    struct read_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(err, ERR_IO, "out of memory");
    m->db = db;
    m->goods = calloc(GM_SQL_COUNT, sizeof *m->goods);
    m->lists = calloc(LIST_COUNT, sizeof *m->lists);
    m->now = calloc(1, sizeof *m->now);
    if (m->goods == NULL || m->lists == NULL || m->now == NULL || !prepare_all(m, err)) {
        read_model_close(m);
        return err_wrap(err, "read model");
    }
    *ret_model = m;
    return true;
}

void read_model_close(struct read_model *m)
{
    if (m == NULL)
        return;
    for (int i = 0; i < RM_SQL_COUNT; i++)
        db_stmt_free(m->sql[i]);
    for (int i = 0; i < GM_SQL_COUNT && m->goods != NULL; i++)
        db_stmt_free(m->goods[i]);
    for (int i = 0; i < LIST_COUNT && m->lists != NULL; i++)
        db_stmt_free(m->lists[i]);
    free(m->lists);
    free(m->goods);
    free(m->now);
    free(m);
}

/* ------------------------------------------------------------------ genesis */

static bool put_member(struct read_model *m, struct slice kid, struct slice value, struct err *err)
{
    struct db_stmt *insert = m->sql[RM_MEMBER_INSERT];
    struct state_member member;
    if (!state_member_take(value, &member))
        return err_set(err, ERR_INPUT, "genesis: a member's entry is malformed");
    db_bind_blob(insert, 1, kid);
    db_bind_text(insert, 2, member.name);
    return db_run(insert, err);
}

static bool put_key(struct read_model *m, struct slice kid, struct slice value, uint64_t time_ms,
                    struct err *err)
{
    struct db_stmt *insert = m->sql[RM_KEY_INSERT];
    struct state_key_record key;
    if (!state_key_record_take(value, &key))
        return err_set(err, ERR_INPUT, "genesis: a key's entry is malformed");
    db_bind_blob(insert, 1, kid);
    db_bind_blob(insert, 2, kid_slice(&key.member));
    db_bind_int(insert, 3, key.class);
    db_bind_int(insert, 6, (int64_t)time_ms);
    return db_run(insert, err);
}

static bool put_custody(struct read_model *m, int64_t asset, int role, const struct kid *member,
                        uint64_t since_ms, struct err *err)
{
    struct db_stmt *insert = NULL;
    if (!db_prepare(m->db, "INSERT INTO custody VALUES (?1, ?2, 0, ?3, ?4, NULL)", &insert, err))
        return false;
    db_bind_int(insert, 1, asset);
    db_bind_int(insert, 2, role);
    db_bind_blob(insert, 3, kid_slice(member));
    db_bind_int(insert, 4, (int64_t)since_ms);
    bool good = db_run(insert, err);
    db_stmt_free(insert);
    return good;
}

/* A fork's genesis brings goods along: whose they are, and who holds them, since then. */
static bool put_asset(struct read_model *m, struct slice key, struct slice value, uint64_t time_ms,
                      struct err *err)
{
    struct state_asset asset;
    struct db_stmt *update = NULL;
    struct cbor_reader r = cbor_reader(key);
    int64_t id = 0;
    (void)cbor_take_array(&r);
    (void)cbor_take_uint(&r);
    struct slice name = cbor_take_text(&r, 1, STATE_KEY_MAX);
    if (!cbor_done(&r) || !state_asset_take(value, &asset))
        return err_set(err, ERR_INPUT, "genesis: an asset's entry is malformed");
    if (!read_model_asset_id(m, name, &id, err) ||
        !db_prepare(m->db, "UPDATE asset SET custodian = ?2, owner = ?3 WHERE id = ?1", &update,
                    err))
        return false;
    db_bind_int(update, 1, id);
    if (asset.has_custodian)
        db_bind_blob(update, 2, kid_slice(&asset.custodian));
    if (asset.has_owner)
        db_bind_blob(update, 3, kid_slice(&asset.owner));
    bool good = db_run(update, err);
    db_stmt_free(update);
    good = good && (!asset.has_custodian || put_custody(m, id, 0, &asset.custodian, time_ms, err));
    return good && (!asset.has_owner || put_custody(m, id, 1, &asset.owner, time_ms, err));
}

bool read_model_begin(struct read_model *m, struct genesis genesis, struct err *err)
{
    for (size_t i = 0; i < genesis.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&genesis, &key, &value);
        enum state_table table = state_key_table(key);
        if (table == TABLE_ASSET && !put_asset(m, key, value, genesis.header.time_ms, err))
            return false;
        if (table != TABLE_MEMBER && table != TABLE_KEY)
            continue;
        struct cbor_reader r = cbor_reader(key);
        (void)cbor_take_array(&r);
        (void)cbor_take_uint(&r);
        struct slice kid = cbor_take_bytes(&r, KID_SIZE, KID_SIZE);
        if (!cbor_done(&r))
            return err_set(err, ERR_INPUT, "genesis: a state key is malformed");
        if (table == TABLE_MEMBER ? !put_member(m, kid, value, err)
                                  : !put_key(m, kid, value, genesis.header.time_ms, err))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ blocks */

bool read_model_asset_id(struct read_model *m, struct slice name, int64_t *ret_id, struct err *err)
{
    struct db_stmt *find = m->sql[RM_ASSET_FIND], *insert = m->sql[RM_ASSET_INSERT];
    db_bind_text(find, 1, name);
    enum db_row row = db_step(find, err);
    if (row == DB_ROW)
        *ret_id = db_column_int(find, 0);
    db_reset(find);
    if (row != DB_END)
        return row == DB_ROW;
    db_bind_text(insert, 1, name);
    if (!db_run(insert, err))
        return false;
    *ret_id = db_last_rowid(m->db);
    return true;
}

/* The number after the subject's last; next and insert have the subject as their first parameter. */
static bool take_next(struct db_stmt *next, int64_t *ret_n, struct err *err)
{
    enum db_row row = db_step(next, err);
    *ret_n = row == DB_ROW ? db_column_int(next, 0) : 0;
    db_reset(next);
    return row != DB_ERROR;
}

static bool insert_event(const struct read_model_at *at, struct db_stmt *insert, int64_t n,
                         const struct event *e)
{
    db_bind_int(insert, 2, n);
    db_bind_int(insert, 3, (int64_t)at->height);
    db_bind_int(insert, 4, (int64_t)at->outcome);
    db_bind_int(insert, 5, (int64_t)at->event);
    if (at->has_leaf)
        db_bind_int(insert, 6, (int64_t)at->leaf);
    db_bind_int(insert, 7, e->what);
    db_bind_int(insert, 8, (int64_t)e->time_ms);
    db_bind_blob(insert, 9, e->data);
    return db_run(insert, at->err);
}

static bool add_to_asset(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *next = at->m->sql[RM_ASSET_NEXT];
    struct db_stmt *insert = at->m->sql[RM_ASSET_EVENT_INSERT];
    int64_t n = 0;
    db_bind_int(next, 1, asset);
    if (!take_next(next, &n, at->err))
        return false;
    db_bind_int(insert, 1, asset);
    return insert_event(at, insert, n, e);
}

/* An event of a set is written once; each asset's row only names it. */
static bool share_event(const struct read_model_at *at, const struct event *e, int64_t *ret_shared)
{
    struct db_stmt *insert = at->m->sql[RM_SHARED_EVENT_INSERT];
    if (!insert_event(at, insert, 0, e))
        return false;
    *ret_shared = db_last_rowid(at->m->db);
    return true;
}

static bool end_run(const struct read_model_at *at, const struct read_model_run *run,
                    int64_t shared, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_RUN_EVENT_INSERT];
    if (run->count == 0)
        return true;
    db_bind_int(insert, 1, run->first);
    db_bind_int(insert, 2, run->first + run->count - 1);
    db_bind_int(insert, 3, shared);
    return db_run(insert, at->err) && read_model_goods_run(at, run, e);
}

static void add_to_run(struct read_model_run *run, int64_t asset, struct slice name)
{
    if (run->count == 0) {
        run->first = asset;
        memcpy(run->name, name.data, name.len);
        run->name_len = name.len;
    }
    run->count++;
}

static bool apply_to_asset(const struct read_model_at *at, struct slice name, const struct event *e)
{
    int64_t asset = 0;
    struct read_model_run run = { .count = 0 };
    if (name.len > ASSET_NAME_MAX || !read_model_asset_id(at->m, name, &asset, at->err))
        return false;
    add_to_run(&run, asset, name);
    return read_model_contract_fact(at, &asset, e) && read_model_goods_fact(at, e) &&
           add_to_asset(at, asset, e) && read_model_asset_fact(at, asset, e) &&
           read_model_goods_run(at, &run, e);
}

static bool apply_to_subject(const struct read_model_at *at, struct slice subject,
                             const struct event *e)
{
    struct db_stmt *next = at->m->sql[RM_SUBJECT_NEXT];
    struct db_stmt *insert = at->m->sql[RM_SUBJECT_EVENT_INSERT];
    int64_t n = 0;
    db_bind_blob(next, 1, subject);
    if (!take_next(next, &n, at->err))
        return false;
    db_bind_blob(insert, 1, subject);
    return insert_event(at, insert, n, e) && read_model_subject_fact(at, subject, e);
}

static bool apply_to_set(const struct read_model_at *at, struct cbor_reader *r,
                         const struct event *e)
{
    struct asset_set set = asset_set_take(r);
    struct asset_iter it = asset_set_begin(&set);
    struct read_model_run run = { .count = 0 };
    int64_t shared = 0;
    if (!read_model_contract_fact(at, NULL, e) || !read_model_goods_fact(at, e) ||
        !share_event(at, e, &shared))
        return false;
    while (!r->failed && asset_set_next(&it)) {
        struct slice name = slice_of(it.name, it.name_len);
        int64_t asset = 0;
        if (!read_model_asset_id(at->m, name, &asset, at->err) ||
            !read_model_asset_fact(at, asset, e))
            return false;
        if (!read_model_run_takes(&run, asset, name)) {
            if (!end_run(at, &run, shared, e))
                return false;
            run.count = 0;
        }
        add_to_run(&run, asset, name);
    }
    return end_run(at, &run, shared, e);
}

static bool apply_event(const struct read_model_at *at, const struct event *e)
{
    struct cbor_reader r = cbor_reader(e->subject);
    enum cbor_kind kind = cbor_peek(&r);
    if (kind == CBOR_TEXT)
        return apply_to_asset(at, cbor_take_text(&r, 1, ASSET_NAME_MAX), e);
    if (kind == CBOR_ARRAY)
        return apply_to_set(at, &r, e);
    return kind != CBOR_BYTES || apply_to_subject(at, cbor_take_bytes(&r, 0, HASH_SIZE), e);
}

static bool apply_outcome(struct read_model_at *at, struct slice bytes)
{
    struct outcome o;
    if (!outcome_decode(bytes, &o, at->err))
        return false;
    if (o.type == OUTCOME_SUMMARY)
        return true;
    bool timer = o.type == OUTCOME_TIMER;
    struct cbor_reader r = cbor_reader(timer ? o.timer.events : o.verdict.events);
    size_t count = timer ? o.timer.event_count : o.verdict.event_count;
    for (size_t i = 0; i < count; i++) {
        struct event e = event_take(&r);
        at->event = i;
        if (!apply_event(at, &e))
            return false;
    }
    return true;
}

bool read_model_apply(struct read_model *m, const struct commit *c, uint64_t first_leaf,
                      struct err *err)
{
    size_t verdicts = c->outcome_count - c->statement_count; /* where they begin */
    if (c->outcome_count < c->statement_count)
        return err_set(err, ERR_INPUT, "fewer outcomes than statements");
    for (size_t i = 0; i < c->outcome_count; i++) {
        struct read_model_at at = { .m = m, .height = c->header.height, .outcome = i, .err = err };
        struct statement st;
        if (i >= verdicts) {
            at.has_leaf = true;
            at.leaf = first_leaf + (i - verdicts);
            if (!statement_decode(c->statements[i - verdicts], &st, err))
                return err_wrap(err, "read model: leaf %llu", (unsigned long long)at.leaf);
            at.st = &st;
        }
        if (!apply_outcome(&at, c->outcomes[i]))
            return err_wrap(err, "read model: outcome %zu", i);
    }
    return true;
}

/* ------------------------------------------------------------------ rebuilding */

struct replay {
    struct buf block, outcomes;
    struct slice *items; /* statements, then outcomes */
    struct commit commit;
};

static size_t take_items(struct cbor_reader *r, size_t count, struct slice *items)
{
    for (size_t i = 0; i < count; i++)
        items[i] = cbor_take_bytes(r, 0, SIZE_MAX);
    return count;
}

static bool replay_block(struct store *s, uint64_t height, struct replay *p, struct err *err)
{
    struct store_block_row row;
    buf_clear(&p->block);
    buf_clear(&p->outcomes);
    if (!store_row(s, height, &row, NULL, err) ||
        !store_block(s, height, &p->block, NULL, &p->outcomes, err))
        return false;
    free(p->items);
    p->items = calloc(row.statements + row.outcomes + 1, sizeof *p->items);
    if (p->items == NULL)
        return err_set(err, ERR_IO, "out of memory");
    struct cbor_reader r = cbor_reader(buf_slice(&p->block));
    cbor_take_array_of(&r, 2);
    (void)cbor_take_item(&r);
    struct commit c = { .header = row.header, .statements = p->items };
    c.statement_count = take_items(&r, cbor_take_array(&r), p->items);
    r = cbor_reader(buf_slice(&p->outcomes));
    c.outcomes = p->items + c.statement_count;
    c.outcome_count = take_items(&r, cbor_take_array(&r), p->items + c.statement_count);
    return read_model_apply(s->model, &c, row.first_leaf, err);
}

bool read_model_follow(struct store *s, uint64_t from, uint64_t to, struct err *err)
{
    struct replay p = { .block = buf_heap(BLOCK_SIZE_MAX + 1024), .outcomes = buf_heap(SIZE_MAX) };
    bool good = true;
    for (uint64_t h = from; h <= to && good; h++)
        good = replay_block(s, h, &p, err);
    buf_free(&p.block);
    buf_free(&p.outcomes);
    free(p.items);
    return good;
}

static bool replay_all(struct store *s, struct replay *p, struct err *err)
{
    struct buf genesis_bytes = buf_heap(GENESIS_SIZE_MAX);
    struct genesis genesis;
    uint64_t head = 0;
    bool good = store_genesis(s, &genesis_bytes, err) &&
                genesis_decode(buf_slice(&genesis_bytes), &genesis, err) &&
                read_model_begin(s->model, genesis, err) && store_height(s, &head, err);
    buf_free(&genesis_bytes);
    if (s->base.there) /* not all of the history is here: as far as it was followed */
        head = s->base.model;
    for (uint64_t h = 1; h <= head && good; h++)
        good = replay_block(s, h, p, err);
    return good;
}

static bool recreate(struct store *s, struct err *err)
{
    read_model_close(s->model); /* its statements hold the tables */
    s->model = NULL;
    return read_model_schema_drop(s->db, err) && read_model_schema_create(s->db, err) &&
           read_model_open(s->db, &s->model, err);
}

bool read_model_rebuild(struct store *s, struct err *err)
{
    struct replay p = { .block = buf_heap(BLOCK_SIZE_MAX + 1024), .outcomes = buf_heap(SIZE_MAX) };
    if (s->mode != STORE_WRITE)
        return err_set(err, ERR_INPUT, "rebuilding needs the ledger for writing");
    if (!db_begin(s->db, err))
        return false;
    bool good = recreate(s, err) && replay_all(s, &p, err);
    if (good)
        good = db_commit(s->db, err);
    else
        db_rollback(s->db);
    buf_free(&p.block);
    buf_free(&p.outcomes);
    free(p.items);
    if (!good && s->model == NULL) /* the old tables are back */
        (void)read_model_open(s->db, &s->model, NULL);
    return good;
}

/* ------------------------------------------------------------------ digest */

static void digest_column(struct sha256 *h, struct db_stmt *rows, int column)
{
    uint8_t memory[16];
    struct buf head = buf_fixed(memory, sizeof memory);
    struct slice bytes = { NULL, 0 };
    if (db_column_is_null(rows, column)) {
        cbor_put_null(&head);
    } else {
        bytes = db_column_blob(rows, column); /* of a number: its digits */
        cbor_put_bytes_head(&head, bytes.len);
    }
    crypto_sha256_add(h, buf_slice(&head));
    crypto_sha256_add(h, bytes);
}

static bool count_columns(struct db *db, const char *table, int *ret_count, struct err *err)
{
    char sql[128];
    struct db_stmt *columns = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM pragma_table_info('%s')", table);
    if (!db_prepare(db, sql, &columns, err))
        return false;
    bool good = db_step(columns, err) == DB_ROW;
    if (good)
        *ret_count = (int)db_column_int(columns, 0);
    db_stmt_free(columns);
    return good;
}

static bool digest_table(struct db *db, const struct read_model_table *table, struct sha256 *h,
                         struct err *err)
{
    char sql[128];
    struct db_stmt *rows = NULL;
    int columns = 0;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", table->name, table->key);
    if (!count_columns(db, table->name, &columns, err) || !db_prepare(db, sql, &rows, err))
        return false;
    crypto_sha256_add(h, slice_of(table->name, strlen(table->name) + 1));
    enum db_row row;
    while ((row = db_step(rows, err)) == DB_ROW)
        for (int i = 0; i < columns; i++)
            digest_column(h, rows, i);
    db_stmt_free(rows);
    return row == DB_END;
}

bool read_model_digest(struct store *s, struct hash *ret_digest, struct err *err)
{
    struct sha256 h;
    crypto_sha256_begin(&h);
    for (size_t i = 0; read_model_schema_table(i) != NULL; i++)
        if (!digest_table(s->db, read_model_schema_table(i), &h, err))
            return false;
    *ret_digest = crypto_sha256_end(&h);
    return true;
}
