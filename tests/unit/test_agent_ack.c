/* device/agent_ack: what acks free; forged ones of every kind free nothing. */
#include "tests/support/vectors.h"
#include "tests/unit/support_agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct support_world one_node;

static int set_up(void **state)
{
    assert_true(crypto_init());
    one_node = support_agent_make_world(1, 1);
    *state = &one_node;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    support_agent_free_agent(one_node.agent);
    return 0;
}

static bool take(struct agent *a, struct slice ack, struct agent_ack *ret, struct err *err)
{
    err->msg[0] = '\0';
    return agent_ack_take(a, ack, 100000, ret, err);
}

static void expect_nothing_freed(struct support_world *w, struct slice ack, const char *what)
{
    struct agent_ack ret;
    struct err err;
    size_t before = agent_pending_unacked(&w->agent->table);
    if (take(w->agent, ack, &ret, &err))
        fail_msg("%s: taken for a proof", what);
    if (agent_pending_unacked(&w->agent->table) != before)
        fail_msg("%s: something was freed", what);
}

static void test_honest_ack_frees_its_run(void **state)
{
    struct support_world *w = *state;
    struct hash h[6];
    struct agent_ack ret;
    struct err err;
    support_agent_sign_and_send(w->agent, 5, h);
    for (int i = 0; i < 3; i++)
        agent_sent(w->agent, 2, 90000, 0);
    struct summary s = support_agent_summary_of(w, 4, &h[4], 3);
    s.gap_count = 1;
    s.gap_from[0] = 2;
    s.gap_to[0] = 2;
    if (!take(w->agent, support_agent_make_ack(w, &s, &(struct support_forgery){ .height = 7 }),
              &ret, &err))
        fail_msg("%s", err.msg);
    assert_true(ret.news && !ret.stranger);
    assert_int_equal(ret.freed, 2);
    assert_int_equal(ret.freed_from, 3);
    assert_int_equal(ret.to, 4);
    assert_int_equal(ret.again, 1);
    assert_int_equal(agent_pending_find(&w->agent->table, 2)->due_ms, 100000);
    assert_true(agent_pending_find(&w->agent->table, 1)->settled);
    assert_int_equal(agent_pending_unacked(&w->agent->table), 3);
    /* The gap is filled: the ack ends in a statement whose bytes are gone already. */
    s = support_agent_summary_of(w, 4, &h[4], 1);
    assert_true(take(w->agent,
                     support_agent_make_ack(w, &s, &(struct support_forgery){ .height = 8 }), &ret,
                     &err));
    assert_int_equal(ret.freed, 2);
    assert_int_equal(ret.freed_from, 1);
    assert_int_equal(ret.to, 2);
    assert_int_equal(agent_pending_unacked(&w->agent->table), 1);
}

static void test_forged_acks_free_nothing(void **state)
{
    (void)state;
    struct support_world w = support_agent_make_world(4, 10);
    struct support_world other = support_agent_make_world(4, 50);
    struct hash h[6];
    support_agent_sign_and_send(w.agent, 5, h);
    struct summary s = support_agent_summary_of(&w, 5, &h[5], 1);
    const struct {
        const char *what;
        struct support_forgery f;
    } forgeries[] = {
        { "mixed rounds", { .mixed_rounds = true, .seals = 3 } },
        { "too few seals", { .seals = 2 } },
        { "one seal repeated", { .same_seal = true } },
        { "seals of another block", { .other_block = true } },
        { "a broken path", { .other_path = true } },
        { "a summary that is no leaf", { .other_leaf = true } },
        { "sealed by strangers", { .sealed_by = &other } },
        { "another ledger's", { .of = &other } },
    };
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++)
        expect_nothing_freed(&w, support_agent_make_ack(&w, &s, &forgeries[i].f),
                             forgeries[i].what);
    s.kid = other.node[0].kid;
    expect_nothing_freed(&w, support_agent_make_ack(&w, &s, &(struct support_forgery){ 0 }),
                         "another key's summary");
    s.kid = w.device.kid;
    struct slice good = support_agent_make_ack(&w, &s, &(struct support_forgery){ 0 });
    for (size_t cut = 0; cut < good.len; cut++)
        expect_nothing_freed(&w, slice_of(good.data, cut), "a truncated ack");
    struct agent_ack ret;
    struct err err;
    assert_true(take(w.agent, good, &ret, &err)); /* and the honest one does */
    assert_int_equal(ret.freed, 5);
    support_agent_free_agent(w.agent);
    support_agent_free_agent(other.agent);
}

/* Proven, but not about what this agent signed: nothing may go. */
static void test_other_hash_or_seq_frees_nothing(void **state)
{
    struct support_world *w = *state;
    struct hash h[6];
    struct agent_ack ret;
    struct err err;
    support_agent_sign_and_send(w->agent, 5, h);
    struct summary s = support_agent_summary_of(w, 5, &h[4], 1);
    assert_true(take(w->agent,
                     support_agent_make_ack(w, &s, &(struct support_forgery){ .height = 1 }), &ret,
                     &err));
    assert_true(ret.stranger);
    assert_int_equal(ret.freed, 0);
    s = support_agent_summary_of(w, 3, &h[5], 1);
    assert_true(take(w->agent,
                     support_agent_make_ack(w, &s, &(struct support_forgery){ .height = 2 }), &ret,
                     &err));
    assert_true(ret.stranger);
    assert_int_equal(ret.freed, 0);
    s = support_agent_summary_of(w, 5, &h[5], 6); /* an empty run */
    assert_true(take(w->agent,
                     support_agent_make_ack(w, &s, &(struct support_forgery){ .height = 3 }), &ret,
                     &err));
    assert_int_equal(ret.freed, 0);
    assert_int_equal(agent_pending_unacked(&w->agent->table), 5);
    assert_false(w->agent->behind);
    /* The ledger has later statements of this key: it was used elsewhere, so it signs no more here. */
    s = support_agent_summary_of(w, 6, &h[5], 1);
    assert_true(take(w->agent,
                     support_agent_make_ack(w, &s, &(struct support_forgery){ .height = 4 }), &ret,
                     &err));
    assert_true(ret.stranger);
    assert_int_equal(agent_pending_unacked(&w->agent->table), 5);
    support_agent_sample(w->agent, T0 + HOUR_MS, 1);
    assert_false(agent_sign(w->agent, T0 + HOUR_MS, &err));
    assert_int_equal(err.code, ERR_REFUSED);
}

/* Every bit of an ack: what is still taken for a proof proves the same summary. */
static void test_flipped_bits(void **state)
{
    struct support_world *w = *state;
    struct hash h[4];
    support_agent_sign_and_send(w->agent, 3, h);
    struct summary s = support_agent_summary_of(w, 3, &h[3], 1);
    struct slice good = support_agent_make_ack(w, &s, &(struct support_forgery){ 0 });
    uint8_t *bad = malloc(good.len);
    assert_non_null(bad);
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        memcpy(bad, good.data, good.len);
        bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct ack ack;
        if (ack_decode(slice_of(bad, good.len), &ack, NULL) &&
            ack_verify(&ack, &w->identity.genesis.ledger, &w->identity.set, NULL)) {
            assert_int_equal(ack.summary.last, 3);
            assert_int_equal(ack.summary.run, 1);
            assert_memory_equal(ack.summary.hash.bytes, h[3].bytes, HASH_SIZE);
            continue;
        }
        expect_nothing_freed(w, slice_of(bad, good.len), "a flipped bit");
    }
    free(bad);
}

/* ------------------------------------------------------------------ vectors */

static void test_vector_acks(void **state)
{
    (void)state;
    static const char *const names[] = { "reading 12 samples T+H anchor",
                                         "reading 12 samples T+H no anchor", "reading 1 sample T",
                                         "reading irregular with nulls", "reading 60 samples T+H" };
    struct identity identity;
    struct err err;
    struct agent_ack ret;
    struct key_pair key = vectors_key("device 1");
    assert_true(identity_decode(vectors_bytes("identity"), &identity, &err));
    struct agent *a = support_agent_new_agent(&key, &identity);
    struct hash h[6];
    for (size_t i = 0; i < 5; i++)
        h[i + 1] = crypto_sha256(vectors_bytes(names[i]));
    agent_resume(a, 5, &h[5], T0);
    for (uint64_t seq = 1; seq <= 5; seq++)
        agent_restore(a, seq, &h[seq], false);
    assert_true(agent_ack_take(a, vectors_bytes("ack with a gap"), 0, &ret, &err));
    assert_int_equal(ret.freed_from, 3);
    assert_int_equal(ret.to, 4);
    assert_int_equal(agent_pending_unacked(&a->table), 3);
    assert_true(agent_ack_take(a, vectors_bytes("ack"), 0, &ret, &err));
    assert_int_equal(ret.to, 5);
    assert_int_equal(agent_pending_unacked(&a->table), 0);
    support_agent_free_agent(a);
}

static void test_vector_four_authorities(void **state)
{
    (void)state;
    struct ack ack;
    struct err err;
    struct agent_ack ret;
    assert_true(ack_decode(vectors_bytes("four: ack"), &ack, &err));
    struct identity identity = { .genesis = ack.final.header };
    assert_true(authority_set_decode(vectors_bytes("four: authority set"), &identity.set, &err));
    struct key_pair key = support_agent_test_key(3);
    key.kid = ack.summary.kid;
    struct agent *a = support_agent_new_agent(&key, &identity);
    agent_resume(a, ack.summary.last, &ack.summary.hash, T0);
    for (uint64_t seq = 1; seq <= ack.summary.last; seq++)
        agent_restore(a, seq, &ack.summary.hash, false);
    /* The same ack, with the three seals that do not belong to one round. */
    static uint8_t memory[ACK_SIZE_MAX], seals_memory[4096];
    struct buf forged = buf_fixed(memory, sizeof memory);
    struct buf seals = buf_fixed(seals_memory, sizeof seals_memory);
    size_t n = vectors_count("four: mixed rounds, refuse");
    cbor_put_array(&seals, n);
    for (size_t i = 0; i < n; i++)
        cbor_put_bytes(&seals, vectors_item("four: mixed rounds, refuse", i));
    ack_put(&forged, &ack.final.header, buf_slice(&seals),
            &(struct ack_place){ ack.summary_bytes, ack.size, ack.index, &ack.path });
    assert_false(agent_ack_take(a, buf_slice(&forged), 0, &ret, &err));
    assert_int_equal(agent_pending_unacked(&a->table), ack.summary.last);
    if (!agent_ack_take(a, vectors_bytes("four: ack"), 0, &ret, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(ret.to, ack.summary.last);
    support_agent_free_agent(a);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_honest_ack_frees_its_run),
        CASE(test_forged_acks_free_nothing),
        CASE(test_other_hash_or_seq_frees_nothing),
        CASE(test_flipped_bits),
        CASE(test_vector_acks),
        CASE(test_vector_four_authorities),
    };
    return cmocka_run_group_tests_name("agent_ack", tests, NULL, NULL);
}
