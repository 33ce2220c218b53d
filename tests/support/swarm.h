/*
 * Real nodes, each at a real broker, and devices that talk to them over MQTT and believe only acks that
 * prove themselves. For tests that kill, flood or cheat the nodes, and for measurements. Several nodes are
 * authorities of as many members, and know each other over TLS. Failures end the program, and with it
 * brokers and nodes.
 */
#ifndef TESTS_SUPPORT_SWARM_H
#define TESTS_SUPPORT_SWARM_H

#include "common/broker.h"
#include "common/bus.h"
#include "tests/support/ledger_kit.h"

#include <sys/types.h>

#define SWARM_DEVICES_MAX 256
#define SWARM_NODES_MAX   8
#define SWARM_CODES       64
#define SWARM_PATH_MAX    160

struct swarm_device {
    struct kit_signer signer;
    size_t node; /* whose broker it talks to */
    char topic[64];
    size_t made, cap;
    struct slice *statements; /* seq 1 first */
    bool *acked;
    size_t acked_count;
    uint64_t last, run; /* of the newest ack */
};

struct swarm;

struct swarm_node {
    struct swarm *swarm;
    char dir[SWARM_PATH_MAX - 24]; /* its configuration, key, log, and ledger/ */
    char name[32];
    struct key_pair member, key;
    struct broker broker; /* of devices */
    struct bus *bus;      /* at it */
    pid_t pid;            /* 0: it does not run */
    uint16_t peers_port, peers_http_port, http_port;
    uint16_t via_broker[SWARM_NODES_MAX],
        via_http[SWARM_NODES_MAX]; /* how it reaches each; 0: directly */
    bool head_seen;
    struct header head;
};

struct swarm {
    char dir[SWARM_PATH_MAX - 32];
    struct kit kit;
    uint64_t period_ms; /* of blocks; for nodes started from now on */
    size_t node_count;
    struct swarm_node nodes[SWARM_NODES_MAX];
    size_t device_count;
    struct swarm_device *devices;
    uint64_t acks, false_acks;
    uint64_t hints[SWARM_CODES]; /* of statements turned away, by code */
};

/* A ledger with so many devices of one farm in a new folder, a broker a node; no node runs yet. */
struct swarm *swarm_new(size_t nodes, size_t devices);
/* Ends nodes and brokers and removes the folder. */
void swarm_free(struct swarm *s);

void swarm_start_node(struct swarm *s, size_t node);
/* Sends a signal and waits for the end. Returns: the exit code, or -signal. */
int swarm_end_node(struct swarm *s, size_t node, int signal);
/* Resident memory of a node in bytes. */
uint64_t swarm_node_memory(const struct swarm *s, size_t node);

/* Signs the device's next statement, a pack of so many samples; does not send it. */
struct slice swarm_make(struct swarm *s, size_t device, size_t samples);
/* At the broker of one node. False: the bus has no room now. */
bool swarm_send(struct swarm *s, size_t node, const char *topic, struct slice payload);
/* Each device at the broker of its own node. False when not all could be sent. */
bool swarm_send_unacked(struct swarm *s);
/* Lets the bus work for about so long. */
void swarm_turn(struct swarm *s, uint64_t ms);
size_t swarm_made(const struct swarm *s);
size_t swarm_acked(const struct swarm *s);
/* Sends again what is not acked, until all is or the time is over. */
bool swarm_settle(struct swarm *s, uint64_t limit_ms);

/* The folder of a node's ledger. */
void swarm_data(const struct swarm *s, size_t node, char out[SWARM_PATH_MAX]);

#endif
