/*
 * Seeds: messages lost, late and out of order, processes that die and come back, disks that forget, clocks
 * that are off. The net stops at the first thing signed twice and at the first two blocks of one height; here
 * it is asked that blocks go on when all is well again.
 */
#include "tests/support/vote_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHAOS_MS 12000

static struct vote_net net;

static bool cut[NET_NODES]; /* on one side of a split */

static bool splits(struct vote_net *n, size_t from, size_t to, const struct message *m)
{
    (void)n, (void)m;
    return cut[from] != cut[to];
}

static void change_something(size_t weak)
{
    size_t i = (size_t)vote_net_random(&net, net.count);
    switch (vote_net_random(&net, 6)) {
    case 0: vote_net_crash(&net, i); break;
    case 1:
    case 2:
        if (!net.nodes[i].up)
            vote_net_restart(&net, i, i < weak && vote_net_random(&net, 2) == 0);
        break;
    case 3: net.loss_permille = vote_net_random(&net, 700); break;
    case 4: net.delay_ms = 1 + vote_net_random(&net, 1500); break;
    case 5:
        for (size_t k = 0; k < net.count; k++)
            cut[k] = vote_net_random(&net, 2) == 1;
        break;
    default: break;
    }
}

static void heal(void)
{
    net.loss_permille = 0;
    net.delay_ms = 90;
    memset(cut, 0, sizeof cut);
    for (size_t i = 0; i < net.count; i++)
        if (!net.nodes[i].up)
            vote_net_restart(&net, i, false);
}

static uint64_t highest(void)
{
    uint64_t h = 0;
    for (size_t i = 0; i < net.count; i++)
        if (net.nodes[i].height > h)
            h = net.nodes[i].height;
    return h;
}

static void play(uint64_t seed)
{
    vote_net_begin(&net, 1 + seed % 7, seed % 3 == 0);
    net.random = net.seed = seed;
    net.filter = splits;
    size_t faults = (net.members - 1) / 3, weak = seed % 2 == 0 ? faults : 0;
    for (size_t i = weak; i < faults; i++)
        net.nodes[i].clock_off_ms = seed % 5 == 0 ? -3600000 : 3600000;
    net.period_ms = 400;
    for (uint64_t end = net.now_ms + CHAOS_MS; net.now_ms < end;) {
        change_something(weak);
        vote_net_run(&net, 1 + vote_net_random(&net, 800));
    }
    heal();
    uint64_t base = highest();
    if (!vote_net_reach(&net, base + 1, (faults + 1) * 4000 + 3000))
        fail_msg("seed %llu: no block after healing", (unsigned long long)seed);
    if (!vote_net_reach(&net, base + 4, 60000))
        fail_msg("seed %llu: blocks stop", (unsigned long long)seed);
    vote_net_end(&net);
}

static void all_seeds(void **state)
{
    uint64_t first = 1, last = 70;
    const char *range = getenv("SEEDS"); /* FIRST-LAST */
    (void)state;
    if (range != NULL) {
        char *end;
        first = strtoull(range, &end, 10);
        last = *end == '-' ? strtoull(end + 1, NULL, 10) : first;
    }
    for (uint64_t seed = first; seed <= last; seed++)
        play(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(all_seeds) };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
