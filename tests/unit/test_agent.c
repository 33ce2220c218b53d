/* device/agent: packs, sends, restarts, and a broker that loses and reorders. */
#include "tests/unit/support_agent.h"

#include "common/merkle.h"
#include "common/rand.h"

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

/* ------------------------------------------------------------------ packs */

static void test_pack_is_signed_when_full(void **state)
{
    struct support_world *w = *state;
    struct agent *a = w->agent;
    struct err err;
    for (unsigned i = 0; i < 5; i++) {
        assert_false(agent_pack_is_due(a, T0 + 60000 * i));
        support_agent_sample(a, T0 + 60000 * i, 400 + (int64_t)i);
    }
    assert_true(agent_pack_is_due(a, T0 + 60000 * 4));
    struct agent_sample more = { .time_ms = T0 + 60000 * 5 };
    assert_false(agent_add_sample(a, &more, T0, &err));
    assert_int_equal(err.code, ERR_BUSY);
    assert_true(agent_sign(a, T0, &err));
    struct statement s;
    static struct samples got;
    static uint8_t memory[STATEMENT_MAX + COSE_SIG_ROOM];
    struct buf scratch = buf_fixed(memory, sizeof memory);
    assert_true(statement_decode(buf_slice(&a->out.bytes), &s, &err));
    assert_true(statement_verify(&s, w->device.pub, &w->identity.genesis.ledger, &scratch));
    assert_int_equal(s.link.seq, 1);
    assert_memory_equal(s.link.prev, w->identity.genesis.ledger.bytes, HALF_SIZE);
    assert_int_equal(s.link.time_ms, T0 + 60000 * 4);
    assert_true(statement_samples(&s, &got, &err));
    assert_int_equal(got.rows, 5);
    assert_int_equal(got.column[0].value[3], 403);
    assert_int_equal(got.column[1].value[4], 6000);
    /* Not on disk yet: the next pack fills, but nothing is signed after it. */
    support_agent_sample(a, T0 + 60000 * 5, 1);
    assert_false(agent_sign(a, T0, &err));
    assert_int_equal(err.code, ERR_BUSY);
    struct hash first = a->out.hash;
    agent_stored(a);
    assert_true(agent_sign(a, T0, &err));
    assert_true(statement_decode(buf_slice(&a->out.bytes), &s, &err));
    assert_int_equal(s.link.seq, 2);
    assert_memory_equal(s.link.prev, first.bytes, HALF_SIZE);
}

static void test_pack_is_signed_in_time(void **state)
{
    struct support_world *w = *state;
    struct agent *a = w->agent;
    struct err err;
    assert_int_equal(agent_pack_wait_ms(a, T0), UINT64_MAX);
    support_agent_sample(a, T0, 400);
    assert_int_equal(agent_pack_wait_ms(a, T0 + 1000), HOUR_MS - 1000);
    assert_false(agent_pack_is_due(a, T0 + HOUR_MS - 1));
    assert_true(agent_pack_is_due(a, T0 + HOUR_MS));
    struct agent_sample late = { .time_ms = T0 + HOUR_MS };
    assert_false(agent_add_sample(a, &late, T0, &err)); /* would span more than an hour */
    struct agent_sample early = { .time_ms = T0 };
    assert_false(agent_add_sample(a, &early, T0, &err)); /* a clock that stood still */
    assert_true(agent_sign(a, T0, &err));
    assert_true(agent_add_sample(a, &early, T0, &err));
}

/* An old file is read in a moment: packs are full all the same. */
static void test_old_samples_fill_packs(void **state)
{
    struct support_world *w = *state;
    struct agent_sample s = { .time_ms = T0 };
    for (int i = 0; i < 5; i++) {
        assert_true(agent_add_sample(w->agent, &s, T0 + 1000000000, NULL));
        s.time_ms += 60000;
    }
    assert_true(agent_pack_is_due(w->agent, T0 + 1000000000));
}

static void test_out_of_range_is_refused(void **state)
{
    struct support_world *w = *state;
    struct err err;
    struct agent_sample s = { .time_ms = T0, .present = { true } };
    s.value[0] = READING_VALUE_MAX + 1;
    assert_false(agent_add_sample(w->agent, &s, T0, &err));
    assert_int_equal(err.code, ERR_INPUT);
    s.value[0] = -READING_VALUE_MAX;
    assert_true(agent_add_sample(w->agent, &s, T0, &err));
}

/* The widest values in the fullest pack still fit in one reading. */
static void test_fullest_pack_fits(void **state)
{
    struct support_world *w = *state;
    for (size_t columns = 1; columns <= READING_COLUMNS_MAX; columns += 5) {
        struct agent_settings settings = support_agent_settings;
        settings.columns = columns;
        for (size_t i = 0; i < columns; i++)
            settings.column[i] = (struct agent_column){ (uint16_t)(60000 + i), -9 };
        settings.pack_samples = agent_pack_limit(columns);
        settings.pack_within_ms = UINT64_MAX;
        struct agent *a = malloc(sizeof *a);
        assert_non_null(a);
        assert_true(agent_begin(a, &settings, &w->device, &w->identity, NULL));
        struct agent_sample s = { .time_ms = 0 };
        for (size_t row = 0; row < settings.pack_samples; row++) {
            s.time_ms += UINT64_C(5000000000) + row % 2;
            for (size_t i = 0; i < columns; i++) {
                s.present[i] = true;
                s.value[i] = row % 2 == 0 ? READING_VALUE_MAX : -READING_VALUE_MAX;
            }
            assert_true(agent_add_sample(a, &s, 0, NULL));
        }
        struct err err;
        if (!agent_sign(a, 0, &err))
            fail_msg("%zu columns: %s", columns, err.msg);
        support_agent_free_agent(a);
    }
}

static struct slice make_head(const struct support_world *w, uint64_t height)
{
    static uint8_t memory[FINAL_SIZE_MAX], seals_memory[8192];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct buf seals = buf_fixed(seals_memory, sizeof seals_memory);
    struct header h = w->identity.genesis;
    h.height = height;
    h.prev = merkle_leaf(slice_text("the block before"));
    support_agent_put_seals(w, &(struct support_forgery){ 0 }, &h, &seals);
    final_put(&out, &h, buf_slice(&seals));
    return buf_slice(&out);
}

static void test_anchors_once_an_hour(void **state)
{
    struct support_world *w = *state;
    struct agent *a = w->agent;
    struct err err;
    struct support_world other = support_agent_make_world(1, 90);
    (void)support_agent_sign_one(a, T0);
    assert_false(a->out.anchored); /* no head known */
    assert_false(agent_ack_take_head(a, make_head(&other, 9), &err));
    assert_true(agent_ack_take_head(a, make_head(w, 5), &err));
    assert_true(agent_ack_take_head(a, make_head(w, 3), &err));
    assert_int_equal(a->head.height, 5); /* an older one is no news */
    (void)support_agent_sign_one(a, T0 + 1);
    assert_true(a->out.anchored);
    (void)support_agent_sign_one(a, T0 + HOUR_MS);
    assert_false(a->out.anchored);
    (void)support_agent_sign_one(a, T0 + 1 + HOUR_MS);
    assert_true(a->out.anchored);
    support_agent_free_agent(other.agent);
}

/* ------------------------------------------------------------------ sending */

static void test_sends_in_order_within_a_window(void **state)
{
    struct support_world *w = *state;
    struct agent *a = w->agent;
    uint64_t seq = 0;
    uint64_t wait = 0;
    assert_false(agent_next_send(a, 0, &seq, &wait));
    assert_int_equal(wait, UINT64_MAX);
    for (uint64_t i = 0; i < AGENT_WINDOW + 3; i++)
        (void)support_agent_sign_one(a, T0 + i * 60000);
    for (uint64_t i = 1; i <= AGENT_WINDOW; i++) {
        assert_true(agent_next_send(a, 50, &seq, &wait));
        assert_int_equal(seq, i);
        agent_sent(a, seq, 50, 0);
    }
    assert_false(agent_next_send(a, 50, &seq, &wait));
    assert_int_equal(wait, 1000);
}

static void test_resends_ever_more_patiently(void **state)
{
    struct support_world *w = *state;
    struct agent *a = w->agent;
    uint64_t seq = 0;
    uint64_t wait = 0;
    uint64_t now = 0;
    (void)support_agent_sign_one(a, T0);
    for (unsigned i = 0; i < 12; i++) {
        assert_true(agent_next_send(a, now, &seq, &wait));
        agent_sent(a, seq, now, 0);
        assert_false(agent_next_send(a, now, &seq, &wait));
        assert_int_equal(wait, UINT64_C(1000) << (i < AGENT_TRIES_MAX ? i : AGENT_TRIES_MAX - 1));
        now += wait;
    }
    agent_sent(a, 1, now, 123456789);
    assert_false(agent_next_send(a, now, &seq, &wait));
    assert_true(wait >= 32000 && wait <= 40000);
}

/* ------------------------------------------------------------------ a ledger that loses and reorders */

#define MODEL_MAX 400

struct model {
    bool recorded[MODEL_MAX + 1];
    bool open[MODEL_MAX + 1]; /* in an open gap */
    uint64_t last, since;
};

static size_t model_gaps(const struct model *m, uint64_t *from, uint64_t *to)
{
    size_t n = 0;
    for (uint64_t seq = 1; seq <= m->last; seq++) {
        if (!m->open[seq])
            continue;
        if (seq > 1 && m->open[seq - 1]) {
            to[n - 1] = seq;
        } else {
            from[n] = seq;
            to[n++] = seq;
        }
    }
    return n;
}

static void model_take(struct model *m, uint64_t seq)
{
    uint64_t from[MODEL_MAX];
    uint64_t to[MODEL_MAX];
    if (seq <= m->last && !m->open[seq])
        return;
    for (uint64_t missing = m->last + 1; missing < seq; missing++)
        m->open[missing] = true;
    m->open[seq] = false;
    m->recorded[seq] = true;
    if (seq > m->last)
        m->last = seq;
    while (model_gaps(m, from, to) > SUMMARY_GAPS_MAX) {
        for (uint64_t lost = from[0]; lost <= to[0]; lost++)
            m->open[lost] = false;
        m->since = to[0] + 1;
    }
}

static struct summary model_summary(const struct support_world *w, const struct model *m,
                                    const struct hash *h)
{
    uint64_t from[MODEL_MAX];
    uint64_t to[MODEL_MAX];
    struct summary s = support_agent_summary_of(w, m->last, &h[m->last], m->since);
    s.gap_count = model_gaps(m, from, to);
    for (size_t i = 0; i < s.gap_count; i++) {
        s.gap_from[i] = from[i];
        s.gap_to[i] = to[i];
        if (to[i] + 1 > s.run)
            s.run = to[i] + 1;
    }
    return s;
}

static void send_through_a_bad_broker(struct support_world *w, struct model *m, uint64_t steady,
                                      struct rand_seq *r)
{
    uint64_t seq = 0;
    uint64_t wait = 0;
    uint64_t held = 0;
    while (agent_next_send(w->agent, steady, &seq, &wait)) {
        agent_sent(w->agent, seq, steady, rand_next(r));
        if (rand_below(r, 3) == 0)
            continue; /* dropped */
        model_take(m, seq);
        if (held != 0 && rand_below(r, 2) == 0)
            model_take(m, held); /* comes a second time, or late */
        held = rand_below(r, 4) == 0 ? seq : held;
    }
}

static void check_freed(struct support_world *w, const struct model *m, const struct agent_ack *ret)
{
    if (ret->freed == 0)
        return;
    for (uint64_t seq = ret->freed_from; seq <= ret->to; seq++)
        assert_true(m->recorded[seq]);
    assert_true(ret->to <= w->agent->table.last_seq);
}

static void run_model(uint64_t seed)
{
    struct support_world w = support_agent_make_world(1, 1);
    struct rand_seq r = rand_seeded(seed);
    struct model m = { .since = 1 };
    struct hash h[MODEL_MAX + 1];
    struct agent_ack ret;
    struct err err;
    uint64_t steady = 0;
    size_t aside = 0;
    for (uint64_t height = 1; height < 300; height++) {
        size_t more = w.agent->table.last_seq < 300 ? (size_t)rand_below(&r, 12) : 0;
        for (size_t i = 0; i < more; i++) {
            struct hash hash =
                support_agent_sign_one(w.agent, T0 + (w.agent->table.last_seq + 1) * 60000);
            h[w.agent->table.last_seq] = hash;
        }
        steady += rand_below(&r, 2500);
        send_through_a_bad_broker(&w, &m, steady, &r);
        if (m.last == 0 || rand_below(&r, 3) == 0)
            continue; /* the ack is lost */
        struct summary s = model_summary(&w, &m, h);
        struct slice ack =
            support_agent_make_ack(&w, &s, &(struct support_forgery){ .height = height });
        if (!agent_ack_take(w.agent, ack, steady, &ret, &err))
            fail_msg("seed %u: %s", (unsigned)seed, err.msg);
        assert_false(ret.stranger);
        check_freed(&w, &m, &ret);
        uint64_t seq;
        while (agent_ack_next_stuck(w.agent, &seq)) {
            assert_true(seq < m.since && !m.open[seq]);
            agent_ack_set_aside(w.agent, seq);
            aside++;
        }
    }
    if (agent_pending_unacked(&w.agent->table) != 0)
        fail_msg("seed %u: %zu statements never came through", (unsigned)seed,
                 agent_pending_unacked(&w.agent->table));
    size_t lost = 0;
    for (uint64_t seq = 1; seq <= m.last; seq++)
        lost += !m.recorded[seq];
    assert_true(aside >= lost);
    support_agent_free_agent(w.agent);
}

static void test_bad_broker(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 25; seed++)
        run_model(seed);
}

/* ------------------------------------------------------------------ restarts, sets */

static void test_restored_agent_goes_on(void **state)
{
    struct support_world *w = *state;
    struct hash h[8];
    uint64_t seq = 0;
    uint64_t wait = 0;
    support_agent_sign_and_send(w->agent, 6, h);
    struct agent *b = support_agent_new_agent(&w->device, &w->identity);
    agent_resume(b, 6, &h[6], T0);
    agent_restore(b, 4, &h[4], false);
    agent_restore(b, 5, &h[5], true);
    agent_restore(b, 6, &h[6], false);
    assert_int_equal(agent_pending_unacked(&b->table), 2);
    assert_true(agent_next_send(b, 0, &seq, &wait));
    assert_int_equal(seq, 4);
    agent_sent(b, 4, 0, 0);
    assert_true(agent_next_send(b, 0, &seq, &wait));
    assert_int_equal(seq, 6);
    (void)support_agent_sign_one(b, T0 + HOUR_MS);
    assert_int_equal(b->table.last_seq, 7);
    struct agent_ack ret;
    struct err err;
    struct summary s = support_agent_summary_of(w, 5, &h[5], 1);
    struct slice ack = support_agent_make_ack(w, &s, &(struct support_forgery){ 0 });
    assert_true(agent_ack_take(b, ack, 100000, &ret, &err));
    assert_int_equal(ret.freed, 1);
    assert_int_equal(ret.to, 4);
    support_agent_free_agent(b);
}

static struct slice make_set_proof(const struct support_world *from, const struct support_world *to,
                                   uint8_t *memory, size_t size)
{
    static uint8_t set_memory[AUTHORITY_SET_SIZE_MAX], header_memory[HEADER_SIZE_MAX];
    static uint8_t seals_memory[8192];
    struct buf out = buf_fixed(memory, size);
    struct buf set = buf_fixed(set_memory, sizeof set_memory);
    struct buf header = buf_fixed(header_memory, sizeof header_memory);
    struct buf seals = buf_fixed(seals_memory, sizeof seals_memory);
    struct header h = from->identity.genesis;
    h.height = 20;
    h.next = authority_set_hash(&to->identity.set);
    authority_set_put(&set, &to->identity.set);
    header_put(&header, &h);
    support_agent_put_seals(from, &(struct support_forgery){ 0 }, &h, &seals);
    cbor_put_array(&out, 2);
    identity_put(&out, &from->identity);
    cbor_put_array(&out, 1);
    cbor_put_array(&out, 3);
    cbor_put_bytes(&out, buf_slice(&header));
    buf_add_slice(&out, buf_slice(&seals));
    cbor_put_bytes(&out, buf_slice(&set));
    assert_false(out.failed);
    return buf_slice(&out);
}

static void test_set_is_followed_and_never_back(void **state)
{
    struct support_world *w = *state;
    struct support_world next = support_agent_make_world(1, 60);
    static uint8_t memory[16384], old_memory[8192];
    bool changed = false;
    struct err err;
    struct buf old = buf_fixed(old_memory, sizeof old_memory);
    identity_put_set_proof(&old, &w->identity);
    assert_true(agent_ack_take_set(w->agent, buf_slice(&old), &changed, &err));
    assert_false(changed);
    struct slice proof = make_set_proof(w, &next, memory, sizeof memory);
    if (!agent_ack_take_set(w->agent, proof, &changed, &err))
        fail_msg("%s", err.msg);
    assert_true(changed);
    assert_memory_equal(w->agent->set.at[0].pub, next.node[0].pub, PUB_SIZE);
    assert_true(agent_ack_take_set(w->agent, buf_slice(&old), &changed, &err));
    assert_false(changed);
    assert_memory_equal(w->agent->set.at[0].pub, next.node[0].pub, PUB_SIZE);
    memory[proof.len - 40] ^= 1;
    assert_false(agent_ack_take_set(w->agent, proof, &changed, &err));
    support_agent_free_agent(next.agent);
}

static bool is_taken(struct support_world *w, uint64_t height, const struct support_world *by,
                     const struct authority_set *set)
{
    struct agent_ack ret;
    struct summary s = support_agent_summary_of(w, 1, &w->agent->last_hash, 1);
    struct support_forgery f = { .height = height, .sealed_by = by, .set = set };
    return agent_ack_take(w->agent, support_agent_make_ack(w, &s, &f), 1000, &ret, NULL);
}

/* The set changes with block 20: what was sealed up to there counts by the old one's seals, later by the new one's. */
static void test_acks_of_before_and_after_a_change(void **state)
{
    struct support_world *w = *state;
    struct support_world next = support_agent_make_world(1, 60);
    static uint8_t memory[16384];
    bool changed = false;
    const struct authority_set *old = &w->identity.set, *new = &next.identity.set;
    support_agent_sign_and_send(w->agent, 1, NULL);
    assert_false(is_taken(w, 21, &next, new)); /* not known yet */
    struct slice proof = make_set_proof(w, &next, memory, sizeof memory);
    assert_true(agent_ack_take_set(w->agent, proof, &changed, NULL) && changed);
    assert_true(is_taken(w, 21, &next, new));
    assert_true(is_taken(w, 20, w, old));
    assert_true(is_taken(w, 7, w, old));
    assert_true(is_taken(w, 30, &next, new));
    assert_true(is_taken(w, 9, w, old));
    assert_false(is_taken(w, 21, w, old));
    assert_false(is_taken(w, 20, &next, new));
    struct agent *again = support_agent_new_agent(&w->device, &w->identity); /* from its file */
    assert_true(agent_ack_take_set(again, buf_slice(&w->agent->sets), &changed, NULL) && changed);
    assert_int_equal(again->set_from, 21);
    support_agent_free_agent(again);
    support_agent_free_agent(next.agent);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_pack_is_signed_when_full),
        CASE(test_pack_is_signed_in_time),
        CASE(test_old_samples_fill_packs),
        CASE(test_out_of_range_is_refused),
        CASE(test_fullest_pack_fits),
        CASE(test_anchors_once_an_hour),
        CASE(test_sends_in_order_within_a_window),
        CASE(test_resends_ever_more_patiently),
        CASE(test_bad_broker),
        CASE(test_restored_agent_goes_on),
        CASE(test_set_is_followed_and_never_back),
        CASE(test_acks_of_before_and_after_a_change),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
