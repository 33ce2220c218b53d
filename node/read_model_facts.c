#include "node/read_model_goods.h"
#include "node/read_model_govern.h"

#include "common/state_value.h"

#include <string.h>

void read_model_bind_text(struct db_stmt *stmt, int index, struct slice text)
{
    if (text.len > 0)
        db_bind_text(stmt, index, text);
    else
        db_bind_null(stmt, index);
}

void read_model_bind_blob(struct db_stmt *stmt, int index, struct slice bytes)
{
    if (bytes.len > 0)
        db_bind_blob(stmt, index, bytes);
    else
        db_bind_null(stmt, index);
}

void read_model_bind_leaf(const struct read_model_at *at, struct db_stmt *stmt, int index)
{
    if (at->has_leaf)
        db_bind_int(stmt, index, (int64_t)at->leaf);
    else
        db_bind_null(stmt, index);
}

/* ------------------------------------------------------------------ custody */

bool read_model_hold(const struct read_model_at *at, const struct read_model_run *run,
                     enum custody_role role, const struct kid *member, uint64_t time_ms)
{
    struct db_stmt *end = at->m->sql[RM_CUSTODY_END];
    struct db_stmt *insert = at->m->sql[RM_CUSTODY_INSERT];
    struct db_stmt *both[] = { end, insert };
    for (size_t i = 0; i < 2; i++) {
        db_bind_int(both[i], 1, run->first);
        db_bind_int(both[i], 2, run->first + run->count - 1);
        db_bind_int(both[i], 3, role);
        db_bind_int(both[i], 4, (int64_t)time_ms);
    }
    db_bind_blob(insert, 5, kid_slice(member));
    return db_run(end, at->err) && db_run(insert, at->err);
}

/* A misfit leaves the fact out, never the event: here and in all that follows. */
static bool scanned(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_SCAN_INSERT];
    struct event_scanned s;
    if (!event_data_scanned(e->data, &s))
        return true;
    db_bind_int(insert, 1, asset);
    db_bind_blob(insert, 2, kid_slice(&s.kid));
    read_model_bind_text(insert, 3, s.place);
    read_model_bind_leaf(at, insert, 4);
    db_bind_int(insert, 5, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

/* ------------------------------------------------------------------ devices */

static bool attached(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *attach = at->m->sql[RM_ATTACH];
    struct kid device;
    if (!event_data_kid(e->data, &device))
        return true;
    db_bind_blob(attach, 1, kid_slice(&device));
    db_bind_int(attach, 2, asset);
    db_bind_int(attach, 3, (int64_t)e->time_ms);
    return db_run(attach, at->err);
}

static bool detached(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    (void)asset;
    struct db_stmt *detach = at->m->sql[RM_DETACH];
    struct kid device;
    if (!event_data_kid(e->data, &device))
        return true;
    db_bind_blob(detach, 1, kid_slice(&device));
    db_bind_int(detach, 2, (int64_t)e->time_ms);
    return db_run(detach, at->err);
}

typedef bool (*asset_fact)(const struct read_model_at *at, int64_t asset, const struct event *e);

/* Events that change more of an asset than its history. */
static const asset_fact asset_facts[] = {
    [EVENT_ATTACHED] = attached,
    [EVENT_DETACHED] = detached,
    [EVENT_SCANNED] = scanned,
    [EVENT_OPENED] = read_model_contract_asset_fact,
    [EVENT_EXCURSION_OPENED] = read_model_contract_asset_fact,
    [EVENT_EXCURSION_CLOSED] = read_model_contract_asset_fact,
    [EVENT_CHARGED] = read_model_contract_asset_fact,
    [EVENT_REVISION] = read_model_contract_asset_fact,
    [EVENT_NOT_JUDGED] = read_model_contract_asset_fact,
    [EVENT_STATE] = read_model_contract_asset_fact,
    [EVENT_ACKNOWLEDGED] = read_model_contract_asset_fact,
    [EVENT_ADDED_BACK] = read_model_contract_asset_fact,
    [EVENT_ADD_BACK_UNDONE] = read_model_contract_asset_fact,
    [EVENT_FINISHED] = read_model_contract_asset_fact,
    [EVENT_REPLACED] = read_model_contract_asset_fact,
    [EVENT_PACKED] = read_model_goods_asset,
    [EVENT_UNPACKED] = read_model_goods_asset,
    [EVENT_USED] = read_model_goods_asset,
    [EVENT_DISPOSITION] = read_model_goods_asset,
    [EVENT_CERTIFIED] = read_model_goods_asset,
    [EVENT_FINDING] = read_model_goods_asset,
    [EVENT_LABEL_SEALED] = read_model_goods_asset,
    [EVENT_REVEALED] = read_model_goods_asset,
};

bool read_model_asset_fact(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    size_t what = (size_t)e->what;
    if (what >= sizeof asset_facts / sizeof asset_facts[0] || asset_facts[what] == NULL)
        return true;
    return asset_facts[what](at, asset, e);
}

/* ------------------------------------------------------------------ keys */

static bool enrolled(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_KEY_INSERT];
    struct cbor_reader r = cbor_reader(e->data);
    cbor_take_array_of(&r, 1);
    uint64_t class = cbor_take_uint(&r);
    if (at->st == NULL) /* by vote */
        return read_model_govern_fact(at, kid, e);
    if (r.failed || kid.len != KID_SIZE || at->st->kind != KIND_ENROL)
        return true;
    struct kid member;
    if (class == CLASS_MEMBER) /* a member is named by its founding key */
        memcpy(member.bytes, kid.data, KID_SIZE);
    else if (!read_model_member_of(at->m, &at->st->kid, &member))
        return true;
    db_bind_blob(insert, 1, kid);
    db_bind_blob(insert, 2, kid_slice(&member));
    db_bind_int(insert, 3, (int64_t) class);
    read_model_bind_text(insert, 4, at->st->as.enrol.name);
    db_bind_int(insert, 5, (int64_t)at->leaf);
    db_bind_int(insert, 6, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool revoked(const struct read_model_at *at, struct slice kid, const struct event *e)
{
    struct db_stmt *update = at->m->sql[RM_KEY_REVOKE];
    struct cbor_reader r = cbor_reader(e->data);
    cbor_take_array_of(&r, 2);
    uint64_t from_ms = cbor_take_uint(&r);
    uint64_t seq = cbor_take_uint(&r);
    if (r.failed)
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
    read_model_bind_text(insert, 5, p->brand);
    read_model_bind_text(insert, 6, p->unit);
    read_model_bind_blob(insert, 7, p->image);
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
    read_model_bind_text(insert, 7, p->zone);
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
    read_model_bind_text(insert, 5, p->contact);
    read_model_bind_text(insert, 6, p->gln);
    return db_run(insert, at->err);
}

static bool master_data(const struct read_model_at *at, struct slice subject, const struct event *e)
{
    (void)subject;
    if (at->st == NULL)
        return true;
    if (at->st->kind == KIND_PRODUCT)
        return put_product(at, e->time_ms);
    if (at->st->kind == KIND_PLACE)
        return put_place(at, e->time_ms);
    return at->st->kind != KIND_PARTY || put_party(at, e->time_ms);
}

static bool lapsed(const struct read_model_at *at, struct slice opening, const struct event *e)
{
    struct db_stmt *set = at->m->sql[RM_CONTRACT_STATUS];
    db_bind_blob(set, 1, opening);
    db_bind_int(set, 2, INSTANCE_LAPSED);
    db_bind_int(set, 3, (int64_t)e->time_ms);
    return db_run(set, at->err);
}

typedef bool (*subject_fact)(const struct read_model_at *at, struct slice subject,
                             const struct event *e);

static const subject_fact subject_facts[] = {
    [EVENT_ENROLLED] = enrolled,
    [EVENT_REVOKED] = revoked,
    [EVENT_MASTER_DATA] = master_data,
    [EVENT_LAPSED] = lapsed,
    [EVENT_CERTIFIED] = read_model_goods_subject,
    [EVENT_CERTIFICATE_REVOKED] = read_model_goods_subject,
    [EVENT_CORRECTED] = read_model_goods_subject,
    [EVENT_FINDING] = read_model_goods_subject,
    [EVENT_PROPOSED] = read_model_govern_fact,
    [EVENT_BALLOT] = read_model_govern_fact,
    [EVENT_PROPOSAL_PASSED] = read_model_govern_fact,
    [EVENT_PROPOSAL_REJECTED] = read_model_govern_fact,
    [EVENT_PROPOSAL_WITHDRAWN] = read_model_govern_fact,
    [EVENT_PROPOSAL_EXPIRED] = read_model_govern_fact,
    [EVENT_APPLIED] = read_model_govern_fact,
    [EVENT_NOT_APPLIED] = read_model_govern_fact,
    [EVENT_MEMBER_ADDED] = read_model_govern_fact,
    [EVENT_MEMBER_REMOVED] = read_model_govern_fact,
    [EVENT_BALLOT_RESCINDED] = read_model_govern_fact,
    [EVENT_AUTHORISED] = read_model_govern_fact,
};

bool read_model_subject_fact(const struct read_model_at *at, struct slice subject,
                             const struct event *e)
{
    size_t what = (size_t)e->what;
    if (what >= sizeof subject_facts / sizeof subject_facts[0] || subject_facts[what] == NULL)
        return true;
    return subject_facts[what](at, subject, e);
}
