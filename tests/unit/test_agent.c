/* device/agent: packs, sends, and what acks free; forged acks of every kind free nothing. */
#include "device/agent_ack.h"

#include "common/hex.h"
#include "common/merkle.h"
#include "common/rand.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NODES_MAX 4
#define HOUR_MS   3600000u
#define T0        UINT64_C(1780293600000) /* 2026-06-01T06:00:00Z */

/* A ledger of one to four authorities and one device, whose acks these tests seal or forge. */
struct world {
    struct key_pair node[NODES_MAX];
    size_t nodes;
    struct key_pair device;
    struct identity identity;
    struct agent *agent;
};

static struct key_pair test_key(uint8_t n)
{
    uint8_t seed[SEED_SIZE];
    memset(seed, n, sizeof seed);
    return key_from_seed(seed);
}

static int by_kid(const void *a, const void *b)
{
    return kid_compare(&((const struct key_pair *)a)->kid, &((const struct key_pair *)b)->kid);
}

static const struct agent_settings two_columns = {
    .columns = 2,
    .column = { { PROPERTY_TEMPERATURE, -2 }, { PROPERTY_HUMIDITY, -2 } },
    .pack_samples = 5,
    .pack_within_ms = HOUR_MS,
    .resend_ms = 1000,
};

static struct agent *new_agent(const struct key_pair *key, const struct identity *identity)
{
    struct agent *a = malloc(sizeof *a);
    assert_non_null(a);
    assert_true(agent_begin(a, &two_columns, key, identity, NULL));
    return a;
}

static void free_agent(struct agent *a)
{
    agent_end(a);
    free(a);
}

static struct world make_world(size_t nodes, uint8_t salt)
{
    struct world w = { .nodes = nodes, .device = test_key(200) };
    for (size_t i = 0; i < nodes; i++)
        w.node[i] = test_key((uint8_t)(salt + i));
    qsort(w.node, nodes, sizeof w.node[0], by_kid);
    w.identity.set.count = nodes;
    for (size_t i = 0; i < nodes; i++) {
        struct authority *at = &w.identity.set.at[i];
        at->kid = w.node[i].kid;
        at->member = test_key((uint8_t)(100 + salt + i)).kid;
        memcpy(at->pub, w.node[i].pub, PUB_SIZE);
    }
    struct hash set = authority_set_hash(&w.identity.set);
    struct hash state = merkle_empty();
    w.identity.genesis = header_genesis(T0, &state, &set);
    w.agent = new_agent(&w.device, &w.identity);
    return w;
}

static struct world one_node;

static int set_up(void **state)
{
    assert_true(crypto_init());
    one_node = make_world(1, 1);
    *state = &one_node;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free_agent(one_node.agent);
    return 0;
}

/* ------------------------------------------------------------------ samples and statements */

static void sample(struct agent *a, uint64_t time_ms, int64_t value)
{
    struct agent_sample s = { .time_ms = time_ms, .present = { true, true } };
    s.value[0] = value;
    s.value[1] = 6000;
    struct err err;
    if (!agent_add_sample(a, &s, time_ms, &err))
        fail_msg("%s", err.msg);
}

static struct hash sign_one(struct agent *a, uint64_t time_ms)
{
    struct err err;
    sample(a, time_ms, 400);
    if (!agent_sign(a, time_ms, &err))
        fail_msg("%s", err.msg);
    struct hash hash = a->out.hash;
    agent_stored(a);
    return hash;
}

static void sign_and_send(struct agent *a, size_t n, struct hash *hashes)
{
    for (size_t i = 0; i < n; i++) {
        struct hash hash = sign_one(a, T0 + (a->table.last_seq + 1) * 60000);
        agent_sent(a, a->table.last_seq, 0, 0);
        if (hashes != NULL)
            hashes[a->table.last_seq] = hash;
    }
}

/* ------------------------------------------------------------------ acks, honest and otherwise */

struct forgery {
    uint64_t height;
    size_t seals;            /* how many; 0: all */
    bool mixed_rounds;       /* the second seal is of another round */
    bool same_seal;          /* the first seal repeated */
    bool other_block;        /* seals of a header at the next height */
    bool other_path;         /* the path does not lead to the root */
    bool other_leaf;         /* the summary is not the leaf */
    struct world *sealed_by; /* another ledger's authorities, under this ledger's id and set hash */
    struct world *of;        /* all of it another ledger's */
};

static void put_seals(const struct world *w, const struct forgery *f, const struct header *h,
                      struct buf *out)
{
    struct header sealed = *h;
    sealed.height += f->other_block;
    size_t n = f->seals == 0 ? w->nodes : f->seals;
    cbor_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        uint8_t memory[SEAL_SIZE_MAX];
        struct buf seal = buf_fixed(memory, sizeof memory);
        seal_sign(&sealed, f->mixed_rounds && i == 1 ? 2 : 1, &w->node[f->same_seal ? 0 : i],
                  &seal);
        cbor_put_bytes(out, buf_slice(&seal));
    }
}

/* The ack of summary as one of three outcomes of a block. */
static struct slice make_ack(const struct world *w, const struct summary *summary,
                             const struct forgery *f)
{
    static uint8_t ack_memory[ACK_SIZE_MAX], summary_memory[4096], seals_memory[8192];
    struct buf ack = buf_fixed(ack_memory, sizeof ack_memory);
    struct buf bytes = buf_fixed(summary_memory, sizeof summary_memory);
    struct buf seals = buf_fixed(seals_memory, sizeof seals_memory);
    summary_put(&bytes, summary);
    struct hash leaves[3] = { merkle_leaf(slice_text("one")), merkle_leaf(buf_slice(&bytes)),
                              merkle_leaf(slice_text("three")) };
    if (f->other_leaf)
        leaves[1] = merkle_leaf(slice_text("two"));
    struct merkle_path path = merkle_path_of(leaves, 3, 1);
    if (f->other_path)
        path.step[0].bytes[3] ^= 1;
    struct header h = w->identity.genesis;
    struct header base = f->of != NULL ? f->of->identity.genesis : h;
    base.height = f->height == 0 ? 7 : f->height;
    base.prev = merkle_leaf(slice_text("the block before"));
    base.time_ms = T0 + base.height * 1000;
    base.size = base.height * 3;
    base.outcomes = merkle_root(leaves, 3);
    const struct world *by = f->sealed_by != NULL ? f->sealed_by : f->of != NULL ? f->of : w;
    put_seals(by, f, &base, &seals);
    ack_put(&ack, &base, buf_slice(&seals), &(struct ack_place){ buf_slice(&bytes), 3, 1, &path });
    assert_false(ack.failed);
    return buf_slice(&ack);
}

static const uint8_t no_refusals[] = { 0x80 };

static struct summary summary_of(const struct world *w, uint64_t last, const struct hash *hash,
                                 uint64_t run)
{
    return (struct summary){ .kid = w->device.kid,
                             .last = last,
                             .hash = *hash,
                             .run = run,
                             .refusals = { no_refusals, sizeof no_refusals } };
}

static bool take(struct agent *a, struct slice ack, struct agent_ack *ret, struct err *err)
{
    err->msg[0] = '\0';
    return agent_ack_take(a, ack, 100000, ret, err);
}

static void expect_nothing_freed(struct world *w, struct slice ack, const char *what)
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
    struct world *w = *state;
    struct hash h[6];
    struct agent_ack ret;
    struct err err;
    sign_and_send(w->agent, 5, h);
    for (int i = 0; i < 3; i++)
        agent_sent(w->agent, 2, 90000, 0);
    struct summary s = summary_of(w, 4, &h[4], 3);
    s.gap_count = 1;
    s.gap_from[0] = 2;
    s.gap_to[0] = 2;
    if (!take(w->agent, make_ack(w, &s, &(struct forgery){ .height = 7 }), &ret, &err))
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
    s = summary_of(w, 4, &h[4], 1);
    assert_true(take(w->agent, make_ack(w, &s, &(struct forgery){ .height = 8 }), &ret, &err));
    assert_int_equal(ret.freed, 2);
    assert_int_equal(ret.freed_from, 1);
    assert_int_equal(ret.to, 2);
    assert_int_equal(agent_pending_unacked(&w->agent->table), 1);
}

static void test_forged_acks_free_nothing(void **state)
{
    (void)state;
    struct world w = make_world(4, 10);
    struct world other = make_world(4, 50);
    struct hash h[6];
    sign_and_send(w.agent, 5, h);
    struct summary s = summary_of(&w, 5, &h[5], 1);
    const struct {
        const char *what;
        struct forgery f;
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
        expect_nothing_freed(&w, make_ack(&w, &s, &forgeries[i].f), forgeries[i].what);
    s.kid = other.node[0].kid;
    expect_nothing_freed(&w, make_ack(&w, &s, &(struct forgery){ 0 }), "another key's summary");
    s.kid = w.device.kid;
    struct slice good = make_ack(&w, &s, &(struct forgery){ 0 });
    for (size_t cut = 0; cut < good.len; cut++)
        expect_nothing_freed(&w, slice_of(good.data, cut), "a truncated ack");
    struct agent_ack ret;
    struct err err;
    assert_true(take(w.agent, good, &ret, &err)); /* and the honest one does */
    assert_int_equal(ret.freed, 5);
    free_agent(w.agent);
    free_agent(other.agent);
}

/* Proven, but not about what this agent signed: nothing may go. */
static void test_other_hash_or_seq_frees_nothing(void **state)
{
    struct world *w = *state;
    struct hash h[6];
    struct agent_ack ret;
    struct err err;
    sign_and_send(w->agent, 5, h);
    struct summary s = summary_of(w, 5, &h[4], 1);
    assert_true(take(w->agent, make_ack(w, &s, &(struct forgery){ .height = 1 }), &ret, &err));
    assert_true(ret.stranger);
    assert_int_equal(ret.freed, 0);
    s = summary_of(w, 3, &h[5], 1);
    assert_true(take(w->agent, make_ack(w, &s, &(struct forgery){ .height = 2 }), &ret, &err));
    assert_true(ret.stranger);
    assert_int_equal(ret.freed, 0);
    s = summary_of(w, 5, &h[5], 6); /* an empty run */
    assert_true(take(w->agent, make_ack(w, &s, &(struct forgery){ .height = 3 }), &ret, &err));
    assert_int_equal(ret.freed, 0);
    assert_int_equal(agent_pending_unacked(&w->agent->table), 5);
    assert_false(w->agent->behind);
    /* The ledger has later statements of this key: it was used elsewhere, so it signs no more here. */
    s = summary_of(w, 6, &h[5], 1);
    assert_true(take(w->agent, make_ack(w, &s, &(struct forgery){ .height = 4 }), &ret, &err));
    assert_true(ret.stranger);
    assert_int_equal(agent_pending_unacked(&w->agent->table), 5);
    sample(w->agent, T0 + HOUR_MS, 1);
    assert_false(agent_sign(w->agent, T0 + HOUR_MS, &err));
    assert_int_equal(err.code, ERR_REFUSED);
}

/* Every bit of an ack: what is still taken for a proof proves the same summary. */
static void test_flipped_bits(void **state)
{
    struct world *w = *state;
    struct hash h[4];
    sign_and_send(w->agent, 3, h);
    struct summary s = summary_of(w, 3, &h[3], 1);
    struct slice good = make_ack(w, &s, &(struct forgery){ 0 });
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
    struct agent *a = new_agent(&key, &identity);
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
    free_agent(a);
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
    struct key_pair key = test_key(3);
    key.kid = ack.summary.kid;
    struct agent *a = new_agent(&key, &identity);
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
    free_agent(a);
}

/* ------------------------------------------------------------------ packs */

static void test_pack_is_signed_when_full(void **state)
{
    struct world *w = *state;
    struct agent *a = w->agent;
    struct err err;
    for (unsigned i = 0; i < 5; i++) {
        assert_false(agent_pack_is_due(a, T0 + 60000 * i));
        sample(a, T0 + 60000 * i, 400 + (int64_t)i);
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
    sample(a, T0 + 60000 * 5, 1);
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
    struct world *w = *state;
    struct agent *a = w->agent;
    struct err err;
    assert_int_equal(agent_pack_wait_ms(a, T0), UINT64_MAX);
    sample(a, T0, 400);
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
    struct world *w = *state;
    struct agent_sample s = { .time_ms = T0 };
    for (int i = 0; i < 5; i++) {
        assert_true(agent_add_sample(w->agent, &s, T0 + 1000000000, NULL));
        s.time_ms += 60000;
    }
    assert_true(agent_pack_is_due(w->agent, T0 + 1000000000));
}

static void test_out_of_range_is_refused(void **state)
{
    struct world *w = *state;
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
    struct world *w = *state;
    for (size_t columns = 1; columns <= READING_COLUMNS_MAX; columns += 5) {
        struct agent_settings settings = two_columns;
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
        free_agent(a);
    }
}

static struct slice make_head(const struct world *w, uint64_t height)
{
    static uint8_t memory[FINAL_SIZE_MAX], seals_memory[8192];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct buf seals = buf_fixed(seals_memory, sizeof seals_memory);
    struct header h = w->identity.genesis;
    h.height = height;
    h.prev = merkle_leaf(slice_text("the block before"));
    put_seals(w, &(struct forgery){ 0 }, &h, &seals);
    final_put(&out, &h, buf_slice(&seals));
    return buf_slice(&out);
}

static void test_anchors_once_an_hour(void **state)
{
    struct world *w = *state;
    struct agent *a = w->agent;
    struct err err;
    struct world other = make_world(1, 90);
    (void)sign_one(a, T0);
    assert_false(a->out.anchored); /* no head known */
    assert_false(agent_ack_take_head(a, make_head(&other, 9), &err));
    assert_true(agent_ack_take_head(a, make_head(w, 5), &err));
    assert_true(agent_ack_take_head(a, make_head(w, 3), &err));
    assert_int_equal(a->head.height, 5); /* an older one is no news */
    (void)sign_one(a, T0 + 1);
    assert_true(a->out.anchored);
    (void)sign_one(a, T0 + HOUR_MS);
    assert_false(a->out.anchored);
    (void)sign_one(a, T0 + 1 + HOUR_MS);
    assert_true(a->out.anchored);
    free_agent(other.agent);
}

/* ------------------------------------------------------------------ sending */

static void test_sends_in_order_within_a_window(void **state)
{
    struct world *w = *state;
    struct agent *a = w->agent;
    uint64_t seq = 0;
    uint64_t wait = 0;
    assert_false(agent_next_send(a, 0, &seq, &wait));
    assert_int_equal(wait, UINT64_MAX);
    for (uint64_t i = 0; i < AGENT_WINDOW + 3; i++)
        (void)sign_one(a, T0 + i * 60000);
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
    struct world *w = *state;
    struct agent *a = w->agent;
    uint64_t seq = 0;
    uint64_t wait = 0;
    uint64_t now = 0;
    (void)sign_one(a, T0);
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

static struct summary model_summary(const struct world *w, const struct model *m,
                                    const struct hash *h)
{
    uint64_t from[MODEL_MAX];
    uint64_t to[MODEL_MAX];
    struct summary s = summary_of(w, m->last, &h[m->last], m->since);
    s.gap_count = model_gaps(m, from, to);
    for (size_t i = 0; i < s.gap_count; i++) {
        s.gap_from[i] = from[i];
        s.gap_to[i] = to[i];
        if (to[i] + 1 > s.run)
            s.run = to[i] + 1;
    }
    return s;
}

static void send_through_a_bad_broker(struct world *w, struct model *m, uint64_t steady,
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

static void check_freed(struct world *w, const struct model *m, const struct agent_ack *ret)
{
    if (ret->freed == 0)
        return;
    for (uint64_t seq = ret->freed_from; seq <= ret->to; seq++)
        assert_true(m->recorded[seq]);
    assert_true(ret->to <= w->agent->table.last_seq);
}

static void run_model(uint64_t seed)
{
    struct world w = make_world(1, 1);
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
            struct hash hash = sign_one(w.agent, T0 + (w.agent->table.last_seq + 1) * 60000);
            h[w.agent->table.last_seq] = hash;
        }
        steady += rand_below(&r, 2500);
        send_through_a_bad_broker(&w, &m, steady, &r);
        if (m.last == 0 || rand_below(&r, 3) == 0)
            continue; /* the ack is lost */
        struct summary s = model_summary(&w, &m, h);
        struct slice ack = make_ack(&w, &s, &(struct forgery){ .height = height });
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
    free_agent(w.agent);
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
    struct world *w = *state;
    struct hash h[8];
    uint64_t seq = 0;
    uint64_t wait = 0;
    sign_and_send(w->agent, 6, h);
    struct agent *b = new_agent(&w->device, &w->identity);
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
    (void)sign_one(b, T0 + HOUR_MS);
    assert_int_equal(b->table.last_seq, 7);
    struct agent_ack ret;
    struct err err;
    struct summary s = summary_of(w, 5, &h[5], 1);
    assert_true(take(b, make_ack(w, &s, &(struct forgery){ 0 }), &ret, &err));
    assert_int_equal(ret.freed, 1);
    assert_int_equal(ret.to, 4);
    free_agent(b);
}

static struct slice make_set_proof(const struct world *from, const struct world *to,
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
    put_seals(from, &(struct forgery){ 0 }, &h, &seals);
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
    struct world *w = *state;
    struct world next = make_world(1, 60);
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
    free_agent(next.agent);
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
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
