/* Keys and master data: enrolment, revocation, products, places, parties (DESIGN section 4). */
#include "node/rules_govern.h"

#include <string.h>

/* ------------------------------------------------------------------ enrolment */

static bool request_holds(struct execution *x, const struct speaker *by, struct enrol_request *q)
{
    if (!enrol_request_parse(by->st->as.enrol.request, q, NULL) || !enrol_request_verify(q)) {
        execution_explain(x, "the request is not signed by its own key");
        return false;
    }
    if (!hash_equal(&q->ledger, &x->context.ledger)) {
        execution_explain(x, "the request is for another ledger");
        return false;
    }
    if (!kid_equal(&q->sponsor, &by->key.member) && !kid_equal(&q->sponsor, &by->st->kid)) {
        execution_explain(x, "the request names another sponsor");
        return false;
    }
    return true;
}

/* Where the constitution leaves it to sponsors, only they bring devices. */
static bool may_sponsor(struct execution *x, const struct speaker *by, enum key_class class)
{
    if (class != CLASS_DEVICE || x->context.rules < EXECUTE_RULES_GOVERN)
        return true;
    return govern_constitution(x).open_sponsoring ||
           (govern_roles(x, &by->key.member) & ROLE_BIT_SPONSOR) != 0;
}

enum refusal rules_enrol(struct execution *x, const struct speaker *by)
{
    static const uint8_t none[] = { 0x80 };
    const struct enrol *e = &by->st->as.enrol;
    struct enrol_request q;
    struct slice value;
    /* Members and authorities enter by the genesis or by ballot, never by one sponsor's word. */
    if (by->key.class != CLASS_MEMBER || e->class == CLASS_MEMBER || e->class == CLASS_AUTHORITY)
        return REFUSED_NOT_ALLOWED;
    if (!may_sponsor(x, by, e->class))
        return REFUSED_NOT_SPONSOR;
    if (!request_holds(x, by, &q))
        return REFUSED_BAD_REQUEST;
    struct state_key key = state_key_kid(TABLE_KEY, &q.cose.kid);
    if (execution_get(x, &key, &value))
        return REFUSED_KID_TAKEN;
    struct state_key_record record = { .member = by->key.member,
                                       .class = e->class,
                                       .rights = e->rights.len > 0 ? e->rights
                                                                   : slice_of(none, sizeof none),
                                       .enrolled_by = by->st->hash };
    memcpy(record.pub, q.pub, PUB_SIZE);
    state_key_record_put(execution_value(x), &record);
    execution_store(x, &key);
    struct slice subject = execution_subject_bytes(x, kid_slice(&q.cose.kid));
    cbor_put_uint(execution_emit(x, EVENT_ENROLLED, subject, by->st->link.time_ms, 1), e->class);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ revocation */

/* What the device is attached to hears of it: some of its readings may be suspect. */
static void warn_asset(struct execution *x, const struct kid *device, uint64_t time_ms)
{
    struct state_key key = state_key_kid(TABLE_ATTACHMENT, device);
    struct slice value;
    struct state_attachment a;
    if (!execution_get(x, &key, &value) || !state_attachment_take(value, &a))
        return;
    kid_put(execution_emit(x, EVENT_SUSPECT, execution_subject_asset(x, a.asset), time_ms, 1),
            device);
}

enum refusal rules_revoke(struct execution *x, const struct speaker *by)
{
    const struct revoke *v = &by->st->as.revoke;
    struct state_key key = state_key_kid(TABLE_KEY, &v->key);
    struct slice value;
    struct state_key_record record;
    if (by->key.class != CLASS_MEMBER)
        return REFUSED_NOT_ALLOWED;
    if (!execution_get(x, &key, &value) || !state_key_record_take(value, &record) ||
        !kid_equal(&record.member, &by->key.member))
        return REFUSED_NOT_YOUR_KEY;
    if (record.class == CLASS_MEMBER || record.class == CLASS_AUTHORITY)
        return REFUSED_NOT_ALLOWED;
    if (record.revoked)
        return REFUSED_EXISTS;
    record.revoked = true;
    record.revoked_from_ms = v->from_ms;
    record.last_good_seq = v->last_good_seq;
    record.revoked_height = x->context.height;
    state_key_record_put(execution_value(x), &record);
    execution_store(x, &key);
    struct slice subject = execution_subject_bytes(x, kid_slice(&v->key));
    struct buf *data = execution_emit(x, EVENT_REVOKED, subject, by->st->link.time_ms, 2);
    cbor_put_uint(data, v->from_ms);
    cbor_put_uint(data, v->last_good_seq);
    warn_asset(x, &v->key, by->st->link.time_ms);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ master data */

bool rules_load_place(struct execution *x, const struct state_key *key, struct place *ret_place)
{
    struct slice value, payload;
    struct hash statement;
    if (!execution_get(x, key, &value) || !state_master_take(value, &payload, &statement))
        return false;
    struct cbor_reader r = cbor_reader(payload);
    struct fields f = fields_begin(&r);
    for (int64_t base = 0; base <= 4; base++)
        if (fields_has(&f, base))
            (void)cbor_take_item(&r);
    place_take(&f, ret_place);
    return !r.failed;
}

/* A place that names its member is that member's to amend. */
static bool place_is_anothers(struct execution *x, const struct speaker *by,
                              const struct state_key *key)
{
    struct place place;
    return rules_load_place(x, key, &place) && place.has_member &&
           !kid_equal(&place.member, &by->key.member);
}

static void put_master(struct execution *x, const struct speaker *by, const struct state_key *key)
{
    state_master_put(execution_value(x), by->st->cose.payload, &by->st->hash);
    execution_store(x, key);
}

static struct buf *emit_master(struct execution *x, const struct speaker *by)
{
    struct slice subject = execution_subject_bytes(x, hash_slice(&by->st->hash));
    return execution_emit(x, EVENT_MASTER_DATA, subject, by->st->link.time_ms, 1);
}

static enum refusal set_place(struct execution *x, const struct speaker *by)
{
    const struct place *p = &by->st->as.place;
    struct state_key key = state_key_text(TABLE_PLACE, p->gln);
    if (place_is_anothers(x, by, &key))
        return REFUSED_NOT_ALLOWED;
    if (p->has_member && !execution_member_active(x, &p->member))
        return REFUSED_UNKNOWN_MEMBER;
    put_master(x, by, &key);
    cbor_put_text(emit_master(x, by), p->gln);
    return ACCEPTED;
}

static enum refusal set_party(struct execution *x, const struct speaker *by)
{
    const struct party *p = &by->st->as.party;
    if (!kid_equal(&p->member, &by->key.member))
        return REFUSED_NOT_ALLOWED;
    struct state_key key = state_key_kid(TABLE_PARTY, &p->member);
    put_master(x, by, &key);
    kid_put(emit_master(x, by), &p->member);
    return ACCEPTED;
}

enum refusal rules_master_data(struct execution *x, const struct speaker *by)
{
    if (!execution_speaks_for_member(by))
        return REFUSED_NOT_ALLOWED;
    if (by->st->kind == KIND_PLACE)
        return set_place(x, by);
    if (by->st->kind == KIND_PARTY)
        return set_party(x, by);
    struct state_key key = state_key_text(TABLE_PRODUCT, by->st->as.product.gtin);
    put_master(x, by, &key);
    cbor_put_text(emit_master(x, by), by->st->as.product.gtin);
    return ACCEPTED;
}
