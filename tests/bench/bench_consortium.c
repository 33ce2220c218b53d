/*
 * Four authorities on this machine against one: statements a second from MQTT to verified ack, and the time
 * until a single statement is final. Four real nodes, brokers and TLS, each verifying everything.
 */
#include "common/clock.h"
#include "common/http_client.h"
#include "tests/support/measure.h"
#include "tests/support/swarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES     64
#define MANY_ONE    30000
#define MANY_FOUR   12000
#define ROUND_TRIPS 200
#define WAIT_MS     120000

static void fail(const char *what, const struct swarm *s)
{
    (void)fprintf(stderr, "bench: %s: %zu of %zu acked (%s)\n", what, swarm_acked(s), swarm_made(s),
                  s->dir);
    exit(1);
}

static struct swarm *start(size_t nodes)
{
    struct swarm *s = swarm_new(nodes, DEVICES);
    for (size_t i = 0; i < nodes; i++)
        swarm_start_node(s, i);
    for (size_t i = 0; i < DEVICES; i++)
        (void)swarm_make(s, i, 1);
    if (!swarm_settle(s, WAIT_MS))
        fail("start", s);
    return s;
}

static void send_patiently(struct swarm *s, size_t device, struct slice statement)
{
    const struct swarm_device *d = &s->devices[device];
    uint64_t end = clock_steady_ms() + WAIT_MS;
    while (!swarm_send(s, d->node, d->topic, statement)) {
        swarm_turn(s, 1);
        if (clock_steady_ms() > end)
            fail("send", s);
    }
}

static double rate(struct swarm *s, size_t count)
{
    struct slice *all = calloc(count, sizeof all[0]);
    if (all == NULL)
        fail("memory", s);
    for (size_t i = 0; i < count; i++)
        all[i] = swarm_make(s, i % DEVICES, 1);
    double begin = measure_now();
    for (size_t i = 0; i < count; i++) {
        send_patiently(s, i % DEVICES, all[i]);
        if (i % 64 == 0)
            swarm_turn(s, 0);
    }
    while (swarm_acked(s) < swarm_made(s)) {
        swarm_turn(s, 10);
        if (measure_now() > begin + WAIT_MS / 1000.0)
            fail("rate", s);
    }
    free(all);
    return (double)count / (measure_now() - begin);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One statement at a time, at each node in turn. */
static void finality(struct swarm *s, double ret_ms[ROUND_TRIPS])
{
    for (size_t i = 0; i < ROUND_TRIPS; i++) {
        size_t device = i % DEVICES;
        struct slice statement = swarm_make(s, device, 1);
        double begin = measure_now();
        send_patiently(s, device, statement);
        while (swarm_acked(s) < swarm_made(s)) {
            swarm_turn(s, 1);
            if (measure_now() > begin + WAIT_MS / 1000.0)
                fail("finality", s);
        }
        ret_ms[i] = (measure_now() - begin) * 1000;
    }
    qsort(ret_ms, ROUND_TRIPS, sizeof ret_ms[0], compare);
}

/* One figure of a node's /metrics. */
static double metric(const struct swarm *s, size_t node, const char *name)
{
    struct http_client *client;
    struct http_reply reply;
    struct err err;
    char url[64], wanted[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", s->nodes[node].http_port);
    (void)snprintf(wanted, sizeof wanted, "\n%s ", name);
    struct http_client_options options = { .base_url = url };
    if (!http_client_open(&options, &client, &err) ||
        !http_client_get(client, "/metrics", NULL, &reply, &err))
        fail("metrics", s);
    buf_add_byte(&reply.body, 0);
    const char *at = strstr((const char *)reply.body.data, wanted);
    double value = at == NULL ? 0 : strtod(at + strlen(wanted), NULL);
    http_reply_free(&reply);
    http_client_close(client);
    return value;
}

/* What all nodes together said, and how many blocks they made of it. */
struct talk {
    double messages, bytes, blocks;
};

static struct talk talk(const struct swarm *s)
{
    struct talk t = { .blocks = metric(s, 0, "waybill_blocks_total") };
    for (size_t i = 0; i < s->node_count; i++) {
        t.messages += metric(s, i, "waybill_peer_messages_total");
        t.bytes += metric(s, i, "waybill_peer_bytes_total");
    }
    return t;
}

int main(int argc, char **argv)
{
    static double took[ROUND_TRIPS];
    bool four = measure_wanted(argc, argv, "commit_4", true);
    bool ratio = measure_wanted(argc, argv, "commit_4_over_1", true);
    bool p50 = measure_wanted(argc, argv, "finality_p50", true);
    bool p99 = measure_wanted(argc, argv, "finality_p99", true);
    bool messages = measure_wanted(argc, argv, "messages_a_block", true);
    bool bytes = measure_wanted(argc, argv, "message_bytes_a_block", true);
    bool single = p50 || p99 || messages || bytes;
    double one = 0;
    if (!crypto_init())
        return 1;
    if (!four && !ratio && !single)
        return 0;
    if (ratio) {
        struct swarm *s = start(1);
        one = rate(s, MANY_ONE);
        swarm_free(s);
    }
    struct swarm *s = start(4);
    struct talk before = talk(s);
    if (single)
        finality(s, took);
    struct talk after = talk(s);
    double blocks = after.blocks - before.blocks;
    double all = four || ratio ? rate(s, MANY_FOUR) : 0;
    if (four)
        measure_print("commit_4", all, "statements/s");
    if (ratio)
        measure_print("commit_4_over_1", all / one, "ratio");
    if (p50)
        measure_print("finality_p50", took[ROUND_TRIPS / 2], "ms");
    if (p99)
        measure_print("finality_p99", took[ROUND_TRIPS * 99 / 100], "ms");
    if (messages)
        measure_print("messages_a_block", (after.messages - before.messages) / blocks, "messages");
    if (bytes)
        measure_print("message_bytes_a_block", (after.bytes - before.bytes) / blocks, "bytes");
    swarm_free(s);
    return 0;
}
