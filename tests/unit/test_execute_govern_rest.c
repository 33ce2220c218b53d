/* Roles, contracts, parameters, rules and constitution by vote; evidence against authorities. */
#include "tests/support/govern_world.h"

#include "common/message.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/rules_next.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { A, B, C, D };

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

static struct gw_proposal about(enum govern_action action, size_t company)
{
    struct gw_proposal p = { .action = action };
    p.body.kid = *gw_kid(w, company, GW_MEMBER);
    return p;
}

/* Proposed by the first member, voted for by all until it passes; when this returns it has been done. */
static void decide(struct gw_proposal p)
{
    assert_int_equal(gw_propose(w, A, &p), ACCEPTED);
    struct hash hash = *gw_last(w);
    for (size_t i = 0; i < GW_COMPANIES; i++)
        if (gw_is_member(w, i))
            (void)gw_vote(w, i, &hash, true);
    gw_block(w);
    assert_int_equal(gw_status(w, &hash), PROPOSAL_PASSED);
    gw_block(w);
    assert_int_equal(gw_status(w, &hash), PROPOSAL_APPLIED);
}

static struct gw_proposal amend(const struct constitution *c)
{
    static uint8_t memory[CONSTITUTION_SIZE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    struct gw_proposal p = { .action = ACTION_AMEND };
    constitution_put(&bytes, c);
    p.body.constitution = buf_slice(&bytes);
    return p;
}

/* ------------------------------------------------------------------ roles */

static void roles_come_and_go(void **state)
{
    (void)state;
    w = gw_new(3, 1, &law);
    struct gw_proposal p = about(ACTION_REMOVE_OPERATOR, B);
    SAYS(gw_propose(w, A, &p), NOT_OPERATOR);
    p = about(ACTION_REMOVE_SPONSOR, B);
    SAYS(gw_propose(w, A, &p), NOT_SPONSOR);
    p = about(ACTION_ADD_OPERATOR, D);
    SAYS(gw_propose(w, A, &p), UNKNOWN_MEMBER);
    decide(about(ACTION_ADD_OPERATOR, B));
    decide(about(ACTION_ADD_SPONSOR, B));
    assert_int_equal(gw_roles(w, B), ROLE_BIT_OPERATOR | ROLE_BIT_SPONSOR);
    p = about(ACTION_ADD_OPERATOR, B);
    SAYS(gw_propose(w, A, &p), EXISTS);
    decide(about(ACTION_REMOVE_OPERATOR, B));
    assert_int_equal(gw_roles(w, B), ROLE_BIT_SPONSOR);
    decide(about(ACTION_REMOVE_MEMBER, B));
    assert_int_equal(gw_roles(w, B), 0);
}

static enum refusal enrol(size_t company, enum key_class class)
{
    return gw_say(
        w, company, GW_MEMBER,
        kit_enrol(&w->by[company][GW_DEVICE].key, &w->id, gw_kid(w, company, GW_MEMBER), class));
}

static void sponsors_bring_devices_where_the_constitution_says_so(void **state)
{
    (void)state;
    law.open_sponsoring = false;
    w = gw_new(3, 1, &law);
    SAYS(enrol(B, CLASS_DEVICE), NOT_SPONSOR);
    decide(about(ACTION_ADD_SPONSOR, B));
    SAYS(enrol(B, CLASS_DEVICE), ACCEPTED);
    SAYS(enrol(C, CLASS_DEVICE), NOT_SPONSOR);
    SAYS(enrol(C, CLASS_OPERATOR), ACCEPTED); /* people are each member's own */
    struct constitution open = law;
    open.open_sponsoring = true;
    decide(amend(&open));
    SAYS(enrol(A, CLASS_DEVICE), ACCEPTED);
}

/* ------------------------------------------------------------------ contracts */

static void only_approved_contracts_are_opened(void **state)
{
    (void)state;
    law.open_definitions = false;
    w = gw_new(3, 1, &law);
    static const uint8_t no_contract[] = { 0x80 };
    struct slice definition = slice_of(no_contract, 1);
    SAYS(gw_say(w, A, GW_MEMBER, kit_commission(KIT_UNIT)), ACCEPTED);
    struct statement open = kit_open(definition, KIT_UNIT, gw_kid(w, A, GW_MEMBER),
                                     gw_kid(w, B, GW_MEMBER), w->context.time_ms + 3600000);
    SAYS(gw_say(w, A, GW_MEMBER, open), NOT_APPROVED);
    struct gw_proposal p = { .action = ACTION_WITHDRAW_DEFINITION };
    p.body.definition = open.as.open.definition;
    SAYS(gw_propose(w, A, &p), NOT_APPROVED);
    p.action = ACTION_APPROVE_DEFINITION;
    decide(p);
    SAYS(gw_propose(w, A, &p), EXISTS);
    open = kit_open(definition, KIT_UNIT, gw_kid(w, A, GW_MEMBER), gw_kid(w, B, GW_MEMBER),
                    w->context.time_ms + 3600000);
    SAYS(gw_say(w, A, GW_MEMBER, open), UNKNOWN_CONTRACT); /* approved, and no contract at all */
    p.action = ACTION_WITHDRAW_DEFINITION;
    decide(p);
    open = kit_open(definition, KIT_UNIT, gw_kid(w, A, GW_MEMBER), gw_kid(w, B, GW_MEMBER),
                    w->context.time_ms + 3600000);
    SAYS(gw_say(w, A, GW_MEMBER, open), NOT_APPROVED);
}

/* ------------------------------------------------------------------ parameters, rules, constitution */

static struct state_params params(void)
{
    static struct state_params p;
    struct state_key key = state_key_plain(TABLE_PARAMS);
    struct slice value;
    assert_true(memory_state_get(w->state, state_key_slice(&key), &value) &&
                state_params_take(value, &p));
    return p;
}

static struct gw_proposal parameter(uint64_t number, struct slice value)
{
    struct gw_proposal p = { .action = ACTION_SET_PARAMETER };
    p.body.number = number;
    p.body.value = value;
    return p;
}

static void parameters_are_set(void **state)
{
    (void)state;
    static const uint8_t name[] = { 0x64, 'C', 'o', 'l', 'd' }, ms[] = { 0x19, 0x10, 0x00 };
    w = gw_new(2, 1, &law);
    struct gw_proposal p = parameter(0, slice_of(ms, sizeof ms));
    SAYS(gw_propose(w, A, &p), BAD_ACTION); /* the rules version has an action of its own */
    p = parameter(1, slice_of("\xf5", 1));
    SAYS(gw_propose(w, A, &p), BAD_ACTION); /* a demo says so for ever */
    p = parameter(2, slice_of(name, sizeof name));
    SAYS(gw_propose(w, A, &p), BAD_ACTION);
    p = parameter(4, slice_of(ms, sizeof ms));
    SAYS(gw_propose(w, A, &p), BAD_ACTION);
    decide(parameter(2, slice_of(ms, sizeof ms)));
    assert_int_equal(params().opening_wait_ms, 4096);
    assert_int_equal(params().name.len, 0);
    decide(parameter(3, slice_of(name, sizeof name)));
    assert_true(slice_equal(params().name, slice_text("Cold")));
    assert_int_equal(params().opening_wait_ms, 4096);
    assert_int_equal(params().rules, GENESIS_RULES);
}

static void the_rules_version_only_rises(void **state)
{
    (void)state;
    w = gw_new(2, 1, &law);
    struct state_view view;
    struct constitution c = law;
    struct gw_proposal p = { .action = ACTION_RULES_VERSION };
    p.body.number = RULES_VERSION;
    SAYS(gw_propose(w, A, &p), BAD_ACTION);
    p.body.number = RULES_VERSION + 1;
    assert_int_equal(gw_propose(w, A, &p), ACCEPTED);
    struct hash hash = *gw_last(w);
    SAYS(gw_vote(w, A, &hash, true), ACCEPTED);
    SAYS(gw_vote(w, B, &hash, true), ACCEPTED);
    uint64_t height = w->context.height;
    gw_block(w);
    view = memory_state_view(w->state);
    assert_true(rules_next_has_effects(&view, height + 1));
    assert_true(gw_constitution(w, &c) && c.rules == RULES_VERSION);
    gw_block(w);
    view = memory_state_view(w->state);
    assert_false(rules_next_has_effects(&view, height + 1));
    assert_false(rules_next_has_effects(&view, height + 2));
    assert_true(gw_constitution(w, &c) && c.rules == RULES_VERSION + 1);
}

static void the_constitution_is_amended_as_a_whole(void **state)
{
    (void)state;
    w = gw_new(3, 1, &law);
    struct constitution new = law, now;
    new.rules++;
    struct gw_proposal p = amend(&new);
    SAYS(gw_propose(w, A, &p), BAD_ACTION);
    new = law;
    new.actions[ACTION_AMEND].operator_only = true;
    p = amend(&new);
    SAYS(gw_propose(w, A, &p), BAD_ACTION); /* there is no operator: nobody could amend it again */
    new = law;
    new.actions[ACTION_ADD_MEMBER].threshold = (struct constitution_threshold){ 1, 1, false };
    decide(amend(&new));
    assert_true(gw_constitution(w, &now));
    assert_int_equal(now.actions[ACTION_ADD_MEMBER].threshold.d, 1);
    struct gw_proposal add = { .action = ACTION_ADD_MEMBER };
    add.body.request = gw_request(w, D, GW_MEMBER, gw_kid(w, D, GW_MEMBER));
    add.body.name = slice_text("D");
    SAYS(gw_propose(w, A, &add), ACCEPTED);
    SAYS(gw_vote(w, A, gw_last(w), true), ACCEPTED);
    SAYS(gw_vote(w, B, gw_last(w), true), ACCEPTED);
    gw_block(w);
    assert_int_equal(gw_status(w, gw_last(w)), PROPOSAL_OPEN); /* now it takes all three */
}

/* ------------------------------------------------------------------ evidence */

static void envelope(struct buf *out, enum message_type type, uint64_t round, uint8_t block,
                     const struct key_pair *key)
{
    struct hash hash = { { block } };
    struct header h = header_genesis(KIT_T0, &hash, &hash);
    uint8_t memory[SEAL_SIZE_MAX];
    struct buf body = buf_fixed(memory, sizeof memory);
    h.ledger = w->id;
    h.height = 7;
    if (type == MESSAGE_COMMIT)
        seal_sign(&h, round, key, &body);
    else
        cbor_put_bytes(&body, hash_slice(&hash));
    struct message_draft d = { type, 7, round, buf_slice(&body) };
    message_sign(&d, key, &w->id, out);
}

struct pair {
    enum message_type type, other_type;
    uint64_t round, other_round;
    uint8_t block, other_block;
    enum gw_slot key, other_key;
};

static enum refusal accuse(size_t company, enum gw_slot slot, struct pair p)
{
    static uint8_t memory[2][1024];
    struct buf a = buf_fixed(memory[0], sizeof memory[0]);
    struct buf b = buf_fixed(memory[1], sizeof memory[1]);
    envelope(&a, p.type, p.round, p.block, &w->by[B][p.key].key);
    envelope(&b, p.other_type, p.other_round, p.other_block, &w->by[B][p.other_key].key);
    struct statement s = { .kind = KIND_EVIDENCE };
    s.as.evidence = (struct evidence){ buf_slice(&a), buf_slice(&b) };
    return gw_say(w, company, slot, s);
}

static void two_prepares_are_evidence(void **state)
{
    (void)state;
    w = gw_new(3, 2, &law);
    struct pair two = { MESSAGE_PREPARE, MESSAGE_PREPARE, 1, 1, 5, 6, GW_NODE, GW_NODE }, p = two;
    p.other_round = 2;
    SAYS(accuse(A, GW_NODE, p), NO_EVIDENCE);
    p = two;
    p.other_key = GW_MEMBER;
    SAYS(accuse(A, GW_NODE, p), NO_EVIDENCE);
    p.key = GW_MEMBER; /* no authority's */
    SAYS(accuse(A, GW_NODE, p), NO_EVIDENCE);
    p.key = p.other_key = GW_SPARE; /* nobody's */
    SAYS(accuse(A, GW_NODE, p), NO_EVIDENCE);
    p = two;
    p.other_type = MESSAGE_COMMIT;
    SAYS(accuse(A, GW_NODE, p), NO_EVIDENCE);
    SAYS(accuse(A, GW_NODE, two), ACCEPTED);
    SAYS(accuse(C, GW_MEMBER, two), EXISTS); /* said by another, and the same */
    two.other_block = 9;
    SAYS(accuse(A, GW_NODE, two), EXISTS); /* of that round it is known */
    two.round = two.other_round = 2;
    SAYS(accuse(C, GW_MEMBER, two), ACCEPTED);
    gw_block(w);
    HAS("evidence B-node 3 7 1");
    HAS("evidence B-node 3 7 2");
    struct state_key key = state_key_kid(TABLE_EVIDENCE, gw_kid(w, B, GW_NODE));
    struct state_evidence v = { .count = 0 };
    struct slice value;
    assert_true(memory_state_get(w->state, state_key_slice(&key), &value) &&
                state_evidence_take(value, &v));
    assert_int_equal(v.count, 2);
    assert_true(hash_equal(&v.newest, &w->last));
}

static void two_seals_of_a_round_are_evidence(void **state)
{
    (void)state;
    w = gw_new(3, 2, &law);
    struct pair two = { MESSAGE_COMMIT, MESSAGE_COMMIT, 0, 0, 5, 6, GW_NODE, GW_NODE };
    struct hash id = w->id;
    w->id.bytes[3] ^= 1; /* sealed on a twin of this ledger */
    static uint8_t memory[2][1024];
    struct buf a = buf_fixed(memory[0], sizeof memory[0]);
    struct buf b = buf_fixed(memory[1], sizeof memory[1]);
    envelope(&a, MESSAGE_COMMIT, 0, 5, &w->by[B][GW_NODE].key);
    envelope(&b, MESSAGE_COMMIT, 0, 6, &w->by[B][GW_NODE].key);
    w->id = id;
    struct statement s = { .kind = KIND_EVIDENCE };
    s.as.evidence = (struct evidence){ buf_slice(&a), buf_slice(&b) };
    SAYS(gw_say(w, A, GW_NODE, s), NO_EVIDENCE);
    SAYS(accuse(A, GW_NODE, two), ACCEPTED);
    decide((struct gw_proposal){ .action = ACTION_REMOVE_AUTHORITY,
                                 .body = { .kid = *gw_kid(w, B, GW_NODE) } });
    assert_int_equal(gw_set(w, true).count, 1);
    two.round = two.other_round = 3;
    SAYS(accuse(A, GW_MEMBER, two), ACCEPTED); /* what it did stays what it did */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(roles_come_and_go),
        TEST(sponsors_bring_devices_where_the_constitution_says_so),
        TEST(only_approved_contracts_are_opened),
        TEST(parameters_are_set),
        TEST(the_rules_version_only_rises),
        TEST(the_constitution_is_amended_as_a_whole),
        TEST(two_prepares_are_evidence),
        TEST(two_seals_of_a_round_are_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
