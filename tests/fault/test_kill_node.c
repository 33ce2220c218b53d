/*
 * kill -9 under load: the node dies at random moments while devices talk to it, again and again. What an ack
 * proved is there afterwards, nothing is there twice, and the chain checks.
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

#define DEVICES      4
#define WINDOW       24 /* statements of a device on their way */
#define KILLS        20
#define KILLS_LONG   500
#define FIRST_ACK_MS 60000

static unsigned kills(void)
{
    const char *is_long = getenv("WAYBILL_LONG");
    return is_long != NULL && strcmp(is_long, "1") == 0 ? KILLS_LONG : KILLS;
}

/* Keeps the devices busy: new statements as old ones are acked, everything again twice a second. */
static void keep_talking(struct swarm *s, uint64_t *resend_at_ms)
{
    uint64_t now = clock_steady_ms();
    for (size_t i = 0; i < s->device_count; i++)
        while (s->devices[i].made < s->devices[i].acked_count + WINDOW) {
            struct slice bytes = swarm_make(s, i, 1);
            (void)swarm_send(s, 0, s->devices[i].topic, bytes);
        }
    if (now >= *resend_at_ms) {
        (void)swarm_send_unacked(s);
        *resend_at_ms = now + 500;
    }
    swarm_turn(s, 5);
}

/* Runs the node until some time after its first new ack, then kills it. */
static void one_life(struct swarm *s, struct rand_seq *rand)
{
    uint64_t acked = swarm_acked(s), resend_at_ms = 0;
    uint64_t end = clock_steady_ms() + FIRST_ACK_MS;
    swarm_start_node(s, 0);
    while (swarm_acked(s) == acked) {
        if (clock_steady_ms() > end)
            fail_msg("no ack within %d ms of a start (%s/node.log)", FIRST_ACK_MS, s->nodes[0].dir);
        keep_talking(s, &resend_at_ms);
    }
    end = clock_steady_ms() + rand_below(rand, 300);
    while (clock_steady_ms() < end)
        keep_talking(s, &resend_at_ms);
    assert_int_equal(swarm_end_node(s, 0, SIGKILL), -SIGKILL);
}

/* Of each device the statements acked from place `from` on, which is moved up behind them. */
static void check_acked(const struct swarm *s, size_t from[DEVICES])
{
    char data[SWARM_PATH_MAX];
    struct store *store = NULL;
    struct err err = { .msg = "" };
    swarm_data(s, 0, data);
    if (!store_open(data, STORE_READ, &store, &err))
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < DEVICES; i++) {
        const struct swarm_device *d = &s->devices[i];
        for (size_t k = from[i]; k < d->made; k++)
            if (d->acked[k] && !node_kit_holds(store, d->statements[k]))
                fail_msg("statement %zu of device %zu was acked and is gone", k + 1, i);
        while (from[i] < d->made && d->acked[from[i]])
            from[i]++;
    }
    store_close(store);
}

static void check_hints(const struct swarm *s)
{
    for (size_t code = 0; code < SWARM_CODES; code++)
        if (s->hints[code] > 0 && code != REFUSED_REPEAT && code != REFUSED_OUTSIDE &&
            code != REFUSED_BUSY)
            fail_msg("%llu statements were turned away: %s", (unsigned long long)s->hints[code],
                     refusal_name(code));
}

static void nothing_acked_is_lost(void **state)
{
    struct rand_seq rand = rand_seeded(20260601);
    struct swarm *s = swarm_new(1, DEVICES);
    struct err err = { .msg = "" };
    size_t from[DEVICES] = { 0 };
    uint64_t leaves = 0;
    char data[SWARM_PATH_MAX];
    (void)state;
    for (unsigned i = 0; i < kills(); i++) {
        one_life(s, &rand);
        check_acked(s, from);
    }
    swarm_start_node(s, 0);
    for (size_t i = 0; i < DEVICES; i++)
        (void)swarm_make(s, i, 1);
    if (!swarm_settle(s, 60000))
        fail_msg("%zu of %zu acked", swarm_acked(s), swarm_made(s));
    assert_int_equal(swarm_end_node(s, 0, SIGTERM), 0);
    check_acked(s, (size_t[DEVICES]){ 0 });
    check_hints(s);
    assert_int_equal(s->false_acks, 0);
    swarm_data(s, 0, data);
    if (!node_kit_audit(data, NULL, &leaves, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(leaves, swarm_made(s));
    print_message("%u kills, %llu statements, %llu acks\n", kills(), (unsigned long long)leaves,
                  (unsigned long long)s->acks);
    swarm_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acked_is_lost),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
