/* Proposals and ballots: who may, what passes and when, and what lapses. */
#include "tests/support/govern_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { A, B, C, D, E, F, G, H };

static struct govern_world *w;
static struct constitution law;

static int set_up(void **state)
{
    (void)state;
    law = constitution_default();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gw_free(w);
    return 0;
}

static void found(size_t members, size_t authorities)
{
    w = gw_new(members, authorities, &law);
}

/* Something harmless that more than half decide. */
static struct gw_proposal harmless(uint64_t wait_ms)
{
    static uint8_t value[16];
    struct buf b = buf_fixed(value, sizeof value);
    cbor_put_uint(&b, wait_ms);
    struct gw_proposal p = { .action = ACTION_SET_PARAMETER };
    p.body.number = 2;
    p.body.value = buf_slice(&b);
    return p;
}

static struct hash propose(size_t company, struct gw_proposal p)
{
    assert_int_equal(gw_propose(w, company, &p), ACCEPTED);
    return *gw_last(w);
}

static struct gw_proposal about_member(enum govern_action action, size_t company)
{
    struct gw_proposal p = { .action = action };
    p.body.kid = *gw_kid(w, company, GW_MEMBER);
    return p;
}

static struct gw_proposal new_member(size_t company)
{
    struct gw_proposal p = { .action = ACTION_ADD_MEMBER };
    p.body.request = gw_request(w, company, GW_MEMBER, gw_kid(w, company, GW_MEMBER));
    p.body.name = slice_text("New");
    return p;
}

#define SAYS(call, code) assert_string_equal(refusal_name(call), #code)
#define HAS(text)        assert_true(gw_has(w, text))

/* ------------------------------------------------------------------ passing */

static void a_member_is_added_at_the_threshold_and_not_before(void **state)
{
    (void)state;
    found(3, 1);
    struct hash p = propose(B, new_member(D));
    gw_block(w);
    HAS("proposed P1 1 B");
    assert_false(gw_is_member(w, D));
    SAYS(gw_vote(w, B, &p, true), ACCEPTED); /* proposing was no ballot */
    gw_block(w);
    HAS("ballot P1 B yes");
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN);
    assert_false(gw_is_member(w, D));
    SAYS(gw_vote(w, C, &p, true), ACCEPTED);
    uint64_t height = w->context.height;
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_PASSED);
    assert_int_equal(gw_count(w, "proposal_passed P1"), 1);
    assert_false(gw_is_member(w, D)); /* it takes effect with the next block */
    SAYS(gw_say(w, D, GW_MEMBER, kit_party(gw_kid(w, D, GW_MEMBER))), ACCEPTED);
    assert_int_equal(w->context.height, height + 1);
    gw_block(w);
    HAS("applied P1 1");
    HAS("member_added D New");
    assert_int_equal(gw_status(w, &p), PROPOSAL_APPLIED);
    assert_true(gw_is_member(w, D));
}

static void more_than_half_is_more_than_half(void **state)
{
    (void)state;
    found(4, 1);
    struct hash p = propose(A, harmless(1));
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    SAYS(gw_vote(w, B, &p, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN); /* half is not more than half */
    SAYS(gw_vote(w, D, &p, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_PASSED);
    SAYS(gw_vote(w, C, &p, true), PROPOSAL_CLOSED);
}

static void it_takes_effect_at_the_height_it_names(void **state)
{
    (void)state;
    found(2, 1);
    struct gw_proposal draft = harmless(1);
    draft.height = w->context.height + 3;
    struct hash p = propose(A, draft);
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    SAYS(gw_vote(w, B, &p, true), ACCEPTED);
    for (int i = 0; i < 3; i++) {
        gw_block(w);
        assert_int_equal(gw_status(w, &p), PROPOSAL_PASSED);
    }
    gw_block(w);
    HAS("applied P1 11");
    assert_int_equal(gw_status(w, &p), PROPOSAL_APPLIED);
}

static void what_can_pass_no_more_is_rejected(void **state)
{
    (void)state;
    found(3, 1);
    struct hash p = propose(A, harmless(1));
    SAYS(gw_vote(w, A, &p, false), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN); /* two are left, and enough */
    SAYS(gw_vote(w, B, &p, false), ACCEPTED);
    gw_block(w);
    HAS("proposal_rejected P1");
    assert_int_equal(gw_status(w, &p), PROPOSAL_REJECTED);
    SAYS(gw_vote(w, C, &p, true), PROPOSAL_CLOSED);
}

static void a_veto_ends_it(void **state)
{
    (void)state;
    w = gw_new(4, 1, &law); /* whose kids the constitution names */
    struct constitution_rule *rule = &law.actions[ACTION_SET_PARAMETER];
    *rule = (struct constitution_rule){ .there = true, .threshold = { 1, 2, true } };
    rule->veto[rule->veto_count++] = *gw_kid(w, B, GW_MEMBER);
    gw_free(w);
    found(4, 1);
    struct hash p = propose(A, harmless(1)), q = propose(A, harmless(2));
    SAYS(gw_vote(w, C, &p, false), ACCEPTED);
    SAYS(gw_vote(w, B, &q, true), ACCEPTED); /* its yes is as everybody's */
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN);
    assert_int_equal(gw_status(w, &q), PROPOSAL_OPEN);
    SAYS(gw_vote(w, B, &p, false), ACCEPTED);
    gw_block(w);
    HAS("proposal_rejected P1");
}

static void operators_decide_what_is_theirs(void **state)
{
    (void)state;
    found(3, 1);
    struct hash p = propose(A, about_member(ACTION_ADD_OPERATOR, B));
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    SAYS(gw_vote(w, C, &p, true), ACCEPTED);
    gw_block(w);
    gw_block(w);
    assert_int_equal(gw_roles(w, B), ROLE_BIT_OPERATOR);
    struct constitution new = law;
    new.actions[ACTION_SET_PARAMETER] = (struct constitution_rule){ .there = true,
                                                                    .threshold = { 1, 2, true },
                                                                    .operator_only = true };
    uint8_t memory[256];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    constitution_put(&bytes, &new);
    struct gw_proposal amend = { .action = ACTION_AMEND };
    amend.body.constitution = buf_slice(&bytes);
    p = propose(C, amend);
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    SAYS(gw_vote(w, C, &p, true), ACCEPTED);
    gw_block(w);
    gw_block(w);
    HAS("applied P2 13");
    struct gw_proposal draft = harmless(7);
    SAYS(gw_propose(w, A, &draft), NOT_OPERATOR);
    p = propose(B, draft);
    SAYS(gw_vote(w, A, &p, true), NOT_OPERATOR);
    SAYS(gw_vote(w, B, &p, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_PASSED); /* one operator of one */
    draft = about_member(ACTION_REMOVE_OPERATOR, B);
    SAYS(gw_propose(w, A, &draft), BAD_ACTION);
    draft = about_member(ACTION_REMOVE_MEMBER, B);
    SAYS(gw_propose(w, A, &draft), BAD_ACTION);
}

/* ------------------------------------------------------------------ who may */

static void only_members_themselves_govern(void **state)
{
    (void)state;
    found(2, 2);
    struct statement s = { .kind = KIND_WITHDRAW };
    SAYS(gw_say(w, A, GW_NODE, s), NOT_ALLOWED);
    SAYS(gw_say(w, C, GW_MEMBER, s), UNKNOWN_KEY);
    assert_int_equal(gw_say(w, A, GW_NODE, kit_party(gw_kid(w, A, GW_MEMBER))),
                     REFUSED_NOT_ALLOWED);
    gw_free(w);
    w = gw_new(2, 1, NULL);
    struct gw_proposal draft = harmless(1);
    SAYS(gw_propose(w, A, &draft), NOT_ALLOWED);
    SAYS(gw_withdraw(w, A, &w->id), NOT_ALLOWED);
    SAYS(gw_vote(w, A, &w->id, true), NOT_ALLOWED);
}

static void one_ballot_a_member(void **state)
{
    (void)state;
    found(4, 1);
    struct hash p = propose(A, harmless(1)), unknown = { { 9 } };
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    SAYS(gw_vote(w, A, &p, true), VOTED_ALREADY);
    SAYS(gw_vote(w, A, &p, false), VOTED_ALREADY);
    gw_block(w);
    SAYS(gw_vote(w, A, &p, true), VOTED_ALREADY);
    SAYS(gw_vote(w, A, &unknown, true), NO_SUCH_PROPOSAL);
    struct statement s = { .kind = KIND_BALLOT };
    s.as.ballot = (struct ballot){ .proposal = p, .yes = true, .set = unknown };
    SAYS(gw_say(w, B, GW_MEMBER, s), OTHER_SET);
}

static void its_proposer_withdraws_it(void **state)
{
    (void)state;
    found(3, 1);
    struct hash p = propose(A, harmless(1)), unknown = { { 9 } };
    SAYS(gw_withdraw(w, B, &p), NOT_PROPOSER);
    SAYS(gw_withdraw(w, A, &unknown), NO_SUCH_PROPOSAL);
    SAYS(gw_withdraw(w, A, &p), ACCEPTED);
    SAYS(gw_withdraw(w, A, &p), PROPOSAL_CLOSED);
    SAYS(gw_vote(w, A, &p, true), PROPOSAL_CLOSED);
    gw_block(w);
    HAS("proposal_withdrawn P1");
}

static void so_many_are_open_and_no_more(void **state)
{
    (void)state;
    struct gw_proposal draft = harmless(1);
    found(8, 1);
    for (size_t i = 0; i < 8; i++)
        (void)propose(A, draft);
    SAYS(gw_propose(w, A, &draft), TOO_MANY_OPEN);
    for (size_t i = 8; i < 64; i++)
        (void)propose(i / 8, draft);
    SAYS(gw_withdraw(w, A, &w->proposals[3]), ACCEPTED);
    SAYS(gw_propose(w, B, &draft), TOO_MANY_OPEN);
    SAYS(gw_propose(w, A, &draft), ACCEPTED);
    SAYS(gw_propose(w, A, &draft), TOO_MANY_OPEN);
}

static void an_effect_is_named_for_a_height_within_reach(void **state)
{
    (void)state;
    found(1, 1);
    struct gw_proposal draft = harmless(1);
    draft.height = w->context.height + 1000000001;
    SAYS(gw_propose(w, A, &draft), BAD_ACTION);
    gw_block(w);
    assert_string_equal(w->detail, "its effect would be more than 1000000000 blocks ahead");
    draft.height = INT64_MAX;
    SAYS(gw_propose(w, A, &draft), BAD_ACTION);
    draft.height = w->context.height + 1000000000;
    SAYS(gw_propose(w, A, &draft), ACCEPTED);
}

/* So many pass for one height, and one more: it waits for the next. */
static void effects_of_one_height_are_so_many(void **state)
{
    (void)state;
    found(1, 1);
    struct gw_proposal draft = harmless(1);
    draft.height = w->context.height + 1000;
    for (size_t i = 0; i <= STATE_HASHES_MAX; i++) {
        struct hash p = propose(A, draft);
        SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    }
    gw_block(w);
    HAS("proposal_passed P1 1001");
    HAS("proposal_passed P64 1001");
    HAS("proposal_passed P65 1002");
}

static void fill(uint64_t height)
{
    struct state_hashes at = { .count = STATE_HASHES_MAX };
    struct buf value = buf_heap(4096);
    struct state_key key = state_key_effects(height);
    state_hashes_put(&value, &at);
    memory_state_set(w->state, state_key_slice(&key), buf_slice(&value));
    buf_free(&value);
}

/* Where no height near the one it names has room, the ballot that would pass it stays off, and it is open. */
static void without_room_for_its_effect_it_stays_open(void **state)
{
    (void)state;
    found(1, 1);
    struct gw_proposal draft = harmless(1);
    draft.height = w->context.height + 1000;
    struct hash p = propose(A, draft);
    for (uint64_t i = 0; i < 64; i++)
        fill(draft.height + i);
    gw_block(w);
    SAYS(gw_vote(w, A, &p, true), FULL);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN);
    SAYS(gw_withdraw(w, A, &p), ACCEPTED);
}

/* ------------------------------------------------------------------ time */

static void what_expired_never_passes(void **state)
{
    (void)state;
    found(3, 1);
    struct gw_proposal draft = harmless(1);
    draft.for_ms = 5000;
    struct hash p = propose(A, draft);
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    gw_block_after(w, 4999);
    SAYS(gw_vote(w, A, &p, true), VOTED_ALREADY); /* its last moment */
    gw_block_after(w, 1);
    SAYS(gw_vote(w, B, &p, true), PROPOSAL_CLOSED);
    SAYS(gw_withdraw(w, A, &p), PROPOSAL_CLOSED);
    gw_block(w);
    HAS("proposal_expired P1");
    assert_int_equal(gw_status(w, &p), PROPOSAL_EXPIRED);
    SAYS(gw_vote(w, C, &p, true), PROPOSAL_CLOSED);
}

/* Its timer waits behind others; the vote is over all the same. */
static void a_late_timer_lets_nothing_pass(void **state)
{
    (void)state;
    found(2, 1);
    struct gw_proposal draft = harmless(1);
    draft.for_ms = 5000;
    struct hash p = propose(A, draft);
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    w->late = true;
    gw_block_after(w, 5000);
    SAYS(gw_vote(w, B, &p, true), PROPOSAL_CLOSED);
    SAYS(gw_withdraw(w, A, &p), PROPOSAL_CLOSED);
    w->late = false;
    gw_block(w);
    gw_block(w);
    HAS("proposal_expired P1");
}

static void it_ends_later_than_now_and_within_a_year(void **state)
{
    (void)state;
    found(2, 1);
    struct gw_proposal draft = harmless(1);
    draft.for_ms = UINT64_C(365) * 86400000 + 1;
    SAYS(gw_propose(w, A, &draft), BAD_EXPIRY);
    draft.for_ms = UINT64_C(365) * 86400000;
    SAYS(gw_propose(w, A, &draft), ACCEPTED);
    draft.for_ms = UINT64_MAX; /* wraps to a millisecond ago */
    SAYS(gw_propose(w, A, &draft), BAD_EXPIRY);
}

/* ------------------------------------------------------------------ ballots and the authority set */

/* A second authority for B, in three votes of A, B and C. */
static void let_in(size_t company, enum gw_slot slot)
{
    struct gw_proposal draft = { .action = ACTION_ADD_AUTHORITY };
    draft.body.request = gw_request(w, company, slot, gw_kid(w, company, GW_MEMBER));
    draft.body.until_ms = w->context.time_ms + 3600000;
    struct hash p = propose(A, draft);
    for (size_t i = 0; gw_is_member(w, i); i++)
        if (gw_vote(w, i, &p, true) != ACCEPTED)
            break;
    gw_block(w);
    assert_int_equal(gw_announce(w, company, slot, true, 1), ACCEPTED);
    gw_block(w);
}

static void ballots_lapse_when_the_set_changes(void **state)
{
    (void)state;
    found(3, 1);
    struct hash p = propose(A, harmless(1));
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    struct authority_set old = gw_set(w, true);
    let_in(B, GW_NODE);
    SAYS(gw_vote(w, B, &p, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN); /* A's was cast under another set */
    struct statement s = { .kind = KIND_BALLOT };
    s.as.ballot = (struct ballot){ .proposal = p, .yes = true, .set = authority_set_hash(&old) };
    SAYS(gw_say(w, C, GW_MEMBER, s), OTHER_SET);
    SAYS(gw_vote(w, A, &p, true), ACCEPTED); /* again */
    SAYS(gw_vote(w, A, &p, true), PROPOSAL_CLOSED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_PASSED);
}

static void a_lapsed_no_stands_in_nobodys_way(void **state)
{
    (void)state;
    found(3, 1);
    struct hash p = propose(A, harmless(1));
    SAYS(gw_vote(w, A, &p, false), ACCEPTED);
    let_in(B, GW_NODE);
    SAYS(gw_vote(w, B, &p, false), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN);
    SAYS(gw_vote(w, C, &p, true), ACCEPTED);
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_PASSED);
}

/* Four authorities: a quorum is three, whatever the constitution says. */
static void changes_of_the_set_need_a_quorum(void **state)
{
    (void)state;
    law.otherwise = (struct constitution_threshold){ 0, 1, true };
    found(5, 4);
    struct gw_proposal draft = { .action = ACTION_REMOVE_AUTHORITY };
    draft.body.kid = *gw_kid(w, D, GW_NODE);
    struct hash p = propose(A, draft), q = propose(A, harmless(1));
    SAYS(gw_vote(w, A, &q, true), ACCEPTED); /* one is enough */
    SAYS(gw_vote(w, A, &p, true), ACCEPTED);
    SAYS(gw_vote(w, E, &p, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &q), PROPOSAL_PASSED);
    assert_int_equal(gw_status(w, &p), PROPOSAL_OPEN);
    SAYS(gw_vote(w, B, &p, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &p), PROPOSAL_PASSED);
    gw_block(w);
    HAS("set_changed D-node - D-node #");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_member_is_added_at_the_threshold_and_not_before),
        TEST(more_than_half_is_more_than_half),
        TEST(it_takes_effect_at_the_height_it_names),
        TEST(what_can_pass_no_more_is_rejected),
        TEST(a_veto_ends_it),
        TEST(operators_decide_what_is_theirs),
        TEST(only_members_themselves_govern),
        TEST(one_ballot_a_member),
        TEST(its_proposer_withdraws_it),
        TEST(so_many_are_open_and_no_more),
        TEST(an_effect_is_named_for_a_height_within_reach),
        TEST(effects_of_one_height_are_so_many),
        TEST(without_room_for_its_effect_it_stays_open),
        TEST(what_expired_never_passes),
        TEST(a_late_timer_lets_nothing_pass),
        TEST(it_ends_later_than_now_and_within_a_year),
        TEST(ballots_lapse_when_the_set_changes),
        TEST(a_lapsed_no_stands_in_nobodys_way),
        TEST(changes_of_the_set_need_a_quorum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
