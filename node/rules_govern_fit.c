/* Government: whether the ledger, as it stands, can do what is proposed. Asked twice: when it is proposed,
 * and when it takes effect. */
#include "node/rules_govern.h"

#include "common/cose.h"
#include "common/custody.h"

/* ------------------------------------------------------------------ keys that ask to enter */

/* own: the key sponsors itself, as a new member's does; else it names the member it will belong to. */
static enum refusal check_request(struct execution *x, struct slice bytes, bool own,
                                  struct enrol_request *q)
{
    (void)execution_step(x, GOVERN_VERIFY_STEPS);
    if (!enrol_request_parse(bytes, q, NULL) || !enrol_request_verify(q)) {
        execution_explain(x, "the request is not signed by its own key");
        return REFUSED_BAD_REQUEST;
    }
    if (!hash_equal(&q->ledger, &x->context.ledger)) {
        execution_explain(x, "the request is for another ledger");
        return REFUSED_BAD_REQUEST;
    }
    if (own && !kid_equal(&q->sponsor, &q->cose.kid)) {
        execution_explain(x, "a new member's request names its own key as its sponsor");
        return REFUSED_BAD_REQUEST;
    }
    return ACCEPTED;
}

static enum refusal fits_add_member(struct execution *x, const struct proposal_body *body)
{
    struct enrol_request q;
    struct state_key_record key;
    struct state_members members;
    enum refusal code = check_request(x, body->request, true, &q);
    if (code != ACCEPTED)
        return code;
    if (govern_has_key(x, &q.cose.kid, &key))
        return REFUSED_KID_TAKEN;
    return govern_members(x, &members) && members.count < STATE_MEMBERS_MAX ? ACCEPTED
                                                                            : REFUSED_FULL;
}

/* A key of another class, another member's or one that was revoked never becomes an authority. */
static bool may_be_authority(const struct state_key_record *key, const struct kid *member)
{
    return key->class == CLASS_AUTHORITY && kid_equal(&key->member, member) && !key->revoked;
}

static enum refusal fits_add_authority(struct execution *x, const struct proposal_body *body)
{
    struct enrol_request q;
    struct state_key_record key;
    struct govern_sets sets;
    enum refusal code = check_request(x, body->request, false, &q);
    if (code != ACCEPTED)
        return code;
    if (!execution_member_active(x, &q.sponsor))
        return REFUSED_UNKNOWN_MEMBER;
    if (govern_has_key(x, &q.cose.kid, &key) && !may_be_authority(&key, &q.sponsor))
        return REFUSED_KID_TAKEN;
    govern_sets(x, &sets);
    if (authority_set_find(&sets.next, &q.cose.kid) >= 0)
        return REFUSED_EXISTS;
    if (govern_place_of(&sets.next, &q.sponsor) < 0 && sets.next.count == AUTHORITY_MAX)
        return REFUSED_FULL;
    return body->until_ms > x->context.time_ms ? ACCEPTED : REFUSED_EXPIRED;
}

static enum refusal fits_recover(struct execution *x, const struct proposal_body *body)
{
    struct enrol_request q;
    struct state_key_record key;
    if (!execution_member_active(x, &body->kid))
        return REFUSED_UNKNOWN_MEMBER;
    enum refusal code = check_request(x, body->request, false, &q);
    if (code != ACCEPTED)
        return code;
    if (!kid_equal(&q.sponsor, &body->kid)) {
        execution_explain(x, "the request names another member");
        return REFUSED_BAD_REQUEST;
    }
    return govern_has_key(x, &q.cose.kid, &key) ? REFUSED_KID_TAKEN : ACCEPTED;
}

/* ------------------------------------------------------------------ what leaves */

static bool is_last_authority(const struct govern_sets *sets, int place)
{
    return place >= 0 && sets->next.count == 1;
}

/* What only operators decide needs one: without them nobody could ever decide it again. */
static bool leaves_no_operator(struct execution *x, const struct constitution *c,
                               const struct kid *leaving)
{
    struct state_members members;
    bool needed = false;
    for (size_t i = 1; i <= ACTION_LAST; i++)
        needed = needed || (c->actions[i].there && c->actions[i].operator_only);
    if (!needed || !govern_members(x, &members))
        return false;
    (void)execution_step(x, members.count * EXECUTION_LOOK_STEPS);
    for (size_t i = 0; i < members.count; i++)
        if ((leaving == NULL || !kid_equal(&members.at[i], leaving)) &&
            (govern_roles(x, &members.at[i]) & ROLE_BIT_OPERATOR) != 0)
            return false;
    execution_explain(x, "the constitution leaves something to operators, and there would be none");
    return true;
}

static enum refusal fits_remove_member(struct execution *x, const struct kid *member)
{
    struct constitution c = govern_constitution(x);
    struct govern_sets sets;
    if (!execution_member_active(x, member))
        return REFUSED_UNKNOWN_MEMBER;
    govern_sets(x, &sets);
    if (is_last_authority(&sets, govern_place_of(&sets.next, member)))
        return REFUSED_LAST_AUTHORITY;
    return leaves_no_operator(x, &c, member) ? REFUSED_BAD_ACTION : ACCEPTED;
}

static enum refusal fits_remove_authority(struct execution *x, const struct kid *kid)
{
    struct govern_sets sets;
    struct state_candidate candidate;
    govern_sets(x, &sets);
    int place = authority_set_find(&sets.next, kid);
    if (is_last_authority(&sets, place))
        return REFUSED_LAST_AUTHORITY;
    return place >= 0 || govern_candidate(x, kid, &candidate) ? ACCEPTED : REFUSED_NOT_CANDIDATE;
}

/* ------------------------------------------------------------------ roles, contracts, rules */

static enum refusal fits_add_role(struct execution *x, const struct kid *member, uint64_t role)
{
    if (!execution_member_active(x, member))
        return REFUSED_UNKNOWN_MEMBER;
    return (govern_roles(x, member) & role) == 0 ? ACCEPTED : REFUSED_EXISTS;
}

static enum refusal fits_remove_operator(struct execution *x, const struct kid *member)
{
    struct constitution c = govern_constitution(x);
    if ((govern_roles(x, member) & ROLE_BIT_OPERATOR) == 0)
        return REFUSED_NOT_OPERATOR;
    return leaves_no_operator(x, &c, member) ? REFUSED_BAD_ACTION : ACCEPTED;
}

static bool is_approved(struct execution *x, const struct hash *definition)
{
    struct state_key key = state_key_hash(TABLE_APPROVED, definition);
    struct slice value;
    return execution_get(x, &key, &value);
}

/* Version and demo mark are no parameters that a vote sets. */
static enum refusal fits_parameter(struct execution *x, const struct proposal_body *body)
{
    struct cbor_reader r = cbor_reader(body->value);
    if (body->number == 2)
        (void)cbor_take_uint_max(&r, TIME_MAX_MS);
    else if (body->number == 3)
        (void)cbor_take_text(&r, 1, NAME_MAX_BYTES);
    else
        cbor_fail(&r);
    if (cbor_done(&r))
        return ACCEPTED;
    execution_explain(x, "parameters are 2, ms that an opening may wait, and 3, the ledger's name");
    return REFUSED_BAD_ACTION;
}

static enum refusal fits_rules(struct execution *x, uint64_t version)
{
    struct constitution c = govern_constitution(x);
    if (version > c.rules)
        return ACCEPTED;
    execution_explain(x, "the ledger goes by rules %llu; a later version was expected",
                      (unsigned long long)c.rules);
    return REFUSED_BAD_ACTION;
}

static enum refusal fits_amend(struct execution *x, struct slice bytes)
{
    struct constitution now = govern_constitution(x), then;
    if (!constitution_decode(bytes, &then, NULL))
        return REFUSED_BAD_ACTION;
    if (then.rules != now.rules) {
        execution_explain(x, "an amendment leaves the rules version as it is");
        return REFUSED_BAD_ACTION;
    }
    return leaves_no_operator(x, &then, NULL) ? REFUSED_BAD_ACTION : ACCEPTED;
}

/* ------------------------------------------------------------------ all */

enum refusal govern_fits(struct execution *x, enum govern_action action,
                         const struct proposal_body *body)
{
    switch (action) {
    case ACTION_ADD_MEMBER: return fits_add_member(x, body);
    case ACTION_REMOVE_MEMBER: return fits_remove_member(x, &body->kid);
    case ACTION_ADD_AUTHORITY: return fits_add_authority(x, body);
    case ACTION_REMOVE_AUTHORITY: return fits_remove_authority(x, &body->kid);
    case ACTION_ADD_OPERATOR: return fits_add_role(x, &body->kid, ROLE_BIT_OPERATOR);
    case ACTION_REMOVE_OPERATOR: return fits_remove_operator(x, &body->kid);
    case ACTION_ADD_SPONSOR: return fits_add_role(x, &body->kid, ROLE_BIT_SPONSOR);
    case ACTION_REMOVE_SPONSOR:
        return (govern_roles(x, &body->kid) & ROLE_BIT_SPONSOR) != 0 ? ACCEPTED
                                                                     : REFUSED_NOT_SPONSOR;
    case ACTION_APPROVE_DEFINITION:
        return is_approved(x, &body->definition) ? REFUSED_EXISTS : ACCEPTED;
    case ACTION_WITHDRAW_DEFINITION:
        return is_approved(x, &body->definition) ? ACCEPTED : REFUSED_NOT_APPROVED;
    case ACTION_SET_PARAMETER: return fits_parameter(x, body);
    case ACTION_RULES_VERSION: return fits_rules(x, body->number);
    case ACTION_AMEND: return fits_amend(x, body->constitution);
    case ACTION_RECOVER_MEMBER: return fits_recover(x, body);
    }
    return REFUSED_BAD_ACTION;
}
