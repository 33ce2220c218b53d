/*
 * kill -9 among four nodes of four companies, under load: at random moments one of them dies and comes back,
 * again and again, while devices talk to all. Blocks go on without it; what an ack proved is in every
 * member's ledger afterwards, nothing is there twice, every chain checks, and all have one state root.
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

#define NODES        4
#define DEVICES      8
#define WINDOW       16 /* statements of a device on their way */
#define KILLS        20
#define KILLS_LONG   500
#define FIRST_ACK_MS 30000
/* One that came back asks for 3 s whether its key is in use, so two may be away when the next one dies. Then CONSENSUS
 * allows (f + 1) T(cap) + 3 s; the rest is for a busy machine. */
#define NEXT_ACK_MS 30000
#define SETTLE_MS   60000
#define RESEND_MS   1000

struct load {
    struct swarm *swarm;
    uint64_t resend_at_ms;
    size_t turn; /* of resending: each time at the next node */
};

static unsigned kills(void)
{
    const char *is_long = getenv("WAYBILL_LONG");
    return is_long != NULL && strcmp(is_long, "1") == 0 ? KILLS_LONG : KILLS;
}

/* New statements as old ones are acked; what is not acked is sent again, to another node each time. */
static void keep_talking(struct load *l, uint64_t ms)
{
    struct swarm *s = l->swarm;
    uint64_t now = clock_steady_ms();
    for (size_t i = 0; i < DEVICES; i++)
        while (s->devices[i].made < s->devices[i].acked_count + WINDOW) {
            struct slice bytes = swarm_make(s, i, 1);
            (void)swarm_send(s, s->devices[i].node, s->devices[i].topic, bytes);
        }
    if (now >= l->resend_at_ms) {
        l->turn++;
        for (size_t i = 0; i < DEVICES; i++)
            s->devices[i].node = (i + l->turn) % NODES;
        (void)swarm_send_unacked(s);
        l->resend_at_ms = now + RESEND_MS;
    }
    swarm_turn(s, ms);
}

static void talk_for(struct load *l, uint64_t ms)
{
    uint64_t end = clock_steady_ms() + ms;
    while (clock_steady_ms() < end)
        keep_talking(l, 5);
}

/* Talks until so many more are acked. Returns: how long it took. */
static uint64_t talk_until_acked(struct load *l, size_t more, uint64_t limit_ms, const char *when)
{
    size_t wanted = swarm_acked(l->swarm) + more;
    uint64_t start = clock_steady_ms();
    while (swarm_acked(l->swarm) < wanted) {
        if (clock_steady_ms() > start + limit_ms)
            fail_msg("%s: no ack within %llu ms (%s)", when, (unsigned long long)limit_ms,
                     l->swarm->dir);
        keep_talking(l, 5);
    }
    return clock_steady_ms() - start;
}

/* Every statement that was ever acked is in this node's ledger, which checks as a whole. */
static struct hash check_ledger(const struct swarm *s, size_t node, uint64_t *ret_leaves)
{
    char data[SWARM_PATH_MAX];
    struct store *store = NULL;
    struct header head;
    struct err err = { .msg = "" };
    swarm_data(s, node, data);
    if (!store_open(data, STORE_READ, &store, &err) || !store_head(store, &head, NULL, &err))
        fail_msg("node %zu: %s", node, err.msg);
    for (size_t i = 0; i < DEVICES; i++) {
        const struct swarm_device *d = &s->devices[i];
        for (size_t k = 0; k < d->made; k++)
            if (d->acked[k] && !node_kit_holds(store, d->statements[k]))
                fail_msg("node %zu: statement %zu of device %zu was acked and is gone", node, k + 1,
                         i);
    }
    store_close(store);
    if (!node_kit_audit(data, NULL, ret_leaves, &err))
        fail_msg("node %zu: %s", node, err.msg);
    return head.state;
}

static bool heads_agree(const struct swarm *s)
{
    for (size_t i = 0; i < NODES; i++)
        if (!s->nodes[i].head_seen || s->nodes[i].head.size != swarm_made(s) ||
            s->nodes[i].head.height != s->nodes[0].head.height)
            return false;
    return true;
}

static void settle(struct swarm *s)
{
    uint64_t end = clock_steady_ms() + SETTLE_MS;
    if (!swarm_settle(s, SETTLE_MS))
        fail_msg("%zu of %zu acked (%s)", swarm_acked(s), swarm_made(s), s->dir);
    while (!heads_agree(s) && clock_steady_ms() < end)
        swarm_turn(s, 50);
    for (size_t i = 0; i < NODES && !heads_agree(s); i++)
        fail_msg("node %zu: block %llu, %llu of %zu statements", i,
                 (unsigned long long)s->nodes[i].head.height,
                 (unsigned long long)s->nodes[i].head.size, swarm_made(s));
}

static void nothing_acked_is_lost(void **state)
{
    struct rand_seq rand = rand_seeded(20260705);
    struct swarm *s = swarm_new(NODES, DEVICES);
    struct load load = { .swarm = s };
    uint64_t leaves = 0, slowest = 0;
    (void)state;
    for (size_t i = 0; i < NODES; i++)
        swarm_start_node(s, i);
    (void)talk_until_acked(&load, DEVICES, FIRST_ACK_MS, "at the start");
    for (unsigned i = 0; i < kills(); i++) {
        size_t victim = (size_t)rand_below(&rand, NODES);
        talk_for(&load, rand_below(&rand, 400));
        assert_int_equal(swarm_end_node(s, victim, SIGKILL), -SIGKILL);
        uint64_t took = talk_until_acked(&load, 2 * DEVICES, NEXT_ACK_MS, "one node down");
        slowest = took > slowest ? took : slowest;
        talk_for(&load, rand_below(&rand, 400));
        swarm_start_node(s, victim);
        (void)talk_until_acked(&load, DEVICES, NEXT_ACK_MS, "all nodes back");
    }
    settle(s);
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(swarm_end_node(s, i, SIGTERM), 0);
    assert_int_equal(s->false_acks, 0);
    struct hash first = check_ledger(s, 0, &leaves);
    assert_int_equal(leaves, swarm_made(s));
    for (size_t i = 1; i < NODES; i++) {
        struct hash root = check_ledger(s, i, &leaves);
        assert_memory_equal(root.bytes, first.bytes, HASH_SIZE);
        assert_int_equal(leaves, swarm_made(s));
    }
    print_message("%u kills, %llu statements, %llu acks; longest wait for acks with one node down: "
                  "%llu ms\n",
                  kills(), (unsigned long long)leaves, (unsigned long long)s->acks,
                  (unsigned long long)slowest);
    swarm_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acked_is_lost),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
