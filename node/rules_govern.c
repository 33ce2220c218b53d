/* Government: proposals, ballots, and when they pass. */
#include "node/rules_govern.h"

#include <inttypes.h>
#include <string.h>

/* ------------------------------------------------------------------ what all share */

static struct slice subject_of(struct execution *x, const struct hash *hash)
{
    return execution_subject_bytes(x, hash_slice(hash));
}

void govern_close(struct execution *x, const struct hash *hash, struct state_proposal *v,
                  enum proposal_status status)
{
    struct state_hashes open;
    struct state_key timer =
        state_key_timer(v->expires_ms, TIMER_PROPOSAL_EXPIRES, hash_slice(hash));
    govern_open(x, &open);
    state_hashes_remove(&open, hash);
    govern_store_open(x, &open);
    overlay_remove(x->overlay, state_key_slice(&timer));
    v->status = status;
    govern_store_proposal(x, hash, v);
}

static bool is_operator_only(const struct constitution *c, enum govern_action action)
{
    return c->actions[action].there && c->actions[action].operator_only;
}

/* Has the member a word in this? */
static bool may_decide(struct execution *x, const struct constitution *c, enum govern_action action,
                       const struct kid *member)
{
    return !is_operator_only(c, action) || (govern_roles(x, member) & ROLE_BIT_OPERATOR) != 0;
}

/* Only a member's own key governs, not its operators', and only where there are members to ask. */
static enum refusal check_speaker(struct execution *x, const struct speaker *by,
                                  struct state_members *ret_members)
{
    if (by->key.class != CLASS_MEMBER)
        return REFUSED_NOT_ALLOWED;
    if (!govern_members(x, ret_members)) {
        execution_explain(x, "this ledger was founded without government by vote");
        return REFUSED_NOT_ALLOWED;
    }
    return ACCEPTED;
}

/* ------------------------------------------------------------------ proposing */

static enum refusal check_room(struct execution *x, const struct kid *member,
                               const struct state_hashes *open)
{
    size_t own = 0;
    if (open->count == STATE_HASHES_MAX)
        return REFUSED_TOO_MANY_OPEN;
    for (size_t i = 0; i < open->count; i++) {
        struct state_proposal v;
        if (!execution_step(x, EXECUTION_LOOK_STEPS))
            return REFUSED_STEPS;
        own += (size_t)(govern_proposal(x, &open->at[i], &v) && kid_equal(&v.proposer, member));
    }
    return own < GOVERN_OPEN_OF_ONE ? ACCEPTED : REFUSED_TOO_MANY_OPEN;
}

static enum refusal check_proposal(struct execution *x, const struct speaker *by,
                                   const struct state_hashes *open)
{
    const struct proposal *p = &by->st->as.proposal;
    struct constitution c = govern_constitution(x);
    struct state_members members;
    struct proposal_body body;
    enum refusal code = check_speaker(x, by, &members);
    if (code != ACCEPTED)
        return code;
    if (!may_decide(x, &c, p->action, &by->key.member))
        return REFUSED_NOT_OPERATOR;
    if (p->expires_ms <= x->context.time_ms ||
        p->expires_ms - x->context.time_ms > GOVERN_LONGEST_MS)
        return REFUSED_BAD_EXPIRY;
    if (p->has_height && p->height > x->context.height + GOVERN_FARTHEST) {
        execution_explain(x, "its effect would be more than %" PRIu64 " blocks ahead",
                          GOVERN_FARTHEST);
        return REFUSED_BAD_ACTION;
    }
    code = check_room(x, &by->key.member, open);
    if (code != ACCEPTED)
        return code;
    if (!proposal_body_decode(p->action, p->body, &body, NULL))
        return REFUSED_BAD_ACTION;
    return govern_fits(x, p->action, &body);
}

enum refusal rules_propose(struct execution *x, const struct speaker *by)
{
    const struct proposal *p = &by->st->as.proposal;
    const struct hash *hash = &by->st->hash;
    struct state_hashes open;
    govern_open(x, &open);
    enum refusal code = check_proposal(x, by, &open);
    if (code != ACCEPTED)
        return code;
    struct state_proposal v = { .proposer = by->key.member,
                                .action = p->action,
                                .body = p->body,
                                .expires_ms = p->expires_ms,
                                .height = p->has_height ? p->height : 0,
                                .status = PROPOSAL_OPEN };
    govern_store_proposal(x, hash, &v);
    open.at[open.count++] = *hash;
    govern_store_open(x, &open);
    struct state_key timer =
        state_key_timer(p->expires_ms, TIMER_PROPOSAL_EXPIRES, hash_slice(hash));
    cbor_put_bool(execution_value(x), true);
    execution_store(x, &timer);
    struct buf *data =
        execution_emit(x, EVENT_PROPOSED, subject_of(x, hash), by->st->link.time_ms, 2);
    cbor_put_uint(data, p->action);
    kid_put(data, &by->key.member);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ counting */

static struct rules_tally count(struct execution *x, const struct state_proposal *v,
                                const struct state_members *members, const struct constitution *c,
                                const struct govern_sets *sets)
{
    struct rules_voters voters = {
        .constitution = c, .sets = sets, .set = authority_set_hash(&sets->now), .members = *members
    };
    (void)execution_step(x, (members->count + v->ballot_count) * EXECUTION_LOOK_STEPS);
    for (size_t i = 0; i < members->count && is_operator_only(c, v->action); i++)
        voters.roles[i] = govern_roles(x, &members->at[i]);
    return rules_tally(&voters, v);
}

static enum refusal pass(struct execution *x, const struct hash *hash, struct state_proposal *v,
                         uint64_t time_ms)
{
    uint64_t next = x->context.height + 1;
    uint64_t height = v->height > next ? v->height : next;
    if (!govern_schedule(x, hash, &height))
        return REFUSED_FULL;
    v->height = height;
    govern_close(x, hash, v, PROPOSAL_PASSED);
    cbor_put_uint(execution_emit(x, EVENT_PROPOSAL_PASSED, subject_of(x, hash), time_ms, 1),
                  v->height);
    return ACCEPTED;
}

static void reject(struct execution *x, const struct hash *hash, struct state_proposal *v,
                   uint64_t time_ms)
{
    govern_close(x, hash, v, PROPOSAL_REJECTED);
    (void)execution_emit(x, EVENT_PROPOSAL_REJECTED, subject_of(x, hash), time_ms, 0);
}

/* FULL: it would pass, and there is no room for its effect; the ballot may be cast again later. */
static enum refusal decide(struct execution *x, const struct ballot *b, struct state_proposal *v,
                           const struct state_members *members, const struct speaker *by)
{
    struct constitution c = govern_constitution(x);
    struct govern_sets sets;
    govern_sets(x, &sets);
    struct rules_tally t = count(x, v, members, &c, &sets);
    bool veto = !b->yes && constitution_has_veto(&c, v->action, &by->key.member);
    if (b->yes && t.yes >= t.needed)
        return pass(x, &b->proposal, v, by->st->link.time_ms);
    if (veto || t.voters - t.no < t.needed || t.voters < t.no)
        reject(x, &b->proposal, v, by->st->link.time_ms);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ ballots */

/* Where the member's ballot is, or would stand. */
static size_t ballot_place(const struct state_proposal *v, const struct kid *member)
{
    size_t i = 0;
    while (i < v->ballot_count && kid_compare(&v->ballots[i].member, member) < 0)
        i++;
    return i;
}

static bool has_ballot_at(const struct state_proposal *v, size_t place, const struct kid *member)
{
    return place < v->ballot_count && kid_equal(&v->ballots[place].member, member);
}

static enum refusal check_ballot(struct execution *x, const struct speaker *by,
                                 const struct state_proposal *v)
{
    const struct ballot *b = &by->st->as.ballot;
    const struct kid *member = &by->key.member;
    struct constitution c = govern_constitution(x);
    struct govern_sets sets;
    if (v->status != PROPOSAL_OPEN || v->expires_ms <= x->context.time_ms)
        return REFUSED_PROPOSAL_CLOSED;
    if (!may_decide(x, &c, v->action, member))
        return REFUSED_NOT_OPERATOR;
    govern_sets(x, &sets);
    struct hash set = authority_set_hash(&sets.now);
    if (!hash_equal(&b->set, &set))
        return REFUSED_OTHER_SET;
    size_t place = ballot_place(v, member);
    if (has_ballot_at(v, place, member) && hash_equal(&v->ballots[place].set, &set))
        return REFUSED_VOTED_ALREADY;
    return has_ballot_at(v, place, member) || v->ballot_count < STATE_MEMBERS_MAX ? ACCEPTED
                                                                                  : REFUSED_FULL;
}

static void keep_ballot(struct state_proposal *v, const struct ballot *b, const struct kid *member)
{
    size_t place = ballot_place(v, member);
    if (!has_ballot_at(v, place, member)) {
        for (size_t i = v->ballot_count++; i > place; i--)
            v->ballots[i] = v->ballots[i - 1];
    }
    v->ballots[place] = (struct state_ballot){ .member = *member, .yes = b->yes, .set = b->set };
}

enum refusal rules_ballot(struct execution *x, const struct speaker *by)
{
    const struct ballot *b = &by->st->as.ballot;
    struct state_members members;
    struct state_proposal v;
    enum refusal code = check_speaker(x, by, &members);
    if (code != ACCEPTED)
        return code;
    if (!govern_proposal(x, &b->proposal, &v))
        return REFUSED_NO_SUCH_PROPOSAL;
    code = check_ballot(x, by, &v);
    if (code != ACCEPTED)
        return code;
    keep_ballot(&v, b, &by->key.member);
    govern_store_proposal(x, &b->proposal, &v);
    struct buf *data =
        execution_emit(x, EVENT_BALLOT, subject_of(x, &b->proposal), by->st->link.time_ms, 2);
    kid_put(data, &by->key.member);
    cbor_put_bool(data, b->yes);
    return decide(x, b, &v, &members, by);
}

/* ------------------------------------------------------------------ withdrawing, expiring */

enum refusal rules_withdraw_proposal(struct execution *x, const struct speaker *by)
{
    const struct hash *hash = &by->st->as.withdraw.proposal;
    struct state_members members;
    struct state_proposal v;
    enum refusal code = check_speaker(x, by, &members);
    if (code != ACCEPTED)
        return code;
    if (!govern_proposal(x, hash, &v))
        return REFUSED_NO_SUCH_PROPOSAL;
    if (!kid_equal(&v.proposer, &by->key.member))
        return REFUSED_NOT_PROPOSER;
    if (v.status != PROPOSAL_OPEN || v.expires_ms <= x->context.time_ms)
        return REFUSED_PROPOSAL_CLOSED;
    govern_close(x, hash, &v, PROPOSAL_WITHDRAWN);
    (void)execution_emit(x, EVENT_PROPOSAL_WITHDRAWN, subject_of(x, hash), by->st->link.time_ms, 0);
    return ACCEPTED;
}

void rules_timer_proposal(struct execution *x, struct slice id)
{
    struct hash hash;
    struct state_proposal v;
    if (id.len != HASH_SIZE)
        return;
    memcpy(hash.bytes, id.data, HASH_SIZE);
    if (!govern_proposal(x, &hash, &v) || v.status != PROPOSAL_OPEN)
        return;
    govern_close(x, &hash, &v, PROPOSAL_EXPIRED);
    (void)execution_emit(x, EVENT_PROPOSAL_EXPIRED, subject_of(x, &hash), x->context.time_ms, 0);
}
