/* Members and authorities: how they come, go and change, and what becomes of what they left open. */
#include "tests/support/govern_world.h"

#include "common/state_key.h"
#include "common/state_value.h"

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

#define SAYS(call, code) assert_string_equal(refusal_name(call), #code)
#define HAS(text)        assert_true(gw_has(w, text))

static struct gw_proposal about(enum govern_action action, size_t company, enum gw_slot slot)
{
    struct gw_proposal p = { .action = action };
    p.body.kid = *gw_kid(w, company, slot);
    return p;
}

static struct gw_proposal add_member(size_t company)
{
    struct gw_proposal p = { .action = ACTION_ADD_MEMBER };
    p.body.request = gw_request(w, company, GW_MEMBER, gw_kid(w, company, GW_MEMBER));
    p.body.name = slice_text("New");
    return p;
}

static struct gw_proposal add_authority(size_t company, enum gw_slot slot)
{
    struct gw_proposal p = { .action = ACTION_ADD_AUTHORITY };
    p.body.request = gw_request(w, company, slot, gw_kid(w, company, GW_MEMBER));
    p.body.until_ms = w->context.time_ms + 3600000;
    return p;
}

static struct gw_proposal recover(size_t company, size_t with, enum gw_slot slot)
{
    struct gw_proposal p = { .action = ACTION_RECOVER_MEMBER };
    p.body.kid = *gw_kid(w, company, GW_MEMBER);
    p.body.request = gw_request(w, with, slot, gw_kid(w, company, GW_MEMBER));
    return p;
}

/* Proposed by the first member, voted for by all until it passes; its effect is in the open block. */
static struct hash decide(struct gw_proposal p)
{
    assert_int_equal(gw_propose(w, A, &p), ACCEPTED);
    struct hash hash = *gw_last(w);
    for (size_t i = 0; i < GW_COMPANIES; i++)
        if (gw_is_member(w, i))
            (void)gw_vote(w, i, &hash, true);
    gw_block(w);
    assert_int_equal(gw_status(w, &hash), PROPOSAL_PASSED);
    return hash;
}

static bool in_set(const struct authority_set *set, size_t company, enum gw_slot slot)
{
    return authority_set_find(set, gw_kid(w, company, slot)) >= 0;
}

static bool seals(size_t company, enum gw_slot slot) /* the open block */
{
    struct authority_set set = gw_set(w, true);
    return in_set(&set, company, slot);
}

/* ------------------------------------------------------------------ growing */

/* From two to four, a member and an authority at a time; what was open meanwhile is voted on anew. */
static void two_members_and_their_authorities_join_in_six_steps(void **state)
{
    (void)state;
    w = gw_new(2, 2, &law);
    struct gw_proposal open = { .action = ACTION_SET_PARAMETER };
    static const uint8_t one[] = { 1 };
    open.body.number = 2;
    open.body.value = slice_of(one, 1);
    SAYS(gw_propose(w, B, &open), ACCEPTED);
    struct hash waiting = *gw_last(w);
    SAYS(gw_vote(w, A, &waiting, true), ACCEPTED);
    for (size_t company = C; company <= D; company++) {
        (void)decide(add_member(company)); /* 1, 4 */
        gw_block(w);
        assert_true(gw_is_member(w, company));
        assert_int_equal(gw_set(w, true).count, company);
        (void)decide(add_authority(company, GW_NODE)); /* 2, 5 */
        gw_block(w);
        assert_int_equal(gw_count(w, "authorised"), 1);
        assert_int_equal(gw_set(w, true).count, company); /* not yet: it has to say that it runs */
        SAYS(gw_vote(w, A, &waiting, true), VOTED_ALREADY);
        SAYS(gw_announce(w, company, GW_NODE, true, 1), ACCEPTED); /* 3, 6 */
        gw_block(w);
        assert_int_equal(gw_count(w, "set_changed"), 1);
        assert_int_equal(gw_set(w, false).count, company); /* this block's */
        assert_int_equal(gw_set(w, true).count, company + 1);
        SAYS(gw_vote(w, A, &waiting, true), ACCEPTED); /* the old one lapsed */
    }
    gw_block(w);
    struct authority_set now = gw_set(w, false);
    assert_int_equal(now.count, 4);
    assert_int_equal(authority_set_quorum(&now), 3);
    assert_true(in_set(&now, C, GW_NODE) && in_set(&now, D, GW_NODE));
    assert_int_equal(gw_status(w, &waiting), PROPOSAL_OPEN);
}

static void a_candidate_shows_that_it_follows_the_ledger(void **state)
{
    (void)state;
    w = gw_new(2, 1, &law);
    SAYS(gw_announce(w, B, GW_NODE, true, 1), UNKNOWN_KEY);
    (void)decide(add_authority(B, GW_NODE));
    SAYS(gw_announce(w, B, GW_NODE, true, 0), TIP_NOT_RECENT); /* no anchor */
    for (int i = 0; i < 130; i++)
        gw_block(w);
    SAYS(gw_announce(w, B, GW_NODE, true, 121), TIP_NOT_RECENT);
    struct statement s = { .kind = KIND_NODE };
    s.as.node =
        (struct node_announce){ { slice_text("h:1"), slice_text("https://h:2"), slice_text("DER") },
                                true };
    s.link.anchor = (struct anchor){ true, w->context.height - 1, { 1, 2, 3 } };
    SAYS(gw_say(w, B, GW_NODE, s), TIP_NOT_RECENT); /* of another chain */
    s.as.node.enter = false;
    SAYS(gw_say(w, B, GW_NODE, s), ACCEPTED); /* but it may say where it is */
    SAYS(gw_announce(w, B, GW_NODE, true, 120), ACCEPTED);
    SAYS(gw_announce(w, B, GW_NODE, true, 1), EXISTS);
    gw_block(w);
    HAS("node B-node 127.0.0.1:18830 https://127.0.0.1:18840");
    HAS("set_changed B-node B-node - #");
}

static void a_candidate_enters_in_time_or_not_at_all(void **state)
{
    (void)state;
    w = gw_new(2, 1, &law);
    struct gw_proposal p = add_authority(B, GW_NODE);
    p.body.until_ms = w->context.time_ms;
    SAYS(gw_propose(w, A, &p), EXPIRED);
    p.body.until_ms = w->context.time_ms + 3 * GW_BLOCK_MS;
    (void)decide(p);
    gw_block_after(w, GW_BLOCK_MS);
    SAYS(gw_announce(w, B, GW_NODE, false, 0), ACCEPTED);
    gw_block_after(w, GW_BLOCK_MS);
    SAYS(gw_announce(w, B, GW_NODE, true, 1), NOT_CANDIDATE);
    SAYS(gw_announce(w, B, GW_NODE, false, 1), NOT_CANDIDATE);
    SAYS(gw_announce(w, A, GW_MEMBER, false, 1), NOT_ALLOWED);
    SAYS(gw_announce(w, A, GW_NODE, false, 1), ACCEPTED);
    p = add_authority(B, GW_NODE); /* again, with the key the ledger knows by now */
    (void)decide(p);
    SAYS(gw_announce(w, B, GW_NODE, true, 1), ACCEPTED);
}

static void one_authority_enters_a_block(void **state)
{
    (void)state;
    w = gw_new(3, 1, &law);
    (void)decide(add_authority(B, GW_NODE));
    (void)decide(add_authority(C, GW_NODE));
    SAYS(gw_announce(w, B, GW_NODE, true, 1), ACCEPTED);
    SAYS(gw_announce(w, C, GW_NODE, true, 1), SET_CHANGING);
    gw_block(w);
    SAYS(gw_announce(w, C, GW_NODE, true, 1), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_set(w, true).count, 3);
}

/* A spare takes the place of the member's authority in one change. */
static void a_member_has_one_authority(void **state)
{
    (void)state;
    w = gw_new(4, 4, &law);
    (void)decide(add_authority(B, GW_SPARE));
    (void)decide(add_authority(B, GW_THIRD));
    SAYS(gw_announce(w, B, GW_SPARE, true, 1), ACCEPTED);
    gw_block(w);
    HAS("set_changed B-spare B-spare B-node #");
    assert_true(seals(B, GW_SPARE) && !seals(B, GW_NODE));
    assert_int_equal(gw_set(w, true).count, 4);
    SAYS(gw_announce(w, B, GW_NODE, false, 1), NOT_CANDIDATE); /* its time is over */
    SAYS(gw_announce(w, B, GW_THIRD, true, 1), ACCEPTED);
    gw_block(w);
    assert_true(seals(B, GW_THIRD) && !seals(B, GW_SPARE));
    (void)decide(add_authority(B, GW_NODE)); /* and back */
    SAYS(gw_announce(w, B, GW_NODE, true, 1), ACCEPTED);
    gw_block(w);
    assert_true(seals(B, GW_NODE));
}

/* ------------------------------------------------------------------ leaving */

static void a_removed_member_takes_its_authority_along(void **state)
{
    (void)state;
    w = gw_new(4, 4, &law);
    struct gw_proposal harmless = about(ACTION_ADD_SPONSOR, C, GW_MEMBER);
    SAYS(gw_propose(w, A, &harmless), ACCEPTED);
    struct hash others = *gw_last(w);
    SAYS(gw_propose(w, B, &harmless), ACCEPTED);
    struct hash own = *gw_last(w);
    SAYS(gw_vote(w, B, &others, true), ACCEPTED);
    SAYS(gw_vote(w, C, &others, true), ACCEPTED);
    struct gw_proposal p = about(ACTION_REMOVE_MEMBER, B, GW_MEMBER);
    SAYS(gw_propose(w, A, &p), ACCEPTED);
    struct hash removal = *gw_last(w);
    SAYS(gw_vote(w, A, &removal, true), ACCEPTED);
    SAYS(gw_vote(w, C, &removal, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &removal), PROPOSAL_OPEN);
    SAYS(gw_vote(w, D, &removal, true), ACCEPTED);
    SAYS(gw_say(w, B, GW_MEMBER, kit_party(gw_kid(w, B, GW_MEMBER))), ACCEPTED);
    gw_block(w);
    SAYS(gw_say(w, B, GW_MEMBER, kit_party(gw_kid(w, B, GW_MEMBER))), REVOKED);
    SAYS(gw_announce(w, B, GW_NODE, false, 1), REVOKED);
    assert_true(seals(B, GW_NODE)); /* this block is still its own to seal */
    gw_block(w);
    HAS("member_removed B");
    HAS("set_changed B-node - B-node #");
    HAS("ballot_rescinded P1 B");
    HAS("proposal_withdrawn P2");
    assert_false(gw_is_member(w, B));
    assert_false(seals(B, GW_NODE));
    assert_int_equal(gw_set(w, true).count, 3);
    assert_int_equal(gw_status(w, &own), PROPOSAL_WITHDRAWN);
    assert_int_equal(gw_status(w, &others), PROPOSAL_OPEN);
    p = about(ACTION_REMOVE_MEMBER, B, GW_MEMBER);
    SAYS(gw_propose(w, A, &p), UNKNOWN_MEMBER);
    p = add_member(B);
    SAYS(gw_propose(w, A, &p), KID_TAKEN); /* it may come back under another key */
    p = add_authority(B, GW_SPARE);
    SAYS(gw_propose(w, A, &p), UNKNOWN_MEMBER);
}

/* Three authorities: nobody is put out against its will, for a quorum is all three. */
static void of_three_authorities_all_agree_to_a_removal(void **state)
{
    (void)state;
    w = gw_new(3, 3, &law);
    struct gw_proposal p = about(ACTION_REMOVE_MEMBER, B, GW_MEMBER);
    SAYS(gw_propose(w, A, &p), ACCEPTED);
    struct hash hash = *gw_last(w);
    SAYS(gw_vote(w, A, &hash, true), ACCEPTED);
    SAYS(gw_vote(w, C, &hash, true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &hash), PROPOSAL_OPEN);
    SAYS(gw_vote(w, B, &hash, false), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, &hash), PROPOSAL_REJECTED);
    (void)decide(p);
    gw_block(w);
    assert_int_equal(gw_set(w, true).count, 2);
}

static void the_last_authority_stays(void **state)
{
    (void)state;
    w = gw_new(2, 1, &law);
    struct gw_proposal p = about(ACTION_REMOVE_AUTHORITY, A, GW_NODE);
    SAYS(gw_propose(w, B, &p), LAST_AUTHORITY);
    p = about(ACTION_REMOVE_MEMBER, A, GW_MEMBER);
    SAYS(gw_propose(w, B, &p), LAST_AUTHORITY);
    p = about(ACTION_REMOVE_AUTHORITY, B, GW_NODE);
    SAYS(gw_propose(w, B, &p), NOT_CANDIDATE);
    (void)decide(add_authority(B, GW_NODE));
    p = about(ACTION_REMOVE_AUTHORITY, B, GW_NODE);
    gw_block(w);
    (void)decide(p); /* a candidate's leave is withdrawn */
    SAYS(gw_announce(w, B, GW_NODE, true, 1), NOT_CANDIDATE);
}

/* Two removals for one height: the second moves on, and no longer fits when it would be the last. */
static void one_change_of_the_set_a_block(void **state)
{
    (void)state;
    w = gw_new(2, 2, &law);
    uint64_t height = w->context.height + 2;
    struct gw_proposal a = about(ACTION_REMOVE_AUTHORITY, A, GW_NODE);
    struct gw_proposal b = about(ACTION_REMOVE_AUTHORITY, B, GW_NODE);
    a.height = b.height = height;
    SAYS(gw_propose(w, A, &a), ACCEPTED);
    struct hash first = *gw_last(w);
    SAYS(gw_propose(w, A, &b), ACCEPTED);
    struct hash second = *gw_last(w);
    for (size_t i = A; i <= B; i++) {
        SAYS(gw_vote(w, i, &first, true), ACCEPTED);
        SAYS(gw_vote(w, i, &second, true), ACCEPTED);
    }
    gw_block(w);
    gw_block(w);
    assert_int_equal(w->context.height, height);
    gw_block(w);
    HAS("applied P1 4");
    HAS("proposal_passed P2 4");
    assert_int_equal(gw_status(w, &second), PROPOSAL_PASSED);
    gw_block(w);
    HAS("not_applied P2 134");
    assert_int_equal(gw_status(w, &second), PROPOSAL_NOT_APPLIED);
    assert_true(seals(B, GW_NODE));
}

/* ------------------------------------------------------------------ keys */

static void requests_are_for_this_ledger_and_this_member(void **state)
{
    (void)state;
    w = gw_new(2, 1, &law);
    struct gw_proposal p = add_member(C);
    p.body.request = gw_request(w, C, GW_MEMBER, gw_kid(w, A, GW_MEMBER));
    SAYS(gw_propose(w, A, &p), BAD_REQUEST);
    struct hash id = w->id;
    w->id.bytes[0] ^= 1;
    p.body.request = gw_request(w, C, GW_MEMBER, gw_kid(w, C, GW_MEMBER));
    w->id = id;
    SAYS(gw_propose(w, A, &p), BAD_REQUEST);
    p = add_member(B);
    SAYS(gw_propose(w, A, &p), KID_TAKEN);
    p = add_authority(C, GW_NODE);
    SAYS(gw_propose(w, A, &p), UNKNOWN_MEMBER);
    p = add_authority(A, GW_NODE);
    SAYS(gw_propose(w, A, &p), EXISTS);
    p = add_authority(A, GW_MEMBER);
    SAYS(gw_propose(w, A, &p), KID_TAKEN);
    p.body.request = gw_request(w, A, GW_NODE, gw_kid(w, B, GW_MEMBER));
    SAYS(gw_propose(w, A, &p), KID_TAKEN); /* nobody takes another's node */
    p = recover(B, C, GW_MEMBER);
    p.body.request = gw_request(w, C, GW_MEMBER, gw_kid(w, A, GW_MEMBER));
    SAYS(gw_propose(w, A, &p), BAD_REQUEST);
    p = recover(C, C, GW_SECOND);
    SAYS(gw_propose(w, A, &p), UNKNOWN_MEMBER);
    p = recover(B, A, GW_MEMBER);
    SAYS(gw_propose(w, A, &p), KID_TAKEN);
}

static void a_member_that_lost_its_key_gets_another(void **state)
{
    (void)state;
    w = gw_new(3, 1, &law);
    (void)decide(recover(C, C, GW_SECOND));
    gw_block(w);
    HAS("enrolled C-second 0 C");
    assert_int_equal(gw_count(w, "revoked C "), 1);
    SAYS(gw_say(w, C, GW_MEMBER, kit_party(gw_kid(w, C, GW_MEMBER))), REVOKED);
    SAYS(gw_say(w, C, GW_SECOND, kit_party(gw_kid(w, C, GW_MEMBER))), ACCEPTED);
    struct gw_proposal p = about(ACTION_ADD_SPONSOR, C, GW_MEMBER);
    SAYS(gw_propose(w, A, &p), ACCEPTED);
    struct statement s = { .kind = KIND_BALLOT };
    struct authority_set set = gw_set(w, true);
    s.as.ballot =
        (struct ballot){ .proposal = *gw_last(w), .yes = true, .set = authority_set_hash(&set) };
    SAYS(gw_say(w, C, GW_SECOND, s), ACCEPTED); /* and votes for the same member */
    gw_block(w);
    HAS("ballot P2 C yes");
    (void)decide(recover(C, C, GW_THIRD)); /* which loses that one too */
    gw_block(w);
    assert_int_equal(gw_count(w, "revoked C-second "), 1);
    SAYS(gw_say(w, C, GW_SECOND, s), REVOKED);
}

static void effects_that_no_longer_fit_are_told(void **state)
{
    (void)state;
    w = gw_new(3, 1, &law);
    uint64_t height = w->context.height + 2;
    struct gw_proposal p = add_member(D);
    p.height = height;
    SAYS(gw_propose(w, A, &p), ACCEPTED);
    SAYS(gw_propose(w, A, &p), ACCEPTED);
    for (size_t i = A; i <= B; i++)
        for (size_t k = 0; k < 2; k++)
            SAYS(gw_vote(w, i, &w->proposals[k], true), ACCEPTED);
    gw_block(w);
    gw_block(w);
    gw_block(w);
    HAS("applied P1 1");
    HAS("not_applied P2 43");
    assert_int_equal(gw_count(w, "member_added"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_members_and_their_authorities_join_in_six_steps),
        TEST(a_candidate_shows_that_it_follows_the_ledger),
        TEST(a_candidate_enters_in_time_or_not_at_all),
        TEST(one_authority_enters_a_block),
        TEST(a_member_has_one_authority),
        TEST(a_removed_member_takes_its_authority_along),
        TEST(of_three_authorities_all_agree_to_a_removal),
        TEST(the_last_authority_stays),
        TEST(one_change_of_the_set_a_block),
        TEST(requests_are_for_this_ledger_and_this_member),
        TEST(a_member_that_lost_its_key_gets_another),
        TEST(effects_that_no_longer_fit_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
