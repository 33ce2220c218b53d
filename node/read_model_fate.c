/* What becomes of goods and is said of them: dispositions, certificates, corrections, findings, labels. */
#include "node/read_model_goods.h"

#include "common/state_goods.h"

static struct db_stmt *begin(const struct read_model_at *at, enum read_model_goods_sql which)
{
    return at->m->goods[which];
}

static bool find_by(const struct read_model_at *at, enum read_model_goods_sql which,
                    const struct hash *statement, int64_t *ret_id, bool *ret_found)
{
    struct db_stmt *find = begin(at, which);
    db_bind_blob(find, 1, hash_slice(statement));
    enum db_row row = db_step(find, at->err);
    *ret_found = row == DB_ROW;
    if (*ret_found)
        *ret_id = db_column_int(find, 0);
    db_reset(find);
    return row != DB_ERROR;
}

/* ------------------------------------------------------------------ dispositions */

static bool put_disposition(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_DISPOSITION_INSERT);
    struct event_disposition d;
    at->m->now->disposition = 0;
    bool known = false;
    if (!event_data_disposition(e->data, &d))
        return true;
    if (!find_by(at, GM_DISPOSITION_FIND, &d.statement, &at->m->now->disposition, &known) || known)
        return known;
    db_bind_blob(insert, 1, hash_slice(&d.statement));
    db_bind_int(insert, 2, (int64_t)d.action);
    db_bind_blob(insert, 3, kid_slice(&d.member));
    read_model_bind_text(insert, 4, d.meaning);
    read_model_bind_text(insert, 5, d.reason);
    if (at->st != NULL && at->st->kind == KIND_DISPOSITION)
        read_model_bind_text(insert, 6, at->st->as.disposition.place);
    read_model_bind_leaf(at, insert, 7);
    db_bind_int(insert, 8, (int64_t)e->time_ms);
    if (!db_run(insert, at->err))
        return false;
    at->m->now->disposition = db_last_rowid(at->m->db);
    return true;
}

static enum goods_end end_of(uint64_t action)
{
    if (action == DISPOSITION_DECOMMISSION)
        return GOODS_DECOMMISSIONED;
    return action == DISPOSITION_DISPENSE ? GOODS_DISPENSED : GOODS_DESTROYED;
}

static bool end_run(const struct read_model_at *at, const struct read_model_run *run,
                    const struct event_disposition *d)
{
    bool back = d->action == DISPOSITION_RETURN;
    struct db_stmt *set = begin(at, back ? GM_ASSET_RETURN : GM_ASSET_END);
    if (!back && d->action < DISPOSITION_DECOMMISSION)
        return true;
    db_bind_int(set, 1, run->first);
    db_bind_int(set, 2, run->first + run->count - 1);
    if (back) {
        db_bind_blob(set, 3, kid_slice(&d->member));
    } else {
        db_bind_int(set, 3, end_of(d->action));
        db_bind_int(set, 4, at->m->now->disposition);
    }
    return db_run(set, at->err);
}

bool read_model_fate_run(const struct read_model_at *at, const struct read_model_run *run,
                         const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_DISPOSITION_NAMES);
    struct event_disposition d;
    if (at->m->now->disposition == 0 || !event_data_disposition(e->data, &d))
        return true;
    db_bind_int(insert, 1, at->m->now->disposition);
    db_bind_int(insert, 2, run->first);
    db_bind_int(insert, 3, run->count);
    return db_run(insert, at->err) && end_run(at, run, &d);
}

static bool begin_hold(const struct read_model_at *at, int64_t asset, enum read_model_hold kind,
                       uint64_t time_ms)
{
    struct db_stmt *insert = begin(at, GM_HOLD_BEGIN);
    db_bind_int(insert, 1, asset);
    db_bind_int(insert, 2, kind);
    db_bind_int(insert, 3, at->m->now->disposition);
    db_bind_int(insert, 4, (int64_t)time_ms);
    return db_run(insert, at->err);
}

static bool end_hold(const struct read_model_at *at, int64_t asset, enum read_model_hold kind,
                     uint64_t time_ms)
{
    struct db_stmt *update = begin(at, GM_HOLD_END);
    db_bind_int(update, 1, asset);
    db_bind_int(update, 2, kind);
    db_bind_int(update, 3, (int64_t)time_ms);
    return db_run(update, at->err);
}

static bool reject(const struct read_model_at *at, int64_t asset)
{
    struct db_stmt *update = begin(at, GM_HOLD_REJECT);
    db_bind_int(update, 1, asset);
    db_bind_int(update, 2, at->m->now->disposition);
    return db_run(update, at->err);
}

static bool disposed(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_disposition d;
    if (at->m->now->disposition == 0 || !event_data_disposition(e->data, &d))
        return true;
    switch ((enum disposition_action)d.action) {
    case DISPOSITION_QUARANTINE:
    case DISPOSITION_RETURN: return begin_hold(at, asset, HOLD_QUARANTINE, e->time_ms);
    case DISPOSITION_RECALL: return begin_hold(at, asset, HOLD_RECALL, e->time_ms);
    case DISPOSITION_RELEASE: return end_hold(at, asset, HOLD_QUARANTINE, e->time_ms);
    case DISPOSITION_END_RECALL: return end_hold(at, asset, HOLD_RECALL, e->time_ms);
    case DISPOSITION_REJECT: return reject(at, asset);
    case DISPOSITION_DECOMMISSION:
    case DISPOSITION_DISPENSE:
    case DISPOSITION_DESTROY: break;
    }
    return true;
}

/* ------------------------------------------------------------------ certificates */

static bool certified(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_CERTIFICATE_INSERT);
    struct event_certified c;
    bool found = false;
    at->m->now->certificate = 0;
    if (at->st == NULL || at->st->kind != KIND_CERTIFICATE || !event_data_certified(e->data, &c))
        return true;
    if (!find_by(at, GM_CERTIFICATE_FIND, &c.certificate, &at->m->now->certificate, &found) ||
        found)
        return found;
    const struct certificate *st = &at->st->as.certificate;
    db_bind_blob(insert, 1, hash_slice(&c.certificate));
    db_bind_text(insert, 2, c.name);
    db_bind_blob(insert, 3, kid_slice(&c.issuer));
    db_bind_int(insert, 4, (int64_t)c.from_ms);
    db_bind_int(insert, 5, (int64_t)c.until_ms);
    read_model_bind_text(insert, 6, st->place);
    if (st->has_member)
        db_bind_blob(insert, 7, kid_slice(&st->member));
    read_model_bind_text(insert, 8, st->number);
    if (st->has_document)
        db_bind_blob(insert, 9, hash_slice(&st->document));
    read_model_bind_leaf(at, insert, 10);
    db_bind_int(insert, 11, (int64_t)e->time_ms);
    if (!db_run(insert, at->err))
        return false;
    at->m->now->certificate = db_last_rowid(at->m->db);
    return true;
}

static bool certified_one(const struct read_model_at *at, int64_t asset)
{
    struct db_stmt *insert = begin(at, GM_CERTIFICATE_ASSET);
    if (at->m->now->certificate == 0)
        return true;
    db_bind_int(insert, 1, asset);
    db_bind_int(insert, 2, at->m->now->certificate);
    return db_run(insert, at->err);
}

static bool certificate_revoked(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *update = begin(at, GM_CERTIFICATE_REVOKE);
    struct event_certified c;
    if (!event_data_certified(e->data, &c))
        return true;
    db_bind_blob(update, 1, hash_slice(&c.certificate));
    db_bind_int(update, 2, (int64_t)c.from_ms);
    read_model_bind_leaf(at, update, 3);
    return db_run(update, at->err);
}

/* ------------------------------------------------------------------ objections and corrections */

static bool disputed(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_DISPUTE_INSERT);
    struct event_disputed d;
    if (at->st == NULL || at->st->kind != KIND_DISPUTE || !event_data_disputed(e->data, &d))
        return true;
    db_bind_blob(insert, 1, hash_slice(&d.statement));
    db_bind_blob(insert, 2, hash_slice(&at->st->hash));
    db_bind_blob(insert, 3, kid_slice(&d.member));
    read_model_bind_text(insert, 4, at->st->as.dispute.reason);
    read_model_bind_leaf(at, insert, 5);
    db_bind_int(insert, 6, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

/* Of the statement corrected: what it ended, held and found out is undone. */
static bool undo(const struct read_model_at *at, const struct event_corrected *c, uint64_t time_ms)
{
    struct db_stmt *findings = begin(at, GM_FINDING_WITHDRAW), *holds = begin(at, GM_HOLD_UNDO);
    struct db_stmt *ends = begin(at, GM_ASSET_UNEND), *certificate = begin(at, GM_CERTIFICATE_VOID);
    db_bind_blob(findings, 1, hash_slice(&c->original));
    db_bind_int(findings, 2, (int64_t)time_ms);
    if (!db_run(findings, at->err))
        return false;
    if (c->kind == KIND_CERTIFICATE) {
        db_bind_blob(certificate, 1, hash_slice(&c->original));
        read_model_bind_leaf(at, certificate, 2);
        return db_run(certificate, at->err);
    }
    if (c->kind != KIND_DISPOSITION)
        return true;
    db_bind_blob(holds, 1, hash_slice(&c->original));
    db_bind_int(holds, 2, (int64_t)time_ms);
    db_bind_blob(ends, 1, hash_slice(&c->original));
    return db_run(holds, at->err) && db_run(ends, at->err);
}

static bool corrected(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_CORRECTION_INSERT);
    struct event_corrected c;
    if (!event_data_corrected(e->data, &c))
        return true;
    db_bind_blob(insert, 1, hash_slice(&c.original));
    db_bind_int(insert, 2, (int64_t)c.kind);
    db_bind_blob(insert, 3, hash_slice(&c.correction));
    if (at->st != NULL && at->st->kind == KIND_CORRECTION) {
        read_model_bind_text(insert, 4, at->st->as.correction.meaning);
        read_model_bind_text(insert, 5, at->st->as.correction.reason);
    }
    read_model_bind_leaf(at, insert, 6);
    db_bind_int(insert, 7, (int64_t)e->time_ms);
    return db_run(insert, at->err) && undo(at, &c, e->time_ms);
}

/* ------------------------------------------------------------------ findings and labels */

static bool found(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_FINDING_INSERT);
    struct event_found f;
    at->m->now->finding = 0;
    if (!event_data_finding(e->data, &f))
        return true;
    db_bind_int(insert, 1, asset);
    db_bind_int(insert, 2, (int64_t)f.finding);
    db_bind_blob(insert, 3, hash_slice(&f.statement));
    if (f.has_other)
        db_bind_blob(insert, 4, hash_slice(&f.other));
    db_bind_blob(insert, 5, kid_slice(&f.kid));
    read_model_bind_leaf(at, insert, 6);
    db_bind_int(insert, 7, (int64_t)e->time_ms);
    if (!db_run(insert, at->err))
        return false;
    at->m->now->finding = db_last_rowid(at->m->db);
    return true;
}

/* The keys' events follow that of the asset. */
static bool found_of_key(const struct read_model_at *at, struct slice kid)
{
    struct db_stmt *insert = begin(at, GM_FINDING_KEY);
    if (at->m->now->finding == 0)
        return true;
    db_bind_blob(insert, 1, kid);
    db_bind_int(insert, 2, at->m->now->finding);
    return db_run(insert, at->err);
}

static bool label_sealed(const struct read_model_at *at, int64_t asset, uint64_t time_ms)
{
    struct db_stmt *insert = begin(at, GM_LABEL_INSERT);
    db_bind_int(insert, 1, asset);
    read_model_bind_leaf(at, insert, 2);
    db_bind_int(insert, 3, (int64_t)time_ms);
    return db_run(insert, at->err);
}

static bool revealed(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_REVEAL_INSERT);
    struct event_revealed r;
    if (!event_data_revealed(e->data, &r))
        return true;
    db_bind_int(insert, 1, asset);
    db_bind_int(insert, 2, (int64_t)r.result);
    db_bind_blob(insert, 3, hash_slice(&r.statement));
    read_model_bind_leaf(at, insert, 4);
    db_bind_int(insert, 5, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

/* ------------------------------------------------------------------ which event, which fact */

bool read_model_fate_fact(const struct read_model_at *at, const struct event *e)
{
    if (e->what == EVENT_DISPOSITION)
        return put_disposition(at, e);
    if (e->what == EVENT_CERTIFIED)
        return certified(at, e);
    if (e->what == EVENT_CERTIFICATE_REVOKED)
        return certificate_revoked(at, e);
    return e->what != EVENT_DISPUTED || disputed(at, e);
}

bool read_model_fate_asset(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    if (e->what == EVENT_DISPOSITION)
        return disposed(at, asset, e);
    if (e->what == EVENT_CERTIFIED)
        return certified_one(at, asset);
    if (e->what == EVENT_FINDING)
        return found(at, asset, e);
    if (e->what == EVENT_LABEL_SEALED)
        return label_sealed(at, asset, e->time_ms);
    return e->what != EVENT_REVEALED || revealed(at, asset, e);
}

bool read_model_goods_subject(const struct read_model_at *at, struct slice subject,
                              const struct event *e)
{
    if (e->what == EVENT_FINDING)
        return found_of_key(at, subject);
    if (e->what == EVENT_CORRECTED)
        return corrected(at, e);
    return read_model_fate_fact(at, e);
}
