/* Statements of government, what they carry, and what the state keeps of it: one form each. */
#include "common/event_govern.h"
#include "common/state_govern.h"
#include "common/state_key.h"
#include "tests/support/ledger_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct key_pair member, other;
static struct hash ledger;
static struct buf out, body;

static int set_up(void **state)
{
    (void)state;
    member = kit_pair("govern member");
    other = kit_pair("govern other");
    ledger = crypto_sha256(slice_text("a ledger"));
    out = buf_heap(STATEMENT_MAX);
    body = buf_heap(STATEMENT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_free(&out);
    buf_free(&body);
    return 0;
}

/* Signed, decoded, and put again: false when it would not decode. */
static bool round_trip(struct statement s, struct statement *ret_s)
{
    uint8_t memory[PROPOSAL_BODY_MAX + 1024];
    struct buf payload = buf_fixed(memory, sizeof memory);
    struct hash hash;
    buf_clear(&out);
    s.link = (struct chain_link){ .seq = 1, .time_ms = KIT_T0 };
    if (!statement_sign(&s, &member, &ledger, &out, &hash, NULL))
        return false;
    assert_true(statement_decode(buf_slice(&out), ret_s, NULL));
    statement_put_payload(&payload, ret_s);
    assert_true(slice_equal(buf_slice(&payload), ret_s->cose.payload));
    assert_int_equal(ret_s->kind, s.kind);
    return true;
}

/* ------------------------------------------------------------------ proposals */

static struct slice request_of(const struct key_pair *key)
{
    static uint8_t memory[ENROL_REQUEST_MAX];
    static const uint8_t token[HALF_SIZE] = { 1 };
    struct buf b = buf_fixed(memory, sizeof memory);
    enrol_request_sign(key, &ledger, &key->kid, token, &b);
    return buf_slice(&b);
}

static bool proposes(enum govern_action action, const struct proposal_body *b)
{
    struct statement s = { .kind = KIND_PROPOSE }, t = s;
    buf_clear(&body);
    proposal_body_put(&body, action, b);
    s.as.proposal = (struct proposal){ .action = action,
                                       .body = buf_slice(&body),
                                       .expires_ms = KIT_T0 + 1,
                                       .has_height = true,
                                       .height = 77,
                                       .reason = slice_text("because") };
    if (!round_trip(s, &t))
        return false;
    assert_int_equal(t.as.proposal.action, action);
    assert_int_equal(t.as.proposal.height, 77);
    assert_true(slice_equal(t.as.proposal.reason, slice_text("because")));
    return true;
}

static struct slice default_constitution(void)
{
    static uint8_t memory[512];
    struct constitution c = constitution_default();
    struct buf b = buf_fixed(memory, sizeof memory);
    constitution_put(&b, &c);
    return buf_slice(&b);
}

static void every_action_has_its_body(void **state)
{
    (void)state;
    struct proposal_body b = { .request = request_of(&other),
                               .name = slice_text("D"),
                               .kid = other.kid,
                               .until_ms = 5,
                               .number = 3,
                               .value = slice_of("\xf5", 1),
                               .constitution = default_constitution() };
    for (int action = 1; action <= ACTION_LAST; action++) {
        assert_true(proposes((enum govern_action)action, &b));
        const char *name = constitution_action_name((enum govern_action)action);
        assert_int_equal(constitution_find_action(slice_text(name)), action);
    }
    assert_int_equal(constitution_find_action(slice_text("add")), 0);
    b.name = (struct slice){ NULL, 0 };
    assert_false(proposes(ACTION_ADD_MEMBER, &b));
    b.request.len--;
    assert_false(proposes(ACTION_ADD_AUTHORITY, &b));
    assert_false(proposes(ACTION_RECOVER_MEMBER, &b));
    b.constitution.len--;
    assert_false(proposes(ACTION_AMEND, &b));
    b.number = 65536;
    assert_false(proposes(ACTION_RULES_VERSION, &b));
    assert_false(proposes(ACTION_SET_PARAMETER, &b));
}

static void bodies_of_other_actions_are_refused(void **state)
{
    (void)state;
    struct proposal_body b = { .kid = other.kid }, read;
    buf_clear(&body);
    proposal_body_put(&body, ACTION_ADD_OPERATOR, &b);
    for (int action = 1; action <= ACTION_LAST; action++) {
        bool of_kid = action == ACTION_REMOVE_MEMBER || action == ACTION_REMOVE_AUTHORITY ||
                      (action >= ACTION_ADD_OPERATOR && action <= ACTION_REMOVE_SPONSOR);
        assert_int_equal(
            proposal_body_decode((enum govern_action)action, buf_slice(&body), &read, NULL),
            of_kid);
    }
    assert_false(proposal_body_decode((enum govern_action)0, buf_slice(&body), &read, NULL));
    buf_add_byte(&body, 0);
    assert_false(proposal_body_decode(ACTION_ADD_OPERATOR, buf_slice(&body), &read, NULL));
}

/* ------------------------------------------------------------------ constitutions */

static bool holds(const struct constitution *c)
{
    static uint8_t memory[CONSTITUTION_SIZE_MAX];
    struct buf b = buf_fixed(memory, sizeof memory), again = buf_heap(CONSTITUTION_SIZE_MAX);
    struct constitution read;
    constitution_put(&b, c);
    bool good = constitution_decode(buf_slice(&b), &read, NULL);
    if (good) {
        constitution_put(&again, &read);
        assert_true(slice_equal(buf_slice(&b), buf_slice(&again)));
    }
    buf_free(&again);
    return good;
}

static void constitutions_have_one_form(void **state)
{
    (void)state;
    struct constitution c = constitution_default();
    struct constitution_rule *rule = &c.actions[ACTION_AMEND];
    assert_true(holds(&c));
    rule->veto[0] = member.kid;
    rule->veto[1] = other.kid;
    rule->veto_count = 2;
    bool rising = kid_compare(&member.kid, &other.kid) < 0;
    assert_int_equal(holds(&c), rising);
    rule->veto[0] = rising ? other.kid : member.kid;
    rule->veto[1] = rising ? member.kid : other.kid;
    assert_int_equal(holds(&c), !rising);
    rule->veto_count = 1;
    assert_true(holds(&c));
    rule->operator_only = true;
    assert_true(holds(&c));
    rule->veto_count = 0;
    assert_true(holds(&c));
    c.rules = 0;
    assert_false(holds(&c));
    c.rules = 65536;
    assert_false(holds(&c));
}

static void thresholds_can_be_reached(void **state)
{
    (void)state;
    static const struct {
        struct constitution_threshold t;
        bool good;
        size_t of_three, of_four; /* needed */
    } cases[] = {
        { { 1, 2, true }, true, 2, 3 },     { { 1, 2, false }, true, 2, 2 },
        { { 2, 3, false }, true, 2, 3 },    { { 2, 3, true }, true, 3, 3 },
        { { 0, 1, true }, true, 1, 1 },     { { 1, 1, false }, true, 3, 4 },
        { { 1, 1000, false }, true, 1, 1 }, { { 999, 1000, true }, true, 3, 4 },
        { { 0, 1, false }, false, 0, 0 },   { { 1, 1, true }, false, 0, 0 },
        { { 2, 1, false }, false, 0, 0 },   { { 0, 0, false }, false, 0, 0 },
        { { 0, 0, true }, false, 0, 0 },    { { 1, 1001, false }, false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct constitution c = constitution_default();
        c.otherwise = cases[i].t;
        assert_int_equal(holds(&c), cases[i].good);
        if (!cases[i].good)
            continue;
        assert_int_equal(constitution_needed(&c, ACTION_ADD_SPONSOR, 3), cases[i].of_three);
        assert_int_equal(constitution_needed(&c, ACTION_ADD_SPONSOR, 4), cases[i].of_four);
    }
}

/* ------------------------------------------------------------------ the other kinds */

static void ballots_and_withdrawals(void **state)
{
    (void)state;
    struct statement s = { .kind = KIND_BALLOT }, t = s;
    s.as.ballot = (struct ballot){ .proposal = ledger, .yes = true, .set = { { 7 } } };
    assert_true(round_trip(s, &t));
    assert_true(t.as.ballot.yes && hash_equal(&t.as.ballot.proposal, &ledger));
    assert_int_equal(t.as.ballot.set.bytes[0], 7);
    s = (struct statement){ .kind = KIND_WITHDRAW };
    s.as.withdraw.proposal = ledger;
    assert_true(round_trip(s, &t) && hash_equal(&t.as.withdraw.proposal, &ledger));
}

static void evidence_is_two_envelopes_in_order(void **state)
{
    (void)state;
    static uint8_t large[EVIDENCE_ENVELOPE_MAX + 1];
    struct statement s = { .kind = KIND_EVIDENCE }, t = s;
    s.as.evidence = (struct evidence){ slice_text("b"), slice_text("a") };
    assert_true(round_trip(s, &t));
    assert_true(slice_equal(t.as.evidence.a, slice_text("a")));
    s.as.evidence.a = slice_text("a");
    assert_false(round_trip(s, &t));
    s.as.evidence.b = slice_of(large, sizeof large);
    assert_false(round_trip(s, &t));
    s.as.evidence.b.len--;
    s.as.evidence.a = (struct slice){ NULL, 0 };
    assert_false(round_trip(s, &t));
}

static bool announces(const char *broker, const char *url, size_t certificate, bool enter)
{
    static uint8_t der[NODE_CERTIFICATE_MAX + 1];
    struct statement s = { .kind = KIND_NODE }, t = s;
    s.as.node =
        (struct node_announce){ { slice_text(broker), slice_text(url), slice_of(der, certificate) },
                                enter };
    return round_trip(s, &t) && t.as.node.enter == enter &&
           slice_equal(t.as.node.record.url, slice_text(url));
}

static void nodes_say_where_they_are(void **state)
{
    (void)state;
    assert_true(announces("a.example:18830", "https://a.example:18840", 700, false));
    assert_true(announces("[::1]:1", "https://127.0.0.1:65535", NODE_CERTIFICATE_MAX, true));
    assert_false(announces("a.example:1", "https://a:1", NODE_CERTIFICATE_MAX + 1, false));
    assert_false(announces("a.example:1", "https://a:1", 0, false));
    static const char *const not_brokers[] = { "a.example", "a.example:", ":1",    "a:0",
                                               "a:01",      "a:65536",    "a b:1", "a:1/x" };
    for (size_t i = 0; i < sizeof not_brokers / sizeof not_brokers[0]; i++)
        assert_false(announces(not_brokers[i], "https://a:1", 5, false));
    static const char *const not_urls[] = { "http://a:1", "https://a", "https://a:1/", "a:1" };
    for (size_t i = 0; i < sizeof not_urls / sizeof not_urls[0]; i++)
        assert_false(announces("a:1", not_urls[i], 5, false));
}

/* ------------------------------------------------------------------ state */

#define REFUSES_OTHER_LENGTHS(take, type)                                  \
    do {                                                                   \
        static type left_over;                                             \
        assert_false(take(slice_of(body.data, body.len - 1), &left_over)); \
        buf_add_byte(&body, 0);                                            \
        assert_false(take(buf_slice(&body), &left_over));                  \
        buf_clear(&body);                                                  \
    } while (false)

static void state_values(void **state)
{
    (void)state;
    static struct state_proposal p, q;
    p = (struct state_proposal){ .proposer = member.kid,
                                 .action = ACTION_ADD_OPERATOR,
                                 .body = slice_of("\x80", 1),
                                 .expires_ms = 9,
                                 .height = 4,
                                 .status = PROPOSAL_NOT_APPLIED,
                                 .ballot_count = 2 };
    p.ballots[0].member.bytes[0] = 1;
    p.ballots[1].member.bytes[0] = 2;
    p.ballots[1].yes = true;
    state_proposal_put(&body, &p);
    assert_true(state_proposal_take(buf_slice(&body), &q));
    assert_int_equal(q.status, PROPOSAL_NOT_APPLIED);
    assert_int_equal(q.ballot_count, 2);
    assert_true(q.ballots[1].yes && kid_equal(&q.ballots[1].member, &p.ballots[1].member));
    REFUSES_OTHER_LENGTHS(state_proposal_take, struct state_proposal);
    p.ballots[0].member.bytes[0] = 2; /* twice, or out of order */
    state_proposal_put(&body, &p);
    assert_false(state_proposal_take(buf_slice(&body), &q));
    buf_clear(&body);

    struct state_candidate c = { .member = member.kid, .from_height = 3, .until_ms = 5 }, d;
    state_candidate_put(&body, &c);
    assert_true(state_candidate_take(buf_slice(&body), &d) && d.until_ms == 5);
    REFUSES_OTHER_LENGTHS(state_candidate_take, struct state_candidate);

    struct state_evidence e = { .count = 2, .newest = ledger }, f;
    state_evidence_put(&body, &e);
    assert_true(state_evidence_take(buf_slice(&body), &f) && f.count == 2);
    REFUSES_OTHER_LENGTHS(state_evidence_take, struct state_evidence);
}

static void lists_keep_their_order(void **state)
{
    (void)state;
    static struct state_members m, n;
    struct kid kids[3] = { { { 5 } }, { { 1 } }, { { 3 } } };
    m.count = 0;
    for (size_t i = 0; i < 3; i++)
        state_members_add(&m, &kids[i]);
    state_members_put(&body, &m);
    assert_true(state_members_take(buf_slice(&body), &n));
    assert_int_equal(n.at[0].bytes[0], 1);
    assert_int_equal(n.at[2].bytes[0], 5);
    state_members_remove(&n, &kids[2]);
    assert_false(state_members_has(&n, &kids[2]));
    assert_true(n.count == 2 && state_members_has(&n, &kids[0]));
    REFUSES_OTHER_LENGTHS(state_members_take, struct state_members);

    static struct state_hashes h, g;
    h.count = 2;
    h.at[0].bytes[0] = 9;
    state_hashes_put(&body, &h);
    assert_true(state_hashes_take(buf_slice(&body), &g));
    state_hashes_remove(&g, &h.at[0]);
    assert_true(g.count == 1 && hash_equal(&g.at[0], &h.at[1]));
    REFUSES_OTHER_LENGTHS(state_hashes_take, struct state_hashes);
    uint64_t roles;
    assert_true(state_roles_take(slice_of("\x03", 1), &roles) && roles == 3);
    assert_false(state_roles_take(slice_of("\x04", 1), &roles));
    assert_false(state_roles_take(slice_of("\x00", 1), &roles)); /* then there is no entry */
}

/* ------------------------------------------------------------------ events */

static struct slice data(size_t items)
{
    static uint8_t memory[256];
    struct buf b = buf_fixed(memory, sizeof memory);
    cbor_put_array(&b, items);
    buf_add_slice(&b, buf_slice(&body));
    return buf_slice(&b);
}

static void events_are_taken_as_they_were_put(void **state)
{
    (void)state;
    struct event_proposed proposed;
    struct event_ballot ballot;
    struct event_set_changed changed;
    struct event_evidence evidence;
    struct event_authorised authorised;
    struct event_node node;
    struct slice name;
    uint64_t number;
    struct kid kid;
    cbor_put_uint(&body, 3);
    assert_true(event_govern_number(data(1), &number) && number == 3);
    kid_put(&body, &member.kid);
    assert_true(event_govern_proposed(data(2), &proposed));
    assert_true(proposed.action == ACTION_ADD_AUTHORITY);
    assert_true(event_govern_recovered(data(2), &number, &kid) && kid_equal(&kid, &member.kid));
    assert_false(event_govern_number(data(2), &number));
    buf_clear(&body);
    kid_put(&body, &member.kid);
    cbor_put_bool(&body, true);
    assert_true(event_govern_ballot(data(2), &ballot) && ballot.yes);
    assert_false(event_govern_proposed(data(2), &proposed));
    buf_clear(&body);
    cbor_put_null(&body);
    kid_put(&body, &other.kid);
    cbor_put_bytes(&body, hash_slice(&ledger));
    assert_true(event_govern_set_changed(data(3), &changed));
    assert_true(!changed.has_in && changed.has_out && kid_equal(&changed.out, &other.kid));
    buf_clear(&body);
    for (uint64_t i = 1; i <= 3; i++)
        cbor_put_uint(&body, i);
    assert_true(event_govern_evidence(data(3), &evidence) && evidence.round == 3);
    assert_false(event_govern_set_changed(data(3), &changed));
    buf_clear(&body);
    kid_put(&body, &member.kid);
    cbor_put_uint(&body, 8);
    cbor_put_uint(&body, 9);
    assert_true(event_govern_authorised(data(3), &authorised) && authorised.from_height == 8);
    buf_clear(&body);
    cbor_put_text(&body, slice_text("a:1"));
    assert_true(event_govern_member_added(data(1), &name) && name.len == 3);
    cbor_put_text(&body, slice_text("https://a:1"));
    assert_true(event_govern_node(data(2), &node) && node.url.len == 11);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_action_has_its_body),   TEST(bodies_of_other_actions_are_refused),
        TEST(constitutions_have_one_form), TEST(thresholds_can_be_reached),
        TEST(ballots_and_withdrawals),     TEST(evidence_is_two_envelopes_in_order),
        TEST(nodes_say_where_they_are),    TEST(state_values),
        TEST(lists_keep_their_order),      TEST(events_are_taken_as_they_were_put),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
