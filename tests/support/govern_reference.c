#include "tests/support/govern_reference.h"

#include <string.h>

#define YEAR_MS  UINT64_C(31536000000)
#define FARTHEST UINT64_C(1000000000) /* blocks ahead that an effect may be */

static size_t company_of(size_t key)
{
    return key / GW_KEYS;
}

static size_t size_of(uint64_t set)
{
    size_t n = 0;
    for (size_t k = 0; k < GR_KEYS; k++)
        n += (set & GR_BIT(k)) != 0 ? 1 : 0;
    return n;
}

/* The company's authority in a set; GR_KEYS: none. */
static size_t authority_of(const struct govern_reference *r, uint64_t set, size_t company)
{
    for (size_t k = 0; k < GR_KEYS; k++)
        if ((set & GR_BIT(k)) != 0 && r->owner[k] == company)
            return k;
    return GR_KEYS;
}

void gr_begin(struct govern_reference *r, const struct govern_world *w, size_t members,
              size_t authorities, const struct constitution *c)
{
    memset(r, 0, sizeof *r);
    r->height = w->context.height;
    r->time_ms = w->context.time_ms;
    r->c = *c;
    for (size_t i = 0; i < members; i++) {
        r->active[i] = r->known[i] = true;
        r->keys[GR_KEY(i, GW_MEMBER)] = GR_MEMBER_KEY;
        if (i >= authorities)
            continue;
        r->keys[GR_KEY(i, GW_NODE)] = GR_AUTHORITY_KEY;
        r->now |= GR_BIT(GR_KEY(i, GW_NODE));
    }
    for (size_t k = 0; k < GR_KEYS; k++)
        r->owner[k] = company_of(k);
    r->next = r->now;
}

/* At the door: REVOKED, UNKNOWN_KEY, or in. */
static enum refusal door(const struct govern_reference *r, size_t key)
{
    if (r->keys[key] == GR_NO_KEY)
        return REFUSED_UNKNOWN_KEY;
    if (!r->active[r->owner[key]] || (r->revoked[key] != 0 && r->revoked[key] < r->height))
        return REFUSED_REVOKED;
    return ACCEPTED;
}

/* ------------------------------------------------------------------ counting */

static bool is_operator_only(const struct constitution *c, enum govern_action action)
{
    return c->actions[action].there && c->actions[action].operator_only;
}

static bool votes(const struct govern_reference *r, enum govern_action action, size_t company)
{
    return r->active[company] && (!is_operator_only(&r->c, action) || (r->roles[company] & 1) != 0);
}

static bool changes_set(const struct govern_reference *r, const struct gr_proposal *p)
{
    switch (p->action) {
    case ACTION_REMOVE_MEMBER: return authority_of(r, r->next, p->company) != GR_KEYS;
    case ACTION_REMOVE_AUTHORITY: return (r->next & GR_BIT(p->key)) != 0;
    case ACTION_ADD_MEMBER:
    case ACTION_ADD_AUTHORITY:
    case ACTION_ADD_OPERATOR:
    case ACTION_REMOVE_OPERATOR:
    case ACTION_ADD_SPONSOR:
    case ACTION_REMOVE_SPONSOR:
    case ACTION_APPROVE_DEFINITION:
    case ACTION_WITHDRAW_DEFINITION:
    case ACTION_SET_PARAMETER:
    case ACTION_RULES_VERSION:
    case ACTION_AMEND:
    case ACTION_RECOVER_MEMBER: break;
    }
    return false;
}

/* Would so many yes of so many voters do? */
static bool is_enough(const struct govern_reference *r, const struct gr_proposal *p, size_t yes,
                      size_t voters)
{
    const struct constitution_rule *rule = &r->c.actions[p->action];
    struct constitution_threshold t = rule->there ? rule->threshold : r->c.otherwise;
    size_t authorities = size_of(r->now), quorum = 2 * authorities / 3 + 1;
    bool by_quorum = p->action == ACTION_ADD_AUTHORITY || p->action == ACTION_REMOVE_AUTHORITY ||
                     changes_set(r, p);
    if (yes == 0 || (by_quorum && yes < quorum))
        return false;
    return t.strict ? yes * t.d > t.n * voters : yes * t.d >= t.n * voters;
}

static void pass_or_reject(struct govern_reference *r, struct gr_proposal *p, bool yes, bool veto)
{
    size_t voters = 0, for_it = 0, against = 0;
    for (size_t i = 0; i < GW_COMPANIES; i++) {
        const struct gr_ballot *b = &p->ballots[i];
        if (!votes(r, p->action, i))
            continue;
        voters++;
        if (b->there && b->set == r->now) {
            for_it += b->yes ? 1 : 0;
            against += b->yes ? 0 : 1;
        }
    }
    if (yes && is_enough(r, p, for_it, voters)) {
        p->status = PROPOSAL_PASSED;
        p->height = r->height + 1 > p->named_height ? r->height + 1 : p->named_height;
        p->turn = r->turns++;
    } else if (veto || !is_enough(r, p, voters - against, voters)) {
        p->status = PROPOSAL_REJECTED;
    }
}

/* ------------------------------------------------------------------ what fits */

static bool needs_an_operator(const struct govern_reference *r, const struct constitution *c,
                              size_t leaving)
{
    bool asked = false;
    for (size_t i = 1; i <= ACTION_LAST; i++)
        asked = asked || is_operator_only(c, (enum govern_action)i);
    for (size_t i = 0; i < GW_COMPANIES; i++)
        if (i != leaving && r->active[i] && (r->roles[i] & 1) != 0)
            return false;
    return asked;
}

static enum refusal fits_authority(const struct govern_reference *r, const struct gr_proposal *p)
{
    if (!r->active[p->sponsor])
        return REFUSED_UNKNOWN_MEMBER;
    if (r->keys[p->key] != GR_NO_KEY &&
        (r->keys[p->key] != GR_AUTHORITY_KEY || r->owner[p->key] != p->sponsor))
        return REFUSED_KID_TAKEN;
    if ((r->next & GR_BIT(p->key)) != 0)
        return REFUSED_EXISTS;
    return p->until_ms > r->time_ms ? ACCEPTED : REFUSED_EXPIRED;
}

static enum refusal fits_leaving(const struct govern_reference *r, const struct gr_proposal *p)
{
    bool in = (r->next & GR_BIT(p->key)) != 0;
    if (p->action == ACTION_REMOVE_AUTHORITY) {
        if (in && size_of(r->next) == 1)
            return REFUSED_LAST_AUTHORITY;
        return in || r->candidates[p->key].there ? ACCEPTED : REFUSED_NOT_CANDIDATE;
    }
    if (!r->active[p->company])
        return REFUSED_UNKNOWN_MEMBER;
    if (authority_of(r, r->next, p->company) != GR_KEYS && size_of(r->next) == 1)
        return REFUSED_LAST_AUTHORITY;
    return needs_an_operator(r, &r->c, p->company) ? REFUSED_BAD_ACTION : ACCEPTED;
}

static enum refusal fits_role(const struct govern_reference *r, const struct gr_proposal *p)
{
    bool sponsor = p->action == ACTION_ADD_SPONSOR || p->action == ACTION_REMOVE_SPONSOR;
    bool has = (r->roles[p->company] & (sponsor ? 2u : 1u)) != 0;
    if (p->action == ACTION_ADD_OPERATOR || p->action == ACTION_ADD_SPONSOR) {
        if (!r->active[p->company])
            return REFUSED_UNKNOWN_MEMBER;
        return has ? REFUSED_EXISTS : ACCEPTED;
    }
    if (!has)
        return sponsor ? REFUSED_NOT_SPONSOR : REFUSED_NOT_OPERATOR;
    return !sponsor && needs_an_operator(r, &r->c, p->company) ? REFUSED_BAD_ACTION : ACCEPTED;
}

static enum refusal fits(const struct govern_reference *r, const struct gr_proposal *p)
{
    bool own = company_of(p->key) == p->sponsor;
    switch (p->action) {
    case ACTION_ADD_MEMBER:
        if (!own || p->key % GW_KEYS != GW_MEMBER) /* it names another key than its own */
            return REFUSED_BAD_REQUEST;
        return r->keys[p->key] == GR_NO_KEY ? ACCEPTED : REFUSED_KID_TAKEN;
    case ACTION_REMOVE_MEMBER:
    case ACTION_REMOVE_AUTHORITY: return fits_leaving(r, p);
    case ACTION_ADD_AUTHORITY: return fits_authority(r, p);
    case ACTION_ADD_OPERATOR:
    case ACTION_REMOVE_OPERATOR:
    case ACTION_ADD_SPONSOR:
    case ACTION_REMOVE_SPONSOR: return fits_role(r, p);
    case ACTION_APPROVE_DEFINITION: return r->approved[p->number] ? REFUSED_EXISTS : ACCEPTED;
    case ACTION_WITHDRAW_DEFINITION:
        return r->approved[p->number] ? ACCEPTED : REFUSED_NOT_APPROVED;
    case ACTION_SET_PARAMETER: return p->number == 2 ? ACCEPTED : REFUSED_BAD_ACTION;
    case ACTION_RULES_VERSION: return p->number > r->c.rules ? ACCEPTED : REFUSED_BAD_ACTION;
    case ACTION_AMEND:
        return p->c.rules != r->c.rules || needs_an_operator(r, &p->c, GW_COMPANIES)
                   ? REFUSED_BAD_ACTION
                   : ACCEPTED;
    case ACTION_RECOVER_MEMBER:
        if (!r->active[p->company])
            return REFUSED_UNKNOWN_MEMBER;
        if (p->sponsor != p->company)
            return REFUSED_BAD_REQUEST;
        return r->keys[p->key] == GR_NO_KEY ? ACCEPTED : REFUSED_KID_TAKEN;
    }
    return REFUSED_BAD_ACTION;
}

/* ------------------------------------------------------------------ what is said */

enum refusal gr_propose(struct govern_reference *r, size_t company, struct gr_proposal p)
{
    size_t open = 0, own = 0;
    enum refusal code = door(r, GR_KEY(company, r->voice[company]));
    if (code != ACCEPTED)
        return code;
    if (!votes(r, p.action, company))
        return REFUSED_NOT_OPERATOR;
    if (p.expires_ms <= r->time_ms || p.expires_ms > r->time_ms + YEAR_MS)
        return REFUSED_BAD_EXPIRY;
    if (p.named_height > r->height + FARTHEST)
        return REFUSED_BAD_ACTION;
    for (size_t i = 0; i < r->count; i++) {
        bool is_open = r->proposals[i].status == PROPOSAL_OPEN;
        open += is_open ? 1 : 0;
        own += is_open && r->proposals[i].proposer == company ? 1 : 0;
    }
    if (open >= 64 || own >= 8)
        return REFUSED_TOO_MANY_OPEN;
    code = fits(r, &p);
    if (code != ACCEPTED)
        return code;
    p.proposer = company;
    p.status = PROPOSAL_OPEN;
    r->proposals[r->count++] = p;
    return ACCEPTED;
}

enum refusal gr_vote(struct govern_reference *r, const struct govern_world *w, size_t company,
                     size_t proposal, bool yes)
{
    struct gr_proposal *p = &r->proposals[proposal];
    enum refusal code = door(r, GR_KEY(company, r->voice[company]));
    if (code != ACCEPTED)
        return code;
    if (p->status != PROPOSAL_OPEN || p->expires_ms <= r->time_ms)
        return REFUSED_PROPOSAL_CLOSED;
    if (!votes(r, p->action, company))
        return REFUSED_NOT_OPERATOR;
    struct gr_ballot *b = &p->ballots[company];
    if (b->there && b->set == r->now)
        return REFUSED_VOTED_ALREADY;
    *b = (struct gr_ballot){ true, yes, r->now };
    bool veto = false;
    for (size_t i = 0; i < r->c.actions[p->action].veto_count; i++)
        veto = veto || kid_equal(&r->c.actions[p->action].veto[i], gw_kid(w, company, GW_MEMBER));
    pass_or_reject(r, p, yes, veto && !yes);
    return ACCEPTED;
}

enum refusal gr_withdraw(struct govern_reference *r, size_t company, size_t proposal)
{
    struct gr_proposal *p = &r->proposals[proposal];
    enum refusal code = door(r, GR_KEY(company, r->voice[company]));
    if (code != ACCEPTED)
        return code;
    if (p->proposer != company)
        return REFUSED_NOT_PROPOSER;
    if (p->status != PROPOSAL_OPEN || p->expires_ms <= r->time_ms)
        return REFUSED_PROPOSAL_CLOSED;
    p->status = PROPOSAL_WITHDRAWN;
    return ACCEPTED;
}

enum refusal gr_announce(struct govern_reference *r, size_t company, size_t slot, bool enter,
                         uint64_t age)
{
    size_t key = GR_KEY(company, slot);
    struct gr_candidate *c = &r->candidates[key];
    enum refusal code = door(r, key);
    if (code != ACCEPTED)
        return code;
    if (r->keys[key] != GR_AUTHORITY_KEY)
        return REFUSED_NOT_ALLOWED;
    bool in = (r->next & GR_BIT(key)) != 0;
    bool may = c->there && c->from_height <= r->height && c->until_ms > r->time_ms;
    if (!enter)
        return in || may ? ACCEPTED : REFUSED_NOT_CANDIDATE;
    if (in)
        return REFUSED_EXISTS;
    if (!may)
        return REFUSED_NOT_CANDIDATE;
    if (age == 0 || age > 120 || age >= r->height)
        return REFUSED_TIP_NOT_RECENT;
    if (r->next != r->now)
        return REFUSED_SET_CHANGING;
    size_t old = authority_of(r, r->next, r->owner[key]);
    if (old != GR_KEYS)
        r->next &= ~GR_BIT(old);
    r->next |= GR_BIT(key);
    c->there = false;
    return ACCEPTED;
}

/* ------------------------------------------------------------------ blocks */

static void remove_member(struct govern_reference *r, size_t company)
{
    r->active[company] = false;
    r->roles[company] = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct gr_proposal *p = &r->proposals[i];
        if (p->status != PROPOSAL_OPEN)
            continue;
        p->ballots[company].there = false;
        if (p->proposer == company)
            p->status = PROPOSAL_WITHDRAWN;
    }
    size_t key = authority_of(r, r->next, company);
    if (key != GR_KEYS)
        r->next &= ~GR_BIT(key);
}

static void set_role(struct govern_reference *r, const struct gr_proposal *p, unsigned bit, bool on)
{
    if (on)
        r->roles[p->company] |= bit;
    else
        r->roles[p->company] &= ~bit;
}

static void take_effect(struct govern_reference *r, const struct gr_proposal *p)
{
    size_t old;
    switch (p->action) {
    case ACTION_ADD_MEMBER:
        r->active[company_of(p->key)] = r->known[company_of(p->key)] = true;
        r->keys[p->key] = GR_MEMBER_KEY;
        return;
    case ACTION_REMOVE_MEMBER: remove_member(r, p->company); return;
    case ACTION_ADD_AUTHORITY:
        r->keys[p->key] = GR_AUTHORITY_KEY;
        r->owner[p->key] = p->sponsor;
        r->candidates[p->key] = (struct gr_candidate){ true, r->height, p->until_ms };
        return;
    case ACTION_REMOVE_AUTHORITY:
        r->candidates[p->key].there = false;
        r->next &= ~GR_BIT(p->key);
        return;
    case ACTION_ADD_OPERATOR: set_role(r, p, 1, true); return;
    case ACTION_REMOVE_OPERATOR: set_role(r, p, 1, false); return;
    case ACTION_ADD_SPONSOR: set_role(r, p, 2, true); return;
    case ACTION_REMOVE_SPONSOR: set_role(r, p, 2, false); return;
    case ACTION_APPROVE_DEFINITION: r->approved[p->number] = true; return;
    case ACTION_WITHDRAW_DEFINITION: r->approved[p->number] = false; return;
    case ACTION_SET_PARAMETER: return;
    case ACTION_RULES_VERSION: r->c.rules = p->number; return;
    case ACTION_AMEND: r->c = p->c; return;
    case ACTION_RECOVER_MEMBER:
        old = GR_KEY(p->company, r->voice[p->company]);
        r->revoked[old] = r->height;
        r->keys[p->key] = GR_MEMBER_KEY;
        r->voice[p->company] = p->key % GW_KEYS;
        return;
    }
}

/* The next one to take effect at this height; NULL when all have. */
static struct gr_proposal *next_effect(struct govern_reference *r)
{
    struct gr_proposal *first = NULL;
    for (size_t i = 0; i < r->count; i++) {
        struct gr_proposal *p = &r->proposals[i];
        if (p->status == PROPOSAL_PASSED && p->height == r->height &&
            (first == NULL || p->turn < first->turn))
            first = p;
    }
    return first;
}

void gr_block(struct govern_reference *r, uint64_t ms)
{
    struct gr_proposal *p;
    r->height++;
    r->time_ms += ms;
    r->now = r->next;
    while ((p = next_effect(r)) != NULL) {
        if (changes_set(r, p) && r->next != r->now) {
            p->height++;
            p->turn = r->turns++;
        } else if (fits(r, p) != ACCEPTED) {
            p->status = PROPOSAL_NOT_APPLIED;
        } else {
            p->status = PROPOSAL_APPLIED;
            take_effect(r, p);
        }
    }
    for (size_t i = 0; i < r->count; i++)
        if (r->proposals[i].status == PROPOSAL_OPEN && r->proposals[i].expires_ms <= r->time_ms)
            r->proposals[i].status = PROPOSAL_EXPIRED;
}
