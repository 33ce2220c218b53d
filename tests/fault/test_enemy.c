/*
 * What an enemy with access to the broker can send: garbage, bombs, oversize, replays, statements of another
 * ledger, statements by nobody. The node takes none of it, does not grow, and goes on serving the others.
 */
#include "common/clock.h"
#include "common/rand.h"
#include "tests/support/node_kit.h"
#include "tests/support/swarm.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HONEST    0 /* the device whose statements must always get through */
#define DEVICES   5
#define GROWTH    (64u * 1024 * 1024)
#define SERVED_MS 30000
#define UP        "wb/1/0123456789abcdef/up"

static int setup(void **state)
{
    struct swarm *s = swarm_new(1, DEVICES);
    *state = s;
    swarm_start_node(s, 0);
    return 0;
}

static int teardown(void **state)
{
    swarm_free(*state);
    return 0;
}

static void send(struct swarm *s, const char *topic, struct slice payload)
{
    while (!swarm_send(s, 0, topic, payload))
        swarm_turn(s, 2);
}

/* An honest statement is acked. */
static void check_serves(struct swarm *s)
{
    (void)swarm_make(s, HONEST, 12);
    if (!swarm_settle(s, SERVED_MS))
        fail_msg("an honest statement was not acked within %d ms", SERVED_MS);
}

static void check_growth(const struct swarm *s, uint64_t before, const char *after)
{
    uint64_t now = swarm_node_memory(s, 0);
    print_message("%s: %lld KiB\n", after, ((long long)now - (long long)before) / 1024);
    if (now > before + GROWTH)
        fail_msg("%s the node grew by %llu KiB", after, (unsigned long long)(now - before) / 1024);
}

/* Stops the node and reads its ledger. */
static uint64_t count_leaves(struct swarm *s)
{
    char data[SWARM_PATH_MAX];
    struct err err = { .msg = "" };
    uint64_t leaves = 0;
    assert_int_equal(swarm_end_node(s, 0, SIGTERM), 0);
    swarm_data(s, 0, data);
    if (!node_kit_audit(data, NULL, &leaves, &err))
        fail_msg("%s", err.msg);
    return leaves;
}

/* ------------------------------------------------------------------ garbage */

static void send_garbage(struct swarm *s, struct rand_seq *rand, unsigned count)
{
    static const uint8_t head[] = { 0xd2, 0x84, 0x4d, 0xa2 }; /* a statement's */
    static uint8_t bytes[4096];
    for (unsigned i = 0; i < count; i++) {
        size_t len = (size_t)rand_below(rand, 600);
        rand_fill(rand, bytes, len);
        if (len > 4 && i % 2 == 0) /* half of it begins like a statement */
            memcpy(bytes, head, sizeof head);
        send(s, i % 3 == 0 ? UP : s->devices[i % DEVICES].topic, slice_of(bytes, len));
    }
}

/* A real statement with bits flipped. */
static void send_flips(struct swarm *s, struct rand_seq *rand, unsigned count)
{
    const struct swarm_device *d = &s->devices[HONEST];
    uint8_t bytes[1024];
    struct slice st = d->statements[0];
    assert_true(st.len <= sizeof bytes);
    for (unsigned i = 0; i < count; i++) {
        memcpy(bytes, st.data, st.len);
        uint64_t bit = rand_below(rand, 8 * st.len);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        send(s, d->topic, slice_of(bytes, st.len));
    }
}

static void floods_of_garbage(void **state)
{
    struct swarm *s = *state;
    struct rand_seq rand = rand_seeded(1);
    check_serves(s);
    uint64_t before = swarm_node_memory(s, 0);
    send_garbage(s, &rand, 12000);
    send_flips(s, &rand, 4000);
    check_serves(s);
    check_growth(s, before, "after a flood of garbage");
    assert_true(s->hints[REFUSED_BAD_SIGNATURE] > 0);
    assert_int_equal(count_leaves(s), 2);
}

/* ------------------------------------------------------------------ bombs */

static void send_filled(struct swarm *s, const char *head, size_t head_len, int fill, size_t len)
{
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    memset(bytes, fill, len);
    memcpy(bytes, head, head_len < len ? head_len : len);
    send(s, UP, slice_of(bytes, len));
    free(bytes);
}

static void bombs_and_oversize(void **state)
{
    struct swarm *s = *state;
    check_serves(s);
    uint64_t before = swarm_node_memory(s, 0);
    for (unsigned i = 0; i < 60; i++) {
        send_filled(s, "\x9a\xf8\xff\x00\x00", 5, 0, 5);
        send_filled(s, "\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", 9, 0, 9);
        send_filled(s, "\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", 9, 0, 64);
        send_filled(s, "", 0, 0x81, STATEMENT_MAX); /* 262,144 arrays inside each other */
        send_filled(s, "", 0, 0xd2, STATEMENT_MAX); /* as many tags */
        send_filled(s, "\xd2\x9a\x00\x03\xff\x00", 6, 0xf6, STATEMENT_MAX); /* as many nothings */
        send_filled(s, "\xd2\x84\x43\xa1\x01\x27", 6, 0xa0, STATEMENT_MAX);
        send_filled(s, "\xd2\x84", 2, 0, STATEMENT_MAX + 1);
        send_filled(s, "\x9a\xf8\xff\x00\x00", 5, 0x9a, 200000);
        swarm_turn(s, 1);
    }
    check_serves(s);
    check_growth(s, before, "after bombs");
    assert_int_equal(count_leaves(s), 2);
}

/* ------------------------------------------------------------------ statements by nobody */

/* As large as a statement can be: thousands of assets. */
static struct slice large_statement(struct kit_signer *by, struct buf *out)
{
    static uint8_t raw[STATEMENT_MAX];
    struct buf set = buf_fixed(raw, sizeof raw);
    struct statement st = { .kind = KIND_COMMISSION };
    cbor_put_array(&set, 2);
    cbor_put_text(&set, slice_text("01/09506000134352/21/"));
    cbor_put_array(&set, 9800);
    for (unsigned i = 0; i < 9800; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%08u-aaaaaaaaaaa", i);
        cbor_put_text(&set, slice_text(name));
    }
    st.as.commission.assets = (struct asset_set){ buf_slice(&set), 9800 };
    buf_clear(out);
    (void)kit_sign(by, st, clock_real_ms(), out);
    return buf_slice(out);
}

static void large_statements_by_unknown_keys(void **state)
{
    struct swarm *s = *state;
    struct kit_signer nobody;
    struct key_pair pair = kit_pair("nobody");
    struct buf out = buf_heap(STATEMENT_MAX);
    kit_signer_begin(&nobody, &pair, &s->kit.identity.genesis.ledger);
    check_serves(s);
    uint64_t before = swarm_node_memory(s, 0), most = before;
    struct slice first = large_statement(&nobody, &out);
    assert_in_range(first.len, 190000, STATEMENT_MAX);
    for (unsigned i = 0; i < 600; i++) {
        uint8_t *last = &out.data[out.len - 1]; /* another signature, so another statement */
        *last = (uint8_t)(*last + 1);
        send(s, UP, buf_slice(&out));
        swarm_turn(s, 1);
        uint64_t now = swarm_node_memory(s, 0);
        most = now > most ? now : most;
    }
    print_message("at most %llu KiB more\n", (unsigned long long)(most - before) / 1024);
    assert_true(most < before + GROWTH);
    check_serves(s);
    buf_free(&out);
    assert_int_equal(count_leaves(s), 2);
}

/* ------------------------------------------------------------------ replays */

static void ten_thousand_replays(void **state)
{
    struct swarm *s = *state;
    for (size_t i = 0; i < DEVICES; i++)
        for (unsigned k = 0; k < 20; k++)
            (void)swarm_make(s, i, 1);
    assert_true(swarm_settle(s, 20000));
    uint64_t before = swarm_node_memory(s, 0);
    for (unsigned i = 0; i < 10000; i++) {
        const struct swarm_device *d = &s->devices[i % DEVICES];
        send(s, d->topic, d->statements[i / DEVICES % 20]);
    }
    check_serves(s);
    check_growth(s, before, "after 10,000 replays");
    /* each is told that it is known, or that it is too old to tell; none is refused by a rule */
    assert_int_equal(s->hints[REFUSED_CLONE], 0);
    assert_int_equal(count_leaves(s), DEVICES * 20 + 1);
}

/* 1,000 statements, each sent twice, in random order: 1,000 leaves, every one acked. */
static void each_twice_in_random_order(void **state)
{
    struct swarm *s = *state;
    struct rand_seq rand = rand_seeded(3);
    struct slice all[2000];
    const char *topic[2000];
    for (size_t i = 0; i < 1000; i++) {
        all[i] = all[1000 + i] = swarm_make(s, i % DEVICES, 1);
        topic[i] = topic[1000 + i] = s->devices[i % DEVICES].topic;
    }
    for (size_t i = 1999; i > 0; i--) {
        size_t k = (size_t)rand_below(&rand, i + 1);
        struct slice st = all[i];
        const char *t = topic[i];
        all[i] = all[k];
        topic[i] = topic[k];
        all[k] = st;
        topic[k] = t;
    }
    for (size_t i = 0; i < 2000; i++)
        send(s, topic[i], all[i]);
    if (!swarm_settle(s, 20000))
        fail_msg("%zu of 1000 acked", swarm_acked(s));
    assert_int_equal(count_leaves(s), 1000);
}

static void a_twins_statement_is_turned_away(void **state)
{
    struct swarm *s = *state;
    struct hash twin = crypto_sha256(hash_slice(&s->kit.identity.genesis.ledger));
    struct kit_signer same_key;
    struct buf out = buf_heap(STATEMENT_MAX);
    static const int centi[] = { 450 };
    kit_signer_begin(&same_key, &s->devices[1].signer.key, &twin);
    check_serves(s);
    for (unsigned i = 0; i < 100; i++) {
        buf_clear(&out);
        (void)kit_sign(&same_key, kit_temperatures(centi, 1, 0), clock_real_ms(), &out);
        send(s, s->devices[1].topic, buf_slice(&out));
    }
    check_serves(s);
    for (uint64_t end = clock_steady_ms() + SERVED_MS;
         s->hints[REFUSED_BAD_SIGNATURE] < 100 && clock_steady_ms() < end;)
        swarm_turn(s, 20);
    assert_int_equal(s->hints[REFUSED_BAD_SIGNATURE], 100);
    buf_free(&out);
    assert_int_equal(count_leaves(s), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(floods_of_garbage, setup, teardown),
        cmocka_unit_test_setup_teardown(bombs_and_oversize, setup, teardown),
        cmocka_unit_test_setup_teardown(large_statements_by_unknown_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_replays, setup, teardown),
        cmocka_unit_test_setup_teardown(each_twice_in_random_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_twins_statement_is_turned_away, setup, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
