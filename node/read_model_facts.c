#include "node/read_model_parts.h"

#include <string.h>

/* The items of an event's data; a misfit leaves the fact out, never the event. */
struct data {
    struct cbor_reader r;
    size_t count;
};

static struct data data_of(const struct event *e)
{
    struct data d = { .r = cbor_reader(e->data) };
    d.count = cbor_take_array(&d.r);
    return d;
}

static struct slice take_kid(struct data *d)
{
    return cbor_take_bytes(&d->r, KID_SIZE, KID_SIZE);
}

static struct slice take_hash(struct data *d)
{
    return cbor_take_bytes(&d->r, HASH_SIZE, HASH_SIZE);
}

static void bind_text_or_null(struct db_stmt *stmt, int index, struct slice text)
{
    if (text.len > 0)
        db_bind_text(stmt, index, text);
    else
        db_bind_null(stmt, index);
}

static void bind_blob_or_null(struct db_stmt *stmt, int index, struct slice bytes)
{
    if (bytes.len > 0)
        db_bind_blob(stmt, index, bytes);
    else
        db_bind_null(stmt, index);
}

/* ------------------------------------------------------------------ custody */

static bool hold(const struct read_model_at *at, int64_t asset, enum custody_role role,
                 struct slice member, uint64_t time_ms)
{
    struct db_stmt *end = at->m->sql[RM_CUSTODY_END];
    struct db_stmt *insert = at->m->sql[RM_CUSTODY_INSERT];
    db_bind_int(end, 1, asset);
    db_bind_int(end, 2, role);
    db_bind_int(end, 3, (int64_t)time_ms);
    if (!db_run(end, at->err))
        return false;
    db_bind_int(insert, 1, asset);
    db_bind_int(insert, 2, role);
    db_bind_blob(insert, 3, member);
    db_bind_int(insert, 4, (int64_t)time_ms);
    return db_run(insert, at->err);
}

static bool commissioned(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct data d = data_of(e);
    struct slice member = take_kid(&d);
    return d.r.failed || (hold(at, asset, ROLE_CUSTODIAN, member, e->time_ms) &&
                          hold(at, asset, ROLE_OWNER, member, e->time_ms));
}

static bool passed(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct data d = data_of(e);
    (void)take_hash(&d);
    (void)take_kid(&d);
    struct slice to = take_kid(&d);
    uint64_t role = cbor_take_uint_max(&d.r, ROLE_OWNER);
    return d.r.failed || hold(at, asset, (enum custody_role)role, to, e->time_ms);
}

/* ------------------------------------------------------------------ excursions */

static void bind_excursion(struct db_stmt *stmt, int64_t asset, struct slice opening, uint64_t rule,
                           uint64_t from_ms)
{
    db_bind_int(stmt, 1, asset);
    db_bind_blob(stmt, 2, opening);
    db_bind_int(stmt, 3, (int64_t)rule);
    db_bind_int(stmt, 4, (int64_t)from_ms);
}

static bool excursion_opened(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *open = at->m->sql[RM_EXCURSION_OPEN];
    struct data d = data_of(e);
    uint64_t rule = cbor_take_uint(&d.r);
    uint64_t from_ms = cbor_take_uint(&d.r);
    struct slice opening = take_hash(&d);
    if (d.r.failed)
        return true;
    bind_excursion(open, asset, opening, rule, from_ms);
    db_bind_int(open, 5, (int64_t)e->time_ms);
    return db_run(open, at->err);
}

static bool excursion_closed(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *end = at->m->sql[RM_EXCURSION_CLOSE];
    struct data d = data_of(e);
    uint64_t rule = cbor_take_uint(&d.r);
    uint64_t from_ms = cbor_take_uint(&d.r);
    uint64_t to_ms = cbor_take_uint(&d.r);
    int64_t peak = cbor_take_int(&d.r);
    int64_t exponent = cbor_take_int(&d.r);
    struct slice opening = take_hash(&d);
    if (d.r.failed)
        return true;
    bind_excursion(end, asset, opening, rule, from_ms);
    db_bind_int(end, 5, (int64_t)to_ms);
    db_bind_int(end, 6, peak);
    db_bind_int(end, 7, exponent);
    return db_run(end, at->err);
}

static bool charged(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_CHARGE_INSERT];
    struct slice member = { NULL, 0 };
    struct data d = data_of(e);
    uint64_t rule = cbor_take_uint(&d.r);
    if (cbor_peek(&d.r) == CBOR_NULL)
        cbor_take_null(&d.r);
    else
        member = take_kid(&d);
    uint64_t seconds = cbor_take_uint(&d.r);
    uint64_t from_ms = cbor_take_uint(&d.r);
    struct slice opening = take_hash(&d);
    if (d.r.failed)
        return true;
    bind_excursion(insert, asset, opening, rule, from_ms);
    bind_blob_or_null(insert, 5, member);
    db_bind_int(insert, 6, (int64_t)seconds);
    return db_run(insert, at->err);
}

/* What was charged is void; the charges that follow replace it. */
static bool revised(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    static const enum read_model_sql both[] = { RM_CHARGE_VOID, RM_EXCURSION_REVISE };
    struct data d = data_of(e);
    uint64_t rule = cbor_take_uint(&d.r);
    uint64_t from_ms = cbor_take_uint(&d.r);
    struct slice opening = take_hash(&d);
    for (size_t i = 0; i < 2 && !d.r.failed; i++) {
        struct db_stmt *stmt = at->m->sql[both[i]];
        bind_excursion(stmt, asset, opening, rule, from_ms);
        if (!db_run(stmt, at->err))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ devices and contracts */

static bool attached(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *attach = at->m->sql[RM_ATTACH];
    struct data d = data_of(e);
    struct slice device = take_kid(&d);
    if (d.r.failed)
        return true;
    db_bind_blob(attach, 1, device);
    db_bind_int(attach, 2, asset);
    db_bind_int(attach, 3, (int64_t)e->time_ms);
    return db_run(attach, at->err);
}

static bool detached(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *detach = at->m->sql[RM_DETACH];
    struct data d = data_of(e);
    struct slice device = take_kid(&d);
    if (d.r.failed)
        return true;
    db_bind_blob(detach, 1, device);
    db_bind_int(detach, 2, (int64_t)e->time_ms);
    return db_run(detach, at->err);
}

static bool set_status(const struct read_model_at *at, struct slice opening, int64_t status,
                       uint64_t time_ms)
{
    struct db_stmt *set = at->m->sql[RM_CONTRACT_STATUS];
    db_bind_blob(set, 1, opening);
    db_bind_int(set, 2, status);
    db_bind_int(set, 3, (int64_t)time_ms);
    return db_run(set, at->err);
}

static bool opened(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_CONTRACT_INSERT];
    struct db_stmt *link = at->m->sql[RM_ASSET_CONTRACT_INSERT];
    struct data d = data_of(e);
    struct slice opening = take_hash(&d);
    if (d.r.failed || at->st == NULL || at->st->kind != KIND_OPEN)
        return true;
    db_bind_blob(insert, 1, opening);
    db_bind_blob(insert, 2, hash_slice(&at->st->as.open.definition));
    db_bind_int(insert, 3, (int64_t)at->leaf);
    db_bind_int(insert, 4, (int64_t)e->time_ms);
    if (!db_run(insert, at->err))
        return false;
    db_bind_int(link, 1, asset);
    db_bind_blob(link, 2, opening);
    return db_run(link, at->err);
}

static bool in_force(const struct read_model_at *at, const struct event *e)
{
    struct data d = data_of(e);
    struct slice opening = take_hash(&d);
    return d.r.failed || set_status(at, opening, 1, e->time_ms);
}

bool read_model_asset_fact(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    switch (e->what) {
    case EVENT_COMMISSIONED: return commissioned(at, asset, e);
    case EVENT_PASSED: return passed(at, asset, e);
    case EVENT_ATTACHED: return attached(at, asset, e);
    case EVENT_DETACHED: return detached(at, e);
    case EVENT_OPENED: return opened(at, asset, e);
    case EVENT_IN_FORCE: return in_force(at, e);
    case EVENT_EXCURSION_OPENED: return excursion_opened(at, asset, e);
    case EVENT_EXCURSION_CLOSED: return excursion_closed(at, asset, e);
    case EVENT_CHARGED: return charged(at, asset, e);
    case EVENT_REVISION: return revised(at, asset, e);
    case EVENT_RECORDED:
    case EVENT_OFFERED:
    case EVENT_REJECTED:
    case EVENT_CANCELLED:
    case EVENT_ENROLLED:
    case EVENT_REVOKED:
    case EVENT_CLONE:
    case EVENT_GAP:
    case EVENT_LATE:
    case EVENT_LOST:
    case EVENT_MASTER_DATA:
    case EVENT_AGREED:
    case EVENT_LAPSED:
    case EVENT_OFFER_EXPIRED:
    case EVENT_SUSPECT:
    case EVENT_NOT_JUDGED:
    case EVENT_CALLED:
    case EVENT_STATE:
    case EVENT_SCANNED:
    case EVENT_DOCUMENT:
    case EVENT_ACKNOWLEDGED:
    case EVENT_ADDED_BACK:
    case EVENT_ADD_BACK_UNDONE:
    case EVENT_FINISHED:
    case EVENT_REPLACED: break;
    }
    return true;
}

/* ------------------------------------------------------------------ keys */

static bool enrolled(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_KEY_INSERT];
    struct data d = data_of(e);
    uint64_t class = cbor_take_uint(&d.r);
    if (d.r.failed || kid.len != KID_SIZE || at->st == NULL || at->st->kind != KIND_ENROL)
        return true;
    struct kid member;
    if (class == CLASS_MEMBER) /* a member is named by its founding key */
        memcpy(member.bytes, kid.data, KID_SIZE);
    else if (!read_model_member_of(at->m, &at->st->kid, &member))
        return true;
    db_bind_blob(insert, 1, kid);
    db_bind_blob(insert, 2, kid_slice(&member));
    db_bind_int(insert, 3, (int64_t) class);
    bind_text_or_null(insert, 4, at->st->as.enrol.name);
    db_bind_int(insert, 5, (int64_t)at->leaf);
    db_bind_int(insert, 6, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool revoked(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    struct db_stmt *update = at->m->sql[RM_KEY_REVOKE];
    struct data d = data_of(e);
    uint64_t from_ms = cbor_take_uint(&d.r);
    uint64_t seq = cbor_take_uint(&d.r);
    if (d.r.failed)
        return true;
    db_bind_blob(update, 1, kid);
    db_bind_int(update, 2, (int64_t)from_ms);
    db_bind_int(update, 3, (int64_t)seq);
    db_bind_int(update, 4, (int64_t)at->leaf);
    return db_run(update, at->err);
}

/* ------------------------------------------------------------------ master data */

static bool put_product(const struct read_model_at *at, uint64_t time_ms)
{
    const struct product *p = &at->st->as.product;
    struct db_stmt *insert = at->m->sql[RM_PRODUCT_INSERT];
    db_bind_text(insert, 1, p->gtin);
    db_bind_int(insert, 2, (int64_t)at->leaf);
    db_bind_int(insert, 3, (int64_t)time_ms);
    db_bind_text(insert, 4, p->name);
    bind_text_or_null(insert, 5, p->brand);
    bind_text_or_null(insert, 6, p->unit);
    bind_blob_or_null(insert, 7, p->image);
    return db_run(insert, at->err);
}

static bool put_place(const struct read_model_at *at, uint64_t time_ms)
{
    const struct place *p = &at->st->as.place;
    struct db_stmt *insert = at->m->sql[RM_PLACE_INSERT];
    db_bind_text(insert, 1, p->gln);
    db_bind_int(insert, 2, (int64_t)at->leaf);
    db_bind_int(insert, 3, (int64_t)time_ms);
    db_bind_text(insert, 4, p->name);
    if (p->has_position) {
        db_bind_int(insert, 5, p->lat);
        db_bind_int(insert, 6, p->lon);
    }
    bind_text_or_null(insert, 7, p->zone);
    if (p->has_member)
        db_bind_blob(insert, 8, kid_slice(&p->member));
    return db_run(insert, at->err);
}

static bool put_party(const struct read_model_at *at, uint64_t time_ms)
{
    const struct party *p = &at->st->as.party;
    struct db_stmt *insert = at->m->sql[RM_PARTY_INSERT];
    db_bind_blob(insert, 1, kid_slice(&p->member));
    db_bind_int(insert, 2, (int64_t)at->leaf);
    db_bind_int(insert, 3, (int64_t)time_ms);
    db_bind_text(insert, 4, p->name);
    bind_text_or_null(insert, 5, p->contact);
    bind_text_or_null(insert, 6, p->gln);
    return db_run(insert, at->err);
}

static bool master_data(const struct read_model_at *at, const struct event *e)
{
    if (at->st == NULL)
        return true;
    if (at->st->kind == KIND_PRODUCT)
        return put_product(at, e->time_ms);
    if (at->st->kind == KIND_PLACE)
        return put_place(at, e->time_ms);
    return at->st->kind != KIND_PARTY || put_party(at, e->time_ms);
}

bool read_model_subject_fact(const struct read_model_at *at, struct slice subject,
                             const struct event *e)
{
    switch (e->what) {
    case EVENT_ENROLLED: return enrolled(at, subject, e);
    case EVENT_REVOKED: return revoked(at, subject, e);
    case EVENT_MASTER_DATA: return master_data(at, e);
    case EVENT_LAPSED: return set_status(at, subject, 2, e->time_ms);
    case EVENT_RECORDED:
    case EVENT_COMMISSIONED:
    case EVENT_OFFERED:
    case EVENT_PASSED:
    case EVENT_REJECTED:
    case EVENT_CANCELLED:
    case EVENT_ATTACHED:
    case EVENT_DETACHED:
    case EVENT_CLONE:
    case EVENT_GAP:
    case EVENT_LATE:
    case EVENT_LOST:
    case EVENT_OPENED:
    case EVENT_AGREED:
    case EVENT_IN_FORCE:
    case EVENT_EXCURSION_OPENED:
    case EVENT_EXCURSION_CLOSED:
    case EVENT_CHARGED:
    case EVENT_REVISION:
    case EVENT_OFFER_EXPIRED:
    case EVENT_SUSPECT:
    case EVENT_NOT_JUDGED:
    case EVENT_CALLED:
    case EVENT_STATE:
    case EVENT_SCANNED:
    case EVENT_DOCUMENT:
    case EVENT_ACKNOWLEDGED:
    case EVENT_ADDED_BACK:
    case EVENT_ADD_BACK_UNDONE:
    case EVENT_FINISHED:
    case EVENT_REPLACED: break;
    }
    return true;
}
