/*
 * A real node at a real broker, and devices that talk to it over MQTT and believe only acks that prove
 * themselves. For tests that kill, flood or cheat the node. Failures end the program, and with it broker and
 * node.
 */
#ifndef TESTS_SUPPORT_SWARM_H
#define TESTS_SUPPORT_SWARM_H

#include "common/broker.h"
#include "common/bus.h"
#include "tests/support/ledger_kit.h"

#include <sys/types.h>

#define SWARM_DEVICES_MAX 40
#define SWARM_CODES       64
#define SWARM_PATH_MAX    160

struct swarm_device {
    struct kit_signer signer;
    char topic[64];
    size_t made, cap;
    struct slice *statements; /* seq 1 first */
    bool *acked;
    size_t acked_count;
    uint64_t last, run; /* of the newest ack */
};

struct swarm {
    char dir[SWARM_PATH_MAX - 32];
    struct kit kit;
    struct broker broker;
    struct bus *bus;
    pid_t node; /* 0: none */
    size_t device_count;
    struct swarm_device *devices;
    uint64_t acks, false_acks;
    uint64_t hints[SWARM_CODES]; /* of statements turned away, by code */
    bool head_seen;
    struct header head;
};

/* A ledger with so many devices of one farm in a new folder, a broker; no node yet. */
struct swarm *swarm_new(size_t devices);
/* Ends node and broker and removes the folder. */
void swarm_free(struct swarm *s);

void swarm_start_node(struct swarm *s);
/* Sends a signal and waits for the end. Returns: the exit code, or -signal. */
int swarm_end_node(struct swarm *s, int signal);
/* Resident memory of the node in bytes. */
uint64_t swarm_node_memory(const struct swarm *s);

/* Signs the device's next statement, a pack of so many samples; does not send it. */
struct slice swarm_make(struct swarm *s, size_t device, size_t samples);
/* False: the bus has no room now. */
bool swarm_send(struct swarm *s, const char *topic, struct slice payload);
/* False when not all could be sent. */
bool swarm_send_unacked(struct swarm *s);
/* Lets the bus work for about so long. */
void swarm_turn(struct swarm *s, uint64_t ms);
size_t swarm_made(const struct swarm *s);
size_t swarm_acked(const struct swarm *s);
/* Sends again what is not acked, until all is or the time is over. */
bool swarm_settle(struct swarm *s, uint64_t limit_ms);

/* "DIR/ledger". */
void swarm_data(const struct swarm *s, char out[SWARM_PATH_MAX]);

#endif
