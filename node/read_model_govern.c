#include "node/read_model_govern.h"

#include "common/event_govern.h"
#include "common/state_govern.h"
#include "node/read_model_parts.h"

#include <string.h>

/* ------------------------------------------------------------------ members and keys */

static bool put_key(const struct read_model_at *at, struct slice kid, struct slice member,
                    enum key_class class, uint64_t time_ms)
{
    struct db_stmt *insert = at->m->sql[RM_KEY_INSERT];
    db_bind_blob(insert, 1, kid);
    db_bind_blob(insert, 2, member);
    db_bind_int(insert, 3, (int64_t) class);
    db_bind_int(insert, 6, (int64_t)time_ms);
    return db_run(insert, at->err);
}

static bool member_added(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_MEMBER_INSERT];
    struct slice name;
    if (!event_govern_member_added(e->data, &name))
        return true;
    db_bind_blob(insert, 1, kid);
    db_bind_text(insert, 2, name);
    return db_run(insert, at->err) && put_key(at, kid, kid, CLASS_MEMBER, e->time_ms);
}

static bool member_removed(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    struct db_stmt *update = at->m->sql[RM_MEMBER_REMOVE];
    db_bind_blob(update, 1, kid);
    db_bind_int(update, 2, (int64_t)e->time_ms);
    return db_run(update, at->err);
}

static bool authorised(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    struct event_authorised a;
    return !event_govern_authorised(e->data, &a) ||
           put_key(at, kid, kid_slice(&a.member), CLASS_AUTHORITY, e->time_ms);
}

/* A key that a vote enrolled, not a sponsor. */
static bool recovered(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    uint64_t class;
    struct kid member;
    return !event_govern_recovered(e->data, &class, &member) ||
           put_key(at, kid, kid_slice(&member), (enum key_class) class, e->time_ms);
}

/* ------------------------------------------------------------------ proposals */

static bool proposed(const struct read_model_at *at, struct slice hash, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_PROPOSAL_INSERT];
    struct event_proposed p;
    if (!event_govern_proposed(e->data, &p))
        return true;
    db_bind_blob(insert, 1, hash);
    read_model_bind_leaf(at, insert, 2);
    db_bind_int(insert, 3, p.action);
    db_bind_blob(insert, 4, kid_slice(&p.member));
    db_bind_int(insert, 5, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool ballot(const struct read_model_at *at, struct slice hash, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_BALLOT_INSERT];
    struct event_ballot b;
    if (!event_govern_ballot(e->data, &b))
        return true;
    db_bind_blob(insert, 1, hash);
    db_bind_blob(insert, 2, kid_slice(&b.member));
    db_bind_int(insert, 3, b.yes ? 1 : 0);
    read_model_bind_leaf(at, insert, 4);
    db_bind_int(insert, 5, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool rescinded(const struct read_model_at *at, struct slice hash, const struct event *e)
{
    struct db_stmt *update = at->m->sql[RM_BALLOT_RESCIND];
    struct cbor_reader r = cbor_reader(e->data);
    cbor_take_array_of(&r, 1);
    struct kid member = kid_take(&r);
    if (!cbor_done(&r))
        return true;
    db_bind_blob(update, 1, hash);
    db_bind_blob(update, 2, kid_slice(&member));
    db_bind_int(update, 3, (int64_t)e->time_ms);
    return db_run(update, at->err);
}

static bool status(const struct read_model_at *at, struct slice hash, enum proposal_status now,
                   const struct event *e)
{
    struct db_stmt *update = at->m->sql[RM_PROPOSAL_STATUS];
    uint64_t height;
    db_bind_blob(update, 1, hash);
    db_bind_int(update, 2, now);
    if (now == PROPOSAL_PASSED && event_govern_number(e->data, &height))
        db_bind_int(update, 3, (int64_t)height);
    db_bind_int(update, 4, (int64_t)e->time_ms);
    return db_run(update, at->err);
}

bool read_model_govern_fact(const struct read_model_at *at, struct slice subject,
                            const struct event *e)
{
    if (e->what == EVENT_PROPOSED)
        return proposed(at, subject, e);
    if (e->what == EVENT_BALLOT)
        return ballot(at, subject, e);
    if (e->what == EVENT_BALLOT_RESCINDED)
        return rescinded(at, subject, e);
    if (e->what == EVENT_PROPOSAL_PASSED)
        return status(at, subject, PROPOSAL_PASSED, e);
    if (e->what == EVENT_PROPOSAL_REJECTED)
        return status(at, subject, PROPOSAL_REJECTED, e);
    if (e->what == EVENT_PROPOSAL_WITHDRAWN)
        return status(at, subject, PROPOSAL_WITHDRAWN, e);
    if (e->what == EVENT_PROPOSAL_EXPIRED)
        return status(at, subject, PROPOSAL_EXPIRED, e);
    if (e->what == EVENT_APPLIED)
        return status(at, subject, PROPOSAL_APPLIED, e);
    if (e->what == EVENT_NOT_APPLIED)
        return status(at, subject, PROPOSAL_NOT_APPLIED, e);
    if (e->what == EVENT_MEMBER_ADDED)
        return member_added(at, subject, e);
    if (e->what == EVENT_MEMBER_REMOVED)
        return member_removed(at, subject, e);
    if (e->what == EVENT_AUTHORISED)
        return authorised(at, subject, e);
    return e->what != EVENT_ENROLLED || recovered(at, subject, e);
}

/* ------------------------------------------------------------------ questions */

bool read_model_proposals(struct store *s, uint64_t limit, read_model_proposal_visitor visit,
                          void *ctx, struct err *err)
{
    struct db_stmt *list = s->model->sql[RM_PROPOSALS];
    enum db_row row;
    db_bind_int(list, 1, (int64_t)limit);
    while ((row = db_step(list, err)) == DB_ROW) {
        struct slice bytes = db_column_blob(list, 0);
        struct hash hash = { { 0 } };
        if (bytes.len == HASH_SIZE)
            memcpy(hash.bytes, bytes.data, HASH_SIZE);
        if (!visit(ctx, &hash, (uint64_t)db_column_int(list, 1)))
            break;
    }
    db_reset(list);
    return row != DB_ERROR;
}

bool read_model_proposal(struct store *s, const struct hash *proposal, uint64_t *ret_leaf,
                         struct err *err)
{
    struct db_stmt *find = s->model->sql[RM_PROPOSAL];
    db_bind_blob(find, 1, hash_slice(proposal));
    enum db_row row = db_step(find, err);
    if (row == DB_ROW)
        *ret_leaf = (uint64_t)db_column_int(find, 0);
    db_reset(find);
    if (row == DB_END)
        return err_set(err, ERR_NOT_FOUND, "nobody has made this proposal");
    return row == DB_ROW;
}

static bool visit_kids(struct db_stmt *list, read_model_kid_visitor visit, void *ctx,
                       struct err *err)
{
    enum db_row row;
    while ((row = db_step(list, err)) == DB_ROW) {
        struct slice bytes = db_column_blob(list, 0);
        struct kid kid = { { 0 } };
        if (bytes.len == KID_SIZE)
            memcpy(kid.bytes, bytes.data, KID_SIZE);
        if (!visit(ctx, &kid))
            break;
    }
    db_reset(list);
    return row != DB_ERROR;
}

bool read_model_members(struct store *s, read_model_kid_visitor visit, void *ctx, struct err *err)
{
    return visit_kids(s->model->sql[RM_MEMBERS], visit, ctx, err);
}

bool read_model_keys_of(struct store *s, enum key_class class, read_model_kid_visitor visit,
                        void *ctx, struct err *err)
{
    struct db_stmt *list = s->model->sql[RM_KEYS_OF_CLASS];
    db_bind_int(list, 1, (int64_t) class);
    return visit_kids(list, visit, ctx, err);
}
