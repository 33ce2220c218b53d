#include "node/rules_tally.h"

int govern_place_of(const struct authority_set *set, const struct kid *member)
{
    for (size_t i = 0; i < set->count; i++)
        if (kid_equal(&set->at[i].member, member))
            return (int)i;
    return -1;
}

bool govern_touches_set(const struct govern_sets *sets, enum govern_action action,
                        const struct proposal_body *body)
{
    if (action == ACTION_REMOVE_MEMBER)
        return govern_place_of(&sets->next, &body->kid) >= 0;
    return action == ACTION_REMOVE_AUTHORITY && authority_set_find(&sets->next, &body->kid) >= 0;
}

bool rules_tally_may_vote(const struct rules_voters *v, enum govern_action action, size_t member)
{
    const struct constitution_rule *rule = &v->constitution->actions[action];
    return !rule->there || !rule->operator_only || (v->roles[member] & ROLE_BIT_OPERATOR) != 0;
}

bool rules_tally_counts(const struct rules_voters *v, enum govern_action action,
                        const struct state_ballot *ballot)
{
    for (size_t i = 0; i < v->members.count; i++)
        if (kid_equal(&v->members.at[i], &ballot->member))
            return hash_equal(&ballot->set, &v->set) && rules_tally_may_vote(v, action, i);
    return false;
}

/* What changes the set needs a quorum of the authorities' number: no amendment lowers this. */
static bool needs_quorum(const struct rules_voters *v, const struct state_proposal *p)
{
    struct proposal_body body;
    return p->action == ACTION_ADD_AUTHORITY || p->action == ACTION_REMOVE_AUTHORITY ||
           (proposal_body_decode(p->action, p->body, &body, NULL) &&
            govern_touches_set(v->sets, p->action, &body));
}

struct rules_tally rules_tally(const struct rules_voters *v, const struct state_proposal *p)
{
    struct rules_tally t = { .voters = 0 };
    for (size_t i = 0; i < v->members.count; i++)
        t.voters += (size_t)rules_tally_may_vote(v, p->action, i);
    for (size_t i = 0; i < p->ballot_count; i++) {
        if (!rules_tally_counts(v, p->action, &p->ballots[i]))
            continue;
        t.yes += (size_t)p->ballots[i].yes;
        t.no += (size_t)!p->ballots[i].yes;
    }
    t.needed = constitution_needed(v->constitution, p->action, t.voters);
    size_t quorum = authority_set_quorum(&v->sets->now);
    if (t.needed < quorum && needs_quorum(v, p))
        t.needed = quorum;
    return t;
}
