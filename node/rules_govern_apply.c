/* Government: what was voted for, done. Effects run at the beginning of their block, each an outcome. */
#include "node/rules_govern.h"

#include <string.h>

struct effect {
    const struct hash *hash;
    const struct state_proposal *v;
    const struct proposal_body *body;
    uint64_t time_ms; /* the block's */
};

static struct slice subject_kid(struct execution *x, const struct kid *kid)
{
    return execution_subject_bytes(x, kid_slice(kid));
}

static void put_key(struct execution *x, const struct effect *e, const struct enrol_request *q,
                    const struct kid *member, enum key_class class)
{
    static const uint8_t none[] = { 0x80 };
    struct state_key key = state_key_kid(TABLE_KEY, &q->cose.kid);
    struct state_key_record record = { .member = *member,
                                       .class = class,
                                       .rights = slice_of(none, sizeof none),
                                       .enrolled_by = *e->hash };
    memcpy(record.pub, q->pub, PUB_SIZE);
    state_key_record_put(execution_value(x), &record);
    execution_store(x, &key);
}

/* ------------------------------------------------------------------ members */

static void store_member(struct execution *x, const struct kid *kid, const struct state_member *m)
{
    struct state_key key = state_key_kid(TABLE_MEMBER, kid);
    state_member_put(execution_value(x), m);
    execution_store(x, &key);
}

static bool load_member(struct execution *x, const struct kid *kid, struct state_member *m)
{
    struct state_key key = state_key_kid(TABLE_MEMBER, kid);
    struct slice value;
    return execution_get(x, &key, &value) && state_member_take(value, m);
}

static void add_member(struct execution *x, const struct effect *e)
{
    struct enrol_request q;
    struct state_members members;
    if (!enrol_request_parse(e->body->request, &q, NULL) || !govern_members(x, &members))
        return;
    struct state_member m = { .name = e->body->name, .active = true };
    store_member(x, &q.cose.kid, &m);
    put_key(x, e, &q, &q.cose.kid, CLASS_MEMBER);
    state_members_add(&members, &q.cose.kid);
    govern_store_members(x, &members);
    struct slice subject = subject_kid(x, &q.cose.kid);
    cbor_put_text(execution_emit(x, EVENT_MEMBER_ADDED, subject, e->time_ms, 1), e->body->name);
}

/* Its own open proposals are withdrawn, its ballots on others' taken back. */
static void silence(struct execution *x, const struct kid *member, uint64_t time_ms)
{
    struct state_hashes open;
    govern_open(x, &open);
    for (size_t i = 0; i < open.count; i++) {
        const struct hash *hash = &open.at[i];
        struct state_proposal v;
        if (!govern_proposal(x, hash, &v))
            continue;
        struct slice subject = execution_subject_bytes(x, hash_slice(hash));
        if (kid_equal(&v.proposer, member)) {
            govern_close(x, hash, &v, PROPOSAL_WITHDRAWN);
            (void)execution_emit(x, EVENT_PROPOSAL_WITHDRAWN, subject, time_ms, 0);
            continue;
        }
        size_t kept = 0;
        for (size_t k = 0; k < v.ballot_count; k++)
            if (!kid_equal(&v.ballots[k].member, member))
                v.ballots[kept++] = v.ballots[k];
        if (kept == v.ballot_count)
            continue;
        v.ballot_count = kept;
        govern_store_proposal(x, hash, &v);
        kid_put(execution_emit(x, EVENT_BALLOT_RESCINDED, subject, time_ms, 1), member);
    }
}

static void remove_member(struct execution *x, const struct effect *e)
{
    const struct kid *member = &e->body->kid;
    struct state_members members;
    struct state_member m;
    struct govern_sets sets;
    if (!load_member(x, member, &m) || !govern_members(x, &members))
        return;
    m.active = false;
    store_member(x, member, &m);
    state_members_remove(&members, member);
    govern_store_members(x, &members);
    govern_store_roles(x, member, 0);
    (void)execution_emit(x, EVENT_MEMBER_REMOVED, subject_kid(x, member), e->time_ms, 0);
    silence(x, member, e->time_ms);
    govern_sets(x, &sets);
    int place = govern_place_of(&sets.next, member);
    if (place >= 0) {
        struct kid out = sets.next.at[place].kid;
        govern_change_set(x, &sets, NULL, &out, e->time_ms);
    }
}

/* Another key speaks for the member from now on; the one before it is revoked. */
static void recover_member(struct execution *x, const struct effect *e)
{
    struct enrol_request q;
    struct state_member m;
    struct state_key_record record;
    if (!enrol_request_parse(e->body->request, &q, NULL) || !load_member(x, &e->body->kid, &m))
        return;
    struct kid old = m.has_key ? m.key : e->body->kid;
    m.has_key = true;
    m.key = q.cose.kid;
    store_member(x, &e->body->kid, &m);
    put_key(x, e, &q, &e->body->kid, CLASS_MEMBER);
    struct buf *data =
        execution_emit(x, EVENT_ENROLLED, subject_kid(x, &q.cose.kid), e->time_ms, 2);
    cbor_put_uint(data, CLASS_MEMBER);
    kid_put(data, &e->body->kid);
    if (!govern_has_key(x, &old, &record) || record.revoked)
        return;
    struct state_key key = state_key_kid(TABLE_KEY, &old);
    record.revoked = true;
    record.revoked_from_ms = e->time_ms;
    record.last_good_seq = execute_last_seq(x, &old);
    record.revoked_height = x->context.height;
    state_key_record_put(execution_value(x), &record);
    execution_store(x, &key);
    data = execution_emit(x, EVENT_REVOKED, subject_kid(x, &old), e->time_ms, 2);
    cbor_put_uint(data, record.revoked_from_ms);
    cbor_put_uint(data, record.last_good_seq);
}

/* ------------------------------------------------------------------ authorities */

static void add_authority(struct execution *x, const struct effect *e)
{
    struct enrol_request q;
    struct state_key_record known;
    if (!enrol_request_parse(e->body->request, &q, NULL))
        return;
    struct state_key key = state_key_kid(TABLE_CANDIDATE, &q.cose.kid);
    struct state_candidate c = { .member = q.sponsor,
                                 .from_height = x->context.height,
                                 .until_ms = e->body->until_ms,
                                 .proposal = *e->hash };
    memcpy(c.pub, q.pub, PUB_SIZE);
    state_candidate_put(execution_value(x), &c);
    execution_store(x, &key);
    if (!govern_has_key(x, &q.cose.kid, &known))
        put_key(x, e, &q, &q.sponsor, CLASS_AUTHORITY);
    struct buf *data =
        execution_emit(x, EVENT_AUTHORISED, subject_kid(x, &q.cose.kid), e->time_ms, 3);
    kid_put(data, &q.sponsor);
    cbor_put_uint(data, c.from_height);
    cbor_put_uint(data, c.until_ms);
}

/* Out of the set, or out of those that may enter it. */
static void remove_authority(struct execution *x, const struct effect *e)
{
    struct state_key key = state_key_kid(TABLE_CANDIDATE, &e->body->kid);
    struct govern_sets sets;
    overlay_remove(x->overlay, state_key_slice(&key));
    govern_sets(x, &sets);
    if (authority_set_find(&sets.next, &e->body->kid) >= 0)
        govern_change_set(x, &sets, NULL, &e->body->kid, e->time_ms);
}

/* ------------------------------------------------------------------ the rest */

static void set_role(struct execution *x, const struct kid *member, uint64_t role, bool on)
{
    uint64_t roles = govern_roles(x, member);
    govern_store_roles(x, member, on ? roles | role : roles & ~role);
}

static void approve(struct execution *x, const struct effect *e, bool on)
{
    struct state_key key = state_key_hash(TABLE_APPROVED, &e->body->definition);
    if (!on) {
        overlay_remove(x->overlay, state_key_slice(&key));
        return;
    }
    cbor_put_bytes(execution_value(x), hash_slice(e->hash));
    execution_store(x, &key);
}

static void set_parameter(struct execution *x, const struct proposal_body *body)
{
    struct state_key key = state_key_plain(TABLE_PARAMS);
    struct cbor_reader r = cbor_reader(body->value);
    struct state_params params;
    struct slice value;
    if (!execution_get(x, &key, &value) || !state_params_take(value, &params))
        return;
    if (body->number == 2)
        params.opening_wait_ms = cbor_take_uint(&r);
    else
        params.name = cbor_take_text(&r, 1, NAME_MAX_BYTES);
    state_params_put(execution_value(x), &params);
    execution_store(x, &key);
}

static void set_rules(struct execution *x, uint64_t version)
{
    struct constitution c = govern_constitution(x);
    c.rules = version;
    govern_store_constitution(x, &c);
}

static void amend(struct execution *x, struct slice bytes)
{
    struct constitution c;
    if (constitution_decode(bytes, &c, NULL))
        govern_store_constitution(x, &c);
}

static void apply(struct execution *x, const struct effect *e)
{
    const struct kid *kid = &e->body->kid;
    switch (e->v->action) {
    case ACTION_ADD_MEMBER: add_member(x, e); return;
    case ACTION_REMOVE_MEMBER: remove_member(x, e); return;
    case ACTION_ADD_AUTHORITY: add_authority(x, e); return;
    case ACTION_REMOVE_AUTHORITY: remove_authority(x, e); return;
    case ACTION_ADD_OPERATOR: set_role(x, kid, ROLE_BIT_OPERATOR, true); return;
    case ACTION_REMOVE_OPERATOR: set_role(x, kid, ROLE_BIT_OPERATOR, false); return;
    case ACTION_ADD_SPONSOR: set_role(x, kid, ROLE_BIT_SPONSOR, true); return;
    case ACTION_REMOVE_SPONSOR: set_role(x, kid, ROLE_BIT_SPONSOR, false); return;
    case ACTION_APPROVE_DEFINITION: approve(x, e, true); return;
    case ACTION_WITHDRAW_DEFINITION: approve(x, e, false); return;
    case ACTION_SET_PARAMETER: set_parameter(x, e->body); return;
    case ACTION_RULES_VERSION: set_rules(x, e->body->number); return;
    case ACTION_AMEND: amend(x, e->body->constitution); return;
    case ACTION_RECOVER_MEMBER: recover_member(x, e); return;
    }
}

void govern_apply(struct execution *x, const struct hash *hash, const struct state_proposal *v,
                  const struct proposal_body *body)
{
    struct effect e = { hash, v, body, x->context.time_ms };
    struct slice subject = execution_subject_bytes(x, hash_slice(hash));
    cbor_put_uint(execution_emit(x, EVENT_APPLIED, subject, e.time_ms, 1), v->action);
    apply(x, &e);
}
