/*
 * kill -9 among four nodes of four companies, under load: at random moments one of them dies and comes back,
 * again and again, while devices talk to all. Blocks go on without it; what an ack proved is in every
 * member's ledger afterwards, nothing is there twice, every chain checks, and all have one state root.
 */
#include "common/rand.h"
#include "tests/support/swarm_load.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NODES        4
#define DEVICES      8
#define KILLS        20
#define KILLS_LONG   500
#define FIRST_ACK_MS 30000
/* One that came back asks for 3 s whether its key is in use, so two may be away when the next one dies. Then CONSENSUS
 * allows (f + 1) T(cap) + 3 s; the rest is for a busy machine. */
#define NEXT_ACK_MS 30000
#define SETTLE_MS   60000

static unsigned kills(void)
{
    const char *is_long = getenv("WAYBILL_LONG");
    return is_long != NULL && strcmp(is_long, "1") == 0 ? KILLS_LONG : KILLS;
}

static void nothing_acked_is_lost(void **state)
{
    struct rand_seq rand = rand_seeded(20260705);
    struct swarm *s = swarm_new(NODES, DEVICES);
    struct swarm_load load = { .swarm = s };
    uint64_t slowest = 0;
    (void)state;
    for (size_t i = 0; i < NODES; i++)
        swarm_start_node(s, i);
    (void)swarm_load_until_acked(&load, DEVICES, FIRST_ACK_MS, "at the start");
    for (unsigned i = 0; i < kills(); i++) {
        size_t victim = (size_t)rand_below(&rand, NODES);
        swarm_load_for(&load, rand_below(&rand, 400));
        assert_int_equal(swarm_end_node(s, victim, SIGKILL), -SIGKILL);
        uint64_t took = swarm_load_until_acked(&load, 2 * DEVICES, NEXT_ACK_MS, "one node down");
        slowest = took > slowest ? took : slowest;
        swarm_load_for(&load, rand_below(&rand, 400));
        swarm_start_node(s, victim);
        (void)swarm_load_until_acked(&load, DEVICES, NEXT_ACK_MS, "all nodes back");
    }
    swarm_load_settle(s, SETTLE_MS);
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(swarm_end_node(s, i, SIGTERM), 0);
    uint64_t leaves = swarm_load_check(s);
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
