/* What an authority must not forget between two blocks: its vote, the bodies it voted for, and who sealed when. */
#include "node/store_parts.h"

#include "common/state_key.h"
#include "common/state_value.h"

static const char schema[] =
    "CREATE TABLE vote (id INTEGER PRIMARY KEY CHECK (id = 0), bytes BLOB NOT NULL);"
    /* in the order in which they came */
    "CREATE TABLE candidate (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " bytes BLOB NOT NULL);"
    /* bytes: the authority set in force from the next height on */
    "CREATE TABLE set_change (height INTEGER PRIMARY KEY, bytes BLOB NOT NULL);";

bool store_vote_create(struct db *db, struct err *err)
{
    return db_exec(db, schema, err);
}

/* ------------------------------------------------------------------ writing */

static bool put_both(struct store *s, struct slice vote, const struct hash *block,
                     struct slice body, struct err *err)
{
    struct db_stmt *put = s->sql[SQL_VOTE_PUT], *insert = s->sql[SQL_CANDIDATE_INSERT];
    db_bind_blob(put, 1, vote);
    if (!db_run(put, err))
        return false;
    if (block == NULL)
        return true;
    db_bind_blob(insert, 1, hash_slice(block));
    db_bind_blob(insert, 2, body);
    return db_run(insert, err);
}

static bool is_writer(const struct store *s, struct err *err)
{
    if (s->mode != STORE_WRITE)
        return err_set(err, ERR_INPUT, "this store was opened for reading");
    return !s->broken ||
           err_set(err, ERR_IO, "the last commit's end is unknown: open the ledger again");
}

/* Ends the transaction that began before. */
static bool settle(struct store *s, bool good, struct err *err)
{
    if (!good) {
        db_rollback(s->db);
        return err_wrap(err, "vote");
    }
    if (db_commit(s->db, err))
        return true;
    s->broken = true;
    return err_wrap(err, "vote");
}

bool store_put_vote(struct store *s, struct slice vote, const struct hash *block, struct slice body,
                    struct err *err)
{
    if (!is_writer(s, err) || !db_begin(s->db, err))
        return false;
    return settle(s, put_both(s, vote, block, body, err), err);
}

bool store_forget_vote(struct store *s, struct err *err)
{
    if (!is_writer(s, err) || !db_begin(s->db, err))
        return false;
    return settle(s, db_exec(s->db, "DELETE FROM vote; DELETE FROM candidate", err), err);
}

static bool put_set_change(struct store *s, const struct commit *c, struct slice sets,
                           struct err *err)
{
    struct slice set, next;
    struct db_stmt *insert = s->sql[SQL_SET_CHANGE_INSERT];
    if (!state_sets_take(sets, &set, &next))
        return err_set(err, ERR_PROOF, "its authority sets are malformed");
    db_bind_int(insert, 1, (int64_t)c->header.height);
    db_bind_blob(insert, 2, next);
    return db_run(insert, err);
}

bool store_vote_commit(struct store *s, const struct commit *c, struct err *err)
{
    struct state_key key = state_key_plain(TABLE_SETS);
    bool changed = !hash_equal(&c->header.set, &c->header.next), found = false;
    for (size_t i = 0; i < c->write_count && changed && !found; i++) {
        found = slice_equal(c->writes[i].key, state_key_slice(&key));
        if (found && !put_set_change(s, c, c->writes[i].value, err))
            return false;
    }
    if (changed && !found)
        return err_set(err, ERR_INPUT, "the authority set changes and is not among its writes");
    return db_run(s->sql[SQL_CANDIDATE_CLEAR], err);
}

/* ------------------------------------------------------------------ reading */

bool store_vote(struct store *s, struct buf *vote, struct err *err)
{
    struct db_stmt *get = s->sql[SQL_VOTE_GET];
    enum db_row row = db_step(get, err);
    if (row == DB_ROW)
        buf_add_slice(vote, db_column_blob(get, 0));
    db_reset(get);
    return row != DB_ERROR &&
           (!vote->failed || err_set(err, ERR_BUSY, "the vote is larger than its room"));
}

bool store_candidate(struct store *s, const struct hash *block, struct buf *body, struct err *err)
{
    struct db_stmt *get = s->sql[SQL_CANDIDATE_GET];
    db_bind_blob(get, 1, hash_slice(block));
    enum db_row row = db_step(get, err);
    if (row == DB_ROW)
        buf_add_slice(body, db_column_blob(get, 0));
    else if (row == DB_END)
        (void)err_set(err, ERR_NOT_FOUND, "no such block is proposed");
    db_reset(get);
    return row == DB_ROW &&
           (!body->failed || err_set(err, ERR_BUSY, "the block is larger than its room"));
}

bool store_candidates(struct store *s, store_candidate_visitor visit, void *ctx, struct err *err)
{
    struct db_stmt *each = s->sql[SQL_CANDIDATES];
    enum db_row row = DB_END;
    bool more = true;
    while (more && (row = db_step(each, err)) == DB_ROW)
        more = visit(ctx, db_column_blob(each, 0));
    db_reset(each);
    return row != DB_ERROR;
}

bool store_set_changes(struct store *s, store_set_visitor visit, void *ctx, struct err *err)
{
    struct db_stmt *each = s->sql[SQL_SET_CHANGES];
    enum db_row row = DB_END;
    bool more = true;
    while (more && (row = db_step(each, err)) == DB_ROW)
        more = visit(ctx, (uint64_t)db_column_int(each, 0), db_column_blob(each, 1));
    db_reset(each);
    return row != DB_ERROR;
}
