/*
 * A real node with a real broker for measurements: a ledger of one member in a folder of its own, devices
 * enrolled, statements signed ahead of time, published over MQTT 5 at QoS 1. Failures end the program.
 */
#ifndef TESTS_SUPPORT_BENCH_NODE_H
#define TESTS_SUPPORT_BENCH_NODE_H

#include "common/ack.h"
#include "common/bus.h"
#include "common/final.h"
#include "common/statement.h"

#include <sys/types.h>

#define BENCH_DEVICES_MAX 256

struct bench_device {
    struct key_pair key;
    uint64_t seq;
    uint8_t prev[HALF_SIZE];
    uint64_t time_ms; /* of the last sample */
    uint64_t acked;   /* last seq proven to be on the ledger */
};

struct bench_node {
    char dir[256];
    pid_t pid;
    uint16_t port;
    struct key_pair member;
    uint64_t member_seq;
    uint8_t member_prev[HALF_SIZE];
    struct identity identity;
    struct hash ledger;
    struct bus *bus;
    size_t device_count;
    struct bench_device *devices;
    struct samples *samples;
    struct buf reading_memory;
};

/* A node in a new folder under scratch, with this many devices enrolled. */
struct bench_node *bench_node_start(const char *scratch, size_t devices);
/* Ends the node, so that its files are as small as they get; bench_node_stop() does it if need be. */
void bench_node_end(struct bench_node *b);
void bench_node_stop(struct bench_node *b);

/* Signs the device's next reading of `rows` samples of temperature and, if `both`, humidity. */
void bench_node_sign(struct bench_node *b, size_t device, size_t rows, bool both, struct buf *out);

/* A queue of signed statements, one after the other. */
struct bench_load {
    struct buf bytes;
    size_t count;
    size_t *start; /* count + 1 */
    size_t *device;
};
void bench_node_prepare(struct bench_node *b, size_t count, size_t rows, bool both,
                        struct bench_load *ret_load);
void bench_load_free(struct bench_load *l);

/* Publishes all of it and waits until acks cover every device. Returns the seconds it took. */
double bench_node_run(struct bench_node *b, const struct bench_load *load);
/* Publishes one statement and waits for its verified ack. Returns seconds. */
double bench_node_round_trip(struct bench_node *b, size_t device, struct slice statement);
/* Bytes of the ledger's files. */
uint64_t bench_node_disk(const struct bench_node *b);

#endif
