/*
 * Random proposals, ballots, withdrawals and nodes' words: the rules against their slow reference. Each answer
 * must be the same, and after each block members, roles, keys' sets, proposals and constitution.
 *
 * usage: test_govern_reference [--seed FIRST] [--count OPERATIONS]
 * A failing seed is named with the operation that came out otherwise.
 */
#include "tests/support/govern_reference.h"

#include "common/state_key.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JOURNEY 500 /* operations on one ledger */

static uint64_t first_seed = 1, operations = 40000;
static uint64_t codes[256], statuses[PROPOSAL_NOT_APPLIED + 1], actions[ACTION_LAST + 1];
static uint64_t set_changes;

static struct govern_world *w;
static struct govern_reference *r;
static uint64_t draw_state, draw_seed;
static size_t step;

/* SplitMix64 */
static uint64_t draw(void)
{
    uint64_t z = draw_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t pick(size_t n)
{
    return (size_t)(draw() % n);
}

static void expect(enum refusal code, enum refusal want, const char *what)
{
    codes[want]++;
    if (code != want)
        fail_msg("--seed %" PRIu64 ": operation %zu, %s: %s, expected %s", draw_seed, step, what,
                 refusal_name(code), refusal_name(want));
}

/* ------------------------------------------------------------------ proposals */

static struct constitution draw_constitution(void)
{
    static const struct constitution_threshold thresholds[] = {
        { 1, 2, true }, { 2, 3, false }, { 0, 1, true }, { 1, 1, false }, { 1, 3, false }
    };
    struct constitution c = constitution_default();
    c.rules = pick(9) == 0 ? r->c.rules + 1 : r->c.rules;
    c.otherwise = thresholds[pick(5)];
    for (size_t i = 1; i <= ACTION_LAST; i++) {
        struct constitution_rule *rule = &c.actions[i];
        if (pick(3) > 0)
            continue;
        *rule = (struct constitution_rule){ .there = true, .threshold = thresholds[pick(5)] };
        if (pick(3) == 0)
            rule->veto[rule->veto_count++] = *gw_kid(w, pick(3), GW_MEMBER);
        rule->operator_only = pick(6) == 0;
    }
    return c;
}

/* A company with a vote, mostly; the others have something to say too. */
static size_t draw_company(void)
{
    for (int i = 0; i < 4; i++) {
        size_t company = pick(GW_COMPANIES);
        if (r->active[company])
            return company;
    }
    return pick(GW_COMPANIES);
}

static enum govern_action draw_action(void)
{
    static const enum govern_action likely[] = { ACTION_ADD_MEMBER,       ACTION_ADD_MEMBER,
                                                 ACTION_ADD_AUTHORITY,    ACTION_ADD_AUTHORITY,
                                                 ACTION_ADD_AUTHORITY,    ACTION_ADD_OPERATOR,
                                                 ACTION_REMOVE_AUTHORITY, ACTION_AMEND };
    return pick(2) == 0 ? likely[pick(sizeof likely / sizeof likely[0])]
                        : (enum govern_action)(1 + pick(ACTION_LAST));
}

static struct gr_proposal draw_proposal(void)
{
    struct gr_proposal p = { .action = draw_action(), .company = draw_company() };
    bool odd = pick(12) == 0;
    p.sponsor = odd ? pick(GW_COMPANIES) : p.company;
    p.number = p.action == ACTION_RULES_VERSION   ? (unsigned)r->c.rules + (unsigned)pick(2)
               : p.action == ACTION_SET_PARAMETER ? (pick(5) == 0 ? 9 : 2)
                                                  : (unsigned)pick(GR_DEFINITIONS);
    p.until_ms = r->time_ms + (pick(10) == 0 ? 0 : 1000 * (1 + pick(60)));
    p.expires_ms = pick(30) == 0 ? r->time_ms : r->time_ms + 1000 * (1 + pick(120));
    p.named_height = pick(3) == 0 ? r->height + pick(6) : 0;
    if (pick(60) == 0)
        p.named_height = r->height + 999999999 + pick(4); /* of these, two are too far */
    p.key = GR_KEY(p.company, GW_NODE + pick(3));
    if (p.action == ACTION_ADD_MEMBER) {
        p.company = pick(GW_COMPANIES);
        p.sponsor = odd ? p.sponsor : p.company;
        p.key = GR_KEY(p.company, GW_MEMBER);
    }
    if (p.action == ACTION_RECOVER_MEMBER)
        p.key = GR_KEY(p.company, pick(4) == 0 ? GW_THIRD : GW_SECOND);
    if (p.action == ACTION_AMEND)
        p.c = draw_constitution();
    return p;
}

static void propose(size_t company)
{
    static uint8_t bytes[CONSTITUTION_SIZE_MAX];
    struct buf constitution = buf_fixed(bytes, sizeof bytes);
    struct gr_proposal p = draw_proposal();
    struct gw_proposal g = { .action = p.action,
                             .for_ms = p.expires_ms - r->time_ms,
                             .height = p.named_height };
    g.body.kid = *gw_kid(w, p.company, GW_MEMBER);
    if (p.action == ACTION_REMOVE_AUTHORITY)
        g.body.kid = *gw_kid(w, p.key / GW_KEYS, (enum gw_slot)(p.key % GW_KEYS));
    g.body.name = slice_text("Somebody");
    g.body.until_ms = p.until_ms;
    g.body.definition.bytes[0] = (uint8_t)p.number;
    g.body.number = p.number;
    g.body.value = slice_of("\x07", 1);
    constitution_put(&constitution, &p.c);
    g.body.constitution = buf_slice(&constitution);
    g.body.request = gw_request(w, p.key / GW_KEYS, (enum gw_slot)(p.key % GW_KEYS),
                                gw_kid(w, p.sponsor, GW_MEMBER));
    if (g.for_ms == 0)
        g.for_ms = UINT64_MAX; /* a moment ago: gw_propose() takes 0 for its usual */
    if (g.for_ms == UINT64_MAX)
        p.expires_ms = r->time_ms - 1;
    actions[p.action]++;
    expect(gw_propose(w, company, &g), gr_propose(r, company, p),
           constitution_action_name(p.action));
}

/* ------------------------------------------------------------------ the other operations */

static void vote(size_t company)
{
    if (r->count == 0)
        return;
    size_t proposal = pick(r->count);
    for (int i = 0; i < 20 && r->proposals[proposal].status != PROPOSAL_OPEN; i++)
        proposal = pick(r->count);
    for (int i = 0; i < 4 && r->proposals[proposal].ballots[company].there; i++)
        company = draw_company();
    bool yes = pick(6) > 0;
    expect(gw_vote(w, company, &w->proposals[proposal], yes), gr_vote(r, w, company, proposal, yes),
           "ballot");
}

static void withdraw(size_t company)
{
    if (r->count == 0)
        return;
    size_t proposal = r->count - 1 - pick(r->count < 12 ? r->count : 12);
    company = pick(3) == 0 ? company : r->proposals[proposal].proposer;
    expect(gw_withdraw(w, company, &w->proposals[proposal]), gr_withdraw(r, company, proposal),
           "withdraw");
}

static void announce(size_t company)
{
    size_t slot = GW_NODE + pick(3);
    for (size_t k = 0; k < GR_KEYS && pick(4) > 0; k++)
        if (r->candidates[k].there && pick(2) == 0) {
            company = k / GW_KEYS;
            slot = k % GW_KEYS;
        }
    bool enter = pick(4) > 0;
    uint64_t age = pick(8) == 0 ? pick(140) : 1 + pick(20);
    expect(gw_announce(w, company, (enum gw_slot)slot, enter, age),
           gr_announce(r, company, slot, enter, age), "node");
}

/* ------------------------------------------------------------------ how the ledger stands */

static uint64_t bits_of(const struct authority_set *set)
{
    uint64_t bits = 0;
    for (size_t k = 0; k < GR_KEYS; k++)
        if (authority_set_find(set, gw_kid(w, k / GW_KEYS, (enum gw_slot)(k % GW_KEYS))) >= 0)
            bits |= GR_BIT(k);
    return bits;
}

static void same(uint64_t is, uint64_t want, const char *what, size_t which)
{
    if (is != want)
        fail_msg("--seed %" PRIu64 ": block before operation %zu: %s %zu: %" PRIu64
                 ", expected %" PRIu64,
                 draw_seed, step, what, which, is, want);
}

static void compare(void)
{
    struct authority_set now = gw_set(w, false), next = gw_set(w, true);
    struct constitution c = constitution_default();
    same(bits_of(&now), r->now, "set", 0);
    same(bits_of(&next), r->next, "next set", 0);
    set_changes += r->now != r->next ? 1 : 0;
    for (size_t i = 0; i < GW_COMPANIES; i++) {
        same(gw_is_member(w, i) ? 1 : 0, r->active[i] ? 1 : 0, "member", i);
        same(gw_roles(w, i), r->roles[i], "roles", i);
    }
    for (size_t i = 0; i < r->count; i++)
        same(gw_status(w, &w->proposals[i]), r->proposals[i].status, "proposal", i);
    (void)gw_constitution(w, &c);
    same(c.rules, r->c.rules, "rules", 0);
    same(c.otherwise.n * 100 + c.otherwise.d, r->c.otherwise.n * 100 + r->c.otherwise.d,
         "threshold", 0);
    for (size_t i = 1; i <= ACTION_LAST; i++)
        same(c.actions[i].there ? c.actions[i].threshold.d : 0,
             r->c.actions[i].there ? r->c.actions[i].threshold.d : 0, "rule", i);
}

/*
 * What the open block's effects did is seen after it; so the reference begins its next block when the
 * ledger's ends, and both are compared between.
 */
static void block(void)
{
    uint64_t ms = pick(20) == 0 ? 15000 : GW_BLOCK_MS;
    gw_block_after(w, ms);
    compare();
    gr_block(r, ms);
    for (size_t i = 0; i < GW_COMPANIES; i++)
        w->voice[i] = (enum gw_slot)r->voice[i];
}

static void journey(uint64_t seed, uint64_t length)
{
    draw_seed = draw_state = seed;
    size_t members = 1 + pick(5), authorities = 1 + pick(members);
    struct constitution law = constitution_default();
    w = gw_new(members, authorities, &law);
    r = calloc(1, sizeof *r);
    assert_non_null(r);
    gr_begin(r, w, members, authorities, &law);
    for (step = 0; step < length; step++) {
        size_t company = draw_company(), what = pick(20);
        if (what < 3)
            block();
        else if (what < 7)
            propose(company);
        else if (what < 16)
            vote(company);
        else if (what < 19)
            announce(company);
        else if (pick(4) == 0)
            withdraw(company);
        else if (pick(10) == 0)
            for (size_t i = 0; i < 12; i++) /* more than one may have open */
                propose(company);
    }
    block();
    for (size_t i = 0; i < r->count; i++)
        statuses[r->proposals[i].status]++;
    gw_free(w);
    free(r);
}

/* ------------------------------------------------------------------ the tests */

static void random_votes_come_out_as_the_reference_says(void **state)
{
    (void)state;
    uint64_t played = 0;
    for (uint64_t seed = first_seed; played < operations; seed++) {
        uint64_t left = operations - played, length = left < JOURNEY ? left : JOURNEY;
        journey(seed, length);
        played += length;
    }
    if (operations < 40000)
        return;
    static const enum refusal reached[] = { ACCEPTED,
                                            REFUSED_UNKNOWN_KEY,
                                            REFUSED_REVOKED,
                                            REFUSED_NOT_ALLOWED,
                                            REFUSED_EXISTS,
                                            REFUSED_KID_TAKEN,
                                            REFUSED_BAD_REQUEST,
                                            REFUSED_UNKNOWN_MEMBER,
                                            REFUSED_EXPIRED,
                                            REFUSED_PROPOSAL_CLOSED,
                                            REFUSED_VOTED_ALREADY,
                                            REFUSED_NOT_OPERATOR,
                                            REFUSED_BAD_ACTION,
                                            REFUSED_LAST_AUTHORITY,
                                            REFUSED_TOO_MANY_OPEN,
                                            REFUSED_NOT_CANDIDATE,
                                            REFUSED_TIP_NOT_RECENT,
                                            REFUSED_SET_CHANGING,
                                            REFUSED_NOT_PROPOSER,
                                            REFUSED_NOT_SPONSOR,
                                            REFUSED_NOT_APPROVED,
                                            REFUSED_BAD_EXPIRY };
    for (size_t i = 0; i < sizeof reached / sizeof reached[0]; i++)
        if (codes[reached[i]] == 0)
            fail_msg("no operation was answered with %s", refusal_name(reached[i]));
    for (size_t i = 0; i <= PROPOSAL_NOT_APPLIED; i++)
        if (statuses[i] == 0)
            fail_msg("no proposal ended as %s", proposal_status_name((enum proposal_status)i));
    assert_true(set_changes > 20);
}

static int tell(void **state)
{
    (void)state;
    for (size_t i = 0; i < 256 && operations != 40000; i++)
        if (codes[i] > 0)
            print_message("%12" PRIu64 " %s\n", codes[i], refusal_name(i));
    print_message("accepted %" PRIu64 ", changes of the set %" PRIu64 ", proposals applied %" PRIu64
                  ", not applied %" PRIu64 "\n",
                  codes[ACCEPTED], set_changes, statuses[PROPOSAL_APPLIED],
                  statuses[PROPOSAL_NOT_APPLIED]);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_votes_come_out_as_the_reference_says),
    };
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            first_seed = value;
        else if (strcmp(argv[i], "--count") == 0)
            operations = value;
    }
    return cmocka_run_group_tests(tests, NULL, tell);
}
