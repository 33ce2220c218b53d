#include "node/read_model_parts.h"

#include "common/hex.h"

#include <string.h>

static void copy_text(struct slice text, char ret[READ_MODEL_NAME + 1])
{
    size_t len = text.len <= READ_MODEL_NAME ? text.len : READ_MODEL_NAME;
    if (len > 0)
        memcpy(ret, text.data, len);
    ret[len] = '\0';
}

/* ------------------------------------------------------------------ assets */

bool read_model_find_asset(struct store *s, struct slice name, int64_t *ret_id, struct err *err)
{
    struct db_stmt *find = s->model->sql[RM_ASSET_FIND];
    db_bind_text(find, 1, name);
    enum db_row row = db_step(find, err);
    if (row == DB_ROW)
        *ret_id = db_column_int(find, 0);
    else if (row == DB_END)
        (void)err_set(err, ERR_NOT_FOUND, "the ledger knows no such asset");
    db_reset(find);
    return row == DB_ROW;
}

static struct asset_event event_of(struct db_stmt *rows)
{
    return (struct asset_event){
        .n = (uint64_t)db_column_int(rows, 0),
        .height = (uint64_t)db_column_int(rows, 1),
        .outcome = (uint64_t)db_column_int(rows, 2),
        .event = (uint64_t)db_column_int(rows, 3),
        .has_leaf = !db_column_is_null(rows, 4),
        .leaf = (uint64_t)db_column_int(rows, 4),
        .what = (enum event_what)db_column_int(rows, 5),
        .time_ms = (uint64_t)db_column_int(rows, 6),
        .data = db_column_blob(rows, 7),
    };
}

static int64_t as_limit(uint64_t n)
{
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

bool read_model_events(struct store *s, int64_t asset, struct read_model_page page,
                       read_model_event_visitor visit, void *ctx, struct err *err)
{
    struct db_stmt *rows = s->model->sql[RM_EVENTS];
    db_bind_int(rows, 1, asset);
    db_bind_int(rows, 2, as_limit(page.from));
    db_bind_int(rows, 3, as_limit(page.limit));
    enum db_row row;
    while ((row = db_step(rows, err)) == DB_ROW) {
        struct asset_event e = event_of(rows);
        if (!visit(ctx, &e))
            break;
    }
    db_reset(rows);
    return row != DB_ERROR;
}

bool read_model_event_count(struct store *s, int64_t asset, uint64_t *ret_count, struct err *err)
{
    struct db_stmt *next = s->model->sql[RM_ASSET_NEXT];
    db_bind_int(next, 1, asset);
    enum db_row row = db_step(next, err);
    if (row != DB_ERROR)
        *ret_count = row == DB_ROW ? (uint64_t)db_column_int(next, 0) : 0;
    db_reset(next);
    return row != DB_ERROR;
}

bool read_model_assets(struct store *s, struct slice after, uint64_t limit,
                       read_model_name_visitor visit, void *ctx, struct err *err)
{
    struct db_stmt *rows = s->model->sql[RM_ASSETS];
    db_bind_text(rows, 1, after);
    db_bind_int(rows, 2, as_limit(limit));
    enum db_row row;
    while ((row = db_step(rows, err)) == DB_ROW)
        if (!visit(ctx, db_column_text(rows, 0)))
            break;
    db_reset(rows);
    return row != DB_ERROR;
}

bool read_model_documents(struct store *s, const struct hash *hash, uint64_t limit,
                          read_model_leaf_visitor visit, void *ctx, struct err *err)
{
    struct db_stmt *rows = s->model->sql[RM_DOCUMENTS];
    db_bind_blob(rows, 1, hash_slice(hash));
    db_bind_int(rows, 2, as_limit(limit));
    enum db_row row;
    while ((row = db_step(rows, err)) == DB_ROW)
        if (!visit(ctx, (uint64_t)db_column_int(rows, 0)))
            break;
    db_reset(rows);
    return row != DB_ERROR;
}

/* ------------------------------------------------------------------ people and things */

bool read_model_member_of(struct read_model *m, const struct kid *kid, struct kid *ret_member)
{
    struct db_stmt *get = m->sql[RM_KEY_MEMBER];
    db_bind_blob(get, 1, kid_slice(kid));
    bool found = db_step(get, NULL) == DB_ROW && db_column_blob(get, 0).len == KID_SIZE;
    if (found)
        memcpy(ret_member->bytes, db_column_blob(get, 0).data, KID_SIZE);
    db_reset(get);
    return found;
}

bool read_model_key_member(struct store *s, const struct kid *kid, struct kid *ret_member)
{
    return read_model_member_of(s->model, kid, ret_member);
}

bool read_model_key_name(struct store *s, const struct kid *kid, char ret_name[READ_MODEL_NAME + 1])
{
    struct db_stmt *get = s->model->sql[RM_KEY_NAME];
    db_bind_blob(get, 1, kid_slice(kid));
    bool found = db_step(get, NULL) == DB_ROW;
    if (found)
        copy_text(db_column_text(get, 0), ret_name);
    db_reset(get);
    return found;
}

void read_model_member_name(struct store *s, const struct kid *member,
                            char ret_name[READ_MODEL_NAME + 1])
{
    struct db_stmt *get = s->model->sql[RM_PARTY_NAME];
    db_bind_blob(get, 1, kid_slice(member));
    if (db_step(get, NULL) == DB_ROW && !db_column_is_null(get, 0))
        copy_text(db_column_text(get, 0), ret_name);
    else
        hex_encode(kid_slice(member), ret_name);
    db_reset(get);
}

bool read_model_product(struct store *s, struct slice gtin, struct product_facts *ret_facts)
{
    struct db_stmt *get = s->model->sql[RM_PRODUCT];
    db_bind_text(get, 1, gtin);
    bool found = db_step(get, NULL) == DB_ROW;
    if (found) {
        copy_text(db_column_text(get, 0), ret_facts->name);
        copy_text(db_column_text(get, 1), ret_facts->brand);
        copy_text(db_column_text(get, 2), ret_facts->unit);
        ret_facts->leaf = (uint64_t)db_column_int(get, 3);
    }
    db_reset(get);
    return found;
}

bool read_model_place(struct store *s, struct slice gln, struct place_facts *ret_facts)
{
    struct db_stmt *get = s->model->sql[RM_PLACE];
    db_bind_text(get, 1, gln);
    bool found = db_step(get, NULL) == DB_ROW;
    if (found) {
        copy_text(db_column_text(get, 0), ret_facts->name);
        copy_text(db_column_text(get, 1), ret_facts->zone);
        ret_facts->leaf = (uint64_t)db_column_int(get, 2);
        ret_facts->has_position = !db_column_is_null(get, 3);
        ret_facts->lat = db_column_int(get, 3);
        ret_facts->lon = db_column_int(get, 4);
    }
    db_reset(get);
    return found;
}
