/*
 * Four nodes of four companies whose lines to each other, MQTT and HTTPS, stall and break all the time, under load.
 * Blocks go on, and once the lines are good again all have the same ledger, with all in it that was ever acked.
 */
#include "tests/support/bad_links.h"
#include "tests/support/swarm_load.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NODES     4
#define DEVICES   8
#define ACKS      200
#define CUTS      12 /* that must have happened meanwhile */
#define LIMIT_MS  90000
#define SETTLE_MS 60000

/* A line of its own for each node to each other one. */
static void lay(struct swarm *s, struct bad_links *links)
{
    for (size_t i = 0; i < NODES; i++)
        for (size_t k = 0; k < NODES; k++)
            if (i != k) {
                s->nodes[i].via_broker[k] = bad_links_add(links, s->nodes[k].peers_port);
                s->nodes[i].via_http[k] = bad_links_add(links, s->nodes[k].peers_http_port);
            }
}

static void blocks_go_on_over_bad_lines(void **state)
{
    struct swarm *s = swarm_new(NODES, DEVICES);
    struct bad_links *links = bad_links_new(20261121);
    struct swarm_load load = { .swarm = s };
    (void)state;
    lay(s, links);
    bad_links_start(links);
    for (size_t i = 0; i < NODES; i++)
        swarm_start_node(s, i);
    (void)swarm_load_until_acked(&load, DEVICES, LIMIT_MS, "at the start");
    bad_links_set(links, true);
    uint64_t took = 0;
    do
        took += swarm_load_until_acked(&load, ACKS, LIMIT_MS, "over bad lines");
    while (bad_links_cuts(links) < CUTS && took < LIMIT_MS);
    uint64_t cuts = bad_links_cuts(links), stalls = bad_links_stalls(links);
    bad_links_set(links, false);
    swarm_load_settle(s, SETTLE_MS);
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(swarm_end_node(s, i, SIGTERM), 0);
    uint64_t leaves = swarm_load_check(s);
    assert_true(cuts >= CUTS);
    print_message("%llu connections cut and %llu stalls in %llu ms; %llu statements\n",
                  (unsigned long long)cuts, (unsigned long long)stalls, (unsigned long long)took,
                  (unsigned long long)leaves);
    bad_links_free(links);
    swarm_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_go_on_over_bad_lines),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
