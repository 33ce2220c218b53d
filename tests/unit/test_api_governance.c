/* What the API tells of government: members, nodes, proposals and how a vote stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/hex.h"
#include "common/node_record.h"
#include "common/state_govern.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/read_model_govern.h"
#include "tests/unit/support_api.h"

#include <stdio.h>
#include <string.h>

#define T1 (LEDGER_T0 + 90000000)

static struct support_api *f;
static struct hash open_one, closed_one;

static void put(struct state_key key, const struct buf *value)
{
    ledger_put_state(f->node.l, state_key_slice(&key), buf_slice(value));
}

static struct authority_set set_in_force(void)
{
    return f->node.l->identity.set;
}

static void put_law(struct buf *b)
{
    struct ledger *l = f->node.l;
    struct constitution c = constitution_default();
    static struct state_members members;
    members.count = 0;
    state_members_add(&members, &l->farm.kid);
    state_members_add(&members, &l->carrier.kid);
    constitution_put(b, &c);
    put(state_key_plain(TABLE_CONSTITUTION), b);
    buf_clear(b);
    state_members_put(b, &members);
    put(state_key_plain(TABLE_MEMBERS), b);
    buf_clear(b);
    cbor_put_uint(b, ROLE_BIT_OPERATOR | ROLE_BIT_SPONSOR);
    put(state_key_kid(TABLE_ROLES, &l->carrier.kid), b);
    buf_clear(b);
    struct node_record node = { slice_text("n:1"), slice_text("https://n:2"), slice_text("DER") };
    node_record_put(b, &node);
    put(state_key_kid(TABLE_NODE, &l->node.kid), b);
    buf_clear(b);
    struct state_evidence evidence = { 2, l->id };
    state_evidence_put(b, &evidence);
    put(state_key_kid(TABLE_EVIDENCE, &l->node.kid), b);
    buf_clear(b);
}

/* Proposed by the farm: its ballot under the set in force, the carrier's under one that is over. */
static struct hash put_proposal(struct buf *b, enum proposal_status status, uint64_t time_ms)
{
    struct ledger *l = f->node.l;
    static struct state_proposal v;
    struct authority_set set = set_in_force();
    struct statement s = { .kind = KIND_PROPOSE };
    static uint8_t body[16];
    struct buf bytes = buf_fixed(body, sizeof body);
    struct proposal_body parts = { .kid = l->carrier.kid };
    proposal_body_put(&bytes, ACTION_ADD_OPERATOR, &parts);
    s.as.proposal = (struct proposal){ .action = ACTION_ADD_OPERATOR,
                                       .body = buf_slice(&bytes),
                                       .expires_ms = T1 + 3600000,
                                       .reason = slice_text("it answers at night") };
    struct hash hash = ledger_add(l, &l->farm, time_ms, s);
    ledger_event_bytes(l, EVENT_PROPOSED, hash_slice(&hash), time_ms, "uk",
                       (uint64_t)ACTION_ADD_OPERATOR, &l->farm.kid);
    v = (struct state_proposal){ .proposer = l->farm.kid,
                                 .action = ACTION_ADD_OPERATOR,
                                 .body = buf_slice(&bytes),
                                 .expires_ms = T1 + 3600000,
                                 .status = status };
    struct state_ballot yes = { l->farm.kid, true, authority_set_hash(&set) };
    struct state_ballot lapsed = { l->carrier.kid, false, { { 7 } } };
    bool first = kid_compare(&yes.member, &lapsed.member) < 0;
    v.ballots[first ? 0 : 1] = yes;
    v.ballots[first ? 1 : 0] = lapsed;
    v.ballot_count = 2;
    state_proposal_put(b, &v);
    put(state_key_hash(TABLE_PROPOSAL, &hash), b);
    buf_clear(b);
    return hash;
}

static int set_up(void **state)
{
    (void)state;
    struct buf b = buf_heap(STATE_VALUE_MAX);
    f = support_api_new();
    put_law(&b);
    open_one = put_proposal(&b, PROPOSAL_OPEN, T1);
    closed_one = put_proposal(&b, PROPOSAL_WITHDRAWN, T1 + 1);
    struct ledger *l = f->node.l;
    ledger_event_bytes(l, EVENT_MEMBER_REMOVED, kid_slice(&l->clinic.kid), T1 + 1, "");
    ledger_event_bytes(l, EVENT_AUTHORISED, kid_slice(&l->device.kid), T1 + 1, "kuu", &l->farm.kid,
                       UINT64_C(3), (uint64_t)(T1 + 9));
    ledger_seal(l, T1 + 2);
    buf_free(&b);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_api_free(f);
    return 0;
}

static void expect_hash(const char *pointer, const struct hash *hash)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(hash), hex);
    assert_string_equal(support_api_text(f, pointer), hex);
}

static void tells_all(void **state)
{
    (void)state;
    struct authority_set set = set_in_force();
    struct hash hash = authority_set_hash(&set);
    assert_int_equal(support_api_ask(f, "/v1/governance", "", ""), 200);
    expect_hash("/set", &hash);
    assert_int_equal(support_api_number(f, "/quorum"), 1);
    assert_int_equal(support_api_number(f, "/authorities"), 1);
    assert_int_equal(support_api_number(f, "/rules"), RULES_VERSION);
    assert_true(support_api_body_has(f, "\"roles\":[\"operator\",\"sponsor\"]"));
    assert_true(support_api_body_has(f, "\"broker\":\"n:1\""));
    assert_int_equal(support_api_number(f, "/parameters/opening_wait_ms"), 86400000);
    assert_true(support_api_body_has(f, "\"evidence\":2"));
    expect_hash("/proposals/0/hash", &open_one);
    hash = closed_one;
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&hash), hex);
    assert_false(support_api_body_has(f, hex));
    assert_int_equal(support_api_ask(f, "/v1/governance", "all=true", ""), 200);
    expect_hash("/proposals/0/hash", &open_one);
    expect_hash("/proposals/1/hash", &closed_one);
    assert_string_equal(support_api_text(f, "/proposals/1/status"), "withdrawn");
}

static void tells_one(void **state)
{
    (void)state;
    char path[120], hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&open_one), hex);
    (void)snprintf(path, sizeof path, "/v1/proposals/%s", hex);
    assert_int_equal(support_api_ask(f, path, "", ""), 200);
    assert_string_equal(support_api_text(f, "/action"), "add-operator");
    assert_string_equal(support_api_text(f, "/status"), "open");
    assert_string_equal(support_api_text(f, "/reason"), "it answers at night");
    assert_int_equal(support_api_number(f, "/voters"), 2);
    assert_int_equal(support_api_number(f, "/needed"), 2);
    assert_int_equal(support_api_number(f, "/yes"), 1);
    assert_int_equal(support_api_number(f, "/no"), 0); /* it was cast under another set */
    assert_true(support_api_body_has(f, "\"counts\":false"));
    assert_true(support_api_body_has(f, "\"counts\":true"));
    (void)snprintf(path, sizeof path, "/v1/governance/%s", hex);
    assert_int_equal(support_api_ask(f, path, "", ""), 200);
    path[strlen(path) - 1] ^= 1;
    assert_int_equal(support_api_ask(f, path, "", ""), 404);
    assert_int_equal(support_api_ask(f, "/v1/proposals/12", "", ""), 400);
}

static bool count_one(void *ctx, const struct kid *kid)
{
    (void)kid;
    ++*(size_t *)ctx;
    return true;
}

static void lists_keys_by_class(void **state)
{
    (void)state;
    size_t nodes = 0, members = 0;
    assert_true(read_model_keys_of(f->context.store, CLASS_AUTHORITY, count_one, &nodes, NULL));
    assert_true(read_model_members(f->context.store, count_one, &members, NULL));
    assert_int_equal(nodes, 1); /* the device's kid was another key's already */
    assert_int_equal(members, 3);
}

static void rebuilds_to_the_same(void **state)
{
    (void)state;
    struct hash before, after;
    assert_true(read_model_digest(f->node.l->store, &before, NULL));
    assert_true(read_model_rebuild(f->node.l->store, NULL));
    assert_true(read_model_digest(f->node.l->store, &after, NULL));
    assert_true(hash_equal(&before, &after));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_all),
        TEST(tells_one),
        TEST(lists_keys_by_class),
        TEST(rebuilds_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
