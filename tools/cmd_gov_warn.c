/*
 * What people should think about before they sign a proposal or a yes: what it would leave the ledger like. A
 * warning is told and no more; what would lock everybody out is not signed unless a person insists.
 */
#include "common/authority_set.h"
#include "common/header.h"
#include "common/hex.h"
#include "tools/cmd_gov_parts.h"
#include "tools/cmd_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ASK_AGAIN_MS 20000 /* a node that restarts is heard again by then */
#define STEP_US      500000

/* ------------------------------------------------------------------ the ledger afterwards */

static size_t quorum_of(size_t authorities)
{
    struct authority_set set = { .count = authorities };
    return authority_set_quorum(&set);
}

/* How the ledger would be governed. */
struct outlook {
    size_t members, operators, sponsors; /* that are active */
    size_t authorities;
    const struct gov_member *operator; /* the last one found */
    struct constitution law;
};

/* How many authorities there would be: an authority of a member that has one takes its place. */
static size_t authorities_after(const struct gov_world *w, enum govern_action action,
                                const struct proposal_body *body)
{
    struct enrol_request e;
    bool has = false;
    struct kid member;
    if (action == ACTION_REMOVE_AUTHORITY)
        return w->authorities - (size_t)!gov_world_candidate(w, &body->kid, &member);
    for (size_t i = 0; i < w->count; i++) {
        const struct gov_member *m = &w->members[i];
        bool this = action == ACTION_REMOVE_MEMBER
                        ? kid_equal(&m->kid, &body->kid)
                        : action == ACTION_ADD_AUTHORITY &&
                              enrol_request_parse(body->request, &e, NULL) &&
                              kid_equal(&m->kid, &e.sponsor);
        has = has || (this && m->has_authority);
    }
    if (action == ACTION_REMOVE_MEMBER)
        return w->authorities - (size_t)has;
    return w->authorities + (size_t)(action == ACTION_ADD_AUTHORITY && !has);
}

static struct outlook look_ahead(const struct gov_world *w, enum govern_action action,
                                 const struct proposal_body *body)
{
    struct outlook o = { .authorities = authorities_after(w, action, body),
                         .law = w->constitution };
    for (size_t i = 0; i < w->count; i++) {
        const struct gov_member *m = &w->members[i];
        bool meant = kid_equal(&m->kid, &body->kid), is_operator = m->operator_role;
        bool sponsor = m->sponsor_role;
        if (!m->active || (meant && action == ACTION_REMOVE_MEMBER))
            continue;
        if (meant && (action == ACTION_ADD_OPERATOR || action == ACTION_REMOVE_OPERATOR))
            is_operator = action == ACTION_ADD_OPERATOR;
        if (meant && (action == ACTION_ADD_SPONSOR || action == ACTION_REMOVE_SPONSOR))
            sponsor = action == ACTION_ADD_SPONSOR;
        o.members++;
        o.operators += (size_t)is_operator;
        o.sponsors += (size_t)sponsor;
        o.operator= is_operator ? m : o.operator;
    }
    if (action == ACTION_AMEND && !constitution_decode(body->constitution, &o.law, NULL))
        o.law = w->constitution;
    return o;
}

/* As it is: an action that changes nothing of this. */
static struct outlook look_at(const struct gov_world *w)
{
    struct proposal_body none = { .number = 0 };
    return look_ahead(w, ACTION_SET_PARAMETER, &none);
}

/* ------------------------------------------------------------------ what is told */

void cmd_gov_warn(const struct gov_world *w, enum govern_action action,
                  const struct proposal_body *body)
{
    size_t after = authorities_after(w, action, body);
    size_t may_fail = after > 0 ? (after - 1) / 3 : 0;
    if (after != w->authorities && after > 1 && may_fail == 0)
        (void)printf("warning: %zu authorities tolerate no failure: all of them must be up for a "
                     "block%s\n",
                     after, after == 3 ? "; a fourth, as witness, changes that" : "");
    if (after != w->authorities && after == 1)
        (void)printf("warning: one authority alone: while its node is down nothing is recorded, "
                     "and nobody checks it\n");
    struct outlook then = look_ahead(w, action, body);
    if (!then.law.open_sponsoring && then.sponsors == 0)
        (void)printf("warning: sponsors alone enrol devices, and there would be none: no device "
                     "enters until one is named\n");
    if (action == ACTION_AMEND) {
        struct constitution c;
        if (constitution_decode(body->constitution, &c, NULL))
            (void)constitution_file_warn(&c, gov_world_active(w));
    }
}

/* ------------------------------------------------------------------ what is not signed */

static bool insist(struct err *err)
{
    return err_wrap(err, "not signed (--despite-warning does it)");
}

static bool by_operators(const struct constitution *c, enum govern_action action)
{
    return c->actions[action].there && c->actions[action].operator_only;
}

/* No constitution lowers what a change of the set needs: a quorum's number of yes. */
static bool can_change_set(const struct outlook *o)
{
    size_t quorum = quorum_of(o->authorities);
    size_t adding = by_operators(&o->law, ACTION_ADD_AUTHORITY) ? o->operators : o->members;
    size_t removing = by_operators(&o->law, ACTION_REMOVE_AUTHORITY) ? o->operators : o->members;
    return adding >= quorum && removing >= quorum;
}

static bool is_by_one(const struct outlook *o)
{
    return o->operators == 1 && by_operators(&o->law, ACTION_AMEND) &&
           by_operators(&o->law, ACTION_ADD_OPERATOR);
}

static bool leaves_operators(const struct outlook *o)
{
    bool needed = false;
    for (int action = 1; action <= ACTION_LAST; action++)
        needed = needed || by_operators(&o->law, (enum govern_action)action);
    return !needed || o->operators > 0;
}

static bool check_law(const struct outlook *now, const struct outlook *then, struct err *err)
{
    if (!leaves_operators(then) && leaves_operators(now))
        return err_set(err, ERR_INPUT,
                       "the constitution leaves something to operators, and there would be none");
    if (is_by_one(then) && !is_by_one(now))
        return err_set(err, ERR_INPUT,
                       "%.60s alone would decide on operators and on the constitution: if it is "
                       "gone, nobody ever can",
                       then->operator->name);
    return can_change_set(then) || !can_change_set(now) ||
           err_set(err, ERR_INPUT,
                   "a change of the authorities would need %zu yes, and %zu operators may vote on "
                   "it: none could ever pass",
                   quorum_of(then->authorities), then->operators);
}

/* Counts who would be there for the next block. False: the node does not say, or hears no quorum as it is. */
static bool count_heard(struct cmd_home *home, const struct gov_world *w, const struct kid *leaving,
                        size_t *ret_heard)
{
    struct json_doc *doc = NULL;
    char hex[2 * KID_SIZE + 1];
    bool there = true;
    hex_encode(kid_slice(leaving), hex);
    if (!cmd_node_get_json(home, "/v1/consensus", &doc, NULL))
        return false;
    const struct json_doc *list = json_doc_at(doc, "/unheard");
    size_t unheard = json_doc_count(list);
    bool said = list != NULL && w->quorum + unheard <= w->authorities;
    for (size_t i = 0; i < unheard; i++) {
        struct slice kid;
        there = there && !(json_doc_get_text(json_doc_element(list, i), &kid) &&
                           slice_equal(kid, slice_text(hex)));
    }
    *ret_heard = said ? w->authorities - unheard - (size_t)there : 0;
    json_doc_free(doc);
    return said;
}

/* Whose key leaves the set by this. */
static bool find_leaving(const struct gov_world *w, enum govern_action action,
                         const struct proposal_body *body, struct kid *ret_authority)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct gov_member *m = &w->members[i];
        bool meant = action == ACTION_REMOVE_MEMBER ? kid_equal(&m->kid, &body->kid)
                                                    : action == ACTION_REMOVE_AUTHORITY &&
                                                          kid_equal(&m->authority, &body->kid);
        if (!m->has_authority || !meant)
            continue;
        *ret_authority = m->authority;
        return true;
    }
    return false;
}

/* Those that are down count the same in a smaller set, where fewer may be. */
static bool check_quorum(struct cmd_home *home, const struct gov_world *w,
                         const struct outlook *then, const struct kid *leaving, struct err *err)
{
    size_t heard = 0, quorum = quorum_of(then->authorities);
    uint64_t until = clock_steady_ms() + ASK_AGAIN_MS;
    while (count_heard(home, w, leaving, &heard) && heard < quorum) {
        if (clock_steady_ms() >= until)
            return err_set(err, ERR_INPUT,
                           "of the %zu authorities that would be left the node hears %zu and a "
                           "block would need %zu: none would be made",
                           then->authorities, heard, quorum);
        (void)usleep(STEP_US);
    }
    return true;
}

bool cmd_gov_check(struct cmd_home *home, const struct gov_world *w, enum govern_action action,
                   const struct proposal_body *body, struct err *err)
{
    struct kid leaving;
    struct outlook now = look_at(w), then = look_ahead(w, action, body);
    if (cmd_args_flag(home->args, "despite-warning"))
        return true;
    if (action == ACTION_RULES_VERSION && body->number > RULES_VERSION)
        return err_set(err, ERR_INPUT,
                       "this program knows rules up to %d: a node that does not know %" PRIu64
                       " stops at that block",
                       RULES_VERSION, body->number) ||
               insist(err);
    if (!check_law(&now, &then, err))
        return insist(err);
    return !find_leaving(w, action, body, &leaving) ||
           check_quorum(home, w, &then, &leaving, err) || insist(err);
}
